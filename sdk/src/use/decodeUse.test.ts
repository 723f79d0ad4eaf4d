import { concat, type Hex, keccak256, pad, size } from "viem";
import { describe, expect, it } from "vitest";
import { account, recipient, session } from "../../test/fixtures.js";
import { getSessionId, NonCanonicalUseError, TooManyError } from "../index.js";
import { decodeUse, encodeUse } from "./encodeUse.js";

/** A use's first 97 bytes, a key of 20, and no operation policies: 118 bytes. */
const head = (flags: Hex) => concat([flags, pad("0x", { size: 94 }), "0x0014", account, "0x00"]);
const hidden: Hex = `0x${"77".repeat(32)}`;
const action = (value: Hex = "0x00") => concat([recipient, "0x12345678", value, "0x00"]);
/** One action, revealed and claimed, behind the head: 147 bytes. */
const acting = (flags: Hex) => concat([head(flags), "0x0101", action(), "0x00"]);

describe("decodeUse", () => {
  it("takes what the cases below are changed from", () => {
    expect(size(head("0x00"))).toBe(118);
    expect(size(acting("0x00"))).toBe(147);
    expect(decodeUse({ data: acting("0x00"), callCount: 1 })).toMatchObject({
      claims: [0],
      proof: undefined,
      grant: undefined,
      publication: undefined,
    });
    const both = concat([head("0x00"), "0x0203", action(), action(), "0x0001"]);
    expect(decodeUse({ data: both, callCount: 2 }).claims).toEqual([0, 1]);
    const dear = concat([head("0x00"), "0x0101", action(`0x20${"11".repeat(32)}`), "0x00"]);
    expect(decodeUse({ data: dear, callCount: 1 }).actions[0]).toMatchObject({
      maxValue: BigInt(`0x${"11".repeat(32)}`),
    });
    const signing = concat([head("0x02"), hidden, "0x0101", action(), "0x00"]);
    expect(decodeUse({ data: signing, callCount: 1 }).signaturePoliciesHash).toBe(hidden);
    const granted = concat([acting("0x08"), "0x0201", hidden, "0x0001", "0xee"]);
    expect(decodeUse({ data: granted, callCount: 1 }).grant).toEqual({ index: 1, others: [hidden], signature: "0xee" });
  });

  it.each<[string, Hex, number, number]>([
    ["a flag that there is not", acting("0x20"), 1, 0],
    ["a proof and a grant", concat([acting("0x0c"), "0x01", hidden]), 1, 0],
    ["a publication without a grant", concat([acting("0x10"), "0x000000"]), 1, 0],
    ["the hash of no signature policies", concat([head("0x02"), keccak256("0x"), "0x0101", action(), "0x00"]), 1, 118],
    ["no actions", concat([head("0x00"), "0x00"]), 0, 118],
    ["a bit for an action that there is not", concat([head("0x00"), "0x0103", action(), "0x00"]), 1, 119],
    ["a claim of an action that is hidden", concat([head("0x00"), "0x0201", action(), hidden, "0x0001"]), 2, 179],
    ["a claim of an action that there is not", concat([head("0x00"), "0x0101", action(), "0x0001"]), 2, 147],
    [
      "an action that is revealed without a claim",
      concat([head("0x00"), "0x0203", action(), action(), "0x0000"]),
      2,
      172,
    ],
    ["a proof without siblings", concat([acting("0x04"), "0x00"]), 1, 147],
    ["a bundle of no sessions", concat([acting("0x08"), "0x0000"]), 1, 147],
    ["a place beyond the bundle", concat([acting("0x08"), "0x0101"]), 1, 148],
    ["a value of 33 bytes", concat([head("0x00"), "0x0101", action(`0x21${"11".repeat(33)}`), "0x00"]), 1, 144],
    ["a value with a leading zero", concat([head("0x00"), "0x0101", action("0x020001"), "0x00"]), 1, 145],
  ])("refuses %s, at its place", (_, data, callCount, position) => {
    const error = catchError(() => decodeUse({ data, callCount }));
    expect(error).toBeInstanceOf(NonCanonicalUseError);
    expect(error).toMatchObject({ position });
  });
});

describe("encodeUse", () => {
  it("has room for 255 siblings and 255 sessions", () => {
    const ids = (count: number) => Array.from({ length: count }, () => hidden);
    expect(size(encodeUse({ session, claims: [0], proof: ids(255) }))).toBeGreaterThan(255 * 32);
    expect(catchError(() => encodeUse({ session, claims: [0], proof: ids(256) }))).toMatchInlineSnapshot(`
      [TooManyError: Too many siblings in the proof.

      Limit: 255
      Actual: 256

      Docs: docs/errors/TooManyError.md]
    `);
    const bundle = (count: number) => ({ ids: [getSessionId(session), ...ids(count - 1)], signature: "0x" }) as const;
    expect(size(encodeUse({ session, claims: [0], grant: bundle(255) }))).toBeGreaterThan(254 * 32);
    const error = catchError(() => encodeUse({ session, claims: [0], grant: bundle(256) }));
    expect(error).toBeInstanceOf(TooManyError);
    expect(error).toHaveProperty("message", expect.stringContaining("Too many sessions in a bundle."));
  });
});

function catchError(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
