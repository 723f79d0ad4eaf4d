import { type Hex, LimitExceededRpcError, MethodNotFoundRpcError, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { account, contracts, parameters, session, stranger, token } from "../../test/fixtures.js";
import { createMockClient } from "../../test/mockClient.js";
import {
  AccountMismatchError,
  defineSession,
  encodeSession,
  getPublishedSessions,
  getSessionId,
  getSessionStatus,
  getSessionTree,
  InvalidAmountError,
  inspectSession,
  listSessions,
  NoSourceError,
  type SearchProgress,
  type Session,
} from "../index.js";

const second = { ...session, salt: zeroHash } as const;
const published = (used: Session): { id: Hex; data: Hex; account: Hex } => ({
  id: getSessionId(used),
  data: encodeSession(used),
  account,
});
const logs = [published(session), published(second)];
const searches = (requests: readonly string[]) => requests.filter((request) => request.startsWith("eth_getLogs"));

describe("getPublishedSessions", () => {
  it("asks for all blocks at once, if the provider lets it", async () => {
    const { client, requests } = createMockClient({ logs, latest: 1_000n });
    await getPublishedSessions(client, { account, fromBlock: 0n, contracts });
    expect(searches(requests)).toEqual(["eth_getLogs 0 to 1000"]);
  });

  it("searches in ranges of a size, and says how far it has come", async () => {
    const { client, requests } = createMockClient({ logs, latest: 25n });
    const told: SearchProgress[] = [];
    const found = await getPublishedSessions(client, {
      account,
      fromBlock: 2n,
      blockRange: 10n,
      onProgress: (progress) => told.push(progress),
      contracts,
    });
    expect(found.map(({ id }) => id)).toEqual([getSessionId(second)]);
    expect(searches(requests)).toEqual(["eth_getLogs 2 to 11", "eth_getLogs 12 to 21", "eth_getLogs 22 to 25"]);
    expect(told).toEqual([
      { fromBlock: 2n, toBlock: 25n, searchedTo: 11n, found: 1 },
      { fromBlock: 2n, toBlock: 25n, searchedTo: 21n, found: 1 },
      { fromBlock: 2n, toBlock: 25n, searchedTo: 25n, found: 1 },
    ]);
  });

  it("halves the range whenever the provider refuses, and finds each session once", async () => {
    const refuse = (from: bigint, to: bigint): void => {
      if (to - from >= 4n) throw new LimitExceededRpcError(new Error("too many blocks"));
    };
    const { client, requests } = createMockClient({ logs, latest: 9n, onGetLogs: refuse });
    const found = await getPublishedSessions(client, { account, fromBlock: "earliest", contracts });
    expect(found.map(({ id }) => id)).toEqual([getSessionId(session), getSessionId(second)]);
    expect([...new Set(searches(requests))]).toEqual([
      "eth_getLogs 0 to 9",
      "eth_getLogs 0 to 4",
      "eth_getLogs 0 to 1",
      "eth_getLogs 2 to 3",
      "eth_getLogs 4 to 5",
      "eth_getLogs 6 to 7",
      "eth_getLogs 8 to 9",
    ]);
  });

  it("gives up where fewer blocks do not help", async () => {
    const refuse = (error: Error) => () => {
      throw error;
    };
    const search = (error: Error) => {
      const { client, requests } = createMockClient({ logs, latest: 9n, onGetLogs: refuse(error) });
      return { searching: getPublishedSessions(client, { account, fromBlock: 0n, contracts }), requests };
    };
    const unknown = search(new MethodNotFoundRpcError(new Error()));
    await expect(unknown.searching).rejects.toThrow("does not exist");
    expect(new Set(searches(unknown.requests)).size).toBe(1);
    const never = search(new LimitExceededRpcError(new Error("never")));
    await expect(never.searching).rejects.toThrow("exceeds defined limit");
    expect(searches(never.requests).at(-1)).toBe("eth_getLogs 0 to 0");
  }, 60_000);

  it("refuses ranges and blocks that are none, and finds nothing where there are no blocks", async () => {
    const { client, requests } = createMockClient({ logs });
    const search = (parameters: object) =>
      getPublishedSessions(client, { account, fromBlock: 0n, contracts, ...parameters });
    for (const wrong of [{ blockRange: 0n }, { blockRange: 10 }, { fromBlock: -1n }, { toBlock: 1.5, fromBlock: 0 }])
      await expect(search(wrong)).rejects.toThrow(InvalidAmountError);
    expect(await search({ fromBlock: 9n, toBlock: 8n })).toEqual([]);
    expect(searches(requests)).toEqual([]);
  });
});

describe("listSessions", () => {
  it("lists what is given and what was published, each once", async () => {
    const { client, requests } = createMockClient({ logs, latest: 9n });
    const third = { ...session, maxOpCost: 7n };
    const found = await listSessions(client, { account, sessions: [second, third], fromBlock: 0n, contracts });
    expect(found.map(({ id, source, blockNumber, effective }) => ({ id, source, blockNumber, effective }))).toEqual([
      { id: getSessionId(second), source: "both", blockNumber: 2n, effective: "active" },
      { id: getSessionId(third), source: "given", blockNumber: undefined, effective: "active" },
      { id: getSessionId(session), source: "published", blockNumber: 1n, effective: "active" },
    ]);
    const count = (name: string) => requests.filter((request) => request === name).length;
    expect([count("epochOf"), count("isInitialized"), count("sessionStatus")]).toEqual([1, 1, 3]);
  });

  it("searches no chain unless told from where", async () => {
    const { client, requests } = createMockClient({ logs });
    expect((await listSessions(client, { account, sessions: [session], contracts })).length).toBe(1);
    expect(searches(requests)).toEqual([]);
    await expect(listSessions(client, { account, contracts })).rejects.toThrow(NoSourceError);
    await expect(listSessions(client, { account, contracts })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [NoSourceError: There is nothing to list sessions from.

      Expected: \`sessions\` that are known, \`fromBlock\` to search the chain from, or both

      Docs: docs/errors/NoSourceError.md]
    `);
  });

  it("refuses sessions of other accounts", async () => {
    const { client } = createMockClient();
    const sessions = [{ ...session, account: stranger }] as const;
    await expect(listSessions(client, { account, sessions, contracts })).rejects.toThrow(AccountMismatchError);
  });
});

describe("getSessionStatus", () => {
  const { root, getProof } = getSessionTree([session, second]);
  const status = async (statuses: Record<Hex, number>, proof = getProof(session)) => {
    const { client } = createMockClient({ statusOf: (id) => statuses[id] ?? 0 });
    return getSessionStatus(client, { session, proof, contracts });
  };

  it("knows of a root that grants the session", async () => {
    expect(await status({ [root]: 1 })).toMatchObject({ status: "none", effective: "active" });
    expect(await status({ [root]: 2 })).toMatchObject({ status: "none", effective: "revoked" });
    expect(await status({})).toMatchObject({ status: "none", effective: "not-granted" });
    expect(await status({ [root]: 1 }, [])).toMatchObject({ effective: "not-granted" });
  });

  it("lets the session's own status count first", async () => {
    const id = getSessionId(session);
    expect(await status({ [root]: 1, [id]: 2 })).toMatchObject({ status: "revoked", effective: "revoked" });
    expect(await status({ [root]: 2, [id]: 1 })).toMatchObject({ status: "granted", effective: "active" });
  });
});

describe("inspectSession", () => {
  const until = 2_000_000;
  const inspect = (validUntil: number | "never", validAfter?: number) =>
    inspectSession(createMockClient({ now: () => 1_999_990, spent: [10n, 0n, 0n] }).client, {
      session: defineSession({ ...parameters, validAfter, validUntil }),
      describe: { tokens: [{ address: token, symbol: "USDC", decimals: 0 }] },
      contracts,
    });

  it("says whether it may act, until when, with what budget, and in words", async () => {
    const { description, ...found } = await inspect(until, 5);
    expect(found).toMatchObject({
      effective: "active",
      window: { from: 5, until },
      secondsLeft: 11,
      allowances: [{ token, available: 10n, total: { remaining: 15n } }],
    });
    expect(description.lines.join("\n")).toContain("USDC");
  });

  it("describes with what the chain knows: the epoch, and what tokens say of themselves", async () => {
    const { client, requests } = createMockClient({ epoch: 3n, symbol: "USDC", decimals: 6 });
    const { description } = await inspectSession(client, { session, contracts });
    expect(description.lines.join("\n")).toContain("USDC");
    expect(description.risks).toContain("It has ended already, with its epoch.");
    expect(requests.filter((request) => request === "epochOf")).toHaveLength(1);
  });

  it("knows sessions without an end, and ended ones", async () => {
    expect(await inspect("never")).toMatchObject({
      window: { from: undefined, until: undefined },
      secondsLeft: undefined,
    });
    expect(await inspect(1_999_989)).toMatchObject({ effective: "expired", secondsLeft: 0 });
  });

  it("has no allowances without limits on tokens", async () => {
    const { allowances } = await inspectSession(createMockClient().client, {
      session: { ...session, actions: session.actions.map((action) => ({ ...action, policies: [] })) },
      contracts,
    });
    expect(allowances).toEqual([]);
  });
});
