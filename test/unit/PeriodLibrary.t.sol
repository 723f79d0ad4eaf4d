// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {POLICY_CONTRACT} from "contracts/types/Asker.sol";
import {PeriodLibrary} from "contracts/libraries/PeriodLibrary.sol";

contract PeriodHarness {
    function periodAt(uint256 claimedTime, uint256 length, uint256 anchor)
        external
        pure
        returns (uint256 number, uint256 first, uint256 last)
    {
        return PeriodLibrary.periodAt(claimedTime, length, anchor, POLICY_CONTRACT);
    }
}

contract PeriodLibraryTest is Test {
    uint256 private constant LIMIT = 2 ** 47;
    uint256 private constant DAY = 86_400;

    PeriodHarness private harness;

    function setUp() external {
        harness = new PeriodHarness();
    }

    function test_ShortestPeriodIsFiveMinutes() external pure {
        assertEq(PeriodLibrary.MIN_LENGTH, 300);
    }

    function test_PeriodIncludesItsFirstAndItsLastSecond() external view {
        uint256 anchor = 1_700_000_000;
        _assertPeriod(anchor, DAY, anchor, 0, anchor, anchor + DAY - 1);
        _assertPeriod(anchor + DAY - 1, DAY, anchor, 0, anchor, anchor + DAY - 1);
        _assertPeriod(anchor + DAY, DAY, anchor, 1, anchor + DAY, anchor + 2 * DAY - 1);
        _assertPeriod(anchor + 2 * DAY - 1, DAY, anchor, 1, anchor + DAY, anchor + 2 * DAY - 1);
    }

    function test_AnchorZeroIsTheUnixEpoch() external view {
        _assertPeriod(1, DAY, 0, 0, 0, DAY - 1);
        _assertPeriod(1_700_000_000, DAY, 0, 19_675, 19_675 * DAY, 19_676 * DAY - 1);
    }

    function test_RevertWhen_NoTimeIsClaimed() external {
        _expectTooEarly(0, 0);
        harness.periodAt(0, DAY, 0);
        _expectTooEarly(1, 0);
        harness.periodAt(0, DAY, 1);
    }

    function test_RevertWhen_ClaimedTimeIsBeforeTheAnchor() external {
        _expectTooEarly(1_000, 999);
        harness.periodAt(999, DAY, 1_000);
        _assertPeriod(1_000, DAY, 1_000, 0, 1_000, 1_000 + DAY - 1);
    }

    function test_LastPeriodEndsBeforeTheLimit() external {
        // The period from `anchor` on ends at 2^47 - 2, so that its successor's first second is below 2^47.
        uint256 anchor = LIMIT - 1 - 300;
        _assertPeriod(anchor, 300, anchor, 0, anchor, LIMIT - 2);
        _assertPeriod(LIMIT - 2, 300, anchor, 0, anchor, LIMIT - 2);
        _expectTooLate(LIMIT - 1);
        harness.periodAt(LIMIT - 1, 300, anchor);
    }

    function test_RevertWhen_PeriodEndsAtTheLimit() external {
        uint256 anchor = LIMIT - 300;
        _expectTooLate(anchor);
        harness.periodAt(anchor, 300, anchor);
    }

    function test_RevertWhen_AnchorIsAtTheLimit() external {
        _expectTooLate(LIMIT);
        harness.periodAt(LIMIT, 300, LIMIT);
        _expectTooLate(type(uint48).max);
        harness.periodAt(type(uint48).max, 300, type(uint48).max);
    }

    /// @dev The claimed time is any uint256: the end of its period may exceed that.
    function test_RevertWhen_ClaimedTimeIsTheLargestNumber() external {
        _expectTooLate(type(uint256).max);
        harness.periodAt(type(uint256).max, 300, 0);
        _expectTooLate(type(uint256).max);
        harness.periodAt(type(uint256).max, type(uint32).max, type(uint48).max);
    }

    function testFuzz_RevertWhen_ClaimedTimeIsAtOrAboveTheLimit(uint256 time, uint32 length, uint48 anchor) external {
        time = bound(time, LIMIT, type(uint256).max);
        length = uint32(bound(length, 300, type(uint32).max));
        if (time < anchor) _expectTooEarly(anchor, time);
        else _expectTooLate(time);
        harness.periodAt(time, length, anchor);
    }

    function testFuzz_EveryTimeIsInItsPeriod(uint256 time, uint256 length, uint256 anchor) external view {
        length = bound(length, 300, type(uint32).max);
        time = bound(time, 1, LIMIT - 1 - length);
        anchor = bound(anchor, 0, time);
        (uint256 number, uint256 first, uint256 last) = harness.periodAt(time, length, anchor);
        assertLe(first, time);
        assertGe(last, time);
        assertEq(last - first + 1, length);
        assertEq(first, anchor + number * length);
    }

    function testFuzz_OnePeriodFollowsTheOther(uint256 time, uint256 length, uint256 anchor) external view {
        length = bound(length, 300, type(uint32).max);
        time = bound(time, 1, LIMIT - 1 - 2 * length);
        anchor = bound(anchor, 0, time);
        (uint256 number, uint256 first, uint256 last) = harness.periodAt(time, length, anchor);
        _assertPeriod(last, length, anchor, number, first, last);
        _assertPeriod(last + 1, length, anchor, number + 1, last + 1, last + length);
        if (first != 0) _assertPeriod(first, length, anchor, number, first, last);
    }

    function _assertPeriod(
        uint256 time,
        uint256 length,
        uint256 anchor,
        uint256 expectedNumber,
        uint256 expectedFirst,
        uint256 expectedLast
    ) private view {
        (uint256 number, uint256 first, uint256 last) = harness.periodAt(time, length, anchor);
        assertEq(number, expectedNumber, "number");
        assertEq(first, expectedFirst, "first");
        assertEq(last, expectedLast, "last");
    }

    function _expectTooEarly(uint256 anchor, uint256 claimedTime) private {
        vm.expectRevert(abi.encodeWithSelector(PeriodLibrary.ClaimedTimeTooEarly.selector, anchor, claimedTime));
    }

    function _expectTooLate(uint256 claimedTime) private {
        vm.expectRevert(abi.encodeWithSelector(PeriodLibrary.ClaimedTimeTooLate.selector, claimedTime));
    }
}
