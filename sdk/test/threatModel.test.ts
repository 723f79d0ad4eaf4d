import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

// docs/threat-model.md promises a test for each threat, and names where the defence is: all of them exist.

const docs = new URL("../../docs/", import.meta.url);
const text = readFileSync(new URL("threat-model.md", docs), "utf8");
const links = new Map([...text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name = "", path = ""]) => [name, path]));
const rows = (text.split("\n## ").find((section) => section.startsWith("Threats, defences, tests")) ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(2)
  .map((line) => line.split(" | "));

/** What a cell names: files by their links, and in each the functions that follow. */
function named(cell: string): { file: string; functions: string[] }[] {
  return [...cell.matchAll(/\[([^\]]+)\]((?:,? `\w+`)*)/g)].map(([, link = "", list = ""]) => ({
    file: links.get(link) ?? `no link for ${link}`,
    functions: [...list.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  }));
}

/** The functions of a Solidity file. */
function functionsOf(file: string): Set<string> {
  const source = readFileSync(new URL(file, docs), "utf8");
  return new Set(
    [...source.matchAll(/\b(?:function (\w+)|(constructor))\b/g)].map(([, name, anonymous]) => name ?? anonymous ?? ""),
  );
}

describe("the threat model", () => {
  it("lists threats", () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => row.length !== 3)).toEqual([]);
  });

  it("links to files that exist, and uses each link", () => {
    expect([...links.values()].filter((path) => !existsSync(new URL(path, docs)))).toEqual([]);
    expect([...links.keys()].filter((name) => !rows.flat().some((cell) => cell.includes(`[${name}]`)))).toEqual([]);
  });

  it.each(rows)("names tests of: %s", (_threat, _defence, tests = "") => {
    const cited = named(tests);
    expect(cited.flatMap(({ functions }) => functions)).not.toEqual([]);
    for (const { file, functions } of cited) {
      const known = functionsOf(file);
      expect(functions.filter((name) => !/^(?:test|invariant)/.test(name) || !known.has(name))).toEqual([]);
    }
  });

  it.each(rows)("names the defence against: %s", (_threat, defence = "") => {
    const cited = named(defence);
    expect(cited).not.toEqual([]);
    for (const { file, functions } of cited) {
      const known = functionsOf(file);
      expect(functions.filter((name) => !known.has(name))).toEqual([]);
    }
  });
});
