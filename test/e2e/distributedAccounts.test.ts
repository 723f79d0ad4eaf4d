import { createSessionKey, grantSession, signSessionGrant, toSessionAccount } from "latchkey";
import {
  createAuthorizationKey,
  createDistributedSessionKey,
  KeyGenerationFailedError,
  NotEnoughNodesError,
  signDistributedConsent,
} from "latchkey/distributed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kindsOfAccounts } from "./harness/accounts.ts";
import { defineFor } from "./harness/distributed.ts";
import { type NodeProcess, startNodes } from "./harness/nodes.ts";
import { gas, rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

let world: World;
let nodes: readonly NodeProcess[];

beforeAll(async () => {
  world = connect();
  nodes = await startNodes(3, world.info);
}, 60_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
});

describe.each(kindsOfAccounts)("$name", ({ entryPointVersion, grantPrefix, create }) => {
  const send = (amount: bigint) => tokenCall.transfer(world.contracts.token, someone(1), amount);

  /** The account's consent, as its own ERC-1271 takes it from whoever signs. */
  async function consentOf(account: OwnedAccount, signer = account.smartAccount) {
    const authorizationKey = await createAuthorizationKey();
    const infos = nodes.map(({ info }) => info);
    const consent = await signDistributedConsent({
      account: account.address,
      chainId: world.info.chainId,
      nodes: infos,
      threshold: 2,
      authorizationKey,
      validUntil: (await world.now()) + 86_400,
      signer,
    });
    return { nodes: infos, consent, authorizationKey };
  }

  it("consents by ERC-1271 to a key that nodes hold, and is acted for by it", async () => {
    const account = await create(world);
    const sessionKey = await createDistributedSessionKey(await consentOf(account));
    const session = await defineFor(world, account, sessionKey);
    // Installs the manager, for a session that has nothing to do with the nodes.
    const other = { ...session, sessionKey: createSessionKey().sessionKey };
    await grantSession(account.bundler, { session: other, grantPrefix: grantPrefix(world) });

    const grant = await signSessionGrant({ sessions: [session], signer: account.smartAccount });
    const connectWith = async (parameters: { grant?: typeof grant }) =>
      world.bundlerFor(
        await toSessionAccount({
          client: world.client,
          entryPointVersion,
          session,
          sessionKey,
          preflight: false,
          ...parameters,
        }),
      );
    // Not granted, and the operation brings no grant.
    expect(await refusedBy((await connectWith({})).sendUserOperation({ calls: [send(1n)], ...gas }))).toBe("grant");
    const granting = await connectWith({ grant });
    for (const bundler of [granting, await connectWith({})]) {
      const hash = await bundler.sendUserOperation({ calls: [send(60n)], ...gas });
      expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    }
    expect(await refusedBy((await connectWith({})).sendUserOperation({ calls: [send(101n)], ...gas }))).toBe("calls");
  }, 120_000);

  it("is asked about its consent, and nobody else is", async () => {
    const [account, stranger] = [await create(world), await create(world)];
    const error = await rejection(createDistributedSessionKey(await consentOf(account, stranger.smartAccount)));
    if (!(error instanceof KeyGenerationFailedError)) throw error;
    expect(error.failures.map(({ code }) => code)).toEqual(["consent", "consent", "consent"]);
  }, 60_000);
});

/** The check by which all nodes refuse to sign for an operation that is sent. */
async function refusedBy(sending: Promise<unknown>): Promise<string | undefined> {
  for (let cause = await rejection(sending); cause instanceof Error; ) {
    if (cause instanceof NotEnoughNodesError) return cause.refusedBy;
    const next: unknown = cause.cause;
    if (!(next instanceof Error)) throw cause;
    cause = next;
  }
  return undefined;
}
