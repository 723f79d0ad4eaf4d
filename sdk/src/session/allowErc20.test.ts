import { describe, expect, it } from "vitest";
import { limits, recipient, stranger, token } from "../../test/fixtures.js";
import {
  type AllowErc20Parameters,
  allowErc20,
  FunctionNotFoundError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidNumberError,
  InvalidParameterError,
  InvalidTimeError,
  MissingLimitError,
  TooManyError,
  UnknownParameterError,
} from "../index.js";

const configOf = (parameters: AllowErc20Parameters) => allowErc20(parameters).actions[0]?.policies[0]?.config;
const allow = (overrides: Record<string, unknown>) => () =>
  allowErc20({ token, total: 1n, ...overrides } as AllowErc20Parameters);

describe("allowErc20", () => {
  it.each([
    [{ perDay: 1n }, "There is no parameter `perDay`."],
    [{ recipient: [stranger] }, "There is no parameter `recipient`."],
    [{ perPeriod: { amount: 1n, seconds: 300 } }, "There is no parameter `seconds`."],
  ])("refuses a name it does not know, instead of leaving out a limit: %o", (overrides, message) => {
    expect(allow(overrides)).toThrow(UnknownParameterError);
    expect(allow(overrides)).toThrow(message);
  });

  it.each([
    [{ recipients: stranger }, "`recipients` is not an array."],
    [{ functions: "transfer" }, "`functions` is not an array."],
    [{ perPeriod: 5n }, "`perPeriod` is not an object."],
    [{ perPeriod: null }, "`perPeriod` is not an object."],
  ])("refuses another shape: %o", (overrides, message) => {
    expect(allow(overrides)).toThrow(InvalidParameterError);
    expect(allow(overrides)).toThrow(message);
  });

  it("allows transfers under one policy", () => {
    expect(allowErc20(limits)).toMatchInlineSnapshot(`
      {
        "actions": [
          {
            "maxValue": 0n,
            "policies": [
              {
                "config": "0x0b0000000000000000000000000000000a00000000000000000000000000000019013c44cdddb6a900fa2b585dd299e03d12fa4293bc",
                "policy": "erc20LimitPolicy",
              },
            ],
            "selector": "0xa9059cbb",
            "target": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
          },
        ],
        "type": "erc20",
      }
    `);
  });

  it("packs the limits as documented", () => {
    expect(
      configOf({
        token,
        perCall: 1n,
        total: 2n,
        perPeriod: { amount: 3n, period: 300, anchor: 4 },
        recipients: [recipient],
        salt: 5,
      }),
    ).toBe(
      [
        "0x1f",
        "00000000000000000000000000000001",
        "00000000000000000000000000000002",
        "00000000000000000000000000000003",
        "0000012c",
        "000000000004",
        "01",
        recipient.slice(2).toLowerCase(),
        "00000005",
      ].join(""),
    );
  });

  it("gives all functions the same configuration, so that they share a budget", () => {
    const { actions } = allowErc20({
      ...limits,
      functions: ["transfer", "transferFrom", "approve", "increaseAllowance", "transfer"],
    });
    expect(actions.map(({ selector }) => selector)).toEqual(["0xa9059cbb", "0x23b872dd", "0x095ea7b3", "0x39509351"]);
    expect(new Set(actions.map(({ policies }) => policies[0]?.config)).size).toBe(1);
  });

  it("sorts recipients and drops doubles", () => {
    const one = configOf({ token, recipients: [recipient, stranger, recipient] });
    expect(one).toBe(configOf({ token, recipients: [stranger, recipient] }));
    expect(one?.slice(2, 6)).toBe("0802");
  });

  it("knows words for periods", () => {
    expect(configOf({ token, perPeriod: { amount: 1n, period: "day" } })).toBe(
      configOf({ token, perPeriod: { amount: 1n, period: 86_400, anchor: new Date(0) } }),
    );
  });

  it.each([
    ["no limit", { total: undefined }, MissingLimitError],
    ["an empty list of recipients", { recipients: [] }, MissingLimitError],
    ["a number for an amount", { total: 1 }, InvalidAmountError],
    ["a negative amount", { perCall: -1n }, InvalidAmountError],
    ["a total of 2^108", { total: 2n ** 108n }, InvalidAmountError],
    ["2^128 in a call", { perCall: 2n ** 128n }, InvalidAmountError],
    ["2^108 in a period", { perPeriod: { amount: 2n ** 108n, period: "day" } }, InvalidAmountError],
    ["a period below five minutes", { perPeriod: { amount: 1n, period: 299 } }, InvalidNumberError],
    ["a period in milliseconds", { perPeriod: { amount: 1n, period: 86_400_000_000 } }, InvalidNumberError],
    ["an unknown period", { perPeriod: { amount: 1n, period: "year" } }, InvalidNumberError],
    [
      "an anchor in milliseconds",
      { perPeriod: { amount: 1n, period: "day", anchor: Date.UTC(2025) } },
      InvalidTimeError,
    ],
    ["a wrong checksum of the token", { token: token.replace("b", "B") }, InvalidAddressError],
    ["a wrong checksum of a recipient", { recipients: [recipient.replace("C", "c")] }, InvalidAddressError],
    ["an unknown function", { functions: ["permit"] }, FunctionNotFoundError],
    ["no functions", { functions: [] }, FunctionNotFoundError],
    ["too large a salt", { salt: 2 ** 32 }, InvalidNumberError],
    [
      "too many recipients",
      { recipients: Array.from({ length: 256 }, (_, index) => `0x${(index + 1).toString(16).padStart(40, "0")}`) },
      TooManyError,
    ],
  ])("refuses %s", (_, overrides, expected) => {
    expect(allow(overrides)).toThrow(expected);
  });
});
