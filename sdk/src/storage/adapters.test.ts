import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeAdapter } from "../../test/storage/behaviour.js";
import { createIndexedDb, createLocks, createWebStorage, withGlobals } from "../../test/storage/browser.js";
import { startRedisServer } from "../../test/storage/redisServer.js";
import { createUnstorage } from "../../test/storage/unstorage.js";
import { InvalidParameterError, UnknownParameterError } from "../index.js";
import {
  fileAdapter,
  getDefaultAdapter,
  indexedDbAdapter,
  localStorageAdapter,
  memoryAdapter,
  redisAdapter,
  StorageAccessError,
  type StorageAdapter,
  StorageConflictError,
  StorageCorruptedError,
  StorageForeignError,
  type StorageLocks,
  StorageQuotaError,
  StorageUnavailableError,
  type UnstorageLike,
  unstorageAdapter,
  updateEntry,
} from "./index.js";

// What structured clones are made of in fake-indexeddb; each test has a database of its own.
let databases = 0;
Object.defineProperty(globalThis, "indexedDB", { value: createIndexedDb(), configurable: true, writable: true });

describeAdapter("memory", "memory", async () => {
  const adapter = memoryAdapter();
  return { open: () => adapter };
});

describeAdapter("file", "file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-"));
  return {
    open: () => fileAdapter({ folder: join(folder, "made", "when needed") }),
    close: () => rm(folder, { recursive: true }),
  };
});

describeAdapter("localStorage", "localStorage", async () => {
  const shared = { storage: createWebStorage(), locks: createLocks() };
  shared.storage.setItem("somebody-elses", "1");
  return { open: () => localStorageAdapter({ ...shared, prefix: "test" }) };
});

describeAdapter("IndexedDB", "IndexedDB", async () => {
  const database = `test-${databases++}`;
  return { open: () => indexedDbAdapter({ database }) };
});

for (const driver of ["one that keeps text", "one that parses JSON itself"] as const)
  describeAdapter(`unstorage, with ${driver}`, "unstorage", async () => {
    const storage = createUnstorage({ parsed: driver !== "one that keeps text" });
    await storage.setItem("somebody-elses", { text: "1" });
    return { open: () => unstorageAdapter({ storage, base: "test" }) };
  });

// A stand-in that runs no Lua; against a real server with LATCHKEY_TEST_REDIS=redis://localhost:6379.
const server = { url: process.env["LATCHKEY_TEST_REDIS"] ?? "", close: async () => {} };
beforeAll(async () => {
  if (server.url !== "") return;
  const { port, close } = await startRedisServer();
  Object.assign(server, { url: `redis://127.0.0.1:${port}`, close });
});
afterAll(() => server.close());

function connect(): Redis {
  return new Redis(server.url, { enableReadyCheck: false, maxRetriesPerRequest: 0, retryStrategy: () => null });
}

function openRedis(client: Redis, hash: string): StorageAdapter {
  return redisAdapter({ hash, send: ([command, ...args]) => client.call(command, ...args) });
}

describeAdapter(server.url === "" ? "Redis, a stand-in" : `Redis at ${server.url}`, "Redis", async () => {
  const hash = `test:${crypto.randomUUID()}`;
  const clients: Redis[] = [];
  return {
    open: () => {
      const client = connect();
      clients.push(client);
      return openRedis(client, hash);
    },
    close: async () => {
      for (const client of clients) client.disconnect();
    },
  };
});

describe("redisAdapter", () => {
  it("says where and why the server could not be reached", async () => {
    const client = connect();
    const adapter = openRedis(client, "test");
    client.disconnect();
    const failure = adapter.get("a");
    await expect(failure).rejects.toThrow(StorageAccessError);
    await expect(failure).rejects.toMatchObject({ location: 'Redis, hash "test"', operation: "read" });
  });

  it("takes no reply of another kind for an entry", async () => {
    const adapter = redisAdapter({ send: async () => 5 });
    await expect(adapter.get("a")).rejects.toThrow(StorageForeignError);
    await expect(adapter.keys()).rejects.toThrow(StorageForeignError);
  });
});

describe("unstorageAdapter", () => {
  it("keeps to its base", async () => {
    const storage = createUnstorage();
    const [one, other] = [unstorageAdapter({ storage, base: "one" }), unstorageAdapter({ storage, base: "one-more" })];
    await one.compareAndSet("a", undefined, "1");
    expect(await other.get("a")).toBeUndefined();
    expect(await other.keys()).toEqual([]);
    expect(await one.keys()).toEqual(["a"]);
    expect(one.location).toBe('unstorage, base "one:"');
    // Also where a driver lists more than it was asked for.
    const loose = { ...storage, getKeys: async () => [...storage.texts.keys(), "two:b"] };
    expect(await unstorageAdapter({ storage: loose, base: "one" }).keys()).toEqual(["a"]);
  });

  it.each([
    ["cut short", '{"text":"1', StorageCorruptedError],
    ["empty", "", StorageCorruptedError],
    ["text", "My notes", StorageForeignError],
    ["JSON of something else", '{"name":"theirs"}', StorageForeignError],
    ["another type", '{"text":1}', StorageForeignError],
    ["a list", "[1]", StorageForeignError],
    ["a number", "5", StorageForeignError],
    ["what reads as nothing", "null", StorageForeignError],
  ])("reports an entry that is %s, and leaves it", async (_, text, expected) => {
    const storage = createUnstorage();
    storage.texts.set("latchkey:a", text);
    const adapter = unstorageAdapter({ storage });
    const update = updateEntry(adapter, "a", () => "2");
    await expect(update).rejects.toThrow(expected);
    await expect(update).rejects.toMatchObject({ location: 'unstorage, base "latchkey:", entry a' });
    await expect(adapter.compareAndSet("a", undefined, "2")).rejects.toThrow(expected);
    expect(storage.texts.get("latchkey:a")).toBe(text);
  });

  it("takes an entry that another process adds while it is looked for", async () => {
    const storage = createUnstorage();
    const late = {
      ...storage,
      hasItem: async (key: string) => {
        await storage.setItem(key, { text: "1" });
        return storage.hasItem(key);
      },
    };
    expect(await unstorageAdapter({ storage: late }).get("a")).toBe("1");
  });

  it("reports a driver that fails", async () => {
    const down = new Error("down");
    const storage: UnstorageLike = {
      ...createUnstorage(),
      setItem: () => Promise.reject(down),
      getKeys: () => Promise.reject(down),
    };
    const adapter = unstorageAdapter({ storage });
    await expect(adapter.keys()).rejects.toMatchObject({ name: "StorageAccessError", operation: "list", cause: down });
    await expect(adapter.compareAndSet("a", undefined, "1")).rejects.toMatchObject({ operation: "write", cause: down });
    // What waits behind the one that fails does not fail with it.
    const [failed, next] = await Promise.allSettled([adapter.compareAndSet("a", undefined, "1"), adapter.get("b")]);
    expect(failed.status).toBe("rejected");
    expect(next).toEqual({ status: "fulfilled", value: undefined });
  });

  // Two processes have a `Storage` object each, over the same place.
  const openTwo = (locks: StorageLocks) => {
    const texts = new Map<string, string>();
    return [0, 1].map(() => unstorageAdapter({ storage: createUnstorage({ texts }), locks }));
  };
  const race = async (adapters: readonly StorageAdapter[]) => {
    const won = await Promise.all(adapters.map((adapter, index) => adapter.compareAndSet("a", undefined, `${index}`)));
    return won.filter(Boolean).length;
  };

  it("keeps processes apart by locks that are given", async () => {
    const locks = createLocks();
    expect(await race(openTwo(locks))).toBe(1);
    expect(locks.names).toEqual(["latchkey-storage:latchkey", "latchkey-storage:latchkey"]);
  });

  it("shows no entry that is half written, as far as the locks reach", async () => {
    const [one, other] = openTwo(createLocks());
    if (!one || !other) expect.unreachable();
    await one.compareAndSet("a", undefined, "1");
    const writing = one.compareAndSet("a", "1", "2");
    expect(["1", "2"]).toContain(await other.get("a"));
    await writing;
  });

  it.each([
    [{ storage: new Map() }, InvalidParameterError],
    [{}, InvalidParameterError],
    [{ storage: createUnstorage(), base: "a:b" }, InvalidParameterError],
    [{ storage: createUnstorage(), base: "" }, InvalidParameterError],
    [{ storage: createUnstorage(), prefix: "a" }, UnknownParameterError],
  ])("refuses other parameters (%#)", (parameters, expected) => {
    expect(() => unstorageAdapter(parameters as never)).toThrow(expected);
  });
});

describe("parameters", () => {
  it("of a misspelt name are refused by every adapter", () => {
    const wrong = { prefixx: "a" } as never;
    for (const make of [indexedDbAdapter, localStorageAdapter, redisAdapter, fileAdapter])
      expect(() => make(wrong), make.name).toThrow(UnknownParameterError);
    expect(() => redisAdapter({ send: "HGET" } as never)).toThrow(InvalidParameterError);
  });
});

describe("localStorageAdapter", () => {
  it("reports a full storage, and keeps what was there", async () => {
    const adapter = localStorageAdapter({ storage: createWebStorage(100), locks: createLocks() });
    expect(await adapter.compareAndSet("a", undefined, "old")).toBe(true);
    const failure = adapter.compareAndSet("a", "old", "x".repeat(100));
    await expect(failure).rejects.toThrow(StorageQuotaError);
    await expect(failure).rejects.toMatchObject({ location: 'localStorage, prefix "latchkey:"' });
    expect(await adapter.get("a")).toBe("old");
    expect(await adapter.compareAndSet("a", "old", "new")).toBe(true);
  });

  it("reports a storage that throws otherwise", async () => {
    const storage = createWebStorage();
    storage.getItem = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const adapter = localStorageAdapter({ storage, locks: createLocks() });
    await expect(adapter.get("a")).rejects.toThrow(StorageAccessError);
  });

  it("keeps to its prefix", async () => {
    const storage = createWebStorage();
    const locks = createLocks();
    const [one, other] = [
      localStorageAdapter({ storage, locks, prefix: "one" }),
      localStorageAdapter({ storage, locks, prefix: "one-more" }),
    ];
    await one.compareAndSet("a", undefined, "1");
    expect(await other.get("a")).toBeUndefined();
    expect(await other.keys()).toEqual([]);
    expect(storage.getItem("one:a")).toBe("1");
    expect(locks.names).toEqual(["latchkey-storage:one"]);
  });

  it("is not to be had without Web Locks, by which tabs wait for each other", async () => {
    await withGlobals({ navigator: {} }, () =>
      expect(() => localStorageAdapter({ storage: createWebStorage() })).toThrow(StorageUnavailableError),
    );
  });

  it("is not to be had where the user blocks site data", async () => {
    await withGlobals({ localStorage: undefined }, () => {
      Object.defineProperty(globalThis, "localStorage", {
        configurable: true,
        get: () => {
          throw new DOMException("denied", "SecurityError");
        },
      });
      expect(() => localStorageAdapter({ locks: createLocks() })).toThrow(StorageUnavailableError);
    });
  });
});

describe("indexedDbAdapter", () => {
  it("is not to be had without IndexedDB", async () => {
    await withGlobals({ indexedDB: undefined }, () =>
      expect(() => indexedDbAdapter()).toThrow(StorageUnavailableError),
    );
  });

  it("reports a value that is no text, and leaves it", async () => {
    const name = `test-${databases++}`;
    const adapter = indexedDbAdapter({ database: name });
    await adapter.compareAndSet("a", undefined, "1");
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
    });
    database.transaction("entries", "readwrite").objectStore("entries").put({ theirs: true }, "a");
    await expect(adapter.get("a")).rejects.toThrow(StorageForeignError);
    expect(await adapter.compareAndSet("a", undefined, "2")).toBe(false);
    expect(await adapter.compareAndSet("a", "1", "2")).toBe(false);
    await expect(adapter.get("a")).rejects.toThrow(StorageForeignError);
  });

  it("reports a full disk", async () => {
    const request = { error: new DOMException("full", "QuotaExceededError") };
    const open = { onerror: () => {}, ...request };
    await withGlobals(
      {
        indexedDB: {
          open: () => {
            setTimeout(() => open.onerror(), 0);
            return open;
          },
        },
      },
      async () => {
        const adapter = indexedDbAdapter({ database: "full" });
        await expect(adapter.compareAndSet("a", undefined, "1")).rejects.toThrow(StorageQuotaError);
      },
    );
  });
});

describe("updateEntry", () => {
  it("gives up on an adapter that never lets anyone win", async () => {
    let now = 0;
    const clock = Date.now;
    Date.now = () => (now += 5_000);
    try {
      const adapter: StorageAdapter = { ...memoryAdapter(), compareAndSet: async () => false };
      const failure = updateEntry(adapter, "a", () => "1");
      await expect(failure).rejects.toThrow(StorageConflictError);
      await expect(failure).rejects.toMatchObject({ location: "memory, entry a" });
    } finally {
      Date.now = clock;
    }
  });

  it("refuses a key that could mean something elsewhere, also if there would be nothing to write", async () => {
    await expect(updateEntry(memoryAdapter(), "../a", (text) => text)).rejects.toThrow(InvalidParameterError);
  });

  it("writes nothing if the change throws, or changes nothing", async () => {
    const adapter = memoryAdapter();
    await expect(
      updateEntry(adapter, "a", () => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await adapter.keys()).toEqual([]);
    const frozen: StorageAdapter = { ...adapter, compareAndSet: async () => expect.unreachable() };
    expect(await updateEntry(frozen, "a", (text) => text)).toBeUndefined();
  });
});

describe("getDefaultAdapter", () => {
  const browser = { process: undefined, document: {}, navigator: { userAgent: "Mozilla/5.0", locks: createLocks() } };

  it("takes files on a server, where the system keeps state, even if there is a localStorage", async () => {
    await withGlobals({ localStorage: createWebStorage() }, () => expect(getDefaultAdapter().kind).toBe("file"));
    expect(getDefaultAdapter().location).toMatch(/[\\/]latchkey$/);
  });

  it("takes IndexedDB in a browser", async () => {
    await withGlobals({ ...browser, localStorage: createWebStorage() }, () =>
      expect(getDefaultAdapter().kind).toBe("IndexedDB"),
    );
  });

  it("takes IndexedDB in a browser where a bundler puts something in the place of Node's process", async () => {
    await withGlobals({ ...browser, process: { env: {}, versions: {} } }, () =>
      expect(getDefaultAdapter().kind).toBe("IndexedDB"),
    );
  });

  it("takes IndexedDB in a worker", async () => {
    await withGlobals({ ...browser, document: undefined }, () => expect(getDefaultAdapter().kind).toBe("IndexedDB"));
  });

  it("takes localStorage in a browser without IndexedDB", async () => {
    await withGlobals({ ...browser, indexedDB: undefined, localStorage: createWebStorage() }, () =>
      expect(getDefaultAdapter().kind).toBe("localStorage"),
    );
  });

  it("takes none, and says so, where nothing lasts", async () => {
    await withGlobals({ ...browser, indexedDB: undefined, localStorage: undefined }, () =>
      expect(() => getDefaultAdapter()).toThrow(StorageUnavailableError),
    );
    await withGlobals({ navigator: { userAgent: "Cloudflare-Workers" }, indexedDB: undefined }, () =>
      expect(() => getDefaultAdapter()).toThrow(StorageUnavailableError),
    );
  });
});

describe("localStorageAdapter", () => {
  it("lists what is left when others remove entries meanwhile", async () => {
    const storage = createWebStorage();
    const adapter = localStorageAdapter({ storage, locks: createLocks() });
    await adapter.compareAndSet("a", undefined, "1");
    // One more than there are, as if it had just been removed: its name is null.
    const shrinking = { ...bound(storage), length: 2 };
    expect(await localStorageAdapter({ storage: shrinking, locks: createLocks() }).keys()).toEqual(["a"]);
  });

  it.each([
    ["QuotaExceededError", StorageQuotaError],
    ["NS_ERROR_DOM_QUOTA_REACHED", StorageQuotaError],
    ["NoQuotaExceededError", StorageAccessError],
    ["QuotaExceededErrors", StorageAccessError],
  ])("tells %s from other errors", async (name, expected) => {
    const setItem = () => {
      throw Object.assign(new Error("full"), { name });
    };
    const storage = { ...bound(createWebStorage()), setItem };
    const adapter = localStorageAdapter({ storage, locks: createLocks() });
    await expect(adapter.compareAndSet("a", undefined, "123")).rejects.toThrow(expected);
    if (expected === StorageQuotaError)
      await expect(adapter.compareAndSet("a", undefined, "123")).rejects.toThrow("Length: 3 characters");
  });

  it("says what it could not do", async () => {
    const fail = () => {
      throw new Error("no");
    };
    const storage = { ...bound(createWebStorage()), length: 1, key: fail, getItem: fail };
    const adapter = localStorageAdapter({ storage, locks: createLocks() });
    const full = { ...bound(createWebStorage()), setItem: fail };
    await expect(
      localStorageAdapter({ storage: full, locks: createLocks() }).compareAndSet("a", undefined, "12"),
    ).rejects.toMatchObject({ operation: "write" });
    await expect(adapter.keys()).rejects.toMatchObject({ name: "StorageAccessError", operation: "list" });
    await expect(adapter.get("a")).rejects.toMatchObject({
      operation: "read",
      location: 'localStorage, prefix "latchkey:"',
    });
  });

  it("writes under the browser's Web Locks", async () => {
    const names: string[] = [];
    const request = async (name: string, run: () => Promise<boolean>) => {
      names.push(name);
      return run();
    };
    await withGlobals({ navigator: { locks: { request } } }, async () => {
      const adapter = localStorageAdapter({ storage: createWebStorage() });
      expect(await adapter.compareAndSet("a", undefined, "1")).toBe(true);
      expect(await adapter.get("a")).toBe("1");
    });
    expect(names).toEqual(["latchkey-storage:latchkey"]);
  });
});

/** What a storage has, as an object of its own. */
function bound(storage: Storage) {
  return {
    length: storage.length,
    key: storage.key.bind(storage),
    getItem: storage.getItem.bind(storage),
    setItem: storage.setItem.bind(storage),
    removeItem: storage.removeItem.bind(storage),
  };
}

describe("redisAdapter", () => {
  it("sends these commands", async () => {
    const sent: (readonly string[])[] = [];
    const adapter = redisAdapter({
      send: async (args) => {
        sent.push(args);
        return args[0] === "HKEYS" ? ["a", 5, null] : args[0] === "EVAL" ? 1 : null;
      },
    });
    expect(await adapter.get("a")).toBeUndefined();
    expect(await adapter.keys()).toEqual(["a"]);
    expect(await adapter.compareAndSet("a", undefined, "1")).toBe(true);
    expect(await adapter.compareAndSet("a", "1", undefined)).toBe(true);
    const script = sent[2]?.[1] ?? "";
    expect(script).toContain("HSET");
    expect(sent).toEqual([
      ["HGET", "latchkey", "a"],
      ["HKEYS", "latchkey"],
      ["EVAL", script, "1", "latchkey", "a", "0", "", "1", "1"],
      ["EVAL", script, "1", "latchkey", "a", "1", "1", "0", ""],
    ]);
  });

  it("says what it could not do", async () => {
    const adapter = redisAdapter({ send: async () => Promise.reject(new Error("no")), hash: "mine" });
    await expect(adapter.keys()).rejects.toMatchObject({ operation: "list", location: 'Redis, hash "mine"' });
    await expect(adapter.get("a")).rejects.toMatchObject({ operation: "read" });
    await expect(adapter.compareAndSet("a", undefined, "1")).rejects.toMatchObject({ operation: "write" });
  });
});
