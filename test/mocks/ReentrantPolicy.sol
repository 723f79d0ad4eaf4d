// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice Calls back the manager that asks with the bytes of its configuration, remembers the outcome, and accepts.
contract ReentrantPolicy is ICallPolicy {
    bool public succeeded;
    bytes public result;

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        (succeeded, result) = msg.sender.call(config);
        return 0;
    }
}
