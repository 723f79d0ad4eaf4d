import type { Hex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { ownRevocationClaim } from "../constants.js";
import { LatchkeyError } from "../errors/base.js";
import { CallNotAllowedError } from "../errors/call.js";
import { EmptyActionsError } from "../errors/input.js";
import type { CallContext } from "../errors/policy.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Action, Session } from "../types.js";
import { askAboutCall, checkHeader, isOwnRevocation } from "./checkCall.js";
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
    const reasons: Candidate[] = [];
    for (const actionIndex of session.actions.keys()) {
      const reason = findReason({ session, call, callIndex, actionIndex, id, contracts });
      if (reason === undefined) return actionIndex;
      reasons.push({ ...reason, actionIndex });
    }
    // The closest action is the one that the call got furthest with.
    const closest = reasons.reduce<Candidate>(
      (best, reason) => (reason.distance < best.distance ? reason : best),
      reasons[0] ?? { error: new EmptyActionsError(), distance: 4, actionIndex: 0 },
    );
    if (otherwise === "closest") return closest.actionIndex;
    throw new CallNotAllowedError({
      callIndex,
      call,
      reasons: reasons.map(({ error }) => error),
      cause: closest.error,
    });
  });
}

type Reason = { readonly error: LatchkeyError; readonly distance: number };
type Candidate = Reason & { readonly actionIndex: number };

/** How far a call is from being allowed, by what is refused: the lower, the closer. */
const distances = { to: 3, data: 2, value: 1 } as const;

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
  const refusal = checkHeader({ session, action, call, context, contracts });
  if (refusal !== undefined) return { error: refusal.error, distance: distances[refusal.part] };
  const error = askPolicies({ session, action, call, context, contracts });
  return error && { error, distance: 0 };
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
  try {
    for (const policy of action.policies)
      askAboutCall({
        ...{ policy, call, contracts, budget: undefined, claimedTime: 0 },
        account: session.account,
        context: { ...context, policy: policy.policy },
      });
    return undefined;
  } catch (error) {
    if (error instanceof LatchkeyError) return error;
    throw error;
  }
}
