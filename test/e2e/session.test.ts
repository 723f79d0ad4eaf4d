import {
  allowCall,
  allowErc20,
  CallLimitExceededError,
  createSessionKey,
  EpochMismatchError,
  getSessionStatus,
  grantSession,
  lte,
  RecipientNotAllowedError,
  RuleNotMetError,
  revokeAllSessions,
  revokeSession,
  SelectorNotAllowedError,
  SessionExpiredError,
  SessionNotGrantedError,
  SessionNotStartedError,
  SessionRevokedError,
  TargetNotAllowedError,
  ValueExceededError,
  WrongSignatureError,
} from "latchkey";
import { beforeAll, describe, expect, it } from "vitest";
import { accountAbi, tokenAbi } from "./harness/abis.ts";
import { type Call, SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const { transfer, approve, burn } = tokenCall;
const shop = someone(1);
const stranger = someone(2);

let world: World;
let account: OwnedAccount;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

/** A session that may send up to 5 tokens at once to the shop, and nothing else. */
const shopping = () => ({
  actions: [allowErc20({ token: world.contracts.token, recipients: [shop], perCall: 5_000_000n, total: 50_000_000n })],
});

/** The operation is refused, by bundler and chain alike, for the reason given, and nothing has changed. */
async function expectRefused(
  used: SessionWorld,
  calls: Call[],
  reason: new (...parameters: never[]) => Error,
  facts: object = {},
  sessionKey = used.sessionKey,
): Promise<void> {
  const before = await used.state();
  const byBundler = await used.refusedByBundler(calls, sessionKey);
  const byChain = await used.refusedByChain(calls, sessionKey);
  expect(byBundler).toBeInstanceOf(reason);
  expect(byChain).toBeInstanceOf(reason);
  expect(byBundler).toMatchObject(facts);
  expect(byChain).toMatchObject(facts);
  expect(await used.state()).toEqual(before);
}

describe("a grant", () => {
  it("installs the manager and grants the session in one operation of the owner's", async () => {
    const fresh = await world.createAccount();
    const used = await SessionWorld.define(world, fresh, shopping());
    const isInstalled = () =>
      world.client.readContract({
        address: fresh.address,
        abi: accountAbi,
        functionName: "isModuleInstalled",
        args: [1n, world.contracts.sessionKeyManager, "0x"],
      });
    expect(await isInstalled()).toBe(false);
    const { receipt } = await grantSession(fresh.bundler, { session: used.session });
    expect(receipt.success).toBe(true);
    expect(await isInstalled()).toBe(true);
    const { effective } = await getSessionStatus(world.client, { session: used.session });
    expect(effective).toBe("active");
  });

  it("adds sessions to an account that has some", async () => {
    const first = await SessionWorld.grant(world, account, shopping());
    const second = await SessionWorld.grant(world, account, shopping());
    expect((await first.use(transfer(world.contracts.token, shop, 1n))).success).toBe(true);
    expect((await second.use(transfer(world.contracts.token, shop, 1n))).success).toBe(true);
  });
});

describe("a session key", () => {
  let used: SessionWorld;
  beforeAll(async () => {
    used = await SessionWorld.grant(world, account, shopping());
  });
  const { token, otherToken } = connect().contracts;

  it("sends tokens up to the limit", async () => {
    const before = await world.balanceOf(token, shop);
    const receipt = await used.use(transfer(token, shop, 5_000_000n));
    expect(receipt.success).toBe(true);
    expect(await world.balanceOf(token, shop)).toBe(before + 5_000_000n);
    expect(await used.budgets()).toEqual([{ total: 5_000_000n, inPeriod: undefined }]);
  });

  it("cannot send one unit more than the limit", async () => {
    await expectRefused(used, [transfer(token, shop, 5_000_001n)], CallLimitExceededError, {
      limit: 5_000_000n,
      amount: 5_000_001n,
    });
  });

  it("cannot send to another recipient", async () => {
    await expectRefused(used, [transfer(token, stranger, 1n)], RecipientNotAllowedError, { recipient: stranger });
  });

  it("cannot call another function", async () => {
    const facts = { expected: "0xa9059cbb", actual: "0x095ea7b3" };
    await expectRefused(used, [approve(token, shop, 1n)], SelectorNotAllowedError, facts);
    await expectRefused(used, [burn(token, 1n)], SelectorNotAllowedError);
  });

  it("cannot send another token", async () => {
    const facts = { expected: token, actual: otherToken };
    await expectRefused(used, [transfer(otherToken, shop, 1n)], TargetNotAllowedError, facts);
  });

  it("cannot send value along", async () => {
    const call = { ...transfer(token, shop, 1n), value: 1n };
    await expectRefused(used, [call], ValueExceededError, { maxValue: 0n, value: 1n });
  });

  it("cannot hide a call that is not allowed behind one that is", async () => {
    const calls = [transfer(token, shop, 1n), transfer(token, stranger, 1n)];
    await expectRefused(used, calls, RecipientNotAllowedError, { context: { callIndex: 1 } });
  });

  it("cannot call the account, the manager or the EntryPoint", async () => {
    for (const to of [account.address, world.contracts.sessionKeyManager, world.contracts.entryPoint]) {
      const error = await used.refusedByBundler([{ to, data: "0x12345678" }]);
      expect(error?.name).toBe("TargetForbiddenError");
    }
  });

  it("is refused if it is another's", async () => {
    await expectRefused(used, [transfer(token, shop, 1n)], WrongSignatureError, {}, createSessionKey());
  });

  it("is refused without a grant", async () => {
    const ungranted = await SessionWorld.define(world, account, shopping());
    await expectRefused(ungranted, [transfer(token, shop, 1n)], SessionNotGrantedError);
  });

  it("is refused before the start, accepted after it, and refused again after the end", async () => {
    const now = await world.now();
    const window = { validAfter: now + 600, validUntil: now + 1_200 };
    const timed = await SessionWorld.grant(world, account, { ...shopping(), ...window });
    const call = transfer(token, shop, 1n);
    await expectRefused(timed, [call], SessionNotStartedError, { validAfter: window.validAfter });
    await world.travelTo(window.validAfter + 60);
    expect((await timed.use(call)).success).toBe(true);
    await world.travelTo(window.validUntil + 1);
    await expectRefused(timed, [call], SessionExpiredError, { validUntil: window.validUntil });
  });

  it("is refused after the revocation, for ever", async () => {
    const revoked = await SessionWorld.grant(world, account, shopping());
    const call = transfer(token, shop, 1n);
    expect((await revoked.use(call)).success).toBe(true);
    await revokeSession(account.bundler, { session: revoked.session });
    await expectRefused(revoked, [call], SessionRevokedError);
    await expect(grantSession(account.bundler, { session: revoked.session })).rejects.toThrow(SessionRevokedError);
  });

  it("is refused after the owner revoked all sessions", async () => {
    const fresh = await world.createAccount();
    const ended = await SessionWorld.grant(world, fresh, shopping());
    const { epoch } = await revokeAllSessions(fresh.bundler);
    const facts = { sessionEpoch: 0n, accountEpoch: epoch };
    await expectRefused(ended, [transfer(token, shop, 1n)], EpochMismatchError, facts);
    const next = await SessionWorld.grant(world, fresh, { ...shopping(), epoch });
    expect((await next.use(transfer(token, shop, 1n))).success).toBe(true);
  });
});

describe("a session of two actions", () => {
  it("makes calls to both in one operation, each within its own limits", async () => {
    const { token, otherToken } = world.contracts;
    const used = await SessionWorld.grant(world, account, {
      actions: [
        allowErc20({ token, total: 10n, recipients: [shop] }),
        allowCall({
          abi: tokenAbi,
          functionName: "approve",
          address: otherToken,
          args: { spender: shop, amount: lte(7n) },
        }),
      ],
    });
    const receipt = await used.use(transfer(token, shop, 4n), approve(otherToken, shop, 7n), transfer(token, shop, 6n));
    expect(receipt.success).toBe(true);
    expect(await used.budgets()).toEqual([{ total: 10n, inPeriod: undefined }]);
    await expectRefused(used, [approve(otherToken, shop, 8n)], RuleNotMetError, { expected: [7n], actual: 8n });
    await expectRefused(used, [approve(otherToken, stranger, 1n)], RuleNotMetError, { actual: stranger });
  });
});
