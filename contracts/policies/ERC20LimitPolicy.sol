// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IERC20LimitPolicy} from "../interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {ERC20Limit} from "../libraries/ERC20Limit.sol";
import {LimitLibrary} from "../libraries/LimitLibrary.sol";
import {POLICY_CONTRACT} from "../types/Asker.sol";
import {Budget, BudgetSlot} from "../types/Budget.sol";

/// @title ERC20LimitPolicy
/// @notice See {IERC20LimitPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract ERC20LimitPolicy is IERC20LimitPolicy {
    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => BudgetSlot))) private _budgets;

    /// @inheritdoc ICallPolicy
    /// @dev Reverts with the errors of {IERC20LimitPolicy}. `target` and `value` are the action's business.
    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256,
        uint256 claimedTime,
        bytes calldata data,
        bytes calldata config
    ) external returns (uint256 validationData) {
        (address recipient, uint256 amount) = ERC20Limit.readCall(data, POLICY_CONTRACT);
        BudgetSlot storage slot = _budgets[msg.sender][budgetId][account];
        return
            LimitLibrary.count(
                slot, amount, recipient, claimedTime, config, LimitLibrary.HAS_RECIPIENTS, POLICY_CONTRACT
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
