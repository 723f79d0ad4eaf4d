// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Checks the signatures of session keys (ERC-7913).
library KeySignature {
    using CalldataReader for uint256;

    /// @notice Whether the key of a session signed `digest`, by the `length` bytes at `position`. A key of 20 bytes is an
    /// address, and its signature r, s, v; it is not called, nor its code looked at. A longer one is a verifier (ERC-7913)
    /// and what that calls a key.
    function isValid(bytes32 id, PackedUse packed, bytes32 digest, uint256 position, uint256 length)
        internal
        view
        returns (bool)
    {
        unchecked {
            uint256 keyLength = packed.keyLength();
            uint256 key = packed.keyPosition().integer(20);
            if (keyLength < 20 || key == 0) revert ISessionKeyManager.SessionKeyNotSupported(keyLength);
            if (keyLength > 20) {
                bytes calldata rest = (packed.keyPosition() + 20).slice(keyLength - 20);
                return _isVerified(id, address(uint160(key)), rest, digest, position.slice(length));
            }

            if (length != 65) revert ISessionKeyManager.InvalidSignatureLength(65, length);
            (address signer, ECDSA.RecoverError err,) =
                ECDSA.tryRecover(digest, uint8((position + 64).integer(1)), position.word(), (position + 32).word());
            return err == ECDSA.RecoverError.NoError && uint160(signer) == key;
        }
    }

    /// @dev Whether an ERC-7913 verifier takes a signature. If it reverts it does not.
    function _isVerified(bytes32 id, address verifier, bytes calldata key, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        // All the gas there is (EIP-150), without the GAS opcode: see the manager's _ask.
        (bool answered, bytes memory answer) = verifier.staticcall{gas: type(uint256).max}(
            abi.encodeCall(IERC7913SignatureVerifier.verify, (key, digest, signature))
        );
        if (!answered) return false;
        // An address without code answers with nothing.
        if (answer.length != 32) revert ISessionKeyManager.InvalidVerifierAnswer(id, verifier, answer.length);
        return bytes32(answer) == bytes32(IERC7913SignatureVerifier.verify.selector);
    }
}
