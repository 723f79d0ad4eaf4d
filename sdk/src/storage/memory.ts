import type { WebCryptoKeyPair } from "../keys/webCryptoSessionKey.js";
import { checkKey, type StorageAdapter } from "./adapter.js";

/**
 * Storage in memory, for tests and for what may be gone with the process. Two of them share nothing.
 *
 * @returns {@link StorageAdapter}
 *
 * @example
 * import { createSessionStore, memoryAdapter } from "latchkey/storage";
 *
 * const store = createSessionStore({ adapter: memoryAdapter() });
 */
export function memoryAdapter(): StorageAdapter {
  const entries = new Map<string, string>();
  const pairs = new Map<string, WebCryptoKeyPair>();
  return {
    kind: "memory",
    location: "memory",
    get: async (key) => entries.get(key),
    keys: async () => [...entries.keys()],
    compareAndSet: async (key, expected, next) => {
      checkKey(key);
      if (entries.get(key) !== expected) return false;
      if (next === undefined) entries.delete(key);
      else entries.set(key, next);
      return true;
    },
    cryptoKeys: {
      get: async (key) => pairs.get(key),
      add: async (key, pair) => {
        checkKey(key);
        if (pairs.has(key)) return false;
        pairs.set(key, pair);
        return true;
      },
      remove: async (key) => {
        pairs.delete(key);
      },
      keys: async () => [...pairs.keys()],
    },
  };
}
