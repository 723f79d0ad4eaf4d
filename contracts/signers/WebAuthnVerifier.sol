// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Base64} from "solady/src/utils/Base64.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {P256Signature} from "../libraries/P256Signature.sol";

/// @title WebAuthnVerifier
/// @notice Session keys that are passkeys on P-256 (WebAuthn level 2 and 3, ERC-7913): the digest is the challenge.
///
/// Key: x ++ y, and then the user must have been verified (PIN, biometrics); or x ++ y ++ 0x01, and presence is enough.
///
/// Signature: 2 bytes A, A bytes of authenticator data, 2 bytes C, C bytes of client data (JSON), 2 bytes position of
/// `"type":"webauthn.get"` in it, 2 bytes position of `"challenge":"…"`, r, s. All of it, and nothing more.
/// @dev Stateless. Two of it are deployed: one relies on the precompile, the other does not: docs/signers.md. The relying
/// party (the hash that authenticator data begin with) is not checked: a passkey signs for its own only.
contract WebAuthnVerifier is IERC7913SignatureVerifier {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// @notice The most that authenticator data and client data may be, in bytes each: nobody can pad a signature to burn
    /// gas.
    uint256 public constant MAX_DATA = 1024;

    /// @dev Authenticator data are a hash (32), flags (1), a counter (4), and what else the authenticator adds.
    uint256 private constant MIN_AUTHENTICATOR_DATA = 37;
    uint256 private constant FLAGS_POSITION = 32;
    uint256 private constant USER_PRESENT = 0x01;
    uint256 private constant USER_VERIFIED = 0x04;
    uint256 private constant BACKUP_ELIGIBLE = 0x08;
    uint256 private constant BACKED_UP = 0x10;

    /// @notice Whether the precompile at 0x100 checks the signatures.
    bool public immutable USES_PRECOMPILE;

    /// @param usesPrecompile Whether the precompile at 0x100 shall check the signatures. Then it must be there.
    constructor(bool usesPrecompile) {
        if (usesPrecompile) P256Signature.requirePrecompile();
        USES_PRECOMPILE = usesPrecompile;
    }

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Never reverts, unless gas runs out: whatever is malformed is not valid. Anyone may call it.
    /// @param key 64 or 65 bytes, see above.
    /// @param signature See above.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return _isValid(key, hash, signature) ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }

    function _isValid(bytes calldata key, bytes32 hash, bytes calldata signature) private view returns (bool) {
        bool presenceIsEnough = key.length == 65;
        if (presenceIsEnough ? key[64] != 0x01 : key.length != 64) return false;

        (bool complete, bytes calldata authenticatorData, bytes calldata clientData, uint256 rest) = _read(signature);
        if (!complete) return false;

        unchecked {
            bool fits = _areFlagsGood(uint8(authenticatorData[FLAGS_POSITION]), presenceIsEnough)
                && _contains(clientData, rest.integer(2), '"type":"webauthn.get"')
                && _contains(clientData, (rest + 2).integer(2), _challenge(hash));
            bytes32 signed = sha256(bytes.concat(authenticatorData, sha256(clientData)));
            // Asked first, whether the rest fits or not: a placeholder, which bundlers estimate gas with, has another
            // challenge and must cost what a real signature does.
            return P256Signature.isValid(USES_PRECOMPILE, signed, rest + 4, key) && fits;
        }
    }

    function _areFlagsGood(uint256 flags, bool presenceIsEnough) private pure returns (bool) {
        if (flags & USER_PRESENT == 0) return false;
        if (flags & USER_VERIFIED == 0 && !presenceIsEnough) return false;
        return flags & BACKED_UP == 0 || flags & BACKUP_ELIGIBLE != 0;
    }

    /// @dev The member of client data that carries the digest.
    function _challenge(bytes32 hash) private pure returns (bytes memory) {
        return bytes.concat('"challenge":"', bytes(Base64.encode(bytes.concat(hash), true, true)), '"');
    }

    /// @dev Takes a signature apart, if all its parts are there, within their bounds, and nothing else is.
    /// @return complete Whether that is so. If not, what else is returned is nothing to rely on.
    /// @return authenticatorData The first part.
    /// @return clientData The second.
    /// @return rest Where the two positions, r and s are, in the calldata of this call.
    function _read(bytes calldata signature)
        private
        pure
        returns (bool complete, bytes calldata authenticatorData, bytes calldata clientData, uint256 rest)
    {
        unchecked {
            uint256 start = signature.positionOf();
            uint256 length = start.integer(2);
            authenticatorData = (start + 2).slice(length);
            rest = start + 2 + length;
            uint256 clientDataLength = rest.integer(2);
            clientData = (rest + 2).slice(clientDataLength);
            rest += 2 + clientDataLength;
            complete = length >= MIN_AUTHENTICATOR_DATA && length <= MAX_DATA && clientDataLength <= MAX_DATA
                && rest + 68 - start == signature.length;
        }
    }

    /// @dev Whether `part` is in `text` at `position`.
    function _contains(bytes calldata text, uint256 position, bytes memory part) private pure returns (bool) {
        unchecked {
            if (position + part.length > text.length) return false;
            return keccak256(text[position:position + part.length]) == keccak256(part);
        }
    }
}
