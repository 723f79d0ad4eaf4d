// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice Asks for the time, which ERC-7562 bans from validation.
contract ClockPolicy is ICallPolicy {
    error TooEarly(uint256 time);

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        view
        returns (uint256)
    {
        // forge-lint: disable-next-line(block-timestamp): that is what it is for
        if (block.timestamp == 0) revert TooEarly(block.timestamp);
        return 0;
    }
}

/// @notice Counts for all accounts together, in a slot that is nobody's.
contract CommonCounterPolicy is ICallPolicy {
    uint256 public count;

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        returns (uint256)
    {
        ++count;
        return 0;
    }
}

/// @notice Reads what is kept for another account than the one that acts: the one in its configuration.
contract ForeignStoragePolicy is ICallPolicy {
    error Blocked(address account);

    mapping(address account => bool) public blocked;

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        view
        returns (uint256)
    {
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes
        address other = address(bytes20(config));
        if (blocked[other]) revert Blocked(other);
        return 0;
    }
}

/// @notice Keeps its count under the account, but the account is not the innermost key.
contract MisplacedKeyPolicy is ICallPolicy {
    mapping(address account => mapping(bytes32 budgetId => uint256)) public counts;

    function checkCall(address account, bytes32 budgetId, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        returns (uint256)
    {
        ++counts[account][budgetId];
        return 0;
    }
}
