import {
  concat,
  encodeAbiParameters,
  encodePacked,
  type Hex,
  pad,
  parseEther,
  parseUnits,
  toFunctionSelector,
  toHex,
} from "viem";
import { describe, expect, it } from "vitest";
import {
  account,
  game,
  contracts as known,
  recipient,
  salt,
  sessionKey,
  stranger,
  token,
} from "../../test/fixtures.js";
import {
  allowErc20,
  createSessionKey,
  decodeAbiRuleConfig,
  defineSession,
  type Session,
  usageLimit,
} from "../index.js";
import {
  type BiconomyPolicy,
  type FromBiconomyPolicyTarget,
  fromBiconomyAbiSession,
  fromBiconomyErc20Session,
  fromBiconomyPolicy,
  fromSafeSession,
  fromSmartSession,
  NotConvertibleError,
  type SafeSession,
  type SmartSession,
} from "./index.js";

const contracts = {
  ...known,
  usageLimitPolicy: "0x00000000000000000000000000000000000000a6",
  gasLimitPolicy: "0x00000000000000000000000000000000000000a7",
} as const;
const fees = { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") } as const;
const target = { account, chainId: 1, fees, salt, contracts } as const;
const key = sessionKey.sessionKey;
const validUntil = 1_900_000_000;
const window = { validUntil, validAfter: 1_800_000_000 } as const;
const word = (value: bigint | Hex) =>
  typeof value === "bigint" ? toHex(value, { size: 32 }) : pad(value, { size: 32 });
const low = (address: Hex): Hex => `0x${address.slice(2).toLowerCase()}`;

/** The rules on an action's arguments, one a group. */
const rulesOf = (session: Session) =>
  decodeAbiRuleConfig(session.actions[0]?.policies[0]?.config ?? "0x").map(([rule]) => rule);
const rule = (position: number, comparison: string, reference: bigint | Hex) => ({
  word: position,
  type: "uint256",
  comparison,
  references: [word(reference)],
});

describe("fromBiconomyErc20Session", () => {
  const leaf = { sessionKey: key, token, receiver: recipient, amount: parseUnits("50", 6), ...window } as const;

  it("allows transfers to the receiver, each up to the amount", () => {
    const actions = [allowErc20({ token, recipients: [recipient], perCall: 50_000_000n })];
    const expected = defineSession({ ...target, sessionKey, ...window, actions });
    expect(fromBiconomyErc20Session(leaf, target)).toEqual(expected);
    const sessionKeyData = encodeAbiParameters(
      [{ type: "address" }, { type: "address" }, { type: "address" }, { type: "uint256" }],
      [key, token, recipient, 50_000_000n],
    );
    expect(fromBiconomyErc20Session({ sessionKeyData, ...window }, target)).toEqual(expected);
  });

  it("allows the functions that are named, and takes another key", () => {
    const other = createSessionKey();
    const session = fromBiconomyErc20Session(leaf, {
      ...target,
      sessionKey: other,
      functions: ["transfer", "approve"],
    });
    expect(session.actions.map(({ selector }) => selector)).toEqual(["0xa9059cbb", "0x095ea7b3"]);
    expect(session.sessionKey).toBe(other.sessionKey);
  });

  it.each([
    ["an amount beyond what is counted", { ...leaf, amount: 2n ** 128n }],
    ["a negative amount", { ...leaf, amount: -1n }],
    ["an amount in words", { ...leaf, amount: "50" as never }],
    ["a receiver that is none", { ...leaf, receiver: "0x12" as const }],
    ["no key", { ...leaf, sessionKey: undefined }],
    ["no end", { ...leaf, validUntil: 0 }],
    ["an end in milliseconds", { ...leaf, validUntil: validUntil * 1000 }],
    ["a leaf that is cut", { sessionKeyData: "0x12" as const, ...window }],
    ["a leaf of something else", { sessionKeyData: `0x${"ff".repeat(128)}` as const, ...window }],
  ])("refuses %s", (_, session) => {
    expect(() => fromBiconomyErc20Session(session, target)).toThrow(NotConvertibleError);
  });

  it("has no end only if that is said", () => {
    const endless = { ...leaf, validUntil: 0 };
    expect(fromBiconomyErc20Session(endless, { ...target, validUntil: "never" }).validUntil).toBe(0);
    expect(fromBiconomyErc20Session(endless, { ...target, validUntil }).validUntil).toBe(validUntil);
    expect(fromBiconomyErc20Session(leaf, { ...target, validUntil: "never" }).validUntil).toBe(validUntil);
  });
});

describe("fromBiconomyAbiSession", () => {
  const leaf = {
    sessionKeyAddress: key,
    contractAddress: game,
    functionSelector: "safeMint(address)",
    rules: [{ offset: 0, condition: 0, referenceValue: account }],
    interval: window,
    valueLimit: 7n,
  } as const;
  const withRule = (one: object) => () => fromBiconomyAbiSession({ ...leaf, rules: [one as never] }, target);

  it("converts the documented example", () => {
    const session = fromBiconomyAbiSession(leaf, target);
    const selector = toFunctionSelector("function safeMint(address)");
    expect(session).toMatchObject({ sessionKey: key, ...window, actions: [{ target: game, selector, maxValue: 7n }] });
    expect(rulesOf(session)).toEqual([rule(0, "eq", low(account))]);
  });

  it("converts conditions by what they mean", () => {
    const rules = [0, 1, 2, 3, 4, 5].map((condition) => ({ offset: 32 * condition, condition, referenceValue: 9n }));
    expect(rulesOf(fromBiconomyAbiSession({ ...leaf, rules }, target))).toEqual(
      ["eq", "lte", "lt", "gte", "gt", "neq"].map((comparison, index) => rule(index, comparison, 9n)),
    );
  });

  it("reads a packed leaf", () => {
    const sessionKeyData = encodePacked(
      ["address", "address", "bytes4", "uint128", "uint16", "uint16", "uint8", "bytes32", "uint16", "uint8", "bytes32"],
      [key, game, "0x40d097c3", 7n, 2, 0, 0, word(account), 32, 1, word(50n)],
    );
    const session = fromBiconomyAbiSession({ sessionKeyData, ...window }, target);
    expect(session.actions[0]).toMatchObject({ target: game, selector: "0x40d097c3", maxValue: 7n });
    expect(rulesOf(session)).toEqual([rule(0, "eq", low(account)), rule(1, "lte", 50n)]);
    for (const broken of [`${sessionKeyData}00`, sessionKeyData.slice(0, -2), "0x12", "leaf"] as Hex[])
      expect(() => fromBiconomyAbiSession({ sessionKeyData: broken, ...window }, target)).toThrow(NotConvertibleError);
  });

  it.each([
    ["a bigint", 50n, 50n],
    ["a number", 50, 50n],
    ["true", true, 1n],
    ["bytes", new Uint8Array([1, 2]), 0x102n],
    ["hex", "0x50", 0x50n],
    ["a raw value", { raw: "0x50" }, 0x50n],
  ] as const)("takes %s as a reference", (_, referenceValue, expected) => {
    expect(rulesOf(withRule({ offset: 0, condition: 0, referenceValue })())).toEqual([rule(0, "eq", expected)]);
  });

  it.each([
    ["digits, which were taken for hex", { offset: 0, condition: 0, referenceValue: "50" }],
    ["half a byte", { offset: 0, condition: 0, referenceValue: "0x5" }],
    ["no bytes", { offset: 0, condition: 0, referenceValue: "0x" }],
    ["more than a word", { offset: 0, condition: 0, referenceValue: `0x${"00".repeat(33)}` }],
    ["a negative number", { offset: 0, condition: 0, referenceValue: -1n }],
    ["too large a number", { offset: 0, condition: 0, referenceValue: 2n ** 256n }],
    ["nothing to compare with", { offset: 0, condition: 0 }],
    ["a condition that there is not", { offset: 0, condition: 6, referenceValue: 1n }],
    ["a condition in words", { offset: 0, condition: "eq", referenceValue: 1n }],
    ["an offset within a word", { offset: 4, condition: 0, referenceValue: 1n }],
    ["a negative offset", { offset: -32, condition: 0, referenceValue: 1n }],
  ])("refuses %s", (_, broken) => {
    expect(withRule(broken)).toThrow(NotConvertibleError);
  });

  it("takes no rules for any arguments only if that is said, and no selector that stands for others", () => {
    expect(() => fromBiconomyAbiSession({ ...leaf, rules: [] }, target)).toThrow(NotConvertibleError);
    const open = fromBiconomyAbiSession({ ...leaf, rules: [] }, { ...target, acknowledgeRisk: true });
    expect(open.actions[0]?.policies).toEqual([]);
    for (const functionSelector of ["0xffffffff", "0xFFFFFFFE", "0x123456", "safeMint", ""])
      expect(() => fromBiconomyAbiSession({ ...leaf, functionSelector }, target)).toThrow(NotConvertibleError);
  });
});

describe("fromBiconomyPolicy", () => {
  const universal = { ...target, sessionKey: key, dialect: "universal-action-policy" } as const;
  const policy = { contractAddress: token, functionSelector: "transfer(address,uint256)", ...window } as const;
  const convert = (changed: Partial<BiconomyPolicy>, more: Partial<FromBiconomyPolicyTarget> = {}) =>
    fromBiconomyPolicy({ ...policy, ...changed }, { ...universal, ...more });
  const refuses = (...parameters: Parameters<typeof convert>) =>
    expect(() => convert(...parameters)).toThrow(NotConvertibleError);

  it("converts conditions by what they mean in the dialect that is said", () => {
    const rules = [0, 1, 2, 3, 4, 5].map((condition) => ({ offset: 32 * condition, condition, ref: 9n }));
    const expected = (...names: string[]) => names.map((name, index) => rule(index, name, 9n));
    expect(rulesOf(convert({ rules }))).toEqual(expected("eq", "gt", "lt", "gte", "lte", "neq"));
    expect(rulesOf(convert({ rules }, { dialect: "abi-session-validation-module" }))).toEqual(
      expected("eq", "lte", "lt", "gte", "gt", "neq"),
    );
    refuses({ rules }, { dialect: "toString" as never });
    refuses({ rules: [{ offset: 0, condition: 7, ref: 1n }] });
    refuses({ rules: [{ offset: 0, condition: 6, ref: 1n }] }, { dialect: "abi-session-validation-module" });
  });

  it("converts the documented trading limits: each and in sum", () => {
    const usage = { limit: parseUnits("5000", 6), used: parseUnits("1000", 6) };
    const rules = [
      { condition: 0, offsetIndex: 0, ref: word(recipient), isLimited: false },
      { condition: 4, offsetIndex: 32, ref: word(parseUnits("500", 6)), isLimited: true, usage },
    ];
    const session = convert({ rules, usageLimit: 10n }, { offsetIndexUnit: "bytes" });
    expect(rulesOf(session)).toEqual([rule(0, "eq", low(recipient)), rule(1, "lte", 500_000_000n)]);
    const [action] = allowErc20({ token, total: 4_000_000_000n }).actions;
    const policies = [...(action?.policies ?? []), usageLimit({ total: 10n, of: "calls" })];
    const actions = [{ target: token, selector: "0xa9059cbb", maxValue: 0n, policies }] as const;
    const expected = defineSession({ ...target, sessionKey, ...window, actions });
    expect(session.actions[0]?.policies.slice(1)).toEqual(expected.actions[0]?.policies);
  });

  it("does not guess what offsetIndex counts", () => {
    const rules = [{ condition: 0, offsetIndex: 1, ref: 1n }];
    expect(rulesOf(convert({ rules }, { offsetIndexUnit: "words" }))).toEqual([rule(1, "eq", 1n)]);
    refuses({ rules });
    refuses({ rules }, { offsetIndexUnit: "bytes" });
    refuses({ rules: [{ condition: 0, ref: 1n }] });
    refuses({ rules: [{ condition: 0, offset: 0, offsetIndex: 0, ref: 1n }] }, { offsetIndexUnit: "words" });
  });

  it("limits the sum of a token, and refuses other sums", () => {
    const actions = [allowErc20({ token, total: 5n })];
    expect(convert({ tokenLimits: [{ token, limit: 5n }] })).toEqual(
      defineSession({ ...target, sessionKey, ...window, actions }),
    );
    const summed = { condition: 4, offset: 32, ref: 9n, isLimited: true, usage: { limit: 9n, used: 0n } };
    expect(convert({ rules: [{ ...summed, usage: { limit: 5n, used: 9n } }] }).actions[0]?.policies).toHaveLength(2);
    refuses({ rules: [{ ...summed, offset: 0 }] });
    refuses({ rules: [{ ...summed, usage: undefined }] });
    refuses({ rules: [summed], functionSelector: "mint(address,uint256)" });
    refuses({ tokenLimits: [{ token: stranger, limit: 5n }] });
    refuses({ tokenLimits: [{ token, limit: 5n }], functionSelector: "mint()" });
  });

  it("takes sudo, and no rules, only if the risk is acknowledged; and never a whole ABI", () => {
    const acknowledged = { acknowledgeRisk: true } as const;
    expect(convert({ sudo: true }, acknowledged).actions[0]?.policies).toEqual([]);
    refuses({ sudo: true });
    refuses({ rules: [] });
    refuses({ sudo: true, rules: [{ condition: 0, offset: 0, ref: 1n }] }, acknowledged);
    refuses({ abi: [] }, acknowledged);
    refuses({ functionSelector: undefined }, acknowledged);
  });

  it("makes one session of several policies with one window and key", () => {
    const first: BiconomyPolicy = { ...policy, rules: [{ condition: 0, offset: 0, ref: 1n }] };
    const two: BiconomyPolicy[] = [first, { ...first, contractAddress: game, functionSelector: "play(uint256)" }];
    expect(fromBiconomyPolicy(two, universal).actions).toHaveLength(2);
    const lists: BiconomyPolicy[][] = [
      [],
      [...two, { ...first, validUntil: validUntil + 1 }],
      [...two, { ...first, sessionKeyAddress: stranger }],
    ];
    for (const list of lists) expect(() => fromBiconomyPolicy(list, universal)).toThrow(NotConvertibleError);
    expect(() => fromBiconomyPolicy(two, { ...universal, sessionKey: undefined })).toThrow(NotConvertibleError);
  });
});

describe("fromSafeSession", () => {
  const told: SafeSession = {
    sessionKey: key,
    destinations: [token],
    methods: ["transfer(address,uint256)"],
    tokenAmount: 100n,
    startTimestamp: window.validAfter,
    endTimestamp: validUntil,
    enabled: true,
  };

  it("converts the amount by what it is said to limit", () => {
    for (const tokenAmountIs of ["total", "perCall"] as const) {
      const actions = [allowErc20({ token, [tokenAmountIs]: 100n })];
      expect(fromSafeSession(told, { ...target, tokenAmountIs })).toEqual(
        defineSession({ ...target, sessionKey, ...window, actions }),
      );
    }
    expect(() => fromSafeSession(told, target)).toThrow(NotConvertibleError);
  });

  it("allows every method of every destination, with any arguments only if that is said", () => {
    const many: SafeSession = { ...told, destinations: [game, stranger], methods: ["play(uint256)", "0x12345678"] };
    expect(() => fromSafeSession(many, target)).toThrow(NotConvertibleError);
    expect(fromSafeSession(many, { ...target, acknowledgeRisk: true }).actions).toHaveLength(4);
  });

  it("refuses one that is not enabled, has no end or is malformed", () => {
    for (const change of [{ enabled: false }, { endTimestamp: 0 }, { methods: ["transfer"] }, { tokenAmount: -1n }])
      expect(() => fromSafeSession({ ...told, ...change }, { ...target, tokenAmountIs: "total" })).toThrow(
        NotConvertibleError,
      );
  });
});

describe("fromSmartSession", () => {
  const at = (number: number) => toHex(number, { size: 20 });
  const addresses = {
    ownableValidator: at(1),
    sudoPolicy: at(2),
    universalActionPolicy: at(3),
    spendingLimitsPolicy: at(4),
    timeFramePolicy: at(5),
    usageLimitPolicy: at(6),
  };
  const owners = (threshold: bigint, ...list: Hex[]) =>
    encodeAbiParameters([{ type: "uint256" }, { type: "address[]" }], [threshold, list]);
  const spending = (tokens: Hex[], limits: bigint[]) => ({
    policy: at(4),
    initData: encodeAbiParameters([{ type: "address[]" }, { type: "uint256[]" }], [tokens, limits]),
  });
  const time = { policy: at(5), initData: encodePacked(["uint128", "uint128"], [BigInt(validUntil), 5n]) };
  const usage = { policy: at(6), initData: encodePacked(["uint128"], [3n]) };
  /** The words of the policy's configuration, all static: the value, the count, and 6 for each of 16 rules. */
  const universal = (rules: readonly (readonly bigint[])[], count = BigInt(rules.length)) => ({
    policy: at(3),
    initData: encodePacked(
      Array.from({ length: 98 }, () => "uint256" as const),
      [7n, count, ...Array.from({ length: 16 }, (_, index) => rules[index] ?? [0n, 0n, 0n, 0n, 0n, 0n]).flat()],
    ),
  });
  const action = (...actionPolicies: { policy: Hex; initData: Hex }[]): Pick<SmartSession, "actions"> => ({
    actions: [{ actionTarget: token, actionTargetSelector: "0xa9059cbb" as const, actionPolicies }],
  });
  const made = (change: Partial<SmartSession> = {}): SmartSession => ({
    sessionValidator: at(1),
    sessionValidatorInitData: owners(1n, key),
    userOpPolicies: [{ policy: at(2), initData: "0x" }, time],
    erc7739Policies: { allowedERC7739Content: [], erc1271Policies: [] },
    ...action(universal([[4n, 32n, 0n, 9n, 0n, 0n]])),
    ...change,
  });
  const convert = (session: SmartSession, more: object = {}) =>
    fromSmartSession(session, { ...target, addresses, ...more });

  it("converts rules, limits and windows", () => {
    const session = convert(made());
    expect(session).toMatchObject({
      sessionKey: key,
      validUntil,
      validAfter: 5,
      actions: [{ target: token, maxValue: 7n }],
    });
    expect(rulesOf(session)).toEqual([rule(1, "lte", 9n)]);
    const [allowed] = allowErc20({ token, total: 5n }).actions;
    const policies = [...(allowed?.policies ?? []), usageLimit({ total: 3n, of: "calls" })];
    const actions = [{ target: token, selector: "0xa9059cbb", maxValue: 0n, policies }] as const;
    expect(convert(made(action(spending([token], [5n]), usage))).actions).toEqual(
      defineSession({ ...target, sessionKey, ...window, actions }).actions,
    );
  });

  it("reads what Smart Sessions' own SDK writes, word by word", () => {
    // getOwnableValidator({ threshold: 1, owners: [key] }): the threshold, then the owners.
    const validator = concat([word(1n), word(0x40n), word(1n), word(low(key))]);
    // getSpendingLimitsPolicy([{ token, limit: 1000n }, { token: stranger, limit: 7n }]): the tokens, then the limits.
    const limits = [word(0x40n), word(0xa0n), word(2n), word(low(token)), word(low(stranger)), word(2n)];
    const spent = { policy: at(4), initData: concat([...limits, word(1000n), word(7n)]) };
    // getTimeFramePolicy({ validUntil, validAfter: 5 }): 6 bytes each.
    const frame = { policy: at(5), initData: concat([toHex(validUntil, { size: 6 }), toHex(5, { size: 6 })]) };
    const session = convert(
      made({ sessionValidatorInitData: validator, userOpPolicies: [frame], ...action(spent, usage) }),
    );
    const [allowed] = allowErc20({ token, total: 1000n }).actions;
    const policies = [...(allowed?.policies ?? []), usageLimit({ total: 3n, of: "calls" })];
    const actions = [{ target: token, selector: "0xa9059cbb", maxValue: 0n, policies }] as const;
    expect(session).toEqual(defineSession({ ...target, sessionKey, validUntil, validAfter: 5, actions }));
  });

  it("converts a range", () => {
    const session = convert(made(action(universal([[6n, 32n, 0n, (3n << 128n) + 9n, 0n, 0n]]))));
    expect(rulesOf(session)).toEqual([
      { word: 1, type: "uint256", comparison: "between", references: [word(3n), word(9n)] },
    ]);
  });

  it("takes the sudo policy only if the risk is acknowledged", () => {
    const open = made(action({ policy: at(2), initData: "0x" }));
    expect(() => convert(open)).toThrow(NotConvertibleError);
    expect(convert(open, { acknowledgeRisk: true }).actions[0]?.policies).toEqual([]);
  });

  it.each<[string, Partial<SmartSession>]>([
    ["another validator", { sessionValidator: stranger }],
    ["several owners", { sessionValidatorInitData: owners(1n, key, stranger) }],
    ["a threshold", { sessionValidatorInitData: owners(2n, key) }],
    ["a validator's data that is none", { sessionValidatorInitData: "0x12" }],
    ["signing", { erc7739Policies: { allowedERC7739Content: [{}], erc1271Policies: [] } }],
    ["signature policies", { erc7739Policies: { allowedERC7739Content: [], erc1271Policies: [time] } }],
    ["an unknown policy", action({ policy: stranger, initData: "0x" })],
    ["no policies", action()],
    ["two windows", { userOpPolicies: [time, time] }],
    ["limits on operations", { userOpPolicies: [time, usage] }],
    ["no end", { userOpPolicies: [] }],
    ["an older time frame", { userOpPolicies: [{ policy: at(5), initData: owners(1n) }] }],
    ["a cut usage limit", action({ policy: at(6), initData: "0x01" })],
    ["half a byte", action({ policy: at(6), initData: "0x1" })],
    ["tokens without limits", action(spending([token], []))],
    ["17 rules", action(universal([], 17n))],
    ["a condition that there is not", action(universal([[7n, 0n, 0n, 0n, 0n, 0n]]))],
    ["a range of nothing", action(universal([[6n, 0n, 0n, (2n << 128n) + 1n, 0n, 0n]]))],
    ["limits of other tokens alone", action(spending([stranger], [5n]))],
    ["two limits of one token", action(spending([token, token], [5n, 6n]))],
    ["rules that are none", action({ policy: at(3), initData: "0x1234" })],
  ])("refuses %s", (_, change) => {
    expect(() => convert(made(change))).toThrow(NotConvertibleError);
  });
});
