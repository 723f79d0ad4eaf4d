// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What has been spent under one budget, packed into one slot.
///
///  255                    216 215                     108 107                       0
/// +--------------------------+---------------------------+--------------------------+
/// |         period           |         inPeriod          |          total           |
/// |        40 bits           |         108 bits          |         108 bits         |
/// +--------------------------+---------------------------+--------------------------+
///
/// `period` is the number of the period last spent in, counted from the anchor that the policy's configuration gives;
/// `inPeriod` was spent in it; `total` was spent ever. A period lasts at least 300 seconds and ends before 2^47, so its
/// number fits 40 bits.
type Budget is uint256;

using BudgetLibrary for Budget global;

/// @notice A slot with a budget, so that it can be referred to: its place is a hash, which need not be computed twice.
struct BudgetSlot {
    Budget budget;
}

/// @dev The most that a limit of a total or of a period can be: what the fields of {Budget} hold.
uint256 constant MAX_BUDGET = (1 << 108) - 1;

library BudgetLibrary {
    uint256 private constant IN_PERIOD_OFFSET = 108;
    uint256 private constant PERIOD_OFFSET = 216;

    /// @notice A budget with the given contents; each must fit its field.
    function pack(uint256 total_, uint256 inPeriod_, uint256 period_) internal pure returns (Budget) {
        return Budget.wrap(total_ | inPeriod_ << IN_PERIOD_OFFSET | period_ << PERIOD_OFFSET);
    }

    function total(Budget budget) internal pure returns (uint256) {
        return Budget.unwrap(budget) & MAX_BUDGET;
    }

    function inPeriod(Budget budget) internal pure returns (uint256) {
        return Budget.unwrap(budget) >> IN_PERIOD_OFFSET & MAX_BUDGET;
    }

    function period(Budget budget) internal pure returns (uint256) {
        return Budget.unwrap(budget) >> PERIOD_OFFSET;
    }
}
