// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IABIRulePolicy} from "../interfaces/IABIRulePolicy.sol";
import {ABIShape, Node, Walk} from "../libraries/ABIShape.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";

/// @title ABIRulePolicy
/// @notice See {IABIRulePolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract ABIRulePolicy is IABIRulePolicy {
    using CalldataReader for uint256;
    using CalldataReader for bytes;
    using ABIShape for uint256;
    using ABIShape for Node;
    using ABIShape for Walk;

    /// Kinds of rules about a call.
    uint256 private constant HEAD_WORD = 0;
    uint256 private constant ARGUMENTS = 1;

    /// Types, besides those that have no name here: a width alone is an unsigned integer.
    uint256 private constant SIGNED = ABIShape.SIGNED;
    uint256 private constant FIXED_BYTES = ABIShape.FIXED_BYTES;
    uint256 private constant BOOL = ABIShape.BOOL;
    uint256 private constant ADDRESS = 20;
    uint256 private constant UINT32 = 4;
    uint256 private constant BYTES32 = FIXED_BYTES | 32;
    uint256 private constant WIDTH_MASK = ABIShape.WIDTH_MASK;

    /// @dev The code of a node that is a call: selector and arguments.
    uint256 private constant CALL = 0;

    /// @dev How much of a rule's references an error shows.
    uint256 private constant MAX_SHOWN = 1024;
    /// @dev How much an error about dynamic data shows of each side.
    uint256 private constant MAX_SHOWN_EACH = 512;

    /// @dev How deep bodies of rules may be nested.
    uint256 private constant MAX_LEVELS = 12;

    /// @dev In the place of the selector of a call that is too short to have one.
    uint256 private constant NO_SELECTOR = type(uint256).max;

    /// Tests of a value in dynamic data. The first five compare a word that is made of it.
    uint256 private constant VALUE = 0;
    uint256 private constant LENGTH = 1;
    uint256 private constant HASH = 2;
    uint256 private constant SLICE = 3;
    uint256 private constant SLICE_FROM_END = 4;
    uint256 private constant EQUALS = 5;
    uint256 private constant DIFFERS = 6;
    uint256 private constant PREFIX = 7;
    uint256 private constant SUFFIX = 8;
    uint256 private constant ALL = 9;
    uint256 private constant EVERY = 10;
    uint256 private constant SOME = 11;
    uint256 private constant CALLDATA = 12;
    uint256 private constant DECODED = 13;
    uint256 private constant TAGGED = 14;

    /// Comparisons.
    uint256 private constant EQUAL = 0;
    uint256 private constant NOT_EQUAL = 1;
    uint256 private constant LESS = 2;
    uint256 private constant LESS_OR_EQUAL = 3;
    uint256 private constant GREATER = 4;
    uint256 private constant GREATER_OR_EQUAL = 5;
    uint256 private constant RANGE = 6;
    uint256 private constant ONE_OF = 7;
    uint256 private constant BITS = 8;
    uint256 private constant ACCOUNT = 9;

    /// @dev Flipping the top bit maps signed order onto unsigned order.
    uint256 private constant SIGN = 1 << 255;

    /// @dev What rules about dynamic data share: the call, and which rule was the last that did not hold.
    struct Run {
        address account;
        /// Where configuration and calldata begin.
        uint256 start;
        uint256 origin;
        /// How many bodies of rules are open.
        uint256 level;
        // -- The rule that did not hold --
        uint256 position;
        uint256 path;
        uint256 steps;
        uint256 typeCode;
        uint256 test;
        uint256 comparison;
        uint256 expectedAt;
        uint256 expectedLength;
        /// A word, or the position of bytes.
        uint256 actual;
        uint256 actualLength;
        bool actualIsWord;
        /// Whether instead the data is no encoding of the shape that the rule states, and then what is wrong.
        bool malformed;
        uint256 wrongAt;
        uint256 expected;
    }

    /// @inheritdoc ICallPolicy
    /// @dev Reverts with the errors of {IABIRulePolicy}. Restricts no time.
    function checkCall(address account, bytes32, address, uint256, uint256, bytes calldata data, bytes calldata config)
        external
        pure
        returns (uint256 validationData)
    {
        unchecked {
            // Rules are read without looking where the configuration ends; that is compared once, at the end.
            uint256 start = config.positionOf();
            uint256 groups = start.integer(1);
            if (config.length == 0 || groups == 0) revert InvalidConfig(0);
            uint256 cursor = start + 1;
            for (uint256 group = 0; group < groups; ++group) {
                cursor = _checkGroup(group, data, account, cursor, start);
                if (cursor - start > config.length) revert InvalidConfig(config.length);
            }
            if (cursor - start != config.length) revert InvalidConfig(cursor - start);
            return 0;
        }
    }

    /// @dev Reverts unless one rule of the group at `cursor` holds; returns where the group ends.
    function _checkGroup(uint256 group, bytes calldata data, address account, uint256 cursor, uint256 start)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 rules = cursor.integer(1);
            if (rules == 0) revert InvalidConfig(cursor - start);
            cursor += 1;
            uint256 last;
            bool held = false;
            // Every rule is read, also behind one that holds: whether a call is well-formed must not depend on that.
            for (uint256 i = 0; i < rules; ++i) {
                last = cursor;
                bool holds;
                (holds, cursor) = _readRule(data, account, cursor, start);
                if (holds) held = true;
            }
            if (!held) _revertNotMet(group, rules, data, account, last, cursor, start);
            return cursor;
        }
    }

    /// @dev Whether the rule at `cursor` holds, and where it ends.
    function _readRule(bytes calldata data, address account, uint256 cursor, uint256 start)
        private
        pure
        returns (bool, uint256)
    {
        unchecked {
            // Kind of path (1), word (2), type (1), comparison (1).
            uint256 head = cursor.integer(5);
            if (head >> 32 != HEAD_WORD) {
                (bool holds, uint256 end,) = _evaluate(data, account, cursor, start);
                return (holds, end);
            }
            uint256 wordIndex = head >> 16;
            uint256 typeCode = head >> 8 & 0xff;
            if (!typeCode.isWord()) revert InvalidConfig(cursor + 3 - start);
            uint256 behind = 36 + 32 * wordIndex;
            if (data.length < behind) revert ArgumentMissing(wordIndex, data.length);
            uint256 actual = uint256((data.positionOf() + behind - 32).word());
            if (!actual.isOfType(typeCode)) revert ArgumentMalformed(wordIndex, uint8(typeCode), bytes32(actual));
            return _compare(actual, typeCode, cursor + 4, account, start);
        }
    }

    /// @dev Reverts about the last rule of a group, from `cursor` to `end`.
    function _revertNotMet(
        uint256 group,
        uint256 rules,
        bytes calldata data,
        address account,
        uint256 cursor,
        uint256 end,
        uint256 start
    ) private pure {
        unchecked {
            uint256 head = cursor.integer(5);
            if (head >> 32 != HEAD_WORD) _revertAbout(data, account, cursor, start);
            uint256 wordIndex = head >> 16;
            bytes32 actual = (data.positionOf() + 4 + 32 * wordIndex).word();
            if (rules > 1) revert NoRuleMet(group, rules, wordIndex, actual);
            uint256 references = cursor + (head & 0xff == ONE_OF ? 6 : 5);
            revert RuleNotMet(
                group,
                wordIndex,
                uint8(head >> 8),
                uint8(head),
                references.slice(Math.min(end - references, MAX_SHOWN)),
                actual
            );
        }
    }

    /// @dev Whether the comparison at `cursor` holds for a word of a type, and where its references end.
    function _compare(uint256 actual, uint256 typeCode, uint256 cursor, address account, uint256 start)
        private
        pure
        returns (bool holds, uint256 end)
    {
        unchecked {
            uint256 comparison = cursor.integer(1);
            uint256 width = typeCode & WIDTH_MASK;
            uint256 references = cursor + 1;
            if (comparison <= GREATER_OR_EQUAL) {
                uint256 expected = _reference(references, typeCode, start);
                end = references + width;
                if (comparison == EQUAL) return (actual == expected, end);
                if (comparison == NOT_EQUAL) return (actual != expected, end);
                (actual, expected) = (_ordered(actual, typeCode), _ordered(expected, typeCode));
                if (comparison == LESS) return (actual < expected, end);
                if (comparison == LESS_OR_EQUAL) return (actual <= expected, end);
                if (comparison == GREATER) return (actual > expected, end);
                return (actual >= expected, end);
            }
            if (comparison == RANGE) {
                // Both are read, and so checked, whatever the first comparison says.
                uint256 low = _ordered(_reference(references, typeCode, start), typeCode);
                uint256 high = _ordered(_reference(references + width, typeCode, start), typeCode);
                actual = _ordered(actual, typeCode);
                return (actual >= low && actual <= high, references + 2 * width);
            }
            if (comparison == ONE_OF) {
                uint256 count = references.integer(1);
                if (count == 0) revert InvalidConfig(references - start);
                end = references + 1;
                for (; count != 0; --count) {
                    if (actual == _reference(end, typeCode, start)) holds = true;
                    end += width;
                }
                return (holds, end);
            }
            if (comparison == BITS) {
                if (typeCode & SIGNED != 0 && typeCode != BOOL) revert InvalidConfig(cursor - start);
                uint256 kept = actual & _reference(references, typeCode, start);
                return (kept == _reference(references + width, typeCode, start), references + 2 * width);
            }
            if (comparison != ACCOUNT || typeCode != ADDRESS) revert InvalidConfig(cursor - start);
            return (actual == uint160(account), references);
        }
    }

    /// @dev The reference at `position` as a word of calldata would hold it.
    function _reference(uint256 position, uint256 typeCode, uint256 start) private pure returns (uint256 value) {
        unchecked {
            value = _wordOf(position, typeCode);
            if (typeCode == BOOL && value > 1) revert InvalidConfig(position - start);
        }
    }

    /// @dev The bytes at `position`, as many as a type is wide, as a word: signed integers extended, `bytesN` to the left.
    function _wordOf(uint256 position, uint256 typeCode) private pure returns (uint256 value) {
        unchecked {
            value = uint256(position.word());
            uint256 unused = 256 - 8 * (typeCode & WIDTH_MASK);
            // Unsigned integers, and `bool`.
            if (typeCode & (SIGNED | FIXED_BYTES) == 0 || typeCode == BOOL) return value >> unused;
            if (typeCode & SIGNED != 0) return uint256(int256(value) >> unused);
            return value >> unused << unused;
        }
    }

    /// @dev A number that orders among its like, compared without sign, as `word` does in its type.
    function _ordered(uint256 word, uint256 typeCode) private pure returns (uint256) {
        return typeCode & (SIGNED | FIXED_BYTES) == SIGNED ? word ^ SIGN : word;
    }

    // -- Dynamic data ------------------------------------------------------------------------------------------------

    /// @dev Whether the rule at `cursor`, about the arguments as a whole, holds; where it ends; and what it came upon.
    function _evaluate(bytes calldata data, address account, uint256 cursor, uint256 start)
        private
        pure
        returns (bool holds, uint256 end, Run memory run)
    {
        run.account = account;
        run.start = start;
        run.origin = data.positionOf();
        Node memory call = Node({code: CALL, shape: data.length, at: run.origin, path: 0, steps: 0});
        (holds, end) = _callRule(run, call, cursor);
    }

    /// @dev Whether all groups of the body from `cursor` to `end` hold for `scope`.
    function _body(Run memory run, Node memory scope, uint256 cursor, uint256 end) private pure returns (bool) {
        unchecked {
            if (cursor == end) revert InvalidConfig(cursor - run.start);
            if (++run.level > MAX_LEVELS) revert RulesTooDeep(cursor - run.start);
            uint256 groups = cursor.integer(1);
            if (groups == 0) revert InvalidConfig(cursor - run.start);
            cursor += 1;
            for (; groups != 0; --groups) {
                uint256 rules = cursor.integer(1);
                if (rules == 0) revert InvalidConfig(cursor - run.start);
                cursor += 1;
                bool held = false;
                for (; rules != 0; --rules) {
                    bool holds;
                    (holds, cursor) = scope.code == CALL ? _callRule(run, scope, cursor) : _nodeRule(run, scope, cursor);
                    if (holds) held = true;
                }
                if (cursor > end) revert InvalidConfig(end - run.start);
                if (!held) {
                    --run.level;
                    return false;
                }
            }
            if (cursor != end) revert InvalidConfig(cursor - run.start);
            --run.level;
            return true;
        }
    }

    /// @dev Whether the rule at `cursor`, about a call's calldata, holds; and where it ends.
    function _callRule(Run memory run, Node memory call, uint256 cursor) private pure returns (bool, uint256 end) {
        unchecked {
            uint256 kind = cursor.integer(1);
            if (kind == HEAD_WORD) return _wordRule(run, call, cursor);
            if (kind != ARGUMENTS) revert InvalidConfig(cursor - run.start);
            end = cursor + 3 + (cursor + 1).integer(2);
            return (_decoded(run, call, call.at + 4, call.at + call.shape, cursor, cursor + 3, end), end);
        }
    }

    /// @dev Whether the rule at `cursor`, about a word of the head of an inner call, holds; and where it ends.
    function _wordRule(Run memory run, Node memory call, uint256 cursor) private pure returns (bool holds, uint256) {
        unchecked {
            uint256 head = cursor.integer(5);
            uint256 code = head >> 8 & 0xff;
            if (!code.isWord()) revert InvalidConfig(cursor + 3 - run.start);
            uint256 index = head >> 16 & 0xffff;
            Node memory word = call.copy();
            word.push(index, cursor, run.start);
            word.code = code;
            uint256 actual = uint256((call.at + 4 + 32 * index).word());
            bool exists = 36 + 32 * index <= call.shape && actual.isOfType(code);
            return _compareWord(run, word, actual, exists, VALUE, cursor, cursor + 4);
        }
    }

    /// @dev Whether the bytes from `base` to `limit` are the encoding of the shape at `cursor`, and the body behind the
    /// shape, up to `end`, holds. No body holds for anything.
    /// @param position Where the rule stands that says so.
    function _decoded(
        Run memory run,
        Node memory node,
        uint256 base,
        uint256 limit,
        uint256 position,
        uint256 cursor,
        uint256 end
    ) private pure returns (bool) {
        unchecked {
            Walk memory walk;
            walk.cursor = cursor;
            walk.limit = limit;
            walk.origin = run.start;
            if (!walk.check(base)) {
                run.malformed = true;
                run.position = position;
                run.path = node.path;
                run.steps = node.steps;
                run.wrongAt = walk.wrongAt;
                run.typeCode = walk.code;
                run.expected = walk.expected;
                run.actual = walk.actual;
                return false;
            }
            if (walk.cursor > end) revert InvalidConfig(end - run.start);
            if (walk.cursor == end) return true;
            Node memory arguments =
                Node({code: ABIShape.TUPLE, shape: cursor, at: base, path: node.path, steps: node.steps});
            return _body(run, arguments, walk.cursor, end);
        }
    }

    /// @dev Whether the rule at `cursor`, about a value inside `scope`, holds; and where it ends.
    function _nodeRule(Run memory run, Node memory scope, uint256 cursor) private pure returns (bool, uint256) {
        unchecked {
            uint256 position = cursor;
            (Node memory node, bool exists, uint256 at) = _locate(run, scope, cursor);
            uint256 test = at.integer(1);
            if (test <= SLICE_FROM_END) return _wordTest(run, node, exists, position, at);
            if (test <= SUFFIX) return _contentTest(run, node, exists, position, at);
            if (test > TAGGED) revert InvalidConfig(at - run.start);
            uint256 end = at + 3 + (at + 1).integer(2);
            bool holds;
            if (test == ALL) holds = _body(run, node, at + 3, end);
            else if (test <= SOME) holds = _elements(run, node, test == EVERY, position, at, end);
            else if (test == TAGGED) holds = _tagged(run, scope, node, position, at, end);
            else holds = _inner(run, node, position, at, end);
            if (!exists) {
                _note(run, node, position, test, at + 3, end - at - 3);
                return (false, end);
            }
            return (holds, end);
        }
    }

    /// @dev Follows the path at `cursor` from `scope`; returns where it ends.
    function _locate(Run memory run, Node memory scope, uint256 cursor)
        private
        pure
        returns (Node memory node, bool exists, uint256 end)
    {
        unchecked {
            node = scope.copy();
            exists = true;
            end = cursor + 1 + cursor.integer(1);
            for (cursor += 1; cursor != end; ++cursor) {
                if (!node.step(cursor.integer(1), cursor, run.start)) exists = false;
            }
        }
    }

    /// @dev Tests that compare a word: the value itself, or a number or some bytes out of it.
    /// @param cursor Where the test is.
    function _wordTest(Run memory run, Node memory node, bool exists, uint256 position, uint256 cursor)
        private
        pure
        returns (bool, uint256)
    {
        unchecked {
            uint256 test = cursor.integer(1);
            uint256 code = node.code;
            bool fits;
            if (test == VALUE) fits = code.isWord();
            else if (test == LENGTH) fits = code == ABIShape.BYTES || code == ABIShape.ARRAY;
            else fits = code == ABIShape.BYTES;
            if (!fits) revert InvalidConfig(cursor - run.start);
            if (test == VALUE) {
                return _compareWord(run, node, uint256(node.at.word()), exists, test, position, cursor + 1);
            }
            uint256 length = node.lengthOf();
            // From here on the node stands for the word that is made of it.
            if (test == LENGTH) {
                // Less than 2^32, because so much has been found in calldata.
                node.code = UINT32;
                return _compareWord(run, node, length, exists, test, position, cursor + 1);
            }
            if (test == HASH) {
                node.code = BYTES32;
                uint256 hash = uint256(node.contentOf().hash(length));
                return _compareWord(run, node, hash, exists, test, position, cursor + 1);
            }
            // Offset (2) and type (1).
            uint256 offset = (cursor + 1).integer(2);
            node.code = (cursor + 3).integer(1);
            if (!node.code.isWord() || node.code == BOOL) revert InvalidConfig(cursor + 3 - run.start);
            uint256 behind = offset + (node.code & WIDTH_MASK);
            if (behind > length) exists = false;
            uint256 from = node.contentOf() + (test == SLICE ? offset : length - behind);
            return _compareWord(run, node, _wordOf(from, node.code), exists, test, position, cursor + 4);
        }
    }

    /// @dev Compares a word that `node` is or stands for; the comparison is at `cursor`.
    function _compareWord(
        Run memory run,
        Node memory node,
        uint256 actual,
        bool exists,
        uint256 test,
        uint256 position,
        uint256 cursor
    ) private pure returns (bool holds, uint256 end) {
        unchecked {
            (holds, end) = _compare(actual, node.code, cursor, run.account, run.start);
            holds = holds && exists;
            if (!holds) {
                run.comparison = cursor.integer(1);
                cursor += run.comparison == ONE_OF ? 2 : 1;
                _note(run, node, position, test, cursor, end - cursor);
                if (exists) {
                    run.actual = actual;
                    run.actualIsWord = true;
                }
            }
        }
    }

    /// @dev Tests that compare bytes with bytes.
    /// @param cursor Where the test is.
    function _contentTest(Run memory run, Node memory node, bool exists, uint256 position, uint256 cursor)
        private
        pure
        returns (bool holds, uint256 end)
    {
        unchecked {
            uint256 test = cursor.integer(1);
            if (node.code != ABIShape.BYTES) revert InvalidConfig(cursor - run.start);
            uint256 size = (cursor + 1).integer(2);
            end = cursor + 3 + size;
            uint256 length = node.lengthOf();
            uint256 from = node.contentOf();
            if (test <= DIFFERS) {
                holds = (length == size && from.hash(size) == (cursor + 3).hash(size)) == (test == EQUALS);
            } else {
                if (size == 0) revert InvalidConfig(cursor + 1 - run.start);
                if (test == SUFFIX) from += length - size;
                holds = length >= size && from.hash(size) == (cursor + 3).hash(size);
            }
            holds = holds && exists;
            if (!holds) {
                _note(run, node, position, test, cursor + 3, size);
                if (exists) _noteBytes(run, node.contentOf(), length);
            }
        }
    }

    /// @dev Whether the body at `test + 3` holds for every element of an array, or for one.
    function _elements(Run memory run, Node memory array, bool every, uint256 position, uint256 test, uint256 end)
        private
        pure
        returns (bool)
    {
        unchecked {
            if (array.code != ABIShape.ARRAY) revert InvalidConfig(test - run.start);
            // Nothing else would notice that a body is empty, when the array is.
            if (end == test + 3) revert InvalidConfig(test + 1 - run.start);
            uint256 count = array.lengthOf();
            uint256 free = _freeMemory();
            for (uint256 i = 0; i < count; ++i) {
                Node memory element = array.copy();
                element.enter(i, position, run.start);
                if (_body(run, element, test + 3, end) != every) return !every;
                _freeMemoryFrom(free);
            }
            if (!every && count == 0) _note(run, array, position, SOME, test + 3, 0);
            return every;
        }
    }

    /// @dev Whether bytes hold a call or arguments of which the rest of the rule holds.
    function _inner(Run memory run, Node memory node, uint256 position, uint256 test, uint256 end)
        private
        pure
        returns (bool)
    {
        unchecked {
            if (node.code != ABIShape.BYTES) revert InvalidConfig(test - run.start);
            uint256 from = node.contentOf();
            uint256 length = node.lengthOf();
            if (test.integer(1) == DECODED) {
                return _decoded(run, node, from, from + length, position, test + 3, end);
            }
            uint256 size = length < 4 ? length : 4;
            _note(run, node, position, CALLDATA, test + 3, end - test - 3);
            _noteBytes(run, from, size);
            Node memory call = Node({code: CALL, shape: length, at: from, path: node.path, steps: node.steps});
            return _alternatives(run, call, size == 4 ? from.integer(4) : NO_SELECTOR, 4, test + 3, end);
        }
    }

    /// @dev Whether each element of an array of bytes holds arguments as its tag says, which is a byte of other bytes.
    function _tagged(Run memory run, Node memory scope, Node memory array, uint256 position, uint256 test, uint256 end)
        private
        pure
        returns (bool)
    {
        unchecked {
            if (array.code != ABIShape.ARRAY || array.shape.integer(1) != ABIShape.BYTES) {
                revert InvalidConfig(test - run.start);
            }
            (Node memory tags, bool exists, uint256 cursor) = _locate(run, scope, test + 3);
            if (tags.code != ABIShape.BYTES) revert InvalidConfig(test + 3 - run.start);
            uint256 count = array.lengthOf();
            if (!exists || tags.lengthOf() != count) {
                _note(run, array, position, TAGGED, cursor, end - cursor);
                if (exists) _noteBytes(run, tags.contentOf(), tags.lengthOf());
                return false;
            }
            uint256 free = _freeMemory();
            for (uint256 i = 0; i < count; ++i) {
                Node memory element = array.copy();
                element.enter(i, position, run.start);
                _note(run, element, position, TAGGED, cursor, end - cursor);
                _noteBytes(run, tags.contentOf() + i, 1);
                if (!_alternatives(run, element, (tags.contentOf() + i).integer(1), 1, cursor, end)) return false;
                _freeMemoryFrom(free);
            }
            return true;
        }
    }

    /// @dev Whether one of the alternatives between `cursor` and `end` that are for `key` holds: of a call, those with its
    /// selector; of other bytes, those with their tag.
    function _alternatives(Run memory run, Node memory node, uint256 key, uint256 size, uint256 cursor, uint256 end)
        private
        pure
        returns (bool held)
    {
        unchecked {
            uint256 count = cursor.integer(1);
            if (count == 0) revert InvalidConfig(cursor - run.start);
            cursor += 1;
            for (; count != 0; --count) {
                uint256 body = cursor + size + 2;
                uint256 next = body + (cursor + size).integer(2);
                if (next > end) revert InvalidConfig(end - run.start);
                if (!held && cursor.integer(size) == key) {
                    if (next == body) held = true;
                    else if (size == 4) held = _body(run, node, body, next);
                    else held = _decodedContent(run, node, cursor, body, next);
                }
                cursor = next;
            }
            if (cursor != end) revert InvalidConfig(cursor - run.start);
        }
    }

    /// @dev {_decoded} for the content of bytes.
    function _decodedContent(Run memory run, Node memory node, uint256 position, uint256 cursor, uint256 end)
        private
        pure
        returns (bool)
    {
        unchecked {
            uint256 from = node.contentOf();
            return _decoded(run, node, from, from + node.lengthOf(), position, cursor, end);
        }
    }

    /// @dev Where memory that is not in use begins.
    function _freeMemory() private pure returns (uint256 free) {
        // Solidity's free memory pointer.
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }

    /// @dev Gives up all that has been allocated since memory was free from there on: what an element needed is of no use
    /// to the next one, and the price of memory grows with its square. {Run} holds nothing but numbers.
    function _freeMemoryFrom(uint256 free) private pure {
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    // -- Errors about dynamic data -------------------------------------------------------------------------------------

    /// @dev Notes that a rule does not hold, and what it expects; without anything actual.
    function _note(Run memory run, Node memory node, uint256 position, uint256 test, uint256 from, uint256 length)
        private
        pure
    {
        run.malformed = false;
        run.position = position;
        run.path = node.path;
        run.steps = node.steps;
        run.typeCode = node.code;
        run.test = test;
        run.expectedAt = from;
        run.expectedLength = length;
        run.actual = 0;
        run.actualLength = 0;
        run.actualIsWord = false;
    }

    /// @dev Adds which bytes are there instead.
    function _noteBytes(Run memory run, uint256 from, uint256 length) private pure {
        run.actual = from;
        run.actualLength = length;
    }

    /// @dev Reverts about the rule at `cursor`, which does not hold. It is evaluated a second time: that keeps what only an
    /// error needs out of the way of calls that are accepted.
    function _revertAbout(bytes calldata data, address account, uint256 cursor, uint256 start) private pure {
        unchecked {
            (,, Run memory run) = _evaluate(data, account, cursor, start);
            bytes memory path = new bytes(2 * run.steps);
            for (uint256 i = path.length; i != 0; run.path >>= 8) {
                path[--i] = bytes1(uint8(run.path));
            }
            if (run.malformed) {
                revert ArgumentsNotCanonical(
                    run.position - start, path, run.wrongAt - run.origin, uint8(run.typeCode), run.expected, run.actual
                );
            }
            bytes memory actual = run.actualIsWord
                ? abi.encode(run.actual)
                : bytes(run.actual.slice(Math.min(run.actualLength, MAX_SHOWN_EACH)));
            revert ArgumentRuleNotMet(
                run.position - start,
                path,
                uint8(run.typeCode),
                uint8(run.test),
                run.test <= SLICE_FROM_END ? uint8(run.comparison) : 0,
                run.expectedAt.slice(Math.min(run.expectedLength, MAX_SHOWN_EACH)),
                actual
            );
        }
    }
}
