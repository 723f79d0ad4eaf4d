import {
  allowErc20,
  createSessionKey,
  defineSession,
  getSessionId,
  type Session,
  type SessionKey,
  serializeSession,
  sessionActions,
  toSessionAccount,
} from "latchkey";
import { toKernelSmartAccount, toNexusSmartAccount, toSafeSmartAccount } from "permissionless/accounts";
import { parseEther, zeroAddress } from "viem";
import { entryPoint07Address, type SmartAccount } from "viem/account-abstraction";
import { beforeAll, describe, expect, it } from "vitest";
import { kindsOfAccounts } from "./harness/accounts.ts";
import { safeCreationCode } from "./harness/bytecode.ts";
import { deploy } from "./harness/contracts.ts";
import { rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

let world: World;

beforeAll(() => {
  world = connect();
});

async function define(account: OwnedAccount): Promise<{ session: Session; sessionKey: SessionKey }> {
  const sessionKey = createSessionKey();
  const session = defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 3_600,
    fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
    actions: [
      allowErc20({ token: world.contracts.token, total: 100n }),
      allowErc20({ token: world.contracts.otherToken, functions: ["approve"], perCall: 9n }),
    ],
  });
  return { session, sessionKey };
}

const pay = (amount: bigint) => tokenCall.transfer(world.contracts.token, someone(7), amount);

function find(name: string) {
  const kind = kindsOfAccounts.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error(`there is no account ${name}`);
  return kind;
}

/**
 * Accounts that are on the chain, as their owner uses them through permissionless, and what says that a session is
 * revoked: a Safe does not pass on why its validator refuses.
 */
const permissionless: readonly [string, (account: OwnedAccount) => Promise<SmartAccount>, string][] = [
  [
    "Nexus on EntryPoint v0.7",
    ({ owner, address }) =>
      toNexusSmartAccount({
        client: world.client,
        owners: [owner],
        version: "1.0.0",
        address,
        validatorAddress: world.contracts.ownerValidator,
      }),
    "SessionRevokedError",
  ],
  [
    "Kernel on EntryPoint v0.7",
    ({ owner, address }) =>
      toKernelSmartAccount({
        client: world.client,
        owners: [owner],
        version: "0.3.1",
        entryPoint: { address: entryPoint07Address, version: "0.7" },
        address,
        validatorAddress: world.contracts.ownerValidator,
      }),
    "SessionRevokedError",
  ],
  [
    "Safe with Safe7579 on EntryPoint v0.7",
    async ({ owner, address }) =>
      toSafeSmartAccount({
        client: world.client,
        owners: [owner],
        version: "1.4.1",
        entryPoint: { address: entryPoint07Address, version: "0.7" },
        address,
        safe4337ModuleAddress: await deploy(world.funder, safeCreationCode().adapter),
        // What makes permissionless speak ERC-7579; it is not called once the account is there.
        erc7579LaunchpadAddress: zeroAddress,
      }),
    "UserOperationExecutionError",
  ],
];

describe.each(permissionless)("an account of permissionless: %s", (name, toOwner, refusal) => {
  it("is wrapped as it is: grant, use, list, rotate the key, revoke", async () => {
    const account = await find(name).create(world);
    const owner = await toOwner(account);
    const bundler = world.bundlerFor(owner).extend(sessionActions());
    const fromBlock = await world.client.getBlockNumber();
    const { session, sessionKey } = await define(account);
    await bundler.grantSession({ session, publish: true });
    expect(await bundler.installManager()).toBeUndefined();

    const made = await toSessionAccount({ account: owner, session, sessionKey });
    const approve = tokenCall.approve(world.contracts.otherToken, someone(8), 9n);
    const { receipt } = await bundler.sendSessionCalls({ account: made, calls: [pay(30n), approve, pay(10n)] });
    expect(receipt?.success).toBe(true);
    expect(await bundler.inspectSession({ session })).toMatchObject({
      effective: "active",
      allowances: [{ total: { remaining: 60n } }, { available: 9n }],
    });

    const next = createSessionKey();
    const rotated = await bundler.rotateSessionKey({ session, sessionKey: next, publish: true });
    const stale = bundler.sendSessionCalls({ session, sessionKey, calls: [pay(1n)] });
    expect(await rejection(stale)).toMatchObject({ name: refusal });
    const resumed = await bundler.resumeSession({ session: serializeSession(rotated.session), sessionKey: next });
    expect(resumed.effective).toBe("active");
    await bundler.sendSessionCalls({ account: resumed.account, calls: [pay(60n)] });

    const listed = await bundler.listSessions({ sessions: [session], fromBlock, blockRange: 3n });
    expect(listed.map(({ id, effective, source }) => ({ id, effective, source }))).toEqual([
      { id: getSessionId(session), effective: "revoked", source: "both" },
      { id: rotated.id, effective: "active", source: "published" },
    ]);
    await bundler.revokeSessions({ sessions: listed.map((item) => item.session) });
    expect(await bundler.getSessionStatus({ session: rotated.session })).toMatchObject({ effective: "revoked" });
  }, 240_000);
});

it("lets several sessions of one account act side by side, each in a lane of its own", async () => {
  const account = await world.createAccount();
  const bundler = account.bundler.extend(sessionActions());
  const both = [await define(account), await define(account)];
  await bundler.grantSession({ sessions: both.map(({ session }) => session) });
  const nonceKey = "session" as const;
  const sent = await Promise.all(both.map((used) => bundler.sendSessionCalls({ ...used, nonceKey, calls: [pay(5n)] })));
  expect(sent.map(({ receipt }) => receipt?.success)).toEqual([true, true]);
  expect(new Set(sent.map(({ receipt }) => BigInt(receipt?.nonce ?? 0) >> 64n)).size).toBe(2);
  // The next operation of each goes on in its lane.
  for (const [index, used] of both.entries()) {
    const { receipt } = await bundler.sendSessionCalls({ ...used, nonceKey, calls: [pay(5n)] });
    expect(BigInt(receipt?.nonce ?? 0)).toBe(BigInt(sent[index]?.receipt?.nonce ?? 0) + 1n);
  }
});
