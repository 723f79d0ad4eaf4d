// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Checks the signatures of session keys (ERC-7913).
library KeySignature {
    using CalldataReader for uint256;

    /// @dev Half the order of secp256k1: with s above it, the same signature has a second form.
    uint256 private constant MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Whether the key of a session signed `digest`, by the `length` bytes at `position`. A key of 20 bytes is an
    /// address, and its signature r, s, v; it is not called, nor its code looked at. A longer one is a verifier (ERC-7913)
    /// and what that calls a key.
    function isValid(bytes32 id, PackedUse packed, bytes32 digest, uint256 position, uint256 length)
        internal
        view
        returns (bool valid)
    {
        unchecked {
            uint256 key = packed.keyPosition().integer(20);
            // Mostly it is an address, not 0, and its signature as long as it should be: each part is 0 then. (The compiler
            // inlines this only if it does not return early.)
            if ((packed.keyLength() ^ 20) | (length ^ 65) | (key - 1 >> 160) == 0) {
                valid = _recover(digest, position) == key;
            } else {
                valid = _isValid(id, packed, digest, position, length);
            }
        }
    }

    /// @dev The same for any other.
    function _isValid(bytes32 id, PackedUse packed, bytes32 digest, uint256 position, uint256 length)
        private
        view
        returns (bool)
    {
        unchecked {
            uint256 keyLength = packed.keyLength();
            uint256 key = packed.keyPosition().integer(20);
            if (key == 0 || keyLength < 20) revert ISessionKeyManager.SessionKeyNotSupported(keyLength);
            if (keyLength == 20) revert ISessionKeyManager.InvalidSignatureLength(65, length);
            bytes calldata rest = (packed.keyPosition() + 20).slice(keyLength - 20);
            return _isVerified(id, address(uint160(key)), rest, digest, position.slice(length));
        }
    }

    /// @dev The address that signed `digest` by the r, s and v at `position`; 0 if none did, or if s is in the upper half of
    /// its range.
    function _recover(bytes32 digest, uint256 position) private view returns (uint256 signer) {
        // The precompile takes digest, v, r, s, and answers with nothing if that is no signature. The answer overwrites the
        // zero. As to the gas: see the manager's PolicyCall.
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), byte(0, calldataload(add(position, 64))))
            calldatacopy(add(input, 0x40), position, 64)
            mstore(0, 0)
            pop(staticcall(not(0), 1, input, 0x80, 0, 0x20))
            signer := mul(mload(0), iszero(gt(mload(add(input, 0x60)), MAX_S)))
        }
    }

    /// @dev Whether an ERC-7913 verifier takes a signature. If it reverts it does not.
    function _isVerified(bytes32 id, address verifier, bytes calldata key, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        // All the gas there is (EIP-150), without the GAS opcode: see {PolicyCall}.
        (bool answered, bytes memory answer) = verifier.staticcall{gas: type(uint256).max}(
            abi.encodeCall(IERC7913SignatureVerifier.verify, (key, digest, signature))
        );
        if (!answered) return false;
        // An address without code answers with nothing.
        if (answer.length != 32) revert ISessionKeyManager.InvalidVerifierAnswer(id, verifier, answer.length);
        return bytes32(answer) == bytes32(IERC7913SignatureVerifier.verify.selector);
    }
}
