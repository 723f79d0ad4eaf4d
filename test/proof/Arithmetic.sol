// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {LimitLibrary} from "contracts/libraries/LimitLibrary.sol";
import {PeriodLibrary} from "contracts/libraries/PeriodLibrary.sol";
import {AccountState} from "contracts/types/AccountState.sol";
import {POLICY_CONTRACT} from "contracts/types/Asker.sol";
import {Budget, BudgetLibrary, BudgetSlot, MAX_BUDGET} from "contracts/types/Budget.sol";
import {PackedUse} from "contracts/types/PackedUse.sol";
import {NO_END, TIME_LIMIT, ValidityWindow, ValidityWindowLibrary} from "contracts/types/ValidityWindow.sol";

/// @notice What the arithmetic of the contracts has to keep to, whatever it is given. `npm run prove` proves that no
/// arguments and no contents of storage make an assertion here false, or make anything here panic. A function that reverts
/// in another way has refused what it was given, or was given what it is not about.
contract Arithmetic {
    using CalldataReader for uint256;
    using ValidityWindowLibrary for ValidityWindow;

    /// @dev Where arguments begin in calldata.
    uint256 private constant FIRST = 4;
    uint256 private constant SECOND = 36;

    BudgetSlot private slot;

    /*//////////////////////////////////////////////////////////////
                                PACKING
    //////////////////////////////////////////////////////////////*/

    function proveABudgetHoldsWhatItIsGiven(uint256 total, uint256 inPeriod, uint256 period) external pure {
        require(total <= MAX_BUDGET && inPeriod <= MAX_BUDGET && period < 2 ** 40);
        Budget budget = BudgetLibrary.pack(total, inPeriod, period);
        assert(budget.total() == total);
        assert(budget.inPeriod() == inPeriod);
        assert(budget.period() == period);
    }

    function proveEveryWordIsOneBudget(uint256 word) external pure {
        Budget budget = Budget.wrap(word);
        assert(Budget.unwrap(BudgetLibrary.pack(budget.total(), budget.inPeriod(), budget.period())) == word);
    }

    function proveAWindowHoldsWhatItIsGiven(uint48 validAfter, uint48 validUntil) external pure {
        uint256 packed = ValidityWindowLibrary.pack(validAfter, validUntil);
        assert(uint160(packed) == 0);
        (uint256 first, uint256 last) = ValidityWindowLibrary.unpack(packed);
        assert(first == validAfter);
        assert(last == validUntil);
    }

    /// @dev What the account's word holds, and that changing one field leaves the others alone.
    function proveAnAccountStateHoldsWhatItIsGiven(uint256 word, uint64 epoch, bool installed) external pure {
        AccountState before = AccountState.wrap(word);
        (bytes21 prefix, uint256 length) = before.grantPrefix();

        AccountState moved = before.withEpoch(epoch);
        assert(moved.epoch() == epoch);
        assert(moved.installed() == before.installed());
        assert(moved.signedGrants() == before.signedGrants());
        (bytes21 movedPrefix, uint256 movedLength) = moved.grantPrefix();
        assert(movedPrefix == prefix && movedLength == length);

        AccountState set = before.withInstalled(installed);
        assert(set.installed() == installed);
        assert(set.epoch() == before.epoch());
        assert(set.signedGrants() == before.signedGrants());
        (bytes21 setPrefix, uint256 setLength) = set.grantPrefix();
        assert(setPrefix == prefix && setLength == length);
    }

    /// @dev The fields of a packed use are its first 97 bytes, without gap or overlap.
    function proveAUseIsItsFields(uint256 first, uint256 second, uint256 third, uint256 fourth) external pure {
        PackedUse use = PackedUse.wrap(FIRST);
        uint256 head = use.flags() << 248 | use.claimedTime() << 200 | use.epoch() << 136 | use.validAfter() << 88
            | use.validUntil() << 40 | uint256(use.salt()) >> 216;
        assert(head == first);
        assert(uint256(use.salt()) << 40 | uint256(uint160(use.paymaster())) >> 120 == second);
        assert((uint256(uint160(use.paymaster())) << 136 | use.maxOpCost() << 8 | use.keyLength() >> 8) == third);
        assert(use.keyLength() & 0xff == fourth >> 248);
        assert(use.keyPosition() == FIRST + 97);
    }

    /*//////////////////////////////////////////////////////////////
                                WINDOWS
    //////////////////////////////////////////////////////////////*/

    /// @dev A second is in an intersection if and only if it is in both: so it is never wider than either.
    function proveAnIntersectionHasTheSecondsOfBoth(
        uint48 after0,
        uint48 until0,
        uint48 after1,
        uint48 until1,
        uint48 time
    ) external pure {
        ValidityWindow memory window = ValidityWindow(after0, until0);
        window.intersect(after1, until1);
        bool inFirst = time >= after0 && time <= until0;
        bool inSecond = time >= after1 && (until1 == 0 || time <= until1);
        assert((time >= window.validAfter && time <= window.validUntil) == (inFirst && inSecond));
    }

    /// @dev The same for what a policy answers with, and for what becomes of it in ERC-4337's form: whatever the policy
    /// says, the window is not wider afterwards, and its bounds are times.
    function proveAPolicyNeverWidensAWindow(uint256 sessionFirst, uint256 sessionLast, uint256 answer, uint256 time)
        external
        pure
    {
        require(sessionFirst < TIME_LIMIT && sessionLast < TIME_LIMIT && time < TIME_LIMIT);
        ValidityWindow memory window = ValidityWindow(sessionFirst, sessionLast == 0 ? NO_END : sessionLast);
        window.restrict(0, address(0), 32, answer);
        require(window.validAfter <= window.validUntil);
        uint256 packed = window.pack();
        assert(uint160(packed) == 0);
        (uint256 first, uint256 last) = ValidityWindowLibrary.unpack(packed);
        assert(first < TIME_LIMIT && last < TIME_LIMIT);
        if (time < first || (last != 0 && time > last)) return;
        // What the EntryPoint lets pass, the session and the policy allow.
        assert(time >= sessionFirst && (sessionLast == 0 || time <= sessionLast));
        (uint256 policyFirst, uint256 policyLast) = ValidityWindowLibrary.unpack(answer);
        assert(time >= policyFirst && (policyLast == 0 || time <= policyLast));
    }

    /*//////////////////////////////////////////////////////////////
                                PERIODS
    //////////////////////////////////////////////////////////////*/

    function proveAPeriodContainsTheClaimedTime(uint256 time, uint32 length, uint48 anchor) external pure {
        require(length >= PeriodLibrary.MIN_LENGTH);
        (uint256 number, uint256 first, uint256 last) = PeriodLibrary.periodAt(time, length, anchor, POLICY_CONTRACT);
        assert(first <= time && time <= last);
        assert(first >= anchor);
        assert(last - first == length - 1);
        assert(last + 1 < TIME_LIMIT);
        assert(number < 2 ** 40);
    }

    /// @dev Any second of the period that one claim leads to leads to the same period: none is in two.
    function proveNoSecondIsInTwoPeriods(uint256 time, uint256 other, uint32 length, uint48 anchor) external pure {
        require(length >= PeriodLibrary.MIN_LENGTH && other != 0);
        (uint256 number, uint256 first, uint256 last) = PeriodLibrary.periodAt(time, length, anchor, POLICY_CONTRACT);
        (uint256 number2, uint256 first2, uint256 last2) =
            PeriodLibrary.periodAt(other, length, anchor, POLICY_CONTRACT);
        if (other >= first && other <= last) assert(number2 == number && first2 == first && last2 == last);
        if (other > last) assert(number2 > number && first2 > last);
        if (other < first) assert(number2 < number && last2 < first);
    }

    /*//////////////////////////////////////////////////////////////
                                BUDGETS
    //////////////////////////////////////////////////////////////*/

    /// @dev A step of the induction in docs/assurance.md, from anything that storage may hold. The configuration is the first
    /// two arguments.
    function proveSpendingKeepsToTheLimits(uint256, uint256, uint256 amount, uint256 time) external {
        uint256 flags = FIRST.integer(1);
        Budget before = slot.budget;
        LimitLibrary.spend(slot, amount, time, flags, FIRST, POLICY_CONTRACT);
        Budget afterwards = slot.budget;

        uint256 cursor = FIRST + 1;
        if (flags & LimitLibrary.HAS_CALL_LIMIT != 0) {
            assert(amount <= cursor.integer(16));
            cursor += 16;
        }
        if (flags & LimitLibrary.HAS_TOTAL_LIMIT != 0) {
            assert(afterwards.total() == before.total() + amount);
            assert(afterwards.total() <= cursor.integer(16));
            cursor += 16;
        } else {
            assert(afterwards.total() == before.total());
        }
        if (flags & LimitLibrary.HAS_PERIOD_LIMIT != 0) {
            assert(afterwards.inPeriod() <= cursor.integer(16));
            assert(afterwards.period() >= before.period());
            uint256 carried = afterwards.period() == before.period() ? before.inPeriod() : 0;
            assert(afterwards.inPeriod() == carried + amount);
        } else {
            assert(afterwards.inPeriod() == before.inPeriod());
            assert(afterwards.period() == before.period());
        }
    }

    /// @dev What is spent is entered under the period that the claimed time is in, which is the window that is returned.
    function proveSpendingIsEnteredUnderTheClaimedPeriod(uint256, uint256, uint256 amount, uint256 time) external {
        uint256 flags = FIRST.integer(1);
        require(flags == LimitLibrary.HAS_PERIOD_LIMIT);
        (uint256 validationData,) = LimitLibrary.spend(slot, amount, time, flags, FIRST, POLICY_CONTRACT);
        (uint256 number, uint256 first, uint256 last) =
            PeriodLibrary.periodAt(time, (FIRST + 17).integer(4), (FIRST + 21).integer(6), POLICY_CONTRACT);
        assert(slot.budget.period() == number);
        assert(validationData == ValidityWindowLibrary.pack(first, last));
        assert(last != 0);
    }
}
