import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowNativeTransfer, defineSession, getSessionStatus, grantSession, rotateSessionKey } from "latchkey";
import {
  createDistributedSessionKey,
  type DistributedNode,
  type DistributedProgress,
  KeyGenerationFailedError,
  NodesMismatchError,
  revokeDistributedSessionKey,
  toDistributedSessionKey,
} from "latchkey/distributed";
import { parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  consentTo,
  type DistributedSession,
  grantDistributed,
  sendWith,
  startDistributed,
} from "./harness/distributed.ts";
import { NodeProcess, NodeProxy, startNodes } from "./harness/nodes.ts";
import { rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);
let world: World;
let account: OwnedAccount;
let nodes: readonly NodeProcess[];
let granted: DistributedSession;

beforeAll(async () => {
  world = connect();
  ({ account, nodes, granted } = await startDistributed(world, { count: 3, threshold: 2 }));
}, 120_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
});

const infos = () => nodes.map(({ info }) => info);
const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, shop, amount);

function nodeAt(index: number): NodeProcess {
  const node = nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

/** What generating a key fails with: of each node that is named, what went wrong. */
async function generationFailures(through: readonly DistributedNode[], consented = infos()) {
  const connection = await consentTo(world, { account, nodes: consented, threshold: 2 });
  const error = await rejection(createDistributedSessionKey({ ...connection, nodes: through, timeout: 4_000 }));
  if (!(error instanceof KeyGenerationFailedError)) throw error;
  return { connection, failures: error.failures.map(({ node, kind, code }) => [node.identity, code ?? kind]) };
}

describe("generating a key", () => {
  it("names the node that is dead, and goes on when it is back", async () => {
    await nodeAt(2).kill();
    const { connection, failures } = await generationFailures(infos());
    expect(failures).toEqual([[nodeAt(2).identity, "unreachable"]]);
    await nodeAt(2).start();
    const told: DistributedProgress[] = [];
    const key = await createDistributedSessionKey({ ...connection, onProgress: (progress) => told.push(progress) });
    const answered = told.filter(({ outcome }) => outcome === "answered").map(({ step }) => step);
    expect(answered).toEqual(["round1", "round2", "round3", "activate"].flatMap((step) => Array(3).fill(step)));
    expect(told.filter(({ step }) => step === "status").map(({ failure }) => failure?.code)).toContain("unknown-key");
    // The same consent is for the same key, however often it is asked for.
    const again = await createDistributedSessionKey({ ...connection, threshold: 2 });
    expect(again.sessionKey).toBe(key.sessionKey);
    expect(again.publicKey).toEqual(key.publicKey);
  }, 60_000);

  it("wants all nodes of the consent, and no others", async () => {
    const connection = await consentTo(world, { account, nodes: infos(), threshold: 2 });
    const fewer = createDistributedSessionKey({ ...connection, nodes: infos().slice(1) });
    await expect(fewer).rejects.toThrow(NodesMismatchError);
    await expect(createDistributedSessionKey({ ...connection, threshold: 3 })).rejects.toThrow("threshold");
  });

  it("wants the owner's signature", async () => {
    const stranger = await world.createAccount();
    const { consent, ...connection } = await consentTo(world, { account, nodes: infos(), threshold: 2 });
    const forged = { ...consent, consent: { ...consent.consent, account: stranger.address } };
    const error = await rejection(createDistributedSessionKey({ ...connection, consent: forged }));
    expect(error).toBeInstanceOf(KeyGenerationFailedError);
    expect(String(error)).toContain("refused (consent)");
  });

  it.each(["round1", "round2", "round3"])(
    "finds out what was changed on the way in %s",
    async (step) => {
      const proxy = await NodeProxy.start(nodeAt(0));
      try {
        const through = infos().map((info, index) => (index === 0 ? proxy.info : info));
        proxy.tamper = (path, answer) => {
          if (path !== `/v1/${step}`) return answer;
          const text = JSON.stringify(answer);
          // A digit of the body's first long number, which the node's signature covers.
          const place = text.search(/0x[0-9a-f]{60}/) + 20;
          const digit = text[place] === "0" ? "1" : "0";
          return JSON.parse(`${text.slice(0, place)}${digit}${text.slice(place + 1)}`);
        };
        const { failures } = await generationFailures(through);
        expect(failures).toEqual([[nodeAt(0).identity, "lied"]]);

        // Told other nodes' messages in another order, cut off, or twice, a node does not go on.
        proxy.tamper = (_path, answer) => answer;
        if (step === "round1") return;
        const changes: ((messages: unknown[]) => unknown[])[] = [
          (messages) => [...messages].reverse(),
          (messages) => messages.slice(1),
          (messages) => [...messages, ...messages],
        ];
        for (const change of changes) {
          proxy.tamperRequest = (path, body) => {
            if (path !== `/v1/${step}`) return body;
            const request: { body: string } = JSON.parse(body);
            const inner: { messages: unknown[] } = JSON.parse(request.body);
            return JSON.stringify({
              ...request,
              body: JSON.stringify({ ...inner, messages: change(inner.messages) }),
            });
          };
          // Not even whoever carries messages can do that: the request is signed.
          expect((await generationFailures(through)).failures).toEqual([[nodeAt(0).identity, "authorization"]]);
        }
      } finally {
        await proxy.stop();
      }
    },
    120_000,
  );
});

describe("a share", () => {
  it("is taken to another directory, encrypted, and goes on there", async () => {
    const directory = mkdtempSync(join(tmpdir(), "latchkey-backup-"));
    const file = join(directory, "share.json");
    const passphrase = { LATCHKEY_NODE_BACKUP_PASSPHRASE: "another passphrase" };
    const spare = await NodeProcess.start(world.info);
    try {
      await Promise.all([nodeAt(0).stop(), nodeAt(1).stop(), spare.stop()]);
      const key = granted.sessionKey.keyId;
      expect(await nodeAt(0).command(["keys"])).toContain(`${key} active ${account.address}`);
      expect(await nodeAt(0).command(["backup", "--key", key, "--out", file], passphrase)).toContain("wrote");
      const wrong = { LATCHKEY_NODE_BACKUP_PASSPHRASE: "a wrong passphrase" };
      expect(await spare.command(["restore", "--in", file], wrong)).toContain("cannot be decrypted");
      expect(await spare.command(["restore", "--in", file], passphrase)).toContain(`restored ${key}`);
      expect(await nodeAt(1).command(["restore", "--in", file], passphrase)).toContain("another node's");
      await spare.start();
      expect(spare.identity).toBe(nodeAt(0).identity);
      // The node it is of is gone, and so is another one: without the share, one is too few.
      const { consent, authorizationKey, session } = granted;
      const { publicKey } = granted.sessionKey;
      const through = [spare.info, nodeAt(1).info, nodeAt(2).info];
      const sessionKey = toDistributedSessionKey({ nodes: through, consent, authorizationKey, publicKey });
      expect((await sendWith(world, { session, sessionKey }, [send()])).success).toBe(true);
    } finally {
      await spare.remove();
      rmSync(directory, { recursive: true, force: true });
      await Promise.all([nodeAt(0).start(), nodeAt(1).start()]);
    }
  }, 120_000);

  it("is deleted by the owner, for ever", async () => {
    const other = await grantDistributed(world, {
      account: await world.createAccount(),
      nodes: infos(),
      threshold: 2,
    });
    const { revoked, failures } = await revokeDistributedSessionKey({
      nodes: infos(),
      consent: other.consent,
      signer: other.account.owner,
      prefix: world.contracts.ownerValidator,
      deleteShares: true,
    });
    expect([revoked.length, failures.length]).toEqual([3, 0]);
    const error = await rejection(sendWith(world, other, [send()]));
    expect(String(error)).toContain("revoked");
    await nodeAt(0).stop();
    expect(await nodeAt(0).command(["keys"])).toContain(`${other.sessionKey.keyId} revoked, share deleted`);
    await nodeAt(0).start();
  }, 120_000);

  it("is never generated if the owner revokes it before", async () => {
    const connection = await consentTo(world, { account, nodes: infos(), threshold: 2 });
    const { revoked } = await revokeDistributedSessionKey({
      nodes: infos(),
      consent: connection.consent,
      signer: account.owner,
      prefix: world.contracts.ownerValidator,
    });
    expect(revoked).toHaveLength(3);
    const error = await rejection(createDistributedSessionKey({ ...connection, timeout: 4_000 }));
    if (!(error instanceof KeyGenerationFailedError)) throw error;
    expect(error.failures.map(({ code }) => code)).toEqual(Array(3).fill("revoked"));
  }, 60_000);
});

it("a node is replaced: another key takes over the session in one operation of the owner's", async () => {
  const [spare] = await startNodes(1, world.info);
  if (spare === undefined) throw new Error("there is no node");
  try {
    const replaced = [...infos().slice(0, 2), spare.info];
    const connection = await consentTo(world, { account, nodes: replaced, threshold: 2 });
    const sessionKey = await createDistributedSessionKey(connection);
    const { session } = await rotateSessionKey(account.bundler, { session: granted.session, sessionKey });
    expect((await sendWith(world, { session, sessionKey }, [send(2n)])).success).toBe(true);
    expect((await getSessionStatus(world.client, granted)).effective).toBe("revoked");
    const error = await rejection(sendWith(world, granted, [send()], { preflight: false }));
    expect(String(error)).toContain("refused (grant)");
    granted = { ...granted, ...connection, session, sessionKey };
  } finally {
    await spare.remove();
  }
}, 120_000);

describe("an operator's own limits", () => {
  /** With the last of three nodes gone, both that are left must sign. */
  async function limit(limits: { [name: string]: unknown }): Promise<void> {
    await Promise.all(nodes.slice(0, 2).map((node) => node.stop()));
    await Promise.all(nodes.slice(0, 2).map((node) => node.start({ limits })));
  }

  async function refuse(limits: { [name: string]: unknown }, calls = [send()]): Promise<unknown> {
    await limit(limits);
    return rejection(sendWith(world, limited, calls, { preflight: false }));
  }
  let limited: DistributedSession;

  beforeAll(async () => {
    limited = await grantDistributed(world, { account: await world.createAccount(), nodes: infos(), threshold: 2 });
    await nodeAt(2).stop();
  }, 60_000);

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(nodes.map((node) => node.start()));
  });

  it("deny a target", async () => {
    const error = await refuse({ denied: [world.contracts.token] });
    expect(String(error)).toContain(`refused (denied). This node's operator denies ${world.contracts.token}`);
  });

  it("deny an account", async () => {
    expect(String(await refuse({ denied: [limited.account.address] }))).toContain("refused (denied)");
  });

  it("bound how often a key signs", async () => {
    await limit({ signaturesPerMinute: 1 });
    expect((await sendWith(world, limited, [send()])).success).toBe(true);
    const error = await rejection(sendWith(world, limited, [send()]));
    expect(String(error)).toContain("refused (rate)");
  });

  it("bound how often an address asks", async () => {
    expect(String(await refuse({ requestsPerMinute: 1 }))).toContain("refused (rate)");
  });

  it("bound the ether of a day, over restarts", async () => {
    await limit({});
    const { session, sessionKey } = await grantEther();
    const pay = (value: bigint) => sendWith(world, { session, sessionKey }, [{ to: shop, value }]);
    for (const value of [60n, 40n]) {
      await limit({ valuePerDay: "100" });
      expect((await pay(value)).success).toBe(true);
    }
    expect(String(await rejection(pay(1n)))).toContain("refused (value-per-day)");
  }, 120_000);

  async function grantEther() {
    await nodeAt(2).start();
    const other = await world.createAccount();
    const connection = await consentTo(world, { account: other, nodes: infos(), threshold: 2 });
    const sessionKey = await createDistributedSessionKey(connection);
    const session = defineSession({
      account: other.address,
      chainId: world.info.chainId,
      sessionKey,
      validUntil: (await world.now()) + 86_400,
      fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
      actions: [allowNativeTransfer({ recipients: [shop], total: 1_000n })],
    });
    await grantSession(other.bundler, { session });
    await nodeAt(2).stop();
    return { session, sessionKey };
  }
});
