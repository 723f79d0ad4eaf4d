// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice Refuses every call with the bytes of its configuration as the reason.
contract RefusingPolicy is ICallPolicy {
    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        pure
        returns (uint256)
    {
        bytes memory reason = config;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
