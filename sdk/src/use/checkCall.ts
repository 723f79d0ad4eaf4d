import { type Address, encodeFunctionData, type Hex, isAddressEqual, size, zeroAddress } from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anySelector, anyTarget, entryPoints, noCalldata } from "../constants.js";
import type { LatchkeyError } from "../errors/base.js";
import {
  ActionTooBroadError,
  CalldataTooShortError,
  SelectorForbiddenError,
  SelectorNotAllowedError,
  TargetForbiddenError,
  TargetIsModuleError,
  TargetNotAllowedError,
  ValueExceededError,
} from "../errors/call.js";

import { type CallContext, LimitConfigError, PolicyAnswerError, UnknownPolicyError } from "../errors/policy.js";
import { sessionKeyManagerUseAbi } from "../generated.js";
import { checkAbiRules } from "../policies/abiRule.js";
import { isBuiltIn, isPolicy } from "../policies/builtIn.js";
import { spendErc20 } from "../policies/erc20Limit.js";
import { type Budget, countLimits, limitFlags, noBudget, noWindow, type Spending } from "../policies/spend.js";
import type { Action, Policy, PolicyName, Session } from "../types.js";
import type { Call } from "./execution.js";

/** Selectors that no session for any target may call: they configure or drive an ERC-7579 account or module. */
const forbiddenSelectors: ReadonlySet<string> = new Set([
  "0x9517e29f", // installModule
  "0xa71763a8", // uninstallModule
  "0xe9ae5c53", // execute
  "0xd691c964", // executeFromExecutor
  "0x8dd7712f", // executeUserOp
  "0x19822f7c", // validateUserOp of an account
  "0x97003203", // validateUserOp of a validator
  "0x6d61fe70", // onInstall
  "0x8a91b0e3", // onUninstall
]);

/** What an action has against a call, and what of the call it is. */
export type Refusal = { readonly error: LatchkeyError; readonly part: "to" | "data" | "value" };

/** Whether a call revokes the session itself, which every session may do. */
export function isOwnRevocation({
  id,
  call,
  contracts,
}: {
  id: Hex;
  call: Call;
  contracts: ContractOverrides | undefined;
}): boolean {
  if (call.value !== 0n || !isAddressEqual(call.to, findContract("manager", contracts))) return false;
  const revocation = encodeFunctionData({ abi: sessionKeyManagerUseAbi, functionName: "revokeSessions", args: [[id]] });
  return call.data.toLowerCase() === revocation;
}

/** What an action has against a call, but for its policies: in the order in which the manager looks. */
export function checkHeader({
  session,
  action,
  call,
  context,
  modules = [],
  contracts,
}: {
  session: Session;
  action: Action;
  call: Call;
  context: CallContext;
  /** Modules of the account. */
  modules?: readonly Address[] | undefined;
  contracts: ContractOverrides | undefined;
}): Refusal | undefined {
  const { to, data, value } = call;
  const length = size(data);
  const selector: Hex = length < 4 ? "0x00000000" : `0x${data.slice(2, 10).toLowerCase()}`;
  const is = (address: Address): boolean => isAddressEqual(address, to);
  if (is(zeroAddress) || is(session.account) || is(findContract("manager", contracts)) || entryPoints.some(is))
    return { error: new TargetForbiddenError({ target: to, context }), part: "to" };
  if (length > 0 && length < 4) return { error: new CalldataTooShortError({ length, context }), part: "data" };
  if (isAddressEqual(action.target, anyTarget)) {
    if (action.selector.toLowerCase() === anySelector)
      return { error: new ActionTooBroadError({ context }), part: "to" };
    if (forbiddenSelectors.has(selector))
      return { error: new SelectorForbiddenError({ selector, context }), part: "data" };
    if (modules.some(is)) return { error: new TargetIsModuleError({ target: to, context }), part: "to" };
  } else if (!is(action.target))
    return { error: new TargetNotAllowedError({ expected: action.target, actual: to, context }), part: "to" };
  if (!fitsSelector(action, length, selector))
    return {
      error: new SelectorNotAllowedError({ expected: action.selector, actual: selector, context }),
      part: "data",
    };
  if (value > action.maxValue)
    return { error: new ValueExceededError({ maxValue: action.maxValue, value, context }), part: "value" };
  return undefined;
}

function fitsSelector(action: Action, length: number, selector: Hex): boolean {
  const allowed = action.selector.toLowerCase();
  if (length === 0) return allowed === noCalldata;
  return allowed === anySelector || (allowed === selector && allowed !== noCalldata);
}

/** What a policy is told of a call or of an operation. */
export type Question = {
  readonly policy: Policy;
  readonly account: Address;
  /** In seconds since 1970. */
  readonly claimedTime: number;
  /** What is spent already; undefined if that is not known, and then nothing is held against it. */
  readonly budget: Budget | undefined;
  readonly context: CallContext;
  readonly contracts: ContractOverrides | undefined;
};

/** What an operation is to policies of the session. */
export type OperationTotals = { readonly cost: bigint; readonly value: bigint; readonly calls: number };

const policyNames = [
  "abiRulePolicy",
  "erc20LimitPolicy",
  "gasLimitPolicy",
  "nativeLimitPolicy",
  "typedDataPolicy",
  "usageLimitPolicy",
] as const satisfies readonly PolicyName[];

/** The name of a policy that this package knows. */
export function findPolicyName(
  policy: Address,
  contracts: ContractOverrides | undefined,
): (typeof policyNames)[number] | undefined {
  return policyNames.find((name) => isPolicy(name, policy, contracts));
}

/**
 * Asks a policy of an action about a call, as far as it is known.
 *
 * @returns What comes of it; undefined if the policy is not known.
 * @throws What the policy would revert with.
 */
export function askAboutCall({ call, ...question }: Question & { call: Call }): Spending | undefined {
  const { policy, account, budget = noBudget, context, contracts } = question;
  switch (findPolicyName(policy.policy, contracts)) {
    case undefined:
      return undefined;
    case "abiRulePolicy":
      checkAbiRules({ config: policy.config, data: call.data, account, context });
      return { budget, window: noWindow };
    case "erc20LimitPolicy":
      return spendErc20({ ...question, config: policy.config, data: call.data });
    case "nativeLimitPolicy":
      return count(question, call.value);
    case "usageLimitPolicy":
      return count(question, 1n);
    case "gasLimitPolicy":
    case "typedDataPolicy":
      return refuseMisplaced(question);
  }
}

/**
 * Asks a policy of the session about an operation, as far as it is known.
 *
 * @returns What comes of it; undefined if the policy is not known.
 * @throws What the policy would revert with.
 */
export function askAboutOperation({
  operation: { cost, value, calls },
  ...question
}: Question & { operation: OperationTotals }): Spending | undefined {
  const { policy, contracts } = question;
  switch (findPolicyName(policy.policy, contracts)) {
    case undefined:
      return undefined;
    case "gasLimitPolicy":
      return count(question, cost);
    case "nativeLimitPolicy":
      return count(question, value);
    case "usageLimitPolicy": {
      const countsCalls = (Number(policy.config.slice(0, 4)) & limitFlags.countsCalls) !== 0;
      return count(question, countsCalls ? BigInt(calls) : 1n, limitFlags.countsCalls);
    }
    default:
      return refuseMisplaced(question);
  }
}

/** A policy that knows nothing of calls, or of operations. A contract refuses; in the place of the manager's own is none. */
function refuseMisplaced({ policy: { policy }, context }: Omit<Question, "account">): never {
  if (isBuiltIn(policy)) throw new PolicyAnswerError({ length: 0, context: { id: context.id, policy } });
  throw new UnknownPolicyError({ reason: "0x", context });
}

function count({ policy, budget, claimedTime, context }: Question, amount: bigint, ownFlags = 0): Spending {
  const fail = (position: number): never => {
    throw new LimitConfigError({ position, context });
  };
  return countLimits({ config: policy.config, amount, budget, claimedTime, context, fail, ownFlags });
}
