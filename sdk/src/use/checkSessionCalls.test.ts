import { createClient, custom, type Hex, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { at, good, inOrder, transfer } from "../../test/calls.js";
import {
  account,
  contracts,
  erc20Abi,
  game,
  parameters,
  recipient,
  session,
  stranger,
  token,
} from "../../test/fixtures.js";
import { createMockClient } from "../../test/mockClient.js";
import {
  allowCall,
  allowErc20,
  anySelector,
  anyTarget,
  type CheckSessionCallsParameters,
  checkSessionCalls,
  type DefineSessionParameters,
  type DenialCode,
  decodeSessionError,
  defineSession,
  denialCodes,
  entryPoints,
  gasLimit,
  getBudgetId,
  getOperationFacts,
  getRevokeCall,
  getSessionId,
  getSessionTree,
  InvalidAmountError,
  InvalidParameterError,
  InvalidTimeError,
  lte,
  matchCalls,
  nativeLimit,
  noCalldata,
  type Session,
  type SessionState,
  UnknownParameterError,
  usageLimit,
} from "../index.js";

const facts = { cost: 1n } as const;

const check = (changes: Partial<CheckSessionCallsParameters> & { session?: Session } = {}) =>
  checkSessionCalls({ session, calls: [good], at, state: inOrder, operation: facts, contracts, ...changes });
const codes = (changes: Partial<CheckSessionCallsParameters> = {}): readonly DenialCode[] =>
  check(changes).denials.map(({ code }) => code);
const define = (changes: Partial<DefineSessionParameters>): Session => defineSession({ ...parameters, ...changes });

describe("checkSessionCalls", () => {
  it("allows what the session allows, and says what comes of it", () => {
    const [policy] = session.actions[0]?.policies ?? [];
    const budgetId = getBudgetId({ id: getSessionId(session), policy: zeroHash, config: "0x", ...policy });
    expect(check()).toEqual({
      allowed: true,
      denials: [],
      claims: [0],
      window: { validAfter: 0, validUntil: 2_000_000_000 },
      assumed: [],
      state: { ...inOrder, budgets: { [budgetId]: { total: 10n, inPeriod: 0n, period: 0n } } },
    });
  });

  it("says what it took to be in order", () => {
    expect(checkSessionCalls({ session, calls: [good], at, contracts })).toMatchObject({
      allowed: true,
      assumed: ["installed", "epoch", "status", "operation", "budgets"],
    });
    const anywhere = define({ actions: [{ target: anyTarget, selector: "0x12345678", maxValue: 0n, policies: [] }] });
    const { assumed } = check({ session: anywhere, calls: [{ to: game, data: "0x12345678" }], state: {} });
    expect(assumed).toContain("modules");
  });

  it("counts the calls of an operation against one budget, and the operations after it", () => {
    const first = check({ calls: [good, good] });
    expect(first.allowed).toBe(true);
    // 25 in total, of which 20 are gone.
    const second = check({ state: first.state });
    expect(second).toMatchObject({
      allowed: false,
      denials: [
        {
          code: "total-limit-exceeded",
          path: "calls[0].policies[0]",
          expected: 5n,
          actual: 10n,
          message: "The amount is more than is left in total.",
          error: { limit: 25n, spent: 20n, amount: 10n, context: { callIndex: 0, actionIndex: 0 } },
        },
      ],
      state: first.state,
    });
    expect(check({ state: first.state, calls: [{ ...good, data: transfer(recipient, 5n) }] }).allowed).toBe(true);
    expect(codes({ calls: [good, good, good] })).toEqual(["total-limit-exceeded"]);
  });

  it("counts per period, from the limit's anchor", () => {
    const daily = define({
      actions: [allowErc20({ token, perPeriod: { amount: 10n, period: "day", anchor: at - 100 } })],
    });
    const today = check({ session: daily });
    expect(today).toMatchObject({ allowed: true, window: { validAfter: at - 100, validUntil: at - 100 + 86_399 } });
    const { state } = today;
    expect(check({ session: daily, state, calls: [{ ...good, data: transfer(recipient, 1n) }] })).toMatchObject({
      denials: [{ code: "period-limit-exceeded", expected: 0n, actual: 1n, error: { resetsAt: at - 100 + 86_400 } }],
    });
    expect(check({ session: daily, state, at: at - 100 + 86_400 }).allowed).toBe(true);
    expect(codes({ session: daily, at: at - 101 })).toEqual(["claimed-time-too-early"]);
    const tomorrow = check({ session: daily, at: at - 100 + 86_400 }).state;
    expect(codes({ session: daily, state: tomorrow })).toEqual(["period-in-past"]);
    expect(codes({ session: daily, claimedTime: at + 86_400 })).toEqual(["outside-window"]);
    expect(codes({ session: daily, claimedTime: 2_100_000_000 })).toEqual(["empty-window", "outside-window"]);
    expect(codes({ session: daily, claimedTime: 2 ** 47 - 1 })).toEqual(["claimed-time-too-late"]);
  });

  it("lists what is against each call, and against the operation", () => {
    const result = check({
      calls: [
        good,
        { to: stranger },
        { to: token, data: transfer(stranger, 11n), value: 1n },
        { ...good, data: transfer(recipient, 16n) },
      ],
      operation: { cost: 2n ** 200n, paymaster: stranger },
      at: 2_000_000_001,
    });
    expect(result.denials.map(({ code, path, expected, actual }) => [code, path, expected, actual])).toEqual([
      ["paymaster-not-allowed", "operation.paymaster", "0x0000000000000000000000000000000000000000", stranger],
      ["op-cost-exceeded", "operation.cost", 10n ** 16n, 2n ** 200n],
      ["target-not-allowed", "calls[1].to", token, stranger],
      ["value-exceeded", "calls[2].value", 0n, 1n],
      ["call-limit-exceeded", "calls[2].policies[0]", 10n, 11n],
      ["call-limit-exceeded", "calls[3].policies[0]", 10n, 16n],
      ["session-expired", "at", 2_000_000_000, 2_000_000_001],
    ]);
  });

  it.each([
    ["installed: false", { installed: false }, "not-installed"],
    ["another epoch", { epoch: 1n }, "epoch-mismatch"],
    ["none", { status: "none" }, "session-not-granted"],
    ["revoked", { status: "revoked" }, "session-revoked"],
  ] as const)("judges the session's standing: %s", (_, changes, code) => {
    expect(codes({ state: { ...inOrder, ...changes } })).toEqual([code]);
  });

  it("judges a session in a tree by its root", () => {
    const { getProof, root } = getSessionTree([session, define({ salt: zeroHash })]);
    const proof = getProof(session);
    const ask = (rootStatus: SessionState["rootStatus"], status: SessionState["status"] = "none") =>
      check({ proof, state: { ...inOrder, status, rootStatus } });
    expect(ask("granted").allowed).toBe(true);
    expect(ask("none").denials).toMatchObject([{ code: "root-not-granted", error: { root } }]);
    expect(ask("revoked").denials).toMatchObject([{ code: "root-revoked" }]);
    expect(ask("granted", "revoked").denials).toMatchObject([{ code: "session-revoked" }]);
    expect(ask("revoked", "granted").allowed).toBe(true);
    expect(ask(undefined).assumed).toEqual(["status"]);
  });

  it("takes the owner's signature in the operation for a grant, and says so", () => {
    const result = check({ carriesGrant: true, state: { ...inOrder, status: "none" } });
    expect(result).toMatchObject({ allowed: true, assumed: ["status"], state: { status: "granted" } });
    expect(codes({ carriesGrant: true, state: { ...inOrder, status: "revoked" } })).toEqual(["session-revoked"]);
  });

  it.each([
    ["nothing", [], [], ["empty-batch"]],
    ["zero", [{ to: "0x0000000000000000000000000000000000000000" }], [], ["target-forbidden"]],
    ["the account", [{ to: account }], [], ["target-forbidden"]],
    ["the manager", [{ to: contracts.manager, data: "0x12345678" }], [], ["target-forbidden"]],
    ["an EntryPoint", [{ to: entryPoints[3] ?? "0x" }], [], ["target-forbidden"]],
    ["an allowed function", [{ to: game, data: "0x12345678" }], [], []],
    ["cut calldata", [{ to: game, data: "0x123456" }], [], ["calldata-too-short"]],
    ["another function", [{ to: game, data: "0x12345679" }], [], ["selector-not-allowed"]],
    ["no calldata", [{ to: game }], [], ["selector-not-allowed"]],
    ["a function of accounts", [{ to: game, data: "0xe9ae5c53" }], [], ["selector-forbidden"]],
    ["a module", [{ to: game, data: "0x12345678" }], [game], ["target-is-module"]],
  ] as const)("judges a call of any target: %s", (_, calls, modules, expected) => {
    const anywhere = define({ actions: [{ target: anyTarget, selector: "0x12345678", maxValue: 0n, policies: [] }] });
    expect(codes({ session: anywhere, calls, state: { ...inOrder, modules } })).toEqual(expected);
  });

  it("refuses an action for any function of any target", () => {
    const broad = { ...session, actions: [{ target: anyTarget, selector: anySelector, maxValue: 0n, policies: [] }] };
    expect(codes({ session: broad, calls: [{ to: game, data: "0x12345678" }] })).toEqual(["action-too-broad"]);
  });

  it("allows the revocation of the session itself, and nothing like it", () => {
    const revoke = getRevokeCall({ ids: [getSessionId(session)], contracts });
    expect(check({ calls: [revoke] })).toMatchObject({ allowed: true, claims: [255] });
    expect(codes({ calls: [revoke], claims: [0] })).toEqual(["target-forbidden"]);
    expect(codes({ calls: [{ ...revoke, value: 1n }], claims: [255] })).toEqual(["not-own-revocation"]);
    expect(codes({ calls: [good], claims: [255] })).toEqual(["not-own-revocation"]);
  });

  it("judges by the claims that it is given", () => {
    const two = define({ actions: [allowErc20({ token: game, total: 2n }), ...parameters.actions] });
    expect(check({ session: two }).claims).toEqual([1]);
    expect(codes({ session: two, claims: [0] })).toEqual(["target-not-allowed"]);
    expect(codes({ session: two, claims: [7] })).toEqual(["call-not-allowed"]);
    expect(() => check({ claims: [] })).toThrow(InvalidParameterError);
  });

  it("refuses everything under a session that only signs", () => {
    expect(codes({ session: { ...session, actions: [] } })).toEqual(["empty-actions", "call-not-allowed"]);
  });

  it("knows the rules on arguments", () => {
    const ruled = define({
      actions: [allowCall({ abi: erc20Abi, functionName: "transfer", address: token, args: { amount: lte(5n) } })],
    });
    expect(check({ session: ruled }).denials).toMatchObject([
      { code: "rule-not-met", path: "calls[0].policies[0]", expected: [5n], actual: 10n },
    ]);
    expect(check({ session: ruled, calls: [{ to: token, data: transfer(stranger, 5n) }] }).allowed).toBe(true);
  });

  it("knows limits of actions on native currency and usage", () => {
    const action = { target: game, selector: noCalldata, maxValue: 10n } as const;
    const of = (policy: ReturnType<typeof nativeLimit>) => define({ actions: [{ ...action, policies: [policy] }] });
    const pay = (value: bigint) => ({ to: game, value }) as const;
    const native = of(nativeLimit({ atOnce: 6n, total: 8n }));
    expect(check({ session: native, calls: [pay(6n), pay(2n)] }).allowed).toBe(true);
    expect(codes({ session: native, calls: [pay(7n)] })).toEqual(["call-limit-exceeded"]);
    expect(codes({ session: native, calls: [pay(6n), pay(3n)] })).toEqual(["total-limit-exceeded"]);
    const usage = of(usageLimit({ total: 2n }));
    expect(check({ session: usage, calls: [pay(1n), pay(1n)] }).allowed).toBe(true);
    expect(codes({ session: usage, calls: [pay(1n), pay(1n), pay(1n)] })).toEqual(["total-limit-exceeded"]);
  });

  it("knows limits on operations as a whole", () => {
    const limited = define({
      actions: [{ target: game, selector: noCalldata, maxValue: 10n, policies: [] }],
      operationPolicies: [
        gasLimit({ total: 100n }),
        nativeLimit({ atOnce: 7n }),
        usageLimit({ total: 3n, of: "calls" }),
        usageLimit({ total: 1n }),
      ],
    });
    const pay = { to: game, value: 3n } as const;
    const revoke = getRevokeCall({ ids: [getSessionId(limited)], contracts });
    const first = check({ session: limited, calls: [pay, pay, revoke], operation: { cost: 100n } });
    expect(first.allowed).toBe(true);
    expect(
      check({ session: limited, calls: [pay, pay, pay], operation: { cost: 1n }, state: first.state }).denials.map(
        ({ code, path }) => `${path}: ${code}`,
      ),
    ).toEqual([
      "operationPolicies[0]: total-limit-exceeded",
      "operationPolicies[1]: call-limit-exceeded",
      "operationPolicies[2]: total-limit-exceeded",
      "operationPolicies[3]: total-limit-exceeded",
    ]);
    // Without facts about the operation, its cost is not judged.
    const unknown = check({ session: limited, calls: [pay], operation: undefined });
    expect(unknown).toMatchObject({ allowed: true, assumed: ["operation"] });
  });

  it("never takes a policy that it does not know to agree", () => {
    const foreign = { policy: stranger, config: "0x1234" } as const;
    const ofAction = define({
      actions: [{ target: game, selector: noCalldata, maxValue: 0n, policies: [foreign] }],
      operationPolicies: [foreign],
    });
    const result = check({ session: ofAction, calls: [{ to: game }] });
    expect(result).toMatchObject({
      allowed: false,
      denials: [
        { code: "policy-not-checked", path: "calls[0].policies[0]", error: { context: { policy: stranger } } },
        { code: "policy-not-checked", path: "operationPolicies[0]" },
      ],
    });
    expect(result.denials[0]?.error.message).toMatchInlineSnapshot(`
      "A policy that is not known cannot be checked offline.

      Call: 0
      Action: 0
      Policy: 0x90F79bf6EB2c4f870365E785982E1f101E93b906
      Session: 0x26c22e3a8f62e76225143cf696c44decf8a15ee2f8cee42e365831d55d07bdf6

      Docs: docs/errors/PolicyNotCheckedError.md"
    `);
  });

  it("refuses what a policy in the wrong place refuses", () => {
    const misplaced = define({
      actions: [{ target: game, selector: noCalldata, maxValue: 0n, policies: [gasLimit({ total: 1n })] }],
      operationPolicies: [{ policy: contracts.erc20LimitPolicy, config: "0x01" }],
    });
    // In the place of the manager's own there is no code, that answers.
    expect(codes({ session: misplaced, calls: [{ to: game }] })).toEqual(["policy-answer", "unknown-policy"]);
  });

  it("refuses malformed configurations", () => {
    const calls = [{ to: game }] as const;
    const broken = (policy: Hex, config: Hex) =>
      codes({
        session: define({
          actions: [{ target: game, selector: noCalldata, maxValue: 0n, policies: [{ policy, config }] }],
        }),
        calls,
      });
    const { policy } = nativeLimit({ total: 1n });
    expect(policy).toBe("nativeLimitPolicy");
    expect(broken(contracts.abiRulePolicy, "0x")).toEqual(["abi-rule-config"]);
    expect(codes({ session: define({ operationPolicies: [{ policy: "gasLimitPolicy", config: "0x" }] }) })).toEqual([
      "limit-config",
    ]);
  });

  it("judges the session's window and key", () => {
    expect(codes({ session: define({ validAfter: at + 1 }) })).toEqual(["session-not-started"]);
    expect(check({ session: define({ validAfter: at, validUntil: at }) }).allowed).toBe(true);
    expect(codes({ session: define({ validUntil: at - 1 }) })).toEqual(["session-expired"]);
    expect(check({ session: define({ validUntil: "never" }) }).window.validUntil).toBe(0);
    expect(codes({ session: { ...session, validUntil: 2 ** 47 } })).toEqual(["time-out-of-range"]);
    expect(codes({ session: { ...session, sessionKey: `0x${"00".repeat(20)}` } })).toEqual([
      "session-key-not-supported",
    ]);
    expect(codes({ session: { ...session, sessionKey: "0x1234" } })).toEqual(["session-key-not-supported"]);
  });

  it("refuses input that is not what it must be", () => {
    expect(() => check({ at: 1_900_000_000_000 })).toThrow(InvalidTimeError);
    expect(() => check({ operation: { cost: -1n } })).toThrow(InvalidAmountError);
    expect(() => check({ calls: [{ to: game, value: -1n }] })).toThrow(InvalidAmountError);
    expect(() => checkSessionCalls({ session, calls: [], when: at } as never)).toThrow(UnknownParameterError);
  });

  it("takes a use's calls for allowed exactly if matchCalls and the budgets do", () => {
    const call = { to: token, value: 0n, data: transfer(recipient, 11n) } as const;
    expect(() => matchCalls({ session, calls: [call], contracts })).toThrow();
    expect(codes({ calls: [call] })).toEqual(["call-limit-exceeded"]);
  });

  it("has a code for each error that the chain can give", () => {
    const denied = check({ calls: [{ ...good, data: transfer(recipient, 11n) }] }).denials[0];
    expect(decodeSessionError(denied?.error)?.code).toBe("call-limit-exceeded");
    expect(new Set(denialCodes).size).toBe(denialCodes.length);
  });
});

describe("checkSessionCalls with a client", () => {
  const ask = (state: Parameters<typeof createMockClient>[0], changes: Partial<CheckSessionCallsParameters> = {}) => {
    const { client, requests } = createMockClient({ now: () => at, ...state });
    const result = checkSessionCalls({ session, calls: [good], operation: facts, contracts, ...changes, client });
    return { result, requests };
  };

  it("reads the session's standing, its budgets and the time", async () => {
    const { result, requests } = ask({ spent: [15n, 0n, 0n] });
    expect(await result).toMatchObject({ allowed: true, assumed: [], claims: [0] });
    expect(requests.sort()).toEqual(["epochOf", "eth_getBlockByNumber", "isInitialized", "sessionStatus", "spent"]);
    expect((await ask({ spent: [16n, 0n, 0n] }).result).denials).toMatchObject([
      { code: "total-limit-exceeded", expected: 9n },
    ]);
    expect((await ask({ status: 2, epoch: 3n, installed: false }).result).denials.map(({ code }) => code)).toEqual([
      "not-installed",
      "epoch-mismatch",
      "session-revoked",
    ]);
    expect((await ask({ now: () => 2_000_000_001 }).result).denials).toMatchObject([{ code: "session-expired" }]);
  });

  it("prefers what it is told to what it reads", async () => {
    const { result } = ask({ now: () => 2_000_000_001, status: 2 }, { at, state: { status: "granted" } });
    expect((await result).allowed).toBe(true);
  });

  it("asks the account whether targets are its modules", async () => {
    const anywhere = define({ actions: [{ target: anyTarget, selector: "0x12345678", maxValue: 0n, policies: [] }] });
    const { result, requests } = ask({}, { session: anywhere, calls: [{ to: game, data: "0x12345678" }] });
    expect((await result).denials).toMatchObject([{ code: "target-is-module", actual: game }]);
    expect(requests.filter((name) => name === "isModuleInstalled")).toHaveLength(4);
  });

  it("asks for all in one call where there is Multicall3, and side by side where it is only said to be", async () => {
    const methods: string[] = [];
    const { client } = createMockClient({ now: () => at });
    const chain = {
      ...{ id: 1, name: "Test", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 } },
      rpcUrls: { default: { http: [] } },
      contracts: { multicall3: { address: stranger } },
    } as const;
    const batching = createClient({
      chain,
      transport: custom({
        async request({ method, params }: { method: string; params: readonly [{ to?: Hex; data: Hex }] }) {
          methods.push(method);
          if (method === "eth_call" && params[0].to?.toLowerCase() === stranger.toLowerCase()) return "0x";
          return client.request({ method, params } as never);
        },
      }),
    });
    const { allowed } = await checkSessionCalls({ session, calls: [good], contracts, client: batching });
    expect(allowed).toBe(true);
    // One call to Multicall3, which is not there, then four without it.
    expect(methods.filter((method) => method === "eth_call")).toHaveLength(5);
  });
});

describe("getOperationFacts", () => {
  const gas = { callGasLimit: 1n, verificationGasLimit: 20n, preVerificationGas: 300n, maxFeePerGas: 2n } as const;
  it("multiplies all gas limits by the fee", () => {
    expect(getOperationFacts(gas)).toEqual({ cost: 642n, paymaster: undefined });
    const paid = {
      ...gas,
      paymaster: stranger,
      paymasterVerificationGasLimit: 4_000n,
      paymasterPostOpGasLimit: 50_000n,
    } as const;
    expect(getOperationFacts(paid)).toEqual({ cost: 108_642n, paymaster: stranger });
  });
  it("is never more than the contracts can count", () => {
    expect(getOperationFacts({ ...gas, preVerificationGas: 2n ** 256n - 1n }).cost).toBe(2n ** 256n - 1n);
  });
  it("tells the call that a delegated account gets first", () => {
    const facts = getOperationFacts({ ...gas, factory: "0x7702", factoryData: "0x123456" });
    expect(facts.initializerLength).toBe(3);
    expect(codes({ operation: facts })).toEqual(["initializer-not-allowed"]);
    expect(codes({ operation: getOperationFacts({ ...gas, factory: "0x7702" }) })).toEqual([]);
    expect(getOperationFacts({ ...gas, factory: game, factoryData: "0x123456" }).initializerLength).toBe(undefined);
  });
});
