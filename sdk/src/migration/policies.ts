import { type Address, type Hex, isAddressEqual } from "viem";
import { erc20Functions } from "../policies/erc20Limit.js";
import { allowErc20 } from "../session/allowErc20.js";
import { usageLimit } from "../session/limits.js";
import type { ActionRequest, PolicyRequest, Session } from "../types.js";
import {
  type ConditionDialect,
  checked,
  defineConverted,
  type LegacyWindow,
  type MigrationTarget,
  readAddress,
  readAmount,
  readSelector,
  toRulePolicies,
  type WordRule,
} from "./common.js";
import { NotConvertibleError } from "./errors.js";

/** A rule of a policy: a word of the arguments, a condition, what it is compared with, and perhaps a limit on the sum. */
export type BiconomyPolicyRule = {
  /** In bytes from the end of the selector. */
  readonly offset?: number | bigint | undefined;
  /** In words or bytes, see `offsetIndexUnit`: its meaning has changed between versions. */
  readonly offsetIndex?: number | undefined;
  /** A number whose meaning the dialect decides. */
  readonly condition: number;
  readonly ref?: unknown;
  readonly referenceValue?: unknown;
  /** Whether the values of all calls together are limited. */
  readonly isLimited?: boolean | undefined;
  readonly usage?: { readonly limit: bigint; readonly used: bigint } | undefined;
};

/** What `createSession` and `grantPermission` take for one function. */
export type BiconomyPolicy = LegacyWindow & {
  readonly interval?: LegacyWindow | undefined;
  readonly sessionKeyAddress?: Address | undefined;
  readonly contractAddress: Address;
  readonly functionSelector?: string | undefined;
  readonly rules?: readonly BiconomyPolicyRule[] | undefined;
  /** The most that one call may send, in wei; nothing if it is left out. */
  readonly valueLimit?: bigint | undefined;
  /** How often it may be used. */
  readonly usageLimit?: bigint | undefined;
  readonly tokenLimits?: readonly { readonly token: Address; readonly limit: bigint }[] | undefined;
  readonly sudo?: boolean | undefined;
  /** A whole ABI allows all its functions: name those that are meant instead. */
  readonly abi?: unknown;
};

export type FromBiconomyPolicyTarget = MigrationTarget & {
  /** Whose numbers the conditions are: they mean different things in different SDKs. */
  dialect: ConditionDialect;
  /** Whether `offsetIndex` counts words or bytes; needed where it is used. */
  offsetIndexUnit?: "words" | "bytes" | undefined;
};

/**
 * The session for policies of Biconomy's `createSession`, or of Smart Sessions' `grantPermission`, one function each.
 *
 * Conditions are converted by what they mean and not by their number, so the dialect has to be said. A limit on the sum
 * of an argument is converted where it is the amount of an ERC-20 function. What has no exact counterpart is refused.
 *
 * @param policies One or more policies with the same window.
 * @param target {@link FromBiconomyPolicyTarget}
 * @returns The session, with one action a policy.
 * @throws NotConvertibleError, and what `defineSession` throws about the target.
 *
 * @example
 * import { fromBiconomyPolicy } from "latchkey/migration";
 * import { pad, parseEther, parseUnits, toHex } from "viem";
 *
 * const convert = (sessionKey: `0x${string}`) =>
 *   fromBiconomyPolicy(
 *     {
 *       contractAddress: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *       functionSelector: "transfer(address,uint256)",
 *       rules: [
 *         {
 *           condition: 4,
 *           offsetIndex: 32,
 *           ref: pad(toHex(parseUnits("500", 6))),
 *           isLimited: true,
 *           usage: { limit: parseUnits("5000", 6), used: 0n },
 *         },
 *       ],
 *       validUntil: 1_900_000_000,
 *     },
 *     {
 *       dialect: "universal-action-policy",
 *       offsetIndexUnit: "bytes",
 *       account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *       chainId: 1,
 *       sessionKey,
 *       fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     },
 *   );
 */
export function fromBiconomyPolicy(
  policies: BiconomyPolicy | readonly BiconomyPolicy[],
  { dialect, offsetIndexUnit, ...target }: FromBiconomyPolicyTarget,
): Session {
  const list: readonly BiconomyPolicy[] = "contractAddress" in policies ? [policies] : policies;
  const [first] = list;
  if (first === undefined) throw new NotConvertibleError({ path: "policies", reason: "there are none" });
  const window = windowOf(first);
  for (const [index, policy] of list.entries()) {
    const { validAfter = 0, validUntil = 0 } = windowOf(policy);
    if (validAfter !== (window.validAfter ?? 0) || validUntil !== (window.validUntil ?? 0))
      throw new NotConvertibleError({
        path: `policies[${index}]`,
        reason: "its window is another than that of the first; make a session for each window",
      });
    if (policy.sessionKeyAddress?.toLowerCase() !== first.sessionKeyAddress?.toLowerCase())
      throw new NotConvertibleError({ path: `policies[${index}]`, reason: "its session key is another" });
  }
  const actions = list.map((policy, index) =>
    toAction(policy, { path: list === policies ? `policies[${index}].` : "", dialect, offsetIndexUnit, target }),
  );
  return defineConverted({ target, sessionKey: first.sessionKeyAddress, window, actions });
}

function windowOf({ interval, validAfter, validUntil }: BiconomyPolicy): LegacyWindow {
  return interval ?? { validAfter, validUntil };
}

type Context = Pick<FromBiconomyPolicyTarget, "dialect" | "offsetIndexUnit"> & {
  path: string;
  target: MigrationTarget;
};

function toAction(policy: BiconomyPolicy, { path, dialect, offsetIndexUnit, target }: Context): ActionRequest {
  const { contractAddress, functionSelector, rules = [], valueLimit = 0n, tokenLimits = [], sudo = false } = policy;
  if (policy.abi !== undefined)
    throw new NotConvertibleError({
      path: `${path}abi`,
      reason: "it allows all functions; name the ones that are meant",
    });
  const contract = readAddress(`${path}contractAddress`, contractAddress);
  const selector = readSelector(`${path}functionSelector`, functionSelector);
  if (sudo && (rules.length > 0 || tokenLimits.length > 0))
    throw new NotConvertibleError({ path: `${path}sudo`, reason: "it goes with no rules" });
  const words = rules.map((rule, index) => toWordRule(rule, `${path}rules[${index}]`, offsetIndexUnit));
  const sums = [
    ...rules.flatMap((rule, index) =>
      rule.isLimited === true ? [readSum(rule, words[index], `${path}rules[${index}].usage`, selector)] : [],
    ),
    ...tokenLimits.map((limit, index) => readTokenLimit(limit, contract, `${path}tokenLimits[${index}]`)),
  ];
  const limits = sums.flatMap((total) => toTokenPolicies(contract, selector, total, path));
  return {
    target: contract,
    selector,
    maxValue: readAmount(`${path}valueLimit`, valueLimit),
    policies: [
      ...(words.length === 0 && limits.length > 0 ? [] : toRulePolicies(words, dialect, target)),
      ...limits,
      ...toUsagePolicies(policy.usageLimit, path),
    ],
  };
}

function toUsagePolicies(limit: bigint | undefined, path: string): readonly PolicyRequest[] {
  if (limit === undefined) return [];
  const total = readAmount(`${path}usageLimit`, limit);
  return [checked(`${path}usageLimit`, () => usageLimit({ total, of: "calls" }))];
}

function toWordRule(
  { offset, offsetIndex, condition, ref, referenceValue }: BiconomyPolicyRule,
  path: string,
  unit: FromBiconomyPolicyTarget["offsetIndexUnit"],
): WordRule {
  if ((offset === undefined) === (offsetIndex === undefined))
    throw new NotConvertibleError({
      path: `${path}.offset`,
      reason: "there is not exactly one of it and `offsetIndex`",
    });
  if (offsetIndex !== undefined && unit !== "words" && unit !== "bytes")
    throw new NotConvertibleError({
      path: `${path}.offsetIndex`,
      reason: "it counts words in some versions and bytes in others; say which with `offsetIndexUnit`",
    });
  const bytes = offsetIndex === undefined ? offset : unit === "words" ? offsetIndex * 32 : offsetIndex;
  return { path, offset: bytes, condition, reference: ref ?? referenceValue };
}

/** What is left of a limit on the sum of an argument, which must be the amount of a token function. */
function readSum({ usage }: BiconomyPolicyRule, word: WordRule | undefined, path: string, selector: Hex): bigint {
  const known = Object.values(erc20Functions).find((candidate) => candidate.selector === selector);
  if (known === undefined || Number(word?.offset) !== known.amount * 32 || usage === undefined)
    throw new NotConvertibleError({ path, reason: "only the amount of an ERC-20 function can be limited in sum" });
  const [limit, used] = [readAmount(`${path}.limit`, usage.limit), readAmount(`${path}.used`, usage.used)];
  return limit > used ? limit - used : 0n;
}

function readTokenLimit({ token, limit }: { token: Address; limit: bigint }, contract: Address, path: string): bigint {
  if (!isAddressEqual(readAddress(`${path}.token`, token), contract))
    throw new NotConvertibleError({ path, reason: "it is for another token than the contract that is called" });
  return readAmount(`${path}.limit`, limit);
}

/** A limit on the sum of a token function's amounts. */
function toTokenPolicies(token: Address, selector: Hex, total: bigint, path: string): readonly PolicyRequest[] {
  const names = ["transfer", "transferFrom", "approve", "increaseAllowance"] as const;
  const name = names.find((candidate) => erc20Functions[candidate].selector === selector);
  if (name === undefined)
    throw new NotConvertibleError({
      path: `${path}functionSelector`,
      reason: "a limit on tokens needs an ERC-20 function",
    });
  const { actions } = checked(`${path}tokenLimits`, () => allowErc20({ token, functions: [name], total }));
  return actions.flatMap(({ policies }) => policies);
}

/** What the earlier module for Safes was told of a session. */
export type SafeSession = {
  readonly sessionKey?: Address | undefined;
  /** Contracts that may be called. */
  readonly destinations: readonly Address[];
  /** Their functions, by selector or signature. */
  readonly methods: readonly string[];
  /** The most of a token, in its smallest unit. */
  readonly tokenAmount?: bigint | undefined;
  /** In seconds since 1970. */
  readonly startTimestamp?: number | undefined;
  /** In seconds since 1970. */
  readonly endTimestamp?: number | undefined;
  readonly enabled: boolean;
};

/**
 * The session for one of the earlier module for Safes: every method of every destination, within a window. A token amount
 * limits methods that are ERC-20 functions; say whether it is meant for each call or in total.
 *
 * @param session What the module was told.
 * @param target {@link MigrationTarget}, and what the token amount is the limit of.
 * @returns The session.
 * @throws NotConvertibleError, for one that is not enabled too; and what `defineSession` throws about the target.
 *
 * @example
 * import { fromSafeSession } from "latchkey/migration";
 * import { parseEther, parseUnits } from "viem";
 *
 * const convert = (sessionKey: `0x${string}`) =>
 *   fromSafeSession(
 *     {
 *       sessionKey,
 *       destinations: ["0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"],
 *       methods: ["transfer(address,uint256)"],
 *       tokenAmount: parseUnits("100", 6),
 *       endTimestamp: 1_900_000_000,
 *       enabled: true,
 *     },
 *     {
 *       tokenAmountIs: "total",
 *       account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *       chainId: 1,
 *       fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     },
 *   );
 */
export function fromSafeSession(
  { sessionKey, destinations, methods, tokenAmount, startTimestamp, endTimestamp, enabled }: SafeSession,
  { tokenAmountIs, ...target }: MigrationTarget & { tokenAmountIs?: "perCall" | "total" | undefined },
): Session {
  if (enabled !== true) throw new NotConvertibleError({ path: "enabled", reason: "it may not act" });
  const selectors = methods.map((method, index) => readSelector(`methods[${index}]`, method));
  const actions = destinations.flatMap((destination, place) => {
    const contract = readAddress(`destinations[${place}]`, destination);
    return selectors.map((selector, index): ActionRequest => {
      const policies = tokenAmount === undefined ? undefined : toAmountPolicies(contract, selector);
      return {
        target: contract,
        selector,
        maxValue: 0n,
        policies: policies ?? checkAny(`methods[${index}]`),
      };
    });
  });
  const window = { validAfter: startTimestamp, validUntil: endTimestamp };
  return defineConverted({ target, sessionKey, window, actions });

  function toAmountPolicies(token: Address, selector: Hex): readonly PolicyRequest[] | undefined {
    if (!Object.values(erc20Functions).some((known) => known.selector === selector)) return undefined;
    if (tokenAmountIs !== "perCall" && tokenAmountIs !== "total")
      throw new NotConvertibleError({
        path: "tokenAmount",
        reason: 'say with `tokenAmountIs` whether it is meant "perCall" or in "total"',
      });
    const limit = readAmount("tokenAmount", tokenAmount);
    const { actions: made } = checked("tokenAmount", () => allowErc20({ token, [tokenAmountIs]: limit }));
    return made.flatMap(({ policies }) => policies);
  }

  function checkAny(path: string): readonly PolicyRequest[] {
    if (target.acknowledgeRisk === true) return [];
    throw new NotConvertibleError({
      path,
      reason: "it may have any arguments; `acknowledgeRisk: true` says that this is meant",
    });
  }
}
