// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {IOperationPolicy, OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";
import {ERC20LimitConfig, ERC20LimitConfigs} from "../utils/ERC20LimitConfig.sol";

/// @notice What the policies that only count have in common. Each concrete test says how the policy is asked, and what one
/// question counts.
abstract contract LimitPolicyTest is Test {
    using ERC20LimitConfigs for ERC20LimitConfig;

    uint256 internal constant MAX_LIMIT = 2 ** 108 - 1;
    uint32 internal constant DAY = 86_400;
    uint48 internal constant NOW = 1_800_000_000;
    bytes32 internal constant BUDGET_ID = keccak256("budget");

    address internal manager = makeAddr("manager");
    address internal account = makeAddr("account");
    address internal policy;

    function setUp() public {
        policy = deployCode(string.concat(_name(), ".sol:", _name()));
    }

    /// @dev The contract.
    function _name() internal pure virtual returns (string memory);

    /// @dev Asks about something that counts `amount`; or 1, if each question does.
    function _ask(address who, bytes32 budgetId, uint256 amount, uint256 claimedTime, bytes memory config)
        internal
        virtual
        returns (uint256);

    /// @dev Whether a question counts any amount, rather than 1.
    function _hasAmount() internal pure virtual returns (bool) {
        return true;
    }

    /// @dev Bits of the flags that the policy takes beside those of limits and salt, and sets of them it needs.
    function _ownFlags() internal pure virtual returns (uint8) {
        return 0;
    }

    function _needs() internal pure virtual returns (uint8) {
        return 0;
    }

    function _pack(ERC20LimitConfig memory config) internal pure returns (bytes memory packed) {
        packed = config.pack();
        packed[0] |= bytes1(_needs());
    }

    function _check(bytes memory config, uint256 amount, uint256 claimedTime) internal returns (uint256) {
        vm.prank(manager);
        return _ask(account, BUDGET_ID, amount, claimedTime, config);
    }

    function _refused(bytes memory config, uint256 amount, uint256 claimedTime, bytes memory reason) internal {
        bytes32 before = keccak256(abi.encode(_spent(account)));
        vm.expectRevert(reason);
        vm.prank(manager);
        _ask(account, BUDGET_ID, amount, claimedTime, config);
        assertEq(keccak256(abi.encode(_spent(account))), before, "a refusal counts nothing");
    }

    function _spent(address who) internal view returns (uint256[3] memory amounts) {
        (amounts[0], amounts[1], amounts[2]) = ILimitPolicy(policy).spent(manager, BUDGET_ID, who);
    }

    /*//////////////////////////////////////////////////////////////
                                 LIMITS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_CountsUpToTheTotalAndNoFurther(uint256[] memory amounts, uint128 limit) external {
        limit = uint128(bound(limit, 0, _hasAmount() ? MAX_LIMIT : 8));
        bytes memory config = _pack(ERC20LimitConfigs.none().inTotal(limit));
        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length && i < 12; ++i) {
            uint256 amount = _hasAmount() ? bound(amounts[i], 0, uint256(limit) + limit / 2 + 1) : 1;
            if (total + amount <= limit) {
                assertEq(_check(config, amount, 0), 0, "a total restricts no time");
                total += amount;
            } else {
                bytes memory reason =
                    abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, limit, total, amount);
                _refused(config, amount, 0, reason);
            }
            assertEq(_spent(account)[0], total);
        }
    }

    function test_RevertWhen_TheAmountWouldOverflow() external {
        if (!_hasAmount()) return;
        bytes memory config = _pack(ERC20LimitConfigs.none().inTotal(uint128(MAX_LIMIT)));
        _check(config, 1, 0);
        uint256 most = type(uint256).max;
        _refused(config, most, 0, abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, MAX_LIMIT, 1, most));
        config = _pack(ERC20LimitConfigs.none().perPeriod(uint128(MAX_LIMIT), DAY, 0));
        uint256 end = (uint256(NOW) / DAY + 1) * DAY;
        _refused(
            config,
            most,
            NOW,
            abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, MAX_LIMIT, 0, most, end)
        );
    }

    function testFuzz_TheLimitAtOnceHoldsForEach(uint128 limit, uint256 amount) external {
        if (!_hasAmount()) amount = 1;
        bytes memory config = _pack(ERC20LimitConfigs.none().perCall(limit));
        if (amount > limit) {
            _refused(config, amount, 0, abi.encodeWithSelector(ILimitPolicy.CallLimitExceeded.selector, limit, amount));
        } else {
            for (uint256 i = 0; i < 3; ++i) {
                assertEq(_check(config, amount, 0), 0);
            }
            assertEq(_spent(account)[0], 0, "nothing to count");
        }
    }

    /// @dev The model of the test below: the period last spent in, and what was spent in it.
    uint256 private latest;
    uint256 private sum;

    function testFuzz_CountsByPeriod(uint32 length, uint48 anchor, uint48[8] memory times, uint64[8] memory amounts)
        external
    {
        length = uint32(bound(length, 300, 400 days));
        anchor = uint48(bound(anchor, 0, NOW));
        uint128 limit = _hasAmount() ? type(uint64).max : 2;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 time = bound(times[i], anchor == 0 ? 1 : anchor, uint256(NOW) + 10 * uint256(length));
            _spendInPeriod(limit, length, anchor, time, _hasAmount() ? amounts[i] : 1);
        }
    }

    function _spendInPeriod(uint128 limit, uint32 length, uint48 anchor, uint256 time, uint256 amount) private {
        bytes memory config = _pack(ERC20LimitConfigs.none().perPeriod(limit, length, anchor));
        uint256 number = (time - anchor) / length;
        uint256 end = anchor + (number + 1) * length;
        if (number < latest) {
            bytes memory past = abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, latest, number);
            _refused(config, amount, time, past);
            return;
        }
        uint256 before = number == latest ? sum : 0;
        if (before + amount > limit) {
            bytes memory exceeded =
                abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, limit, before, amount, end);
            _refused(config, amount, time, exceeded);
            return;
        }
        (latest, sum) = (number, before + amount);
        assertEq(_check(config, amount, time), (end - length) << 208 | (end - 1) << 160);
        assertEq(_spent(account)[1], sum);
        assertEq(_spent(account)[2], latest);
    }

    function test_BothATotalAndAPeriod() external {
        bytes memory config = _pack(ERC20LimitConfigs.none().inTotal(3).perPeriod(2, DAY, 0));
        _check(config, 1, NOW);
        _check(config, 1, NOW);
        uint256 end = (uint256(NOW) / DAY + 1) * DAY;
        _refused(config, 1, NOW, abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, 2, 2, 1, end));
        _check(config, 1, NOW + DAY);
        _refused(config, 1, NOW + DAY, abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 3, 3, 1));
        uint256[3] memory amounts = _spent(account);
        assertEq(amounts[0], 3);
        assertEq(amounts[1], 1);
        assertEq(amounts[2], NOW / DAY + 1);
    }

    function testFuzz_RevertWhen_ThePeriodHasNoClaimedTime(uint48 anchor, uint256 claimedTime) external {
        anchor = uint48(bound(anchor, 1, 2 ** 46));
        claimedTime = bound(claimedTime, 0, anchor - 1);
        _refused(
            _pack(ERC20LimitConfigs.none().perPeriod(5, DAY, anchor)),
            1,
            claimedTime,
            abi.encodeWithSelector(ILimitPolicy.ClaimedTimeTooEarly.selector, anchor, claimedTime)
        );
    }

    function test_RevertWhen_ThePeriodEndsTooLate() external {
        uint256 time = 2 ** 47 - 1;
        _refused(
            _pack(ERC20LimitConfigs.none().perPeriod(5, DAY, 0)),
            1,
            time,
            abi.encodeWithSelector(ILimitPolicy.ClaimedTimeTooLate.selector, time)
        );
    }

    /*//////////////////////////////////////////////////////////////
                              CONFIGURATIONS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheConfigurationIsEmpty() external {
        _refused("", 1, NOW, _invalid(0));
    }

    function test_EveryFlagIsKnownOrRefused() external {
        for (uint256 flags = 0; flags < 256; ++flags) {
            // Long enough for any of them: all bytes are zero, so limits are zero and a period has no length.
            bytes memory config = abi.encodePacked(uint8(flags), new bytes(100));
            uint256 known = 1 | 2 | 4 | 16 | _ownFlags();
            try this.ask(account, BUDGET_ID, config) {
                fail();
            } catch (bytes memory reason) {
                bool refusedAsFlags = keccak256(reason) == keccak256(_invalid(0));
                assertEq(refusedAsFlags, flags & 7 == 0 || flags & ~known != 0, vm.toString(flags));
            }
        }
    }

    /// @dev For {test_EveryFlagIsKnownOrRefused}: an external call to catch what it reverts with.
    function ask(address who, bytes32 budgetId, bytes memory config) external {
        vm.prank(manager);
        _ask(who, budgetId, 1, NOW, config);
    }

    function test_RevertWhen_TheConfigurationIsCutShortOrTooLong() external {
        ERC20LimitConfig memory limits = ERC20LimitConfigs.none().perCall(9).inTotal(9);
        bytes memory config = _pack(limits.perPeriod(9, DAY, 0).salted(0x01020304));
        // One flag byte, 16 and 16 bytes of limits, 26 of a period, 4 of salt.
        assertEq(config.length, 63);
        _refused(abi.encodePacked(config, hex"00"), 1, NOW, _invalid(63));
        for (uint256 length = 59; length < 63; ++length) {
            bytes memory short = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                short[i] = config[i];
            }
            _refused(short, 1, NOW, _invalid(length));
        }
        _check(config, 1, NOW);
    }

    function testFuzz_RevertWhen_ALimitDoesNotFitABudget(uint128 limit) external {
        limit = uint128(bound(limit, MAX_LIMIT + 1, type(uint128).max));
        _refused(_pack(ERC20LimitConfigs.none().inTotal(limit)), 1, NOW, _invalid(1));
        _refused(_pack(ERC20LimitConfigs.none().perPeriod(limit, DAY, 0)), 1, NOW, _invalid(1));
        _refused(_pack(ERC20LimitConfigs.none().perCall(9).inTotal(limit)), 1, NOW, _invalid(17));
    }

    function testFuzz_RevertWhen_APeriodIsTooShort(uint32 length) external {
        length = uint32(bound(length, 0, 299));
        _refused(_pack(ERC20LimitConfigs.none().perPeriod(9, length, 0)), 1, NOW, _invalid(17));
    }

    function _invalid(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ILimitPolicy.InvalidConfig.selector, position);
    }

    /*//////////////////////////////////////////////////////////////
                                BUDGETS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_BudgetsAreApart(address otherManager, address otherAccount, bytes32 otherBudget) external {
        vm.assume(otherManager != manager && otherAccount != account && otherBudget != BUDGET_ID);
        bytes memory config = _pack(ERC20LimitConfigs.none().inTotal(1));
        _check(config, 1, 0);
        bytes memory reason = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 1, 1, 1);
        _refused(config, 1, 0, reason);
        vm.prank(otherManager);
        _ask(account, BUDGET_ID, 1, 0, config);
        vm.prank(manager);
        _ask(otherAccount, BUDGET_ID, 1, 0, config);
        vm.prank(manager);
        _ask(account, otherBudget, 1, 0, config);
        _refused(config, 1, 0, reason);
    }

    /// @dev ERC-7562: slot keccak256(account ++ x) is associated with the account.
    function test_CountsInOneSlotAssociatedWithTheAccount() external {
        vm.record();
        _check(_pack(ERC20LimitConfigs.none().inTotal(5).perPeriod(5, DAY, 0)), 1, NOW);
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(policy);
        bytes32 outer = keccak256(abi.encode(BUDGET_ID, keccak256(abi.encode(manager, 0))));
        bytes32 slot = keccak256(abi.encode(account, outer));
        assertEq(writes.length, 1);
        assertEq(writes[0], slot);
        for (uint256 i = 0; i < reads.length; ++i) {
            assertEq(reads[i], slot);
        }
        uint256 word = uint256(NOW / DAY) << 216 | uint256(1) << 108 | 1;
        assertEq(uint256(vm.load(policy, slot)), word);
    }

    function test_ReadsNoClock() external {
        bytes memory config = _pack(ERC20LimitConfigs.none().perPeriod(5, DAY, 0));
        vm.warp(1);
        uint256 window = _check(config, 1, NOW);
        vm.warp(2 ** 40);
        assertEq(_check(config, 1, NOW), window);
    }
}

abstract contract CallLimitPolicyTest is LimitPolicyTest {
    function _value(uint256 amount) internal pure virtual returns (uint256);

    function _ask(address who, bytes32 budgetId, uint256 amount, uint256 claimedTime, bytes memory config)
        internal
        override
        returns (uint256)
    {
        bytes memory data = hex"12345678";
        return ICallPolicy(policy).checkCall(who, budgetId, address(1), _value(amount), claimedTime, data, config);
    }
}

abstract contract OperationLimitPolicyTest is LimitPolicyTest {
    function _facts(uint256 amount) internal pure virtual returns (OperationFacts memory);

    function _ask(address who, bytes32 budgetId, uint256 amount, uint256 claimedTime, bytes memory config)
        internal
        override
        returns (uint256)
    {
        return IOperationPolicy(policy).checkOperation(who, budgetId, _facts(amount), claimedTime, config);
    }
}

contract NativeLimitPolicyCallTest is CallLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "NativeLimitPolicy";
    }

    function _value(uint256 amount) internal pure override returns (uint256) {
        return amount;
    }
}

contract NativeLimitPolicyOperationTest is OperationLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "NativeLimitPolicy";
    }

    function _facts(uint256 amount) internal pure override returns (OperationFacts memory) {
        return OperationFacts({cost: 77, paymaster: address(7), calls: 7, value: amount});
    }
}

contract UsageLimitPolicyCallTest is CallLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "UsageLimitPolicy";
    }

    function _hasAmount() internal pure override returns (bool) {
        return false;
    }

    function _value(uint256) internal pure override returns (uint256) {
        return 77;
    }
}

contract UsageLimitPolicyOperationTest is OperationLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "UsageLimitPolicy";
    }

    function _hasAmount() internal pure override returns (bool) {
        return false;
    }

    function _ownFlags() internal pure override returns (uint8) {
        return 32;
    }

    function _facts(uint256) internal pure override returns (OperationFacts memory) {
        return OperationFacts({cost: 77, paymaster: address(7), calls: 7, value: 77});
    }
}

contract UsageLimitPolicyCallsOfOperationsTest is OperationLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "UsageLimitPolicy";
    }

    function _ownFlags() internal pure override returns (uint8) {
        return 32;
    }

    function _needs() internal pure override returns (uint8) {
        return 32;
    }

    function _facts(uint256 amount) internal pure override returns (OperationFacts memory) {
        return OperationFacts({cost: 77, paymaster: address(7), calls: amount, value: 77});
    }
}

contract GasLimitPolicyTest is OperationLimitPolicyTest {
    function _name() internal pure override returns (string memory) {
        return "GasLimitPolicy";
    }

    function _facts(uint256 amount) internal pure override returns (OperationFacts memory) {
        return OperationFacts({cost: amount, paymaster: address(7), calls: 7, value: 77});
    }
}
