// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IUsageLimitPolicy} from "../interfaces/IUsageLimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {IOperationPolicy, OperationFacts} from "../interfaces/IOperationPolicy.sol";
import {LimitLibrary} from "../libraries/LimitLibrary.sol";
import {UsageLimit} from "../libraries/UsageLimit.sol";
import {POLICY_CONTRACT} from "../types/Asker.sol";
import {Budget, BudgetSlot} from "../types/Budget.sol";

/// @title UsageLimitPolicy
/// @notice See {IUsageLimitPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract UsageLimitPolicy is IUsageLimitPolicy {
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
        return LimitLibrary.count(
            _budgets[msg.sender][budgetId][account], 1, address(0), claimedTime, config, 0, POLICY_CONTRACT
        );
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
        BudgetSlot storage slot = _budgets[msg.sender][budgetId][account];
        uint256 amount = UsageLimit.ofOperation(facts.calls, config);
        return
            LimitLibrary.count(slot, amount, address(0), claimedTime, config, UsageLimit.COUNTS_CALLS, POLICY_CONTRACT);
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
