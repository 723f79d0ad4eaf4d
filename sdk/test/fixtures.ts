import { parseAbi, parseEther } from "viem";
import {
  allowErc20,
  type ContractOverrides,
  createSessionKey,
  type DefineSessionParameters,
  defineSession,
} from "../src/index.js";

/** A private key known to everyone who has used Anvil, and its session key. */
export const privateKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const sessionKey = createSessionKey({ privateKey });

export const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
export const token = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const recipient = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
export const stranger = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
export const game = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

export const contracts = {
  manager: "0x00000000000000000000000000000000000000a1",
  erc20LimitPolicy: "0x00000000000000000000000000000000000000A2",
  abiRulePolicy: "0x00000000000000000000000000000000000000A3",
} as const satisfies ContractOverrides;

export const erc20Abi = parseAbi([
  "function transfer(address to, uint256 amount) returns (bool)",
  "function transferFrom(address from, address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);

export const salt = "0x0000000000000000000000000000000000000000000000001122334455667788";

/** A session that may send up to 25 units of a token to one recipient, at most 10 at once. */
export const limits = { token, recipients: [recipient], perCall: 10n, total: 25n } as const;

/** The parameters of a valid session. */
export const parameters = {
  account,
  chainId: 1,
  sessionKey,
  validUntil: 2_000_000_000,
  fees: { maxPerOperation: parseEther("0.01"), total: "unlimited" },
  salt,
  actions: [allowErc20(limits)],
  contracts,
} as const satisfies DefineSessionParameters;

export const session = defineSession(parameters);
