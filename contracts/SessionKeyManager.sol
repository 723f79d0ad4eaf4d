// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ICallPolicy} from "./interfaces/ICallPolicy.sol";
import {IOperationPolicy, OperationFacts} from "./interfaces/IOperationPolicy.sol";
import {ISessionKeyManager} from "./interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "./interfaces/ISignatureChecker.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {CalldataReader} from "./libraries/CalldataReader.sol";
import {Execution, ExecutionDecoder} from "./libraries/ExecutionDecoder.sol";
import {ForbiddenCalls} from "./libraries/ForbiddenCalls.sol";
import {KeySignature} from "./libraries/KeySignature.sol";
import {OperationCost} from "./libraries/OperationCost.sol";
import {SessionHash} from "./libraries/SessionHash.sol";
import {Use, UseDecoder} from "./libraries/UseDecoder.sol";
import {AccountState, MAX_GRANT_PREFIX} from "./types/AccountState.sol";
import {PackedUse} from "./types/PackedUse.sol";
import {ANY_PAYMASTER, ANY_SELECTOR, ANY_TARGET, NO_CALLDATA, Session, SessionStatus} from "./types/Session.sol";
import {ValidityWindow} from "./types/ValidityWindow.sol";
import {SignatureChecker} from "./SignatureChecker.sol";

/// @title SessionKeyManager
/// @notice See {ISessionKeyManager}. Nobody owns it, it holds nothing and it is not upgradeable.
/// @dev Assumptions: `msg.sender` of the validator's functions is the account, and the EntryPoint honours the validity
/// window that is returned. Storage is keyed so that ERC-7562 counts it as the account's. Nothing in validation reads the
/// clock. Nothing is written in validation but what policies count, and the slot of a session whose grant by signature a use
/// carries.
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

    /// @dev The claim of a call that revokes the session itself. No session has an action with this index.
    uint256 private constant OWN_REVOCATION = 255;

    /// @dev The first byte of the rule on grants by signature: any signature, or one with a prefix.
    bytes1 private constant GRANT_ANY = 0x00;
    bytes1 private constant GRANT_PREFIX = 0x01;

    /// @dev What stands in `initCode` in place of a factory for an account under EIP-7702 (EntryPoint v0.8).
    bytes20 private constant EIP7702_MARKER = bytes20(bytes2(0x7702));

    /// @dev ERC-1271: not a valid signature.
    bytes4 private constant INVALID_SIGNATURE = 0xffffffff;

    /// @dev ERC-7739: how an application finds out whether an account nests typed data, and the answer.
    bytes32 private constant NESTING_PROBE = 0x7739773977397739773977397739773977397739773977397739773977397739;
    bytes4 private constant NESTING_SUPPORTED = 0x77390001;

    bytes32 private immutable _DOMAIN_SEPARATOR;
    ISignatureChecker private immutable _SIGNATURE_CHECKER;

    mapping(bytes32 id => mapping(address account => SessionStatus)) private _status;
    mapping(address account => AccountState) private _accounts;

    constructor() {
        _DOMAIN_SEPARATOR = MessageHashUtils.toDomainSeparator(DOMAIN_FIELDS, NAME, VERSION, 0, address(this), 0);
        _SIGNATURE_CHECKER = new SignatureChecker(_DOMAIN_SEPARATOR);
    }

    /*//////////////////////////////////////////////////////////////
                               MANAGEMENT
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ISessionKeyManager
    function grantSessions(bytes32[] calldata ids) external {
        if (ids.length == 0) revert NoSessions();
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] == 0) revert ZeroSessionId();
            _grant(ids[i]);
        }
    }

    /// @inheritdoc ISessionKeyManager
    function grantAndPublishSessions(Session[] calldata sessions) external {
        if (sessions.length == 0) revert NoSessions();
        for (uint256 i = 0; i < sessions.length; ++i) {
            Session calldata session = sessions[i];
            bytes32 id = SessionHash.hash(session);
            if (session.account != msg.sender) revert SessionOfAnotherAccount(id, session.account);
            _grant(id);
            emit SessionPublished(msg.sender, id, abi.encode(session));
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

    /// @inheritdoc ISessionKeyManager
    function setSignedGrants(bytes calldata rule) external {
        AccountState state = _accounts[msg.sender];
        if (!state.installed()) revert NotInstalled(msg.sender);
        _accounts[msg.sender] = _withGrantRule(state, rule);
    }

    /// @notice Called by the account that installs this manager as a validator (ERC-7579).
    /// @dev An account may have skipped {onUninstall}: when it installs the manager again, the epoch moves, so that no
    /// session of before comes back. Read the new epoch before granting anything then; and do not do it in an operation
    /// that installs during validation, where bundlers refuse the block's hash (ERC-7562). Reverts with
    /// {InvalidGrantRule}.
    /// @param data Who may grant sessions by signature, as in {setSignedGrants}. Empty: nobody.
    function onInstall(bytes calldata data) external {
        AccountState state = _accounts[msg.sender];
        if (state.installed()) state = _moveEpoch(state);
        _accounts[msg.sender] = _withGrantRule(state.withInstalled(true), data);
        emit ManagerInstalled(msg.sender);
    }

    /// @notice Called by the account that uninstalls this manager (ERC-7579). Ends all its sessions for ever, by moving
    /// its epoch (see {revokeAll} for the end of all epochs). Never reverts, so that nothing can keep an account from
    /// removing it.
    function onUninstall(bytes calldata) external {
        AccountState state = _moveEpoch(_accounts[msg.sender]);
        _accounts[msg.sender] = state.withInstalled(false).withSignedGrants(false, msg.data[:0]);
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

        _requireNoInitializer(op);
        _requireActive(use);
        bool signed = _isSignedByKey(use, signature, userOpHash);
        OperationFacts memory facts = _requirePayment(use, op, signed);

        ValidityWindow memory window = use.packed.window();
        _checkCalls(use, execution, facts, window);
        _checkOperation(use, facts, window);
        if (window.validAfter > window.validUntil) {
            revert EmptyWindow(use.id, window.validAfter, window.validUntil);
        }
        return window.pack() | (signed ? ERC4337Utils.SIG_VALIDATION_SUCCESS : ERC4337Utils.SIG_VALIDATION_FAILED);
    }

    /*//////////////////////////////////////////////////////////////
                          SIGNATURES (ERC-1271)
    //////////////////////////////////////////////////////////////*/

    /// @notice Whether a session key's signature of a message counts as the caller's, which is the account (ERC-1271 through
    /// ERC-7579). {ISignatureChecker} says why not.
    /// @dev Never reverts: accounts probe it. A probe for nested typed data (ERC-7739: that hash, an empty signature) is
    /// answered with 0x77390001.
    /// @param sender Who asks the account.
    /// @param hash What the account hands over: the application's hash, or Kernel's of it.
    /// @param signature See docs/encoding.md.
    function isValidSignatureWithSender(address sender, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        if (signature.length == 0) return hash == NESTING_PROBE ? NESTING_SUPPORTED : INVALID_SIGNATURE;
        try _SIGNATURE_CHECKER.checkSignature(msg.sender, sender, hash, signature) returns (bytes4 answer) {
            return answer;
        } catch {
            return INVALID_SIGNATURE;
        }
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

    /// @inheritdoc ISessionKeyManager
    function signatureChecker() external view returns (ISignatureChecker) {
        return _SIGNATURE_CHECKER;
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
    function hashSessionBundle(Session[] calldata sessions) external view returns (bytes32 digest) {
        bytes32[] memory ids = new bytes32[](sessions.length);
        for (uint256 i = 0; i < sessions.length; ++i) {
            ids[i] = SessionHash.hash(sessions[i]);
        }
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hashBundle(ids));
    }

    /// @inheritdoc ISessionKeyManager
    function signedGrantsOf(address account) external view returns (bool allowed, bytes memory prefix) {
        AccountState state = _accounts[account];
        (bytes21 start, uint256 length) = state.grantPrefix();
        return (state.signedGrants(), _prefix(start, length));
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

    /// @dev From EntryPoint v0.8 an operation of an account under EIP-7702 may carry a call that the account gets from the
    /// EntryPoint before it validates anything. No session allows one.
    function _requireNoInitializer(PackedUserOperation calldata op) private pure {
        bytes calldata initCode = op.initCode;
        if (initCode.length > 20 && bytes20(initCode) == EIP7702_MARKER) revert InitializerNotAllowed(initCode.length);
    }

    /// @dev Reverts unless the session is granted, of the account's epoch, and the manager is installed.
    function _requireActive(Use memory use) private {
        AccountState state = _accounts[msg.sender];
        _requireEpoch(msg.sender, use.id, use.packed, state);
        SessionStatus status = _status[use.id][msg.sender];
        if (status == SessionStatus.Granted) return;
        if (status == SessionStatus.Revoked) revert SessionIsRevoked(use.id);
        if (use.hasProof()) _requireRoot(msg.sender, use.id, use.root());
        else if (use.hasGrant()) _grantBySignature(use, state);
        else revert SessionNotGranted(use.id);
    }

    /// @dev Reverts unless the manager is installed and the session of the account's epoch.
    function _requireEpoch(address account, bytes32 id, PackedUse packed, AccountState state) private pure {
        if (!state.installed()) revert NotInstalled(account);
        if (packed.epoch() != state.epoch()) revert EpochMismatch(id, uint64(packed.epoch()), state.epoch());
    }

    /// @dev Reverts unless the Merkle root that a session's proof leads to is granted.
    function _requireRoot(address account, bytes32 id, bytes32 root) private view {
        SessionStatus status = _status[root][account];
        if (status == SessionStatus.Revoked) revert RootIsRevoked(id, root);
        if (status == SessionStatus.None) revert RootNotGranted(id, root);
    }

    /// @dev Grants the session if its account says that the signature in the use is its owner's.
    function _grantBySignature(Use memory use, AccountState state) private {
        if (!state.signedGrants()) revert SignedGrantsOff(msg.sender);
        (bytes32 bundleHash, bytes calldata signature, uint256 publication) = use.grant();

        (bytes21 prefix, uint256 length) = state.grantPrefix();
        bytes21 start = bytes21(signature.length > length ? signature[:length] : signature);
        if (start != prefix || signature.length < length) {
            revert GrantPrefixMismatch(use.id, _prefix(prefix, length), bytes.concat(start));
        }

        bytes32 digest = MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, bundleHash);
        // Some accounts revert if the signature is wrong. As to the gas: see _ask.
        (bool answered, bytes memory answer) = msg.sender.staticcall{gas: type(uint256).max}(
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        if (!answered || answer.length != 32 || bytes32(answer) != bytes32(IERC1271.isValidSignature.selector)) {
            revert GrantNotSigned(use.id, digest, answer);
        }
        _grant(use.id);
        if (use.hasPublication()) _publish(use, publication);
    }

    /// @dev Publishes the session in the use, which was granted just now.
    function _publish(Use memory use, uint256 publication) private {
        Session calldata session = UseDecoder.publishedSession(publication);
        bytes32 published = SessionHash.hash(session);
        if (published != use.id) revert PublicationDiffers(use.id, published);
        bytes memory encoded = abi.encode(session);
        use.requirePublished(publication, encoded);
        emit SessionPublished(msg.sender, use.id, encoded);
    }

    /// @dev Whether the session key signed the operation.
    function _isSignedByKey(Use memory use, bytes calldata signature, bytes32 userOpHash) private view returns (bool) {
        unchecked {
            uint256 length = use.packed.position() + signature.length - use.keySignature;
            bytes32 digest = _hashUse(userOpHash, use.id, use.hash());
            return KeySignature.isValid(use.id, use.packed, digest, use.keySignature, length);
        }
    }

    /// @dev Reverts unless the session allows the operation's paymaster and cost. With a wrong signature the cost is not
    /// held against it: the operation cannot pass anyway, and bundlers estimate its gas with limits far above the final
    /// ones and a placeholder for a signature.
    /// @return facts What operation policies are told, bar the calls.
    function _requirePayment(Use memory use, PackedUserOperation calldata op, bool signed)
        private
        pure
        returns (OperationFacts memory facts)
    {
        (address paymaster, uint256 gas) = OperationCost.read(op);
        address allowed = use.packed.paymaster();
        if (paymaster != allowed && allowed != ANY_PAYMASTER) revert PaymasterNotAllowed(use.id, allowed, paymaster);

        uint256 cost = gas.saturatingMul(op.maxFeePerGas());
        uint256 maxOpCost = use.packed.maxOpCost();
        if (cost > maxOpCost && signed) revert OpCostExceeded(use.id, maxOpCost, cost);
        facts.cost = signed ? cost : 1;
        facts.paymaster = paymaster;
    }

    function _hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hashUse(userOpHash, id, use));
    }

    /*//////////////////////////////////////////////////////////////
                         VALIDATION: THE CALLS
    //////////////////////////////////////////////////////////////*/

    /// @dev Reverts unless each call is what the action it claims allows. Restricts `window` by what policies answer, and
    /// fills in what `facts` says of the calls.
    function _checkCalls(
        Use memory use,
        Execution memory execution,
        OperationFacts memory facts,
        ValidityWindow memory window
    ) private {
        facts.calls = execution.count;
        uint256 claimed = 0;
        for (uint256 i = 0; i < execution.count; ++i) {
            uint256 actionIndex = (use.claims + i).integer(1);
            (address target, uint256 value, bytes calldata data) = execution.next();
            if (actionIndex == OWN_REVOCATION) {
                _checkOwnRevocation(use.id, i, target, value, data);
                continue;
            }
            if (use.revealed >> actionIndex & 1 == 0) revert ActionNotRevealed(i, actionIndex);
            claimed |= uint256(1) << actionIndex;
            facts.value = facts.value.saturatingAdd(value);
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

        if (ForbiddenCalls.isTarget(address(this), msg.sender, target)) {
            revert TargetForbidden(use.id, callIndex, target);
        }
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
            (bool accepted, bytes memory answer) = _ask(policy, question);
            if (!accepted) revert PolicyRefused(use.id, callIndex, actionIndex, policy, answer);
            window.restrict(use.id, policy, answer);
        }
    }

    /// @dev Reverts unless the call revokes the session itself, which every session may do.
    function _checkOwnRevocation(bytes32 id, uint256 callIndex, address target, uint256 value, bytes calldata data)
        private
        view
    {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        bytes memory expected = abi.encodeCall(ISessionKeyManager.revokeSessions, (ids));
        if (target != address(this) || value != 0 || keccak256(data) != keccak256(expected)) {
            revert NotOwnRevocation(id, callIndex);
        }
    }

    /// @dev Reverts unless all operation policies accept the operation. Restricts `window` by what they answer.
    function _checkOperation(Use memory use, OperationFacts memory facts, ValidityWindow memory window) private {
        unchecked {
            uint256 count = use.operationPolicies.integer(1);
            uint256 cursor = use.operationPolicies + 1;
            for (uint256 i = 0; i < count; ++i) {
                address policy;
                bytes calldata config;
                (policy, config, cursor) = ActionDecoder.readPolicy(cursor);
                bytes memory question = abi.encodeCall(
                    IOperationPolicy.checkOperation,
                    (msg.sender, _budgetId(use.id, policy, config), facts, use.packed.claimedTime(), config)
                );
                (bool accepted, bytes memory answer) = _ask(policy, question);
                if (!accepted) revert OperationPolicyRefused(use.id, i, policy, answer);
                window.restrict(use.id, policy, answer);
            }
        }
    }

    /// @dev Calls a policy with as much gas as there is (EIP-150), without the GAS opcode: the compiler may place it apart
    /// from the call, and bundlers refuse that (ERC-7562, OP-012).
    function _ask(address policy, bytes memory question) private returns (bool accepted, bytes memory answer) {
        return policy.call{gas: type(uint256).max}(question);
    }

    function _budgetId(bytes32 id, address policy, bytes calldata config) private pure returns (bytes32) {
        return EfficientHashLib.hash(id, bytes32(uint256(uint160(policy))), EfficientHashLib.hashCalldata(config));
    }

    /*//////////////////////////////////////////////////////////////
                            GRANTS AND EPOCHS
    //////////////////////////////////////////////////////////////*/

    /// @dev Grants a session, or a root of sessions, to the caller. Reverts if it was revoked.
    function _grant(bytes32 id) private {
        SessionStatus status = _status[id][msg.sender];
        if (status == SessionStatus.Revoked) revert SessionIsRevoked(id);
        if (status == SessionStatus.Granted) return;
        _status[id][msg.sender] = SessionStatus.Granted;
        emit SessionGranted(msg.sender, id);
    }

    /// @dev `state` with who may grant by signature set from `rule`, see {setSignedGrants}.
    function _withGrantRule(AccountState state, bytes calldata rule) private returns (AccountState) {
        bool allowed = rule.length != 0;
        bytes calldata prefix = allowed ? rule[1:] : rule;
        if (allowed) {
            bool valid = rule[0] == GRANT_ANY
                ? prefix.length == 0
                : rule[0] == GRANT_PREFIX && prefix.length != 0 && prefix.length <= MAX_GRANT_PREFIX;
            if (!valid) revert InvalidGrantRule(rule);
        }
        emit SignedGrantsSet(msg.sender, allowed, prefix);
        return state.withSignedGrants(allowed, prefix);
    }

    /// @dev The first `length` bytes of `prefix`.
    function _prefix(bytes21 prefix, uint256 length) private pure returns (bytes memory cut) {
        return Bytes.slice(bytes.concat(prefix), 0, length);
    }

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
