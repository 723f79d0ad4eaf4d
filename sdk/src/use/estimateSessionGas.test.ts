import { readFileSync } from "node:fs";
import { type Address, concat, encodeFunctionData, getAddress, type Hex, numberToHex, pad } from "viem";
import { describe, expect, it } from "vitest";
import { erc20Abi, stranger } from "../../test/fixtures.js";
import { getContracts } from "../addresses.js";
import { type AbiRule, encodeAbiRuleConfig } from "../policies/abiRule.js";
import { builtInPolicies } from "../policies/builtIn.js";
import type { Action, Policy, Session } from "../types.js";
import { estimateSessionGas, useCosts } from "./estimateSessionGas.js";

type Snapshot = {
  rows: { account: string; system: string; scenario: string; phase: string; overOwner: number }[];
  growth: { growth: string; size: number; overOwner: number }[];
};
const snapshot: Snapshot = JSON.parse(readFileSync(new URL("../../../gas/snapshot.json", import.meta.url), "utf8"));

// As in test/gas/GasBenchmark.sol.
const token = "0x2e234dae75c793f67a35089c9d99245e1c58470b";
const shop = "0xc0ffee254729296a45a3885639ac7e10f9d54979";
const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [shop, 5_000_000n] });
const { erc20LimitPolicy, usageLimitPolicy } = builtInPolicies;
const contracts = getContracts();

const amount = (value: bigint): Hex => numberToHex(value, { size: 16 });
const cumulative = { policy: erc20LimitPolicy, config: concat(["0x02", amount(1_000_000_000n)]) };
const toTheShop = { policy: erc20LimitPolicy, config: concat(["0x0a", amount(1_000_000_000n), "0x01", shop]) };
const daily = { policy: erc20LimitPolicy, config: concat(["0x04", amount(1_000_000_000n), "0x00015180000000000000"]) };
const usage = { policy: usageLimitPolicy, config: concat(["0x02", amount(1_000n)]) };

function rules(count: number, policy: Address = builtInPolicies.abiRulePolicy): Policy {
  const config = Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? concat(["0x010000001400", shop])
      : concat(["0x010000012003", numberToHex(50_000_000n, { size: 32 })]),
  );
  return { policy, config: concat([numberToHex(count, { size: 1 }), ...config]) };
}

function transfer(...policies: Policy[]): Action {
  return { target: token, selector: "0xa9059cbb", maxValue: 0n, policies };
}

function sessionOf(actions: readonly Action[], others: Partial<Session> = {}): Session {
  return {
    account: stranger,
    chainId: 31_337n,
    epoch: 0n,
    validAfter: 1_800_000_000,
    validUntil: 1_800_604_800,
    salt: pad("0x8d3fa157", { size: 32 }),
    sessionKey: "0x5cd07ba154d859b6f4ae41359bf7b40380cdc173",
    paymaster: "0x0000000000000000000000000000000000000000",
    maxOpCost: 10n ** 18n,
    operationPolicies: [],
    signaturePolicies: [],
    actions,
    ...others,
  };
}

function measured(scenario: string, phase = "steady"): number {
  const row = snapshot.rows.find(
    (one) => one.account === "nexus" && one.system === "latchkey" && one.scenario === scenario && one.phase === phase,
  );
  if (row === undefined) throw new Error(`${scenario} was not measured`);
  return row.overOwner;
}

/** Within 5 %, or 600 gas. */
function expectAbout(gas: bigint, expected: number): void {
  const tolerance = Math.max(600, expected / 20);
  expect(Math.abs(Number(gas) - expected), `${gas} for ${expected}`).toBeLessThanOrEqual(tolerance);
}

const one = [{ to: token, value: 0n, data }] as const;
const many = (count: number) => Array.from({ length: count }, () => one[0]);

describe("estimateSessionGas", () => {
  const scenarios: [scenario: string, session: Session, calls: number][] = [
    ["allow-list", sessionOf([transfer()]), 1],
    ["erc20-cumulative", sessionOf([transfer(cumulative)]), 1],
    ["erc20-daily", sessionOf([transfer(daily)]), 1],
    ["usage", sessionOf([transfer()], { operationPolicies: [usage] }), 1],
    ["rules-2", sessionOf([transfer(rules(2))]), 1],
    ["batch-5", sessionOf([transfer(cumulative)]), 5],
    ["batch-20", sessionOf([transfer(cumulative)]), 20],
  ];

  it.each(scenarios)("is near what was measured: %s", (scenario, session, calls) => {
    expectAbout(estimateSessionGas({ session, calls: many(calls) }).gas, measured(scenario));
    expectAbout(estimateSessionGas({ session, calls: many(calls), use: "first" }).gas, measured(scenario, "first"));
  });

  it.each(["p256", "webauthn"] as const)("is near what was measured: %s", (scenario) => {
    const verifier = scenario === "p256" ? contracts.p256PrecompileVerifier : contracts.webAuthnPrecompileVerifier;
    const sessionKey = concat([verifier, `0x${"7a".repeat(64)}`]);
    const { gas, unknown } = estimateSessionGas({ session: sessionOf([transfer()], { sessionKey }), calls: one });
    expectAbout(gas, measured(scenario));
    expect(unknown).toEqual([]);
  });

  const growths: [growth: string, (size: number) => { session: Session; calls: number; proof?: readonly Hex[] }][] = [
    [
      "actions",
      (size) => ({
        session: sessionOf([
          transfer(cumulative),
          ...Array.from({ length: size - 1 }, (_, index) => ({
            ...transfer(),
            selector: numberToHex(index + 1, { size: 4 }),
          })),
        ]),
        calls: 1,
      }),
    ],
    ["calls", (size) => ({ session: sessionOf([transfer(cumulative)]), calls: size })],
    ["calls, to listed recipients", (size) => ({ session: sessionOf([transfer(toTheShop)]), calls: size })],
    ["rules", (size) => ({ session: sessionOf([transfer(rules(size))]), calls: 1 })],
    [
      "depth of the Merkle tree",
      (size) => ({
        session: sessionOf([transfer()]),
        calls: 1,
        proof: Array.from({ length: size }, () => `0x${"ab".repeat(32)}` as const),
      }),
    ],
  ];

  it.each(growths)("grows as what was measured does: %s", (growth, make) => {
    const sizes = snapshot.growth.filter((entry) => entry.growth === growth);
    expect(sizes.length).toBeGreaterThan(3);
    for (const { size, overOwner } of sizes) {
      const { calls, ...rest } = make(size);
      expectAbout(estimateSessionGas({ ...rest, calls: many(calls) }).gas, overOwner);
    }
  });

  it("tells an operation that is not an ordinary one: with value, under two actions, of more than 32 calls", () => {
    const session = sessionOf([transfer(cumulative), { ...transfer(), selector: "0x095ea7b3", maxValue: 1n }]);
    const approve = { ...one[0], data: concat(["0x095ea7b3", pad("0x", { size: 64 })]) };
    const costOf = (calls: Parameters<typeof estimateSessionGas>[0]["calls"]) =>
      Number(estimateSessionGas({ session, calls }).calls);
    const { actions, hashed, batch, call, unusual, unusualCall, unusualHashed, unusualRevealed } = useCosts;
    expect(costOf(many(32))).toBe(actions + hashed + batch + 31 * call);
    expect(costOf(many(33))).toBe(unusual + 32 * unusualCall + unusualHashed);
    expect(costOf([one[0], approve])).toBe(unusual + unusualCall + unusualRevealed);
    expect(costOf([{ ...approve, value: 1n }])).toBe(unusual + unusualHashed);
  });

  it("is the sum of its parts", () => {
    const { gas, calldata, session, calls, policies } = estimateSessionGas({
      session: sessionOf([transfer(cumulative)]),
      calls: many(2),
    });
    expect(gas).toBe(calldata + session + calls + policies);
  });

  it("costs more with a policy contract than with the manager's own", () => {
    const own = estimateSessionGas({ session: sessionOf([transfer(cumulative)]), calls: one });
    const other = { ...cumulative, policy: contracts.erc20LimitPolicy };
    const asked = estimateSessionGas({ session: sessionOf([transfer(other)]), calls: one });
    expect(asked.gas - own.gas).toBeGreaterThan(3_000n);
    const costOf = (policy: Policy) =>
      estimateSessionGas({ session: sessionOf([transfer(policy)]), calls: one }).policies;
    expect(costOf(rules(2, contracts.abiRulePolicy)) - costOf(rules(2))).toBeGreaterThan(4_000n);
  });

  it("tells rules that the manager sees through at once from others, and from those that it asks a contract about", () => {
    const call = { ...one[0], data: concat([data, pad("0x", { size: 32 * 255 })]) };
    const costOf = (config: Hex, policy: Address = builtInPolicies.abiRulePolicy, to = call) =>
      Number(estimateSessionGas({ session: sessionOf([transfer({ policy, config })]), calls: [to] }).policies);
    const word = (value: bigint): Hex => numberToHex(value, { size: 32 });
    const atMost: AbiRule = { word: 1, type: "uint256", comparison: "lte", references: [word(5_000_000n)] };
    const to: AbiRule = { word: 0, type: "address", comparison: "eq", references: [shop] };
    const { inTurn, ownRules, ownRule, otherOwnRule, ask, coldContract, rule } = useCosts;
    const policy = useCosts.policy + inTurn;
    expect(costOf(encodeAbiRuleConfig([[atMost]]))).toBe(policy + ownRules + ownRule);
    expect(costOf(encodeAbiRuleConfig([[to], [atMost]]))).toBe(policy + ownRules + 2 * ownRule);
    const others: AbiRule[][] = [
      [{ ...atMost, comparison: "between", references: [word(0n), word(5_000_000n)] }],
      [{ ...atMost, type: "int256" }],
      [{ ...atMost, word: 256 }],
    ];
    for (const group of others) expect(costOf(encodeAbiRuleConfig([group]))).toBe(policy + ownRules + otherOwnRule);
    expect(costOf(encodeAbiRuleConfig([[{ ...atMost, word: 255 }]]))).toBe(policy + ownRules + ownRule);
    expect(costOf(encodeAbiRuleConfig([[to, atMost], [atMost]]))).toBe(policy + ownRules + 2 * otherOwnRule + ownRule);
    // The arguments are two words.
    const shape = "0x0101010003021420" as const;
    expect(costOf(shape, builtInPolicies.abiRulePolicy, one[0])).toBe(policy + ask + coldContract + rule);
    expect(costOf(shape, contracts.abiRulePolicy, one[0])).toBe(policy + ask + coldContract + rule);
  });

  it("names what it does not know", () => {
    const policy: Address = "0x00000000000000000000000000000000000000f1";
    const session = sessionOf([transfer({ policy, config: "0x" })], { sessionKey: concat([stranger, "0x01"]) });
    expect(estimateSessionGas({ session, calls: one }).unknown).toEqual([getAddress(policy), stranger]);
  });
});
