// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";

/// @notice The seconds from `validAfter` to `validUntil`, both included (EntryPoint v0.8 and later refuse the first); `validUntil` is never 0 here: no end is
/// `NO_END`.
struct ValidityWindow {
    uint256 validAfter;
    uint256 validUntil;
}

/// @dev Times are below this: EntryPoint v0.9 reads bit 47 of a bound as "this is a block number".
uint256 constant TIME_LIMIT = 1 << 47;

/// @dev The end of a window without end.
uint256 constant NO_END = type(uint48).max;

using ValidityWindowLibrary for ValidityWindow global;

/// @notice Validity windows and their ERC-4337 form, validation data: `validAfter` in the top 48 bits, `validUntil` in
/// the next 48 with 0 for no end, and the outcome of the signature check in the low 160.
library ValidityWindowLibrary {
    uint256 private constant UNTIL_OFFSET = 160;
    uint256 private constant AFTER_OFFSET = 208;

    /// @notice The ERC-4337 form of a window, in its top 96 bits.
    function pack(ValidityWindow memory window) internal pure returns (uint256 validationData) {
        uint256 until = window.validUntil == NO_END ? 0 : window.validUntil;
        return pack(window.validAfter, until);
    }

    /// @notice The ERC-4337 form of the seconds from `validAfter` to `validUntil` (0: no end), each below 2^48.
    function pack(uint256 validAfter, uint256 validUntil) internal pure returns (uint256 validationData) {
        return validAfter << AFTER_OFFSET | validUntil << UNTIL_OFFSET;
    }

    /// @notice The bounds in validation data; a `validUntil` of 0 means no end.
    function unpack(uint256 validationData) internal pure returns (uint256 validAfter, uint256 validUntil) {
        return (validationData >> AFTER_OFFSET, validationData >> UNTIL_OFFSET & type(uint48).max);
    }

    /// @notice Restricts `window` by what a policy answered. Reverts if that is no validity window.
    /// @param id The session, for errors.
    /// @param size How long the answer is.
    /// @param validationData What it is, if it is a word.
    function restrict(ValidityWindow memory window, bytes32 id, address policy, uint256 size, uint256 validationData)
        internal
        pure
    {
        // An address without code answers with nothing.
        if (size != 32) revert ISessionKeyManager.InvalidPolicyAnswer(id, policy, size);
        if (validationData == 0) return;
        if (uint160(validationData) != 0) {
            revert ISessionKeyManager.InvalidPolicyValidationData(id, policy, validationData);
        }
        (uint256 validAfter, uint256 validUntil) = unpack(validationData);
        requireTimes(validAfter, validUntil);
        intersect(window, validAfter, validUntil);
    }

    /// @notice Restricts `window` by the validity window that one of the manager's own policies answered.
    function restrict(ValidityWindow memory window, uint256 validationData) internal pure {
        if (validationData == 0) return;
        (uint256 validAfter, uint256 validUntil) = unpack(validationData);
        intersect(window, validAfter, validUntil);
    }

    /// @notice Reverts unless both can be bounds of a window.
    function requireTimes(uint256 first, uint256 last) internal pure {
        // The limit is a power of two.
        if (first | last >= TIME_LIMIT) {
            revert ISessionKeyManager.TimeOutOfRange(first >= TIME_LIMIT ? first : last);
        }
    }

    /// @notice Restricts `window` to the seconds from `validAfter` to `validUntil` (0: no end).
    function intersect(ValidityWindow memory window, uint256 validAfter, uint256 validUntil) internal pure {
        if (validAfter > window.validAfter) window.validAfter = validAfter;
        if (validUntil != 0 && validUntil < window.validUntil) window.validUntil = validUntil;
    }

    /// @notice The validation data of the seconds in both of two windows, with the outcome of the signature check in the first.
    function intersect(uint256 one, uint256 other) internal pure returns (uint256 validationData) {
        unchecked {
            if (other == 0) return one;
            (uint256 validAfter, uint256 validUntil) = unpack(one);
            (uint256 otherAfter, uint256 otherUntil) = unpack(other);
            // An end of 0, none, wraps around to the latest of all.
            validUntil = Math.min(validUntil - 1, otherUntil - 1) + 1;
            return pack(Math.max(validAfter, otherAfter), validUntil) | uint160(one);
        }
    }

    /// @notice Whether no second is in the window of validation data.
    function isEmpty(uint256 validationData) internal pure returns (bool empty) {
        (uint256 validAfter, uint256 validUntil) = unpack(validationData);
        assembly ("memory-safe") {
            empty := mul(gt(validAfter, validUntil), iszero(iszero(validUntil)))
        }
    }
}
