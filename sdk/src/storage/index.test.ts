import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import * as latchkey from "../index.js";
import * as storage from "./index.js";

it("exports these names, and no others by accident", () => {
  expect(Object.keys(storage).sort()).toMatchInlineSnapshot(`
    [
      "DecryptionFailedError",
      "SessionKeyNotFoundError",
      "SessionKeyNotStorableError",
      "SessionRecordNotFoundError",
      "StorageAccessError",
      "StorageConflictError",
      "StorageCorruptedError",
      "StorageForeignError",
      "StorageLockedError",
      "StorageQuotaError",
      "StorageUnavailableError",
      "StorageVersionError",
      "createSessionStore",
      "fileAdapter",
      "getDefaultAdapter",
      "getRecordStatus",
      "indexedDbAdapter",
      "localStorageAdapter",
      "memoryAdapter",
      "observeSession",
      "parseSessionRecord",
      "redisAdapter",
      "refreshSessions",
      "serializeSessionRecord",
      "unstorageAdapter",
      "updateEntry",
    ]
  `);
});

it("keeps out of the main entry", () => {
  expect(Object.keys(storage).filter((name) => name in latchkey)).toEqual([]);
});

it("explains every error on a page of its own, which the list of errors names", () => {
  const pages = new URL("../../docs/errors/", import.meta.url);
  const list = readFileSync(new URL("README.md", pages), "utf8");
  const names = Object.values(storage)
    .filter((value) => typeof value === "function" && value.prototype instanceof Error)
    .map((value) => (typeof value === "function" ? value.name : ""));
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    expect(readFileSync(new URL(`${name}.md`, pages), "utf8")).toMatch(new RegExp(`^# ${name}\n\n\\S[^]{15,}`));
    expect(list).toContain(`| [${name}](${name}.md) | `);
  }
});

it("is bundled for a browser as it is, without a module of Node's", async () => {
  const entry = fileURLToPath(new URL("./index.ts", import.meta.url));
  const { outputFiles, metafile, warnings } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "browser",
    format: "esm",
    minify: true,
    write: false,
    metafile: true,
    external: ["viem", "viem/*"],
  });
  expect(warnings).toEqual([]);
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported.filter((path) => !/^viem(\/|$)/.test(path))).toEqual([]);
  expect(outputFiles).toHaveLength(1);
});
