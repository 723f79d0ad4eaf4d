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
import {OperationFacts} from "./interfaces/IOperationPolicy.sol";
import {ISessionKeyManager} from "./interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "./interfaces/ISignatureChecker.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {ArgumentRules} from "./libraries/ArgumentRules.sol";
import {CalldataReader} from "./libraries/CalldataReader.sol";
import {ERC20Limit} from "./libraries/ERC20Limit.sol";
import {ExecutionDecoder} from "./libraries/ExecutionDecoder.sol";
import {ForbiddenCalls} from "./libraries/ForbiddenCalls.sol";
import {KeySignature} from "./libraries/KeySignature.sol";
import {LimitLibrary} from "./libraries/LimitLibrary.sol";
import {OperationCost} from "./libraries/OperationCost.sol";
import {OperationReader} from "./libraries/OperationReader.sol";
import {OrdinaryUse} from "./libraries/OrdinaryUse.sol";
import {PolicyCall} from "./libraries/PolicyCall.sol";
import {SessionHash} from "./libraries/SessionHash.sol";
import {UsageLimit} from "./libraries/UsageLimit.sol";
import {UseDecoder} from "./libraries/UseDecoder.sol";
import {ABIRulePolicy} from "./policies/ABIRulePolicy.sol";
import {AccountState, MAX_GRANT_PREFIX} from "./types/AccountState.sol";
import {Asker, AskerLibrary} from "./types/Asker.sol";
import {Budget, BudgetSlot} from "./types/Budget.sol";
import {ARGUMENT_RULES, BuiltInPolicy, ERC20_LIMIT, NATIVE_LIMIT, USAGE_LIMIT} from "./types/BuiltInPolicy.sol";
import {Calls, CallsLibrary, ORDINARY} from "./types/Calls.sol";
import {PackedUse} from "./types/PackedUse.sol";
import {ANY_PAYMASTER, ANY_SELECTOR, ANY_TARGET, NO_CALLDATA, Session, SessionStatus} from "./types/Session.sol";
import {NO_END, ValidityWindow, ValidityWindowLibrary} from "./types/ValidityWindow.sol";
import {Words} from "./types/Words.sol";
import {SignatureChecker} from "./SignatureChecker.sol";

/// @title SessionKeyManager
/// @notice See {ISessionKeyManager}. Nobody owns it, it holds nothing and it is not upgradeable.
/// @dev Assumptions: `msg.sender` of the validator's functions is the account, and the EntryPoint honours the validity
/// window that is returned. Storage is keyed so that ERC-7562 counts it as the account's. Nothing in validation reads the
/// clock. Nothing is written in validation but what policies count, and the slot of a session whose grant by signature a use
/// carries.
contract SessionKeyManager is ISessionKeyManager {
    using CalldataReader for bytes;
    using CalldataReader for uint256;
    using Math for uint256;
    using ValidityWindowLibrary for uint256;
    using OperationReader for PackedUserOperation;

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
    uint256 private constant EIP7702_MARKER = uint160(bytes20(bytes2(0x7702)));

    /// @dev ERC-1271: not a valid signature.
    bytes4 private constant INVALID_SIGNATURE = 0xffffffff;

    /// @dev ERC-7739: how an application finds out whether an account nests typed data, and the answer.
    bytes32 private constant NESTING_PROBE = 0x7739773977397739773977397739773977397739773977397739773977397739;
    bytes4 private constant NESTING_SUPPORTED = 0x77390001;

    bytes32 private immutable _DOMAIN_SEPARATOR;
    ISignatureChecker private immutable _SIGNATURE_CHECKER;
    /// @dev Is asked about rules on arguments where {ArgumentRules} does not say yes: it knows all of them, and what is wrong.
    address private immutable _ABI_RULE_POLICY;

    mapping(bytes32 id => mapping(address account => SessionStatus)) private _status;
    mapping(address account => AccountState) private _accounts;
    /// @dev What was spent under the policies that the manager evaluates itself.
    mapping(bytes32 budgetId => mapping(address account => BudgetSlot)) private _budgets;

    constructor() {
        _DOMAIN_SEPARATOR = MessageHashUtils.toDomainSeparator(DOMAIN_FIELDS, NAME, VERSION, 0, address(this), 0);
        _SIGNATURE_CHECKER = new SignatureChecker(_DOMAIN_SEPARATOR);
        _ABI_RULE_POLICY = address(new ABIRulePolicy());
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
        unchecked {
            (uint256 signature, uint256 size) = op.signatureOf();
            return _validate(op, userOpHash, PackedUse.wrap(signature), signature + size);
        }
    }

    /// @dev {validateUserOp}, once it is known where the use is. Apart from it, and with a way out ahead of the end, so that the
    /// compiler does not put it in place of the call: it would look up `packed` again in every line that reads from there.
    /// @param end Where the signature ends.
    function _validate(PackedUserOperation calldata op, bytes32 userOpHash, PackedUse packed, uint256 end)
        private
        returns (uint256 validationData)
    {
        unchecked {
            Calls calls = ORDINARY;
            (Words session, uint256 action, uint256 evidence, uint256 keySignature) = OrdinaryUse.read(op, packed, end);
            if (Words.unwrap(session) == 0) (session, calls, evidence, keySignature) = _readAny(op, packed, end);
            bytes32 id = UseDecoder.sessionId(packed, session);

            _requireActive(id, packed, evidence);
            bytes32 use = packed.position().hash(keySignature - packed.position());
            bytes32 digest =
                MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hashUse(userOpHash, id, use));
            bool signed = KeySignature.isValid(id, packed, digest, keySignature, end - keySignature);
            if (OperationCost.isOdd(op, packed)) _requirePayment(id, packed, op, signed);

            uint256 odd;
            (validationData, odd) = packed.validationData();
            if (!signed) validationData |= ERC4337Utils.SIG_VALIDATION_FAILED;
            uint256 operationPolicyCount = packed.operationPolicies().integer(1);
            uint256 value = 0;
            if (calls.isOrdinary()) {
                uint256 policyCount = (action + 25).integer(1);
                // Without policies it has passed.
                if (policyCount | operationPolicyCount | odd == 0) return validationData;
                if (odd != 0) packed.window();
                if (policyCount != 0) {
                    validationData = validationData.intersect(_checkOrdinary(id, packed, action, evidence, op));
                }
            } else {
                if (odd != 0) packed.window();
                uint256 restriction;
                (restriction, value) = _checkCalls(id, packed, op, calls);
                validationData = validationData.intersect(restriction);
            }
            if (operationPolicyCount != 0) {
                validationData = validationData.intersect(_checkOperation(id, packed, op, signed, calls, value));
            }
            if (validationData.isEmpty()) _refuseWindow(id, validationData);
        }
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
    function spent(bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period)
    {
        Budget budget = _budgets[budgetId][account].budget;
        return (budget.total(), budget.inPeriod(), budget.period());
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

    /// @dev Reads an operation that is not an ordinary one.
    /// @param end Where the signature ends.
    /// @return session See {UseDecoder-decode}; likewise `evidence`, where the claims end, and `keySignature`.
    /// @return calls What {_checkCalls} needs.
    function _readAny(PackedUserOperation calldata op, PackedUse packed, uint256 end)
        private
        pure
        returns (Words session, Calls calls, uint256 evidence, uint256 keySignature)
    {
        unchecked {
            (uint256 origin, uint256 size) = op.callDataOf();
            (uint256 count, uint256 offsets, uint256 cursor, uint256 executionEnd) = ExecutionDecoder.open(origin, size);
            calls = CallsLibrary.allocate(count, offsets, cursor, executionEnd);
            uint256 revealed;
            Words actions;
            uint256 claims;
            (session, revealed, actions, claims, keySignature) =
                UseDecoder.decode(packed, end - packed.position(), count);
            calls.setUse(revealed, actions, claims);
            evidence = claims + count;
            // From EntryPoint v0.8 an operation of an account under EIP-7702 may carry a call that the account gets from the
            // EntryPoint before it validates anything. No session allows one. The way out is ahead of the end, see {_validate}.
            (uint256 initCode, uint256 initCodeSize) = op.initCodeOf();
            if (initCodeSize <= 20) return (session, calls, evidence, keySignature);
            if (initCode.integer(20) == EIP7702_MARKER) revert InitializerNotAllowed(initCodeSize);
        }
    }

    /// @dev Reverts unless the session is granted, of the account's epoch, and the manager is installed.
    /// @param evidence Where a use has what shows that it is granted.
    function _requireActive(bytes32 id, PackedUse packed, uint256 evidence) private {
        AccountState state;
        uint256 status;
        // state = _accounts[msg.sender]; status = _status[id][msg.sender]. The compiler would clean and check what it writes
        // and reads.
        assembly ("memory-safe") {
            mstore(0, caller())
            mstore(0x20, _accounts.slot)
            state := sload(keccak256(0, 0x40))
            mstore(0, id)
            mstore(0x20, _status.slot)
            mstore(0x20, keccak256(0, 0x40))
            mstore(0, caller())
            status := sload(keccak256(0, 0x40))
        }
        // Each part is 0 if it is as it should be.
        if (state.differenceTo(packed.epoch()) | (status ^ uint256(SessionStatus.Granted)) != 0) {
            _requireActiveByEvidence(id, packed, evidence, state, SessionStatus(status));
        }
    }

    /// @dev The same if the session is not just granted: there may be a root, or a grant by signature.
    function _requireActiveByEvidence(
        bytes32 id,
        PackedUse packed,
        uint256 evidence,
        AccountState state,
        SessionStatus status
    ) private {
        _requireEpoch(msg.sender, id, packed, state);
        if (status == SessionStatus.Granted) return;
        if (status == SessionStatus.Revoked) revert SessionIsRevoked(id);
        if (UseDecoder.hasProof(packed)) _requireRoot(msg.sender, id, UseDecoder.rootOf(id, evidence));
        else if (UseDecoder.hasGrant(packed)) _grantBySignature(id, packed, evidence, state);
        else revert SessionNotGranted(id);
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
    function _grantBySignature(bytes32 id, PackedUse packed, uint256 evidence, AccountState state) private {
        if (!state.signedGrants()) revert SignedGrantsOff(msg.sender);
        (bytes32 bundleHash, bytes calldata signature, uint256 publication) = UseDecoder.grant(id, evidence);

        (bytes21 prefix, uint256 length) = state.grantPrefix();
        bytes21 start = bytes21(signature.length > length ? signature[:length] : signature);
        if (start != prefix || signature.length < length) {
            revert GrantPrefixMismatch(id, _prefix(prefix, length), bytes.concat(start));
        }

        bytes32 digest = MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, bundleHash);
        // Some accounts revert if the signature is wrong. As to the gas: see PolicyCall.
        (bool answered, bytes memory answer) = msg.sender.staticcall{gas: type(uint256).max}(
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        if (!answered || answer.length != 32 || bytes32(answer) != bytes32(IERC1271.isValidSignature.selector)) {
            revert GrantNotSigned(id, digest, answer);
        }
        _grant(id);
        if (UseDecoder.hasPublication(packed)) _publish(id, packed, publication);
    }

    /// @dev Publishes the session in the use, which was granted just now.
    function _publish(bytes32 id, PackedUse packed, uint256 publication) private {
        Session calldata session = UseDecoder.publishedSession(publication);
        bytes32 published = SessionHash.hash(session);
        if (published != id) revert PublicationDiffers(id, published);
        bytes memory encoded = abi.encode(session);
        UseDecoder.requirePublished(packed, publication, encoded);
        emit SessionPublished(msg.sender, id, encoded);
    }

    /// @dev Reverts unless the session allows the operation's paymaster and cost. With a wrong signature the cost is not
    /// held against it: the operation cannot pass anyway, and bundlers estimate its gas with limits far above the final
    /// ones and a placeholder for a signature.
    function _requirePayment(bytes32 id, PackedUse packed, PackedUserOperation calldata op, bool signed) private pure {
        (address paymaster, uint256 cost) = OperationCost.read(op);
        address allowed = packed.paymaster();
        if (paymaster != allowed && allowed != ANY_PAYMASTER) revert PaymasterNotAllowed(id, allowed, paymaster);
        uint256 maxOpCost = packed.maxOpCost();
        if (signed && cost > maxOpCost) revert OpCostExceeded(id, maxOpCost, cost);
    }

    function _hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, SessionHash.hashUse(userOpHash, id, use));
    }

    /// @dev Reverts about a window that no second is in.
    function _refuseWindow(bytes32 id, uint256 validationData) private pure {
        (uint256 validAfter, uint256 validUntil) = validationData.unpack();
        revert EmptyWindow(id, validAfter, validUntil);
    }

    /*//////////////////////////////////////////////////////////////
                         VALIDATION: THE CALLS
    //////////////////////////////////////////////////////////////*/

    /// @dev Reverts unless each call is what the action it claims allows.
    /// @param calls From {_readAny}.
    /// @return restriction What policies restrict the validity window to, as validation data.
    /// @return sent The sum of what the calls send, in wei.
    function _checkCalls(bytes32 id, PackedUse packed, PackedUserOperation calldata op, Calls calls)
        private
        returns (uint256 restriction, uint256 sent)
    {
        unchecked {
            ValidityWindow memory window = ValidityWindow(0, NO_END);
            (uint256 origin,) = op.callDataOf();
            uint256 count = calls.count();
            (uint256 offsets, uint256 cursor, uint256 end) = calls.execution();
            (uint256 revealed, Words actions, uint256 claims) = calls.use();
            Asker asker = AskerLibrary.allocate(id);
            uint256 claimed = 0;
            for (uint256 i = 0; i < count; ++i) {
                uint256 actionIndex = (claims + i).integer(1);
                address target;
                uint256 value;
                bytes calldata data;
                if (offsets == 0) {
                    (target, value, data) = ExecutionDecoder.readSingle(cursor, end);
                } else {
                    (target, value, data, cursor) =
                        ExecutionDecoder.readNext(origin, offsets, i, count - i, cursor, end);
                }
                if (actionIndex == OWN_REVOCATION) {
                    _checkOwnRevocation(id, i, target, value, data);
                    continue;
                }
                if (revealed >> actionIndex & 1 == 0) revert ActionNotRevealed(i, actionIndex);
                claimed |= uint256(1) << actionIndex;
                if (value != 0) sent = sent.saturatingAdd(value);
                _checkCall(id, packed, window, asker, i, actionIndex, actions.get(actionIndex), target, value, data);
            }
            // What no call claims has no place in a use. The way out is ahead of the end, see {_validate}.
            if (claimed == revealed) return (window.pack(), sent);
            revert ActionNotClaimed(revealed & ~claimed);
        }
    }

    /// @dev Reverts unless the policies of an ordinary operation's action accept its calls.
    /// @return restriction See {_checkCalls}.
    function _checkOrdinary(
        bytes32 id,
        PackedUse packed,
        uint256 action,
        uint256 evidence,
        PackedUserOperation calldata op
    ) private returns (uint256 restriction) {
        unchecked {
            uint256 count = OrdinaryUse.countOf(op);
            // Mostly there is one policy, a limit of the manager's own, and what all calls transfer is counted at once. If it
            // cannot be, policies are asked about them one by one.
            if ((action + 25).integer(21) == 1 << 160 | uint160(ERC20_LIMIT)) {
                bool counted;
                (counted, restriction) = _tryCount(id, packed, action + 26, OrdinaryUse.transferred(op, count));
                if (counted) return restriction;
            }
            ValidityWindow memory window = ValidityWindow(0, NO_END);
            Asker asker = AskerLibrary.allocate(id);
            address target = address(uint160(action.integer(20)));
            for (uint256 i = 0; i < count; ++i) {
                // The last claim, the index of the action, is before the evidence.
                _askPolicies(
                    id,
                    packed,
                    window,
                    asker,
                    i,
                    (evidence - 1).integer(1),
                    (action + 25).integer(1),
                    action + 26,
                    target,
                    0,
                    OrdinaryUse.dataOf(op, count, i)
                );
            }
            return window.pack();
        }
    }

    /// @dev Counts under the limit at `policy`, one of the manager's own, if it is one in total or per period and nothing else,
    /// and leaves so much.
    function _tryCount(bytes32 id, PackedUse packed, uint256 policy, uint256 amount)
        private
        returns (bool counted, uint256 restriction)
    {
        unchecked {
            (address name, bytes calldata config,) = ActionDecoder.readPolicy(policy);
            BudgetSlot storage slot = _budgets[_budgetId(id, name, config)][msg.sender];
            return LimitLibrary.tryCount(slot, amount, packed.claimedTime(), config);
        }
    }

    /// @param position Where the action that it claims is.
    function _checkCall(
        bytes32 id,
        PackedUse packed,
        ValidityWindow memory window,
        Asker asker,
        uint256 callIndex,
        uint256 actionIndex,
        uint256 position,
        address target,
        uint256 value,
        bytes calldata data
    ) private {
        (bool matches, uint256 policyCount, uint256 cursor) = ActionDecoder.matchOrdinary(position, target, value, data);
        if (!matches || ForbiddenCalls.isTarget(address(this), msg.sender, target)) {
            (policyCount, cursor) = _requireMatch(id, callIndex, actionIndex, position, target, value, data);
        }
        _askPolicies(id, packed, window, asker, callIndex, actionIndex, policyCount, cursor, target, value, data);
    }

    /// @dev Reverts unless the policies accept a call. Restricts `window` by what they answer.
    /// @param policyCount How many they are.
    /// @param cursor Where they begin.
    function _askPolicies(
        bytes32 id,
        PackedUse packed,
        ValidityWindow memory window,
        Asker asker,
        uint256 callIndex,
        uint256 actionIndex,
        uint256 policyCount,
        uint256 cursor,
        address target,
        uint256 value,
        bytes calldata data
    ) private {
        for (uint256 i = 0; i < policyCount; ++i) {
            address policy;
            bytes calldata config;
            (policy, config, cursor) = ActionDecoder.readPolicy(cursor);
            if (BuiltInPolicy.isOfCalls(policy)) {
                asker.setCall(callIndex, actionIndex, policy);
                (address recipient, uint256 amount, uint256 ownFlags) = (address(0), 1, 0);
                if (policy == ERC20_LIMIT) {
                    (recipient, amount) = ERC20Limit.readCall(data, asker);
                    ownFlags = LimitLibrary.HAS_RECIPIENTS;
                } else if (policy == NATIVE_LIMIT) {
                    amount = value;
                }
                _count(id, packed, window, asker, policy, amount, recipient, config, ownFlags);
                continue;
            }
            address asked = policy;
            if (policy == ARGUMENT_RULES) {
                // These restrict no time. A no is for the contract to give a reason for, or to make a yes.
                if (ArgumentRules.hold(data, config, msg.sender)) continue;
                asked = _ABI_RULE_POLICY;
            }
            (bool accepted, uint256 size, uint256 validationData) = PolicyCall.checkCall(
                asked, _budgetId(id, policy, config), target, value, packed.claimedTime(), data, config
            );
            if (!accepted) revert PolicyRefused(id, callIndex, actionIndex, policy, PolicyCall.answer());
            window.restrict(id, policy, size, validationData);
        }
    }

    /// @dev Reverts unless the call is to a target, of a function and with a value that the action at `position` allows.
    /// @return policyCount How many policies the action has.
    /// @return cursor Where they begin.
    function _requireMatch(
        bytes32 id,
        uint256 callIndex,
        uint256 actionIndex,
        uint256 position,
        address target,
        uint256 value,
        bytes calldata data
    ) private view returns (uint256 policyCount, uint256 cursor) {
        // In its canonical form: that was checked when the id was computed.
        address allowedTarget;
        bytes4 allowedSelector;
        uint256 maxValue;
        (allowedTarget, allowedSelector, maxValue,, policyCount, cursor) = ActionDecoder.readAction(position);

        if (ForbiddenCalls.isTarget(address(this), msg.sender, target)) {
            revert TargetForbidden(id, callIndex, target);
        }
        // Of empty calldata the selector is taken to be NO_CALLDATA.
        bytes4 selector = NO_CALLDATA;
        if (data.length != 0) {
            if (data.length < 4) revert CalldataTooShort(id, callIndex, data.length);
            selector = bytes4(data.positionOf().word());
        }

        if (allowedTarget == ANY_TARGET) {
            if (allowedSelector == ANY_SELECTOR) revert ActionTooBroad(id, actionIndex);
            if (ForbiddenCalls.isSelector(selector)) revert SelectorForbidden(id, callIndex, selector);
            if (ForbiddenCalls.isModule(target)) revert TargetIsModule(id, callIndex, target);
        } else if (target != allowedTarget) {
            revert TargetNotAllowed(id, callIndex, actionIndex, allowedTarget, target);
        }

        if (selector != allowedSelector || (selector == NO_CALLDATA && data.length != 0)) {
            // ANY_SELECTOR stands for every calldata but the empty one, NO_CALLDATA for that alone.
            if (allowedSelector != ANY_SELECTOR || data.length == 0) {
                bytes4 actual = data.length == 0 ? bytes4(0) : selector;
                revert SelectorNotAllowed(id, callIndex, actionIndex, allowedSelector, actual);
            }
        }

        if (value > maxValue) revert ValueExceeded(id, callIndex, actionIndex, maxValue, value);
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

    /// @dev Reverts unless all operation policies accept the operation.
    /// @param calls From {_readAny}, unless it is an ordinary operation.
    /// @param value What its calls send, in wei.
    /// @return restriction See {_checkCalls}.
    function _checkOperation(
        bytes32 id,
        PackedUse packed,
        PackedUserOperation calldata op,
        bool signed,
        Calls calls,
        uint256 value
    ) private returns (uint256 restriction) {
        unchecked {
            // Mostly there is one policy, a limit on how often the session acts.
            if (packed.operationPolicies().integer(21) == 1 << 160 | uint160(USAGE_LIMIT)) {
                bool counted;
                (counted, restriction) = _tryCount(id, packed, packed.operationPolicies() + 1, 1);
                if (counted) return restriction;
            }
            ValidityWindow memory window = ValidityWindow(0, NO_END);
            (address paymaster, uint256 cost) = OperationCost.read(op);
            OperationFacts memory facts = OperationFacts(
                signed ? cost : 1, paymaster, calls.isOrdinary() ? OrdinaryUse.countOf(op) : calls.count(), value
            );
            Asker asker = AskerLibrary.allocate(id);
            uint256 cursor = packed.operationPolicies();
            uint256 count = cursor.integer(1);
            cursor += 1;
            for (uint256 i = 0; i < count; ++i) {
                address policy;
                bytes calldata config;
                (policy, config, cursor) = ActionDecoder.readPolicy(cursor);
                if (BuiltInPolicy.isOfOperations(policy)) {
                    asker.setOperation(i, policy);
                    (uint256 amount, uint256 ownFlags) = (facts.cost, 0);
                    if (policy == USAGE_LIMIT) {
                        amount = UsageLimit.ofOperation(facts.calls, config);
                        ownFlags = UsageLimit.COUNTS_CALLS;
                    } else if (policy == NATIVE_LIMIT) {
                        amount = facts.value;
                    }
                    _count(id, packed, window, asker, policy, amount, address(0), config, ownFlags);
                    continue;
                }
                (bool accepted, uint256 size, uint256 validationData) = PolicyCall.checkOperation(
                    policy, _budgetId(id, policy, config), facts, packed.claimedTime(), config
                );
                if (!accepted) revert OperationPolicyRefused(id, i, policy, PolicyCall.answer());
                window.restrict(id, policy, size, validationData);
            }
            return window.pack();
        }
    }

    /// @dev Counts under a limit that the manager evaluates itself, and restricts `window` to the period that it counted in.
    /// Of calls in a row under the same limit, the budget is found once.
    function _count(
        bytes32 id,
        PackedUse packed,
        ValidityWindow memory window,
        Asker asker,
        address policy,
        uint256 amount,
        address recipient,
        bytes calldata config,
        uint256 ownFlags
    ) private {
        BudgetSlot storage slot;
        if (asker.isAbout(config)) {
            slot = asker.budget();
        } else {
            slot = _budgets[_budgetId(id, policy, config)][msg.sender];
            asker.setBudget(config, slot);
        }
        window.restrict(LimitLibrary.count(slot, amount, recipient, packed.claimedTime(), config, ownFlags, asker));
    }

    function _budgetId(bytes32 id, address policy, bytes calldata config) private pure returns (bytes32) {
        return EfficientHashLib.hash(id, bytes32(uint256(uint160(policy))), config.positionOf().hash(config.length));
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
