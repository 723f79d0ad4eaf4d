// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGasLimitPolicy} from "../interfaces/IGasLimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {IOperationPolicy, OperationFacts} from "../interfaces/IOperationPolicy.sol";
import {LimitLibrary} from "../libraries/LimitLibrary.sol";
import {POLICY_CONTRACT} from "../types/Asker.sol";
import {Budget, BudgetSlot} from "../types/Budget.sol";

/// @title GasLimitPolicy
/// @notice See {IGasLimitPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract GasLimitPolicy is IGasLimitPolicy {
    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => BudgetSlot))) private _budgets;

    /// @inheritdoc IOperationPolicy
    /// @dev Reverts with the errors of {ILimitPolicy}.
    function checkOperation(
        address account,
        bytes32 budgetId,
        OperationFacts calldata facts,
        uint256 claimedTime,
        bytes calldata config
    ) external returns (uint256 validationData) {
        return LimitLibrary.count(
            _budgets[msg.sender][budgetId][account], facts.cost, address(0), claimedTime, config, 0, POLICY_CONTRACT
        );
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
