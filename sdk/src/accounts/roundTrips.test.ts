import {
  createClient,
  custom,
  decodeFunctionData,
  encodeFunctionData,
  encodeFunctionResult,
  type Hex,
  numberToHex,
  parseAbi,
} from "viem";
import {
  createBundlerClient,
  entryPoint07Abi,
  entryPoint07Address,
  type SmartAccount,
  toSmartAccount,
} from "viem/account-abstraction";
import { mainnet } from "viem/chains";
import { expect, it } from "vitest";
import {
  account,
  contracts,
  erc20Abi,
  parameters,
  recipient,
  session,
  sessionKey,
  token,
} from "../../test/fixtures.js";
import {
  allowErc20,
  defineSession,
  getSessionId,
  type Session,
  sessionKeyManagerAbi,
  type ToSessionAccountParameters,
  toSessionAccount,
} from "../index.js";

const abi = [
  ...entryPoint07Abi,
  ...sessionKeyManagerAbi,
  ...parseAbi(["function accountId() view returns (string)"]),
] as const;
const calls = [
  {
    to: token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [recipient, 5n] }),
  },
] as const;

/** A chain and a bundler that hold every request back until nothing more is asked, then answer all at once. */
function createSlowChain() {
  const requests: string[] = [];
  let waiting: (() => void)[] = [];
  let rounds = 0;
  const answer = async (): Promise<void> => {
    // All that can be asked without an answer has been asked by then.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    rounds++;
    const due = waiting;
    waiting = [];
    for (const release of due) release();
  };
  const transport = custom({
    async request({ method, params }: { method: string; params?: readonly { data?: Hex }[] }): Promise<unknown> {
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 1) void answer();
      });
      const data = method === "eth_call" ? (params?.[0]?.data ?? "0x") : "0x";
      const { functionName } = method === "eth_call" ? decodeFunctionData({ abi, data }) : { functionName: method };
      requests.push(functionName);
      return answers(functionName);
    },
  });
  const client = createClient({ chain: mainnet, transport });
  /** The requests of sending an operation, and in how many rounds they went. */
  const send = async (used: SmartAccount) => {
    requests.length = 0;
    rounds = 0;
    const bundler = createBundlerClient({ account: used, client, chain: mainnet, transport });
    // Spelled out: to infer these takes the compiler minutes.
    await bundler.sendUserOperation<readonly unknown[], SmartAccount>({
      account: used,
      calls: [...calls],
      // Estimating them takes rounds of its own, behind which others would hide.
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
    });
    return { requests: [...requests].sort(), rounds };
  };
  return { client, send };
}

function answers(name: string): unknown {
  const results = { getNonce: 5n, sessionStatus: 0, accountId: "biconomy.nexus.1.0.0" } as const;
  switch (name) {
    case "getNonce":
    case "sessionStatus":
    case "accountId":
      return encodeFunctionResult({ abi, functionName: name, result: results[name] } as never);
    case "eth_getBlockByNumber":
      return { number: "0x1", timestamp: numberToHex(1_000_000), transactions: [] };
    case "eth_getCode":
      return "0x12";
    case "eth_estimateUserOperationGas":
      return { preVerificationGas: "0x1", verificationGasLimit: "0x1", callGasLimit: "0x1" };
    case "eth_sendUserOperation":
      return getSessionId(session);
    default:
      throw new Error(`unexpected ${name}`);
  }
}

type Chain = ReturnType<typeof createSlowChain>;

function toOwner({ client }: Chain): Promise<SmartAccount> {
  return toSmartAccount({
    client,
    entryPoint: { abi: entryPoint07Abi, address: entryPoint07Address, version: "0.7" },
    getAddress: async () => account,
    getFactoryArgs: async () => ({}),
    encodeCalls: async () => "0x",
    getStubSignature: async () => "0x",
    signMessage: async () => "0x",
    signTypedData: async () => "0x",
    signUserOperation: async () => "0x",
  });
}

const toSessionKeyed = async (
  chain: Chain,
  used: Session = session,
  options: Partial<Pick<ToSessionAccountParameters, "accountType" | "grant">> = {},
): Promise<SmartAccount> =>
  toSessionAccount({ account: await toOwner(chain), session: used, sessionKey, contracts, ...options });

it("adds one request to an operation, and no round trip, once it knows the account", async () => {
  const chain = createSlowChain();
  const owner = await toOwner(chain);
  const wrapped = await chain.send(owner);
  const made = await toSessionKeyed(chain);
  const first = await chain.send(made);
  expect(first.requests).toEqual([...wrapped.requests, "accountId", "eth_getBlockByNumber"].sort());
  expect(first.rounds).toBe(wrapped.rounds + 1);
  // The owner's account asks only once whether it is deployed.
  const again = await chain.send(owner);
  const second = await chain.send(made);
  expect(second.requests).toEqual([...again.requests, "eth_getBlockByNumber"].sort());
  expect(second.rounds).toBe(again.rounds);
});

it("adds the same with a limit per period", async () => {
  const chain = createSlowChain();
  const wrapped = await chain.send(await toOwner(chain));
  const actions = [allowErc20({ token, perPeriod: { amount: 20n, period: "day" } })];
  const daily = defineSession({ ...parameters, actions });
  const { requests, rounds } = await chain.send(await toSessionKeyed(chain, daily, { accountType: "nexus" }));
  expect(requests).toEqual([...wrapped.requests, "eth_getBlockByNumber"].sort());
  expect(rounds).toBe(wrapped.rounds);
});

it("adds nothing to an operation of a session without an end or periods", async () => {
  const chain = createSlowChain();
  const wrapped = await chain.send(await toOwner(chain));
  const endless = defineSession({ ...parameters, validUntil: "never" });
  expect(await chain.send(await toSessionKeyed(chain, endless, { accountType: "nexus" }))).toEqual(wrapped);
});

it("adds no round trip with a signed grant, and asks once an operation whether it is still needed", async () => {
  const chain = createSlowChain();
  const wrapped = await chain.send(await toOwner(chain));
  const grant = { ids: [getSessionId(session)], signature: "0x1234" } as const;
  const { requests, rounds } = await chain.send(await toSessionKeyed(chain, session, { accountType: "nexus", grant }));
  expect(requests).toEqual([...wrapped.requests, "eth_getBlockByNumber", "sessionStatus"].sort());
  expect(rounds).toBe(wrapped.rounds);
});
