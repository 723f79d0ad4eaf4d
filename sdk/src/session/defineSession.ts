import {
  type Address,
  bytesToHex,
  getAddress,
  type Hex,
  isAddressEqual,
  type LocalAccount,
  pad,
  size,
  slice,
  zeroAddress,
} from "viem";
import { type ContractOverrides, findContract, getContract } from "../addresses.js";
import { anySelector, anyTarget, entryPoints } from "../constants.js";
import { deployments } from "../deployments.js";
import {
  type ContractNotConfiguredError,
  EmptyActionsError,
  ForbiddenTargetError,
  type InvalidAddressError,
  type InvalidAmountError,
  InvalidBytesError,
  InvalidChainIdError,
  InvalidTimeError,
  InvalidWindowError,
  type MissingFeeLimitError,
  SeparateBudgetsError,
  TooManyError,
} from "../errors/input.js";
import type { SessionKey } from "../keys/sessionKey.js";
import { findBuiltIn, isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig, encodeErc20LimitConfig } from "../policies/erc20Limit.js";
import { decodeLimitConfig, encodeLimitConfig } from "../policies/limit.js";
import type { Action, ActionRequest, Permission, Policy, PolicyName, PolicyRequest, Session } from "../types.js";
import { checkArray, checkParameters, parseAddress, parseAmount, parseBytes, parseTime } from "../utils/validate.js";
import { type FeesRequest, parseFees } from "./fees.js";

export type DefineSessionParameters = {
  /** The smart account that is acted for. */
  account: Address;
  /** The chain the session is for, or "every" for a session on every chain, with a budget on each. */
  chainId: number | "every";
  /** Who may act: a {@link SessionKey}, a viem account, or its address. */
  sessionKey: SessionKey | LocalAccount | Address;
  /** First second in which the session may act, in seconds since 1970 or as a Date; at once if it is left out. */
  validAfter?: number | Date | undefined;
  /** Last second in which the session may act, in seconds since 1970 or as a Date; "never" wishes for no end. */
  validUntil: number | Date | "never";
  /** The account's epoch, see {@link getEpoch}; 0n, an account's first, if it is left out. */
  epoch?: bigint | undefined;
  /** 32 bytes that tell apart sessions that are alike in everything else; 4 random bytes if it is left out. */
  salt?: Hex | undefined;
  /** Who pays for gas, and how much at most: of one operation, and in total or per period. */
  fees: FeesRequest;
  /** What the session may do: {@link allowCall}, {@link allowErc20}, or actions in the form of the contracts. */
  actions: readonly (Permission | ActionRequest)[];
  /** Limits on operations as a whole, all of which must hold: {@link usageLimit}, {@link nativeLimit}. */
  operationPolicies?: readonly PolicyRequest[] | undefined;
  /** What the session may sign for the account through ERC-1271; nothing if it is left out. */
  signaturePolicies?: readonly PolicyRequest[] | undefined;
  /** Says that several budgets for one token, or calls to it outside its budget, are meant. */
  allowSeparateBudgets?: boolean | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type DefineSessionReturnType = Session;

export type DefineSessionErrorType =
  | ContractNotConfiguredError
  | EmptyActionsError
  | ForbiddenTargetError
  | InvalidAddressError
  | InvalidAmountError
  | InvalidBytesError
  | InvalidChainIdError
  | InvalidTimeError
  | InvalidWindowError
  | MissingFeeLimitError
  | SeparateBudgetsError
  | TooManyError;

const parameterNames = [
  "account",
  "chainId",
  "sessionKey",
  "validAfter",
  "validUntil",
  "epoch",
  "salt",
  "fees",
  "actions",
  "operationPolicies",
  "signaturePolicies",
  "allowSeparateBudgets",
  "contracts",
];

/**
 * Puts together a session, and checks everything about it that can be checked offline.
 *
 * @param parameters {@link DefineSessionParameters}
 * @returns The session, in the form the contracts know. {@link Session}
 * @throws An error for each parameter that is not what it must be. {@link DefineSessionErrorType}
 *
 * @example
 * import { allowErc20, createSessionKey, defineSession } from "latchkey";
 * import { parseEther, parseUnits } from "viem";
 *
 * const session = defineSession({
 *   account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *   chainId: 1,
 *   sessionKey: createSessionKey(),
 *   validUntil: new Date(Date.now() + 86_400_000),
 *   fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *   actions: [
 *     allowErc20({
 *       token: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *       total: parseUnits("25", 6),
 *     }),
 *   ],
 *   contracts: {
 *     manager: "0x00000000000000000000000000000000000000a1",
 *     erc20LimitPolicy: "0x00000000000000000000000000000000000000a2",
 *   },
 * });
 */
export function defineSession(parameters: DefineSessionParameters): DefineSessionReturnType {
  checkParameters("defineSession's argument", parameters, parameterNames);
  const { contracts, epoch = 0n, allowSeparateBudgets = false } = parameters;
  const { operationPolicies = [], signaturePolicies = [] } = parameters;
  const account = parseAddress("account", parameters.account);
  if (account === zeroAddress) throw new ForbiddenTargetError({ target: account, reason: "the account is zero" });
  const { validAfter, validUntil } = parseWindow(parameters);
  const { maxOpCost, paymaster, policies } = parseFees(parameters.fees);
  const requests = separateTokens(listActions(parameters.actions));
  const actions = requests.map((action, index) => resolveAction(action, index, contracts));
  if (actions.length === 0) throw new EmptyActionsError();
  if (actions.length > 255) throw new TooManyError({ what: "actions", limit: 255, actual: actions.length });
  for (const { target, selector } of actions) checkTarget({ target, selector, account, contracts });
  if (!allowSeparateBudgets) checkBudgets(actions, contracts);
  return {
    account,
    chainId: parseChainId(parameters.chainId),
    epoch: parseAmount("epoch", epoch, 2n ** 64n - 1n),
    validAfter,
    validUntil,
    salt: parameters.salt === undefined ? randomSalt() : parseBytes("salt", parameters.salt, 32),
    sessionKey: parseSessionKey(parameters.sessionKey),
    paymaster,
    maxOpCost,
    operationPolicies: resolvePolicies(
      "the session",
      [...policies, ...separateOperations(operationPolicies, requests)],
      contracts,
    ),
    signaturePolicies: resolvePolicies("the session's signatures", signaturePolicies, contracts),
    actions,
  };
}

function parseWindow({ validAfter = 0, validUntil }: DefineSessionParameters): {
  validAfter: number;
  validUntil: number;
} {
  const after = parseTime("validAfter", validAfter);
  if (validUntil === "never") return { validAfter: after, validUntil: 0 };
  const until = parseTime("validUntil", validUntil);
  // 0 would mean no end to the contracts, which only "never" may ask for.
  if (until === 0) throw new InvalidTimeError({ parameter: "validUntil", actual: validUntil });
  if (until < after) throw new InvalidWindowError({ validAfter: after, validUntil: until });
  return { validAfter: after, validUntil: until };
}

function parseChainId(chainId: unknown): bigint {
  if (chainId === "every") return 0n;
  if (typeof chainId !== "number" || !Number.isSafeInteger(chainId) || chainId < 1)
    throw new InvalidChainIdError({ actual: chainId });
  return BigInt(chainId);
}

/** The session key of a {@link SessionKey}, an account or an address, checked. */
export function parseSessionKey(key: DefineSessionParameters["sessionKey"]): Hex {
  const given = typeof key === "object" && key !== null ? ("sessionKey" in key ? key.sessionKey : key.address) : key;
  // Longer than an address: a verifier's, and what that calls a key (ERC-7913).
  const isLong = typeof given === "string" && given.length > 42 && typeof key === "object";
  const bytes = parseBytes("sessionKey", isLong ? given : parseAddress("sessionKey", given), isLong ? undefined : 20);
  if (slice(bytes, 0, 20) === zeroAddress)
    throw new InvalidBytesError({ parameter: "sessionKey", expected: "an address other than zero", actual: bytes });
  if (size(bytes) > 0xffff)
    throw new TooManyError({ what: "bytes of the session key", limit: 0xffff, actual: size(bytes) });
  return bytes;
}

/**
 * Every use sends the salt, and zeros cost a quarter. 4 bytes are enough to tell apart the few sessions that are alike in
 * everything else, their key and their window included; two with the same salt would be one session, not a wider one.
 */
export function randomSalt(): Hex {
  return pad(bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(4))), { size: 32 });
}

function listActions(actions: DefineSessionParameters["actions"]): readonly ActionRequest[] {
  if (actions === undefined) throw new EmptyActionsError();
  checkArray("actions", actions);
  return actions.flatMap((item, index) => {
    const name = `actions[${index}]`;
    checkParameters(name, item, ["type", "actions", "target", "selector", "maxValue", "policies"]);
    if ("actions" in item) return item.actions;
    checkArray(`${name}.policies`, item.policies);
    return [item];
  });
}

/**
 * A budget is known by session, policy and configuration but not by token, so two tokens with the same limits would
 * share one. A salt in the configuration keeps them apart.
 */
function separateTokens(actions: readonly ActionRequest[]): readonly ActionRequest[] {
  const tokens = new Map<Hex, Address>();
  const separate = (target: Address, config: Hex): Hex => {
    const token = tokens.get(config);
    if (token !== undefined && token.toLowerCase() !== target.toLowerCase()) {
      const limits = decodeErc20LimitConfig(config);
      return separate(target, encodeErc20LimitConfig({ ...limits, salt: ((limits.salt ?? 0) + 1) % 2 ** 32 }));
    }
    tokens.set(config, target);
    return config;
  };
  return actions.map((action) => ({
    ...action,
    policies: action.policies.map((policy) =>
      policy.policy === "erc20LimitPolicy" ? { ...policy, config: separate(action.target, policy.config) } : policy,
    ),
  }));
}

/**
 * The same limit on operations and on the calls of an action would be one budget, in which each call counts twice. A salt
 * keeps them apart.
 */
function separateOperations(
  policies: readonly PolicyRequest[],
  actions: readonly ActionRequest[],
): readonly PolicyRequest[] {
  checkArray("operationPolicies", policies);
  const taken = actions.flatMap((action) => action.policies);
  const separate = ({ policy, config }: PolicyRequest): PolicyRequest => {
    if (!taken.some((other) => other.policy === policy && other.config === config)) return { policy, config };
    const limits = decodeLimitConfig(config);
    const salt = ((limits.salt ?? 0) + 1) % 2 ** 32;
    return separate({ policy, config: encodeLimitConfig({ ...limits, salt }) });
  };
  return policies.map((item) =>
    item.policy === "nativeLimitPolicy" || item.policy === "usageLimitPolicy" ? separate(item) : item,
  );
}

function resolveAction(action: ActionRequest, index: number, contracts: ContractOverrides | undefined): Action {
  const name = `actions[${index}]`;
  return {
    target: parseAddress(`${name}.target`, action.target),
    selector: parseBytes(`${name}.selector`, action.selector, 4),
    maxValue: parseAmount(`${name}.maxValue`, action.maxValue, 2n ** 256n - 1n),
    policies: resolvePolicies(name, action.policies, contracts),
  };
}

function resolvePolicies(
  name: string,
  policies: readonly PolicyRequest[],
  contracts: ContractOverrides | undefined,
): readonly Policy[] {
  checkArray(`${name}.policies`, policies);
  if (policies.length > 255)
    throw new TooManyError({ what: `policies of ${name}`, limit: 255, actual: policies.length });
  return policies.map(({ policy, config }) => {
    const bytes = parseBytes(`${name}.config`, config);
    if (size(bytes) > 0xffff)
      throw new TooManyError({ what: `bytes of configuration in ${name}`, limit: 0xffff, actual: size(bytes) });
    return {
      policy: isPolicyName(policy) ? getPolicy(policy, contracts) : parseAddress(`${name}.policy`, policy),
      config: bytes,
    };
  });
}

/** The address of a policy: the manager's own if it has one and no contract is named, which makes a use cheaper. */
function getPolicy(name: PolicyName, contracts: ContractOverrides | undefined): Address {
  const builtIn = contracts?.[name] === undefined ? findBuiltIn(name) : undefined;
  return builtIn ?? getContract(name, contracts);
}

function isPolicyName(policy: string): policy is PolicyName {
  return policy.endsWith("Policy") && Object.hasOwn(deployments, policy);
}

/** The targets that the manager refuses whatever a session says. */
function checkTarget({
  target,
  selector,
  account,
  contracts,
}: Pick<Action, "target" | "selector"> & { account: Address; contracts: ContractOverrides | undefined }): void {
  const reasons: readonly [boolean, string][] = [
    [target === zeroAddress, "it is zero"],
    [isAddressEqual(target, account), "it is the account itself"],
    [isAddressEqual(target, findContract("manager", contracts)), "it is the session key manager"],
    [entryPoints.some((entryPoint) => isAddressEqual(target, entryPoint)), "it is an EntryPoint"],
    [target === anyTarget && selector === anySelector, "any function of any target is too much"],
  ];
  const reason = reasons.find(([applies]) => applies);
  if (reason) throw new ForbiddenTargetError({ target, reason: reason[1] });
}

/** One budget for each token, and no way around it. */
function checkBudgets(actions: readonly Action[], contracts: ContractOverrides | undefined): void {
  const isLimit = ({ policy }: Policy): boolean => isPolicy("erc20LimitPolicy", policy, contracts);
  const limited = new Map<Address, string>();
  for (const { target, policies } of actions)
    for (const { policy, config } of policies.filter(isLimit)) {
      // The manager's own policy and the contract have a budget each, also with the same configuration.
      const limit = `${getAddress(policy)} ${config}`;
      const other = limited.get(target);
      if (other !== undefined && other !== limit)
        throw new SeparateBudgetsError({ token: target, reason: "it has two different limits" });
      limited.set(target, limit);
    }
  for (const { target, selector, policies } of actions)
    for (const token of limited.keys())
      if ((target === token || target === anyTarget) && !policies.some(isLimit))
        throw new SeparateBudgetsError({ token, reason: `calls to ${selector} are outside its limit` });
}
