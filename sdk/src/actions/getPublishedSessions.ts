import {
  type Address,
  BaseError,
  type Chain,
  type Client,
  type Hex,
  HttpRequestError,
  isAddressEqual,
  MethodNotFoundRpcError,
  RpcError,
  RpcRequestError,
  type Transport,
} from "viem";
import { getBlock, getContractEvents } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { decodeSession } from "../session/encodeSession.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { parseAddress, parseAmount } from "../utils/validate.js";
import { createStatusReader, type GetSessionStatusReturnType } from "./getSessionStatus.js";

/** How far a search of the chain has come. */
export type SearchProgress = {
  /** The first block that was to be searched. */
  fromBlock: bigint;
  /** The last block that is to be searched. */
  toBlock: bigint;
  /** The last block that has been searched. */
  searchedTo: bigint;
  /** How many sessions were found so far. */
  found: number;
};

export type GetPublishedSessionsParameters = {
  /** The smart account. */
  account: Address;
  /** The block to begin with; that in which the manager was installed is early enough. */
  fromBlock: bigint | "earliest";
  /** The last block; the latest if it is left out. */
  toBlock?: bigint | "latest" | "safe" | "finalized" | undefined;
  /**
   * The most blocks to ask for at once. If it is left out, all are asked for, and half as many whenever the provider
   * refuses: give what the provider allows, if that is known, and save the refusals.
   */
  blockRange?: bigint | undefined;
  /** Told how far the search has come, after each range of blocks. */
  onProgress?: ((progress: SearchProgress) => void) | undefined;
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
 * again, and its status read: an event alone grants nothing. Blocks are searched in as large ranges as the provider
 * takes.
 *
 * @param client A client that can read contracts and events.
 * @param parameters {@link GetPublishedSessionsParameters}
 * @returns Each session once, in the order in which they were first published. {@link PublishedSession}
 * @throws ContractNotConfiguredError, InvalidAddressError, InvalidAmountError, and viem's errors of `getContractEvents`,
 * `getBlock` and `readContract`.
 *
 * @example
 * import { getPublishedSessions } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const list = async () => {
 *   const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const sessions = await getPublishedSessions(client, { account, fromBlock: 8_000_000n, blockRange: 10_000n });
 *   return sessions.filter(({ effective }) => effective === "active");
 * };
 */
export async function getPublishedSessions(
  client: Client<Transport, Chain | undefined>,
  parameters: GetPublishedSessionsParameters,
): Promise<GetPublishedSessionsReturnType> {
  const found = await findPublishedSessions(client, parameters);
  const readStatus = createStatusReader(client, parameters.contracts);
  return Promise.all(found.map(async (published) => ({ ...published, ...(await readStatus(published)) })));
}

type Found = Omit<PublishedSession, keyof GetSessionStatusReturnType>;

/** The sessions that events show, each once, without their status. */
export async function findPublishedSessions(
  client: Client<Transport, Chain | undefined>,
  { account, fromBlock, toBlock = "latest", blockRange, onProgress, contracts }: GetPublishedSessionsParameters,
): Promise<readonly Found[]> {
  const address = parseAddress("account", account);
  const filter = {
    address: getManager(contracts),
    abi: sessionKeyManagerAbi,
    eventName: "SessionPublished",
    args: { account: address },
    strict: true,
  } as const;
  const read = getAction(client, getContractEvents, "getContractEvents");
  const first = fromBlock === "earliest" ? 0n : parseAmount("fromBlock", fromBlock, maximumBlock);
  const last =
    typeof toBlock === "bigint"
      ? parseAmount("toBlock", toBlock, maximumBlock)
      : (await getAction(client, getBlock, "getBlock")({ blockTag: toBlock })).number;
  const found = new Map<Hex, Found>();
  await searchInRanges({
    first,
    last,
    limit: blockRange === undefined ? undefined : parseAmount("blockRange", blockRange, maximumBlock, 1n),
    search: async (from, to) => {
      for (const { args, blockNumber } of await read({ ...filter, fromBlock: from, toBlock: to })) {
        const session = decodeSession(args.session);
        const id = getSessionId(session);
        if (id === args.id && isAddressEqual(session.account, address)) found.set(id, { session, id, blockNumber });
      }
      onProgress?.({ fromBlock: first, toBlock: last, searchedTo: to, found: found.size });
    },
  });
  return [...found.values()];
}

/** Searches blocks in ranges as large as they may be: half as large whenever that is refused. */
async function searchInRanges({
  first,
  last,
  limit,
  search,
}: {
  first: bigint;
  last: bigint;
  limit: bigint | undefined;
  search: (from: bigint, to: bigint) => Promise<void>;
}): Promise<void> {
  let range = limit ?? last - first + 1n;
  for (let from = first; from <= last; ) {
    const to = from + range - 1n < last ? from + range - 1n : last;
    try {
      await search(from, to);
      from = to + 1n;
    } catch (error) {
      if (to === from || !mayBeTooMany(error)) throw error;
      range = (to - from + 1n) / 2n;
    }
  }
}

const maximumBlock = 2n ** 64n - 1n;

/** Whether a provider may have refused for the number of blocks or logs: each says so in a way of its own. */
function mayBeTooMany(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const answer = error.walk(
    (cause) => cause instanceof RpcError || cause instanceof RpcRequestError || cause instanceof HttpRequestError,
  );
  if (answer instanceof HttpRequestError) return answer.status === 400 || answer.status === 413;
  return answer !== null && !(answer instanceof MethodNotFoundRpcError);
}
