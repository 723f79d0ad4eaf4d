import { secp256k1, secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex, hexToBytes, keccak256, stringToHex, toHex } from "viem";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { operationToSign } from "../../test/operationToSign.js";
import { type DistributedConsent, getDistributedKeyId } from "./consent.js";
import { toCommitmentList, toFrostPublic } from "./frost.js";
import {
  createAuthorizationKey,
  createDistributedSessionKey,
  type DistributedNode,
  type DistributedProgress,
  type DistributedSessionKey,
  KeyGenerationFailedError,
  NotEnoughNodesError,
} from "./index.js";
import { getIdentity, type NodeMessageType, type SignedRequest, signNodeMessage, verifyRequest } from "./messages.js";

const secrets = [1, 2, 3]
  .map((number) => hexToBytes(keccak256(toHex(number))))
  .sort((a, b) => (getIdentity(a) < getIdentity(b) ? -1 : 1));
const identities = secrets.map(getIdentity);
const nodes = identities.map((identity, index): DistributedNode => ({ url: `https://${index}.example/`, identity }));
const { public: dealt, secretShares } = suite.trustedDealer({ min: 2, max: 3 });
const commitments = dealt.commitments.map((point) => bytesToHex(point));
const publicKey = { nodes: identities, threshold: 2, commitments };
const frostPublic = toFrostPublic(publicKey);
const digest = keccak256(stringToHex("digest"));

/** What a node is asked: the request's body, its attempt, and who answers. */
type Asked = { readonly index: number; readonly attempt: Hex; readonly body: { readonly [name: string]: never } };
type Answer = (asked: Asked) => unknown;

let key: Hex;
let asked: string[];
let change: { [step: string]: Answer };
const nonces = new Map<string, ReturnType<typeof suite.commit>["nonces"]>();

/** What a node says, signed by it. */
function say(type: NodeMessageType, { index, attempt }: Pick<Asked, "index" | "attempt">, body: unknown) {
  const from = identities[index] ?? "0x";
  return signNodeMessage(secrets[index] ?? new Uint8Array(), { type, from, key, attempt, body });
}

function shareOf(index: number) {
  const share = secretShares[suite.Identifier.fromNumber(index + 1)];
  if (share === undefined) throw new Error("no share");
  return share;
}

const honest: { [step: string]: Answer } = {
  status: () => ({ status: "generating", share: false, message: null }),
  round1: (asked) =>
    say("round1", asked, { commitment: commitments, proof: `0x${"00".repeat(65)}`, encryptionKey: digest }),
  round2: (asked) =>
    identities.flatMap((to, index) => (index === asked.index ? [] : [say("round2", asked, { to, sealed: "0x" })])),
  round3: (asked) => say("generated", asked, { transcript: digest, commitments }),
  activate: () => ({ status: "active" }),
  commit: (asked) => {
    const made = suite.commit(shareOf(asked.index));
    nonces.set(`${asked.index} ${asked.attempt}`, made.nonces);
    const { hiding, binding } = made.commitments;
    return say("commitment", asked, { hiding: bytesToHex(hiding), binding: bytesToHex(binding) });
  },
  sign: (asked) => {
    const said: readonly { readonly from: Hex; readonly body: string }[] = asked.body["commitments"] ?? [];
    const list = toCommitmentList(
      identities,
      said.map(({ from, body }) => ({ node: from, ...JSON.parse(body) })),
    );
    const own = nonces.get(`${asked.index} ${asked.attempt}`);
    if (own === undefined) throw new Error("no nonces");
    const share = suite.signShare(shareOf(asked.index), frostPublic, own, list, hexToBytes(digest));
    return say("share", asked, { digest, share: bytesToHex(share) });
  },
};

async function connect() {
  const authorizationKey = await createAuthorizationKey();
  const consent: DistributedConsent = {
    account: "0x0000000000000000000000000000000000000001",
    chainId: 1n,
    nodes: identities,
    threshold: 2,
    authorizationKey: authorizationKey.authorizationKey,
    validUntil: 2_000_000_000,
    salt: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
  };
  key = getDistributedKeyId(consent);
  vi.stubGlobal("fetch", async (url: string, { body }: { body: string }) => {
    const request: SignedRequest = JSON.parse(body);
    const index = identities.indexOf(request.node);
    const step = request.purpose;
    asked.push(`${step} ${index}`);
    expect(url).toBe(`https://${index}.example/v1/${step}`);
    expect(await verifyRequest(authorizationKey.authorizationKey, request)).toBe(true);
    const content = JSON.parse(request.body);
    // What others said is passed on, whole.
    const passedOn = { round2: 3, round3: 2, activate: 3 }[String(step)];
    if (passedOn !== undefined) expect(content.messages.filter(Boolean)).toHaveLength(passedOn);
    const answer = { ...honest, ...change }[step]?.({ index, attempt: content.attempt, body: content });
    if (answer instanceof Error)
      return new Response(JSON.stringify({ error: { code: answer.message } }), { status: 403 });
    return new Response(JSON.stringify({ result: answer }));
  });
  // In another order than the consent's.
  return { nodes: [...nodes].reverse(), consent: { consent, signature: "0x12" as Hex }, authorizationKey };
}

beforeEach(() => {
  asked = [];
  change = {};
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What one node says in place of what an honest one does. */
const only =
  (index: number, step: string, lie: Answer): Answer =>
  (request) =>
    request.index === index ? lie(request) : honest[step]?.(request);

const all = (step: string) => identities.map((_, index) => `${step} ${index}`);

function sign(sessionKey: DistributedSessionKey): Promise<Hex> {
  const operation = operationToSign(sessionKey, "0x0000000000000000000000000000000000000001");
  return sessionKey.sign(digest, JSON.parse("{}"), operation);
}

/** Whether a signature is the group's: z G = R + c P, as the library has it. */
function isSigned(signature: Hex): boolean {
  const bytes = hexToBytes(signature);
  const r = secp256k1.Point.fromBytes(new Uint8Array([4, ...bytes.slice(0, 64)])).toBytes();
  const group = hexToBytes(commitments[0] ?? "0x");
  return suite.verify(new Uint8Array([...r, ...bytes.slice(64)]), hexToBytes(digest), group);
}

it("generates a key with all nodes, and signs with as many as it takes", async () => {
  const progress: DistributedProgress[] = [];
  const connection = await connect();
  const made = await createDistributedSessionKey({
    ...connection,
    threshold: 2,
    onProgress: (one) => progress.push(one),
  });
  expect([...asked].sort()).toEqual(["status", "round1", "round2", "round3", "activate"].flatMap(all).sort());
  expect(made.publicKey).toEqual(publicKey);
  expect(made.keyId).toBe(key);
  expect(progress.filter(({ outcome }) => outcome === "asked")).toHaveLength(15);
  expect(progress.filter(({ outcome }) => outcome === "answered")).toHaveLength(15);
  asked = [];
  expect(isSigned(await sign(made))).toBe(true);
  expect(asked.filter((one) => one.startsWith("sign"))).toHaveLength(2);
});

it("wants no other threshold than the consent's", async () => {
  await expect(createDistributedSessionKey({ ...(await connect()), threshold: 3 })).rejects.toThrow(
    "`threshold` is not the consent's, which is 2.",
  );
  expect(asked).toEqual([]);
});

it("names the one that has another key than the others, be it the first", async () => {
  const connection = await connect();
  change = { round3: only(0, "round3", (one) => say("generated", one, { transcript: key, commitments })) };
  const error = await createDistributedSessionKey(connection).catch((error: unknown) => error);
  if (!(error instanceof KeyGenerationFailedError)) throw error;
  expect(error.failures).toEqual([
    {
      node: { url: "https://0.example/", identity: identities[0] },
      kind: "lied",
      code: undefined,
      reason: "It has another key than the others.",
    },
  ]);
});

it("takes up a key that all nodes have generated already, and generates one that only some have", async () => {
  const attempt = keccak256("0x");
  const known: Answer = ({ index }) => ({
    message: say("generated", { index, attempt }, { transcript: digest, commitments }),
  });
  const connection = await connect();
  change = { status: known };
  expect((await createDistributedSessionKey(connection)).publicKey).toEqual(publicKey);
  expect([...asked].sort()).toEqual(["status", "activate"].flatMap(all).sort());
  asked = [];
  change = { status: only(1, "status", known) };
  await createDistributedSessionKey(connection);
  expect(asked).toContain("round1 0");
  change = { status: () => new Error("unknown-key") };
  expect((await createDistributedSessionKey(connection)).publicKey).toEqual(publicKey);
});

it.each<[string, string, Answer, string]>([
  ["refuses its status", "status", () => new Error("denied"), "status"],
  ["refuses a round", "round1", () => new Error("denied"), "round1"],
  ["speaks of another attempt", "round1", ({ index }) => say("round1", { index, attempt: digest }, {}), "round1"],
  ["sends nothing to another", "round2", () => [], "round2"],
  ["generated another key", "round3", (one) => say("generated", one, { transcript: key, commitments }), "round3"],
  ["does not take it up", "activate", () => new Error("message"), "activate"],
])("names a node that %s", async (_what, step, lie, failed) => {
  const connection = await connect();
  change = { [step]: only(2, step, lie) };
  const error = await createDistributedSessionKey(connection).catch((error: unknown) => error);
  if (!(error instanceof KeyGenerationFailedError)) throw error;
  expect(error.message).toContain(`Step: ${failed}`);
  expect(error.failures.map(({ node }) => node.identity)).toEqual([identities[2]]);
});

it.each<[string, string, Answer]>([
  ["refuses", "commit", () => new Error("denied")],
  ["commits to no point", "commit", (one) => say("commitment", one, { hiding: "0x", binding: "0x" })],
  ["signs something else", "sign", (one) => say("share", one, { digest: key, share: digest })],
  ["gives a share that does not fit", "sign", (one) => say("share", one, { digest, share: toHex(1, { size: 32 }) })],
])("signs without a node that %s, and names it where there are too few", async (_what, step, lie) => {
  const sessionKey = await createDistributedSessionKey(await connect());
  change = { [step]: only(0, step, lie) };
  expect(isSigned(await sign(sessionKey))).toBe(true);
  expect(asked).toContain(`${step} 0`);
  change = { [step]: (one) => (one.index === 2 ? honest[step]?.(one) : lie(one)) };
  const error = await sign(sessionKey).catch((error: unknown) => error);
  if (!(error instanceof NotEnoughNodesError)) throw error;
  expect(error.failures.map(({ node }) => node.identity).sort()).toEqual(identities.slice(0, 2));
});
