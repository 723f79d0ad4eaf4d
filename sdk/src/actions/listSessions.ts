import { type Address, type Chain, type Client, type Hex, isAddressEqual, type Transport } from "viem";
import { NoSourceError } from "../errors/input.js";
import { AccountMismatchError } from "../errors/use.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { parseAddress } from "../utils/validate.js";
import { findPublishedSessions, type GetPublishedSessionsParameters } from "./getPublishedSessions.js";
import { createStatusReader, type GetSessionStatusReturnType } from "./getSessionStatus.js";

/** A session that is known from elsewhere, such as a storage. */
export type KnownSession = {
  readonly session: Session;
  /** For a session in a granted Merkle tree: the siblings from its id up, from {@link getSessionTree}. */
  readonly proof?: readonly Hex[] | undefined;
};

export type ListSessionsParameters = Omit<GetPublishedSessionsParameters, "fromBlock"> & {
  /** Sessions of the account that are known already, for instance from a storage; those of other accounts are refused. */
  sessions?: readonly (Session | KnownSession)[] | undefined;
  /** The block from which published sessions are searched; if it is left out, only `sessions` are listed. */
  fromBlock?: bigint | "earliest" | undefined;
};

/** A session of an account, and where it stands now. */
export type ListedSession = GetSessionStatusReturnType & {
  session: Session;
  /** The session's id. */
  id: Hex;
  /** Whether it was given, found in events, or both. */
  source: "given" | "published" | "both";
  /** The block in which it was published last, if it was found in events. */
  blockNumber: bigint | undefined;
};

export type ListSessionsReturnType = readonly ListedSession[];

export type ListSessionsErrorType = AccountMismatchError | NoSourceError;

/**
 * Lists the sessions of an account: those that were published on the chain and those that are given, each once, with
 * their status. What all share (epoch, installation, time) is read once; with `batch: { multicall: true }` the client
 * reads the rest in one request.
 *
 * @param client A client of the chain that can read contracts and events.
 * @param parameters {@link ListSessionsParameters}
 * @returns First those that are given, then those that were only published. {@link ListedSession}
 * @throws NoSourceError if neither `sessions` nor `fromBlock` is given; AccountMismatchError; what
 * {@link getPublishedSessions} throws.
 *
 * @example
 * import { listSessions, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http(), batch: { multicall: true } });
 * const list = (stored: readonly Session[]) =>
 *   listSessions(client, {
 *     account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *     sessions: stored,
 *     fromBlock: 8_000_000n,
 *     onProgress: ({ searchedTo, toBlock }) => console.log(`${searchedTo} of ${toBlock}`),
 *   });
 */
export async function listSessions(
  client: Client<Transport, Chain | undefined>,
  { sessions, fromBlock, ...parameters }: ListSessionsParameters,
): Promise<ListSessionsReturnType> {
  if (sessions === undefined && fromBlock === undefined) throw new NoSourceError();
  const account = parseAddress("account", parameters.account);
  const given = new Map((sessions ?? []).map((item) => toKnown(item, account)));
  const published =
    fromBlock === undefined ? [] : await findPublishedSessions(client, { ...parameters, account, fromBlock });
  const blocks = new Map(published.map(({ id, blockNumber }) => [id, blockNumber]));
  const readStatus = createStatusReader(client, parameters.contracts);
  const all = [...given.values(), ...published.filter(({ id }) => !given.has(id))];
  return Promise.all(
    all.map(async (known) => {
      const id = getSessionId(known.session);
      const blockNumber = blocks.get(id);
      const source = !given.has(id) ? "published" : blockNumber === undefined ? "given" : "both";
      return { session: known.session, id, source, blockNumber, ...(await readStatus(known)) } as const;
    }),
  );
}

function toKnown(item: Session | KnownSession, account: Address): [Hex, KnownSession] {
  const known = "session" in item ? item : { session: item };
  if (!isAddressEqual(known.session.account, account))
    throw new AccountMismatchError({ expected: account, actual: known.session.account });
  return [getSessionId(known.session), known];
}
