// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {ExecutionDecoder} from "contracts/libraries/ExecutionDecoder.sol";
import {OperationCost} from "contracts/libraries/OperationCost.sol";
import {OperationReader} from "contracts/libraries/OperationReader.sol";

/// @notice What is read out of a user operation: what it can cost, and where its calls are. See {Arithmetic} for what is
/// proved, and how.
contract Operations {
    using CalldataReader for bytes;
    using CalldataReader for uint256;
    using OperationReader for PackedUserOperation;

    /// @dev Where arguments begin in calldata.
    uint256 private constant FIRST = 4;

    /*//////////////////////////////////////////////////////////////
                                  COST
    //////////////////////////////////////////////////////////////*/

    /// @dev What an operation can cost is all its gas at its highest price; if that is no number of 256 bits, the largest
    /// there is. So it is never taken for less than it is.
    function proveACostIsAllGasAtItsPrice(uint256[9] calldata) external pure {
        PackedUserOperation calldata op;
        // A pointer to calldata is a position.
        assembly ("memory-safe") {
            op := FIRST
        }
        (address paymaster, uint256 cost) = OperationCost.read(op);

        uint256 gas = (uint256(op.accountGasLimits) >> 128) + uint128(uint256(op.accountGasLimits));
        (uint256 position, uint256 size) = op.paymasterAndDataOf();
        if (size == 0) {
            assert(paymaster == address(0));
        } else {
            assert(size >= 52);
            unchecked {
                assert(uint160(paymaster) == position.integer(20));
                gas += (position + 20).integer(16) + (position + 36).integer(16);
            }
        }
        uint256 price = uint128(uint256(op.gasFees));
        if (price == 0) {
            assert(cost == 0);
        } else if (gas > type(uint256).max - op.preVerificationGas) {
            assert(cost == type(uint256).max);
        } else if (gas + op.preVerificationGas > type(uint256).max / price) {
            assert(cost == type(uint256).max);
        } else {
            unchecked {
                assert(cost == (gas + op.preVerificationGas) * price);
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 CALLS
    //////////////////////////////////////////////////////////////*/

    /// @dev However long callData says that it is, and that parts of it are: what is opened is inside of it, and fills it
    /// but for less than a word of zeros. The calls of a batch have place in it.
    function proveAnExecutionFillsTheCallData(uint256[8] calldata, uint256 size) external pure {
        (uint256 count, uint256 offsets, uint256 cursor, uint256 end) = ExecutionDecoder.open(FIRST, size);
        assert(size < 2 ** 129);
        uint256 start = FIRST + (FIRST.integer(4) == uint32(IERC7579Execution.execute.selector) ? 100 : 104);
        uint256 length = uint256((start - 32).word());
        assert(end == start + length);
        _requirePadding(start, length, FIRST + size);
        if (offsets == 0) {
            assert(count == 1 && cursor == start && length >= 52);
        } else {
            assert(count != 0);
            assert(offsets == start + 64 && uint256((start + 32).word()) == count);
            assert(cursor == offsets + 32 * count);
            assert(cursor + 128 * count <= end);
        }
    }

    /// @dev A single call's data is all that follows its target and value.
    function proveASingleCallEndsWithTheExecution(uint256[4] calldata, uint256 cursor, uint256 end) external pure {
        // See {proveAnExecutionFillsTheCallData}.
        require(cursor < 2 ** 129 && end < 2 ** 130 && cursor + 52 <= end);
        (address target, uint256 value, bytes calldata data) = ExecutionDecoder.readSingle(cursor, end);
        assert(uint160(target) == cursor.integer(20));
        assert(value == uint256((cursor + 20).word()));
        assert(data.positionOf() == cursor + 52 && data.positionOf() + data.length == end);
    }

    /// @dev A call of a batch begins where its offset says, which is where the one before ended; it ends, with zeros, where
    /// the next one begins or the batch ends. So no byte is in two calls, and none in no call.
    function proveTheCallsOfABatchFollowEachOther(
        uint256[4] calldata,
        uint256 offsets,
        uint256 index,
        uint256 left,
        uint256 cursor,
        uint256 end
    ) external pure {
        // See {proveAnExecutionFillsTheCallData} for the first call; the others begin where this function says.
        require(offsets <= cursor && cursor <= end && end < 2 ** 130 && index < 2 ** 120);
        (address target, uint256 value, bytes calldata data, uint256 next) =
            ExecutionDecoder.readNext(FIRST, offsets, index, left, cursor, end);
        assert(uint256((offsets + 32 * index).word()) == cursor - offsets);
        assert(uint160(target) == uint256(cursor.word()));
        assert(value == uint256((cursor + 32).word()));
        assert(uint256((cursor + 64).word()) == 0x60);
        assert(uint256((cursor + 96).word()) == data.length);
        assert(data.positionOf() == cursor + 128);
        _requirePadding(cursor + 128, data.length, next);
        assert(next <= end);
        assert(left != 1 || next == end);
    }

    /// @dev The bytes from `start + length` to `end` are zeros that fill a word begun, and no more.
    function _requirePadding(uint256 start, uint256 length, uint256 end) private pure {
        assert(end >= start + length);
        uint256 padding = end - start - length;
        assert(padding < 32 && (length + padding) % 32 == 0);
        assert(padding == 0 || uint256((start + length).word()) >> 256 - 8 * padding == 0);
    }
}
