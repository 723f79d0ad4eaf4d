import {
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  numberToHex,
  pad,
  size,
  slice,
  zeroAddress,
} from "viem";
import {
  type AbiRuleGroup,
  type AbiValueRuleGroup,
  type Action,
  anyPaymaster,
  anySelector,
  anyTarget,
  builtInPolicies,
  type Call,
  type ContractOverrides,
  encodeAbiRuleConfig,
  encodeErc20LimitConfig,
  encodeLimitConfig,
  entryPoints,
  type Limits,
  noCalldata,
  type Policy,
  type Session,
  toAbiShape,
} from "../../src/index.js";
import { erc20Abi } from "../fixtures.js";
import type { Random } from "./random.js";

/** Where the contracts are in the vectors. */
export const contracts = {
  manager: "0x00000000000000000000000000000000000001a1",
  erc20LimitPolicy: "0x00000000000000000000000000000000000001a2",
  abiRulePolicy: "0x00000000000000000000000000000000000001a3",
  nativeLimitPolicy: "0x00000000000000000000000000000000000001a4",
  gasLimitPolicy: "0x00000000000000000000000000000000000001a5",
  usageLimitPolicy: "0x00000000000000000000000000000000000001a6",
  typedDataPolicy: "0x00000000000000000000000000000000000001a7",
} as const satisfies ContractOverrides;

/** The address of the key "session key" of forge's cheat codes. */
export const sessionKey = "0x5cd07BA154D859B6F4ae41359bF7B40380CDC173";

export const start = 1_800_000_000;
export const people = [
  "0x00000000000000000000000000000000000001b1",
  "0x00000000000000000000000000000000000001b2",
  "0x00000000000000000000000000000000000001b3",
] as const satisfies readonly Address[];
export const targets = [
  "0x00000000000000000000000000000000000001c1",
  "0x00000000000000000000000000000000000001c2",
] as const satisfies readonly Address[];
export const paymaster = "0x00000000000000000000000000000000000001d1";

const days = 86_400;
const placeSelector = "0x11223344";
const noteSelector = "0x22334455";
const otherSelector = "0x33445566";
const placeTypes = [
  { type: "address" },
  { type: "uint128" },
  { type: "int64" },
  { type: "bytes4" },
  { type: "bool" },
] as const;
const noteTypes = [{ type: "bytes" }, { type: "uint16[]" }, { type: "address" }] as const;

const word = (value: bigint): Hex => numberToHex(value, { size: 32 });
const amountOf = (random: Random): bigint => BigInt(random.below(12));

function randomLimits(random: Random): Limits {
  const perPeriod = random.chance(50)
    ? {
        amount: BigInt(5 + random.below(30)),
        seconds: random.pick([300, 3_600, days]),
        anchor: random.pick([0, start - 5_000, start - 60, start + 30]),
      }
    : undefined;
  const total = perPeriod === undefined || random.chance(40) ? BigInt(5 + random.below(80)) : undefined;
  return {
    atOnce: random.chance(35) ? BigInt(2 + random.below(12)) : undefined,
    total,
    perPeriod,
    salt: random.chance(20) ? random.below(3) : undefined,
  };
}

/** A configuration as it is, or, seldom, one that is cut, has a byte too many or a bit that says nothing. */
function perhapsBroken(random: Random, config: Hex, mayBeShort = true): Hex {
  if (!random.chance(3)) return config;
  return random.pick<() => Hex>([
    () => (mayBeShort ? slice(config, 0, size(config) - 1) : concat([config, "0xff"])),
    () => concat([config, "0x00"]),
    () => concat(["0x40", slice(config, 1)]),
    () => "0x" as const,
    // More than a budget can hold.
    () => concat(["0x02", pad("0x01", { size: 2 }), pad("0xff", { size: 14 })]),
    // A period of 299 seconds.
    () => concat(["0x04", pad("0x05", { size: 16 }), "0x0000012b", "0x000000000000"]),
  ])();
}

/**
 * A policy: the contract, or the manager's own. Why one of the manager's own that is cut short is refused depends on what
 * follows it in the use, which the offline check does not look at.
 */
function eitherForm(random: Random, name: keyof typeof builtInPolicies, config: Hex): Policy {
  const isContract = random.chance(50);
  return {
    policy: isContract ? contracts[name] : builtInPolicies[name],
    config: perhapsBroken(random, config, isContract),
  };
}

function erc20Policy(random: Random): Policy {
  const { atOnce, ...limits } = randomLimits(random);
  const recipients = random.chance(40) ? people.slice(0, 1 + random.below(2)) : undefined;
  const config = encodeErc20LimitConfig({ ...limits, perCall: atOnce, recipients });
  return eitherForm(random, "erc20LimitPolicy", config);
}

function countingPolicy(
  random: Random,
  name: "nativeLimitPolicy" | "usageLimitPolicy" | "gasLimitPolicy",
  ofSession: boolean,
): Policy {
  const limits = randomLimits(random);
  const scaled = name === "usageLimitPolicy" ? { ...limits, atOnce: limits.atOnce && limits.atOnce % 4n } : limits;
  // As a policy of an action, or of another kind, the bit is not known.
  const countsCalls = name === "usageLimitPolicy" && ofSession ? random.chance(50) : random.chance(1);
  return eitherForm(random, name, encodeLimitConfig({ ...scaled, countsCalls }));
}

function placeRules(random: Random): readonly AbiRuleGroup[] {
  const address = (who: Address): Hex => numberToHex(BigInt(who), { size: 20 });
  const number = (width: number, value: number): Hex =>
    numberToHex(BigInt.asUintN(8 * width, BigInt(value)), { size: width });
  const rule = (): AbiRuleGroup[number] =>
    random.pick<() => AbiRuleGroup[number]>([
      () => ({ word: 0, type: "address", comparison: "eq", references: [address(random.pick(people))] }) as const,
      () => ({ word: 0, type: "address", comparison: "oneOf", references: people.slice(0, 2).map(address) }) as const,
      () => ({ word: 0, type: "address", comparison: "isAccount", references: [] }) as const,
      () =>
        ({
          ...{ word: 1, type: "uint128" },
          comparison: random.pick(["eq", "neq", "lt", "lte", "gt", "gte"] as const),
          references: [number(16, random.below(12))],
        }) as const,
      () => ({ word: 1, type: "uint128", comparison: "between", references: [number(16, 2), number(16, 9)] }) as const,
      () => ({ word: 1, type: "uint128", comparison: "mask", references: [number(16, 1), number(16, 0)] }) as const,
      () =>
        ({
          ...{ word: 2, type: "int64" },
          comparison: random.pick(["lt", "lte", "gt", "gte", "neq"] as const),
          references: [number(8, random.below(7) - 3)],
        }) as const,
      () => ({ word: 3, type: "bytes4", comparison: "lte", references: ["0x80000000"] }) as const,
      () => ({ word: 4, type: "bool", comparison: "eq", references: ["0x01"] }) as const,
      () => ({ shape: toAbiShape(placeTypes), groups: [] }) as const,
    ])();
  const group = (): AbiRuleGroup => Array.from({ length: random.chance(70) ? 1 : 2 }, rule);
  return Array.from({ length: 1 + random.below(2) }, group);
}

function noteRules(random: Random): readonly AbiRuleGroup[] {
  const rule = (): AbiValueRuleGroup[number] =>
    random.pick<() => AbiValueRuleGroup[number]>([
      () => ({ path: [0], test: "length", comparison: "lte", references: ["0x00000008"] }) as const,
      () => ({ path: [0], test: "prefix", content: "0x01" }) as const,
      () => ({ path: [0], test: "suffix", content: "0x02" }) as const,
      () => ({ path: [0], test: "differs", content: "0x0102" }) as const,
      () => ({ path: [0], test: "slice", offset: 1, type: "uint8", comparison: "lte", references: ["0x05"] }) as const,
      () => ({ path: [1], test: "length", comparison: "between", references: ["0x00000001", "0x00000003"] }) as const,
      () => ({ path: [1, 255], test: "value", comparison: "lt", references: ["0x0008"] }) as const,
      () =>
        ({
          ...{ path: [1], test: random.pick(["every", "some"] as const) },
          groups: [[{ path: [], test: "value", comparison: "lte", references: ["0x0006"] }]],
        }) as const,
      () => ({ path: [2], test: "value", comparison: "isAccount", references: [] }) as const,
      () =>
        ({
          ...{ path: [2], test: "value", comparison: "neq" },
          references: [numberToHex(BigInt(random.pick(people)), { size: 20 })],
        }) as const,
    ])();
  const group = (): AbiValueRuleGroup => Array.from({ length: random.chance(70) ? 1 : 2 }, rule);
  const groups = Array.from({ length: 1 + random.below(2) }, group);
  return [[{ shape: toAbiShape(noteTypes), groups }]];
}

function abiPolicy(random: Random, rules: readonly AbiRuleGroup[]): Policy {
  const whole = encodeAbiRuleConfig(rules);
  const roll = random.below(100);
  // Malformed where the contract cannot overlook it.
  const config = roll < 2 ? "0x" : roll < 4 ? concat(["0x00", slice(whole, 1)]) : whole;
  return { policy: random.chance(50) ? contracts.abiRulePolicy : builtInPolicies.abiRulePolicy, config };
}

function randomActions(random: Random): readonly Action[] {
  const maxValue = random.chance(30) ? 5n : 0n;
  const target = random.pick(targets);
  return random.pick<() => readonly Action[]>([
    () => {
      const policies = [
        erc20Policy(random),
        ...(random.chance(15) ? [countingPolicy(random, "usageLimitPolicy", false)] : []),
      ];
      const selectors = ["0xa9059cbb", "0x23b872dd", "0x095ea7b3", "0x39509351", otherSelector] as const;
      const first = random.below(4);
      return [
        { target, selector: selectors[first] ?? otherSelector, maxValue, policies },
        // One budget for two functions.
        ...(random.chance(40) ? [{ target, selector: random.pick(selectors), maxValue, policies }] : []),
      ];
    },
    () => [
      {
        ...{ target, selector: noCalldata, maxValue: 10n },
        policies: [
          ...(random.chance(70) ? [countingPolicy(random, "nativeLimitPolicy", false)] : []),
          ...(random.chance(40) ? [countingPolicy(random, "usageLimitPolicy", false)] : []),
        ],
      },
    ],
    () => [{ target, selector: placeSelector, maxValue, policies: [abiPolicy(random, placeRules(random))] }],
    () => [{ target, selector: noteSelector, maxValue, policies: [abiPolicy(random, noteRules(random))] }],
    () => [{ target: anyTarget, selector: random.chance(95) ? otherSelector : anySelector, maxValue, policies: [] }],
    () => [
      {
        ...{ target, selector: anySelector, maxValue },
        policies: random.chance(20) ? [{ policy: contracts.gasLimitPolicy, config: "0x0200" as const }] : [],
      },
    ],
    () => [
      {
        ...{ target: anyTarget, maxValue, policies: [] },
        selector: random.chance(15) ? ("0xe9ae5c53" as const) : placeSelector,
      },
    ],
  ])();
}

function randomOperationPolicies(random: Random): readonly Policy[] {
  if (random.chance(60)) return [];
  const names = ["gasLimitPolicy", "nativeLimitPolicy", "usageLimitPolicy"] as const;
  const misplaced = random.chance(3) ? [{ policy: contracts.abiRulePolicy, config: "0x01" as const }] : [];
  return [
    ...Array.from({ length: 1 + random.below(2) }, () => countingPolicy(random, random.pick(names), true)),
    ...misplaced,
  ];
}

/** A session as may be, and a few as should not. */
export function randomSession(random: Random, index: number): Session {
  return {
    account: numberToHex(0xacc0000 + index, { size: 20 }),
    chainId: random.chance(20) ? 0n : 31_337n,
    epoch: BigInt(random.below(2)),
    validAfter: random.pick([0, 0, start - 100, start - 100, random.chance(30) ? start + 1_000 : 0]),
    validUntil: random.chance(2)
      ? 2 ** 47 + 1
      : random.pick([0, start + 3 * days, start + 3 * days, start + 9 * days, random.chance(20) ? start + 500 : 0]),
    salt: numberToHex(random.below(2 ** 32), { size: 32 }),
    sessionKey: random.chance(1) ? `0x${"00".repeat(20)}` : sessionKey,
    paymaster: random.pick<Address>([zeroAddress, anyPaymaster, paymaster]),
    maxOpCost: 20n,
    operationPolicies: randomOperationPolicies(random),
    signaturePolicies: [],
    actions: Array.from({ length: 1 + random.below(2) }, () => randomActions(random)).flat(),
  };
}

/** Calldata for a function, most often such as rules may allow. */
function randomData(random: Random, session: Session, selector: Hex): Hex {
  const who = random.chance(20) ? session.account : random.pick(people);
  switch (selector) {
    case noCalldata:
      return "0x";
    case "0xa9059cbb":
    case "0x095ea7b3":
    case "0x39509351":
      return concat([selector, pad(who, { size: 32 }), word(amountOf(random))]);
    case "0x23b872dd":
      return encodeFunctionData({
        abi: erc20Abi,
        functionName: "transferFrom",
        args: [random.pick(people), who, amountOf(random)],
      });
    case placeSelector: {
      const tag = random.pick(["0x00000001", "0x00000002", "0x80000000", "0xffffffff"] as const);
      const delta = BigInt(random.below(9) - 4);
      return concat([
        selector,
        encodeAbiParameters(placeTypes, [who, amountOf(random), delta, tag, random.chance(80)]),
      ]);
    }
    case noteSelector: {
      const text = random.pick(["0x", "0x0102", "0x01020304", "0x010502", "0x0900000000000000000002"] as const);
      const numbers = Array.from({ length: random.below(5) }, () => random.below(9));
      return concat([selector, encodeAbiParameters(noteTypes, [text, numbers, who])]);
    }
    case anySelector:
      return otherSelector;
    default:
      return selector;
  }
}

/** Calldata that is not quite right. */
function spoil(random: Random, data: Hex): Hex {
  const length = size(data);
  return random.pick<() => Hex>([
    () => "0x" as const,
    () => (length > 4 ? slice(data, 0, 1 + random.below(length - 1)) : "0x123456"),
    () => concat([data, "0x00"]),
    () => "0x1234" as const,
    () => concat(["0xdeadbeef", length > 4 ? slice(data, 4) : "0x"]),
    // A bit that the first argument does not have.
    () => (length > 36 ? concat([slice(data, 0, 4), "0x01", slice(data, 5)]) : data),
    () => (length > 68 ? concat([slice(data, 0, 36), "0xff", slice(data, 37)]) : data),
  ])();
}

/** A call, most often one that some action may allow. */
export function randomCall(random: Random, session: Session): Call {
  const [first, ...others] = session.actions;
  const action = first && random.pick([first, ...others]);
  if (action === undefined) throw new Error("a session without actions");
  const data = randomData(random, session, action.selector);
  const to = action.target === anyTarget ? random.pick(targets) : action.target;
  const value = action.maxValue === 0n ? 0n : BigInt(random.below(Number(action.maxValue) + 1));
  const roll = random.below(100);
  if (roll < 87) return { to, value, data };
  if (roll < 89) return { to, value: action.maxValue + 1n, data };
  if (roll < 97) return { to, value, data: spoil(random, data) };
  const forbidden = [session.account, contracts.manager, ...entryPoints, random.pick(people), targets[1]] as const;
  return { to: random.pick(forbidden), value, data };
}
