import fc from "fast-check";
import { hashStruct } from "viem";
import { expect, it } from "vitest";
import { arbitraryAction, arbitraryPolicy, arbitrarySession } from "../../test/arbitraries.js";
import { session } from "../../test/fixtures.js";
import { sessionTypes } from "../types.js";
import { hashAction, hashPolicy, hashSession } from "./hashSession.js";

const types = sessionTypes;

it("hashes sessions, actions and policies as viem does from the types alone", () => {
  fc.assert(
    fc.property(arbitrarySession, arbitraryAction, arbitraryPolicy, (data, action, policy) => {
      expect(hashSession(data)).toBe(hashStruct({ types, primaryType: "Session", data }));
      expect(hashAction(action)).toBe(hashStruct({ types, primaryType: "Action", data: action }));
      expect(hashPolicy(policy)).toBe(hashStruct({ types, primaryType: "Policy", data: policy }));
    }),
    { numRuns: 300 },
  );
});

it.each([
  { epoch: 2n ** 64n },
  { validAfter: 2 ** 48 },
  { validUntil: -1 },
  { salt: "0x1234" },
  { account: "0x1234" },
  { maxOpCost: 2n ** 128n },
  { actions: [{ target: session.account, selector: "0x12", maxValue: 0n, policies: [] }] },
] as const)("hashes nothing that is out of its range: %o", (wrong) => {
  expect(() => hashSession({ ...session, ...wrong })).toThrow();
});
