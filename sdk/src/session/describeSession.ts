import {
  type Abi,
  type AbiFunction,
  type Address,
  type Client,
  domainSeparator,
  erc20Abi,
  formatUnits,
  getAddress,
  type Hex,
  hexToString,
  isAddressEqual,
  size,
  slice,
  toFunctionSelector,
  zeroAddress,
} from "viem";
import { multicall, readContract } from "viem/actions";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anyPaymaster, anySelector, anyTarget, noCalldata } from "../constants.js";
import { ChainMismatchError } from "../errors/use.js";
import { decodeAbiRuleConfig } from "../policies/abiRule.js";
import { decodeErc20LimitConfig, type Erc20Limits, erc20Functions } from "../policies/erc20Limit.js";
import { decodeLimitConfig, type Limits } from "../policies/limit.js";
import {
  type DecodedMessagePermission,
  decodeTypedDataConfig,
  hashType,
  type TypedDataPermission,
} from "../policies/typedData.js";
import type { Action, Policy, Session } from "../types.js";
import { checkParameters, parseTime } from "../utils/validate.js";
import { type AbiInput, parseAbiInput } from "./abiInput.js";
import { describeCallRules, describeFieldRules, type Names } from "./describeRules.js";
import { addLimits, describeBounds, formatTime, joinWords, nativeAmount, quote, shorten } from "./words.js";

/** A token as people know it. */
export type TokenInfo = { readonly address: Address; readonly symbol: string; readonly decimals: number };

/** A contract whose functions are known, and what it is called. */
export type ContractInfo = {
  readonly address: Address;
  readonly abi?: Abi | undefined;
  readonly name?: string | undefined;
};

/** Messages whose domain and types are known, to name them and their fields. */
export type MessageInfo = Pick<TypedDataPermission, "domain" | "types" | "primaryType">;

export type DescribeSessionParameters = {
  /** Tokens whose amounts are to be given in whole units. */
  tokens?: readonly TokenInfo[] | undefined;
  /** Contracts whose functions and arguments are to be named. */
  contracts?: readonly ContractInfo[] | undefined;
  /** ABIs that name functions and arguments wherever they are called, also inside of other calls. */
  abis?: readonly AbiInput[] | undefined;
  /** Messages that the session may sign, to be named. */
  messages?: readonly MessageInfo[] | undefined;
  /** The symbol of the chain's native currency; "ETH" if it is left out. */
  nativeSymbol?: string | undefined;
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

const parameterNames = [...["tokens", "contracts", "abis", "messages", "nativeSymbol", "now", "deployments", "client"]];

/**
 * What a session allows, in words for the owner who is to grant it, and what is risky about it.
 *
 * Works offline, also for a session that was read back from the chain. What it does not know it shows as it stands: tokens
 * by address and smallest unit, functions by selector. What it cannot read (a policy of somebody else's) is a risk. With a
 * `client` it asks the chain for the symbols and decimals of tokens that `tokens` does not name, in one round trip, and
 * returns a promise.
 *
 * @param session The session.
 * @param parameters {@link DescribeSessionParameters}, and perhaps a viem `client` for the session's chain.
 * @returns A title, lines and risks.
 * @throws Errors of the configurations of known policies, if they are malformed; InvalidAbiError; ChainMismatchError if the
 * client is for another chain.
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
  if (client === undefined) return describe(createView(session, rest, []));
  return readTokens(client, session, rest).then((found) =>
    describe(createView(session, { nativeSymbol: client.chain?.nativeCurrency.symbol, ...rest }, found)),
  );
}

const policyNames = [
  "erc20LimitPolicy",
  "abiRulePolicy",
  "nativeLimitPolicy",
  "usageLimitPolicy",
  "gasLimitPolicy",
  "typedDataPolicy",
] as const;

/** A token by what the caller says, or by what it says of itself. */
type KnownToken = TokenInfo & { readonly isSelfNamed: boolean };

type View = {
  readonly session: Session;
  readonly tokens: ReadonlyMap<Address, KnownToken>;
  readonly contracts: ReadonlyMap<Address, ContractInfo>;
  readonly messages: readonly MessageInfo[];
  readonly names: Names;
  readonly policyName: (policy: Address) => (typeof policyNames)[number] | undefined;
  readonly native: (value: bigint) => string;
  readonly nativeSymbol: string;
  readonly now: number;
};

/** Functions that are the same everywhere. */
const knownFunctions = [
  "transfer(address to, uint256 amount)",
  "transferFrom(address from, address to, uint256 amountOrId)",
  "approve(address spender, uint256 amountOrId)",
  "increaseAllowance(address spender, uint256 amount)",
  "safeTransferFrom(address from, address to, uint256 id)",
  "safeTransferFrom(address from, address to, uint256 id, bytes data)",
  "setApprovalForAll(address operator, bool approved)",
  "multicall(bytes[] data)",
];

function createView(
  session: Session,
  { tokens = [], contracts = [], abis = [], messages = [], nativeSymbol = "ETH", ...rest }: DescribeSessionParameters,
  found: readonly TokenInfo[],
): View {
  const functions = new Map<Hex, AbiFunction>();
  const add = (items: readonly unknown[]): void => {
    for (const item of items)
      if (isFunction(item) && !functions.has(toFunctionSelector(item))) functions.set(toFunctionSelector(item), item);
  };
  for (const { abi } of contracts) add(abi ?? []);
  for (const abi of abis) add(parseAbiInput(abi));
  add(parseAbiInput(knownFunctions));
  const known: readonly KnownToken[] = [
    ...found.map((token) => ({ ...token, isSelfNamed: true })),
    ...tokens.map((token) => ({ ...token, isSelfNamed: false })),
  ];
  const view = {
    session,
    tokens: new Map(known.map((token) => [getAddress(token.address), token])),
    contracts: new Map(contracts.map((contract) => [getAddress(contract.address), contract])),
    messages,
    policyName: (policy: Address) =>
      policyNames.find((name) => isAddressEqual(findContract(name, rest.deployments), policy)),
    native: nativeAmount(nativeSymbol),
    nativeSymbol,
    now: rest.now === undefined ? Math.floor(Date.now() / 1000) : parseTime("now", rest.now),
  };
  return {
    ...view,
    names: { address: (address) => nameOf(view, address), functionBySelector: (selector) => functions.get(selector) },
  };
}

function isFunction(item: unknown): item is AbiFunction {
  return typeof item === "object" && item !== null && "type" in item && item.type === "function";
}

/** What tokens with limits say of themselves; those that say nothing proper are left out. */
async function readTokens(
  client: Client,
  session: Session,
  { tokens = [], deployments }: DescribeSessionParameters,
): Promise<readonly TokenInfo[]> {
  if (client.chain && session.chainId !== 0n && BigInt(client.chain.id) !== session.chainId)
    throw new ChainMismatchError({ expected: session.chainId, actual: BigInt(client.chain.id) });
  const policy = findContract("erc20LimitPolicy", deployments);
  const known = new Set(tokens.map(({ address }) => getAddress(address)));
  const targets = session.actions
    .filter(({ policies }) => policies.some((one) => isAddressEqual(one.policy, policy)))
    .map(({ target }) => getAddress(target));
  const unknown = [...new Set(targets)].filter((target) => !known.has(target));
  const reads = unknown.flatMap((address) => [
    { address, abi: erc20Abi, functionName: "symbol" } as const,
    { address, abi: erc20Abi, functionName: "decimals" } as const,
  ]);
  if (reads.length === 0) return [];
  const answers: readonly unknown[] = client.chain?.contracts?.multicall3
    ? (await multicall(client, { contracts: reads })).map(({ result }) => result)
    : await Promise.all(reads.map((read) => readContract(client, read).catch(() => undefined)));
  return unknown.flatMap((address, index) => {
    const [symbol, decimals] = answers.slice(2 * index, 2 * index + 2);
    // A symbol is what a stranger wrote: it must not read like a part of the sentence around it.
    const isProper = typeof symbol === "string" && /^[\p{L}\p{N}$₮.+-]{1,16}$/u.test(symbol);
    return isProper && typeof decimals === "number" && decimals <= 77 ? [{ address, symbol, decimals }] : [];
  });
}

function describe(view: View): DescribeSessionReturnType {
  const { session } = view;
  const chain = session.chainId === 0n ? "every chain" : `chain ${session.chainId}`;
  const permissions = describeActions(view);
  const messages = session.signaturePolicies.flatMap((policy) => describeSignaturePolicy(view, policy));
  const [first = "May do nothing", ...more] = [...permissions, ...messages].map(({ short }) => short);
  const others = more.length === 0 ? "" : `, and ${more.length} ${more.length === 1 ? "other thing" : "other things"}`;
  return {
    title: `${first}${others}; ${describePayer(view)} gas up to ${describeGas(view)}; ${describeEnd(session)}.`,
    lines: [
      `For the account ${shorten(session.account)} on ${chain}, by the key ${describeKey(session.sessionKey)}.`,
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

/** A permission for the title, without a full stop, and as a sentence of its own. */
type Permission = { readonly short: string; readonly long: string };

function describeKey(sessionKey: Hex): string {
  if (size(sessionKey) < 20) return sessionKey;
  if (size(sessionKey) === 20) return shorten(sessionKey);
  return `of ${size(sessionKey) - 20} bytes with the verifier ${shorten(slice(sessionKey, 0, 20))}`;
}

function nameOf({ tokens, contracts }: Pick<View, "tokens" | "contracts">, address: Address): string {
  const key = getAddress(address);
  const name = contracts.get(key)?.name ?? tokens.get(key)?.symbol;
  return name === undefined ? shorten(key) : `${name} (${shorten(key)})`;
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
    if (first.selector === noCalldata) return [describeTransfer(view, first, actions)];
    const limits = getTokenLimits(view, first);
    return [limits ? describeToken(view, first, actions, limits) : describeCall(view, first)];
  });
}

/** The limits of an action that only moves a token. */
function getTokenLimits(view: View, { policies }: Action): Erc20Limits | undefined {
  const [policy, ...more] = policies;
  const isToken = policy !== undefined && more.length === 0 && view.policyName(policy.policy) === "erc20LimitPolicy";
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

function describeToken(view: View, { target }: Action, actions: readonly Action[], limits: Erc20Limits): Permission {
  const selectors = actions.map(({ selector }) => selector);
  const verbs = Object.entries(erc20Functions).flatMap(([name, { selector }]) =>
    selectors.includes(selector) ? [tokenVerbs[name as keyof typeof tokenVerbs]] : [],
  );
  const { perCall, recipients, ...rest } = limits;
  const token = view.tokens.get(getAddress(target));
  const bounds = describeBounds({ ...rest, atOnce: perCall }, (value) => tokenAmount(view, target, value));
  const to =
    recipients === undefined ? "to anyone" : `to ${joinWords(recipients.map((one) => nameOf(view, one)))} only`;
  const what = token ? nameOf(view, target) : `the token ${shorten(target)}`;
  const verb = joinWords(verbs.length === 0 ? ["call"] : verbs);
  const named = token && !token.isSelfNamed ? "" : ` of ${what}`;
  return {
    short: bounds === "" ? `May ${verb} ${what} ${to}` : `May ${verb} at most ${bounds}${named} ${to}`,
    long: `May ${verb} ${what} ${to}${bounds === "" ? "" : `: at most ${bounds}`}.`,
  };
}

function tokenAmount(view: View, target: Address, value: bigint): string {
  const token = view.tokens.get(getAddress(target));
  return token ? `${formatUnits(value, token.decimals)} ${token.symbol}` : `${value} units`;
}

function describeTransfer(view: View, first: Action, actions: readonly Action[]): Permission {
  const targets = actions.map(({ target }) => target);
  const to = targets.some((target) => isAddressEqual(target, anyTarget))
    ? "to anyone"
    : `to ${joinWords(targets.map((target) => nameOf(view, target)))} only`;
  const limits = first.policies
    .map((policy) => describeCallPolicy(view, policy, undefined))
    .filter((text) => text !== "");
  const text = `May send ${view.nativeSymbol} ${to}: ${[`at most ${view.native(first.maxValue)} at once`, ...limits].join("; ")}`;
  return { short: text, long: `${text}.` };
}

function describeCall(view: View, { target, selector, maxValue, policies }: Action): Permission {
  const where = isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target);
  const value = maxValue === 0n ? "" : `, sending at most ${view.native(maxValue)} a call`;
  const item = findFunction(view, target, selector);
  const what = selector === anySelector ? "any function" : (item?.name ?? `the function ${selector}`);
  const limits = policies.map((policy) => describeCallPolicy(view, policy, item)).filter((text) => text !== "");
  const short = `May call ${what} of ${where}${value}`;
  return { short, long: `${short}${limits.length === 0 ? "" : `: ${limits.join("; ")}`}.` };
}

function findFunction({ contracts, names }: View, target: Address, selector: Hex): AbiFunction | undefined {
  const abi: readonly unknown[] = contracts.get(getAddress(target))?.abi ?? [];
  const own = abi.find((item): item is AbiFunction => isFunction(item) && toFunctionSelector(item) === selector);
  return own ?? names.functionBySelector(selector);
}

function describeCallPolicy(view: View, { policy, config }: Policy, item: AbiFunction | undefined): string {
  switch (view.policyName(policy)) {
    case "erc20LimitPolicy": {
      const { perCall, recipients, ...limits } = decodeErc20LimitConfig(config);
      const to = recipients === undefined ? [] : [`to ${joinWords(recipients.map((one) => nameOf(view, one)))} only`];
      return [atMost({ ...limits, atOnce: perCall }, (value) => `${value} units`), ...to].join(" ").trim();
    }
    case "nativeLimitPolicy":
      return atMost(decodeLimitConfig(config), view.native);
    case "usageLimitPolicy":
      return atMost(decodeLimitConfig(config), calls);
    case "abiRulePolicy":
      return describeCallRules(decodeAbiRuleConfig(config), item, view.names);
    default:
      return `if the policy ${shorten(policy)} allows it`;
  }
}

function atMost(limits: Limits, amount: (value: bigint) => string): string {
  const bounds = describeBounds(limits, amount);
  return bounds === "" ? "" : `at most ${bounds}`;
}

const calls = (value: bigint): string => (value === 1n ? "1 call" : `${value} calls`);
const operations = (value: bigint): string => (value === 1n ? "1 operation" : `${value} operations`);

/** What several budgets for one token come to together. */
function describeSums(view: View): readonly string[] {
  const budgets = new Map<Address, Map<Hex, Erc20Limits>>();
  for (const { target, policies } of view.session.actions)
    for (const { policy, config } of policies) {
      if (view.policyName(policy) !== "erc20LimitPolicy") continue;
      const known = budgets.get(getAddress(target)) ?? new Map<Hex, Erc20Limits>();
      budgets.set(getAddress(target), known.set(config, decodeErc20LimitConfig(config)));
    }
  return [...budgets].flatMap(([target, limits]) => {
    const bounds = describeBounds(addLimits([...limits.values()]), (value) => tokenAmount(view, target, value));
    if (limits.size < 2 || bounds === "") return [];
    return [`Together, the ${limits.size} limits on ${nameOf(view, target)} allow at most ${bounds}.`];
  });
}

function describeOperationPolicy(view: View, { policy, config }: Policy): string {
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
      return `Only operations that the policy ${shorten(policy)} allows.`;
  }
}

function describeSignaturePolicy(view: View, { policy, config }: Policy): readonly Permission[] {
  const sentences =
    view.policyName(policy) === "typedDataPolicy"
      ? decodeTypedDataConfig(config).map((permission) => describeMessage(view, permission))
      : [`May sign messages for the account, if the policy ${shorten(policy)} allows it`];
  return sentences.map((short) => ({ short, long: `${short}.` }));
}

function describeMessage(view: View, permission: DecodedMessagePermission): string {
  if ("beginning" in permission)
    return `May sign personal messages for the account that begin with ${quote(hexToString(permission.beginning))}`;
  const { separator, typeHash, nested, rules } = permission;
  const known = view.messages.find(
    ({ domain, types, primaryType }) =>
      domainSeparator({ domain }) === separator && hashType(types, primaryType) === typeHash,
  );
  const what = known
    ? `${known.primaryType} messages for the account in the domain ${describeDomain(known)}`
    : `messages for the account of the type ${shorten(typeHash)} in the domain ${shorten(separator)}`;
  if (rules.length === 0) return `May sign any ${what}`;
  const count = nested.reduce((sum, { fields }) => sum + fields, permission.fields);
  const fields = known ? listFields(known, nested) : Array.from({ length: count }, (_, index) => `field ${index}`);
  return `May sign ${what}: ${describeFieldRules(rules, fields, view.names)}`;
}

function describeDomain({ domain: { name, chainId, verifyingContract } }: MessageInfo): string {
  return [
    name === undefined ? "without a name" : quote(name),
    ...(chainId === undefined ? [] : [`on chain ${chainId}`]),
    ...(verifyingContract === undefined ? [] : [`of ${shorten(verifyingContract)}`]),
  ].join(" ");
}

/** The fields that rules are about: those of the message, then those of the structs in it. */
function listFields(
  { types, primaryType }: MessageInfo,
  nested: readonly { readonly parent: number; readonly field: number }[],
): readonly string[] {
  const structs = [{ prefix: "", fields: types[primaryType] ?? [] }];
  for (const { parent, field } of nested) {
    const outer = structs[parent];
    const inner = outer?.fields[field];
    structs.push({ prefix: `${outer?.prefix ?? ""}${inner?.name ?? field}.`, fields: types[inner?.type ?? ""] ?? [] });
  }
  return structs.flatMap(({ prefix, fields }) => fields.map(({ name }) => `${prefix}${name}`));
}

function describePayer({ session: { paymaster } }: View): string {
  if (isAddressEqual(paymaster, zeroAddress)) return "you pay";
  if (isAddressEqual(paymaster, anyPaymaster)) return "you or any paymaster pay";
  return `the paymaster ${shorten(paymaster)} pays`;
}

/** What all operations may cost, or else those of a period, or else each. */
function describeGas({ session, policyName, native }: View): string {
  const limits = session.operationPolicies
    .filter(({ policy }) => policyName(policy) === "gasLimitPolicy")
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
  return `${cost}, which the paymaster ${shorten(paymaster)} pays.`;
}

function describeEnd({ validUntil }: Session): string {
  return validUntil === 0 ? "without end" : `until ${formatTime(validUntil)}`;
}

function describeWindow(session: Session): string {
  const from = session.validAfter === 0 ? "" : `from ${formatTime(session.validAfter)} `;
  return `Valid ${from}${describeEnd(session)}.`;
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
  const named = [...view.tokens.values()].filter(({ isSelfNamed }) => isSelfNamed);
  const isSponsored = ![zeroAddress, anyPaymaster].some((address) => isAddressEqual(session.paymaster, address));
  const spender = isSponsored ? "all that the paymaster grants" : `all ${view.nativeSymbol} of the account`;
  return [
    ...(session.validUntil === 0 ? ["It has no end: it lasts until you revoke it."] : []),
    ...(session.validUntil !== 0 && session.validUntil < now ? ["It has ended already."] : []),
    ...(session.chainId === 0n ? ["It holds on every chain, with each limit anew on each of them."] : []),
    ...new Set(session.actions.flatMap((action) => listActionRisks(view, action))),
    ...(has("gasLimitPolicy") || has("usageLimitPolicy")
      ? []
      : [`Nothing limits how many operations there are: a stolen key could spend ${spender} on gas.`]),
    ...(isAddressEqual(session.paymaster, anyPaymaster)
      ? ["Any paymaster may be used, also one that takes tokens for it where it has an allowance."]
      : []),
    ...(session.signaturePolicies.length === 0
      ? []
      : ["What it signs counts outside of operations: read the domains and types that it may sign."]),
    ...session.signaturePolicies.flatMap((policy) => listMessageRisks(view, policy)),
    ...named.map(({ address, symbol }) => `The token ${getAddress(address)} calls itself ${symbol}: so can any token.`),
    ...[...unknown].map((policy) => `The policy ${policy} is not known: it may allow more than it seems.`),
  ];
}

function listMessageRisks(view: View, { policy, config }: Policy): readonly string[] {
  if (view.policyName(policy) !== "typedDataPolicy") return [];
  return decodeTypedDataConfig(config).flatMap((permission) => {
    if ("beginning" in permission || permission.rules.length > 0) return [];
    return [`Nothing limits what messages of the type ${shorten(permission.typeHash)} say.`];
  });
}

/** Functions that let somebody else take tokens, of ERC-20 and ERC-721. */
const approvals: readonly Hex[] = [
  erc20Functions.approve.selector,
  erc20Functions.increaseAllowance.selector,
  // setApprovalForAll(address,bool)
  "0xa22cb465",
];

function listActionRisks(view: View, action: Action): readonly string[] {
  const { target, selector, maxValue, policies } = action;
  const named = policies.map(({ policy, config }) => ({ name: view.policyName(policy), config }));
  const isAnywhere = isAddressEqual(target, anyTarget);
  const where = isAnywhere ? "any contract" : nameOf(view, target);
  const what = findFunction(view, target, selector)?.name ?? selector;
  const limits = named.flatMap(({ name, config }) =>
    name === "erc20LimitPolicy" ? [decodeErc20LimitConfig(config)] : [],
  );
  const counted = (name: string): boolean =>
    named.some((policy) => policy.name === name) ||
    view.session.operationPolicies.some(({ policy }) => view.policyName(policy) === name);
  const isTransfer = selector === noCalldata;
  return [
    ...(isAnywhere && isTransfer ? [`${view.nativeSymbol} may go to anyone.`] : []),
    ...(isAnywhere && !isTransfer ? [`The function ${what} may be called on any contract.`] : []),
    ...(selector === anySelector ? [`Any function of ${where} may be called, also ones that you do not know.`] : []),
    ...(selector !== anySelector && !isTransfer && !named.some(({ name }) => limitsArguments(name))
      ? [`Nothing limits the arguments of ${what} on ${where}.`]
      : []),
    ...(maxValue > 0n && !counted("nativeLimitPolicy")
      ? [`Each call to ${where} may send ${view.native(maxValue)}, and nothing limits how many there are.`]
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

/** Whether a policy can have a say about arguments; one that is not known may. */
function limitsArguments(name: (typeof policyNames)[number] | undefined): boolean {
  return name === undefined || name === "abiRulePolicy" || name === "erc20LimitPolicy";
}
