import { StorageUnavailableError } from "../errors/storage.js";
import type { StorageAdapter } from "./adapter.js";
import { fileAdapter } from "./file.js";
import { indexedDbAdapter } from "./indexedDb.js";
import { getLocalStorage, getLocks, localStorageAdapter } from "./localStorage.js";
import { getNodeProcess } from "./node.js";

/**
 * The storage that fits the environment: a folder of files on a server; IndexedDB in a browser and its workers, or
 * `localStorage` where that is missing. Its `kind` and `location` say which it is. It is never memory, which would lose
 * everything without a word.
 *
 * @returns {@link StorageAdapter}
 * @throws StorageUnavailableError where there is none of them, as in edge functions and React Native: give an adapter there.
 *
 * @example
 * import { getDefaultAdapter } from "latchkey/storage";
 *
 * const { kind, location } = getDefaultAdapter();
 * console.log(`Sessions are kept in ${kind}: ${location}`);
 */
export function getDefaultAdapter(): StorageAdapter {
  // Servers first: recent ones have a localStorage too.
  if (isServer()) return fileAdapter();
  if (typeof indexedDB !== "undefined") return indexedDbAdapter();
  if (getLocalStorage() !== undefined && getLocks() !== undefined) return localStorageAdapter();
  throw new StorageUnavailableError({
    kind: "lasting",
    reason: "neither files, nor IndexedDB, nor localStorage with Web Locks; give an `adapter`",
  });
}

function isServer(): boolean {
  const { document } = globalThis as { readonly document?: unknown };
  // Cloudflare's workers speak of Node, but their files last no longer than a request.
  const isWorker = typeof navigator !== "undefined" && navigator.userAgent === "Cloudflare-Workers";
  return getNodeProcess() !== undefined && document === undefined && !isWorker;
}
