import { type ContractOverrides, LatchkeyError } from "latchkey";
import {
  asFields,
  asHex,
  asList,
  asNumber,
  asString,
  type DistributedConsent,
  getDistributedConsentTypedData,
  getDistributedKeyId,
  getDistributedRevocationTypedData,
  getIdentity,
  MalformedMessageError,
  type NodeMessage,
  parseJson,
  parseWireConsent,
  parseWireOperation,
  type RequestPurpose,
  type SignedRequest,
  signNodeMessage,
  verifyRequest,
} from "latchkey/distributed/protocol";
import { type Hex, hashTypedData, isAddressEqual, zeroHash } from "viem";
import { Chains } from "./chains.js";
import { checkOperation, describe } from "./checkOperation.js";
import type { NodeConfig } from "./config.js";
import { KeyGenerator } from "./keyGenerator.js";
import { Refusal } from "./refusal.js";
import { Signer } from "./signer.js";
import type { KeyRecord, Store } from "./store.js";

const purposes: readonly RequestPurpose[] = ["round1", "round2", "round3", "activate", "status", "commit", "sign"];
const mostNodes = 32;

/** What a node does with requests, however they reach it. */
export class LatchkeyNode {
  readonly identity: Hex;
  readonly chains: Chains;
  readonly #config: NodeConfig;
  readonly #store: Store;
  readonly #generator: KeyGenerator;
  readonly #signer: Signer;
  readonly #signed = new Map<Hex, number[]>();

  constructor(config: NodeConfig, store: Store) {
    this.#config = config;
    this.#store = store;
    this.identity = getIdentity(store.identity);
    this.chains = new Chains(config);
    this.#generator = new KeyGenerator(store, this.identity, config.limits.keys);
    this.#signer = new Signer(store, this.identity);
  }

  /** How many nonces are committed to and not used yet. */
  get pendingNonces(): number {
    return this.#signer.pending;
  }

  /** How many keys can be signed with. */
  get activeKeys(): number {
    return this.#store.activeKeyCount;
  }

  /** Answers a request by an authorisation key. */
  async answer(path: string, payload: unknown): Promise<unknown> {
    const purpose = purposes.find((known) => known === path);
    if (purpose === undefined) throw new Refusal("not-found", "There is nothing here.");
    return asRefusal(async () => {
      const request = parseRequest(purpose, payload);
      if (request.node !== this.identity)
        throw new Refusal("authorization", `The request is for node ${request.node}; this is ${this.identity}.`);
      const body = asFields("body", parseJson(request.body));
      return purpose === "round1" ? this.#begin(request, body) : this.#continue(request, body);
    });
  }

  /** Never signs with a key again, by the owner's signature; a key that is not there yet is never generated. */
  async revoke(payload: unknown): Promise<{ status: KeyRecord["status"]; share: boolean; message: NodeMessage }> {
    return asRefusal(async () => {
      const fields = asFields("body", payload);
      const key = asHex("key", fields["key"], 32);
      const deleteShares = fields["deleteShares"];
      if (typeof deleteShares !== "boolean") throw new MalformedMessageError("deleteShares is neither true nor false");
      const record = (await this.#store.getKey(key)) ?? (await this.#expect(key, fields["consent"]));
      const { chainId, account } = record.consent;
      const typedData = getDistributedRevocationTypedData({ key, deleteShares }, this.chains.contracts);
      const signature = asHex("signature", fields["signature"]);
      const digest = hashTypedData(typedData);
      await this.#checkOwner(Number(chainId), account, digest, signature);
      const after = await this.#store.updateKey(key, (now) => {
        this.#generator.admit(now);
        const { share } = now ?? record;
        return { ...(now ?? record), status: "revoked", share: deleteShares ? undefined : share };
      });
      const share = after.share !== undefined;
      const said = { type: "revoked", from: this.identity, key, attempt: digest, body: { share } } as const;
      return { status: "revoked", share, message: signNodeMessage(this.#store.identity, said) };
    });
  }

  /** What there is to know of a key that has not been generated here, from its consent. */
  async #expect(key: Hex, wire: unknown): Promise<KeyRecord> {
    const consent = wire === undefined ? this.#generator.consentOf(key) : parseWireConsent(wire).consent;
    if (consent === undefined) throw new Refusal("unknown-key", "This node has no such key.");
    this.#checkConsent(consent, key);
    await this.#generator.requireRoom(key);
    return {
      id: key,
      status: "pending",
      consent,
      attempt: zeroHash,
      transcript: zeroHash,
      commitments: [],
      share: undefined,
    };
  }

  /** Whether the consent is to the key, and to one that this node would keep. */
  #checkConsent(consent: DistributedConsent, key: Hex): void {
    if (getDistributedKeyId(consent, this.chains.contracts) !== key)
      throw new Refusal("consent", "The consent is for another key.");
    if (!consent.nodes.includes(this.identity)) throw new Refusal("consent", "The consent does not name this node.");
    const { accounts, limits } = this.#config;
    const { account } = consent;
    if (accounts !== undefined && !accounts.some((known) => isAddressEqual(known, account)))
      throw new Refusal("denied", "This node keeps keys of other accounts only.");
    if (limits.denied.some((denied) => isAddressEqual(denied, account)))
      throw new Refusal("denied", `This node's operator denies ${account}.`);
  }

  /** The first request about a key, which brings the owner's consent. */
  async #begin(request: SignedRequest, body: Fields): Promise<unknown> {
    const { consent, signature } = parseWireConsent(body["consent"]);
    this.#checkConsent(consent, request.key);
    await this.#authorize(consent, request);
    const attempt = asHex("attempt", body["attempt"], 32);
    await this.#generator.requireRoom(request.key);
    const chainId = Number(consent.chainId);
    const now = await this.chains.now(chainId);
    if (this.chains.isOver(consent.validUntil, now))
      throw new Refusal("expired", `The consent ended at ${consent.validUntil}; the chain's time is ${now}.`);
    await this.#checkOwner(chainId, consent.account, hashConsent(consent, this.chains.contracts), signature);
    return this.#generator.round1({ key: request.key, attempt, consent });
  }

  async #continue(request: SignedRequest, body: Fields): Promise<unknown> {
    const { key, purpose } = request;
    const record = await this.#store.getKey(key);
    const consent = record?.consent ?? this.#generator.consentOf(key);
    if (consent === undefined) throw new Refusal("unknown-key", "This node has no such key.");
    await this.#authorize(consent, request);
    if (purpose === "status") return this.#status(record);
    if (record?.status === "revoked") throw new Refusal("revoked", "The owner has revoked this key.");
    if (purpose === "activate") {
      const { status } = await this.#generator.activate({ key, messages: listOf(body["messages"]) });
      return { status };
    }
    const attempt = asHex("attempt", body["attempt"], 32);
    if (purpose === "round2") return this.#generator.round2({ key, attempt, messages: listOf(body["messages"]) });
    if (purpose === "round3") return this.#generator.round3({ key, attempt, messages: listOf(body["messages"]) });
    const active = requireActive(record);
    return purpose === "commit" ? this.#signer.commit({ record: active, attempt }) : this.#sign(active, attempt, body);
  }

  #status(record: KeyRecord | undefined) {
    if (record === undefined) return { status: "generating", share: false, message: null };
    const { status, share, commitments } = record;
    // Of a key that was revoked before it was generated, there is nothing to say.
    const message = commitments.length === 0 ? null : this.#generator.describe(record);
    return { status, share: share !== undefined, message };
  }

  async #sign(record: KeyRecord, attempt: Hex, body: Fields): Promise<unknown> {
    const { limits } = this.#config;
    const asked = asHex("digest", body["digest"], 32);
    const { sign } = this.#signer.prepare({ record, attempt, commitments: listOf(body["commitments"]) });
    const operation = parseWireOperation(body["operation"]);
    this.#checkRate(record.id);
    const { digest, value } = await checkOperation({ chains: this.chains, record, limits, operation, asked });
    // The owner may have revoked the key while the chain was asked.
    requireActive(await this.#getRecord(record.id));
    await this.#checkValue(record.id, value);
    return sign(digest);
  }

  /** Whether the authorisation key signed the request, for this node, just now, and for the first time. */
  async #authorize({ authorizationKey }: DistributedConsent, request: SignedRequest): Promise<void> {
    const { key, nonce, time } = request;
    if (!(await verifyRequest(authorizationKey, request)))
      throw new Refusal("authorization", "The request is not signed by the key's authorisation key.");
    const age = this.#config.limits.requestAge * 1_000;
    const now = Date.now();
    if (Math.abs(now - time) > age)
      throw new Refusal("time", `The request is of ${time}; here it is ${now} (ms). It may be ${age} ms off.`);
    if (!(await this.#store.useRequest({ key, nonce, time, since: now - 2 * age })))
      throw new Refusal("replay", "The request has come before.");
  }

  async #checkOwner(chainId: number, account: Hex, hash: Hex, signature: Hex): Promise<void> {
    if (!(await this.chains.isSignedByOwner({ chainId, account, hash, signature })))
      throw new Refusal("consent", `${account} does not take the signature (ERC-1271).`);
  }

  #checkRate(key: Hex): void {
    const { signaturesPerMinute } = this.#config.limits;
    const now = Date.now();
    const recent = (this.#signed.get(key) ?? []).filter((time) => now - time < 60_000);
    if (recent.length >= signaturesPerMinute)
      throw new Refusal("rate", `This node signs ${signaturesPerMinute} times a minute with a key.`);
    this.#signed.set(key, [...recent, now]);
  }

  async #checkValue(key: Hex, value: bigint): Promise<void> {
    const { valuePerDay: limit } = this.#config.limits;
    if (limit === undefined || value === 0n) return;
    const day = Math.floor(Date.now() / 86_400_000);
    if (!(await this.#store.addValue({ key, day, value, limit })))
      throw new Refusal(
        "value-per-day",
        `This node signs for ${limit} wei a day with a key, and ${value} is too much.`,
      );
  }

  async #getRecord(key: Hex): Promise<KeyRecord> {
    const record = await this.#store.getKey(key);
    if (record === undefined) throw new Refusal("unknown-key", "This node has no such key.");
    return record;
  }
}

type Fields = { readonly [name: string]: unknown };

function requireActive(record: KeyRecord | undefined): KeyRecord {
  if (record === undefined) throw new Refusal("unknown-key", "This node has no such key.");
  if (record.status === "revoked") throw new Refusal("revoked", "The owner has revoked this key.");
  if (record.status === "pending") throw new Refusal("attempt", "Not all nodes have said that they have the key.");
  return record;
}

function hashConsent(consent: DistributedConsent, contracts: ContractOverrides): Hex {
  return hashTypedData(getDistributedConsentTypedData(consent, contracts));
}

function listOf(value: unknown): readonly unknown[] {
  return asList("messages", value, mostNodes);
}

function parseRequest(purpose: RequestPurpose, payload: unknown): SignedRequest {
  const fields = asFields("request", payload);
  if (fields["purpose"] !== purpose) throw new Refusal("authorization", "The request is for another purpose.");
  return {
    node: asHex("node", fields["node"], 32),
    purpose,
    key: asHex("key", fields["key"], 32),
    nonce: asHex("nonce", fields["nonce"], 16),
    time: asNumber("time", fields["time"]),
    body: asString("body", fields["body"]),
    signature: asHex("signature", fields["signature"], 64),
  };
}

/** What is wrong with a request's form is a refusal, too. */
async function asRefusal<value>(answer: () => Promise<value>): Promise<value> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof MalformedMessageError) throw new Refusal("malformed", `Malformed: ${error.message}.`);
    if (error instanceof LatchkeyError) throw new Refusal("malformed", describe(error));
    throw error;
  }
}
