// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ICallPolicy} from "./interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "./interfaces/ISessionKeyManager.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {CalldataReader} from "./libraries/CalldataReader.sol";
import {Execution, ExecutionDecoder} from "./libraries/ExecutionDecoder.sol";
import {ForbiddenCalls} from "./libraries/ForbiddenCalls.sol";
import {OperationCost} from "./libraries/OperationCost.sol";
import {SessionHash} from "./libraries/SessionHash.sol";
import {Use, UseDecoder} from "./libraries/UseDecoder.sol";
import {AccountState} from "./types/AccountState.sol";
import {ANY_PAYMASTER, ANY_SELECTOR, ANY_TARGET, NO_CALLDATA, Session, SessionStatus} from "./types/Session.sol";
import {NO_END, TIME_LIMIT, ValidityWindow, ValidityWindowLibrary} from "./types/ValidityWindow.sol";

/// @title SessionKeyManager
/// @notice See {ISessionKeyManager}. Nobody owns it, it holds nothing and it is not upgradeable.
/// @dev Assumptions: `msg.sender` of the validator's functions is the account, and the EntryPoint honours the validity
/// window that is returned. Storage is keyed so that ERC-7562 counts it as the account's. Nothing in validation reads the
/// clock. Nothing is written in validation but by policies.
contract SessionKeyManager is ISessionKeyManager {
    using CalldataReader for uint256;
    using ERC4337Utils for PackedUserOperation;
    using Math for uint256;
    using UseDecoder for Use;

    string private constant NAME = "Latchkey";
    string private constant VERSION = "1";

    /// @dev EIP-5267: name, version and verifyingContract. No chain id: each session carries its own.
    bytes1 private constant DOMAIN_FIELDS = 0x0b;

    /// @dev How far {revokeAll} may move the epoch.
    uint256 private constant MAX_EPOCH_STEP = 1 << 40;

    /// @dev ERC-1271: not a valid signature.
    bytes4 private constant INVALID_SIGNATURE = 0xffffffff;

    bytes32 private immutable _DOMAIN_SEPARATOR;

    mapping(bytes32 id => mapping(address account => SessionStatus)) private _status;
    mapping(address account => AccountState) private _accounts;

    constructor() {
        _DOMAIN_SEPARATOR = MessageHashUtils.toDomainSeparator(DOMAIN_FIELDS, NAME, VERSION, 0, address(this), 0);
    }

    /*//////////////////////////////////////////////////////////////
                               MANAGEMENT
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ISessionKeyManager
    function grantSessions(bytes32[] calldata ids) external {
        if (ids.length == 0) revert NoSessions();
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes32 id = ids[i];
            if (id == 0) revert ZeroSessionId();
            SessionStatus status = _status[id][msg.sender];
            if (status == SessionStatus.Revoked) revert SessionIsRevoked(id);
            if (status == SessionStatus.Granted) continue;
            _status[id][msg.sender] = SessionStatus.Granted;
            emit SessionGranted(msg.sender, id);
        }
    }

    /// @inheritdoc ISessionKeyManager
    function revokeSessions(bytes32[] calldata ids) external {
        if (ids.length == 0) revert NoSessions();
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes32 id = ids[i];
            if (id == 0) revert ZeroSessionId();
            if (_status[id][msg.sender] == SessionStatus.Revoked) continue;
            _status[id][msg.sender] = SessionStatus.Revoked;
            emit SessionRevoked(msg.sender, id);
        }
    }

    /// @inheritdoc ISessionKeyManager
    function revokeAll(uint64 nextEpoch) external {
        AccountState state = _accounts[msg.sender];
        uint64 epoch = state.epoch();
        if (nextEpoch <= epoch || nextEpoch - epoch > MAX_EPOCH_STEP) revert InvalidEpoch(epoch, nextEpoch);
        _accounts[msg.sender] = state.withEpoch(nextEpoch);
        emit EpochMoved(msg.sender, epoch, nextEpoch);
    }

    /// @notice Called by the account that installs this manager as a validator (ERC-7579).
    /// @dev An account may have skipped {onUninstall}: when it installs the manager again, the epoch moves, so that no
    /// session of before comes back. Read the new epoch before granting anything then; and do not do it in an operation
    /// that installs during validation, where bundlers refuse the block's hash (ERC-7562). Reverts with
    /// {InstallDataNotSupported}.
    /// @param data Must be empty.
    function onInstall(bytes calldata data) external {
        if (data.length != 0) revert InstallDataNotSupported(data.length);
        AccountState state = _accounts[msg.sender];
        if (state.installed()) state = _moveEpoch(state);
        _accounts[msg.sender] = state.withInstalled(true);
        emit ManagerInstalled(msg.sender);
    }

    /// @notice Called by the account that uninstalls this manager (ERC-7579). Ends all its sessions for ever, by moving
    /// its epoch (see {revokeAll} for the end of all epochs). Never reverts, so that nothing can keep an account from removing it.
    function onUninstall(bytes calldata) external {
        _accounts[msg.sender] = _moveEpoch(_accounts[msg.sender]).withInstalled(false);
        emit ManagerUninstalled(msg.sender);
    }

    /*//////////////////////////////////////////////////////////////
                               VALIDATION
    //////////////////////////////////////////////////////////////*/

    /// @notice Validates a user operation that a session key signed for the caller, which is the account (ERC-7579,
    /// ERC-4337). docs/architecture.md follows one through.
    /// @dev Reverts with one of the errors of {ISessionKeyManager} if the session does not allow the operation. Policies
    /// are asked, and count, in the order of the calls.
    /// @param op The operation; its signature is a use of a session, see docs/encoding.md.
    /// @param userOpHash The operation's hash by its EntryPoint.
    /// @return validationData The seconds in which the session and all its policies allow the operation; the low bit is
    /// set if the session key's signature is wrong.
    function validateUserOp(PackedUserOperation calldata op, bytes32 userOpHash)
        external
        returns (uint256 validationData)
    {
        Execution memory execution = ExecutionDecoder.open(op.callData);
        bytes calldata signature = op.signature;
        Use memory use = UseDecoder.decode(signature, execution.count);

        _requireActive(use);
        bool signed = _isSignedByKey(use, signature, userOpHash);
        _requirePayment(use, op, signed);

        ValidityWindow memory window = _windowOf(use);
        _checkCalls(use, execution, window);
        if (window.validAfter > window.validUntil) {
            revert EmptyWindow(use.id, window.validAfter, window.validUntil);
        }
        return window.pack() | (signed ? ERC4337Utils.SIG_VALIDATION_SUCCESS : ERC4337Utils.SIG_VALIDATION_FAILED);
    }

    /// @notice Session keys sign no messages for an account (ERC-1271 through ERC-7579): always invalid, never reverts.
    function isValidSignatureWithSender(address, bytes32, bytes calldata) external pure returns (bytes4) {
        return INVALID_SIGNATURE;
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ISessionKeyManager
    function sessionStatus(address account, bytes32 id) external view returns (SessionStatus) {
        return _status[id][account];
    }

    /// @inheritdoc ISessionKeyManager
    function epochOf(address account) external view returns (uint64) {
        return _accounts[account].epoch();
    }

    /// @inheritdoc ISessionKeyManager
    function isInitialized(address account) external view returns (bool) {
        return _accounts[account].installed();
    }

    /// @notice Whether this is a module of a type (ERC-7579): a validator, type 1.
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @inheritdoc ISessionKeyManager
    function hashSession(Session calldata session) external pure returns (bytes32 id) {
        return SessionHash.hash(session);
    }

    /// @inheritdoc ISessionKeyManager
    function hashSessionTypedData(Session calldata session) external view returns (bytes32 digest) {
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hash(session));
    }

    /// @inheritdoc ISessionKeyManager
    function hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) external view returns (bytes32 digest) {
        return _hashUse(userOpHash, id, use);
    }

    /// @notice The EIP-712 domain that owners and session keys sign under (ERC-5267).
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (DOMAIN_FIELDS, NAME, VERSION, 0, address(this), 0, new uint256[](0));
    }

    /*//////////////////////////////////////////////////////////////
                        VALIDATION: THE SESSION
    //////////////////////////////////////////////////////////////*/

    /// @dev Reverts unless the session is granted, of the account's epoch, and the manager is installed.
    function _requireActive(Use memory use) private view {
        AccountState state = _accounts[msg.sender];
        if (!state.installed()) revert NotInstalled(msg.sender);
        if (use.packed.epoch() != state.epoch()) {
            revert EpochMismatch(use.id, uint64(use.packed.epoch()), state.epoch());
        }
        SessionStatus status = _status[use.id][msg.sender];
        if (status != SessionStatus.Granted) {
            if (status == SessionStatus.Revoked) revert SessionIsRevoked(use.id);
            revert SessionNotGranted(use.id);
        }
    }

    /// @dev Whether the session key signed the operation. Reverts if the key is of no known kind, or its signature not
    /// of that kind's length. A key of 20 bytes is an address, and its signature r, s, v.
    function _isSignedByKey(Use memory use, bytes calldata signature, bytes32 userOpHash) private view returns (bool) {
        unchecked {
            uint256 keyLength = use.packed.keyLength();
            uint256 key = use.packed.keyPosition().integer(20);
            if (keyLength != 20 || key == 0) revert SessionKeyNotSupported(keyLength);

            uint256 position = use.keySignature;
            uint256 length = use.packed.position() + signature.length - position;
            if (length != 65) revert InvalidSignatureLength(65, length);
            (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecover(
                _hashUse(userOpHash, use.id, use.hash()),
                uint8((position + 64).integer(1)),
                position.word(),
                (position + 32).word()
            );
            return err == ECDSA.RecoverError.NoError && uint160(signer) == key;
        }
    }

    /// @dev Reverts unless the session allows the operation's paymaster and cost. With a wrong signature the cost is not
    /// held against it: the operation cannot pass anyway, and bundlers estimate its gas with limits far above the final
    /// ones and a placeholder for a signature.
    function _requirePayment(Use memory use, PackedUserOperation calldata op, bool signed) private pure {
        (address paymaster, uint256 gas) = OperationCost.read(op);
        address allowed = use.packed.paymaster();
        if (paymaster != allowed && allowed != ANY_PAYMASTER) revert PaymasterNotAllowed(use.id, allowed, paymaster);

        uint256 maxFeePerGas = op.maxFeePerGas();
        uint256 maxOpCost = use.packed.maxOpCost();
        // gas * maxFeePerGas > maxOpCost, without overflow.
        if (maxFeePerGas != 0 && gas > maxOpCost / maxFeePerGas && signed) {
            revert OpCostExceeded(use.id, maxOpCost, gas.saturatingMul(maxFeePerGas));
        }
    }

    /// @dev The session's own validity window.
    function _windowOf(Use memory use) private pure returns (ValidityWindow memory) {
        uint256 validAfter = use.packed.validAfter();
        uint256 validUntil = use.packed.validUntil();
        _requireTime(validAfter);
        _requireTime(validUntil);
        return ValidityWindow(validAfter, validUntil == 0 ? NO_END : validUntil);
    }

    function _hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hashUse(userOpHash, id, use));
    }

    /*//////////////////////////////////////////////////////////////
                         VALIDATION: THE CALLS
    //////////////////////////////////////////////////////////////*/

    /// @dev Reverts unless each call is what the action it claims allows. Restricts `window` by what policies answer.
    function _checkCalls(Use memory use, Execution memory execution, ValidityWindow memory window) private {
        uint256 claimed = 0;
        for (uint256 i = 0; i < execution.count; ++i) {
            uint256 actionIndex = (use.claims + i).integer(1);
            if (use.revealed >> actionIndex & 1 == 0) revert ActionNotRevealed(i, actionIndex);
            claimed |= uint256(1) << actionIndex;
            (address target, uint256 value, bytes calldata data) = execution.next();
            _checkCall(use, window, i, actionIndex, target, value, data);
        }
        // What no call claims has no place in a use.
        if (claimed != use.revealed) revert ActionNotClaimed(use.revealed & ~claimed);
    }

    function _checkCall(
        Use memory use,
        ValidityWindow memory window,
        uint256 callIndex,
        uint256 actionIndex,
        address target,
        uint256 value,
        bytes calldata data
    ) private {
        // In its canonical form: that was checked when the id was computed.
        (address allowedTarget, bytes4 allowedSelector, uint256 maxValue,, uint256 policyCount, uint256 cursor) =
            ActionDecoder.readAction(use.actionPositions[actionIndex]);

        if (ForbiddenCalls.isTarget(target)) revert TargetForbidden(use.id, callIndex, target);
        if (data.length != 0 && data.length < 4) revert CalldataTooShort(use.id, callIndex, data.length);
        bytes4 selector = data.length == 0 ? bytes4(0) : bytes4(data);

        if (allowedTarget == ANY_TARGET) {
            if (allowedSelector == ANY_SELECTOR) revert ActionTooBroad(use.id, actionIndex);
            if (ForbiddenCalls.isSelector(selector)) revert SelectorForbidden(use.id, callIndex, selector);
            if (ForbiddenCalls.isModule(target)) revert TargetIsModule(use.id, callIndex, target);
        } else if (target != allowedTarget) {
            revert TargetNotAllowed(use.id, callIndex, actionIndex, allowedTarget, target);
        }

        bool selectorAllowed = data.length == 0
            ? allowedSelector == NO_CALLDATA
            : allowedSelector == ANY_SELECTOR || (selector == allowedSelector && allowedSelector != NO_CALLDATA);
        if (!selectorAllowed) {
            revert SelectorNotAllowed(use.id, callIndex, actionIndex, allowedSelector, selector);
        }

        if (value > maxValue) revert ValueExceeded(use.id, callIndex, actionIndex, maxValue, value);

        for (uint256 i = 0; i < policyCount; ++i) {
            address policy;
            bytes calldata config;
            (policy, config, cursor) = ActionDecoder.readPolicy(cursor);
            bytes memory question = abi.encodeCall(
                ICallPolicy.checkCall,
                (msg.sender, _budgetId(use.id, policy, config), target, value, use.packed.claimedTime(), data, config)
            );
            // As much gas as there is (EIP-150), without the GAS opcode: the compiler may place it apart from the call, and
            // bundlers refuse that (ERC-7562, OP-012).
            (bool accepted, bytes memory answer) = policy.call{gas: type(uint256).max}(question);
            if (!accepted) revert PolicyRefused(use.id, callIndex, actionIndex, policy, answer);
            _restrict(use.id, window, policy, answer);
        }
    }

    /// @dev Restricts `window` by what a policy answered. Reverts if that is no validity window.
    function _restrict(bytes32 id, ValidityWindow memory window, address policy, bytes memory answer) private pure {
        // An address without code answers with nothing.
        if (answer.length != 32) revert InvalidPolicyAnswer(id, policy, answer.length);
        uint256 validationData = uint256(bytes32(answer));
        if (validationData == 0) return;
        if (uint160(validationData) != 0) revert InvalidPolicyValidationData(id, policy, validationData);
        (uint256 validAfter, uint256 validUntil) = ValidityWindowLibrary.unpack(validationData);
        _requireTime(validAfter);
        _requireTime(validUntil);
        window.intersect(validAfter, validUntil);
    }

    function _budgetId(bytes32 id, address policy, bytes calldata config) private pure returns (bytes32) {
        return EfficientHashLib.hash(id, bytes32(uint256(uint160(policy))), EfficientHashLib.hashCalldata(config));
    }

    function _requireTime(uint256 time) private pure {
        if (time >= TIME_LIMIT) revert TimeOutOfRange(time);
    }

    /*//////////////////////////////////////////////////////////////
                                 EPOCHS
    //////////////////////////////////////////////////////////////*/

    /// @dev `state` in a later epoch that nobody could know before the previous block. At the end of all epochs, 2^24
    /// moves away at the least, it stays.
    function _moveEpoch(AccountState state) private returns (AccountState) {
        uint64 epoch = state.epoch();
        uint256 previousBlock;
        unchecked {
            // Wraps in block 0, whose hash is zero then: this must not revert.
            previousBlock = block.number - 1;
        }
        bytes32 seed = EfficientHashLib.hash(
            blockhash(previousBlock), bytes32(uint256(uint160(msg.sender))), bytes32(uint256(epoch))
        );
        uint256 moved = uint256(epoch) + 1 + uint256(seed) % MAX_EPOCH_STEP;
        uint64 nextEpoch = moved > type(uint64).max ? type(uint64).max : uint64(moved);
        emit EpochMoved(msg.sender, epoch, nextEpoch);
        return state.withEpoch(nextEpoch);
    }
}
