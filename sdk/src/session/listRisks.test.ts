import { erc20Abi, pad, parseAbi, parseEther } from "viem";
import { describe, expect, test } from "vitest";
import {
  type AbiRuleGroup,
  allowAnyFunction,
  allowCall,
  allowErc20,
  allowErc721,
  allowFunctionOfAnyTarget,
  allowMessages,
  allowNativeTransfer,
  anyOf,
  anyTarget,
  type DefineSessionParameters,
  type DescribeSessionParameters,
  defineSession,
  describeSession,
  every,
  gasLimit,
  getContracts,
  gte,
  isAccount,
  isCall,
  lte,
  nativeLimit,
  neq,
  oneOf,
  usageLimit,
} from "../index.js";

const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const shop = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const now = new Date("2026-12-01T00:00:00Z");
const fees = { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") };

const describeOne = (
  parameters: Partial<DefineSessionParameters> & Pick<DefineSessionParameters, "actions">,
  known: DescribeSessionParameters = {},
) => {
  const session = defineSession({
    ...{ account, chainId: 1, sessionKey: shop, validUntil: new Date("2026-12-04T12:00:00Z"), fees },
    ...parameters,
  });
  return describeSession(session, { now, ...known });
};
const risksOf = (...all: Parameters<typeof describeOne>) => describeOne(...all).risks;

const field = (type: string, name: string) => ({ type, name });
const limited = allowErc20({ token: usdc, recipients: [shop], total: 5n });
const anyone = `Tokens of ${usdc} may go to anyone.`;
const outlive = `Approvals of ${usdc} outlive the session, and its revocation.`;
const unlimited = `Nothing limits how much of ${usdc} is moved in all.`;
const noArguments = (name: string) => `Nothing limits the arguments of ${name} on ${usdc}.`;

test("a session with limits on everything has no risks", () => {
  expect(risksOf({ actions: [limited] })).toEqual([]);
});

describe("tokens", () => {
  const token = { abi: erc20Abi, address: usdc } as const;

  test.each([
    ["transfer to anyone", { functionName: "transfer", args: { amount: lte(5n) } }, [unlimited, anyone]],
    ["transfer to all but one", { functionName: "transfer", args: { recipient: neq(shop), amount: 5n } }, [anyone]],
    ["transfer to one", { functionName: "transfer", args: { recipient: shop, amount: 5n } }, []],
    [
      "one of several or anyone",
      { functionName: "transfer", or: [{ recipient: shop }, { amount: 5n }] },
      [unlimited, anyone],
    ],
    ["approval of anyone", { functionName: "approve", args: { amount: lte(5n) } }, [unlimited, anyone, outlive]],
    [
      "approval of one, of any amount",
      { functionName: "approve", args: { spender: oneOf([shop]), amount: gte(0n) } },
      [unlimited, outlive],
    ],
    [
      "rules that hold for everything",
      { functionName: "approve", args: { amount: gte(0n) } },
      [noArguments("approve"), unlimited, anyone, outlive],
    ],
    [
      "rules that only name exceptions",
      { functionName: "transfer", args: { recipient: neq(shop) } },
      [`The arguments of transfer on ${usdc} are limited only by values that they may not have.`, unlimited, anyone],
    ],
  ] as const)("%s", (_, call, expected) => {
    expect(risksOf({ actions: [allowCall({ ...token, ...call })] })).toEqual(expected);
  });

  test("a number of calls limits how much is moved", () => {
    const once = { ...token, functionName: "transfer", args: { recipient: shop } } as const;
    expect(risksOf({ actions: [allowCall({ ...once, policies: [usageLimit({ total: 1n })] })] })).toEqual([]);
    expect(risksOf({ actions: [allowCall({ ...once, policies: [usageLimit({ atOnce: 1n })] })] })).toEqual([unlimited]);
    const many = (of: "calls" | "operations") =>
      risksOf({ actions: [allowCall(once)], operationPolicies: [usageLimit({ total: 1n, of })] });
    expect(many("calls")).toEqual([]);
    expect(many("operations")).toEqual([unlimited]);
  });

  test("a collection to anyone", () => {
    const all = allowErc721({ token: usdc, tokenIds: "any", recipients: "anyone" });
    expect(risksOf({ actions: [all] })).toEqual([unlimited, anyone]);
    expect(risksOf({ actions: [allowErc721({ token: usdc, tokenIds: [1n], recipients: [shop] })] })).toEqual([]);
  });

  test("approval of all tokens", () => {
    const approval = allowErc721({
      ...{ token: usdc, tokenIds: "any", recipients: [shop], functions: ["setApprovalForAll"] },
      acknowledgeRisk: true,
    });
    const all = `Whoever is approved may take all tokens of ${usdc}, also those that come later.`;
    expect(risksOf({ actions: [approval] })).toEqual([all, outlive]);
  });

  test("approvals inside of other calls", () => {
    const approve = isCall({ abi: erc20Abi, functionName: "approve", args: { amount: lte(5n) } });
    const action = allowCall({ abi: "multicall(bytes[] data)", address: usdc, args: { data: every(approve) } });
    expect(risksOf({ actions: [action] })).toEqual([unlimited, anyone, outlive]);
  });

  test("limits that nothing comes of: only recipients, or nothing but a salt", () => {
    expect(risksOf({ actions: [allowErc20({ token: usdc, recipients: [shop] })] })).toEqual([unlimited]);
    expect(risksOf({ actions: [allowErc20({ token: usdc, perCall: 5n })] })).toEqual([unlimited, anyone]);
  });

  test("any token, with native currency", () => {
    const [action] = limited.actions.map((one) => ({ ...one, target: anyTarget, maxValue: 5n }));
    const { title, lines, risks } = describeOne({ actions: action ? [action] : [] });
    expect(title).toMatch(
      /^May send at most 5 units in total of any token to 0x5aAe…eAed only, sending at most 0\.0+5 ETH a call;/,
    );
    expect(lines[1]).toBe(
      `May send any token to ${shop} only, sending at most 0.000000000000000005 ETH a call: at most 5 units in total.`,
    );
    expect(risks).toEqual([
      "The function transfer may be called on any contract.",
      "Each call to any contract may send 0.000000000000000005 ETH, and nothing limits how many there are.",
    ]);
  });
});

describe("what only limits at once limits nothing in all", () => {
  const gas = "Nothing limits how many operations there are: a stolen key could spend all ETH of the account on gas.";
  const unlimitedFees = { maxPerOperation: 5n, total: "unlimited" } as const;

  test.each([
    ["gas", gasLimit({ atOnce: 5n }), [gas]],
    ["calls", usageLimit({ atOnce: 5n, of: "calls" }), [gas]],
    ["gas in total", gasLimit({ total: 5n }), []],
    ["operations per day", usageLimit({ perPeriod: { amount: 5n, period: "day" } }), []],
  ] as const)("%s", (_, policy, expected) => {
    expect(risksOf({ actions: [limited], fees: unlimitedFees, operationPolicies: [policy] })).toEqual(expected);
  });

  test("native currency", () => {
    const transfer = allowNativeTransfer({ recipients: [shop], perTransfer: 5n, total: "unlimited" });
    const each = `Each call to ${shop} may send 0.000000000000000005 ETH, and nothing limits how many there are.`;
    const once = risksOf({ actions: [transfer], operationPolicies: [nativeLimit({ atOnce: 5n })] });
    expect(once).toEqual([each]);
    expect(risksOf({ actions: [transfer], operationPolicies: [nativeLimit({ total: 5n })] })).toEqual([]);
  });
});

describe("the session", () => {
  test("a verifier that is not known may take what anybody signed", () => {
    const sessionKey = (verifier: string) =>
      ({ sessionKey: `${verifier}${"11".repeat(64)}`, sign: async () => "0x" }) as never;
    const stranger = "0x00000000000000000000000000000000000000AA";
    const { lines, risks } = describeOne({ actions: [limited], sessionKey: sessionKey(stranger) });
    expect(lines[0]).toContain(`by the key 0x${"11".repeat(64)} with the verifier ${stranger}.`);
    expect(risks).toEqual([`The verifier ${stranger} of the key is not known: it may take what anybody signed.`]);
    const known = describeOne({ actions: [limited], sessionKey: sessionKey(getContracts().webAuthnVerifier) });
    expect(known.lines[0]).toContain(`by the passkey 0x${"11".repeat(64)}.`);
    expect(known.risks).toEqual([]);
  });

  test("more than a year", () => {
    const until = (validUntil: Date) => risksOf({ actions: [limited], validUntil });
    expect(until(new Date("2027-12-02T00:00:00Z"))).toEqual([]);
    expect(until(new Date("2027-12-02T00:00:01Z"))).toEqual(["It lasts for more than a year, unless you revoke it."]);
  });

  test("another epoch", () => {
    const epoch = (known: bigint | undefined) => risksOf({ actions: [limited], epoch: 5n }, { epoch: known });
    expect(epoch(undefined)).toEqual([]);
    expect(epoch(5n)).toEqual([]);
    expect(epoch(6n)).toEqual(["It has ended already, with its epoch."]);
    expect(epoch(4n)).toEqual([
      "It is for a later epoch of the account: it would come to life when all sessions are revoked.",
    ]);
  });

  test("what has the most risks is in the title", () => {
    const any = allowAnyFunction({ address: shop, acknowledgeRisk: true });
    const claim = allowFunctionOfAnyTarget({ abi: "claim(address to)", anyArguments: true, acknowledgeRisk: true });
    expect(describeOne({ actions: [limited, any] }).title).toMatch(
      /^May call any function of 0x5aAe…eAed, and 1 other/,
    );
    expect(describeOne({ actions: [limited, claim, any], allowSeparateBudgets: true }).title).toMatch(
      /^May call any function of/,
    );
    expect(describeOne({ actions: [limited, claim], allowSeparateBudgets: true }).title).toMatch(
      /^May call the function 0x1e83409a of any contract/,
    );
  });
});

describe("names", () => {
  test("no ABI gives another name to a function that is known", () => {
    // A name with the selector of another function is found in minutes: this one has that of approve(address,uint256).
    const abi = parseAbi(["function sign_szabo_bytecode(bytes16 note, uint128 count)"]);
    const action = allowCall({ abi, address: usdc, anyArguments: true });
    const known = { abis: [abi], contracts: [{ address: usdc, abi, name: "Wallet" }] } as const;
    const { lines, risks } = describeOne({ actions: [action] }, known);
    expect(lines[1]).toBe(`May call approve of Wallet (${usdc}).`);
    expect(risks).toContain(`Nothing limits the arguments of approve on Wallet (${usdc}).`);
  });

  test("an ABI may name the arguments of a function that is known", () => {
    const action = allowCall({ abi: erc20Abi, address: usdc, functionName: "approve", args: { spender: shop } });
    expect(describeOne({ actions: [action] }, { abis: [erc20Abi] }).lines[1]).toContain(`spender is ${shop}`);
  });

  test("names that read like sentences are quoted", () => {
    const abi = [
      {
        type: "function",
        name: "ping, which is harmless",
        inputs: [{ name: "n is 5, m", type: "uint256" }],
        outputs: [],
        stateMutability: "nonpayable",
      },
    ] as const;
    const action = allowCall({ abi, address: shop, args: { "n is 5, m": 7n } });
    expect(describeOne({ actions: [action] }, { abis: [abi] }).lines[1]).toBe(
      `May call "ping, which is harmless" of ${shop}: "n is 5, m" is 7.`,
    );
  });

  test("a function that is not known is a risk", () => {
    const action = allowCall({ abi: "claim(address to)", address: shop, args: { to: isAccount() } });
    expect(risksOf({ actions: [action] })).toEqual([
      `The function 0x1e83409a on ${shop} is not known here: nobody can read what it does.`,
    ]);
    expect(risksOf({ actions: [action] }, { abis: ["claim(address to)"] })).toEqual([]);
    const nothing = allowCall({ abi: "poke()", address: shop });
    expect(risksOf({ actions: [nothing] }, { abis: ["poke()"] })).toEqual([]);
  });

  test("alternatives on one argument stand apart from the rules on others", () => {
    const abi = "pay(address to, uint160 amount, uint8 kind)";
    const action = allowCall({
      abi,
      address: shop,
      args: { to: isAccount(), amount: lte(5n), kind: anyOf(1, lte(0)) },
    });
    expect(describeOne({ actions: [action] }, { abis: [abi] }).lines[1]).toContain(
      ": to is the account, amount at most 5, (kind is 1 or kind at most 0).",
    );
    const equal = allowCall({ abi, address: shop, args: { amount: 5n } });
    expect(describeOne({ actions: [equal] }, { abis: [abi] }).lines[1]).toContain(": amount is 5.");
  });
});

describe("messages", () => {
  const types = {
    Permit: [
      { name: "owner", type: "address" },
      { name: "spender", type: "address" },
      { name: "value", type: "uint256" },
      { name: "nonce", type: "uint256" },
      { name: "deadline", type: "uint256" },
    ],
    PermitSingle: [
      { name: "details", type: "PermitDetails" },
      { name: "spender", type: "address" },
      { name: "sigDeadline", type: "uint256" },
    ],
    PermitDetails: [
      { name: "token", type: "address" },
      { name: "amount", type: "uint160" },
      { name: "expiration", type: "uint48" },
      { name: "nonce", type: "uint48" },
    ],
  } as const;
  const domain = {
    name: "Permit2",
    chainId: 1,
    verifyingContract: "0x000000000022D473030F116dDEE9F6B43aC78BA3",
  } as const;
  const address = (value: `0x${string}`) => value.toLowerCase() as `0x${string}`;

  test("permits are known by their types, and let others take tokens", () => {
    const permit = allowMessages([
      {
        ...{ domain, types, primaryType: "PermitSingle", nested: [{ parent: 0, field: 0 }] },
        rules: [
          [{ word: 1, type: "address", comparison: "eq", references: [address(shop)] }],
          [{ word: 3, type: "address", comparison: "oneOf", references: [address(usdc)] }],
          [{ word: 4, type: "uint160", comparison: "lte", references: [`0x${"05".padStart(40, "0")}`] }],
        ],
      },
    ]);
    const { lines, risks } = describeOne({ actions: [limited], signaturePolicies: [permit] });
    expect(lines.find((line) => line.startsWith("May sign"))).toBe(
      `May sign PermitSingle messages for the account in the domain 0x866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28: spender is ${shop}, details.token is ${usdc}, details.amount at most 5.`,
    );
    expect(risks).toEqual([
      "What it signs counts outside of operations, and nothing limits how often: read what it may sign.",
      "Messages of the type PermitSingle let others take tokens of the account, each anew, and outlive the session.",
    ]);
  });

  test("messages of any content, personal ones, and of types that are not known", () => {
    const policy = allowMessages([
      { domain, types: { Vote: [{ name: "id", type: "uint256" }] }, primaryType: "Vote" },
      {
        ...{ domain, types, primaryType: "Permit" },
        rules: [[{ word: 2, type: "uint256", comparison: "gte", references: [`0x${"00".repeat(32)}`] }]],
      },
      { beginning: "a" },
    ]);
    const [, ...risks] = risksOf({ actions: [limited], signaturePolicies: [policy] });
    const vote = "0x7ade5347ef36c8169131ef2add4a7ae11b9b1953228bbfed99ecd8adc52a33c7";
    expect(risks).toEqual([
      `Nothing limits what messages of the type ${vote} say.`,
      `Messages of the type ${vote} are not known: nobody can read here what they are.`,
      "Nothing limits what messages of the type Permit say.",
      "Messages of the type Permit let others take tokens of the account, each anew, and outlive the session.",
      'Nothing limits how personal messages go on that begin with "a".',
    ]);
  });
});

describe("a malformed configuration of a known policy", () => {
  const { erc20LimitPolicy, abiRulePolicy, nativeLimitPolicy, usageLimitPolicy, gasLimitPolicy, typedDataPolicy } =
    getContracts();
  const session = defineSession({
    ...{ account, chainId: 1, sessionKey: shop, validUntil: new Date("2026-12-04T12:00:00Z"), fees },
    actions: [limited],
  });
  const risk = (policy: string) =>
    `The configuration of the policy ${policy} is malformed: nobody can read what it says.`;
  const configs = ["0x", "0x00", "0xffff", `0x${"ff".repeat(64)}`] as const;

  test.each([
    ["erc20LimitPolicy", erc20LimitPolicy],
    ["abiRulePolicy", abiRulePolicy],
    ["nativeLimitPolicy", nativeLimitPolicy],
    ["usageLimitPolicy", usageLimitPolicy],
  ] as const)("of an action's %s is a risk", (_, policy) => {
    for (const config of configs) {
      const [action] = session.actions;
      const actions = action ? [{ ...action, policies: [{ policy, config }] }] : [];
      const { lines, risks } = describeSession({ ...session, actions }, { now });
      expect(risks).toContain(risk(policy));
      expect(risks).not.toContain(`The policy ${policy} is not known: it may allow more than it seems.`);
      expect(lines[1]).toBe(`May call transfer of ${usdc}: if the policy ${policy} allows it.`);
    }
  });

  test.each([
    ["gasLimitPolicy", gasLimitPolicy],
    ["usageLimitPolicy", usageLimitPolicy],
    ["nativeLimitPolicy", nativeLimitPolicy],
  ] as const)("of an operation's %s is a risk, and limits nothing", (_, policy) => {
    for (const config of configs) {
      const { lines, risks } = describeSession({ ...session, operationPolicies: [{ policy, config }] }, { now });
      expect(risks).toContain(risk(policy));
      expect(risks.some((text) => text.startsWith("Nothing limits how many operations there are"))).toBe(true);
      expect(lines).toContain(`Only operations that the policy ${policy} allows.`);
    }
  });

  test("of the policy on messages is a risk", () => {
    for (const config of configs) {
      const policies = [{ policy: typedDataPolicy, config }];
      const { risks } = describeSession({ ...session, signaturePolicies: policies }, { now });
      expect(risks).toContain(risk(typedDataPolicy));
    }
  });
});

describe("what rules leave free", () => {
  const router = "0x2626664c2603336E57B271c5C0b26F421741e481";
  const signature =
    "swap((address tokenIn, address recipient, uint256 amountIn) params, address[] path, bytes data, uint256 deadline)";
  const nested =
    "swap((bytes data, address to, (address token, uint256 amount) inner) params, (address who, string note)[] list)";
  const free = (names: string) => `Nothing limits ${names} of swap on ${router}.`;
  const swap = (abi: string, args: object) =>
    risksOf(
      { actions: [allowCall({ abi, functionName: "swap", address: router, args: args as never } as never)] },
      { abis: [abi] },
    );

  test.each([
    [signature, { deadline: lte(5n) }, "params.tokenIn, params.recipient, path and data"],
    [signature, { params: { recipient: isAccount() } }, "params.tokenIn, path and data"],
    [signature, { params: { tokenIn: usdc, recipient: neq(shop) }, path: [usdc] }, "params.recipient and data"],
    [
      signature,
      { params: { tokenIn: anyOf(usdc, neq(shop)), recipient: isAccount() } },
      "params.tokenIn, path and data",
    ],
    [
      signature,
      {
        params: anyOf({ tokenIn: usdc, recipient: isAccount() }, { tokenIn: shop, recipient: isAccount() }),
        data: "0x",
      },
      "path",
    ],
    [
      signature,
      { params: anyOf({ tokenIn: usdc, recipient: isAccount() }, { tokenIn: shop, amountIn: lte(5n) }), data: "0x" },
      "params.recipient and path",
    ],
    [nested, { params: { inner: { amount: lte(5n) } } }, "params.data, params.to, params.inner.token and list"],
    [nested, { params: { inner: { token: usdc }, to: shop } }, "params.data and list"],
    [nested, { params: { inner: { token: usdc } }, list: every({ who: shop }) }, "params.data and params.to"],
  ])("of %s is named, case %#", (abi, args, names) => {
    expect(swap(abi, args)).toEqual([free(names)]);
  });

  test("is nothing where every address and all bytes are limited", () => {
    const params = { tokenIn: oneOf([usdc, shop]), recipient: isAccount() };
    expect(swap(signature, { params, path: every(usdc), data: "0x" })).toEqual([]);
  });

  test("inside of calls is named as well, at any depth", () => {
    const multicall = (data: object) =>
      risksOf({
        actions: [
          allowCall({
            abi: "multicall(bytes[] data)",
            functionName: "multicall",
            address: router,
            args: { data } as never,
          }),
        ],
      });
    const inside = `inside of multicall on ${router}`;
    const sweep = { abi: "sweep(address to)", functionName: "sweep" } as const;
    const unknown = `The function 0x01681a62 ${inside} is not known here: nobody can read what it does.`;
    expect(multicall(every(isCall({ ...sweep, anyArguments: true })))).toEqual([
      unknown,
      `Nothing limits the arguments of 0x01681a62 ${inside}.`,
    ]);
    expect(multicall(every(isCall({ ...sweep, args: { to: isAccount() } })))).toEqual([unknown]);
    const outer = { abi: "multicall(bytes[] data)", functionName: "multicall" } as const;
    const anything = `Nothing limits the arguments of multicall ${inside}.`;
    expect(multicall(every(isCall({ ...outer, anyArguments: true })))).toEqual([anything]);
    expect(
      multicall(every(isCall({ ...outer, args: { data: every(isCall({ ...outer, anyArguments: true })) } }))),
    ).toEqual([anything]);
  });
});

test("addresses in messages that rules leave free are named", () => {
  const message = {
    domain: { name: "Game", chainId: 1, verifyingContract: usdc } as const,
    types: { Move: [field("address", "to"), field("uint256", "amount"), field("address", "by")] },
    primaryType: "Move",
  };
  const risks = (rules: readonly AbiRuleGroup[]) =>
    risksOf(
      { actions: [limited], signaturePolicies: [allowMessages([{ ...message, rules }])] },
      { messages: [message] },
    );
  const word = (index: number, comparison: "eq" | "lte") =>
    [{ word: index, type: "uint256", comparison, references: [pad("0x5")] }] as const;
  expect(risks([word(1, "lte")])).toContain("Nothing limits to and by of messages of the type Move.");
  expect(risks([word(0, "eq")])).toContain("Nothing limits by of messages of the type Move.");
  expect(risks([word(0, "eq"), word(2, "eq")]).filter((risk) => risk.startsWith("Nothing limits"))).toEqual([]);
});

describe("limits that limit nothing", () => {
  const most = 2n ** 108n - 1n;

  test.each([
    ["total", { total: most }],
    ["period", { perPeriod: { amount: 2n ** 100n, period: "day" } }],
  ] as const)("of tokens, by their %s, are a risk", (_, limits) => {
    expect(risksOf({ actions: [allowErc20({ token: usdc, recipients: [shop], ...limits })] })).toEqual([unlimited]);
  });

  test("have a bound beneath which they count", () => {
    expect(risksOf({ actions: [allowErc20({ token: usdc, recipients: [shop], total: 2n ** 100n - 1n })] })).toEqual([]);
  });

  test("of gas and of operations are a risk", () => {
    const gas = "Nothing limits how many operations there are: a stolen key could spend all ETH of the account on gas.";
    const limitless = { maxPerOperation: 5n, total: most };
    expect(risksOf({ actions: [limited], fees: limitless })).toEqual([gas]);
    const count = (total: bigint) => [usageLimit({ total, of: "operations" })];
    expect(risksOf({ actions: [limited], fees: limitless, operationPolicies: count(2n ** 20n) })).toEqual([gas]);
    expect(risksOf({ actions: [limited], fees: limitless, operationPolicies: count(2n ** 20n - 1n) })).toEqual([]);
  });
});

test("a limit on any function of a token is one on its approvals, too", () => {
  const session = defineSession({
    ...{ account, chainId: 1, sessionKey: shop, validUntil: new Date("2026-12-04T12:00:00Z"), fees },
    actions: [limited],
  });
  const actions = session.actions.map((action) => ({ ...action, selector: "0xffffffff" as const }));
  const { title, risks } = describeSession({ ...session, actions }, { now });
  expect(risks).toEqual([`Any function of ${usdc} may be called, also ones that you do not know.`, outlive]);
  expect(title).toContain("May send, move by transferFrom, approve and approve more of at most 5 units in total");
});

describe("names", () => {
  test("of others' letters, or of none, are shown as what they are", () => {
    const show = (name: string) =>
      describeOne(
        { actions: [allowErc20({ token: usdc, recipients: [shop], total: 5n })] },
        {
          tokens: [{ address: usdc, symbol: `${name}1`, decimals: 0 }],
          contracts: [{ address: shop, name }],
          nativeSymbol: `${name}2`,
        },
      ).lines.join("\n");
    for (const [name, shown] of [
      ["the\u202e shop", "the\\u202e shop"],
      ["the\u200bshop", "the\\u200bshop"],
      ["the\nshop", "the\\nshop"],
      ["the\u3164shop", "the\\u3164shop"],
      ["the\u{e0041}shop", "the\\ue0041shop"],
      ['Zoë\'s "shop"', 'Zoë\'s "shop"'],
    ] as const) {
      expect(show(name)).toContain(`to ${shown} (${shop}) only: at most 5 ${shown}1 in total.`);
      expect(show(name)).toContain(`0.01 ${shown}2 of gas`);
    }
  });

  test("of functions in other letters are in quotes", () => {
    const item = { type: "function", name: "trаnsfer", stateMutability: "nonpayable", outputs: [] } as const;
    const call = { ...item, inputs: [{ name: "аmount", type: "uint256" }] } as const;
    const permission = allowCall({ abi: [call], functionName: "trаnsfer", address: usdc, args: { аmount: 1n } });
    expect(describeOne({ actions: [permission] }, { abis: [[call]] }).lines[1]).toBe(
      `May call "trаnsfer" of ${usdc}: "аmount" is 1.`,
    );
  });
});
