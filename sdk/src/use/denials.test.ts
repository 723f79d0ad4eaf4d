import { type Hex, maxUint256, pad, zeroAddress } from "viem";
import { describe, expect, it } from "vitest";
import { at, good, inOrder } from "../../test/calls.js";
import { account, contracts, game, parameters, session, stranger, token } from "../../test/fixtures.js";
import {
  type Action,
  anySelector,
  anyTarget,
  type CheckSessionCallsParameters,
  checkSessionCalls,
  defineSession,
  entryPoints,
  gasLimit,
  getSessionTree,
  nativeLimit,
  noCalldata,
  type Session,
  usageLimit,
} from "../index.js";

type Changes = Partial<CheckSessionCallsParameters>;

const check = (changes: Changes = {}) =>
  checkSessionCalls({ session, calls: [good], at, state: inOrder, operation: { cost: 1n }, contracts, ...changes });

/** Where something is refused, and in which words. */
const words = (changes: Changes): readonly string[] =>
  check(changes).denials.map(
    ({ path, error }) => `${path}: ${error.message.split("\n\nDocs:")[0]?.replaceAll(/\n+/g, " | ")}`,
  );

const action = (changes: Partial<Action> = {}): Action => ({
  ...{ target: game, selector: anySelector, maxValue: 0n, policies: [] },
  ...changes,
});
const define = (changes: Partial<Session>): Session => ({ ...session, ...changes });
const toGame = (changes: Partial<Action> = {}): Session => define({ actions: [action(changes)] });

describe("what is refused", () => {
  const tree = getSessionTree([session, define({ salt: pad("0x01") })]);
  const proof = tree.getProof(session);
  const none = { ...inOrder, status: "none" } as const;

  it("is told with its place and its reason", () => {
    const cases: readonly (readonly [string, Changes])[] = [
      ["no calls", { calls: [] }],
      ["no actions", { session: define({ actions: [] }) }],
      ["an account's first call", { operation: { cost: 1n, initializerLength: 5 } }],
      ["not installed", { state: { ...inOrder, installed: false } }],
      ["another epoch", { state: { ...inOrder, epoch: 1n } }],
      ["not granted", { state: none }],
      ["revoked", { state: { ...inOrder, status: "revoked" } }],
      ["a root that is not granted", { state: { ...none, rootStatus: "none" }, proof }],
      ["a root that is revoked", { state: { ...none, rootStatus: "revoked" }, proof }],
      ["a key that is too short", { session: define({ sessionKey: `0x${"12".repeat(19)}` }) }],
      ["a key of zeros", { session: define({ sessionKey: `0x${"00".repeat(20)}12` }) }],
      ["another paymaster", { operation: { cost: 1n, paymaster: stranger } }],
      ["too dear", { operation: { cost: session.maxOpCost + 1n } }],
      ["a start too late", { session: define({ validAfter: 2 ** 47 }) }],
      ["an end too late", { session: define({ validUntil: 2 ** 47 }) }],
      ["before the start", { session: define({ validAfter: at + 1 }) }],
      ["after the end", { session: define({ validUntil: at - 1 }) }],
      ["the second call, another target", { calls: [good, { to: game, data: "0x12345678" }] }],
      ["zero", { calls: [{ to: zeroAddress }] }],
      ["the account", { calls: [{ to: account }] }],
      ["the manager", { calls: [{ to: contracts.manager }] }],
      ["an EntryPoint", { calls: [{ to: entryPoints[0] ?? zeroAddress }] }],
      ["too short", { calls: [{ to: token, data: "0xa9059c" }] }],
      ["another function", { calls: [{ to: token, data: "0x12345678" }] }],
      ["no function", { calls: [{ to: token }] }],
      ["too much of the native currency", { calls: [{ ...good, value: 1n }] }],
      [
        "any function of any target",
        { session: toGame({ target: anyTarget }), calls: [{ to: game, data: "0x12345678" }] },
      ],
      [
        "a module of the account",
        {
          session: toGame({ target: anyTarget, selector: "0x12345678" }),
          calls: [{ to: game, data: "0x12345678" }],
          state: { ...inOrder, modules: [stranger, game] },
        },
      ],
      ["a claim of no action", { claims: [1] }],
      ["a claim of a revocation that is none", { claims: [255] }],
      [
        "a limit of gas on a call",
        {
          session: toGame({ policies: [builtIn(gasLimit({ total: 1n }))] }),
          calls: [{ to: game, data: "0x12345678" }],
        },
      ],
      [
        "a contract's limit of gas on a call",
        {
          session: toGame({ policies: [{ policy: stranger, config: gasLimit({ total: 1n }).config }] }),
          calls: [{ to: game, data: "0x12345678" }],
          contracts: { ...contracts, gasLimitPolicy: stranger },
        },
      ],
      [
        "a policy that is not known",
        {
          session: toGame({ policies: [{ policy: stranger, config: "0x" }] }),
          calls: [{ to: game, data: "0x12345678" }],
        },
      ],
      [
        "a limit that is malformed",
        {
          session: define({ operationPolicies: [{ ...builtIn(gasLimit({ total: 1n })), config: "0x00" }] }),
        },
      ],
    ];
    expect(cases.map(([what, changes]) => [what, ...words(changes)])).toMatchInlineSnapshot(`
      [
        [
          "no calls",
          "calls: The operation makes no calls.",
        ],
        [
          "no actions",
          "session.actions: The session has no actions, so it would allow nothing.",
          "calls[0]: The session does not allow this call. \`claims\` is not indexes of the session's actions. | Call: 0 | To: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 | Function: 0xa9059cbb",
        ],
        [
          "an account's first call",
          "operation.initializer: No session may make an account run a call before validation. | Actual: 25 bytes of initCode",
        ],
        [
          "not installed",
          "state.installed: The account has not installed the session key manager. | Account: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        ],
        [
          "another epoch",
          "session.epoch: The session ended when the owner revoked all sessions. | Session's epoch: 0 | Account's epoch: 1 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "not granted",
          "state.status: The session was not granted for this account on this chain. | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "revoked",
          "state.status: The session was revoked, which is final. | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "a root that is not granted",
          "state.rootStatus: The root that the session's proof leads to was not granted for this account. | Root: 0x070ca0bf687448770102bf88b6163dfd2329e4645c3d580b0c50f08e881b7cd0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "a root that is revoked",
          "state.rootStatus: The root that the session's proof leads to was revoked, which is final. | Root: 0x070ca0bf687448770102bf88b6163dfd2329e4645c3d580b0c50f08e881b7cd0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "a key that is too short",
          "session.sessionKey: The session key is zero or shorter than an address. | Expected: an address other than zero, or a verifier's and a key | Actual: 19 bytes",
        ],
        [
          "a key of zeros",
          "session.sessionKey: The session key is zero or shorter than an address. | Expected: an address other than zero, or a verifier's and a key | Actual: 21 bytes",
        ],
        [
          "another paymaster",
          "operation.paymaster: The session does not allow this paymaster. | Expected: none | Actual: 0x90F79bf6EB2c4f870365E785982E1f101E93b906 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "too dear",
          "operation.cost: The operation may cost more than the session allows. | Limit: 10000000000000000 wei | Actual: 10000000000000001 wei (all gas limits times maxFeePerGas) | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "a start too late",
          "session.validAfter: A bound of a validity window is too late. | Expected: less than 140737488355328 (2^47) | Actual: 140737488355328",
          "window: There is no time at which the session and its policies allow the operation. | Not before: 140737488355328 | Not after: 2000000000 (2033-05-18T03:33:20.000Z) | Session: 0xbc618f5491ca59e188fa34b9dc0df7e875369a6b715c90ad8634f0a0c106e81a",
          "at: The session has not begun. | Valid after: 140737488355328 | Now: 1900000000 (2030-03-17T17:46:40.000Z)",
        ],
        [
          "an end too late",
          "session.validUntil: A bound of a validity window is too late. | Expected: less than 140737488355328 (2^47) | Actual: 140737488355328",
        ],
        [
          "before the start",
          "at: The session has not begun. | Valid after: 1900000001 (2030-03-17T17:46:41.000Z) | Now: 1900000000 (2030-03-17T17:46:40.000Z)",
        ],
        [
          "after the end",
          "at: The session has ended. | Valid until: 1899999999 (2030-03-17T17:46:39.000Z) | Now: 1900000000 (2030-03-17T17:46:40.000Z)",
        ],
        [
          "the second call, another target",
          "calls[1].to: The session may not call this target. | Expected: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 | Actual: 0x5FbDB2315678afecb367f032d93F642f64180aa3 | Call: 1 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "zero",
          "calls[0].to: No session may call this target. | Target: 0x0000000000000000000000000000000000000000 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "the account",
          "calls[0].to: No session may call this target. | Target: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "the manager",
          "calls[0].to: No session may call this target. | Target: 0x00000000000000000000000000000000000000A1 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "an EntryPoint",
          "calls[0].to: No session may call this target. | Target: 0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "too short",
          "calls[0].data: Calldata of one to three bytes is never allowed. | Actual: 3 bytes | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "another function",
          "calls[0].data: The session may not call this function. | Expected: 0xa9059cbb | Actual: 0x12345678 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "no function",
          "calls[0].data: The session may not call this function. | Expected: 0xa9059cbb | Actual: 0x00000000 | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "too much of the native currency",
          "calls[0].value: The call sends more native currency than the session allows. | Limit: 0 wei | Actual: 1 wei | Call: 0 | Action: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "any function of any target",
          "calls[0].to: No session may allow any function of any target. | Call: 0 | Action: 0 | Session: 0x9587482c82de27e23b7acf0590de92e8ea3150d9384e2593a171af55a15cd4ef",
        ],
        [
          "a module of the account",
          "calls[0].to: A session for any target may not call a module of the account. | Target: 0x5FbDB2315678afecb367f032d93F642f64180aa3 | Call: 0 | Action: 0 | Session: 0x05fd20d1614746784d80ccf2ff7b81708707efe67e2b78c98c8fb8c5d61c44ab",
        ],
        [
          "a claim of no action",
          "calls[0]: The session does not allow this call. \`claims\` is not indexes of the session's actions. | Call: 0 | To: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 | Function: 0xa9059cbb",
        ],
        [
          "a claim of a revocation that is none",
          "calls[0]: The call is not exactly the revocation of the session itself. | Call: 0 | Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        ],
        [
          "a limit of gas on a call",
          "calls[0].policies[0]: A policy did not answer with one word, or has no code. | Actual: 0 bytes | Policy: 0xB400000000000000000000000000000000000000 | Session: 0x05cbfa1a8332a016dd4df47d8421681d2046f781f2076d83f63fd421dc8a1470",
        ],
        [
          "a contract's limit of gas on a call",
          "calls[0].policies[0]: A policy refused the call. | Reason: 0x | Call: 0 | Action: 0 | Policy: 0x90F79bf6EB2c4f870365E785982E1f101E93b906 | Session: 0xb069d989eb1c07ce088a719e6b78d14b555be99e11da132912ee0263749fb7cf",
        ],
        [
          "a policy that is not known",
          "calls[0].policies[0]: A policy that is not known cannot be checked offline. | Call: 0 | Action: 0 | Policy: 0x90F79bf6EB2c4f870365E785982E1f101E93b906 | Session: 0x72da35e2ecc07ed93654c10b752afa2e3c0aa2d62296d5dbf55d89ec987b4754",
        ],
        [
          "a limit that is malformed",
          "operationPolicies[0]: The configuration of a limit is malformed. | Position: byte 0 | Operation policy: 0 | Policy: 0xB400000000000000000000000000000000000000 | Session: 0x5f2f7c38c964961c1bbb86b7d5700f26ff2a994165f35d63946e77aedb297472",
        ],
      ]
    `);
  });

  function builtIn(request: { policy: string; config: Hex }) {
    const made = defineSession({ ...parameters, operationPolicies: [request as never] });
    return made.operationPolicies[0] ?? expect.unreachable();
  }

  it.each([
    "0x9517e29f",
    "0xa71763a8",
    "0xe9ae5c53",
    "0xd691c964",
    "0x8dd7712f",
    "0x19822f7c",
    "0x97003203",
    "0x6d61fe70",
    "0x8a91b0e3",
  ] as const)("is %s of any target, however it is written, and not of one that is named", (selector) => {
    const call = { to: game, data: `0x${selector.slice(2).toUpperCase()}` } as const;
    expect(check({ session: toGame({ target: anyTarget, selector }), calls: [call] }).denials).toMatchObject([
      { code: "selector-forbidden", path: "calls[0].data", error: { selector } },
    ]);
    expect(check({ session: toGame({ selector }), calls: [call] }).allowed).toBe(true);
  });

  it("is not what is at the bounds", () => {
    const allowed = (changes: Changes) => expect(check(changes).denials).toEqual([]);
    allowed({ operation: { cost: session.maxOpCost } });
    allowed({ session: define({ validUntil: at }) });
    allowed({ session: define({ validAfter: at }) });
    allowed({ session: define({ validUntil: 0 }) });
    allowed({ session: define({ validAfter: at, validUntil: 2 ** 47 - 1 }) });
    allowed({ session: define({ sessionKey: `0x${"12".repeat(20)}` }) });
    allowed({ session: toGame(), calls: [{ to: game, data: "0x12345678" }] });
    allowed({ session: toGame({ selector: noCalldata, maxValue: 5n }), calls: [{ to: game, value: 5n }] });
    allowed({ session: toGame({ selector: "0x00000000" }), calls: [{ to: game, data: "0x00000000" }] });
    expect(check({ session: toGame({ selector: "0x00000000" }), calls: [{ to: game }] }).allowed).toBe(false);
    expect(check({ session: toGame(), calls: [{ to: game }] }).allowed).toBe(false);
  });

  it("is what all calls send together, the session's own revocation left out", () => {
    const limited = define({
      actions: [action({ selector: noCalldata, maxValue: maxUint256 })],
      operationPolicies: [builtIn(nativeLimit({ total: 10n }))],
    });
    const send = (...values: bigint[]) =>
      check({ session: limited, calls: values.map((value) => ({ to: game, value })) }).denials.map(
        ({ error }) => error,
      );
    expect(send(4n, 6n)).toEqual([]);
    expect(send(4n, 7n)).toMatchObject([{ name: "TotalLimitExceededError", amount: 11n }]);
    // The sum of all may be more than a word holds.
    expect(send(maxUint256, 1n)).toMatchObject([{ amount: maxUint256 }]);
    expect(send(maxUint256)).toMatchObject([{ amount: maxUint256 }]);
  });

  it("is a limit of gas only where the cost is known", () => {
    const limited = define({
      operationPolicies: [builtIn(gasLimit({ total: 10n })), builtIn(usageLimit({ total: 1n }))],
    });
    const { allowed, assumed, state } = check({ session: limited, operation: undefined });
    expect([allowed, assumed]).toEqual([true, ["operation"]]);
    // The use is counted all the same.
    expect(check({ session: limited, operation: undefined, state }).denials).toMatchObject([
      { code: "total-limit-exceeded", path: "operationPolicies[1]", error: { context: { policyIndex: 1 } } },
    ]);
    expect(check({ session: limited, operation: { cost: 11n } }).denials).toMatchObject([
      { code: "total-limit-exceeded", path: "operationPolicies[0]", error: { amount: 11n } },
    ]);
  });

  it("is what comes after the period that it claims, and what is taken to be in order is said", () => {
    const limit = { perPeriod: { amount: 10n, period: "day", anchor: at - 86_400 } } as const;
    const daily = define({ operationPolicies: [builtIn(usageLimit(limit))] });
    const late = check({ session: daily, claimedTime: at - 1 }).denials;
    expect(late).toMatchObject([
      { code: "outside-window", path: "at", error: { validAfter: at - 86_400, validUntil: at - 1, now: at } },
    ]);
    expect(check({ session: daily, claimedTime: at - 1, at: at - 1 }).allowed).toBe(true);
    const { modules: _, ...unknown } = inOrder;
    expect(check({ state: unknown }).assumed).toEqual([]);
    expect(check({ state: { ...none, rootStatus: "granted" }, proof }).assumed).toEqual([]);
    expect(check({ state: none, proof }).assumed).toEqual(["status"]);
  });

  it("is told to whom has not asked in the right way", () => {
    const careless = (value: unknown) => value as never;
    const told = (changes: object): string => {
      try {
        check(careless(changes));
      } catch (error) {
        if (error instanceof Error)
          return `${error.name}: ${error.message.split("\n\nDocs:")[0]?.replaceAll(/\n+/g, " | ")}`;
      }
      return expect.unreachable();
    };
    const cases: readonly object[] = [
      { more: 1 },
      { calls: 5 },
      { calls: [{ to: "0x12" }] },
      { calls: [good, { ...good, value: 1 }] },
      { calls: [{ ...good, value: maxUint256 + 1n }] },
      { calls: [{ ...good, data: "0x1" }] },
      { claims: 5 },
      { claims: [0, 0] },
      { claims: [256] },
      { at: at * 1_000 },
      { claimedTime: -1 },
      { claimedTime: 2 ** 48 },
      { operation: { cost: 1 } },
      { operation: { cost: maxUint256 + 1n } },
      { operation: { cost: 1n, paymaster: "0x12" } },
    ];
    expect(cases.map(told)).toMatchInlineSnapshot(`
      [
        "UnknownParameterError: There is no parameter \`more\`. | Available: session, calls, at, claimedTime, state, operation, proof, carriesGrant, claims, contracts, client",
        "InvalidParameterError: \`calls\` is not an array.",
        "InvalidAddressError: \`calls[0].to\` is not a valid address. | Expected: 20 bytes of hex, in lower case or with the right checksum | Actual: "0x12"",
        "InvalidAmountError: \`calls[1].value\` must be a bigint. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: 1 (a number)",
        "InvalidAmountError: \`calls[0].value\` is out of range. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: a bigint of 78 digits",
        "InvalidBytesError: \`calls[0].data\` is not whole bytes of hex. | Expected: whole bytes of hex | Actual: a string of 3 characters",
        "InvalidParameterError: \`claims\` is not a list with an index for each call.",
        "InvalidParameterError: \`claims\` is not a list with an index for each call.",
        "InvalidNumberError: \`claims[0]\` is not a whole number in its range. | Expected: a number from 0 to 255 | Actual: 256",
        "InvalidTimeError: \`at\` looks like milliseconds; times are in seconds. | Expected: a Date, or a whole number of seconds since 1970 | Actual: 1900000000000 | In seconds: 1900000000",
        "InvalidNumberError: \`claimedTime\` is not a whole number in its range. | Expected: a number from 0 to 281474976710655 | Actual: -1",
        "InvalidNumberError: \`claimedTime\` is not a whole number in its range. | Expected: a number from 0 to 281474976710655 | Actual: 281474976710656",
        "InvalidAmountError: \`operation.cost\` must be a bigint. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: 1 (a number)",
        "InvalidAmountError: \`operation.cost\` is out of range. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: a bigint of 78 digits",
        "InvalidAddressError: \`operation.paymaster\` is not a valid address. | Expected: 20 bytes of hex, in lower case or with the right checksum | Actual: "0x12"",
      ]
    `);
    check({ calls: [{ ...good, value: maxUint256 }], claimedTime: 2 ** 48 - 1, operation: { cost: maxUint256 } });
  });
});
