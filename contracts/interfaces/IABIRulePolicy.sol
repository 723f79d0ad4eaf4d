// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";

/// @title IABIRulePolicy
/// @notice Limits the arguments of a call by rules: an AND of ORs. The layout of the configuration is in docs/encoding.md.
///
/// A rule about a word compares one static argument, found by its place in the ABI encoding, with references. Bytes of the
/// calldata that no rule is about are free, also behind the arguments.
///
/// A rule about the arguments as a whole states their types. It holds only for calldata that is, byte for byte, what a
/// standard encoder makes of arguments of these types, so that the called contract reads what the rule read; and only if
/// its own AND of ORs of rules holds, which are about values at any depth: words, lengths, hashes, parts of bytes and
/// strings, elements of arrays, calls and encoded arguments inside of bytes.
/// @dev Keeps no state.
interface IABIRulePolicy is ICallPolicy {
    /// @notice The configuration is malformed. (One that is cut short may instead be refused with an error about the call,
    /// made of what follows it in calldata.)
    /// @param position Where, in bytes from its start.
    error InvalidConfig(uint256 position);

    /// @notice The calldata ends before the argument that a rule is about.
    /// @param word Index of the 32-byte word after the selector.
    error ArgumentMissing(uint256 word, uint256 calldataLength);

    /// @notice The argument's word is not a proper value of the type that the rule states.
    /// @param typeCode The type, as in docs/encoding.md.
    error ArgumentMalformed(uint256 word, uint8 typeCode, bytes32 actual);

    /// @notice The only rule of a group does not hold.
    /// @param group Index of the group.
    /// @param word Index of the argument's word.
    /// @param typeCode The argument's type, as in docs/encoding.md.
    /// @param comparison The comparison, as in docs/encoding.md.
    /// @param expected The references: what the argument was compared with, each as wide as the type, one after the other. Cut
    /// after 1,024 bytes, because an EntryPoint passes on no more than 2,048 bytes of an error.
    /// @param actual The argument's word.
    error RuleNotMet(uint256 group, uint256 word, uint8 typeCode, uint8 comparison, bytes expected, bytes32 actual);

    /// @notice None of the rules of a group with several holds.
    /// @param group Index of the group.
    /// @param rules How many rules it has.
    /// @param word Index of the word of the last rule's argument.
    /// @param actual That word.
    error NoRuleMet(uint256 group, uint256 rules, uint256 word, bytes32 actual);

    /// @notice Rules, types or paths are nested deeper than docs/encoding.md allows.
    /// @param position Where, in bytes from the configuration's start.
    error RulesTooDeep(uint256 position);

    /// @notice A rule about dynamic data does not hold: the last one that was tried.
    /// @param position Where in the configuration it begins, in bytes.
    /// @param path What it is about, from the call's arguments on: two bytes a step, the index of a word of a tuple's head or
    /// of an array's element (an element that is missing: as configured; beyond 65,535: that).
    /// @param typeCode The type of what was compared, as in docs/encoding.md: that of the value, or of a length or part of it.
    /// @param test The rule's test, as in docs/encoding.md; 0 for a rule about a word of an inner call.
    /// @param comparison The comparison, as in docs/encoding.md, if the test has one.
    /// @param expected What the configuration has behind the test: references, bytes or alternatives. Cut after 512 bytes.
    /// @param actual What is there: a word; the bytes, cut after 512; an inner call's selector, or a tag. Empty if the path
    /// leads to an element, or beyond an end of bytes, that does not exist.
    error ArgumentRuleNotMet(
        uint256 position, bytes path, uint8 typeCode, uint8 test, uint8 comparison, bytes expected, bytes actual
    );

    /// @notice Calldata, or bytes inside of it, are not what an encoder makes of the types that a rule states.
    /// @param position Where in the configuration that rule begins, in bytes.
    /// @param path Which bytes, as above; empty for the call's own arguments.
    /// @param offset Where in the call's calldata the fault is, in bytes.
    /// @param typeCode What is expected there, as in docs/encoding.md (0xc4 also for all arguments together).
    /// @param expected Of a misplaced tail: its offset. Of a length: the most that there is room for. Of dirty padding: the
    /// last word, clean. Of arguments that are cut short or followed by more: their length. Of an improper value: 0.
    /// @param actual What is there instead.
    error ArgumentsNotCanonical(
        uint256 position, bytes path, uint256 offset, uint8 typeCode, uint256 expected, uint256 actual
    );
}
