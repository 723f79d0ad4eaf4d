import { type Address, type BlockTag, type Chain, type Client, type Hex, isAddressEqual, type Transport } from "viem";
import { getContractEvents } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, getContract } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { decodeSession } from "../session/encodeSession.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { parseAddress } from "../utils/validate.js";
import { type GetSessionStatusReturnType, getSessionStatus } from "./getSessionStatus.js";

export type GetPublishedSessionsParameters = {
  /** The smart account. */
  account: Address;
  /** The block to begin with; that in which the manager was installed is early enough. */
  fromBlock: bigint | "earliest";
  /** The last block; the latest if it is left out. */
  toBlock?: bigint | BlockTag | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** A session that was published, and where it stands now. */
export type PublishedSession = GetSessionStatusReturnType & {
  session: Session;
  /** The session's id. */
  id: Hex;
  /** The block in which it was published last. */
  blockNumber: bigint;
};

export type GetPublishedSessionsReturnType = readonly PublishedSession[];

/**
 * Lists the sessions of an account that were published when they were granted, with nothing but an RPC. Each is hashed
 * again, and its status read: an event alone grants nothing.
 *
 * @param client A client that can read contracts and events.
 * @param parameters {@link GetPublishedSessionsParameters}
 * @returns Each session once, in the order in which they were first published. {@link PublishedSession}
 * @throws ContractNotConfiguredError, InvalidAddressError, and viem's errors of `getContractEvents` and `readContract`.
 *
 * @example
 * import { getPublishedSessions } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const list = async () => {
 *   const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const sessions = await getPublishedSessions(client, { account, fromBlock: 8_000_000n });
 *   return sessions.filter(({ effective }) => effective === "active");
 * };
 */
export async function getPublishedSessions(
  client: Client<Transport, Chain | undefined>,
  { account, fromBlock, toBlock, contracts }: GetPublishedSessionsParameters,
): Promise<GetPublishedSessionsReturnType> {
  const address = parseAddress("account", account);
  const events = await getAction(
    client,
    getContractEvents,
    "getContractEvents",
  )({
    address: getContract("manager", contracts),
    abi: sessionKeyManagerAbi,
    eventName: "SessionPublished",
    args: { account: address },
    fromBlock,
    ...(toBlock === undefined ? {} : { toBlock }),
    strict: true,
  });
  const found = new Map<Hex, Omit<PublishedSession, keyof GetSessionStatusReturnType>>();
  for (const { args, blockNumber } of events) {
    const session = decodeSession(args.session);
    const id = getSessionId(session);
    // A pending event has no block.
    if (id === args.id && isAddressEqual(session.account, address) && blockNumber !== null)
      found.set(id, { session, id, blockNumber });
  }
  return Promise.all(
    [...found.values()].map(async (published) => ({
      ...published,
      ...(await getSessionStatus(client, { session: published.session, contracts })),
    })),
  );
}
