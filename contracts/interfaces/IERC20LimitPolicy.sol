// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";

/// @title IERC20LimitPolicy
/// @notice Limits what a session may move of one ERC-20 token: per call, in total, per period, and to whom.
///
/// `transfer`, `transferFrom`, `approve` and `increaseAllowance` count alike, an approval as if it were spent at once
/// (and again when it is given again); any other function of the token is refused. A `transferFrom` counts whoever the
/// tokens are taken from. The layout of the configuration is in docs/encoding.md.
///
/// For ERC-20 tokens only: an ERC-721 token has functions of the same selectors, with an id where the amount is.
///
/// What is counted during validation stays counted when the execution reverts.
interface IERC20LimitPolicy is ICallPolicy {
    /// @notice The configuration is malformed. (One that is cut short may instead be refused with an error about the call,
    /// made of what follows it in calldata.)
    /// @param position Where, in bytes from its start.
    error InvalidConfig(uint256 position);

    /// @notice The function is none of the four that this policy knows; zero for calldata of less than four bytes.
    error FunctionNotAllowed(bytes4 selector);

    /// @notice The calldata is not exactly as long as the function's arguments.
    error InvalidCalldataLength(uint256 expected, uint256 actual);

    /// @notice An address in the calldata has bits set above its 160.
    error DirtyAddress(uint256 word);

    /// @notice The recipient (or, for an approval, the spender) is not on the list.
    error RecipientNotAllowed(address recipient);

    /// @notice The amount is more than one call may move.
    error CallLimitExceeded(uint256 limit, uint256 amount);

    /// @notice With this amount, more would be spent than is allowed in total.
    error TotalLimitExceeded(uint256 limit, uint256 spent, uint256 amount);

    /// @notice With this amount, more would be spent than is allowed in the period that ends before `resetsAt` (Unix
    /// time, seconds).
    error PeriodLimitExceeded(uint256 limit, uint256 spent, uint256 amount, uint256 resetsAt);

    /// @notice A limit per period needs a claimed time, at or after the anchor (Unix time, seconds).
    error ClaimedTimeTooEarly(uint256 anchor, uint256 claimedTime);

    /// @notice The claimed time is so late that the end of its period reaches 2^47.
    error ClaimedTimeTooLate(uint256 claimedTime);

    /// @notice A later period has been spent in already.
    error PeriodInPast(uint256 latestPeriod, uint256 claimedPeriod);

    /// @notice What has been spent under a budget.
    /// @param manager The session key manager that the session belongs to.
    /// @param budgetId See {ICallPolicy-checkCall}.
    /// @param account The smart account.
    /// @return total Spent in total; counted only if the configuration limits the total.
    /// @return inPeriod Spent in period number `period`; counted only if the configuration limits periods.
    /// @return period The number of the period last spent in, counted from the configuration's anchor.
    function spent(address manager, bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period);
}
