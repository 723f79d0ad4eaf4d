// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Schnorr signatures on secp256k1 as RFC 9591 has them in FROST(secp256k1, SHA-256): z G = R + c P, where c hashes R,
/// the public key P and the message.
library FrostSignature {
    /// @dev The field's prime and the curve's order.
    uint256 internal constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev What hash_to_field (RFC 9380) ends each of its messages with: the tag of H2, and its length of 29 bytes.
    bytes30 private constant TAG = "FROST-secp256k1-SHA256-v1chal\x1d";

    /// @notice Whether a signature of `message` counts.
    /// @dev False, too, for a public key or an R that is no point of the curve, and for numbers that are out of range: each
    /// signature has one form. A public key whose x is the order or more is refused as well: ecrecover cannot take it, and no
    /// one can find such a key.
    /// @param prefix The first byte of the compressed public key: 2, or 3 if its y is odd.
    /// @param x The rest of the compressed public key.
    /// @param rx x of R.
    /// @param ry y of R.
    /// @param z From 1 to the order less 1.
    function isValid(uint256 prefix, uint256 x, bytes memory message, uint256 rx, uint256 ry, uint256 z)
        internal
        pure
        returns (bool)
    {
        if (prefix != 2 && prefix != 3) return false;
        if (x == 0 || x >= N || rx >= P || ry >= P || z == 0 || z >= N) return false;
        // Without this, any bytes with the right hash would do for R, and a collision of 160 bits is within reach.
        if (mulmod(ry, ry, P) != addmod(mulmod(rx, mulmod(rx, rx, P), P), 7, P)) return false;

        uint256 c = _challenge(prefix, x, message, rx, ry);
        // ecrecover(h, v, r, s) is the address of (s Q - h G) / r, where Q has the x r and the parity that v says. So this is
        // that of z G - c P, which must be R's.
        address found =
            ecrecover(bytes32(N - mulmod(z, x, N)), uint8(prefix + 25), bytes32(x), bytes32(mulmod(N - c, x, N)));
        return found != address(0) && uint160(found) == uint160(uint256(keccak256(abi.encode(rx, ry))));
    }

    /// @dev H2 of RFC 9591: hash_to_field with expand_message_xmd, SHA-256 and 48 bytes, reduced by the order.
    function _challenge(uint256 prefix, uint256 x, bytes memory message, uint256 rx, uint256 ry)
        private
        pure
        returns (uint256)
    {
        // A block of zeros, the compressed points and the message, the length in two bytes, 0.
        bytes32 b0 = sha256(
            abi.encodePacked(
                uint256(0), uint256(0), uint8(2 + (ry & 1)), rx, uint8(prefix), x, message, uint16(48), uint8(0), TAG
            )
        );
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), TAG));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), TAG));
        return addmod(mulmod(uint256(b1), 1 << 128, N), uint256(b2) >> 128, N);
    }
}
