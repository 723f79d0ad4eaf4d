import {
  type Chain,
  type Client,
  createClient,
  custom,
  decodeFunctionData,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionResult,
  erc20Abi,
  type Hex,
  numberToHex,
  parseAbi,
  type Transport,
  zeroHash,
} from "viem";
import { entryPoint07Abi, entryPoint07Address, type SmartAccount, toSmartAccount } from "viem/account-abstraction";
import { erc20LimitPolicyAbi, erc7579Abi, sessionKeyManagerAbi } from "../src/index.js";
import { account, contracts } from "./fixtures.js";

const accountAbi = parseAbi([
  "function accountId() view returns (string)",
  "function eip712Domain() view returns (bytes1, string, string, uint256, address, bytes32, uint256[])",
]);

/** What a chain without a chain answers; `requests` lists what it was asked. */
export function createMockClient(
  state: {
    now?: () => number;
    status?: number;
    /** The status by the id, in place of `status`. */
    statusOf?: (id: Hex) => number;
    /** What is spent under a budget by its id, in place of `spent`. */
    spentOf?: (budgetId: Hex) => bigint;
    epoch?: bigint;
    installed?: boolean;
    initialized?: boolean;
    spent?: readonly [bigint, bigint, bigint];
    accountId?: string;
    /** What tokens say of themselves. */
    symbol?: string;
    decimals?: number;
    signedGrantsOf?: readonly [boolean, Hex];
    /** Sessions that were published, one a block. */
    logs?: readonly { id: Hex; data: Hex; account: Hex }[];
    /** The number of the latest block. */
    latest?: bigint;
    /** Answers a request for the events of these blocks with an error, if it throws. */
    onGetLogs?: (from: bigint, to: bigint) => void;
  } = {},
) {
  const requests: string[] = [];
  const {
    now = () => 1_000_000,
    status = 1,
    statusOf = () => status,
    epoch = 0n,
    installed = true,
    initialized = installed,
    spent = [0n, 0n, 0n],
    spentOf,
    accountId = "biconomy.nexus.1.0.0",
    symbol,
    decimals,
    signedGrantsOf = [false, "0x"],
    logs = [],
    latest = BigInt(logs.length + 1),
    onGetLogs,
  } = state;
  const abi = [
    ...sessionKeyManagerAbi,
    ...erc20LimitPolicyAbi,
    ...erc7579Abi,
    ...entryPoint07Abi,
    ...accountAbi,
    ...erc20Abi,
  ];
  const results: Record<string, unknown> = {
    epochOf: epoch,
    isInitialized: initialized,
    isModuleInstalled: installed,
    getNonce: 5n,
    accountId,
    symbol,
    decimals,
    signedGrantsOf,
    eip712Domain: ["0x0f", "Nexus", "1.0.1", 1n, account, zeroHash, []],
  };
  const call = (data: Hex): Hex => {
    const { functionName, args = [] } = decodeFunctionData({ abi, data });
    requests.push(functionName);
    const [, second = zeroHash] = args as readonly Hex[];
    const known: Record<string, unknown> = {
      ...results,
      sessionStatus: statusOf(second),
      spent: spentOf ? [spentOf(second), 0n, 0n] : spent,
    };
    // As an address without a contract answers.
    if (known[functionName] === undefined) return "0x";
    return encodeFunctionResult({ abi, functionName, result: known[functionName] } as never);
  };
  const getLogs = ({ fromBlock = "0x0", toBlock = "0x0" }: { fromBlock?: Hex; toBlock?: Hex } = {}) => {
    requests.push(`eth_getLogs ${BigInt(fromBlock)} to ${BigInt(toBlock)}`);
    onGetLogs?.(BigInt(fromBlock), BigInt(toBlock));
    return logs
      .map((log, index) => ({
        address: contracts.manager,
        topics: encodeEventTopics({
          abi: sessionKeyManagerAbi,
          eventName: "SessionPublished",
          args: { account: log.account, id: log.id },
        }),
        data: encodeAbiParameters([{ type: "bytes" }], [log.data]),
        blockNumber: numberToHex(index + 1),
        logIndex: "0x0",
        transactionIndex: "0x0",
      }))
      .filter(({ blockNumber }) => BigInt(blockNumber) >= BigInt(fromBlock) && BigInt(blockNumber) <= BigInt(toBlock));
  };
  const client = createClient({
    transport: custom({
      async request({
        method,
        params,
      }: {
        method: string;
        params?: readonly { data?: Hex; fromBlock?: Hex; toBlock?: Hex }[];
      }) {
        if (method === "eth_chainId") return "0x1";
        if (method === "eth_getCode") return "0x12";
        if (method === "eth_getBlockByNumber") {
          requests.push(method);
          return { number: numberToHex(latest), timestamp: numberToHex(now()), transactions: [] };
        }
        if (method === "eth_getLogs") return getLogs(params?.[0]);
        if (method !== "eth_call") throw new Error(`unexpected ${method}`);
        return call(params?.[0]?.data ?? "0x");
      },
    }),
  });
  return { client, requests };
}

/** A smart account as its owner uses it, without any abilities. */
export async function createOwner(client: Client<Transport, Chain | undefined, undefined>): Promise<SmartAccount> {
  return toSmartAccount({
    client,
    entryPoint: { abi: entryPoint07Abi, address: entryPoint07Address, version: "0.7" },
    getAddress: async () => account,
    getFactoryArgs: async () => ({ factory: contracts.manager, factoryData: "0x1234" }),
    encodeCalls: async () => "0x",
    getStubSignature: async () => "0x",
    signMessage: async () => "0x",
    signTypedData: async () => "0x",
    signUserOperation: async () => "0x",
  });
}
