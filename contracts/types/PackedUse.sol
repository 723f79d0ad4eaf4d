// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "../libraries/CalldataReader.sol";
import {NO_END, ValidityWindowLibrary} from "./ValidityWindow.sol";

/// @notice Where a packed use begins: a position in the calldata of the present call. Its fields are read from there.
///
///   0      1             7       15           21           27     59          79           95           97
/// +-------+-------------+-------+------------+------------+------+-----------+------------+------------+-----
/// | flags | claimedTime | epoch | validAfter | validUntil | salt | paymaster | maxOpCost  | keyLength  | key ...
/// |   1   |      6      |   8   |     6      |     6      |  32  |    20     |    16      |     2      |
/// +-------+-------------+-------+------------+------------+------+-----------+------------+------------+-----
///
/// docs/encoding.md says what the fields are and what follows the key.
type PackedUse is uint256;

using PackedUseLibrary for PackedUse global;

/// @dev No bounds are checked here: see {CalldataReader}.
library PackedUseLibrary {
    using CalldataReader for uint256;

    uint256 private constant CLAIMED_TIME = 1;
    uint256 private constant EPOCH = 7;
    uint256 private constant VALID_AFTER = 15;
    uint256 private constant VALID_UNTIL = 21;
    uint256 private constant SALT = 27;
    uint256 private constant PAYMASTER = 59;
    uint256 private constant MAX_OP_COST = 79;
    uint256 private constant KEY_LENGTH = 95;
    uint256 private constant KEY = 97;

    /// @dev The top bits of both bounds, 48 bits each.
    uint256 private constant OUT_OF_RANGE = 0x800000000000800000000000;

    function position(PackedUse use) internal pure returns (uint256) {
        return PackedUse.unwrap(use);
    }

    function flags(PackedUse use) internal pure returns (uint256) {
        return use.position().integer(1);
    }

    function claimedTime(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + CLAIMED_TIME).integer(6);
        }
    }

    function epoch(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + EPOCH).integer(8);
        }
    }

    function validAfter(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + VALID_AFTER).integer(6);
        }
    }

    function validUntil(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + VALID_UNTIL).integer(6);
        }
    }

    /// @notice The session's own validity window as validation data (see {ValidityWindowLibrary}), and whether a bound is none or
    /// the window is empty.
    function validationData(PackedUse use) internal pure returns (uint256 data, uint256 odd) {
        // validAfter and validUntil are 12 bytes in a row. A bound is too late if its top bit is set; a window is empty if it has
        // an end, and begins after that.
        assembly ("memory-safe") {
            let bounds := shr(160, shl(120, calldataload(use)))
            let first := shr(48, bounds)
            let last := and(bounds, 0xffffffffffff)
            odd := or(and(bounds, OUT_OF_RANGE), mul(gt(first, last), last))
            data := shl(160, bounds)
        }
    }

    /// @notice The session's own validity window, see {ValidityWindow}. Reverts if a bound is none.
    function window(PackedUse use) internal pure returns (uint256 first, uint256 last) {
        (first, last) = (use.validAfter(), use.validUntil());
        ValidityWindowLibrary.requireTimes(first, last);
        if (last == 0) last = NO_END;
    }

    function salt(PackedUse use) internal pure returns (bytes32) {
        unchecked {
            return (use.position() + SALT).word();
        }
    }

    function paymaster(PackedUse use) internal pure returns (address) {
        unchecked {
            return address(uint160((use.position() + PAYMASTER).integer(20)));
        }
    }

    function maxOpCost(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + MAX_OP_COST).integer(16);
        }
    }

    function keyLength(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return (use.position() + KEY_LENGTH).integer(2);
        }
    }

    /// @notice Where the session key begins.
    function keyPosition(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return use.position() + KEY;
        }
    }

    /// @notice Where the number of operation policies is, which they follow.
    function operationPolicies(PackedUse use) internal pure returns (uint256) {
        unchecked {
            return use.keyPosition() + use.keyLength();
        }
    }
}
