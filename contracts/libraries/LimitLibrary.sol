// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {Budget, BudgetLibrary, BudgetSlot, MAX_BUDGET} from "../types/Budget.sol";
import {ValidityWindowLibrary} from "../types/ValidityWindow.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {PeriodLibrary} from "./PeriodLibrary.sol";

/// @notice The limits that a configuration begins with: at once, in total, per period. docs/encoding.md has the layout.
/// @dev Positions are absolute, in calldata. The configuration's end is the caller's business: see {CalldataReader}.
library LimitLibrary {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// Which parts a configuration has, in this order: bits of its first byte. What comes between is a policy's own.
    uint256 internal constant HAS_CALL_LIMIT = 1;
    uint256 internal constant HAS_TOTAL_LIMIT = 2;
    uint256 internal constant HAS_PERIOD_LIMIT = 4;
    uint256 internal constant HAS_SALT = 16;
    uint256 internal constant ANY_LIMIT = HAS_CALL_LIMIT | HAS_TOTAL_LIMIT | HAS_PERIOD_LIMIT;
    uint256 private constant SALT_SIZE = 4;

    /// @notice Counts `amount` under a configuration that is nothing but limits and a salt.
    /// @param config The configuration.
    /// @param ownFlags Bits of its first byte that the policy reads itself.
    /// @return validationData The period that was spent in, as a validity window.
    function count(
        BudgetSlot storage slot,
        uint256 amount,
        uint256 claimedTime,
        bytes calldata config,
        uint256 ownFlags
    ) internal returns (uint256 validationData) {
        unchecked {
            uint256 start = config.positionOf();
            uint256 flags = start.integer(1);
            if (config.length == 0 || flags & ANY_LIMIT == 0 || flags & ~(ANY_LIMIT | HAS_SALT | ownFlags) != 0) {
                revert ILimitPolicy.InvalidConfig(0);
            }
            uint256 cursor;
            (validationData, cursor) = spend(slot, amount, claimedTime, flags, start);
            if (flags & HAS_SALT != 0) cursor += SALT_SIZE;
            requireEnd(cursor - start, config.length);
        }
    }

    /// @notice Counts `amount` under the limits that follow the first byte of the configuration at `start`.
    /// @param flags That byte.
    /// @return validationData The period that was spent in, as a validity window.
    /// @return cursor Where the limits end.
    function spend(BudgetSlot storage slot, uint256 amount, uint256 claimedTime, uint256 flags, uint256 start)
        internal
        returns (uint256 validationData, uint256 cursor)
    {
        unchecked {
            cursor = start + 1;
            if (flags & HAS_CALL_LIMIT != 0) {
                uint256 limit = cursor.integer(16);
                cursor += 16;
                if (amount > limit) revert ILimitPolicy.CallLimitExceeded(limit, amount);
            }
            if (flags & (HAS_TOTAL_LIMIT | HAS_PERIOD_LIMIT) != 0) {
                Budget budget = slot.budget;
                uint256 total = budget.total();
                uint256 inPeriod = budget.inPeriod();
                uint256 period = budget.period();
                if (flags & HAS_TOTAL_LIMIT != 0) {
                    total = _spendTotal(total, amount, cursor, start);
                    cursor += 16;
                }
                if (flags & HAS_PERIOD_LIMIT != 0) {
                    (inPeriod, period, validationData) =
                        _spendInPeriod(inPeriod, period, amount, claimedTime, cursor, start);
                    cursor += 26;
                }
                slot.budget = BudgetLibrary.pack(total, inPeriod, period);
            }
        }
    }

    /// @notice Reverts where a configuration ends too early, or where what is too much begins.
    /// @param read How many bytes were read.
    function requireEnd(uint256 read, uint256 length) internal pure {
        if (read != length) revert ILimitPolicy.InvalidConfig(Math.min(read, length));
    }

    /// @dev What is spent in total with `amount` on top. The limit is at `cursor`.
    function _spendTotal(uint256 total, uint256 amount, uint256 cursor, uint256 start) private pure returns (uint256) {
        unchecked {
            uint256 limit = _readLimit(cursor, start);
            if (total > limit || amount > limit - total) revert ILimitPolicy.TotalLimitExceeded(limit, total, amount);
            return total + amount;
        }
    }

    /// @dev What is spent in the claimed period with `amount` on top, the period's number, and the period as a validity
    /// window. Limit, length and anchor are at `cursor`.
    function _spendInPeriod(
        uint256 inPeriod,
        uint256 period,
        uint256 amount,
        uint256 claimedTime,
        uint256 cursor,
        uint256 start
    ) private pure returns (uint256 spentNow, uint256 number, uint256 validationData) {
        unchecked {
            uint256 limit = _readLimit(cursor, start);
            uint256 length = (cursor + 16).integer(4);
            if (length < PeriodLibrary.MIN_LENGTH) revert ILimitPolicy.InvalidConfig(cursor + 16 - start);
            uint256 first;
            uint256 last;
            (number, first, last) = PeriodLibrary.periodAt(claimedTime, length, (cursor + 20).integer(6));

            // Going back would forget what a later period has spent.
            if (number < period) revert ILimitPolicy.PeriodInPast(period, number);
            if (number > period) inPeriod = 0;
            if (inPeriod > limit || amount > limit - inPeriod) {
                revert ILimitPolicy.PeriodLimitExceeded(limit, inPeriod, amount, last + 1);
            }
            return (inPeriod + amount, number, ValidityWindowLibrary.pack(first, last));
        }
    }

    /// @dev The 16 bytes of a limit that is counted, which must fit a budget.
    function _readLimit(uint256 cursor, uint256 start) private pure returns (uint256 limit) {
        unchecked {
            limit = cursor.integer(16);
            if (limit > MAX_BUDGET) revert ILimitPolicy.InvalidConfig(cursor - start);
        }
    }
}
