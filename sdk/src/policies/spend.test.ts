import { concat, type Hex, numberToHex } from "viem";
import { describe, expect, it } from "vitest";
import { recipient, stranger } from "../../test/fixtures.js";
import { decodeErc20LimitConfig, encodeErc20LimitConfig, spendErc20 } from "./erc20Limit.js";
import { encodeLimitConfig } from "./limit.js";
import { type Budget, countLimits, noBudget, noWindow } from "./spend.js";

const number = (value: bigint | number, size: number) => numberToHex(value, { size });
const word = (value: bigint | Hex) => number(BigInt(value), 32);
const transfer = (to: bigint | Hex, amount: bigint): Hex => concat(["0xa9059cbb", word(to), word(amount)]);
const transferFrom = (from: bigint | Hex, to: bigint | Hex, amount: bigint): Hex =>
  concat(["0x23b872dd", word(from), word(to), word(amount)]);
const most = 2n ** 108n - 1n;
const context = { callIndex: 3 };

/** What an error is, and the facts that it carries. */
function failureOf(act: () => unknown): Record<string, unknown> {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { message: _, stack: __, ...fields } = error;
    return { ...fields, name: error.name };
  }
  return expect.unreachable();
}

const spend = (
  config: Hex,
  data: Hex = transfer(recipient, 1n),
  budget: Budget | undefined = noBudget,
  claimedTime = 1,
) => spendErc20({ config, data, budget, claimedTime, context });
const count = (
  config: Hex,
  { budget = noBudget, amount = 1n, claimedTime = 1 }: { budget?: Budget; amount?: bigint; claimedTime?: number } = {},
) =>
  countLimits({
    config,
    amount,
    budget,
    claimedTime,
    context,
    fail: (position) => {
      throw Object.assign(new Error("malformed"), { position });
    },
  });

describe("a configuration that is malformed is refused, with the place of what is", () => {
  const total = number(5, 16);
  const period = (amount: bigint, seconds: number) => concat([number(amount, 16), number(seconds, 4), number(0, 6)]);

  it.each<[string, Hex, number]>([
    ["no byte", "0x", 0],
    ["no limit", "0x00", 0],
    ["a salt alone", concat(["0x10", number(1, 4)]), 0],
    ["a part that there is not", concat(["0x82", total]), 0],
    ["a byte too many", concat(["0x02", total, "0x00"]), 17],
    ["a byte too few", concat(["0x02", number(5, 15)]), 16],
    ["a salt that is cut short", concat(["0x12", total, number(1, 3)]), 20],
    ["a total that no budget holds", concat(["0x02", number(most + 1n, 16)]), 1],
    ["a limit per period that no budget holds", concat(["0x04", period(most + 1n, 300)]), 1],
    ["a period that is too short", concat(["0x04", period(1n, 299)]), 17],
  ])("%s", (_, config, position) => {
    expect(failureOf(() => count(config))).toEqual({ name: "Error", position });
    expect(failureOf(() => spend(config))).toMatchObject({ name: "Erc20LimitConfigError", position, context });
  });

  it.each<[string, Hex, number]>([
    ["no recipients", concat(["0x08", "0x00"]), 1],
    ["no recipients behind a limit", concat(["0x0a", total, "0x00"]), 17],
    ["a recipient too many", concat(["0x08", "0x01", recipient, recipient]), 22],
  ])("%s", (_, config, position) => {
    expect(failureOf(() => spend(config))).toMatchObject({ name: "Erc20LimitConfigError", position, context });
    expect(failureOf(() => decodeErc20LimitConfig(config))).toMatchObject({ name: "Erc20LimitConfigError", position });
  });

  it("but not at the bounds", () => {
    for (const config of [
      concat(["0x02", number(most, 16)]),
      concat(["0x04", period(most, 300)]),
      concat(["0x01", number(2n ** 128n - 1n, 16)]),
      concat(["0x12", total, number(2 ** 32 - 1, 4)]),
    ]) {
      count(config);
      spend(config);
    }
    expect(decodeErc20LimitConfig(concat(["0x04", period(most, 300)])).perPeriod).toEqual({
      ...{ amount: most, seconds: 300, anchor: 0 },
    });
  });
});

describe("a call of a token is read as the contract reads it", () => {
  const config = encodeErc20LimitConfig({ perCall: 10n });

  it.each<[string, Hex, object]>([
    ["no calldata", "0x", { name: "TokenFunctionNotAllowedError", selector: "0x00000000" }],
    ["three bytes", "0xa9059c", { name: "TokenFunctionNotAllowedError", selector: "0x00000000" }],
    ["another function", "0x12345678", { name: "TokenFunctionNotAllowedError", selector: "0x12345678" }],
    ["a selector alone", "0xa9059cbb", { name: "TokenCalldataLengthError", expected: 68, actual: 4 }],
    [
      "a byte too many",
      concat([transfer(recipient, 1n), "0x00"]),
      { name: "TokenCalldataLengthError", expected: 68, actual: 69 },
    ],
    ["a recipient of more than 20 bytes", transfer(1n << 160n, 1n), { name: "DirtyAddressError", word: 1n << 160n }],
    // The length is looked at after the addresses before the recipient, and before the recipient.
    ["both, of transfer", concat([transfer(1n << 160n, 1n), "0x00"]), { name: "TokenCalldataLengthError", actual: 69 }],
    ["both, of transferFrom", concat([transferFrom(1n << 160n, recipient, 1n), "0x00"]), { name: "DirtyAddressError" }],
    // Zeros are read behind the end.
    ["an address that is cut short", "0x23b872dd1212", { name: "DirtyAddressError", word: 0x1212n << 240n }],
    ["too much at once", transfer(recipient, 11n), { name: "CallLimitExceededError", limit: 10n, amount: 11n }],
  ])("%s", (_, data, expected) => {
    expect(failureOf(() => spend(config, data))).toMatchObject({ ...expected, context });
  });

  it("and counted for its recipient alone", () => {
    const small = number(1, 20);
    const to = encodeErc20LimitConfig({ recipients: [recipient, small] });
    expect(spend(to, transfer(recipient, 5n))).toEqual({ budget: noBudget, window: noWindow });
    expect(spend(to, transfer(small, 5n))).toEqual({ budget: noBudget, window: noWindow });
    expect(spend(to, transferFrom(stranger, small, 5n))).toEqual({ budget: noBudget, window: noWindow });
    expect(failureOf(() => spend(to, transferFrom(recipient, stranger, 5n)))).toMatchObject({
      ...{ name: "RecipientNotAllowedError", recipient: stranger, expected: [recipient, small], context },
    });
  });
});

describe("limits are counted as the contracts count", () => {
  it("in total, up to the limit", () => {
    const config = encodeLimitConfig({ total: 10n });
    const budget = { total: 7n, inPeriod: 2n, period: 3n };
    expect(count(config, { budget, amount: 3n })).toEqual({ budget: { ...budget, total: 10n }, window: noWindow });
    expect(failureOf(() => count(config, { budget, amount: 4n }))).toMatchObject({
      ...{ name: "TotalLimitExceededError", limit: 10n, spent: 7n, amount: 4n, context },
    });
  });

  it("at once, and leaves alone what is not limited", () => {
    const config = encodeLimitConfig({ atOnce: 3n });
    const budget = { total: 7n, inPeriod: 2n, period: 3n };
    expect(count(config, { budget, amount: 3n })).toEqual({ budget, window: noWindow });
    expect(failureOf(() => count(config, { amount: 4n }))).toMatchObject({
      ...{ name: "CallLimitExceededError", limit: 3n, amount: 4n, context },
    });
  });

  const anchor = 1_000;
  const daily = encodeLimitConfig({ perPeriod: { amount: 10n, seconds: 1_024, anchor } });

  it("per period, which is the window of the operation", () => {
    const budget = { total: 0n, inPeriod: 7n, period: 2n };
    const first = anchor + 2 * 1_024;
    const window = { validAfter: first, validUntil: first + 1_023 };
    for (const claimedTime of [first, first + 1_023]) {
      expect(count(daily, { budget, amount: 3n, claimedTime })).toEqual({
        budget: { ...budget, inPeriod: 10n },
        window,
      });
      expect(failureOf(() => count(daily, { budget, amount: 4n, claimedTime }))).toMatchObject({
        ...{ name: "PeriodLimitExceededError", limit: 10n, spent: 7n, amount: 4n, resetsAt: first + 1_024, context },
      });
    }
    expect(count(daily, { budget, amount: 10n, claimedTime: first + 1_024 })).toMatchObject({
      budget: { inPeriod: 10n, period: 3n },
    });
    expect(failureOf(() => count(daily, { budget, amount: 0n, claimedTime: first - 1 }))).toMatchObject({
      ...{ name: "PeriodInPastError", latestPeriod: 2n, claimedPeriod: 1n, context },
    });
  });

  it("from the anchor on, and never without a time", () => {
    expect(count(daily, { claimedTime: anchor })).toMatchObject({ budget: { period: 0n, inPeriod: 1n } });
    expect(failureOf(() => count(daily, { claimedTime: anchor - 1 }))).toMatchObject({
      ...{ name: "ClaimedTimeTooEarlyError", anchor, claimedTime: anchor - 1, context },
    });
    const unanchored = encodeLimitConfig({ perPeriod: { amount: 10n, seconds: 1_024, anchor: 0 } });
    expect(failureOf(() => count(unanchored, { claimedTime: 0 }))).toMatchObject({ name: "ClaimedTimeTooEarlyError" });
    expect(count(unanchored, { claimedTime: 1 }).window).toEqual({ validAfter: 0, validUntil: 1_023 });
  });

  it("as long as a period ends before times do", () => {
    const unanchored = encodeLimitConfig({ perPeriod: { amount: 10n, seconds: 1_024, anchor: 0 } });
    const end = 2 ** 47;
    expect(count(unanchored, { claimedTime: end - 1_025 }).window.validUntil).toBe(end - 1_025);
    for (const claimedTime of [end - 1_024, end - 1, end, end + 1])
      expect(failureOf(() => count(unanchored, { claimedTime }))).toMatchObject({
        ...{ name: "ClaimedTimeTooLateError", claimedTime, context },
      });
  });

  it("in total and per period at the same time, with nothing known too", () => {
    const config = encodeLimitConfig({ total: 10n, perPeriod: { amount: 5n, seconds: 300, anchor: 0 }, salt: 7 });
    const budget = { total: 5n, inPeriod: 5n, period: 0n };
    expect(count(config, { budget, amount: 5n, claimedTime: 300 }).budget).toEqual({
      total: 10n,
      inPeriod: 5n,
      period: 1n,
    });
    expect(failureOf(() => count(config, { budget, amount: 6n, claimedTime: 300 })).name).toBe(
      "TotalLimitExceededError",
    );
    expect(failureOf(() => count(config, { budget, amount: 1n, claimedTime: 299 })).name).toBe(
      "PeriodLimitExceededError",
    );
    const unknown = spendErc20({
      config: encodeErc20LimitConfig({ perPeriod: { amount: 5n, seconds: 300, anchor: 0 } }),
      data: transfer(recipient, 6n),
      budget: undefined,
      claimedTime: 0,
    });
    expect(unknown).toEqual({ budget: { total: 0n, inPeriod: 0n, period: 0n }, window: noWindow });
  });
});
