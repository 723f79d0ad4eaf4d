// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A verifier (ERC-7913) that calls back whoever asks it with what it was told to, and takes every signature.
contract ReentrantVerifier {
    bytes private _question;

    function onSignature(bytes calldata question) external {
        _question = question;
    }

    function verify(bytes calldata, bytes32, bytes calldata) external returns (bytes4) {
        bytes memory question = _question;
        // Whatever comes of it; where nothing may be changed, it takes all the gas it has.
        (bool success,) = msg.sender.call{gas: 1_000_000}(question);
        success;
        return this.verify.selector;
    }
}
