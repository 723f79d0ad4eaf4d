import {
  allowErc20,
  CallNotAllowedError,
  createSessionKey,
  defineSession,
  grantSession,
  InvalidTimeError,
  RecipientNotAllowedError,
  SessionKeyMismatchError,
  toSessionAccount,
} from "latchkey";
import { custom, parseEther } from "viem";
import { createBundlerClient, type SmartAccount } from "viem/account-abstraction";
import { beforeAll, describe, expect, it } from "vitest";
import { SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { World } from "./harness/world.ts";

let world: World;
let used: SessionWorld;

beforeAll(async () => {
  world = connect();
  used = await SessionWorld.grant(world, await world.createAccount(), {
    actions: [allowErc20({ token: world.contracts.token, total: 100n, recipients: [someone(1)] })],
  });
});

/** A bundler client that notes what the bundler is asked. */
function watched(account: SmartAccount) {
  const asked: string[] = [];
  const { request } = world.bundlerFor(account);
  const transport = custom({
    request: ({ method, params }) => {
      asked.push(method);
      return request({ method, params });
    },
  });
  return { asked, bundler: createBundlerClient({ account, client: world.client, transport, pollingInterval: 50 }) };
}

describe("before anything is sent", () => {
  it("refuses a call that the session does not allow, and says why", async () => {
    const { asked, bundler } = watched(await used.smartAccount());
    const call = tokenCall.transfer(world.contracts.token, someone(2), 1n);
    const before = await used.state();
    const error: unknown = await bundler.sendUserOperation({ calls: [call] }).catch((reason: unknown) => reason);
    const causes = causesOf(error);
    expect(causes.some((cause) => cause instanceof CallNotAllowedError)).toBe(true);
    expect(causes.some((cause) => cause instanceof RecipientNotAllowedError)).toBe(true);
    expect(asked).not.toContain("eth_estimateUserOperationGas");
    expect(asked).not.toContain("eth_sendUserOperation");
    expect(await used.state()).toEqual(before);
  });

  it("sees to it that the bundler would have been asked", async () => {
    const { asked, bundler } = watched(await used.smartAccount());
    const call = tokenCall.transfer(world.contracts.token, someone(1), 1n);
    await bundler.waitForUserOperationReceipt({ hash: await bundler.sendUserOperation({ calls: [call] }) });
    expect(asked).toContain("eth_sendUserOperation");
  });

  it("refuses another key than the session's", async () => {
    const { session, account } = used;
    const using = toSessionAccount({ account: account.smartAccount, session, sessionKey: createSessionKey() });
    await expect(using).rejects.toThrow(SessionKeyMismatchError);
  });

  it("refuses milliseconds where seconds are meant, and grants nothing", async () => {
    const { asked, bundler } = watched(used.account.smartAccount);
    const granting = async () =>
      grantSession(bundler, {
        session: defineSession({
          account: used.account.address,
          chainId: world.info.chainId,
          sessionKey: used.sessionKey,
          validUntil: Date.now() + 3_600_000,
          fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
          actions: [allowErc20({ token: world.contracts.token, total: 1n })],
        }),
      });
    await expect(granting()).rejects.toThrow(InvalidTimeError);
    expect(asked).toEqual([]);
  });
});

function causesOf(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
