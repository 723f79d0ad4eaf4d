// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
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

    bytes private constant TYPE = '"type":"webauthn.get"';

    /// @notice Whether the precompile at 0x100 checks the signatures.
    bool public immutable USES_PRECOMPILE;

    /// @dev A signature, taken apart. Positions in client data count from its start.
    struct Assertion {
        bytes authenticatorData;
        bytes clientData;
        uint256 typeAt;
        uint256 challengeAt;
        /// Where r and s are, in the calldata of this call.
        uint256 signatureAt;
    }

    /// @param usesPrecompile Whether the precompile at 0x100 shall check the signatures. Then it must be there.
    constructor(bool usesPrecompile) {
        if (usesPrecompile) P256Signature.requirePrecompile();
        USES_PRECOMPILE = usesPrecompile;
    }

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Never reverts: whatever is malformed is not valid. Anyone may call it.
    /// @param key 64 or 65 bytes, see above.
    /// @param signature See above.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return _isValid(key, hash, signature) ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }

    function _isValid(bytes calldata key, bytes32 hash, bytes calldata signature) private view returns (bool) {
        bool presenceIsEnough = key.length == 65;
        if (presenceIsEnough ? key[64] != 0x01 : key.length != 64) return false;

        (bool complete, Assertion memory assertion) = _read(signature);
        if (!complete) return false;
        uint256 flags = uint8(assertion.authenticatorData[FLAGS_POSITION]);
        if (flags & USER_PRESENT == 0) return false;
        if (flags & USER_VERIFIED == 0 && !presenceIsEnough) return false;
        if (flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0) return false;

        bytes memory challenge = bytes(Base64.encodeURL(bytes.concat(hash)));
        if (!_contains(assertion.clientData, assertion.typeAt, TYPE)) return false;
        if (!_contains(assertion.clientData, assertion.challengeAt, bytes.concat('"challenge":"', challenge, '"'))) {
            return false;
        }
        bytes32 signed = sha256(bytes.concat(assertion.authenticatorData, sha256(assertion.clientData)));
        return P256Signature.isValid(USES_PRECOMPILE, signed, assertion.signatureAt, key);
    }

    /// @dev Takes a signature apart, if all its parts are there, within their bounds, and nothing else is.
    function _read(bytes calldata signature) private pure returns (bool complete, Assertion memory assertion) {
        unchecked {
            uint256 start = signature.positionOf();
            uint256 cursor = start;
            uint256 length = cursor.integer(2);
            if (length < MIN_AUTHENTICATOR_DATA || length > MAX_DATA) return (false, assertion);
            uint256 authenticatorData = cursor + 2;
            cursor = authenticatorData + length;
            uint256 clientDataLength = cursor.integer(2);
            if (clientDataLength > MAX_DATA) return (false, assertion);
            uint256 clientData = cursor + 2;
            cursor = clientData + clientDataLength;
            // Two positions, r and s.
            if (cursor + 68 - start != signature.length) return (false, assertion);
            assertion.authenticatorData = authenticatorData.slice(length);
            assertion.clientData = clientData.slice(clientDataLength);
            assertion.typeAt = cursor.integer(2);
            assertion.challengeAt = (cursor + 2).integer(2);
            assertion.signatureAt = cursor + 4;
            return (true, assertion);
        }
    }

    /// @dev Whether `part` is in `text` at `position`.
    function _contains(bytes memory text, uint256 position, bytes memory part) private pure returns (bool) {
        unchecked {
            if (position + part.length > text.length) return false;
            for (uint256 i = 0; i < part.length; ++i) {
                if (text[position + i] != part[i]) return false;
            }
            return true;
        }
    }
}
