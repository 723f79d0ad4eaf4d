import {
  type Abi,
  type AbiFunction,
  type Address,
  type Client,
  erc20Abi,
  getAddress,
  type Hex,
  hexToString,
  isAddressEqual,
  size,
  slice,
  zeroAddress,
} from "viem";
import { readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anyPaymaster, anySelector, anyTarget, noCalldata } from "../constants.js";
import { ChainMismatchError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { decodeAbiRuleConfig } from "../policies/abiRule.js";
import { isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig, type Erc20Limits, erc20Functions } from "../policies/erc20Limit.js";
import { decodeLimitConfig, type Limits } from "../policies/limit.js";
import { type DecodedMessagePermission, decodeTypedDataConfig } from "../policies/typedData.js";
import type { Action, Policy, Session } from "../types.js";
import { readTogether } from "../utils/readTogether.js";
import { checkParameters } from "../utils/validate.js";
import { describeCallRules, describeFieldRules } from "./describeRules.js";
import { listActionRisks, listMessageRisks, listRisks } from "./listRisks.js";
import { listMessageFields } from "./messageFields.js";
import {
  createView,
  type DescribeSessionParameters,
  findFunction,
  findMessage,
  keyKinds,
  type MessageInfo,
  nameOf,
  nameOfFunction,
  type Style,
  type TokenInfo,
  type View,
} from "./sessionView.js";
import { spendingMessages } from "./spendingMessages.js";
import { addLimits, describeBounds, formatAmount, formatTime, identifier, joinWords, quote, shorten } from "./words.js";

export type { ContractInfo, DescribeSessionParameters, MessageInfo, TokenInfo } from "./sessionView.js";

export type DescribeSessionReturnType = {
  /** What the session is, in one sentence: a heading, which stands for no more than one of the lines. Show them with it. */
  readonly title: string;
  /** What it may do, a sentence each. */
  readonly lines: readonly string[];
  /** What an owner should think about before allowing it, a sentence each. */
  readonly risks: readonly string[];
};

const parameterNames = [
  ...["tokens", "contracts", "abis", "messages", "nativeSymbol", "now", "epoch", "deployments", "client"],
];

/**
 * What a session allows, in words for the owner who is to grant it, and what is risky about it.
 *
 * Works offline, also for a session that was read back from the chain. What it does not know it shows as it stands: tokens
 * by address and smallest unit, functions by selector. What it cannot read (a policy of somebody else's, or a malformed
 * configuration) is a risk. With a
 * `client` it asks the chain for the symbols and decimals of tokens that `tokens` does not name, and for the account's epoch,
 * in one round trip, and returns a promise.
 *
 * @param session The session.
 * @param parameters {@link DescribeSessionParameters}, and perhaps a viem `client` for the session's chain.
 * @returns A title, lines and risks.
 * @throws UnknownParameterError and the like for wrong parameters; InvalidAbiError; ChainMismatchError if the client is for
 * another chain.
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
  parameters: DescribeSessionParameters & { client: Client },
): Promise<DescribeSessionReturnType>;
export function describeSession(
  session: Session,
  parameters?: DescribeSessionParameters & { client?: undefined },
): DescribeSessionReturnType;
export function describeSession(
  session: Session,
  parameters: DescribeSessionParameters & { client?: Client | undefined } = {},
): DescribeSessionReturnType | Promise<DescribeSessionReturnType> {
  checkParameters("describeSession's second argument", parameters, parameterNames);
  const { client, ...rest } = parameters;
  return client === undefined ? describe(createView(session, rest, [])) : describeWith(client, session, rest);
}

async function describeWith(
  client: Client,
  session: Session,
  parameters: DescribeSessionParameters,
): Promise<DescribeSessionReturnType> {
  if (client.chain && session.chainId !== 0n && BigInt(client.chain.id) !== session.chainId)
    throw new ChainMismatchError({ expected: session.chainId, actual: BigInt(client.chain.id) });
  const { tokens = [], epoch, deployments } = parameters;
  const unknown = listTokens(session, deployments).filter(
    (target) => !tokens.some(({ address }) => isAddressEqual(address, target)),
  );
  const manager = findContract("manager", deployments);
  const reads: readonly Read[] = [
    ...unknown.flatMap((address) => [
      { address, abi: erc20Abi, functionName: "symbol" },
      { address, abi: erc20Abi, functionName: "decimals" },
    ]),
    // A chain without the manager has no epochs.
    ...(epoch === undefined && !isAddressEqual(manager, zeroAddress)
      ? [{ address: manager, abi: sessionKeyManagerAbi, functionName: "epochOf", args: [session.account] }]
      : []),
  ];
  const answers = await readAll(client, reads);
  const taken = new Set(tokens.map(({ symbol }) => toSkeleton(symbol)));
  // What the caller calls by a name is not to be mistaken for a token that gives itself that name.
  const found = unknown
    .flatMap((address, index) => toToken(address, answers[2 * index], answers[2 * index + 1]))
    .filter(({ symbol }) => !taken.has(toSkeleton(symbol)));
  const current = answers[2 * unknown.length];
  const known = {
    nativeSymbol: client.chain?.nativeCurrency.symbol,
    ...parameters,
    epoch: epoch ?? (typeof current === "bigint" ? current : undefined),
  };
  return describe(createView(session, known, found));
}

/** The tokens with limits. */
function listTokens({ actions }: Session, deployments: ContractOverrides | undefined): readonly Address[] {
  const targets = actions
    .filter(({ policies }) => policies.some(({ policy }) => isPolicy("erc20LimitPolicy", policy, deployments)))
    .map(({ target }) => getAddress(target));
  return [...new Set(targets)].filter((target) => !isAddressEqual(target, anyTarget));
}

type Read = { address: Address; abi: Abi; functionName: string; args?: readonly unknown[] };

/** What was read, in one round trip; undefined where nothing was. */
async function readAll(client: Client, reads: readonly Read[]): Promise<readonly unknown[]> {
  if (reads.length === 0) return [];
  return readTogether(client, async (reader) => {
    const settled = await Promise.allSettled(
      reads.map((read) => getAction(reader, readContract, "readContract")(read)),
    );
    const [first] = settled;
    // Perhaps it was asking together that failed.
    if (reader !== client && first?.status === "rejected" && settled.every(({ status }) => status === "rejected"))
      throw first.reason;
    return settled.map((answer) => (answer.status === "fulfilled" ? answer.value : undefined));
  });
}

/** What symbols that look alike have in common. */
function toSkeleton(symbol: string): string {
  return `${symbol}`
    .toLowerCase()
    .replace(/[il|]/g, "1")
    .replaceAll("o", "0")
    .replaceAll("₮", "t")
    .replace(/[$.+-]/g, "");
}

/** What a token says of itself, if it is proper. */
function toToken(address: Address, symbol: unknown, decimals: unknown): readonly TokenInfo[] {
  return isProperSymbol(symbol) && typeof decimals === "number" && decimals <= 77
    ? [{ address, symbol, decimals }]
    : [];
}

/**
 * A symbol is what a stranger wrote: it must not read like a part of the sentence around it or of the amount before it, and
 * not look like another one in other letters.
 */
function isProperSymbol(symbol: unknown): symbol is string {
  return typeof symbol === "string" && /^(?=.{1,16}$)(\d*[A-Za-z$₮]{2}|[A-Za-z$₮]$)[A-Za-z0-9$₮.+-]*$/.test(symbol);
}

function describe(view: View): DescribeSessionReturnType {
  const { session } = view;
  const chain = session.chainId === 0n ? "every chain" : `chain ${session.chainId}`;
  const permissions = describeActions(view);
  const messages = session.signaturePolicies.flatMap((policy) => describeSignaturePolicy(view, policy));
  const all = [...permissions, ...messages];
  // What has the most risks comes first: it must not hide behind what is harmless.
  const [{ short: first } = { short: "May do nothing" }] = [...all].sort((a, b) => b.risks - a.risks);
  const others = all.length < 2 ? "" : `, and ${all.length - 1} ${all.length === 2 ? "other thing" : "other things"}`;
  return {
    title: `${first}${others}; ${describePayer(view)} gas up to ${describeGas(view)}; ${describeEnd(session)}.`,
    lines: [
      `For the account ${getAddress(session.account)} on ${chain}, by ${describeKey(view)}.`,
      ...permissions.map(({ long }) => long),
      ...describeSums(view),
      ...session.operationPolicies.map((policy) => describeOperationPolicy(view, policy)),
      ...messages.map(({ long }) => long),
      describeCost(view),
      describeWindow(session),
    ],
    risks: listRisks(view),
  };
}

/** A permission for the title, without a full stop, and as a sentence of its own; and how many risks it has. */
type Permission = { readonly short: string; readonly long: string; readonly risks: number };

function describeKey(view: View): string {
  const { sessionKey } = view.session;
  if (size(sessionKey) < 20) return `the key ${sessionKey}`;
  if (size(sessionKey) === 20) return `the key ${getAddress(sessionKey)}`;
  const [verifier, key] = [slice(sessionKey, 0, 20), slice(sessionKey, 20)];
  const name = view.verifierName(verifier);
  if (name !== undefined) return `${keyKinds[name]} ${key}`;
  return `the key ${key} with the verifier ${getAddress(verifier)}`;
}

/** Actions that share a budget, and so belong together, are one permission. */
function describeActions(view: View): readonly Permission[] {
  const groups = new Map<string, Action[]>();
  for (const [index, action] of view.session.actions.entries()) {
    const key = getGroup(view, action) ?? `${index}`;
    const group = groups.get(key);
    if (group) group.push(action);
    else groups.set(key, [action]);
  }
  return [...groups.values()].flatMap((actions) => {
    const [first] = actions;
    if (first === undefined) return [];
    // Nothing is worse than any function.
    const worst = actions.some(({ selector }) => selector === anySelector) ? 100 : 0;
    const risks = worst + new Set(actions.flatMap((action) => listActionRisks(view, action))).size;
    if (first.selector === noCalldata) return [{ ...describeTransfer(view, first, actions), risks }];
    const limits = getTokenLimits(view, first);
    return [{ ...(limits ? describeToken(view, first, actions, limits) : describeCall(view, first)), risks }];
  });
}

/** The limits of an action that only moves a token. */
function getTokenLimits(view: View, { policies }: Action): Erc20Limits | undefined {
  const [policy, ...more] = policies;
  const isToken = policy !== undefined && more.length === 0 && view.policyName(policy) === "erc20LimitPolicy";
  return isToken ? decodeErc20LimitConfig(policy.config) : undefined;
}

function getGroup(view: View, action: Action): string | undefined {
  const { target, selector, maxValue, policies } = action;
  const configs = policies.map(({ policy, config }) => `${policy} ${config}`).join(" ");
  if (selector === noCalldata) return `native ${maxValue} ${configs}`;
  return getTokenLimits(view, action) ? `token ${getAddress(target)} ${maxValue} ${configs}` : undefined;
}

const tokenVerbs: Record<keyof typeof erc20Functions, string> = {
  transfer: "send",
  transferFrom: "move by transferFrom",
  approve: "approve",
  increaseAllowance: "approve more of",
};

type Words = Omit<Permission, "risks">;

function describeToken(view: View, first: Action, actions: readonly Action[], limits: Erc20Limits): Words {
  const { target, maxValue } = first;
  const selectors = actions.map(({ selector }) => selector);
  const verbs = Object.entries(erc20Functions).flatMap(([name, { selector }]) =>
    selectors.includes(selector) || selectors.includes(anySelector)
      ? [tokenVerbs[name as keyof typeof tokenVerbs]]
      : [],
  );
  const { perCall, recipients, ...rest } = limits;
  const token = view.tokens.get(getAddress(target));
  const bounds = describeBounds({ ...rest, atOnce: perCall }, (value) => tokenAmount(view, target, value));
  const verb = joinWords(verbs.length === 0 ? ["call"] : verbs);
  const value = maxValue === 0n ? "" : `, sending at most ${view.native(maxValue)} a call`;
  const describe = (style: Style) => {
    const names = (recipients ?? []).map((one) => nameOf(view, one, style));
    const unnamed = isAddressEqual(target, anyTarget) ? "any token" : `the token ${nameOf(view, target, style)}`;
    return {
      to: recipients === undefined ? "to anyone" : `to ${joinWords(names)} only`,
      what: token ? nameOf(view, target, style) : unnamed,
    };
  };
  const [short, full] = [describe("short"), describe("full")];
  const named = token && !token.isSelfNamed ? "" : ` of ${short.what}`;
  return {
    short:
      bounds === ""
        ? `May ${verb} ${short.what} ${short.to}${value}`
        : `May ${verb} at most ${bounds}${named} ${short.to}${value}`,
    long: `May ${verb} ${full.what} ${full.to}${value}${bounds === "" ? "" : `: at most ${bounds}`}.`,
  };
}

function tokenAmount(view: View, target: Address, value: bigint): string {
  const token = view.tokens.get(getAddress(target));
  return token ? `${formatAmount(value, token.decimals)} ${token.symbol}` : `${formatAmount(value, 0)} units`;
}

function describeTransfer(view: View, first: Action, actions: readonly Action[]): Words {
  const targets = actions.map(({ target }) => target);
  const isAnyone = targets.some((target) => isAddressEqual(target, anyTarget));
  const limits = first.policies
    .map((policy) => describeCallPolicy(view, policy, first, undefined))
    .filter((text) => text !== "");
  const describe = (style: Style): string => {
    const to = isAnyone ? "to anyone" : `to ${joinWords(targets.map((target) => nameOf(view, target, style)))} only`;
    return `May send ${view.nativeSymbol} ${to}: ${[`at most ${view.native(first.maxValue)} at once`, ...limits].join("; ")}`;
  };
  return { short: describe("short"), long: `${describe("full")}.` };
}

function describeCall(view: View, action: Action): Words {
  const { target, selector, maxValue, policies } = action;
  const value = maxValue === 0n ? "" : `, sending at most ${view.native(maxValue)} a call`;
  const item = findFunction(view, target, selector);
  const what = selector === anySelector ? "any function" : nameOfFunction(item, selector);
  const limits = policies.map((policy) => describeCallPolicy(view, policy, action, item)).filter((text) => text !== "");
  const describe = (style: Style): string =>
    `May call ${what} of ${isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target, style)}${value}`;
  return {
    short: describe("short"),
    long: `${describe("full")}${limits.length === 0 ? "" : `: ${limits.join("; ")}`}.`,
  };
}

function describeCallPolicy(view: View, policy: Policy, { target }: Action, item: AbiFunction | undefined): string {
  const { config } = policy;
  switch (view.policyName(policy)) {
    case "erc20LimitPolicy": {
      const { perCall, recipients, ...limits } = decodeErc20LimitConfig(config);
      const to = recipients === undefined ? [] : [`to ${joinWords(recipients.map((one) => nameOf(view, one)))} only`];
      return [atMost({ ...limits, atOnce: perCall }, (value) => tokenAmount(view, target, value)), ...to]
        .join(" ")
        .trim();
    }
    case "nativeLimitPolicy":
      return atMost(decodeLimitConfig(config), view.native);
    case "usageLimitPolicy":
      return atMost(decodeLimitConfig(config), calls);
    case "abiRulePolicy":
      return describeCallRules(decodeAbiRuleConfig(config), item, view.names);
    default:
      return `if the policy ${getAddress(policy.policy)} allows it`;
  }
}

function atMost(limits: Limits, amount: (value: bigint) => string): string {
  const bounds = describeBounds(limits, amount);
  return bounds === "" ? "" : `at most ${bounds}`;
}

const counted =
  (what: string) =>
  (value: bigint): string =>
    value === 1n ? `1 ${what}` : `${formatAmount(value, 0)} ${what}s`;
const [calls, operations] = [counted("call"), counted("operation")];

/** What several budgets for one token come to together. */
function describeSums(view: View): readonly string[] {
  const budgets = new Map<Address, Map<string, Erc20Limits>>();
  for (const { target, policies } of view.session.actions)
    for (const policy of policies) {
      const { config } = policy;
      if (view.policyName(policy) !== "erc20LimitPolicy") continue;
      const known = budgets.get(getAddress(target)) ?? new Map<string, Erc20Limits>();
      // One configuration under the manager's own policy and under the contract is two budgets.
      const budget = `${getAddress(policy.policy)} ${config}`;
      budgets.set(getAddress(target), known.set(budget, decodeErc20LimitConfig(config)));
    }
  return [...budgets].flatMap(([target, limits]) => {
    if (limits.size < 2) return [];
    const toBounds = (one: Limits): string => describeBounds(one, (value) => tokenAmount(view, target, value));
    const all = [...limits.values()];
    const sum = toBounds(addLimits(all));
    // Limits of different kinds have no sum, but hold beside each other.
    const each = all.map(({ total, perPeriod }) => toBounds({ total, perPeriod }));
    const bounds = sum === "" && !each.includes("") ? joinWords(each, "plus") : sum;
    return bounds === ""
      ? []
      : [`Together, the ${limits.size} limits on ${nameOf(view, target)} allow at most ${bounds}.`];
  });
}

function describeOperationPolicy(view: View, policy: Policy): string {
  const { config } = policy;
  switch (view.policyName(policy)) {
    case "gasLimitPolicy":
      return `All operations together may cost ${atMost(decodeLimitConfig(config), view.native)} in gas.`;
    case "usageLimitPolicy": {
      const limits = decodeLimitConfig(config);
      return `Limited to ${atMost(limits, limits.countsCalls ? calls : operations)}.`;
    }
    case "nativeLimitPolicy":
      return `All calls together may send ${atMost(decodeLimitConfig(config), view.native)}.`;
    default:
      return `Only operations that the policy ${getAddress(policy.policy)} allows.`;
  }
}

function describeSignaturePolicy(view: View, policy: Policy): readonly Permission[] {
  if (view.policyName(policy) === "typedDataPolicy")
    return decodeTypedDataConfig(policy.config).map((permission) => ({
      ...describeMessage(view, permission),
      risks: listMessageRisks(view, permission).length,
    }));
  const text = `May sign messages for the account, if the policy ${getAddress(policy.policy)} allows it`;
  return [{ short: text, long: `${text}.`, risks: 1 }];
}

function describeMessage(view: View, permission: DecodedMessagePermission): Words {
  if ("beginning" in permission) {
    const text = `May sign personal messages for the account that begin with ${quote(hexToString(permission.beginning))}`;
    return { short: text, long: `${text}.` };
  }
  const { separator, typeHash, rules } = permission;
  const known = findMessage(view, permission);
  const type = known?.primaryType ?? spendingMessages[typeHash]?.type;
  const describe = (style: Style): string => {
    const show = (bytes: Hex): string => (style === "full" ? bytes : shorten(bytes));
    const domain = known ? describeDomain(known, style) : show(separator);
    const what = `messages for the account${type === undefined ? ` of the type ${show(typeHash)}` : ""} in the domain ${domain}`;
    return `May sign ${rules.length === 0 ? "any " : ""}${type === undefined ? "" : `${identifier(type)} `}${what}`;
  };
  if (rules.length === 0) return { short: describe("short"), long: `${describe("full")}.` };
  const fields = listMessageFields(view, permission);
  const rulesInWords = describeFieldRules(rules, fields, view.names);
  return { short: describe("short"), long: `${describe("full")}: ${rulesInWords}.` };
}

function describeDomain({ domain: { name, chainId, verifyingContract } }: MessageInfo, style: Style): string {
  const contract = verifyingContract && (style === "full" ? getAddress(verifyingContract) : shorten(verifyingContract));
  return [
    name === undefined ? "without a name" : quote(name),
    ...(chainId === undefined ? [] : [`on chain ${chainId}`]),
    ...(contract === undefined ? [] : [`of ${contract}`]),
  ].join(" ");
}

function describePayer({ session: { paymaster } }: View): string {
  if (isAddressEqual(paymaster, zeroAddress)) return "you pay";
  if (isAddressEqual(paymaster, anyPaymaster)) return "you or any paymaster pay";
  return `the paymaster ${shorten(paymaster)} pays`;
}

/** What all operations may cost, or else those of a period, or else each. */
function describeGas({ session, policyName, native }: View): string {
  const limits = session.operationPolicies
    .filter((policy) => policyName(policy) === "gasLimitPolicy")
    .map(({ config }) => decodeLimitConfig(config));
  const totals = limits.flatMap(({ total }) => (total === undefined ? [] : [total]));
  const [least] = [...totals].sort((a, b) => (a < b ? -1 : 1));
  if (least !== undefined) return native(least);
  const period = limits.find(({ perPeriod }) => perPeriod !== undefined)?.perPeriod;
  if (period !== undefined) return describeBounds({ perPeriod: period }, native);
  return `${native(session.maxOpCost)} an operation`;
}

function describeCost({ session: { maxOpCost, paymaster }, native }: View): string {
  const cost = `An operation costs at most ${native(maxOpCost)} of gas`;
  if (isAddressEqual(paymaster, zeroAddress)) return `${cost}, which the account pays.`;
  if (isAddressEqual(paymaster, anyPaymaster)) return `${cost}, which the account or any paymaster pays.`;
  return `${cost}, which the paymaster ${getAddress(paymaster)} pays.`;
}

function describeEnd({ validUntil }: Session): string {
  return validUntil === 0 ? "without end" : `until ${formatTime(validUntil)}`;
}

function describeWindow(session: Session): string {
  const from = session.validAfter === 0 ? "" : `from ${formatTime(session.validAfter)} `;
  return `Valid ${from}${describeEnd(session)}.`;
}
