import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findSamples, run, samplesIn, typeCheck, withoutChance } from "./harness/samples.ts";
import { type Stack, startStack } from "./harness/stack.ts";
import { world as connect } from "./harness/vitest.ts";
import { World } from "./harness/world.ts";

let stack: Stack;

// A stack of its own: samples go by the computer's clock, which other tests leave behind.
beforeAll(async () => {
  stack = await startStack({ forkUrl: connect().info.forkedUrl });
});
afterAll(() => stack.stop());

const samples = findSamples();

it("README.md has a sample that is run", () => {
  expect(samples.filter(({ name, runs }) => name.startsWith("README.md") && runs)).not.toEqual([]);
});

describe.each(samples)("$name", (sample) => {
  it("compiles", () => {
    expect(typeCheck(sample)).toEqual([]);
  });

  if (!sample.runs) return;
  it("runs", async () => {
    const { code, output } = await run(sample, await new World(stack.info).createEnvironment());
    expect(code, output).toBe(0);
    if (sample.prints !== undefined) expect(withoutChance(output)).toBe(withoutChance(sample.prints));
  });
});

describe("a sample that does not work", () => {
  const block = (code: string) => samplesIn("page", `Text\n\n\`\`\`ts sample\n${code}\n\`\`\`\n`);

  it("is found where it stands", () => {
    expect(block("const one = 1;")).toEqual([{ name: "page:3", code: "const one = 1;\n", runs: true }]);
  });

  it("is held to what follows it", () => {
    const markdown = "```ts sample\nconst one = 1;\n```\n\nIt prints:\n\n```text\nnothing\n```\n";
    expect(samplesIn("page", markdown)).toMatchObject([{ runs: true, prints: "nothing\n" }]);
  });

  it("does not compile if a type is wrong", () => {
    const found = block('import { createSessionKey } from "latchkey";\nexport const key: number = createSessionKey();');
    expect(found.map(typeCheck)).toEqual([["Type 'Secp256k1SessionKey' is not assignable to type 'number'."]]);
  });

  it("fails if it throws", async () => {
    const [sample] = block('throw new Error("it does not work");\nexport {};');
    const { code, output } = await run(sample ?? { name: "", code: "", runs: true }, {});
    expect(code).toBe(1);
    expect(output).toContain("it does not work");
  });
});
