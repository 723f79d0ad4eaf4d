import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { seededBugs } from "../../script/seeded-bugs.js";

describe("the known bugs that are put into the contracts to see the tests catch them", () => {
  it("are ten at least", () => {
    expect(seededBugs.length).toBeGreaterThanOrEqual(10);
  });

  it.each(seededBugs)("$name: what it changes is there, once", ({ file, from, to }) => {
    const source = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
    expect(source.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  });
});
