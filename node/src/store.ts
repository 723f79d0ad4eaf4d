import { mkdir } from "node:fs/promises";
import { ed25519 } from "@noble/curves/ed25519.js";
import { ClassicLevel } from "classic-level";
import type { DistributedConsent } from "latchkey/distributed/protocol";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { type PassphraseParameters, Vault, VaultError } from "./vault.js";

/** What a node keeps of a key. */
export type KeyRecord = {
  readonly id: Hex;
  /** "pending" until all nodes have said that they have the same key. */
  readonly status: "pending" | "active" | "revoked";
  readonly consent: DistributedConsent;
  /** The attempt that generated it, and the hash of what was said in its first round. */
  readonly attempt: Hex;
  readonly transcript: Hex;
  /** What the nodes committed to together; the first point is the public key. */
  readonly commitments: readonly Hex[];
  /** This node's share; nothing once it is deleted. */
  readonly share: Hex | undefined;
};

const MARK = "latchkey-node";

/** How long marks of spent nonces are kept, in ms: much longer than a nonce is in memory. */
const SPENT_LIFETIME = 3_600_000;
const DAY = 86_400_000;

/** How long keys are kept after their consent has ended, in ms: less if they were never in use. */
const ENDED_LIFETIME = 30 * DAY;
const PENDING_LIFETIME = DAY;

/**
 * What a node keeps on disk. Everything that is secret is encrypted; what must be known after a crash is on the disk before
 * it is acted upon.
 */
export class Store {
  readonly #level: ClassicLevel<string, string>;
  readonly #vault: Vault;
  readonly #requests = new Map<string, number>();
  readonly #values = new Map<string, bigint>();
  /** What there is to know of keys without decrypting them: nothing of one that cannot be read. */
  readonly #keys = new Map<string, KeySummary | undefined>();
  #queue: Promise<unknown> = Promise.resolve();
  #pruned = 0;
  /** Not a field, which a log of whatever holds the store would show. */
  readonly #identity: Uint8Array;

  private constructor(
    level: ClassicLevel<string, string>,
    vault: Vault,
    identity: Uint8Array,
    requests: readonly (readonly [string, number])[],
  ) {
    this.#level = level;
    this.#vault = vault;
    this.#identity = identity;
    this.#requests = new Map(requests);
  }

  /**
   * Opens a node's directory, or makes it.
   *
   * @throws VaultError if the passphrase is not the one that it was made with.
   */
  static async open(directory: string, passphrase: string): Promise<Store> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const level = new ClassicLevel<string, string>(directory);
    try {
      await level.open();
    } catch (error) {
      const { code } = Object(error instanceof Error ? error.cause : undefined);
      if (code === "LEVEL_LOCKED") throw new VaultError("the directory is in use: the node is to be stopped first");
      throw error;
    }
    try {
      const { vault, identity } = await Store.#unlock(level, passphrase);
      const requests: [string, number][] = [];
      for await (const [name, time] of level.iterator({ gt: "request/", lt: "request0" }))
        requests.push([name, Number(time)]);
      const store = new Store(level, vault, identity, requests);
      await store.#readKeys();
      await store.#prune();
      return store;
    } catch (error) {
      await level.close();
      throw error;
    }
  }

  static async #unlock(level: ClassicLevel<string, string>, passphrase: string) {
    const known = await level.get("vault");
    const parameters: PassphraseParameters = known === undefined ? Vault.parameters() : JSON.parse(known);
    const vault = await Vault.open(passphrase, parameters);
    if (known !== undefined) {
      const [mark, secret] = await level.getMany(["mark", "identity"]);
      if (mark === undefined || secret === undefined) throw new VaultError("the directory is not whole");
      if (vault.open("mark", mark) !== MARK) throw new VaultError("the directory is another program's");
      return { vault, identity: hexToBytes(toHex(vault.open("identity", secret))) };
    }
    const identity = ed25519.utils.randomSecretKey();
    await level.batch(
      [
        { type: "put", key: "vault", value: JSON.stringify(parameters) },
        { type: "put", key: "mark", value: vault.seal("mark", MARK) },
        { type: "put", key: "identity", value: vault.seal("identity", bytesToHex(identity)) },
      ],
      { sync: true },
    );
    return { vault, identity };
  }

  /** The secret of the node's identity. */
  get identity(): Uint8Array {
    return this.#identity;
  }

  async close(): Promise<void> {
    await this.#level.close();
  }

  /** How many keys there are, in use or not. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /** How many keys can be signed with. */
  get activeKeyCount(): number {
    return [...this.#keys.values()].filter((key) => key?.status === "active").length;
  }

  /** Whether there is room for one key more, when keys that are long over have been removed. */
  async hasRoom(most: number): Promise<boolean> {
    if (this.keyCount >= most && Date.now() - this.#pruned > SPENT_LIFETIME) await this.#prune();
    return this.keyCount < most;
  }

  async #readKeys(): Promise<void> {
    for await (const [name, sealed] of this.#level.iterator({ gt: "key/", lt: "key0" })) {
      try {
        this.#keys.set(name, summarize(parseRecord(this.#vault.open(name, sealed))));
      } catch {
        // One record that cannot be read does not keep the node from working with the others.
        this.#keys.set(name, undefined);
      }
    }
  }

  async getKey(id: Hex): Promise<KeyRecord | undefined> {
    const name = `key/${id}`;
    const sealed = await this.#level.get(name);
    return sealed === undefined ? undefined : parseRecord(this.#vault.open(name, sealed));
  }

  /**
   * Changes what is kept of a key, one change after the other, so that none is lost. A key that is revoked stays so, and a
   * share that is deleted does not come back.
   *
   * @param change Told what is there; returns what shall be, or throws.
   */
  updateKey(id: Hex, change: (record: KeyRecord | undefined) => KeyRecord): Promise<KeyRecord> {
    return this.#inTurn(async () => {
      const before = await this.getKey(id);
      const after = change(before);
      if (before?.status === "revoked" && (after.status !== "revoked" || (!before.share && after.share)))
        throw new VaultError("the key has been revoked here, for ever");
      const name = `key/${id}`;
      const deletes = before?.share !== undefined && after.share === undefined;
      // The database keeps what was overwritten until it tidies up: a deleted share must not wait for that. What is in its
      // log goes to a table first, because a table drops only what an older one holds.
      if (deletes) await this.#level.compactRange(name, name);
      await this.#level.put(name, this.#vault.seal(name, formatRecord(after)), { sync: true });
      this.#keys.set(name, summarize(after));
      if (deletes) await this.#level.compactRange(name, name);
      return after;
    });
  }

  async listKeys(): Promise<readonly KeyRecord[]> {
    const records: KeyRecord[] = [];
    for await (const [name, sealed] of this.#level.iterator({ gt: "key/", lt: "key0" }))
      records.push(parseRecord(this.#vault.open(name, sealed)));
    return records;
  }

  /**
   * Takes in a key from a backup, with the identity that its share belongs to. For a directory without keys, or one that has
   * that identity. What the directory knows of the key counts for more than the backup, which is older.
   *
   * @throws VaultError, also for a key that has been revoked here.
   */
  async restore(record: KeyRecord, identity: Uint8Array): Promise<KeyRecord> {
    const same = bytesToHex(identity) === bytesToHex(this.identity);
    if (!same && (await this.listKeys()).length > 0)
      throw new VaultError("the backup is another node's, and this directory has keys of its own");
    if (!same) await this.#level.put("identity", this.#vault.seal("identity", bytesToHex(identity)), { sync: true });
    return this.updateKey(record.id, (now) => (now === undefined || now.status === "revoked" ? record : now));
  }

  /** Remembers a request; false if it came before. Forgets those whose time, in ms, is before `since`. */
  async useRequest({ key, nonce, time, since }: { key: Hex; nonce: Hex; time: number; since: number }) {
    const name = `request/${key}/${nonce}`;
    if (this.#requests.has(name)) return false;
    // Before anything is waited for, so that two at once cannot both be the first.
    this.#requests.set(name, time);
    const old: string[] = [];
    for (const [other, at] of this.#requests) {
      // In the order in which they came: the rest is younger, or nearly so.
      if (at >= since || old.length >= 100) break;
      this.#requests.delete(other);
      old.push(other);
    }
    await this.#level.batch(
      [{ type: "put", key: name, value: String(time) }, ...old.map((key) => ({ type: "del", key }) as const)],
      { sync: true },
    );
    return true;
  }

  /** Marks a nonce commitment as spent, on the disk; false if it was. */
  async spend(commitment: Hex): Promise<boolean> {
    const name = `spent/${commitment}`;
    if ((await this.#level.get(name)) !== undefined) return false;
    await this.#level.put(name, String(Date.now()), { sync: true });
    if (Date.now() - this.#pruned > SPENT_LIFETIME) await this.#prune();
    return true;
  }

  /** Forgets marks of nonces that are long gone from memory, what was moved on days gone by, and keys that are long over. */
  async #prune(): Promise<void> {
    this.#pruned = Date.now();
    const old: string[] = [];
    for await (const [name, time] of this.#level.iterator({ gt: "spent/", lt: "spent0" }))
      if (this.#pruned - Number(time) > SPENT_LIFETIME) old.push(name);
    const today = Math.floor(this.#pruned / DAY);
    for await (const name of this.#level.keys({ gt: "value/", lt: "value0" }))
      if (today - Number(name.split("/")[2]) > 1) {
        old.push(name);
        this.#values.delete(name);
      }
    await this.#level.batch(old.map((key) => ({ type: "del", key })));
    await this.#inTurn(() => this.#removeEndedKeys());
  }

  /** Nothing can be signed with them, and nothing can be generated anew: their consent is over. */
  async #removeEndedKeys(): Promise<void> {
    const ended = [...this.#keys].filter(([, key]) => key !== undefined && Date.now() > key.keptUntil);
    if (ended.length === 0) return;
    // As in updateKey: their shares leave the disk with them.
    await this.#level.compactRange("key/", "key0");
    await this.#level.batch(
      ended.map(([key]) => ({ type: "del", key })),
      { sync: true },
    );
    await this.#level.compactRange("key/", "key0");
    for (const [name] of ended) this.#keys.delete(name);
  }

  /** Adds to what a key has moved in a day, unless that would be more than the limit. Returns whether it did. */
  addValue({ key, day, value, limit }: { key: Hex; day: number; value: bigint; limit: bigint }): Promise<boolean> {
    return this.#inTurn(async () => {
      const name = `value/${key}/${day}`;
      const before = this.#values.get(name) ?? BigInt((await this.#level.get(name)) ?? 0);
      if (before + value > limit) return false;
      await this.#level.put(name, String(before + value), { sync: true });
      this.#values.set(name, before + value);
      return true;
    });
  }

  /** Does one thing after the other. */
  #inTurn<value>(action: () => Promise<value>): Promise<value> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => {});
    return done;
  }
}

type KeySummary = { readonly status: KeyRecord["status"]; readonly keptUntil: number };

function summarize({ status, consent }: KeyRecord): KeySummary {
  const lifetime = status === "pending" ? PENDING_LIFETIME : ENDED_LIFETIME;
  return { status, keptUntil: consent.validUntil * 1_000 + lifetime };
}

function formatRecord({ consent, share, ...record }: KeyRecord): string {
  return JSON.stringify({
    ...record,
    consent: { ...consent, chainId: consent.chainId.toString() },
    ...(share === undefined ? {} : { share }),
  });
}

function parseRecord(text: string): KeyRecord {
  const record = JSON.parse(text);
  return { ...record, share: record.share, consent: { ...record.consent, chainId: BigInt(record.consent.chainId) } };
}

function toHex(text: string): Hex {
  return `0x${text.slice(2)}`;
}

/** A key's record as it is taken to another directory: encrypted with a passphrase of its own. */
export async function exportRecord(record: KeyRecord, identity: Uint8Array, passphrase: string): Promise<string> {
  const parameters = Vault.parameters();
  const vault = await Vault.open(passphrase, parameters);
  const content = JSON.stringify({ record: formatRecord(record), identity: bytesToHex(identity) });
  return JSON.stringify({ format: "latchkey-node-backup", version: 1, parameters, sealed: vault.seal(MARK, content) });
}

function parseBackup(text: string) {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new VaultError("this is no backup of a key");
  }
}

/** @throws VaultError */
export async function importRecord(
  backup: string,
  passphrase: string,
): Promise<{ record: KeyRecord; identity: Uint8Array }> {
  const { format, version, parameters, sealed } = parseBackup(backup);
  if (format !== "latchkey-node-backup" || version !== 1) throw new VaultError("this is no backup of a key");
  const vault = await Vault.open(passphrase, Object(parameters));
  const { record, identity } = JSON.parse(vault.open(MARK, sealed));
  return { record: parseRecord(record), identity: hexToBytes(identity) };
}
