import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

type Package = {
  dependencies?: Record<string, string>;
  link?: boolean;
  hasInstallScript?: boolean;
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const { packages }: { packages: Record<string, Package> } = JSON.parse(
  readFileSync(`${root}package-lock.json`, "utf8"),
);

/** Where a package finds another, as Node looks for it. */
function resolve(from: string, name: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") throw new Error(`${from} does not find ${name}`);
  }
}

/** All that is installed with a workspace. */
function closureOf(workspace: string): readonly string[] {
  const found = new Set<string>();
  const open = [workspace];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const name of Object.keys(packages[path]?.dependencies ?? {})) {
      const next = resolve(path, name);
      if (!found.has(next)) open.push(next);
      found.add(next);
    }
  }
  return [...found].sort();
}

describe("dependencies", () => {
  it("of the SDK are few", () => {
    expect(closureOf("sdk")).toEqual([
      "node_modules/idb-keyval",
      "sdk/node_modules/@noble/curves",
      "sdk/node_modules/@noble/hashes",
    ]);
  });

  it("of the SDK run nothing when they are installed", () => {
    for (const path of closureOf("sdk")) expect(packages[path]?.hasInstallScript, path).toBeUndefined();
  });

  it("of the node run nothing that is needed: its database comes compiled", () => {
    const withScript = closureOf("node").filter((path) => packages[path]?.hasInstallScript);
    expect(withScript).toEqual(["node_modules/classic-level"]);
    const compiled = readdirSync(`${root}node_modules/classic-level/prebuilds`);
    for (const platform of ["linux-x64", "linux-arm", "darwin-x64+arm64", "win32-x64"])
      expect(compiled).toContain(platform);
  });

  it("are pinned by a checksum", () => {
    for (const path of [...closureOf("sdk"), ...closureOf("node")].filter((path) => packages[path]?.link !== true))
      expect(packages[path], path).toHaveProperty("integrity");
  });
});
