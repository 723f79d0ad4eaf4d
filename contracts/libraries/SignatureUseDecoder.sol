// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ERC7739Utils} from "@openzeppelin/contracts/utils/cryptography/draft-ERC7739Utils.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "../interfaces/ISignatureChecker.sol";
import {TypedData} from "../interfaces/ISignaturePolicy.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {Words} from "../types/Words.sol";
import {ActionDecoder} from "./ActionDecoder.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {SessionHash} from "./SessionHash.sol";

/// @notice A use of a session that signs for an account (ERC-1271), as far as it is not read from calldata again. Positions
/// count from the start of the calldata of the present call.
struct SignatureUse {
    /// The session's id, recomputed.
    bytes32 id;
    /// The session's fields.
    PackedUse packed;
    /// Where the number of signature policies is, which they follow.
    uint256 policies;
    /// Where the depth of the Merkle proof is.
    uint256 proof;
    /// Where the content begins.
    uint256 content;
    /// Where the session key's own signature begins, and where it ends.
    uint256 keySignature;
    uint256 end;
    /// What is signed: typed data; or, if it is a personal message, that.
    TypedData typedData;
    bytes message;
}

/// @notice Reads the use of a session out of an ERC-1271 signature: docs/encoding.md gives every byte.
/// @dev There is one encoding of a use; anything else is refused with its position.
library SignatureUseDecoder {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    uint256 private constant FLAG_EVERY_CHAIN = 1;
    uint256 private constant FLAG_OPERATION_POLICIES = 2;
    uint256 private constant FLAG_PERSONAL_MESSAGE = 4;
    uint256 private constant FLAG_KERNEL = 8;
    uint256 private constant UNKNOWN_FLAGS = ~uint256(15);

    /// @dev Fields of an EIP-712 domain (ERC-5267).
    uint256 private constant DOMAIN_NAME = 1;
    uint256 private constant DOMAIN_VERSION = 2;
    uint256 internal constant DOMAIN_CHAIN_ID = 4;
    uint256 private constant DOMAIN_VERIFYING_CONTRACT = 8;
    uint256 private constant DOMAIN_SALT = 16;

    /// @notice Reads a use and computes the id of its session, taken to be one of `account` on this chain or on every chain.
    function decode(address account, bytes calldata signature) internal view returns (SignatureUse memory use) {
        unchecked {
            PackedUse packed = PackedUse.wrap(signature.positionOf());
            use.packed = packed;
            use.end = packed.position() + signature.length;
            uint256 flags = packed.flags();
            if (flags & UNKNOWN_FLAGS != 0) _refuse(use, packed.position());
            // Nothing is counted here, so no time is claimed.
            if (packed.claimedTime() != 0) _refuse(use, packed.position() + 1);

            uint256 cursor = packed.keyPosition() + packed.keyLength();
            bytes32 operationPoliciesHash = SessionHash.EMPTY_ARRAY_HASH;
            if (flags & FLAG_OPERATION_POLICIES != 0) {
                operationPoliciesHash = cursor.word();
                if (operationPoliciesHash == SessionHash.EMPTY_ARRAY_HASH) _refuse(use, cursor);
                cursor += 32;
            }
            use.policies = cursor;
            if (cursor.integer(1) == 0) revert ISignatureChecker.NothingMayBeSigned();
            bytes32 policiesHash;
            (policiesHash, cursor) = ActionDecoder.hashPolicies(cursor + 1, cursor.integer(1), use.end);
            if (cursor > use.end) _refuse(use, use.end);
            bytes32 actionsHash = cursor.word();
            use.proof = cursor + 32;
            use.content = use.proof + 1 + 32 * use.proof.integer(1);
            if (use.content > use.end) _refuse(use, use.end);

            uint256 chainId = flags & FLAG_EVERY_CHAIN != 0 ? 0 : block.chainid;
            Words words = SessionHash.allocate(operationPoliciesHash, policiesHash, actionsHash);
            use.id = SessionHash.hashPacked(words, packed, account, chainId);
            if (isPersonal(use)) _readMessage(use);
            else _readTypedData(use, signature);
        }
    }

    /// @notice Whether a personal message is signed, rather than typed data.
    function isPersonal(SignatureUse memory use) internal pure returns (bool) {
        return use.packed.flags() & FLAG_PERSONAL_MESSAGE != 0;
    }

    /// @notice Whether the account hands its validators another hash than the application's: Kernel's of it.
    function isWrappedByKernel(SignatureUse memory use) internal pure returns (bool) {
        return use.packed.flags() & FLAG_KERNEL != 0;
    }

    /// @dev 2 bytes M, and M bytes of the message.
    function _readMessage(SignatureUse memory use) private pure {
        unchecked {
            uint256 length = use.content.integer(2);
            use.keySignature = use.content + 2 + length;
            if (use.keySignature > use.end) _refuse(use, use.end);
            use.message = (use.content + 2).slice(length);
        }
    }

    /// @dev The domain and the witness, here; separator, hash and type in the envelope of ERC-7739 at the end.
    function _readTypedData(SignatureUse memory use, bytes calldata signature) private pure {
        unchecked {
            (bytes calldata inner, bytes32 separator, bytes32 contentsHash, string calldata description) =
                ERC7739Utils.decodeTypedDataSig(signature);
            (string calldata primaryType, string calldata encodedType) = ERC7739Utils.decodeContentsDescr(description);
            // Empty if it is no description at all. ERC-7739's other form, the name behind the types, is refused: there the
            // key could choose the name, and dangerous messages are known by theirs.
            if (bytes(primaryType).length == 0 || bytes(encodedType).length != bytes(description).length) {
                _refuse(use, use.end);
            }
            TypedData memory data = use.typedData;
            data.primaryType = primaryType;
            data.encodedType = encodedType;
            data.contentsHash = contentsHash;
            use.end = use.packed.position() + inner.length;

            uint256 cursor = _readDomain(use, data, separator);
            uint256 length = cursor.integer(2);
            use.keySignature = cursor + 2 + length;
            if (use.keySignature > use.end) _refuse(use, use.end);
            data.witness = (cursor + 2).slice(length);
        }
    }

    /// @dev A byte that says which fields there are, and a word for each.
    function _readDomain(SignatureUse memory use, TypedData memory data, bytes32 separator)
        private
        pure
        returns (uint256 cursor)
    {
        unchecked {
            cursor = use.content;
            uint256 fields = cursor.integer(1);
            cursor += 1;
            if (fields >> 5 != 0) _refuse(use, use.content);
            data.domain.fields = bytes1(uint8(fields));
            if (fields & DOMAIN_NAME != 0) (data.domain.nameHash, cursor) = _next(cursor);
            if (fields & DOMAIN_VERSION != 0) (data.domain.versionHash, cursor) = _next(cursor);
            bytes32 word;
            if (fields & DOMAIN_CHAIN_ID != 0) (word, cursor) = _next(cursor);
            data.domain.chainId = uint256(word);
            if (fields & DOMAIN_VERIFYING_CONTRACT != 0) {
                (word, cursor) = _next(cursor);
                if (uint256(word) >> 160 != 0) _refuse(use, cursor - 32);
                data.domain.verifyingContract = address(uint160(uint256(word)));
            }
            if (fields & DOMAIN_SALT != 0) (data.domain.salt, cursor) = _next(cursor);
            data.domain.separator = MessageHashUtils.toDomainSeparator(
                data.domain.fields,
                data.domain.nameHash,
                data.domain.versionHash,
                data.domain.chainId,
                data.domain.verifyingContract,
                data.domain.salt
            );
            if (data.domain.separator != separator) {
                revert ISignatureChecker.DomainDiffers(separator, data.domain.separator);
            }
        }
    }

    function _next(uint256 cursor) private pure returns (bytes32 word, uint256 next) {
        unchecked {
            return (cursor.word(), cursor + 32);
        }
    }

    /// @dev Reverts about what is at `position`.
    function _refuse(SignatureUse memory use, uint256 position) private pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalUse(position - use.packed.position());
        }
    }
}
