import { readFileSync } from "node:fs";
import { pad, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { session, stranger } from "../../test/fixtures.js";
import { InvalidNumberError, InvalidParameterError, UnknownParameterError } from "../errors/input.js";
import { NoSessionsError } from "../errors/manager.js";
import { AccountMismatchError, ChainMismatchError } from "../errors/use.js";
import type { Session } from "../types.js";
import { type PlanGrantParameters, planGrant } from "./planGrant.js";

type Snapshot = {
  rows: { account: string; system: string; scenario: string; phase: string; gas: number; overOwner: number }[];
  growth: { growth: string; size: number; overOwner: number }[];
};
const snapshot: Snapshot = JSON.parse(readFileSync(new URL("../../../gas/snapshot.json", import.meta.url), "utf8"));

function measured(scenario: string): { gas: number; overOwner: number } {
  const row = snapshot.rows.find(
    (one) =>
      one.account === "nexus" && one.system === "latchkey" && one.scenario === scenario && one.phase === "steady",
  );
  if (row === undefined) throw new Error(`${scenario} was not measured`);
  return row;
}

function growthOf(growth: string): Snapshot["growth"] {
  const points = snapshot.growth.filter((point) => point.growth === growth);
  expect(points.length).toBeGreaterThan(3);
  return points;
}

function make(count: number): readonly Session[] {
  return Array.from({ length: count }, (_, index) => ({ ...session, salt: pad(toHex(index), { size: 32 }) }));
}

/** Within 5 %. */
function expectAbout(gas: bigint | undefined, expected: number): void {
  expect(Math.abs(Number(gas) - expected), `${gas} for ${expected}`).toBeLessThanOrEqual(expected / 20);
}

describe("planGrant", () => {
  const allowList = measured("allow-list").overOwner;

  it("is near what was measured: one session by transaction", () => {
    expectAbout(planGrant({ sessions: [session] }).transaction.gas, measured("grant-tx").gas);
  });

  it("is near what was measured: sessions granted by an operation that does something else too", () => {
    for (const { size, overOwner } of growthOf("sessions granted beside a transfer"))
      expectAbout(planGrant({ sessions: make(size), joinsOperation: true }).transaction.gas, overOwner);
  });

  it("is near what was measured: a first use with the owner's signature", () => {
    for (const { size, overOwner } of growthOf("sessions that one signature grants")) {
      const uses = Array.from({ length: size }, (_, index) => (index === 0 ? 1 : 0));
      expectAbout(planGrant({ sessions: make(size), uses }).signature?.gas, overOwner - allowList);
    }
  });

  it("is near what was measured: uses under a root", () => {
    for (const { size, overOwner } of growthOf("depth of the Merkle tree").filter((point) => point.size <= 8))
      expectAbout(planGrant({ sessions: make(2 ** size) }).root.uses / 2n ** BigInt(size), overOwner - allowList);
    const { root } = planGrant({ sessions: make(1_024), uses: 3 });
    expectAbout(root.uses / 3_072n, measured("merkle-1000").overOwner - allowList);
  });

  it("says what each way costs, and which costs least", () => {
    expect(planGrant({ sessions: make(3), uses: [1, 2, 0] })).toMatchInlineSnapshot(`
      {
        "cheapest": "signature",
        "root": {
          "gas": 126775n,
          "grant": 114550n,
          "uses": 12225n,
        },
        "signature": {
          "gas": 87400n,
          "grant": 0n,
          "uses": 87400n,
        },
        "transaction": {
          "gas": 164310n,
          "grant": 164310n,
          "uses": 0n,
        },
      }
    `);
  });

  const cases: [what: string, cheapest: string, parameters: Partial<PlanGrantParameters>][] = [
    ["one session", "signature", {}],
    ["one session, however often it is used", "signature", { uses: 1_000 }],
    ["one session, when the manager is installed anyway", "transaction", { joinsOperation: true }],
    ["one session that may never be used", "signature", { uses: 0, joinsOperation: true }],
    ["some sessions, used now and then", "root", { sessions: make(8), uses: 2 }],
    ["some sessions, used often", "transaction", { sessions: make(8), uses: 30 }],
    ["many sessions, of which few are used", "signature", { sessions: make(20), uses: [1, ...Array(19).fill(0)] }],
    ["more sessions than a signature can grant", "root", { sessions: make(256), uses: 0 }],
  ];
  it.each(cases)("finds the cheapest way: %s", (_, cheapest, parameters) => {
    const plan = planGrant({ sessions: [session], ...parameters });
    expect(plan.cheapest).toBe(cheapest);
    const all = [plan.transaction, plan.root, plan.signature].flatMap((way) => (way ? Number(way.gas) : []));
    expect(Number(plan[plan.cheapest]?.gas)).toBe(Math.min(...all));
  });

  it("adds up: each way is what the owner's operation and the uses cost", () => {
    const { transaction, root, signature } = planGrant({ sessions: make(5), uses: 7 });
    for (const way of [transaction, root, signature]) expect(way?.gas).toBe((way?.grant ?? 0n) + (way?.uses ?? 0n));
    expect(transaction.uses).toBe(0n);
    expect(signature?.grant).toBe(0n);
    expect(root.grant).toBeLessThan(transaction.grant);
  });

  it("takes the uses of each session for itself: those near the root of a tree bring shorter proofs", () => {
    const sessions = make(5);
    const last = planGrant({ sessions, uses: [0, 0, 0, 0, 1] }).root.uses;
    const first = planGrant({ sessions, uses: [1, 0, 0, 0, 0] }).root.uses;
    expect(first - last).toBe(2n * (140n + 17n * 32n));
  });

  it("one number is that of every session, and one use is what is taken for granted", () => {
    const sessions = make(3);
    expect(planGrant({ sessions, uses: 4 })).toEqual(planGrant({ sessions, uses: [4, 4, 4] }));
    expect(planGrant({ sessions })).toEqual(planGrant({ sessions, uses: 1 }));
  });

  it("the root of one session is the session", () => {
    const { transaction, root } = planGrant({ sessions: [session], uses: 9 });
    expect(root).toEqual(transaction);
  });

  it("a signature grants 255 sessions at most", () => {
    expect(planGrant({ sessions: make(255) }).signature).toBeDefined();
    expect(planGrant({ sessions: make(256) }).signature).toBeUndefined();
  });

  it("takes sessions for every chain beside those for one", () => {
    expect(planGrant({ sessions: [session, { ...session, chainId: 0n }] }).cheapest).toBe("signature");
  });

  const invalid: [what: string, parameters: object, error: new (...args: never[]) => Error][] = [
    ["no sessions", { sessions: [] }, NoSessionsError],
    ["a session that is not in a list", { sessions: session }, InvalidParameterError],
    ["sessions of two accounts", { sessions: [session, { ...session, account: stranger }] }, AccountMismatchError],
    ["sessions of two chains", { sessions: [session, { ...session, chainId: 10n }] }, ChainMismatchError],
    ["less than no uses", { uses: -1 }, InvalidNumberError],
    ["half a use", { uses: 0.5 }, InvalidNumberError],
    ["a bigint", { uses: 1n }, InvalidNumberError],
    ["no number", { uses: [undefined] }, InvalidNumberError],
    ["too few numbers", { sessions: make(2), uses: [1] }, InvalidParameterError],
    ["too many numbers", { uses: [1, 1] }, InvalidParameterError],
    ["a misspelt name", { use: 3 }, UnknownParameterError],
  ];
  it.each(invalid)("refuses %s", (_, parameters, error) => {
    expect(() => planGrant({ sessions: [session], ...parameters })).toThrow(error);
  });

  it("says which number of uses is none, and how many there must be", () => {
    const sessions = make(2);
    expect(() => planGrant({ sessions, uses: [1, -1] })).toThrow("`uses[1]`");
    expect(() => planGrant({ sessions, uses: [1] })).toThrow("`uses` is not one number for each of the 2 sessions.");
  });
});
