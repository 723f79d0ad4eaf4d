import { type Address, concat, type Hex, hashTypedData, hexToBigInt, keccak256, numberToHex, size, slice } from "viem";
import { ownRevocationClaim } from "../constants.js";
import { TooManyError } from "../errors/input.js";
import { NonCanonicalUseError } from "../errors/manager.js";
import { SessionNotInGrantError } from "../errors/use.js";
import { encodeSession } from "../session/encodeSession.js";
import { getDomain, getSessionId } from "../session/getSessionId.js";
import { hashAction, hashAll, hashHeader, hashPolicy } from "../session/hashSession.js";
import { type Action, type Policy, type Session, userOperationUseTypes } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";
import { createReader, type Reader } from "../utils/reader.js";
import { parseNumber } from "../utils/validate.js";

/** An owner's signature of a bundle of sessions. */
export type SignedGrant = {
  /** The ids of all sessions of the bundle, in its order. */
  readonly ids: readonly Hex[];
  /** What the account's ERC-1271 takes for the owner's signature. */
  readonly signature: Hex;
};

/** What shows that a session is granted, if it is not itself: at most one of the two. */
export type UseEvidence =
  | {
      /** The siblings from the session's id up to a granted Merkle root. */
      proof: readonly Hex[];
      grant?: undefined;
      publish?: undefined;
    }
  | {
      /** The owner's grant, which makes the session a granted one. */
      grant: SignedGrant;
      /** Whether to publish the session in an event when it is granted. */
      publish?: boolean | undefined;
      proof?: undefined;
    }
  | { proof?: undefined; grant?: undefined; publish?: undefined };

export type EncodeUseParameters = {
  session: Session;
  /** For each call of the operation, the index of the action it claims, or {@link ownRevocationClaim}. */
  claims: readonly number[];
  /** The time that the session key states, in seconds since 1970; 0, none, if it is left out. */
  claimedTime?: number | undefined;
} & UseEvidence;

/**
 * Encodes the use of a session: the part of a user operation's signature before the session key's own signature.
 * docs/encoding.md has the layout. `toSessionAccount` does this by itself.
 *
 * @param parameters {@link EncodeUseParameters}
 * @returns The bytes.
 * @throws InvalidNumberError if a claim is no index of an action; TooManyError; SessionNotInGrantError if the session is not among those of the grant.
 *
 * @example
 * import { encodeUse, parseSession } from "latchkey";
 *
 * const useOf = (serialized: string) =>
 *   encodeUse({ session: parseSession(serialized), claims: [0] });
 */
export function encodeUse({
  session,
  claims,
  claimedTime = 0,
  proof = [],
  grant,
  publish = false,
}: EncodeUseParameters): Hex {
  const { actions, operationPolicies, signaturePolicies, sessionKey } = session;
  checkNumbers(session, claims, proof);
  const flags =
    (session.chainId === 0n ? 1 : 0) |
    (signaturePolicies.length > 0 ? 2 : 0) |
    (proof.length > 0 ? 4 : 0) |
    (grant ? 8 : 0) |
    (grant && publish ? 16 : 0);
  const revealed = new Set(claims.filter((claim) => claim !== ownRevocationClaim));
  const bitmap = [...revealed].reduce((bits, index) => bits | (1n << BigInt(index)), 0n);
  return concat([
    numberToHex(flags, { size: 1 }),
    numberToHex(claimedTime, { size: 6 }),
    numberToHex(session.epoch, { size: 8 }),
    numberToHex(session.validAfter, { size: 6 }),
    numberToHex(session.validUntil, { size: 6 }),
    session.salt,
    lowerCase(session.paymaster),
    numberToHex(session.maxOpCost, { size: 16 }),
    numberToHex(size(sessionKey), { size: 2 }),
    sessionKey,
    encodePolicies(operationPolicies),
    ...(signaturePolicies.length > 0 ? [keccak256(concat(signaturePolicies.map(hashPolicy)))] : []),
    numberToHex(actions.length, { size: 1 }),
    numberToHex(bitmap, { size: Math.ceil(actions.length / 8) }),
    ...actions.map((action, index) => (revealed.has(index) ? encodeAction(action) : hashAction(action))),
    ...claims.map((claim) => numberToHex(claim, { size: 1 })),
    ...(proof.length > 0 ? [numberToHex(proof.length, { size: 1 }), ...proof] : []),
    ...(grant ? [encodeGrant(session, grant)] : []),
    ...(grant && publish ? [withLength(encodeSession(session), 3)] : []),
  ]);
}

function checkNumbers({ actions }: Session, claims: readonly number[], proof: readonly Hex[]): void {
  for (const [index, claim] of claims.entries())
    if (claim !== ownRevocationClaim) parseNumber(`claims[${index}]`, claim, 0, actions.length - 1);
  if (proof.length > 255) throw new TooManyError({ what: "siblings in the proof", limit: 255, actual: proof.length });
}

function encodeGrant(session: Session, { ids, signature }: SignedGrant): Hex {
  const id = getSessionId(session);
  const index = ids.indexOf(id);
  if (index === -1) throw new SessionNotInGrantError({ id, ids });
  if (ids.length > 255) throw new TooManyError({ what: "sessions in a bundle", limit: 255, actual: ids.length });
  return concat([
    numberToHex(ids.length, { size: 1 }),
    numberToHex(index, { size: 1 }),
    ...ids.filter((_, place) => place !== index),
    withLength(signature, 2),
  ]);
}

/** Bytes after their length, a number of `width` bytes. */
function withLength(bytes: Hex, width: number): Hex {
  return concat([numberToHex(size(bytes), { size: width }), bytes]);
}

/** Policies after their number. */
export function encodePolicies(policies: readonly Policy[]): Hex {
  return concat([
    numberToHex(policies.length, { size: 1 }),
    ...policies.flatMap(({ policy, config }) => [lowerCase(policy), withLength(config, 2)]),
  ]);
}

function encodeAction({ target, selector, maxValue, policies }: Action): Hex {
  const value = maxValue === 0n ? "0x" : numberToHex(maxValue, { size: Math.ceil(maxValue.toString(16).length / 2) });
  return concat([lowerCase(target), selector, withLength(value, 1), encodePolicies(policies)]);
}

/** An owner's grant in a use. */
export type DecodedGrant = {
  /** The session's place in the bundle. */
  readonly index: number;
  /** The ids of the bundle's other sessions, in its order. */
  readonly others: readonly Hex[];
  readonly signature: Hex;
};

/** The use of a session, taken apart. */
export type DecodedUse = Pick<
  Session,
  "epoch" | "validAfter" | "validUntil" | "salt" | "sessionKey" | "paymaster" | "maxOpCost"
> & {
  /** Whether the session is for every chain. */
  readonly everyChain: boolean;
  readonly claimedTime: number;
  readonly operationPolicies: readonly Policy[];
  /** Hash of the signature policies, if there are any. */
  readonly signaturePoliciesHash: Hex | undefined;
  /** The claimed actions in full, of the others the struct hashes. */
  readonly actions: readonly (Action | Hex)[];
  readonly claims: readonly number[];
  /** A Merkle proof, from the session's id up, if there is one. */
  readonly proof: readonly Hex[] | undefined;
  /** The owner's grant, if there is one. */
  readonly grant: DecodedGrant | undefined;
  /** The session in full that is to be published, if it is: `abi.encode` of one, unless somebody put other bytes there. */
  readonly publication: Hex | undefined;
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
  if (flags > 31) fail(0);
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
  const operationPolicies = readPolicies(reader);
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
    if (typeof actions[claim] !== "object" && claim !== ownRevocationClaim) fail(start + index);
  });
  if (actions.some((action, index) => typeof action === "object" && !claims.includes(index))) fail(start);
  const { proof, grant, publication } = readEvidence(reader, flags >> 2, fail);
  const end = reader.position();
  return {
    ...header,
    operationPolicies,
    everyChain: (flags & 1) === 1,
    signaturePoliciesHash,
    actions,
    claims,
    proof,
    grant,
    publication,
    use: slice(data, 0, end),
    signature: reader.bytes(reader.left()),
  };
}

function readEvidence(
  reader: Reader,
  flags: number,
  fail: (position: number) => never,
): Pick<DecodedUse, "proof" | "grant" | "publication"> {
  const none = { proof: undefined, grant: undefined, publication: undefined };
  if (flags === 0) return none;
  if (flags === 1) {
    const depth = reader.number(1);
    if (depth === 0) fail(reader.position() - 1);
    return { ...none, proof: Array.from({ length: depth }, () => reader.bytes(32)) };
  }
  // Neither a proof and a grant, nor a publication without a grant.
  if (flags !== 2 && flags !== 6) fail(0);
  const count = reader.number(1);
  if (count === 0) fail(reader.position() - 1);
  const index = reader.number(1);
  if (index >= count) fail(reader.position() - 1);
  const others = Array.from({ length: count - 1 }, () => reader.bytes(32));
  const grant = { index, others, signature: reader.bytes(reader.number(2)) };
  return { ...none, grant, publication: flags === 6 ? reader.bytes(reader.number(3)) : undefined };
}

function readPolicies(reader: Reader): readonly Policy[] {
  return Array.from({ length: reader.number(1) }, () => ({
    policy: reader.bytes(20),
    config: reader.bytes(reader.number(2)),
  }));
}

function readAction(reader: Reader, fail: (position: number) => never): Action {
  const target = reader.bytes(20);
  const selector = reader.bytes(4);
  const length = reader.number(1);
  if (length > 32) fail(reader.position() - 1);
  const value = reader.bytes(length);
  if (length > 0 && hexToBigInt(slice(value, 0, 1)) === 0n) fail(reader.position() - length);
  return { target, selector, maxValue: length === 0 ? 0n : hexToBigInt(value), policies: readPolicies(reader) };
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
  { actions, everyChain, operationPolicies, signaturePoliciesHash, ...header }: DecodedUse,
  { account, chainId }: { account: Address; chainId: bigint },
): Hex {
  return hashHeader(
    { ...header, account, chainId: everyChain ? 0n : chainId },
    {
      operationPolicies: hashAll(operationPolicies, hashPolicy),
      signaturePolicies: signaturePoliciesHash ?? keccak256("0x"),
      actions: hashAll(actions, (action) => (typeof action === "object" ? hashAction(action) : action)),
    },
  );
}

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
export type UseTypedData = ReturnType<typeof getUseTypedData>;

/** What a session key signs, as EIP-712 typed data. */
export function getUseTypedData({ userOpHash, id, use, manager }: GetUseDigestParameters) {
  return {
    domain: getDomain(manager),
    types: userOperationUseTypes,
    primaryType: "UserOperationUse",
    message: { userOpHash, session: id, use: keccak256(use) },
  } as const;
}
