import { encodeErrorResult, encodeFunctionData, zeroAddress } from "viem";
import { describe, expect, it } from "vitest";
import { contracts, erc20Abi, parameters, recipient, token } from "../../test/fixtures.js";
import { getContracts } from "../addresses.js";
import { decodeSessionError } from "../errors/decodeSessionError.js";
import { CallLimitExceededError, LimitConfigError } from "../errors/policy.js";
import { erc20LimitPolicyAbi, sessionKeyManagerAbi } from "../generated.js";
import { defineSession } from "../session/defineSession.js";
import { describeSession } from "../session/describeSession.js";
import { getSessionId } from "../session/getSessionId.js";
import { gasLimit, nativeLimit, usageLimit } from "../session/limits.js";
import { checkSessionCalls } from "../use/checkSessionCalls.js";
import { builtInPolicies, findBuiltIn, isBuiltIn, isPolicy } from "./builtIn.js";

const names = ["erc20LimitPolicy", "usageLimitPolicy", "nativeLimitPolicy", "gasLimitPolicy", "abiRulePolicy"] as const;

describe("builtInPolicies", () => {
  it("are addresses of one byte and 19 zeros", () => {
    for (const name of names) expect(builtInPolicies[name]).toMatch(/^0xB[1-5]0{38}$/);
    expect(new Set(names.map((name) => builtInPolicies[name])).size).toBe(names.length);
  });

  it("stand for the contracts of the same names", () => {
    for (const name of names) {
      expect(findBuiltIn(name)).toBe(builtInPolicies[name]);
      expect(isBuiltIn(builtInPolicies[name])).toBe(true);
      expect(isBuiltIn(getContracts()[name])).toBe(false);
      for (const other of names) {
        expect(isPolicy(name, builtInPolicies[other], undefined)).toBe(name === other);
        expect(isPolicy(name, getContracts()[other], undefined)).toBe(name === other);
      }
    }
    expect(isBuiltIn(zeroAddress)).toBe(false);
    expect(findBuiltIn("typedDataPolicy")).toBeUndefined();
  });
});

describe("defineSession", () => {
  it("takes the manager's own limits unless a contract is named", () => {
    const operationPolicies = [usageLimit({ total: 1n }), nativeLimit({ total: 1n }), gasLimit({ total: 1n })];
    const policiesOf = (named: Parameters<typeof defineSession>[0]["contracts"]) => {
      const session = defineSession({ ...parameters, operationPolicies, contracts: named });
      return [...session.actions.flatMap((action) => action.policies), ...session.operationPolicies].map(
        ({ policy }) => policy,
      );
    };
    const { erc20LimitPolicy, usageLimitPolicy, nativeLimitPolicy, gasLimitPolicy } = builtInPolicies;
    expect(new Set(policiesOf(undefined))).toEqual(
      new Set([erc20LimitPolicy, usageLimitPolicy, nativeLimitPolicy, gasLimitPolicy]),
    );
    expect(new Set(policiesOf({ usageLimitPolicy: contracts.erc20LimitPolicy }))).toEqual(
      new Set([erc20LimitPolicy, contracts.erc20LimitPolicy, nativeLimitPolicy, gasLimitPolicy]),
    );
  });
});

describe("a session with the manager's own limit", () => {
  const session = defineSession({ ...parameters, contracts: undefined });
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [recipient, 11n] });

  it("is described as one with the contract", () => {
    expect(describeSession(session)).toEqual(describeSession(defineSession(parameters), { deployments: contracts }));
  });

  it("is checked offline", () => {
    const { denials } = checkSessionCalls({ session, calls: [{ to: token, data }] });
    expect(denials.map(({ code }) => code)).toEqual(["call-limit-exceeded"]);
  });

  it("refuses with errors of the same names", () => {
    const reason = encodeErrorResult({ abi: erc20LimitPolicyAbi, errorName: "CallLimitExceeded", args: [10n, 11n] });
    const error = decodeSessionError(
      encodeErrorResult({
        abi: sessionKeyManagerAbi,
        errorName: "PolicyRefused",
        args: [getSessionId(session), 0n, 0n, builtInPolicies.erc20LimitPolicy, reason],
      }),
    );
    expect(error).toBeInstanceOf(CallLimitExceededError);
    const other = decodeSessionError(
      encodeErrorResult({
        abi: sessionKeyManagerAbi,
        errorName: "OperationPolicyRefused",
        args: [
          getSessionId(session),
          0n,
          builtInPolicies.usageLimitPolicy,
          encodeErrorResult({ abi: erc20LimitPolicyAbi, errorName: "InvalidConfig", args: [0n] }),
        ],
      }),
    );
    expect(other).toBeInstanceOf(LimitConfigError);
  });
});
