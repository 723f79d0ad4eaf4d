import fc from "fast-check";
import { zeroAddress } from "viem";
import { describe, expect, it } from "vitest";
import { arbitraryPerPeriod, maybe, uint } from "../../test/arbitraries.js";
import { contracts, game, parameters, session } from "../../test/fixtures.js";
import {
  decodeLimitConfig,
  defineSession,
  encodeLimitConfig,
  gasLimit,
  InvalidAmountError,
  InvalidNumberError,
  InvalidParameterError,
  LimitConfigError,
  type LimitRequest,
  MissingLimitError,
  nativeLimit,
  noCalldata,
  TooManyError,
  UnknownParameterError,
  usageLimit,
} from "../index.js";
import { builtInPolicies } from "../policies/builtIn.js";

describe("encodeLimitConfig and decodeLimitConfig", () => {
  it("undo each other", () => {
    const limits = fc
      .record({
        atOnce: maybe(uint(128)),
        total: maybe(uint(108)),
        perPeriod: maybe(arbitraryPerPeriod),
        salt: maybe(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
        countsCalls: fc.boolean(),
      })
      .filter(({ atOnce, total, perPeriod }) => (atOnce ?? total ?? perPeriod) !== undefined);
    fc.assert(
      fc.property(limits, (any) => {
        expect(decodeLimitConfig(encodeLimitConfig(any))).toEqual(any);
      }),
    );
  });

  it.each([
    ["nothing", "0x"],
    ["no flags", "0x00"],
    ["a salt alone", "0x1000000001"],
    ["counting calls alone", "0x20"],
    ["recipients", `0x09${"00".repeat(16)}01${"11".repeat(20)}`],
    ["unknown flags", `0x41${"00".repeat(16)}`],
    ["a byte too many", `0x01${"00".repeat(17)}`],
    ["a total of 2^108", `0x02${(2n ** 108n).toString(16).padStart(32, "0")}`],
  ] as const)("refuse %s", (_, config) => {
    expect(() => decodeLimitConfig(config)).toThrow(LimitConfigError);
  });
});

describe("gasLimit, nativeLimit and usageLimit", () => {
  it("are policies of the session", () => {
    const limited = defineSession({
      ...parameters,
      operationPolicies: [
        gasLimit({ perPeriod: { amount: 5n, period: "day", anchor: 100 } }),
        usageLimit({ total: 10n, of: "calls", salt: 7 }),
        { policy: game, config: "0x12" },
      ],
    });
    const { gasLimitPolicy, usageLimitPolicy } = builtInPolicies;
    expect(limited.operationPolicies).toEqual([
      { policy: gasLimitPolicy, config: `0x04${"5".padStart(32, "0")}00015180000000000064` },
      { policy: usageLimitPolicy, config: `0x32${"a".padStart(32, "0")}00000007` },
      { policy: game, config: "0x12" },
    ]);
    expect(session.operationPolicies).toEqual([]);
  });

  it("are policies of an action", () => {
    const nativeLimitPolicy = zeroAddress.replace(/0$/, "9") as typeof zeroAddress;
    const action = {
      target: game,
      selector: noCalldata,
      maxValue: 3n,
      policies: [nativeLimit({ total: 9n })],
    } as const;
    const limited = defineSession({
      ...parameters,
      actions: [action],
      contracts: { ...contracts, nativeLimitPolicy },
    });
    expect(limited.actions[0]?.policies).toEqual([
      { policy: nativeLimitPolicy, config: `0x02${"9".padStart(32, "0")}` },
    ]);
  });

  it("keep the budgets of operations and of an action apart, in which a call would count twice", () => {
    const limit = nativeLimit({ total: 9n });
    const { actions, operationPolicies } = defineSession({
      ...parameters,
      actions: [{ target: game, selector: noCalldata, maxValue: 3n, policies: [limit] }],
      operationPolicies: [limit],
    });
    expect(actions[0]?.policies[0]?.config).toBe(limit.config);
    expect(decodeLimitConfig(operationPolicies[0]?.config ?? "0x")).toMatchObject({ total: 9n, salt: 1 });
  });

  it.each<[string, unknown, new (...parameters: never[]) => Error]>([
    ["no limit", {}, MissingLimitError],
    ["a number", { total: 5 }, InvalidAmountError],
    ["a total of 2^108", { total: 2n ** 108n }, InvalidAmountError],
    ["a period too short", { perPeriod: { amount: 1n, period: 299 } }, InvalidNumberError],
    ["an unknown name", { perCall: 1n }, UnknownParameterError],
  ])("refuse %s", (_, limits, reason) => {
    for (const make of [gasLimit, nativeLimit, usageLimit]) expect(() => make(limits as LimitRequest)).toThrow(reason);
  });

  it("refuse what else cannot be", () => {
    expect(() => usageLimit({ total: 1n, of: "bytes" as "calls" })).toThrow(InvalidParameterError);
    const many = Array.from({ length: 256 }, () => gasLimit({ total: 1n }));
    expect(() => defineSession({ ...parameters, operationPolicies: many })).toThrow(TooManyError);
  });
});
