import { encodeFunctionData, type Hex } from "viem";
import { describe, expect, it } from "vitest";
import { good, transfer } from "../../test/calls.js";
import { account, contracts, erc20Abi, game, parameters, recipient, session, stranger } from "../../test/fixtures.js";
import {
  allowCall,
  allowErc20,
  CalldataTooShortError,
  CallLimitExceededError,
  CallNotAllowedError,
  decodeSessionError,
  defineSession,
  getRevokeCall,
  getSessionId,
  lte,
  matchCalls,
  noCalldata,
  ownRevocationClaim,
  RecipientNotAllowedError,
  RuleNotMetError,
  SelectorNotAllowedError,
  TargetNotAllowedError,
  TokenCalldataLengthError,
  ValueExceededError,
} from "../index.js";

describe("matchCalls", () => {
  it("knows the revocation of the session itself, and takes no other call to the manager for it", () => {
    const revoke = getRevokeCall({ ids: [getSessionId(session)], contracts });
    expect(matchCalls({ session, calls: [good, revoke], contracts })).toEqual([0, ownRevocationClaim]);
    for (const call of [
      { ...revoke, value: 1n },
      { ...revoke, to: stranger },
      getRevokeCall({ ids: [session.salt], contracts }),
      getRevokeCall({ ids: [getSessionId(session), getSessionId(session)], contracts }),
    ] as const)
      expect(() => matchCalls({ session, calls: [call], contracts })).toThrow(CallNotAllowedError);
  });

  it("finds the action of each call", () => {
    const two = defineSession({
      ...parameters,
      actions: [allowErc20({ token: game, total: 2n }), ...parameters.actions],
    });
    expect(matchCalls({ session: two, calls: [good, { ...good, to: game }, good], contracts })).toEqual([1, 0, 1]);
  });

  it("takes the first of several actions whose rules hold", () => {
    const rules = { abi: erc20Abi, functionName: "transfer", address: game } as const;
    const alternatives = defineSession({
      ...parameters,
      actions: [
        allowCall({ ...rules, args: { to: recipient, amount: lte(5n) } }),
        allowCall({ ...rules, args: { to: account } }),
      ],
    });
    const match = (data: Hex): readonly number[] =>
      matchCalls({ session: alternatives, calls: [{ to: game, value: 0n, data }], contracts });
    expect(match(transfer(recipient, 5n))).toEqual([0]);
    expect(match(transfer(account, 9n))).toEqual([1]);
    expect(() => match(transfer(recipient, 6n))).toThrow(CallNotAllowedError);
  });

  it.each([
    ["another target", { ...good, to: stranger }, TargetNotAllowedError],
    ["another function", { ...good, data: "0x12345678" }, SelectorNotAllowedError],
    ["no calldata", { ...good, data: "0x" }, SelectorNotAllowedError],
    ["cut calldata", { ...good, data: "0xa905" }, CalldataTooShortError],
    ["native currency", { ...good, value: 1n }, ValueExceededError],
    ["another recipient", { ...good, data: transfer(stranger, 1n) }, RecipientNotAllowedError],
    ["too much", { ...good, data: transfer(recipient, 11n) }, CallLimitExceededError],
    ["appended bytes", { ...good, data: `${good.data}00` }, TokenCalldataLengthError],
  ] as const)("refuses %s with the reason", (_, call, reason) => {
    const error = catchError(() => matchCalls({ session, calls: [call], contracts }));
    expect(error).toBeInstanceOf(CallNotAllowedError);
    expect(decodeSessionError(error)).toBeInstanceOf(reason);
  });

  it("claims the closest action if it is told not to refuse", () => {
    const two = defineSession({
      ...parameters,
      actions: [allowErc20({ token: game, total: 2n }), ...parameters.actions],
    });
    const call = { ...good, data: transfer(recipient, 11n) };
    expect(matchCalls({ session: two, calls: [call], contracts, otherwise: "closest" })).toEqual([1]);
  });

  it("tells a plain payment from a call", () => {
    const pays = defineSession({
      ...parameters,
      actions: [{ target: game, selector: noCalldata, maxValue: 5n, policies: [] }],
    });
    const match = (value: bigint, data: Hex): readonly number[] =>
      matchCalls({ session: pays, calls: [{ to: game, value, data }], contracts });
    expect(match(5n, "0x")).toEqual([0]);
    expect(() => match(6n, "0x")).toThrow(CallNotAllowedError);
    expect(() => match(5n, "0xfffffffe")).toThrow(CallNotAllowedError);
  });

  it("says what is expected and what was found", () => {
    expect(() =>
      matchCalls({ session, calls: [good, { ...good, data: transfer(recipient, 11n) }], contracts }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [CallNotAllowedError: The session does not allow this call. The amount is more than one call may move.

      Call: 1
      To: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
      Function: 0xa9059cbb
      Limit: 10
      Amount: 11
      Action: 0
      Policy: 0x00000000000000000000000000000000000000A2
      Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877

      Docs: docs/errors/CallNotAllowedError.md]
    `);
    const ruled = defineSession({
      ...parameters,
      actions: [allowCall({ abi: erc20Abi, functionName: "approve", address: game, args: { amount: lte(5n) } })],
    });
    const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [recipient, 6n] });
    const error = catchError(() => matchCalls({ session: ruled, calls: [{ to: game, value: 0n, data }], contracts }));
    expect(decodeSessionError(error)).toMatchObject({
      name: "RuleNotMetError",
      expected: [5n],
      actual: 6n,
      comparison: "lte",
    });
    expect(decodeSessionError(error)).toBeInstanceOf(RuleNotMetError);
    expect(decodeSessionError(error)?.message).toMatchInlineSnapshot(`
      "An argument does not meet the session's rule.

      Expected: at most 5
      Actual: 6
      Argument word: 1 (uint256)
      Rule group: 0
      Call: 0
      Action: 0
      Policy: 0x00000000000000000000000000000000000000A3
      Session: 0x0d7a3300dc44363e4213ab37ff767f798c9017a40eac8e3e7d9cd8aba9dde303

      Docs: docs/errors/RuleNotMetError.md"
    `);
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
