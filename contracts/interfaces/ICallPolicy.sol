// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ICallPolicy
/// @notice A limit on single calls: what a session's action asks before a call may be made.
/// @dev Rules for an implementation, so that bundlers accept it (ERC-7562) and budgets stay apart:
/// - its configuration comes in `config` with every call and is never stored;
/// - what it counts is keyed by `msg.sender` (the manager) and `budgetId`, with `account` as the innermost mapping key;
/// - it does not read the clock, the base fee, balances, or anything that execution changes: several operations are
///   validated before the first is executed. Time is restricted by what it returns.
interface ICallPolicy {
    /// @notice Accepts a call by returning, refuses it by reverting with a typed error.
    /// @dev Called by a session key manager during the validation of a user operation, once for every call under an
    /// action that names this policy, in the order of the calls; as often as the action names it.
    /// @param account The smart account that would make the call.
    /// @param budgetId keccak256(abi.encode(session id, this policy, keccak256(config))): the same for two actions of
    /// one session with the same policy and configuration.
    /// @param target The contract that would be called.
    /// @param value The wei that would be sent.
    /// @param claimedTime A Unix time in seconds that the session key states and signs; 0 if it states none. It is only
    /// a claim: a policy that relies on it returns a window that makes the EntryPoint prove it.
    /// @param data The calldata of the call.
    /// @param config The configuration that the session gives this policy.
    /// @return validationData A validity window as in ERC-4337: validAfter in the top 48 bits, validUntil in the next
    /// 48 (0: no end), and the low 160 bits zero. Bounds are below 2^47. 0 restricts nothing.
    function checkCall(
        address account,
        bytes32 budgetId,
        address target,
        uint256 value,
        uint256 claimedTime,
        bytes calldata data,
        bytes calldata config
    ) external returns (uint256 validationData);
}
