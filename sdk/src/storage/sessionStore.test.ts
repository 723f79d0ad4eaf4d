import {
  encodeAbiParameters,
  encodeEventTopics,
  getAddress,
  type Hex,
  type Log,
  pad,
  type TransactionReceipt,
  zeroHash,
} from "viem";
import type { UserOperationReceipt } from "viem/account-abstraction";
import { describe, expect, it } from "vitest";
import { account, contracts, parameters, privateKey, session, stranger } from "../../test/fixtures.js";
import {
  createSessionKey,
  defineSession,
  getSessionId,
  getSessionTree,
  InvalidAmountError,
  InvalidBytesError,
  InvalidNumberError,
  InvalidParameterError,
  InvalidTimeError,
  type Session,
  SessionNotInGrantError,
  SessionRevokedError,
  sessionKeyManagerAbi,
  UnknownParameterError,
} from "../index.js";
import {
  createSessionStore,
  memoryAdapter,
  SessionRecordNotFoundError,
  type SessionStore,
  type StorageAdapter,
  StorageCorruptedError,
  StorageForeignError,
  StorageVersionError,
  serializeSessionRecord,
} from "./index.js";

const id = getSessionId(session);
const hash = (number: number): Hex => pad(`0x${number.toString(16)}`, { size: 32 });
const other: Session = { ...session, salt: hash(2) };
const everywhere: Session = { ...session, chainId: 0n };

const open = (adapter: StorageAdapter = memoryAdapter(), now = 1_000) =>
  createSessionStore({ adapter, now: () => now });

type Event = { eventName: "SessionGranted" | "SessionRevoked"; id: Hex } | { eventName: "EpochMoved"; epoch: bigint };

function toLog(event: Event, { of = account, by = contracts.manager }: { of?: Hex; by?: Hex } = {}): Log {
  const isMove = event.eventName === "EpochMoved";
  return {
    address: by,
    topics: encodeEventTopics({
      abi: sessionKeyManagerAbi,
      eventName: event.eventName,
      args: isMove ? { account: of } : { account: of, id: event.id },
    }) as Log["topics"],
    data: isMove ? encodeAbiParameters([{ type: "uint64" }, { type: "uint64" }], [0n, event.epoch]) : "0x",
    blockNumber: 5n,
    blockHash: zeroHash,
    logIndex: 0,
    transactionHash: hash(9),
    transactionIndex: 0,
    removed: false,
  };
}

function toReceipt(logs: readonly Log[], blockNumber = 5n): TransactionReceipt {
  const receipt = { logs, blockNumber, transactionHash: hash(9), status: "success" };
  return receipt as unknown as TransactionReceipt;
}

const apply = (store: SessionStore, logs: readonly Log[], chainId = 1) =>
  store.applyReceipt({ chainId, receipt: toReceipt(logs), contracts });

describe("createSessionStore", () => {
  it("says which storage it took", () => {
    expect(createSessionStore()).toMatchObject({ isDefault: true, adapter: { kind: "file" } });
    expect(open()).toMatchObject({ isDefault: false, adapter: { kind: "memory" } });
  });

  it("refuses a misspelt parameter, and what is no adapter", () => {
    expect(() => createSessionStore({ adaptor: memoryAdapter() } as object)).toThrow(UnknownParameterError);
    for (const adapter of [{}, "file", new Map()] as never[])
      expect(() => createSessionStore({ adapter })).toThrow(InvalidParameterError);
  });

  it("refuses a clock in milliseconds", async () => {
    const store = createSessionStore({ adapter: memoryAdapter(), now: Date.now });
    await expect(store.add({ session })).rejects.toThrow(InvalidTimeError);
  });
});

describe("add and get", () => {
  it("keep a session, pending", async () => {
    const store = open();
    const added = await store.add({ session, userOpHash: hash(1) });
    expect(added).toMatchObject({ id, chainId: 1, state: "requested", status: "pending", createdAt: 1_000 });
    expect(await store.get(id)).toEqual(added);
    expect(await store.get({ id, chainId: 1 })).toEqual(added);
    expect(await store.get({ id, chainId: 2 })).toBeUndefined();
    expect(await store.get(hash(1))).toBeUndefined();
  });

  it("take what is new of a session that is there, and no state", async () => {
    const adapter = memoryAdapter();
    await open(adapter, 1_000).add({ session, userOpHash: hash(1) });
    await apply(open(adapter), [toLog({ eventName: "SessionGranted", id })]);
    const again = await open(adapter, 2_000).add({ session, grant: { ids: [id], signature: "0x12" } });
    expect(again).toMatchObject({ status: "active", userOpHash: hash(1), createdAt: 1_000, updatedAt: 2_000 });
    expect(again.grant).toEqual({ ids: [id], signature: "0x12" });
  });

  it("refuse a session that was revoked", async () => {
    const store = open();
    await store.add({ session });
    await apply(store, [toLog({ eventName: "SessionRevoked", id })]);
    await expect(store.add({ session })).rejects.toThrow(SessionRevokedError);
  });

  it("keep a session for every chain by chain", async () => {
    const store = open();
    await expect(store.add({ session: everywhere })).rejects.toThrow("a chain, as the session is for every chain");
    await store.add({ session: everywhere, chainId: 1 });
    await store.add({ session: everywhere, chainId: 10 });
    const name = getSessionId(everywhere);
    await apply(store, [toLog({ eventName: "SessionGranted", id: name })], 10);
    expect((await store.get({ id: name, chainId: 1 }))?.status).toBe("pending");
    expect((await store.get({ id: name, chainId: 10 }))?.status).toBe("active");
    expect(await store.get(name)).toBeUndefined();
  });

  it("refuse another chain than the session's", async () => {
    await expect(open().add({ session, chainId: 2 })).rejects.toThrow(InvalidParameterError);
  });

  it("refuse a grant of other sessions, and a misspelt parameter", async () => {
    const store = open();
    await expect(store.add({ session, grant: { ids: [hash(1)], signature: "0x12" } })).rejects.toThrow(
      SessionNotInGrantError,
    );
    await expect(store.add({ session, state: "granted" } as { session: Session })).rejects.toThrow(
      UnknownParameterError,
    );
    expect(await store.list()).toEqual([]);
  });

  it("have no place for a private key", async () => {
    const adapter = memoryAdapter();
    const store = open(adapter);
    const careless = { ...session, privateKey };
    await store.add({ session: careless });
    await store.update(id, () => ({ userOpHash: hash(1), privateKey }));
    const [key = ""] = await adapter.keys();
    expect(await adapter.get(key)).not.toContain(privateKey.slice(2));
  });

  it("turn expired with the time alone", async () => {
    const adapter = memoryAdapter();
    await open(adapter).add({ session });
    await apply(open(adapter), [toLog({ eventName: "SessionGranted", id })]);
    expect((await open(adapter, session.validUntil).get(id))?.status).toBe("active");
    expect((await open(adapter, session.validUntil + 1).get(id))?.status).toBe("expired");
  });
});

describe("list", () => {
  it("gives what fits, the oldest first", async () => {
    const adapter = memoryAdapter();
    const key = createSessionKey();
    const third = defineSession({ ...parameters, account: stranger, sessionKey: key });
    await open(adapter, 3).add({ session });
    await open(adapter, 1).add({ session: other });
    await open(adapter, 2).add({ session: third });
    const store = open(adapter, 4);
    await apply(store, [toLog({ eventName: "SessionGranted", id })]);
    const ids = async (filter?: Parameters<SessionStore["list"]>[0]) =>
      (await store.list(filter)).map((record) => record.id);
    const [a, b, c] = [id, getSessionId(other), getSessionId(third)];
    expect(await ids()).toEqual([b, c, a]);
    expect(await ids({ account })).toEqual([b, a]);
    expect(await ids({ account: stranger })).toEqual([c]);
    expect(await ids({ sessionKey: key.sessionKey })).toEqual([c]);
    expect(await ids({ status: "active" })).toEqual([a]);
    expect(await ids({ status: ["pending", "expired"] })).toEqual([b, c]);
    expect(await ids({ chainId: 2 })).toEqual([]);
    expect(await ids({ account: getAddress(account), chainId: 1, status: "active" })).toEqual([a]);
    await expect(store.list({ acount: account } as object)).rejects.toThrow(UnknownParameterError);
    await expect(store.list({ status: "activ" } as object)).rejects.toThrow(InvalidParameterError);
    await expect(store.list({ status: ["active", "granted"] } as object)).rejects.toThrow(InvalidParameterError);
    await expect(store.list({ chainId: 1n } as object)).rejects.toThrow(InvalidNumberError);
  });

  it("leaves alone what is not a session's", async () => {
    const adapter = memoryAdapter();
    await adapter.compareAndSet("settings", undefined, "theirs");
    expect(await open(adapter).list()).toEqual([]);
  });
});

describe("update", () => {
  it("changes what may be changed", async () => {
    const adapter = memoryAdapter();
    await open(adapter).add({ session });
    const updated = await open(adapter, 2_000).update(id, ({ status }) => {
      expect(status).toBe("pending");
      return { userOpHash: hash(3) };
    });
    expect(updated).toMatchObject({ userOpHash: hash(3), createdAt: 1_000, updatedAt: 2_000 });
  });

  it("changes nothing else, whatever comes back", async () => {
    const store = open();
    const before = await store.add({ session });
    const forged = { state: "granted", id: hash(1), session: other, createdAt: 5, chainId: 3, blockNumber: 3n };
    expect(await store.update(id, () => forged as object)).toEqual(before);
  });

  it("is for sessions that are there", async () => {
    await expect(open().update(id, () => ({}))).rejects.toThrow(SessionRecordNotFoundError);
    await expect(open().observe({ id, chainId: 1 }, { state: "granted", blockNumber: 1n })).rejects.toThrow(
      SessionRecordNotFoundError,
    );
  });

  it("loses nothing of two at once, of whatever kind", async () => {
    const adapter = memoryAdapter();
    await open(adapter).add({ session });
    const root = getSessionTree([session, other]);
    await Promise.all([
      open(adapter).update(id, () => ({ userOpHash: hash(3) })),
      open(adapter).update(id, () => ({ proof: root.getProof(session) })),
      open(adapter).add({ session, grant: { ids: [id], signature: "0x12" } }),
      apply(open(adapter), [toLog({ eventName: "SessionGranted", id })]),
    ]);
    expect(await open(adapter).get(id)).toMatchObject({
      userOpHash: hash(3),
      proof: root.getProof(session),
      grant: { ids: [id], signature: "0x12" },
      status: "active",
      blockNumber: 5n,
    });
  });

  it("does not bring back what another removes in between", async () => {
    const adapter = memoryAdapter();
    const store = open(adapter);
    await store.add({ session });
    const slow = createSessionStore({
      adapter: {
        ...adapter,
        compareAndSet: async (...entry) => {
          await store.remove(id);
          return adapter.compareAndSet(...entry);
        },
      },
    });
    await expect(slow.update(id, () => ({ userOpHash: hash(1) }))).rejects.toThrow(SessionRecordNotFoundError);
    expect(await store.list()).toEqual([]);
  });
});

describe("observe", () => {
  it.each([
    ["another state", { state: "active", blockNumber: 1n }, InvalidParameterError],
    ["a block that is no bigint", { state: "granted", blockNumber: 1 }, InvalidAmountError],
    ["no block", { state: "granted" }, InvalidAmountError],
    ["half a hash", { state: "granted", blockNumber: 1n, transactionHash: "0x12" }, InvalidBytesError],
    ["a misspelt name", { state: "granted", block: 1n }, UnknownParameterError],
  ])("refuses %s", async (_, observation, expected) => {
    const store = open();
    const before = await store.add({ session });
    await expect(store.observe(id, observation as never)).rejects.toThrow(expected);
    expect(await store.get(id)).toEqual(before);
  });
});

describe("applyReceipt", () => {
  it("refuses a misspelt parameter", async () => {
    const wrong = { chainID: 1, receipt: toReceipt([]) } as never;
    await expect(open().applyReceipt(wrong)).rejects.toThrow(UnknownParameterError);
  });

  it("turns a session active only by a receipt that says it was granted", async () => {
    const store = open();
    await store.add({ session });
    const granted = { eventName: "SessionGranted", id } as const;
    for (const logs of [
      [],
      [toLog({ ...granted, id: getSessionId(other) })],
      [toLog(granted, { by: stranger })],
      [toLog(granted, { of: stranger })],
    ])
      expect(await apply(store, logs)).toEqual([]);
    expect(await apply(store, [toLog(granted)], 2)).toEqual([]);
    expect((await store.get(id))?.status).toBe("pending");

    const changed = await apply(store, [toLog(granted)]);
    expect(changed).toMatchObject([{ id, status: "active", transactionHash: hash(9), blockNumber: 5n }]);
    expect(await store.get(id)).toEqual(changed[0]);
    expect(await apply(store, [toLog(granted)])).toEqual([]);
  });

  it("reads a user operation's receipt", async () => {
    const store = open();
    await store.add({ session });
    const receipt = {
      userOpHash: hash(1),
      logs: [],
      receipt: toReceipt([toLog({ eventName: "SessionGranted", id })]),
    } as unknown as UserOperationReceipt;
    expect(await store.applyReceipt({ chainId: 1, receipt, contracts })).toMatchObject([{ status: "active" }]);
  });

  it("turns the sessions of a tree active by its root", async () => {
    const tree = getSessionTree([session, other]);
    const store = open();
    await store.add({ session, proof: tree.getProof(session) });
    await store.add({ session: other });
    const changed = await apply(store, [toLog({ eventName: "SessionGranted", id: tree.root })]);
    expect(changed).toMatchObject([{ id, status: "active" }]);
  });

  it("leaves it to the chain whether the end of a tree ends a session", async () => {
    const tree = getSessionTree([session, other]);
    const store = open();
    await store.add({ session, proof: tree.getProof(session) });
    await apply(store, [
      toLog({ eventName: "SessionGranted", id: tree.root }),
      toLog({ eventName: "SessionRevoked", id: tree.root }),
    ]);
    expect((await store.get(id))?.status).toBe("pending");
    await store.observe(id, { state: "granted", blockNumber: 6n });
    expect((await store.get(id))?.status).toBe("active");
  });

  it("revokes for good", async () => {
    const store = open();
    await store.add({ session });
    const granted = toLog({ eventName: "SessionGranted", id });
    await apply(store, [granted]);
    expect(await apply(store, [toLog({ eventName: "SessionRevoked", id })])).toMatchObject([{ status: "revoked" }]);
    expect(await apply(store, [granted])).toEqual([]);
    await store.observe(id, { state: "granted", blockNumber: 99n });
    expect((await store.get(id))?.status).toBe("revoked");
  });

  it("revokes what was granted in the same transaction, and a grant that was never used", async () => {
    const store = open();
    await store.add({ session });
    await store.add({ session: other });
    await apply(store, [
      toLog({ eventName: "SessionGranted", id }),
      toLog({ eventName: "SessionRevoked", id }),
      toLog({ eventName: "SessionRevoked", id: getSessionId(other) }),
    ]);
    expect((await store.list()).map(({ status }) => status)).toEqual(["revoked", "revoked"]);
  });

  it("revokes the sessions of earlier epochs", async () => {
    const later: Session = { ...session, epoch: 7n };
    const store = open();
    await store.add({ session });
    await store.add({ session: later });
    const changed = await apply(store, [toLog({ eventName: "EpochMoved", epoch: 7n })]);
    expect(changed).toMatchObject([{ id, status: "revoked" }]);
    expect((await store.get(getSessionId(later)))?.status).toBe("pending");
  });
});

describe("remove", () => {
  it("forgets a session, and no other", async () => {
    const store = open();
    await store.add({ session });
    await store.add({ session: other });
    await store.remove(id);
    await store.remove(id);
    expect(await store.list()).toMatchObject([{ id: getSessionId(other) }]);
  });
});

describe("an entry that cannot be read", () => {
  const key = `session.${id.slice(2)}`;

  async function damage(text: (whole: string) => string): Promise<StorageAdapter> {
    const adapter = memoryAdapter();
    const store = open(adapter);
    await store.add({ session: other });
    const whole = serializeSessionRecord(await store.add({ session }));
    await adapter.compareAndSet(key, await adapter.get(key), text(whole));
    return adapter;
  }

  it.each([
    ["cut short", (text: string) => text.slice(0, -40), StorageCorruptedError],
    ["empty", () => "", StorageCorruptedError],
    ["of something else", () => "My notes", StorageForeignError],
    ["JSON of something else", () => '{"name":"theirs"}', StorageForeignError],
    ["of a later version", (text: string) => text.replace('"version": 1', '"version": 2'), StorageVersionError],
    ["another session's", (text: string) => text, StorageCorruptedError],
  ])("%s: is reported with its place, and never written over", async (name, change, expected) => {
    const adapter = await damage((text) => {
      if (name !== "another session's") return change(text);
      return serializeSessionRecord({
        ...session,
        id,
        session: other,
        chainId: 1,
        state: "granted",
        createdAt: 0,
        updatedAt: 0,
      });
    });
    const before = await adapter.get(key);
    const store = open(adapter);
    const attempts = [
      () => store.get(id),
      () => store.list(),
      () => store.add({ session }),
      () => store.update(id, () => ({ userOpHash: hash(1) })),
      () => store.observe(id, { state: "revoked", blockNumber: 1n }),
      () => store.remove(id),
      () => apply(store, [toLog({ eventName: "SessionRevoked", id })]),
    ];
    for (const attempt of attempts) {
      const failure = attempt();
      await expect(failure).rejects.toThrow(expected);
      await expect(failure).rejects.toMatchObject({ location: `memory, entry ${key}` });
    }
    expect(await adapter.get(key)).toBe(before);
  });

  it("can be left out of a list, and told of", async () => {
    const adapter = await damage(() => "");
    const problems: string[] = [];
    const found = await open(adapter).list({ onProblem: ({ name }) => problems.push(name) });
    expect(found).toMatchObject([{ id: getSessionId(other) }]);
    expect(problems).toEqual(["StorageCorruptedError"]);
  });

  it("does not hide a storage that fails", async () => {
    const adapter: StorageAdapter = {
      ...memoryAdapter(),
      keys: async () => [key],
      get: () => Promise.reject(new Error("down")),
    };
    await expect(open(adapter).list({ onProblem: () => {} })).rejects.toThrow("down");
  });
});

describe("a store", () => {
  it("takes the time in seconds from the clock, if it is given none", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { createdAt } = await createSessionStore({ adapter: memoryAdapter() }).add({ session });
    expect(createdAt).toBeGreaterThanOrEqual(before);
    expect(createdAt).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it("takes the session's own chain, when it is named", async () => {
    expect((await open().add({ session, chainId: 1 })).chainId).toBe(1);
  });

  it("leaves a record as it was, with its time, if nothing is new", async () => {
    const adapter = memoryAdapter();
    const first = await open(adapter, 1_000).add({ session, userOpHash: hash(1) });
    expect(await open(adapter, 2_000).add({ session, userOpHash: hash(1) })).toEqual(first);
    expect(await open(adapter, 2_000).add({ session, userOpHash: hash(2) })).toMatchObject({ updatedAt: 2_000 });
    expect(await open(adapter, 1_500).add({ session, userOpHash: hash(3) })).toMatchObject({ updatedAt: 2_000 });
  });

  it("lists more records than it reads at a time once each: the oldest first, then by id and chain", async () => {
    const adapter = memoryAdapter();
    const many = Array.from({ length: 130 }, (_, index): Session => ({ ...session, salt: hash(index) }));
    for (const [index, item] of many.entries()) await open(adapter, 1_000 - (index % 2)).add({ session: item });
    for (const chainId of [10, 2, 1]) await open(adapter, 1_000).add({ session: everywhere, chainId });
    const listed = await open(adapter).list();
    expect(listed.length).toBe(133);
    const expected = [...listed].sort(
      (a, b) => a.createdAt - b.createdAt || a.id.localeCompare(b.id) || a.chainId - b.chainId,
    );
    expect(listed.map(({ id: of, chainId }) => [of, chainId])).toEqual(
      expected.map(({ id: of, chainId }) => [of, chainId]),
    );
    expect(listed[0]?.createdAt).toBe(999);
    expect(listed.filter((record) => record.session.chainId === 0n).map(({ chainId }) => chainId)).toEqual([1, 2, 10]);
  });

  it("tells of a change of the transaction alone, and of none", async () => {
    const store = open();
    await store.add({ session });
    const granted = [toLog({ eventName: "SessionGranted", id })];
    expect(await apply(store, granted)).toHaveLength(1);
    expect(await apply(store, granted)).toEqual([]);
    const receipt = { ...toReceipt(granted, 6n), transactionHash: hash(10) };
    const changed = await store.applyReceipt({ chainId: 1, receipt, contracts });
    expect(changed).toMatchObject([{ id, state: "granted", transactionHash: hash(10), blockNumber: 6n }]);
  });

  it("leaves a session of a tree alone when another tree is granted or revoked", async () => {
    const store = open();
    await store.add({ session, proof: [hash(3)] });
    for (const eventName of ["SessionGranted", "SessionRevoked"] as const)
      expect(await apply(store, [toLog({ eventName, id: hash(4) })])).toEqual([]);
    expect((await store.get(id))?.state).toBe("requested");
  });

  it("does not remove what has come in the place of a record meanwhile", async () => {
    const adapter = memoryAdapter();
    await open(adapter).add({ session });
    const [key = ""] = await adapter.keys();
    const text = await adapter.get(key);
    let reads = 0;
    const changing: StorageAdapter = { ...adapter, get: async () => (reads++ === 0 ? text : "theirs") };
    await expect(open(changing).remove(id)).rejects.toThrow(StorageForeignError);
    expect(await adapter.get(key)).toBe(text);
  });
});
