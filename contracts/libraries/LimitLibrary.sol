// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IERC20LimitPolicy} from "../interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {Asker} from "../types/Asker.sol";
import {Budget, BudgetLibrary, BudgetSlot, MAX_BUDGET} from "../types/Budget.sol";
import {ValidityWindowLibrary} from "../types/ValidityWindow.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {PeriodLibrary} from "./PeriodLibrary.sol";

/// @notice Limits at once, in total and per period, and on recipients: docs/encoding.md has the layout of their configuration.
/// @dev Positions are absolute, in calldata.
library LimitLibrary {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// Which parts a configuration has, in this order: bits of its first byte.
    uint256 internal constant HAS_CALL_LIMIT = 1;
    uint256 internal constant HAS_TOTAL_LIMIT = 2;
    uint256 internal constant HAS_PERIOD_LIMIT = 4;
    uint256 internal constant HAS_RECIPIENTS = 8;
    uint256 internal constant HAS_SALT = 16;
    uint256 internal constant ANY_LIMIT = HAS_CALL_LIMIT | HAS_TOTAL_LIMIT | HAS_PERIOD_LIMIT;
    uint256 private constant SALT_SIZE = 4;
    /// How long a configuration with a limit in total and nothing else is.
    uint256 private constant TOTAL_ONLY_SIZE = 17;
    /// The same with a limit per period.
    uint256 private constant PERIOD_ONLY_SIZE = 27;

    /// @notice Counts `amount` under a configuration.
    /// @param slot The budget's.
    /// @param recipient Whom the amount is for, if a list of recipients is among `ownFlags`.
    /// @param config The configuration.
    /// @param ownFlags Bits of its first byte, beside those of limits and a salt, that the policy knows.
    /// @param asker Whom a refusal goes to.
    /// @return validationData The period that was spent in, as a validity window.
    function count(
        BudgetSlot storage slot,
        uint256 amount,
        address recipient,
        uint256 claimedTime,
        bytes calldata config,
        uint256 ownFlags,
        Asker asker
    ) internal returns (uint256 validationData) {
        unchecked {
            // The ordinary case. Whatever is wrong, what follows says.
            bool counted;
            (counted, validationData) = tryCount(slot, amount, claimedTime, config);
            if (counted) return validationData;

            uint256 start = config.positionOf();
            uint256 flags = start.integer(1);
            // Parts are read without looking where the configuration ends; that is compared once, at the end.
            if (
                config.length == 0 || flags & (ANY_LIMIT | ownFlags & HAS_RECIPIENTS) == 0
                    || flags & ~(ANY_LIMIT | HAS_SALT | ownFlags) != 0
            ) {
                _refuseConfig(0, asker);
            }
            uint256 cursor;
            (validationData, cursor) = spend(slot, amount, claimedTime, flags, start, asker);
            if (flags & HAS_RECIPIENTS != 0) cursor = _checkRecipient(recipient, cursor, start, asker);
            if (flags & HAS_SALT != 0) cursor += SALT_SIZE;
            if (cursor - start != config.length) _refuseConfig(Math.min(cursor - start, config.length), asker);
        }
    }

    /// @notice Counts `amount` if the configuration is a limit in total, or per period, and nothing else, and leaves so much. If
    /// not, it changes nothing, and {count} says what is wrong, if anything is.
    /// @return counted Whether it did.
    /// @return validationData As from {count}.
    function tryCount(BudgetSlot storage slot, uint256 amount, uint256 claimedTime, bytes calldata config)
        internal
        returns (bool counted, uint256 validationData)
    {
        unchecked {
            uint256 start = config.positionOf();
            uint256 limit = (start + 1).integer(16);
            uint256 flags = start.integer(1);
            // Each part is 0 if it is as it should be.
            if ((flags ^ HAS_TOTAL_LIMIT) | (config.length ^ TOTAL_ONLY_SIZE) == 0) {
                return (_trySpendTotal(slot, amount, limit), 0);
            }
            if ((flags ^ HAS_PERIOD_LIMIT) | (config.length ^ PERIOD_ONLY_SIZE) != 0) return (false, 0);

            uint256 length = (start + 17).integer(4);
            if (length < PeriodLibrary.MIN_LENGTH) return (false, 0);
            (bool found, uint256 number, uint256 first, uint256 last) =
                PeriodLibrary.tryPeriodAt(claimedTime, length, (start + 21).integer(6));
            Budget budget = slot.budget;
            uint256 inPeriod = number == budget.period() ? budget.inPeriod() : 0;
            if (!found || number < budget.period()) return (false, 0);
            if (limit > MAX_BUDGET || inPeriod > limit || amount > limit - inPeriod) return (false, 0);
            slot.budget = BudgetLibrary.pack(budget.total(), inPeriod + amount, number);
            return (true, ValidityWindowLibrary.pack(first, last));
        }
    }

    /// @dev Counts `amount` in total, if the limit is one and leaves so much.
    function _trySpendTotal(BudgetSlot storage slot, uint256 amount, uint256 limit) private returns (bool spent) {
        unchecked {
            Budget budget = slot.budget;
            uint256 total = budget.total();
            spent = limit <= MAX_BUDGET && total <= limit && amount <= limit - total;
            // The total is in the lowest bits, and its field holds the limit.
            if (spent) slot.budget = Budget.wrap(Budget.unwrap(budget) + amount);
        }
    }

    /// @notice Counts `amount` under the limits that follow the first byte of the configuration at `start`.
    /// @param flags That byte.
    /// @param asker Whom a refusal goes to.
    /// @return validationData The period that was spent in, as a validity window.
    /// @return cursor Where the limits end.
    function spend(
        BudgetSlot storage slot,
        uint256 amount,
        uint256 claimedTime,
        uint256 flags,
        uint256 start,
        Asker asker
    ) internal returns (uint256 validationData, uint256 cursor) {
        unchecked {
            cursor = start + 1;
            if (flags & HAS_CALL_LIMIT != 0) {
                uint256 limit = cursor.integer(16);
                cursor += 16;
                if (amount > limit) {
                    asker.refuse(abi.encodeWithSelector(ILimitPolicy.CallLimitExceeded.selector, limit, amount));
                }
            }
            if (flags & (HAS_TOTAL_LIMIT | HAS_PERIOD_LIMIT) != 0) {
                Budget budget = slot.budget;
                uint256 total = budget.total();
                uint256 inPeriod = budget.inPeriod();
                uint256 period = budget.period();
                if (flags & HAS_TOTAL_LIMIT != 0) {
                    total = _spendTotal(total, amount, cursor, start, asker);
                    cursor += 16;
                }
                if (flags & HAS_PERIOD_LIMIT != 0) {
                    (inPeriod, period, validationData) =
                        _spendInPeriod(inPeriod, period, amount, claimedTime, cursor, start, asker);
                    cursor += 26;
                }
                slot.budget = BudgetLibrary.pack(total, inPeriod, period);
            }
        }
    }

    /// @dev What is spent in total with `amount` on top. The limit is at `cursor`.
    function _spendTotal(uint256 total, uint256 amount, uint256 cursor, uint256 start, Asker asker)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 limit = _readLimit(cursor, start, asker);
            if (total > limit || amount > limit - total) {
                asker.refuse(abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, limit, total, amount));
            }
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
        uint256 start,
        Asker asker
    ) private pure returns (uint256 spentNow, uint256 number, uint256 validationData) {
        unchecked {
            uint256 limit = _readLimit(cursor, start, asker);
            uint256 length = (cursor + 16).integer(4);
            if (length < PeriodLibrary.MIN_LENGTH) _refuseConfig(cursor + 16 - start, asker);
            uint256 first;
            uint256 last;
            (number, first, last) = PeriodLibrary.periodAt(claimedTime, length, (cursor + 20).integer(6), asker);

            // Going back would forget what a later period has spent.
            if (number < period) {
                asker.refuse(abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, period, number));
            }
            if (number > period) inPeriod = 0;
            if (inPeriod > limit || amount > limit - inPeriod) {
                asker.refuse(
                    abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, limit, inPeriod, amount, last + 1)
                );
            }
            return (inPeriod + amount, number, ValidityWindowLibrary.pack(first, last));
        }
    }

    /// @dev The 16 bytes of a limit that is counted, which must fit a budget.
    function _readLimit(uint256 cursor, uint256 start, Asker asker) private pure returns (uint256 limit) {
        unchecked {
            limit = cursor.integer(16);
            if (limit > MAX_BUDGET) _refuseConfig(cursor - start, asker);
        }
    }

    /// @dev Reverts unless `recipient` is on the list at `cursor`; returns where the list ends.
    function _checkRecipient(address recipient, uint256 cursor, uint256 start, Asker asker)
        private
        pure
        returns (uint256 end)
    {
        unchecked {
            uint256 length = cursor.integer(1);
            if (length == 0) _refuseConfig(cursor - start, asker);
            cursor += 1;
            end = cursor + 20 * length;
            for (; cursor < end; cursor += 20) {
                if (cursor.integer(20) == uint160(recipient)) return end;
            }
            asker.refuse(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, recipient));
        }
    }

    /// @dev Reverts about a malformed configuration.
    function _refuseConfig(uint256 position, Asker asker) private pure {
        asker.refuse(abi.encodeWithSelector(ILimitPolicy.InvalidConfig.selector, position));
    }
}
