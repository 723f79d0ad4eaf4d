// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ISignatureChecker
/// @notice Says whether a session key signed a message for an account (ERC-1271), and if not, why. The session key manager
/// deploys it and answers accounts by it; it keeps no state, and reads the manager's.
interface ISignatureChecker {
    /// @notice The account itself, this manager, or an EntryPoint asks: no session signs for those.
    error SenderForbidden(address sender);

    /// @notice The session has no signature policies, so it may sign nothing.
    error NothingMayBeSigned();

    /// @notice The application's domain in the signature is not the one that its separator is of.
    error DomainDiffers(bytes32 separator, bytes32 actual);

    /// @notice The application's domain is of another chain.
    error DomainOfAnotherChain(uint256 chainId);

    /// @notice The application is the account or this manager.
    error VerifyingContractForbidden(address verifyingContract);

    /// @notice No session signs messages of this type.
    error ContentForbidden(string primaryType);

    /// @notice The content in the signature is not what the hash is of.
    error ContentDiffers(bytes32 hash, bytes32 actual);

    /// @notice The session key did not sign this.
    error NotSignedByKey(bytes32 id);

    /// @notice A signature policy refused the content. `reason` is what the policy reverted with.
    error SignaturePolicyRefused(bytes32 id, uint256 policyIndex, address policy, bytes reason);

    /// @notice The present time is outside the window in which the session and all its policies allow the signature.
    error OutsideWindow(bytes32 id, uint256 validAfter, uint256 validUntil, uint256 time);

    /// @notice Whether a session key's signature of a message counts as an account's (ERC-1271): the answer of
    /// `isValidSignatureWithSender`, or the reason why it is no.
    /// @dev Anyone may ask. Reverts with the errors above, or with those of {ISessionKeyManager} about the session and its
    /// encoding.
    /// Refused always: a message for the account itself, this manager or an EntryPoint, of a domain of the account's or of this
    /// manager's or of another chain, and a {SessionBundle}.
    /// @param account The account.
    /// @param sender Who asks the account for it.
    /// @param hash What the account hands over: the application's hash, or Kernel's of it.
    /// @param signature See docs/encoding.md.
    /// @return 0x1626ba7e.
    function checkSignature(address account, address sender, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4);

    /// @notice The manager that deployed it.
    function manager() external view returns (address);
}
