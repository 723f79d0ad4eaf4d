import { type Address, type Chain, type Client, getAddress, type Hex, type Transport } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { SameSessionKeyError } from "../errors/input.js";
import type { SessionRevokedError } from "../errors/manager.js";
import { getManager } from "../manager.js";
import { isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig, encodeErc20LimitConfig } from "../policies/erc20Limit.js";
import { decodeLimitConfig, encodeLimitConfig } from "../policies/limit.js";
import { type DefineSessionParameters, parseSessionKey, randomSalt } from "../session/defineSession.js";
import { getBudgetId } from "../session/getBudgetId.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Policy, Session } from "../types.js";
import { getGrantCalls } from "./getGrantCalls.js";
import { readBudget } from "./getSessionState.js";
import { checkGrant, type GrantSessionErrorType } from "./grantSession.js";
import { getRevokeCall } from "./revokeSession.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

export type RotateSessionKeyParameters = OwnerOperationParameters & {
  /** The session whose key is replaced. */
  session: Session;
  /** Who may act from then on: a session key, a viem account, or its address. */
  sessionKey: DefineSessionParameters["sessionKey"];
  /**
   * What becomes of total limits: "remaining" lets the new session spend what the old one has left, "fresh" all of it
   * once more. "remaining" if it is left out. Limits per period begin anew either way.
   */
  budgets?: "remaining" | "fresh" | undefined;
  /** Whether to publish the new session in an event, so that {@link getPublishedSessions} finds it; no if it is left out. */
  publish?: boolean | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type RotateSessionKeyReturnType = OwnerOperationReturnType & {
  /** The session that takes the place of the other. */
  session: Session;
  /** Its id. */
  id: Hex;
};

export type RotateSessionKeyErrorType = GrantSessionErrorType | SameSessionKeyError | SessionRevokedError;

/**
 * Replaces a session's key: revokes the session and grants one that says the same for another key, in one user operation
 * of the owner's, and waits until it is included. There is no moment at which both, or neither, may act.
 *
 * Budgets belong to a session, so the new one has its own. Total limits are lowered to what the old session has left when
 * this is called; what the old key spends between then and the inclusion is not taken off. What was spent of the present
 * period is forgotten: in that period, both together can spend up to twice the limit per period. A session for every chain
 * is rotated on this chain only: revoke it on the others.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link RotateSessionKeyParameters}
 * @returns The new session, its id, and the operation's hash and receipt.
 * @throws SameSessionKeyError, AccountMismatchError, ChainMismatchError, EpochMismatchError, SessionRevokedError before
 * anything is sent; UserOperationFailedError if it was included but failed; viem's errors of `sendUserOperation`.
 *
 * @example
 * import { createSessionKey, rotateSessionKey, type Session } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const rotate = async (client: BundlerClient, owner: SmartAccount, old: Session) => {
 *   const sessionKey = createSessionKey();
 *   const { session } = await rotateSessionKey(client, { account: owner, session: old, sessionKey });
 *   return { session, sessionKey };
 * };
 */
export async function rotateSessionKey(
  client: BundlerLikeClient,
  { session: old, sessionKey, budgets = "remaining", publish, contracts, ...operation }: RotateSessionKeyParameters,
): Promise<RotateSessionKeyReturnType> {
  const owner = getOwner(client, operation.account);
  const key = parseSessionKey(sessionKey);
  if (key === old.sessionKey) throw new SameSessionKeyError({ sessionKey: key });
  await checkGrant(owner, [old], undefined, contracts);
  const limited = budgets === "fresh" ? old : await keepRemaining(owner.client, old, contracts);
  const session: Session = { ...limited, sessionKey: key, salt: randomSalt() };
  const calls = [
    getRevokeCall({ ids: [getSessionId(old)], contracts }),
    ...getGrantCalls({ sessions: [session], install: false, publish, contracts }),
  ];
  return { ...(await sendOwnerCalls(client, { ...operation, calls })), session, id: getSessionId(session) };
}

/** The session with its total limits lowered to what is left of them. */
async function keepRemaining(
  client: Client<Transport, Chain | undefined>,
  session: Session,
  contracts: ContractOverrides | undefined,
): Promise<Session> {
  const manager = getManager(contracts);
  const id = getSessionId(session);
  const policies = [...session.operationPolicies, ...session.actions.flatMap((action) => action.policies)];
  const budgets = new Map(policies.map((policy) => [nameBudget(policy), policy]));
  const lowered = await Promise.all(
    [...budgets].map(async ([name, { policy, config }]) => {
      const codec = findCodec(policy, contracts);
      const limits = codec?.decode(config);
      if (codec === undefined || limits?.total === undefined) return { name, policy, encode: () => config };
      const { total } = limits;
      const budgetId = getBudgetId({ id, policy, config });
      const [, { total: spent }] = await readBudget(client, manager, session.account, { policy, budgetId });
      const left = total > spent ? total - spent : 0n;
      const encode = (step: number) =>
        codec.encode({
          ...limits,
          total: left,
          salt: step === 0 ? limits.salt : ((limits.salt ?? 0) + step) % 2 ** 32,
        });
      return { name, policy, encode };
    }),
  );
  // Budgets that were apart stay apart: two that have come to the same configuration would be one.
  const taken = new Set<string>();
  const configs = new Map<string, Hex>();
  for (const { name, policy, encode } of lowered) {
    let step = 0;
    while (taken.has(nameBudget({ policy, config: encode(step) }))) step++;
    const config = encode(step);
    taken.add(nameBudget({ policy, config }));
    configs.set(name, config);
  }
  const lower = (policy: Policy): Policy => ({ ...policy, config: configs.get(nameBudget(policy)) ?? policy.config });
  return {
    ...session,
    operationPolicies: session.operationPolicies.map(lower),
    actions: session.actions.map((action) => ({ ...action, policies: action.policies.map(lower) })),
  };
}

function nameBudget({ policy, config }: Policy): string {
  return `${getAddress(policy)}:${config}`;
}

type Counted = { readonly total?: bigint | undefined; readonly salt?: number | undefined };

/** How a policy that counts writes its limits. */
function findCodec(
  policy: Address,
  contracts: ContractOverrides | undefined,
): { decode: (config: Hex) => Counted; encode: (limits: Counted) => Hex } | undefined {
  if (isPolicy("erc20LimitPolicy", policy, contracts))
    return { decode: decodeErc20LimitConfig, encode: encodeErc20LimitConfig };
  const isCounting = (["gasLimitPolicy", "nativeLimitPolicy", "usageLimitPolicy"] as const).some((name) =>
    isPolicy(name, policy, contracts),
  );
  return isCounting ? { decode: decodeLimitConfig, encode: encodeLimitConfig } : undefined;
}
