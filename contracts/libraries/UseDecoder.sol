// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {ActionDecoder} from "./ActionDecoder.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {SessionHash} from "./SessionHash.sol";

/// @notice A use of a session, as far as it is not read from calldata again. Positions count from the start of the
/// calldata of the present call.
struct Use {
    /// The session's id, recomputed.
    bytes32 id;
    /// The session's fields and the claimed time.
    PackedUse packed;
    /// A bit for each action that is revealed; and where it is, by its index.
    uint256 revealed;
    uint256[] actionPositions;
    /// Where the claims are: one byte a call, the index of its action.
    uint256 claims;
    /// Where the session key's own signature begins, right after the claims.
    uint256 keySignature;
}

/// @notice Reads the use of a session out of a user operation's signature: docs/encoding.md gives every byte.
/// @dev There is one encoding of a use; anything else is refused with its position.
library UseDecoder {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    uint256 private constant FLAG_EVERY_CHAIN = 1;
    uint256 private constant FLAG_SIGNATURE_POLICIES = 2;
    uint256 private constant UNKNOWN_FLAGS = ~uint256(3);

    /// @notice Reads a use and computes the id of its session, taken to be one of the caller on this chain or on every
    /// chain.
    /// @param signature The user operation's signature.
    /// @param calls How many calls the operation makes.
    function decode(bytes calldata signature, uint256 calls) internal view returns (Use memory) {
        unchecked {
            PackedUse packed = PackedUse.wrap(signature.positionOf());
            uint256 end = packed.position() + signature.length;
            uint256 flags = packed.flags();
            if (flags & UNKNOWN_FLAGS != 0) _refuse(packed, packed.position());

            uint256 cursor = packed.keyPosition() + packed.keyLength();
            // A session with operation policies has another hash than the one assumed here: it must say so.
            if (cursor.integer(1) != 0) revert ISessionKeyManager.OperationPoliciesNotSupported();
            cursor += 1;

            bytes32 signaturePoliciesHash = SessionHash.EMPTY_ARRAY_HASH;
            if (flags & FLAG_SIGNATURE_POLICIES != 0) {
                signaturePoliciesHash = cursor.word();
                if (signaturePoliciesHash == SessionHash.EMPTY_ARRAY_HASH) _refuse(packed, cursor);
                cursor += 32;
            }

            (bytes32 actionsHash, uint256 revealed, uint256[] memory positions, uint256 claims) =
                _readActions(packed, cursor, end);

            // Up to here the end of the signature was only looked at between actions; now all of the use is known.
            if (claims + calls > end) _refuse(packed, end);

            uint256 chainId = flags & FLAG_EVERY_CHAIN != 0 ? 0 : block.chainid;
            bytes32 id = _hashSession(packed, chainId, signaturePoliciesHash, actionsHash);
            return Use(id, packed, revealed, positions, claims, claims + calls);
        }
    }

    /// @notice keccak256 of everything before the session key's own signature.
    function hash(Use memory use) internal pure returns (bytes32) {
        unchecked {
            uint256 start = use.packed.position();
            return EfficientHashLib.hashCalldata(start.slice(use.keySignature - start));
        }
    }

    /// @dev Reads the actions at `cursor`, revealed or only hashed.
    /// @return actionsHash The hash of their array.
    /// @return revealed A bit for each that is revealed.
    /// @return positions Where each of those is.
    /// @return actionsEnd Where they end.
    function _readActions(PackedUse packed, uint256 cursor, uint256 end)
        private
        pure
        returns (bytes32 actionsHash, uint256 revealed, uint256[] memory positions, uint256 actionsEnd)
    {
        unchecked {
            uint256 count = cursor.integer(1);
            if (count == 0) _refuse(packed, cursor);
            cursor += 1;

            uint256 bitmapSize = (count + 7) / 8;
            revealed = cursor.integer(bitmapSize);
            if (revealed >> count != 0) _refuse(packed, cursor);
            cursor += bitmapSize;

            bytes32[] memory hashes = EfficientHashLib.malloc(count);
            positions = new uint256[](count);
            for (uint256 i = 0; i < count; ++i) {
                if (revealed >> i & 1 == 0) {
                    EfficientHashLib.set(hashes, i, cursor.word());
                    cursor += 32;
                } else {
                    positions[i] = cursor;
                    bytes32 actionHash;
                    (actionHash, cursor) = _hashAction(packed, cursor, end);
                    EfficientHashLib.set(hashes, i, actionHash);
                }
                if (cursor > end) _refuse(packed, end);
            }
            actionsHash = EfficientHashLib.hash(hashes);
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
            bytes32 policiesHash;
            (policiesHash, cursor) = ActionDecoder.hashPolicies(policies, policyCount, end);
            actionHash = SessionHash.hashAction(target, selector, maxValue, policiesHash);
        }
    }

    function _hashSession(PackedUse packed, uint256 chainId, bytes32 signaturePoliciesHash, bytes32 actionsHash)
        private
        view
        returns (bytes32)
    {
        return EfficientHashLib.hash(
            SessionHash.SESSION_TYPEHASH,
            bytes32(uint256(uint160(msg.sender))),
            bytes32(chainId),
            bytes32(packed.epoch()),
            bytes32(packed.validAfter()),
            bytes32(packed.validUntil()),
            packed.salt(),
            EfficientHashLib.hashCalldata(packed.keyPosition().slice(packed.keyLength())),
            bytes32(uint256(uint160(packed.paymaster()))),
            bytes32(packed.maxOpCost()),
            SessionHash.EMPTY_ARRAY_HASH,
            signaturePoliciesHash,
            actionsHash
        );
    }

    /// @dev Reverts about what is at `position`.
    function _refuse(PackedUse packed, uint256 position) private pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalUse(position - packed.position());
        }
    }
}
