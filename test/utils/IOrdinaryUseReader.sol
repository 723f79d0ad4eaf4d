// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

/// @notice What is read of an operation. Positions count from the beginning of calldata.
struct Reading {
    bool ordinary;
    bytes32 id;
    uint256 evidence;
    uint256 keySignature;
    uint256 calls;
    /// 2^128 if not all calls are plain transfers, or if one of them is of so much.
    uint256 transferred;
}

/// @notice Reads an operation as an ordinary one, and by the decoders that take any. As if its own account called it.
interface IOrdinaryUseReader {
    /// @notice By {OrdinaryUse}.
    function read(PackedUserOperation calldata op) external view returns (Reading memory reading);

    /// @notice By the decoders that take any operation. `ordinary`: what it would take to be one. Reverts where they do.
    function readInFull(PackedUserOperation calldata op) external view returns (Reading memory reading);
}
