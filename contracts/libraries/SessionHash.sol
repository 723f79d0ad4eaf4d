// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {Action, Policy, Session} from "../types/Session.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {Words, WordsLibrary} from "../types/Words.sol";

/// @notice EIP-712 struct hashes of sessions and their parts.
/// @dev The pieces are exposed one by one because a use carries most of a session as pieces (see {UseDecoder}).
library SessionHash {
    using CalldataReader for uint256;

    bytes32 internal constant POLICY_TYPEHASH = keccak256("Policy(address policy,bytes config)");

    bytes32 internal constant ACTION_TYPEHASH = keccak256(
        "Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)"
    );

    bytes32 internal constant SESSION_TYPEHASH = keccak256(
        "Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)"
    );

    bytes32 internal constant BUNDLE_TYPEHASH = keccak256(
        "SessionBundle(Session[] sessions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)"
    );

    bytes32 internal constant USE_TYPEHASH =
        keccak256("UserOperationUse(bytes32 userOpHash,bytes32 session,bytes32 use)");

    bytes32 internal constant SIGNATURE_USE_TYPEHASH =
        keccak256("SignatureUse(bytes32 digest,bytes32 session,bytes32 use)");

    /// @dev The hash of an array without elements.
    bytes32 internal constant EMPTY_ARRAY_HASH = keccak256("");

    function hashPolicy(uint256 policy, bytes32 configHash) internal pure returns (bytes32) {
        return EfficientHashLib.hash(POLICY_TYPEHASH, bytes32(policy), configHash);
    }

    function hashAction(address target, bytes4 selector, uint256 maxValue, bytes32 policiesHash)
        internal
        pure
        returns (bytes32)
    {
        return EfficientHashLib.hash(
            ACTION_TYPEHASH, bytes32(uint256(uint160(target))), bytes32(selector), bytes32(maxValue), policiesHash
        );
    }

    /// @notice The same for an action that allows no value, of which `head` begins with target (20) and selector (4).
    function hashPackedAction(uint256 head, bytes32 policiesHash) internal pure returns (bytes32 hashed) {
        bytes32 typeHash = ACTION_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), shr(96, head))
            mstore(add(words, 0x40), shl(224, shr(64, head)))
            mstore(add(words, 0x60), 0)
            mstore(add(words, 0x80), policiesHash)
            hashed := keccak256(words, 0xa0)
        }
    }

    function hash(Session calldata session) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                SESSION_TYPEHASH,
                session.account,
                session.chainId,
                session.epoch,
                session.validAfter,
                session.validUntil,
                session.salt,
                keccak256(session.sessionKey),
                session.paymaster,
                session.maxOpCost,
                _hash(session.operationPolicies),
                _hash(session.signaturePolicies),
                _hash(session.actions)
            )
        );
    }

    /// @notice Room for the words of a session, and its last three.
    function allocate(bytes32 operationPoliciesHash, bytes32 signaturePoliciesHash, bytes32 actionsHash)
        internal
        pure
        returns (Words words)
    {
        words = WordsLibrary.allocate(13);
        words.set(10, operationPoliciesHash);
        words.set(11, signaturePoliciesHash);
        words.set(12, actionsHash);
    }

    /// @notice The hash of a session whose fields are in a packed use.
    /// @param words From {allocate}.
    function hashPacked(Words words, PackedUse packed, address account, uint256 chainId)
        internal
        pure
        returns (bytes32 id)
    {
        bytes32 typeHash = SESSION_TYPEHASH;
        // The other words, in order. From one word of calldata: flags (1), claimedTime (6), epoch (8), validAfter (6), validUntil
        // (6); from another: maxOpCost (16), keyLength (2). The key is hashed in free memory, which stays free.
        assembly ("memory-safe") {
            let head := calldataload(packed)
            let tail := calldataload(add(packed, 79))
            let keyLength := and(shr(112, tail), 0xffff)
            let key := mload(0x40)
            calldatacopy(key, add(packed, 97), keyLength)
            mstore(words, typeHash)
            mstore(add(words, 0x20), account)
            mstore(add(words, 0x40), chainId)
            mstore(add(words, 0x60), and(shr(136, head), 0xffffffffffffffff))
            mstore(add(words, 0x80), and(shr(88, head), 0xffffffffffff))
            mstore(add(words, 0xa0), and(shr(40, head), 0xffffffffffff))
            mstore(add(words, 0xc0), calldataload(add(packed, 27)))
            mstore(add(words, 0xe0), keccak256(key, keyLength))
            mstore(add(words, 0x100), shr(96, calldataload(add(packed, 59))))
            mstore(add(words, 0x120), shr(128, tail))
            id := keccak256(words, 0x1a0)
        }
    }

    /// @notice The hash of a bundle of the sessions with these ids.
    function hashBundle(bytes32[] memory ids) internal pure returns (bytes32) {
        return EfficientHashLib.hash(BUNDLE_TYPEHASH, EfficientHashLib.hash(ids));
    }

    function hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) internal pure returns (bytes32) {
        return EfficientHashLib.hash(USE_TYPEHASH, userOpHash, id, use);
    }

    function hashSignatureUse(bytes32 digest, bytes32 id, bytes32 use) internal pure returns (bytes32) {
        return EfficientHashLib.hash(SIGNATURE_USE_TYPEHASH, digest, id, use);
    }

    function _hash(Policy[] calldata policies) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](policies.length);
        for (uint256 i = 0; i < policies.length; ++i) {
            hashes[i] = hashPolicy(uint160(policies[i].policy), keccak256(policies[i].config));
        }
        return EfficientHashLib.hash(hashes);
    }

    function _hash(Action[] calldata actions) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](actions.length);
        for (uint256 i = 0; i < actions.length; ++i) {
            Action calldata action = actions[i];
            hashes[i] = hashAction(action.target, action.selector, action.maxValue, _hash(action.policies));
        }
        return EfficientHashLib.hash(hashes);
    }
}
