// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Asker} from "../types/Asker.sol";
import {TIME_LIMIT} from "../types/ValidityWindow.sol";

/// @notice Periods of equal length that begin at an anchor: number n is the seconds from anchor + n * length to anchor +
/// (n + 1) * length - 1.
/// @dev A session key claims a time, the period follows from it, and a policy returns the period as its validity window:
/// so the EntryPoint proves the claim, and nothing in validation reads the clock.
library PeriodLibrary {
    /// @dev The shortest period, in seconds. Bundlers leave some 35 s around each boundary unused.
    uint256 internal constant MIN_LENGTH = 300;

    /// @notice The claimed time is 0 or before the anchor (Unix time, seconds).
    error ClaimedTimeTooEarly(uint256 anchor, uint256 claimedTime);

    /// @notice The claimed time is so late that the end of its period reaches 2^47.
    error ClaimedTimeTooLate(uint256 claimedTime);

    /// @notice The period that a claimed time falls into. Times, lengths and anchors are below 2^48.
    /// @param claimedTime Unix time, seconds; not 0 and not before the anchor, else {ClaimedTimeTooEarly}.
    /// @param length Of a period, in seconds; not 0.
    /// @param anchor Unix time, seconds.
    /// @param asker Whom a refusal goes to.
    /// @return number Of the period, counted from 0 at the anchor.
    /// @return first Its first second, Unix time.
    /// @return last Its last second, Unix time.
    function periodAt(uint256 claimedTime, uint256 length, uint256 anchor, Asker asker)
        internal
        pure
        returns (uint256 number, uint256 first, uint256 last)
    {
        bool found;
        (found, number, first, last) = tryPeriodAt(claimedTime, length, anchor);
        if (found) return (number, first, last);
        asker.refuse(
            claimedTime == 0 || claimedTime < anchor
                ? abi.encodeWithSelector(ClaimedTimeTooEarly.selector, anchor, claimedTime)
                : abi.encodeWithSelector(ClaimedTimeTooLate.selector, claimedTime)
        );
    }

    /// @notice {periodAt}, which refuses nothing: if there is no such period, `found` is false and the rest is void.
    function tryPeriodAt(uint256 claimedTime, uint256 length, uint256 anchor)
        internal
        pure
        returns (bool found, uint256 number, uint256 first, uint256 last)
    {
        unchecked {
            // 0 wraps around to the latest time of all.
            if (claimedTime - 1 >= TIME_LIMIT - 1 || claimedTime < anchor) return (false, 0, 0, 0);
            number = (claimedTime - anchor) / length;
            first = anchor + number * length;
            last = first + length - 1;
            found = last + 1 < TIME_LIMIT;
        }
    }
}
