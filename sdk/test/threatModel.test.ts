import { existsSync, readFileSync } from "node:fs";
import ts from "typescript";
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

/** What a cell names: files by their links, and in each the functions, or tests by their titles, that follow. */
function named(cell: string): { file: string; names: string[] }[] {
  return [...cell.matchAll(/\[([^\]]+)\]((?:,? (?:`\w+`|"[^"]+"))*)/g)].map(([, link = "", list = ""]) => ({
    file: links.get(link) ?? `no link for ${link}`,
    names: [...list.matchAll(/`(\w+)`|"([^"]+)"/g)].map(([, name, title = ""]) => name ?? title),
  }));
}

const read = (file: string): string => readFileSync(new URL(file, docs), "utf8");

/** The functions of a Solidity file. */
function functionsOf(file: string): Set<string> {
  return new Set(
    [...read(file).matchAll(/\b(?:function (\w+)|(constructor))\b/g)].map(
      ([, name, anonymous]) => name ?? anonymous ?? "",
    ),
  );
}

/** The titles in a file of vitest: of what `describe` and `it` run, and of their `each`; not of what is skipped. */
function titlesOf(file: string): Set<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && runs(node.expression)) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteral(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest));
  return titles;
}

/** Whether an expression is `describe`, `it`, or `each` of them with its cases. */
function runs(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === "describe" || callee.text === "it";
  return (
    ts.isCallExpression(callee) &&
    ts.isPropertyAccessExpression(callee.expression) &&
    callee.expression.name.text === "each" &&
    runs(callee.expression.expression)
  );
}

/** The tests of a file. */
function testsOf(file: string): Set<string> {
  if (file.endsWith(".test.ts")) return titlesOf(file);
  return new Set([...functionsOf(file)].filter((name) => /^(?:test|invariant)/.test(name)));
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
    expect(cited.flatMap(({ names }) => names)).not.toEqual([]);
    for (const { file, names } of cited) {
      const known = testsOf(file);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it.each(rows)("names the defence against: %s", (_threat, defence = "") => {
    const cited = named(defence);
    expect(cited).not.toEqual([]);
    for (const { file, names } of cited) {
      const known = functionsOf(file);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    }
  });
});
