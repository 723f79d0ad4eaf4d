// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Test.sol";
import {EntryPoints, EntryPointVersion} from "./EntryPoints.sol";
import {Nexus, NexusLibrary} from "./Nexus.sol";
import {SessionTest} from "./SessionTest.sol";
import {UseBuilder} from "./UseBuilder.sol";
import {Session} from "contracts/types/Session.sol";

interface IUserOpHash {
    function getUserOpHash(PackedUserOperation calldata op) external view returns (bytes32);
}

interface IMintableERC20 is IERC20 {
    function mint(address to, uint256 amount) external;
}

/// @notice A real Nexus account behind the real EntryPoint v0.7, with an owner and Latchkey installed.
abstract contract NexusTest is SessionTest {
    address internal constant ENTRYPOINT = EntryPoints.V07;

    address internal ownerValidator;
    Vm.Wallet internal owner;
    address payable internal account;
    address payable internal bundler;
    IMintableERC20 internal token;

    function setUp() public virtual override {
        super.setUp();
        EntryPoints.deploy(EntryPointVersion.V07);
        owner = vm.createWallet("owner");
        bundler = payable(makeAddr("bundler"));
        ownerValidator = deployCode("OwnerValidator.sol:OwnerValidator");
        token = newToken("USDC", 6);
        account = payable(newNexus());
        token.mint(account, 1_000_000e6);
        vm.deal(account, 100 ether);
        handle(ownerOp(single(account, 0, installCall())));
    }

    function newToken(string memory symbol, uint8 decimals) internal returns (IMintableERC20) {
        return IMintableERC20(deployCode("MockERC20.sol:MockERC20", abi.encode(symbol, symbol, decimals)));
    }

    function newNexus() internal returns (address) {
        Nexus memory nexus = NexusLibrary.deploy(ENTRYPOINT, address(this));
        return nexus.factory.createAccount(nexus.initData(ownerValidator, abi.encodePacked(owner.addr)), 0);
    }

    function installCall() internal view returns (bytes memory) {
        return abi.encodeCall(IERC7579ModuleConfig.installModule, (1, address(manager), ""));
    }

    /// @notice An operation of the account through a validator. Nexus finds it in the nonce.
    function opThrough(address validator, bytes memory callData) internal view returns (PackedUserOperation memory op) {
        op = newOp(account, callData);
        op.nonce = IEntryPoint(ENTRYPOINT).getNonce(account, uint192(uint160(validator)));
    }

    function ownerOp(bytes memory callData) internal returns (PackedUserOperation memory op) {
        op = opThrough(ownerValidator, callData);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner, MessageHashUtils.toEthSignedMessageHash(hashOf(op)));
        op.signature = abi.encodePacked(r, s, v);
    }

    function sessionOp(Session memory session, uint48 claimedTime, uint8[] memory claims, bytes memory callData)
        internal
        returns (PackedUserOperation memory op)
    {
        op = opThrough(address(manager), callData);
        op.signature = sign(session, claimedTime, claims, hashOf(op));
    }

    /// @notice The owner has the account call `target`.
    function byOwner(address target, bytes memory data) internal {
        handle(ownerOp(single(target, 0, data)));
    }

    /// @notice The owner has the account grant a session.
    function grantByOwner(Session memory session) internal returns (bytes32 id) {
        id = UseBuilder.hash(session);
        byOwner(address(manager), abi.encodeCall(manager.grantSessions, (listOf(id))));
    }

    function listOf(bytes32 one) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = one;
    }

    function hashOf(PackedUserOperation memory op) internal view returns (bytes32) {
        return IUserOpHash(ENTRYPOINT).getUserOpHash(op);
    }

    function handle(PackedUserOperation memory op) internal {
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        handle(ops);
    }

    function handle(PackedUserOperation[] memory ops) internal {
        vm.prank(bundler, bundler);
        IEntryPoint(ENTRYPOINT).handleOps(ops, bundler);
    }

    /// @notice Handles an operation, which the EntryPoint refuses because validation reverts with `reason`.
    function handleRefused(PackedUserOperation memory op, bytes memory reason) internal {
        vm.expectRevert(abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 0, "AA23 reverted", reason));
        handle(op);
    }

    /// @notice Handles an operation, which the EntryPoint refuses for a reason of its own.
    function handleFailed(PackedUserOperation memory op, string memory reason) internal {
        vm.expectRevert(abi.encodeWithSignature("FailedOp(uint256,string)", 0, reason));
        handle(op);
    }

    function calls(address to, uint256 amount, uint256 count) internal view returns (Execution[] memory list) {
        list = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = Execution(address(token), 0, abi.encodeCall(token.transfer, (to, amount)));
        }
    }
}
