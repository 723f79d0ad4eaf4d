// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {ANY_PAYMASTER} from "../types/Session.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {OperationReader} from "./OperationReader.sol";

/// @notice Who pays for a user operation, and how much at the most (ERC-4337 from EntryPoint v0.7).
library OperationCost {
    using CalldataReader for uint256;
    using Math for uint256;
    using OperationReader for PackedUserOperation;

    /// @dev Of `paymasterAndData`: the paymaster (20), its verification gas limit (16) and its post-operation gas limit
    /// (16). What follows is not read: in EntryPoint v0.9 part of it is not covered by the operation's hash.
    uint256 private constant PAYMASTER_STATIC_SIZE = 52;

    /// @notice Whether it takes {read} to tell that a session allows an operation's paymaster and cost. If not, the operation has
    /// no paymaster, the session allows none or any, and the cost is small enough.
    function isOdd(PackedUserOperation calldata op, PackedUse packed) internal pure returns (bool odd) {
        address any = ANY_PAYMASTER;
        uint256 maxOpCost = packed.maxOpCost();
        address allowed = packed.paymaster();
        // In order: the sum of gas limits (of 128 bits each) and preVerificationGas are so small that nothing wraps around; it
        // is so many times maxFeePerGas; paymasterAndData is empty.
        assembly ("memory-safe") {
            let limits := calldataload(add(op, 0x80))
            let gasLimit := add(shr(128, limits), and(limits, 0xffffffffffffffffffffffffffffffff))
            let preVerificationGas := calldataload(add(op, 0xa0))
            let maxFeePerGas := and(calldataload(add(op, 0xc0)), 0xffffffffffffffffffffffffffffffff)
            odd := shr(127, or(gasLimit, preVerificationGas))
            odd := or(gt(mul(add(gasLimit, preVerificationGas), maxFeePerGas), maxOpCost), odd)
            odd := or(calldataload(add(op, calldataload(add(op, 0xe0)))), odd)
            odd := or(iszero(or(iszero(allowed), eq(allowed, any))), odd)
            odd := iszero(iszero(odd))
        }
    }

    /// @notice Who pays for an operation, and how much at the most.
    /// @return paymaster The operation's paymaster; 0 if it has none.
    /// @return cost The sum of all its gas limits times maxFeePerGas, in wei. What is too large for 256 bits is taken as the
    /// largest number.
    function read(PackedUserOperation calldata op) internal pure returns (address paymaster, uint256 cost) {
        unchecked {
            (uint256 position, uint256 size) = op.paymasterAndDataOf();
            uint256 limits = uint256(op.accountGasLimits);
            uint256 gas = (limits >> 128) + uint128(limits);
            if (size != 0) {
                if (size < PAYMASTER_STATIC_SIZE) revert ISessionKeyManager.InvalidPaymasterData(size);
                paymaster = address(uint160(position.integer(20)));
                gas += (position + 20).integer(16) + (position + 36).integer(16);
            }
            uint256 maxFeePerGas = uint128(uint256(op.gasFees));
            uint256 preVerificationGas = op.preVerificationGas;
            // Sums and products of numbers below 2^127 and 2^128 fit.
            if ((gas | preVerificationGas) >> 127 == 0) return (paymaster, (gas + preVerificationGas) * maxFeePerGas);
            return (paymaster, gas.saturatingAdd(preVerificationGas).saturatingMul(maxFeePerGas));
        }
    }
}
