import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as distributed from "./index.js";
import {
  DistributedSigningNotSupportedError,
  KeyGenerationFailedError,
  NodesMismatchError,
  NotEnoughNodesError,
} from "./index.js";

const node = { url: "https://one.example", identity: `0x${"11".repeat(32)}` } as const;
const refused = { node, kind: "refused", code: "calls", reason: "The session does not allow this call." } as const;
const late = { node, kind: "timeout", code: undefined, reason: "It did not answer in time." } as const;

it("says which nodes failed, and why", () => {
  expect(
    new NotEnoughNodesError({ threshold: 3, available: 2, failures: [refused, late] }).message,
  ).toMatchInlineSnapshot(`
      "Too few of the key's nodes sign.

      Needed: 3
      Left: 2
      https://one.example: refused (calls). The session does not allow this call.
      https://one.example: timeout. It did not answer in time.

      Docs: docs/errors/NotEnoughNodesError.md"
    `);
  expect(new KeyGenerationFailedError({ step: "round1", failures: [late] }).message).toMatchInlineSnapshot(`
    "The nodes could not generate a key.

    Step: round1
    https://one.example: timeout. It did not answer in time.

    Docs: docs/errors/KeyGenerationFailedError.md"
  `);
  const nodes = [
    { url: "https://one.example", identity: "0xAA" },
    { url: "https://two.example", identity: "0xdd" },
    { url: "https://three.example", identity: "0xee" },
  ] as const;
  expect(new NodesMismatchError({ expected: ["0xaa", "0xbb", "0xcc"], actual: nodes }).message).toMatchInlineSnapshot(`
    "The nodes are not those of the consent.

    Expected: 0xaa, 0xbb, 0xcc
    Missing: 0xbb, 0xcc
    Not expected: https://two.example, https://three.example
    Given: 3

    Docs: docs/errors/NodesMismatchError.md"
  `);
  const [one] = nodes;
  expect(new NodesMismatchError({ expected: ["0xaa"], actual: [one, one] }).message).toContain(
    "Missing: none\nNot expected: none\nGiven: 2",
  );
  expect(new DistributedSigningNotSupportedError().message).toMatchInlineSnapshot(`
    "A distributed key signs user operations only.

    Messages and typed data (ERC-1271) need a session with a key of another kind.

    Docs: docs/errors/DistributedSigningNotSupportedError.md"
  `);
});

it("names the check that refused only if all who answered name the same", () => {
  const refusedBy = (...failures: readonly distributed.NodeFailure[]) =>
    new NotEnoughNodesError({ threshold: 2, available: 1, failures }).refusedBy;
  expect(refusedBy(refused, late)).toBe("calls");
  expect(refusedBy(refused, { ...refused, code: "rate" })).toBe(undefined);
  expect(refusedBy(late)).toBe(undefined);
});

it("explains every error on a page of its own, which the list of errors names", () => {
  const pages = new URL("../../docs/errors/", import.meta.url);
  const list = readFileSync(new URL("README.md", pages), "utf8");
  const names = Object.keys(distributed).filter((name) => name.endsWith("Error"));
  expect(names).toHaveLength(4);
  for (const name of names) {
    expect(readFileSync(new URL(`${name}.md`, pages), "utf8")).toMatch(new RegExp(`^# ${name}\n\n\\S[^]{15,}`));
    expect(list).toContain(`| [${name}](${name}.md) | `);
  }
});
