// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Action, Policy, Session} from "contracts/types/Session.sol";

/// @notice Packs a use of a session as docs/encoding.md says, by plain concatenation: nothing of it is shared with the
/// decoder under test.
library UseBuilder {
    /// @param session The session.
    /// @param claimedTime The time to claim.
    /// @param claims The action that each call claims.
    /// @return use All bytes before the session key's own signature.
    function pack(Session memory session, uint48 claimedTime, uint8[] memory claims)
        internal
        pure
        returns (bytes memory use)
    {
        uint256 revealed = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            revealed |= uint256(1) << claims[i];
        }
        return pack(session, claimedTime, claims, revealed);
    }

    /// @notice The same with the revealed actions chosen apart from the claims.
    function pack(Session memory session, uint48 claimedTime, uint8[] memory claims, uint256 revealed)
        internal
        pure
        returns (bytes memory use)
    {
        uint8 flags = (session.chainId == 0 ? 1 : 0) | (session.signaturePolicies.length > 0 ? 2 : 0);
        use = abi.encodePacked(
            flags, claimedTime, session.epoch, session.validAfter, session.validUntil, session.salt, session.paymaster
        );
        use = abi.encodePacked(use, session.maxOpCost, uint16(session.sessionKey.length), session.sessionKey);
        use = abi.encodePacked(use, packPolicies(session.operationPolicies));
        if (session.signaturePolicies.length > 0) use = abi.encodePacked(use, hash(session.signaturePolicies));
        use = abi.encodePacked(use, packActions(session.actions, revealed));
        for (uint256 i = 0; i < claims.length; ++i) {
            use = abi.encodePacked(use, claims[i]);
        }
    }

    function packActions(Action[] memory actions, uint256 revealed) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(uint8(actions.length));
        uint256 bitmapSize = (actions.length + 7) / 8;
        for (uint256 i = bitmapSize; i > 0; --i) {
            packed = abi.encodePacked(packed, uint8(revealed >> 8 * (i - 1)));
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            bool isRevealed = revealed >> i & 1 == 1;
            packed = abi.encodePacked(packed, isRevealed ? packAction(actions[i]) : abi.encodePacked(hash(actions[i])));
        }
    }

    function packAction(Action memory action) internal pure returns (bytes memory packed) {
        bytes memory maxValue = packInteger(action.maxValue);
        packed = abi.encodePacked(
            action.target, action.selector, uint8(maxValue.length), maxValue, packPolicies(action.policies)
        );
    }

    function packPolicies(Policy[] memory policies) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(uint8(policies.length));
        for (uint256 i = 0; i < policies.length; ++i) {
            packed = abi.encodePacked(packed, policies[i].policy, uint16(policies[i].config.length), policies[i].config);
        }
    }

    /// @notice The use with a Merkle proof.
    function withProof(bytes memory use, bytes32[] memory proof) internal pure returns (bytes memory) {
        use = abi.encodePacked(use, uint8(proof.length), proof);
        use[0] |= 0x04;
        return use;
    }

    /// @notice The use with the owner's grant: a signature over the bundle of the sessions with `ids`, of which the use's is
    /// the one at `place`.
    function withGrant(bytes memory use, bytes32[] memory ids, uint8 place, bytes memory signature)
        internal
        pure
        returns (bytes memory)
    {
        use = abi.encodePacked(use, uint8(ids.length), place);
        for (uint256 i = 0; i < ids.length; ++i) {
            if (i != place) use = abi.encodePacked(use, ids[i]);
        }
        use = abi.encodePacked(use, uint16(signature.length), signature);
        use[0] |= 0x08;
        return use;
    }

    /// @notice A use {withGrant} that also publishes its session.
    function withPublication(bytes memory use, Session memory session) internal pure returns (bytes memory) {
        bytes memory encoded = abi.encode(session);
        use = abi.encodePacked(use, uint24(encoded.length), encoded);
        use[0] |= 0x10;
        return use;
    }

    /// @notice The EIP-712 domain separator of a manager.
    function domain(address manager) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,address verifyingContract)"),
                keccak256("Latchkey"),
                keccak256("1"),
                manager
            )
        );
    }

    /// @notice What an owner signs over a bundle of the sessions with `ids`, but for the domain.
    function hashBundle(bytes32[] memory ids) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "SessionBundle(Session[] sessions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)"
                ),
                keccak256(abi.encodePacked(ids))
            )
        );
    }

    /// @notice An integer without leading zero bytes.
    function packInteger(uint256 value) internal pure returns (bytes memory packed) {
        for (; value > 0; value >>= 8) {
            packed = abi.encodePacked(uint8(value), packed);
        }
    }

    function hash(Session memory session) internal pure returns (bytes32) {
        return hash(session, hash(session.signaturePolicies), hash(session.actions));
    }

    /// @notice The same with the hashes of the signature policies and of the actions in place of these.
    function hash(Session memory session, bytes32 signaturePolicies, bytes32 actions) internal pure returns (bytes32) {
        bytes memory head = abi.encode(
            keccak256(
                "Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)"
            ),
            session.account,
            session.chainId,
            session.epoch,
            session.validAfter,
            session.validUntil,
            session.salt,
            keccak256(session.sessionKey)
        );
        return keccak256(
            abi.encodePacked(
                head,
                abi.encode(
                    session.paymaster, session.maxOpCost, hash(session.operationPolicies), signaturePolicies, actions
                )
            )
        );
    }

    function hash(Action[] memory actions) internal pure returns (bytes32) {
        bytes memory hashes;
        for (uint256 i = 0; i < actions.length; ++i) {
            hashes = abi.encodePacked(hashes, hash(actions[i]));
        }
        return keccak256(hashes);
    }

    function hash(Action memory action) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)"
                ),
                action.target,
                action.selector,
                action.maxValue,
                hash(action.policies)
            )
        );
    }

    function hash(Policy[] memory policies) internal pure returns (bytes32) {
        bytes memory hashes;
        for (uint256 i = 0; i < policies.length; ++i) {
            hashes = abi.encodePacked(
                hashes,
                keccak256(
                    abi.encode(
                        keccak256("Policy(address policy,bytes config)"),
                        policies[i].policy,
                        keccak256(policies[i].config)
                    )
                )
            );
        }
        return keccak256(hashes);
    }
}
