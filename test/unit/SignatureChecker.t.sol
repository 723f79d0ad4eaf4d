// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "contracts/interfaces/ISignatureChecker.sol";
import {AppDomain, ISignaturePolicy, TypedData} from "contracts/interfaces/ISignaturePolicy.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";
import {SignatureAccount} from "../mocks/SignatureAccount.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {AccountName, AppMessage, SignatureBuilder} from "../utils/SignatureBuilder.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice Session keys that sign for an account (ERC-1271), up to the policies: those are stand-ins here.
contract SignatureCheckerTest is SessionTest {
    bytes4 private constant MAGIC = 0x1626ba7e;
    bytes4 private constant INVALID = 0xffffffff;
    uint8 private constant KERNEL = 8;

    ISignatureChecker private checker;
    SignatureAccount private account;
    address private policy = makeAddr("policy");
    address private app = makeAddr("app");

    function setUp() public override {
        super.setUp();
        checker = manager.signatureChecker();
        account = new SignatureAccount(manager, false);
        vm.etch(policy, hex"fe");
        _policyAnswers(abi.encode(0));
    }

    function _policyAnswers(bytes memory answer) private {
        vm.mockCall(policy, abi.encodeWithSelector(ISignaturePolicy.checkTypedData.selector), answer);
        vm.mockCall(policy, abi.encodeWithSelector(ISignaturePolicy.checkPersonalMessage.selector), answer);
    }

    /// @dev A session that only signs.
    function _session() private view returns (Session memory session) {
        session = newSession(address(account));
        session.signaturePolicies = new Policy[](1);
        session.signaturePolicies[0] = Policy(policy, "config");
    }

    function _message() private view returns (AppMessage memory) {
        return SignatureBuilder.mail(app);
    }

    function _sign(AppMessage memory message, Session memory session) private returns (bytes memory) {
        return _sign(message, session, 0, new bytes32[](0));
    }

    function _sign(AppMessage memory message, Session memory session, uint8 kind, bytes32[] memory proof)
        private
        returns (bytes memory)
    {
        bytes memory use = message.use(session, kind, proof);
        bytes32 nested = message.nest(session.account, block.chainid, AccountName("Account", "7"));
        return abi.encodePacked(use, _keySignature(nested, session, use), message.envelope());
    }

    function _signPersonal(bytes memory text, Session memory session) private returns (bytes memory) {
        bytes memory use = SignatureBuilder.usePersonal(text, session, 0, new bytes32[](0));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Account"),
                keccak256("7"),
                block.chainid,
                session.account
            )
        );
        bytes32 contents = keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), _personalHash(text)));
        bytes32 nested = keccak256(abi.encodePacked(hex"1901", domain, contents));
        return abi.encodePacked(use, _keySignature(nested, session, use));
    }

    function _personalHash(bytes memory text) private pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n", vm.toString(text.length), text));
    }

    function _keySignature(bytes32 nested, Session memory session, bytes memory use) private returns (bytes memory) {
        bytes32 digest = SignatureBuilder.digest(address(manager), nested, UseBuilder.hash(session), use);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The application asks the account.
    function _ask(bytes32 hash, bytes memory signature) private returns (bytes4) {
        vm.prank(app);
        return account.isValidSignature(hash, signature);
    }

    function _assertValid(bytes32 hash, bytes memory signature) private {
        assertEq(_ask(hash, signature), MAGIC);
        assertEq(checker.checkSignature(address(account), app, hash, signature), MAGIC);
    }

    /// @dev Invalid by the account, and the checker says why.
    function _assertRefused(bytes32 hash, bytes memory signature, bytes memory reason) private {
        assertEq(_ask(hash, signature), INVALID);
        vm.expectRevert(reason);
        checker.checkSignature(address(account), app, hash, signature);
    }

    function _error(bytes4 selector, bytes32 a) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a);
    }

    function _granted() private returns (Session memory session) {
        session = _session();
        grant(session);
    }

    /*//////////////////////////////////////////////////////////////
                                 VALID
    //////////////////////////////////////////////////////////////*/

    function test_TakesTypedData() external {
        _assertValid(_message().hash(), _sign(_message(), _granted()));
    }

    function test_TakesAPersonalMessage() external {
        bytes memory signature = _signPersonal("hello", _granted());
        _assertValid(_personalHash("hello"), signature);
    }

    function test_KnowsItsManager() external view {
        assertEq(checker.manager(), address(manager));
    }

    function test_TakesASessionThatAlsoActs() external {
        Session memory session = _session();
        session.actions = new Action[](1);
        session.actions[0] = newAction(app, 0x12345678);
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(policy, "");
        session.chainId = 0;
        grant(session);
        _assertValid(_message().hash(), _sign(_message(), session));
    }

    function test_TakesASessionUnderARoot() external {
        Session memory session = _session();
        bytes32 sibling = keccak256("sibling");
        bytes32 id = UseBuilder.hash(session);
        bytes32 root = keccak256(id < sibling ? abi.encode(id, sibling) : abi.encode(sibling, id));
        bytes32[] memory roots = new bytes32[](1);
        roots[0] = root;
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = sibling;
        bytes memory signature = _sign(_message(), session, 0, proof);
        _assertRefused(
            _message().hash(), signature, abi.encodeWithSelector(ISessionKeyManager.RootNotGranted.selector, id, root)
        );
        vm.prank(address(account));
        manager.grantSessions(roots);
        _assertValid(_message().hash(), signature);
        vm.prank(address(account));
        manager.revokeSessions(roots);
        _assertRefused(
            _message().hash(), signature, abi.encodeWithSelector(ISessionKeyManager.RootIsRevoked.selector, id, root)
        );
    }

    function test_TakesKernelsHash() external {
        account = new SignatureAccount(manager, true);
        bytes memory signature = _sign(_message(), _granted(), KERNEL, new bytes32[](0));
        assertEq(_ask(_message().hash(), signature), MAGIC);
        // Without the flag it is another hash; and the flag does not fit an account that hands over the hash itself.
        assertEq(_ask(_message().hash(), _sign(_message(), _session())), INVALID);
        account = new SignatureAccount(manager, false);
        assertEq(_ask(_message().hash(), _sign(_message(), _granted(), KERNEL, new bytes32[](0))), INVALID);
    }

    function test_TakesAKeyOfAVerifier() external {
        address verifier = makeAddr("verifier");
        vm.etch(verifier, hex"fe");
        Session memory session = _session();
        session.sessionKey = abi.encodePacked(verifier, "key");
        grant(session);
        bytes memory use = _message().use(session, 0, new bytes32[](0));
        bytes32 nested = _message().nest(session.account, block.chainid, AccountName("Account", "7"));
        bytes32 digest = SignatureBuilder.digest(address(manager), nested, UseBuilder.hash(session), use);
        bytes memory question =
            abi.encodeWithSignature("verify(bytes,bytes32,bytes)", bytes("key"), digest, bytes("signed"));
        vm.mockCall(verifier, question, abi.encode(bytes4(0x024ad318)));
        _assertValid(_message().hash(), abi.encodePacked(use, "signed", _message().envelope()));
    }

    function test_AsksThePolicyWithTheWholeMessage() external {
        Session memory session = _granted();
        AppMessage memory message = _message();
        message.nested = abi.encode(1, 2);
        bytes memory signature = _sign(message, session);
        vm.expectCall(
            policy,
            abi.encodeWithSelector(
                ISignaturePolicy.checkTypedData.selector, account, app, _typedData(message), bytes("config")
            )
        );
        _ask(message.hash(), signature);
        vm.expectCall(
            policy,
            abi.encodeCall(
                ISignaturePolicy.checkPersonalMessage, (address(account), app, bytes("hello"), bytes("config"))
            )
        );
        _ask(_personalHash("hello"), _signPersonal("hello", session));
    }

    function _typedData(AppMessage memory message) private pure returns (TypedData memory data) {
        data.domain = AppDomain(
            0x0d, keccak256(bytes(message.name)), 0, message.chainId, message.verifyingContract, 0, message.separator()
        );
        data.primaryType = message.primaryType;
        data.encodedType = message.encodedType;
        data.contentsHash = message.contentsHash();
        data.witness = abi.encodePacked(message.fields, message.nested);
    }

    function test_AnswersProbes() external {
        bytes32 probe = 0x7739773977397739773977397739773977397739773977397739773977397739;
        assertEq(_ask(probe, ""), bytes4(0x77390001));
        assertEq(_ask(~probe, ""), INVALID);
        assertEq(_ask(probe, hex"00"), INVALID);
    }

    /*//////////////////////////////////////////////////////////////
                              THE SESSION
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheSessionIsNotGrantedAnyMore() external {
        Session memory session = _session();
        bytes32 id = UseBuilder.hash(session);
        bytes32 hash = _message().hash();
        bytes memory signature = _sign(_message(), session);
        _assertRefused(hash, signature, _error(ISessionKeyManager.SessionNotGranted.selector, id));
        grant(session);
        _assertValid(hash, signature);

        uint256 before = vm.snapshotState();
        vm.prank(address(account));
        manager.revokeAll(5);
        _assertRefused(hash, signature, abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, 5));
        vm.revertToState(before);
        vm.prank(address(account));
        manager.onUninstall("");
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account);
        _assertRefused(hash, signature, reason);
        vm.revertToState(before);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        vm.prank(address(account));
        manager.revokeSessions(ids);
        _assertRefused(hash, signature, _error(ISessionKeyManager.SessionIsRevoked.selector, id));
    }

    function test_RevertWhen_OutsideTheWindow() external {
        Session memory session = _granted();
        bytes memory signature = _sign(_message(), session);
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(i == 0 ? session.validAfter : session.validUntil);
            _assertValid(_message().hash(), signature);
            vm.warp(i == 0 ? session.validAfter - 1 : session.validUntil + 1);
            bytes memory reason = abi.encodeWithSelector(
                ISignatureChecker.OutsideWindow.selector,
                UseBuilder.hash(session),
                session.validAfter,
                session.validUntil,
                block.timestamp
            );
            _assertRefused(_message().hash(), signature, reason);
        }
    }

    function test_ASessionWithoutEndSignsAtAnyTimeThatThePolicyAllows() external {
        Session memory session = _session();
        session.validUntil = 0;
        grant(session);
        bytes memory signature = _sign(_message(), session);
        vm.warp(2 ** 47);
        _assertValid(_message().hash(), signature);
        uint256 last = 2 ** 47 - 1;
        _policyAnswers(abi.encode(last << 160));
        bytes memory reason = abi.encodeWithSelector(
            ISignatureChecker.OutsideWindow.selector, UseBuilder.hash(session), session.validAfter, last, 2 ** 47
        );
        _assertRefused(_message().hash(), signature, reason);
        vm.warp(last);
        _assertValid(_message().hash(), signature);
    }

    function test_RevertWhen_OutsideThePolicysWindow() external {
        Session memory session = _granted();
        bytes memory signature = _sign(_message(), session);
        uint256 last = block.timestamp + 10;
        _policyAnswers(abi.encode(last << 160));
        vm.warp(last);
        _assertValid(_message().hash(), signature);
        vm.warp(last + 1);
        bytes memory reason = abi.encodeWithSelector(
            ISignatureChecker.OutsideWindow.selector, UseBuilder.hash(session), session.validAfter, last, last + 1
        );
        _assertRefused(_message().hash(), signature, reason);
    }

    function test_RevertWhen_NothingMayBeSigned() external {
        Session memory session = _session();
        session.signaturePolicies = new Policy[](0);
        grant(session);
        _assertRefused(
            _message().hash(),
            _sign(_message(), session),
            abi.encodeWithSelector(ISignatureChecker.NothingMayBeSigned.selector)
        );
    }

    function test_RevertWhen_APolicyRefuses() external {
        Session memory session = _session();
        address second = makeAddr("second");
        vm.etch(second, hex"fe");
        session.signaturePolicies = new Policy[](2);
        session.signaturePolicies[0] = Policy(policy, "config");
        session.signaturePolicies[1] = Policy(second, "");
        grant(session);
        bytes32 id = UseBuilder.hash(session);
        bytes memory signature = _sign(_message(), session);
        vm.mockCallRevert(second, bytes(""), "because");
        bytes memory reason =
            abi.encodeWithSelector(ISignatureChecker.SignaturePolicyRefused.selector, id, 1, second, bytes("because"));
        _assertRefused(_message().hash(), signature, reason);
        vm.clearMockedCalls();
        _policyAnswers("");
        reason = abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, id, policy, 0);
        _assertRefused(_message().hash(), signature, reason);
    }

    /*//////////////////////////////////////////////////////////////
                              THE CONTENT
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_ItIsForTheAccountTheManagerOrAnEntryPoint() external {
        bytes memory signature = _sign(_message(), _granted());
        address[4] memory senders =
            [address(account), address(manager), address(0), 0x0000000071727De22E5E9d8BAf0edAc6f37da032];
        for (uint256 i = 0; i < senders.length; ++i) {
            vm.prank(address(account));
            assertEq(manager.isValidSignatureWithSender(senders[i], _message().hash(), signature), INVALID);
            vm.expectRevert(abi.encodeWithSelector(ISignatureChecker.SenderForbidden.selector, senders[i]));
            checker.checkSignature(address(account), senders[i], _message().hash(), signature);
        }
    }

    function test_RevertWhen_TheApplicationIsTheAccountOrTheManager() external {
        Session memory session = _granted();
        address[2] memory contracts = [address(account), address(manager)];
        for (uint256 i = 0; i < contracts.length; ++i) {
            AppMessage memory message = _message();
            message.verifyingContract = contracts[i];
            bytes memory reason =
                abi.encodeWithSelector(ISignatureChecker.VerifyingContractForbidden.selector, contracts[i]);
            _assertRefused(message.hash(), _sign(message, session), reason);
        }
    }

    function test_RevertWhen_TheDomainIsOfAnotherChain() external {
        AppMessage memory message = _message();
        message.chainId = block.chainid + 1;
        bytes memory reason = abi.encodeWithSelector(ISignatureChecker.DomainOfAnotherChain.selector, block.chainid + 1);
        _assertRefused(message.hash(), _sign(message, _granted()), reason);
    }

    function test_RevertWhen_ItIsAGrant() external {
        AppMessage memory message = _message();
        message.primaryType = "SessionBundle";
        message.encodedType = "SessionBundle(uint256 number,address to)";
        bytes memory reason = abi.encodeWithSelector(ISignatureChecker.ContentForbidden.selector, "SessionBundle");
        _assertRefused(message.hash(), _sign(message, _granted()), reason);
    }

    /// @dev ERC-7739's other form of a description puts the name behind the types, where the key could choose any: a grant
    /// would no longer be known by its name.
    function test_RevertWhen_TheNameIsNotTheTypes() external {
        string[3] memory names = ["Mail", "Greeting", "SessionBundle"];
        for (uint256 i = 0; i < names.length; ++i) {
            AppMessage memory message = _message();
            message.encodedType = string.concat(names[i], "(uint256 number,address to)");
            message.primaryType = i == 2 ? "Mail" : names[i];
            Session memory session = _session();
            session.salt = bytes32(i);
            grant(session);
            bytes memory use = message.use(session, 0, new bytes32[](0));
            bytes32 nested = message.nest(session.account, block.chainid, AccountName("Account", "7"));
            bytes memory description = bytes(string.concat(message.encodedType, message.primaryType));
            bytes memory signature = abi.encodePacked(
                use,
                _keySignature(nested, session, use),
                message.separator(),
                message.contentsHash(),
                description,
                uint16(description.length)
            );
            _assertRefused(message.hash(), signature, _nonCanonical(signature.length));
        }
    }

    function test_RevertWhen_TheHashIsOfAnotherMessage() external {
        Session memory session = _granted();
        bytes32 hash = keccak256("another");
        bytes memory reason = abi.encodeWithSelector(ISignatureChecker.ContentDiffers.selector, hash, _message().hash());
        _assertRefused(hash, _sign(_message(), session), reason);
        reason = abi.encodeWithSelector(ISignatureChecker.ContentDiffers.selector, hash, _personalHash("hello"));
        _assertRefused(hash, _signPersonal("hello", session), reason);
    }

    /// @dev A personal message whose ERC-191 hash is not what is asked: a bare hash is never signed.
    function test_RevertWhen_ABareHashIsSigned() external {
        Session memory session = _granted();
        bytes32 hash = _message().hash();
        bytes memory text = abi.encodePacked(hash);
        bytes memory reason =
            abi.encodeWithSelector(ISignatureChecker.ContentDiffers.selector, hash, _personalHash(text));
        _assertRefused(hash, _signPersonal(text, session), reason);
    }

    function test_RevertWhen_ThePersonalMessageIsLongerThanTheSignature() external {
        bytes memory signature = _signPersonal("hello", _granted());
        uint256 length = signature.length - 65 - 5 - 2;
        // One byte too long, the key's signature is one byte short; beyond the end, there is none.
        signature[length + 1] = bytes1(uint8(5 + 66));
        _assertRefused(_personalHash("hello"), signature, _nonCanonical(signature.length));
        signature[length] = 0xff;
        _assertRefused(_personalHash("hello"), signature, _nonCanonical(signature.length));
    }

    /// @dev The use is whole, and the key's signature is not there.
    function test_RevertWhen_TheKeyHasNotSigned() external {
        Session memory session = _granted();
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, 0);
        bytes32[] memory none = new bytes32[](0);
        _assertRefused(_personalHash("hello"), SignatureBuilder.usePersonal("hello", session, 0, none), reason);
        AppMessage memory message = _message();
        _assertRefused(message.hash(), bytes.concat(message.use(session, 0, none), message.envelope()), reason);
    }

    function test_RevertWhen_TheDomainIsNotTheSeparators() external {
        Session memory session = _granted();
        AppMessage memory shown = _message();
        AppMessage memory real = _message();
        real.verifyingContract = address(account);
        bytes memory use = shown.use(session, 0, new bytes32[](0));
        bytes32 nested = real.nest(session.account, block.chainid, AccountName("Account", "7"));
        bytes memory signature = abi.encodePacked(use, _keySignature(nested, session, use), real.envelope());
        bytes memory reason =
            abi.encodeWithSelector(ISignatureChecker.DomainDiffers.selector, real.separator(), shown.separator());
        _assertRefused(real.hash(), signature, reason);
    }

    function test_RevertWhen_AnotherKeySigned() external {
        Session memory session = _granted();
        key = vm.createWallet("another");
        bytes memory signature = _sign(_message(), session);
        bytes32 id = UseBuilder.hash(session);
        _assertRefused(_message().hash(), signature, _error(ISignatureChecker.NotSignedByKey.selector, id));
    }

    /// @dev Two sessions of one key differ in their policies; what is signed under one does not count under the other.
    function test_RevertWhen_ItWasSignedUnderAnotherSession() external {
        Session memory narrow = _granted();
        Session memory wide = _session();
        wide.salt = bytes32(uint256(1));
        grant(wide);
        bytes memory use = _message().use(wide, 0, new bytes32[](0));
        bytes32 nested = _message().nest(wide.account, block.chainid, AccountName("Account", "7"));
        bytes memory signature = abi.encodePacked(use, _keySignature(nested, narrow, use), _message().envelope());
        _assertRefused(
            _message().hash(), signature, _error(ISignatureChecker.NotSignedByKey.selector, UseBuilder.hash(wide))
        );
    }

    /// @dev The same key has the same grant on two accounts; a signature counts for one of them.
    function test_RevertWhen_ItIsPresentedToAnotherAccount() external {
        bytes memory signature = _sign(_message(), _granted());
        account = new SignatureAccount(manager, false);
        Session memory session = _granted();
        assertEq(_ask(_message().hash(), signature), INVALID);
        // Nor with the other session's use and this signature of the key.
        bytes memory use = _message().use(session, 0, new bytes32[](0));
        bytes32 nested = _message().nest(makeAddr("first"), block.chainid, AccountName("Account", "7"));
        signature = abi.encodePacked(use, _keySignature(nested, session, use), _message().envelope());
        _assertRefused(
            _message().hash(), signature, _error(ISignatureChecker.NotSignedByKey.selector, UseBuilder.hash(session))
        );
    }

    function test_RevertWhen_ItIsPresentedOnAnotherChain() external {
        Session memory session = _session();
        session.chainId = 0;
        grant(session);
        AppMessage memory message = _message();
        bytes memory signature = _sign(message, session);
        vm.chainId(10);
        assertEq(_ask(message.hash(), signature), INVALID);
    }

    function test_RevertWhen_ItIsPresentedToAnotherManager() external {
        bytes memory signature = _sign(_message(), _granted());
        ISessionKeyManager first = manager;
        manager = ISessionKeyManager(deployCode("SessionKeyManager.sol:SessionKeyManager"));
        vm.prank(address(account));
        manager.onInstall("");
        Session memory session = _granted();
        vm.prank(address(account));
        assertEq(manager.isValidSignatureWithSender(app, _message().hash(), signature), INVALID);
        assertEq(_ask(_message().hash(), signature), MAGIC);
        assertTrue(first != manager && session.account == address(account));
    }

    /*//////////////////////////////////////////////////////////////
                               ENCODING
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EveryBitCounts(uint256 bit, bool personal) external {
        Session memory session = _granted();
        bytes memory signature = personal ? _signPersonal("hello", session) : _sign(_message(), session);
        bytes32 hash = personal ? _personalHash("hello") : _message().hash();
        assertEq(_ask(hash, signature), MAGIC);
        bit = bit % (8 * signature.length);
        signature[bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        assertEq(_ask(hash, signature), INVALID);
    }

    function testFuzz_EveryByteCounts(uint256 length, bytes1 added, bool before) external {
        bytes memory signature = _sign(_message(), _granted());
        bytes memory longer = before ? bytes.concat(added, signature) : bytes.concat(signature, added);
        assertEq(_ask(_message().hash(), longer), INVALID);
        length = bound(length, 0, signature.length - 1);
        bytes memory shorter = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            shorter[i] = signature[i];
        }
        assertEq(_ask(_message().hash(), shorter), INVALID);
    }

    function testFuzz_NeverReverts(address sender, bytes32 hash, bytes calldata signature) external view {
        vm.assume(signature.length != 0);
        assertEq(manager.isValidSignatureWithSender(sender, hash, signature), INVALID);
    }

    function test_RevertWhen_FlagsAreUnknownOrATimeIsClaimed() external {
        Session memory session = _granted();
        for (uint256 flag = 16; flag < 256; flag *= 2) {
            bytes memory signature = _sign(_message(), session);
            signature[0] = bytes1(uint8(flag));
            _assertRefused(_message().hash(), signature, _nonCanonical(0));
        }
        bytes memory timed = _sign(_message(), session);
        timed[6] = 0x01;
        _assertRefused(_message().hash(), timed, _nonCanonical(1));
    }

    function _nonCanonical(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NonCanonicalUse.selector, position);
    }
}
