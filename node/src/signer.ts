import { secp256k1_FROST as frost } from "@noble/curves/secp256k1.js";
import {
  type NodeCommitment,
  type NodeMessage,
  openCommitment,
  signNodeMessage,
  toCommitmentList,
} from "latchkey/distributed/protocol";
import { bytesToHex, concat, type Hex, hexToBytes, keccak256 } from "viem";
import { Refusal } from "./refusal.js";
import type { KeyRecord, Store } from "./store.js";

/** Nonces that were committed to and not used yet. */
type Pending = {
  readonly key: Hex;
  readonly nonces: ReturnType<typeof frost.commit>["nonces"];
  readonly commitment: NodeCommitment;
  readonly begun: number;
};

const LIFETIME = 120_000;
const MOST_PENDING = 4_096;
const MOST_PENDING_PER_KEY = 512;

/**
 * Signs with shares. A nonce that is used twice gives the share away, so each is taken out of memory, and marked as spent on
 * the disk, before it is used. Nonces are nowhere but in memory: no crash, and no backup that is restored, brings one back.
 */
export class Signer {
  readonly #store: Store;
  readonly #self: Hex;
  /** By key and attempt: what another key's attempt is called has no effect. In the order in which they were made. */
  readonly #pending = new Map<string, Pending>();

  constructor(store: Store, self: Hex) {
    this.#store = store;
    this.#self = self;
  }

  /** How many nonces are committed to and not used yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** First round: a commitment to fresh nonces, for one signature. */
  commit({ record, attempt }: { record: KeyRecord; attempt: Hex }): NodeMessage {
    const { id: key, consent } = record;
    this.#forget();
    const name = nameOf(key, attempt);
    if (this.#pending.has(name)) throw new Refusal("nonce", "There is a commitment for this attempt.");
    const ofKey = [...this.#pending.values()].filter((pending) => pending.key === key).length;
    if (ofKey >= MOST_PENDING_PER_KEY) throw new Refusal("busy", "Too many signatures are being made.");
    const { nonces, commitments } = frost.commit(getSecret(record, consent.nodes.indexOf(this.#self)));
    const commitment = {
      node: this.#self,
      hiding: bytesToHex(commitments.hiding),
      binding: bytesToHex(commitments.binding),
    };
    // Keys that commit and never sign are in the way of no other for long.
    const [oldest] = this.#pending;
    if (oldest !== undefined && this.#pending.size >= MOST_PENDING) this.#drop(...oldest);
    this.#pending.set(name, { key, nonces, commitment, begun: Date.now() });
    const { hiding, binding } = commitment;
    return this.#say("commitment", key, attempt, { hiding, binding });
  }

  /**
   * Second round, in two steps: what this checks first can be asked again; with what it returns the nonces are spent.
   */
  prepare({ record, attempt, commitments }: { record: KeyRecord; attempt: Hex; commitments: readonly unknown[] }): {
    sign: (digest: Hex) => Promise<NodeMessage>;
  } {
    const { id: key, consent } = record;
    this.#forget();
    const pending = this.#pending.get(nameOf(key, attempt));
    if (pending === undefined) throw new Refusal("nonce", "There is no commitment for this attempt, or it is spent.");
    const opened = commitments.map((message) => openCommitment(message, { key, attempt }));
    const nodes = new Set(opened.map(({ node }) => node));
    if (nodes.size !== opened.length) throw new Refusal("commitments", "A node is named twice.");
    if (opened.length < consent.threshold)
      throw new Refusal("commitments", `There are ${opened.length} commitments; ${consent.threshold} are needed.`);
    if (opened.some(({ node }) => !consent.nodes.includes(node)))
      throw new Refusal("commitments", "A node is not one of the key's.");
    const own = opened.find(({ node }) => node === this.#self);
    if (own === undefined || own.hiding !== pending.commitment.hiding || own.binding !== pending.commitment.binding)
      throw new Refusal("commitments", "This node's commitment is missing, or another one.");
    return { sign: (digest) => this.#sign({ record, attempt, pending, digest, commitments: opened }) };
  }

  async #sign({
    record,
    attempt,
    pending,
    digest,
    commitments,
  }: {
    record: KeyRecord;
    attempt: Hex;
    pending: Pending;
    digest: Hex;
    commitments: readonly NodeCommitment[];
  }): Promise<NodeMessage> {
    const { nodes, threshold } = record.consent;
    const name = nameOf(record.id, attempt);
    if (this.#pending.get(name) !== pending) throw new Refusal("nonce", "The commitment is spent, or forgotten.");
    // Gone from memory before anything is waited for: of two requests at once, one finds nothing.
    this.#pending.delete(name);
    const { nonces, commitment } = pending;
    const fresh = await this.#store.spend(keccak256(concat([commitment.hiding, commitment.binding])));
    if (!fresh) throw new Refusal("nonce", "The commitment is spent.");
    const share = frost.signShare(
      getSecret(record, nodes.indexOf(this.#self)),
      {
        signers: { min: threshold, max: nodes.length },
        commitments: record.commitments.map((point) => hexToBytes(point)),
        // To give a part does not take what the others' parts must fit.
        verifyingShares: {},
      },
      nonces,
      toCommitmentList(nodes, commitments),
      hexToBytes(digest),
    );
    return this.#say("share", record.id, attempt, { digest, share: bytesToHex(share) });
  }

  #forget(): void {
    for (const [name, pending] of this.#pending) {
      if (Date.now() - pending.begun <= LIFETIME) break;
      this.#drop(name, pending);
    }
  }

  #drop(name: string, { nonces }: Pending): void {
    nonces.hiding.fill(0);
    nonces.binding.fill(0);
    this.#pending.delete(name);
  }

  #say(type: NodeMessage["type"], key: Hex, attempt: Hex, body: unknown): NodeMessage {
    return signNodeMessage(this.#store.identity, { type, from: this.#self, key, attempt, body });
  }
}

function nameOf(key: Hex, attempt: Hex): string {
  return `${key} ${attempt}`;
}

function getSecret({ share }: KeyRecord, index: number) {
  if (share === undefined) throw new Refusal("revoked", "The share is deleted.");
  return { identifier: frost.Identifier.fromNumber(index + 1), signingShare: hexToBytes(share) };
}
