// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {P256Signature} from "../libraries/P256Signature.sol";

/// @title P256Verifier
/// @notice Session keys on P-256 that sign the digest itself (ERC-7913). Key: x ++ y. Signature: r ++ s.
/// @dev Stateless. Two of it are deployed: one relies on the precompile, the other does not: docs/signers.md.
contract P256Verifier is IERC7913SignatureVerifier {
    using CalldataReader for bytes;

    /// @notice Whether the precompile at 0x100 checks the signatures.
    bool public immutable USES_PRECOMPILE;

    /// @param usesPrecompile Whether the precompile at 0x100 shall check the signatures. Then it must be there.
    constructor(bool usesPrecompile) {
        if (usesPrecompile) P256Signature.requirePrecompile();
        USES_PRECOMPILE = usesPrecompile;
    }

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Never reverts, unless gas runs out: whatever is malformed is not valid. Anyone may call it.
    /// @param key 64 bytes.
    /// @param signature 64 bytes, s in the lower half of its range.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bool valid = key.length == 64 && signature.length == 64
            && P256Signature.isValid(USES_PRECOMPILE, hash, signature.positionOf(), key);
        return valid ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }
}
