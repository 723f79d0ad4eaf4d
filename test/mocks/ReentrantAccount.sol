// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An account that calls back whoever asks for its signature (ERC-1271) with what it was told to, and takes every
/// signature.
contract ReentrantAccount {
    bytes private _question;

    function onSignature(bytes calldata question) external {
        _question = question;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        bytes memory question = _question;
        // Whatever comes of it; where nothing may be changed, it takes all the gas it has.
        (bool success,) = msg.sender.call{gas: 1_000_000}(question);
        success;
        return this.isValidSignature.selector;
    }
}
