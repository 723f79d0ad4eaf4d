// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {SessionTest} from "./SessionTest.sol";
import {Action, Session} from "contracts/types/Session.sol";

/// @notice The manager alone: an account that is only an address asks it about operations under sessions.
abstract contract ManagerTest is SessionTest {
    bytes32 internal constant OP_HASH = keccak256("a user operation");
    bytes4 internal constant PING = bytes4(keccak256("ping(uint256)"));

    address internal account;
    address internal target;

    function setUp() public virtual override {
        super.setUp();
        account = makeAddr("account");
        target = makeAddr("target");
        install(account);
    }

    function install(address who) internal {
        vm.prank(who);
        manager.onInstall("");
    }

    function uninstall(address who) internal {
        vm.prank(who);
        manager.onUninstall("");
    }

    /// @notice A call to `target` that {pingSession} allows.
    function pingCall() internal view returns (bytes memory) {
        return single(target, 0, abi.encodeWithSelector(PING, 7));
    }

    /// @notice A session that may do {pingCall}.
    function pingSession() internal view returns (Session memory) {
        return sessionWith(newAction(target, PING));
    }

    /// @notice A session of the account with one action.
    function sessionWith(Action memory action) internal view returns (Session memory session) {
        session = newSession(account);
        session.actions = new Action[](1);
        session.actions[0] = action;
    }

    function sessionWith(Action memory first, Action memory second) internal view returns (Session memory session) {
        session = newSession(account);
        session.actions = new Action[](2);
        session.actions[0] = first;
        session.actions[1] = second;
    }

    /// @notice An operation of one call that claims action 0.
    function opUnder(Session memory session, bytes memory callData) internal returns (PackedUserOperation memory) {
        return opUnder(session, callData, claim(0));
    }

    function opUnder(Session memory session, bytes memory callData, uint8[] memory claims)
        internal
        returns (PackedUserOperation memory op)
    {
        op = newOp(session.account, callData);
        op.signature = sign(session, 0, claims, OP_HASH);
    }

    /// @notice Asks the manager about an operation, as its sender.
    function validate(PackedUserOperation memory op) internal returns (uint256) {
        vm.prank(op.sender);
        return manager.validateUserOp(op, OP_HASH);
    }

    /// @notice The same, expecting that the manager reverts with exactly `reason`.
    function expectRefused(PackedUserOperation memory op, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(op.sender);
        manager.validateUserOp(op, OP_HASH);
    }

    /// @notice The same, whatever comes of it.
    function attempt(PackedUserOperation memory op) internal returns (bool success, bytes memory result) {
        bytes memory question = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        vm.prank(op.sender);
        return address(manager).call(question);
    }

    /// @notice What the manager returns for a session whose actions restrict nothing further.
    function windowOf(Session memory session) internal pure returns (uint256) {
        return packWindow(session.validAfter, session.validUntil);
    }

    function packWindow(uint256 validAfter, uint256 validUntil) internal pure returns (uint256) {
        return validAfter << 208 | validUntil << 160;
    }

    function ids(bytes32 id) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = id;
    }

    function ids(bytes32 first, bytes32 second) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        list[0] = first;
        list[1] = second;
    }
}
