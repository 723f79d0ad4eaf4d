// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";
import {ILimitPolicy} from "./ILimitPolicy.sol";
import {IOperationPolicy} from "./IOperationPolicy.sol";

/// @title INativeLimitPolicy
/// @notice Limits how much native currency a session may send, in wei: at once, in total, per period. The layout of the
/// configuration is in docs/encoding.md.
///
/// As the policy of an action it counts what each call under it sends; as one of the session, what all calls of an operation
/// send together. A session that names it for both, with one configuration, counts twice.
///
/// Gas is not counted: see {IGasLimitPolicy}.
interface INativeLimitPolicy is ICallPolicy, IOperationPolicy, ILimitPolicy {}
