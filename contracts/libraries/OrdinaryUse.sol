// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {PackedUse} from "../types/PackedUse.sol";
import {NO_CALLDATA} from "../types/Session.sol";
import {Words} from "../types/Words.sol";
import {ActionDecoder} from "./ActionDecoder.sol";
import {CalldataReader} from "./CalldataReader.sol";
import {ForbiddenCalls} from "./ForbiddenCalls.sol";
import {OperationReader} from "./OperationReader.sol";
import {SessionHash} from "./SessionHash.sol";

/// @notice Recognises the ordinary operation, which nearly all are: a call, or a batch of 2 to 32, without value, each of the
/// function and on the target that one action names, the only one that the use reveals, and nothing else about it that asks for
/// a closer look. For it, this does what {ExecutionDecoder}, {UseDecoder} and {ActionDecoder} do, at a third of the gas.
/// @dev It accepts or steps back: it refuses nothing. Whatever is not exactly as here, allowed or not, is for those decoders to
/// judge, so an error is always theirs. Whatever is odd about an operation is or-ed together, and looked at once.
library OrdinaryUse {
    using CalldataReader for uint256;
    using OperationReader for PackedUserOperation;

    /// The first words of `execute`: selector and the first 28 bytes of the mode, which for a single call are zero; the mode's
    /// rest and the offset; the offset's rest (0x40) and the length.
    uint256 private constant EXECUTE = uint256(uint32(IERC7579Execution.execute.selector)) << 224;
    uint256 private constant OFFSET = 0x40 << 224;

    /// A session for every chain; a Merkle proof. With any other flag a use is not ordinary.
    uint256 private constant FLAGS = 5;

    /// The number of actions and the bitmap: one, revealed.
    uint256 private constant ONE_REVEALED = 0x0101;

    uint256 private constant EACH_BYTE = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @notice Reads an ordinary operation.
    /// @param packed Its use.
    /// @param end Where that ends.
    /// @return session For {UseDecoder-sessionId}; 0 if the operation is not ordinary, and then the rest is void.
    /// @return action Where the action is.
    /// @return evidence Where a Merkle proof is, if there is one.
    /// @return keySignature Where the session key's signature begins.
    function read(PackedUserOperation calldata op, PackedUse packed, uint256 end)
        internal
        view
        returns (Words session, uint256 action, uint256 evidence, uint256 keySignature)
    {
        unchecked {
            bytes32 operationPolicies = SessionHash.EMPTY_ARRAY_HASH;
            uint256 cursor = packed.operationPolicies();
            uint256 count = cursor.integer(1);
            cursor += 1;
            if (count != 0) (operationPolicies, cursor) = ActionDecoder.hashPolicies(cursor, count, end);

            // Mostly the session has one action, which its number and the bitmap are before.
            uint256 index = 0;
            action = cursor + 2;
            uint256 odd = cursor.integer(2) ^ ONE_REVEALED;
            if (odd != 0) (odd, index, action) = _findAction(cursor);

            uint256 head = uint256(action.word());
            uint256 calls;
            (odd, calls) = _read(op, head, odd);
            // One way out, because the compiler does not inline functions that return early.
            if (odd | packed.flags() & ~FLAGS == 0) {
                bytes32 actions = SessionHash.EMPTY_ARRAY_HASH;
                count = head >> 48 & 0xff;
                evidence = action + 26;
                if (count != 0) (actions, evidence) = ActionDecoder.hashPolicies(evidence, count, end);
                actions = SessionHash.hashPackedAction(head, actions);
                count = cursor.integer(1);
                if (count == 1) actions = EfficientHashLib.hash(actions);
                else (actions, evidence) = _hashActions(cursor, count, index, actions, evidence);
                assembly ("memory-safe") {
                    // The calls claim the action, by a byte each.
                    odd := shr(sub(256, shl(3, calls)), xor(calldataload(evidence), mul(index, EACH_BYTE)))
                    evidence := add(evidence, calls)
                    // A Merkle proof is a byte with its depth, at least 1, and so many words. All of that is inside the
                    // signature.
                    let proven := shr(2, byte(0, calldataload(packed)))
                    let depth := byte(0, calldataload(evidence))
                    odd := or(and(proven, iszero(depth)), odd)
                    keySignature := add(mul(proven, add(shl(5, depth), 1)), evidence)
                    odd := or(gt(keySignature, end), odd)
                }
                if (odd == 0) {
                    session = SessionHash.allocate(operationPolicies, SessionHash.EMPTY_ARRAY_HASH, actions);
                }
            }
        }
    }

    /// @notice How many calls an ordinary operation makes.
    function countOf(PackedUserOperation calldata op) internal pure returns (uint256) {
        unchecked {
            (uint256 origin,) = op.callDataOf();
            return uint256(origin.word()) == EXECUTE ? 1 : uint256((origin + 132).word());
        }
    }

    /// @notice The data of one of an ordinary operation's calls.
    /// @param calls How many it makes.
    /// @param index Which one, from 0.
    function dataOf(PackedUserOperation calldata op, uint256 calls, uint256 index)
        internal
        pure
        returns (bytes calldata data)
    {
        unchecked {
            (uint256 origin,) = op.callDataOf();
            // Behind target and value; their length includes these.
            if (calls == 1) return (origin + 152).slice((origin + 96).integer(4) - 52);
            // The offsets count from the first of them. Of a call, the length of its data is the fourth word.
            uint256 offsets = origin + 164;
            uint256 size = offsets + uint256((offsets + 32 * index).word()) + 96;
            return (size + 32).slice(uint256(size.word()));
        }
    }

    /// @notice The sum of what an ordinary operation transfers of an ERC-20 token.
    /// @param calls How many calls it makes.
    /// @return amount The sum; at least 2^128 if not all calls are `transfer` with two clean arguments and nothing more, or if it
    /// is so large.
    function transferred(PackedUserOperation calldata op, uint256 calls) internal pure returns (uint256 amount) {
        uint256 transfer = uint32(IERC20.transfer.selector);
        (uint256 start,) = op.callDataOf();
        // In a batch, a call with 68 bytes of data takes 224 bytes, of which the last 128 are the data's length and the data,
        // padded; so the next one is where it should be if this one is. Amounts are below 2^128, so that no sum of 32 wraps.
        assembly ("memory-safe") {
            let data := add(start, 152)
            let odd := xor(shr(224, calldataload(add(start, 96))), 120)
            let isBatch := gt(calls, 1)
            if isBatch {
                data := add(start, add(292, shl(5, calls)))
                odd := 0
            }
            odd := or(xor(shr(224, calldataload(data)), transfer), odd)
            for { let end := add(data, mul(calls, 224)) } lt(data, end) { data := add(data, 224) } {
                odd := or(mul(isBatch, xor(calldataload(sub(data, 32)), 68)), odd)
                odd := or(shr(160, calldataload(add(data, 4))), odd)
                let value := calldataload(add(data, 36))
                odd := or(shr(128, value), odd)
                amount := add(amount, value)
            }
            amount := or(shl(128, iszero(iszero(odd))), amount)
        }
    }

    /// @dev Looks for the one action that is revealed, among several.
    /// @param cursor Where their number is.
    /// @return odd Zero if there is one.
    /// @return index Of the action.
    /// @return action Where it is.
    function _findAction(uint256 cursor) private pure returns (uint256 odd, uint256 index, uint256 action) {
        unchecked {
            uint256 count = cursor.integer(1);
            uint256 bitmapSize = count + 7 >> 3;
            uint256 revealed = (cursor + 1).integer(bitmapSize);
            if (revealed == 0) return (1, 0, 0);
            index = LibBit.ffs(revealed);
            return (revealed & revealed - 1 | revealed >> count, index, cursor + 1 + bitmapSize + 32 * index);
        }
    }

    /// @dev The hash of several actions, of which one is revealed.
    /// @param cursor Where their number, `count`, is.
    /// @param index Of the revealed one.
    /// @param action Its hash.
    /// @param actionEnd Where it ends.
    /// @return hash Of all.
    /// @return actionsEnd Where they end.
    function _hashActions(uint256 cursor, uint256 count, uint256 index, bytes32 action, uint256 actionEnd)
        private
        pure
        returns (bytes32 hash, uint256 actionsEnd)
    {
        // The others are in the use as hashes, before it and behind it. They are copied into free memory, which stays free.
        assembly ("memory-safe") {
            let hashes := mload(0x40)
            let before := shl(5, index)
            let behind := shl(5, sub(sub(count, 1), index))
            calldatacopy(hashes, add(cursor, add(1, shr(3, add(count, 7)))), before)
            mstore(add(hashes, before), action)
            calldatacopy(add(hashes, add(before, 32)), actionEnd, behind)
            hash := keccak256(hashes, shl(5, count))
            actionsEnd := add(actionEnd, behind)
        }
    }

    /// @dev Reads the calls of an operation.
    /// @param head What an action begins with: target (20), selector (4), length of maxValue (1).
    /// @param oddBefore What was odd before.
    /// @return odd Zero if that, and they and the action are as in an ordinary operation.
    /// @return calls How many there are.
    function _read(PackedUserOperation calldata op, uint256 head, uint256 oddBefore)
        private
        view
        returns (uint256 odd, uint256 calls)
    {
        uint256 execute = EXECUTE;
        uint256 noCalldata = uint32(NO_CALLDATA);
        // The compiler does not inline a function that returns early; here it would cost more.
        if (ForbiddenCalls.isTarget(address(this), msg.sender, address(uint160(head >> 96)))) return (1, 0);
        assembly ("memory-safe") {
            let selector := and(shr(64, head), 0xffffffff)
            // What stands for more than itself; an action that allows value.
            odd := or(iszero(shr(96, not(head))), iszero(lt(selector, noCalldata)))
            odd := or(byte(24, head), or(oddBefore, odd))
            // No initCode.
            odd := or(calldataload(add(op, calldataload(add(op, 0x40)))), odd)
            // The callData: its length; execute, and the mode; offset 0x40; the length of what is executed, from 0x84 on.
            let callData := add(op, calldataload(add(op, 0x60)))
            odd := or(calldataload(add(callData, 0x40)), odd)
            odd := or(xor(calldataload(add(callData, 0x60)), OFFSET), odd)
            let length := shr(224, calldataload(add(callData, 0x80)))
            calls := 1
            switch xor(calldataload(add(callData, 0x20)), execute)
            case 0 {
                // Target and the first 12 bytes of value; the last 28 bytes of value and the selector.
                odd := or(xor(calldataload(add(callData, 0x84)), shl(96, shr(96, head))), odd)
                odd := or(xor(calldataload(add(callData, 0x9c)), selector), odd)
                // Long enough for a selector, and padded with zeros to whole words, which end the callData.
                odd := or(lt(length, 56), odd)
                let padding := and(sub(0, length), 31)
                odd := or(xor(sub(calldataload(callData), 100), add(length, padding)), odd)
                odd := or(shr(shl(3, sub(32, padding)), calldataload(add(add(callData, 0x84), length))), odd)
            }
            case 0x01000000000000000000000000000000000000000000000000000000 {
                // The mode of a batch: its first byte is 1. An offset of 0x20, the number of calls, the offsets of those, and
                // they themselves in order, which end the callData.
                calls := calldataload(add(callData, 0xa4))
                let offset := add(callData, 0xc4)
                let cursor := add(offset, shl(5, calls))
                odd := or(xor(calldataload(add(callData, 0x84)), 0x20), odd)
                odd := or(xor(sub(calldataload(callData), 100), length), odd)
                odd := or(gt(sub(calls, 2), 30), odd)
                if iszero(odd) {
                    let base := offset
                    for { let last := cursor } lt(offset, last) { offset := add(offset, 32) } {
                        // Offset; target, value, offset of the data, its length, its selector, and what pads it to whole words.
                        odd := or(xor(calldataload(offset), sub(cursor, base)), odd)
                        odd := or(xor(calldataload(cursor), shr(96, head)), odd)
                        odd := or(calldataload(add(cursor, 0x20)), odd)
                        odd := or(xor(calldataload(add(cursor, 0x40)), 0x60), odd)
                        let size := calldataload(add(cursor, 0x60))
                        odd := or(gt(sub(size, 4), 0xffffffff), odd)
                        cursor := add(cursor, 0x80)
                        odd := or(xor(shr(224, calldataload(cursor)), selector), odd)
                        let padding := and(sub(0, size), 31)
                        cursor := add(cursor, size)
                        odd := or(shr(shl(3, sub(32, padding)), calldataload(cursor)), odd)
                        cursor := add(cursor, padding)
                    }
                    odd := or(xor(cursor, add(callData, add(0x84, length))), odd)
                }
            }
            default { odd := 1 }
        }
    }
}
