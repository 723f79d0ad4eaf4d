import { allowErc20, getSessionAllowance, PeriodLimitExceededError, TotalLimitExceededError } from "latchkey";
import { beforeAll, describe, expect, it } from "vitest";
import { SessionWorld, someone, tokenCall } from "./harness/session.ts";
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

const send = (amount: bigint) => tokenCall.transfer(world.contracts.token, shop, amount);

describe("a limit in total", () => {
  it("holds over several operations, to the last unit", async () => {
    const used = await SessionWorld.grant(world, account, {
      actions: [allowErc20({ token: world.contracts.token, total: 100n })],
    });
    for (const [amount, spent] of [
      [60n, 60n],
      [39n, 99n],
    ] as const) {
      expect((await used.use(send(amount))).success).toBe(true);
      expect(await used.budgets()).toEqual([{ total: spent, inPeriod: undefined }]);
    }
    const before = await used.state();
    const error = await used.refusedByBundler([send(2n)]);
    expect(error).toBeInstanceOf(TotalLimitExceededError);
    expect(error).toMatchObject({ limit: 100n, spent: 99n, amount: 2n });
    expect(await used.refusedByChain([send(2n)])).toBeInstanceOf(TotalLimitExceededError);
    expect(await used.state()).toEqual(before);
    expect((await used.use(send(1n))).success).toBe(true);
    expect(await used.refusedByBundler([send(1n)])).toBeInstanceOf(TotalLimitExceededError);
  });

  it("counts the calls of a batch together", async () => {
    const used = await SessionWorld.grant(world, account, {
      actions: [allowErc20({ token: world.contracts.token, total: 100n })],
    });
    const error = await used.refusedByBundler([send(50n), send(51n)]);
    expect(error).toMatchObject({ name: "TotalLimitExceededError", spent: 50n, amount: 51n });
    expect(await used.budgets()).toEqual([{ total: 0n, inPeriod: undefined }]);
  });
});

describe("a limit per day", () => {
  it("starts anew when the day changes, and is not carried over", async () => {
    const now = await world.now();
    // The middle of a day, so that nothing here happens near a boundary by chance.
    const noon = now - (now % day) + day + day / 2;
    await world.travelTo(noon);
    const midnight = noon + day / 2;
    const used = await SessionWorld.grant(world, account, {
      validUntil: noon + 10 * day,
      actions: [allowErc20({ token: world.contracts.token, total: 250n, perPeriod: { amount: 100n, period: "day" } })],
    });

    expect((await used.use(send(70n))).success).toBe(true);
    const refused = await used.refusedByBundler([send(31n)]);
    expect(refused).toBeInstanceOf(PeriodLimitExceededError);
    expect(refused).toMatchObject({ limit: 100n, spent: 70n, amount: 31n, resetsAt: midnight });
    expect((await used.use(send(30n))).success).toBe(true);

    await world.travelTo(midnight - 120);
    expect(await used.refusedByBundler([send(1n)])).toBeInstanceOf(PeriodLimitExceededError);

    await world.travelTo(midnight + 10);
    expect((await used.use(send(100n))).success).toBe(true);
    expect(await used.refusedByBundler([send(1n)])).toBeInstanceOf(PeriodLimitExceededError);

    // Days without use add nothing: 50 is left of the total, 100 of the day.
    await world.travelTo(midnight + 5 * day + 60);
    const [allowance] = await getSessionAllowance(world.client, { session: used.session });
    expect(allowance).toMatchObject({ total: { remaining: 50n }, perPeriod: { remaining: 100n }, available: 50n });
    expect(await used.refusedByBundler([send(51n)])).toBeInstanceOf(TotalLimitExceededError);
    expect((await used.use(send(50n))).success).toBe(true);
    expect(await used.budgets()).toEqual([{ total: 250n, inPeriod: 50n }]);
  });
});
