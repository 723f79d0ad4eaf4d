import type { UnstorageLike } from "../../src/storage/index.js";

/** What an unstorage `Storage` does with values: it writes text, and reads back whatever that text looks like. */
export function createUnstorage({
  texts = new Map<string, string>(),
  parsed = false,
}: {
  /** What the driver holds. */
  texts?: Map<string, string>;
  /** Whether the driver parses JSON itself. */
  parsed?: boolean;
} = {}): UnstorageLike & { readonly texts: Map<string, string> } {
  return {
    texts,
    hasItem: async (key) => texts.has(key),
    getItem: async (key) => {
      // Drivers are reached over a network or a disk: others come in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
      const text = texts.get(key);
      return text === undefined ? null : parsed ? JSON.parse(text) : parse(text);
    },
    setItem: async (key, value) => {
      // In two steps, as its driver for files.
      texts.set(key, parsed ? "null" : "");
      await new Promise((resolve) => setTimeout(resolve, 0));
      texts.set(key, JSON.stringify(value));
    },
    removeItem: async (key) => {
      texts.delete(key);
    },
    // With a colon at the end of the base, whether or not there is one.
    getKeys: async (base = "") => [...texts.keys()].filter((key) => key.startsWith(base.replace(/:?$/, ":"))),
  };
}

/** As `destr` does: what is not JSON stays as it is. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
