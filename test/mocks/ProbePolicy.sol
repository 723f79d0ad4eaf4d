// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOperationPolicy, OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";

/// @notice A policy on calls and on operations that remembers every question, and answers as its configuration says: its
/// first byte is 0 to answer with the bytes after it, 1 to revert with them, and 2 (or missing) to accept.
contract ProbePolicy {
    bytes[] private _asked;

    /// @notice How often it was asked.
    function count() external view returns (uint256) {
        return _asked.length;
    }

    /// @notice Who asked, in 20 bytes, and the whole calldata.
    function asked(uint256 index) external view returns (bytes memory) {
        return _asked[index];
    }

    fallback(bytes calldata question) external returns (bytes memory) {
        _asked.push(bytes.concat(bytes20(msg.sender), question));
        bytes memory config = _configIn(question);
        if (config.length == 0 || config[0] == 0x02) return abi.encode(uint256(0));
        bytes memory rest = new bytes(config.length - 1);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = config[i + 1];
        }
        if (config[0] == 0x00) return rest;
        assembly ("memory-safe") {
            revert(add(rest, 32), mload(rest))
        }
    }

    function _configIn(bytes calldata question) private pure returns (bytes memory config) {
        if (bytes4(question) == IOperationPolicy.checkOperation.selector) {
            (,,,, config) = abi.decode(question[4:], (address, bytes32, OperationFacts, uint256, bytes));
        } else {
            (,,,,,, config) = abi.decode(question[4:], (address, bytes32, address, uint256, uint256, bytes, bytes));
        }
    }
}
