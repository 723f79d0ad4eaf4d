import { describe, expect, it } from "vitest";
import { game, limits, parameters, token } from "../../test/fixtures.js";
import {
  type AllowAnyFunctionParameters,
  allowAnyFunction,
  allowErc20,
  anySelector,
  defineSession,
  InvalidAddressError,
  InvalidAmountError,
  InvalidParameterError,
  RiskNotAcknowledgedError,
  SeparateBudgetsError,
  UnknownParameterError,
  usageLimit,
} from "../index.js";

describe("allowAnyFunction", () => {
  it("allows every function of one contract to who acknowledges the risk", () => {
    expect(allowAnyFunction({ address: game, acknowledgeRisk: true })).toEqual({
      type: "call",
      actions: [{ target: game, selector: anySelector, maxValue: 0n, policies: [] }],
    });
    const policies = [usageLimit({ total: 3n })];
    const limited = allowAnyFunction({ address: game, acknowledgeRisk: true, maxValue: 2n, policies });
    expect(limited.actions[0]).toMatchObject({ maxValue: 2n, policies });
  });

  it("is no way around the budget of a token", () => {
    const actions = [allowErc20(limits), allowAnyFunction({ address: token, acknowledgeRisk: true })];
    expect(() => defineSession({ ...parameters, actions })).toThrow(SeparateBudgetsError);
  });

  it.each([
    ["no acknowledgement", { acknowledgeRisk: undefined }, RiskNotAcknowledgedError],
    ["a false one", { acknowledgeRisk: false }, RiskNotAcknowledgedError],
    ["another name for it", { acknowledgeRisks: true }, UnknownParameterError],
    ["a wrong checksum", { address: game.replace("F", "f") }, InvalidAddressError],
    ["no address", { address: undefined }, InvalidAddressError],
    ["a number for a value", { maxValue: 1 }, InvalidAmountError],
    ["policies that are no list", { policies: {} }, InvalidParameterError],
  ])("refuses %s", (_, overrides, expected) => {
    const request = { address: game, acknowledgeRisk: true, ...overrides } as AllowAnyFunctionParameters;
    expect(() => allowAnyFunction(request)).toThrow(expected);
  });
});
