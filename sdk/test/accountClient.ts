import {
  type Chain,
  createClient,
  custom,
  decodeFunctionData,
  encodeFunctionResult,
  type Hex,
  numberToHex,
  parseAbi,
  zeroHash,
} from "viem";
import { account } from "./fixtures.js";

const abi = parseAbi([
  "function eip712Domain() view returns (bytes1, string, string, uint256, address, bytes32, uint256[])",
  "function currentNonce() view returns (uint32)",
]);

/** A client of a chain with one account on it, which says its domain and its nonce, or nothing. */
export function createAccountClient({
  chain,
  code = "0x",
  domain,
  nonce = 0,
}: {
  chain?: Chain;
  code?: Hex;
  domain?: { name: string; version: string; salt?: Hex };
  nonce?: number;
} = {}) {
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    const [first] = Array.isArray(params) ? params : [];
    if (method === "eth_getCode" && first === account) return code;
    if (method !== "eth_call" || first.to !== account) throw new Error(`not asked for: ${method}`);
    const { functionName } = decodeFunctionData({ abi, data: first.data });
    if (functionName === "currentNonce") return encodeFunctionResult({ abi, functionName, result: nonce });
    if (domain === undefined) return "0x";
    const { name, version, salt = zeroHash } = domain;
    const fields = numberToHex(salt === zeroHash ? 0x0f : 0x1f, { size: 1 });
    return encodeFunctionResult({ abi, functionName, result: [fields, name, version, 5n, account, salt, []] });
  };
  return createClient({ chain, transport: custom({ request }, { retryCount: 0 }) });
}
