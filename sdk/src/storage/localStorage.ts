import { LatchkeyError } from "../errors/base.js";
import { StorageAccessError, StorageQuotaError, StorageUnavailableError } from "../errors/storage.js";
import { checkParameters } from "../utils/validate.js";
import { checkKey, type StorageAdapter, type StorageLocks } from "./adapter.js";

export type LocalStorageAdapterParameters = {
  /** What the keys begin with; "latchkey" if it is left out. */
  prefix?: string | undefined;
  /** Another `Storage`, such as `sessionStorage`; `localStorage` if it is left out. */
  storage?: WebStorage | undefined;
  /** What keeps other tabs out during a write; `navigator.locks` if it is left out. */
  locks?: StorageLocks | undefined;
};

/** What is used of a browser's `Storage`. */
export type WebStorage = {
  readonly length: number;
  key(index: number): string | null;
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
};

/**
 * Storage in a browser's `localStorage`, for where IndexedDB is missing. `localStorage` alone has no write that other tabs
 * cannot get between, so each one is made under a Web Lock, which needs a secure context (https, or localhost).
 *
 * @param parameters {@link LocalStorageAdapterParameters}
 * @returns {@link StorageAdapter}
 * @throws StorageUnavailableError where there is no `localStorage` or no Web Locks. Using it throws StorageQuotaError when
 * it is full.
 *
 * @example
 * import { createSessionStore, localStorageAdapter } from "latchkey/storage";
 *
 * const open = () => createSessionStore({ adapter: localStorageAdapter({ prefix: "my-app" }) });
 */
export function localStorageAdapter(parameters: LocalStorageAdapterParameters = {}): StorageAdapter {
  checkParameters("localStorageAdapter's argument", parameters, ["prefix", "storage", "locks"]);
  const { prefix = "latchkey" } = parameters;
  const storage = parameters.storage ?? findStorage();
  const locks = parameters.locks ?? findLocks();
  const location = `localStorage, prefix "${prefix}:"`;
  const attempt = <result>(operation: string, length: number, run: () => result): result => {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      throw isQuota(cause)
        ? new StorageQuotaError({ location, length, cause })
        : new StorageAccessError({ location, operation, cause });
    }
  };
  const get = (key: string) => attempt("read", 0, () => storage.getItem(`${prefix}:${key}`) ?? undefined);
  return {
    kind: "localStorage",
    location,
    get: async (key) => get(key),
    keys: async () =>
      attempt("list", 0, () =>
        Array.from({ length: storage.length }, (_, index) => storage.key(index))
          .filter((name) => name !== null)
          .filter((name) => name.startsWith(`${prefix}:`))
          .map((name) => name.slice(prefix.length + 1)),
      ),
    compareAndSet: async (key, expected, next) => {
      checkKey(key);
      return locks.request(`latchkey-storage:${prefix}`, async () => {
        if (get(key) !== expected) return false;
        attempt("write", next?.length ?? 0, () =>
          next === undefined ? storage.removeItem(`${prefix}:${key}`) : storage.setItem(`${prefix}:${key}`, next),
        );
        return true;
      });
    },
  };
}

function isQuota(error: unknown): boolean {
  // Old Firefox has a name of its own.
  return error instanceof Error && /^(QuotaExceededError|NS_ERROR_DOM_QUOTA_REACHED)$/.test(error.name);
}

function findStorage(): WebStorage {
  const storage = getLocalStorage();
  if (storage === undefined)
    throw new StorageUnavailableError({ kind: "localStorage", reason: "the environment has no localStorage" });
  return storage;
}

/** The browser's `localStorage`, if it has one and lets it be used. */
export function getLocalStorage(): WebStorage | undefined {
  try {
    return typeof localStorage === "undefined" ? undefined : (localStorage ?? undefined);
  } catch {
    // Reading the property throws where the user has blocked site data.
    return undefined;
  }
}

/** The browser's Web Locks, if it has them. */
export function getLocks(): StorageLocks | undefined {
  const locks = typeof navigator === "undefined" ? undefined : (navigator.locks ?? undefined);
  return locks && { request: async (name, run) => await locks.request(name, run) };
}

function findLocks(): StorageLocks {
  const locks = getLocks();
  if (locks === undefined)
    throw new StorageUnavailableError({
      kind: "localStorage",
      reason: "without Web Locks (a secure context has them) tabs would overwrite each other",
    });
  return locks;
}
