// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ERC7739Utils} from "@openzeppelin/contracts/utils/cryptography/draft-ERC7739Utils.sol";
import {TypedData} from "../interfaces/ISignaturePolicy.sol";

/// @notice The EIP-712 domain of a smart account, and hashes that are bound to it.
library AccountDomain {
    bytes32 private constant KERNEL_TYPEHASH = keccak256("Kernel(bytes32 hash)");

    /// @dev Name, version, chain and contract: what an account's domain is taken to have.
    bytes1 private constant FIELDS = 0x0f;

    /// @notice The domain that an account states (ERC-5267), by name and version, on this chain. Both are empty if it states
    /// none: some accounts do not.
    function read(address account) internal view returns (bytes32 nameHash, bytes32 versionHash, bytes32 salt) {
        (bool answered, bytes memory answer) =
            account.staticcall{gas: type(uint256).max}(abi.encodeCall(IERC5267.eip712Domain, ()));
        // The head has seven words, and each string at least one.
        if (!answered || answer.length < 288) return (keccak256(""), keccak256(""), 0);
        (, string memory name, string memory version,,, bytes32 salt_,) =
            abi.decode(answer, (bytes1, string, string, uint256, address, bytes32, uint256[]));
        return (keccak256(bytes(name)), keccak256(bytes(version)), salt_);
    }

    /// @notice A message of an application, nested under the account's domain (ERC-7739, TypedDataSign).
    function nest(address account, TypedData memory data) internal view returns (bytes32 digest) {
        (bytes32 nameHash, bytes32 versionHash, bytes32 salt) = read(account);
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(",
                data.primaryType,
                " contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                data.encodedType
            )
        );
        bytes32 structHash =
            keccak256(abi.encode(typeHash, data.contentsHash, nameHash, versionHash, block.chainid, account, salt));
        return MessageHashUtils.toTypedDataHash(data.domain.separator, structHash);
    }

    /// @notice A personal message, nested under the account's domain (ERC-7739, PersonalSign).
    /// @param hash The ERC-191 hash of the message.
    function nestPersonal(address account, bytes32 hash) internal view returns (bytes32 digest) {
        return MessageHashUtils.toTypedDataHash(separator(account), ERC7739Utils.personalSignStructHash(hash));
    }

    /// @notice What Kernel hands its validators for `hash`.
    function wrapByKernel(address account, bytes32 hash) internal view returns (bytes32 digest) {
        return MessageHashUtils.toTypedDataHash(separator(account), keccak256(abi.encode(KERNEL_TYPEHASH, hash)));
    }

    function separator(address account) internal view returns (bytes32) {
        (bytes32 nameHash, bytes32 versionHash,) = read(account);
        return MessageHashUtils.toDomainSeparator(FIELDS, nameHash, versionHash, block.chainid, account, 0);
    }
}
