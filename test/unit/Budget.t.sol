// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {PeriodLibrary} from "contracts/libraries/PeriodLibrary.sol";
import {Budget, BudgetLibrary, MAX_BUDGET} from "contracts/types/Budget.sol";
import {TIME_LIMIT} from "contracts/types/ValidityWindow.sol";

contract BudgetTest is Test {
    uint256 private constant MAX_PERIOD = 2 ** 40 - 1;

    function test_MaxBudgetIsAllOf108Bits() external pure {
        assertEq(MAX_BUDGET, 2 ** 108 - 1);
    }

    function test_FieldsLieWhereTheSpecificationSays() external pure {
        assertEq(Budget.unwrap(BudgetLibrary.pack(1, 0, 0)), 1);
        assertEq(Budget.unwrap(BudgetLibrary.pack(0, 1, 0)), 2 ** 108);
        assertEq(Budget.unwrap(BudgetLibrary.pack(0, 0, 1)), 2 ** 216);
        assertEq(Budget.unwrap(BudgetLibrary.pack(MAX_BUDGET, 0, 0)), 2 ** 108 - 1);
        assertEq(Budget.unwrap(BudgetLibrary.pack(0, MAX_BUDGET, 0)), 2 ** 216 - 2 ** 108);
        assertEq(Budget.unwrap(BudgetLibrary.pack(0, 0, MAX_PERIOD)), type(uint256).max - (2 ** 216 - 1));
        assertEq(Budget.unwrap(BudgetLibrary.pack(MAX_BUDGET, MAX_BUDGET, MAX_PERIOD)), type(uint256).max);
    }

    function test_EmptySlotIsNothingSpent() external pure {
        Budget budget = Budget.wrap(0);
        assertEq(budget.total(), 0);
        assertEq(budget.inPeriod(), 0);
        assertEq(budget.period(), 0);
    }

    function test_EveryPeriodNumberFits() external pure {
        assertLe((TIME_LIMIT - 1) / PeriodLibrary.MIN_LENGTH, MAX_PERIOD);
    }

    function testFuzz_UnpackReturnsWhatWasPacked(uint256 total, uint256 inPeriod, uint256 period) external pure {
        total %= 2 ** 108;
        inPeriod %= 2 ** 108;
        period %= 2 ** 40;
        Budget budget = BudgetLibrary.pack(total, inPeriod, period);
        assertEq(budget.total(), total);
        assertEq(budget.inPeriod(), inPeriod);
        assertEq(budget.period(), period);
        assertEq(Budget.unwrap(budget), total + inPeriod * 2 ** 108 + period * 2 ** 216);
    }

    function testFuzz_EverySlotIsOneBudget(uint256 slot) external pure {
        Budget budget = Budget.wrap(slot);
        Budget packed = BudgetLibrary.pack(budget.total(), budget.inPeriod(), budget.period());
        assertEq(Budget.unwrap(packed), slot);
    }
}
