// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ISessionKeyManager} from "./interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "./interfaces/ISignatureChecker.sol";
import {ISignaturePolicy, TypedData} from "./interfaces/ISignaturePolicy.sol";
import {AccountDomain} from "./libraries/AccountDomain.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {CalldataReader} from "./libraries/CalldataReader.sol";
import {ForbiddenCalls} from "./libraries/ForbiddenCalls.sol";
import {KeySignature} from "./libraries/KeySignature.sol";
import {SessionHash} from "./libraries/SessionHash.sol";
import {SignatureUse, SignatureUseDecoder} from "./libraries/SignatureUseDecoder.sol";
import {UseDecoder} from "./libraries/UseDecoder.sol";
import {SessionStatus} from "./types/Session.sol";
import {ValidityWindow} from "./types/ValidityWindow.sol";

/// @title SignatureChecker
/// @notice See {ISignatureChecker}. Apart from the manager because of the size of contracts.
/// @dev It is asked outside of validation, so it may read the clock.
contract SignatureChecker is ISignatureChecker {
    using CalldataReader for uint256;
    using SignatureUseDecoder for SignatureUse;

    ISessionKeyManager private immutable _MANAGER;
    bytes32 private immutable _DOMAIN_SEPARATOR;

    /// @dev Deployed by the manager.
    /// @param domainSeparator The manager's.
    constructor(bytes32 domainSeparator) {
        _MANAGER = ISessionKeyManager(msg.sender);
        _DOMAIN_SEPARATOR = domainSeparator;
    }

    /// @inheritdoc ISignatureChecker
    function manager() external view returns (address) {
        return address(_MANAGER);
    }

    /// @inheritdoc ISignatureChecker
    function checkSignature(address account, address sender, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        // What the account and its modules ask about is its own affair: a grant, a module to be enabled, an operation.
        if (ForbiddenCalls.isTarget(address(_MANAGER), account, sender)) revert SenderForbidden(sender);
        SignatureUse memory use = SignatureUseDecoder.decode(account, signature);
        _requireStanding(account, use);

        bytes32 digest = MessageHashUtils.toTypedDataHash(
            _DOMAIN_SEPARATOR,
            SessionHash.hashSignatureUse(
                _requireContent(account, hash, use),
                use.id,
                EfficientHashLib.hashCalldata(use.packed.position().slice(use.keySignature - use.packed.position()))
            )
        );
        if (!KeySignature.isValid(use.id, use.packed, digest, use.keySignature, use.end - use.keySignature)) {
            revert NotSignedByKey(use.id);
        }
        (uint256 validAfter, uint256 validUntil) = use.packed.window();
        ValidityWindow memory window = ValidityWindow(validAfter, validUntil);
        _checkSignaturePolicies(account, sender, use, window);
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < window.validAfter || block.timestamp > window.validUntil) {
            revert OutsideWindow(use.id, window.validAfter, window.validUntil, block.timestamp);
        }
        return IERC1271.isValidSignature.selector;
    }

    /// @dev Reverts unless the session is granted, of the account's epoch, and the manager is installed.
    function _requireStanding(address account, SignatureUse memory use) private view {
        if (!_MANAGER.isInitialized(account)) revert ISessionKeyManager.NotInstalled(account);
        uint64 epoch = _MANAGER.epochOf(account);
        if (use.packed.epoch() != epoch) {
            revert ISessionKeyManager.EpochMismatch(use.id, uint64(use.packed.epoch()), epoch);
        }
        SessionStatus status = _MANAGER.sessionStatus(account, use.id);
        if (status == SessionStatus.Granted) return;
        if (status == SessionStatus.Revoked) revert ISessionKeyManager.SessionIsRevoked(use.id);
        if (use.proof.integer(1) == 0) revert ISessionKeyManager.SessionNotGranted(use.id);

        bytes32 root = UseDecoder.rootOf(use.id, use.proof);
        status = _MANAGER.sessionStatus(account, root);
        if (status == SessionStatus.Revoked) revert ISessionKeyManager.RootIsRevoked(use.id, root);
        if (status == SessionStatus.None) revert ISessionKeyManager.RootNotGranted(use.id, root);
    }

    /// @dev Reverts unless the content is what `hash` is of, and none that is always refused. Returns it nested under the
    /// account's domain (ERC-7739).
    function _requireContent(address account, bytes32 hash, SignatureUse memory use)
        private
        view
        returns (bytes32 nested)
    {
        bytes32 actual;
        if (use.isPersonal()) {
            actual = MessageHashUtils.toEthSignedMessageHash(use.message);
            nested = AccountDomain.nestPersonal(account, actual);
        } else {
            TypedData memory data = use.typedData;
            if (keccak256(bytes(data.primaryType)) == keccak256("SessionBundle")) {
                revert ContentForbidden(data.primaryType);
            }
            address verifyingContract = data.domain.verifyingContract;
            if (verifyingContract == account || verifyingContract == address(_MANAGER)) {
                revert VerifyingContractForbidden(verifyingContract);
            }
            bool hasChain = uint8(data.domain.fields) & SignatureUseDecoder.DOMAIN_CHAIN_ID != 0;
            if (hasChain && data.domain.chainId != block.chainid) revert DomainOfAnotherChain(data.domain.chainId);
            actual = MessageHashUtils.toTypedDataHash(data.domain.separator, data.contentsHash);
            nested = AccountDomain.nest(account, data);
        }
        if (use.isWrappedByKernel()) actual = AccountDomain.wrapByKernel(account, actual);
        if (actual != hash) revert ContentDiffers(hash, actual);
    }

    /// @dev Reverts unless all signature policies accept the content. Restricts `window` by what they answer.
    function _checkSignaturePolicies(
        address account,
        address sender,
        SignatureUse memory use,
        ValidityWindow memory window
    ) private view {
        uint256 count = use.policies.integer(1);
        uint256 cursor = use.policies + 1;
        for (uint256 i = 0; i < count; ++i) {
            address policy;
            bytes calldata config;
            (policy, config, cursor) = ActionDecoder.readPolicy(cursor);
            bytes memory question = use.isPersonal()
                ? abi.encodeCall(ISignaturePolicy.checkPersonalMessage, (account, sender, use.message, config))
                : abi.encodeCall(ISignaturePolicy.checkTypedData, (account, sender, use.typedData, config));
            (bool accepted, bytes memory answer) = policy.staticcall{gas: type(uint256).max}(question);
            if (!accepted) revert SignaturePolicyRefused(use.id, i, policy, answer);
            window.restrict(use.id, policy, answer.length, uint256(bytes32(answer)));
        }
    }
}
