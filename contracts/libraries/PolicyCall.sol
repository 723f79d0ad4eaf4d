// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IOperationPolicy, OperationFacts} from "../interfaces/IOperationPolicy.sol";

/// @notice Asks policies. Their questions are ABI-encoded by hand, out of calldata, into memory that is free again after each:
/// the compiler's encoder costs several times as much.
/// @dev A policy gets as much gas as there is (EIP-150), without the GAS opcode: the compiler may place it apart from the call,
/// and bundlers refuse that (ERC-7562, OP-012).
library PolicyCall {
    /// @notice Calls {ICallPolicy-checkCall} for the account that is the caller.
    /// @return accepted Whether the policy did not revert.
    /// @return size How long its answer is. {answer} returns it in full.
    /// @return validationData The answer's first word, if it has one.
    function checkCall(
        address policy,
        bytes32 budgetId,
        address target,
        uint256 value,
        uint256 claimedTime,
        bytes calldata data,
        bytes calldata config
    ) internal returns (bool accepted, uint256 size, uint256 validationData) {
        bytes4 selector = ICallPolicy.checkCall.selector;
        // Head: account, budgetId, target, value, claimedTime, and the offsets of data and config. Then both, each a length and
        // that many bytes, padded with zeros: a word of zeros is written where bytes end, and overwritten by what follows.
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, selector)
            mstore(add(question, 0x04), caller())
            mstore(add(question, 0x24), budgetId)
            mstore(add(question, 0x44), target)
            mstore(add(question, 0x64), value)
            mstore(add(question, 0x84), claimedTime)
            mstore(add(question, 0xa4), 0xe0)
            let padded := and(add(data.length, 31), not(31))
            mstore(add(question, 0xc4), add(0x100, padded))
            mstore(add(question, 0xe4), data.length)
            let cursor := add(question, 0x104)
            mstore(add(cursor, data.length), 0)
            calldatacopy(cursor, data.offset, data.length)
            cursor := add(cursor, padded)
            mstore(cursor, config.length)
            cursor := add(cursor, 0x20)
            mstore(add(cursor, config.length), 0)
            calldatacopy(cursor, config.offset, config.length)
            cursor := add(cursor, and(add(config.length, 31), not(31)))
            accepted := call(not(0), policy, 0, question, sub(cursor, question), 0, 0x20)
            size := returndatasize()
            validationData := mload(0)
        }
    }

    /// @notice Calls {IOperationPolicy-checkOperation} for the account that is the caller.
    /// @return accepted As above.
    /// @return size As above.
    /// @return validationData As above.
    function checkOperation(
        address policy,
        bytes32 budgetId,
        OperationFacts memory facts,
        uint256 claimedTime,
        bytes calldata config
    ) internal returns (bool accepted, uint256 size, uint256 validationData) {
        bytes4 selector = IOperationPolicy.checkOperation.selector;
        // Head: account, budgetId, the four facts, claimedTime, and the offset of config. Then that, as above.
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, selector)
            mstore(add(question, 0x04), caller())
            mstore(add(question, 0x24), budgetId)
            mcopy(add(question, 0x44), facts, 0x80)
            mstore(add(question, 0xc4), claimedTime)
            mstore(add(question, 0xe4), 0x100)
            mstore(add(question, 0x104), config.length)
            let cursor := add(question, 0x124)
            mstore(add(cursor, config.length), 0)
            calldatacopy(cursor, config.offset, config.length)
            cursor := add(cursor, and(add(config.length, 31), not(31)))
            accepted := call(not(0), policy, 0, question, sub(cursor, question), 0, 0x20)
            size := returndatasize()
            validationData := mload(0)
        }
    }

    /// @notice The whole answer to the last question.
    function answer() internal pure returns (bytes memory data) {
        // Copies what the call returned into new memory.
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0, returndatasize())
            mstore(0x40, add(data, and(add(returndatasize(), 63), not(31))))
        }
    }
}
