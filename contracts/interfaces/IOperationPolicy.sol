// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What an operation policy is told about a user operation.
struct OperationFacts {
    /// The most that the operation can cost, in wei, whoever pays: the sum of all its gas limits, the paymaster's
    /// included, times maxFeePerGas. 1 if the session key's signature is wrong: bundlers estimate with a placeholder for it
    /// and far higher gas limits, and such an operation fails whatever a policy says.
    uint256 cost;
    /// The operation's paymaster; 0 if it has none.
    address paymaster;
    /// How many calls it makes.
    uint256 calls;
    /// The sum of what its calls send, in wei.
    uint256 value;
}

/// @title IOperationPolicy
/// @notice A limit on operations as a whole: what a session asks before an operation may run.
/// @dev The rules of {ICallPolicy} hold here too. A policy may implement both: then it is asked as what the session names
/// it for.
interface IOperationPolicy {
    /// @notice Accepts an operation by returning, refuses it by reverting with a typed error.
    /// @dev Called by a session key manager during validation, once for every operation under a session that names this
    /// policy, after all its calls were accepted.
    /// @param account The smart account that would act.
    /// @param budgetId keccak256(abi.encode(session id, this policy, keccak256(config))).
    /// @param facts See {OperationFacts}.
    /// @param claimedTime As in {ICallPolicy}.
    /// @param config The configuration that the session gives this policy.
    /// @return validationData A validity window, as in {ICallPolicy}.
    function checkOperation(
        address account,
        bytes32 budgetId,
        OperationFacts calldata facts,
        uint256 claimedTime,
        bytes calldata config
    ) external returns (uint256 validationData);
}
