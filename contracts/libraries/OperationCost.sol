// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Who pays for a user operation, and how much at the most (ERC-4337 from EntryPoint v0.7).
library OperationCost {
    using CalldataReader for bytes;
    using CalldataReader for uint256;
    using ERC4337Utils for PackedUserOperation;
    using Math for uint256;

    /// @dev Of `paymasterAndData`: the paymaster (20), its verification gas limit (16) and its post-operation gas limit
    /// (16). What follows is not read: in EntryPoint v0.9 part of it is not covered by the operation's hash.
    uint256 private constant PAYMASTER_STATIC_SIZE = 52;

    /// @notice Who pays for an operation, and with how much gas.
    /// @return paymaster The operation's paymaster; 0 if it has none.
    /// @return gas The sum of all its gas limits. A number too large for 256 bits is taken as the largest.
    function read(PackedUserOperation calldata op) internal pure returns (address paymaster, uint256 gas) {
        unchecked {
            bytes calldata paymasterAndData = op.paymasterAndData;
            gas = op.verificationGasLimit() + op.callGasLimit();
            if (paymasterAndData.length != 0) {
                if (paymasterAndData.length < PAYMASTER_STATIC_SIZE) {
                    revert ISessionKeyManager.InvalidPaymasterData(paymasterAndData.length);
                }
                uint256 position = paymasterAndData.positionOf();
                paymaster = address(uint160(position.integer(20)));
                gas += (position + 20).integer(16) + (position + 36).integer(16);
            }
            gas = gas.saturatingAdd(op.preVerificationGas);
        }
    }
}
