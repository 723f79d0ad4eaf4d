import type { Chain, Client, Transport } from "viem";
import { getBlock, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, getContract } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";

export type GetSessionStatusParameters = {
  session: Session;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type GetSessionStatusReturnType = {
  /** Where the session stands on the chain. */
  status: "none" | "granted" | "revoked";
  /**
   * Whether it may act now, and if not why: "not-granted", "revoked", "ended-by-epoch" (the owner revoked all sessions),
   * "wrong-epoch" (it is for an epoch that has not begun), "not-installed", "pending" (it has not begun), "expired".
   */
  effective:
    | "active"
    | "pending"
    | "expired"
    | "not-granted"
    | "revoked"
    | "ended-by-epoch"
    | "wrong-epoch"
    | "not-installed";
  /** The account's epoch. */
  epoch: bigint;
  /** Time of the latest block, in seconds since 1970. */
  now: number;
};

const statuses = ["none", "granted", "revoked"] as const;

/**
 * Reads whether a session may act now, and if not why. Time is that of the latest block.
 *
 * @param client A client of the session's chain that can read contracts.
 * @param parameters {@link GetSessionStatusParameters}
 * @returns {@link GetSessionStatusReturnType}
 * @throws ContractNotConfiguredError, and viem's errors of `readContract` and `getBlock`.
 *
 * @example
 * import { getSessionStatus, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const isActive = async (session: Session) =>
 *   (await getSessionStatus(client, { session })).effective === "active";
 */
export async function getSessionStatus(
  client: Client<Transport, Chain | undefined>,
  { session, contracts }: GetSessionStatusParameters,
): Promise<GetSessionStatusReturnType> {
  const manager = { abi: sessionKeyManagerAbi, address: getContract("manager", contracts) } as const;
  const read = getAction(client, readContract, "readContract");
  const [code, epoch, installed, block] = await Promise.all([
    read({ ...manager, functionName: "sessionStatus", args: [session.account, getSessionId(session)] }),
    read({ ...manager, functionName: "epochOf", args: [session.account] }),
    read({ ...manager, functionName: "isInitialized", args: [session.account] }),
    getAction(client, getBlock, "getBlock")({}),
  ]);
  const status = statuses[code] ?? "none";
  const now = Number(block.timestamp);
  return { status, effective: judge({ session, status, epoch, installed, now }), epoch, now };
}

function judge({
  session,
  status,
  epoch,
  installed,
  now,
}: {
  session: Session;
  status: GetSessionStatusReturnType["status"];
  epoch: bigint;
  installed: boolean;
  now: number;
}): GetSessionStatusReturnType["effective"] {
  if (status === "revoked") return "revoked";
  if (session.epoch < epoch) return "ended-by-epoch";
  if (status === "none") return "not-granted";
  if (session.epoch > epoch) return "wrong-epoch";
  if (session.validUntil !== 0 && now > session.validUntil) return "expired";
  if (!installed) return "not-installed";
  return now < session.validAfter ? "pending" : "active";
}
