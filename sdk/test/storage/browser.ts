import { IDBFactory } from "fake-indexeddb";
import type { LocalStorageAdapterParameters } from "../../src/storage/index.js";

/** A `Storage` as browsers have it, with room for so many characters. */
export function createWebStorage(room = Number.POSITIVE_INFINITY): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      const others = [...items].filter(([name]) => name !== key).reduce((sum, [a, b]) => sum + a.length + b.length, 0);
      if (others + key.length + value.length > room)
        throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      items.set(key, value);
    },
    removeItem: (key) => {
      items.delete(key);
    },
    clear: () => items.clear(),
  };
}

/** Web Locks of one origin, as far as they are used; every tab waits for its turn. */
export function createLocks(): NonNullable<LocalStorageAdapterParameters["locks"]> & { readonly names: string[] } {
  const turns = new Map<string, Promise<unknown>>();
  const names: string[] = [];
  return {
    names,
    request: (name, run) => {
      names.push(name);
      // Browsers grant locks later, never at once.
      const turn = (turns.get(name) ?? Promise.resolve())
        .then(() => new Promise((resolve) => setTimeout(resolve, 0)))
        .then(run);
      turns.set(
        name,
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
}

/** Sets globals for the time of a run, as another environment has them; undefined takes one away. */
export async function withGlobals(globals: Readonly<Record<string, unknown>>, run: () => unknown): Promise<void> {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  try {
    for (const [name, value] of Object.entries(globals))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    await run();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}

/** An origin's IndexedDB, with nothing in it. */
export function createIndexedDb(): IDBFactory {
  return new IDBFactory();
}
