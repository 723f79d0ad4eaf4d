// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {SessionHash} from "./SessionHash.sol";

/// @notice Reads actions and policies in the packed form that a use carries them in (docs/encoding.md).
/// @dev Positions are absolute, bounds are the caller's business: see {CalldataReader}.
library ActionDecoder {
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
            bytes32 head = position.word();
            target = address(bytes20(head));
            selector = bytes4(head << 160);
            uint256 length = uint8(head[24]);
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

    /// @notice The EIP-712 hash of an array of `count` packed policies at `position`, and where what follows begins.
    /// @param end Where the signature ends: what lies beyond is not hashed, and the cursor then is beyond it too.
    function hashPolicies(uint256 position, uint256 count, uint256 end)
        internal
        pure
        returns (bytes32 hash, uint256 cursor)
    {
        unchecked {
            cursor = position;
            if (count == 0) return (SessionHash.EMPTY_ARRAY_HASH, cursor);
            bytes32[] memory hashes = new bytes32[](count);
            for (uint256 i = 0; i < count; ++i) {
                address policy;
                bytes calldata config;
                (policy, config, cursor) = readPolicy(cursor);
                if (cursor > end) return (0, cursor);
                hashes[i] = SessionHash.hashPolicy(policy, EfficientHashLib.hashCalldata(config));
            }
            hash = EfficientHashLib.hash(hashes);
        }
    }
}
