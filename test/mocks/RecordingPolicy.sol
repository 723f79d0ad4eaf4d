// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice Accepts every call, and remembers who asked what in which order.
contract RecordingPolicy is ICallPolicy {
    /// @notice Of each question: the hash of who asked and of the whole calldata.
    bytes32[] public asked;

    function count() external view returns (uint256) {
        return asked.length;
    }

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        returns (uint256)
    {
        asked.push(keccak256(abi.encodePacked(msg.sender, msg.data)));
        return 0;
    }
}
