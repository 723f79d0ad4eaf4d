import {
  type Address,
  type Chain,
  type Client,
  encodeAbiParameters,
  type Hex,
  isAddressEqual,
  keccak256,
  parseAbiParameters,
  type Transport,
} from "viem";
import { getBlock, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, getContract } from "../addresses.js";
import { erc20LimitPolicyAbi } from "../generated.js";
import { decodeErc20LimitConfig, type Erc20Function, erc20Functions } from "../policies/erc20Limit.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";

export type GetSessionAllowanceParameters = {
  session: Session;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** A limit and how much of it is spent, in the token's smallest unit. */
export type SpentLimit = { limit: bigint; spent: bigint; remaining: bigint };

/** What is left of one budget. */
export type SessionAllowance = {
  token: Address;
  /** The functions that share the budget. */
  functions: readonly Erc20Function[];
  /** Who may receive tokens; anyone if undefined. */
  recipients: readonly Address[] | undefined;
  /** The most of one call, in the token's smallest unit. */
  perCall: bigint | undefined;
  total: SpentLimit | undefined;
  /** The present period's limit, its length in seconds, and when the next begins in seconds since 1970. */
  perPeriod: (SpentLimit & { seconds: number; resetsAt: number }) | undefined;
  /** How much the next call may move at most; undefined if there is no limit on amounts. */
  available: bigint | undefined;
};

export type GetSessionAllowanceReturnType = readonly SessionAllowance[];

/**
 * Reads what is left of a session's ERC-20 budgets. It says nothing about balances, nor whether the session is active.
 *
 * @param client A client of the session's chain that can read contracts.
 * @param parameters {@link GetSessionAllowanceParameters}
 * @returns One entry for each budget. {@link SessionAllowance}
 * @throws ContractNotConfiguredError, and viem's errors of `readContract` and `getBlock`.
 *
 * @example
 * import { getSessionAllowance, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const leftOf = async (session: Session) => {
 *   const [allowance] = await getSessionAllowance(client, { session });
 *   return allowance?.total?.remaining;
 * };
 */
export async function getSessionAllowance(
  client: Client<Transport, Chain | undefined>,
  { session, contracts }: GetSessionAllowanceParameters,
): Promise<GetSessionAllowanceReturnType> {
  const { manager, erc20LimitPolicy: policy } = {
    manager: getContract("manager", contracts),
    erc20LimitPolicy: getContract("erc20LimitPolicy", contracts),
  };
  const read = getAction(client, readContract, "readContract");
  const id = getSessionId(session);
  const budgets = listBudgets(session, policy);
  const [block, ...states] = await Promise.all([
    getAction(client, getBlock, "getBlock")({}),
    ...budgets.map(({ config }) =>
      read({
        abi: erc20LimitPolicyAbi,
        address: policy,
        functionName: "spent",
        args: [manager, getBudgetId({ id, policy, config }), session.account],
      }),
    ),
  ]);
  const now = Number(block.timestamp);
  return budgets.map(({ config, token, functions }, index) => {
    const [spentInTotal, spentInPeriod, period] = states[index] ?? [0n, 0n, 0n];
    const { perCall, recipients, ...limits } = decodeErc20LimitConfig(config);
    const total = limits.total === undefined ? undefined : toSpent(limits.total, spentInTotal);
    const perPeriod = limits.perPeriod && toPeriod(limits.perPeriod, spentInPeriod, period, now);
    const bounds = [perCall, total?.remaining, perPeriod?.remaining].filter((bound) => bound !== undefined);
    const available = bounds.reduce<bigint | undefined>(
      (least, bound) => (least === undefined || bound < least ? bound : least),
      undefined,
    );
    return { token, functions, recipients, perCall, total, perPeriod, available };
  });
}

/** The id under which a policy counts what is spent: one for all actions with the same policy and configuration. */
export function getBudgetId({ id, policy, config }: { id: Hex; policy: Address; config: Hex }): Hex {
  return keccak256(
    encodeAbiParameters(parseAbiParameters(["bytes32 id, address policy, bytes32 configHash"]), [
      id,
      policy,
      keccak256(config),
    ]),
  );
}

type Budget = { token: Address; config: Hex; functions: Erc20Function[] };

function listBudgets(session: Session, limitPolicy: Address): readonly Budget[] {
  const budgets: Budget[] = [];
  for (const { target, selector, policies } of session.actions)
    for (const { policy, config } of policies) {
      if (!isAddressEqual(policy, limitPolicy)) continue;
      const known = budgets.find((budget) => budget.config === config && isAddressEqual(budget.token, target));
      const budget = known ?? { token: target, config, functions: [] };
      if (known === undefined) budgets.push(budget);
      budget.functions.push(...erc20Names.filter((name) => erc20Functions[name].selector === selector));
    }
  return budgets;
}

const erc20Names = ["transfer", "transferFrom", "approve", "increaseAllowance"] as const;

function toSpent(limit: bigint, spent: bigint): SpentLimit {
  return { limit, spent, remaining: limit > spent ? limit - spent : 0n };
}

function toPeriod(
  { amount, seconds, anchor }: { amount: bigint; seconds: number; anchor: number },
  spent: bigint,
  latest: bigint,
  now: number,
): SpentLimit & { seconds: number; resetsAt: number } {
  const period = Math.max(0, Math.floor((now - anchor) / seconds));
  const current = Math.max(period, Number(latest));
  return {
    ...toSpent(amount, current === Number(latest) ? spent : 0n),
    seconds,
    resetsAt: anchor + (current + 1) * seconds,
  };
}
