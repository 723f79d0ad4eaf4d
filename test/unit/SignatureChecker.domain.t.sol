// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "contracts/interfaces/ISignatureChecker.sol";
import {AppDomain, ISignaturePolicy, TypedData} from "contracts/interfaces/ISignaturePolicy.sol";
import {Policy, Session} from "contracts/types/Session.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {SignatureBuilder} from "../utils/SignatureBuilder.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";

/// @notice Domains of applications and of accounts of every form, in what session keys sign.
contract SignatureCheckerDomainTest is SessionTest {
    bytes4 private constant MAGIC = 0x1626ba7e;
    string private constant MAIL = "Mail(uint256 number)";
    uint8 private constant CHAIN_ID = 4;
    uint8 private constant VERIFYING_CONTRACT = 8;

    ISignatureChecker private checker;
    address private account = makeAddr("account");
    address private policy = makeAddr("policy");
    address private app = makeAddr("app");
    Session private session;

    /// What the account says its domain is.
    bytes32 private nameHash = keccak256("");
    bytes32 private versionHash = keccak256("");
    bytes32 private salt;

    function setUp() public override {
        super.setUp();
        checker = manager.signatureChecker();
        vm.etch(policy, hex"fe");
        vm.mockCall(policy, abi.encodeWithSelector(ISignaturePolicy.checkTypedData.selector), abi.encode(0));
        vm.mockCall(policy, abi.encodeWithSelector(ISignaturePolicy.checkPersonalMessage.selector), abi.encode(0));
        vm.prank(account);
        manager.onInstall("");
        Session memory fresh = newSession(account);
        fresh.signaturePolicies = new Policy[](1);
        fresh.signaturePolicies[0] = Policy(policy, "config");
        store(session, fresh);
        grant(fresh);
    }

    function _domain(uint8 fields) private view returns (AppDomain memory domain) {
        domain.fields = bytes1(fields);
        if (fields & 1 != 0) domain.nameHash = keccak256("name");
        if (fields & 2 != 0) domain.versionHash = keccak256("version");
        if (fields & CHAIN_ID != 0) domain.chainId = block.chainid;
        if (fields & VERIFYING_CONTRACT != 0) domain.verifyingContract = app;
        if (fields & 16 != 0) domain.salt = keccak256("salt");
        domain.separator = _separator(domain);
    }

    function _separator(AppDomain memory domain) private pure returns (bytes32) {
        string[5] memory names =
            ["string name", "string version", "uint256 chainId", "address verifyingContract", "bytes32 salt"];
        bytes memory list;
        for (uint256 i = 0; i < 5; ++i) {
            if (uint8(domain.fields) >> i & 1 == 0) continue;
            list = bytes.concat(list, bytes(list.length == 0 ? "" : ","), bytes(names[i]));
        }
        bytes32 typeHash = keccak256(bytes.concat("EIP712Domain(", list, ")"));
        return keccak256(bytes.concat(typeHash, _words(domain)));
    }

    /// @dev A word for each field that the domain has, in order.
    function _words(AppDomain memory domain) private pure returns (bytes memory words) {
        bytes32[5] memory all = [
            domain.nameHash,
            domain.versionHash,
            bytes32(domain.chainId),
            bytes32(uint256(uint160(domain.verifyingContract))),
            domain.salt
        ];
        for (uint256 i = 0; i < 5; ++i) {
            if (uint8(domain.fields) >> i & 1 != 0) words = abi.encodePacked(words, all[i]);
        }
    }

    function _contentsHash() private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(MAIL)), 7));
    }

    function _use(AppDomain memory domain) private view returns (bytes memory) {
        bytes memory head = SignatureBuilder.head(session, 0, new bytes32[](0));
        return abi.encodePacked(head, domain.fields, _words(domain), uint16(32), abi.encode(7));
    }

    /// @dev The key's signature of the message under `separator`, and the envelope.
    function _sign(bytes memory use, bytes32 separator) private returns (bytes memory) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(Mail contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                MAIL
            )
        );
        bytes32 structHash =
            keccak256(abi.encode(typeHash, _contentsHash(), nameHash, versionHash, block.chainid, account, salt));
        bytes32 nested = keccak256(abi.encodePacked(hex"1901", separator, structHash));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, SignatureBuilder.digest(address(manager), nested, UseBuilder.hash(session), use));
        return abi.encodePacked(use, r, s, v, separator, _contentsHash(), MAIL, uint16(bytes(MAIL).length));
    }

    function _hash(bytes32 separator) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, _contentsHash()));
    }

    function _check(AppDomain memory domain) private returns (bytes4) {
        bytes memory signature = _sign(_use(domain), domain.separator);
        return checker.checkSignature(account, app, _hash(domain.separator), signature);
    }

    function _assertRefused(bytes memory use, bytes32 separator, bytes memory reason) private {
        bytes memory signature = _sign(use, separator);
        vm.expectRevert(reason);
        checker.checkSignature(account, app, _hash(separator), signature);
        vm.prank(account);
        assertEq(manager.isValidSignatureWithSender(app, _hash(separator), signature), bytes4(0xffffffff));
    }

    function _nonCanonical(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NonCanonicalUse.selector, position);
    }

    function _contentAt() private view returns (uint256) {
        return SignatureBuilder.head(session, 0, new bytes32[](0)).length;
    }

    function test_TakesDomainsOfAllFields() external {
        for (uint8 fields = 0; fields < 32; ++fields) {
            AppDomain memory domain = _domain(fields);
            TypedData memory data = TypedData(domain, "Mail", MAIL, _contentsHash(), abi.encode(7));
            vm.expectCall(
                policy, abi.encodeCall(ISignaturePolicy.checkTypedData, (account, app, data, bytes("config")))
            );
            assertEq(_check(domain), MAGIC);
        }
    }

    function test_RevertWhen_TheDomainHasAFieldThatThereIsNot() external {
        for (uint256 fields = 32; fields < 256; fields *= 2) {
            AppDomain memory domain = _domain(1);
            domain.fields = bytes1(uint8(fields) | 1);
            _assertRefused(_use(domain), domain.separator, _nonCanonical(_contentAt()));
        }
    }

    function test_RevertWhen_TheVerifyingContractIsNoAddress() external {
        AppDomain memory domain = _domain(VERIFYING_CONTRACT);
        bytes memory use = _use(domain);
        for (uint256 i = 0; i < 12; ++i) {
            use[_contentAt() + 1 + i] = 0x01;
            _assertRefused(use, domain.separator, _nonCanonical(_contentAt() + 1));
            use[_contentAt() + 1 + i] = 0x00;
        }
        assertEq(checker.checkSignature(account, app, _hash(domain.separator), _sign(use, domain.separator)), MAGIC);
    }

    /// @dev A field left out, a word for another, or a separator of another domain.
    function test_RevertWhen_TheSeparatorIsOfOtherFields() external {
        for (uint8 fields = 0; fields < 32; ++fields) {
            bytes32 other = _domain(fields ^ 1).separator;
            bytes memory reason =
                abi.encodeWithSelector(ISignatureChecker.DomainDiffers.selector, other, _domain(fields).separator);
            _assertRefused(_use(_domain(fields)), other, reason);
        }
    }

    /// @dev Without a chain in its domain a message is bound to the chain by the nesting alone.
    function test_RevertWhen_AMessageWithoutChainIsPresentedOnAnother() external {
        Session memory everywhere = session;
        everywhere.chainId = 0;
        session.chainId = 0;
        bytes32 id = grant(everywhere);
        AppDomain memory domain = _domain(VERIFYING_CONTRACT);
        bytes memory signature = _sign(_use(domain), domain.separator);
        assertEq(checker.checkSignature(account, app, _hash(domain.separator), signature), MAGIC);
        vm.chainId(10);
        vm.expectRevert(abi.encodeWithSelector(ISignatureChecker.NotSignedByKey.selector, id));
        checker.checkSignature(account, app, _hash(domain.separator), signature);
    }

    function test_RevertWhen_TheChainIsZero() external {
        AppDomain memory domain = _domain(CHAIN_ID);
        domain.chainId = 0;
        domain.separator = _separator(domain);
        _assertRefused(
            _use(domain), domain.separator, abi.encodeWithSelector(ISignatureChecker.DomainOfAnotherChain.selector, 0)
        );
    }

    function _accountSays(bytes memory answer) private {
        vm.mockCall(account, abi.encodeWithSignature("eip712Domain()"), answer);
    }

    function test_TheAccountsSaltIsSigned() external {
        (nameHash, versionHash, salt) = (keccak256("A"), keccak256("B"), keccak256("salt"));
        _accountSays(abi.encode(bytes1(0x1f), "A", "B", block.chainid, account, salt, new uint256[](0)));
        assertEq(_check(_domain(0x0f)), MAGIC);
        salt = 0;
        bytes memory signature = _sign(_use(_domain(0x0f)), _domain(0x0f).separator);
        vm.expectRevert(abi.encodeWithSelector(ISignatureChecker.NotSignedByKey.selector, UseBuilder.hash(session)));
        checker.checkSignature(account, app, _hash(_domain(0x0f).separator), signature);
    }

    /// @dev An account that reverts, has no code or answers too little states no domain.
    function test_TakesAccountsWithoutADomain() external {
        assertEq(_check(_domain(0x0f)), MAGIC);
        _accountSays(new bytes(287));
        assertEq(_check(_domain(0x0f)), MAGIC);
        vm.mockCallRevert(account, abi.encodeWithSignature("eip712Domain()"), "no");
        assertEq(_check(_domain(0x0f)), MAGIC);
    }

    /// @dev 288 bytes are a domain, if its strings are empty.
    function test_TakesAnAccountWhoseNamesAreEmpty() external {
        salt = keccak256("salt");
        _accountSays(
            abi.encode(
                bytes1(0x1f), uint256(224), uint256(224), block.chainid, account, salt, uint256(224), uint256(0), 0
            )
        );
        assertEq(_check(_domain(0x0f)), MAGIC);
    }

    /// @dev Offsets and lengths that lead nowhere, in what an account answers, cannot make the manager revert.
    function testFuzz_AHostileDomainMakesNoSignatureValid(uint256[9] calldata words, uint16 scale) external {
        uint256[9] memory small;
        for (uint256 i = 0; i < 9; ++i) {
            small[i] = scale >> i & 1 == 0 ? words[i] % 600 : words[i];
        }
        _accountSays(abi.encode(small));
        AppDomain memory domain = _domain(0x0f);
        bytes memory signature = _sign(_use(domain), domain.separator);
        signature[_contentAt()] ^= 0x01;
        vm.prank(account);
        assertEq(manager.isValidSignatureWithSender(app, _hash(domain.separator), signature), bytes4(0xffffffff));
    }

    function test_RevertWhen_TheWitnessIsLongerThanTheSignature() external {
        AppDomain memory domain = _domain(0x0f);
        bytes memory use = _use(domain);
        uint256 end = use.length + 65;
        // One byte into the envelope, and far behind its end.
        use[use.length - 33] = bytes1(uint8(32 + 66));
        _assertRefused(use, domain.separator, _nonCanonical(end));
        use[use.length - 34] = 0xff;
        _assertRefused(use, domain.separator, _nonCanonical(end));
    }

    /// @dev Every number of bytes that is missing at the end of a use.
    function test_RevertWhen_TheUseEndsEarly() external {
        AppDomain memory domain = _domain(0x1f);
        bytes memory use = _use(domain);
        bytes memory envelope = abi.encodePacked(domain.separator, _contentsHash(), MAIL, uint16(bytes(MAIL).length));
        for (uint256 length = 0; length < use.length; ++length) {
            vm.prank(account);
            bytes4 answer = manager.isValidSignatureWithSender(
                app, _hash(domain.separator), bytes.concat(cut(use, 0, length), envelope)
            );
            assertEq(answer, bytes4(0xffffffff));
        }
    }

    /// @dev The hash of no operation policies stands for none of them, and is written by leaving it out.
    function test_RevertWhen_NoOperationPoliciesAreHashed() external {
        AppDomain memory domain = _domain(0x0f);
        bytes memory use = _use(domain);
        uint256 at = 97 + session.sessionKey.length;
        bytes memory longer = bytes.concat(cut(use, 0, at), keccak256(""), cut(use, at, use.length));
        longer[0] = 0x02;
        _assertRefused(longer, domain.separator, _nonCanonical(at));
    }
}
