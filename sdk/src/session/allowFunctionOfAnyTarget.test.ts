import { toFunctionSelector } from "viem";
import { describe, expect, it } from "vitest";
import { game, limits, parameters } from "../../test/fixtures.js";
import {
  type AllowFunctionOfAnyTargetParameters,
  allowCall,
  allowErc20,
  allowFunctionOfAnyTarget,
  anyTarget,
  defineSession,
  FunctionNotFoundError,
  FunctionNotPayableError,
  isAccount,
  MissingRulesError,
  RiskNotAcknowledgedError,
  SeparateBudgetsError,
  UnknownParameterError,
} from "../index.js";

const base = {
  abi: "claim(address to, uint256 id) payable",
  args: { to: isAccount() },
  acknowledgeRisk: true,
} as const;

describe("allowFunctionOfAnyTarget", () => {
  it("allows one function of any contract to who acknowledges the risk, with rules as allowCall has them", () => {
    const { actions } = allowFunctionOfAnyTarget({ ...base, maxValue: 3n });
    const { abi, args } = base;
    const [expected] = allowCall({ abi, args, address: game, maxValue: 3n }).actions;
    expect(actions).toEqual([{ ...expected, target: anyTarget }]);
    expect(actions[0]?.selector).toBe(toFunctionSelector("claim(address,uint256)"));
  });

  it("is no way around the budget of a token", () => {
    const actions = [allowErc20(limits), allowFunctionOfAnyTarget(base)];
    expect(() => defineSession({ ...parameters, actions })).toThrow(SeparateBudgetsError);
    expect(() => defineSession({ ...parameters, actions: [allowFunctionOfAnyTarget(base)] })).not.toThrow();
  });

  it.each([
    ["no acknowledgement", { acknowledgeRisk: undefined }, RiskNotAcknowledgedError],
    ["an address", { address: game }, UnknownParameterError],
    ["no rules", { args: undefined }, MissingRulesError],
    ["an unknown function", { functionName: "burn" }, FunctionNotFoundError],
    ["value for what takes none", { abi: "claim(address to, uint256 id)", maxValue: 1n }, FunctionNotPayableError],
  ])("refuses %s", (_, overrides, expected) => {
    const request = { ...base, ...overrides } as unknown as AllowFunctionOfAnyTargetParameters;
    expect(() => allowFunctionOfAnyTarget(request)).toThrow(expected);
  });
});
