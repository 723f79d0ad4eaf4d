// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A row of words in memory, by its position: what is hashed as a struct or as an array.
/// @dev Nothing is zeroed and no bounds are checked: whoever allocates one writes what it reads or hashes.
type Words is uint256;

using WordsLibrary for Words global;

library WordsLibrary {
    /// @notice Room for `count` words.
    function allocate(uint256 count) internal pure returns (Words words) {
        // Takes it from Solidity's free memory.
        assembly ("memory-safe") {
            words := mload(0x40)
            mstore(0x40, add(words, shl(5, count)))
        }
    }

    function set(Words words, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(words, shl(5, index)), value)
        }
    }

    function set(Words words, uint256 index, bytes32 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(words, shl(5, index)), value)
        }
    }

    function get(Words words, uint256 index) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(words, shl(5, index)))
        }
    }

    /// @notice The hash of the first `count` words.
    function hash(Words words, uint256 count) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := keccak256(words, shl(5, count))
        }
    }
}
