// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice P-256 signatures, checked by the precompile at 0x100 (RIP-7212, EIP-7951) or in Solidity. Which, is settled when a
/// verifier is deployed: validation never asks whether the precompile is there, because bundlers refuse to trace it.
library P256Signature {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    address private constant PRECOMPILE = address(0x100);

    /// @dev The private key 1 (so the public key is the curve's generator) and a signature by it of keccak256("Latchkey").
    bytes32 private constant KNOWN_DIGEST = keccak256("Latchkey");
    bytes32 private constant KNOWN_R = 0x6b915b147a0c8f925d9e157128de17fc7b3587afd3c035d490d8bb26ce3ca5e5;
    bytes32 private constant KNOWN_S = 0x27327536aad473b561e0c626abe209709845783aa8b7e2a4b5200ff125ab0d2b;
    bytes32 private constant KNOWN_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    bytes32 private constant KNOWN_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;

    /// @notice Reverts with OpenZeppelin's `MissingPrecompile` unless the chain has the precompile: it takes a good signature
    /// and refuses a bad one.
    function requirePrecompile() internal view {
        bool takesGood = _ask(KNOWN_DIGEST, KNOWN_R, KNOWN_S, KNOWN_X, KNOWN_Y);
        bool takesBad = _ask(~KNOWN_DIGEST, KNOWN_R, KNOWN_S, KNOWN_X, KNOWN_Y);
        if (!takesGood || takesBad) revert Errors.MissingPrecompile(PRECOMPILE);
    }

    /// @notice Whether r and s, 32 bytes each at `position` in calldata, sign `digest` under the public key that `key` begins
    /// with: x and y, 32 bytes each.
    /// @dev False, too, for r or s of zero or at least the curve's order, s in the upper half of it, and a key that is no
    /// point of the curve. False if the precompile shall check and has gone.
    function isValid(bool byPrecompile, bytes32 digest, uint256 position, bytes calldata key)
        internal
        view
        returns (bool)
    {
        unchecked {
            (bytes32 r, bytes32 s) = (position.word(), (position + 32).word());
            uint256 point = key.positionOf();
            (bytes32 x, bytes32 y) = (point.word(), (point + 32).word());
            if (!byPrecompile) return P256.verifySolidity(digest, r, s, x, y);

            // The precompile takes s in both halves. The rest it checks itself, but not everywhere has it always done so.
            if (r == 0 || uint256(r) >= P256.N || s == 0 || uint256(s) > P256.N / 2) return false;
            if (!P256.isValidPublicKey(x, y)) return false;
            return _ask(digest, r, s, x, y);
        }
    }

    /// @dev Has the precompile check a signature. For a bad one it answers with nothing (some with zero), as does an address
    /// without code.
    function _ask(bytes32 digest, bytes32 r, bytes32 s, bytes32 x, bytes32 y) private view returns (bool) {
        // As much gas as there is, without the GAS opcode: see the manager.
        (bool answered, bytes memory answer) =
            PRECOMPILE.staticcall{gas: type(uint256).max}(abi.encode(digest, r, s, x, y));
        return answered && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }
}
