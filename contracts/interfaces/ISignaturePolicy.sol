// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The EIP-712 domain of an application, in full.
struct AppDomain {
    /// Which of the fields below it has (ERC-5267). The others are zero.
    bytes1 fields;
    bytes32 nameHash;
    bytes32 versionHash;
    uint256 chainId;
    address verifyingContract;
    bytes32 salt;
    /// The hash of all that.
    bytes32 separator;
}

/// @notice A message of EIP-712 typed data that a session key would sign for an account.
struct TypedData {
    AppDomain domain;
    /// The name of the message's type, and its encodeType (EIP-712): name, fields, and the types it refers to.
    string primaryType;
    string encodedType;
    /// The message's struct hash.
    bytes32 contentsHash;
    /// What shows the message's fields, in a form that the policies define. Not checked by the manager.
    bytes witness;
}

/// @title ISignaturePolicy
/// @notice A limit on what a session key may sign for an account through ERC-1271.
/// @dev All signature policies of a session must accept. They keep no state: a signature may be asked for any number of
/// times.
interface ISignaturePolicy {
    /// @notice Accepts a message of typed data by returning, refuses it by reverting with a typed error.
    /// @dev Called by a session key manager, statically.
    /// @param account The smart account that would sign.
    /// @param sender Who asks the account for the signature's validity (ERC-7579).
    /// @param typedData The message and its domain.
    /// @param config The configuration that the session gives this policy.
    /// @return validationData A validity window, as in {ICallPolicy}. It is held against the clock at once.
    function checkTypedData(address account, address sender, TypedData calldata typedData, bytes calldata config)
        external
        view
        returns (uint256 validationData);

    /// @notice Accepts a personal message (ERC-191, version 0x45) by returning, refuses it by reverting with a typed error.
    /// @dev As {checkTypedData}.
    /// @param message The message itself, without the prefix.
    function checkPersonalMessage(address account, address sender, bytes calldata message, bytes calldata config)
        external
        view
        returns (uint256 validationData);
}
