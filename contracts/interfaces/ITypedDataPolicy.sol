// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISignaturePolicy} from "./ISignaturePolicy.sol";

/// @title ITypedDataPolicy
/// @notice Limits what a session key may sign for an account (ERC-1271): which messages of EIP-712 typed data, by domain, type
/// and rules on their fields; and which personal messages, by how they begin. The configuration lists alternatives, of which
/// one must fit; its layout is in docs/encoding.md.
///
/// Messages that move an account's tokens as soon as somebody else presents them are refused unless rules bound what they
/// move and fix who gets it: the `Permit` of ERC-2612, Permit2's `PermitSingle` and `PermitTransferFrom`, the
/// authorizations of ERC-3009, CoW Protocol's `Order`. Other messages of that kind, and such as control an account, are
/// refused by the name of their type, whatever the rules say. That is a guard against mistakes in a grant, not
/// against an application that gives its types names of its own.
/// @dev Keeps no state.
interface ITypedDataPolicy is ISignaturePolicy {
    /// @notice The configuration is malformed.
    /// @param position Where, in bytes from its start.
    error InvalidConfig(uint256 position);

    /// @notice No alternative is for this domain and type.
    error TypedDataNotAllowed(bytes32 domainSeparator, bytes32 typeHash);

    /// @notice Messages of this name are never signed by sessions.
    error TypeForbidden(string primaryType);

    /// @notice Messages of this type need a rule on a field that the configuration has none for, or only one that does not
    /// bound it.
    /// @param word Index of the field, counted over the message and its nested structs in order.
    /// @param bound What is needed: 1 fixed (==, one of, the account), 2 bounded above, 3 bounded below.
    error RuleMissing(string primaryType, uint256 word, uint256 bound);

    /// @notice The witness is not as long as the fields that the configuration describes, 32 bytes each.
    error InvalidWitnessLength(uint256 expected, uint256 actual);

    /// @notice The witness is not of the message.
    /// @param structIndex 0 for the message itself, i for the i-th nested struct.
    error WitnessDiffers(uint256 structIndex, bytes32 expected, bytes32 actual);

    /// @notice The fields do not meet the rules. `reason` is an error of {IABIRulePolicy}.
    error RulesNotMet(bytes reason);

    /// @notice No alternative is for personal messages that begin like this one.
    error PersonalMessageNotAllowed(uint256 length);

    /// @notice The policy that checks the rules on fields: {IABIRulePolicy}.
    function abiRulePolicy() external view returns (address);
}
