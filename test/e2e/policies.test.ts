import {
  type Action,
  type ActionRequest,
  allowErc20,
  CallLimitExceededError,
  type DefineSessionParameters,
  gasLimit,
  getBudgetId,
  getSessionId,
  type LatchkeyError,
  nativeLimit,
  noCalldata,
  PaymasterNotAllowedError,
  PeriodLimitExceededError,
  type Policy,
  type PolicyRequest,
  sessionKeyManagerAbi,
  TotalLimitExceededError,
  usageLimit,
} from "latchkey";
import { type Address, BaseError, numberToHex, parseEther, toFunctionSelector } from "viem";
import { entryPoint07Abi, toPackedUserOperation, type UserOperation } from "viem/account-abstraction";
import { beforeAll, describe, expect, it } from "vitest";
import { artifactCreationCode } from "./harness/bytecode.ts";
import { deploy } from "./harness/contracts.ts";
import { type Call, gas, rejection, SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const day = 86_400;
const shop = someone(1);

let world: World;
let account: OwnedAccount;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, shop, amount);
const pay = (value: bigint, to: Address = shop): Call => ({ to, value });
const mayPay = (to: Address, policies: readonly PolicyRequest[] = []): ActionRequest => ({
  target: to,
  selector: noCalldata,
  maxValue: parseEther("1"),
  policies,
});

function grant(parameters: Partial<DefineSessionParameters>): Promise<SessionWorld> {
  return SessionWorld.grant(world, account, parameters);
}

/** What a session's policy has counted, in total. */
async function spent(used: SessionWorld, { policy, config }: Policy): Promise<bigint> {
  const [total] = await world.client.readContract({
    // Of the manager's own policies.
    address: world.contracts.sessionKeyManager,
    abi: sessionKeyManagerAbi,
    functionName: "spent",
    args: [getBudgetId({ id: getSessionId(used.session), policy, config }), account.address],
  });
  return total;
}

async function expectRefused(
  used: SessionWorld,
  calls: Call[],
  reason: new (...parameters: never[]) => LatchkeyError,
  facts: object,
): Promise<void> {
  for (const error of [await used.refusedByBundler(calls), await used.refusedByChain(calls)]) {
    expect(error).toBeInstanceOf(reason);
    expect(error).toMatchObject(facts);
  }
}

const ofSession = ({ session: { operationPolicies } }: SessionWorld): Policy => {
  const [policy] = operationPolicies;
  if (!policy) throw new Error("the session has no operation policy");
  return policy;
};

describe("a usage limit", () => {
  it("counts the operations of a session", async () => {
    const used = await grant({ operationPolicies: [usageLimit({ total: 2n })] });
    expect((await used.use(send(), send())).success).toBe(true);
    expect((await used.use(send())).success).toBe(true);
    expect(await spent(used, ofSession(used))).toBe(2n);
    await expectRefused(used, [send()], TotalLimitExceededError, { limit: 2n, spent: 2n, amount: 1n });
  });

  it("counts the calls of a session", async () => {
    const used = await grant({ operationPolicies: [usageLimit({ total: 3n, of: "calls" })] });
    expect((await used.use(send(), send())).success).toBe(true);
    await expectRefused(used, [send(), send()], TotalLimitExceededError, { spent: 2n, amount: 2n });
    expect((await used.use(send())).success).toBe(true);
  });

  it("counts the calls of an action, per day", async () => {
    const now = await world.now();
    await world.travelTo(now - (now % day) + day + day / 2);
    const used = await grant({
      validUntil: now + 10 * day,
      actions: [
        {
          target: world.contracts.token,
          selector: "0xa9059cbb",
          maxValue: 0n,
          policies: [usageLimit({ perPeriod: { amount: 1n, period: "day" } })],
        },
        mayPay(shop),
      ],
    });
    expect((await used.use(send(), pay(1n))).success).toBe(true);
    await expectRefused(used, [send()], PeriodLimitExceededError, { limit: 1n, spent: 1n });
    expect((await used.use(pay(1n))).success).toBe(true);
    await world.travel(day);
    expect((await used.use(send())).success).toBe(true);
  });
});

describe("a limit on native currency", () => {
  it("holds over all calls of a session together", async () => {
    const used = await grant({
      actions: [mayPay(shop), mayPay(someone(2))],
      operationPolicies: [nativeLimit({ atOnce: 50n, total: 70n })],
    });
    const before = await world.client.getBalance({ address: shop });
    await expectRefused(used, [pay(30n), pay(21n, someone(2))], CallLimitExceededError, { limit: 50n, amount: 51n });
    expect((await used.use(pay(30n), pay(20n, someone(2)))).success).toBe(true);
    expect(await world.client.getBalance({ address: shop })).toBe(before + 30n);
    await expectRefused(used, [pay(21n)], TotalLimitExceededError, { limit: 70n, spent: 50n, amount: 21n });
    expect((await used.use(pay(20n))).success).toBe(true);
  });

  it("holds over the calls of an action", async () => {
    const limited = nativeLimit({ total: 40n });
    const used = await grant({ actions: [mayPay(shop, [limited]), mayPay(someone(2))] });
    expect((await used.use(pay(40n), pay(100n, someone(2)))).success).toBe(true);
    await expectRefused(used, [pay(1n)], TotalLimitExceededError, { spent: 40n, context: { actionIndex: 0 } });
  });
});

describe("a gas limit", () => {
  it("estimates with a placeholder signature, and counts what an operation may cost", async () => {
    const used = await grant({ operationPolicies: [gasLimit({ total: parseEther("0.05") })] });
    const bundler = world.bundlerFor(await used.smartAccount());
    const hash = await bundler.sendUserOperation({ calls: [send()] });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    const { userOperation } = await bundler.getUserOperation({ hash });
    expect(await spent(used, ofSession(used))).toBe(costOf(userOperation));
    expect(costOf(userOperation)).toBeGreaterThan(0n);
  });

  it("refuses what could cost more than is left", async () => {
    const cost = costOf(gas);
    const used = await grant({ operationPolicies: [gasLimit({ total: cost + cost / 2n })] });
    const bundler = world.bundlerFor(await used.smartAccount());
    const hash = await bundler.sendUserOperation({ calls: [send()], ...gas });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    await expectRefused(used, [send()], TotalLimitExceededError, { spent: cost, amount: cost });
  });

  it("counts the gas of a paymaster too", async () => {
    const paymaster = await deploy(world.funder, artifactCreationCode("OpenPaymaster"));
    await world.depositFor(paymaster, parseEther("1"));
    const used = await grant({
      fees: { maxPerOperation: parseEther("0.1"), total: parseEther("0.1"), paymaster },
    });
    const bundler = world.bundlerFor(await used.smartAccount());
    const ether = await world.client.getBalance({ address: account.address });
    const paid = { paymaster, paymasterVerificationGasLimit: 60_000n, paymasterPostOpGasLimit: 10_000n };
    const hash = await bundler.sendUserOperation({ calls: [send()], ...gas, ...paid });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    expect(await spent(used, ofSession(used))).toBe(costOf(gas) + 70_000n * gas.maxFeePerGas);
    expect(await world.client.getBalance({ address: account.address })).toBe(ether);
    expect(await used.refusedByBundler([send()])).toBeInstanceOf(PaymasterNotAllowedError);
  });
});

function costOf(operation: {
  preVerificationGas: bigint;
  verificationGasLimit: bigint;
  callGasLimit: bigint;
  maxFeePerGas: bigint;
}): bigint {
  const { preVerificationGas, verificationGasLimit, callGasLimit, maxFeePerGas } = operation;
  return (preVerificationGas + verificationGasLimit + callGasLimit) * maxFeePerGas;
}

describe("a policy that bundlers must refuse", () => {
  const transfer = (policy: Policy): Action => ({
    target: world.contracts.token,
    selector: toFunctionSelector("transfer(address,uint256)"),
    maxValue: 0n,
    policies: [policy],
  });

  it.each([
    ["asks for the time", "ClockPolicy", /TIMESTAMP/],
    ["counts for all accounts in one slot", "CommonCounterPolicy", /forbidden (read|write)|accessed .*slot/],
    ["reads what is kept for another account", "ForeignStoragePolicy", /forbidden (read|write)|accessed .*slot/],
    ["does not have the account as the innermost key", "MisplacedKeyPolicy", /forbidden (read|write)|accessed .*slot/],
  ] as const)("%s: the bundler refuses it, though the chain would not", async (_, name, complaint) => {
    const policy = await deploy(world.funder, artifactCreationCode("UnfitPolicies", name));
    const used = await grant({ actions: [transfer({ policy, config: world.funder.account.address })] });
    const smartAccount = await used.smartAccount();
    const error = await rejection(world.bundlerFor(smartAccount).sendUserOperation({ calls: [send()], ...gas }));
    expect(error instanceof BaseError ? error.details : error).toMatch(complaint);

    const unsigned = {
      sender: account.address,
      nonce: await smartAccount.getNonce(),
      callData: await smartAccount.encodeCalls([send()]),
      ...gas,
    };
    const userOperation: UserOperation<"0.7"> = {
      ...unsigned,
      signature: await smartAccount.signUserOperation({ ...unsigned, signature: "0x" }),
    };
    await world.client.simulateContract({
      address: world.contracts.entryPoint,
      abi: entryPoint07Abi,
      functionName: "handleOps",
      args: [[toPackedUserOperation(userOperation)], world.funder.account.address],
      account: world.funder.account,
    });
  });

  it.each([
    ["BALANCE", 0x31],
    ["ORIGIN", 0x32],
    ["GASPRICE", 0x3a],
    ["BLOCKHASH", 0x40],
    ["COINBASE", 0x41],
    ["NUMBER", 0x43],
    ["PREVRANDAO", 0x44, "banned opcode: DIFFICULTY"],
    ["GASLIMIT", 0x45],
    ["SELFBALANCE", 0x47],
    ["BASEFEE", 0x48],
    ["GAS", 0x5a],
    ["CREATE", 0xf0],
    ["CREATE2", 0xf5],
    ["the size of code that is not there", 0x3b, "code"],
    ["a call to an address without code", 0xf1, "code"],
  ])("asks for %s: the bundler refuses it", async (name, opcode, complaint = `banned opcode: ${name}`) => {
    const policy = await deploy(world.funder, artifactCreationCode("UnfitPolicies", "OpcodePolicy"));
    const used = await grant({ actions: [transfer({ policy, config: numberToHex(opcode) })] });
    const bundler = world.bundlerFor(await used.smartAccount());
    const error = await rejection(bundler.sendUserOperation({ calls: [send()], ...gas }));
    expect(error instanceof BaseError ? error.details : error).toContain(complaint);
  });

  it("is no policy of ours", async () => {
    const used = await grant({
      actions: [allowErc20({ token: world.contracts.token, total: 5n }), mayPay(shop, [nativeLimit({ total: 5n })])],
      operationPolicies: [gasLimit({ total: parseEther("1") }), usageLimit({ total: 5n }), nativeLimit({ total: 5n })],
    });
    expect((await used.use(send(5n), pay(5n))).success).toBe(true);
  });
});
