import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { denialCodes } from "../../src/index.js";
import { countCodes, createVectors, formatVectors, type Vectors } from "./vectors.js";

const text = readFileSync(new URL("../../../test/vectors/differential.json", import.meta.url), "utf8");
const committed: Vectors = JSON.parse(text);
const counts = countCodes(committed);

/** Codes that the offline check never gives first, or that need more than a random session: each with the reason. */
const elsewhere: readonly string[] = [
  // About encodings and signatures, which the SDK makes.
  ...["wrong-signature", "signature-length", "verifier-answer", "session-key-mismatch"],
  ...["function-not-execute", "mode-not-allowed", "non-canonical-execution", "non-canonical-use", "empty-batch"],
  ...["paymaster-data", "action-not-claimed", "action-not-revealed", "empty-actions", "call-not-allowed"],
  // The account alone knows.
  ...["signed-grants-off", "grant-prefix-mismatch", "grant-not-signed", "publication-differs"],
  // Policies of others.
  ...["policy-answer", "policy-not-checked", "policy-validation-data"],
  // Found when a rule is reached, not when it is read.
  "rules-too-deep",
  // Signatures for the account.
  ...["typed-data-config", "content-differs", "content-forbidden", "domain-differs", "domain-of-another-chain"],
  ...["message-not-signed", "message-rule-missing", "personal-message-not-allowed", "sender-forbidden"],
  ...["signing-not-supported", "typed-data-not-allowed", "verifying-contract-forbidden", "witness-differs"],
  "witness-length",
  // Calls of the manager by the owner.
  ...["grant-rule", "invalid-epoch", "no-sessions", "session-of-another-account", "zero-session-id"],
];

describe("the vectors that forge compares with the contracts", () => {
  it("say what the offline check says", () => {
    const { seed, scenarios } = committed;
    expect(formatVectors(createVectors({ seed, runs: scenarios.length })) === text).toBe(true);
  });

  it("reach each code that an operation can be refused with, and allow a good part", () => {
    const reached = denialCodes.filter((code) => !elsewhere.includes(code));
    expect(Object.keys(counts).sort()).toEqual(["allowed", ...reached].sort());
    const { allowed = 0 } = counts;
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(all).toBeGreaterThan(2_000);
    expect(allowed / all).toBeGreaterThan(0.3);
    for (const code of reached) expect(counts[code], code).toBeGreaterThanOrEqual(3);
  });

  it("have sessions that are used several times", () => {
    const used = committed.scenarios.filter(({ steps }) => steps.filter(({ code }) => code === "allowed").length > 1);
    expect(used.length).toBeGreaterThan(100);
  });
});
