import type { Address, Hex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig } from "../policies/erc20Limit.js";
import { decodeLimitConfig } from "../policies/limit.js";
import type { Session } from "../types.js";
import { type MatchCallsParameters, matchCalls } from "./matchCalls.js";

/** What a use of a session says about its calls: which actions they claim, and the periods that their budgets have. */
export function planCalls(parameters: MatchCallsParameters): {
  claims: readonly number[];
  periods: readonly Period[];
} {
  const claims = matchCalls(parameters);
  return { claims, periods: listPeriods(parameters.session, claims, parameters.contracts) };
}

// Bundlers refuse an operation that ends within some 30 seconds or began less than some 5 seconds ago.
const deadBeforeEnd = 32;
const deadAfterStart = 6;

/** Periods that a budget is counted in, in seconds. */
export type Period = { readonly anchor: number; readonly seconds: number };

/** The periods that the claimed actions, and operations as a whole, are limited by. */
function listPeriods(
  session: Session,
  claims: readonly number[],
  contracts: ContractOverrides | undefined,
): readonly Period[] {
  const policies = [...new Set(claims)].flatMap((claim) => session.actions[claim]?.policies ?? []);
  return [...policies, ...session.operationPolicies].flatMap(({ policy, config }) => {
    const perPeriod = readPeriod(policy, config, contracts);
    return perPeriod ? [perPeriod] : [];
  });
}

function readPeriod(policy: Address, config: Hex, contracts: ContractOverrides | undefined): Period | undefined {
  if (isPolicy("erc20LimitPolicy", policy, contracts)) return decodeErc20LimitConfig(config).perPeriod;
  const counts = (["gasLimitPolicy", "nativeLimitPolicy", "usageLimitPolicy"] as const).some((name) =>
    isPolicy(name, policy, contracts),
  );
  return counts ? decodeLimitConfig(config).perPeriod : undefined;
}

/** Whether a use of the session may have to state a time for a period. */
export function hasPeriods(session: Session, contracts: ContractOverrides | undefined): boolean {
  return listPeriods(session, [...session.actions.keys()], contracts).length > 0;
}

/** When all periods are well away from their boundaries: now, or the end of the time in which no bundler helps. */
export function findRetry(periods: readonly Period[], now: number): number {
  return periods.reduce((latest, { anchor, seconds }) => {
    if (now < anchor) return Math.max(latest, now);
    const begun = (now - anchor) % seconds;
    if (begun < deadAfterStart) return Math.max(latest, now - begun + deadAfterStart);
    if (seconds - begun <= deadBeforeEnd) return Math.max(latest, now - begun + seconds + deadAfterStart);
    return latest;
  }, now);
}
