// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Vm} from "forge-std/Test.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session, SessionStatus} from "contracts/types/Session.sol";

contract SessionKeyManagerManagementTest is ManagerTest {
    uint256 private constant MAX_STEP = 1 << 40;

    bytes32 private constant FIRST = "first";
    bytes32 private constant SECOND = "second";

    /*//////////////////////////////////////////////////////////////
                               GRANTING
    //////////////////////////////////////////////////////////////*/

    function testFuzz_GrantSetsTheStatusForTheCallerAlone(address caller, address other, bytes32 id) external {
        vm.assume(id != 0 && other != caller);
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionGranted(caller, id);
        vm.prank(caller);
        manager.grantSessions(ids(id));
        _assertStatus(caller, id, SessionStatus.Granted);
        _assertStatus(other, id, SessionStatus.None);
        _assertStatus(caller, ~id == 0 ? FIRST : ~id, SessionStatus.None);
    }

    function test_GrantOfSeveral() external {
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionGranted(account, FIRST);
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionGranted(account, SECOND);
        _grant(ids(FIRST, SECOND));
        _assertStatus(account, FIRST, SessionStatus.Granted);
        _assertStatus(account, SECOND, SessionStatus.Granted);
    }

    function test_GrantAgainIsSilent() external {
        _grant(ids(FIRST));
        vm.recordLogs();
        _grant(ids(FIRST, FIRST));
        assertEq(vm.getRecordedLogs().length, 0);
        _grant(ids(FIRST, SECOND));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[2], SECOND);
        _assertStatus(account, FIRST, SessionStatus.Granted);
    }

    function test_GrantNeedsNoInstallation() external {
        address other = makeAddr("other");
        vm.prank(other);
        manager.grantSessions(ids(FIRST));
        _assertStatus(other, FIRST, SessionStatus.Granted);
        assertFalse(manager.isInitialized(other));
    }

    function test_RevertWhen_GrantingNothing() external {
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.NoSessions.selector));
        _grant(new bytes32[](0));
    }

    function test_RevertWhen_GrantingTheZeroId() external {
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.ZeroSessionId.selector));
        _grant(ids(FIRST, 0));
        _assertStatus(account, FIRST, SessionStatus.None);
    }

    function test_RevertWhen_GrantingARevokedSession() external {
        _revoke(ids(SECOND));
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, SECOND));
        _grant(ids(FIRST, SECOND));
        _assertStatus(account, FIRST, SessionStatus.None);
        _assertStatus(account, SECOND, SessionStatus.Revoked);
    }

    /*//////////////////////////////////////////////////////////////
                               REVOKING
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevokeSetsTheStatusForTheCallerAlone(address caller, address other, bytes32 id) external {
        vm.assume(id != 0 && other != caller);
        vm.prank(caller);
        manager.grantSessions(ids(id));
        vm.prank(other);
        manager.grantSessions(ids(id));
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionRevoked(caller, id);
        vm.prank(caller);
        manager.revokeSessions(ids(id));
        _assertStatus(caller, id, SessionStatus.Revoked);
        _assertStatus(other, id, SessionStatus.Granted);
    }

    function test_RevokeOfSeveral() external {
        _grant(ids(FIRST));
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionRevoked(account, FIRST);
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionRevoked(account, SECOND);
        _revoke(ids(FIRST, SECOND));
        _assertStatus(account, FIRST, SessionStatus.Revoked);
        _assertStatus(account, SECOND, SessionStatus.Revoked);
    }

    function test_RevokeAgainIsSilent() external {
        _revoke(ids(FIRST));
        vm.recordLogs();
        _revoke(ids(FIRST, FIRST));
        assertEq(vm.getRecordedLogs().length, 0);
        _revoke(ids(FIRST, SECOND));
        assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_RevokedIsFinal() external {
        _grant(ids(FIRST));
        _revoke(ids(FIRST));
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, FIRST);
        vm.expectRevert(reason);
        _grant(ids(FIRST));
        vm.prank(account);
        manager.revokeAll(1);
        vm.expectRevert(reason);
        _grant(ids(FIRST));
        uninstall(account);
        install(account);
        vm.expectRevert(reason);
        _grant(ids(FIRST));
    }

    function test_RevertWhen_RevokingNothing() external {
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.NoSessions.selector));
        _revoke(new bytes32[](0));
    }

    function test_RevertWhen_RevokingTheZeroId() external {
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.ZeroSessionId.selector));
        _revoke(ids(FIRST, 0));
        _assertStatus(account, FIRST, SessionStatus.None);
    }

    /*//////////////////////////////////////////////////////////////
                                EPOCHS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EpochMovesOnByAtMost2To40(uint64 epoch, uint64 nextEpoch) external {
        _setEpoch(epoch);
        bool allowed = nextEpoch > epoch && nextEpoch - epoch <= MAX_STEP;
        if (allowed) {
            vm.expectEmit(address(manager));
            emit ISessionKeyManager.EpochMoved(account, epoch, nextEpoch);
        } else {
            vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.InvalidEpoch.selector, epoch, nextEpoch));
        }
        vm.prank(account);
        manager.revokeAll(nextEpoch);
        assertEq(manager.epochOf(account), allowed ? nextEpoch : epoch);
        assertTrue(manager.isInitialized(account));
    }

    function testFuzz_EveryStepUpTo2To40IsAllowed(uint64 epoch, uint64 step) external {
        epoch = uint64(bound(epoch, 0, type(uint64).max - MAX_STEP));
        step = uint64(bound(step, 1, MAX_STEP));
        _setEpoch(epoch);
        vm.prank(account);
        manager.revokeAll(epoch + step);
        assertEq(manager.epochOf(account), epoch + step);
    }

    function test_BoundsOfTheEpoch() external {
        _setEpoch(10);
        uint64 most = uint64(10 + MAX_STEP);
        uint64[5] memory refused = [uint64(10), 9, 0, most + 1, type(uint64).max];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.InvalidEpoch.selector, 10, refused[i]));
            vm.prank(account);
            manager.revokeAll(refused[i]);
        }
        vm.prank(account);
        manager.revokeAll(most);
        assertEq(manager.epochOf(account), most);
    }

    function test_EpochIsTheCallersAlone() external {
        address other = makeAddr("other");
        vm.prank(other);
        manager.revokeAll(7);
        assertEq(manager.epochOf(other), 7);
        assertEq(manager.epochOf(account), 0);
        assertFalse(manager.isInitialized(other));
    }

    /*//////////////////////////////////////////////////////////////
                            INSTALLATION
    //////////////////////////////////////////////////////////////*/

    function test_InstallSetsTheFlagAndKeepsTheEpoch() external {
        address other = makeAddr("other");
        assertFalse(manager.isInitialized(other));
        vm.recordLogs();
        install(other);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], ISessionKeyManager.SignedGrantsSet.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(other))));
        assertEq(logs[0].data, abi.encode(false, ""));
        assertEq(logs[1].topics[0], ISessionKeyManager.ManagerInstalled.selector);
        assertEq(logs[1].topics[1], bytes32(uint256(uint160(other))));
        assertTrue(manager.isInitialized(other));
        assertEq(manager.epochOf(other), 0);
    }

    function testFuzz_InstallAgainMovesTheEpoch(uint64 epoch, bytes32 blockHash) external {
        epoch = uint64(bound(epoch, 0, type(uint64).max - MAX_STEP));
        _setEpoch(epoch);
        _setPreviousBlockHash(blockHash);
        install(account);
        _assertMoved(epoch);
        assertTrue(manager.isInitialized(account));
    }

    function testFuzz_UninstallMovesTheEpoch(uint64 epoch, bytes32 blockHash, bytes calldata data) external {
        epoch = uint64(bound(epoch, 0, type(uint64).max - MAX_STEP));
        _setEpoch(epoch);
        _setPreviousBlockHash(blockHash);
        vm.recordLogs();
        vm.prank(account);
        manager.onUninstall(data);
        _assertMoved(epoch);
        assertFalse(manager.isInitialized(account));

        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], ISessionKeyManager.EpochMoved.selector);
        assertEq(logs[0].data, abi.encode(epoch, manager.epochOf(account)));
        assertEq(logs[1].topics[0], ISessionKeyManager.ManagerUninstalled.selector);
        assertEq(logs[1].topics[1], bytes32(uint256(uint160(account))));
    }

    function testFuzz_EpochAfterUninstallDependsOnThePreviousBlock(bytes32 one, bytes32 another) external {
        vm.assume(one != another);
        uint256 before = vm.snapshotState();
        _setPreviousBlockHash(one);
        uninstall(account);
        uint64 epoch = manager.epochOf(account);
        assertTrue(vm.revertToState(before));
        _setPreviousBlockHash(another);
        uninstall(account);
        assertNotEq(manager.epochOf(account), epoch);
    }

    function test_EpochsOfTwoAccountsMoveApart() external {
        address other = makeAddr("other");
        install(other);
        uninstall(account);
        uninstall(other);
        assertNotEq(manager.epochOf(account), manager.epochOf(other));
    }

    function test_UninstallTwiceMovesTwice() external {
        uninstall(account);
        uint64 epoch = manager.epochOf(account);
        uninstall(account);
        _assertMoved(epoch);
        assertFalse(manager.isInitialized(account));
    }

    function testFuzz_UninstallDoesNotRevertAtTheLastEpochs(uint64 epoch) external {
        epoch = uint64(bound(epoch, type(uint64).max - MAX_STEP, type(uint64).max));
        _setEpoch(epoch);
        uninstall(account);
        assertFalse(manager.isInitialized(account));
        assertGe(manager.epochOf(account), epoch);
    }

    function test_ReinstallKeepsTheEpochOfUninstall() external {
        uninstall(account);
        uint64 epoch = manager.epochOf(account);
        install(account);
        assertEq(manager.epochOf(account), epoch);
        assertTrue(manager.isInitialized(account));
    }

    /*//////////////////////////////////////////////////////////////
                         WHICH SESSIONS MAY ACT
    //////////////////////////////////////////////////////////////*/

    function test_GrantedSessionActs() external {
        Session memory session = pingSession();
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function test_RevertWhen_TheSessionIsNotGranted() external {
        Session memory session = pingSession();
        expectRefused(opUnder(session, pingCall()), _notGranted(session));
    }

    function test_RevertWhen_TheSessionIsRevoked() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        _revoke(ids(id));
        expectRefused(
            opUnder(session, pingCall()), abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id)
        );
    }

    function test_RevertWhen_TheSessionWasRevokedBeforeAnyGrant() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        _revoke(ids(id));
        expectRefused(
            opUnder(session, pingCall()), abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id)
        );
    }

    function testFuzz_RevertWhen_TheEpochIsAnother(uint64 sessionEpoch, uint64 epoch) external {
        vm.assume(sessionEpoch != epoch);
        Session memory session = pingSession();
        session.epoch = sessionEpoch;
        grant(session);
        _setEpoch(sessionEpoch);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
        _setEpoch(epoch);
        expectRefused(opUnder(session, pingCall()), _otherEpoch(session, epoch));
    }

    function test_RevertWhen_AllSessionsWereRevoked() external {
        Session memory session = pingSession();
        grant(session);
        vm.prank(account);
        manager.revokeAll(1);
        expectRefused(opUnder(session, pingCall()), _otherEpoch(session, 1));
        session.epoch = 1;
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function test_RevertWhen_TheManagerIsNotInstalled() external {
        Session memory session = pingSession();
        session.account = makeAddr("other");
        grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, session.account)
        );
    }

    function test_RevertWhen_TheManagerWasUninstalled() external {
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        uninstall(account);
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account));
        install(account);
        expectRefused(op, _otherEpoch(session, manager.epochOf(account)));
    }

    function test_RevertWhen_TheAccountSkippedUninstall() external {
        Session memory session = pingSession();
        grant(session);
        install(account);
        expectRefused(opUnder(session, pingCall()), _otherEpoch(session, manager.epochOf(account)));
    }

    function testFuzz_RevertWhen_TheSessionIsOfAnotherAccount(address other) external {
        vm.assume(other != account && other != target);
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        install(other);
        op.sender = other;
        session.account = other;
        expectRefused(op, _notGranted(session));
    }

    function test_RevertWhen_AnotherAccountGrantedTheId() external {
        Session memory session = pingSession();
        vm.prank(makeAddr("other"));
        manager.grantSessions(ids(UseBuilder.hash(session)));
        expectRefused(opUnder(session, pingCall()), _notGranted(session));
    }

    function testFuzz_RevertWhen_TheSessionIsOfAnotherChain(uint64 chainId) external {
        chainId = uint64(bound(chainId, 1, type(uint64).max - 1));
        vm.assume(chainId != block.chainid);
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        vm.chainId(chainId);
        session.chainId = chainId;
        expectRefused(op, _notGranted(session));
    }

    function testFuzz_SessionOfEveryChainActsOnEveryChain(uint64 chainId) external {
        Session memory session = pingSession();
        session.chainId = 0;
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        assertEq(validate(op), windowOf(session));
        vm.chainId(bound(chainId, 1, type(uint64).max - 1));
        assertEq(validate(op), windowOf(session));
    }

    function test_RevertWhen_ASessionOfOneChainIsClaimedForEvery() external {
        Session memory session = pingSession();
        grant(session);
        session.chainId = 0;
        expectRefused(opUnder(session, pingCall()), _notGranted(session));
    }

    /*//////////////////////////////////////////////////////////////
                              OTHER ANSWERS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_OnlyAValidator(uint256 moduleType) external view {
        assertTrue(manager.isModuleType(1));
        assertEq(manager.isModuleType(moduleType), moduleType == 1);
    }

    function testFuzz_NoMessageIsSigned(address caller, address sender, bytes32 hash, bytes calldata signature)
        external
    {
        // ERC-7739's question whether messages are nested has an answer of its own, which is no signature either.
        bytes32 probe = 0x7739773977397739773977397739773977397739773977397739773977397739;
        bytes4 toNothing = hash == probe ? bytes4(0x77390001) : bytes4(0xffffffff);
        vm.prank(caller);
        assertEq(
            manager.isValidSignatureWithSender(sender, hash, signature),
            signature.length == 0 ? toNothing : bytes4(0xffffffff)
        );
        vm.prank(caller);
        assertEq(manager.isValidSignatureWithSender(sender, hash, ""), toNothing);
    }

    function test_NoMessageIsSignedByAUseEither() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory signature = opUnder(session, pingCall()).signature;
        vm.prank(account);
        assertEq(manager.isValidSignatureWithSender(target, OP_HASH, signature), bytes4(0xffffffff));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _grant(bytes32[] memory list) private {
        vm.prank(account);
        manager.grantSessions(list);
    }

    function _revoke(bytes32[] memory list) private {
        vm.prank(account);
        manager.revokeSessions(list);
    }

    function _assertStatus(address who, bytes32 id, SessionStatus status) private view {
        assertEq(uint256(manager.sessionStatus(who, id)), uint256(status));
    }

    /// @dev The epoch is now some 1 to 2^40 above `epoch`.
    function _assertMoved(uint64 epoch) private view {
        uint256 moved = manager.epochOf(account);
        assertGt(moved, epoch);
        assertLe(moved, uint256(epoch) + MAX_STEP);
    }

    /// @dev Writes the account's word, with the manager installed: docs/encoding.md.
    function _setEpoch(uint64 epoch) private {
        vm.store(address(manager), keccak256(abi.encode(account, 1)), bytes32(uint256(1) << 64 | epoch));
        assertEq(manager.epochOf(account), epoch);
        assertTrue(manager.isInitialized(account));
    }

    function _setPreviousBlockHash(bytes32 blockHash) private {
        vm.roll(1000);
        vm.setBlockhash(999, blockHash);
    }

    function _notGranted(Session memory session) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(session));
    }

    function _otherEpoch(Session memory session, uint64 epoch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.EpochMismatch.selector, UseBuilder.hash(session), session.epoch, epoch
        );
    }
}
