// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";
import {ILimitPolicy} from "./ILimitPolicy.sol";
import {IOperationPolicy} from "./IOperationPolicy.sol";

/// @title IUsageLimitPolicy
/// @notice Limits how often a session is used: in total, per period. The layout of the configuration is in
/// docs/encoding.md.
///
/// As the policy of an action it counts the calls under it; as one of the session, operations, or the calls of all
/// operations if its configuration says so. A session that names it for both, with one configuration, counts twice.
interface IUsageLimitPolicy is ICallPolicy, IOperationPolicy, ILimitPolicy {}
