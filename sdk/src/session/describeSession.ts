import {
  type Abi,
  type AbiFunction,
  type Address,
  formatEther,
  formatUnits,
  getAddress,
  type Hex,
  isAddressEqual,
  size,
  slice,
  toFunctionSelector,
  toFunctionSignature,
  zeroAddress,
} from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anyPaymaster, anySelector, anyTarget, noCalldata } from "../constants.js";
import { describeRule } from "../errors/describe.js";
import { type AbiRule, decodeAbiRuleConfig, toArgumentValue } from "../policies/abiRule.js";
import { decodeErc20LimitConfig, type Erc20Limits, erc20Functions } from "../policies/erc20Limit.js";
import { decodeLimitConfig, type Limits, type PeriodLimit } from "../policies/limit.js";
import type { Action, Policy, Session } from "../types.js";
import { checkParameters, parseTime } from "../utils/validate.js";

/** A token as people know it. */
export type TokenInfo = { readonly address: Address; readonly symbol: string; readonly decimals: number };

/** A contract whose functions are known, and what it is called. */
export type ContractInfo = {
  readonly address: Address;
  readonly abi?: Abi | undefined;
  readonly name?: string | undefined;
};

export type DescribeSessionParameters = {
  /** Tokens whose amounts are to be given in whole units. */
  tokens?: readonly TokenInfo[] | undefined;
  /** Contracts whose functions and arguments are to be named. */
  contracts?: readonly ContractInfo[] | undefined;
  /** The time to judge by, in seconds since 1970 or as a Date; the local clock's if it is left out. */
  now?: number | Date | undefined;
  /** The contracts of Latchkey, where they are not the known ones. */
  deployments?: ContractOverrides | undefined;
};

export type DescribeSessionReturnType = {
  /** What the session is, in one sentence. */
  readonly title: string;
  /** What it may do, a sentence each. */
  readonly lines: readonly string[];
  /** What an owner should think about before allowing it, a sentence each. */
  readonly risks: readonly string[];
};

const parameterNames = ["tokens", "contracts", "now", "deployments"];

/**
 * What a session allows, in words for the owner who is to grant it, and what is risky about it.
 *
 * Works offline, also for a session that was read back from the chain. What it does not know it shows as it stands: tokens
 * by address and smallest unit, functions by selector. What it cannot read (a policy of somebody else's) is a risk.
 *
 * @param session The session.
 * @param parameters {@link DescribeSessionParameters}
 * @returns A title, lines and risks.
 * @throws Errors of the configurations of known policies, if they are malformed.
 *
 * @example
 * import { describeSession, parseSession } from "latchkey";
 *
 * const usdc = { address: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol: "USDC", decimals: 6 } as const;
 * const show = (serialized: string) => {
 *   const { title, lines, risks } = describeSession(parseSession(serialized), { tokens: [usdc] });
 *   return [title, ...lines, ...risks.map((risk) => `Risk: ${risk}`)].join("\n");
 * };
 */
export function describeSession(
  session: Session,
  parameters: DescribeSessionParameters = {},
): DescribeSessionReturnType {
  checkParameters("describeSession's second argument", parameters, parameterNames);
  const { tokens = [], contracts = [], deployments } = parameters;
  const now = parameters.now === undefined ? Math.floor(Date.now() / 1000) : parseTime("now", parameters.now);
  const view: View = {
    session,
    tokens: new Map(tokens.map((token) => [getAddress(token.address), token])),
    contracts: new Map(contracts.map((contract) => [getAddress(contract.address), contract])),
    policyName: (policy) => policyNames.find((name) => isAddressEqual(findContract(name, deployments), policy)),
    now,
  };
  const chain = session.chainId === 0n ? "on every chain" : `on chain ${session.chainId}`;
  return {
    title: `The key ${describeKey(session.sessionKey)} may act for the account ${shorten(session.account)} ${chain}.`,
    lines: [
      ...describeActions(view),
      ...session.operationPolicies.map((policy) => describeOperationPolicy(view, policy)),
      ...(session.signaturePolicies.length === 0
        ? []
        : ["May sign messages for the account, within what its signature policies allow."]),
      describeCost(session),
      describeWindow(session),
    ],
    risks: listRisks(view),
  };
}

const policyNames = [
  "erc20LimitPolicy",
  "abiRulePolicy",
  "nativeLimitPolicy",
  "usageLimitPolicy",
  "gasLimitPolicy",
  "typedDataPolicy",
] as const;

type View = {
  readonly session: Session;
  readonly tokens: ReadonlyMap<Address, TokenInfo>;
  readonly contracts: ReadonlyMap<Address, ContractInfo>;
  readonly policyName: (policy: Address) => (typeof policyNames)[number] | undefined;
  readonly now: number;
};

/** The first and the last bytes of an address. */
function shorten(address: Address): string {
  const checksummed = getAddress(address);
  return `${checksummed.slice(0, 6)}…${checksummed.slice(-4)}`;
}

function describeKey(sessionKey: Hex): string {
  if (size(sessionKey) === 20) return shorten(sessionKey);
  return `of ${size(sessionKey) - 20} bytes with the verifier ${shorten(slice(sessionKey, 0, 20))}`;
}

function nameOf({ tokens, contracts }: View, address: Address): string {
  const key = getAddress(address);
  const name = contracts.get(key)?.name ?? tokens.get(key)?.symbol;
  return name === undefined ? shorten(key) : `${name} (${shorten(key)})`;
}

/** Actions of one token that share a budget are one line; others are a line each. */
function describeActions(view: View): readonly string[] {
  const lines = new Map<string, { action: Action; selectors: Hex[]; limits: Erc20Limits | undefined }>();
  for (const [index, action] of view.session.actions.entries()) {
    const [policy] = action.policies;
    const isToken =
      action.policies.length === 1 && policy !== undefined && view.policyName(policy.policy) === "erc20LimitPolicy";
    const key = isToken ? `${getAddress(action.target)} ${action.maxValue} ${policy.config}` : `${index}`;
    const line = lines.get(key);
    if (line) line.selectors.push(action.selector);
    else
      lines.set(key, {
        action,
        selectors: [action.selector],
        limits: isToken ? decodeErc20LimitConfig(policy.config) : undefined,
      });
  }
  return [...lines.values()].map(({ action, selectors, limits }) =>
    limits ? describeToken(view, action, selectors, limits) : describeCall(view, action),
  );
}

const tokenVerbs: Record<keyof typeof erc20Functions, string> = {
  transfer: "send",
  transferFrom: "move by transferFrom",
  approve: "approve",
  increaseAllowance: "approve more of",
};

function describeToken(view: View, action: Action, selectors: readonly Hex[], limits: Erc20Limits): string {
  const verbs = Object.entries(erc20Functions).flatMap(([name, { selector }]) =>
    selectors.includes(selector) ? [tokenVerbs[name as keyof typeof tokenVerbs]] : [],
  );
  const token = view.tokens.get(getAddress(action.target));
  const amount = (value: bigint): string =>
    token ? `${formatUnits(value, token.decimals)} ${token.symbol}` : `${value} units`;
  const { perCall, total, perPeriod, recipients } = limits;
  const bounds = describeBounds({ atOnce: perCall, total, perPeriod }, amount);
  const to =
    recipients === undefined ? "to anyone" : `to ${joinWords(recipients.map((one) => nameOf(view, one)))} only`;
  const what = token ? nameOf(view, action.target) : `the token ${shorten(action.target)}`;
  return `May ${joinWords(verbs.length === 0 ? ["call"] : verbs)} ${what} ${to}${bounds === "" ? "" : `: ${bounds}`}.`;
}

/** "at most 10 at once, 50 per day and 300 in total" */
function describeBounds({ atOnce, total, perPeriod }: Limits, amount: (value: bigint) => string): string {
  const parts = [
    ...(atOnce === undefined ? [] : [`${amount(atOnce)} at once`]),
    ...(perPeriod === undefined ? [] : [`${amount(perPeriod.amount)} ${describePeriod(perPeriod)}`]),
    ...(total === undefined ? [] : [`${amount(total)} in total`]),
  ];
  return parts.length === 0 ? "" : `at most ${joinWords(parts)}`;
}

const periodNames = new Map([
  [3_600, "hour"],
  [86_400, "day"],
  [604_800, "week"],
]);

function describePeriod({ seconds, anchor }: PeriodLimit): string {
  const name = periodNames.get(seconds);
  const length = name === undefined ? `in each ${seconds} seconds` : `per ${name}`;
  return anchor % seconds === 0 ? length : `${length} (from ${formatTime(anchor)} on)`;
}

function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function findFunction({ contracts }: View, { target, selector }: Action): AbiFunction | undefined {
  const abi = contracts.get(getAddress(target))?.abi ?? [];
  return abi.find((item): item is AbiFunction => item.type === "function" && toFunctionSelector(item) === selector);
}

function describeCall(view: View, action: Action): string {
  const { target, selector, maxValue, policies } = action;
  const where = isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target);
  const value = maxValue === 0n ? "" : `, sending at most ${formatEther(maxValue)} ETH a call`;
  const item = findFunction(view, action);
  const known = item === undefined ? `the function ${selector}` : toFunctionSignature(item);
  const what =
    selector === noCalldata
      ? `send ETH to ${where}`
      : `call ${selector === anySelector ? "any function" : known} of ${where}`;
  const limits = policies.map((policy) => describeCallPolicy(view, policy, item));
  return `May ${what}${value}${limits.length === 0 ? "" : `: ${limits.join("; ")}`}.`;
}

function describeCallPolicy(view: View, { policy, config }: Policy, item: AbiFunction | undefined): string {
  switch (view.policyName(policy)) {
    case "erc20LimitPolicy": {
      const { perCall, total, perPeriod } = decodeErc20LimitConfig(config);
      return describeBounds({ atOnce: perCall, total, perPeriod }, (value) => `${value} units`);
    }
    case "nativeLimitPolicy":
      return describeBounds(decodeLimitConfig(config), (value) => `${formatEther(value)} ETH`);
    case "usageLimitPolicy":
      return describeBounds(decodeLimitConfig(config), (value) => `${value} calls`);
    case "abiRulePolicy":
      return decodeAbiRuleConfig(config)
        .map((group) => group.map((rule) => describeArgumentRule(rule, item)).join(" or "))
        .join(", ");
    default:
      return `if the policy ${shorten(policy)} allows it`;
  }
}

function describeArgumentRule(rule: AbiRule | object, item: AbiFunction | undefined): string {
  if (!("word" in rule)) return "arguments as further rules say";
  const values = rule.references.map((reference) => toArgumentValue(rule.type, reference));
  return `${nameWord(item, rule.word)} ${describeRule(rule.comparison, values)}`;
}

type Parameter = {
  readonly name?: string | undefined;
  readonly type: string;
  readonly components?: readonly Parameter[];
};

/** The name of the argument that a word of the head belongs to. */
function nameWord(item: AbiFunction | undefined, word: number): string {
  const names = (item?.inputs ?? []).flatMap((input, index) => listWords(input, input.name ?? `argument ${index}`));
  return names[word] ?? `word ${word} of the arguments`;
}

/** A name for each word that a parameter takes in the head. */
function listWords({ type, components = [] }: Parameter, name: string): readonly string[] {
  const [, element, length] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
  if (element !== undefined) {
    if (length === "" || isDynamic({ type: element, components })) return [name];
    return Array.from({ length: Number(length) }, (_, index) =>
      listWords({ type: element, components }, `${name}[${index}]`),
    ).flat();
  }
  if (type !== "tuple" || isDynamic({ type, components })) return [name];
  return components.flatMap((part, index) => listWords(part, `${name}.${part.name ?? index}`));
}

function isDynamic({ type, components = [] }: Parameter): boolean {
  if (type === "bytes" || type === "string" || type.endsWith("[]")) return true;
  return /^tuple/.test(type) && components.some(isDynamic);
}

function describeOperationPolicy(view: View, { policy, config }: Policy): string {
  switch (view.policyName(policy)) {
    case "gasLimitPolicy":
      return `All operations together may cost ${describeBounds(decodeLimitConfig(config), (value) => `${formatEther(value)} ETH`)}.`;
    case "usageLimitPolicy": {
      const limits = decodeLimitConfig(config);
      return `Limited to ${describeBounds(limits, (value) => `${value} ${limits.countsCalls ? "calls" : "operations"}`)}.`;
    }
    case "nativeLimitPolicy":
      return `All calls together may send ${describeBounds(decodeLimitConfig(config), (value) => `${formatEther(value)} ETH`)}.`;
    default:
      return `Only operations that the policy ${shorten(policy)} allows.`;
  }
}

function describeCost({ maxOpCost, paymaster }: Session): string {
  const cost = `An operation costs at most ${formatEther(maxOpCost)} ETH of gas`;
  if (isAddressEqual(paymaster, zeroAddress)) return `${cost}, which the account pays.`;
  if (isAddressEqual(paymaster, anyPaymaster)) return `${cost}, which the account or any paymaster pays.`;
  return `${cost}, which the paymaster ${shorten(paymaster)} pays.`;
}

function describeWindow({ validAfter, validUntil }: Session): string {
  const from = validAfter === 0 ? "" : `from ${formatTime(validAfter)} `;
  return validUntil === 0 ? `Valid ${from}without end.` : `Valid ${from}until ${formatTime(validUntil)}.`;
}

/** "Fri, 4 Dec 2026 12:00 UTC" */
function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `second ${seconds}`;
  const [weekday, day, month, year, time] = date.toUTCString().split(" ");
  return `${weekday} ${Number(day)} ${month} ${year} ${time?.slice(0, 5)} UTC`;
}

function listRisks(view: View): readonly string[] {
  const { session, now } = view;
  const policies = [...session.operationPolicies, ...session.actions.flatMap((action) => action.policies)];
  const has = (name: (typeof policyNames)[number]): boolean =>
    session.operationPolicies.some(({ policy }) => view.policyName(policy) === name);
  const unknown = new Set(
    [...policies, ...session.signaturePolicies]
      .filter(({ policy }) => view.policyName(policy) === undefined)
      .map(({ policy }) => getAddress(policy)),
  );
  return [
    ...(session.validUntil === 0 ? ["It has no end: it lasts until you revoke it."] : []),
    ...(session.validUntil !== 0 && session.validUntil < now ? ["It has ended already."] : []),
    ...(session.chainId === 0n ? ["It holds on every chain, with each limit anew on each of them."] : []),
    ...session.actions.flatMap((action) => listActionRisks(view, action)),
    ...(has("gasLimitPolicy") || has("usageLimitPolicy")
      ? []
      : ["Nothing limits how many operations there are: a stolen key could spend all ether on gas."]),
    ...(isAddressEqual(session.paymaster, anyPaymaster)
      ? ["Any paymaster may be used, also one that takes tokens for it where it has an allowance."]
      : []),
    ...(session.signaturePolicies.length === 0
      ? []
      : ["What it signs counts outside of operations: read the domains and types that it may sign."]),
    ...[...unknown].map((policy) => `The policy ${policy} is not known: it may allow more than it seems.`),
  ];
}

function listActionRisks(view: View, action: Action): readonly string[] {
  const { target, selector, maxValue, policies } = action;
  const named = policies.map(({ policy, config }) => ({ name: view.policyName(policy), config }));
  const where = isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target);
  const limits = named.flatMap(({ name, config }) =>
    name === "erc20LimitPolicy" ? [decodeErc20LimitConfig(config)] : [],
  );
  const counted = (name: string): boolean =>
    named.some((policy) => policy.name === name) ||
    view.session.operationPolicies.some(({ policy }) => view.policyName(policy) === name);
  const approvals: readonly Hex[] = [erc20Functions.approve.selector, erc20Functions.increaseAllowance.selector];
  return [
    ...(isAddressEqual(target, anyTarget) ? [`The function ${selector} may be called on any contract.`] : []),
    ...(selector === anySelector ? [`Any function of ${where} may be called, also ones that you do not know.`] : []),
    ...(selector !== anySelector && selector !== noCalldata && policies.length === 0
      ? [`Nothing limits the arguments of ${selector} on ${where}.`]
      : []),
    ...(maxValue > 0n && !counted("nativeLimitPolicy")
      ? [`Each call to ${where} may send ${formatEther(maxValue)} ETH, and nothing limits how many there are.`]
      : []),
    ...limits.flatMap(({ total, perPeriod, recipients }) => [
      ...(total === undefined && perPeriod === undefined
        ? [`Nothing limits how much of ${where} is moved in all.`]
        : []),
      ...(recipients === undefined ? [`Tokens of ${where} may go to anyone.`] : []),
    ]),
    ...(approvals.includes(selector) ? [`Approvals of ${where} outlive the session, and its revocation.`] : []),
  ];
}
