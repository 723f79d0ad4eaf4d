// What a coordinator gets that has the authorisation key, and lies: every request here is signed as it should be.
import { grantSession, type Session } from "latchkey";
import {
  createAuthorizationKey,
  createDistributedSessionKey,
  type DistributedSessionKey,
  NotEnoughNodesError,
  signDistributedConsent,
} from "latchkey/distributed";
import {
  getDistributedKeyId,
  type NodeMessage,
  type RequestPurpose,
  toWireConsent,
  toWireOperation,
} from "latchkey/distributed/protocol";
import { bytesToHex, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  askNode,
  consentTo,
  type DistributedSession,
  defineFor,
  prepareOperation,
  sendWith,
  startDistributed,
} from "./harness/distributed.ts";
import type { NodeProcess } from "./harness/nodes.ts";
import { rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const [count, threshold] = [5, 3];
/** The places of all nodes, and of as many as sign. */
const everyone = Array.from({ length: count }, (_, index) => index);
const signers = everyone.slice(0, threshold);
let world: World;
let account: OwnedAccount;
let nodes: readonly NodeProcess[];
let granted: DistributedSession;

beforeAll(async () => {
  world = connect();
  ({ account, nodes, granted } = await startDistributed(world, { count, threshold }));
}, 120_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
});

const infos = () => nodes.map(({ info }) => info);
const random = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, someone(1), amount);

type Answer = { result?: unknown; code?: string };
type Connection = Awaited<ReturnType<typeof consentTo>>;

/** Asks nodes in the order in which the consent has them. */
function coordinate({ consent, authorizationKey }: Pick<Connection, "consent" | "authorizationKey">) {
  const key = getDistributedKeyId(consent.consent);
  const ordered = consent.consent.nodes.map((identity) => nodes.find((node) => node.identity === identity)?.info);
  const ask = (index: number, purpose: RequestPurpose, body: object): Promise<Answer> => {
    const node = ordered[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return askNode(node, { key, authorizationKey, purpose, body });
  };
  const all = (purpose: RequestPurpose, body: object) =>
    Promise.all(everyone.map((index) => ask(index, purpose, body)));
  return { key, ask, all, identities: consent.consent.nodes };
}

function messagesOf(answers: readonly Answer[]): NodeMessage[] {
  return answers.map(({ result, code }) => {
    if (result === undefined) throw new Error(`refused: ${code}`);
    return JSON.parse(JSON.stringify(result));
  });
}

describe("generating a key", () => {
  it("goes by what nodes said, whatever the coordinator makes of it", async () => {
    const connection = await consentTo(world, { account, nodes: infos(), threshold });
    const { ask, all, identities } = coordinate(connection);
    const consent = toWireConsent(connection.consent);
    const [attempt, another] = [random(), random()];

    // Not the owner's, or another one's consent.
    const forged = { ...consent, consent: { ...consent.consent, threshold: threshold - 1 } };
    expect((await ask(0, "round1", { attempt, consent: forged })).code).toBe("consent");
    expect((await ask(0, "round1", { attempt, consent: { ...consent, signature: `0x${"11".repeat(85)}` } })).code).toBe(
      "consent",
    );
    const first = messagesOf(await all("round1", { attempt, consent }));
    const stray = messagesOf(await all("round1", { attempt: another, consent }));

    const wrong = (right: NodeMessage[], other: NodeMessage | undefined): unknown[] => {
      const [head, ...rest] = right;
      return [
        [...right].reverse(),
        rest,
        [...right, ...right],
        [],
        [other, ...rest],
        [{ ...head, body: other?.body }, ...rest],
        [{ ...head, attempt: another }, ...rest],
        [{ ...head, signature: `0x${"22".repeat(64)}` }, ...rest],
        "all",
      ];
    };
    const refuses = async (index: number, purpose: RequestPurpose, lists: unknown[]) => {
      for (const messages of lists) expect((await ask(index, purpose, { attempt, messages })).code).toBe("malformed");
    };
    await refuses(1, "round2", wrong(first, stray[0]));
    // Before its time.
    expect((await ask(1, "round3", { attempt, messages: [] })).code).toBe("attempt");
    expect((await ask(1, "commit", { attempt })).code).toBe("unknown-key");

    const second = (await all("round2", { attempt, messages: first })).map(({ result }): NodeMessage[] =>
      JSON.parse(JSON.stringify(result)),
    );
    // Told again what was said, a node says the same; told something else, nothing.
    expect((await ask(1, "round2", { attempt, messages: first })).result).toEqual(second[1]);
    const sentTo = (identity: Hex) => second.flat().filter(({ body }) => JSON.parse(body).to === identity);
    const right = identities.map(sentTo);
    const last = count - 1;
    await refuses(last, "round3", wrong(right[last] ?? [], right[1]?.[0]));
    const third = await Promise.all(right.map((messages, index) => ask(index, "round3", { attempt, messages })));
    const generated = messagesOf(third);
    // Not in use before all nodes have said so.
    expect((await ask(0, "commit", { attempt: random() })).code).toBe("attempt");
    await refuses(0, "activate", wrong(generated, first[0]));
    const activated = await all("activate", { messages: generated });
    expect(activated.map(({ result }) => result)).toEqual(Array(count).fill({ status: "active" }));
    expect((await ask(0, "round1", { attempt: random(), consent })).code).toBe("key-exists");
    // The key that came of it is the one that the SDK takes up.
    const sessionKey = await createDistributedSessionKey(connection);
    expect(JSON.parse(generated[0]?.body ?? "").commitments).toEqual(sessionKey.publicKey.commitments);
  }, 60_000);

  it("comes to one key if a dapp asks for it several times at once", async () => {
    const connection = await consentTo(world, { account, nodes: infos(), threshold });
    const made = await Promise.all([0, 1, 2].map(() => createDistributedSessionKey(connection)));
    expect(new Set(made.map(({ sessionKey }) => sessionKey)).size).toBe(1);
    expect((await createDistributedSessionKey(connection)).sessionKey).toBe(made[0]?.sessionKey);
  }, 60_000);
});

describe("signing", () => {
  /** What as many nodes as sign answer when they have committed and are asked to: one word, if they agree. */
  async function askSigners(
    connection: Pick<DistributedSession, "consent" | "authorizationKey">,
    { digest, operation }: Awaited<ReturnType<typeof prepareOperation>>,
    change: object = {},
  ): Promise<string> {
    const { ask } = coordinate(connection);
    const attempt = random();
    const commitments = messagesOf(await Promise.all(signers.map((index) => ask(index, "commit", { attempt }))));
    const shown = { ...toWireOperation(operation), ...change };
    const answers = await Promise.all(
      signers.map((index) => ask(index, "sign", { attempt, digest, commitments, operation: shown })),
    );
    return [...new Set(answers.map(({ result, code }) => (result === undefined ? code : "signed")))].join();
  }

  it("is refused by each node that is asked for an operation outside the session", async () => {
    const { token, otherToken } = world.contracts;
    for (const calls of [
      [tokenCall.approve(token, someone(1), 1n)],
      [tokenCall.transfer(otherToken, someone(1), 1n)],
      [send(101n)],
      [send(), { ...send(), value: 1n }],
      Array.from({ length: 11 }, () => send(100n)),
    ])
      expect(await askSigners(granted, await prepareOperation(world, granted, calls))).toBe("calls");
    expect(await askSigners(granted, await prepareOperation(world, granted, [send()]))).toBe("signed");
  }, 60_000);

  it("is refused for an operation that is shown otherwise than it is", async () => {
    const prepared = await prepareOperation(world, granted, [send()]);
    const { userOperation } = toWireOperation(prepared.operation);
    const other = toWireOperation((await prepareOperation(world, granted, [send(2n)])).operation);
    for (const [change, code] of [
      [{ userOperation: { ...userOperation, callData: other.userOperation.callData } }, "operation-hash"],
      [{ userOperation: { ...userOperation, nonce: "0x63" } }, "operation-hash"],
      [{ userOperation: { ...userOperation, maxFeePerGas: "0x1" } }, "operation-hash"],
      [{ userOperation: { ...userOperation, callGasLimit: `0x1${"00".repeat(16)}` } }, "malformed"],
      [{ userOperation: { ...userOperation, sender: someone(2) } }, "session"],
      // What sets the account's code (EIP-7702), or deploys it: nothing can be looked up yet.
      [{ userOperation: { ...userOperation, factory: "0x7702", factoryData: "0x" } }, "malformed"],
      [{ userOperation: { ...userOperation, factory: `0x7702${"00".repeat(18)}` } }, "session"],
      [{ userOperation: { ...userOperation, factory: someone(2), factoryData: "0x" } }, "session"],
      [{ chainId: 1 }, "chain"],
      [{ entryPoint: someone(2) }, "entry-point"],
      [{ version: "0.8" }, "entry-point"],
      // EntryPoint v0.8 hashes in another way.
      [{ version: "0.8", entryPoint: "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108" }, "operation-hash"],
      [{ version: "0.9", entryPoint: "0x433709009B8330FDa32311DF1C2AFA402eD8D009" }, "malformed"],
    ] as const)
      expect(await askSigners(granted, prepared, change), JSON.stringify(change).slice(0, 100)).toBe(code);
  }, 60_000);

  it("is refused for a session with the key of another consent", async () => {
    // Whoever may use one key of an account may not use another one: nodes keep a key for each consent.
    const mine = await consentTo(world, { account, nodes: infos(), threshold, type: "ed25519" });
    const sessionKey = await createDistributedSessionKey(mine);
    expect(sessionKey.sessionKey).not.toBe(granted.sessionKey.sessionKey);
    expect(sessionKey.keyId).not.toBe(granted.sessionKey.keyId);
    const prepared = await prepareOperation(world, granted, [send()]);
    expect(await askSigners(mine, prepared)).toBe("session");
    // Nor with the other's authorisation key.
    const { ask } = coordinate({ consent: granted.consent, authorizationKey: mine.authorizationKey });
    expect((await ask(0, "commit", { attempt: random() })).code).toBe("authorization");
  }, 60_000);

  it("is refused once the consent is over, though the session is not", async () => {
    const other = await world.createAccount();
    const authorizationKey = await createAuthorizationKey();
    const consent = await signDistributedConsent({
      account: other.address,
      chainId: world.info.chainId,
      nodes: infos(),
      threshold,
      authorizationKey,
      validUntil: (await world.now()) + 600,
      signer: other.owner,
      prefix: world.contracts.ownerValidator,
    });
    const sessionKey = await createDistributedSessionKey({ nodes: infos(), consent, authorizationKey });
    const session = await defineFor(world, other, sessionKey);
    await grantSession(other.bundler, { session });
    expect((await sendWith(world, { session, sessionKey }, [send()])).success).toBe(true);
    await world.travel(700);
    expect(await refusedBy({ session, sessionKey })).toBe("expired");
  }, 60_000);

  async function refusedBy(key: { session: Session; sessionKey: DistributedSessionKey }): Promise<string | undefined> {
    const { digest, operation } = await prepareOperation(world, key, [send()]);
    const error = await rejection(key.sessionKey.sign(digest, JSON.parse("{}"), operation));
    if (!(error instanceof NotEnoughNodesError)) throw error;
    return error.refusedBy;
  }
});
