import {
  type Action,
  type ActionRequest,
  ArgumentRuleNotMetError,
  allowCall,
  allowErc20,
  allowMessages,
  builtInPolicies,
  CallLimitExceededError,
  type DefineSessionParameters,
  every,
  gasLimit,
  getBudgetId,
  getContracts,
  getSessionId,
  isAccount,
  type LatchkeyError,
  lte,
  nativeLimit,
  noCalldata,
  oneOf,
  PaymasterNotAllowedError,
  PeriodLimitExceededError,
  type Policy,
  type PolicyRequest,
  RuleNotMetError,
  sessionKeyManagerAbi,
  startsWith,
  TotalLimitExceededError,
  usageLimit,
} from "latchkey";
import {
  type Address,
  BaseError,
  concat,
  encodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
  pad,
  parseAbi,
  parseEther,
  toFunctionSelector,
  zeroHash,
} from "viem";
import { entryPoint07Abi, toPackedUserOperation, type UserOperation } from "viem/account-abstraction";
import { beforeAll, describe, expect, it } from "vitest";
import { tokenAbi } from "./harness/abis.ts";
import { artifactCreationCode } from "./harness/bytecode.ts";
import { deploy } from "./harness/contracts.ts";
import { forbidden, toConfig } from "./harness/forbidden.ts";
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

/** What alto, in safe mode, answers to calls that the SDK finds no fault with. */
async function complaintAbout(used: SessionWorld, calls: Call[]): Promise<string> {
  const bundler = world.bundlerFor(await used.smartAccount());
  const error = await rejection(bundler.sendUserOperation({ calls, ...gas }));
  return error instanceof BaseError ? error.details : String(error);
}

describe("a policy that bundlers must refuse", () => {
  const transfer = (policy: Policy): Action => ({
    target: world.contracts.token,
    selector: toFunctionSelector("transfer(address,uint256)"),
    maxValue: 0n,
    policies: [policy],
  });
  const deployUnfit = (name: string) => deploy(world.funder, artifactCreationCode("UnfitPolicies", name));
  /** Whom configurations are about: not the account. */
  const other = () => world.funder.account.address;

  type Slot = (about: { policy: Address; config: Hex; id: Hex }) => Hex;
  const innermost = (key: Hex, outer: Hex): Hex => keccak256(concat([pad(key, { size: 32 }), outer]));
  const firstSlot = zeroHash;

  it.each<readonly [string, string, "forbidden" | "unstaked", Slot]>([
    ["counts for all accounts in one slot", "CommonCounterPolicy", "forbidden", () => firstSlot],
    ["reads what is kept for another account", "ForeignStoragePolicy", "unstaked", () => innermost(other(), firstSlot)],
    [
      "does not have the account as the innermost key",
      "MisplacedKeyPolicy",
      "forbidden",
      ({ policy, config, id }) => innermost(getBudgetId({ id, policy, config }), innermost(account.address, firstSlot)),
    ],
  ])("%s: the bundler refuses it, though the chain would not", async (_, name, kind, slotOf) => {
    const policy = await deployUnfit(name);
    const config = other();
    const used = await grant({ actions: [transfer({ policy, config })] });
    const slot = slotOf({ policy, config, id: getSessionId(used.session) });
    expect(await complaintAbout(used, [send()])).toBe(accessed(kind, policy, slot));
    await simulate(used);
  });

  it("counts up to 127 slots behind what is the account's, or further", async () => {
    const policy = await deployUnfit("DistantSlotPolicy");
    const near = await grant({ actions: [transfer({ policy, config: "0x7f" })] });
    expect((await near.use(send())).success).toBe(true);
    const far = await grant({ actions: [transfer({ policy, config: "0x80" })] });
    const slot = numberToHex(BigInt(innermost(account.address, firstSlot)) + 128n, { size: 32 });
    expect(await complaintAbout(far, [send()])).toBe(accessed("forbidden", policy, slot));
    await simulate(far);
  });

  it.each([
    ["reads", 0x5c, "unstaked"],
    ["writes", 0x5d, "forbidden"],
  ] as const)("%s transient storage that is not the account's (OP-070)", async (_, opcode, kind) => {
    const policy = await deployUnfit("OpcodePolicy");
    const config = concat([numberToHex(opcode), other()]);
    const used = await grant({ actions: [transfer({ policy, config })] });
    expect(await complaintAbout(used, [send()])).toBe(accessed(kind, policy, firstSlot));
    await simulate(used);
  });

  it.each(forbidden)("uses $what ($rule): the bundler refuses it, though the chain would not", async (row) => {
    const policy = await deployUnfit("OpcodePolicy");
    const used = await grant({ actions: [transfer({ policy, config: await toConfig(world, row) })] });
    const complaint = await complaintAbout(used, [send()]);
    if (typeof row.complaint === "string") expect(complaint).toBe(row.complaint);
    else expect(complaint).toMatch(row.complaint);
    await simulate(used);
  });

  it("sends ether (OP-061): the bundler refuses it, though the chain would not", async () => {
    const policy = await deployUnfit("PayingPolicy");
    await world.funder.setBalance({ address: policy, value: 1_000n });
    const used = await grant({ actions: [transfer({ policy, config: world.contracts.token })] });
    const generous = await grant({ actions: [transfer({ policy, config: other() })] });
    expect(await complaintAbout(generous, [send()])).toBe("May not may CALL with value");
    await simulate(generous);
    // The token takes none: a call that fails is one all the same, and here the policy refuses.
    expect(await complaintAbout(used, [send()])).toContain("AA23 reverted");
  });

  it("asks the EntryPoint (OP-052): the bundler refuses it, though the chain would not", async () => {
    const policy = await deployUnfit("DepositPolicy");
    const used = await grant({ actions: [transfer({ policy, config: world.contracts.entryPoint })] });
    expect(await complaintAbout(used, [send()])).toBe("illegal call into EntryPoint during validation balanceOf");
    await simulate(used);
  });

  /** How the bundler tells of storage: what is written is forbidden, what is only read is for those with a stake. */
  function accessed(kind: "forbidden" | "unstaked", policy: Address, slot: Hex): string {
    const at = policy.toLowerCase();
    return kind === "forbidden"
      ? `account has forbidden read from ${at} slot ${slot}`
      : `unstaked account accessed ${at} slot ${slot}`;
  }

  /** Has the chain judge a transfer, whatever a bundler would say. */
  async function simulate(used: SessionWorld): Promise<void> {
    const smartAccount = await used.smartAccount();
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
  }
});

const { erc20LimitPolicy, abiRulePolicy, nativeLimitPolicy, usageLimitPolicy, gasLimitPolicy } = getContracts();
const policyContracts = { erc20LimitPolicy, abiRulePolicy, nativeLimitPolicy, usageLimitPolicy, gasLimitPolicy };
type PolicyName = keyof typeof policyContracts;

const noteAbi = parseAbi(["function note(string text, uint8[] marks)"]);

/** A session with one of our policies, calls that it takes and calls that it refuses. */
type Sample = {
  readonly name: PolicyName;
  readonly what: string;
  readonly parameters: () => Partial<DefineSessionParameters>;
  readonly taken: () => Call[];
  readonly refused: () => Call[];
  readonly reason: new (...parameters: never[]) => LatchkeyError;
};

const note = (text: string, marks: readonly number[]): Call => ({
  to: shop,
  data: encodeFunctionData({ abi: noteAbi, functionName: "note", args: [text, marks] }),
});
const daily = (amount: bigint) => ({ amount, period: "day" }) as const;

const ours: readonly Sample[] = [
  {
    name: "erc20LimitPolicy",
    what: "a limit on a token, per call, in total and per day",
    parameters: () => ({
      actions: [allowErc20({ token: world.contracts.token, perCall: 5n, total: 50n, perPeriod: daily(20n) })],
    }),
    taken: () => [send(5n), send(5n)],
    refused: () => [send(6n)],
    reason: CallLimitExceededError,
  },
  {
    name: "abiRulePolicy",
    what: "rules on words",
    parameters: () => ({
      actions: [
        allowCall({
          abi: tokenAbi,
          functionName: "approve",
          address: world.contracts.token,
          args: { spender: oneOf([shop, someone(2)]), amount: lte(5n) },
        }),
      ],
    }),
    taken: () => [tokenCall.approve(world.contracts.token, shop, 5n)],
    refused: () => [tokenCall.approve(world.contracts.token, shop, 6n)],
    reason: RuleNotMetError,
  },
  {
    name: "abiRulePolicy",
    // About which the manager, too, asks the contract.
    what: "rules on dynamic arguments",
    parameters: () => ({
      actions: [
        allowCall({
          abi: noteAbi,
          functionName: "note",
          address: shop,
          args: { text: startsWith("note: "), marks: every(lte(5)) },
        }),
      ],
    }),
    taken: () => [note("note: a text that is longer than a word of the calldata", [1, 5])],
    refused: () => [note("note: none", [1, 6])],
    reason: ArgumentRuleNotMetError,
  },
  {
    name: "nativeLimitPolicy",
    what: "a limit on native currency, of an operation",
    parameters: () => ({
      actions: [mayPay(shop)],
      operationPolicies: [nativeLimit({ atOnce: 5n, total: 50n, perPeriod: daily(20n) })],
    }),
    taken: () => [pay(2n), pay(3n)],
    refused: () => [pay(6n)],
    reason: CallLimitExceededError,
  },
  {
    name: "nativeLimitPolicy",
    what: "a limit on native currency, of an action",
    parameters: () => ({ actions: [mayPay(shop, [nativeLimit({ total: 5n, perPeriod: daily(20n) })])] }),
    taken: () => [pay(2n), pay(3n)],
    refused: () => [pay(1n)],
    reason: TotalLimitExceededError,
  },
  {
    name: "usageLimitPolicy",
    what: "a limit on operations",
    parameters: () => ({ operationPolicies: [usageLimit({ total: 1n, perPeriod: daily(20n) })] }),
    taken: () => [send(), send()],
    refused: () => [send()],
    reason: TotalLimitExceededError,
  },
  {
    name: "usageLimitPolicy",
    what: "a limit on the calls of an action",
    parameters: () => ({ actions: [mayPay(shop, [usageLimit({ total: 2n, perPeriod: daily(20n) })])] }),
    taken: () => [pay(1n), pay(1n)],
    refused: () => [pay(1n)],
    reason: TotalLimitExceededError,
  },
  {
    name: "gasLimitPolicy",
    what: "a limit on gas",
    parameters: () => ({
      operationPolicies: [gasLimit({ total: 2n * costOf(gas) - 1n, perPeriod: daily(2n * costOf(gas)) })],
    }),
    taken: () => [send()],
    refused: () => [send()],
    reason: TotalLimitExceededError,
  },
];

describe.each([
  ["the contracts", policyContracts],
  ["the manager's own", {}],
] as const)("our policies are taken by a bundler in safe mode: %s", (kind, contracts) => {
  it.each(ours)("$name: $what", async ({ name, parameters, taken, refused, reason }) => {
    const used = await grant({ ...parameters(), contracts });
    const policy = kind === "the contracts" ? policyContracts[name] : builtInPolicies[name];
    expect(policiesOf(used)).toContain(policy);
    const bundler = world.bundlerFor(await used.smartAccount());
    const hash = await bundler.sendUserOperation({ calls: taken(), ...gas });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    await expectRefused(used, refused(), reason, { context: { policy } });
  });

  it("all at once, with messages that the session may sign", async () => {
    const used = await grant({
      actions: [
        allowErc20({ token: world.contracts.token, total: 5n }),
        mayPay(shop, [nativeLimit({ total: 5n })]),
        allowCall({ abi: noteAbi, functionName: "note", address: shop, args: { text: startsWith("note") } }),
        allowCall({
          abi: tokenAbi,
          functionName: "mint",
          address: world.contracts.otherToken,
          args: { to: isAccount(), amount: lte(5n) },
        }),
      ],
      operationPolicies: [gasLimit({ total: parseEther("1") }), usageLimit({ total: 5n }), nativeLimit({ total: 5n })],
      // Asked for signatures of the account, never in the validation of an operation; the session's id commits to it.
      signaturePolicies: [
        allowMessages([
          { domain: { name: "Game" }, types: { Move: [{ name: "to", type: "uint8" }] }, primaryType: "Move" },
        ]),
      ],
      contracts,
    });
    const mint: Call = {
      to: world.contracts.otherToken,
      data: encodeFunctionData({ abi: tokenAbi, functionName: "mint", args: [account.address, 5n] }),
    };
    expect((await used.use(send(5n), pay(5n), note("note", [255]), mint)).success).toBe(true);
  });
});

function policiesOf({ session: { actions, operationPolicies } }: SessionWorld): readonly Address[] {
  return [...operationPolicies, ...actions.flatMap(({ policies }) => policies)].map(({ policy }) => policy);
}
