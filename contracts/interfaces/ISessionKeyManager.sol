// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7579Validator} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ISignatureChecker} from "./ISignatureChecker.sol";
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

    /// @notice A session in full, of those granted to `account`. It is granted in the same call, or was before.
    /// @param session abi.encode of a {Session}.
    event SessionPublished(address indexed account, bytes32 indexed id, bytes session);

    /// @notice The owner of `account` may, or may not, grant sessions by a signature, which begins with `prefix`.
    event SignedGrantsSet(address indexed account, bool allowed, bytes prefix);

    /// @notice Every session of an epoch before `epoch` has ended for `account`.
    event EpochMoved(address indexed account, uint64 previousEpoch, uint64 epoch);

    /// @notice `account` installed the manager.
    event ManagerInstalled(address indexed account);

    /// @notice `account` uninstalled the manager. Nobody may grant its sessions by signature any more.
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

    /// @notice The rule on grants by signature is malformed: see {setSignedGrants}.
    error InvalidGrantRule(bytes rule);

    /// @notice A session to be published is one of another account than the caller.
    error SessionOfAnotherAccount(bytes32 id, address account);

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

    /// @notice The session key is shorter than an address, or its address is zero.
    /// @param length The length of the key in bytes.
    error SessionKeyNotSupported(uint256 length);

    /// @notice The session key's signature has the wrong length.
    error InvalidSignatureLength(uint256 expected, uint256 actual);

    /// @notice The session key's verifier (ERC-7913) did not answer with exactly one word, or has no code.
    error InvalidVerifierAnswer(bytes32 id, address verifier, uint256 length);

    /// @notice The operation makes an existing account under EIP-7702 run a call before validation (`initCode` of
    /// EntryPoint v0.8).
    error InitializerNotAllowed(uint256 length);

    /*//////////////////////////////////////////////////////////////
                           ERRORS: THE SESSION
    //////////////////////////////////////////////////////////////*/

    /// @notice The session was never granted for this account on this chain. (A session of another account or chain
    /// has another id.)
    error SessionNotGranted(bytes32 id);

    /// @notice The session was revoked, which is final.
    error SessionIsRevoked(bytes32 id);

    /// @notice The session's Merkle proof leads to a root that was never granted for this account.
    error RootNotGranted(bytes32 id, bytes32 root);

    /// @notice The session's Merkle proof leads to a root that was revoked.
    error RootIsRevoked(bytes32 id, bytes32 root);

    /// @notice The account does not take grants by signature: see {setSignedGrants}.
    error SignedGrantsOff(address account);

    /// @notice The grant's signature does not begin as the account demands.
    error GrantPrefixMismatch(bytes32 id, bytes expected, bytes actual);

    /// @notice The account's ERC-1271 does not take the grant's signature for its owner's.
    /// @param digest What the owner would have signed: see {hashSessionBundle}.
    /// @param answer What the account answered, or reverted with.
    error GrantNotSigned(bytes32 id, bytes32 digest, bytes answer);

    /// @notice The session to be published with a grant is another one.
    error PublicationDiffers(bytes32 id, bytes32 published);

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

    /// @notice A call that claims to revoke its own session (claim 255) is not exactly that.
    error NotOwnRevocation(bytes32 id, uint256 callIndex);

    /// @notice An operation policy refused the operation. `reason` is what the policy reverted with.
    error OperationPolicyRefused(bytes32 id, uint256 policyIndex, address policy, bytes reason);

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
    /// @param ids The sessions' ids, see {hashSession}; or Merkle roots of ids (docs/encoding.md), each of which grants all
    /// sessions under it. What they allow is not checked here: hash what you have read. A session that no use can describe
    /// (without actions or with more than 255, with a key shorter than 20 bytes, with more than 255 operation policies
    /// or policies on an action, or a configuration above 65,535 bytes) can be granted, but never acts.
    function grantSessions(bytes32[] calldata ids) external;

    /// @notice Grants sessions of the caller, which is the account, and publishes them in full in events, so that they can
    /// be listed with nothing but an RPC.
    /// @dev Anyone may call it, for itself. A session that is granted already is published all the same. Reverts with
    /// {NoSessions}, {SessionOfAnotherAccount}, or {SessionIsRevoked}; then none of them is granted.
    function grantAndPublishSessions(Session[] calldata sessions) external;

    /// @notice Sets who may grant sessions of the caller, which is the account, by a signature that the first use carries:
    /// whoever the account's ERC-1271 answers for, if the signature begins as `rule` says. Fix the prefix that
    /// names the owner's validator, else any validator on the account that signs messages can grant.
    /// @dev Called by an account that has installed the manager, else {NotInstalled}. Reverts with {InvalidGrantRule}.
    /// Signatures that were made under an earlier rule and not used count only if they meet this one.
    /// @param rule Empty: grants by signature are off. 0x00: any signature. 0x01 and 1 to 21 bytes: those it begins with.
    function setSignedGrants(bytes calldata rule) external;

    /// @notice Revokes sessions for the caller, which is the account, for ever. Also one that was never granted, so that
    /// a signed but unused grant of it is worth nothing.
    /// @dev Anyone may call it, for itself. A session that is revoked already stays so, without an event.
    /// Reverts with {NoSessions} or {ZeroSessionId}.
    /// @param ids The sessions' ids; or granted roots: that ends the sessions under them, but for those also granted on their
    /// own. Revoking a node between a root and its leaves ends nothing.
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

    /// @notice What answers for the manager whether a session key signed a message for an account (ERC-1271), and why not.
    function signatureChecker() external view returns (ISignatureChecker);

    /// @notice The id of a session: its EIP-712 struct hash.
    function hashSession(Session calldata session) external pure returns (bytes32 id);

    /// @notice What an owner signs to grant sessions: the EIP-712 digest of a {SessionBundle} under this manager's domain.
    /// @param sessions In the order of the bundle, at most 255; of any accounts and chains.
    function hashSessionBundle(Session[] calldata sessions) external view returns (bytes32 digest);

    /// @notice Whether the owner of an account may grant by signature, and what such a signature must begin with.
    function signedGrantsOf(address account) external view returns (bool allowed, bytes memory prefix);

    /// @notice What has been spent under a budget of a policy that the manager evaluates itself (docs/encoding.md names them),
    /// as {ILimitPolicy-spent} says it of others.
    /// @param budgetId keccak256(abi.encode(session id, policy, keccak256(config))).
    /// @param account The smart account.
    function spent(bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period);

    /// @notice What a session key signs: the EIP-712 digest of `UserOperationUse(bytes32 userOpHash,bytes32 session,
    /// bytes32 use)` under this manager's domain.
    /// @param userOpHash The hash of the user operation by its EntryPoint.
    /// @param id The session's id.
    /// @param use keccak256 of all bytes of the user operation's signature before the session key's own signature.
    function hashUse(bytes32 userOpHash, bytes32 id, bytes32 use) external view returns (bytes32 digest);
}
