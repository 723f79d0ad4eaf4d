// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccountExecute} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice The calls of an operation, read one after the other. All positions count from the start of the calldata of
/// the call to this contract.
struct Execution {
    /// Where the operation's callData begins: what positions in errors count from.
    uint256 origin;
    /// How many calls there are.
    uint256 count;
    /// How many have been read.
    uint256 index;
    /// Where the offsets of a batch's calls are, which is also what they count from; 0 for a single call.
    uint256 offsets;
    /// Where the next call begins.
    uint256 cursor;
    /// Where the execution's calldata ends, without padding.
    uint256 end;
}

using ExecutionDecoder for Execution global;

/// @notice Reads the calls out of an operation's callData, and refuses whatever is not its one canonical encoding.
/// @dev Accounts are lax: they take dirty mode bytes, other offsets, trailing bytes. A check that is as lax may see other
/// calls than the account makes. So this takes only what a standard ABI encoder writes, which every decoder reads alike.
library ExecutionDecoder {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    bytes32 private constant SINGLE_MODE = 0;
    bytes32 private constant BATCH_MODE = bytes32(uint256(1) << 248);

    /// @notice Opens an operation's callData: `execute(mode, executionCalldata)`, bare or behind the selector of
    /// `executeUserOp`, in single or batch mode with default execution (ERC-7579).
    function open(bytes calldata callData) internal pure returns (Execution memory execution) {
        unchecked {
            uint256 position = callData.positionOf();
            uint256 end = position + callData.length;
            execution.origin = position;

            bytes4 selector = callData.length < 4 ? bytes4(0) : bytes4(position.word());
            if (selector == IAccountExecute.executeUserOp.selector && callData.length >= 8) {
                position += 4;
                selector = bytes4(position.word());
            }
            if (selector != IERC7579Execution.execute.selector) revert ISessionKeyManager.FunctionNotExecute(selector);
            position += 4;

            // Head: mode, offset. Then the length of the execution's calldata, which fills the rest but for padding.
            if (position + 96 > end) execution.refuse(end);
            bytes32 mode = position.word();
            if (uint256((position + 32).word()) != 0x40) execution.refuse(position + 32);
            uint256 length = uint256((position + 64).word());
            position += 96;
            if (length > end - position || position + _padded(length) != end) execution.refuse(position - 32);
            _requireZeroPadding(execution, position, length);
            execution.end = position + length;

            if (mode == SINGLE_MODE) {
                if (length < 52) execution.refuse(position);
                execution.count = 1;
                execution.cursor = position;
            } else if (mode == BATCH_MODE) {
                if (length < 64) execution.refuse(position);
                if (uint256(position.word()) != 0x20) execution.refuse(position);
                uint256 count = uint256((position + 32).word());
                if (count == 0) revert ISessionKeyManager.EmptyBatch();
                // One call takes at least five words: its offset and four of its own.
                if (count > (length - 64) / 160) execution.refuse(position + 32);
                execution.count = count;
                execution.offsets = position + 64;
                execution.cursor = position + 64 + 32 * count;
            } else {
                revert ISessionKeyManager.ModeNotAllowed(mode);
            }
        }
    }

    /// @notice Reads the next call. To be called exactly `count` times.
    function next(Execution memory execution)
        internal
        pure
        returns (address target, uint256 value, bytes calldata data)
    {
        unchecked {
            uint256 cursor = execution.cursor;
            uint256 end = execution.end;

            if (execution.offsets == 0) {
                // A single call: packed, up to the end.
                target = address(bytes20(cursor.word()));
                value = uint256((cursor + 20).word());
                data = (cursor + 52).slice(end - cursor - 52);
            } else {
                uint256 offset = execution.offsets + 32 * execution.index;
                if (uint256(offset.word()) != cursor - execution.offsets) execution.refuse(offset);
                if (cursor + 128 > end) execution.refuse(end);
                uint256 targetWord = uint256(cursor.word());
                if (targetWord >> 160 != 0) execution.refuse(cursor);
                target = address(uint160(targetWord));
                value = uint256((cursor + 32).word());
                if (uint256((cursor + 64).word()) != 0x60) execution.refuse(cursor + 64);
                uint256 length = uint256((cursor + 96).word());
                cursor += 128;
                if (length > end - cursor || _padded(length) > end - cursor) execution.refuse(cursor - 32);
                _requireZeroPadding(execution, cursor, length);
                data = cursor.slice(length);
                execution.cursor = cursor + _padded(length);
                if (++execution.index == execution.count && execution.cursor != end) {
                    execution.refuse(execution.cursor);
                }
            }
        }
    }

    /// @dev Reverts about what is at `position`.
    function refuse(Execution memory execution, uint256 position) internal pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalExecution(position - execution.origin);
        }
    }

    /// @dev `length` rounded up to whole words. `length` is at most the size of calldata.
    function _padded(uint256 length) private pure returns (uint256) {
        unchecked {
            return (length + 31) & ~uint256(31);
        }
    }

    /// @dev Reverts unless the bytes after the `length` bytes at `position`, up to a whole word, are zero.
    function _requireZeroPadding(Execution memory execution, uint256 position, uint256 length) private pure {
        unchecked {
            uint256 used = length & 31;
            if (used != 0 && uint256((position + length).word()) >> 8 * used != 0) {
                execution.refuse(position + length);
            }
        }
    }
}
