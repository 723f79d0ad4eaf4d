// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Whether a call keeps rules on words of its arguments' head, as {IABIRulePolicy} defines them.
/// @dev Says yes only if that policy's contract accepts the call, and always if it does and all rules are on words of the
/// head. In every other case it says no, without a reason: then the contract is to be asked, which tells a refusal from rules
/// that only it evaluates. So nothing here needs to be told apart from anything else that is wrong.
library ArgumentRules {
    /// Types with a name here, and the bits of a type that are its width in bytes.
    uint256 private constant ADDRESS = 0x14;
    uint256 private constant BOOL = 0xc1;
    uint256 private constant WIDTH_MASK = 0x3f;
    /// @dev The last of the comparisons by order.
    uint256 private constant GREATER_OR_EQUAL = 5;

    /// @dev Which comparisons hold: bit 4c of comparison c if the argument equals the reference, the bit before it if it is
    /// less, the bit behind it if it is greater. What would be before the first bit is 0 too: a shift by so much. It is used
    /// with all bits flipped, so that whatever is no comparison by order does not hold.
    uint256 private constant ORDERS = 0x3218a9;

    /// @dev What the first five bytes of an ordinary group say, see {hold}: of their difference from this, only the lower byte
    /// of the word's index and the low bits of the width less one are left.
    uint256 private constant ORDINARY = 0x0100000001;
    uint256 private constant ORDINARY_FREE = 0xff1f;

    /// @notice Whether the rules of `config` hold for a call with `data` from `account`, see above.
    function hold(bytes calldata data, bytes calldata config, address account) internal pure returns (bool held) {
        // In assembly as a whole: in Solidity the same takes a third more, in every use.
        assembly ("memory-safe") {
            // The reference of `width` bytes at a position, at the top of a word.
            function top(position, width) -> value {
                let unused := sub(256, shl(3, width))
                value := shl(unused, shr(unused, calldataload(position)))
            }

            // Whether the rule at `cursor` holds, and where it ends, or 0 if that is not clear.
            function readRule(cursor, arguments, lastWord, account_) -> holds, end {
                // Kind of rule (1), word (2), type (1), comparison (1), references.
                let rule := calldataload(cursor)
                let typeCode := byte(3, rule)
                let width := and(typeCode, WIDTH_MASK)
                let position := add(arguments, shl(5, shr(232, rule)))
                // Not a rule on a word, a type that is none, a word that is missing.
                if or(or(byte(0, rule), gt(position, lastWord)), or(gt(sub(width, 1), 31), gt(typeCode, BOOL))) {
                    leave
                }

                // The value at the top of a word, from which the argument's word must come out again.
                let unused := sub(256, shl(3, width))
                let actual := calldataload(position)
                let value := shl(unused, actual)
                let proper := shr(unused, value)
                let sign := 0
                switch shr(6, typeCode)
                case 1 {
                    // Signed integers: flipping the top bit maps their order onto that of unsigned ones.
                    proper := sar(unused, value)
                    sign := shl(255, 1)
                }
                case 2 {
                    // Fixed bytes.
                    value := shl(unused, shr(unused, actual))
                    proper := value
                }
                case 3 {
                    // Bools.
                    proper := and(actual, 1)
                }
                if xor(actual, proper) { leave }

                let comparison := byte(4, rule)
                cursor := add(cursor, 5)
                let next := add(cursor, width)
                switch comparison
                case 6 {
                    // Range: from the first to the second.
                    value := xor(value, sign)
                    let low := xor(top(cursor, width), sign)
                    let high := xor(top(next, width), sign)
                    holds := iszero(or(lt(value, low), gt(value, high)))
                    next := add(next, width)
                }
                case 7 {
                    // One of.
                    let count := byte(5, rule)
                    if iszero(count) { leave }
                    cursor := add(cursor, 1)
                    next := cursor
                    for {} count { count := sub(count, 1) } {
                        holds := or(holds, eq(value, top(next, width)))
                        next := add(next, width)
                    }
                }
                case 8 {
                    // Bits: of all types but signed integers.
                    if sign { leave }
                    holds := eq(and(value, top(cursor, width)), top(next, width))
                    next := add(next, width)
                }
                case 9 {
                    // Equals the account.
                    if xor(typeCode, ADDRESS) { leave }
                    holds := eq(actual, account_)
                    next := cursor
                }
                default {
                    if gt(comparison, GREATER_OR_EQUAL) { leave }
                    value := xor(value, sign)
                    let expected := xor(top(cursor, width), sign)
                    let order := sub(gt(value, expected), lt(value, expected))
                    holds := iszero(and(sar(add(shl(2, comparison), order), not(ORDERS)), 1))
                }
                // The references of a bool are bools too, of a byte each.
                if eq(typeCode, BOOL) {
                    for {} lt(cursor, next) { cursor := add(cursor, 1) } {
                        if gt(byte(0, calldataload(cursor)), 1) { leave }
                    }
                }
                end := next
            }

            // Where the group at `cursor` ends if one of its rules holds; else, or if that is not clear, behind everything.
            function readGroup(cursor, arguments, lastWord, account_) -> end {
                let rules := byte(0, calldataload(cursor))
                let any := 0
                cursor := add(cursor, 1)
                // Every rule is read, also behind one that holds: whether a call is well-formed must not depend on that.
                for {} rules { rules := sub(rules, 1) } {
                    let holds
                    holds, cursor := readRule(cursor, arguments, lastWord, account_)
                    if iszero(cursor) { break }
                    any := or(any, holds)
                }
                end := cursor
                if iszero(mul(any, cursor)) { end := not(0) }
            }

            // Rules are read without looking where the configuration ends; the last group must end there.
            let cursor := config.offset
            let configEnd := add(cursor, config.length)
            let groups := byte(0, calldataload(cursor))
            let arguments := add(data.offset, 4)
            // Where a word can be at the most.
            let lastWord := sub(add(data.offset, data.length), 32)
            for { cursor := add(cursor, 1) } lt(cursor, configEnd) {} {
                // Number of rules (1), kind (1), word (2), type (1), comparison (1), references. The ordinary group is one rule, on
                // one of the first 256 words, an unsigned integer or an address, by order.
                let group := calldataload(cursor)
                let width := byte(4, group)
                let position := add(arguments, shl(5, byte(3, group)))
                let actual := calldataload(position)
                let expected := shr(sub(256, shl(3, width)), calldataload(add(cursor, 6)))
                let order := sub(gt(actual, expected), lt(actual, expected))
                // Each part is 0 if it is as it should be.
                let odd := and(sar(add(shl(2, byte(5, group)), order), not(ORDERS)), 1)
                odd := or(odd, shr(shl(3, width), actual))
                odd := or(odd, gt(position, lastWord))
                odd := or(odd, and(sub(shr(216, group), ORDINARY), not(ORDINARY_FREE)))
                let next := add(cursor, add(width, 6))
                if odd { next := readGroup(cursor, arguments, lastWord, account) }
                cursor := next
                groups := sub(groups, 1)
            }
            // A configuration without groups would end where it begins.
            held := gt(eq(cursor, configEnd), or(groups, lt(config.length, 2)))
        }
    }
}
