// The demo with a key that no one holds: five nodes generate it, any three sign with it, and each refuses by itself what the
// chain would refuse.
import assert from "node:assert/strict";
import {
  allowErc20,
  decodeSessionError,
  defineSession,
  getSessionAllowance,
  getSessionStatus,
  grantSession,
  revokeSession,
  type Session,
  type SessionKey,
  toSessionAccount,
} from "latchkey";
import {
  createAuthorizationKey,
  createDistributedSessionKey,
  type DistributedSessionKey,
  NotEnoughNodesError,
  signDistributedConsent,
} from "latchkey/distributed";
import { parseEther, parseUnits } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { type NodeProcess, startNodes } from "../test/e2e/harness/nodes.ts";
import { type Call, gas, rejection, tokenCall } from "../test/e2e/harness/session.ts";
import type { OwnedAccount, World } from "../test/e2e/harness/world.ts";
import type { Narrator } from "./narrator.ts";

const day = 86_400;
const count = 5;
const threshold = 3;
const shop = privateKeyToAddress(generatePrivateKey());
const stranger = privateKeyToAddress(generatePrivateKey());
const units = (amount: string) => parseUnits(amount, 6);

type Granted = { account: OwnedAccount; session: Session; sessionKey: DistributedSessionKey };

/** Runs the demo's flow with nodes. */
export async function demonstrateDistributed(narrator: Narrator, world: World, account: OwnedAccount): Promise<void> {
  narrator.progress(`starting ${count} nodes`);
  const nodes = await startNodes(count, world.info);
  try {
    const sessionKey = await generate(narrator, world, account, nodes);
    const granted = await grant(narrator, world, account, sessionKey);
    await use(narrator, world, granted);
    await exceed(narrator, world, granted);
    await fail(narrator, world, granted, nodes);
    await revoke(narrator, world, granted);
  } finally {
    await Promise.all(nodes.map((node) => node.remove()));
  }
}

async function generate(
  narrator: Narrator,
  world: World,
  account: OwnedAccount,
  nodes: readonly NodeProcess[],
): Promise<DistributedSessionKey> {
  narrator.chapter("A key that no one holds");
  for (const { url, identity } of nodes)
    narrator.say(`Node ${identity.slice(0, 10)}… at ${url}, a process of its own.`);
  const infos = nodes.map(({ info }) => info);
  const authorizationKey = await createAuthorizationKey();
  const consent = await signDistributedConsent({
    account: account.address,
    chainId: world.info.chainId,
    nodes: infos,
    threshold,
    authorizationKey,
    validUntil: (await world.now()) + 7 * day,
    signer: account.owner,
    prefix: world.contracts.ownerValidator,
  });
  narrator.say(
    `The owner consents: these nodes, any ${threshold} of them sign, for a dapp's key that cannot be exported.`,
  );
  const start = performance.now();
  const sessionKey = await createDistributedSessionKey({
    nodes: infos,
    threshold,
    consent,
    authorizationKey,
    timeout: 20_000,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  narrator.outcome({
    what: `the nodes generate a key together, in ${seconds} s: each has a share, nobody the key`,
    outcome: "done",
  });
  narrator.say(`It is named ${sessionKey.sessionKey}.`);
  return sessionKey;
}

async function grant(
  narrator: Narrator,
  world: World,
  account: OwnedAccount,
  sessionKey: DistributedSessionKey,
): Promise<Granted> {
  const { token } = world.contracts;
  const session = defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 7 * day,
    fees: { maxPerOperation: parseEther("0.05"), total: "unlimited" },
    actions: [allowErc20({ token, recipients: [shop], perCall: units("40"), total: units("100") })],
  });
  narrator.chapter("The grant");
  narrator.say(`The owner allows it to send TUSD to the shop ${shop}: at most 40 at once, 100 in total.`);
  const { receipt } = await grantSession(account.bundler, { session });
  assert.ok(receipt.success);
  narrator.outcome({
    what: "one operation of the owner's installs the manager and grants the session",
    outcome: "done",
    gas: String(receipt.receipt.gasUsed),
  });
  return { account, session, sessionKey };
}

async function use(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  narrator.chapter("The key at work");
  await succeed(narrator, world, granted, "three nodes sign, and the shop is sent 40 TUSD", units("40"));
  await succeed(narrator, world, granted, "the same with 20 TUSD", units("20"));
  const [allowance] = await getSessionAllowance(world.client, { session: granted.session });
  assert.equal(allowance?.total?.remaining, units("40"));
  narrator.say("Left in total: 40 TUSD.");
}

async function exceed(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  const { token, otherToken } = world.contracts;
  narrator.chapter("What nodes refuse by themselves");
  narrator.say(
    "The dapp is taken over: it asks the nodes for more than the session allows. They refuse; so would the chain.",
  );
  const attempts: [what: string, calls: Call[], check: string, onChain: string][] = [
    [
      "to send 1 TUSD to a stranger",
      [tokenCall.transfer(token, stranger, units("1"))],
      "calls",
      "RecipientNotAllowedError",
    ],
    ["to approve the shop", [tokenCall.approve(token, shop, units("1"))], "calls", "SelectorNotAllowedError"],
    ["to send another token", [tokenCall.transfer(otherToken, shop, 1n)], "calls", "TargetNotAllowedError"],
    [
      "to send 40.000001 TUSD in two parts, where 40 are left",
      [tokenCall.transfer(token, shop, units("40")), tokenCall.transfer(token, shop, 1n)],
      "calls",
      "TotalLimitExceededError",
    ],
  ];
  const before = await world.balanceOf(token, granted.account.address);
  for (const [what, calls, check, expected] of attempts) {
    const refused = findRefusal(await rejection(send(world, granted, calls, { preflight: false })));
    assert.equal(refused?.refusedBy, check, `${what}: refused by another check: ${String(refused)}`);
    const stub: SessionKey = { ...granted.sessionKey, sign: async () => granted.sessionKey.stubSignature };
    const raw = await rejection(send(world, { ...granted, sessionKey: stub }, calls, { preflight: false }));
    const onChain = decodeSessionError(raw, { session: granted.session, now: await world.now() });
    assert.equal(onChain?.name, expected, `${what}: the chain refuses for another reason: ${String(raw)}`);
    narrator.outcome({
      what,
      outcome: "refused",
      reason: `${refused?.failures.length} nodes, by their check "${check}"; the chain: ${onChain?.shortMessage}`,
    });
  }
  assert.equal(await world.balanceOf(token, granted.account.address), before);
  narrator.say("Nothing has changed: not a unit moved.");
}

async function fail(narrator: Narrator, world: World, granted: Granted, nodes: readonly NodeProcess[]): Promise<void> {
  narrator.chapter("Nodes fail");
  await Promise.all(nodes.slice(0, count - threshold).map((node) => node.kill()));
  await succeed(narrator, world, granted, "two nodes are killed; the other three send 10 TUSD", units("10"));
  await nodes[count - threshold]?.kill();
  const calls = [tokenCall.transfer(world.contracts.token, shop, units("1"))];
  const refused = findRefusal(await rejection(send(world, granted, calls)));
  assert.equal(refused?.failures.length, 3);
  narrator.outcome({
    what: "a third one is killed: to send 1 TUSD",
    outcome: "refused",
    reason: `${refused?.shortMessage} ${refused?.failures.map(({ node, kind }) => `${node.url}: ${kind}`).join(", ")}`,
  });
  await Promise.all(nodes.slice(0, count - threshold + 1).map((node) => node.start()));
  await succeed(narrator, world, granted, "all are back with their shares, and send 10 TUSD", units("10"));
}

async function revoke(narrator: Narrator, world: World, granted: Granted): Promise<void> {
  narrator.chapter("The revocation");
  await revokeSession(granted.account.bundler, { session: granted.session });
  assert.equal((await getSessionStatus(world.client, granted)).effective, "revoked");
  const calls = [tokenCall.transfer(world.contracts.token, shop, units("1"))];
  const refused = findRefusal(await rejection(send(world, granted, calls, { preflight: false })));
  assert.equal(refused?.refusedBy, "grant");
  narrator.outcome({
    what: "the owner revokes the session on the chain: to send 1 TUSD",
    outcome: "refused",
    reason: `${refused?.failures.length} nodes, which look there`,
  });
  assert.equal(await world.balanceOf(world.contracts.token, shop), units("80"));
}

async function succeed(
  narrator: Narrator,
  world: World,
  granted: Granted,
  what: string,
  amount: bigint,
): Promise<void> {
  const { success, receipt } = await send(world, granted, [tokenCall.transfer(world.contracts.token, shop, amount)]);
  assert.ok(success, what);
  narrator.outcome({ what, outcome: "done", gas: String(receipt.gasUsed) });
}

async function send(
  world: World,
  { account, session, sessionKey }: { account: OwnedAccount; session: Session; sessionKey: SessionKey },
  calls: Call[],
  { preflight = true } = {},
) {
  const acting = await toSessionAccount({ account: account.smartAccount, session, sessionKey, preflight });
  const bundler = world.bundlerFor(acting);
  // What the chain would refuse cannot be estimated.
  const hash = await bundler.sendUserOperation({ calls, ...(preflight ? {} : gas) });
  return bundler.waitForUserOperationReceipt({ hash });
}

/** What the nodes say, in an error of the bundler's client. */
function findRefusal(error: unknown): NotEnoughNodesError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof NotEnoughNodesError) return cause;
  return undefined;
}
