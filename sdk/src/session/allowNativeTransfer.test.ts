import { parseEther } from "viem";
import { describe, expect, it } from "vitest";
import { parameters, recipient, stranger } from "../../test/fixtures.js";
import {
  type AllowNativeTransferParameters,
  allowNativeTransfer,
  anyTarget,
  decodeLimitConfig,
  defineSession,
  InvalidAddressError,
  InvalidAmountError,
  InvalidParameterError,
  MissingLimitError,
  matchCalls,
  noCalldata,
  RiskNotAcknowledgedError,
  UnknownParameterError,
} from "../index.js";

const base = { recipients: [recipient], perTransfer: 5n, total: 9n } as const;

describe("allowNativeTransfer", () => {
  it("allows transfers without calldata, all under one budget", () => {
    const { type, actions } = allowNativeTransfer({ ...base, recipients: [recipient, stranger, recipient] });
    expect(type).toBe("native");
    expect(actions.map(({ target, selector, maxValue }) => [target, selector, maxValue])).toEqual([
      [recipient, noCalldata, 5n],
      [stranger, noCalldata, 5n],
    ]);
    const [policies, others] = actions.map((action) => action.policies);
    expect(policies).toEqual(others);
    expect(policies?.map(({ policy }) => policy)).toEqual(["nativeLimitPolicy"]);
    expect(decodeLimitConfig(policies?.[0]?.config ?? "0x")).toMatchObject({ total: 9n, perPeriod: undefined });
  });

  it("matches what it allows, and nothing else", () => {
    const session = defineSession({ ...parameters, actions: [allowNativeTransfer(base)] });
    const match = (call: { to?: `0x${string}`; value?: bigint; data?: `0x${string}` }) => () =>
      matchCalls({ session, calls: [{ to: recipient, value: 5n, data: "0x", ...call }] });
    expect(match({})).not.toThrow();
    expect(match({ value: 6n })).toThrow();
    expect(match({ to: stranger })).toThrow();
    expect(match({ data: "0x12345678" })).toThrow();
  });

  it("takes the least of the other limits for one transfer", () => {
    const maxOf = (request: object) =>
      allowNativeTransfer({
        ...base,
        total: undefined,
        perTransfer: undefined,
        ...request,
      } as unknown as AllowNativeTransferParameters).actions[0]?.maxValue;
    const perPeriod = { amount: 4n, period: "day" };
    expect(maxOf({ total: 9n })).toBe(9n);
    expect(maxOf({ total: 9n, perPeriod })).toBe(4n);
    expect(maxOf({ total: 3n, perPeriod })).toBe(3n);
    expect(maxOf({ total: "unlimited", perPeriod })).toBe(4n);
    expect(maxOf({ total: 3n, perPeriod, perTransfer: 2n })).toBe(2n);
  });

  it("keeps the budgets of other recipients apart, though their limits are alike", () => {
    const configOf = (request: AllowNativeTransferParameters) =>
      allowNativeTransfer(request).actions[0]?.policies[0]?.config;
    expect(configOf(base)).toBe(configOf({ ...base, perTransfer: 1n }));
    expect(configOf(base)).not.toBe(configOf({ ...base, recipients: [stranger] }));
  });

  it("goes to anyone, and without a limit in all, only if that is said", () => {
    const anyone = { ...base, recipients: "anyone" } as const;
    expect(() => allowNativeTransfer(anyone as unknown as AllowNativeTransferParameters)).toThrow(
      RiskNotAcknowledgedError,
    );
    const { actions } = allowNativeTransfer({ ...anyone, acknowledgeRisk: true });
    expect(actions.map(({ target }) => target)).toEqual([anyTarget]);
    expect(() => defineSession({ ...parameters, actions: [{ type: "native", actions }] })).not.toThrow();
    expect(allowNativeTransfer({ ...base, total: "unlimited" }).actions[0]?.policies).toEqual([]);
  });

  it.each([
    ["an unknown name", { perCall: 1n }, UnknownParameterError],
    ["no limit in all", { total: undefined }, MissingLimitError],
    ["no limit at all", { total: "unlimited", perTransfer: undefined }, MissingLimitError],
    ["no recipients", { recipients: undefined }, InvalidParameterError],
    ["an empty list of recipients", { recipients: [] }, InvalidParameterError],
    ["a wrong checksum", { recipients: [recipient.replace("C", "c")] }, InvalidAddressError],
    ["a number for a transfer", { perTransfer: 1 }, InvalidAmountError],
    ["a number for a total", { total: 1 }, InvalidAmountError],
    ["a total of 2^108", { total: 2n ** 108n }, InvalidAmountError],
    ["ether as text", { total: `${parseEther("1")}` }, InvalidAmountError],
  ])("refuses %s", (_, overrides, expected) => {
    expect(() => allowNativeTransfer({ ...base, ...overrides } as AllowNativeTransferParameters)).toThrow(expected);
  });
});
