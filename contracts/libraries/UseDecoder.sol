// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {Session} from "../types/Session.sol";
import {ActionDecoder} from "./ActionDecoder.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {SessionHash} from "./SessionHash.sol";
import {Words, WordsLibrary} from "../types/Words.sol";

/// @notice Reads the use of a session out of a user operation's signature: docs/encoding.md gives every byte.
/// @dev There is one encoding of a use; anything else is refused with its position.
library UseDecoder {
    using CalldataReader for uint256;

    uint256 private constant FLAG_EVERY_CHAIN = 1;
    uint256 private constant FLAG_SIGNATURE_POLICIES = 2;
    uint256 private constant FLAG_PROOF = 4;
    uint256 private constant FLAG_GRANT = 8;
    uint256 private constant FLAG_PUBLICATION = 16;
    uint256 private constant EVIDENCE_FLAGS = FLAG_PROOF | FLAG_GRANT | FLAG_PUBLICATION;
    uint256 private constant UNKNOWN_FLAGS = ~uint256(31);

    /// @notice Reads a use. Positions count from the start of the calldata of the present call.
    /// @param packed Where the user operation's signature begins.
    /// @param size How long it is.
    /// @param calls How many calls the operation makes.
    /// @return session For {sessionId}.
    /// @return revealed A bit for each action that is revealed.
    /// @return actionPositions Where each of those is, by its index; of the others it holds nothing.
    /// @return claims Where the claims are: one byte a call, the index of its action. What shows that the session is granted
    /// comes right behind them, the evidence: a Merkle proof, or the owner's grant.
    /// @return keySignature Where the session key's own signature begins, right after that.
    function decode(PackedUse packed, uint256 size, uint256 calls)
        internal
        pure
        returns (Words session, uint256 revealed, Words actionPositions, uint256 claims, uint256 keySignature)
    {
        unchecked {
            uint256 end = packed.position() + size;
            uint256 flags = packed.flags();
            if (flags & UNKNOWN_FLAGS != 0) _refuse(packed, packed.position());

            uint256 cursor = packed.operationPolicies();
            bytes32 operationPoliciesHash = SessionHash.EMPTY_ARRAY_HASH;
            uint256 policyCount = cursor.integer(1);
            cursor += 1;
            if (policyCount != 0) {
                (operationPoliciesHash, cursor) = ActionDecoder.hashPolicies(cursor, policyCount, end);
            }

            bytes32 signaturePoliciesHash = SessionHash.EMPTY_ARRAY_HASH;
            if (flags & FLAG_SIGNATURE_POLICIES != 0) {
                signaturePoliciesHash = cursor.word();
                if (signaturePoliciesHash == SessionHash.EMPTY_ARRAY_HASH) _refuse(packed, cursor);
                cursor += 32;
            }

            bytes32 actionsHash;
            (actionsHash, revealed, actionPositions, claims) = _readActions(packed, cursor, end);
            keySignature = claims + calls;
            if (flags & EVIDENCE_FLAGS != 0) keySignature = _skipEvidence(packed, flags, keySignature);
            // Up to here the end of the signature was only looked at between actions; now all of the use is known.
            if (keySignature > end) _refuse(packed, end);

            session = SessionHash.allocate(operationPoliciesHash, signaturePoliciesHash, actionsHash);
        }
    }

    /// @notice The id of the session in a use, recomputed. It is taken to be one of the caller, on this chain or on every chain.
    /// @param session From {decode}, or from {OrdinaryUse-read}.
    function sessionId(PackedUse packed, Words session) internal view returns (bytes32 id) {
        uint256 chainId;
        unchecked {
            // 0 for every chain. A product, because a choice would jump.
            chainId = block.chainid * (1 - (packed.flags() & FLAG_EVERY_CHAIN));
        }
        return SessionHash.hashPacked(session, packed, msg.sender, chainId);
    }

    /// @notice Whether a Merkle proof of the session's id is in the use.
    function hasProof(PackedUse packed) internal pure returns (bool) {
        return packed.flags() & FLAG_PROOF != 0;
    }

    /// @notice Whether the owner's grant is in the use.
    function hasGrant(PackedUse packed) internal pure returns (bool) {
        return packed.flags() & FLAG_GRANT != 0;
    }

    /// @notice Whether the session is in the use in full, to be published.
    function hasPublication(PackedUse packed) internal pure returns (bool) {
        return packed.flags() & FLAG_PUBLICATION != 0;
    }

    /// @notice The root that the Merkle proof whose depth is at `position` leads to from `id`.
    function rootOf(bytes32 id, uint256 position) internal pure returns (bytes32 node) {
        // Each node is the hash of the two below it, the smaller one first: of two words, the node goes to the second if it is
        // the larger.
        assembly ("memory-safe") {
            node := id
            let cursor := add(position, 1)
            for { let end := add(cursor, shl(5, byte(0, calldataload(position)))) } lt(cursor, end) {
                cursor := add(cursor, 32)
            } {
                let sibling := calldataload(cursor)
                let place := shl(5, gt(node, sibling))
                mstore(place, node)
                mstore(xor(place, 32), sibling)
                node := keccak256(0, 64)
            }
        }
    }

    /// @notice The owner's grant.
    /// @param id The session's id.
    /// @param evidence Where it begins.
    /// @return bundleHash The EIP-712 hash of the bundle that the owner signed.
    /// @return signature The signature.
    /// @return publication Where the session in full begins, if it is in the use.
    function grant(bytes32 id, uint256 evidence)
        internal
        pure
        returns (bytes32 bundleHash, bytes calldata signature, uint256 publication)
    {
        unchecked {
            uint256 count = evidence.integer(1);
            uint256 place = (evidence + 1).integer(1);
            uint256 cursor = evidence + 2;
            bytes32[] memory ids = EfficientHashLib.malloc(count);
            for (uint256 i = 0; i < count; ++i) {
                if (i == place) {
                    EfficientHashLib.set(ids, i, id);
                } else {
                    EfficientHashLib.set(ids, i, cursor.word());
                    cursor += 32;
                }
            }
            bundleHash = SessionHash.hashBundle(ids);
            signature = (cursor + 2).slice(cursor.integer(2));
            publication = cursor + 2 + signature.length;
        }
    }

    /// @notice The session in full, as far as it is one: whoever reads it must compare its hash with the id. What lies in
    /// it beyond the end of calldata reverts.
    /// @param publication Where {grant} says that it begins.
    function publishedSession(uint256 publication) internal pure returns (Session calldata session) {
        unchecked {
            // abi.encode of one struct: an offset, 0x20, and there the struct.
            uint256 position = publication + 3 + 32;
            // A pointer to calldata is a position.
            assembly ("memory-safe") {
                session := position
            }
        }
    }

    /// @notice Reverts unless the session in full is written in exactly the bytes `encoded`.
    /// @param publication Where {grant} says that it begins.
    function requirePublished(PackedUse packed, uint256 publication, bytes memory encoded) internal pure {
        unchecked {
            if ((publication + 3).hash(publication.integer(3)) != keccak256(encoded)) _refuse(packed, publication);
        }
    }

    /// @dev Where the evidence at `cursor` ends.
    function _skipEvidence(PackedUse packed, uint256 flags, uint256 cursor) private pure returns (uint256) {
        unchecked {
            uint256 kind = flags & EVIDENCE_FLAGS;
            if (kind == FLAG_PROOF) {
                uint256 depth = cursor.integer(1);
                if (depth == 0) _refuse(packed, cursor);
                return cursor + 1 + 32 * depth;
            }
            if (kind & FLAG_PROOF != 0 || kind & FLAG_GRANT == 0) _refuse(packed, packed.position());

            uint256 count = cursor.integer(1);
            if (count == 0) _refuse(packed, cursor);
            if ((cursor + 1).integer(1) >= count) _refuse(packed, cursor + 1);
            cursor += 2 + 32 * (count - 1);
            cursor += 2 + cursor.integer(2);
            if (kind & FLAG_PUBLICATION != 0) cursor += 3 + cursor.integer(3);
            return cursor;
        }
    }

    /// @dev Reads the actions at `cursor`, revealed or only hashed.
    /// @return actionsHash The hash of their array.
    /// @return revealed A bit for each that is revealed.
    /// @return positions Where each of those is, by its index.
    /// @return actionsEnd Where they end.
    function _readActions(PackedUse packed, uint256 cursor, uint256 end)
        private
        pure
        returns (bytes32 actionsHash, uint256 revealed, Words positions, uint256 actionsEnd)
    {
        unchecked {
            uint256 count = cursor.integer(1);
            if (count == 0) _refuse(packed, cursor);
            cursor += 1;

            uint256 bitmapSize = count + 7 >> 3;
            revealed = cursor.integer(bitmapSize);
            if (revealed >> count != 0) _refuse(packed, cursor);
            cursor += bitmapSize;

            positions = WordsLibrary.allocate(count);
            Words hashes = WordsLibrary.allocate(count);
            for (uint256 i = 0; i < count; ++i) {
                if (revealed >> i & 1 == 0) {
                    hashes.set(i, cursor.word());
                    cursor += 32;
                } else {
                    positions.set(i, cursor);
                    bytes32 actionHash;
                    (actionHash, cursor) = _hashAction(packed, cursor, end);
                    hashes.set(i, actionHash);
                }
                if (cursor > end) _refuse(packed, end);
            }
            actionsHash = hashes.hash(count);
            actionsEnd = cursor;
        }
    }

    /// @dev The hash of the packed action at `position`, and where it ends.
    function _hashAction(PackedUse packed, uint256 position, uint256 end)
        private
        pure
        returns (bytes32 actionHash, uint256 cursor)
    {
        unchecked {
            (address target, bytes4 selector, uint256 maxValue, bool canonical, uint256 policyCount, uint256 policies) =
                ActionDecoder.readAction(position);
            if (!canonical) _refuse(packed, position + 24);
            bytes32 policiesHash = SessionHash.EMPTY_ARRAY_HASH;
            cursor = policies;
            if (policyCount != 0) (policiesHash, cursor) = ActionDecoder.hashPolicies(policies, policyCount, end);
            actionHash = SessionHash.hashAction(target, selector, maxValue, policiesHash);
        }
    }

    /// @dev Reverts about what is at `position`.
    function _refuse(PackedUse packed, uint256 position) private pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalUse(position - packed.position());
        }
    }
}
