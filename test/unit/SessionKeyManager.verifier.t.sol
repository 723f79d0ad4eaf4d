// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Answers} from "../mocks/Answers.sol";
import {ReentrantVerifier} from "../mocks/ReentrantVerifier.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session, SessionStatus} from "contracts/types/Session.sol";

/// @notice Session keys of more than 20 bytes: a verifier's address, and what that takes for a key (ERC-7913).
contract SessionKeyManagerVerifierTest is ManagerTest {
    bytes private constant YES = abi.encode(IERC7913SignatureVerifier.verify.selector);
    bytes private constant NO = abi.encode(bytes4(0xffffffff));

    Answers private verifier;

    function setUp() public override {
        super.setUp();
        verifier = new Answers();
        verifier.otherwise(NO);
    }

    /*//////////////////////////////////////////////////////////////
                               QUESTIONS
    //////////////////////////////////////////////////////////////*/

    /// @dev The verifier takes exactly what it should be asked, and nothing else.
    function testFuzz_TheVerifierIsToldKeyDigestAndSignature(
        bytes calldata key_,
        bytes calldata signature,
        bytes32 userOpHash
    ) external {
        vm.assume(key_.length > 0 && key_.length <= type(uint16).max - 20);
        Session memory session = _sessionOf(key_);
        grant(session);
        PackedUserOperation memory op = _op(session, signature);
        vm.prank(account);
        assertEq(manager.validateUserOp(op, userOpHash), windowOf(session) | 1);
        verifier.answer(_question(session, userOpHash, signature), YES);
        vm.prank(account);
        assertEq(manager.validateUserOp(op, userOpHash), windowOf(session));
    }

    function test_KeysAndSignaturesOfManyLengths() external {
        uint16[7] memory lengths = [1, 31, 32, 33, 64, 65, 3000];
        for (uint256 i = 0; i < lengths.length; ++i) {
            for (uint256 k = 0; k < lengths.length; ++k) {
                Session memory session = _sessionOf(_filled(lengths[i], 0x11));
                grant(session);
                _assertAccepted(session, _filled(lengths[k], 0x22));
            }
        }
    }

    function test_LongestKey() external {
        Session memory session = _sessionOf(_filled(type(uint16).max - 20, 0x33));
        grant(session);
        _assertAccepted(session, "signature");
    }

    function test_EmptySignature() external {
        Session memory session = _sessionOf("key");
        grant(session);
        PackedUserOperation memory op = _op(session, "");
        assertEq(validate(op), windowOf(session) | 1);
        _assertAccepted(session, "");
    }

    /// @dev 65 bytes are not taken for r, s, v; and a key that begins with an address is no address.
    function test_AnECDSASignatureOfTheAddressInTheKeyIsWrong() external {
        Session memory session = _sessionOf("x");
        session.sessionKey = abi.encodePacked(key.addr, hex"00");
        bytes32 id = grant(session);
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = sign(session, 0, claim(0), OP_HASH);
        expectRefused(op, _invalidAnswer(id, key.addr, 0));
    }

    function test_TheVerifierInA20ByteKeyIsNotAsked() external {
        verifier.otherwise(YES);
        Session memory session = pingSession();
        session.sessionKey = abi.encodePacked(address(verifier));
        grant(session);
        assertEq(validate(_op(session, new bytes(65))), windowOf(session) | 1);
        expectRefused(
            _op(session, new bytes(64)),
            abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, 64)
        );
    }

    /// @dev Every byte before the key's signature is covered.
    function test_EveryFlippedByteIsNotAccepted() external {
        Session memory session = _sessionOf("the key");
        grant(session);
        PackedUserOperation memory op = _assertAccepted(session, "the signature");
        for (uint256 i = 0; i < op.signature.length; ++i) {
            op.signature[i] ^= 0x01;
            (bool success, bytes memory result) = attempt(op);
            if (success) assertEq(abi.decode(result, (uint256)) & (1 << 160) - 1, 1, vm.toString(i));
            op.signature[i] ^= 0x01;
        }
    }

    function testFuzz_BytesAppendedAreOfTheSignature(bytes calldata surplus) external {
        vm.assume(surplus.length > 0);
        Session memory session = _sessionOf("the key");
        grant(session);
        PackedUserOperation memory op = _assertAccepted(session, "the signature");
        op.signature = bytes.concat(op.signature, surplus);
        assertEq(validate(op), windowOf(session) | 1);
    }

    function test_RevertWhen_AKeyIsCutOffOrGoesOn() external {
        Session memory session = _sessionOf("the key");
        grant(session);
        session.sessionKey = abi.encodePacked(verifier, "the ke");
        verifier.otherwise(YES);
        expectRefused(_op(session, "s"), _notGranted(session));
        session.sessionKey = abi.encodePacked(verifier, "the key ");
        expectRefused(_op(session, "s"), _notGranted(session));
        session.sessionKey = abi.encodePacked(verifier);
        expectRefused(_op(session, new bytes(65)), _notGranted(session));
    }

    /*//////////////////////////////////////////////////////////////
                                ANSWERS
    //////////////////////////////////////////////////////////////*/

    function test_EveryOtherWordIsAWrongSignature() external {
        bytes4 magic = IERC7913SignatureVerifier.verify.selector;
        bytes32[9] memory words = [
            bytes32(0),
            bytes32(uint256(1)),
            bytes32(type(uint256).max),
            bytes32(bytes4(0xffffffff)),
            bytes32(uint256(uint32(magic))),
            bytes32(magic) | bytes32(uint256(1)),
            bytes32(magic) | bytes32(uint256(1) << 223),
            bytes32(magic ^ 0x00000001),
            bytes32(magic ^ 0x80000000)
        ];
        Session memory session = _sessionOf("key");
        grant(session);
        PackedUserOperation memory op = _op(session, "signature");
        for (uint256 i = 0; i < words.length; ++i) {
            verifier.otherwise(abi.encode(words[i]));
            assertEq(validate(op), windowOf(session) | 1, vm.toString(i));
        }
        verifier.otherwise(abi.encode(magic));
        assertEq(validate(op), windowOf(session));
    }

    function testFuzz_EveryOtherWordIsAWrongSignature(bytes32 word) external {
        vm.assume(word != bytes32(IERC7913SignatureVerifier.verify.selector));
        Session memory session = _sessionOf("key");
        grant(session);
        verifier.otherwise(abi.encode(word));
        assertEq(validate(_op(session, "signature")), windowOf(session) | 1);
    }

    function testFuzz_ARevertIsAWrongSignature(bytes memory reason) external {
        if (reason.length > 2000) reason = YES;
        Session memory session = _sessionOf("key");
        grant(session);
        verifier.otherwiseRevert(reason);
        assertEq(validate(_op(session, "signature")), windowOf(session) | 1);
    }

    function test_ARevertWithTheMagicWordIsAWrongSignature() external {
        Session memory session = _sessionOf("key");
        grant(session);
        verifier.otherwiseRevert(YES);
        assertEq(validate(_op(session, "signature")), windowOf(session) | 1);
    }

    function test_RevertWhen_TheAnswerIsNotOneWord() external {
        bytes memory magic = abi.encodePacked(IERC7913SignatureVerifier.verify.selector);
        bytes[7] memory answers = [
            bytes(""),
            hex"02",
            magic,
            bytes.concat(magic, new bytes(27)),
            bytes.concat(magic, new bytes(29)),
            bytes.concat(YES, YES),
            bytes.concat(YES, new bytes(1000))
        ];
        Session memory session = _sessionOf("key");
        bytes32 id = grant(session);
        for (uint256 i = 0; i < answers.length; ++i) {
            verifier.otherwise(answers[i]);
            expectRefused(_op(session, "signature"), _invalidAnswer(id, address(verifier), answers[i].length));
        }
    }

    function test_RevertWhen_TheVerifierHasNoCode() external {
        Session memory session = pingSession();
        session.sessionKey = abi.encodePacked(makeAddr("nobody"), "key");
        bytes32 id = grant(session);
        expectRefused(_op(session, "signature"), _invalidAnswer(id, makeAddr("nobody"), 0));
        expectRefused(_op(session, ""), _invalidAnswer(id, makeAddr("nobody"), 0));
    }

    function test_RevertWhen_TheVerifierIsZero() external {
        uint8[4] memory lengths = [20, 21, 52, 84];
        for (uint256 i = 0; i < lengths.length; ++i) {
            Session memory session = pingSession();
            session.sessionKey = new bytes(lengths[i]);
            if (lengths[i] > 20) session.sessionKey[lengths[i] - 1] = 0x01;
            grant(session);
            expectRefused(
                _op(session, new bytes(65)),
                abi.encodeWithSelector(ISessionKeyManager.SessionKeyNotSupported.selector, lengths[i])
            );
        }
    }

    /// @dev A precompile answers, but never with the magic word alone.
    function test_APrecompileAcceptsNothing() external {
        for (uint160 precompile = 1; precompile <= 0x12; ++precompile) {
            _assertAcceptsNothing(address(precompile));
        }
        _assertAcceptsNothing(address(0x100));
    }

    function test_NeitherTheManagerNorTheAccountAcceptsAnything() external {
        _assertAcceptsNothing(address(manager));
        _assertAcceptsNothing(account);
    }

    function test_AVerifierChangesNothing() external {
        Session memory session = pingSession();
        ReentrantVerifier reentrant = new ReentrantVerifier();
        session.sessionKey = abi.encodePacked(reentrant, "key");
        grant(session);
        reentrant.onSignature(abi.encodeCall(manager.grantSessions, (ids("granted by the verifier"))));
        assertEq(validate(_op(session, "signature")), windowOf(session));
        assertEq(
            uint256(manager.sessionStatus(address(reentrant), "granted by the verifier")), uint256(SessionStatus.None)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _sessionOf(bytes memory key_) private view returns (Session memory session) {
        session = pingSession();
        session.sessionKey = abi.encodePacked(verifier, key_);
    }

    function _op(Session memory session, bytes memory signature) private view returns (PackedUserOperation memory op) {
        op = newOp(account, pingCall());
        op.signature = bytes.concat(UseBuilder.pack(session, 0, claim(0)), signature);
    }

    function _question(Session memory session, bytes32 userOpHash, bytes memory signature)
        private
        view
        returns (bytes memory)
    {
        bytes32 useHash = keccak256(UseBuilder.pack(session, 0, claim(0)));
        bytes memory key_ = new bytes(session.sessionKey.length - 20);
        for (uint256 i = 0; i < key_.length; ++i) {
            key_[i] = session.sessionKey[i + 20];
        }
        bytes32 digest = manager.hashUse(userOpHash, UseBuilder.hash(session), useHash);
        return abi.encodeCall(IERC7913SignatureVerifier.verify, (key_, digest, signature));
    }

    /// @dev The signature is accepted once its verifier takes it.
    function _assertAccepted(Session memory session, bytes memory signature)
        private
        returns (PackedUserOperation memory op)
    {
        verifier.answer(_question(session, OP_HASH, signature), YES);
        op = _op(session, signature);
        assertEq(validate(op), windowOf(session));
    }

    /// @dev It reverts, or reports a wrong signature.
    function _assertAcceptsNothing(address who) private {
        Session memory session = pingSession();
        session.sessionKey = abi.encodePacked(who, "key");
        grant(session);
        for (uint256 length = 0; length < 200; length += 66) {
            bytes memory question = abi.encodeCall(manager.validateUserOp, (_op(session, new bytes(length)), OP_HASH));
            vm.prank(account);
            // A precompile that fails takes all the gas it has: enough is left to go on.
            (bool success, bytes memory result) = address(manager).call{gas: 15_000_000}(question);
            if (success) assertEq(abi.decode(result, (uint256)), windowOf(session) | 1, vm.toString(who));
            else assertEq(bytes4(result), ISessionKeyManager.InvalidVerifierAnswer.selector, vm.toString(who));
        }
    }

    function _filled(uint256 length, bytes1 with) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = with;
        }
    }

    function _invalidAnswer(bytes32 id, address who, uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.InvalidVerifierAnswer.selector, id, who, length);
    }

    function _notGranted(Session memory session) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(session));
    }
}
