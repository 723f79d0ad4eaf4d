// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";

/// @notice Put at an address that stands for one of the manager's own policies, it tells what is spent as a policy contract
/// would. It answers nothing else: a manager that calls it, rather than to evaluate the policy itself, fails.
contract BuiltInReader {
    function spent(ISessionKeyManager manager, bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period)
    {
        return manager.spent(budgetId, account);
    }
}
