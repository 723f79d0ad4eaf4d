import { LatchkeyError } from "../errors/base.js";
import { InvalidParameterError } from "../errors/input.js";
import { StorageAccessError, StorageCorruptedError, StorageForeignError } from "../errors/storage.js";
import { checkParameters } from "../utils/validate.js";
import { checkKey, type StorageAdapter, type StorageLocks } from "./adapter.js";
import { inTurn } from "./inTurn.js";

/** What is used of unstorage's `Storage`. */
export type UnstorageLike = {
  hasItem(key: string): Promise<boolean>;
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: { text: string }): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(base?: string): Promise<string[]>;
};

export type UnstorageAdapterParameters = {
  /** From unstorage's `createStorage`, with any driver. */
  storage: UnstorageLike;
  /** What the keys begin with: lower-case letters, digits and hyphens; "latchkey" if it is left out. */
  base?: string | undefined;
  /** Keeps other processes out during a write; see below for what holds without it. */
  locks?: StorageLocks | undefined;
};

/**
 * Storage over [unstorage](https://unstorage.unjs.io), which has drivers for some twenty places.
 *
 * unstorage can read and it can write, but not both in one step. Within one process, adapters of the same `storage` object
 * wait for each other, so nothing is lost. Two processes, or two isolates of an edge platform, that write the same entry at
 * once can overwrite each other's change, and see entries that are half written as damaged, unless `locks` keeps them
 * apart. An entry that a crash cut short is reported by StorageCorruptedError. Where the place has an adapter of its own
 * here, such as files or Redis, that one gives all of this.
 *
 * @param parameters {@link UnstorageAdapterParameters}
 * @returns {@link StorageAdapter}
 * @throws InvalidParameterError. Using it throws StorageAccessError, whose cause is the driver's error;
 * StorageForeignError and StorageCorruptedError about entries that are not its own, or damaged.
 *
 * @example
 * import { createSessionStore, type UnstorageLike, unstorageAdapter } from "latchkey/storage";
 *
 * const open = (storage: UnstorageLike) =>
 *   createSessionStore({ adapter: unstorageAdapter({ storage, base: "my-app" }) });
 */
export function unstorageAdapter(parameters: UnstorageAdapterParameters): StorageAdapter {
  checkParameters("unstorageAdapter's argument", parameters, ["storage", "base", "locks"]);
  const { storage, base = "latchkey", locks } = parameters;
  if (typeof base !== "string" || !/^[a-z0-9-]{1,64}$/.test(base))
    throw new InvalidParameterError({ parameter: "base", expected: "1 to 64 lower-case letters, digits and hyphens" });
  if (typeof storage?.getItem !== "function" || typeof storage.hasItem !== "function")
    throw new InvalidParameterError({ parameter: "storage", expected: "a Storage of unstorage's createStorage" });
  const location = `unstorage, base "${base}:"`;

  const attempt = async <result>(operation: string, run: () => Promise<result>): Promise<result> => {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      throw new StorageAccessError({ location, operation, cause });
    }
  };

  const get = async (key: string): Promise<string | undefined> => {
    const name = `${base}:${key}`;
    const read = () => attempt("read", () => storage.getItem(name));
    let value = await read();
    if (isNothing(value)) {
      // Something of others may read as nothing too, for example "null".
      if (!(await attempt("read", () => storage.hasItem(name)))) return undefined;
      value = await read();
    }
    return asText(value, `${location}, entry ${key}`);
  };

  /** Alone, within this process and as far as the locks reach: a driver may write in several steps. */
  const alone = (run: () => Promise<boolean>) =>
    inTurn(storage, base, () => (locks ? locks.request(`latchkey-storage:${base}`, run) : run()));

  const setIf = async (key: string, expected: string | undefined, next: string | undefined): Promise<boolean> => {
    if ((await get(key)) !== expected) return false;
    await attempt("write", () =>
      // As a field: a text by itself would be read back as whatever it looks like, a number for example.
      next === undefined ? storage.removeItem(`${base}:${key}`) : storage.setItem(`${base}:${key}`, { text: next }),
    );
    return true;
  };

  return {
    kind: "unstorage",
    location,
    get: async (key) => {
      checkKey(key);
      let text: string | undefined;
      await alone(async () => {
        text = await get(key);
        return true;
      });
      return text;
    },
    keys: async () => {
      const names = await attempt("list", () => storage.getKeys(base));
      return names.filter((name) => name.startsWith(`${base}:`)).map((name) => name.slice(base.length + 1));
    },
    compareAndSet: async (key, expected, next) => {
      checkKey(key);
      return alone(() => setIf(key, expected, next));
    },
  };
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function asText(value: unknown, location: string): string {
  if (typeof value === "object" && value !== null && "text" in value && typeof value.text === "string")
    return value.text;
  // What is no JSON comes back as it is.
  if (typeof value === "string" && (value === "" || value.startsWith("{")))
    throw new StorageCorruptedError({
      location,
      reason: `its ${value.length} characters are not whole JSON; it may have been cut short`,
    });
  throw new StorageForeignError({ location, expected: "text" });
}
