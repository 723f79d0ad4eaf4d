// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";

/// @notice Who pays for a user operation, and how much at the most (ERC-4337 from EntryPoint v0.7).
library OperationCost {
    using ERC4337Utils for PackedUserOperation;
    using Math for uint256;

    /// @dev Of `paymasterAndData`: the paymaster (20), its verification gas limit (16) and its post-operation gas limit
    /// (16). What follows is not read: in EntryPoint v0.9 part of it is not covered by the operation's hash.
    uint256 private constant PAYMASTER_STATIC_SIZE = 52;

    /// @notice The operation's paymaster; 0 if it has none.
    function paymasterOf(PackedUserOperation calldata op) internal pure returns (address) {
        uint256 length = op.paymasterAndData.length;
        if (length == 0) return address(0);
        if (length < PAYMASTER_STATIC_SIZE) revert ISessionKeyManager.InvalidPaymasterData(length);
        return op.paymaster();
    }

    /// @notice The most that the operation may cost in wei: the sum of all its gas limits times `maxFeePerGas`. A number
    /// too large for 256 bits is taken as the largest.
    function maxCostOf(PackedUserOperation calldata op) internal pure returns (uint256) {
        uint256 gas = op.preVerificationGas.saturatingAdd(op.verificationGasLimit() + op.callGasLimit());
        if (op.paymasterAndData.length != 0) {
            gas = gas.saturatingAdd(op.paymasterVerificationGasLimit() + op.paymasterPostOpGasLimit());
        }
        return gas.saturatingMul(op.maxFeePerGas());
    }
}
