// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Answers every call with the bytes of its configuration, whatever their length.
contract EchoPolicy {
    fallback(bytes calldata question) external returns (bytes memory config) {
        (,,,,,, config) = abi.decode(question[4:], (address, bytes32, address, uint256, uint256, bytes, bytes));
    }
}
