// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAccountExecute, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    Execution,
    IERC7579Execution,
    IERC7579ModuleConfig
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Vm} from "forge-std/Test.sol";
import {OpenPaymaster} from "../mocks/OpenPaymaster.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_SELECTOR, ANY_TARGET, Action, NO_CALLDATA, Policy, Session} from "contracts/types/Session.sol";

/// @notice A session on a real Nexus account: what it may do, and each thing that it may not, through the EntryPoint.
///
/// The session may send 50 tokens in total to the shop, approve out of the same budget, send the shop 1 ether a call,
/// and call `poke` of a contract.
contract NexusSessionTest is NexusTest {
    uint8 private constant TRANSFER = 0;
    uint8 private constant APPROVE = 1;
    uint8 private constant PAY = 2;
    uint8 private constant ANYWHERE = 3;

    bytes4 private constant POKE = bytes4(keccak256("poke()"));
    /// Where the key's signature begins, counted from the end.
    uint256 private constant KEY_SIGNATURE = 65;

    address private shop = makeAddr("shop");
    address private thief = makeAddr("thief");
    Session private session;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        Session memory s = newSession(account);
        bytes memory config = abi.encodePacked(uint8(2 | 8), uint128(50e6), uint8(1), shop);
        s.actions = new Action[](4);
        s.actions[TRANSFER] = newAction(address(token), IERC20.transfer.selector, address(erc20Limit), config);
        s.actions[APPROVE] = newAction(address(token), IERC20.approve.selector, address(erc20Limit), config);
        s.actions[PAY] = newAction(shop, NO_CALLDATA);
        s.actions[PAY].maxValue = 1 ether;
        s.actions[ANYWHERE] = newAction(ANY_TARGET, POKE);
        store(session, s);
        id = UseBuilder.hash(s);
        handle(ownerOp(single(address(manager), 0, _grantCall(id))));
    }

    /*//////////////////////////////////////////////////////////////
                              WHAT IT MAY DO
    //////////////////////////////////////////////////////////////*/

    function test_SendsTokensUpToTheLimit() public {
        handle(_transferOp(shop, 20e6));
        handle(_transferOp(shop, 30e6));
        assertEq(token.balanceOf(shop), 50e6);
        assertEq(_spent(), 50e6);
    }

    function test_BatchesCallsOfSeveralActions() public {
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 10e6)));
        list[1] = Execution(shop, 1 ether, "");
        handle(sessionOp(session, 0, claim(TRANSFER, PAY), batch(list)));
        assertEq(token.balanceOf(shop), 10e6);
        assertEq(shop.balance, 1 ether);
    }

    function test_TransferAndApproveShareOneBudget() public {
        handle(_op(APPROVE, address(token), 0, abi.encodeCall(IERC20.approve, (shop, 30e6))));
        assertEq(token.allowance(account, shop), 30e6);
        _handleOverLimit(_transferOp(shop, 21e6), TRANSFER, 30e6, 21e6);
    }

    function test_ActsThroughExecuteUserOp() public {
        bytes memory callData = bytes.concat(IAccountExecute.executeUserOp.selector, _transfer(shop, 1e6));
        handle(sessionOp(session, 0, claim(TRANSFER), callData));
        assertEq(token.balanceOf(shop), 1e6);
    }

    function test_SeveralOperationsInOneBundleShareTheBudget() public {
        PackedUserOperation[] memory ops = _twoOps(25e6, 25e6);
        handle(ops);
        assertEq(token.balanceOf(shop), 50e6);
    }

    function test_CountsWhatFailsInExecution() public {
        vm.prank(account);
        assertTrue(token.transfer(thief, 1_000_000e6));
        handle(_transferOp(shop, 20e6));
        assertEq(token.balanceOf(shop), 0);
        assertEq(_spent(), 20e6);
    }

    /*//////////////////////////////////////////////////////////////
                          LIMITS THAT ARE REFUSED
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_OneUnitOverTheLimit() public {
        handle(_transferOp(shop, 20e6));
        _handleOverLimit(_transferOp(shop, 30e6 + 1), TRANSFER, 20e6, 30e6 + 1);
        assertEq(_spent(), 20e6);
    }

    function test_RevertWhen_BundleExceedsTheLimit() public {
        PackedUserOperation[] memory ops = _twoOps(25e6, 25e6 + 1);
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, 25e6, 25e6 + 1);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, TRANSFER, erc20Limit, inner);
        vm.expectRevert(abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 1, "AA23 reverted", reason));
        handle(ops);
        assertEq(_spent(), 0);
    }

    function test_RevertWhen_BatchExceedsTheLimit() public {
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, 30e6, 30e6);
        PackedUserOperation memory op = sessionOp(session, 0, claim(TRANSFER, TRANSFER), batch(calls(shop, 30e6, 2)));
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 1, TRANSFER, erc20Limit, inner)
        );
    }

    function test_RevertWhen_AnotherRecipient() public {
        _handlePolicyRefused(
            _transferOp(thief, 1),
            TRANSFER,
            abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, thief)
        );
    }

    function test_RevertWhen_AnotherFunction() public {
        PackedUserOperation memory op =
            _op(TRANSFER, address(token), 0, abi.encodeCall(IERC20.transferFrom, (account, shop, 1)));
        handleRefused(
            op,
            abi.encodeWithSelector(
                ISessionKeyManager.SelectorNotAllowed.selector,
                id,
                0,
                TRANSFER,
                IERC20.transfer.selector,
                IERC20.transferFrom.selector
            )
        );
    }

    function test_RevertWhen_AnotherToken() public {
        IERC20 other = newToken("OTH", 18);
        PackedUserOperation memory op = _op(TRANSFER, address(other), 0, abi.encodeCall(IERC20.transfer, (shop, 1)));
        handleRefused(
            op,
            abi.encodeWithSelector(
                ISessionKeyManager.TargetNotAllowed.selector, id, 0, TRANSFER, address(token), address(other)
            )
        );
    }

    function test_RevertWhen_WithValue() public {
        PackedUserOperation memory op = _op(TRANSFER, address(token), 1, abi.encodeCall(IERC20.transfer, (shop, 1)));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, TRANSFER, 0, 1));
        op = _op(PAY, shop, 1 ether + 1, "");
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, PAY, 1 ether, 1 ether + 1)
        );
    }

    function test_RevertWhen_OperationCostsMore() public {
        PackedUserOperation memory op = opThrough(address(manager), _transfer(shop, 1));
        op.gasFees = bytes32(uint256(1) << 128 | 500_000_000_000 + 1);
        op.signature = sign(session, 0, claim(TRANSFER), hashOf(op));
        uint256 cost = 2_000_000 * uint256(500_000_000_000 + 1);
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, 1 ether, cost));
    }

    function test_RevertWhen_PaymasterNotGranted() public {
        PackedUserOperation memory op = opThrough(address(manager), _transfer(shop, 1));
        OpenPaymaster paymaster = new OpenPaymaster();
        vm.deal(address(this), 1 ether);
        (bool deposited,) =
            ENTRYPOINT.call{value: 1 ether}(abi.encodeWithSignature("depositTo(address)", address(paymaster)));
        assertTrue(deposited);
        op.paymasterAndData = abi.encodePacked(address(paymaster), uint128(100_000), uint128(0));
        op.signature = sign(session, 0, claim(TRANSFER), hashOf(op));
        handleRefused(
            op,
            abi.encodeWithSelector(ISessionKeyManager.PaymasterNotAllowed.selector, id, address(0), address(paymaster))
        );
    }

    /*//////////////////////////////////////////////////////////////
                                  TIME
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_Expired() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        vm.warp(session.validUntil);
        uint256 snapshot = vm.snapshotState();
        handle(op);
        vm.revertToState(snapshot);
        vm.warp(session.validUntil + 1);
        handleFailed(op, "AA22 expired or not due");
    }

    function test_RevertWhen_NotStarted() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        vm.warp(session.validAfter - 1);
        handleFailed(op, "AA22 expired or not due");
    }

    function test_DailyLimit_BeginsAnewEachDay() public {
        (Session memory daily,) = _grantDaily(50e6);
        uint48 day = uint48(block.timestamp / 1 days * 1 days);
        handle(sessionOp(daily, uint48(block.timestamp), claim(0), _transfer(shop, 50e6)));

        vm.warp(day + 1 days);
        handle(sessionOp(daily, day + 1 days, claim(0), _transfer(shop, 50e6)));
        assertEq(token.balanceOf(shop), 100e6);
    }

    function test_RevertWhen_DailyLimitIsExceeded() public {
        (Session memory daily, bytes32 dailyId) = _grantDaily(50e6);
        uint48 time = uint48(block.timestamp);
        uint256 resets = (time / 1 days + 1) * 1 days;
        handle(sessionOp(daily, time, claim(0), _transfer(shop, 50e6)));
        PackedUserOperation memory op = sessionOp(daily, time, claim(0), _transfer(shop, 1));
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, 50e6, 50e6, 1, resets);
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, dailyId, 0, 0, erc20Limit, inner)
        );
    }

    function test_RevertWhen_AnotherDayIsClaimed() public {
        (Session memory daily,) = _grantDaily(50e6);
        uint48 tomorrow = uint48((block.timestamp / 1 days + 1) * 1 days);
        // Tomorrow's budget today, today's budget tomorrow.
        PackedUserOperation memory early = sessionOp(daily, tomorrow, claim(0), _transfer(shop, 1));
        PackedUserOperation memory late = sessionOp(daily, tomorrow - 1, claim(0), _transfer(shop, 1));
        handleFailed(early, "AA22 expired or not due");
        vm.warp(tomorrow);
        handleFailed(late, "AA22 expired or not due");
        handle(early);
    }

    /*//////////////////////////////////////////////////////////////
                            END OF A SESSION
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_Revoked() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        handle(ownerOp(single(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids)))));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id));
    }

    function test_RevertWhen_AllWereRevoked() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        handle(ownerOp(single(address(manager), 0, abi.encodeCall(manager.revokeAll, (7)))));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, 7));
    }

    function test_RevertWhen_ReinstalledSince() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        // Nexus keeps its validators in a list, newest first: the predecessor of the newest is its head.
        bytes memory uninstall = abi.encodeCall(
            IERC7579ModuleConfig.uninstallModule, (1, address(manager), abi.encode(address(1), bytes("")))
        );
        handle(ownerOp(single(account, 0, uninstall)));
        assertFalse(manager.isInitialized(account));
        handle(ownerOp(single(account, 0, installCall())));
        assertTrue(manager.isInitialized(account));
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, manager.epochOf(account))
        );
    }

    function test_RevertWhen_NeverGranted() public {
        Session memory other = session;
        other.salt = bytes32(uint256(1));
        PackedUserOperation memory op = sessionOp(other, 0, claim(TRANSFER), _transfer(shop, 1));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(other)));
    }

    function test_RevertWhen_GrantIsOfAnotherChain() public {
        PackedUserOperation memory op = opThrough(address(manager), _transfer(shop, 1));
        vm.chainId(block.chainid + 1);
        op.signature = sign(session, 0, claim(TRANSFER), hashOf(op));
        // The same bytes on this chain describe a session that nobody granted.
        Session memory here = session;
        here.chainId = block.chainid;
        op.signature = sign(here, 0, claim(TRANSFER), hashOf(op));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(here)));
    }

    /*//////////////////////////////////////////////////////////////
                          SIGNATURES AND RELAYERS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_SignedByAnotherKey() public {
        key = vm.createWallet("thief's key");
        PackedUserOperation memory op = _transferOp(shop, 1);
        handleFailed(op, "AA24 signature error");
    }

    function test_RevertWhen_SignatureIsReplayed() public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        handle(op);
        handleFailed(op, "AA25 invalid account nonce");
        // The same signature on the next operation.
        op.nonce += 1;
        handleFailed(op, "AA24 signature error");
    }

    /// @dev A relayer changes one bit of the use, anywhere: the operation is refused. Where the bit changes nothing but what was
    /// signed, or the signature, that is the reason; else it is whatever comes of reading the use.
    function testFuzz_RevertWhen_AnyBitOfTheSignatureIsChanged(uint256 position, uint8 bit) public {
        PackedUserOperation memory op = _transferOp(shop, 1);
        position = bound(position, 0, op.signature.length - 1);
        op.signature[position] ^= bytes1(uint8(1) << (bit & 7));
        uint256 spentBefore = _spent();
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        vm.prank(bundler, bundler);
        (bool success, bytes memory reason) = ENTRYPOINT.call(abi.encodeWithSignature(HANDLE_OPS, ops, bundler));
        assertFalse(success, "refused");
        bool isClaimedTime = position >= 1 && position < 7;
        if (isClaimedTime || position >= op.signature.length - KEY_SIGNATURE) {
            assertEq(reason, abi.encodeWithSignature("FailedOp(uint256,string)", 0, "AA24 signature error"));
        }
        // FailedOp or FailedOpWithRevert: in validation, not in execution.
        assertTrue(
            bytes4(reason) == bytes4(keccak256("FailedOp(uint256,string)"))
                || bytes4(reason) == bytes4(keccak256("FailedOpWithRevert(uint256,string,bytes)")),
            "by the EntryPoint"
        );
        assertEq(_spent(), spentBefore);
        assertEq(token.balanceOf(shop), 0);
    }

    string private constant HANDLE_OPS =
        "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)";

    /*//////////////////////////////////////////////////////////////
                            OTHER WAYS TO ACT
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TryMode() public {
        bytes32 mode = bytes32(uint256(1) << 240);
        bytes memory call = abi.encodePacked(address(token), uint256(0), abi.encodeCall(IERC20.transfer, (shop, 1)));
        _expectModeRefused(mode, call);
    }

    function test_RevertWhen_Delegatecall() public {
        bytes memory call = abi.encodePacked(address(token), abi.encodeCall(IERC20.transfer, (shop, 1)));
        _expectModeRefused(bytes32(uint256(0xff) << 248), call);
    }

    function test_RevertWhen_AnotherFunctionOfTheAccount() public {
        bytes memory callData = installCall();
        PackedUserOperation memory op = sessionOp(session, 0, claim(TRANSFER), callData);
        // The use is for one call; the form of the callData is looked at first.
        handleRefused(
            op,
            abi.encodeWithSelector(
                ISessionKeyManager.FunctionNotExecute.selector, IERC7579ModuleConfig.installModule.selector
            )
        );
    }

    function test_RevertWhen_CallToTheAccountItself() public {
        PackedUserOperation memory op = _op(ANYWHERE, account, 0, installCall());
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, account));
    }

    function test_RevertWhen_CallToTheManager() public {
        PackedUserOperation memory op = _op(ANYWHERE, address(manager), 0, _grantCall(bytes32(uint256(1))));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, manager));
    }

    function test_RevertWhen_CallToTheEntryPoint() public {
        PackedUserOperation memory op =
            _op(ANYWHERE, ENTRYPOINT, 0, abi.encodeWithSignature("withdrawTo(address,uint256)", thief, 1));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, ENTRYPOINT));
    }

    function test_RevertWhen_CallToAModuleUnderAnyTarget() public {
        PackedUserOperation memory op = _op(ANYWHERE, ownerValidator, 0, abi.encodeWithSelector(POKE));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.TargetIsModule.selector, id, 0, ownerValidator));
    }

    function test_RevertWhen_ModuleFunctionUnderAnyTarget() public {
        Session memory wide = newSession(account);
        wide.actions = new Action[](1);
        wide.actions[0] = newAction(ANY_TARGET, IERC7579ModuleConfig.installModule.selector);
        bytes32 wideId = _grant(wide);
        PackedUserOperation memory op = sessionOp(wide, 0, claim(0), single(thief, 0, installCall()));
        handleRefused(
            op,
            abi.encodeWithSelector(
                ISessionKeyManager.SelectorForbidden.selector, wideId, 0, IERC7579ModuleConfig.installModule.selector
            )
        );
    }

    function test_RevertWhen_AnythingAtAll() public {
        Session memory wide = newSession(account);
        wide.actions = new Action[](1);
        wide.actions[0] = newAction(ANY_TARGET, ANY_SELECTOR);
        bytes32 wideId = _grant(wide);
        PackedUserOperation memory op = sessionOp(wide, 0, claim(0), _transfer(shop, 1));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.ActionTooBroad.selector, wideId, 0));
    }

    function test_RevertWhen_RuleOnAnArgumentIsBroken() public {
        Session memory ruled = newSession(account);
        ruled.actions = new Action[](1);
        // transfer(to, amount): amount (word 1, uint256) at most 7.
        bytes memory config = abi.encodePacked(uint8(1), uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(7));
        ruled.actions[0] = newAction(address(token), IERC20.transfer.selector, address(abiRules), config);
        bytes32 ruledId = _grant(ruled);
        handle(sessionOp(ruled, 0, claim(0), _transfer(thief, 7)));
        assertEq(token.balanceOf(thief), 7);

        PackedUserOperation memory op = sessionOp(ruled, 0, claim(0), _transfer(thief, 8));
        bytes memory inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 0, 1, 32, 3, abi.encode(uint256(7)), bytes32(uint256(8))
        );
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, ruledId, 0, 0, abiRules, inner)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _transfer(address to, uint256 amount) private view returns (bytes memory) {
        return single(address(token), 0, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    function _transferOp(address to, uint256 amount) private returns (PackedUserOperation memory) {
        return sessionOp(session, 0, claim(TRANSFER), _transfer(to, amount));
    }

    function _op(uint8 action, address target, uint256 value, bytes memory data)
        private
        returns (PackedUserOperation memory)
    {
        return sessionOp(session, 0, claim(action), single(target, value, data));
    }

    /// @dev Two operations of the session for one bundle.
    function _twoOps(uint256 first, uint256 second) private returns (PackedUserOperation[] memory ops) {
        ops = new PackedUserOperation[](2);
        ops[0] = _transferOp(shop, first);
        ops[1] = opThrough(address(manager), _transfer(shop, second));
        ops[1].nonce += 1;
        ops[1].signature = sign(session, 0, claim(TRANSFER), hashOf(ops[1]));
    }

    function _spent() private view returns (uint256 total) {
        bytes32 budgetId =
            keccak256(abi.encode(id, address(erc20Limit), keccak256(session.actions[TRANSFER].policies[0].config)));
        (total,,) = erc20Limit.spent(address(manager), budgetId, account);
    }

    function _handlePolicyRefused(PackedUserOperation memory op, uint8 action, bytes memory inner) private {
        handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, action, erc20Limit, inner)
        );
    }

    function _handleOverLimit(PackedUserOperation memory op, uint8 action, uint256 spent, uint256 amount) private {
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, spent, amount);
        _handlePolicyRefused(op, action, inner);
    }

    function _expectModeRefused(bytes32 mode, bytes memory executionCalldata) private {
        bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (mode, executionCalldata));
        PackedUserOperation memory op = sessionOp(session, 0, claim(TRANSFER), callData);
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.ModeNotAllowed.selector, mode));
    }

    function _grantCall(bytes32 sessionId) private view returns (bytes memory) {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = sessionId;
        return abi.encodeCall(manager.grantSessions, (ids));
    }

    function _grant(Session memory s) private returns (bytes32 sessionId) {
        sessionId = UseBuilder.hash(s);
        handle(ownerOp(single(address(manager), 0, _grantCall(sessionId))));
    }

    /// @dev A session that may send `limit` tokens a day to anyone.
    function _grantDaily(uint128 limit) private returns (Session memory daily, bytes32 dailyId) {
        daily = newSession(account);
        daily.actions = new Action[](1);
        daily.actions[0] = newAction(
            address(token),
            IERC20.transfer.selector,
            address(erc20Limit),
            abi.encodePacked(uint8(4), limit, uint32(1 days), uint48(0))
        );
        dailyId = _grant(daily);
    }
}

/// @notice The same with the manager's own limit.
contract NexusSessionBuiltInTest is NexusSessionTest {
    function builtIn() internal pure override returns (bool) {
        return true;
    }
}
