import { createStore, promisifyRequest } from "idb-keyval";
import { LatchkeyError } from "../errors/base.js";
import {
  StorageAccessError,
  StorageForeignError,
  StorageQuotaError,
  StorageUnavailableError,
} from "../errors/storage.js";
import type { WebCryptoKeyPair } from "../keys/webCryptoSessionKey.js";
import { checkParameters } from "../utils/validate.js";
import { checkKey, type StorageAdapter } from "./adapter.js";

export type IndexedDbAdapterParameters = {
  /** The name of the database; "latchkey" if it is left out. Nothing else may use it. */
  database?: string | undefined;
};

/**
 * Storage in a browser's IndexedDB: what is compared and set is so in one transaction, which other tabs and workers wait
 * for. It also keeps WebCrypto keys as they are, so those that cannot be exported survive a reload.
 *
 * @param parameters {@link IndexedDbAdapterParameters}
 * @returns {@link StorageAdapter}
 * @throws StorageUnavailableError where there is no IndexedDB. Using it throws StorageAccessError, and StorageQuotaError
 * when it is full.
 *
 * @example
 * import { createSessionStore, indexedDbAdapter } from "latchkey/storage";
 *
 * const open = () => createSessionStore({ adapter: indexedDbAdapter({ database: "my-app-sessions" }) });
 */
export function indexedDbAdapter(parameters: IndexedDbAdapterParameters = {}): StorageAdapter {
  checkParameters("indexedDbAdapter's argument", parameters, ["database"]);
  const { database = "latchkey" } = parameters;
  if (typeof indexedDB === "undefined")
    throw new StorageUnavailableError({ kind: "IndexedDB", reason: "the environment has no IndexedDB" });
  const location = `IndexedDB, database "${database}"`;
  // A database of idb-keyval's has one store.
  const texts = open(database, "entries", location);
  const pairs = open(`${database}-keys`, "pairs", location);
  const setIf = async (
    store: Store,
    key: string,
    fits: (current: unknown) => boolean,
    next: string | WebCryptoKeyPair | undefined,
  ) => {
    checkKey(key);
    return store("write", typeof next === "string" ? next.length : 0, "readwrite", async (entries) => {
      const { transaction } = entries;
      // Only IndexedDB's own promises are waited for in between, so that the transaction stays open.
      if (!fits(await promisifyRequest<unknown>(entries.get(key)))) return false;
      if (next === undefined) entries.delete(key);
      else entries.put(next, key);
      await promisifyRequest(transaction);
      return true;
    });
  };
  return {
    kind: "IndexedDB",
    location,
    get: async (key) =>
      asText(await texts("read", 0, "readonly", (entries) => promisifyRequest(entries.get(key))), key),
    keys: () => texts("list", 0, "readonly", listKeys),
    compareAndSet: (key, expected, next) => setIf(texts, key, (current) => current === expected, next),
    cryptoKeys: {
      get: async (key) =>
        asPair(await pairs("read", 0, "readonly", (entries) => promisifyRequest<unknown>(entries.get(key))), key),
      add: (key, pair) => setIf(pairs, key, (current) => current === undefined, pair),
      remove: async (key) => {
        await setIf(pairs, key, () => true, undefined);
      },
      keys: () => pairs("list", 0, "readonly", listKeys),
    },
  };

  function asText(value: unknown, key: string): string | undefined {
    if (value === undefined || typeof value === "string") return value;
    throw new StorageForeignError({ location: `${location}, entry ${key}`, expected: "text" });
  }

  function asPair(value: unknown, key: string): WebCryptoKeyPair | undefined {
    if (value === undefined || isCryptoKeyPair(value)) return value;
    throw new StorageForeignError({ location: `${location}-keys, entry ${key}`, expected: "CryptoKeyPair" });
  }
}

/** Whether a value is a pair of WebCrypto keys. */
export function isCryptoKeyPair(value: unknown): value is WebCryptoKeyPair {
  return (
    typeof value === "object" &&
    value !== null &&
    "privateKey" in value &&
    "publicKey" in value &&
    value.privateKey instanceof CryptoKey &&
    value.publicKey instanceof CryptoKey
  );
}

async function listKeys(entries: IDBObjectStore): Promise<readonly string[]> {
  const keys = await promisifyRequest(entries.getAllKeys());
  return keys.filter((key) => typeof key === "string");
}

type Store = <result>(
  operation: string,
  length: number,
  mode: IDBTransactionMode,
  run: (entries: IDBObjectStore) => Promise<result>,
) => Promise<result>;

function open(database: string, name: string, location: string): Store {
  const store = createStore(database, name);
  return async (operation, length, mode, run) => {
    try {
      return await store(mode, run);
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      throw isQuota(cause)
        ? new StorageQuotaError({ location, length, cause })
        : new StorageAccessError({ location, operation, cause });
    }
  };
}

function isQuota(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}
