// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILimitPolicy} from "./ILimitPolicy.sol";
import {IOperationPolicy} from "./IOperationPolicy.sol";

/// @title IGasLimitPolicy
/// @notice Limits what the operations of a session may cost, in wei: at once, in total, per period. The layout of the
/// configuration is in docs/encoding.md.
///
/// Counted is the most that an operation can cost, whoever pays: the sum of all its gas limits, the paymaster's included,
/// times maxFeePerGas. What it really costs is known only later, and is less; so ask for limits and fees that are close. It
/// bounds, too, what a paymaster that charges in tokens can take for gas, if it charges no more than that cost is worth.
interface IGasLimitPolicy is IOperationPolicy, ILimitPolicy {}
