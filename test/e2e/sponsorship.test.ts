import {
  decodeSessionError,
  OpCostExceededError,
  PaymasterNotAllowedError,
  sendSessionCalls,
  toSessionAccount,
} from "latchkey";
import { getAddress, type HttpTransport, http, parseEther } from "viem";
import { createBundlerClient, entryPoint07Abi, type SmartAccount } from "viem/account-abstraction";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PaymasterService, startPaymaster } from "./harness/paymaster.ts";
import { rejection, SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { type Stack, startStack } from "./harness/stack.ts";
import { world as connect } from "./harness/vitest.ts";
import { type OwnedAccount, World } from "./harness/world.ts";

let stack: Stack;
let world: World;
let service: PaymasterService;
let account: OwnedAccount;

beforeAll(async () => {
  // A chain of its own: the service goes by the clock on the wall.
  stack = await startStack({ forkUrl: connect().info.forkedUrl });
  world = new World(stack.info);
  service = await startPaymaster(world);
  account = await world.createAccount();
}, 240_000);

afterAll(async () => {
  await service?.stop();
  await stack?.stop();
});

/** A bundler client as any app makes one, for sponsored operations or not. */
const sponsored = (asks = true) =>
  createBundlerClient<HttpTransport, undefined, undefined>({
    client: world.client,
    transport: http(world.info.bundlerUrl, { timeout: 240_000 }),
    pollingInterval: 50,
    ...(asks ? { paymaster: service.client } : {}),
  });

const fees = (paymaster?: PaymasterService["address"] | "any", maxPerOperation = parseEther("0.1")) => ({
  fees: { maxPerOperation, total: parseEther("1"), paymaster },
});
const pay = () => tokenCall.transfer(world.contracts.token, someone(1), 5n);
/** What the account has, with what it has deposited for its operations. */
const etherOf = async () =>
  (await world.client.getBalance({ address: account.address })) +
  (await world.client.readContract({
    address: world.contracts.entryPoint,
    abi: entryPoint07Abi,
    functionName: "balanceOf",
    args: [account.address],
  }));

it("has a named paymaster's service pay, with what viem has for that and nothing more", async () => {
  const { session, sessionKey } = await SessionWorld.grant(world, account, fees(service.address));
  const before = await etherOf();
  const made: SmartAccount = await toSessionAccount({ client: world.client, session, sessionKey });
  const bundler = sponsored();
  const hash = await bundler.sendUserOperation<readonly unknown[], SmartAccount>({ account: made, calls: [pay()] });
  const receipt = await bundler.waitForUserOperationReceipt({ hash });
  expect(receipt).toMatchObject({ success: true, paymaster: getAddress(service.address) });
  expect(await etherOf()).toBe(before);

  const { receipt: second } = await sendSessionCalls(sponsored(false), {
    session,
    sessionKey,
    calls: [pay(), pay()],
    paymaster: service.client,
  });
  expect(second?.success).toBe(true);
  expect(await etherOf()).toBe(before);
});

it("lets any paymaster pay if the session says so, or none", async () => {
  const { session, sessionKey } = await SessionWorld.grant(world, account, fees("any"));
  const before = await etherOf();
  const calls = [pay()];
  expect((await sendSessionCalls(sponsored(), { session, sessionKey, calls })).receipt?.success).toBe(true);
  expect(await etherOf()).toBe(before);
  expect((await sendSessionCalls(sponsored(false), { session, sessionKey, calls })).receipt?.success).toBe(true);
  expect(await etherOf()).toBeLessThan(before);
});

it.each([
  ["a paymaster, where the session allows none", fees(), true],
  ["no paymaster, where the session names one", fees(someone(3)), false],
  ["a paymaster other than the named one", fees(someone(3)), true],
])("refuses %s, in the SDK and on the chain", async (_, parameters, asks) => {
  const { session, sessionKey } = await SessionWorld.grant(world, account, parameters);
  const bundler = sponsored(asks);
  const calls = [pay()];
  expect(await rejection(sendSessionCalls(bundler, { session, sessionKey, calls }))).toBeInstanceOf(
    PaymasterNotAllowedError,
  );
  const unchecked = sendSessionCalls(bundler, { session, sessionKey, calls, preflight: false });
  expect(decodeSessionError(await rejection(unchecked))).toBeInstanceOf(PaymasterNotAllowedError);
});

it("counts the paymaster's gas in what an operation may cost", async () => {
  const { session, sessionKey } = await SessionWorld.grant(world, account, fees(service.address, 1_000n));
  expect(await rejection(sendSessionCalls(sponsored(), { session, sessionKey, calls: [pay()] }))).toBeInstanceOf(
    OpCostExceededError,
  );
});
