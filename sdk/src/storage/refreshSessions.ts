import type { Address, Chain, Client, Hex, Transport } from "viem";
import { getBlockNumber, getChainId, multicall } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getProofRoot } from "../session/sessionTree.js";
import { checkParameters } from "../utils/validate.js";
import type { SessionRecord, SessionState } from "./record.js";
import type { SessionFilter, SessionStore, StoredSession } from "./sessionStore.js";

export type RefreshSessionsParameters = {
  store: SessionStore;
  /** Only the sessions of one account. */
  account?: Address | undefined;
  /** Takes the error about an entry that cannot be read, which is then left out; without it, that error is thrown. */
  onProblem?: SessionFilter["onProblem"];
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type RefreshSessionsReturnType = {
  /** The records of the client's chain, as they are now. */
  sessions: readonly StoredSession[];
  /** Those of them whose state changed. */
  changed: readonly StoredSession[];
  /** The block that was read; undefined if there was nothing to ask. */
  blockNumber: bigint | undefined;
};

/**
 * Brings the records of a chain up to date: which sessions are granted, alone or in a tree, and which revoked, alone or by
 * a new epoch. However many they are, it reads the number of the latest block, and then all of that block in one multicall,
 * through Multicall3 where the client's chain has it. Where it has not, it sends code along that does the same, for some
 * hundred sessions at a time. Sessions that were revoked are not asked about:
 * that is final.
 *
 * @param client A client of the chain that can read contracts.
 * @param parameters {@link RefreshSessionsParameters}
 * @returns {@link RefreshSessionsReturnType}
 * @throws ContractNotConfiguredError, the store's errors, and viem's errors of `getBlockNumber` and `multicall`.
 *
 * @example
 * import { createSessionStore, refreshSessions } from "latchkey/storage";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const store = createSessionStore();
 * const listUsable = async () => {
 *   await refreshSessions(client, { store });
 *   return store.list({ chainId: sepolia.id, status: "active" });
 * };
 */
export async function refreshSessions(
  client: Client<Transport, Chain | undefined>,
  parameters: RefreshSessionsParameters,
): Promise<RefreshSessionsReturnType> {
  checkParameters("refreshSessions' argument", parameters, ["store", "account", "onProblem", "contracts"]);
  const { store, account, onProblem, contracts } = parameters;
  const chainId = client.chain?.id ?? (await getAction(client, getChainId, "getChainId")({}));
  const filter: SessionFilter = { account, chainId, onProblem };
  const stored = await store.list(filter);
  const open = stored.filter(({ state }) => state !== "revoked");
  if (open.length === 0) return { sessions: stored, changed: [], blockNumber: undefined };

  const { readState, blockNumber } = await readStates(client, open, getManager(contracts));
  const changed: StoredSession[] = [];
  for (const record of open) {
    const state = readState(record);
    if (state === record.state) continue;
    const next = await store.observe(record, { state, blockNumber });
    if (next.state !== record.state) changed.push(next);
  }
  return { sessions: changed.length > 0 ? await store.list(filter) : stored, changed, blockNumber };
}

/** Reads all that decides about sessions, at one block. */
async function readStates(
  client: Client<Transport, Chain | undefined>,
  records: readonly SessionRecord[],
  manager: Address,
): Promise<{ readState: (record: SessionRecord) => SessionState; blockNumber: bigint }> {
  const accounts = [...new Set(records.map(({ session }) => session.account))];
  const slots = new Map(records.flatMap(listSlots).map((slot) => [`${slot.account} ${slot.id}`, slot]));
  const contract = { abi: sessionKeyManagerAbi, address: manager } as const;
  const blockNumber = await getAction(client, getBlockNumber, "getBlockNumber")({ cacheTime: 0 });
  const { multicall3 } = client.chain?.contracts ?? {};
  const hasMulticall = multicall3 !== undefined && blockNumber >= (multicall3.blockCreated ?? 0);
  const answers = await getAction(
    client,
    multicall,
    "multicall",
  )({
    blockNumber,
    allowFailure: false,
    // In one part; without a contract in as many as the size of a contract's creation code asks for.
    batchSize: hasMulticall ? 0 : 8_192,
    deployless: !hasMulticall,
    contracts: [
      ...[...slots.values()].map(
        ({ account, id }) => ({ ...contract, functionName: "sessionStatus", args: [account, id] }) as const,
      ),
      ...accounts.map((account) => ({ ...contract, functionName: "epochOf", args: [account] }) as const),
      ...accounts.map((account) => ({ ...contract, functionName: "isInitialized", args: [account] }) as const),
    ],
  });
  const statuses = new Map([...slots.keys()].map((slot, index) => [slot, answers[index]]));
  const epochs = new Map(accounts.map((account, index) => [account, answers[slots.size + index]]));
  const installed = new Map(accounts.map((account, index) => [account, answers[slots.size + accounts.length + index]]));
  return {
    blockNumber,
    readState: (record) => {
      const { account, epoch } = record.session;
      return judge({
        statuses: listSlots(record).map(({ id }) => Number(statuses.get(`${account} ${id}`))),
        sessionEpoch: epoch,
        epoch: BigInt(epochs.get(account) ?? 0n),
        installed: installed.get(account) === true,
      });
    },
  };
}

/** What may grant or revoke a session: its id, and the root of its tree. */
function listSlots({ id, proof, session: { account } }: SessionRecord): readonly { account: Address; id: Hex }[] {
  return [{ account, id }, ...(proof === undefined ? [] : [{ account, id: getProofRoot(id, proof) }])];
}

const granted = 1;
const revoked = 2;

function judge({
  statuses: [own, root],
  sessionEpoch,
  epoch,
  installed,
}: {
  statuses: readonly number[];
  sessionEpoch: bigint;
  epoch: bigint;
  installed: boolean;
}): SessionState {
  if (own === revoked || sessionEpoch < epoch) return "revoked";
  // A revoked root ends the sessions under it that were not granted on their own.
  if (own !== granted && root === revoked) return "revoked";
  const isGranted = own === granted || root === granted;
  return isGranted && installed && sessionEpoch === epoch ? "granted" : "requested";
}
