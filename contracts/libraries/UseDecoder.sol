// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {ActionDecoder} from "./ActionDecoder.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {SessionHash} from "./SessionHash.sol";

/// @notice What a user operation's signature says about the session it uses. Positions count from the start of the
/// calldata of the call to this contract.
struct Use {
    /// The session's id, recomputed.
    bytes32 id;
    /// The session's fields that are checked.
    uint256 epoch;
    uint256 validAfter;
    uint256 validUntil;
    address paymaster;
    uint256 maxOpCost;
    bytes32 signaturePoliciesHash;
    /// The time that the session key states, for limits per period.
    uint256 claimedTime;
    /// The session key: where, and how many bytes.
    uint256 keyPosition;
    uint256 keyLength;
    /// A bit for each action that is revealed; and where it is.
    uint256 revealed;
    uint256[] actionPositions;
    /// Where the claims are: one byte a call, the index of its action.
    uint256 claims;
    /// Where the session key's own signature begins, and where it ends.
    uint256 keySignature;
    uint256 end;
    /// keccak256 of everything before the session key's own signature.
    bytes32 hash;
}

/// @notice Reads the use of a session out of a user operation's signature: docs/encoding.md gives every byte.
/// @dev There is one encoding of a use; anything else is refused with its position.
library UseDecoder {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    uint256 private constant FLAG_EVERY_CHAIN = 1;
    uint256 private constant FLAG_SIGNATURE_POLICIES = 2;
    uint256 private constant UNKNOWN_FLAGS = ~uint256(3);

    /// Offsets of the fields of the header, which has a fixed size but for the session key at its end.
    uint256 private constant CLAIMED_TIME = 1;
    uint256 private constant EPOCH = 7;
    uint256 private constant VALID_AFTER = 15;
    uint256 private constant VALID_UNTIL = 21;
    uint256 private constant SALT = 27;
    uint256 private constant PAYMASTER = 59;
    uint256 private constant MAX_OP_COST = 79;
    uint256 private constant KEY_LENGTH = 95;
    uint256 private constant KEY = 97;

    /// @notice Reads a use and computes the id of its session, taken to be one of `account` on this chain or every chain.
    /// @param signature The user operation's signature.
    /// @param account The smart account.
    /// @param calls How many calls the operation makes.
    function decode(bytes calldata signature, address account, uint256 calls) internal view returns (Use memory use) {
        unchecked {
            uint256 start = signature.positionOf();
            uint256 end = start + signature.length;
            uint256 flags = start.integer(1);
            if (flags & UNKNOWN_FLAGS != 0) _refuse(start, start);

            use.end = end;
            use.claimedTime = (start + CLAIMED_TIME).integer(6);
            use.epoch = (start + EPOCH).integer(8);
            use.validAfter = (start + VALID_AFTER).integer(6);
            use.validUntil = (start + VALID_UNTIL).integer(6);
            use.paymaster = address(uint160((start + PAYMASTER).integer(20)));
            use.maxOpCost = (start + MAX_OP_COST).integer(16);
            use.keyLength = (start + KEY_LENGTH).integer(2);
            use.keyPosition = start + KEY;

            uint256 cursor = use.keyPosition + use.keyLength;
            // A session with operation policies has another hash than the one assumed here: it must say so.
            if (cursor.integer(1) != 0) revert ISessionKeyManager.OperationPoliciesNotSupported();
            cursor += 1;

            use.signaturePoliciesHash = SessionHash.EMPTY_ARRAY_HASH;
            if (flags & FLAG_SIGNATURE_POLICIES != 0) {
                use.signaturePoliciesHash = cursor.word();
                if (use.signaturePoliciesHash == SessionHash.EMPTY_ARRAY_HASH) _refuse(start, cursor);
                cursor += 32;
            }

            bytes32 actionsHash;
            (actionsHash, cursor) = _readActions(use, start, cursor);

            use.claims = cursor;
            use.keySignature = cursor + calls;
            // Everything up to here was read without looking where the signature ends.
            if (use.keySignature > end) _refuse(start, end);

            use.id = _hashSession(use, start, account, flags & FLAG_EVERY_CHAIN != 0 ? 0 : block.chainid, actionsHash);
            use.hash = EfficientHashLib.hashCalldata(start.slice(use.keySignature - start));
        }
    }

    /// @dev Reads the actions, revealed or only hashed, and returns the hash of their array and where they end.
    function _readActions(Use memory use, uint256 start, uint256 cursor)
        private
        pure
        returns (bytes32 actionsHash, uint256)
    {
        unchecked {
            uint256 count = cursor.integer(1);
            if (count == 0) _refuse(start, cursor);
            cursor += 1;

            uint256 bitmapSize = (count + 7) / 8;
            uint256 revealed = cursor.integer(bitmapSize);
            if (revealed >> count != 0) _refuse(start, cursor);
            cursor += bitmapSize;

            bytes32[] memory hashes = new bytes32[](count);
            uint256[] memory positions = new uint256[](count);
            uint256 end = use.end;
            for (uint256 i = 0; i < count; ++i) {
                if (revealed >> i & 1 == 0) {
                    hashes[i] = cursor.word();
                    cursor += 32;
                } else {
                    positions[i] = cursor;
                    (hashes[i], cursor) = _hashAction(start, cursor, end);
                }
                if (cursor > end) _refuse(start, end);
            }
            use.revealed = revealed;
            use.actionPositions = positions;
            return (EfficientHashLib.hash(hashes), cursor);
        }
    }

    /// @dev The hash of the packed action at `position`, and where it ends.
    function _hashAction(uint256 start, uint256 position, uint256 end)
        private
        pure
        returns (bytes32 hash, uint256 cursor)
    {
        (address target, bytes4 selector, uint256 maxValue, bool canonical, uint256 policyCount, uint256 policies) =
            ActionDecoder.readAction(position);
        if (!canonical) _refuse(start, position + 24);
        bytes32 policiesHash;
        (policiesHash, cursor) = ActionDecoder.hashPolicies(policies, policyCount, end);
        hash = SessionHash.hashAction(target, selector, maxValue, policiesHash);
    }

    function _hashSession(Use memory use, uint256 start, address account, uint256 chainId, bytes32 actionsHash)
        private
        pure
        returns (bytes32)
    {
        return EfficientHashLib.hash(
            SessionHash.SESSION_TYPEHASH,
            bytes32(uint256(uint160(account))),
            bytes32(chainId),
            bytes32(use.epoch),
            bytes32(use.validAfter),
            bytes32(use.validUntil),
            (start + SALT).word(),
            EfficientHashLib.hashCalldata(use.keyPosition.slice(use.keyLength)),
            bytes32(uint256(uint160(use.paymaster))),
            bytes32(use.maxOpCost),
            SessionHash.EMPTY_ARRAY_HASH,
            use.signaturePoliciesHash,
            actionsHash
        );
    }

    /// @dev Reverts about what is at `position`.
    function _refuse(uint256 start, uint256 position) private pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalUse(position - start);
        }
    }
}
