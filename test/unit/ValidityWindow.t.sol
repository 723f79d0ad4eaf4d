// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {Test} from "forge-std/Test.sol";
import {NO_END, TIME_LIMIT, ValidityWindow, ValidityWindowLibrary} from "contracts/types/ValidityWindow.sol";

contract ValidityWindowTest is Test {
    function test_Constants() external pure {
        assertEq(TIME_LIMIT, 2 ** 47);
        assertEq(NO_END, 2 ** 48 - 1);
    }

    function test_PackPutsTheBoundsIntoTheTop96Bits() external pure {
        assertEq(ValidityWindowLibrary.pack(1, 0), 2 ** 208);
        assertEq(ValidityWindowLibrary.pack(0, 1), 2 ** 160);
        assertEq(ValidityWindowLibrary.pack(0, 0), 0);
        assertEq(ValidityWindowLibrary.pack(type(uint48).max, type(uint48).max), type(uint256).max - type(uint160).max);
    }

    function test_NoEndIsPackedAsZero() external pure {
        assertEq(ValidityWindow(5, NO_END).pack(), 5 << 208);
        assertEq(ValidityWindow(5, NO_END - 1).pack(), 5 << 208 | (NO_END - 1) << 160);
    }

    function test_IntersectKeepsTheLaterStartAndTheEarlierEnd() external pure {
        _assertIntersection(ValidityWindow(10, 20), 12, 18, ValidityWindow(12, 18));
        _assertIntersection(ValidityWindow(10, 20), 5, 25, ValidityWindow(10, 20));
        _assertIntersection(ValidityWindow(10, 20), 5, 15, ValidityWindow(10, 15));
        _assertIntersection(ValidityWindow(10, 20), 15, 25, ValidityWindow(15, 20));
        _assertIntersection(ValidityWindow(10, 20), 10, 20, ValidityWindow(10, 20));
    }

    function test_IntersectTakesZeroForNoEnd() external pure {
        _assertIntersection(ValidityWindow(10, 20), 0, 0, ValidityWindow(10, 20));
        _assertIntersection(ValidityWindow(10, NO_END), 12, 0, ValidityWindow(12, NO_END));
        _assertIntersection(ValidityWindow(10, NO_END), 0, 30, ValidityWindow(10, 30));
    }

    function test_IntersectMayBeEmpty() external pure {
        _assertIntersection(ValidityWindow(10, 20), 21, 30, ValidityWindow(21, 20));
        _assertIntersection(ValidityWindow(10, 20), 1, 9, ValidityWindow(10, 9));
    }

    function testFuzz_UnpackReturnsWhatWasPacked(uint48 validAfter, uint48 validUntil, uint160 outcome) external pure {
        uint256 packed = ValidityWindowLibrary.pack(validAfter, validUntil);
        assertEq(uint160(packed), 0);
        (uint256 start, uint256 end) = ValidityWindowLibrary.unpack(packed | outcome);
        assertEq(start, validAfter);
        assertEq(end, validUntil);
    }

    /// @dev OpenZeppelin's reading of ERC-4337 is the reference.
    function testFuzz_PackAgreesWithERC4337(uint48 validAfter, uint48 validUntil) external pure {
        validAfter = uint48(bound(validAfter, 0, TIME_LIMIT - 1));
        validUntil = uint48(bound(validUntil, 0, TIME_LIMIT - 1));
        assertEq(
            ValidityWindowLibrary.pack(validAfter, validUntil),
            ERC4337Utils.packValidationData(address(0), validAfter, validUntil)
        );
        assertEq(
            ValidityWindow(validAfter, validUntil == 0 ? NO_END : validUntil).pack(),
            ERC4337Utils.packValidationData(address(0), validAfter, validUntil)
        );
    }

    /// @dev What makes an intersection: a second is in it if it is in both.
    function testFuzz_IntersectionHasTheSecondsOfBoth(
        uint48 after0,
        uint48 until0,
        uint48 after1,
        uint48 until1,
        uint48 time
    ) external pure {
        until0 = uint48(bound(until0, 1, NO_END));
        ValidityWindow memory window = ValidityWindow(after0, until0);
        window.intersect(after1, until1);
        _assertSecond(window, after0, until0, after1, until1, time);
        // The bounds themselves and their neighbours.
        uint48[4] memory bounds = [after0, until0, after1, until1];
        for (uint256 i = 0; i < 4; ++i) {
            _assertSecond(window, after0, until0, after1, until1, bounds[i]);
            if (bounds[i] > 0) _assertSecond(window, after0, until0, after1, until1, bounds[i] - 1);
            if (bounds[i] < NO_END) _assertSecond(window, after0, until0, after1, until1, bounds[i] + 1);
        }
    }

    /// @dev As validation data two windows have the same intersection as structs; no end is as good as the latest.
    function testFuzz_ValidationDataIntersectsLikeWindows(uint48[4] memory times, uint160 outcome, uint8 zeros)
        external
        pure
    {
        for (uint256 i = 0; i < 4; ++i) {
            times[i] = zeros >> i & 1 == 1 ? 0 : uint48(bound(times[i], 0, TIME_LIMIT - 1));
        }
        ValidityWindow memory window = ValidityWindow(times[0], times[1] == 0 ? NO_END : times[1]);
        window.intersect(times[2], times[3]);
        uint256 intersection = ValidityWindowLibrary.intersect(
            ValidityWindowLibrary.pack(times[0], times[1]) | outcome, ValidityWindowLibrary.pack(times[2], times[3])
        );
        assertEq(intersection, window.pack() | outcome);
        assertEq(ValidityWindowLibrary.isEmpty(intersection), window.validAfter > window.validUntil);
    }

    function _assertSecond(
        ValidityWindow memory window,
        uint48 after0,
        uint48 until0,
        uint48 after1,
        uint48 until1,
        uint48 time
    ) private pure {
        bool inFirst = time >= after0 && time <= until0;
        bool inSecond = time >= after1 && (until1 == 0 || time <= until1);
        assertEq(time >= window.validAfter && time <= window.validUntil, inFirst && inSecond);
    }

    function _assertIntersection(
        ValidityWindow memory window,
        uint256 validAfter,
        uint256 validUntil,
        ValidityWindow memory expected
    ) private pure {
        window.intersect(validAfter, validUntil);
        assertEq(window.validAfter, expected.validAfter);
        assertEq(window.validUntil, expected.validUntil);
    }
}
