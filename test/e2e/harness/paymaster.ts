import { createServer } from "node:net";
import { type Address, encodeFunctionData, http, parseAbi, parseEther } from "viem";
import {
  createPaymasterClient,
  entryPoint06Address,
  entryPoint07Address,
  type PaymasterClient,
} from "viem/account-abstraction";
import { privateKeyToAccount } from "viem/accounts";
import type { World } from "./world.ts";

/** The key that the service signs with, which is in its source. */
const serviceKey = `0x${"bb".repeat(32)}` as const;

export type PaymasterService = {
  /** The verifying paymaster contract on EntryPoint v0.7. */
  address: Address;
  /** Speaks to the service (ERC-7677). */
  client: PaymasterClient;
  stop(): Promise<void>;
};

/** Starts Pimlico's paymaster service for tests, which deploys its contract, and stakes that contract. */
export async function startPaymaster(world: World): Promise<PaymasterService> {
  // What runs its server expects a later Node.
  if (!("withResolvers" in Promise)) Object.assign(Promise, { withResolvers });
  const { paymaster } = await import("@pimlico/mock-paymaster");
  const { funder, client, info } = world;
  // It also serves EntryPoint v0.6, which is not on the chain: another in its place is good enough to deposit at.
  const code = await client.getCode({ address: entryPoint07Address });
  if (code === undefined) throw new Error("the chain has no EntryPoint v0.7");
  await funder.setCode({ address: entryPoint06Address, bytecode: code });

  const port = await findPort();
  const service = paymaster({ anvilRpc: info.rpcUrl, altoRpc: info.bundlerUrl, port });
  await service.start();
  const paymasterClient = createPaymasterClient({ transport: http(`http://localhost:${port}`) });
  const { paymaster: address } = await paymasterClient.getPaymasterStubData({
    chainId: info.chainId,
    entryPointAddress: entryPoint07Address,
    sender: entryPoint07Address,
    nonce: 0n,
    callData: "0x",
    callGasLimit: 0n,
    verificationGasLimit: 0n,
    preVerificationGas: 0n,
    maxFeePerGas: 0n,
    maxPriorityFeePerGas: 0n,
    context: undefined,
  });
  if (address === undefined) throw new Error("the paymaster's service names no paymaster");
  await stake(world, address);
  return { address, client: paymasterClient, stop: async () => void (await service.stop()) };
}

/** A paymaster that reads storage of its own in validation must have a stake (ERC-7562). */
async function stake({ funder, client }: World, paymaster: Address): Promise<void> {
  const owner = privateKeyToAccount(serviceKey);
  await funder.setBalance({ address: owner.address, value: parseEther("10") });
  const hash = await funder.sendTransaction({
    account: owner,
    to: paymaster,
    value: parseEther("1"),
    data: encodeFunctionData({
      abi: parseAbi(["function addStake(uint32 unstakeDelaySec) payable"]),
      args: [86_400],
    }),
  });
  const { status } = await client.waitForTransactionReceipt({ hash });
  if (status !== "success") throw new Error("the paymaster could not be staked");
}

function withResolvers() {
  let resolve: (value: unknown) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
