import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { seededBugs } from "../../script/seeded-bugs.js";

// docs/assurance.md names tests, proofs, known bugs, commands and files: all of them exist.

const home = new URL("../../", import.meta.url);
const docs = new URL("docs/", home);
const text = readFileSync(new URL("assurance.md", docs), "utf8");

/** The functions of all Solidity files of a folder. */
function functionsOf(folder: string): Set<string> {
  const root = fileURLToPath(new URL(folder, home));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".sol"));
  const sources = files.map((path) => readFileSync(`${root}/${path}`, "utf8")).join("\n");
  return new Set([...sources.matchAll(/\bfunction (\w+)/g)].map(([, name = ""]) => name));
}

/** The rows of the table under a heading. */
function rowsUnder(heading: string): string[][] {
  const section = text.split("\n## ").find((part) => part.startsWith(heading)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()));
}

describe("the record of what was run", () => {
  it("names tests that exist", () => {
    const known = functionsOf("test/");
    const named = [...text.matchAll(/`((?:test|invariant)(?:Fuzz)?_\w+)`/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("names each proof, and none that is not there", () => {
    const proofs = [...functionsOf("test/proof/")].filter((name) => name.startsWith("prove"));
    const named = rowsUnder("What is proved").flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(prove\w+)`/g)].map(([, name = ""]) => name),
    );
    expect([...named].sort()).toEqual([...proofs].sort());
  });

  it("names each known bug that is put in, and what catches it", () => {
    const rows = rowsUnder("The known bugs, and what caught each");
    expect(rows.map(([, bug]) => bug).sort()).toEqual(seededBugs.map(({ name }) => name).sort());
    expect(rows.filter(([, , by]) => !/^(?:`test\w+`|invariants)$/.test(by ?? ""))).toEqual([]);
  });

  it("names commands that exist", () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(new URL("package.json", home), "utf8"),
    );
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("links to files that exist", () => {
    const links = [...text.matchAll(/\]\((\.\.\/[^)#]+)\)/g)].map(([, path = ""]) => path);
    expect(links.filter((path) => !existsSync(new URL(path, docs)))).toEqual([]);
  });
});
