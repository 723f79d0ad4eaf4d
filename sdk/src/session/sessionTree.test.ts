import fc from "fast-check";
import { concat, type Hex, keccak256, numberToHex, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { session } from "../../test/fixtures.js";
import { getProofRoot, getSessionId, getSessionTree, NoSessionsError, SessionNotInTreeError } from "../index.js";

const leaf = (number: number): Hex => keccak256(numberToHex(number));
const parent = (one: Hex, other: Hex): Hex => keccak256(concat(one < other ? [one, other] : [other, one]));

describe("getSessionTree", () => {
  it("hashes pairs, the smaller first, and moves up what has no sibling", () => {
    const [a, b, c] = [leaf(1), leaf(2), leaf(3)];
    const { root, getProof } = getSessionTree([a, b, c]);
    expect(root).toBe(parent(parent(a, b), c));
    expect(getProof(a)).toEqual([b, c]);
    expect(getProof(c)).toEqual([parent(a, b)]);
  });

  it("is the session itself if there is but one", () => {
    const { root, getProof } = getSessionTree([session]);
    expect(root).toBe(getSessionId(session));
    expect(getProof(session)).toEqual([]);
  });

  it("proves every leaf of a tree of any size, and none of another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (count) => {
        const ids = Array.from({ length: count }, (_, index) => leaf(index));
        const { root, getProof } = getSessionTree(ids);
        for (const id of ids) expect(getProofRoot(id, getProof(id))).toBe(root);
        expect(() => getProof(leaf(count))).toThrow(SessionNotInTreeError);
        expect(getProofRoot(leaf(count), getProof(leaf(0)))).not.toBe(root);
      }),
      { numRuns: 40 },
    );
  });

  it("is fast", () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => numberToHex(index + 1, { size: 32 }));
    const start = performance.now();
    const { getProof } = getSessionTree(ids);
    expect(getProof(ids[99_999] ?? zeroHash).length).toBeLessThanOrEqual(17);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it("refuses none", () => {
    expect(() => getSessionTree([])).toThrow(NoSessionsError);
  });
});
