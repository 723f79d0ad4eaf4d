// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Reads packed integers out of calldata by absolute position.
/// @dev No bounds are checked here: what lies beyond the end of calldata reads as zero. A caller that parses from front
/// to back compares the final position with the end, once, before it relies on what it read.
library CalldataReader {
    /// @notice The 32 bytes at `position`, which counts from the start of the call's calldata.
    function word(uint256 position) internal pure returns (bytes32 value) {
        // The opcode itself: Solidity offers no read at an absolute position.
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }

    /// @notice The `size` bytes at `position` as a big-endian integer; `size` is 1 to 32.
    function integer(uint256 position, uint256 size) internal pure returns (uint256) {
        unchecked {
            return uint256(word(position)) >> (256 - 8 * size);
        }
    }

    /// @notice Where `data` begins, counted from the start of the call's calldata.
    function positionOf(bytes calldata data) internal pure returns (uint256 position) {
        // A calldata slice is a pair of position and length; this is the first.
        assembly ("memory-safe") {
            position := data.offset
        }
    }

    /// @notice The `length` bytes at `position`.
    function slice(uint256 position, uint256 length) internal pure returns (bytes calldata data) {
        // The reverse of `positionOf`.
        assembly ("memory-safe") {
            data.offset := position
            data.length := length
        }
    }

    /// @notice Where the contents of a dynamic field of an ABI-encoded struct begin, and how long they are.
    /// @dev The compiler's own decoder looks where calldata ends. Whoever uses this relies on the caller to encode well.
    /// @param base Where the struct begins.
    /// @param head Where in it the field's offset is.
    function field(uint256 base, uint256 head) internal pure returns (uint256 position, uint256 length) {
        unchecked {
            position = base + uint256(word(base + head));
            length = uint256(word(position));
            position += 32;
        }
    }

    /// @notice The hash of the `length` bytes at `position`.
    function hash(uint256 position, uint256 length) internal pure returns (bytes32 value) {
        // keccak256 of the slice, without the compiler's refusal of what lies beyond the end of calldata. The copy is made
        // in free memory, which stays free.
        assembly ("memory-safe") {
            let copied := mload(0x40)
            calldatacopy(copied, position, length)
            value := keccak256(copied, length)
        }
    }
}
