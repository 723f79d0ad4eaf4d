// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {TypedData} from "contracts/interfaces/ISignaturePolicy.sol";
import {ITypedDataPolicy} from "contracts/interfaces/ITypedDataPolicy.sol";

contract TypedDataPolicyTest is Test {
    string private constant PERMIT =
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    string private constant DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)";
    string private constant SINGLE = "PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)";
    string private constant MAIL = "Mail(uint256 number,address to)";
    bytes32 private constant DOMAIN = keccak256("domain");

    uint8 private constant EQUAL = 0;
    uint8 private constant NOT_EQUAL = 1;
    uint8 private constant LESS = 2;
    uint8 private constant LESS_OR_EQUAL = 3;
    uint8 private constant GREATER_OR_EQUAL = 5;
    uint8 private constant ACCOUNT = 9;
    uint8 private constant UINT256 = 0x20;
    uint8 private constant INT256 = 0x60;
    uint8 private constant ADDRESS = 0x14;

    ITypedDataPolicy private policy;
    address private rules;
    address private account = makeAddr("account");
    address private spender = makeAddr("spender");
    address private token = makeAddr("token");

    function setUp() public {
        rules = deployCode("ABIRulePolicy.sol:ABIRulePolicy");
        policy = ITypedDataPolicy(deployCode("TypedDataPolicy.sol:TypedDataPolicy", abi.encode(rules)));
    }

    function _data(string memory name, string memory encodedType, bytes memory fields, bytes memory nested)
        private
        pure
        returns (TypedData memory data)
    {
        data.domain.separator = DOMAIN;
        data.primaryType = name;
        data.encodedType = encodedType;
        data.contentsHash = keccak256(abi.encodePacked(keccak256(bytes(encodedType)), fields));
        data.witness = abi.encodePacked(fields, nested);
    }

    function _mail(uint256 number, address to) private pure returns (TypedData memory) {
        return _data("Mail", MAIL, abi.encode(number, to), "");
    }

    function _permit(address to, uint256 value) private view returns (TypedData memory) {
        return _data("Permit", PERMIT, abi.encode(account, to, value, 3, 4), "");
    }

    function _permitSingle(address token_, uint256 amount, address to) private pure returns (TypedData memory) {
        bytes memory details = abi.encode(token_, amount, 5, 6);
        bytes32 detailsHash = keccak256(abi.encodePacked(keccak256(bytes(DETAILS)), details));
        return _data("PermitSingle", string.concat(SINGLE, DETAILS), abi.encode(detailsHash, to, 7), details);
    }

    /*//////////////////////////////////////////////////////////////
                            CONFIGURATIONS
    //////////////////////////////////////////////////////////////*/

    function _config(bytes memory alternative) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), uint16(alternative.length), alternative);
    }

    function _config(bytes memory first, bytes memory second) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), uint16(first.length), first, uint16(second.length), second);
    }

    function _alternative(string memory encodedType, uint8 fields, bytes memory nested, bytes memory ruleSet)
        private
        pure
        returns (bytes memory)
    {
        uint8 count = uint8(nested.length / 35);
        return abi.encodePacked(uint8(0), DOMAIN, keccak256(bytes(encodedType)), fields, count, nested, ruleSet);
    }

    function _mailAlternative(bytes memory ruleSet) private pure returns (bytes memory) {
        return _alternative(MAIL, 2, "", ruleSet);
    }

    function _detailsNested() private pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), uint8(0), keccak256(bytes(DETAILS)), uint8(4));
    }

    /// @dev A group of one rule.
    function _rule(uint16 word, uint8 typeCode, uint8 comparison, uint256 expected)
        private
        pure
        returns (bytes memory packed)
    {
        packed = abi.encodePacked(uint8(1), uint8(0), word, typeCode, comparison);
        if (comparison == ACCOUNT) return packed;
        if (typeCode == ADDRESS) return abi.encodePacked(packed, uint160(expected));
        return abi.encodePacked(packed, expected);
    }

    function _all(bytes memory first, bytes memory second) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), first, second);
    }

    function _all(bytes memory first, bytes memory second, bytes memory third) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(3), first, second, third);
    }

    function _assertAccepted(TypedData memory data, bytes memory config) private view {
        assertEq(policy.checkTypedData(account, spender, data, config), 0);
    }

    function _assertRefused(TypedData memory data, bytes memory config, bytes memory reason) private {
        vm.expectRevert(reason);
        policy.checkTypedData(account, spender, data, config);
    }

    /*//////////////////////////////////////////////////////////////
                             DOMAIN AND TYPE
    //////////////////////////////////////////////////////////////*/

    function test_AnyMessageOfTheType() external view {
        _assertAccepted(_mail(7, token), _config(_mailAlternative("")));
        _assertAccepted(_mail(8, spender), _config(_mailAlternative("")));
    }

    function testFuzz_RevertWhen_TheDomainIsAnother(bytes32 domain) external {
        vm.assume(domain != DOMAIN);
        TypedData memory data = _mail(7, token);
        data.domain.separator = domain;
        bytes memory reason =
            abi.encodeWithSelector(ITypedDataPolicy.TypedDataNotAllowed.selector, domain, keccak256(bytes(MAIL)));
        _assertRefused(data, _config(_mailAlternative("")), reason);
    }

    function test_RevertWhen_TheTypeIsAnother() external {
        string memory other = "Mail(uint256 number,address from)";
        bytes memory reason =
            abi.encodeWithSelector(ITypedDataPolicy.TypedDataNotAllowed.selector, DOMAIN, keccak256(bytes(other)));
        _assertRefused(_data("Mail", other, abi.encode(7, token), ""), _config(_mailAlternative("")), reason);
    }

    function test_OneOfSeveralAlternatives() external {
        bytes memory config = _config(
            _mailAlternative(abi.encodePacked(uint8(1), _rule(0, UINT256, EQUAL, 7))),
            _mailAlternative(abi.encodePacked(uint8(1), _rule(0, UINT256, EQUAL, 8)))
        );
        _assertAccepted(_mail(7, token), config);
        _assertAccepted(_mail(8, token), config);
        _assertRefused(_mail(9, token), config, _ruleNotMet(0, UINT256, EQUAL, abi.encode(8), bytes32(uint256(9))));
    }

    function test_PersonalMessagesAndTypedDataAreApart() external {
        bytes memory personal = abi.encodePacked(uint8(1), "hello");
        bytes memory reason =
            abi.encodeWithSelector(ITypedDataPolicy.TypedDataNotAllowed.selector, DOMAIN, keccak256(bytes(MAIL)));
        _assertRefused(_mail(7, token), _config(personal), reason);
        _assertAccepted(_mail(7, token), _config(personal, _mailAlternative("")));
        vm.expectRevert(abi.encodeWithSelector(ITypedDataPolicy.PersonalMessageNotAllowed.selector, 5));
        policy.checkPersonalMessage(account, spender, "hello", _config(_mailAlternative("")));
    }

    /// @dev The bytes of an alternative for typed data are no prefix that a personal message could begin with.
    function test_RevertWhen_APersonalMessageIsAnAlternativeForTypedData() external {
        bytes memory alternative = _mailAlternative("");
        bytes memory message = new bytes(alternative.length - 1);
        for (uint256 i = 0; i < message.length; ++i) {
            message[i] = alternative[i + 1];
        }
        vm.expectRevert(abi.encodeWithSelector(ITypedDataPolicy.PersonalMessageNotAllowed.selector, message.length));
        policy.checkPersonalMessage(account, spender, message, _config(alternative));
    }

    function testFuzz_PersonalMessagesBeginAsTheyMust(bytes calldata prefix, bytes calldata rest) external {
        vm.assume(prefix.length != 0 && prefix.length < 60_000);
        bytes memory config = _config(abi.encodePacked(uint8(1), prefix));
        assertEq(policy.checkPersonalMessage(account, spender, bytes.concat(prefix, rest), config), 0);
        bytes memory other = bytes.concat(prefix, rest);
        other[prefix.length - 1] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(ITypedDataPolicy.PersonalMessageNotAllowed.selector, other.length));
        policy.checkPersonalMessage(account, spender, other, config);
        bytes memory short = prefix[:prefix.length - 1];
        vm.expectRevert(abi.encodeWithSelector(ITypedDataPolicy.PersonalMessageNotAllowed.selector, short.length));
        policy.checkPersonalMessage(account, spender, short, config);
    }

    /*//////////////////////////////////////////////////////////////
                            FIELDS AND RULES
    //////////////////////////////////////////////////////////////*/

    function _ruleNotMet(uint256 word, uint8 typeCode, uint8 comparison, bytes memory expected, bytes32 actual)
        private
        pure
        returns (bytes memory)
    {
        bytes memory inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 0, word, typeCode, comparison, expected, actual
        );
        return abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner);
    }

    function testFuzz_FieldsMeetTheRules(uint256 number, uint256 limit) external {
        bytes memory config =
            _config(_mailAlternative(abi.encodePacked(uint8(1), _rule(0, UINT256, LESS_OR_EQUAL, limit))));
        if (number <= limit) {
            _assertAccepted(_mail(number, token), config);
        } else {
            _assertRefused(
                _mail(number, token), config, _ruleNotMet(0, UINT256, LESS_OR_EQUAL, abi.encode(limit), bytes32(number))
            );
        }
    }

    function test_AFieldEqualsTheAccount() external {
        bytes memory config = _config(_mailAlternative(abi.encodePacked(uint8(1), _rule(1, ADDRESS, ACCOUNT, 0))));
        _assertAccepted(_mail(7, account), config);
        _assertRefused(_mail(7, token), config, _ruleNotMet(1, ADDRESS, ACCOUNT, "", bytes32(uint256(uint160(token)))));
    }

    function testFuzz_RevertWhen_TheWitnessIsNotOfTheMessage(uint256 bit) external {
        TypedData memory data = _mail(7, token);
        bit = bit % 512;
        data.witness[bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        bytes32 actual = keccak256(abi.encodePacked(keccak256(bytes(MAIL)), data.witness));
        bytes memory reason =
            abi.encodeWithSelector(ITypedDataPolicy.WitnessDiffers.selector, 0, data.contentsHash, actual);
        _assertRefused(data, _config(_mailAlternative("")), reason);
    }

    function test_RevertWhen_TheWitnessHasAnotherLength() external {
        TypedData memory data = _mail(7, token);
        for (uint256 length = 0; length < 130; ++length) {
            if (length == 64) continue;
            data.witness = new bytes(length);
            _assertRefused(
                data,
                _config(_mailAlternative("")),
                abi.encodeWithSelector(ITypedDataPolicy.InvalidWitnessLength.selector, 64, length)
            );
        }
    }

    function testFuzz_RevertWhen_ANestedStructIsNotOfTheMessage(uint256 bit) external {
        bytes memory config = _config(_alternative(string.concat(SINGLE, DETAILS), 3, _detailsNested(), _bounded()));
        TypedData memory data = _permitSingle(token, 50, spender);
        _assertAccepted(data, config);
        bit = bit % 1024;
        // The fields of the nested struct come after the three of the message.
        data.witness[96 + bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        bytes memory nested = new bytes(128);
        for (uint256 i = 0; i < 128; ++i) {
            nested[i] = data.witness[96 + i];
        }
        bytes32 actual = keccak256(abi.encodePacked(keccak256(bytes(DETAILS)), nested));
        bytes32 expected = keccak256(abi.encodePacked(keccak256(bytes(DETAILS)), abi.encode(token, 50, 5, 6)));
        bytes memory reason = abi.encodeWithSelector(ITypedDataPolicy.WitnessDiffers.selector, 1, expected, actual);
        _assertRefused(data, config, reason);
    }

    /// @dev Fixed spender and token, bounded amount.
    function _bounded() private view returns (bytes memory) {
        return _all(
            _rule(1, ADDRESS, EQUAL, uint160(spender)),
            _rule(3, ADDRESS, EQUAL, uint160(token)),
            _rule(4, UINT256, LESS_OR_EQUAL, 50)
        );
    }

    function test_RulesLookIntoNestedStructs() external {
        bytes memory config = _config(_alternative(string.concat(SINGLE, DETAILS), 3, _detailsNested(), _bounded()));
        _assertAccepted(_permitSingle(token, 50, spender), config);
        bytes memory inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 2, 4, UINT256, LESS_OR_EQUAL, abi.encode(50), bytes32(uint256(51))
        );
        _assertRefused(
            _permitSingle(token, 51, spender),
            config,
            abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner)
        );
        inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector,
            1,
            3,
            ADDRESS,
            EQUAL,
            abi.encodePacked(token),
            bytes32(uint256(uint160(account)))
        );
        _assertRefused(
            _permitSingle(account, 50, spender),
            config,
            abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner)
        );
    }

    /// @dev A(B b,uint256 x), B(uint256 y,C c), C(uint256 z).
    function test_RulesLookTwoLevelsDeep() external {
        string memory typeC = "C(uint256 z)";
        string memory typeB = string.concat("B(uint256 y,C c)", typeC);
        string memory typeA = "A(B b,uint256 x)B(uint256 y,C c)C(uint256 z)";
        bytes memory c = abi.encode(30);
        bytes memory b = abi.encode(20, keccak256(abi.encodePacked(keccak256(bytes(typeC)), c)));
        bytes memory a = abi.encode(keccak256(abi.encodePacked(keccak256(bytes(typeB)), b)), 10);
        bytes memory nested = abi.encodePacked(
            abi.encodePacked(uint8(0), uint8(0), keccak256(bytes(typeB)), uint8(2)),
            abi.encodePacked(uint8(1), uint8(1), keccak256(bytes(typeC)), uint8(1))
        );
        bytes memory rule = abi.encodePacked(uint8(1), _rule(4, UINT256, EQUAL, 30));
        TypedData memory data = _data("A", typeA, a, abi.encodePacked(b, c));
        _assertAccepted(data, _config(_alternative(typeA, 2, nested, rule)));
        rule = abi.encodePacked(uint8(1), _rule(4, UINT256, EQUAL, 31));
        bytes memory reason = _ruleNotMet(4, UINT256, EQUAL, abi.encode(31), bytes32(uint256(30)));
        _assertRefused(data, _config(_alternative(typeA, 2, nested, rule)), reason);
    }

    /*//////////////////////////////////////////////////////////////
                       MESSAGES THAT MOVE TOKENS
    //////////////////////////////////////////////////////////////*/

    function _permitConfig(bytes memory ruleSet) private pure returns (bytes memory) {
        return _config(_alternative(PERMIT, 5, "", ruleSet));
    }

    function _missing(string memory name, uint256 word, uint256 bound) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITypedDataPolicy.RuleMissing.selector, name, word, bound);
    }

    function test_APermitNeedsASpenderAndALimit() external {
        bytes memory fixedSpender = _rule(1, ADDRESS, EQUAL, uint160(spender));
        bytes memory limit = _rule(2, UINT256, LESS_OR_EQUAL, 50);
        TypedData memory data = _permit(spender, 50);
        _assertRefused(data, _permitConfig(""), _missing("Permit", 1, 1));
        _assertRefused(data, _permitConfig(abi.encodePacked(uint8(1), fixedSpender)), _missing("Permit", 2, 2));
        _assertRefused(data, _permitConfig(abi.encodePacked(uint8(1), limit)), _missing("Permit", 1, 1));
        _assertAccepted(data, _permitConfig(_all(fixedSpender, limit)));
        _assertAccepted(data, _permitConfig(_all(limit, fixedSpender)));
        _assertAccepted(data, _permitConfig(_all(fixedSpender, _rule(2, UINT256, LESS, 51))));
    }

    function test_RulesThatBoundNothingDoNotCount() external {
        bytes memory fixedSpender = _rule(1, ADDRESS, EQUAL, uint160(spender));
        TypedData memory data = _permit(spender, 50);
        bytes memory missing = _missing("Permit", 2, 2);
        _assertRefused(data, _permitConfig(_all(fixedSpender, _rule(2, UINT256, NOT_EQUAL, 1))), missing);
        _assertRefused(data, _permitConfig(_all(fixedSpender, _rule(2, UINT256, GREATER_OR_EQUAL, 1))), missing);
        // Taken as signed, a huge amount is negative.
        _assertRefused(data, _permitConfig(_all(fixedSpender, _rule(2, INT256, LESS_OR_EQUAL, 50))), missing);
        // On another field.
        _assertRefused(data, _permitConfig(_all(fixedSpender, _rule(4, UINT256, LESS_OR_EQUAL, 50))), missing);
        // One of two alternatives, the other of which bounds nothing.
        bytes memory either = abi.encodePacked(
            uint8(2),
            abi.encodePacked(uint8(0), uint16(2), UINT256, LESS_OR_EQUAL, uint256(50)),
            abi.encodePacked(uint8(0), uint16(3), UINT256, EQUAL, uint256(3))
        );
        _assertRefused(data, _permitConfig(_all(fixedSpender, either)), missing);
        // The spender is bounded, not fixed.
        _assertRefused(
            data,
            _permitConfig(_all(_rule(1, ADDRESS, LESS, type(uint160).max), _rule(2, UINT256, LESS, 51))),
            _missing("Permit", 1, 1)
        );
    }

    /// @dev Where the rules are not those on words, or none at all, nothing behind them is looked at.
    function test_RulesBehindOthersDoNotCount() external {
        bytes memory fixedSpender = _rule(1, ADDRESS, EQUAL, uint160(spender));
        bytes memory limit = _rule(2, UINT256, LESS_OR_EQUAL, 50);
        TypedData memory data = _permit(spender, 50);
        bytes memory missing = _missing("Permit", 1, 1);
        bytes memory onAPath = abi.encodePacked(uint8(1), uint8(1), uint16(1), ADDRESS, EQUAL, spender);
        _assertRefused(data, _permitConfig(abi.encodePacked(uint8(3), onAPath, fixedSpender, limit)), missing);
        bytes memory unknown = _rule(1, ADDRESS, 10, uint160(spender));
        _assertRefused(data, _permitConfig(abi.encodePacked(uint8(3), unknown, fixedSpender, limit)), missing);
        // The second group has a rule that is cut off.
        bytes memory cut = abi.encodePacked(uint8(2), fixedSpender, uint8(1), uint8(0), uint16(2), UINT256);
        _assertRefused(data, _permitConfig(cut), _missing("Permit", 2, 2));
    }

    function test_APermitSingleNeedsItsDetails() external {
        string memory encodedType = string.concat(SINGLE, DETAILS);
        TypedData memory data = _permitSingle(token, 50, spender);
        _assertRefused(
            data, _config(_alternative(encodedType, 3, _detailsNested(), "")), _missing("PermitSingle", 1, 1)
        );
        // Words 3 and 4 are of no struct, or of another field's.
        _assertRefused(data, _config(_alternative(encodedType, 3, "", _bounded())), _missing("PermitSingle", 3, 1));
        bytes memory elsewhere = abi.encodePacked(uint8(0), uint8(1), keccak256(bytes(DETAILS)), uint8(4));
        _assertRefused(
            data, _config(_alternative(encodedType, 3, elsewhere, _bounded())), _missing("PermitSingle", 3, 1)
        );
    }

    function test_RevertWhen_APermitIsOfAnUnknownKind() external {
        string memory dai = "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)";
        TypedData memory data = _data("Permit", dai, abi.encode(account, spender, 1, 2, true), "");
        bytes memory config = _config(_alternative(dai, 5, "", abi.encodePacked(uint8(1), _rule(1, ADDRESS, EQUAL, 1))));
        _assertRefused(data, config, abi.encodeWithSelector(ITypedDataPolicy.TypeForbidden.selector, "Permit"));
    }

    /// @dev The rules without that on one field, the field and what it needs.
    function _assertEachRuleIsNeeded(
        TypedData memory data,
        uint8 fields,
        bytes memory nested,
        bytes[] memory ruleSet,
        uint8[] memory words,
        uint8[] memory bounds
    ) private {
        bytes memory whole = abi.encodePacked(uint8(ruleSet.length));
        for (uint256 i = 0; i < ruleSet.length; ++i) {
            whole = bytes.concat(whole, ruleSet[i]);
            bytes memory rest = abi.encodePacked(uint8(ruleSet.length - 1));
            for (uint256 k = 0; k < ruleSet.length; ++k) {
                if (k != i) rest = bytes.concat(rest, ruleSet[k]);
            }
            bytes memory config = _config(_alternative(data.encodedType, fields, nested, rest));
            _assertRefused(data, config, _missing(data.primaryType, words[i], bounds[i]));
        }
        _assertAccepted(data, _config(_alternative(data.encodedType, fields, nested, whole)));
    }

    /// @dev ERC-3009: who is paid, and how much.
    function test_AnAuthorizationNeedsARecipientAndALimit() external {
        string[2] memory names = ["TransferWithAuthorization", "ReceiveWithAuthorization"];
        for (uint256 i = 0; i < 2; ++i) {
            string memory encodedType = string.concat(
                names[i], "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
            );
            bytes[] memory ruleSet = new bytes[](2);
            uint8[] memory words = new uint8[](2);
            uint8[] memory bounds = new uint8[](2);
            ruleSet[0] = _rule(1, ADDRESS, EQUAL, uint160(spender));
            (words[0], bounds[0]) = (1, 1);
            ruleSet[1] = _rule(2, UINT256, LESS_OR_EQUAL, 50);
            (words[1], bounds[1]) = (2, 2);
            TypedData memory data = _data(names[i], encodedType, abi.encode(account, spender, 50, 0, 9, bytes32(0)), "");
            _assertEachRuleIsNeeded(data, 6, "", ruleSet, words, bounds);
        }
    }

    function test_APermitTransferFromNeedsItsPermission() external {
        string memory permission = "TokenPermissions(address token,uint256 amount)";
        string memory encodedType = string.concat(
            "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)", permission
        );
        bytes memory permitted = abi.encode(token, 50);
        bytes32 hash = keccak256(abi.encodePacked(keccak256(bytes(permission)), permitted));
        bytes memory nested = abi.encodePacked(uint8(0), uint8(0), keccak256(bytes(permission)), uint8(2));
        bytes[] memory ruleSet = new bytes[](3);
        uint8[] memory words = new uint8[](3);
        uint8[] memory bounds = new uint8[](3);
        ruleSet[0] = _rule(1, ADDRESS, EQUAL, uint160(spender));
        (words[0], bounds[0]) = (1, 1);
        ruleSet[1] = _rule(4, ADDRESS, EQUAL, uint160(token));
        (words[1], bounds[1]) = (4, 1);
        ruleSet[2] = _rule(5, UINT256, LESS_OR_EQUAL, 50);
        (words[2], bounds[2]) = (5, 2);
        TypedData memory data = _data("PermitTransferFrom", encodedType, abi.encode(hash, spender, 1, 2), permitted);
        _assertEachRuleIsNeeded(data, 4, nested, ruleSet, words, bounds);
        bytes memory elsewhere = abi.encodePacked(uint8(0), uint8(1), keccak256(bytes(permission)), uint8(2));
        _assertRefused(
            data,
            _config(_alternative(encodedType, 4, elsewhere, _all(ruleSet[0], ruleSet[1], ruleSet[2]))),
            _missing("PermitTransferFrom", 4, 1)
        );
    }

    /// @dev What is sold and bought, for whom, the most that is sold, the least that is bought, and the fee.
    function test_AnOrderNeedsItsTokensReceiverAndAmounts() external {
        bytes[] memory ruleSet = new bytes[](6);
        uint8[] memory words = new uint8[](6);
        uint8[] memory bounds = new uint8[](6);
        address[3] memory parties = [token, spender, account];
        for (uint8 i = 0; i < 3; ++i) {
            ruleSet[i] = _rule(i, ADDRESS, i == 2 ? ACCOUNT : EQUAL, uint160(parties[i]));
            (words[i], bounds[i]) = (i, 1);
        }
        ruleSet[3] = _rule(3, UINT256, LESS_OR_EQUAL, 100);
        (words[3], bounds[3]) = (3, 2);
        ruleSet[4] = _rule(4, UINT256, GREATER_OR_EQUAL, 90);
        (words[4], bounds[4]) = (4, 3);
        ruleSet[5] = _rule(7, UINT256, EQUAL, 0);
        (words[5], bounds[5]) = (7, 2);
        _assertEachRuleIsNeeded(_order(), 12, "", ruleSet, words, bounds);
    }

    /// @dev 100 of `token` for 90 of `spender`.
    function _order() private view returns (TypedData memory) {
        string memory encodedType =
            "Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,string buyTokenBalance)";
        bytes memory fields = bytes.concat(
            abi.encode(token, spender, account, 100, 90, 1, bytes32(0), 0),
            abi.encode(keccak256("sell"), false, keccak256("erc20"), keccak256("erc20"))
        );
        return _data("Order", encodedType, fields, "");
    }

    /// @dev The least that an order buys: each comparison that bounds it from below, and no other.
    function test_EachComparisonBoundsFromBelowWhatItCan() external {
        bool[9] memory bounding = [true, false, false, false, true, true, true, true, false];
        for (uint8 comparison = 0; comparison < 9; ++comparison) {
            bytes memory references = abi.encode(comparison == 4 ? 89 : 90);
            if (comparison == 6) references = abi.encode(90, 91);
            if (comparison == 7) references = abi.encodePacked(uint8(1), uint256(90));
            if (comparison == 8) references = abi.encode(90, 90);
            bytes memory ruleSet = bytes.concat(
                abi.encodePacked(uint8(6), _rule(0, ADDRESS, EQUAL, uint160(token))),
                _rule(1, ADDRESS, EQUAL, uint160(spender)),
                _rule(2, ADDRESS, ACCOUNT, 0),
                _rule(3, UINT256, LESS_OR_EQUAL, 100),
                abi.encodePacked(uint8(1), uint8(0), uint16(4), UINT256, comparison, references),
                _rule(7, UINT256, EQUAL, 0)
            );
            TypedData memory data = _order();
            bytes memory config = _config(_alternative(data.encodedType, 12, "", ruleSet));
            if (bounding[comparison]) _assertAccepted(data, config);
            else _assertRefused(data, config, _missing("Order", 4, 3));
        }
    }

    /// @dev What bounds from one side does not from the other; a choice, a range and an equality bound from both.
    function test_EachComparisonBoundsWhatItCan() external {
        bytes memory fixedSpender = _rule(1, ADDRESS, EQUAL, uint160(spender));
        bool[9] memory bounding = [true, false, true, true, false, false, true, true, false];
        for (uint8 comparison = 0; comparison < 9; ++comparison) {
            bytes memory references = abi.encode(50);
            if (comparison == 6) references = abi.encode(0, 50);
            if (comparison == 7) references = abi.encodePacked(uint8(1), uint256(50));
            if (comparison == 8) references = abi.encode(50, 50);
            bytes memory rule = abi.encodePacked(uint8(1), uint8(0), uint16(2), UINT256, comparison, references);
            bytes memory config = _permitConfig(_all(rule, fixedSpender));
            if (!bounding[comparison]) _assertRefused(_permit(spender, 50), config, _missing("Permit", 2, 2));
            else if (comparison != 2) _assertAccepted(_permit(spender, 50), config);
            else _assertAccepted(_permit(spender, 49), config);
        }
        // The spender is one of two.
        bytes memory oneOf =
            abi.encodePacked(uint8(1), uint8(0), uint16(1), ADDRESS, uint8(7), uint8(2), account, spender);
        _assertAccepted(_permit(spender, 50), _permitConfig(_all(oneOf, _rule(2, UINT256, EQUAL, 50))));
        // It is the account, which the last five bytes say.
        _assertAccepted(
            _permit(account, 50), _permitConfig(_all(_rule(2, UINT256, EQUAL, 50), _rule(1, ADDRESS, ACCOUNT, 0)))
        );
    }

    /// @dev A rule of a narrow type refuses what is not of that type, rather than looking at its last bytes.
    function test_RevertWhen_ANarrowRuleIsHeldAgainstAWideAmount() external {
        bytes memory narrow = abi.encodePacked(uint8(1), uint8(0), uint16(2), uint8(1), LESS_OR_EQUAL, uint8(50));
        bytes memory config = _permitConfig(_all(_rule(1, ADDRESS, EQUAL, uint160(spender)), narrow));
        _assertAccepted(_permit(spender, 50), config);
        bytes memory inner =
            abi.encodeWithSelector(IABIRulePolicy.ArgumentMalformed.selector, 2, 1, bytes32(uint256(256 + 10)));
        _assertRefused(
            _permit(spender, 256 + 10), config, abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner)
        );
    }

    /// @dev What looks like a rule that bounds the amount, but lies within the references of another, or behind a rule on
    /// dynamic data, is none.
    function test_RevertWhen_ABoundIsHiddenInReferences() external {
        bytes memory fixedSpender = _rule(1, ADDRESS, EQUAL, uint160(spender));
        bytes32 hidden = bytes32(abi.encodePacked(uint8(1), uint8(0), uint16(2), UINT256, LESS_OR_EQUAL, bytes26(0)));
        bytes memory carrier =
            abi.encodePacked(uint8(1), uint8(0), uint16(3), UINT256, uint8(7), uint8(2), uint256(3), hidden);
        _assertRefused(_permit(spender, 50), _permitConfig(_all(fixedSpender, carrier)), _missing("Permit", 2, 2));
    }

    /// @dev Two groups, of which one counts.
    function test_RevertWhen_ABoundIsBehindTheLastGroup() external {
        bytes memory ruleSet =
            abi.encodePacked(uint8(1), _rule(1, ADDRESS, EQUAL, uint160(spender)), _rule(2, UINT256, EQUAL, 50));
        _assertRefused(_permit(spender, 50), _permitConfig(ruleSet), _missing("Permit", 2, 2));
    }

    /// @dev The known types, each with another list of fields: rules on single fields say nothing of those.
    function test_RevertWhen_AKnownNameHasOtherFields() external {
        string[6] memory names = [
            "Permit",
            "PermitSingle",
            "PermitTransferFrom",
            "TransferWithAuthorization",
            "ReceiveWithAuthorization",
            "Order"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            _assertNeverSigned(names[i]);
        }
    }

    function test_RevertWhen_TheNameIsForbidden() external {
        string[36] memory names = [
            "SafeTx",
            "SafeMessage",
            "SafeOp",
            "UserOperation",
            "PackedUserOperation",
            "ModuleEnableMode",
            "Enable",
            "Kernel",
            "ReplayableUserOperation",
            "Session",
            "SessionBundle",
            "UserOperationUse",
            "SignatureUse",
            "Delegation",
            "TypedDataSign",
            "PersonalSign",
            "MultiChainSession",
            "SpendPermission",
            "ForwardRequest",
            "MetaTransaction",
            "CoinbaseSmartWalletMessage",
            "PermitBatch",
            "PermitBatchTransferFrom",
            "PermitWitnessTransferFrom",
            "PermitBatchWitnessTransferFrom",
            "OrderComponents",
            "BulkOrder",
            "ExclusiveDutchOrder",
            "LimitOrder",
            "RfqOrder",
            "OtcOrder",
            "ERC721Order",
            "ERC1155Order",
            "Lockup",
            "PermitForAll",
            "PermitAll"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            _assertNeverSigned(names[i]);
        }
    }

    function _assertNeverSigned(string memory name) private {
        string memory encodedType = string.concat(name, "(uint256 number,address to)");
        bytes memory ruleSet = _all(_rule(0, UINT256, EQUAL, 7), _rule(1, ADDRESS, EQUAL, uint160(token)));
        _assertRefused(
            _data(name, encodedType, abi.encode(7, token), ""),
            _config(_alternative(encodedType, 2, "", ruleSet)),
            abi.encodeWithSelector(ITypedDataPolicy.TypeForbidden.selector, name)
        );
    }

    /// @dev Two nested structs of the message itself: each field belongs to its own.
    function test_NestedStructsAreToldApart() external {
        string memory typeB = "B(uint256 y)";
        string memory typeC = "C(uint256 z,uint256 w)";
        string memory typeA = "A(C c,uint256 x,B b)B(uint256 y)C(uint256 z,uint256 w)";
        bytes32 b = keccak256(abi.encode(keccak256(bytes(typeB)), 20));
        bytes32 c = keccak256(abi.encode(keccak256(bytes(typeC)), 30, 31));
        bytes memory nested = abi.encodePacked(
            abi.encodePacked(uint8(0), uint8(2), keccak256(bytes(typeB)), uint8(1)),
            abi.encodePacked(uint8(0), uint8(0), keccak256(bytes(typeC)), uint8(2))
        );
        bytes memory ruleSet = _all(_rule(3, UINT256, EQUAL, 20), _rule(5, UINT256, EQUAL, 31));
        bytes memory config = _config(_alternative(typeA, 3, nested, ruleSet));
        _assertAccepted(_data("A", typeA, abi.encode(c, 10, b), abi.encode(20, 30, 31)), config);
        // Each in the other's place.
        bytes32 actual = keccak256(abi.encode(keccak256(bytes(typeB)), 20));
        _assertRefused(
            _data("A", typeA, abi.encode(b, 10, c), abi.encode(20, 30, 31)),
            config,
            abi.encodeWithSelector(ITypedDataPolicy.WitnessDiffers.selector, 1, c, actual)
        );
    }

    /// @dev An address without code agrees to nothing.
    function test_RevertWhen_TheRulesPolicyHasNoCode() external {
        address nobody = makeAddr("nobody");
        policy = ITypedDataPolicy(deployCode("TypedDataPolicy.sol:TypedDataPolicy", abi.encode(nobody)));
        bytes memory config = _config(_mailAlternative(abi.encodePacked(uint8(1), _rule(0, UINT256, EQUAL, 7))));
        _assertRefused(_mail(7, token), config, abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, ""));
    }

    /*//////////////////////////////////////////////////////////////
                         MALFORMED CONFIGURATIONS
    //////////////////////////////////////////////////////////////*/

    function _invalid(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITypedDataPolicy.InvalidConfig.selector, position);
    }

    function test_RevertWhen_TheConfigurationIsMalformed() external {
        TypedData memory data = _mail(7, token);
        bytes memory good = _mailAlternative("");
        _assertRefused(data, "", _invalid(0));
        _assertRefused(data, hex"00", _invalid(0));
        _assertRefused(data, hex"01", _invalid(1));
        _assertRefused(data, abi.encodePacked(_config(good), uint8(0)), _invalid(70));
        _assertRefused(data, abi.encodePacked(uint8(1), uint16(68), good), _invalid(70));
        _assertRefused(data, abi.encodePacked(uint8(1), uint16(66), good), _invalid(3));
        // An unknown kind; too many nested structs; one of a later struct; a field that there is not.
        good[0] = 0x02;
        _assertRefused(data, _config(good), _invalid(3));
        good[0] = 0x00;
        good[66] = 0x01;
        _assertRefused(data, _config(good), _invalid(69));
        bytes memory nested = abi.encodePacked(uint8(1), uint8(0), bytes32(0), uint8(1));
        _assertRefused(data, _config(_alternative(MAIL, 2, nested, "")), _invalid(70));
        nested = abi.encodePacked(uint8(0), uint8(2), bytes32(0), uint8(1));
        _assertRefused(data, _config(_alternative(MAIL, 2, nested, "")), _invalid(71));
        // A personal message of any beginning.
        _assertRefused(data, _config(hex"01"), _invalid(3));
        // Bytes behind one that fits.
        bytes memory personal = _config(abi.encodePacked(uint8(1), "hello"));
        vm.expectRevert(_invalid(personal.length));
        policy.checkPersonalMessage(account, spender, "hello", bytes.concat(personal, hex"00"));
    }

    /// @dev Structs in structs, each the last field of the one before, and then behind it.
    function test_RevertWhen_ANestedStructIsNoFieldOfItsParent() external {
        TypedData memory data = _mail(7, token);
        _assertRefused(
            data,
            _chain(1, 2, 2, 3),
            abi.encodeWithSelector(ITypedDataPolicy.InvalidWitnessLength.selector, 32 * (2 + 3 + 4 + 1), 64)
        );
        _assertRefused(data, _chain(2, 2, 2, 3), _invalid(71));
        _assertRefused(data, _chain(1, 3, 2, 3), _invalid(106));
        _assertRefused(data, _chain(1, 2, 2, 4), _invalid(141));
        // The last one in the message again.
        _assertRefused(data, _chain(1, 2, 0, 2), _invalid(141));
    }

    /// @dev The message has two fields, the structs in it three, four and one.
    function _chain(uint8 first, uint8 second, uint8 parent, uint8 third) private pure returns (bytes memory) {
        bytes memory nested = bytes.concat(
            abi.encodePacked(uint8(0), first, bytes32(0), uint8(3)),
            abi.encodePacked(uint8(1), second, bytes32(0), uint8(4)),
            abi.encodePacked(parent, third, bytes32(0), uint8(1))
        );
        return _config(_alternative(MAIL, 2, nested, ""));
    }

    function test_RevertWhen_TheRulesAreMalformed() external {
        bytes memory inner = abi.encodeWithSelector(IABIRulePolicy.InvalidConfig.selector, 0);
        _assertRefused(
            _mail(7, token),
            _config(_mailAlternative(hex"00")),
            abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner)
        );
    }

    function testFuzz_AcceptsNothingByChance(TypedData calldata data, bytes calldata config) external view {
        try policy.checkTypedData(account, spender, data, config) {
            revert("accepted");
        } catch {}
        try policy.checkPersonalMessage(account, spender, data.witness, config) {
            revert("accepted");
        } catch {}
    }

    function test_RulesAreThoseOfThePolicyItWasDeployedWith() external view {
        assertEq(policy.abiRulePolicy(), rules);
    }
}
