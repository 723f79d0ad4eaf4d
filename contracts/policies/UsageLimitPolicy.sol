// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IUsageLimitPolicy} from "../interfaces/IUsageLimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {IOperationPolicy, OperationFacts} from "../interfaces/IOperationPolicy.sol";
import {LimitLibrary} from "../libraries/LimitLibrary.sol";
import {Budget, BudgetSlot} from "../types/Budget.sol";

/// @title UsageLimitPolicy
/// @notice See {IUsageLimitPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract UsageLimitPolicy is IUsageLimitPolicy {
    /// A bit of the configuration's first byte: as a policy of the session, count the calls of operations, not operations.
    uint256 private constant COUNTS_CALLS = 32;

    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => BudgetSlot))) private _budgets;

    /// @inheritdoc ICallPolicy
    /// @dev Reverts with the errors of {ILimitPolicy}.
    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256,
        uint256 claimedTime,
        bytes calldata,
        bytes calldata config
    ) external returns (uint256 validationData) {
        return LimitLibrary.count(_budgets[msg.sender][budgetId][account], 1, claimedTime, config, 0);
    }

    /// @inheritdoc IOperationPolicy
    /// @dev Reverts with the errors of {ILimitPolicy}.
    function checkOperation(
        address account,
        bytes32 budgetId,
        OperationFacts calldata facts,
        uint256 claimedTime,
        bytes calldata config
    ) external returns (uint256 validationData) {
        uint256 amount = config.length != 0 && uint8(config[0]) & COUNTS_CALLS != 0 ? facts.calls : 1;
        return LimitLibrary.count(_budgets[msg.sender][budgetId][account], amount, claimedTime, config, COUNTS_CALLS);
    }

    /// @inheritdoc ILimitPolicy
    function spent(address manager, bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period)
    {
        Budget budget = _budgets[manager][budgetId][account].budget;
        return (budget.total(), budget.inPeriod(), budget.period());
    }
}
