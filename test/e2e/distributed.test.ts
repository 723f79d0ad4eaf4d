import {
  encodeUse,
  getSessionId,
  getSessionStatus,
  getUseDigest,
  grantSession,
  revokeSession,
  type SessionKey,
} from "latchkey";
import {
  type DistributedNode,
  type DistributedProgress,
  DistributedSigningNotSupportedError,
  NotEnoughNodesError,
  revokeDistributedSessionKey,
  toDistributedSessionKey,
} from "latchkey/distributed";
import { toWireOperation } from "latchkey/distributed/protocol";
import { bytesToHex, type Hex, parseAbi, size, slice } from "viem";
import { getUserOperationHash } from "viem/account-abstraction";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  askNode,
  type DistributedSession,
  grantDistributed,
  prepareOperation,
  sendWith,
  startDistributed,
} from "./harness/distributed.ts";
import { lie, type NodeProcess, NodeProxy } from "./harness/nodes.ts";
import { rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);
const verifierAbi = parseAbi(["function verify(bytes key, bytes32 hash, bytes signature) view returns (bytes4)"]);

let world: World;
let account: OwnedAccount;
let nodes: readonly NodeProcess[];
let granted: DistributedSession;

beforeAll(async () => {
  world = connect();
  ({ account, nodes, granted } = await startDistributed(world, { count: 5, threshold: 3 }));
}, 120_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
});

const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, shop, amount);
/** What a key that signs is asked for; nodes compute the typed data by themselves. */
const notShown: Parameters<SessionKey["sign"]>[1] = JSON.parse("{}");

/** Has the nodes sign an operation with these calls, without sending it. */
async function sign(key: Pick<DistributedSession, "session" | "sessionKey">, calls = [send()]): Promise<Hex> {
  const { digest, operation } = await prepareOperation(world, key, calls);
  return key.sessionKey.sign(digest, notShown, operation);
}

/** Whether the verifier on the chain takes a signature. */
async function isValid(digest: Hex, signature: Hex): Promise<boolean> {
  const { sessionKey } = granted.sessionKey;
  const answer = await world.client.readContract({
    abi: verifierAbi,
    address: slice(sessionKey, 0, 20),
    functionName: "verify",
    args: [slice(sessionKey, 20), digest, signature],
  });
  return answer === "0x024ad318";
}

/** The same key, through other URLs or with other patience. */
function reach(
  infos: readonly DistributedNode[],
  { timeout = 4_000, onProgress }: { timeout?: number; onProgress?: (progress: DistributedProgress) => void } = {},
) {
  const { consent, authorizationKey, session } = granted;
  const { publicKey } = granted.sessionKey;
  const sessionKey = toDistributedSessionKey({
    nodes: infos,
    consent,
    authorizationKey,
    publicKey,
    timeout,
    onProgress,
  });
  return { session, sessionKey };
}

const infos = () => nodes.map(({ info }) => info);

/** Why each node failed: by its number, the check that it named or what went wrong. */
async function failuresOf(signing: Promise<unknown>): Promise<Record<number, string>> {
  const error = await rejection(signing);
  if (!(error instanceof NotEnoughNodesError)) throw error;
  expect(error.threshold).toBe(3);
  const named = error.failures.map(({ node, kind, code }) => {
    const index = nodes.findIndex(({ identity }) => identity === node.identity);
    return [index, code ?? kind] as const;
  });
  return Object.fromEntries(named);
}

/** The check by which all nodes that were asked refuse. */
async function refusal(signing: Promise<unknown>): Promise<string> {
  const codes = new Set(Object.values(await failuresOf(signing)));
  expect(codes.size).toBe(1);
  return [...codes][0] ?? "";
}

describe("a key that five nodes hold", () => {
  it("is used like any other", async () => {
    const before = await world.balanceOf(world.contracts.token, shop);
    const { success } = await sendWith(world, granted, [send(10n)]);
    expect(success).toBe(true);
    expect(await world.balanceOf(world.contracts.token, shop)).toBe(before + 10n);
  });

  it("signs what the verifier on the chain takes", async () => {
    expect(size(granted.sessionKey.sessionKey)).toBe(53);
    const { digest } = await prepareOperation(world, granted, [send()]);
    expect(await isValid(digest, await sign(granted))).toBe(true);
    expect(await isValid(digest, granted.sessionKey.stubSignature)).toBe(false);
  });

  it("signs a hundred times at once", async () => {
    const amounts = Array.from({ length: 100 }, (_, index) => BigInt(index + 1));
    const prepared = await Promise.all(amounts.map((amount) => prepareOperation(world, granted, [send(amount)])));
    const { sessionKey } = reach(infos(), { timeout: 120_000 });
    const signatures = await Promise.all(
      prepared.map(({ digest, operation }) => sessionKey.sign(digest, notShown, operation)),
    );
    const valid = await Promise.all(prepared.map(({ digest }, index) => isValid(digest, signatures[index] ?? "0x")));
    expect(valid.filter(Boolean)).toHaveLength(100);
    // Not one nonce twice.
    expect(new Set(signatures.map((signature) => slice(signature, 0, 32))).size).toBe(100);
  }, 240_000);

  it("signs no messages", async () => {
    await expect(granted.sessionKey.sign(`0x${"11".repeat(32)}`, notShown)).rejects.toThrow(
      DistributedSigningNotSupportedError,
    );
  });

  it("tells what each node is asked and answers", async () => {
    const told: DistributedProgress[] = [];
    await sign(reach(infos(), { onProgress: (progress) => told.push(progress) }));
    const count = (step: string, outcome: string) =>
      told.filter((progress) => progress.step === step && progress.outcome === outcome).length;
    expect(count("commit", "asked")).toBe(5);
    expect(count("commit", "answered")).toBeGreaterThanOrEqual(3);
    expect(count("sign", "asked")).toBe(3);
    expect(count("sign", "answered")).toBe(3);
  });
});

describe("nodes that refuse by themselves what the chain would refuse", () => {
  it("an operation outside the session", async () => {
    expect(await refusal(sign(granted, [tokenCall.approve(world.contracts.token, shop, 1n)]))).toBe("calls");
    expect(await refusal(sign(granted, [tokenCall.transfer(world.contracts.otherToken, shop, 1n)]))).toBe("calls");
    expect(await refusal(sign(granted, [{ ...send(), value: 1n }]))).toBe("calls");
    expect(await refusal(sign(granted, [send(), send(101n)]))).toBe("calls");
  });

  it("one beyond what is left of a budget, which only the chain knows", async () => {
    const many = Array.from({ length: 11 }, () => send(100n));
    expect(await refusal(sign(granted, many))).toBe("calls");
  });

  it("one whose hash is not what is to be signed, whatever was changed of it", async () => {
    const { digest, operation } = await prepareOperation(world, granted, [send()]);
    const other = await prepareOperation(world, granted, [send(2n)]);
    const { userOperation } = operation;
    const ask = (changed: typeof operation, asked = digest) =>
      refusal(granted.sessionKey.sign(asked, notShown, changed));
    expect(await ask(operation, other.digest)).toBe("operation-hash");
    expect(await ask({ ...operation, userOperation: other.operation.userOperation })).toBe("operation-hash");
    expect(await ask({ ...operation, userOperation: { ...userOperation, nonce: 99n } })).toBe("operation-hash");
    expect(await ask({ ...operation, use: `${operation.use}00` })).toBe("operation-hash");
    expect(await ask({ ...operation, entryPoint: { ...operation.entryPoint, version: "0.8" } })).toBe("entry-point");
    expect(await ask({ ...operation, chainId: 1 })).toBe("chain");
    expect(await ask({ ...operation, userOperation: { ...userOperation, sender: shop } })).toBe("session");
    expect(await ask({ ...operation, session: { ...operation.session, epoch: 5n } })).toBe("session");
  });

  it("one that may cost too much", async () => {
    expect(await refusal(sign({ ...granted, session: { ...granted.session, maxOpCost: 1n } }))).toBe("cost");
  });

  it("a session that nobody granted", async () => {
    const session = { ...granted.session, salt: bytesToHex(crypto.getRandomValues(new Uint8Array(32))) };
    expect(await refusal(sign({ ...granted, session }))).toBe("grant");
  });

  it("a session before and after its time", async () => {
    const now = await world.now();
    const windows = [{ validAfter: now + 10_000 }, { validAfter: now - 100, validUntil: now + 10 }];
    const [future, past] = windows.map((window) => ({ ...granted.session, validUntil: now + 20_000, ...window }));
    if (future === undefined || past === undefined) throw new Error("there are two");
    await grantSession(account.bundler, { sessions: [future, past] });
    expect(await refusal(sign({ ...granted, session: future }))).toBe("window");
    await world.travel(60);
    expect(await refusal(sign({ ...granted, session: past }))).toBe("window");
  });

  it("a call that claims an action which does not allow it", async () => {
    const [action] = granted.session.actions;
    if (action === undefined) throw new Error("there is an action");
    const other = { ...action, selector: "0x095ea7b3" } as const;
    const session = { ...granted.session, actions: [action, other] };
    await grantSession(account.bundler, { session });
    const { operation } = await prepareOperation(world, { ...granted, session }, [send()]);
    const use = encodeUse({ session, claims: [1] });
    const { userOperation, chainId, entryPoint } = operation;
    const userOpHash = getUserOperationHash({
      chainId,
      entryPointAddress: entryPoint.address,
      entryPointVersion: entryPoint.version,
      userOperation: { ...userOperation, signature: "0x" },
    });
    const digest = getUseDigest({
      userOpHash,
      id: getSessionId(session),
      use,
      manager: world.contracts.sessionKeyManager,
    });
    const asked = granted.sessionKey.sign(digest, notShown, { ...operation, use });
    expect(await refusal(asked)).toBe("calls");
  });
});

describe("requests that are not in order", () => {
  const attempt = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
  const ask = (
    purpose: Parameters<typeof askNode>[1]["purpose"],
    body: unknown,
    change: Parameters<typeof askNode>[1]["change"] = (request) => request,
    authorizationKey = granted.authorizationKey,
  ) => askNode(infosAt(0), { key: granted.sessionKey.keyId, authorizationKey, purpose, body, change });
  const infosAt = (index: number): DistributedNode => {
    const found = infos()[index];
    if (found === undefined) throw new Error(`there is no node ${index}`);
    return found;
  };

  it("are refused if they are forged, replayed, late, for another node or purpose, or cut off", async () => {
    const commit = { attempt: attempt() };
    expect((await ask("commit", commit, (request) => ({ ...request, body: "{}" }))).code).toBe("authorization");
    expect((await ask("commit", commit, (request) => ({ ...request, purpose: "sign" }))).code).toBe("authorization");
    expect((await ask("commit", commit, (request) => ({ ...request, time: request.time - 3_600_000 }))).code).toBe(
      "authorization",
    );
    expect((await ask("commit", commit, (request) => ({ ...request, node: infosAt(1).identity }))).code).toBe(
      "authorization",
    );
    const { createAuthorizationKey } = await import("latchkey/distributed");
    expect((await ask("commit", commit, undefined, await createAuthorizationKey())).code).toBe("authorization");
    expect((await ask("commit", commit, ({ signature: _, ...rest }) => rest)).code).toBe("malformed");
    expect((await ask("commit", {})).code).toBe("malformed");

    let captured: unknown;
    const first = await ask("commit", commit, (request) => {
      captured = request;
      return request;
    });
    expect(first.result).toMatchObject({ type: "commitment" });
    expect((await ask("commit", commit, () => captured)).code).toBe("replay");
    // Another request for the same commitment gets no second one.
    expect((await ask("commit", commit)).code).toBe("nonce");
  });

  it("are refused if they are old, by a clock of their own", async () => {
    const { signRequest, verifyRequest } = await import("latchkey/distributed/protocol");
    const { now } = Date;
    Date.now = () => now() - 120_000;
    const key = granted.sessionKey.keyId;
    const request = await signRequest(granted.authorizationKey, {
      node: infosAt(0).identity,
      purpose: "status",
      key,
      body: {},
    }).finally(() => {
      Date.now = now;
    });
    expect(await verifyRequest(granted.consent.consent.authorizationKey, request)).toBe(true);
    expect((await ask("status", {}, () => request)).code).toBe("time");
  });

  it("are refused at the second round: commitments forged, reordered, cut off, replayed, of another attempt", async () => {
    const { digest, operation } = await prepareOperation(world, granted, [send()]);
    const shown = toWireOperation(operation);
    const commitAt = async (index: number, body: { attempt: Hex }) =>
      (
        await askNode(infosAt(index), {
          key: granted.sessionKey.keyId,
          authorizationKey: granted.authorizationKey,
          purpose: "commit",
          body,
        })
      ).result as { body: string; attempt: Hex };
    const body = { attempt: attempt() };
    const commitments = await Promise.all([0, 1, 2].map((index) => commitAt(index, body)));
    const [own, second, third] = commitments;
    const stray = await commitAt(3, { attempt: attempt() });
    const signWith = (list: unknown, extra: object = {}) =>
      ask("sign", { ...body, digest, commitments: list, operation: shown, ...extra });

    expect((await signWith([own, second])).code).toBe("commitments");
    expect((await signWith([own, second, second])).code).toBe("commitments");
    expect((await signWith([second, third, await commitAt(3, body)])).code).toBe("commitments");
    expect((await signWith([own, second, stray])).code).toBe("malformed");
    expect((await signWith([own, second, { ...third, body: second?.body }])).code).toBe("malformed");
    expect((await signWith([own, second, { ...third, attempt: attempt() }])).code).toBe("malformed");
    expect((await signWith("all")).code).toBe("malformed");
    expect((await signWith(commitments, { attempt: attempt() })).code).toBe("nonce");
    expect((await signWith(commitments, { digest: `0x${"00".repeat(32)}` })).code).toBe("operation-hash");
    expect((await signWith(commitments, { operation: { ...shown, use: "0x" } })).code).toBe("operation-hash");
    expect((await signWith(commitments, { operation: undefined })).code).toBe("malformed");

    // None of this has cost the nonce, whose order does not matter; but now it is spent.
    expect((await signWith([third, own, second])).result).toMatchObject({ type: "share" });
    expect((await signWith(commitments)).code).toBe("nonce");
    const again = await prepareOperation(world, granted, [send(2n)]);
    const changed = { digest: again.digest, operation: toWireOperation(again.operation) };
    expect((await signWith(commitments, changed)).code).toBe("nonce");
  });

  it("get one answer if they come twice at once", async () => {
    const { digest, operation } = await prepareOperation(world, granted, [send()]);
    const body = { attempt: attempt() };
    const commitments = await Promise.all(
      [0, 1, 2].map(
        async (index) =>
          (
            await askNode(infosAt(index), {
              key: granted.sessionKey.keyId,
              authorizationKey: granted.authorizationKey,
              purpose: "commit",
              body,
            })
          ).result,
      ),
    );
    const request = { ...body, digest, commitments, operation: toWireOperation(operation) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask("sign", request)));
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === "nonce")).toHaveLength(9);
  });

  it("are bounded", async () => {
    const response = await fetch(`${infosAt(0).url}/v1/sign`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ body: "x".repeat(300_000) }),
    });
    expect(response.status).toBe(413);
    expect((await fetch(`${infosAt(0).url}/v1/other`, { method: "POST" })).status).toBe(404);
  });
});

describe("nodes that fail", () => {
  it("are worked around: one dead, one that lies", async () => {
    const proxy = await NodeProxy.start(nodeAt(1));
    // Stopped for a moment, because its directory has one reader at a time.
    await nodeAt(1).stop();
    proxy.tamper = lie(await nodeAt(1).readIdentity());
    await nodeAt(1).start();
    await nodeAt(0).kill();
    const told: DistributedProgress[] = [];
    const through = infos().map((info, index) => (index === 1 ? proxy.info : info));
    const { digest, operation } = await prepareOperation(world, granted, [send()]);
    // The liar is only found out when it is among those that answer first.
    for (let round = 0; round < 20 && !told.some(isLie); round++) {
      const { sessionKey } = reach(through, { onProgress: (progress) => told.push(progress) });
      expect(await isValid(digest, await sessionKey.sign(digest, notShown, operation))).toBe(true);
    }
    const failed = told.flatMap(({ failure }) => (failure ? [[failure.node.identity, failure.kind]] : []));
    expect(failed).toContainEqual([nodeAt(0).identity, "unreachable"]);
    expect(failed).toContainEqual([nodeAt(1).identity, "lied"]);
    expect(new Set(failed.map(([identity]) => identity)).size).toBe(2);

    // Two dead, the third lies: two are left.
    await nodeAt(2).kill();
    expect(await failuresOf(sign(reach(through)))).toEqual({ 0: "unreachable", 1: "lied", 2: "unreachable" });
    await proxy.stop();
    // Three dead.
    await nodeAt(3).kill();
    expect(await failuresOf(sign(reach(infos())))).toEqual({
      0: "unreachable",
      2: "unreachable",
      3: "unreachable",
    });
    await Promise.all([0, 2, 3].map((index) => nodeAt(index).start()));
    expect(await isValid(digest, await sign(reach(infos())))).toBe(true);
  }, 120_000);

  it("are worked around if they are slow", async () => {
    await nodeAt(4).pause();
    await nodeAt(3).pause();
    const { digest } = await prepareOperation(world, granted, [send()]);
    expect(await isValid(digest, await sign(reach(infos())))).toBe(true);
    await nodeAt(2).pause();
    expect(await failuresOf(sign(reach(infos(), { timeout: 1_500 })))).toEqual({
      2: "timeout",
      3: "timeout",
      4: "timeout",
    });
    await Promise.all([2, 3, 4].map((index) => nodeAt(index).resume()));
    expect(await isValid(digest, await sign(reach(infos())))).toBe(true);
  }, 120_000);

  it("have their shares after all of them were restarted", async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(nodes.map((node) => node.start()));
    expect((await sendWith(world, granted, [send(3n)])).success).toBe(true);
  }, 120_000);

  it.each([
    "before the commitment is told",
    "after the commitment is told",
    "before it is spent",
    "after it is spent",
    "before the answer",
    "after the answer",
  ])(
    "never use a nonce twice if they are killed %s",
    async (crashAt) => {
      const node = nodeAt(0);
      await node.stop();
      await node.start({ crashAt });
      const { digest, operation } = await prepareOperation(world, granted, [send()]);
      const key = granted.sessionKey.keyId;
      const { authorizationKey } = granted;
      const body = { attempt: bytesToHex(crypto.getRandomValues(new Uint8Array(32))) };
      const answers: unknown[] = [];
      const ask = async (index: number, purpose: "commit" | "sign", what: object) =>
        askNode(nodeAt(index).info, { key, authorizationKey, purpose, body: what }).catch(() => ({
          result: undefined,
        }));
      const own = await ask(0, "commit", body);
      const others = await Promise.all([1, 2].map((index) => ask(index, "commit", body)));
      const commitments = [own, ...others].map(({ result }) => result);
      const request = { ...body, digest, commitments, operation: toWireOperation(operation) };
      if (own.result !== undefined) answers.push((await ask(0, "sign", request)).result);
      await node.ended;
      await node.start();
      // Whatever is asked of it now, of that commitment it makes nothing more.
      const again = await prepareOperation(world, granted, [send(2n)]);
      const other = { ...request, digest: again.digest, operation: toWireOperation(again.operation) };
      for (const what of [request, other]) answers.push((await ask(0, "sign", what)).result);
      const given = answers.filter((answer) => answer !== undefined);
      expect(given.length).toBe(crashAt === "after the answer" ? 1 : 0);
      expect(await isValid(digest, await sign(reach(infos())))).toBe(true);
    },
    60_000,
  );
});

describe("what nodes say and keep", () => {
  it("their health and metrics", async () => {
    const health = await (await fetch(`${nodeAt(0).url}/v1/health`)).json();
    expect(health).toEqual({
      status: "ok",
      identity: nodeAt(0).identity,
      chains: { [world.info.chainId]: true },
    });
    await sign(reach(infos()));
    const metrics = await (await fetch(`${nodeAt(0).url}/metrics`)).text();
    expect(metrics).toMatch(/^latchkey_node_keys 1$/m);
    expect(metrics).toMatch(/^latchkey_node_requests_total\{purpose="commit",outcome="ok"\} [1-9]/m);
    expect(metrics).not.toContain(account.address);
  });

  it("no secret in logs, on disk or in answers", async () => {
    await nodeAt(0).stop();
    const { readFileSync, readdirSync } = await import("node:fs");
    const { join } = await import("node:path");
    const identity = bytesToHex(await nodeAt(0).readIdentity());
    const { Store } = await import("latchkey-node");
    const { passphrase } = await import("./harness/nodes.ts");
    const data = join(nodeAt(0).directory, "data");
    const store = await Store.open(data, passphrase);
    const record = await store.getKey(granted.sessionKey.keyId);
    await store.close();
    expect(record?.share).toMatch(/^0x[0-9a-f]{64}$/);
    const secrets = [identity, record?.share ?? "", passphrase].map((secret) => secret.replace(/^0x/, ""));
    const files = readdirSync(data).map((name) => readFileSync(join(data, name)).toString("latin1"));
    for (const secret of secrets)
      for (const text of [nodeAt(0).output, ...files]) expect(text.includes(secret)).toBe(false);
    expect(nodeAt(0).output).toContain('"purpose":"commit"');
    expect(nodeAt(0).output).not.toContain(account.address);
    await expect(Store.open(data, "another passphrase")).rejects.toThrow("another passphrase");
    await nodeAt(0).start();
  });
});

describe("a stolen authorisation key", () => {
  it("is worth nothing once the owner has revoked the key", async () => {
    const other = await grantDistributed(world, { account: await world.createAccount(), nodes: infos() });
    expect((await sendWith(world, other, [send()])).success).toBe(true);
    const { consent } = other;
    const parameters = { nodes: infos(), consent, prefix: world.contracts.ownerValidator };
    // A stranger cannot.
    const stranger = await revokeDistributedSessionKey({ ...parameters, signer: account.owner });
    expect(stranger.failures.map(({ code }) => code)).toEqual(Array(5).fill("consent"));
    const { revoked } = await revokeDistributedSessionKey({ ...parameters, signer: other.account.owner });
    expect(revoked).toHaveLength(5);
    expect((await getSessionStatus(world.client, other)).effective).toBe("active");
    expect(await refusal(sign(other))).toBe("revoked");
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(nodes.map((node) => node.start()));
    expect(await refusal(sign(other))).toBe("revoked");
  }, 120_000);

  it("is worth nothing once the session is revoked on the chain", async () => {
    const other = await grantDistributed(world, {
      account: await world.createAccount(),
      nodes: infos(),
      type: "ed25519",
    });
    const { digest } = await prepareOperation(world, other, [send()]);
    expect(size(await sign(other))).toBe(96);
    await revokeSession(other.account.bundler, { session: other.session });
    expect(await refusal(sign(other))).toBe("grant");
    expect(size(digest)).toBe(32);
  }, 120_000);
});

function nodeAt(index: number): NodeProcess {
  const node = nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

function isLie({ failure }: DistributedProgress): boolean {
  return failure?.kind === "lied";
}
