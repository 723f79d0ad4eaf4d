import type { Address, Hex } from "viem";
import type { Contracts } from "./addresses.js";

/** A limit: a policy contract and the configuration it is asked with. */
export type Policy = {
  /** The policy contract. */
  readonly policy: Address;
  /** Its configuration, in a layout of the policy's own. */
  readonly config: Hex;
};

/** A kind of call that a session may make. */
export type Action = {
  /** The contract or account that may be called, or {@link anyTarget}. */
  readonly target: Address;
  /** The function that may be called (4 bytes), or {@link anySelector}, or {@link noCalldata}. */
  readonly selector: Hex;
  /** The most that one call may send, in wei. */
  readonly maxValue: bigint;
  /** All of them must accept a call. */
  readonly policies: readonly Policy[];
};

/**
 * What the owner of an account allows the holder of a session key, in the very form that the contracts know: its
 * EIP-712 struct hash is its id. Make one with {@link defineSession}.
 */
export type Session = {
  /** The ERC-7579 smart account that is acted for. */
  readonly account: Address;
  /** The chain that the session is for; 0n means every chain. */
  readonly chainId: bigint;
  /** The account's epoch that the session belongs to: it ends with the epoch. */
  readonly epoch: bigint;
  /** First second (Unix time) in which the session may act. */
  readonly validAfter: number;
  /** Last second (Unix time) in which the session may act; 0 means no end. */
  readonly validUntil: number;
  /** 32 bytes that tell apart sessions that are alike in everything else. */
  readonly salt: Hex;
  /** An ERC-7913 signer: a 20-byte address, or a verifier's address followed by a key. */
  readonly sessionKey: Hex;
  /** The zero address: no paymaster may be used. {@link anyPaymaster}: any or none. Else exactly this one, in every operation. */
  readonly paymaster: Address;
  /** The most that one operation may cost, in wei, whoever pays: all gas limits times maxFeePerGas. */
  readonly maxOpCost: bigint;
  /** All of them must accept an operation as a whole. */
  readonly operationPolicies: readonly Policy[];
  /** What the session may sign for the account through ERC-1271; nothing without any. */
  readonly signaturePolicies: readonly Policy[];
  /** The calls that the session may make. */
  readonly actions: readonly Action[];
};

// Named one by one: bundlers of web applications keep an object that is made of another, even if nobody uses it.
const sessionFields = [
  { name: "account", type: "address" },
  { name: "chainId", type: "uint256" },
  { name: "epoch", type: "uint64" },
  { name: "validAfter", type: "uint48" },
  { name: "validUntil", type: "uint48" },
  { name: "salt", type: "bytes32" },
  { name: "sessionKey", type: "bytes" },
  { name: "paymaster", type: "address" },
  { name: "maxOpCost", type: "uint128" },
  { name: "operationPolicies", type: "Policy[]" },
  { name: "signaturePolicies", type: "Policy[]" },
  { name: "actions", type: "Action[]" },
] as const;

const actionFields = [
  { name: "target", type: "address" },
  { name: "selector", type: "bytes4" },
  { name: "maxValue", type: "uint256" },
  { name: "policies", type: "Policy[]" },
] as const;

const policyFields = [
  { name: "policy", type: "address" },
  { name: "config", type: "bytes" },
] as const;

/** The EIP-712 types of a session. */
export const sessionTypes = { Session: sessionFields, Action: actionFields, Policy: policyFields } as const;

/** The EIP-712 types of what an owner signs to grant sessions. */
export const sessionBundleTypes = {
  SessionBundle: [{ name: "sessions", type: "Session[]" }],
  Session: sessionFields,
  Action: actionFields,
  Policy: policyFields,
} as const;

/** The EIP-712 types of what a session key signs. */
export const userOperationUseTypes = {
  UserOperationUse: [
    { name: "userOpHash", type: "bytes32" },
    { name: "session", type: "bytes32" },
    { name: "use", type: "bytes32" },
  ],
} as const;

/** The EIP-712 types of what a session key signs for an account through ERC-1271. */
export const signatureUseTypes = {
  SignatureUse: [
    { name: "digest", type: "bytes32" },
    { name: "session", type: "bytes32" },
    { name: "use", type: "bytes32" },
  ],
} as const;

/** What a rule of a session is called by the policy that a permission needs, before its address is known. */
export type PolicyName = Extract<keyof Contracts, `${string}Policy`>;

/** A {@link Policy} whose contract may still be given by name. */
export type PolicyRequest = {
  readonly policy: Address | PolicyName;
  readonly config: Hex;
};

/** An {@link Action} whose policies may still be given by name. */
export type ActionRequest = {
  readonly target: Address;
  readonly selector: Hex;
  readonly maxValue: bigint;
  readonly policies: readonly PolicyRequest[];
};

/** One or more actions that belong together, from {@link allowCall}, {@link allowErc20} and their like. */
export type Permission = {
  readonly type: "call" | "erc20" | "erc721" | "native";
  readonly actions: readonly ActionRequest[];
};
