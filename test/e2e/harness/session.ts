import {
  allowErc20,
  createSessionKey,
  type DefineSessionParameters,
  decodeSessionError,
  defineSession,
  getSessionAllowance,
  getSessionStatus,
  grantSession,
  type LatchkeyError,
  type Session,
  type SessionKey,
  toSessionAccount,
} from "latchkey";
import { type Address, encodeFunctionData, getAddress, type Hex, pad, parseEther, parseGwei } from "viem";
import {
  entryPoint07Abi,
  type SmartAccount,
  toPackedUserOperation,
  type UserOperation,
  type UserOperationReceipt,
} from "viem/account-abstraction";
import { tokenAbi } from "./abis.ts";
import type { OwnedAccount, World } from "./world.ts";

export type Call = { to: Address; value?: bigint; data?: Hex };

/** Makes an address that nobody has the key of. */
export function someone(number: number): Address {
  return getAddress(pad(`0x${(0xabc000 + number).toString(16)}`, { size: 20 }));
}

/** A call to a token. */
export const tokenCall = {
  transfer: (token: Address, to: Address, amount: bigint): Call => ({
    to: token,
    data: encodeFunctionData({ abi: tokenAbi, functionName: "transfer", args: [to, amount] }),
  }),
  approve: (token: Address, spender: Address, amount: bigint): Call => ({
    to: token,
    data: encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [spender, amount] }),
  }),
  burn: (token: Address, amount: bigint): Call => ({
    to: token,
    data: encodeFunctionData({ abi: tokenAbi, functionName: "burn", args: [amount] }),
  }),
};

/** Gas enough for anything in these tests, so that nothing needs to be estimated. */
export const gas = {
  callGasLimit: 200_000n,
  verificationGasLimit: 600_000n,
  preVerificationGas: 120_000n,
  maxFeePerGas: parseGwei("5"),
  maxPriorityFeePerGas: parseGwei("5"),
};

/** Whoever can see everything that a session could change. */
export type State = Readonly<Record<string, unknown>>;

/** A session of an account, with the key, and what tests do with it. */
export class SessionWorld {
  readonly world: World;
  readonly account: OwnedAccount;
  readonly session: Session;
  readonly sessionKey: SessionKey;

  constructor(world: World, account: OwnedAccount, session: Session, sessionKey: SessionKey) {
    this.world = world;
    this.account = account;
    this.session = session;
    this.sessionKey = sessionKey;
  }

  /** Defines a session of an account for an hour, without granting it. */
  static async define(
    world: World,
    account: OwnedAccount,
    parameters: Partial<Omit<DefineSessionParameters, "account" | "chainId" | "sessionKey">> = {},
    sessionKey: SessionKey = createSessionKey(),
  ): Promise<SessionWorld> {
    const session = defineSession({
      account: account.address,
      chainId: world.info.chainId,
      sessionKey,
      validUntil: (await world.now()) + 3_600,
      fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
      actions: [allowErc20({ token: world.contracts.token, total: 10_000_000n })],
      ...parameters,
    });
    return new SessionWorld(world, account, session, sessionKey);
  }

  /** Defines a session and has the owner grant it. */
  static async grant(...parameters: Parameters<typeof SessionWorld.define>): Promise<SessionWorld> {
    const granted = await SessionWorld.define(...parameters);
    await grantSession(granted.account.bundler, { session: granted.session });
    return granted;
  }

  /** The account as the session's key uses it. Without the SDK's own checks, the chain alone decides. */
  smartAccount({ preflight = true, sessionKey = this.sessionKey } = {}): Promise<SmartAccount> {
    return toSessionAccount({ account: this.account.smartAccount, session: this.session, sessionKey, preflight });
  }

  /** Makes calls in one user operation, with everything left to the SDK, viem and the bundler. */
  async use(...calls: Call[]): Promise<UserOperationReceipt> {
    const bundler = this.world.bundlerFor(await this.smartAccount());
    const hash = await bundler.sendUserOperation({ calls });
    return bundler.waitForUserOperationReceipt({ hash });
  }

  /** What the SDK itself says about calls that it refuses to sign for. */
  async refusedBySdk(...calls: Call[]): Promise<unknown> {
    const bundler = this.world.bundlerFor(await this.smartAccount());
    return rejection(bundler.sendUserOperation({ calls }));
  }

  /** Why the bundler refuses calls that the SDK was made to sign for. */
  async refusedByBundler(calls: Call[], sessionKey = this.sessionKey): Promise<LatchkeyError | undefined> {
    const bundler = this.world.bundlerFor(await this.smartAccount({ preflight: false, sessionKey }));
    const error = await rejection(bundler.sendUserOperation({ calls, ...gas }));
    return decodeSessionError(error, { session: this.session, now: await this.world.now() });
  }

  /** Why the EntryPoint refuses the same calls in a transaction that no bundler has looked at. */
  async refusedByChain(calls: Call[], sessionKey = this.sessionKey): Promise<LatchkeyError | undefined> {
    const account = await this.smartAccount({ preflight: false, sessionKey });
    const nonce = await account.getNonce();
    const unsigned = { sender: account.address, nonce, callData: await account.encodeCalls(calls), ...gas };
    const userOperation: UserOperation<"0.7"> = {
      ...unsigned,
      signature: await account.signUserOperation({ ...unsigned, signature: "0x" }),
    };
    const { funder, client, contracts } = this.world;
    const handleOps = {
      address: contracts.entryPoint,
      abi: entryPoint07Abi,
      functionName: "handleOps",
      args: [[toPackedUserOperation(userOperation)], funder.account.address],
    } as const;
    const error = await rejection(client.simulateContract({ ...handleOps, account: funder.account }));
    const hash = await funder.sendTransaction({
      to: handleOps.address,
      data: encodeFunctionData(handleOps),
      gas: 3_000_000n,
    });
    const { status } = await client.waitForTransactionReceipt({ hash });
    if (status !== "reverted") throw new Error("the EntryPoint took an operation that it was to refuse");
    return decodeSessionError(error, { session: this.session, now: await this.world.now() });
  }

  /** All that an operation of the session could change. */
  async state(): Promise<State> {
    const { client, contracts } = this.world;
    const { address } = this.account;
    const people = [address, ...[0, 1, 2, 3].map(someone)];
    const tokens = [contracts.token, contracts.otherToken];
    const nonce = await (await this.smartAccount({ preflight: false })).getNonce();
    const read = { address: contracts.entryPoint, abi: entryPoint07Abi } as const;
    return {
      nonce,
      ether: await Promise.all(people.map((person) => client.getBalance({ address: person }))),
      deposit: await client.readContract({ ...read, functionName: "balanceOf", args: [address] }),
      tokens: await Promise.all(tokens.flatMap((token) => people.map((person) => this.world.balanceOf(token, person)))),
      approvals: await Promise.all(
        tokens.flatMap((token) =>
          people.map((spender) =>
            client.readContract({ address: token, abi: tokenAbi, functionName: "allowance", args: [address, spender] }),
          ),
        ),
      ),
      budgets: await this.budgets(),
      status: (await getSessionStatus(client, { session: this.session })).status,
    };
  }

  /** What is spent of the session's budgets. */
  async budgets(): Promise<readonly { total: bigint | undefined; inPeriod: bigint | undefined }[]> {
    const allowances = await getSessionAllowance(this.world.client, { session: this.session, type: "erc20" });
    return allowances.map(({ total, perPeriod }) => ({ total: total?.spent, inPeriod: perPeriod?.spent }));
  }
}

/** What a promise is rejected with; an error if it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}
