import { createClient, custom, decodeFunctionData, encodeFunctionResult, type Hex, numberToHex } from "viem";
import { entryPoint07Abi, entryPoint07Address, type SmartAccount, toSmartAccount } from "viem/account-abstraction";
import { erc20LimitPolicyAbi, erc7579Abi, sessionKeyManagerAbi } from "../src/index.js";
import { account, contracts } from "./fixtures.js";

/** What a chain without a chain answers; `requests` lists what it was asked. */
export function createMockClient(
  state: {
    now?: () => number;
    status?: number;
    epoch?: bigint;
    installed?: boolean;
    initialized?: boolean;
    spent?: readonly [bigint, bigint, bigint];
  } = {},
) {
  const requests: string[] = [];
  const {
    now = () => 1_000_000,
    status = 1,
    epoch = 0n,
    installed = true,
    initialized = installed,
    spent = [0n, 0n, 0n],
  } = state;
  const abi = [...sessionKeyManagerAbi, ...erc20LimitPolicyAbi, ...erc7579Abi, ...entryPoint07Abi];
  const results: Record<string, unknown> = {
    sessionStatus: status,
    epochOf: epoch,
    isInitialized: initialized,
    isModuleInstalled: installed,
    spent,
    getNonce: 5n,
  };
  const client = createClient({
    transport: custom({
      async request({ method, params }: { method: string; params?: readonly { data?: Hex }[] }) {
        if (method === "eth_chainId") return "0x1";
        if (method === "eth_getCode") return "0x12";
        if (method === "eth_getBlockByNumber") {
          requests.push(method);
          return { number: "0x1", timestamp: numberToHex(now()), transactions: [] };
        }
        if (method !== "eth_call") throw new Error(`unexpected ${method}`);
        const { functionName } = decodeFunctionData({ abi, data: params?.[0]?.data ?? "0x" });
        requests.push(functionName);
        return encodeFunctionResult({ abi, functionName, result: results[functionName] } as never);
      },
    }),
  });
  return { client, requests };
}

/** A smart account as its owner uses it, without any abilities. */
export async function createOwner(client: ReturnType<typeof createMockClient>["client"]): Promise<SmartAccount> {
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
