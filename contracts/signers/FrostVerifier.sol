// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {FrostSignature} from "../libraries/FrostSignature.sol";

/// @title FrostVerifier
/// @notice Session keys that several nodes hold together (ERC-7913): FROST(secp256k1, SHA-256) of RFC 9591. How many of them
/// signed does not show. Key: the compressed public key, 33 bytes. Signature: x and y of R, and z, 32 bytes each.
/// @dev Stateless.
contract FrostVerifier is IERC7913SignatureVerifier {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Never reverts, unless gas runs out: whatever is malformed is not valid. Anyone may call it.
    /// @param key 33 bytes: 2, or 3 if y is odd, and x.
    /// @param hash The message of RFC 9591, which is these 32 bytes.
    /// @param signature 96 bytes.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external pure returns (bytes4) {
        if (key.length != 33 || signature.length != 96) return 0xffffffff;
        unchecked {
            uint256 position = signature.positionOf();
            bool valid = FrostSignature.isValid(
                uint8(key[0]),
                uint256((key.positionOf() + 1).word()),
                abi.encodePacked(hash),
                uint256(position.word()),
                uint256((position + 32).word()),
                uint256((position + 64).word())
            );
            return valid ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
        }
    }
}
