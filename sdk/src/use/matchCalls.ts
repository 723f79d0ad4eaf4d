import { encodeFunctionData, getAddress, type Hex, isAddressEqual, size, slice } from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anySelector, anyTarget, noCalldata, ownRevocationClaim } from "../constants.js";
import { LatchkeyError } from "../errors/base.js";
import {
  CalldataTooShortError,
  SelectorNotAllowedError,
  TargetNotAllowedError,
  ValueExceededError,
} from "../errors/manager.js";
import type { CallContext } from "../errors/policy.js";
import { CallNotAllowedError } from "../errors/use.js";
import { sessionKeyManagerUseAbi } from "../generated.js";
import { checkAbiRules } from "../policies/abiRule.js";
import { checkErc20Limits } from "../policies/erc20Limit.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Action, Session } from "../types.js";
import type { Call } from "./execution.js";

export type MatchCallsParameters = {
  session: Session;
  calls: readonly Call[];
  contracts?: ContractOverrides | undefined;
  /**
   * What to do with a call that no action allows: "throw" a CallNotAllowedError, or claim the "closest" action and leave
   * it to the chain to refuse it.
   */
  otherwise?: "throw" | "closest" | undefined;
};

/**
 * Finds, for each call, the first action of a session that allows it, as far as can be known offline: what has been
 * spent is known to the chain alone.
 *
 * @param parameters {@link MatchCallsParameters}
 * @returns For each call the index of its action, or {@link ownRevocationClaim} if it revokes the session itself: the claims
 * of a use.
 * @throws CallNotAllowedError if no action allows a call, with the reason in `cause`.
 *
 * @example
 * import { matchCalls, parseSession } from "latchkey";
 *
 * const claimsOf = (serialized: string) =>
 *   matchCalls({
 *     session: parseSession(serialized),
 *     calls: [{ to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", value: 0n, data: "0x12345678" }],
 *   });
 */
export function matchCalls({
  session,
  calls,
  contracts,
  otherwise = "throw",
}: MatchCallsParameters): readonly number[] {
  const id = getSessionId(session);
  return calls.map((call, callIndex) => {
    if (isOwnRevocation({ id, call, contracts })) return ownRevocationClaim;
    const reasons: Refusal[] = [];
    for (const actionIndex of session.actions.keys()) {
      const reason = findReason({ session, call, callIndex, actionIndex, id, contracts });
      if (reason === undefined) return actionIndex;
      reasons.push({ ...reason, actionIndex });
    }
    // The closest action is the one that the call got furthest with.
    const closest = reasons.reduce((best, reason) => (reason.distance < best.distance ? reason : best));
    if (otherwise === "closest") return closest.actionIndex;
    throw new CallNotAllowedError({
      callIndex,
      call,
      reasons: reasons.map(({ error }) => error),
      cause: closest.error,
    });
  });
}

/** Whether a call revokes the session itself, which every session may do. */
function isOwnRevocation({
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

type Reason = { readonly error: LatchkeyError; readonly distance: number };
type Refusal = Reason & { readonly actionIndex: number };

function findReason({
  session,
  call,
  callIndex,
  actionIndex,
  id,
  contracts,
}: {
  session: Session;
  call: Call;
  callIndex: number;
  actionIndex: number;
  id: Hex;
  contracts: ContractOverrides | undefined;
}): Reason | undefined {
  const action = session.actions[actionIndex];
  if (action === undefined) return undefined;
  const context = { id, callIndex, actionIndex };
  const length = size(call.data);
  if (length > 0 && length < 4) return { error: new CalldataTooShortError({ length, context }), distance: 4 };
  if (action.target !== anyTarget && !isAddressEqual(action.target, call.to)) {
    const error = new TargetNotAllowedError({ expected: action.target, actual: call.to, context });
    return { error, distance: 3 };
  }
  if (!fitsSelector(action, call)) {
    const actual = length === 0 ? "0x00000000" : slice(call.data, 0, 4);
    return { error: new SelectorNotAllowedError({ expected: action.selector, actual, context }), distance: 2 };
  }
  if (call.value > action.maxValue)
    return { error: new ValueExceededError({ maxValue: action.maxValue, value: call.value, context }), distance: 1 };
  const error = askPolicies({ session, action, call, context, contracts });
  return error && { error, distance: 0 };
}

function fitsSelector({ selector }: Action, { data }: Call): boolean {
  if (selector === noCalldata) return data === "0x";
  return data !== "0x" && (selector === anySelector || selector === slice(data, 0, 4));
}

/** What the known policies of an action have against a call. */
function askPolicies({
  session,
  action,
  call,
  context,
  contracts,
}: {
  session: Session;
  action: Action;
  call: Call;
  context: CallContext;
  contracts: ContractOverrides | undefined;
}): LatchkeyError | undefined {
  const checks = {
    [findContract("abiRulePolicy", contracts)]: checkAbiRules,
    [findContract("erc20LimitPolicy", contracts)]: checkErc20Limits,
  };
  try {
    for (const { policy, config } of action.policies)
      checks[getAddress(policy)]?.({
        config,
        data: call.data,
        account: session.account,
        context: { ...context, policy },
      });
    return undefined;
  } catch (error) {
    if (error instanceof LatchkeyError) return error;
    throw error;
  }
}
