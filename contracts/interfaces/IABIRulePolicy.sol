// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "./ICallPolicy.sol";

/// @title IABIRulePolicy
/// @notice Limits the arguments of a call by rules: an AND of ORs of comparisons, each of one static argument, found by
/// its place in the ABI encoding, with a reference. The layout of the configuration is in docs/encoding.md.
/// Bytes of the calldata that no rule is about are free, also behind the arguments.
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
}
