// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";
import {TokenPaymaster} from "../mocks/TokenPaymaster.sol";
import {Deployed} from "../utils/Deployed.sol";
import {NexusTest} from "../utils/NexusTest.sol";

/// @notice A stolen session key pays for operations that do nothing, through a paymaster that takes the account's tokens for
/// gas and has an allowance. The session's budget for gas bounds what it takes in all.
contract TokenPaymasterTest is NexusTest {
    uint128 private constant PAYMASTER_VERIFICATION_GAS = 200_000;
    uint128 private constant PAYMASTER_POST_OP_GAS = 50_000;

    TokenPaymaster private paymaster;
    address private gasLimit;
    address private target = makeAddr("target");

    function setUp() public override {
        super.setUp();
        paymaster = new TokenPaymaster(token);
        vm.deal(address(this), 1 ether);
        IEntryPoint(ENTRYPOINT).depositTo{value: 1 ether}(address(paymaster));
        vm.prank(account);
        token.approve(address(paymaster), type(uint256).max);
        gasLimit = Deployed.at("gasLimitPolicy", "GasLimitPolicy.sol:GasLimitPolicy");
    }

    function test_TheGasBudgetBoundsWhatAPaymasterTakesInTokens() external {
        // The most that one operation can cost, by hand: all five gas limits, the paymaster's included, at 1 gwei.
        uint256 cost = (900_000 + 1_000_000 + 100_000 + 200_000 + 50_000) * 1 gwei;
        Session memory session = _session(uint128(3 * cost));
        bytes32 id = grant(session);
        uint256 before = token.balanceOf(account);
        for (uint256 i = 0; i < 3; ++i) {
            handle(_op(session));
        }
        assertEq(before - token.balanceOf(account), 3 * (cost / 1000 gwei));

        bytes memory reason = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 3 * cost, 3 * cost, cost);
        handleRefused(
            _op(session),
            abi.encodeWithSelector(ISessionKeyManager.OperationPolicyRefused.selector, id, 0, gasLimit, reason)
        );
        assertEq(before - token.balanceOf(account), 3 * (cost / 1000 gwei));
    }

    /// @dev A bundler estimates with a placeholder and limits of many millions, which no budget takes.
    function test_AnOperationWithAPlaceholderEstimatesUnderAnyBudget() external {
        Session memory session = _session(1);
        grant(session);
        PackedUserOperation memory op = _op(session);
        op.accountGasLimits = bytes32(uint256(20_000_000) << 128 | 20_000_000);
        op.signature[op.signature.length - 40] ^= 0x01;
        bytes32 hash = hashOf(op);
        vm.prank(account);
        assertEq(manager.validateUserOp(op, hash) & 1, 1, "a wrong signature, and nothing else");
    }

    function _session(uint128 limit) private view returns (Session memory session) {
        session = newSession(account);
        session.paymaster = address(paymaster);
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(gasLimit, abi.encodePacked(uint8(2), limit));
        session.actions = new Action[](1);
        session.actions[0] = newAction(target, 0x12345678);
    }

    function _op(Session memory session) private returns (PackedUserOperation memory op) {
        op = opThrough(address(manager), single(target, 0, hex"12345678"));
        op.paymasterAndData = abi.encodePacked(paymaster, PAYMASTER_VERIFICATION_GAS, PAYMASTER_POST_OP_GAS);
        op.signature = sign(session, 0, claim(0), hashOf(op));
    }
}
