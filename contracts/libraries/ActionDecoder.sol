// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "./CalldataReader.sol";
import {ANY_TARGET, NO_CALLDATA} from "../types/Session.sol";
import {SessionHash} from "./SessionHash.sol";
import {Words, WordsLibrary} from "../types/Words.sol";

/// @notice Reads actions and policies in the packed form that a use carries them in (docs/encoding.md).
/// @dev Positions are absolute, bounds are the caller's business: see {CalldataReader}.
library ActionDecoder {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// @notice The fields of the packed action at `position`.
    /// @return target As in {Action}.
    /// @return selector As in {Action}.
    /// @return maxValue As in {Action}.
    /// @return canonical Whether `maxValue` is in its shortest form and at most 32 bytes long. If not, the rest is void.
    /// @return policyCount How many policies follow.
    /// @return cursor Where they begin.
    function readAction(uint256 position)
        internal
        pure
        returns (address target, bytes4 selector, uint256 maxValue, bool canonical, uint256 policyCount, uint256 cursor)
    {
        unchecked {
            uint256 head = uint256(position.word());
            target = address(uint160(head >> 96));
            selector = bytes4(uint32(head >> 64));
            uint256 length = head >> 56 & 0xff;
            cursor = position + 25;
            canonical = true;
            if (length != 0) {
                if (length > 32) return (target, selector, 0, false, 0, cursor);
                maxValue = cursor.integer(length);
                // The first byte is not zero.
                canonical = maxValue >> 8 * (length - 1) != 0;
                cursor += length;
            }
            policyCount = cursor.integer(1);
            cursor += 1;
        }
    }

    /// @notice Whether a call is an ordinary one that the packed action at `position` allows: of a function that the action
    /// names, on a target that it names, without value, under an action that allows none. Any other call, allowed or not,
    /// is to be looked at in full.
    /// @return matches Whether it is. If not, the rest is void.
    /// @return policyCount How many policies the action has.
    /// @return cursor Where they begin.
    function matchOrdinary(uint256 position, address target, uint256 value, bytes calldata data)
        internal
        pure
        returns (bool matches, uint256 policyCount, uint256 cursor)
    {
        unchecked {
            uint256 head = uint256(position.word());
            uint256 selector = data.positionOf().integer(4);
            // Each part is 0 if it is as it should be. Calldata of less than four bytes wraps around.
            uint256 odd = (head >> 64 ^ (uint256(uint160(target)) << 32 | selector)) | (head >> 56 & 0xff) | value;
            odd |= data.length - 4 >> 64;
            // What stands for more than itself: the selectors from NO_CALLDATA up, and any target.
            matches = odd == 0 && selector < uint32(NO_CALLDATA) && target != ANY_TARGET;
            policyCount = head >> 48 & 0xff;
            cursor = position + 26;
        }
    }

    /// @notice The packed policy at `position`, and where what follows it begins.
    function readPolicy(uint256 position)
        internal
        pure
        returns (address policy, bytes calldata config, uint256 cursor)
    {
        unchecked {
            // 20 bytes of address and 2 of length, in one read.
            uint256 head = position.integer(22);
            uint256 length = head & 0xffff;
            policy = address(uint160(head >> 16));
            config = (position + 22).slice(length);
            cursor = position + 22 + length;
        }
    }

    /// @notice The EIP-712 hash of an array of `count` packed policies at `position`, at least one, and where what follows
    /// begins.
    /// @param end Where the signature ends: what lies beyond is not hashed, and the cursor then is beyond it too.
    function hashPolicies(uint256 position, uint256 count, uint256 end)
        internal
        pure
        returns (bytes32 hash, uint256 cursor)
    {
        unchecked {
            cursor = position;
            Words hashes = WordsLibrary.allocate(count);
            for (uint256 i = 0; i < count; ++i) {
                uint256 head = cursor.integer(22);
                uint256 length = head & 0xffff;
                uint256 config = cursor + 22;
                cursor = config + length;
                if (cursor > end) return (0, cursor);
                hashes.set(i, SessionHash.hashPolicy(head >> 16, config.hash(length)));
            }
            hash = hashes.hash(count);
        }
    }
}
