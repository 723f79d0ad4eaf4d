import { type Address, type Chain, type Client, getAddress, isAddressEqual, type Transport } from "viem";
import { getBlock } from "viem/actions";
import type { ContractOverrides } from "../addresses.js";
import { getManager } from "../manager.js";
import { decodeErc20LimitConfig, type Erc20Function, erc20Functions } from "../policies/erc20Limit.js";
import { decodeLimitConfig, type Limits } from "../policies/limit.js";
import { type Budget, noBudget } from "../policies/spend.js";
import { getBudgetId } from "../session/getBudgetId.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Policy, Session } from "../types.js";
import { findPolicyName } from "../use/checkCall.js";
import { readTogether } from "../utils/readTogether.js";
import { readBudget } from "./getSessionState.js";

/** What a budget is of: a token, native currency, calls or operations, or what operations may cost. */
export type SessionAllowanceType = "erc20" | "native" | "usage" | "gas";

export type GetSessionAllowanceParameters<type extends SessionAllowanceType = SessionAllowanceType> = {
  session: Session;
  /** Only budgets of this type; all if it is left out. */
  type?: type | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** A limit and how much of it is spent: in the token's smallest unit, in wei, or in calls or operations. */
export type SpentLimit = { limit: bigint; spent: bigint; remaining: bigint };

type Remaining = {
  total: SpentLimit | undefined;
  /** The present period's limit, its length in seconds, and when the next begins in seconds since 1970. */
  perPeriod: (SpentLimit & { seconds: number; resetsAt: number }) | undefined;
  /** How much the next call or operation may use at most; undefined if there is no limit on amounts. */
  available: bigint | undefined;
};

/** What is left of a budget of a token. */
export type Erc20Allowance = Remaining & {
  type: "erc20";
  token: Address;
  /** The functions that share the budget. */
  functions: readonly Erc20Function[];
  /** Who may receive tokens; anyone if undefined. */
  recipients: readonly Address[] | undefined;
  /** The most of one call, in the token's smallest unit. */
  perCall: bigint | undefined;
};

type OfScope =
  | {
      /** The budget is of all operations of the session. */
      scope: "session";
      /** The most of one operation. */
      perOperation: bigint | undefined;
    }
  | {
      /** The budget is of the calls that some actions allow. */
      scope: "actions";
      /** Indexes of the actions that share the budget. */
      actions: readonly number[];
      /** The most of one call. */
      perCall: bigint | undefined;
    };

/** What is left of a budget of native currency, in wei. */
export type NativeAllowance = Remaining & OfScope & { type: "native" };

/** How many more calls or operations there may be. */
export type UsageAllowance = Remaining & OfScope & { type: "usage"; of: "calls" | "operations" };

/** What operations may still cost, in wei. */
export type GasAllowance = Remaining & {
  type: "gas";
  scope: "session";
  /** The most of one operation. */
  perOperation: bigint | undefined;
};

/** What is left of one budget; `type` says of which kind. */
export type SessionAllowance = Erc20Allowance | NativeAllowance | UsageAllowance | GasAllowance;

export type GetSessionAllowanceReturnType<type extends SessionAllowanceType = SessionAllowanceType> = readonly Extract<
  SessionAllowance,
  { type: type }
>[];

/**
 * Reads what is left of a session's budgets: of tokens, native currency, usage and gas. It says nothing about balances, nor
 * whether the session is active.
 *
 * @param client A client of the session's chain that can read contracts.
 * @param parameters {@link GetSessionAllowanceParameters}
 * @returns One entry for each budget, tokens first. {@link SessionAllowance}
 * @throws ContractNotConfiguredError, and viem's errors of `readContract` and `getBlock`.
 *
 * @example
 * import { getSessionAllowance, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const leftOf = async (session: Session) => {
 *   const [allowance] = await getSessionAllowance(client, { session, type: "erc20" });
 *   return allowance?.total?.remaining;
 * };
 */
export async function getSessionAllowance<const type extends SessionAllowanceType = SessionAllowanceType>(
  client: Client<Transport, Chain | undefined>,
  { session, type, contracts }: GetSessionAllowanceParameters<type>,
): Promise<GetSessionAllowanceReturnType<type>> {
  const manager = getManager(contracts);
  const id = getSessionId(session);
  const sources = listSources(session, contracts).filter((source) => type === undefined || source.type === type);
  return readTogether(client, async (reader) => {
    const [block, ...spent] = await Promise.all([
      getBlock(reader),
      ...sources.map(({ policy }) =>
        readBudget(reader, manager, session.account, {
          policy: policy.policy,
          budgetId: getBudgetId({ id, ...policy }),
        }),
      ),
    ]);
    const now = Number(block.timestamp);
    return sources
      .map((source, index) => toAllowance(source, spent[index]?.[1] ?? noBudget, now))
      .filter((allowance): allowance is Extract<SessionAllowance, { type: type }> => isOfType(allowance, type));
  });
}

function isOfType(allowance: SessionAllowance, type: SessionAllowanceType | undefined): boolean {
  return type === undefined || allowance.type === type;
}

/** Where a budget comes from: a policy of the session, or one that actions share. */
type Source = {
  readonly type: SessionAllowanceType;
  readonly policy: Policy;
  /** Undefined for a policy of the session. */
  readonly actions: readonly number[] | undefined;
  readonly token: Address;
  readonly functions: readonly Erc20Function[];
};

const types = {
  erc20LimitPolicy: "erc20",
  nativeLimitPolicy: "native",
  usageLimitPolicy: "usage",
  gasLimitPolicy: "gas",
} as const;

function findType(policy: Address, contracts: ContractOverrides | undefined): SessionAllowanceType | undefined {
  const name = findPolicyName(policy, contracts);
  return name === undefined || name === "abiRulePolicy" || name === "typedDataPolicy" ? undefined : types[name];
}

const order: readonly SessionAllowanceType[] = ["erc20", "native", "usage", "gas"];

function listSources(session: Session, contracts: ContractOverrides | undefined): readonly Source[] {
  const sources: Source[] = [];
  session.actions.forEach(({ target, selector, policies }, index) => {
    const functions = erc20Names.filter((name) => erc20Functions[name].selector === selector);
    for (const policy of policies) {
      const type = findType(policy.policy, contracts);
      // As a policy of an action, a gas limit refuses every call.
      if (type === undefined || type === "gas") continue;
      const at = sources.findIndex((source) => isSame(source, policy, type, target));
      const known = sources[at];
      const source = {
        ...{ type, policy, token: target },
        actions: [...(known?.actions ?? []), index],
        functions: [...(known?.functions ?? []), ...functions],
      };
      if (known === undefined) sources.push(source);
      else sources[at] = source;
    }
  });
  for (const policy of session.operationPolicies) {
    const type = findType(policy.policy, contracts);
    if (type === undefined || type === "erc20") continue;
    sources.push({ type, policy, actions: undefined, token: policy.policy, functions: [] });
  }
  return [...sources].sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
}

function isSame({ policy, token, type: known }: Source, other: Policy, type: SessionAllowanceType, target: Address) {
  const isSamePolicy = isAddressEqual(policy.policy, other.policy) && policy.config === other.config;
  // Of a token, the unit is the token's.
  return isSamePolicy && (known !== "erc20" || type !== "erc20" || isAddressEqual(token, target));
}

const erc20Names = ["transfer", "transferFrom", "approve", "increaseAllowance"] as const;

function toAllowance(source: Source, spent: Budget, now: number): SessionAllowance {
  const { type, policy, actions, token, functions } = source;
  if (type === "erc20") {
    const { perCall, recipients, ...limits } = decodeErc20LimitConfig(policy.config);
    const remaining = getRemaining({ ...limits, atOnce: perCall }, spent, now);
    return { type, token: getAddress(token), functions, recipients, perCall, ...remaining };
  }
  const limits = decodeLimitConfig(policy.config);
  const { atOnce } = limits;
  const remaining = getRemaining(limits, spent, now);
  if (type === "gas") return { type, scope: "session", perOperation: atOnce, ...remaining };
  const ofScope: OfScope =
    actions === undefined ? { scope: "session", perOperation: atOnce } : { scope: "actions", actions, perCall: atOnce };
  if (type === "native") return { type, ...ofScope, ...remaining };
  const of = actions !== undefined || limits.countsCalls ? "calls" : "operations";
  return { type, of, ...ofScope, ...remaining };
}

function getRemaining({ atOnce, total, perPeriod }: Limits, spent: Budget, now: number): Remaining {
  const ofTotal = total === undefined ? undefined : toSpent(total, spent.total);
  const ofPeriod = perPeriod && toPeriod(perPeriod, spent, now);
  const bounds = [atOnce, ofTotal?.remaining, ofPeriod?.remaining].filter((bound) => bound !== undefined);
  const available = bounds.reduce<bigint | undefined>(
    (least, bound) => (least === undefined || bound < least ? bound : least),
    undefined,
  );
  return { total: ofTotal, perPeriod: ofPeriod, available };
}

function toSpent(limit: bigint, spent: bigint): SpentLimit {
  return { limit, spent, remaining: limit > spent ? limit - spent : 0n };
}

function toPeriod(
  { amount, seconds, anchor }: { amount: bigint; seconds: number; anchor: number },
  { inPeriod, period: latest }: Budget,
  now: number,
): SpentLimit & { seconds: number; resetsAt: number } {
  const period = Math.max(0, Math.floor((now - anchor) / seconds));
  const current = Math.max(period, Number(latest));
  return {
    ...toSpent(amount, current === Number(latest) ? inPeriod : 0n),
    seconds,
    resetsAt: anchor + (current + 1) * seconds,
  };
}
