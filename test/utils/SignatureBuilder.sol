// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Session} from "contracts/types/Session.sol";
import {UseBuilder} from "./UseBuilder.sol";

/// @notice A message of typed data, as an application makes it. Domains here have name, chain and contract.
struct AppMessage {
    string name;
    uint256 chainId;
    address verifyingContract;
    string primaryType;
    string encodedType;
    /// The EIP-712 encodeData without the type hash: a word for each field.
    bytes fields;
    /// Fields of nested structs, for the witness.
    bytes nested;
}

/// @notice The account's own EIP-712 domain (ERC-5267).
struct AccountName {
    string name;
    string version;
}

using SignatureBuilder for AppMessage global;

/// @notice Builds the ERC-1271 signatures of session keys as docs/encoding.md says, by plain concatenation: nothing of it is
/// shared with the decoder under test.
library SignatureBuilder {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");

    /// @notice A message of an application on this chain, which names it.
    function mail(address app) internal view returns (AppMessage memory) {
        return AppMessage({
            name: "App",
            chainId: block.chainid,
            verifyingContract: app,
            primaryType: "Mail",
            encodedType: "Mail(uint256 number,address to)",
            fields: abi.encode(7, app),
            nested: ""
        });
    }

    function separator(AppMessage memory message) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(message.name)), message.chainId, message.verifyingContract)
        );
    }

    function contentsHash(AppMessage memory message) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(bytes(message.encodedType)), message.fields));
    }

    /// @notice What the application asks the account about.
    function hash(AppMessage memory message) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", message.separator(), message.contentsHash()));
    }

    /// @notice The message nested under the account's domain (ERC-7739).
    function nest(AppMessage memory message, address account, uint256 chainId, AccountName memory of_)
        internal
        pure
        returns (bytes32)
    {
        return nestContents(
            message.separator(), message.primaryType, message.encodedType, message.contentsHash(), account, chainId, of_
        );
    }

    /// @notice The same for a message of any domain.
    function nestContents(
        bytes32 appSeparator,
        string memory primaryType,
        string memory encodedType,
        bytes32 contents,
        address account,
        uint256 chainId,
        AccountName memory of_
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(",
                primaryType,
                " contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                encodedType
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                contents,
                keccak256(bytes(of_.name)),
                keccak256(bytes(of_.version)),
                chainId,
                account,
                bytes32(0)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", appSeparator, structHash));
    }

    /// @notice A personal message, by its ERC-191 hash, nested under the account's domain (ERC-7739).
    function nestPersonal(bytes32 hash_, address account, uint256 chainId, AccountName memory of_)
        internal
        pure
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(of_.name)),
                keccak256(bytes(of_.version)),
                chainId,
                account
            )
        );
        bytes32 contents = keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), hash_));
        return keccak256(abi.encodePacked(hex"1901", domain, contents));
    }

    /// @notice Header, policies, actions and proof: what comes before the content.
    function head(Session memory session, uint8 kind, bytes32[] memory proof)
        internal
        pure
        returns (bytes memory packed)
    {
        uint8 flags = kind | (session.chainId == 0 ? 1 : 0) | (session.operationPolicies.length > 0 ? 2 : 0);
        packed = abi.encodePacked(
            flags,
            uint48(0),
            session.epoch,
            session.validAfter,
            session.validUntil,
            session.salt,
            session.paymaster,
            session.maxOpCost
        );
        packed = abi.encodePacked(packed, uint16(session.sessionKey.length), session.sessionKey);
        if (session.operationPolicies.length > 0) {
            packed = abi.encodePacked(packed, UseBuilder.hash(session.operationPolicies));
        }
        packed = abi.encodePacked(packed, UseBuilder.packPolicies(session.signaturePolicies));
        return abi.encodePacked(packed, UseBuilder.hash(session.actions), uint8(proof.length), proof);
    }

    /// @notice All before the key's signature, for typed data.
    function use(AppMessage memory message, Session memory session, uint8 kind, bytes32[] memory proof)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory domain = abi.encodePacked(
            uint8(0x0d),
            keccak256(bytes(message.name)),
            message.chainId,
            bytes32(uint256(uint160(message.verifyingContract)))
        );
        uint16 size = uint16(message.fields.length + message.nested.length);
        return abi.encodePacked(head(session, kind, proof), domain, size, message.fields, message.nested);
    }

    /// @notice All before the key's signature, for a personal message.
    function usePersonal(bytes memory text, Session memory session, uint8 kind, bytes32[] memory proof)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(head(session, kind | 4, proof), uint16(text.length), text);
    }

    /// @notice What follows the key's signature, for typed data (ERC-7739, implicit mode).
    function envelope(AppMessage memory message) internal pure returns (bytes memory) {
        return abi.encodePacked(
            message.separator(), message.contentsHash(), message.encodedType, uint16(bytes(message.encodedType).length)
        );
    }

    /// @notice What the session key signs, under the manager's domain.
    function digest(address manager, bytes32 nested, bytes32 id, bytes memory use_) internal pure returns (bytes32) {
        bytes32 domain = UseBuilder.domain(manager);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("SignatureUse(bytes32 digest,bytes32 session,bytes32 use)"), nested, id, keccak256(use_)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }
}
