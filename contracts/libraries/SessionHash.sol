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

    /// @notice The hash of a session whose fields are in a packed use.
    function hashPacked(
        PackedUse packed,
        address account,
        uint256 chainId,
        bytes32 operationPoliciesHash,
        bytes32 signaturePoliciesHash,
        bytes32 actionsHash
    ) internal pure returns (bytes32) {
        Words words = WordsLibrary.allocate(13);
        words.set(0, SESSION_TYPEHASH);
        words.set(1, uint160(account));
        words.set(2, chainId);
        words.set(3, packed.epoch());
        words.set(4, packed.validAfter());
        words.set(5, packed.validUntil());
        words.set(6, packed.salt());
        words.set(7, packed.keyPosition().hash(packed.keyLength()));
        words.set(8, uint160(packed.paymaster()));
        words.set(9, packed.maxOpCost());
        words.set(10, operationPoliciesHash);
        words.set(11, signaturePoliciesHash);
        words.set(12, actionsHash);
        return words.hash(13);
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
