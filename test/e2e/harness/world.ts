import { toNexusSmartAccount } from "permissionless/accounts";
import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  type HttpTransport,
  http,
  type LocalAccount,
  type PublicClient,
  parseEther,
  zeroAddress,
} from "viem";
import { type BundlerClient, createBundlerClient, entryPoint07Abi, type SmartAccount } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { nexusBootstrapAbi, nexusFactoryAbi, tokenAbi } from "./abis.ts";
import { readerOf, type Writer, writerOf } from "./chain.ts";
import type { StackInfo } from "./stack.ts";

/** A smart account with its owner. */
export type OwnedAccount = {
  address: Address;
  owner: LocalAccount;
  /** The account as its owner uses it. */
  smartAccount: SmartAccount;
  /** Sends the owner's user operations. */
  bundler: AccountBundler;
};

/** A bundler client that knows its account. */
export type AccountBundler = BundlerClient<HttpTransport, undefined, SmartAccount>;

/** A running stack, seen from a test or the demo. */
export class World {
  readonly info: StackInfo;
  /** Reads the fork. */
  readonly client: PublicClient;
  /** Writes to the fork with an ordinary key that has ether. */
  readonly funder: Writer;

  constructor(info: StackInfo) {
    this.info = info;
    const chain = { id: info.chainId, rpcUrl: info.rpcUrl };
    this.client = readerOf(chain);
    this.funder = writerOf({ ...chain, key: info.funderKey });
  }

  get contracts(): StackInfo["contracts"] {
    return this.info.contracts;
  }

  /** Sends an account's user operations. */
  bundlerFor(account: SmartAccount): AccountBundler {
    // Spelled out: to infer these takes the compiler minutes.
    return createBundlerClient<HttpTransport, undefined, SmartAccount>({
      account,
      client: this.client,
      // Its tracer goes step by step through P-256 arithmetic, which takes minutes on a busy machine.
      transport: http(this.info.bundlerUrl, { timeout: 240_000 }),
      pollingInterval: 50,
    });
  }

  /** The chain's time, in Unix seconds. */
  async now(): Promise<number> {
    const { timestamp } = await this.client.getBlock({ blockTag: "latest" });
    return Number(timestamp);
  }

  /** Moves the chain's clock and the bundler's on to a time (Unix seconds), from where they go on running. */
  async travelTo(time: number): Promise<void> {
    await this.funder.setNextBlockTimestamp({ timestamp: BigInt(time) });
    await this.funder.mine({ blocks: 1 });
    await setBundlerClock(this.info, time);
  }

  /** Moves the clocks on by some seconds. */
  async travel(seconds: number): Promise<void> {
    await this.travelTo((await this.now()) + seconds);
  }

  /** A new Nexus account with ether and tokens, owned by a key (a new one by default) through an ordinary validator. */
  async createAccount(owner: LocalAccount = privateKeyToAccount(generatePrivateKey())): Promise<OwnedAccount> {
    const address = await this.#deployAccount(owner.address);
    await this.funder.setBalance({ address, value: parseEther("10") });
    await this.mint(this.contracts.token, address, 1_000_000_000n);
    await this.mint(this.contracts.otherToken, address, parseEther("1000"));
    const smartAccount = await toNexusSmartAccount({
      client: this.client,
      owners: [owner],
      // Only matters to messages that the account signs, which this validator would not accept anyway.
      version: "1.0.0",
      address,
      validatorAddress: this.contracts.ownerValidator,
    });
    return { address, owner, smartAccount, bundler: this.bundlerFor(smartAccount) };
  }

  /** A new account and how to reach it and everything else, as environment variables of a program to try things with. */
  async createEnvironment(): Promise<Record<string, string>> {
    const ownerKey = generatePrivateKey();
    const { address } = await this.createAccount(privateKeyToAccount(ownerKey));
    const { rpcUrl, bundlerUrl, chainId, contracts } = this.info;
    return {
      RPC_URL: rpcUrl,
      BUNDLER_URL: bundlerUrl,
      CHAIN_ID: String(chainId),
      ACCOUNT: address,
      OWNER_KEY: ownerKey,
      OWNER_VALIDATOR: contracts.ownerValidator,
      TOKEN: contracts.token,
    };
  }

  /** Creates tokens. */
  async mint(token: Address, to: Address, amount: bigint): Promise<void> {
    await this.#send({
      to: token,
      data: encodeFunctionData({ abi: tokenAbi, functionName: "mint", args: [to, amount] }),
    });
  }

  /** Pays for an account's operations in advance. */
  async depositFor(account: Address, value: bigint): Promise<void> {
    const data = encodeFunctionData({ abi: entryPoint07Abi, functionName: "depositTo", args: [account] });
    await this.#send({ to: this.contracts.entryPoint, data, value });
  }

  async balanceOf(token: Address, owner: Address): Promise<bigint> {
    return this.client.readContract({ address: token, abi: tokenAbi, functionName: "balanceOf", args: [owner] });
  }

  /**
   * By an ordinary transaction: the bundler cannot trace the creation of a Nexus account on Anvil, whose tracer fails on a
   * log without data.
   */
  async #deployAccount(owner: Address): Promise<Address> {
    const { nexusFactory, nexusBootstrap, ownerValidator } = this.contracts;
    const none = { module: zeroAddress, data: "0x" } as const;
    const init = encodeFunctionData({
      abi: nexusBootstrapAbi,
      functionName: "initNexus",
      args: [[{ module: ownerValidator, data: owner }], [], none, [], zeroAddress, [], 0],
    });
    const initData = encodeAbiParameters([{ type: "address" }, { type: "bytes" }], [nexusBootstrap, init]);
    const creation = {
      address: nexusFactory,
      abi: nexusFactoryAbi,
      args: [initData, generatePrivateKey()],
    } as const;
    const address = await this.client.readContract({ ...creation, functionName: "computeAccountAddress" });
    await this.#send({ to: nexusFactory, data: encodeFunctionData({ ...creation, functionName: "createAccount" }) });
    return address;
  }

  async #send(transaction: { to: Address; data: Hex; value?: bigint }): Promise<void> {
    const hash = await this.funder.sendTransaction(transaction);
    const { status } = await this.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`transaction ${hash} to ${transaction.to} failed`);
  }
}

async function setBundlerClock({ bundlerClockUrl }: StackInfo, time: number): Promise<void> {
  const ahead = time * 1000 - Date.now();
  const { status } = await fetch(new URL(`/${ahead}`, bundlerClockUrl), { method: "POST" });
  if (status !== 204) throw new Error(`the bundler's clock cannot be set: status ${status}`);
}
