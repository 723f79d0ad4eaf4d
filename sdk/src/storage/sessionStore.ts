import { type Address, type Hash, type Hex, isAddressEqual, parseEventLogs, type TransactionReceipt } from "viem";
import type { UserOperationReceipt } from "viem/account-abstraction";
import type { ContractOverrides } from "../addresses.js";
import { LatchkeyError } from "../errors/base.js";
import { InvalidParameterError } from "../errors/input.js";
import { SessionRevokedError } from "../errors/manager.js";
import { SessionRecordNotFoundError, StorageCorruptedError } from "../errors/storage.js";
import { SessionNotInGrantError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import { getProofRoot } from "../session/sessionTree.js";
import type { Session } from "../types.js";
import type { SignedGrant } from "../use/encodeUse.js";
import { checkParameters, parseAddress, parseBytes, parseNumber, parseTime } from "../utils/validate.js";
import { checkAdapter, describeEntry, type StorageAdapter, updateEntry } from "./adapter.js";
import { getDefaultAdapter } from "./defaultAdapter.js";
import type { Encryption } from "./encryption.js";
import {
  getRecordStatus,
  isStatus,
  observeSession,
  parseGrant,
  parseHashes,
  parseObservation,
  parseSessionRecord,
  type SessionObservation,
  type SessionRecord,
  type SessionState,
  type SessionStatus,
  serializeSessionRecord,
} from "./record.js";
import { createSessionKeyStore, type SessionKeyStore } from "./sessionKeys.js";

/** A session by its id; one that is for every chain, by its id and the chain. */
export type SessionReference = Hex | { readonly id: Hex; readonly chainId: number };

/** A record with where the session stands now. */
export type StoredSession = SessionRecord & { readonly status: SessionStatus };

/** Which records to list. What is left out does not matter. */
export type SessionFilter = {
  account?: Address | undefined;
  chainId?: number | undefined;
  /** How sessions name the key. */
  sessionKey?: Hex | undefined;
  status?: SessionStatus | readonly SessionStatus[] | undefined;
  /** Takes the error about an entry that cannot be read, which is then left out; without it, that error is thrown. */
  onProblem?: ((error: LatchkeyError) => void) | undefined;
};

export type AddSessionParameters = {
  session: Session;
  /** The chain, for a session that is for every chain. */
  chainId?: number | undefined;
  /** For a session in a Merkle tree: the siblings from its id up. */
  proof?: readonly Hex[] | undefined;
  /** For a session that the owner granted by a signature: that. */
  grant?: SignedGrant | undefined;
  /** The user operation that is to grant it. */
  userOpHash?: Hash | undefined;
};

/** What may be changed of a record; the rest follows from the session and the chain. */
export type SessionChange = Pick<SessionRecord, "proof" | "grant" | "userOpHash">;

export type ApplyReceiptParameters = {
  /** The chain that the receipt is from. */
  chainId: number;
  /** The receipt of a transaction or a user operation. */
  receipt: TransactionReceipt | UserOperationReceipt;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type CreateSessionStoreParameters = {
  /** Where records are kept; what fits the environment if it is left out, see {@link getDefaultAdapter}. */
  adapter?: StorageAdapter | undefined;
  /** What private keys are encrypted with; without it none is kept. */
  encryption?: Encryption | undefined;
  /** The time in seconds since 1970, by which sessions expire; the clock's if it is left out. */
  now?: (() => number) | undefined;
};

/** Records of sessions. Every change is atomic: processes that write at once lose nothing. */
export type SessionStore = {
  /** Where the records are; `kind` and `location` say what was chosen. */
  readonly adapter: StorageAdapter;
  /** Whether the adapter was chosen for the environment, and not given. */
  readonly isDefault: boolean;
  /** The record of a session, or undefined. */
  readonly get: (session: SessionReference) => Promise<StoredSession | undefined>;
  /** The records that fit, the oldest first. */
  readonly list: (filter?: SessionFilter) => Promise<readonly StoredSession[]>;
  /**
   * Adds a session, pending until a receipt or the chain says otherwise. One that is there stays what it is, and takes on
   * `proof`, `grant` and `userOpHash`.
   *
   * @throws SessionRevokedError if it was revoked.
   */
  readonly add: (parameters: AddSessionParameters) => Promise<StoredSession>;
  /**
   * Changes `proof`, `grant` or `userOpHash` by a function of the record, which is called again if another process was
   * quicker.
   *
   * @throws SessionRecordNotFoundError
   */
  readonly update: (
    session: SessionReference,
    change: (current: StoredSession) => SessionChange,
  ) => Promise<StoredSession>;
  /**
   * Takes in what was seen of a session on the chain. {@link SessionStore.applyReceipt} and `refreshSessions` do this.
   *
   * @throws SessionRecordNotFoundError
   */
  readonly observe: (session: SessionReference, observation: SessionObservation) => Promise<StoredSession>;
  /**
   * Takes in what a receipt says: sessions turn active by the manager's events, granted alone or in a tree, and revoked,
   * alone or by a new epoch. A failed operation has no such events, so it changes nothing. A tree that was revoked makes its
   * sessions pending, until `refreshSessions` has seen whether they were granted on their own too. As a revocation is final
   * here, wait until its block is: a chain may still replace a block that is young.
   *
   * @returns The records that changed.
   */
  readonly applyReceipt: (parameters: ApplyReceiptParameters) => Promise<readonly StoredSession[]>;
  /** Forgets a session, here and not on the chain. Its key is forgotten by `keys.remove`. */
  readonly remove: (session: SessionReference) => Promise<void>;
  /** The keys of sessions. */
  readonly keys: SessionKeyStore;
};

const prefix = "session.";

/**
 * Opens a store of sessions, over an adapter or what fits the environment.
 *
 * A record says what was last seen of a session on a chain. It is "pending" when it is added, "active" by a receipt or the
 * chain, "expired" by the time, and "revoked" for good. A private key has no place in it.
 *
 * @param parameters {@link CreateSessionStoreParameters}
 * @returns {@link SessionStore}
 * @throws StorageUnavailableError where no adapter is given and none fits; InvalidParameterError. Its functions throw
 * StorageCorruptedError, StorageForeignError and StorageVersionError about entries that cannot be read, which are never
 * overwritten, and the adapter's errors.
 *
 * @example
 * import { grantSession, type Session } from "latchkey";
 * import { createSessionStore } from "latchkey/storage";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const store = createSessionStore();
 * const grant = async (client: BundlerClient, account: SmartAccount, session: Session) => {
 *   await store.add({ session }); // pending
 *   const { receipt } = await grantSession(client, { account, session });
 *   await store.applyReceipt({ chainId: 11155111, receipt }); // active
 * };
 */
export function createSessionStore(parameters: CreateSessionStoreParameters = {}): SessionStore {
  checkParameters("createSessionStore's argument", parameters, ["adapter", "encryption", "now"]);
  const { adapter = getDefaultAdapter(), encryption } = parameters;
  checkAdapter(adapter);
  const now = () => parseTime("now", parameters.now?.() ?? Math.floor(Date.now() / 1000));
  const { location } = adapter;
  const store: SessionStore = {
    adapter,
    isDefault: parameters.adapter === undefined,
    get: async (reference) => {
      for (const key of listKeys(reference)) {
        const record = read(key, await adapter.get(key));
        if (record && fits(record, reference)) return withStatus(record);
      }
      return undefined;
    },
    list,
    add,
    update: (reference, change) =>
      modify(reference, (current) => ({ ...current, ...parseChange(current.id, change(withStatus(current))) })),
    observe: async (reference, observation) => {
      const parsed = parseObservation(observation);
      return modify(reference, (current) => observeSession(current, parsed));
    },
    applyReceipt,
    remove: async (reference) => {
      const found = await store.get(reference);
      if (found === undefined) return;
      await updateEntry(adapter, getKey(found), (text) => {
        read(getKey(found), text);
        return undefined;
      });
    },
    keys: createSessionKeyStore(adapter, encryption),
  };
  return store;

  function withStatus(record: SessionRecord): StoredSession {
    return { ...record, status: getRecordStatus(record, now()) };
  }

  /** The record in an entry. What cannot be read, or is another's, throws: so it is never overwritten. */
  function read(key: string, text: string | undefined): SessionRecord | undefined {
    if (text === undefined) return undefined;
    const where = describeEntry(adapter, key);
    const record = parseSessionRecord(text, where);
    if (getKey(record) !== key)
      throw new StorageCorruptedError({ location: where, reason: "it holds the record of another session" });
    return record;
  }

  async function list(filter: SessionFilter = {}): Promise<readonly StoredSession[]> {
    checkParameters("list's filter", filter, ["account", "chainId", "sessionKey", "status", "onProblem"]);
    const isWanted = createFilter(filter);
    const keys = (await adapter.keys()).filter((key) => key.startsWith(prefix));
    const records: (StoredSession | undefined)[] = [];
    // Some at a time: a folder of thousands must not open them all at once.
    for (let index = 0; index < keys.length; index += 64)
      records.push(...(await Promise.all(keys.slice(index, index + 64).map((key) => readListed(key, filter)))));
    return records
      .filter((record) => record !== undefined)
      .filter(isWanted)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.chainId - b.chainId));
  }

  async function readListed(key: string, { onProblem }: SessionFilter): Promise<StoredSession | undefined> {
    try {
      const record = read(key, await adapter.get(key));
      return record && withStatus(record);
    } catch (error) {
      if (!onProblem || !(error instanceof LatchkeyError)) throw error;
      onProblem(error);
      return undefined;
    }
  }

  async function add(added: AddSessionParameters): Promise<StoredSession> {
    checkParameters("add's argument", added, ["session", "chainId", "proof", "grant", "userOpHash"]);
    const { session } = added;
    const id = getSessionId(session);
    const chainId = getChainId(session, added.chainId);
    const change = parseChange(id, { proof: added.proof, grant: added.grant, userOpHash: added.userOpHash });
    const created: SessionRecord = { id, chainId, session, state: "requested", createdAt: now(), updatedAt: now() };
    return write(getKey(created), (current) => {
      if (current?.state === "revoked") throw new SessionRevokedError({ id });
      return { ...(current ?? created), ...change };
    });
  }

  /** Changes a record that is there. */
  async function modify(
    reference: SessionReference,
    change: (current: SessionRecord) => SessionRecord,
  ): Promise<StoredSession> {
    const missing = () =>
      new SessionRecordNotFoundError({
        id: toId(reference),
        chainId: typeof reference === "string" ? undefined : reference.chainId,
        location,
      });
    const found = await store.get(reference);
    if (found === undefined) throw missing();
    return write(getKey(found), (current) => {
      if (current === undefined) throw missing();
      return change(current);
    });
  }

  async function write(
    key: string,
    change: (current: SessionRecord | undefined) => SessionRecord,
  ): Promise<StoredSession> {
    const text = await updateEntry(adapter, key, (present) => {
      const current = read(key, present);
      const next = change(current);
      if (current === undefined) return serializeSessionRecord(next);
      const isSame = serializeSessionRecord(next) === serializeSessionRecord(current);
      return isSame ? present : serializeSessionRecord({ ...next, updatedAt: Math.max(now(), current.updatedAt) });
    });
    const record = read(key, text);
    if (record === undefined) throw new StorageCorruptedError({ location, reason: "an entry was not written" });
    return withStatus(record);
  }

  async function applyReceipt(applied: ApplyReceiptParameters): Promise<readonly StoredSession[]> {
    checkParameters("applyReceipt's argument", applied, ["chainId", "receipt", "contracts"]);
    const { chainId, receipt, contracts } = applied;
    const manager = getManager(contracts);
    const { logs, blockNumber, transactionHash } = "userOpHash" in receipt ? receipt.receipt : receipt;
    // All of the transaction, in its order: what happened, happened, in whichever operation.
    const events = parseEventLogs({
      abi: sessionKeyManagerAbi,
      eventName: ["SessionGranted", "SessionRevoked", "EpochMoved"],
      logs,
    }).filter(({ address }) => isAddressEqual(address, manager));
    const changed = new Map<string, StoredSession>();
    for (const event of events) {
      const records = await list({ account: event.args.account, chainId });
      for (const { record, state } of records.flatMap((item) => readEvent(item, event))) {
        const next = await store.observe(record, { state, blockNumber, transactionHash });
        if (next.state !== record.state || next.transactionHash !== record.transactionHash)
          changed.set(getKey(record), next);
      }
    }
    return [...changed.values()];
  }
}

type ManagerEvent =
  | { eventName: "SessionGranted" | "SessionRevoked"; args: { id: Hex } }
  | { eventName: "EpochMoved"; args: { epoch: bigint } };

/** What an event of the session's account says about the session, if anything. */
function readEvent(
  record: SessionRecord,
  event: ManagerEvent,
): readonly { record: SessionRecord; state: SessionState }[] {
  if (event.eventName === "EpochMoved")
    return record.session.epoch < event.args.epoch ? [{ record, state: "revoked" }] : [];
  const { id, proof } = record;
  const isOwn = event.args.id === id;
  const isOfTree = proof !== undefined && event.args.id === getProofRoot(id, proof);
  if (!isOwn && !isOfTree) return [];
  if (event.eventName === "SessionGranted") return [{ record, state: "granted" }];
  // The end of a tree leaves a session alone that was granted on its own too, which only the chain can tell.
  return [{ record, state: isOwn ? "revoked" : "requested" }];
}

function createFilter({ account, chainId, sessionKey, status }: SessionFilter): (record: StoredSession) => boolean {
  const address = account === undefined ? undefined : parseAddress("account", account);
  const key = sessionKey === undefined ? undefined : parseBytes("sessionKey", sessionKey);
  const chain = chainId === undefined ? undefined : parseChainId(chainId);
  const statuses: readonly unknown[] | undefined = status === undefined || Array.isArray(status) ? status : [status];
  if (statuses?.some((item) => !isStatus(item)))
    throw new InvalidParameterError({ parameter: "status", expected: "pending, active, expired or revoked" });
  return (record) =>
    (address === undefined || isAddressEqual(record.session.account, address)) &&
    (chain === undefined || record.chainId === chain) &&
    (key === undefined || record.session.sessionKey.toLowerCase() === key) &&
    (statuses === undefined || statuses.includes(record.status));
}

/** Checks what may be changed of a record, and leaves out the rest. */
function parseChange(id: Hex, { proof, grant, userOpHash }: SessionChange): SessionChange {
  const parsedGrant = grant === undefined ? undefined : parseGrant(grant);
  if (parsedGrant && !parsedGrant.ids.includes(id)) throw new SessionNotInGrantError({ id, ids: parsedGrant.ids });
  return {
    ...(proof === undefined ? {} : { proof: parseHashes("proof", proof) }),
    ...(parsedGrant === undefined ? {} : { grant: parsedGrant }),
    ...(userOpHash === undefined ? {} : { userOpHash: parseBytes("userOpHash", userOpHash, 32) }),
  };
}

/** The chain that a record is about. */
function getChainId(session: Session, chainId: number | undefined): number {
  const chain = chainId === undefined ? undefined : parseChainId(chainId);
  if (session.chainId === 0n) {
    if (chain === undefined)
      throw new InvalidParameterError({ parameter: "chainId", expected: "a chain, as the session is for every chain" });
    return chain;
  }
  if (chain !== undefined && BigInt(chain) !== session.chainId)
    throw new InvalidParameterError({ parameter: "chainId", expected: `the session's chain, ${session.chainId}` });
  return parseNumber("session.chainId", Number(session.chainId), 1, Number.MAX_SAFE_INTEGER);
}

function parseChainId(value: unknown): number {
  return parseNumber("chainId", value, 1, Number.MAX_SAFE_INTEGER);
}

/** The key of a record's entry: by the id, and the chain where the id leaves it open. */
function getKey({ id, chainId, session }: Pick<SessionRecord, "id" | "chainId" | "session">): string {
  return session.chainId === 0n ? `${prefix}${id.slice(2)}.${chainId}` : `${prefix}${id.slice(2)}`;
}

/** The keys that the record of a session may have. */
function listKeys(reference: SessionReference): readonly string[] {
  const name = `${prefix}${toId(reference).slice(2)}`;
  return typeof reference === "string" ? [name] : [name, `${name}.${reference.chainId}`];
}

function fits({ chainId }: SessionRecord, reference: SessionReference): boolean {
  return typeof reference === "string" || reference.chainId === chainId;
}

function toId(reference: SessionReference): Hex {
  return parseBytes("id", typeof reference === "string" ? reference : reference.id, 32);
}
