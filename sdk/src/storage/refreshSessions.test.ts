import {
  type Chain,
  createClient,
  custom,
  decodeFunctionData,
  encodeFunctionResult,
  type Hex,
  multicall3Abi,
  numberToHex,
  pad,
  size,
  toFunctionSelector,
} from "viem";
import { mainnet } from "viem/chains";
import { describe, expect, it } from "vitest";
import { account, contracts, session, stranger } from "../../test/fixtures.js";
import { getSessionId, getSessionTree, type Session, sessionKeyManagerAbi, UnknownParameterError } from "../index.js";
import { createSessionStore, memoryAdapter, refreshSessions } from "./index.js";

type State = {
  block?: bigint;
  /** By id. */
  statuses?: Readonly<Record<Hex, number>>;
  /** By account. */
  epochs?: Readonly<Record<Hex, bigint>>;
  installed?: boolean;
};

/** Later than the Multicall3 of mainnet. */
const recent = 20_000_000n;

/** The call in the code of a contract that only makes it. */
function readCall(code: Hex): Hex {
  const selector = toFunctionSelector("aggregate3((address,bool,bytes)[])").slice(2);
  return `0x${code.slice(code.lastIndexOf(selector))}`;
}

/** A chain with Multicall3; `requests` lists what it was asked. */
function createChain(state: State, chain: Chain = mainnet) {
  const requests: string[] = [];
  const sizes: number[] = [];
  const answer = (data: Hex): Hex => {
    const { functionName, args } = decodeFunctionData({ abi: sessionKeyManagerAbi, data });
    const [of, id] = args as readonly Hex[];
    const result = {
      sessionStatus: state.statuses?.[id ?? "0x"] ?? 0,
      epochOf: state.epochs?.[of ?? "0x"] ?? 0n,
      isInitialized: state.installed ?? true,
    }[functionName as string];
    return encodeFunctionResult({ abi: sessionKeyManagerAbi, functionName, result } as never);
  };
  const client = createClient({
    chain,
    transport: custom({
      async request({ method, params }: { method: string; params?: [{ data: Hex; to?: Hex }, Hex] }) {
        requests.push(method);
        if (method === "eth_blockNumber") return numberToHex(state.block ?? recent);
        if (method !== "eth_call" || !params) throw new Error(`unexpected ${method}`);
        expect(params[1]).toBe(numberToHex(state.block ?? recent));
        sizes.push(size(params[0].data));
        const { data, to } = params[0];
        const { functionName, args } = decodeFunctionData({ abi: multicall3Abi, data: to ? data : readCall(data) });
        if (functionName !== "aggregate3") throw new Error(`unexpected ${functionName}`);
        const [calls] = args;
        return encodeFunctionResult({
          abi: multicall3Abi,
          functionName: "aggregate3",
          result: calls.map(({ callData }) => ({ success: true, returnData: answer(callData) })),
        });
      },
    }),
  });
  return { client, requests, sizes };
}

const salted = (number: number): Session => ({ ...session, salt: pad(numberToHex(number), { size: 32 }) });
const id = getSessionId(session);

async function refresh(state: State, add: (store: ReturnType<typeof createSessionStore>) => Promise<unknown>) {
  const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
  await add(store);
  const { client, requests } = createChain(state);
  const result = await refreshSessions(client, { store, contracts });
  return { store, requests, ...result };
}

describe("refreshSessions", () => {
  it("asks nothing if there is nothing to ask about", async () => {
    const { requests, sessions, blockNumber } = await refresh({}, async (store) => {
      await store.add({ session: { ...session, chainId: 0n }, chainId: 10 });
    });
    expect(requests).toEqual([]);
    expect(sessions).toEqual([]);
    expect(blockNumber).toBeUndefined();
  });

  it("reads hundreds of sessions in one call, at one block", async () => {
    const many = Array.from({ length: 300 }, (_, index) => salted(index));
    const statuses = Object.fromEntries(many.map((item, index) => [getSessionId(item), index % 3]));
    const { requests, sessions, changed } = await refresh({ statuses }, (store) =>
      Promise.all(many.map((item) => store.add({ session: item }))),
    );
    expect(requests).toEqual(["eth_blockNumber", "eth_call"]);
    const count = (status: string) => sessions.filter((record) => record.status === status).length;
    expect([count("pending"), count("active"), count("revoked")]).toEqual([100, 100, 100]);
    expect(changed).toHaveLength(200);
  });

  it.each([
    ["without Multicall3", { ...mainnet, contracts: {} }, recent],
    ["that has no Multicall3 yet", mainnet, 10n],
  ])("reads hundreds of sessions of a chain %s, at one block", async (_, chain, block) => {
    const many = Array.from({ length: 300 }, (__, index) => salted(index));
    const statuses = Object.fromEntries(many.map((item, index) => [getSessionId(item), index % 3]));
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    for (const item of many) await store.add({ session: item });
    const { client, requests, sizes } = createChain({ statuses, block }, chain);
    const { sessions } = await refreshSessions(client, { store, contracts });
    expect(sessions.filter(({ status }) => status === "active")).toHaveLength(100);
    expect(requests).toEqual(["eth_blockNumber", "eth_call", "eth_call", "eth_call"]);
    // EIP-3860: nodes take no longer code than this.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(49_152);
  });

  it("refuses a misspelt parameter", async () => {
    const store = createSessionStore({ adapter: memoryAdapter() });
    const parameters = { store, acount: account };
    await expect(refreshSessions(createChain({}).client, parameters)).rejects.toThrow(UnknownParameterError);
  });

  it.each([
    ["none", { statuses: {} }, "pending"],
    ["granted", { statuses: { [id]: 1 } }, "active"],
    ["revoked", { statuses: { [id]: 2 } }, "revoked"],
    ["granted for an earlier epoch", { statuses: { [id]: 1 }, epochs: { [account]: 5n } }, "revoked"],
    ["not granted, of an earlier epoch", { statuses: {}, epochs: { [account]: 5n } }, "revoked"],
    ["granted, but the manager is not installed", { statuses: { [id]: 1 }, installed: false }, "pending"],
    ["granted, in another account's epoch", { statuses: { [id]: 1 }, epochs: { [stranger]: 5n } }, "active"],
  ] as const)("of a session that is %s", async (_, state, status) => {
    const { sessions } = await refresh(state, (store) => store.add({ session }));
    expect(sessions).toMatchObject([{ id, status }]);
  });

  it("keeps a session pending whose epoch has not begun", async () => {
    const later: Session = { ...session, epoch: 7n };
    const { sessions } = await refresh({ statuses: { [getSessionId(later)]: 1 }, epochs: { [account]: 6n } }, (store) =>
      store.add({ session: later }),
    );
    expect(sessions).toMatchObject([{ status: "pending" }]);
  });

  const tree = getSessionTree([session, salted(1)]);
  it.each([
    [0, 1, "active"],
    [1, 1, "active"],
    [2, 1, "revoked"],
    [0, 2, "revoked"],
    [1, 2, "active"],
    [0, 0, "pending"],
  ])("of a session in a tree: its own slot %i, the root's %i: %s", async (own, root, status) => {
    const { sessions, requests } = await refresh({ statuses: { [id]: own, [tree.root]: root } }, (store) =>
      store.add({ session, proof: tree.getProof(session) }),
    );
    expect(sessions).toMatchObject([{ status }]);
    expect(requests).toHaveLength(2);
  });

  it("follows a chain whose blocks were replaced, but not one that lags behind", async () => {
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await store.add({ session });
    await store.observe(id, { state: "granted", blockNumber: recent });
    const at = async (block: bigint) => {
      const { client } = createChain({ block });
      return (await refreshSessions(client, { store, contracts })).sessions[0]?.status;
    };
    expect(await at(recent - 1n)).toBe("active");
    expect(await at(recent + 1n)).toBe("pending");
  });

  it("does not ask about sessions that were revoked", async () => {
    const { requests, sessions } = await refresh({ statuses: { [id]: 1 } }, async (store) => {
      await store.add({ session });
      await store.observe(id, { state: "revoked", blockNumber: 1n });
    });
    expect(requests).toEqual([]);
    expect(sessions).toMatchObject([{ status: "revoked" }]);
  });

  it("keeps to one account if asked to", async () => {
    const foreign: Session = { ...session, account: stranger };
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await store.add({ session });
    await store.add({ session: foreign });
    const { client } = createChain({ statuses: { [id]: 1, [getSessionId(foreign)]: 1 } });
    const { sessions } = await refreshSessions(client, { store, account, contracts });
    expect(sessions).toMatchObject([{ id, status: "active" }]);
    expect((await store.get(getSessionId(foreign)))?.status).toBe("pending");
  });
});

describe("refreshSessions, of several accounts", () => {
  const accounts = [account, stranger, "0x0000000000000000000000000000000000000011"] as const;
  const mine = accounts.map((of, index): Session => ({ ...session, account: of, epoch: BigInt(index) }));
  const statuses = Object.fromEntries(mine.map((item) => [getSessionId(item), 1]));

  it("holds each session against the epoch of its own account", async () => {
    for (const [index, of] of accounts.entries()) {
      const epochs = Object.fromEntries(accounts.map((each, at) => [each, BigInt(at)]));
      const { sessions, changed } = await refresh(
        { statuses, epochs: { ...epochs, [of]: BigInt(index) + 1n } },
        (store) => Promise.all(mine.map((item) => store.add({ session: item }))),
      );
      const states = new Map(sessions.map((record) => [record.session.account, record.state]));
      expect(accounts.map((each) => states.get(each))).toEqual(
        accounts.map((each) => (each === of ? "revoked" : "granted")),
      );
      expect(changed).toHaveLength(3);
    }
  });

  it("tells of those that changed only, and lists all as they are now", async () => {
    const [first, second] = mine;
    if (first === undefined || second === undefined) expect.unreachable();
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    for (const item of [first, second]) await store.add({ session: item });
    const granted = { [getSessionId(first)]: 1 };
    const { client } = createChain({ statuses: granted, epochs: { [stranger]: 1n } });
    const { sessions, changed } = await refreshSessions(client, { store, contracts });
    expect(changed.map((record) => [record.id, record.state])).toEqual([[getSessionId(first), "granted"]]);
    expect(sessions.map(({ state }) => state).sort()).toEqual(["granted", "requested"]);
    const again = await refreshSessions(client, { store, contracts });
    expect(again.changed).toEqual([]);
    expect(again.sessions).toEqual(sessions);
  });

  it("asks at the latest block each time, however soon", async () => {
    const state: State = { block: recent };
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await store.add({ session });
    const { client } = createChain(state);
    expect((await refreshSessions(client, { store, contracts })).blockNumber).toBe(recent);
    state.block = recent + 1n;
    expect((await refreshSessions(client, { store, contracts })).blockNumber).toBe(recent + 1n);
  });

  it("has nothing that changed if nothing is open", async () => {
    const { sessions, changed } = await refresh({}, async () => undefined);
    expect([sessions, changed]).toEqual([[], []]);
  });

  it("asks Multicall3 from the block on in which it was made", async () => {
    const created = 50n;
    const chain = { ...mainnet, contracts: { multicall3: { ...mainnet.contracts.multicall3, blockCreated: 50 } } };
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await store.add({ session });
    const sizeAt = async (block: bigint) => {
      const { client, sizes } = createChain({ block }, chain);
      await refreshSessions(client, { store, contracts });
      return sizes[0];
    };
    // Without it, the contract that makes the calls comes along.
    const alone = await sizeAt(created);
    expect(await sizeAt(created + 1n)).toBe(alone);
    expect(await sizeAt(created - 1n)).toBeGreaterThan(alone ?? 0);
  });

  it("asks a client without a chain which one it is of", async () => {
    const store = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await store.add({ session });
    const { client } = createChain({ statuses: { [id]: 1 } });
    const asked: string[] = [];
    const request = async ({ method, params }: { method: string; params?: unknown }) => {
      asked.push(method);
      return method === "eth_chainId" ? "0x1" : client.request({ method, params } as never);
    };
    const { sessions } = await refreshSessions(createClient({ transport: custom({ request }) }), { store, contracts });
    expect(asked).toEqual(["eth_chainId", "eth_blockNumber", "eth_call"]);
    expect(sessions).toMatchObject([{ id, state: "granted" }]);
    await expect(refreshSessions(client, 5 as never)).rejects.toThrow("`refreshSessions' argument` is not an object.");
  });

  it("writes and reads no more than it needs to", async () => {
    const adapter = memoryAdapter();
    const store = createSessionStore({ adapter, now: () => 1_000 });
    await store.add({ session });
    let [lists, observations] = [0, 0];
    const counted = {
      ...store,
      list: (...given: Parameters<typeof store.list>) => {
        lists++;
        return store.list(...given);
      },
      observe: (...given: Parameters<typeof store.observe>) => {
        observations++;
        return store.observe(...given);
      },
    };
    const refreshIn = async (state: State) => {
      [lists, observations] = [0, 0];
      await refreshSessions(createChain(state).client, { store: counted, contracts });
      return [lists, observations];
    };
    expect(await refreshIn({})).toEqual([1, 0]);
    expect(await refreshIn({ statuses: { [id]: 1 } })).toEqual([2, 1]);
    expect(await refreshIn({ statuses: { [id]: 1 } })).toEqual([1, 0]);
    // What is older changes nothing, and is not told as a change.
    const { client } = createChain({ statuses: {}, block: recent - 1n });
    expect((await refreshSessions(client, { store, contracts })).changed).toEqual([]);
  });
});
