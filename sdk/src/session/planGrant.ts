import { isAddressEqual } from "viem";
import { type InvalidNumberError, InvalidParameterError, type UnknownParameterError } from "../errors/input.js";
import { NoSessionsError } from "../errors/manager.js";
import { AccountMismatchError, ChainMismatchError } from "../errors/use.js";
import type { Session } from "../types.js";
import { useCosts } from "../use/estimateSessionGas.js";
import { checkArray, checkParameters, parseNumber } from "../utils/validate.js";
import { getSessionTree } from "./sessionTree.js";

export type PlanGrantParameters = {
  /** Sessions of one account, to be used on one chain. */
  sessions: readonly Session[];
  /** How often each of them will be used, 0 for never: one number for all, or one for each in their order; 1 if it is left out. */
  uses?: number | readonly number[] | undefined;
  /**
   * Whether the owner sends an operation anyway that can grant too, such as the one that installs the manager; no if it is
   * left out.
   */
  joinsOperation?: boolean | undefined;
};

/** What granting in one way costs, in gas. */
export type GrantCost = {
  /** What is paid in all: the sum of the other two. */
  readonly gas: bigint;
  /** For the owner's operation. */
  readonly grant: bigint;
  /** For what all uses carry that uses of a granted session do not: proofs, or the owner's signature. */
  readonly uses: bigint;
};

/** A way to grant sessions. */
export type GrantWay = "transaction" | "root" | "signature";

export type PlanGrantReturnType = {
  /** The way that costs least in all; the earlier of two below that cost the same. */
  readonly cheapest: GrantWay;
  /** Each session by itself, in one operation of the owner's: `grantSession` with `sessions`. */
  readonly transaction: GrantCost;
  /** Their Merkle root, in one operation of the owner's: `grantSession` with `asRoot`. */
  readonly root: GrantCost;
  /** All by one signature of the owner's, at their first uses: {@link signSessionGrant}. Undefined for more than 255 sessions. */
  readonly signature: GrantCost | undefined;
};

export type PlanGrantErrorType =
  | AccountMismatchError
  | ChainMismatchError
  | InvalidNumberError
  | InvalidParameterError
  | NoSessionsError
  | UnknownParameterError;

/** What was measured (docs/gas.md), on Nexus with an ECDSA validator for the owner, calldata included. */
const costs = {
  /** An operation of the owner's that grants one session or root: as a whole, and what it adds to another one. */
  operation: 114_550,
  joined: 31_400,
  /** Each further session that it grants. */
  further: 24_880,
  /** A first use that grants its session by the owner's signature, and each other session of the bundle. */
  signed: 42_360,
  bundled: 670,
} as const;

/**
 * Compares the ways to grant sessions by what they cost over the sessions' lives: the owner's operation once, and what
 * each use carries because of the way. In gas of the chain that executes it, without what a rollup asks for data, and
 * within 5 % of what was measured on Nexus with an owner of one ECDSA key; of other accounts and owners it is a guide.
 *
 * What a use costs besides, {@link estimateSessionGas} says.
 *
 * @param parameters {@link PlanGrantParameters}
 * @returns {@link PlanGrantReturnType}
 * @throws NoSessionsError; AccountMismatchError or ChainMismatchError if the sessions are of several accounts or chains;
 * InvalidNumberError if a number of uses is none; InvalidParameterError if there are not as many as sessions.
 *
 * @example
 * import { planGrant, type Session } from "latchkey";
 *
 * // "root" for a thousand sessions: the owner grants one id, and each use brings a proof.
 * const wayOf = (sessions: readonly Session[]) => planGrant({ sessions, uses: 2 }).cheapest;
 */
export function planGrant(parameters: PlanGrantParameters): PlanGrantReturnType {
  checkParameters("planGrant's argument", parameters, ["sessions", "uses", "joinsOperation"]);
  const { sessions, uses = 1, joinsOperation = false } = parameters;
  checkArray("sessions", sessions);
  checkSessions(sessions);
  const counts = parseUses(uses, sessions.length);
  const { ids, getProof } = getSessionTree(sessions);
  const one = joinsOperation ? costs.joined : costs.operation;
  const used = counts.filter((count) => count > 0).length;
  const transaction = sum(one + costs.further * (sessions.length - 1), 0n);
  const root = sum(
    one,
    counts.reduce((gas, count, index) => gas + BigInt(count) * costOfProof(getProof(ids[index] ?? "0x").length), 0n),
  );
  const signature =
    sessions.length > 255 ? undefined : sum(0, BigInt(used * (costs.signed + costs.bundled * (sessions.length - 1))));
  return { cheapest: findCheapest({ transaction, root, signature }), transaction, root, signature };
}

/** One account and one chain: the operation that grants is one. */
function checkSessions(sessions: readonly Session[]): void {
  const [first] = sessions;
  if (first === undefined) throw new NoSessionsError();
  const other = sessions.find(({ account }) => !isAddressEqual(account, first.account));
  if (other) throw new AccountMismatchError({ expected: first.account, actual: other.account });
  const [chainId, elsewhere] = new Set(sessions.map((session) => session.chainId).filter((id) => id !== 0n));
  if (chainId !== undefined && elsewhere !== undefined)
    throw new ChainMismatchError({ expected: chainId, actual: elsewhere });
}

function parseUses(uses: number | readonly number[], length: number): readonly number[] {
  if (!Array.isArray(uses)) return new Array(length).fill(parseNumber("uses", uses, 0, Number.MAX_SAFE_INTEGER));
  if (uses.length !== length)
    throw new InvalidParameterError({ parameter: "uses", expected: `one number for each of the ${length} sessions` });
  return uses.map((count, index) => parseNumber(`uses[${index}]`, count, 0, Number.MAX_SAFE_INTEGER));
}

/** What a use costs more for its proof, of so many siblings after their number. */
function costOfProof(depth: number): bigint {
  if (depth === 0) return 0n;
  const bytes = 1 + 32 * depth;
  return BigInt(useCosts.root + useCosts.sibling * depth + (16 + useCosts.byte) * bytes);
}

function sum(grant: number, uses: bigint): GrantCost {
  return { gas: BigInt(grant) + uses, grant: BigInt(grant), uses };
}

function findCheapest(costs: Pick<PlanGrantReturnType, GrantWay>): GrantWay {
  const ways: readonly GrantWay[] = ["transaction", "root", "signature"];
  const gasOf = (way: GrantWay) => costs[way]?.gas;
  return ways.reduce((best, way) => ((gasOf(way) ?? Infinity) < (gasOf(best) ?? Infinity) ? way : best));
}
