// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";
import {ILimitPolicy} from "./ILimitPolicy.sol";

/// @title IERC20LimitPolicy
/// @notice Limits what a session may move of one ERC-20 token: per call, in total, per period, and to whom.
///
/// `transfer`, `transferFrom`, `approve` and `increaseAllowance` count alike, an approval as if it were spent at once
/// (and again when it is given again); any other function of the token is refused. A `transferFrom` counts whoever the
/// tokens are taken from. The layout of the configuration is in docs/encoding.md.
///
/// For ERC-20 tokens only: an ERC-721 token has functions of the same selectors, with an id where the amount is.
interface IERC20LimitPolicy is ICallPolicy, ILimitPolicy {
    /// @notice The function is none of the four that this policy knows; zero for calldata of less than four bytes.
    error FunctionNotAllowed(bytes4 selector);

    /// @notice The calldata is not exactly as long as the function's arguments.
    error InvalidCalldataLength(uint256 expected, uint256 actual);

    /// @notice An address in the calldata has bits set above its 160.
    error DirtyAddress(uint256 word);

    /// @notice The recipient (or, for an approval, the spender) is not on the list.
    error RecipientNotAllowed(address recipient);
}
