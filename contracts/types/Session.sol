// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A limit: a contract that is asked about every call (or operation, or signature) and the configuration
/// it is asked with. The configuration is committed to by the session's id and travels in the user operation.
struct Policy {
    /// The policy contract. It must have code.
    address policy;
    /// What the policy contract calls its configuration; its layout is documented by each policy.
    bytes config;
}

/// @notice A kind of call that a session may make.
struct Action {
    /// The contract or account that may be called, or `ANY_TARGET`.
    address target;
    /// The function that may be called, or `ANY_SELECTOR`, or `NO_CALLDATA`.
    bytes4 selector;
    /// The most that one call may send, in wei. How many calls there are, it does not limit.
    uint256 maxValue;
    /// All of them must accept a call. None means that target, selector and value are all that is checked.
    Policy[] policies;
}

/// @notice What the owner of an account allows the holder of a session key. Its EIP-712 struct hash is its id.
struct Session {
    /// The ERC-7579 smart account that is acted for.
    address account;
    /// The chain (EIP-155) that the session is for; 0 means every chain.
    uint256 chainId;
    /// The account's epoch in this manager that the session belongs to: it ends with the epoch.
    uint64 epoch;
    /// First second (Unix time) in which the session may act. Below 2^47. EntryPoint v0.8 and later refuse this second.
    uint48 validAfter;
    /// Last second (Unix time) in which the session may act; 0 means no end. Below 2^47.
    uint48 validUntil;
    /// Tells apart sessions that are alike in everything else.
    bytes32 salt;
    /// An ERC-7913 signer: a 20-byte address, or a verifier's address followed by a key.
    bytes sessionKey;
    /// 0: no paymaster may be used. `ANY_PAYMASTER`: any or none. Else exactly this one, in every operation.
    address paymaster;
    /// The most that one operation may cost, in wei, whoever pays: the sum of all its gas limits times maxFeePerGas. How
    /// many operations there are, it does not limit.
    uint128 maxOpCost;
    /// All of them must accept an operation as a whole.
    Policy[] operationPolicies;
    /// What the session may sign for the account through ERC-1271; none means nothing.
    Policy[] signaturePolicies;
    /// The calls that the session may make.
    Action[] actions;
}

/// @notice What an owner signs to grant sessions without a transaction.
struct SessionBundle {
    Session[] sessions;
}

/// @notice Where a session stands for one account. `Revoked` is final.
enum SessionStatus {
    None,
    Granted,
    Revoked
}

/// @dev An action with this target matches every target, bar those that are never callable.
address constant ANY_TARGET = 0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF;

/// @dev An action with this selector matches every calldata of at least four bytes.
bytes4 constant ANY_SELECTOR = 0xffffffff;

/// @dev An action with this selector matches empty calldata, and nothing else.
bytes4 constant NO_CALLDATA = 0xfffffffe;

/// @dev A session with this paymaster may use any paymaster.
address constant ANY_PAYMASTER = 0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF;
