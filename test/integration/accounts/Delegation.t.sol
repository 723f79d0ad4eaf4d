// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Vm} from "forge-std/Test.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, NO_CALLDATA, Session} from "contracts/types/Session.sol";
import {EntryPoints, EntryPointVersion} from "../../utils/EntryPoints.sol";
import {Nexus, NexusLibrary} from "../../utils/Nexus.sol";
import {SessionTest} from "../../utils/SessionTest.sol";
import {UseBuilder} from "../../utils/UseBuilder.sol";
import {AccountHarness} from "./AccountHarness.sol";
import {Nexus7702Harness} from "./Nexus7702Harness.sol";
import {OpenZeppelin7702Harness} from "./OpenZeppelin7702Harness.sol";

/// @notice An EOA with a session takes on other code (EIP-7702). The manager cannot see that: whether the session goes on
/// depends on what the new code makes of the account's storage. So who changes the code should end all sessions first.
contract DelegationTest is SessionTest {
    AccountHarness private nexus;
    AccountHarness private openZeppelin;
    Vm.Wallet private owner;
    address private account;
    address private shop = makeAddr("shop");
    address payable private bundler = payable(makeAddr("bundler"));
    Session private session;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        owner = vm.createWallet("owner");
        nexus = new Nexus7702Harness(EntryPointVersion.V07);
        nexus.create(address(manager));
        openZeppelin = new OpenZeppelin7702Harness(EntryPointVersion.V07);
        account = nexus.account();
        assertEq(account, owner.addr);
        vm.deal(account, 100 ether);
        _handle(_ownerCall(nexus, account, nexus.installCall(address(manager), "")));

        Session memory s = newSession(account);
        s.actions = new Action[](1);
        s.actions[0] = newAction(shop, NO_CALLDATA);
        s.actions[0].maxValue = 1;
        store(session, s);
        id = UseBuilder.hash(s);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        _handle(_ownerCall(nexus, address(manager), abi.encodeCall(manager.grantSessions, (ids))));
        _handle(_sessionOp(nexus));
        assertEq(shop.balance, 1);
    }

    function test_OtherCodeDoesNotKnowTheManager() external {
        _takeOnOpenZeppelin();
        PackedUserOperation memory op = _sessionOp(openZeppelin);
        vm.expectRevert(abi.encodeWithSignature("FailedOp(uint256,string)", 0, "AA24 signature error"));
        _handle(op);
    }

    function test_OtherCodeThatInstallsTheManagerEndsTheSession() external {
        _takeOnOpenZeppelin();
        assertTrue(manager.isInitialized(account), "nobody told it otherwise");
        _handle(_ownerCall(openZeppelin, account, openZeppelin.installCall(address(manager), "")));
        PackedUserOperation memory op = _sessionOp(openZeppelin);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, manager.epochOf(account));
        vm.expectRevert(abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 0, "AA23 reverted", reason));
        _handle(op);
    }

    /// @dev A new version of the same account finds its modules where they were.
    function test_CodeThatKnowsTheManagerGoesOnWithTheSession() external {
        Nexus memory next = NexusLibrary.deploy(EntryPoints.V07, address(this));
        vm.signAndAttachDelegation(next.implementation, owner.privateKey);
        _handle(_sessionOp(nexus));
        assertEq(shop.balance, 2);
    }

    function test_RevertWhen_AllWereRevokedBeforeTheCodeChanged() external {
        _handle(_ownerCall(nexus, address(manager), abi.encodeCall(manager.revokeAll, (7))));
        Nexus memory next = NexusLibrary.deploy(EntryPoints.V07, address(this));
        vm.signAndAttachDelegation(next.implementation, owner.privateKey);
        PackedUserOperation memory op = _sessionOp(nexus);
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, 7);
        vm.expectRevert(abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 0, "AA23 reverted", reason));
        _handle(op);
    }

    function test_RevertWhen_ItHasNoCodeAnyMore() external {
        PackedUserOperation memory op = _sessionOp(nexus);
        vm.signAndAttachDelegation(address(0), owner.privateKey);
        assertEq(account.code.length, 0);
        // EntryPoint v0.7 calls the account all the same, and gets no answer.
        vm.expectRevert(bytes(""));
        _handle(op);
    }

    function _takeOnOpenZeppelin() private {
        address code = deployCode("OpenZeppelin7702Account.sol:OpenZeppelin7702Account", abi.encode(EntryPoints.V07));
        vm.signAndAttachDelegation(code, owner.privateKey);
    }

    function _ownerCall(AccountHarness as_, address target, bytes memory data)
        private
        returns (PackedUserOperation memory)
    {
        return as_.signedByOwner(newOp(account, single(target, 0, data)));
    }

    /// @dev Sends the shop 1 wei.
    function _sessionOp(AccountHarness as_) private returns (PackedUserOperation memory op) {
        op = newOp(account, single(shop, 1, ""));
        op.nonce = as_.nonceThrough(account, address(manager));
        op.signature = sign(session, 0, claim(0), as_.hashOf(op));
    }

    function _handle(PackedUserOperation memory op) private {
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        vm.prank(bundler, bundler);
        IEntryPoint(EntryPoints.V07).handleOps(ops, bundler);
    }
}
