// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ARGUMENT_RULES, ERC20_LIMIT, GAS_LIMIT, NATIVE_LIMIT, USAGE_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, NO_CALLDATA, Policy, Session} from "contracts/types/Session.sol";

/// @notice The manager's own limits do as the policy contracts do that they stand for: what one of two sessions that are
/// alike in everything else may, the other may, with the same errors, windows and budgets.
contract BuiltInPoliciesTest is ManagerTest {
    uint256 private constant KINDS = 4;
    uint48 private constant NOW = 1_800_000_000;

    /// By kind: tokens, uses, native currency, gas.
    address[KINDS] private own = [ERC20_LIMIT, USAGE_LIMIT, NATIVE_LIMIT, GAS_LIMIT];
    address[KINDS] private contracts;

    function setUp() public override {
        super.setUp();
        contracts = [
            address(erc20Limit),
            deployCode("UsageLimitPolicy.sol:UsageLimitPolicy"),
            deployCode("NativeLimitPolicy.sol:NativeLimitPolicy"),
            deployCode("GasLimitPolicy.sol:GasLimitPolicy")
        ];
    }

    /*//////////////////////////////////////////////////////////////
                              BY THE SAME RULES
    //////////////////////////////////////////////////////////////*/

    /// @dev Up to four operations, of one call or of up to 33, singly or in a batch, under one random configuration. In half of all
    /// runs no call sends anything, so that most are ordinary operations (see {OrdinaryUse}).
    function testFuzz_CallsAreCountedAlike(uint256 seed) external {
        _compareRun(seed, false);
    }

    function testFuzz_OperationsAreCountedAlike(uint256 seed) external {
        _compareRun(seed, true);
    }

    function _compareRun(uint256 seed, bool ofOperations) private {
        uint256 kind = ofOperations ? 1 + seed % 3 : seed % 3;
        (bytes memory config, bool isCutShort) = _config(uint256(keccak256(abi.encode(seed, "config"))), kind);
        Session memory first = _session(contracts[kind], config, ofOperations, (seed >> 128 & 1) * 1 ether);
        Session memory second = _session(own[kind], config, ofOperations, (seed >> 128 & 1) * 1 ether);
        (bytes32 a, bytes32 b) = (grant(first), grant(second));
        bytes32 budgetA = keccak256(abi.encode(a, contracts[kind], keccak256(config)));
        bytes32 budgetB = keccak256(abi.encode(b, own[kind], keccak256(config)));
        for (uint256 i = 0; i < 4; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            _compare(first, second, isCutShort ? bytes32(0) : a, b, kind, dice);
            (uint256 total, uint256 inPeriod, uint256 period) =
                ILimitPolicy(contracts[kind]).spent(address(manager), budgetA, account);
            (uint256 total_, uint256 inPeriod_, uint256 period_) = manager.spent(budgetB, account);
            assertEq(total_, total, "in total");
            assertEq(inPeriod_, inPeriod, "in the period");
            assertEq(period_, period, "the period");
        }
    }

    function _compare(Session memory first, Session memory second, bytes32 a, bytes32 b, uint256 kind, uint256 dice)
        private
    {
        uint256 calls = dice % 3 == 0 ? 1 + (dice >> 240) % (dice >> 252 == 0 ? 33 : 4) : 1;
        uint48 time = dice >> 8 & 7 == 0 ? 0 : NOW + uint48((dice >> 16) % 1_000);
        bytes memory callData = _calls(dice >> 32, calls, first.actions[0].maxValue == 0);
        (bool accepted, bytes memory answer) = attempt(_op(first, callData, time, calls));
        (bool acceptedToo, bytes memory answer_) = attempt(_op(second, callData, time, calls));
        assertEq(acceptedToo, accepted, "accepted");
        // One that is cut short is never taken; why not depends on what follows it in calldata.
        if (a == 0 && !accepted) return;
        // The errors name session and policy, and are alike in everything else.
        _replace(answer, a, b);
        _replace(answer, bytes32(uint256(uint160(contracts[kind]))), bytes32(uint256(uint160(own[kind]))));
        assertEq(answer_, answer, "answer");
    }

    /// @dev Replaces the words of an encoded error that are `from`.
    function _replace(bytes memory data, bytes32 from, bytes32 to) private pure {
        for (uint256 i = 36; i <= data.length; i += 32) {
            assembly ("memory-safe") {
                let word := add(data, i)
                if eq(mload(word), from) { mstore(word, to) }
            }
        }
    }

    function _session(address policy, bytes memory config, bool ofOperations, uint256 maxValue)
        private
        view
        returns (Session memory session)
    {
        session = newSession(account);
        session.actions = new Action[](1);
        Policy[] memory policies = new Policy[](1);
        policies[0] = Policy(policy, config);
        session.actions[0] = newAction(target, IERC20.transfer.selector);
        session.actions[0].maxValue = maxValue;
        if (ofOperations) session.operationPolicies = policies;
        else session.actions[0].policies = policies;
    }

    /// @dev A configuration, some of them broken.
    function _config(uint256 dice, uint256 kind) private view returns (bytes memory config, bool isCutShort) {
        uint8 flags = uint8(dice % 8);
        if (flags == 0) flags = 2;
        if (dice >> 8 & 3 == 0) flags |= 16;
        if (kind == 0 && dice >> 10 & 3 == 0) flags |= 8;
        if (kind == 1 && dice >> 12 & 1 == 0) flags |= 32;
        config = abi.encodePacked(flags);
        if (flags & 1 != 0) config = abi.encodePacked(config, uint128((dice >> 16) % 60));
        if (flags & 2 != 0) config = abi.encodePacked(config, uint128((dice >> 32) % 100));
        if (flags & 4 != 0) {
            uint48 anchor = dice >> 48 & 7 == 0 ? NOW + 500 : NOW - 7;
            config = abi.encodePacked(config, uint128((dice >> 56) % 100), uint32(300), anchor);
        }
        if (flags & 8 != 0) config = abi.encodePacked(config, uint8(1), account);
        if (flags & 16 != 0) config = abi.encodePacked(config, bytes4("salt"));
        if (dice >> 64 & 7 == 0) config = bytes.concat(config, hex"00");
        if (dice >> 72 & 15 == 0) {
            // More parts than there are bytes.
            config[0] = bytes1(uint8(dice >> 80));
            isCutShort = true;
        }
    }

    function _calls(uint256 dice, uint256 count, bool isFree) private view returns (bytes memory) {
        // Small amounts where there are many calls, so that many a batch fits its limit.
        uint256 most = count > 3 ? 5 : 50;
        Execution[] memory list = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 die = uint256(keccak256(abi.encode(dice, i)));
            address to = die & 3 == 0 ? address(0xbeef) : account;
            bytes memory data = abi.encodeCall(IERC20.transfer, (to, (die >> 8) % most));
            if (die >> 16 & 15 == 0) data = bytes.concat(data, hex"00");
            list[i] = Execution(target, isFree ? 0 : (die >> 24) % 50, data);
        }
        return count == 1 && dice & 1 == 0 ? single(list[0].target, list[0].value, list[0].callData) : batch(list);
    }

    function _op(Session memory session, bytes memory callData, uint48 time, uint256 calls)
        private
        returns (PackedUserOperation memory op)
    {
        op = newOp(account, callData);
        // What costs little enough to be held against the random limits.
        op.accountGasLimits = bytes32(uint256(10) << 128 | 10);
        op.preVerificationGas = 10;
        op.gasFees = bytes32(uint256(1));
        op.signature = sign(session, time, new uint8[](calls), OP_HASH);
    }

    /*//////////////////////////////////////////////////////////////
                                 BUDGETS
    //////////////////////////////////////////////////////////////*/

    /// @dev All is counted at once where it fits; where it does not, the error is about the call that goes beyond the limit.
    function test_ABatchThatExceedsTheLimitIsRefusedAtTheCallThatDoes() external {
        bytes memory config = abi.encodePacked(uint8(2), uint128(100));
        Session memory session = sessionWith(newAction(target, IERC20.transfer.selector, ERC20_LIMIT, config));
        bytes32 id = grant(session);
        validate(opUnder(session, _transfers(3, 10), new uint8[](3)));
        assertEq(_spent(id, session.actions[0].policies[0], account), 30);
        expectRefused(
            opUnder(session, _transfers(5, 20), new uint8[](5)),
            abi.encodeWithSelector(
                ISessionKeyManager.PolicyRefused.selector,
                id,
                3,
                0,
                ERC20_LIMIT,
                abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 100, 90, 20)
            )
        );
        assertEq(_spent(id, session.actions[0].policies[0], account), 30);
        validate(opUnder(session, _transfers(7, 10), new uint8[](7)));
        assertEq(_spent(id, session.actions[0].policies[0], account), 100);
    }

    /// @dev Amounts whose sum wraps around to a small one.
    function test_RevertWhen_TheSumOfABatchWrapsAround() external {
        Session memory session = sessionWith(
            newAction(target, IERC20.transfer.selector, ERC20_LIMIT, abi.encodePacked(uint8(2), uint128(100)))
        );
        bytes32 id = grant(session);
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(target, 0, abi.encodeCall(IERC20.transfer, (account, type(uint256).max)));
        list[1] = Execution(target, 0, abi.encodeCall(IERC20.transfer, (account, 2)));
        expectRefused(
            opUnder(session, batch(list), new uint8[](2)),
            abi.encodeWithSelector(
                ISessionKeyManager.PolicyRefused.selector,
                id,
                0,
                0,
                ERC20_LIMIT,
                abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 100, 0, type(uint256).max)
            )
        );
    }

    /// @dev What a limit cannot add up is refused as in a call by itself.
    function test_RevertWhen_ABatchHasACallThatIsNoPlainTransfer() external {
        Session memory session = sessionWith(
            newAction(target, IERC20.transfer.selector, ERC20_LIMIT, abi.encodePacked(uint8(2), uint128(100)))
        );
        bytes32 id = grant(session);
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(target, 0, abi.encodeCall(IERC20.transfer, (account, 1)));
        list[1] = Execution(target, 0, bytes.concat(abi.encodeCall(IERC20.transfer, (account, 1)), hex"00"));
        expectRefused(
            opUnder(session, batch(list), new uint8[](2)),
            abi.encodeWithSelector(
                ISessionKeyManager.PolicyRefused.selector,
                id,
                1,
                0,
                ERC20_LIMIT,
                abi.encodeWithSelector(IERC20LimitPolicy.InvalidCalldataLength.selector, 68, 69)
            )
        );
    }

    /// @dev A policy is known by where it stands: in what precedes the action, bytes may be anything.
    function test_RevertWhen_APolicyRefusesBehindBytesThatLookLikeALimit() external {
        address refusing = deployCode("RefusingPolicy.sol:RefusingPolicy");
        bytes memory config = abi.encodePacked(uint8(2), uint128(100));
        Session memory session = sessionWith(newAction(target, IERC20.transfer.selector, refusing, config));
        session.operationPolicies = new Policy[](1);
        // In a use, 4 bytes are between the tail of this configuration and the action: its last two, and how many actions there are
        // and which are revealed.
        session.operationPolicies[0] = Policy(
            USAGE_LIMIT, abi.encodePacked(uint8(2), uint128(type(uint64).max), uint8(1), ERC20_LIMIT, uint16(0))
        );
        bytes32 id = grant(session);
        PackedUserOperation memory op =
            opUnder(session, single(target, 0, abi.encodeCall(IERC20.transfer, (account, 1))));
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, 0, refusing, config));
    }

    /// @dev It has the arguments of a transfer.
    function test_RevertWhen_AnotherFunctionIsUnderALimitOfTransfers() external {
        bytes4 selector = bytes4(keccak256("decreaseAllowance(address,uint256)"));
        Session memory session =
            sessionWith(newAction(target, selector, ERC20_LIMIT, abi.encodePacked(uint8(2), uint128(100))));
        bytes32 id = grant(session);
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.PolicyRefused.selector,
            id,
            0,
            0,
            ERC20_LIMIT,
            abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, selector)
        );
        Execution[] memory list = new Execution[](2);
        list[0] = list[1] = Execution(target, 0, abi.encodeWithSelector(selector, account, 1));
        expectRefused(opUnder(session, single(target, 0, list[0].callData)), reason);
        expectRefused(opUnder(session, batch(list), new uint8[](2)), reason);
    }

    /// @dev Which are not added up at once.
    function test_ApprovalsInABatchAreCounted() external {
        Session memory session = sessionWith(
            newAction(target, IERC20.approve.selector, ERC20_LIMIT, abi.encodePacked(uint8(2), uint128(100)))
        );
        bytes32 id = grant(session);
        Execution[] memory list = new Execution[](3);
        list[0] = list[1] = list[2] = Execution(target, 0, abi.encodeCall(IERC20.approve, (account, 20)));
        validate(opUnder(session, batch(list), new uint8[](3)));
        assertEq(_spent(id, session.actions[0].policies[0], account), 60);
    }

    function _transfers(uint256 count, uint256 amount) private view returns (bytes memory) {
        Execution[] memory list = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = Execution(target, 0, abi.encodeCall(IERC20.transfer, (account, amount)));
        }
        return batch(list);
    }

    /// @dev Two actions in turns, which must not be taken for one another.
    function test_CallsInTurnsCountUnderTheirOwnBudgets() external {
        Session memory session = sessionWith(
            newAction(target, PING, USAGE_LIMIT, abi.encodePacked(uint8(2), uint128(3))),
            newAction(address(1), PING, USAGE_LIMIT, abi.encodePacked(uint8(2), uint128(4)))
        );
        bytes32 id = grant(session);
        uint8[] memory claims = new uint8[](5);
        Execution[] memory list = new Execution[](5);
        for (uint256 i = 0; i < 5; ++i) {
            claims[i] = uint8(i % 2);
            list[i] = Execution(i % 2 == 0 ? target : address(1), 0, abi.encodeWithSelector(PING, 7));
        }
        validate(opUnder(session, batch(list), claims));
        assertEq(_spent(id, session.actions[0].policies[0], account), 3);
        assertEq(_spent(id, session.actions[1].policies[0], account), 2);
    }

    function test_ActionsWithTheSameLimitShareABudget() external {
        bytes memory config = abi.encodePacked(uint8(2), uint128(2));
        Session memory session =
            sessionWith(newAction(target, PING, USAGE_LIMIT, config), newAction(address(1), PING, USAGE_LIMIT, config));
        bytes32 id = grant(session);
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(target, 0, abi.encodeWithSelector(PING, 7));
        list[1] = Execution(address(1), 0, abi.encodeWithSelector(PING, 7));
        validate(opUnder(session, batch(list), claim(0, 1)));
        assertEq(_spent(id, session.actions[0].policies[0], account), 2);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(
                ISessionKeyManager.PolicyRefused.selector,
                id,
                0,
                0,
                USAGE_LIMIT,
                abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 2, 2, 1)
            )
        );
    }

    function test_EachAccountHasABudgetOfItsOwn() external {
        bytes memory config = abi.encodePacked(uint8(2), uint128(1));
        Session memory session = sessionWith(newAction(target, PING, USAGE_LIMIT, config));
        bytes32 id = grant(session);
        validate(opUnder(session, pingCall()));
        assertEq(_spent(id, session.actions[0].policies[0], account), 1);
        assertEq(_spent(id, session.actions[0].policies[0], target), 0);
    }

    /// @dev The slot is that of docs/encoding.md, which ERC-7562 counts as the account's.
    function test_BudgetsAreStoredUnderTheAccount() external {
        bytes memory config = abi.encodePacked(uint8(2), uint128(1));
        Session memory session = sessionWith(newAction(target, PING, USAGE_LIMIT, config));
        bytes32 id = grant(session);
        validate(opUnder(session, pingCall()));
        bytes32 budgetId = keccak256(abi.encode(id, USAGE_LIMIT, keccak256(config)));
        bytes32 slot = keccak256(abi.encode(account, keccak256(abi.encode(budgetId, 2))));
        assertEq(vm.load(address(manager), slot), bytes32(uint256(1)));
    }

    function _spent(bytes32 id, Policy memory policy, address who) private view returns (uint256 total) {
        (total,,) = manager.spent(keccak256(abi.encode(id, policy.policy, keccak256(policy.config))), who);
    }

    /*//////////////////////////////////////////////////////////////
                             WHERE THEY ARE NOT
    //////////////////////////////////////////////////////////////*/

    /// @dev A limit of calls for operations, the other way round, and addresses that stand for nothing.
    function test_RevertWhen_NothingIsAtThePolicysAddress() external {
        address[3] memory ofCalls =
            [GAS_LIMIT, 0xB600000000000000000000000000000000000000, 0x0100000000000000000000000000000000000000];
        for (uint256 i = 0; i < 3; ++i) {
            Session memory session =
                sessionWith(newAction(target, PING, ofCalls[i], abi.encodePacked(uint8(2), uint128(1))));
            bytes32 id = grant(session);
            expectRefused(opUnder(session, pingCall()), _noAnswer(id, ofCalls[i]));
        }
        Session memory ofOperation = pingSession();
        ofOperation.operationPolicies = new Policy[](1);
        address[2] memory ofOperations = [ERC20_LIMIT, ARGUMENT_RULES];
        for (uint256 i = 0; i < 2; ++i) {
            ofOperation.operationPolicies[0] = Policy(ofOperations[i], abi.encodePacked(uint8(2), uint128(1)));
            bytes32 other = grant(ofOperation);
            expectRefused(opUnder(ofOperation, pingCall()), _noAnswer(other, ofOperations[i]));
        }
    }

    function _noAnswer(bytes32 id, address policy) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, id, policy, 0);
    }
}
