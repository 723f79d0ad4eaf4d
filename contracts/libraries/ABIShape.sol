// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IABIRulePolicy} from "../interfaces/IABIRulePolicy.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice A value inside ABI-encoded data. All positions count from the start of the calldata of the call to this
/// contract.
struct Node {
    /// What it is: a code of {ABIShape}, or 0 for a call's selector and arguments.
    uint256 code;
    /// Of an array or tuple: where its shape goes on behind the code. Of a call: its length in bytes.
    uint256 shape;
    /// Where a word, a tuple's head, a call, or the length of bytes or an array is.
    uint256 at;
    /// How it was reached: 16 bits a step, the last step lowest.
    uint256 path;
    uint256 steps;
}

/// @notice A comparison of ABI-encoded data with a shape.
struct Walk {
    /// Where the shape is read.
    uint256 cursor;
    /// Where the enclosing bytes end.
    uint256 limit;
    /// Where the configuration begins: what positions in errors about it count from.
    uint256 origin;
    /// What is wrong, if anything: where, the type that is expected there, and the two numbers.
    uint256 wrongAt;
    uint256 code;
    uint256 expected;
    uint256 actual;
}

/// @notice Shapes: the types of a function's arguments in compact form, and what can be done with data by them.
/// @dev A shape is a number of words and a code for each word of the head. The code of a dynamic type stands for the word
/// that is its offset; static tuples and static arrays have no code of their own, as they have no trace in the encoding.
/// The layout is in docs/encoding.md.
///
/// Data agrees with a shape if it is, byte for byte, what a standard encoder writes: every value proper, every tail at
/// the place where the tails before it end, all padding zero, nothing behind. Every decoder reads such data alike.
///
/// Shapes are read without looking where the configuration ends: the caller compares that. No value that is added to a
/// position here exceeds 2^32, or the enclosing bytes have been found to contain that many before.
library ABIShape {
    using CalldataReader for uint256;

    /// Words: one of these and a width in bytes from 1 to 32.
    uint256 internal constant SIGNED = 0x40;
    uint256 internal constant FIXED_BYTES = 0x80;
    uint256 internal constant BOOL = 0xc1;
    uint256 internal constant WIDTH_MASK = 0x3f;

    /// Dynamic types.
    uint256 internal constant BYTES = 0xc2;
    uint256 internal constant ARRAY = 0xc3;
    uint256 internal constant TUPLE = 0xc4;
    /// A static tuple; only as an array's element.
    uint256 internal constant INLINE_TUPLE = 0xc5;

    /// @dev How deep arrays and tuples may be nested.
    uint256 private constant MAX_LEVELS = 8;
    /// @dev How many steps the path to a value may have, through everything that encloses it.
    uint256 private constant MAX_STEPS = 16;

    /// @dev Where a value is that does not exist. Whatever is read there is zero.
    uint256 private constant NOWHERE = 1 << 128;

    // -- Words ---------------------------------------------------------------------------------------------------------

    /// @notice Whether a code is that of a word.
    function isWord(uint256 code) internal pure returns (bool) {
        unchecked {
            // Above the kinds with a width there is only the code of `bool`; 0xc0 itself has width 0.
            uint256 width = code & WIDTH_MASK;
            return width != 0 && width <= 32 && code <= BOOL;
        }
    }

    /// @notice Whether a word of calldata is a value of a word's type, without dirty bits.
    function isOfType(uint256 word, uint256 code) internal pure returns (bool) {
        unchecked {
            uint256 bits = 8 * (code & WIDTH_MASK);
            // A shift by 256 leaves 0.
            if (code & (SIGNED | FIXED_BYTES) == 0) return word >> bits == 0;
            if (code == BOOL) return word <= 1;
            if (code & FIXED_BYTES != 0) return word << bits == 0;
            return uint256(int256(word << (256 - bits)) >> (256 - bits)) == word;
        }
    }

    // -- Whole encodings -----------------------------------------------------------------------------------------------

    /// @notice Whether the bytes from `base` to the walk's limit are the encoding of arguments of the shape at its cursor.
    /// @return agrees If so, the walk's cursor is left behind the shape. If not, the walk says what is wrong.
    function check(Walk memory walk, uint256 base) internal pure returns (bool agrees) {
        unchecked {
            uint256 end = _checkTuple(walk, base, 0);
            if (end == 0) return false;
            if (end == walk.limit) return true;
            return _refuse(walk, base, TUPLE, end - base, walk.limit - base) != 0;
        }
    }

    /// @dev Checks a tuple, static or dynamic, whose head is at `base`; returns where its encoding ends, or 0.
    function _checkTuple(Walk memory walk, uint256 base, uint256 level) private pure returns (uint256 end) {
        unchecked {
            uint256 words = walk.cursor.integer(1);
            if (words == 0) _invalid(walk);
            walk.cursor += 1;
            end = base + 32 * words;
            if (end > walk.limit) {
                // A call of less than four bytes has no arguments at all.
                return _refuse(walk, base, TUPLE, 32 * words, base > walk.limit ? 0 : walk.limit - base);
            }
            uint256 tails = end;
            for (uint256 head = base; head != tails; head += 32) {
                uint256 code = walk.cursor.integer(1);
                uint256 actual = uint256(head.word());
                if (isWord(code)) {
                    walk.cursor += 1;
                    if (!isOfType(actual, code)) return _refuse(walk, head, code, 0, actual);
                } else {
                    if (actual != end - base) return _refuse(walk, head, code, end - base, actual);
                    end = _checkDynamic(walk, end, level);
                    if (end == 0) return 0;
                }
            }
        }
    }

    /// @dev Checks a value of the dynamic type at the cursor whose encoding is at `at`; returns where that ends, or 0.
    function _checkDynamic(Walk memory walk, uint256 at, uint256 level) private pure returns (uint256 end) {
        unchecked {
            uint256 code = walk.cursor.integer(1);
            if (level == MAX_LEVELS) revert IABIRulePolicy.RulesTooDeep(walk.cursor - walk.origin);
            if (code == BYTES) {
                walk.cursor += 1;
                return _checkBytes(walk, at);
            }
            if (code == TUPLE) {
                walk.cursor += 1;
                uint256 words = walk.cursor.integer(1);
                end = _checkTuple(walk, at, level + 1);
                // Without a tail it would be static.
                if (end == at + 32 * words) _invalid(walk);
                return end;
            }
            if (code != ARRAY) _invalid(walk);
            walk.cursor += 1;
            return _checkArray(walk, at, level + 1);
        }
    }

    /// @dev Checks bytes or a string.
    function _checkBytes(Walk memory walk, uint256 at) private pure returns (uint256 end) {
        unchecked {
            uint256 from = at + 32;
            if (from > walk.limit) return _refuse(walk, at, BYTES, 32, walk.limit - at);
            uint256 length = uint256(at.word());
            uint256 room = walk.limit - from;
            if (length > room) return _refuse(walk, at, BYTES, room, length);
            uint256 used = length & 31;
            if (used == 0) return from + length;
            end = from + length + 32 - used;
            uint256 last = uint256((end - 32).word());
            if (end > walk.limit || last << 8 * used != 0) {
                uint256 clean = last >> (256 - 8 * used) << (256 - 8 * used);
                return _refuse(walk, end - 32, BYTES, clean, last);
            }
        }
    }

    /// @dev Checks an array whose element's shape is at the cursor.
    function _checkArray(Walk memory walk, uint256 at, uint256 level) private pure returns (uint256 end) {
        unchecked {
            end = at + 32;
            if (end > walk.limit) return _refuse(walk, at, ARRAY, 32, walk.limit - at);
            uint256 element = walk.cursor;
            uint256 stride = strideOf(element);
            if (stride == 0) _invalid(walk);
            uint256 count = uint256(at.word());
            uint256 room = (walk.limit - end) / stride;
            if (count > room) return _refuse(walk, at, ARRAY, room, count);
            if (count == 0) {
                walk.cursor = skip(element, 1, walk.origin);
                return end;
            }
            uint256 code = element.integer(1);
            uint256 base = end;
            uint256 head = end;
            end += stride * count;
            if (isWord(code)) {
                walk.cursor += 1;
                for (; head != end; head += 32) {
                    uint256 actual = uint256(head.word());
                    if (!isOfType(actual, code)) return _refuse(walk, head, code, 0, actual);
                }
            } else if (code == INLINE_TUPLE) {
                for (; head != end; head += stride) {
                    walk.cursor = element + 1;
                    uint256 tail = _checkTuple(walk, head, level);
                    if (tail == 0) return 0;
                    // With a tail it would not be static.
                    if (tail != head + stride) _invalid(walk);
                }
            } else {
                for (uint256 tails = end; head != tails; head += 32) {
                    uint256 actual = uint256(head.word());
                    if (actual != end - base) return _refuse(walk, head, code, end - base, actual);
                    walk.cursor = element;
                    end = _checkDynamic(walk, end, level);
                    if (end == 0) return 0;
                }
            }
        }
    }

    /// @dev Notes what is wrong; returns 0.
    function _refuse(Walk memory walk, uint256 at, uint256 code, uint256 expected, uint256 actual)
        private
        pure
        returns (uint256)
    {
        walk.wrongAt = at;
        walk.code = code;
        walk.expected = expected;
        walk.actual = actual;
        return 0;
    }

    function _invalid(Walk memory walk) private pure {
        unchecked {
            revert IABIRulePolicy.InvalidConfig(walk.cursor - walk.origin);
        }
    }

    // -- Parts -----------------------------------------------------------------------------------------------------------

    /// @notice How many bytes an element whose shape is at `shape` takes in its array's head: 0 if there is no such type.
    function strideOf(uint256 shape) internal pure returns (uint256) {
        unchecked {
            uint256 code = shape.integer(1);
            if (code == INLINE_TUPLE) return 32 * (shape + 1).integer(1);
            return isWord(code) || (code >= BYTES && code <= TUPLE) ? 32 : 0;
        }
    }

    /// @notice Where the shape ends that has `count` types from `cursor` on.
    function skip(uint256 cursor, uint256 count, uint256 origin) internal pure returns (uint256) {
        unchecked {
            // Each turn reads a byte that is not zero, and there are no more of them than calldata is long.
            while (count != 0) {
                uint256 code = cursor.integer(1);
                cursor += 1;
                if (code == TUPLE || code == INLINE_TUPLE) {
                    uint256 words = cursor.integer(1);
                    if (words == 0) revert IABIRulePolicy.InvalidConfig(cursor - origin);
                    cursor += 1;
                    count += words - 1;
                } else if (isWord(code) || code == BYTES) {
                    count -= 1;
                } else if (code != ARRAY) {
                    // An array is followed by one type, its element's.
                    revert IABIRulePolicy.InvalidConfig(cursor - 1 - origin);
                }
            }
            return cursor;
        }
    }

    /// @notice Where the bytes, or the elements, of a node begin.
    function contentOf(Node memory node) internal pure returns (uint256) {
        unchecked {
            return node.at + 32;
        }
    }

    /// @notice Of how many bytes, or elements, a node consists.
    function lengthOf(Node memory node) internal pure returns (uint256) {
        return uint256(node.at.word());
    }

    /// @notice Moves a node to one of its parts, in data that agrees with the shape.
    /// @param index Of a tuple: of the word of its head. Of an array: of the element, counted from the end if it is 128
    /// or more (255 is the last one).
    /// @param position Where the index stands, for errors.
    /// @param origin Where the configuration begins, for errors.
    /// @return exists Whether an array has that element. If not, the node is an empty one: all zeros.
    function step(Node memory node, uint256 index, uint256 position, uint256 origin)
        internal
        pure
        returns (bool exists)
    {
        unchecked {
            if (node.code == ARRAY) {
                uint256 count = lengthOf(node);
                exists = index < 128 ? index < count : 256 - index <= count;
                // What is reported of one that does not exist is the index as configured.
                if (exists && index >= 128) index = count + index - 256;
                enter(node, index, position, origin);
                if (!exists) node.at = NOWHERE;
                return exists;
            }
            if (node.code != TUPLE && node.code != INLINE_TUPLE) {
                revert IABIRulePolicy.InvalidConfig(position - origin);
            }
            if (index >= node.shape.integer(1)) revert IABIRulePolicy.InvalidConfig(position - origin);
            push(node, index, position, origin);
            uint256 shape = skip(node.shape + 1, index, origin);
            uint256 head = node.at + 32 * index;
            node.code = shape.integer(1);
            if (!isWord(node.code)) head = node.at + uint256(head.word());
            node.at = head;
            node.shape = shape + 1;
            return true;
        }
    }

    /// @notice Moves a node, which is an array, to an element.
    function enter(Node memory node, uint256 index, uint256 position, uint256 origin) internal pure {
        unchecked {
            push(node, index, position, origin);
            uint256 base = contentOf(node);
            uint256 head = base + index * strideOf(node.shape);
            node.code = node.shape.integer(1);
            if (!isWord(node.code) && node.code != INLINE_TUPLE) head = base + uint256(head.word());
            node.at = head;
            node.shape += 1;
        }
    }

    /// @notice A node of its own at the same place.
    function copy(Node memory node) internal pure returns (Node memory) {
        return Node({code: node.code, shape: node.shape, at: node.at, path: node.path, steps: node.steps});
    }

    /// @notice Adds a step to a node's path.
    function push(Node memory node, uint256 index, uint256 position, uint256 origin) internal pure {
        unchecked {
            if (node.steps == MAX_STEPS) revert IABIRulePolicy.RulesTooDeep(position - origin);
            node.steps += 1;
            node.path = node.path << 16 | (index < 0xffff ? index : 0xffff);
        }
    }
}
