import { type Address, getAddress, type Hex, isAddressEqual, isHex, numberToHex, zeroAddress } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { anyTarget, noCalldata } from "../constants.js";
import { LatchkeyError } from "../errors/base.js";
import { isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig, erc20Functions } from "../policies/erc20Limit.js";
import { decodeLimitConfig } from "../policies/limit.js";
import { allowErc20 } from "../session/allowErc20.js";
import { allowNativeTransfer } from "../session/allowNativeTransfer.js";
import { type DefineSessionParameters, defineSession } from "../session/defineSession.js";
import type { Action, Permission, Session } from "../types.js";
import { parseAddress, parseNumber, parseTime } from "../utils/validate.js";
import { InvalidPermissionError, PermissionAccountError, PermissionNotSupportedError } from "./errors.js";
import type { Permission7715, PermissionRequest, PermissionRule, PermissionType } from "./types.js";

/** The permission types that sessions express exactly. */
export const permissionTypes: readonly PermissionType[] = [
  "native-token-allowance",
  "native-token-periodic",
  "erc20-token-allowance",
  "erc20-token-periodic",
];

/** The rules that sessions express exactly. */
export const ruleTypes: readonly string[] = ["expiry", "payee", "redeemer"];

/** How far the clocks of wallet and chain may differ, in seconds. */
const clockSkew = 60;

export type ToSessionFromPermissionRequestParameters = {
  /** One of the requests that `wallet_requestExecutionPermissions` came with: anything at all, it is checked. */
  request: unknown;
  /** The account that the wallet grants for; must be the one that is asked, if one is. */
  account: Address;
  /** Who pays for gas and how much at most, which ERC-7715 says nothing of: for the wallet to decide. */
  fees: DefineSessionParameters["fees"];
  /** The account's epoch, see `getEpoch`; 0n, an account's first, if it is left out. */
  epoch?: bigint | undefined;
  /** Last second of a permission that has no rule "expiry"; such a request is refused if it is left out. */
  validUntil?: DefineSessionParameters["validUntil"] | undefined;
  /** The time, in seconds since 1970 or as a Date; the local clock's if it is left out. */
  now?: number | Date | undefined;
  /** As of {@link defineSession}. */
  salt?: Hex | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type ToSessionFromPermissionRequestErrorType =
  | InvalidPermissionError
  | PermissionAccountError
  | PermissionNotSupportedError;

/**
 * The session that a permission request of ERC-7715 asks for, for a wallet to show to the owner and grant. It allows what
 * the request says, and nothing more: a type, field or rule that a session cannot express exactly (streams among them) is
 * refused. The moment of the rule "expiry" is not within the session any more.
 *
 * A request without a `startTime` begins 60 seconds before now, since the chain's time may be behind.
 *
 * @param parameters {@link ToSessionFromPermissionRequestParameters}
 * @returns The session.
 * @throws InvalidPermissionError, PermissionNotSupportedError, PermissionAccountError, each with an `rpcCode`, and
 * what {@link defineSession} throws about the parameters other than the request.
 *
 * @example
 * import { toSessionFromPermissionRequest } from "latchkey/erc7715";
 * import { parseEther } from "viem";
 *
 * const toSession = (request: unknown, epoch: bigint) =>
 *   toSessionFromPermissionRequest({
 *     request,
 *     account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *     fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     epoch,
 *   });
 */
export function toSessionFromPermissionRequest({
  request,
  account,
  fees,
  epoch,
  validUntil,
  now = Math.floor(Date.now() / 1000),
  salt,
  contracts,
}: ToSessionFromPermissionRequestParameters): Session {
  const time = parseTime("now", now);
  const owner = parseAddress("account", account);
  const { chainId, from, to, permission, rules = [] } = parsePermissionRequest(request);
  if (from !== undefined && !isAddressEqual(from, owner)) throw new PermissionAccountError({ from, account: owner });
  const { expiry, payees } = readRules(rules, to);
  const until = expiry === undefined ? validUntil : expiry - 1;
  if (until === undefined)
    throw new InvalidPermissionError({ path: "rules", reason: "there is no rule `expiry`, and the wallet wants one" });
  const { permission: allowed, startTime } = readPermission(permission, { payees, now: time });
  return checked("rules", () =>
    defineSession({
      account: owner,
      chainId: Number(chainId),
      sessionKey: to,
      validAfter: startTime,
      validUntil: until,
      epoch,
      salt,
      fees,
      actions: [allowed],
      contracts,
    }),
  );
}

/**
 * Checks that something is a permission request, and nothing else.
 *
 * @param value Anything.
 * @returns The request.
 * @throws InvalidPermissionError
 *
 * @example
 * import { parsePermissionRequest } from "latchkey/erc7715";
 *
 * const typeOf = (value: unknown) => parsePermissionRequest(value).permission.type;
 */
export function parsePermissionRequest(value: unknown): PermissionRequest {
  const fields = asObject("request", value, ["chainId", "to", "permission"], ["from", "rules"]);
  const permission = asObject("permission", fields.permission, ["type", "isAdjustmentAllowed", "data"]);
  if (typeof permission.isAdjustmentAllowed !== "boolean")
    throw new InvalidPermissionError({
      path: "permission.isAdjustmentAllowed",
      reason: "it is neither true nor false",
    });
  const { rules } = fields;
  if (rules !== undefined && (!Array.isArray(rules) || rules.length > 100))
    throw new InvalidPermissionError({ path: "rules", reason: "it is not a list of at most 100" });
  return {
    chainId: numberToHex(asQuantity("chainId", fields.chainId, BigInt(Number.MAX_SAFE_INTEGER), 1n)),
    ...(fields.from === undefined ? {} : { from: asAddress("from", fields.from) }),
    to: asAddress("to", fields.to),
    permission: {
      type: asString("permission.type", permission.type),
      isAdjustmentAllowed: permission.isAdjustmentAllowed,
      data: asObject("permission.data", permission.data),
    },
    ...(rules === undefined ? {} : { rules: rules.map((rule, index) => asRule(`rules[${index}]`, rule)) }),
  };
}

function asRule(path: string, value: unknown): PermissionRule {
  const { type, data } = asObject(path, value, ["type", "data"], ["isAdjustmentAllowed"]);
  return { type: asString(`${path}.type`, type), data: asObject(`${path}.data`, data) };
}

/** What the rules say; none is ever passed over. */
function readRules(
  rules: readonly PermissionRule[],
  to: Address,
): { expiry: number | undefined; payees: readonly Address[] | undefined } {
  const byType = new Map<string, PermissionRule>();
  for (const rule of rules) {
    if (!ruleTypes.includes(rule.type))
      throw new PermissionNotSupportedError({ what: `The rule "${cut(rule.type)}"`, available: ruleTypes });
    if (byType.has(rule.type))
      throw new InvalidPermissionError({ path: "rules", reason: `there is more than one rule \`${rule.type}\`` });
    byType.set(rule.type, rule);
  }
  const read = (type: string, name: string): unknown => {
    const rule = byType.get(type);
    return rule && asObject(`rule ${type}`, rule.data, [name])[name];
  };
  const redeemers = read("redeemer", "addresses");
  if (redeemers !== undefined && !asAddresses("rule redeemer", redeemers).some((one) => isAddressEqual(one, to)))
    throw new InvalidPermissionError({ path: "rule redeemer", reason: "`to` is not among them, so nobody could act" });
  const payees = read("payee", "addresses");
  const expiry = read("expiry", "timestamp");
  return {
    expiry: expiry === undefined ? undefined : asSeconds("rule expiry", expiry, 2),
    payees: payees === undefined ? undefined : asAddresses("rule payee", payees),
  };
}

/** What the permission allows, as actions of a session. */
function readPermission(
  { type, data }: PermissionRequest["permission"],
  { payees, now }: { payees: readonly Address[] | undefined; now: number },
): { permission: Permission; startTime: number } {
  const known = permissionTypes.find((candidate) => candidate === type);
  if (known === undefined)
    throw new PermissionNotSupportedError({ what: `The permission "${cut(type)}"`, available: permissionTypes });
  const isToken = known.startsWith("erc20");
  const isPeriodic = known.endsWith("periodic");
  // ERC-7715's own examples have `allowance`, wallets `allowanceAmount`.
  const amountName = isPeriodic ? "periodAmount" : "allowanceAmount" in data ? "allowanceAmount" : "allowance";
  const fields = asObject(
    "permission.data",
    data,
    [amountName, ...(isPeriodic ? ["periodDuration"] : []), ...(isToken ? ["tokenAddress"] : [])],
    ["startTime", "justification"],
  );
  if (fields.justification !== undefined) asString("permission.data.justification", fields.justification);
  const { startTime } = fields;
  const start =
    startTime === undefined || startTime === null
      ? Math.max(0, now - clockSkew)
      : asSeconds("permission.data.startTime", startTime, 0);
  const amount = asQuantity(`permission.data.${amountName}`, fields[amountName], maximumAmount);
  const seconds = isPeriodic ? asPeriod(fields.periodDuration) : undefined;
  const limits = seconds === undefined ? { total: amount } : { perPeriod: { amount, period: seconds, anchor: start } };
  const permission = checked("permission.data", () =>
    isToken
      ? allowErc20({
          token: asAddress("permission.data.tokenAddress", fields.tokenAddress),
          ...limits,
          ...(payees ? { recipients: payees } : {}),
        })
      : allowNativeTransfer(
          payees ? { recipients: payees, ...limits } : { recipients: "anyone", acknowledgeRisk: true, ...limits },
        ),
  );
  return { permission, startTime: start };
}

const maximumAmount = 2n ** 108n - 1n;

function asPeriod(value: unknown): number {
  const seconds = checked("permission.data.periodDuration", () =>
    parseNumber("periodDuration", value, 1, Number.MAX_SAFE_INTEGER),
  );
  if (seconds < 300 || seconds >= 2 ** 32)
    throw new PermissionNotSupportedError({
      what: `A period of ${seconds} seconds`,
      available: ["300 to 4294967295 seconds"],
    });
  return seconds;
}

/** A permission of ERC-7715, and the rules that go with it. */
export type SessionPermission = Omit<PermissionRequest, "from" | "rules"> & {
  readonly from: Address;
  readonly rules: readonly PermissionRule[];
};

/**
 * The permission of ERC-7715 that says exactly what a session allows, read from the session itself: for a dapp to compare
 * with what a wallet claims to have granted, and for a wallet to list what it granted.
 *
 * @param session The session.
 * @param options Contracts to use in place of the known ones.
 * @returns The permission and its rules; undefined if no permission says exactly the same, for instance because the session
 * has several budgets, a limit of one transfer, or a key that is no address.
 *
 * @example
 * import type { Session } from "latchkey";
 * import { getSessionPermission } from "latchkey/erc7715";
 *
 * const typeOf = (session: Session) => getSessionPermission(session)?.permission.type;
 */
export function getSessionPermission(
  session: Session,
  { contracts }: { contracts?: ContractOverrides | undefined } = {},
): SessionPermission | undefined {
  const { chainId, account, sessionKey, signaturePolicies, validAfter, validUntil } = session;
  const limitsOnlyFees = session.operationPolicies.every(({ policy }) => isPolicy("gasLimitPolicy", policy, contracts));
  const budget = findBudget(session, contracts);
  // A key of 20 bytes, one chain, no messages.
  if (sessionKey.length !== 42 || chainId === 0n || signaturePolicies.length > 0 || !limitsOnlyFees || !budget)
    return undefined;
  const { limits, token, payees } = budget;
  if (limits.perPeriod && limits.perPeriod.anchor !== validAfter) return undefined;
  const data = {
    ...(token ? { tokenAddress: token } : {}),
    ...(limits.perPeriod
      ? { periodAmount: numberToHex(limits.perPeriod.amount), periodDuration: limits.perPeriod.seconds }
      : { allowanceAmount: numberToHex(limits.total ?? 0n) }),
    startTime: validAfter,
  };
  const type = `${token ? "erc20" : "native"}-token-${limits.perPeriod ? "periodic" : "allowance"}`;
  return {
    chainId: numberToHex(chainId),
    from: account,
    to: getAddress(sessionKey),
    permission: { type, isAdjustmentAllowed: false, data },
    rules: [
      ...(validUntil === 0 ? [] : [{ type: "expiry", data: { timestamp: validUntil + 1 } }]),
      ...(payees ? [{ type: "payee", data: { addresses: payees } }] : []),
    ],
  };
}

type Budget = {
  limits: { total?: bigint | undefined; perPeriod?: { amount: bigint; seconds: number; anchor: number } | undefined };
  token: Address | undefined;
  payees: readonly Address[] | undefined;
};

/** The one budget of a session that has one, of a token or of native currency. */
function findBudget({ actions }: Session, contracts: ContractOverrides | undefined): Budget | undefined {
  const [first] = actions;
  const [policy] = first?.policies ?? [];
  if (first === undefined || policy === undefined) return undefined;
  const isAlike = actions.every(
    ({ selector, policies: [own, ...more] }) =>
      selector === first.selector && more.length === 0 && own?.config === policy.config && own.policy === policy.policy,
  );
  if (!isAlike) return undefined;
  if (isPolicy("erc20LimitPolicy", policy.policy, contracts)) return readTokenBudget(actions, policy.config);
  return isPolicy("nativeLimitPolicy", policy.policy, contracts) ? readNativeBudget(actions, policy.config) : undefined;
}

function readTokenBudget([action, ...more]: readonly Action[], config: Hex): Budget | undefined {
  const { perCall, recipients, ...limits } = decodeErc20LimitConfig(config);
  const isTransfer = action?.selector === erc20Functions.transfer.selector && action.maxValue === 0n;
  if (more.length > 0 || !isTransfer || perCall !== undefined || !hasOne(limits)) return undefined;
  return { limits, token: action.target, payees: recipients };
}

function readNativeBudget(actions: readonly Action[], config: Hex): Budget | undefined {
  const { atOnce, countsCalls: _, ...limits } = decodeLimitConfig(config);
  const amount = limits.perPeriod?.amount ?? limits.total ?? 0n;
  const isTransfer = actions.every(({ selector, maxValue }) => selector === noCalldata && maxValue >= amount);
  const targets = actions.map(({ target }) => target);
  const isAnyone = targets.includes(anyTarget);
  if (!isTransfer || atOnce !== undefined || !hasOne(limits) || (isAnyone && targets.length > 1)) return undefined;
  return { limits, token: undefined, payees: isAnyone ? undefined : targets };
}

function hasOne({ total, perPeriod }: Budget["limits"]): boolean {
  return (total === undefined) !== (perPeriod === undefined);
}

/** A permission as it is sent, with amounts in hex. */
export function formatPermission({ payees: _, ...permission }: Permission7715): {
  type: PermissionType;
  data: Record<string, unknown>;
} {
  const { type, ...fields } = permission;
  const data = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "bigint" ? numberToHex(value) : value] as const],
  );
  return { type, data: Object.fromEntries(data) };
}

/** An object with these fields, perhaps some others, and none besides; any fields if none are named. */
function asObject(
  path: string,
  value: unknown,
  required: readonly string[] = [],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidPermissionError({ path, reason: "it is not an object" });
  // A copy without a prototype: names such as `__proto__` are fields like any other.
  const fields: Record<string, unknown> = Object.assign(Object.create(null), value);
  if (required.length === 0) return { ...fields };
  const known = [...required, ...optional];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InvalidPermissionError({ path: `${path}.${cut(unknown)}`, reason: "it is not known" });
  const missing = required.find((name) => fields[name] === undefined);
  if (missing !== undefined) throw new InvalidPermissionError({ path: `${path}.${missing}`, reason: "it is missing" });
  return fields;
}

function asString(path: string, value: unknown): string {
  if (typeof value !== "string" || value.length > 2_000)
    throw new InvalidPermissionError({ path, reason: "it is not a string of at most 2000 characters" });
  return value;
}

/** An address other than zero. */
export function asAddress(path: string, value: unknown): Address {
  const address = checked(path, () => parseAddress(path, value));
  if (address === zeroAddress) throw new InvalidPermissionError({ path, reason: "it is zero" });
  return address;
}

function asAddresses(path: string, value: unknown): readonly Address[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 255)
    throw new InvalidPermissionError({ path, reason: "it is not a list of 1 to 255 addresses" });
  return value.map((item, index) => asAddress(`${path}[${index}]`, item));
}

function asQuantity(path: string, value: unknown, maximum: bigint, minimum = 0n): bigint {
  if (typeof value !== "string" || !isHex(value) || value.length < 3 || value.length > 66)
    throw new InvalidPermissionError({ path, reason: "it is not a number in hex" });
  const number = BigInt(value);
  if (number < minimum || number > maximum)
    throw new InvalidPermissionError({ path, reason: `it is not from ${minimum} to ${maximum}` });
  return number;
}

function asSeconds(path: string, value: unknown, minimum: number): number {
  const seconds = checked(path, () => parseTime(path, typeof value === "number" ? value : undefined));
  if (seconds < minimum) throw new InvalidPermissionError({ path, reason: `it is below ${minimum}` });
  return seconds;
}

/** Turns errors about a value of the request into one that has a code. */
export function checked<result>(path: string, parse: () => result): result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LatchkeyError) || "rpcCode" in error) throw error;
    throw new InvalidPermissionError({ path, reason: error.shortMessage.replace(/\.$/, ""), cause: error });
  }
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
