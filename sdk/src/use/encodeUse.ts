import {
  type Address,
  concat,
  encodeAbiParameters,
  type Hex,
  hashStruct,
  hashTypedData,
  hexToBigInt,
  keccak256,
  numberToHex,
  size,
  slice,
  stringToHex,
} from "viem";
import { TooManyError } from "../errors/input.js";
import { NonCanonicalUseError, OperationPoliciesNotSupportedError } from "../errors/manager.js";
import { getDomain } from "../session/getSessionId.js";
import { type Action, type Policy, type Session, sessionTypes, userOperationUseTypes } from "../types.js";
import { createReader, type Reader } from "../utils/reader.js";

export type EncodeUseParameters = {
  session: Session;
  /** For each call of the operation, the index of the action it claims. */
  claims: readonly number[];
  /** The time that the session key states, in seconds since 1970; 0, none, if it is left out. */
  claimedTime?: number | undefined;
};

/**
 * Encodes the use of a session: the part of a user operation's signature before the session key's own signature.
 * docs/encoding.md has the layout. `toSessionAccount` does this by itself.
 *
 * @param parameters {@link EncodeUseParameters}
 * @returns The bytes.
 * @throws OperationPoliciesNotSupportedError, TooManyError
 *
 * @example
 * import { encodeUse, parseSession } from "latchkey";
 *
 * const useOf = (serialized: string) =>
 *   encodeUse({ session: parseSession(serialized), claims: [0] });
 */
export function encodeUse({ session, claims, claimedTime = 0 }: EncodeUseParameters): Hex {
  const { actions, operationPolicies, signaturePolicies, sessionKey } = session;
  if (operationPolicies.length > 0) throw new OperationPoliciesNotSupportedError();
  for (const claim of claims)
    if (actions[claim] === undefined)
      throw new TooManyError({ what: "actions counted to the one claimed", limit: actions.length, actual: claim + 1 });
  const everyChain = session.chainId === 0n ? 1 : 0;
  const hasSignaturePolicies = signaturePolicies.length > 0 ? 2 : 0;
  const revealed = new Set(claims);
  const bitmap = [...revealed].reduce((bits, index) => bits | (1n << BigInt(index)), 0n);
  return concat([
    numberToHex(everyChain | hasSignaturePolicies, { size: 1 }),
    numberToHex(claimedTime, { size: 6 }),
    numberToHex(session.epoch, { size: 8 }),
    numberToHex(session.validAfter, { size: 6 }),
    numberToHex(session.validUntil, { size: 6 }),
    session.salt,
    lowerCase(session.paymaster),
    numberToHex(session.maxOpCost, { size: 16 }),
    numberToHex(size(sessionKey), { size: 2 }),
    sessionKey,
    "0x00",
    ...(hasSignaturePolicies ? [keccak256(concat(signaturePolicies.map(hashPolicy)))] : []),
    numberToHex(actions.length, { size: 1 }),
    numberToHex(bitmap, { size: Math.ceil(actions.length / 8) }),
    ...actions.map((action, index) => (revealed.has(index) ? encodeAction(action) : hashAction(action))),
    ...claims.map((claim) => numberToHex(claim, { size: 1 })),
  ]);
}

function lowerCase(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}

function encodeAction({ target, selector, maxValue, policies }: Action): Hex {
  const value = maxValue === 0n ? "0x" : numberToHex(maxValue, { size: Math.ceil(maxValue.toString(16).length / 2) });
  return concat([
    lowerCase(target),
    selector,
    numberToHex(size(value), { size: 1 }),
    value,
    numberToHex(policies.length, { size: 1 }),
    ...policies.flatMap(({ policy, config }) => [lowerCase(policy), numberToHex(size(config), { size: 2 }), config]),
  ]);
}

/** The EIP-712 struct hash of an action: what a use shows of those it does not claim. */
export function hashAction(action: Action): Hex {
  return hashStruct({ data: action, primaryType: "Action", types: sessionTypes });
}

function hashPolicy(policy: Policy): Hex {
  return hashStruct({ data: policy, primaryType: "Policy", types: sessionTypes });
}

/** The use of a session, taken apart. */
export type DecodedUse = Pick<
  Session,
  "epoch" | "validAfter" | "validUntil" | "salt" | "sessionKey" | "paymaster" | "maxOpCost"
> & {
  /** Whether the session is for every chain. */
  readonly everyChain: boolean;
  readonly claimedTime: number;
  /** Hash of the signature policies, if there are any. */
  readonly signaturePoliciesHash: Hex | undefined;
  /** The claimed actions in full, of the others the struct hashes. */
  readonly actions: readonly (Action | Hex)[];
  readonly claims: readonly number[];
  /** What the session key's signature covers: everything before it. */
  readonly use: Hex;
  /** The session key's signature; "0x" if there is none. */
  readonly signature: Hex;
};

export type DecodeUseParameters = {
  /** A user operation's signature, or what {@link encodeUse} makes. */
  data: Hex;
  /** How many calls the operation has. */
  callCount: number;
};

/**
 * Takes apart the use of a session, in its one canonical form.
 *
 * @param parameters {@link DecodeUseParameters}
 * @returns {@link DecodedUse}
 * @throws NonCanonicalUseError with the position, in bytes, of what is wrong.
 *
 * @example
 * import { decodeUse, encodeUse, parseSession } from "latchkey";
 *
 * const check = (serialized: string) => {
 *   const data = encodeUse({ session: parseSession(serialized), claims: [0] });
 *   return decodeUse({ data, callCount: 1 }).claims; // [0]
 * };
 */
export function decodeUse({ data, callCount }: DecodeUseParameters): DecodedUse {
  const fail = (position: number): never => {
    throw new NonCanonicalUseError({ position });
  };
  const reader = createReader(data, fail);
  const flags = reader.number(1);
  if (flags > 3) fail(0);
  const header = {
    claimedTime: reader.number(6),
    epoch: reader.bigint(8),
    validAfter: reader.number(6),
    validUntil: reader.number(6),
    salt: reader.bytes(32),
    paymaster: reader.bytes(20),
    maxOpCost: reader.bigint(16),
    sessionKey: reader.bytes(reader.number(2)),
  };
  if (reader.number(1) !== 0) fail(reader.position() - 1);
  const signaturePoliciesHash = (flags & 2) === 0 ? undefined : reader.bytes(32);
  if (signaturePoliciesHash === keccak256("0x")) fail(reader.position() - 32);
  const actionCount = reader.number(1);
  if (actionCount === 0) fail(reader.position() - 1);
  const bitmapLength = Math.ceil(actionCount / 8);
  const bitmap = reader.bigint(bitmapLength);
  if (bitmap >> BigInt(actionCount) !== 0n) fail(reader.position() - bitmapLength);
  const actions = Array.from({ length: actionCount }, (_, index) =>
    ((bitmap >> BigInt(index)) & 1n) === 1n ? readAction(reader, fail) : reader.bytes(32),
  );
  const claims = Array.from({ length: callCount }, () => reader.number(1));
  const start = reader.position() - callCount;
  claims.forEach((claim, index) => {
    if (typeof actions[claim] !== "object") fail(start + index);
  });
  if (actions.some((action, index) => typeof action === "object" && !claims.includes(index))) fail(start);
  const end = reader.position();
  return {
    ...header,
    everyChain: (flags & 1) === 1,
    signaturePoliciesHash,
    actions,
    claims,
    use: slice(data, 0, end),
    signature: reader.bytes(reader.left()),
  };
}

function readAction(reader: Reader, fail: (position: number) => never): Action {
  const target = reader.bytes(20);
  const selector = reader.bytes(4);
  const length = reader.number(1);
  if (length > 32) fail(reader.position() - 1);
  const value = reader.bytes(length);
  if (length > 0 && hexToBigInt(slice(value, 0, 1)) === 0n) fail(reader.position() - length);
  const policies = Array.from({ length: reader.number(1) }, () => ({
    policy: reader.bytes(20),
    config: reader.bytes(reader.number(2)),
  }));
  return { target, selector, maxValue: length === 0 ? 0n : hexToBigInt(value), policies };
}

/**
 * The id of the session that a use is of, computed from the use as the manager does.
 *
 * @param use A decoded use.
 * @param where The account that asks, and the chain.
 * @returns 32 bytes.
 *
 * @example
 * import { decodeUse, getUseSessionId } from "latchkey";
 * import type { Hex } from "viem";
 *
 * const idOf = (signature: Hex) =>
 *   getUseSessionId(decodeUse({ data: signature, callCount: 1 }), {
 *     account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *     chainId: 1n,
 *   });
 */
export function getUseSessionId(
  { actions, everyChain, signaturePoliciesHash, sessionKey, ...header }: DecodedUse,
  { account, chainId }: { account: Address; chainId: bigint },
): Hex {
  // viem cannot take a struct hash whose arrays are known by their hashes only, so the words are put together here.
  return keccak256(
    encodeAbiParameters(
      [
        { type: "bytes32" },
        { type: "address" },
        { type: "uint256" },
        { type: "uint64" },
        { type: "uint48" },
        { type: "uint48" },
        { type: "bytes32" },
        { type: "bytes32" },
        { type: "address" },
        { type: "uint128" },
        { type: "bytes32" },
        { type: "bytes32" },
        { type: "bytes32" },
      ],
      [
        sessionTypeHash,
        account,
        everyChain ? 0n : chainId,
        header.epoch,
        header.validAfter,
        header.validUntil,
        header.salt,
        keccak256(sessionKey),
        header.paymaster,
        header.maxOpCost,
        keccak256("0x"),
        signaturePoliciesHash ?? keccak256("0x"),
        keccak256(concat(actions.map((action) => (typeof action === "object" ? hashAction(action) : action)))),
      ],
    ),
  );
}

const sessionTypeHash: Hex = keccak256(
  stringToHex(
    (["Session", "Action", "Policy"] as const)
      .map((name) => `${name}(${sessionTypes[name].map((field) => `${field.type} ${field.name}`).join(",")})`)
      .join(""),
  ),
);

/**
 * What a session key signs: the EIP-712 digest of `UserOperationUse` under the manager's domain.
 *
 * @param parameters The operation's hash by its EntryPoint, the session's id, the use before the signature, and the
 * manager.
 * @returns 32 bytes.
 *
 * @example
 * import { getUseDigest } from "latchkey";
 * import { zeroHash } from "viem";
 *
 * const digest = getUseDigest({
 *   userOpHash: zeroHash,
 *   id: zeroHash,
 *   use: "0x",
 *   manager: "0x00000000000000000000000000000000000000a1",
 * });
 */
export function getUseDigest(parameters: GetUseDigestParameters): Hex {
  return hashTypedData(getUseTypedData(parameters));
}

export type GetUseDigestParameters = { userOpHash: Hex; id: Hex; use: Hex; manager: Address };

/** What a session key signs, as EIP-712 typed data. */
export function getUseTypedData({ userOpHash, id, use, manager }: GetUseDigestParameters) {
  return {
    domain: getDomain(manager),
    types: userOperationUseTypes,
    primaryType: "UserOperationUse",
    message: { userOpHash, session: id, use: keccak256(use) },
  } as const;
}
