import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryAddress, arbitraryPerPeriod, maybe, uint } from "../../test/arbitraries.js";
import { recipient, stranger } from "../../test/fixtures.js";
import {
  CallLimitExceededError,
  checkErc20Limits,
  DirtyAddressError,
  decodeErc20LimitConfig,
  Erc20LimitConfigError,
  encodeErc20LimitConfig,
  RecipientNotAllowedError,
  TokenCalldataLengthError,
  TokenFunctionNotAllowedError,
} from "../index.js";

describe("encodeErc20LimitConfig and decodeErc20LimitConfig", () => {
  it("undo each other", () => {
    const limits = fc
      .record({
        perCall: maybe(uint(128)),
        total: maybe(uint(108)),
        perPeriod: maybe(arbitraryPerPeriod),
        recipients: maybe(fc.array(arbitraryAddress, { minLength: 1, maxLength: 5 })),
        salt: maybe(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      })
      .filter(({ salt: _, ...rest }) => Object.values(rest).some((limit) => limit !== undefined));
    fc.assert(
      fc.property(limits, (any) => {
        expect(decodeErc20LimitConfig(encodeErc20LimitConfig(any))).toEqual(any);
      }),
    );
  });

  it.each([
    ["nothing", "0x"],
    ["no flags", "0x00"],
    ["a salt alone", "0x1000000001"],
    ["unknown flags", `0x21${"00".repeat(16)}`],
    ["a cut amount", `0x01${"00".repeat(15)}`],
    ["a byte too many", `0x01${"00".repeat(17)}`],
    ["a total of 2^108", `0x02${(2n ** 108n).toString(16).padStart(32, "0")}`],
    ["a period of 299 seconds", `0x04${"00".repeat(16)}0000012b000000000000`],
    ["no recipients", "0x0800"],
  ] as const)("refuse %s", (_, config) => {
    expect(() => decodeErc20LimitConfig(config)).toThrow(Erc20LimitConfigError);
  });
});

describe("checkErc20Limits", () => {
  const config = encodeErc20LimitConfig({ perCall: 10n, recipients: [recipient] });
  const word = (value: bigint): string => value.toString(16).padStart(64, "0");
  const run =
    (selector: string, ...words: bigint[]) =>
    () =>
      checkErc20Limits({ config, data: `0x${selector}${words.map(word).join("")}` });
  const to = BigInt(recipient);

  it.each(["a9059cbb", "095ea7b3", "39509351"])("limits %s", (selector) => {
    expect(run(selector, to, 10n)).not.toThrow();
    expect(run(selector, to, 11n)).toThrow(CallLimitExceededError);
    expect(run(selector, BigInt(stranger), 1n)).toThrow(RecipientNotAllowedError);
    expect(run(selector, to)).toThrow(TokenCalldataLengthError);
    expect(run(selector, to, 1n, 1n)).toThrow(TokenCalldataLengthError);
    expect(run(selector, to + 2n ** 160n, 1n)).toThrow(DirtyAddressError);
  });

  it("limits transferFrom by the one who receives", () => {
    expect(run("23b872dd", BigInt(stranger), to, 10n)).not.toThrow();
    expect(run("23b872dd", to, BigInt(stranger), 10n)).toThrow(RecipientNotAllowedError);
    expect(run("23b872dd", 2n ** 160n, to, 1n)).toThrow(DirtyAddressError);
    expect(run("23b872dd", to, to, 11n)).toThrow(CallLimitExceededError);
  });

  it("refuses any other function", () => {
    expect(run("d505accf", to, 1n)).toThrow(TokenFunctionNotAllowedError);
  });
});
