// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {LimitLibrary} from "contracts/libraries/LimitLibrary.sol";
import {PeriodLibrary} from "contracts/libraries/PeriodLibrary.sol";
import {POLICY_CONTRACT} from "contracts/types/Asker.sol";
import {Budget, BudgetLibrary, BudgetSlot, MAX_BUDGET} from "contracts/types/Budget.sol";
import {ValidityWindowLibrary} from "contracts/types/ValidityWindow.sol";

/// @notice Counting under a configuration as a whole. See {Arithmetic} for what is proved, and how, and for its parts.
contract Limits {
    using CalldataReader for uint256;

    /// @dev Where the configuration is in calldata: it is the first argument.
    uint256 private constant CONFIG = 4;
    /// @dev As many recipients a list has at most.
    uint256 private constant MOST_RECIPIENTS = 2;

    BudgetSlot private slot;
    BudgetSlot private other;

    /*//////////////////////////////////////////////////////////////
                          A LIMIT IN TOTAL ALONE
    //////////////////////////////////////////////////////////////*/

    /// @dev The ordinary configuration, which is counted in a shorter way: if it is not refused, the amount fits, and is
    /// added to the word that holds the budget.
    function proveATotalIsCountedOnlyIfItFits(uint256[2] calldata, uint256 amount, uint256 time) external {
        require(CONFIG.integer(1) == LimitLibrary.HAS_TOTAL_LIMIT);
        uint256 before = Budget.unwrap(slot.budget);
        uint256 window = _count(slot, amount, address(0), time, 17, 0);
        assert(_fits(before, amount));
        assert(Budget.unwrap(slot.budget) == before + amount);
        assert(Budget.wrap(before + amount).total() <= (CONFIG + 1).integer(16));
        assert(window == 0);
    }

    /// @dev The shorter way refuses nothing that fits, nor does the longer one, and they leave the same.
    function proveAcceptsATotalThatFitsInBothWays(uint256[2] calldata, uint256 amount, uint256 time) external {
        if (CONFIG.integer(1) != LimitLibrary.HAS_TOTAL_LIMIT || !_fits(Budget.unwrap(slot.budget), amount)) return;
        other.budget = slot.budget;
        _count(slot, amount, address(0), time, 17, 0);
        LimitLibrary.spend(other, amount, time, LimitLibrary.HAS_TOTAL_LIMIT, CONFIG, POLICY_CONTRACT);
        assert(Budget.unwrap(slot.budget) == Budget.unwrap(other.budget));
    }

    function _fits(uint256 word, uint256 amount) private pure returns (bool) {
        uint256 limit = (CONFIG + 1).integer(16);
        uint256 total = Budget.wrap(word).total();
        return limit <= MAX_BUDGET && total <= limit && amount <= limit - total;
    }

    /*//////////////////////////////////////////////////////////////
                          A LIMIT PER PERIOD ALONE
    //////////////////////////////////////////////////////////////*/

    /// @dev The shorter way of a limit per period: what it counts fits, and is entered under the period of the claimed time. What it
    /// does not count is left to the longer way, see {Arithmetic}.
    function proveAPeriodIsCountedOnlyIfItFits(uint256[2] calldata, uint256 amount, uint256 time) external {
        require(CONFIG.integer(1) == LimitLibrary.HAS_PERIOD_LIMIT);
        Budget before = slot.budget;
        (bool counted, uint256 window) = LimitLibrary.tryCount(slot, amount, time, CONFIG.slice(27));
        if (!counted) {
            assert(Budget.unwrap(slot.budget) == Budget.unwrap(before));
            return;
        }
        (bool found, uint256 number, uint256 first, uint256 last) = _period(time);
        assert(found);
        assert(_fitsPeriod(before, amount, number));
        assert(Budget.unwrap(slot.budget) == Budget.unwrap(_after(before, amount, number)));
        assert(window == ValidityWindowLibrary.pack(first, last));
    }

    /// @dev The shorter way counts what fits, the longer one does not refuse it, and they leave the same.
    function proveAcceptsAPeriodThatFitsInBothWays(uint256[2] calldata, uint256 amount, uint256 time) external {
        (bool found, uint256 number,,) = _period(time);
        if (CONFIG.integer(1) != LimitLibrary.HAS_PERIOD_LIMIT || !found) return;
        if (!_fitsPeriod(slot.budget, amount, number)) return;
        other.budget = slot.budget;
        (bool counted, uint256 window) = LimitLibrary.tryCount(slot, amount, time, CONFIG.slice(27));
        (uint256 longerWindow,) =
            LimitLibrary.spend(other, amount, time, LimitLibrary.HAS_PERIOD_LIMIT, CONFIG, POLICY_CONTRACT);
        assert(counted);
        assert(Budget.unwrap(slot.budget) == Budget.unwrap(other.budget));
        assert(window == longerWindow);
    }

    /// @dev The period of a time, and whether there is one that may be counted in.
    function _period(uint256 time) private pure returns (bool found, uint256 number, uint256 first, uint256 last) {
        uint256 length = (CONFIG + 17).integer(4);
        if (length < PeriodLibrary.MIN_LENGTH) return (false, 0, 0, 0);
        return PeriodLibrary.tryPeriodAt(time, length, (CONFIG + 21).integer(6));
    }

    function _fitsPeriod(Budget budget, uint256 amount, uint256 number) private pure returns (bool) {
        uint256 limit = (CONFIG + 1).integer(16);
        uint256 spent = _spentIn(budget, number);
        return number >= budget.period() && limit <= MAX_BUDGET && spent <= limit && amount <= limit - spent;
    }

    function _spentIn(Budget budget, uint256 number) private pure returns (uint256) {
        return number == budget.period() ? budget.inPeriod() : 0;
    }

    function _after(Budget budget, uint256 amount, uint256 number) private pure returns (Budget) {
        uint256 spent = _spentIn(budget, number);
        return BudgetLibrary.pack(budget.total(), spent + amount, number);
    }

    /*//////////////////////////////////////////////////////////////
                           EVERY CONFIGURATION
    //////////////////////////////////////////////////////////////*/

    /// @dev Nothing is counted under a configuration that has other parts than its flags say, or parts that its policy does
    /// not know, or none that limits; nor for anybody who is not on its list. Configurations that limit a period are left out:
    /// see {Arithmetic} for what is counted under them, and under the others.
    function proveNothingIsCountedUnderAnotherConfiguration(
        uint256[4] calldata,
        uint256 amount,
        address recipient,
        uint256 time,
        uint256 length,
        bool hasList
    ) external {
        uint256 flags = CONFIG.integer(1);
        uint256 ownFlags = hasList ? LimitLibrary.HAS_RECIPIENTS : 0;
        require(flags & LimitLibrary.HAS_PERIOD_LIMIT == 0);
        uint256 place = _sizeOfLimits(flags);
        bool isList = flags & LimitLibrary.HAS_RECIPIENTS != 0;
        unchecked {
            uint256 recipients = isList ? (CONFIG + place).integer(1) : 0;
            // There is a path for each.
            require(recipients <= MOST_RECIPIENTS);

            _count(slot, amount, recipient, time, length, ownFlags);
            assert(flags & ~(LimitLibrary.ANY_LIMIT | LimitLibrary.HAS_SALT | ownFlags) == 0);
            assert(flags & (LimitLibrary.ANY_LIMIT | ownFlags) != 0);
            uint256 listSize = isList ? 1 + 20 * recipients : 0;
            assert(length == place + listSize + (flags & LimitLibrary.HAS_SALT != 0 ? 4 : 0));
            if (!isList) return;
            uint256 list = CONFIG + place + 1;
            bool isFirst = recipients > 0 && list.integer(20) == uint160(recipient);
            bool isSecond = recipients > 1 && (list + 20).integer(20) == uint160(recipient);
            assert(isFirst || isSecond);
        }
    }

    /// @dev How long the first byte and the limits that it says there are.
    function _sizeOfLimits(uint256 flags) private pure returns (uint256 size) {
        unchecked {
            size = 1;
            if (flags & LimitLibrary.HAS_CALL_LIMIT != 0) size += 16;
            if (flags & LimitLibrary.HAS_TOTAL_LIMIT != 0) size += 16;
        }
    }

    function _count(
        BudgetSlot storage budget,
        uint256 amount,
        address recipient,
        uint256 time,
        uint256 length,
        uint256 ownFlags
    ) private returns (uint256) {
        return LimitLibrary.count(budget, amount, recipient, time, CONFIG.slice(length), ownFlags, POLICY_CONTRACT);
    }
}
