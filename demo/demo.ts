// What Latchkey does, on a chain of its own: an owner grants a session key a limited right, the key uses it through a
// bundler, goes beyond it and is refused, and the owner revokes it. Exits with 1 if anything is not as it says.
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import {
  allowErc20,
  createSessionKey,
  decodeSessionError,
  defineSession,
  exportPrivateKey,
  getSessionAllowance,
  getSessionStatus,
  grantSession,
  type LatchkeyError,
  parseSession,
  revokeSession,
  type Session,
  type SessionKey,
  serializeSession,
  toSessionAccount,
} from "latchkey";
import { formatUnits, parseEther, parseUnits } from "viem";
import type { UserOperationReceipt } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { type Call, rejection, tokenCall } from "../test/e2e/harness/session.ts";
import { startStack } from "../test/e2e/harness/stack.ts";
import { type OwnedAccount, World } from "../test/e2e/harness/world.ts";
import { demonstrateDistributed } from "./distributed.ts";
import { Narrator } from "./narrator.ts";

const usage = `Usage: npm run demo -- [options]

Starts a chain, a fork of it and a bundler, and shows on them what a session key may do and what it may not.

  --distributed   with a session key that five nodes hold together, and no one alone
  --json          print one JSON document instead of text
  --help          show this text

With the environment variable FORK_URL set, that network is forked instead of a chain made for the purpose.
`;

const day = 86_400;
const shop = privateKeyToAddress(generatePrivateKey());
const stranger = privateKeyToAddress(generatePrivateKey());
const units = (amount: string) => parseUnits(amount, 6);

const { values: options } = parseArgs({
  options: { distributed: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } },
});
if (options.help) process.stdout.write(usage);
else await demonstrate(new Narrator({ json: options.json ?? false }));

async function demonstrate(narrator: Narrator): Promise<void> {
  const stack = await startStack({ forkUrl: process.env["FORK_URL"], onProgress: (what) => narrator.progress(what) });
  try {
    const world = new World(stack.info);
    const { account, token } = await introduce(narrator, world);
    if (options.distributed) {
      await demonstrateDistributed(narrator, world, account);
      narrator.chapter("The end");
      narrator.say("Everything went as told.");
      narrator.end({});
      return;
    }
    const granted = await grant(narrator, world, account);
    await use(narrator, world, granted);
    await exceed(narrator, world, granted);
    await nextDay(narrator, world, granted);
    const gas = await compareGas(narrator, world);
    await revoke(narrator, world, granted);
    const left = formatUnits(await world.balanceOf(token, account.address), 6);
    assert.equal(left, "865");
    narrator.chapter("The end");
    narrator.say(
      `The shop has what it was sent, the account has ${left} of 1000 TUSD left, and everything went as told.`,
    );
    narrator.end({ gas });
  } finally {
    await stack.stop();
  }
}

type Granted = { account: OwnedAccount; session: Session; sessionKey: SessionKey };

async function introduce(narrator: Narrator, world: World) {
  const { chainId, rpcUrl, bundlerUrl, contracts } = world.info;
  narrator.chapter("The stage");
  narrator.say(`Chain ${chainId}, an Anvil fork at ${rpcUrl}, with EntryPoint v0.7 at ${contracts.entryPoint}.`);
  narrator.say(`Bundler: alto in safe mode at ${bundlerUrl}. It traces every validation and enforces ERC-7562.`);
  narrator.say(`Latchkey: session key manager at ${contracts.sessionKeyManager}.`);
  const account = await world.createAccount();
  const { token } = contracts;
  const balance = formatUnits(await world.balanceOf(token, account.address), 6);
  assert.equal(balance, "1000");
  narrator.say(
    `Account: ${account.address}, a Nexus smart account with ${balance} TUSD. Its owner: ${account.owner.address}.`,
  );
  return { account, token };
}

async function grant(narrator: Narrator, world: World, account: OwnedAccount): Promise<Granted> {
  const { token } = world.contracts;
  // Begins at noon, so that the day does not change while we look.
  const now = await world.now();
  await world.travelTo(now - (now % day) + day + day / 2);
  const sessionKey = createSessionKey();
  const session = defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 7 * day,
    fees: { maxPerOperation: parseEther("0.05"), total: "unlimited" },
    actions: [
      allowErc20({
        token,
        recipients: [shop],
        perCall: units("40"),
        total: units("300"),
        perPeriod: { amount: units("100"), period: "day" },
      }),
    ],
  });
  narrator.chapter("The grant");
  narrator.say(`The owner allows the key ${sessionKey.account.address}, for seven days, on this chain:`);
  narrator.say(`- to send TUSD to the shop ${shop}, and to nobody else;`);
  narrator.say("- at most 40 at once, 100 a day and 300 in total;");
  narrator.say("- in operations that cost at most 0.05 ether each, paid by the account.");
  const { receipt } = await grantSession(account.bundler, { session });
  assert.equal((await getSessionStatus(world.client, { session })).effective, "active");
  done(narrator, "one operation of the owner's installs the manager and grants the session", receipt);
  return { account, session, sessionKey };
}

async function use(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  const { token } = world.contracts;
  narrator.chapter("The key at work");
  await succeed(narrator, world, granted, "sends 40 TUSD to the shop", [tokenCall.transfer(token, shop, units("40"))]);
  await succeed(narrator, world, granted, "sends 20 and 25 TUSD to the shop in one operation", [
    tokenCall.transfer(token, shop, units("20")),
    tokenCall.transfer(token, shop, units("25")),
  ]);
  assert.equal(await world.balanceOf(token, shop), units("85"));
  const [allowance] = await getSessionAllowance(world.client, { session: granted.session });
  assert.equal(allowance?.perPeriod?.remaining, units("15"));
  assert.equal(allowance?.total?.remaining, units("215"));
  narrator.say("Left today: 15 TUSD. Left in total: 215 TUSD.");
}

async function exceed(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  const { token, otherToken } = world.contracts;
  narrator.chapter("What the key may not do");
  narrator.say("The SDK would refuse to sign most of this. Here it is told to sign, and the chain refuses.");
  const refusals: [what: string, call: Call, reason: string, sessionKey?: SessionKey][] = [
    ["to send 40.000001 TUSD at once", tokenCall.transfer(token, shop, units("40.000001")), "CallLimitExceededError"],
    [
      "to send 15.000001 TUSD more today",
      tokenCall.transfer(token, shop, units("15.000001")),
      "PeriodLimitExceededError",
    ],
    ["to send 1 TUSD to a stranger", tokenCall.transfer(token, stranger, units("1")), "RecipientNotAllowedError"],
    ["to approve the shop", tokenCall.approve(token, shop, units("1")), "SelectorNotAllowedError"],
    ["to send another token", tokenCall.transfer(otherToken, shop, 1n), "TargetNotAllowedError"],
    ["to send ether along", { ...tokenCall.transfer(token, shop, 1n), value: 1n }, "ValueExceededError"],
    ["to call the account itself", { to: granted.account.address, data: "0x9517e29f" }, "TargetForbiddenError"],
    [
      "as another key, to send 1 TUSD",
      tokenCall.transfer(token, shop, units("1")),
      "WrongSignatureError",
      createSessionKey(),
    ],
  ];
  const before = await world.balanceOf(token, granted.account.address);
  for (const [what, call, reason, sessionKey] of refusals)
    await refuse(narrator, world, { ...granted, ...(sessionKey && { sessionKey }) }, what, call, reason);
  assert.equal(await world.balanceOf(token, granted.account.address), before);
  narrator.say("Nothing has changed: not a unit moved, no budget was touched.");
}

async function nextDay(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  const { token } = world.contracts;
  narrator.chapter("The next day, from what was kept");
  await world.travel(day);
  narrator.say("All that is left of yesterday is the serialized session and the key.");
  const resumed: Granted = {
    account: granted.account,
    session: parseSession(serializeSession(granted.session)),
    sessionKey: createSessionKey({ privateKey: exportPrivateKey(granted.sessionKey) }),
  };
  await succeed(narrator, world, resumed, "sends 40 TUSD: the day's limit has started anew", [
    tokenCall.transfer(token, shop, units("40")),
  ]);
  await succeed(narrator, world, resumed, "sends 10 TUSD more", [tokenCall.transfer(token, shop, units("10"))]);
}

/** In steady state: the second of two equal operations, paid from a deposit. */
async function compareGas(narrator: Narrator, world: World) {
  const { token } = world.contracts;
  narrator.chapter("What it costs");
  const account = await world.createAccount();
  await world.depositFor(account.address, parseEther("1"));
  const sessionKey = createSessionKey();
  const session = defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + day,
    fees: { maxPerOperation: parseEther("0.05"), total: "unlimited" },
    actions: [allowErc20({ token, total: units("100") })],
  });
  await grantSession(account.bundler, { session });
  const calls = [tokenCall.transfer(token, shop, 1n)];
  const byOwner = async () => {
    const nonce = await account.smartAccount.getNonce({ key: 0n });
    const hash = await account.bundler.sendUserOperation({ calls, nonce });
    return account.bundler.waitForUserOperationReceipt({ hash });
  };
  const byKey = () => send(world, { account, session, sessionKey }, calls);
  await byOwner();
  await byKey();
  const owner = (await byOwner()).receipt.gasUsed;
  const key = (await byKey()).receipt.gasUsed;
  narrator.say(`Gas of the whole transaction, for an ERC-20 transfer in steady state:`);
  narrator.say(`signed by the owner                        ${owner}`);
  narrator.say(`by a session key under a cumulative limit  ${key} (${key - owner} more)`);
  assert.ok(key - owner < 35_000n, "a session key's transfer costs much more than it should");
  return { owner: String(owner), sessionKey: String(key) };
}

async function revoke(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  const { token } = world.contracts;
  narrator.chapter("The revocation");
  const { receipt } = await revokeSession(granted.account.bundler, { session: granted.session });
  assert.equal((await getSessionStatus(world.client, { session: granted.session })).effective, "revoked");
  done(narrator, "the owner revokes the session, for ever", receipt);
  await refuse(
    narrator,
    world,
    granted,
    "to send 1 TUSD to the shop",
    tokenCall.transfer(token, shop, units("1")),
    "SessionRevokedError",
  );
}

async function send(world: World, { account, session, sessionKey }: Granted, calls: Call[]) {
  const acting = await toSessionAccount({ account: account.smartAccount, session, sessionKey });
  const bundler = world.bundlerFor(acting);
  const hash = await bundler.sendUserOperation({ calls });
  return bundler.waitForUserOperationReceipt({ hash });
}

function done(narrator: Narrator, what: string, { success, receipt }: UserOperationReceipt): void {
  assert.ok(success, `${what}: the operation failed`);
  narrator.outcome({ what, outcome: "done", gas: String(receipt.gasUsed) });
}

async function succeed(narrator: Narrator, world: World, granted: Granted, what: string, calls: Call[]): Promise<void> {
  done(narrator, what, await send(world, granted, calls));
}

async function refuse(
  narrator: Narrator,
  world: World,
  { account, session, sessionKey }: Granted,
  what: string,
  call: Call,
  expected: string,
): Promise<void> {
  const acting = await toSessionAccount({ account: account.smartAccount, session, sessionKey, preflight: false });
  const raw = await rejection(world.bundlerFor(acting).sendUserOperation({ calls: [call] }));
  const error: LatchkeyError | undefined = decodeSessionError(raw, { session, now: await world.now() });
  assert.equal(error?.name, expected, `${what}: refused for another reason: ${String(raw)}`);
  const detail = error?.facts.filter((fact) => /^(Expected|Actual|Limit|Amount|Left)/.test(fact)).join(", ");
  narrator.outcome({
    what,
    outcome: "refused",
    ...(error && { reason: error.shortMessage }),
    ...(detail ? { detail: `(${detail})` } : {}),
  });
}
