import type { Chain, Client, Hex, Transport } from "viem";
import {
  type DescribeSessionParameters,
  type DescribeSessionReturnType,
  describeSession,
} from "../session/describeSession.js";
import { getSessionId } from "../session/getSessionId.js";
import { type GetSessionAllowanceReturnType, getSessionAllowance } from "./getSessionAllowance.js";
import {
  type GetSessionStatusParameters,
  type GetSessionStatusReturnType,
  getSessionStatus,
} from "./getSessionStatus.js";

export type InspectSessionParameters = GetSessionStatusParameters & {
  /** Tokens and contracts to name in the description, see {@link describeSession}; other tokens are asked for their names. */
  describe?: Omit<DescribeSessionParameters, "now" | "deployments"> | undefined;
};

/** All that there is to know about a session now. */
export type InspectSessionReturnType = GetSessionStatusReturnType & {
  /** The session's id. */
  id: Hex;
  /** When it may act, in seconds since 1970; no bound if undefined. */
  window: { from: number | undefined; until: number | undefined };
  /** Seconds until it ends; 0 if it has ended, undefined if it has no end. */
  secondsLeft: number | undefined;
  /** What is left of its ERC-20 budgets. */
  allowances: GetSessionAllowanceReturnType;
  /** What it allows, in words. */
  description: DescribeSessionReturnType;
};

/**
 * Says all that there is to know about a session: whether it may act now and if not why, when it ends, what is left of
 * its budgets, and in words what it allows. Time is that of the latest block.
 *
 * @param client A client of the session's chain that can read contracts.
 * @param parameters {@link InspectSessionParameters}
 * @returns {@link InspectSessionReturnType}
 * @throws ContractNotConfiguredError, ChainMismatchError, and viem's errors of `readContract` and `getBlock`.
 *
 * @example
 * import { inspectSession, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const show = async (session: Session) => {
 *   const { effective, secondsLeft, description } = await inspectSession(client, { session });
 *   console.log(effective, secondsLeft, description.lines.join("\n"));
 * };
 */
export async function inspectSession(
  client: Client<Transport, Chain | undefined>,
  { session, proof, describe, contracts }: InspectSessionParameters,
): Promise<InspectSessionReturnType> {
  const [status, allowances] = await Promise.all([
    getSessionStatus(client, { session, proof, contracts }),
    getSessionAllowance(client, { session, contracts }),
  ]);
  const { now, epoch } = status;
  const description = await describeSession(session, { epoch, ...describe, client, now, deployments: contracts });
  const { validAfter, validUntil } = session;
  const until = validUntil === 0 ? undefined : validUntil;
  return {
    ...status,
    id: getSessionId(session),
    window: { from: validAfter === 0 ? undefined : validAfter, until },
    secondsLeft: until === undefined ? undefined : Math.max(0, until + 1 - status.now),
    allowances,
    description,
  };
}
