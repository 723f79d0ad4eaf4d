// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ActionDecoder} from "contracts/libraries/ActionDecoder.sol";
import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {ExecutionDecoder} from "contracts/libraries/ExecutionDecoder.sol";
import {ForbiddenCalls} from "contracts/libraries/ForbiddenCalls.sol";
import {OperationReader} from "contracts/libraries/OperationReader.sol";
import {OrdinaryUse} from "contracts/libraries/OrdinaryUse.sol";
import {UseDecoder} from "contracts/libraries/UseDecoder.sol";
import {PackedUse} from "contracts/types/PackedUse.sol";
import {Words} from "contracts/types/Words.sol";
import {IOrdinaryUseReader, Reading} from "../utils/IOrdinaryUseReader.sol";

/// @notice See {IOrdinaryUseReader}.
contract OrdinaryUseReader is IOrdinaryUseReader {
    using CalldataReader for bytes;
    using CalldataReader for uint256;
    using OperationReader for PackedUserOperation;

    /// @inheritdoc IOrdinaryUseReader
    function read(PackedUserOperation calldata op) external view returns (Reading memory reading) {
        (uint256 position, uint256 size) = op.signatureOf();
        PackedUse packed = PackedUse.wrap(position);
        Words session;
        (session,, reading.evidence, reading.keySignature) = OrdinaryUse.read(op, packed, position + size);
        if (Words.unwrap(session) == 0) return Reading(false, 0, 0, 0, 0, 0);
        reading.ordinary = true;
        reading.id = UseDecoder.sessionId(packed, session);
        reading.calls = OrdinaryUse.countOf(op);
        reading.transferred = _bounded(OrdinaryUse.transferred(op, reading.calls));
    }

    /// @inheritdoc IOrdinaryUseReader
    function readInFull(PackedUserOperation calldata op) external view returns (Reading memory reading) {
        (uint256 position, uint256 size) = op.signatureOf();
        PackedUse packed = PackedUse.wrap(position);
        (uint256 origin, uint256 length) = op.callDataOf();
        (uint256 count, uint256 offsets, uint256 cursor, uint256 end) = ExecutionDecoder.open(origin, length);
        (Words session, uint256 revealed, Words actions, uint256 claims, uint256 keySignature) =
            UseDecoder.decode(packed, size, count);
        reading.id = UseDecoder.sessionId(packed, session);
        reading.evidence = claims + count;
        reading.keySignature = keySignature;
        reading.calls = count;
        // One action is revealed. A call, or a batch of 2 to 32.
        uint256 index = 0;
        while (index < 255 && revealed >> index & 1 == 0) ++index;
        reading.ordinary = revealed == uint256(1) << index && count <= 32 && (offsets == 0 || count > 1)
            && packed.flags() & ~uint256(5) == 0 && op.initCode.length == 0
            && origin.integer(4) == uint32(IERC7579Execution.execute.selector);
        if (!reading.ordinary) return reading;
        for (uint256 i = 0; i < count; ++i) {
            address target;
            uint256 value;
            bytes calldata data;
            if (offsets == 0) {
                (target, value, data) = ExecutionDecoder.readSingle(cursor, end);
            } else {
                (target, value, data, cursor) = ExecutionDecoder.readNext(origin, offsets, i, count - i, cursor, end);
            }
            (bool matches,,) = ActionDecoder.matchOrdinary(actions.get(index), target, value, data);
            if (!matches || ForbiddenCalls.isTarget(address(this), msg.sender, target)) reading.ordinary = false;
            if ((claims + i).integer(1) != index) reading.ordinary = false;
            reading.transferred = _bounded(reading.transferred + _transfer(data));
        }
    }

    /// @dev What a plain transfer is of.
    function _transfer(bytes calldata data) private pure returns (uint256) {
        if (data.length != 68 || bytes4(data) != IERC20.transfer.selector) return 1 << 128;
        if (uint256(bytes32(data[4:])) >> 160 != 0) return 1 << 128;
        return _bounded(uint256(bytes32(data[36:])));
    }

    function _bounded(uint256 amount) private pure returns (uint256) {
        return amount >> 128 == 0 ? amount : 1 << 128;
    }
}
