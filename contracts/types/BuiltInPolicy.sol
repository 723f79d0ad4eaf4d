// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Policies that the manager evaluates itself, by the addresses that name them in a session: one byte and 19 zeros, which is
// little calldata, and no address that a contract can be brought to. Nothing is ever called there. What they check and how they
// are configured is that of the policy contracts that they stand for, which use the same libraries.

/// @dev Stands for the ERC20LimitPolicy, as a policy of an action.
address constant ERC20_LIMIT = 0xB100000000000000000000000000000000000000;

/// @dev Stands for the UsageLimitPolicy, as a policy of an action or of the session.
address constant USAGE_LIMIT = 0xB200000000000000000000000000000000000000;

/// @dev Stands for the NativeLimitPolicy, as a policy of an action or of the session.
address constant NATIVE_LIMIT = 0xB300000000000000000000000000000000000000;

/// @dev Stands for the GasLimitPolicy, as a policy of the session.
address constant GAS_LIMIT = 0xB400000000000000000000000000000000000000;

/// @dev Stands for the ABIRulePolicy, as a policy of an action. Rules on words of the head are the manager's own business; for
/// others, and for the reason of a refusal, it asks an ABIRulePolicy that it has deployed.
address constant ARGUMENT_RULES = 0xB500000000000000000000000000000000000000;

library BuiltInPolicy {
    /// @notice Whether a policy of an action is one of the manager's own limits.
    function isOfCalls(address policy) internal pure returns (bool) {
        return _isFrom(policy, ERC20_LIMIT, NATIVE_LIMIT);
    }

    /// @notice Whether a policy of a session is one of the manager's own limits.
    function isOfOperations(address policy) internal pure returns (bool) {
        return _isFrom(policy, USAGE_LIMIT, GAS_LIMIT);
    }

    /// @dev Whether an address is one byte and 19 zeros, as `first` and `last` are, and from one to the other.
    function _isFrom(address policy, address first, address last) private pure returns (bool) {
        unchecked {
            // What is before `first` wraps around.
            uint256 distance = uint256(uint160(policy)) - uint160(first);
            return distance <= uint160(last) - uint160(first) && uint152(distance) == 0;
        }
    }
}
