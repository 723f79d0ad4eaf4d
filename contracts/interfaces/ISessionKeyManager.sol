// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7579Validator} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Session, SessionStatus} from "../types/Session.sol";

/// @title ISessionKeyManager
/// @notice The ERC-7579 validator that lets session keys act for smart accounts, each within what the account's owner
/// granted it.
///
/// An owner grants a session by its id, the EIP-712 struct hash of a {Session}. The chain stores one slot for it. A user
/// operation under the session carries the session itself in its signature (docs/encoding.md gives every byte); the
/// manager recomputes the id, compares each call with the action it claims, asks that action's policies, and checks
/// the session key's signature.
///
/// What it cannot undo: a revoked session never acts again, under any circumstances; to allow the same again, grant a
/// session with another salt. Allowances that a session gave (ERC-20 `approve`) stay when it is revoked.
interface ISessionKeyManager is IERC7579Validator, IERC5267 {
    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A session may act for `account`, if its epoch is the account's.
    event SessionGranted(address indexed account, bytes32 indexed id);

    /// @notice A session may not act for `account` any more, nor ever again.
    event SessionRevoked(address indexed account, bytes32 indexed id);

    /// @notice Every session of an epoch before `epoch` has ended for `account`.
    event EpochMoved(address indexed account, uint64 previousEpoch, uint64 epoch);

    /// @notice `account` installed the manager.
    event ManagerInstalled(address indexed account);

    /// @notice `account` uninstalled the manager.
    event ManagerUninstalled(address indexed account);

    /*//////////////////////////////////////////////////////////////
                           ERRORS: MANAGEMENT
    //////////////////////////////////////////////////////////////*/

    /// @notice A list of session ids is empty.
    error NoSessions();

    /// @notice A session id is zero, which no session hashes to.
    error ZeroSessionId();

    /// @notice The next epoch must be above the present one by at most 2^40.
    error InvalidEpoch(uint64 epoch, uint64 nextEpoch);

    /// @notice Installation takes no data in this version.
    error InstallDataNotSupported(uint256 length);

    /*//////////////////////////////////////////////////////////////
                          ERRORS: THE OPERATION
    //////////////////////////////////////////////////////////////*/

    /// @notice The account has not installed the manager as a validator.
    error NotInstalled(address account);

    /// @notice The operation calls another function of the account than `execute(bytes32,bytes)`, bare or wrapped in
    /// `executeUserOp`.
    error FunctionNotExecute(bytes4 selector);

    /// @notice The ERC-7579 execution mode is neither single nor batch in default mode (32 zero bytes, or 0x01 and 31
    /// zero bytes).
    error ModeNotAllowed(bytes32 mode);

    /// @notice The calldata of `execute` is not what a standard ABI encoder makes of it: see docs/encoding.md.
    /// @param position Where, in bytes from the start of the operation's callData.
    error NonCanonicalExecution(uint256 position);

    /// @notice The batch has no calls.
    error EmptyBatch();

    /// @notice The part of the signature that describes the use is malformed, or not in its one canonical form.
    /// @param position Where, in bytes from the start of the signature.
    error NonCanonicalUse(uint256 position);

    /// @notice The session key is zero, or of a kind that this version does not support.
    /// @param length The length of the key in bytes.
    error SessionKeyNotSupported(uint256 length);

    /// @notice The session key's signature has the wrong length.
    error InvalidSignatureLength(uint256 expected, uint256 actual);

    /// @notice The session has operation policies, which this version does not support.
    error OperationPoliciesNotSupported();

    /*//////////////////////////////////////////////////////////////
                           ERRORS: THE SESSION
    //////////////////////////////////////////////////////////////*/

    /// @notice The session was never granted for this account on this chain. (A session of another account or chain
    /// has another id.)
    error SessionNotGranted(bytes32 id);

    /// @notice The session was revoked, which is final.
    error SessionIsRevoked(bytes32 id);

    /// @notice The session belongs to another epoch than the account is in: an earlier one, all of whose sessions were
    /// revoked, or one that has not come.
    error EpochMismatch(bytes32 id, uint64 sessionEpoch, uint64 accountEpoch);

    /// @notice A bound of the session's or of a policy's validity window is 2^47 or more.
    error TimeOutOfRange(uint256 time);

    /// @notice There is no second in which the session and all its policies allow the operation. (From EntryPoint v0.8 a
    /// window of a single second is empty too, but passes here: those refuse the first second of every window.)
    error EmptyWindow(bytes32 id, uint256 validAfter, uint256 validUntil);

    /// @notice The operation uses a paymaster that the session does not allow.
    error PaymasterNotAllowed(bytes32 id, address allowed, address actual);

    /// @notice `paymasterAndData` is not empty and shorter than the 52 bytes of ERC-4337's static part.
    error InvalidPaymasterData(uint256 length);

    /// @notice The operation may cost more than the session allows, in wei.
    error OpCostExceeded(bytes32 id, uint256 maxOpCost, uint256 opCost);

    /*//////////////////////////////////////////////////////////////
                             ERRORS: A CALL
    //////////////////////////////////////////////////////////////*/

    /// @notice The call goes to a target that no session may call: zero, the account, this manager, or a canonical
    /// EntryPoint (v0.6 to v0.9).
    error TargetForbidden(bytes32 id, uint256 callIndex, address target);

    /// @notice Under `ANY_TARGET`, the call goes to a module that is installed on the account.
    error TargetIsModule(bytes32 id, uint256 callIndex, address target);

    /// @notice Under `ANY_TARGET`, the call is to a function that configures or drives an account or a module.
    error SelectorForbidden(bytes32 id, uint256 callIndex, bytes4 selector);

    /// @notice The call claims an action that does not exist, or that the signature does not reveal.
    error ActionNotRevealed(uint256 callIndex, uint256 actionIndex);

    /// @notice The signature reveals actions that no call claims.
    /// @param actions A bit for each of them.
    error ActionNotClaimed(uint256 actions);

    /// @notice An action matches any target and any selector, which is never allowed.
    error ActionTooBroad(bytes32 id, uint256 actionIndex);

    /// @notice The call goes to another target than the action allows.
    error TargetNotAllowed(bytes32 id, uint256 callIndex, uint256 actionIndex, address expected, address actual);

    /// @notice The call is to another function than the action allows. `actual` is zero if there is no calldata.
    error SelectorNotAllowed(bytes32 id, uint256 callIndex, uint256 actionIndex, bytes4 expected, bytes4 actual);

    /// @notice Calldata of one to three bytes is never allowed.
    error CalldataTooShort(bytes32 id, uint256 callIndex, uint256 length);

    /// @notice The call sends more wei than the action allows.
    error ValueExceeded(bytes32 id, uint256 callIndex, uint256 actionIndex, uint256 maxValue, uint256 value);

    /// @notice A policy refused the call. `reason` is what the policy reverted with.
    error PolicyRefused(bytes32 id, uint256 callIndex, uint256 actionIndex, address policy, bytes reason);

    /// @notice A policy did not answer with exactly one word, or has no code.
    error InvalidPolicyAnswer(bytes32 id, address policy, uint256 length);

    /// @notice A policy answered with more than a validity window: the low 160 bits are not zero.
    error InvalidPolicyValidationData(bytes32 id, address policy, uint256 validationData);

    /*//////////////////////////////////////////////////////////////
                               MANAGEMENT
    //////////////////////////////////////////////////////////////*/

    /// @notice Grants sessions for the caller, which is the account. Takes effect at once.
    /// @dev Anyone may call it, for itself. A session that is granted already stays so, without an event.
    /// Reverts with {NoSessions}, {ZeroSessionId}, or {SessionIsRevoked}; then none of them is granted.
    /// @param ids The sessions' ids, see {hashSession}. What they allow is not checked here: hash what you have read. A
    /// session that no use can describe (without actions or with more than 255, with a key of another length than 20
    /// bytes, with operation policies, with more than 255 policies on an action or a configuration above 65,535 bytes) can
    /// be granted, but never acts.
    function grantSessions(bytes32[] calldata ids) external;

    /// @notice Revokes sessions for the caller, which is the account, for ever. Also one that was never granted, so that
    /// a signed but unused grant of it is worth nothing.
    /// @dev Anyone may call it, for itself. A session that is revoked already stays so, without an event.
    /// Reverts with {NoSessions} or {ZeroSessionId}.
    /// @param ids The sessions' ids.
    function revokeSessions(bytes32[] calldata ids) external;

    /// @notice Ends all sessions of the caller, which is the account, at once and for ever, by moving on its epoch.
    /// @dev Anyone may call it, for itself. Reverts with {InvalidEpoch}.
    /// @param nextEpoch Above the present epoch by at most 2^40. Draw it at random: then nobody can have prepared
    /// sessions for the epoch that begins. At the last epoch, 2^64 - 1, which is at least 2^24 moves away, there is none.
    function revokeAll(uint64 nextEpoch) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice Whether a session is granted to or revoked for an account. A granted session may act only while its epoch
    /// is the account's and in its time window.
    function sessionStatus(address account, bytes32 id) external view returns (SessionStatus);

    /// @notice The epoch of an account: sessions of any other epoch are void.
    function epochOf(address account) external view returns (uint64);

    /// @notice Whether an account has this manager installed as a validator.
    function isInitialized(address account) external view returns (bool);

    /// @notice The id of a session: its EIP-712 struct hash.
    function hashSession(Session calldata session) external pure returns (bytes32 id);

    /// @notice The EIP-712 digest of a session under this manager's domain.
    function hashSessionTypedData(Session calldata session) external view returns (bytes32 digest);

    /// @notice What a session key signs: the EIP-712 digest of `UserOperationUse(bytes32 userOpHash,bytes32 session,
    /// bytes32 use)` under this manager's domain.
    /// @param userOpHash The hash of the user operation by its EntryPoint.
    /// @param id The session's id.
    /// @param use keccak256 of all bytes of the user operation's signature before the session key's own signature.
    function hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) external view returns (bytes32 digest);
}
