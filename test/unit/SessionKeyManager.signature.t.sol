// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Vm} from "forge-std/Test.sol";
import {RefusingPolicy} from "../mocks/RefusingPolicy.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session} from "contracts/types/Session.sol";

contract SessionKeyManagerSignatureTest is ManagerTest {
    /*//////////////////////////////////////////////////////////////
                            WRONG SIGNATURES
    //////////////////////////////////////////////////////////////*/

    function testFuzz_SignatureOfTheKeyIsValid(uint256 privateKey, bytes32 userOpHash) external {
        key.privateKey = boundPrivateKey(privateKey);
        key.addr = vm.addr(key.privateKey);
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = sign(session, 0, claim(0), userOpHash);
        vm.prank(account);
        assertEq(manager.validateUserOp(op, userOpHash), windowOf(session));
    }

    function testFuzz_SignatureOfAnotherKeyIsWrong(uint256 privateKey) external {
        Session memory session = pingSession();
        Vm.Wallet memory other;
        other.privateKey = boundPrivateKey(privateKey);
        vm.assume(other.privateKey != key.privateKey);
        key = other;
        _assertWrong(session, opUnder(session, pingCall()));
    }

    function testFuzz_RandomSignatureIsWrong(bytes32 r, bytes32 s, uint8 v) external {
        _assertWrong(r, s, v);
    }

    function test_SignatureOfZerosIsWrong() external {
        _assertWrong(0, 0, 0);
        _assertWrong(0, 0, 27);
        _assertWrong(0, 0, 28);
    }

    function testFuzz_HighSIsWrong(bytes32 userOpHash) external {
        Session memory session = pingSession();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(session, userOpHash));
        s = bytes32(SECP256K1_ORDER - uint256(s));
        v = v == 27 ? 28 : 27;
        assertEq(ecrecover(_digest(session, userOpHash), v, r, s), key.addr, "the chain itself takes it");
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = abi.encodePacked(_use(session), r, s, v);
        grant(session);
        vm.prank(account);
        assertEq(manager.validateUserOp(op, userOpHash), windowOf(session) | 1);
    }

    /// @dev Whatever ecrecover says.
    function test_SIsAtMostHalfOfTheOrder() external {
        Session memory session = pingSession();
        grant(session);
        vm.mockCall(address(1), bytes(""), abi.encode(key.addr));
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = abi.encodePacked(_use(session), bytes32(uint256(1)), SECP256K1_ORDER / 2, uint8(27));
        assertEq(validate(op), windowOf(session));
        op.signature = abi.encodePacked(_use(session), bytes32(uint256(1)), SECP256K1_ORDER / 2 + 1, uint8(27));
        assertEq(validate(op), windowOf(session) | 1);
    }

    function test_EveryOtherVIsWrong() external {
        Session memory session = pingSession();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(session, OP_HASH));
        for (uint256 i = 0; i < 256; ++i) {
            if (i != v) _assertWrong(r, s, uint8(i));
        }
    }

    /// @dev What ecrecover is asked, and what is in memory where its answer would be, must not count as its answer.
    function test_WithoutAnAnswerNothingIsTheKey() external {
        address[3] memory keys = [key.addr, account, address(manager)];
        for (uint256 i = 0; i < keys.length; ++i) {
            Session memory session = pingSession();
            session.sessionKey = abi.encodePacked(keys[i]);
            bytes32 word = bytes32(uint256(uint160(keys[i])));
            PackedUserOperation memory op = newOp(account, pingCall());
            op.signature = abi.encodePacked(_use(session), word, word, uint8(0));
            _assertWrong(session, op);
            op.signature = abi.encodePacked(_use(session), bytes32(0), word, uint8(27));
            _assertWrong(session, op);
        }
    }

    function testFuzz_SignatureForAnotherOperationIsWrong(bytes32 userOpHash) external {
        vm.assume(userOpHash != OP_HASH);
        Session memory session = pingSession();
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = sign(session, 0, claim(0), userOpHash);
        _assertWrong(session, op);
    }

    function testFuzz_SignatureForAnotherSessionIsWrong(bytes32 id) external {
        Session memory session = pingSession();
        vm.assume(id != UseBuilder.hash(session));
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = signUse(_use(session), id, OP_HASH);
        _assertWrong(session, op);
    }

    function testFuzz_SignatureForAnotherUseIsWrong(uint48 claimedTime) external {
        vm.assume(claimedTime != 0);
        Session memory session = pingSession();
        PackedUserOperation memory op = opUnder(session, pingCall());
        bytes memory other = UseBuilder.pack(session, claimedTime, claim(0));
        for (uint256 i = 0; i < other.length; ++i) {
            op.signature[i] = other[i];
        }
        _assertWrong(session, op);
    }

    function test_SignatureForAnotherManagerIsWrong() external {
        Session memory session = pingSession();
        ISessionKeyManager here = manager;
        manager = ISessionKeyManager(deployCode("SessionKeyManager.sol:SessionKeyManager"));
        PackedUserOperation memory op = opUnder(session, pingCall());
        manager = here;
        _assertWrong(session, op);
    }

    function test_SignatureOfOtherMessagesIsWrong() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        Session[] memory sessions = new Session[](1);
        sessions[0] = session;
        bytes32[5] memory digests = [
            OP_HASH,
            keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", OP_HASH)),
            keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", _digest(session, OP_HASH))),
            manager.hashSessionBundle(sessions),
            id
        ];
        for (uint256 i = 0; i < digests.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digests[i]);
            _assertWrong(r, s, v);
        }
    }

    /*//////////////////////////////////////////////////////////////
                           LENGTHS AND KINDS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheSignatureIsNot65Bytes() external {
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        uint256 useLength = _use(session).length;
        bytes memory longest = bytes.concat(op.signature, new bytes(255 - 65));
        for (uint256 length = 0; length < 256; ++length) {
            if (length == 65) continue;
            op.signature = Bytes.slice(longest, 0, useLength + length);
            expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, length));
        }
    }

    function test_RevertWhen_TheKeyIsZero() external {
        Session memory session = pingSession();
        session.sessionKey = abi.encodePacked(address(0));
        grant(session);
        PackedUserOperation memory op = newOp(account, pingCall());
        // What ecrecover answers to these is zero too.
        op.signature = abi.encodePacked(_use(session), bytes32(0), bytes32(0), uint8(0));
        expectRefused(op, _keyNotSupported(20));
        op.signature = abi.encodePacked(_use(session), bytes32(0), bytes32(0), uint8(27));
        expectRefused(op, _keyNotSupported(20));
        expectRefused(opUnder(session, pingCall()), _keyNotSupported(20));
    }

    function test_RevertWhen_TheKeyIsShorterThan20Bytes() external {
        uint8[3] memory lengths = [0, 1, 19];
        for (uint256 i = 0; i < lengths.length; ++i) {
            Session memory session = pingSession();
            session.sessionKey = new bytes(lengths[i]);
            for (uint256 k = 0; k < lengths[i]; ++k) {
                session.sessionKey[k] = bytes20(key.addr)[k % 20];
            }
            grant(session);
            expectRefused(opUnder(session, pingCall()), _keyNotSupported(lengths[i]));
        }
    }

    /*//////////////////////////////////////////////////////////////
                            A DUMMY SIGNATURE
    //////////////////////////////////////////////////////////////*/

    function test_DummySignatureEstimatesWithoutTheCost() external {
        Session memory session = pingSession();
        session.maxOpCost = 0;
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, 0, 2_000_000 * 1 gwei));
        bytes memory dummy =
            hex"fffffffffffffffffffffffffffffff0000000000000000000000000000000007aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c";
        op.signature = bytes.concat(_use(session), dummy);
        assertEq(validate(op), windowOf(session) | 1);
        op.preVerificationGas = type(uint256).max;
        op.accountGasLimits = bytes32(type(uint256).max);
        op.gasFees = bytes32(type(uint256).max);
        assertEq(validate(op), windowOf(session) | 1);
    }

    function test_RevertWhen_ADummySignatureIsUnderAnotherRule() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        PackedUserOperation memory op = _dummyOp(session);
        op.callData = single(target, 1, abi.encodeWithSelector(PING));
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, 0, 0, 1));

        session.validUntil = session.validAfter - 1;
        id = grant(session);
        op = _dummyOp(session);
        expectRefused(
            op,
            abi.encodeWithSelector(ISessionKeyManager.EmptyWindow.selector, id, session.validAfter, session.validUntil)
        );

        RefusingPolicy refusing = new RefusingPolicy();
        session = sessionWith(newAction(target, PING, address(refusing), "no"));
        id = grant(session);
        op = _dummyOp(session);
        expectRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, 0, address(refusing), "no")
        );

        session.salt = "not granted";
        id = UseBuilder.hash(session);
        expectRefused(_dummyOp(session), abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, id));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _use(Session memory session) private pure returns (bytes memory) {
        return UseBuilder.pack(session, 0, claim(0));
    }

    function _digest(Session memory session, bytes32 userOpHash) private view returns (bytes32) {
        return manager.hashUse(userOpHash, UseBuilder.hash(session), keccak256(_use(session)));
    }

    function _dummyOp(Session memory session) private view returns (PackedUserOperation memory op) {
        op = newOp(account, pingCall());
        op.signature = bytes.concat(_use(session), new bytes(65));
    }

    /// @dev The window is returned all the same, marked as of a wrong signature.
    function _assertWrong(Session memory session, PackedUserOperation memory op) private {
        grant(session);
        assertEq(validate(op), windowOf(session) | 1);
    }

    function _assertWrong(bytes32 r, bytes32 s, uint8 v) private {
        Session memory session = pingSession();
        PackedUserOperation memory op = newOp(account, pingCall());
        op.signature = abi.encodePacked(_use(session), r, s, v);
        _assertWrong(session, op);
    }

    function _keyNotSupported(uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionKeyNotSupported.selector, length);
    }
}
