import { InvalidParameterError } from "../errors/input.js";
import { StorageConflictError } from "../errors/storage.js";
import type { WebCryptoKeyPair } from "../keys/webCryptoSessionKey.js";

/**
 * A place that keeps texts under keys. Whoever can compare and set in one step can be one.
 *
 * Keys are of lower-case letters, digits, dots and hyphens, at most 200 characters.
 */
export type StorageAdapter = {
  /** What it is: "memory", "file", "localStorage", "IndexedDB", "Redis", "unstorage" or another. */
  readonly kind: string;
  /** Where it is, for people: a path, a name of a database. */
  readonly location: string;
  /** The text under a key, or undefined. */
  readonly get: (key: string) => Promise<string | undefined>;
  /** The keys that there are, in any order. */
  readonly keys: () => Promise<readonly string[]>;
  /**
   * Puts `next` in the place of `expected`, in one step that no other process can get between; undefined stands for no
   * entry. Answers false, and changes nothing, if something else is there.
   */
  readonly compareAndSet: (key: string, expected: string | undefined, next: string | undefined) => Promise<boolean>;
  /** Keeps WebCrypto keys as they are, so also those that cannot be exported; only where the platform can. */
  readonly cryptoKeys?: CryptoKeyAdapter | undefined;
};

/** A place that keeps pairs of WebCrypto keys as they are. */
export type CryptoKeyAdapter = {
  readonly get: (key: string) => Promise<WebCryptoKeyPair | undefined>;
  /** Answers false, and changes nothing, if there is an entry. */
  readonly add: (key: string, pair: WebCryptoKeyPair) => Promise<boolean>;
  readonly remove: (key: string) => Promise<void>;
  readonly keys: () => Promise<readonly string[]>;
};

/** Where an entry is, for people. */
export function describeEntry({ location }: StorageAdapter, key: string): string {
  return `${location}, entry ${key}`;
}

/**
 * Keeps other processes or tabs out while a function runs, as the Web Locks of a browser do (`navigator.locks`), or a
 * lock service.
 */
export type StorageLocks = {
  readonly request: (name: string, run: () => Promise<boolean>) => Promise<boolean>;
};

/** Checks, where no compiler looks, that what was given is an adapter. */
export function checkAdapter(adapter: unknown): void {
  const { get, keys, compareAndSet }: Partial<Record<string, unknown>> = { ...Object(adapter) };
  if (typeof get !== "function" || typeof keys !== "function" || typeof compareAndSet !== "function")
    throw new InvalidParameterError({ parameter: "adapter", expected: "a StorageAdapter, for example of fileAdapter" });
}

/** Keys are names of files and of entries in databases: nothing in them may have a meaning there. */
export function checkKey(key: string): void {
  if (!/^[a-z0-9](?:[a-z0-9.-]{0,198}[a-z0-9])?$/.test(key))
    throw new InvalidParameterError({
      parameter: "key",
      expected: "1 to 200 lower-case letters, digits, dots and hyphens",
    });
}

// Long enough for hundreds of writers at once; whoever gets past it has a broken adapter.
const patience = 30_000;

/**
 * Changes an entry by a function of what is there, again if another process was quicker: no change of anyone's is lost.
 *
 * @param adapter Where the entry is.
 * @param key Its key.
 * @param change Makes the next text from the present one; undefined stands for no entry. It may be called several times.
 * @returns What is there now.
 * @throws StorageConflictError, and the adapter's errors.
 *
 * @example
 * import { type StorageAdapter, updateEntry } from "latchkey/storage";
 *
 * const count = (adapter: StorageAdapter) =>
 *   updateEntry(adapter, "visits", (text) => String(Number(text ?? "0") + 1));
 */
export async function updateEntry(
  adapter: StorageAdapter,
  key: string,
  change: (current: string | undefined) => string | undefined,
): Promise<string | undefined> {
  checkKey(key);
  const start = Date.now();
  for (let attempts = 1; ; attempts++) {
    const current = await adapter.get(key);
    const next = change(current);
    if (next === current || (await adapter.compareAndSet(key, current, next))) return next;
    if (Date.now() - start > patience)
      throw new StorageConflictError({ location: describeEntry(adapter, key), attempts });
    await wait(Math.random() * Math.min(50, 2 ** Math.min(attempts, 6)));
  }
}

/** Waits for some milliseconds. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
