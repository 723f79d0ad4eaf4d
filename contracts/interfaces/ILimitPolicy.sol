// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ILimitPolicy
/// @notice What all policies that count have in common: what they refuse, and what they have counted. Amounts are in the unit
/// that the policy counts in.
///
/// What is counted during validation stays counted when the execution reverts.
interface ILimitPolicy {
    /// @notice The configuration is malformed. (One that is cut short may instead be refused with an error about the call,
    /// made of what follows it in calldata.)
    /// @param position Where, in bytes from its start.
    error InvalidConfig(uint256 position);

    /// @notice The amount is more than is allowed at once.
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
    /// @param budgetId keccak256(abi.encode(session id, policy, keccak256(config))).
    /// @param account The smart account.
    /// @return total Spent in total; counted only if the configuration limits the total.
    /// @return inPeriod Spent in period number `period`; counted only if the configuration limits periods.
    /// @return period The number of the period last spent in, counted from the configuration's anchor.
    function spent(address manager, bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period);
}
