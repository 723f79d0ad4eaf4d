import type { Address, Chain, Client, Hex, Transport } from "viem";
import { getBlock, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import { getProofRoot } from "../session/sessionTree.js";
import type { Session } from "../types.js";

export type GetSessionStatusParameters = {
  session: Session;
  /** For a session in a granted Merkle tree: the siblings from its id up, from {@link getSessionTree}. */
  proof?: readonly Hex[] | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type GetSessionStatusReturnType = {
  /** Where the session stands on the chain by itself; one that a root grants is "none" or "revoked". */
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
  { session, proof, contracts }: GetSessionStatusParameters,
): Promise<GetSessionStatusReturnType> {
  return createStatusReader(client, contracts)({ session, proof });
}

/** Reads the statuses of sessions; what several of them share, once. */
export function createStatusReader(
  client: Client<Transport, Chain | undefined>,
  contracts: ContractOverrides | undefined,
): (entry: Pick<GetSessionStatusParameters, "session" | "proof">) => Promise<GetSessionStatusReturnType> {
  const manager = { abi: sessionKeyManagerAbi, address: getManager(contracts) } as const;
  const read = getAction(client, readContract, "readContract");
  const readStatus = async (account: Address, id: Hex) =>
    statuses[await read({ ...manager, functionName: "sessionStatus", args: [account, id] })] ?? "none";
  const readAccount = remember(async (account: Address) => {
    const [epoch, installed] = await Promise.all([
      read({ ...manager, functionName: "epochOf", args: [account] }),
      read({ ...manager, functionName: "isInitialized", args: [account] }),
    ]);
    return { epoch, installed };
  });
  const readBlock = remember(async (_: "latest") => getAction(client, getBlock, "getBlock")({}));
  return async ({ session, proof }) => {
    const id = getSessionId(session);
    const [status, root, { epoch, installed }, { timestamp }] = await Promise.all([
      readStatus(session.account, id),
      proof && readStatus(session.account, getProofRoot(id, proof)),
      readAccount(session.account),
      readBlock("latest"),
    ]);
    const now = Number(timestamp);
    const granted = status === "none" && root !== undefined ? root : status;
    return { status, effective: judge({ session, status: granted, epoch, installed, now }), epoch, now };
  };
}

function remember<key, result>(make: (key: key) => Promise<result>): (key: key) => Promise<result> {
  const made = new Map<key, Promise<result>>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
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
