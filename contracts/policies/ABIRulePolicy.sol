// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IABIRulePolicy} from "../interfaces/IABIRulePolicy.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";

/// @title ABIRulePolicy
/// @notice See {IABIRulePolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract ABIRulePolicy is IABIRulePolicy {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    /// Kinds of paths.
    uint256 private constant PATH_HEAD_WORD = 0;

    /// Types: one of these and a width in bytes from 1 to 32.
    uint256 private constant UNSIGNED = 0x00;
    uint256 private constant SIGNED = 0x40;
    uint256 private constant FIXED_BYTES = 0x80;
    uint256 private constant BOOL = 0xc1;
    uint256 private constant ADDRESS = UNSIGNED | 20;
    uint256 private constant WIDTH_MASK = 0x3f;

    /// @dev How much of a rule's references an error shows.
    uint256 private constant MAX_SHOWN = 1024;

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

    /// @dev A rule as far as it is read. Positions count from the start of this call's calldata.
    struct Rule {
        uint256 wordIndex;
        uint256 typeCode;
        uint256 comparison;
        /// Where its references begin, and how wide one is in bytes.
        uint256 references;
        uint256 width;
        /// The argument's word, and whether the rule holds for it.
        uint256 actual;
        bool holds;
        /// Where the rule ends.
        uint256 end;
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
            bool held = false;
            Rule memory rule;
            // Every rule is read, also behind one that holds: whether a call is well-formed must not depend on that.
            for (uint256 i = 0; i < rules; ++i) {
                _readRule(rule, data, account, cursor, start);
                if (rule.holds) held = true;
                cursor = rule.end;
            }
            if (held) return cursor;
            if (rules > 1) revert NoRuleMet(group, rules, rule.wordIndex, bytes32(rule.actual));
            revert RuleNotMet(
                group,
                rule.wordIndex,
                uint8(rule.typeCode),
                uint8(rule.comparison),
                rule.references.slice(Math.min(rule.end - rule.references, MAX_SHOWN)),
                bytes32(rule.actual)
            );
        }
    }

    /// @dev Reads the rule at `cursor` and whether it holds.
    function _readRule(Rule memory rule, bytes calldata data, address account, uint256 cursor, uint256 start)
        private
        pure
    {
        unchecked {
            // Kind of path (1), word (2), type (1), comparison (1).
            uint256 head = cursor.integer(5);
            if (head >> 32 != PATH_HEAD_WORD) revert InvalidConfig(cursor - start);
            rule.wordIndex = head >> 16 & 0xffff;
            rule.typeCode = head >> 8 & 0xff;
            rule.comparison = head & 0xff;
            rule.references = cursor + 5;
            rule.width = rule.typeCode & WIDTH_MASK;
            // Above the kinds with a width there is only the code of `bool`; 0xc0 itself has width 0.
            if (rule.width == 0 || rule.width > 32 || (rule.typeCode > BOOL - 1 && rule.typeCode != BOOL)) {
                revert InvalidConfig(cursor + 3 - start);
            }

            uint256 end = 36 + 32 * rule.wordIndex;
            if (data.length < end) revert ArgumentMissing(rule.wordIndex, data.length);
            rule.actual = uint256((data.positionOf() + end - 32).word());
            if (!_isOfType(rule.actual, rule.typeCode, rule.width)) {
                revert ArgumentMalformed(rule.wordIndex, uint8(rule.typeCode), bytes32(rule.actual));
            }
            _compare(rule, account, cursor, start);
        }
    }

    /// @dev Sets whether the rule holds, and where it ends.
    function _compare(Rule memory rule, address account, uint256 cursor, uint256 start) private pure {
        unchecked {
            uint256 comparison = rule.comparison;
            uint256 actual = rule.actual;
            if (comparison <= GREATER_OR_EQUAL) {
                uint256 expected = _reference(rule, 0, start);
                rule.end = rule.references + rule.width;
                if (comparison == EQUAL) {
                    rule.holds = actual == expected;
                } else if (comparison == NOT_EQUAL) {
                    rule.holds = actual != expected;
                } else {
                    (actual, expected) = (_ordered(actual, rule), _ordered(expected, rule));
                    if (comparison == LESS) rule.holds = actual < expected;
                    else if (comparison == LESS_OR_EQUAL) rule.holds = actual <= expected;
                    else if (comparison == GREATER) rule.holds = actual > expected;
                    else rule.holds = actual >= expected;
                }
            } else if (comparison == RANGE) {
                // Both are read, and so checked, whatever the first comparison says.
                uint256 low = _ordered(_reference(rule, 0, start), rule);
                uint256 high = _ordered(_reference(rule, 1, start), rule);
                actual = _ordered(actual, rule);
                rule.holds = actual >= low && actual <= high;
                rule.end = rule.references + 2 * rule.width;
            } else if (comparison == ONE_OF) {
                uint256 count = rule.references.integer(1);
                if (count == 0) revert InvalidConfig(rule.references - start);
                rule.references += 1;
                rule.holds = false;
                for (uint256 i = 0; i < count; ++i) {
                    if (actual == _reference(rule, i, start)) rule.holds = true;
                }
                rule.end = rule.references + count * rule.width;
            } else if (comparison == BITS) {
                if (rule.typeCode & SIGNED != 0 && rule.typeCode != BOOL) revert InvalidConfig(cursor + 4 - start);
                rule.holds = actual & _reference(rule, 0, start) == _reference(rule, 1, start);
                rule.end = rule.references + 2 * rule.width;
            } else if (comparison == ACCOUNT) {
                if (rule.typeCode != ADDRESS) revert InvalidConfig(cursor + 4 - start);
                rule.holds = actual == uint160(account);
                rule.end = rule.references;
            } else {
                revert InvalidConfig(cursor + 4 - start);
            }
        }
    }

    /// @dev A reference of a rule as a word of calldata would hold it: signed integers extended, `bytesN` to the left.
    function _reference(Rule memory rule, uint256 index, uint256 start) private pure returns (uint256 value) {
        unchecked {
            uint256 position = rule.references + index * rule.width;
            value = position.integer(rule.width);
            uint256 unused = 256 - 8 * rule.width;
            if (rule.typeCode == BOOL) {
                if (value > 1) revert InvalidConfig(position - start);
            } else if (rule.typeCode & FIXED_BYTES != 0) {
                value <<= unused;
            } else if (rule.typeCode & SIGNED != 0) {
                value = uint256(int256(value << unused) >> unused);
            }
        }
    }

    /// @dev A number that orders among its like, compared without sign, as `word` does in its type.
    function _ordered(uint256 word, Rule memory rule) private pure returns (uint256) {
        return rule.typeCode & (SIGNED | FIXED_BYTES) == SIGNED ? word ^ SIGN : word;
    }

    /// @dev Whether a word of calldata is a value of a type that is `width` bytes wide, without dirty bits.
    function _isOfType(uint256 word, uint256 typeCode, uint256 width) private pure returns (bool) {
        unchecked {
            uint256 unused = 256 - 8 * width;
            if (typeCode == BOOL) return word <= 1;
            // All of a `bytes32` is used: a shift by 256 leaves 0.
            if (typeCode & FIXED_BYTES != 0) return word << (256 - unused) == 0;
            if (typeCode & SIGNED != 0) return uint256(int256(word << unused) >> unused) == word;
            return word << unused >> unused == word;
        }
    }
}
