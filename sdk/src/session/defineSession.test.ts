import { type Hex, parseAbi, zeroAddress } from "viem";
import { describe, expect, it } from "vitest";
import {
  account,
  contracts,
  game,
  limits,
  parameters,
  privateKey,
  recipient,
  session,
  sessionKey,
  token,
} from "../../test/fixtures.js";
import {
  allowCall,
  allowErc20,
  anyPaymaster,
  anySelector,
  anyTarget,
  type DefineSessionParameters,
  defineSession,
  EmptyActionsError,
  ForbiddenTargetError,
  gasLimit,
  getSessionId,
  InvalidAddressError,
  InvalidAmountError,
  InvalidBytesError,
  InvalidChainIdError,
  InvalidNumberError,
  InvalidParameterError,
  InvalidTimeError,
  InvalidWindowError,
  MissingFeeLimitError,
  SeparateBudgetsError,
  type SessionKey,
  TooManyError,
  UnknownParameterError,
} from "../index.js";
import { builtInPolicies } from "../policies/builtIn.js";

const define = (overrides: Partial<Record<keyof DefineSessionParameters, unknown>>) => () =>
  // Callers without types, or with wrong ones, are what these tests are about.
  defineSession({ ...parameters, ...overrides } as DefineSessionParameters);

describe("defineSession", () => {
  it("gives the session in the form of the contracts", () => {
    expect(session).toMatchInlineSnapshot(`
      {
        "account": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "actions": [
          {
            "maxValue": 0n,
            "policies": [
              {
                "config": "0x0b0000000000000000000000000000000a00000000000000000000000000000019013c44cdddb6a900fa2b585dd299e03d12fa4293bc",
                "policy": "0x00000000000000000000000000000000000000A2",
              },
            ],
            "selector": "0xa9059cbb",
            "target": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
          },
        ],
        "chainId": 1n,
        "epoch": 0n,
        "maxOpCost": 10000000000000000n,
        "operationPolicies": [],
        "paymaster": "0x0000000000000000000000000000000000000000",
        "salt": "0x0000000000000000000000000000000000000000000000001122334455667788",
        "sessionKey": "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "signaturePolicies": [],
        "validAfter": 0,
        "validUntil": 2000000000,
      }
    `);
    expect(getSessionId(session)).toMatchInlineSnapshot(
      `"0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877"`,
    );
  });

  it("draws 4 random bytes of salt", () => {
    const { salt: _, ...rest } = parameters;
    const [one, other] = [defineSession(rest), defineSession(rest)];
    expect(one.salt).toMatch(/^0x0{56}[0-9a-f]{8}$/);
    expect(one.salt).not.toBe(other.salt);
  });

  it("takes a key of any ERC-7913 verifier, but not as a bare string, which may be a private key", () => {
    const verified: Hex = `0x${"12".repeat(20)}${"ab".repeat(64)}`;
    const key: SessionKey = { type: "p256", sessionKey: verified, sign: async () => verified, stubSignature: verified };
    expect(defineSession({ ...parameters, sessionKey: key }).sessionKey).toBe(verified);
    expect(() => defineSession({ ...parameters, sessionKey: verified })).toThrow(InvalidAddressError);
    const zero = { ...key, sessionKey: `0x${"00".repeat(20)}ab` } as const;
    expect(() => defineSession({ ...parameters, sessionKey: zero })).toThrow(InvalidBytesError);
    const long = { ...key, sessionKey: `0x${"ab".repeat(0x10000)}` as Hex };
    expect(() => defineSession({ ...parameters, sessionKey: long })).toThrow(TooManyError);
  });

  it("takes dates, the word for no end, every chain, any paymaster, and keys in three forms", () => {
    expect(defineSession({ ...parameters, validUntil: new Date(2_000_000_000_999) }).validUntil).toBe(2_000_000_000);
    expect(defineSession({ ...parameters, validUntil: "never" }).validUntil).toBe(0);
    expect(defineSession({ ...parameters, chainId: "every" }).chainId).toBe(0n);
    expect(defineSession({ ...parameters, fees: { ...parameters.fees, paymaster: "any" } }).paymaster).toBe(
      anyPaymaster,
    );
    for (const key of [sessionKey, sessionKey.account, sessionKey.account.address])
      expect(defineSession({ ...parameters, sessionKey: key }).sessionKey).toBe(sessionKey.sessionKey);
  });

  it("limits what all operations may cost, or those of a period, unless no such limit is wished for", () => {
    const gasPolicy = builtInPolicies.gasLimitPolicy;
    const policiesOf = (fees: DefineSessionParameters["fees"]) => {
      const session = defineSession({ ...parameters, fees });
      return { maxOpCost: session.maxOpCost, policies: session.operationPolicies };
    };
    expect(policiesOf({ maxPerOperation: 3n, total: 5n })).toEqual({
      maxOpCost: 3n,
      policies: [{ policy: gasPolicy, config: gasLimit({ total: 5n }).config }],
    });
    const perPeriod = { amount: 7n, period: "day" } as const;
    for (const total of [undefined, "unlimited"] as const)
      expect(policiesOf({ maxPerOperation: 3n, total, perPeriod }).policies).toEqual([
        { policy: gasPolicy, config: gasLimit({ perPeriod }).config },
      ]);
    expect(policiesOf({ maxPerOperation: 3n, total: "unlimited" })).toEqual({ maxOpCost: 3n, policies: [] });
  });

  it("takes actions in the form of the contracts", () => {
    const action = { target: game, selector: "0x12345678", maxValue: 1n, policies: [] } as const;
    expect(defineSession({ ...parameters, actions: [action] }).actions).toEqual([action]);
  });

  it("keeps the budgets of two tokens with the same limits apart", () => {
    const { actions } = defineSession({
      ...parameters,
      actions: [allowErc20(limits), allowErc20({ ...limits, token: game, functions: ["transfer", "approve"] })],
    });
    const [first, second, third] = actions.map(({ policies }) => policies[0]?.config);
    expect(first).not.toBe(second);
    expect(second).toBe(third);
  });

  it.each([
    ["a time in milliseconds", { validUntil: Date.UTC(2033, 1) }, InvalidTimeError],
    ["a start in milliseconds", { validAfter: Date.UTC(2033, 1) }, InvalidTimeError],
    ["a bigint for a time", { validUntil: 2_000_000_000n }, InvalidTimeError],
    ["a fraction of a second", { validUntil: 2_000_000_000.5 }, InvalidTimeError],
    ["a negative time", { validUntil: -1 }, InvalidTimeError],
    ["a time of 2^47", { validUntil: 2 ** 47 }, InvalidTimeError],
    ["an invalid date", { validUntil: new Date(Number.NaN) }, InvalidTimeError],
    ["an end of 0, which would mean none", { validUntil: 0 }, InvalidTimeError],
    ["no end at all", { validUntil: undefined }, InvalidTimeError],
    ["null for an end", { validUntil: null }, InvalidTimeError],
    ["an end before the start", { validAfter: 2_000_000_001 }, InvalidWindowError],
    ["a number for a cost", { fees: { maxPerOperation: 1, total: 1n } }, InvalidAmountError],
    ["a negative cost", { fees: { maxPerOperation: -1n, total: 1n } }, InvalidAmountError],
    ["a cost of 0", { fees: { maxPerOperation: 0n, total: 1n } }, InvalidAmountError],
    ["no cost", { fees: { total: 1n } }, MissingFeeLimitError],
    ["a cost of 2^128", { fees: { maxPerOperation: 2n ** 128n, total: 1n } }, InvalidAmountError],
    ["no fees at all", { fees: undefined }, MissingFeeLimitError],
    ["null for fees", { fees: null }, InvalidParameterError],
    ["fees without a limit in all", { fees: { maxPerOperation: 1n } }, MissingFeeLimitError],
    ["a number for a total of fees", { fees: { maxPerOperation: 1n, total: 1 } }, InvalidAmountError],
    ["a word for a total of fees", { fees: { maxPerOperation: 1n, total: "none" } }, InvalidAmountError],
    ["a total of fees of 2^108", { fees: { maxPerOperation: 1n, total: 2n ** 108n } }, InvalidAmountError],
    ["a misspelt limit of fees", { fees: { maxPerOperation: 1n, totals: 1n } }, UnknownParameterError],
    [
      "a short period of fees",
      { fees: { maxPerOperation: 1n, perPeriod: { amount: 1n, period: 1 } } },
      InvalidNumberError,
    ],
    ["a number for an epoch", { epoch: 1 }, InvalidAmountError],
    ["a wrong checksum", { account: account.replace("C", "c") }, InvalidAddressError],
    ["an account in capitals", { account: account.toUpperCase().replace("X", "x") }, InvalidAddressError],
    ["no account", { account: undefined }, InvalidAddressError],
    ["the zero account", { account: zeroAddress }, ForbiddenTargetError],
    ["the zero key", { sessionKey: zeroAddress }, InvalidBytesError],
    ["a short key", { sessionKey: "0x12" }, InvalidAddressError],
    [
      "a wrong checksum of the paymaster",
      { fees: { ...parameters.fees, paymaster: account.replace("C", "c") } },
      InvalidAddressError,
    ],
    ["a short salt", { salt: "0x12" }, InvalidBytesError],
    ["chain 0", { chainId: 0 }, InvalidChainIdError],
    ["a bigint for a chain", { chainId: 1n }, InvalidChainIdError],
    ["no actions", { actions: [] }, EmptyActionsError],
    ["actions that are no list", { actions: undefined }, EmptyActionsError],
    ["too many actions", { actions: Array.from({ length: 256 }, () => parameters.actions[0]) }, TooManyError],
  ])("refuses %s", (_, overrides, expected) => {
    expect(define(overrides)).toThrow(expected);
  });

  it.each([
    ["zero", zeroAddress],
    ["the account", account],
    ["the manager", contracts.manager],
    ["EntryPoint v0.6", "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"],
    ["EntryPoint v0.7", "0x0000000071727De22E5E9d8BAf0edAc6f37da032"],
    ["EntryPoint v0.8", "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"],
    ["EntryPoint v0.9", "0x433709009B8330FDa32311DF1C2AFA402eD8D009"],
  ] as const)("refuses calls to %s", (_, target) => {
    const action = { target, selector: "0x12345678", maxValue: 0n, policies: [] };
    expect(define({ actions: [action] })).toThrow(ForbiddenTargetError);
  });

  it("refuses any function of any target", () => {
    const action = { target: anyTarget, selector: anySelector, maxValue: 0n, policies: [] };
    expect(define({ actions: [action] })).toThrow(ForbiddenTargetError);
  });

  it("refuses two limits on one token, and calls outside a token's limit, unless they are asked for", () => {
    const two = [allowErc20(limits), allowErc20({ ...limits, functions: ["approve"], total: 5n })];
    const around = [
      allowErc20(limits),
      allowCall({
        abi: parseAbi(["function transfer(address to, uint256 amount)"]),
        functionName: "transfer",
        address: token,
        args: { to: recipient },
      }),
    ];
    const anywhere = [allowErc20(limits), { target: anyTarget, selector: "0x12345678", maxValue: 0n, policies: [] }];
    for (const actions of [two, around, anywhere]) {
      expect(define({ actions })).toThrow(SeparateBudgetsError);
      expect(define({ actions, allowSeparateBudgets: true })).not.toThrow();
    }
  });

  it("refuses one limit on a token in two forms, the manager's own and the contract's: each has a budget", () => {
    const [own] = allowErc20({ ...limits, functions: ["transfer"] }).actions;
    const [other] = allowErc20({ ...limits, functions: ["approve"] }).actions;
    if (own === undefined || other === undefined) throw new Error("each is one action");
    const policies = other.policies.map((policy) => ({ ...policy, policy: builtInPolicies.erc20LimitPolicy }));
    const actions = [own, { ...other, policies }];
    expect(define({ actions })).toThrow(SeparateBudgetsError);
    expect(define({ actions, allowSeparateBudgets: true })).not.toThrow();
  });

  it("says what is wrong", () => {
    const messages = [
      { validUntil: 2_000_000_000_000 },
      { validUntil: 2_000_000_000n },
      { validAfter: 2_000_000_001 },
      { fees: { maxPerOperation: 1, total: 1n } },
      { fees: undefined },
      { fees: { maxPerOperation: 1n, maxInTotal: 1n } },
      { account: account.replace("C", "c") },
      { account: `0x${"ab".repeat(32)}` },
      { actions: [] },
      { chainId: 0 },
      { actions: [{ target: account, selector: "0x12345678", maxValue: 0n, policies: [] }] },
      { actions: [allowErc20(limits), allowErc20({ ...limits, total: 5n })] },
    ].map((overrides) => {
      try {
        return define(overrides)();
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    });
    expect(messages.join("\n---\n")).toMatchInlineSnapshot(`
      "\`validUntil\` looks like milliseconds; times are in seconds.

      Expected: a Date, or a whole number of seconds since 1970
      Actual: 2000000000000
      In seconds: 2000000000

      Docs: docs/errors/InvalidTimeError.md
      ---
      \`validUntil\` is not a time in seconds.

      Expected: a Date, or a whole number of seconds since 1970
      Actual: 2000000000n (a bigint)

      Docs: docs/errors/InvalidTimeError.md
      ---
      The session ends before it starts.

      validAfter: 2000000001 (2033-05-18T03:33:21.000Z)
      validUntil: 2000000000 (2033-05-18T03:33:20.000Z)

      Docs: docs/errors/InvalidWindowError.md
      ---
      \`fees.maxPerOperation\` must be a bigint.

      Expected: a bigint from 1 to 340282366920938463463374607431768211455
      Actual: 1 (a number)

      Docs: docs/errors/InvalidAmountError.md
      ---
      Nothing limits what the session may cost in gas.

      Give \`fees: { maxPerOperation, total }\` or \`fees: { maxPerOperation, perPeriod }\`, in wei.
      Say \`total: "unlimited"\` if only the cost of each operation is to be limited.

      Docs: docs/errors/MissingFeeLimitError.md
      ---
      There is no parameter \`maxInTotal\`.

      Available: maxPerOperation, total, perPeriod, paymaster

      Docs: docs/errors/UnknownParameterError.md
      ---
      \`account\` is not a valid address.

      Expected: 20 bytes of hex, in lower case or with the right checksum
      Actual: "0x70997970c51812dc3A010C7d01b50e0d17dc79C8"

      Docs: docs/errors/InvalidAddressError.md
      ---
      \`account\` is not a valid address.

      Expected: 20 bytes of hex, in lower case or with the right checksum
      Actual: a string of 66 characters

      Docs: docs/errors/InvalidAddressError.md
      ---
      The session has no actions, so it would allow nothing.

      Docs: docs/errors/EmptyActionsError.md
      ---
      \`chainId\` is not a chain id.

      Expected: a positive whole number, or "every" for a session on every chain
      Actual: 0

      Docs: docs/errors/InvalidChainIdError.md
      ---
      No session may call this target.

      Target: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      Reason: it is the account itself

      Docs: docs/errors/ForbiddenTargetError.md
      ---
      The limits on a token do not hold together.

      Token: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
      Reason: it has two different limits
      Say \`allowSeparateBudgets: true\` if that is meant.

      Docs: docs/errors/SeparateBudgetsError.md"
    `);
  });

  it("refuses a name it does not know, and other shapes", () => {
    const misspelt = { ...parameters, validUntill: 1 };
    expect(() => defineSession(misspelt)).toThrow("There is no parameter `validUntill`.");
    const abi = parseAbi(["function play()"]);
    const typo = { abi, functionName: "play", address: game, maxValeu: 1n } as const;
    expect(() => allowCall(typo)).toThrow("There is no parameter `maxValeu`.");
    expect(define({ actions: [undefined] })).toThrow("`actions[0]` is not an object.");
    expect(define({ actions: [{ target: token, selector: "0x12345678" }] })).toThrow(
      "`actions[0].policies` is not an array.",
    );
    expect(define({ actions: allowErc20(limits) })).toThrow("`actions` is not an array.");
  });

  it("shows no bytes that may be a key in the wrong place", () => {
    expect(define({ salt: privateKey.slice(0, 65) })).toThrow("Actual: a string of 65 characters");
  });
});
