// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ARGUMENT_RULES} from "contracts/types/BuiltInPolicy.sol";
import {Session} from "contracts/types/Session.sol";
import {ABIArgumentsConfig as A} from "../utils/ABIArgumentsConfig.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {cut} from "../utils/Cut.sol";

/// @notice Rules on arguments as a policy of the manager's own: it does as the ABIRulePolicy contract does, and evaluates rules
/// on words itself. That it agrees with the contract on each rule alone, the tests of that contract show.
contract ArgumentRulesTest is ManagerTest {
    /// The contract that the manager deploys, the second one.
    address private asked;
    ICallPolicy private onWords;
    ICallPolicy private onAnything;

    function setUp() public override {
        super.setUp();
        asked = vm.computeCreateAddress(address(manager), 2);
        onWords = ICallPolicy(deployCode("BothRulePolicies.sol:BothRulePolicies", abi.encode(abiRules, true)));
        onAnything = ICallPolicy(deployCode("BothRulePolicies.sol:BothRulePolicies", abi.encode(abiRules, false)));
    }

    /*//////////////////////////////////////////////////////////////
                            WHO EVALUATES THEM
    //////////////////////////////////////////////////////////////*/

    /// @dev Every comparison and every kind of type, and groups of several rules.
    function test_RulesOnWordsAreTheManagers() external {
        vm.etch(asked, hex"fe");
        bytes32 word = bytes32(uint256(uint160(account)));
        for (uint256 i = 0; i < 14; ++i) {
            _accepted(R.only(_holding(i)), _data(word));
            _accepted(R.only(_holding(i)), bytes.concat(_data(word), hex"00"));
            _accepted(R.all(R.any(_holding(i), R.rule(0, 32, R.EQUAL, 0)), R.any(_holding(13 - i))), _data(word));
        }
    }

    /// @dev What follows a bool's reference is none.
    function test_RulesBehindABoolAreTheManagers() external {
        vm.etch(asked, hex"fe");
        bytes32 yes = bytes32(uint256(1));
        bytes memory isYes = R.rule(0, R.BOOL, R.EQUAL, yes);
        bytes memory word = R.rule(0, 32, R.EQUAL, yes);
        _accepted(R.all(R.any(isYes), R.any(word, word)), _data(yes));
    }

    /// @dev A rule that holds for the account as an argument.
    function _holding(uint256 i) private view returns (bytes memory) {
        bytes32 word = bytes32(uint256(uint160(account)));
        bytes32 less = bytes32(uint256(word) - 1);
        bytes32 more = bytes32(uint256(word) + 1);
        bytes32[] memory list = new bytes32[](3);
        (list[0], list[2]) = (less, word);
        if (i < 6) return R.rule(0, 32, uint8(i), [word, more, more, word, less, word][i]);
        if (i == 6) return R.rule(0, R.ADDRESS, R.RANGE, less, more);
        if (i == 7) return R.oneOf(0, R.ADDRESS, list);
        if (i == 8) return R.rule(0, R.ADDRESS, R.BITS, word, word);
        if (i == 9) return R.isAccount(0);
        if (i == 10) return R.rule(0, R.intN(256), R.GREATER, bytes32(type(uint256).max));
        if (i == 11) return R.rule(0, R.bytesN(32), R.LESS, more);
        if (i == 12) return R.rule(0, R.intN(168), R.RANGE, bytes32(type(uint256).max), more);
        return R.rule(0, R.uintN(160), R.NOT_EQUAL, less);
    }

    function test_OtherRulesAreAskedOfTheContract() external {
        bytes memory config = R.only(A.arguments(A.args(1, hex"20"), ""));
        bytes memory data = _data(bytes32(uint256(7)));
        vm.expectCall(asked, 0, abi.encodeWithSelector(ICallPolicy.checkCall.selector), 2);
        _accepted(config, data);
        _refusedAs(
            config,
            bytes.concat(data, hex"00"),
            abi.encodeWithSelector(IABIRulePolicy.ArgumentsNotCanonical.selector, 2, "", 4, 0xc4, 32, 33)
        );
    }

    /// @dev Two calls in a row, of which the second breaks the rule.
    function test_EachCallIsHeldAgainstTheRules() external {
        bytes memory config = R.only(R.rule(0, 32, R.LESS_OR_EQUAL, bytes32(uint256(7))));
        Session memory session = sessionWith(newAction(target, PING, ARGUMENT_RULES, config));
        bytes32 id = grant(session);
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(target, 0, _data(bytes32(uint256(7))));
        list[1] = Execution(target, 0, _data(bytes32(uint256(7))));
        validate(opUnder(session, batch(list), claim(0, 0)));
        list[1].callData = _data(bytes32(uint256(8)));
        bytes memory reason = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 0, 0, 32, R.LESS_OR_EQUAL, abi.encode(7), bytes32(uint256(8))
        );
        expectRefused(
            opUnder(session, batch(list), claim(0, 0)),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 1, 0, ARGUMENT_RULES, reason)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSALS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheOnlyRuleOfAGroupDoesNotHold() external {
        _refusedAs(
            R.all(R.any(R.isAccount(0)), R.any(R.rule(1, 1, R.LESS, bytes32(uint256(9))))),
            bytes.concat(_data(bytes32(uint256(uint160(account)))), bytes32(uint256(9))),
            abi.encodeWithSelector(IABIRulePolicy.RuleNotMet.selector, 1, 1, 1, R.LESS, hex"09", bytes32(uint256(9)))
        );
    }

    function test_RevertWhen_NoRuleOfAGroupHolds() external {
        _refusedAs(
            R.all(R.any(R.isAccount(0), R.rule(0, 32, R.EQUAL, 0))),
            _data(bytes32(uint256(9))),
            abi.encodeWithSelector(IABIRulePolicy.NoRuleMet.selector, 0, 2, 0, bytes32(uint256(9)))
        );
    }

    /// @dev One byte of the word is missing; and all of it.
    function test_RevertWhen_TheArgumentIsMissing() external {
        bytes memory config = R.only(R.rule(0, 32, R.GREATER_OR_EQUAL, 0));
        _refusedAs(
            config, abi.encodePacked(PING), abi.encodeWithSelector(IABIRulePolicy.ArgumentMissing.selector, 0, 4)
        );
        bytes memory data = abi.encodePacked(PING, bytes31(0));
        _refusedAs(config, data, abi.encodeWithSelector(IABIRulePolicy.ArgumentMissing.selector, 0, 35));
        // The 257th word, whose index ends in a zero byte.
        config = R.only(R.rule(256, 32, R.EQUAL, 0));
        data = abi.encodePacked(PING, new bytes(256 * 32));
        _refusedAs(config, data, abi.encodeWithSelector(IABIRulePolicy.ArgumentMissing.selector, 256, data.length));
        data = abi.encodePacked(PING, new bytes(256 * 32), bytes32(uint256(1)));
        _refusedAs(
            config,
            data,
            abi.encodeWithSelector(
                IABIRulePolicy.RuleNotMet.selector, 0, 256, 32, R.EQUAL, abi.encode(0), bytes32(uint256(1))
            )
        );
    }

    function test_RevertWhen_TheAddressIsDirty() external {
        bytes32 dirty = bytes32(uint256(uint160(account)) | 1 << 160);
        bytes memory reason = abi.encodeWithSelector(IABIRulePolicy.ArgumentMalformed.selector, 0, 0x14, dirty);
        _refusedAs(R.only(R.isAccount(0)), _data(dirty), reason);
        _refusedAs(R.only(R.rule(0, R.ADDRESS, R.NOT_EQUAL, 0)), _data(dirty), reason);
        // Also if another rule of the group holds.
        bytes memory config = R.all(R.any(R.rule(0, 32, R.EQUAL, dirty), R.isAccount(0)));
        _refusedAs(config, _data(dirty), reason);
    }

    function test_RevertWhen_TheConfigIsMalformed() external {
        bytes memory data = _data(bytes32(0));
        bytes memory config = R.only(R.rule(0, 32, R.EQUAL, 0));
        _refusedAs("", data, _invalidConfig(0));
        _refusedAs(hex"00", data, _invalidConfig(0));
        _refusedAs(hex"0100", data, _invalidConfig(1));
        _refusedAs(bytes.concat(config, hex"00"), data, _invalidConfig(config.length));
        // More and fewer groups than it says.
        _refusedAs(
            bytes.concat(hex"01", R.any(R.rule(0, 1, R.EQUAL, 0)), R.any(R.isAccount(0))), data, _invalidConfig(8)
        );
        _refusedAs(bytes.concat(hex"00", R.any(R.rule(0, 1, R.EQUAL, 0))), data, _invalidConfig(0));
        // A type, a comparison, and a kind of rule that there is not.
        _refusedAs(R.only(R.rawRule(0, 0, R.EQUAL, "")), data, _invalidConfig(5));
        _refusedAs(R.only(R.rawRule(0, 33, R.EQUAL, new bytes(33))), data, _invalidConfig(5));
        _refusedAs(R.only(R.rawRule(0, 0xc2, R.EQUAL, new bytes(2))), data, _invalidConfig(5));
        _refusedAs(R.only(R.rawRule(0, 32, 10, new bytes(32))), data, _invalidConfig(6));
        _refusedAs(R.only(bytes.concat(hex"02", new bytes(8))), data, _invalidConfig(2));
        // A reference that is no bool, bits of a signed integer, the account in another type, one of nothing.
        _refusedAs(R.only(R.rawRule(0, R.BOOL, R.NOT_EQUAL, hex"02")), data, _invalidConfig(7));
        _refusedAs(R.only(R.rawRule(0, R.intN(8), R.BITS, hex"0000")), data, _invalidConfig(6));
        _refusedAs(R.only(R.rawRule(0, R.bytesN(20), R.ACCOUNT, "")), data, _invalidConfig(6));
        bytes memory ofAccount = _data(bytes32(uint256(uint160(account))));
        _refusedAs(R.only(R.rawRule(0, 32, R.ACCOUNT, "")), ofAccount, _invalidConfig(6));
        _refusedAs(R.only(R.rawRule(0, 1, R.ONE_OF, hex"00")), data, _invalidConfig(7));
    }

    /*//////////////////////////////////////////////////////////////
                          AS THE POLICY CONTRACT
    //////////////////////////////////////////////////////////////*/

    /// @dev The manager's answers are those for the contract as a policy, whatever configuration and calldata.
    function test_TheManagerAnswersAsForTheContract() external {
        uint256 accepted = 0;
        for (uint256 i = 0; i < 600; ++i) {
            uint256 dice = uint256(keccak256(abi.encode("alike", i)));
            (bytes memory config,) = _config(dice);
            if (_compare(config, _calldata(dice))) ++accepted;
        }
        assertGt(accepted, 100, "few are accepted");
        assertLt(accepted, 500, "few are refused");
    }

    function testFuzz_TheManagerAnswersAsForTheContract(bytes memory config, bytes memory data) external {
        vm.assume(config.length < 3_000 && data.length < 3_000);
        _compare(config, bytes.concat(PING, data));
    }

    /// @dev The library and the contract, without a manager: whatever only rules on words decide is the library's to decide.
    function testFuzz_TheLibraryAcceptsWhatTheContractAccepts(uint256 dice) external {
        (bytes memory config, bool isOnWords) = _config(dice);
        (bool success, bytes memory answer) = address(isOnWords ? onWords : onAnything)
            .call(abi.encodeCall(ICallPolicy.checkCall, (account, 0, target, 0, 0, _calldata(dice), config)));
        assertTrue(!success || keccak256(answer) == keccak256(abi.encode(0)), "they disagree");
    }

    /// @dev A rule that holds, alone and in a group with another that does, with each of its bits flipped: what is no rule any
    /// more, or one that does not hold, the library does not take for one.
    function test_EveryBitOfARuleCounts() external {
        bytes memory other = R.rule(0, R.ADDRESS, R.GREATER, 0);
        for (uint256 i = 0; i < 18; ++i) {
            bytes memory rule = i < 14 ? _holding(i) : _holdingOfZero(i);
            bytes memory data = _data(i < 14 ? bytes32(uint256(uint160(account))) : bytes32(0));
            if (i >= 14) other = R.rule(0, R.BOOL, R.EQUAL, 0);
            assertTrue(_asked(R.only(rule), data), "the rule does not hold");
            _flipped(R.only(rule), data);
            _flipped(R.all(R.any(rule, other)), data);
            _flipped(R.all(R.any(other, rule)), data);
        }
    }

    /// @dev A rule that holds for zero as an argument, of a type as wide as a bool.
    function _holdingOfZero(uint256 i) private pure returns (bytes memory) {
        if (i == 14) return R.rule(0, R.BOOL, R.EQUAL, 0);
        if (i == 15) return R.rule(0, R.uintN(8), R.LESS, bytes32(uint256(1)));
        if (i == 16) return R.rule(0, R.intN(8), R.GREATER, bytes32(type(uint256).max));
        return R.rule(0, R.bytesN(1), R.RANGE, 0, 0);
    }

    /// @dev The library and the contract about a configuration with each of its bits flipped.
    function _flipped(bytes memory config, bytes memory data) private {
        for (uint256 bit = 0; bit < 8 * config.length; ++bit) {
            bytes1 mask = bytes1(uint8(2 ** (bit % 8)));
            config[bit / 8] ^= mask;
            _asked(config, data);
            config[bit / 8] ^= mask;
        }
    }

    /// @dev Whether the contract accepts a call, which the library must not do if it does not.
    function _asked(bytes memory config, bytes memory data) private returns (bool accepted) {
        bytes memory answer;
        (accepted, answer) =
            address(onAnything).call(abi.encodeCall(ICallPolicy.checkCall, (account, 0, target, 0, 0, data, config)));
        assertTrue(!accepted || keccak256(answer) == keccak256(abi.encode(0)), "they disagree");
    }

    /// @dev Whether the call is accepted, under the contract and under the manager's own policy.
    function _compare(bytes memory config, bytes memory data) private returns (bool accepted) {
        (bytes32 a, PackedUserOperation memory first) = _op(address(abiRules), config, data);
        (bytes32 b, PackedUserOperation memory second) = _op(ARGUMENT_RULES, config, data);
        bytes memory answer;
        bytes memory own;
        (accepted, answer) = attempt(first);
        bool alike;
        (alike, own) = attempt(second);
        assertEq(alike, accepted, "accepted");
        if (!accepted) {
            (bytes32 id, address policy, bytes memory reason) = _decode(answer);
            (bytes32 ownId, address ownPolicy, bytes memory ownReason) = _decode(own);
            assertEq(id, a);
            assertEq(ownId, b);
            assertEq(policy, address(abiRules));
            assertEq(ownPolicy, ARGUMENT_RULES);
            assertEq(ownReason, reason, "reason");
        } else {
            assertEq(own, answer, "window");
        }
    }

    function _decode(bytes memory answer) private view returns (bytes32 id, address policy, bytes memory reason) {
        assertEq(bytes4(answer), ISessionKeyManager.PolicyRefused.selector);
        (id,,, policy, reason) = this.decode(answer);
    }

    /// @dev The arguments of {ISessionKeyManager-PolicyRefused}.
    function decode(bytes calldata answer) external pure returns (bytes32, uint256, uint256, address, bytes memory) {
        return abi.decode(answer[4:], (bytes32, uint256, uint256, address, bytes));
    }

    /// @dev A random configuration, and whether it has only rules on words, one after the other to its end.
    function _config(uint256 dice) private view returns (bytes memory config, bool isOnWords) {
        isOnWords = true;
        bytes32[4] memory words = _words(dice);
        bytes[] memory groups = new bytes[](1 + dice % 3);
        for (uint256 i = 0; i < groups.length; ++i) {
            bytes[] memory rules = new bytes[]((dice >> (8 + 2 * i)) % 4 == 0 ? 3 : 1);
            for (uint256 k = 0; k < rules.length; ++k) {
                rules[k] = _rule(uint256(keccak256(abi.encode(dice, i, k))), words);
                if (rules[k][0] != 0) isOnWords = false;
            }
            groups[i] = R.any(rules);
        }
        config = R.all(groups);
        uint256 how = (dice >> 16) % 24;
        uint256 at = (dice >> 32) % config.length;
        // Cut short, followed by more, or with another byte somewhere.
        if (how == 0) config = cut(config, 0, at);
        if (how == 1) config = bytes.concat(config, bytes1(uint8(dice >> 64)));
        if (how == 2) config[at] = bytes1(uint8(dice >> 64));
        if (how == 3) config[0] = bytes1(uint8(dice >> 64) % 4);
        // In what is cut short or changed there may be anything.
        if (how == 0 || how == 2) isOnWords = false;
    }

    /// @dev A rule on one of the words of {_calldata}, mostly one that holds or nearly does.
    function _rule(uint256 dice, bytes32[4] memory words) private view returns (bytes memory) {
        if (dice % 24 == 0) return A.arguments(A.args(4, hex"20202020"), "");
        uint16 index = uint16(dice >> 8) % 4;
        if (dice >> 24 & 31 == 0) index = [4, 255, 256, 257][dice >> 32 & 3];
        uint8[8] memory types = [R.ADDRESS, 0x20, 0x10, 0x01, R.intN(256), R.intN(8), R.bytesN(4), R.BOOL];
        uint8 typeCode = types[dice >> 40 & 7];
        uint8 comparison = uint8((dice >> 48) % 10);
        // What holds of equals, and of any word.
        if (dice >> 88 & 1 == 0) comparison = [R.EQUAL, R.LESS_OR_EQUAL, R.RANGE, R.ONE_OF][dice >> 89 & 3];
        if (dice >> 91 & 1 == 0) typeCode = 0x20;
        // What cannot be is kept for the unit tests.
        if (comparison == R.ACCOUNT) typeCode = R.ADDRESS;
        if (comparison == R.BITS && typeCode >= 0x40 && typeCode < 0x80) typeCode = 0x20;
        bytes memory first = _reference(typeCode, dice >> 56, words[index % 4]);
        bytes memory second = _reference(typeCode, dice >> 72, words[index % 4]);
        if (comparison == R.ACCOUNT) return R.isAccount(index);
        if (comparison == R.RANGE || comparison == R.BITS) {
            return R.rawRule(index, typeCode, comparison, bytes.concat(first, second));
        }
        if (comparison == R.ONE_OF) {
            return R.rawRule(index, typeCode, comparison, bytes.concat(hex"03", first, second, first));
        }
        return R.rawRule(index, typeCode, comparison, first);
    }

    /// @dev Often the argument itself.
    function _reference(uint8 typeCode, uint256 dice, bytes32 argument) private view returns (bytes memory packed) {
        packed = R.ref(typeCode, dice >> 8 & 3 != 0 ? argument : _value(dice));
        // Mostly a bool.
        if (typeCode == R.BOOL && dice >> 10 & 15 != 0) packed[0] &= 0x01;
    }

    /// @dev What words and references are drawn from: few, so that they meet.
    function _value(uint256 dice) private view returns (bytes32) {
        uint256 account_ = uint160(account);
        if (dice % 16 == 0) return bytes32(account_ | 1 << 160);
        if (dice % 16 == 1) return bytes32(type(uint256).max);
        if (dice % 16 == 2) return bytes32(uint256(1) << 255);
        if (dice % 16 == 3) return bytes32(type(uint256).max - 1);
        if (dice % 16 == 4) return bytes4(0x12345678);
        if (dice % 16 < 8) return bytes32(account_);
        return bytes32(dice % 16 - 8);
    }

    function _words(uint256 dice) private view returns (bytes32[4] memory) {
        dice = uint256(keccak256(abi.encode("words", dice)));
        return [_value(dice), _value(dice >> 8), _value(dice >> 16), _value(dice >> 24)];
    }

    /// @dev Four words, sometimes cut short or followed by more.
    function _calldata(uint256 dice) private view returns (bytes memory data) {
        data = abi.encodePacked(PING, _words(dice));
        if (dice >> 96 & 15 == 0) data = cut(data, 0, 4 + (dice >> 104) % 128);
        if (dice >> 96 & 15 == 1) data = bytes.concat(data, new bytes(253 * 32));
    }

    /*//////////////////////////////////////////////////////////////
                                OPERATIONS
    //////////////////////////////////////////////////////////////*/

    function _data(bytes32 word) private pure returns (bytes memory) {
        return abi.encodePacked(PING, word);
    }

    function _op(address policy, bytes memory config, bytes memory data)
        private
        returns (bytes32 id, PackedUserOperation memory op)
    {
        Session memory session = sessionWith(newAction(target, PING, policy, config));
        id = grant(session);
        op = opUnder(session, single(target, 0, data));
    }

    function _accepted(bytes memory config, bytes memory data) private {
        (, PackedUserOperation memory op) = _op(ARGUMENT_RULES, config, data);
        validate(op);
    }

    /// @dev Refused by both for this reason.
    function _refusedAs(bytes memory config, bytes memory data, bytes memory reason) private {
        (bytes32 id, PackedUserOperation memory op) = _op(ARGUMENT_RULES, config, data);
        expectRefused(op, _refused(id, ARGUMENT_RULES, reason));
        (id, op) = _op(address(abiRules), config, data);
        expectRefused(op, _refused(id, address(abiRules), reason));
    }

    function _refused(bytes32 id, address policy, bytes memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, 0, policy, reason);
    }

    function _invalidConfig(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.InvalidConfig.selector, position);
    }
}
