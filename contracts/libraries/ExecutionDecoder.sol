// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccountExecute} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Reads the calls out of an operation's callData, and refuses whatever is not its one canonical encoding.
/// @dev Accounts are lax: they take dirty mode bytes, other offsets, trailing bytes. A check that is as lax may see other
/// calls than the account makes. So this takes only what a standard ABI encoder writes, which every decoder reads alike.
library ExecutionDecoder {
    using CalldataReader for uint256;

    uint256 private constant EXECUTE = uint32(IERC7579Execution.execute.selector);
    uint256 private constant EXECUTE_USER_OP = uint32(IAccountExecute.executeUserOp.selector);

    bytes32 private constant SINGLE_MODE = 0;
    bytes32 private constant BATCH_MODE = bytes32(uint256(1) << 248);

    /// @notice Opens an operation's callData: `execute(mode, executionCalldata)`, bare or behind the selector of
    /// `executeUserOp`, in single or batch mode with default execution (ERC-7579).
    /// @param origin Where the callData begins: what positions in errors count from.
    /// @param size How long it is.
    /// @return count How many calls there are.
    /// @return offsets Where the offsets of a batch's calls are, which is also what they count from; 0 for a single call.
    /// @return cursor Where the first call begins.
    /// @return end Where the execution's calldata ends, without padding.
    function open(uint256 origin, uint256 size)
        internal
        pure
        returns (uint256 count, uint256 offsets, uint256 cursor, uint256 end)
    {
        unchecked {
            uint256 position = origin;
            if (size < 4) revert ISessionKeyManager.FunctionNotExecute(0);
            uint256 selector = position.integer(4);
            if (selector != EXECUTE) {
                if (selector == EXECUTE_USER_OP && size >= 8) {
                    position += 4;
                    selector = position.integer(4);
                }
                if (selector != EXECUTE) revert ISessionKeyManager.FunctionNotExecute(bytes4(uint32(selector)));
            }

            // Head: mode, offset. Then the length of the execution's calldata, which fills the rest but for padding.
            uint256 rest = origin + size;
            if (position + 100 > rest) _refuse(origin, rest);
            if (uint256((position + 36).word()) != 0x40) _refuse(origin, position + 36);
            uint256 length = uint256((position + 68).word());
            cursor = position + 100;
            // It is not near 2^256, where padding would wrap around; and it ends, padded, with the rest.
            if (length >> 128 | (cursor + _padded(length) ^ rest) != 0) _refuse(origin, position + 68);
            end = cursor + length;
            if (_paddingAfter(end, length) != 0) _refuse(origin, end);

            bytes32 mode = (position + 4).word();
            if (mode == SINGLE_MODE) {
                if (length < 52) _refuse(origin, cursor);
                return (1, 0, cursor, end);
            }
            if (mode != BATCH_MODE) revert ISessionKeyManager.ModeNotAllowed(mode);
            if (length < 64 || uint256(cursor.word()) != 0x20) _refuse(origin, cursor);
            count = uint256((cursor + 32).word());
            if (count == 0) revert ISessionKeyManager.EmptyBatch();
            // One call takes at least five words: its offset and four of its own.
            if (count > (length - 64) / 160) _refuse(origin, cursor + 32);
            offsets = cursor + 64;
            cursor = offsets + 32 * count;
        }
    }

    /// @notice A single call: packed, up to the end.
    /// @param cursor As from {open}; likewise `end`.
    function readSingle(uint256 cursor, uint256 end)
        internal
        pure
        returns (address target, uint256 value, bytes calldata data)
    {
        unchecked {
            target = address(uint160(cursor.integer(20)));
            value = uint256((cursor + 20).word());
            data = (cursor + 52).slice(end - cursor - 52);
        }
    }

    /// @notice The call of a batch at `cursor`. The last one must end where the batch does.
    /// @param origin As in {open}; likewise `offsets` and `end`.
    /// @param index How many calls come before.
    /// @param left How many calls are left, with this one.
    /// @return target Of the call.
    /// @return value Of the call.
    /// @return data Of the call.
    /// @return next Where the next call begins.
    function readNext(uint256 origin, uint256 offsets, uint256 index, uint256 left, uint256 cursor, uint256 end)
        internal
        pure
        returns (address target, uint256 value, bytes calldata data, uint256 next)
    {
        unchecked {
            uint256 offset = offsets + 32 * index;
            if (uint256(offset.word()) != cursor - offsets) _refuse(origin, offset);
            next = cursor + 128;
            if (next > end) _refuse(origin, end);
            uint256 targetWord = uint256(cursor.word());
            if (targetWord >> 160 != 0) _refuse(origin, cursor);
            target = address(uint160(targetWord));
            value = uint256((cursor + 32).word());
            if (uint256((cursor + 64).word()) != 0x60) _refuse(origin, cursor + 64);
            uint256 length = uint256((cursor + 96).word());
            if (length >> 128 != 0 || next + _padded(length) > end) _refuse(origin, next - 32);
            if (_paddingAfter(next + length, length) != 0) _refuse(origin, next + length);
            data = next.slice(length);
            next += _padded(length);
            if (left == 1 && next != end) _refuse(origin, next);
        }
    }

    /// @dev Reverts about what is at `position`.
    function _refuse(uint256 origin, uint256 position) private pure {
        unchecked {
            revert ISessionKeyManager.NonCanonicalExecution(position - origin);
        }
    }

    /// @dev `length`, less than 2^128, rounded up to whole words.
    function _padded(uint256 length) private pure returns (uint256) {
        unchecked {
            return (length + 31) & ~uint256(31);
        }
    }

    /// @dev The bytes from `end` on that pad `length` bytes to whole words.
    function _paddingAfter(uint256 end, uint256 length) private pure returns (uint256) {
        unchecked {
            // If there are none, a shift by 256 leaves 0.
            uint256 padding = (0 - length) & 31;
            return uint256(end.word()) >> 8 * (32 - padding);
        }
    }
}
