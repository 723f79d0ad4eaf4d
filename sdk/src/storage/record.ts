import type { Hash, Hex } from "viem";
import { InvalidParameterError } from "../errors/input.js";
import { StorageCorruptedError } from "../errors/storage.js";
import { getSessionId } from "../session/getSessionId.js";
import { parseSession, serializeSession } from "../session/serializeSession.js";
import type { Session } from "../types.js";
import type { SignedGrant } from "../use/encodeUse.js";
import { checkParameters, parseAmount, parseBytes, parseNumber } from "../utils/validate.js";
import { type Fields, inEntry, readEntry, writeEntry } from "./envelope.js";

/** What was last seen of a session on the chain; "revoked" is final. */
export type SessionState = "requested" | "granted" | "revoked";

/**
 * Where a session stands: "pending" until it is granted and its window has begun, "active" while it may act, "expired"
 * after its end, "revoked" for good.
 */
export type SessionStatus = "pending" | "active" | "expired" | "revoked";

/** What is kept of a session on one chain. It has no room for a private key. */
export type SessionRecord = {
  /** The session's id. */
  readonly id: Hex;
  /** The chain that this is about: the session's, or one of them if it is for every chain. */
  readonly chainId: number;
  readonly session: Session;
  /** What was last seen on the chain. It follows receipts and the chain, and nothing else sets it. */
  readonly state: SessionState;
  /** For a session in a Merkle tree: the siblings from its id up. */
  readonly proof?: readonly Hex[] | undefined;
  /** For a session that the owner granted by a signature: that. It may be read by whoever holds the session key. */
  readonly grant?: SignedGrant | undefined;
  /** The user operation that is to grant it. */
  readonly userOpHash?: Hash | undefined;
  /** The transaction in which its state was last seen to change. */
  readonly transactionHash?: Hash | undefined;
  /** The block in which its state was last seen. */
  readonly blockNumber?: bigint | undefined;
  /** In seconds since 1970. */
  readonly createdAt: number;
  /** In seconds since 1970. */
  readonly updatedAt: number;
};

/** What was seen of a session on the chain, in a receipt or by reading. */
export type SessionObservation = {
  readonly state: SessionState;
  readonly blockNumber: bigint;
  readonly transactionHash?: Hash | undefined;
};

const format = "latchkey-session-record";
const version = 1;
const maxBlock = 2n ** 64n - 1n;
const statuses: readonly unknown[] = ["pending", "active", "expired", "revoked"] satisfies readonly SessionStatus[];
const states: readonly unknown[] = ["requested", "granted", "revoked"] satisfies readonly SessionState[];

/**
 * Where a session stands at a time. Its end needs no transaction: it follows from `validUntil`.
 *
 * @param record What is known of it: {@link SessionRecord}
 * @param at Seconds since 1970.
 * @returns {@link SessionStatus}
 *
 * @example
 * import { getRecordStatus, type SessionRecord } from "latchkey/storage";
 *
 * const endsWithinADay = (record: SessionRecord, now: number) =>
 *   getRecordStatus(record, now) === "active" && getRecordStatus(record, now + 86_400) === "expired";
 */
export function getRecordStatus(
  { state, session }: Pick<SessionRecord, "state" | "session">,
  at: number,
): SessionStatus {
  if (state === "revoked") return "revoked";
  if (session.validUntil !== 0 && at > session.validUntil) return "expired";
  if (state === "requested" || at < session.validAfter) return "pending";
  return "active";
}

/**
 * What becomes of a record by what was seen on the chain. A revocation is final. What is older than what is known already
 * changes nothing; what is newer does, also back to "requested", for blocks can be replaced.
 *
 * @param record What is known.
 * @param observation What was seen: {@link SessionObservation}
 * @returns The record itself if nothing changes.
 *
 * @example
 * import { observeSession, type SessionRecord } from "latchkey/storage";
 *
 * const confirm = (record: SessionRecord) =>
 *   observeSession(record, { state: "granted", blockNumber: 21_000_000n });
 */
export function observeSession(record: SessionRecord, observation: SessionObservation): SessionRecord {
  if (record.state === "revoked") return record;
  const { state, blockNumber, transactionHash } = observation;
  const isOlder = record.blockNumber !== undefined && blockNumber < record.blockNumber;
  // A session that was revoked is so at any later time too.
  if (isOlder && state !== "revoked") return record;
  const isChange = state !== record.state;
  // That the chain has not granted yet what was only asked for is no news.
  if (!isChange && transactionHash === undefined) return record;
  if (!isChange && record.transactionHash === transactionHash && record.blockNumber === blockNumber) return record;
  const { transactionHash: _, ...rest } = record;
  return { ...rest, state, blockNumber, ...(transactionHash === undefined ? {} : { transactionHash }) };
}

/**
 * Writes a record as JSON, field by field, so that nothing that happens to be in the object gets out.
 *
 * @param record What is known of a session.
 * @returns JSON.
 *
 * @example
 * import { parseSessionRecord, type SessionRecord, serializeSessionRecord } from "latchkey/storage";
 *
 * const copy = (record: SessionRecord) => parseSessionRecord(serializeSessionRecord(record));
 */
export function serializeSessionRecord(record: SessionRecord): string {
  const { chainId, session, state, proof, grant, userOpHash, transactionHash, blockNumber } = record;
  const fields: Fields = {
    chainId,
    state,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    proof,
    grant: grant && { ids: grant.ids, signature: grant.signature },
    userOpHash,
    transactionHash,
    blockNumber: blockNumber?.toString(),
    session: JSON.parse(serializeSession(session)),
  };
  return writeEntry(format, version, fields);
}

/**
 * Reads a record from what {@link serializeSessionRecord} wrote, checking every field.
 *
 * @param text JSON.
 * @param location Where it was, for errors.
 * @returns The record.
 * @throws StorageCorruptedError, StorageForeignError, StorageVersionError
 *
 * @example
 * import { getRecordStatus, parseSessionRecord } from "latchkey/storage";
 *
 * const statusOf = (json: string) => getRecordStatus(parseSessionRecord(json), Date.now() / 1000);
 */
export function parseSessionRecord(text: string, location = "a text"): SessionRecord {
  const fields = readEntry(text, {
    location,
    format,
    version,
    required: ["chainId", "state", "createdAt", "updatedAt", "session"],
    optional: ["proof", "grant", "userOpHash", "transactionHash", "blockNumber"],
  });
  return inEntry(location, () => {
    const session = parseSession(JSON.stringify(fields["session"]));
    const { state, proof, grant, userOpHash, transactionHash, blockNumber } = fields;
    if (!isState(state)) throw new StorageCorruptedError({ location, reason: "its state is unknown" });
    const chainId = parseNumber("chainId", fields["chainId"], 1, Number.MAX_SAFE_INTEGER);
    if (session.chainId !== 0n && session.chainId !== BigInt(chainId))
      throw new StorageCorruptedError({ location, reason: "its chain is not that of its session" });
    return {
      id: getSessionId(session),
      chainId,
      session,
      state,
      ...(proof === undefined ? {} : { proof: parseHashes("proof", proof) }),
      ...(grant === undefined ? {} : { grant: parseGrant(grant) }),
      ...(userOpHash === undefined ? {} : { userOpHash: parseBytes("userOpHash", userOpHash, 32) }),
      ...(transactionHash === undefined ? {} : { transactionHash: parseBytes("transactionHash", transactionHash, 32) }),
      ...(blockNumber === undefined ? {} : { blockNumber: parseBlock(blockNumber) }),
      createdAt: parseSeconds("createdAt", fields["createdAt"]),
      updatedAt: parseSeconds("updatedAt", fields["updatedAt"]),
    };
  });
}

/** Checks what is said to have been seen on the chain. */
export function parseObservation(value: SessionObservation): SessionObservation {
  checkParameters("observe's argument", value, ["state", "blockNumber", "transactionHash"]);
  const { state, blockNumber, transactionHash } = value;
  if (!isState(state))
    throw new InvalidParameterError({ parameter: "state", expected: "requested, granted or revoked" });
  return {
    state,
    blockNumber: parseAmount("blockNumber", blockNumber, maxBlock),
    ...(transactionHash === undefined ? {} : { transactionHash: parseBytes("transactionHash", transactionHash, 32) }),
  };
}

/** Whether a value is a {@link SessionStatus}. */
export function isStatus(value: unknown): value is SessionStatus {
  return statuses.includes(value);
}

function isState(value: unknown): value is SessionState {
  return states.includes(value);
}

/** Checks the siblings of a proof, or the ids of a bundle. */
export function parseHashes(parameter: string, value: unknown): readonly Hex[] {
  if (!Array.isArray(value) || value.length > 255)
    throw new InvalidParameterError({ parameter, expected: "a list of at most 255" });
  return value.map((item, index) => parseBytes(`${parameter}[${index}]`, item, 32));
}

/** Checks an owner's grant. */
export function parseGrant(value: unknown): SignedGrant {
  const isGrant = typeof value === "object" && value !== null && "ids" in value && "signature" in value;
  if (!isGrant || Object.keys(value).length !== 2)
    throw new InvalidParameterError({ parameter: "grant", expected: "`ids` and `signature`" });
  return { ids: parseHashes("grant.ids", value.ids), signature: parseBytes("grant.signature", value.signature) };
}

function parseBlock(value: unknown): bigint {
  const digits = typeof value === "string" && /^(0|[1-9]\d{0,19})$/.test(value) ? BigInt(value) : undefined;
  return parseAmount("blockNumber", digits, maxBlock);
}

function parseSeconds(parameter: string, value: unknown): number {
  return parseNumber(parameter, value, 0, 1e11);
}
