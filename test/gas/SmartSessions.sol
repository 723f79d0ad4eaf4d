// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {LibZip} from "solady/src/utils/LibZip.sol";
import {VmSafe} from "forge-std/Vm.sol";

struct SmartPolicy {
    address policy;
    bytes initData;
}

struct SmartAction {
    bytes4 selector;
    address target;
    SmartPolicy[] policies;
}

struct SmartERC7739 {
    string[] contents;
    SmartPolicy[] policies;
}

struct SmartSession {
    address validator;
    bytes validatorData;
    bytes32 salt;
    SmartPolicy[] operationPolicies;
    SmartERC7739 erc7739;
    SmartAction[] actions;
}

struct ChainDigest {
    uint64 chainId;
    bytes32 digest;
}

struct SmartEnable {
    uint8 index;
    ChainDigest[] digests;
    SmartSession session;
    bytes signature;
}

interface ISmartSessions {
    /// @notice The account does not take the signature of `hash` for its owner's.
    error InvalidEnableSignature(address account, bytes32 hash);

    function validateUserOp(PackedUserOperation calldata op, bytes32 userOpHash) external returns (uint256);
    function enableSessions(SmartSession[] calldata sessions) external returns (bytes32[] memory ids);
    function removeSession(bytes32 id) external;
    function getPermissionId(SmartSession calldata session) external pure returns (bytes32);
    function getSessionDigest(bytes32 id, address account, SmartSession calldata session, uint8 mode)
        external
        view
        returns (bytes32);
}

/// @notice The published code of SmartSessions, and how it is spoken to.
library SmartSessions {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant FILE =
        "node_modules/@rhinestone/modulekit/src/deployment/precompiles/SmartSessionsPrecompiles.sol";

    uint8 private constant USE = 0;
    /// Without asking a registry of attested modules, which costs less.
    uint8 internal constant ENABLE = 2;

    /// @notice Its deployed bytecode, which the package keeps as a hex literal.
    function code() internal view returns (bytes memory) {
        string[] memory parts = VM.split(VM.readFile(FILE), "SMART_SESSION_DEPLOYED_BYTECODE =");
        return VM.parseBytes(VM.split(parts[1], '"')[1]);
    }

    /// @notice A signature of an operation under a session that is enabled.
    function encodeUse(bytes32 id, bytes memory signature) internal pure returns (bytes memory) {
        return abi.encodePacked(USE, id, LibZip.flzCompress(abi.encode(signature)));
    }

    /// @notice The same with what enables the session.
    function encodeEnable(SmartEnable memory enable, bytes memory signature) internal pure returns (bytes memory) {
        return abi.encodePacked(ENABLE, LibZip.flzCompress(abi.encode(enable, signature)));
    }
}
