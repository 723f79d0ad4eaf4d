// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC7579Utils} from "@openzeppelin/contracts/account/utils/draft-ERC7579Utils.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {ExecutionDecoder} from "contracts/libraries/ExecutionDecoder.sol";

/// @notice Reads the calls of an operation in two ways: by the decoder under test, and as accounts do.
contract ExecutionHarness {
    function decode(bytes calldata callData) external pure returns (Execution[] memory calls) {
        uint256 origin = CalldataReader.positionOf(callData);
        (uint256 count, uint256 offsets, uint256 cursor, uint256 end) = ExecutionDecoder.open(origin, callData.length);
        calls = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            address target;
            uint256 value;
            bytes calldata data;
            if (offsets == 0) {
                (target, value, data) = ExecutionDecoder.readSingle(cursor, end);
            } else {
                (target, value, data, cursor) = ExecutionDecoder.readNext(origin, offsets, i, count - i, cursor, end);
            }
            calls[i] = Execution(target, value, data);
        }
    }

    /// @notice What OpenZeppelin's account makes of it: Solidity's decoder, then that of ERC7579Utils.
    function asAccount(bytes calldata callData) external view returns (Execution[] memory) {
        uint256 head = bytes4(callData) == 0x8dd7712f ? 8 : 4;
        (bytes32 mode, bytes memory executionCalldata) = abi.decode(callData[head:], (bytes32, bytes));
        return this.referenceOf(mode[0], executionCalldata);
    }

    function referenceOf(bytes1 callType, bytes calldata executionCalldata)
        external
        pure
        returns (Execution[] memory calls)
    {
        if (callType == 0x00) {
            calls = new Execution[](1);
            (address target, uint256 value, bytes calldata data) = ERC7579Utils.decodeSingle(executionCalldata);
            calls[0] = Execution(target, value, data);
        } else {
            Execution[] calldata list = ERC7579Utils.decodeBatch(executionCalldata);
            calls = new Execution[](list.length);
            for (uint256 i = 0; i < list.length; ++i) {
                calls[i] = Execution(list[i].target, list[i].value, list[i].callData);
            }
        }
    }
}
