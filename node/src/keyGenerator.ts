import { secp256k1_FROST as frost } from "@noble/curves/secp256k1.js";
import {
  asFields,
  asHex,
  type DistributedConsent,
  getIdentifier,
  getTranscript,
  isKeySupported,
  MalformedMessageError,
  type NodeMessage,
  openNodeMessage,
  parseGenerated,
  parseRound1,
  type Round1,
  signNodeMessage,
} from "latchkey/distributed/protocol";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { Refusal } from "./refusal.js";
import type { KeyRecord, Store } from "./store.js";
import { createEncryptionKey, decryptShare, encryptShare, VaultError } from "./vault.js";

/** What a node knows of an attempt to generate a key. Only in memory: after a crash the attempt is made anew. */
type Attempt = {
  readonly key: Hex;
  readonly consent: DistributedConsent;
  readonly secret: ReturnType<typeof frost.DKG.round1>["secret"];
  readonly encryption: ReturnType<typeof createEncryptionKey>;
  readonly message: NodeMessage;
  readonly begun: number;
  heard?: Heard;
};

/** What the first round said. */
type Heard = {
  readonly transcript: Hex;
  readonly others: readonly { readonly node: Hex; readonly round1: Round1 }[];
  readonly answers: readonly NodeMessage[];
};

const LIFETIME = 300_000;
const MOST_ATTEMPTS = 256;
const MOST_ATTEMPTS_PER_KEY = 4;

/**
 * Generates keys with other nodes, without a dealer (the distributed key generation that comes with FROST). Whoever carries
 * the messages is trusted with nothing: nodes sign what they say, encrypt shares to each other, and use a key only when all
 * of them have said that they heard and computed the same.
 */
export class KeyGenerator {
  readonly #store: Store;
  readonly #self: Hex;
  readonly #mostKeys: number;
  /** By key and attempt: what another key's attempt is called has no effect. In the order in which they began. */
  readonly #attempts = new Map<string, Attempt>();

  constructor(store: Store, self: Hex, mostKeys = Number.POSITIVE_INFINITY) {
    this.#store = store;
    this.#self = self;
    this.#mostKeys = mostKeys;
  }

  /** Refuses a key that there is no room for. */
  async requireRoom(key: Hex): Promise<void> {
    if ((await this.#store.getKey(key)) === undefined && !(await this.#store.hasRoom(this.#mostKeys)))
      throw this.#isFull();
  }

  /** Refuses a key that is not there, if there is no room left at the moment in which it would be written. */
  admit(record: KeyRecord | undefined): void {
    if (record === undefined && this.#store.keyCount >= this.#mostKeys) throw this.#isFull();
  }

  #isFull(): Refusal {
    return new Refusal("full", `This node keeps ${this.#mostKeys} keys, and has as many.`);
  }

  /** First round: this node's part of the polynomial, committed to, and a key to encrypt shares to it with. */
  async round1({
    key,
    attempt,
    consent,
  }: {
    key: Hex;
    attempt: Hex;
    consent: DistributedConsent;
  }): Promise<NodeMessage> {
    const record = await this.#store.getKey(key);
    requirePending(record);
    const name = nameOf(key, attempt);
    const known = this.#attempts.get(name);
    if (known !== undefined) return known.message;
    this.#forget();
    // Whoever begins again and again, with one key or with many, is in the way of nobody else for long.
    const ofKey = [...this.#attempts].filter(([, begun]) => begun.key === key);
    if (ofKey.length >= MOST_ATTEMPTS_PER_KEY) this.#dropFirst(ofKey);
    else if (this.#attempts.size >= MOST_ATTEMPTS) this.#dropFirst(this.#attempts);

    const identifier = getIdentifier(consent.nodes, this.#self);
    const { public: said, secret } = frost.DKG.round1(identifier, {
      min: consent.threshold,
      max: consent.nodes.length,
    });
    const encryption = createEncryptionKey();
    const message = this.#say("round1", key, attempt, {
      commitment: said.commitment.map((point) => bytesToHex(point)),
      proof: bytesToHex(said.proofOfKnowledge),
      encryptionKey: bytesToHex(encryption.publicKey),
    });
    this.#attempts.set(name, { key, consent, secret, encryption, message, begun: Date.now() });
    return message;
  }

  /** The consent of a key that is being generated. */
  consentOf(key: Hex): DistributedConsent | undefined {
    this.#forget();
    return [...this.#attempts.values()].find((attempt) => attempt.key === key)?.consent;
  }

  /** Second round: a share for each other node, which only that node can read. */
  round2({ key, attempt, messages }: { key: Hex; attempt: Hex; messages: readonly unknown[] }): readonly NodeMessage[] {
    const state = this.#find(key, attempt);
    const { consent } = state;
    const opened = consent.nodes.map((node, index) => {
      const { message, body } = openNodeMessage(messages[index], { type: "round1", key, attempt, from: node });
      return { node, message, round1: parseRound1(body, consent.threshold) };
    });
    if (messages.length !== consent.nodes.length) throw new MalformedMessageError("there are too many messages");
    const own = opened.find(({ node }) => node === this.#self);
    if (own?.message.body !== state.message.body) throw new MalformedMessageError("a message of mine is another one");
    const transcript = getTranscript({ key, attempt, messages: opened.map(({ message }) => message) });
    if (state.heard !== undefined) {
      // Whoever asks again gets the same; whoever says that something else was said gets nothing.
      if (state.heard.transcript === transcript) return state.heard.answers;
      throw new Refusal("attempt", "Something else was said in the first round of this attempt.");
    }

    const others = opened.filter(({ node }) => node !== this.#self);
    let shares: ReturnType<typeof frost.DKG.round2>;
    try {
      shares = frost.DKG.round2(state.secret, toRound1(consent, others));
    } catch {
      throw new Refusal("message", "What a node said in the first round is not proved.");
    }
    const answers = others.map(({ node, round1 }) => {
      const share = shares[getIdentifier(consent.nodes, node)]?.signingShare ?? new Uint8Array();
      const sealed = encryptShare({
        secret: state.encryption.secret,
        publicKey: hexToBytes(round1.encryptionKey),
        context: [key, attempt, transcript, this.#self, node].join(" "),
        share,
      });
      return this.#say("round2", key, attempt, { to: node, transcript, sealed: bytesToHex(sealed) });
    });
    state.heard = { transcript, others, answers };
    return answers;
  }

  /** Third round: this node's share of the key, kept on disk but not used yet, and what it found the key to be. */
  async round3({
    key,
    attempt,
    messages,
  }: {
    key: Hex;
    attempt: Hex;
    messages: readonly unknown[];
  }): Promise<NodeMessage> {
    const state = this.#find(key, attempt);
    const { consent, heard } = state;
    if (heard === undefined) throw new Refusal("attempt", "The second round has not been.");
    const record = await this.#store.getKey(key);
    if (record?.attempt === attempt) return this.describe(record);
    requirePending(record);
    // It may have been forgotten while the disk was read: its secrets are gone then.
    this.#find(key, attempt);
    if (messages.length !== heard.others.length) throw new MalformedMessageError("there is not one message a node");

    const received = heard.others.map(({ node, round1 }, index) => {
      const { body } = openNodeMessage(messages[index], { type: "round2", key, attempt, from: node });
      const signingShare = this.#readShare({ state, heard, node, round1, fields: asFields("round2", body) });
      return { identifier: getIdentifier(consent.nodes, node), signingShare };
    });
    // Who asked twice at once has it done twice: the library does it once.
    if (state.secret.step !== 2) throw new Refusal("attempt", "The third round is being done.");
    const { public: found, secret } = frost.DKG.round3(state.secret, toRound1(consent, heard.others), received);
    const commitments = found.commitments.map((point) => bytesToHex(point));
    if (!isKeySupported(commitments[0] ?? "0x"))
      throw new Refusal("message", "The key is one that no chain can verify. Generate another one.");
    const made: KeyRecord = {
      id: key,
      status: "pending",
      consent,
      attempt,
      transcript: heard.transcript,
      commitments,
      share: bytesToHex(secret.signingShare),
    };
    // Others may have been at it in the meantime.
    await this.#store.updateKey(key, (now) => {
      requirePending(now);
      this.admit(now);
      return made;
    });
    return this.describe(made);
  }

  /** Begins to use a key, when all nodes have said that they have the same. */
  async activate({ key, messages }: { key: Hex; messages: readonly unknown[] }): Promise<KeyRecord> {
    const record = await this.#store.getKey(key);
    if (record === undefined) throw new Refusal("unknown-key", "This node has no such key.");
    const { consent, attempt, transcript, commitments } = record;
    if (messages.length !== consent.nodes.length) throw new MalformedMessageError("there is not one message a node");
    for (const [index, from] of consent.nodes.entries()) {
      const { body } = openNodeMessage(messages[index], { type: "generated", key, attempt, from });
      const said = parseGenerated(body, consent.threshold);
      if (said.transcript !== transcript || said.commitments.join() !== commitments.join())
        throw new Refusal("message", "A node has another key than this one.");
    }
    const active = await this.#store.updateKey(key, (now) => {
      if (now?.status === "revoked") throw new Refusal("revoked", "The owner has revoked this key.");
      if (now?.attempt !== attempt) throw new Refusal("attempt", "The key has been generated anew.");
      return { ...now, status: "active" };
    });
    for (const [name, begun] of this.#attempts) if (begun.key === key) this.#drop(name, begun);
    return active;
  }

  /** What this node says of a key that it has. */
  describe({ id, attempt, transcript, commitments }: KeyRecord): NodeMessage {
    return this.#say("generated", id, attempt, { transcript, commitments });
  }

  #readShare({
    state: { key, consent, message, encryption },
    heard: { transcript },
    node,
    round1,
    fields,
  }: {
    state: Attempt;
    heard: Heard;
    node: Hex;
    round1: Round1;
    fields: { readonly [name: string]: unknown };
  }): Uint8Array {
    if (fields["to"] !== this.#self) throw new MalformedMessageError("a message is for another node");
    if (fields["transcript"] !== transcript) throw new Refusal("message", `Node ${node} heard something else.`);
    const identifier = getIdentifier(consent.nodes, this.#self);
    try {
      const signingShare = decryptShare({
        secret: encryption.secret,
        publicKey: hexToBytes(round1.encryptionKey),
        context: [key, message.attempt, transcript, node, this.#self].join(" "),
        sealed: hexToBytes(asHex("sealed", fields["sealed"])),
      });
      // Must fit what the node committed to; the library checks again, but does not say whose is wrong.
      frost.validateSecret(
        { identifier, signingShare },
        {
          signers: { min: consent.threshold, max: consent.nodes.length },
          commitments: round1.commitment.map((point) => hexToBytes(point)),
          verifyingShares: {},
        },
      );
      return signingShare;
    } catch (error) {
      const reason = error instanceof VaultError ? error.message : "not what it committed to";
      throw new Refusal("message", `The share that node ${node} sent is not right.`, { reason });
    }
  }

  #find(key: Hex, attempt: Hex): Attempt {
    this.#forget();
    const state = this.#attempts.get(nameOf(key, attempt));
    if (state === undefined) throw new Refusal("attempt", "This attempt has not begun here, or is over. Begin anew.");
    return state;
  }

  #forget(): void {
    for (const [name, attempt] of this.#attempts) if (Date.now() - attempt.begun > LIFETIME) this.#drop(name, attempt);
  }

  #dropFirst([oldest]: Iterable<readonly [string, Attempt]>): void {
    if (oldest !== undefined) this.#drop(...oldest);
  }

  #drop(name: string, { secret, encryption }: Attempt): void {
    frost.DKG.clean(secret);
    encryption.secret.fill(0);
    this.#attempts.delete(name);
  }

  #say(type: NodeMessage["type"], key: Hex, attempt: Hex, body: unknown): NodeMessage {
    return signNodeMessage(this.#store.identity, { type, from: this.#self, key, attempt, body });
  }
}

function nameOf(key: Hex, attempt: Hex): string {
  return `${key} ${attempt}`;
}

/** A key that is in use, or revoked, is not generated again. */
function requirePending(record: KeyRecord | undefined): void {
  if (record?.status === "revoked") throw new Refusal("revoked", "The owner has revoked this key.");
  if (record?.status === "active") throw new Refusal("key-exists", "The key of this consent has been generated.");
}

function toRound1(
  { nodes }: DistributedConsent,
  others: readonly { readonly node: Hex; readonly round1: Round1 }[],
): Parameters<typeof frost.DKG.round2>[1] {
  return others.map(({ node, round1: { commitment, proof } }) => ({
    identifier: getIdentifier(nodes, node),
    commitment: commitment.map((point) => hexToBytes(point)),
    proofOfKnowledge: hexToBytes(proof),
  }));
}
