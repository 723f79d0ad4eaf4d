import fc from "fast-check";
import {
  type Abi,
  type AbiParameter,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  encodePacked,
  type Hex,
  keccak256,
  numberToHex,
  parseAbi,
  parseAbiParameters,
  stringToHex,
  toFunctionSelector,
} from "viem";
import { describe, expect, it } from "vitest";
import { arbitraryRules } from "../../test/arbitraryRules.js";
import { account, game, recipient, stranger } from "../../test/fixtures.js";
import { holds } from "../../test/holds.js";
import {
  AmbiguousFunctionError,
  ArgumentRuleNotMetError,
  ArgumentsNotCanonicalError,
  allOf,
  allowCall,
  anyOf,
  anything,
  between,
  checkAbiRules,
  decodeAbiRuleConfig,
  endsWith,
  eq,
  every,
  FunctionNotFoundError,
  gt,
  hasHash,
  hasLength,
  InvalidAbiError,
  InvalidBytesError,
  InvalidNumberError,
  InvalidRuleError,
  isAccount,
  isCall,
  isEncoding,
  lt,
  lte,
  MissingRulesError,
  mask,
  neq,
  oneOf,
  type Permission,
  packedAt,
  some,
  startsWith,
  TooManyError,
  taggedBy,
  UnknownArgumentError,
  UnknownParameterError,
} from "../index.js";

const configOf = ({ actions }: Permission): Hex => {
  const config = actions[0]?.policies[0]?.config;
  if (config === undefined) throw new Error("there is no rule");
  return config;
};

/** Whether rules by name accept the arguments of a function of one signature. */
const accepts = (signature: string, rules: unknown, values: readonly unknown[], or?: readonly unknown[]): boolean => {
  const abi = parseAbi([signature]) as Abi;
  const permission = allowCall({
    abi,
    address: game,
    ...(rules === undefined ? {} : { args: rules as Record<string, unknown> }),
    ...(or === undefined ? {} : { or: or as Record<string, unknown>[] }),
  });
  try {
    return holds(configOf(permission), encodeFunctionData({ abi, args: values }));
  } catch (error) {
    if (error instanceof ArgumentsNotCanonicalError && error.path.length > 0) return false;
    throw error;
  }
};

const long = "x".repeat(70);

describe("rules on dynamic arguments", () => {
  it.each<[string, string, unknown, unknown[], unknown[]]>([
    ["equal text", "string", "hi", ["hi"], ["", "hI", "hi "]],
    ["the empty text", "string", "", [""], ["a"]],
    ["long text", "string", eq(long), [long], [`${long}x`, long.slice(1)]],
    ["other text", "string", neq("hi"), ["", "ho", long], ["hi"]],
    ["one of texts", "string", oneOf(["a", long]), ["a", long], ["", "b"]],
    ["a beginning", "string", startsWith("https://é"), ["https://é", "https://é.org"], ["https:/", "http://é", ""]],
    ["an end", "string", endsWith(".eth"), [".eth", "a.eth"], ["eth", "a.eth "]],
    ["a length in bytes", "string", hasLength(2), ["ab", "é"], ["é1", "a", ""]],
    ["a bound of the length", "bytes", hasLength(lte(2)), ["0x", "0x1234"], ["0x123456"]],
    ["a hash", "bytes", hasHash(keccak256("0x1234")), ["0x1234"], ["0x", "0x1235"]],
    ["one of hashes", "string", hasHash(oneOf([keccak256(stringToHex(long))])), [long], ["x"]],
    [
      "any of lengths",
      "bytes",
      hasLength(anyOf(0, between(3, 4))),
      ["0x", "0x123456"],
      ["0x12", `0x${"12".repeat(5)}`],
    ],
    ["bytes", "bytes", "0xABcd", ["0xabcd"], ["0xabce", "0x"]],
    ["parts of bytes", "bytes", allOf(startsWith("0x12"), endsWith("0x34")), ["0x1234", "0x120034"], ["0x12", "0x34"]],
    ["either", "bytes", anyOf(startsWith("0x12"), hasLength(0)), ["0x12", "0x"], ["0x13"]],
    [
      "either, of several parts",
      "string",
      anyOf(allOf(startsWith("a"), endsWith("z")), "b"),
      ["az", "a-z", "b"],
      ["a", "z", "bz"],
    ],
    ["all elements, given", "uint256[]", [1n, lte(5n)], [[1n, 5n]], [[1n], [1n, 6n], [1n, 2n, 3n], []]],
    ["no elements", "uint256[]", [], [[]], [[1n]]],
    [
      "some indexes",
      "int16[]",
      { 1: -7, [-1]: gt(0) },
      [
        [0, -7, 1],
        [9, -7, 0, 5],
      ],
      [[0, -7], [], [0, -6, 1]],
    ],
    ["every element", "int16[]", every(lt(0)), [[], [-1, -32_768]], [[0], [-1, 1]]],
    ["some element", "address[]", some(isAccount()), [[account], [stranger, account]], [[], [stranger]]],
    ["an array's length", "bool[]", hasLength(between(1, 2)), [[true], [true, false]], [[], [true, true, true]]],
    ["every element and a length", "bytes4[]", allOf(hasLength(1), every("0x12345678")), [["0x12345678"]], [[]]],
    ["elements under a mask", "bytes2[]", every(mask("0xff00", "0x1200")), [["0x1234"]], [["0x1334"]]],
    ["texts", "string[]", every(anyOf("a", hasLength(2))), [["a", "bc"]], [["b"], ["a", "abc"]]],
    ["texts by index", "string[]", { 0: "a" }, [["a"], ["a", "b"]], [["b", "a"], []]],
    ["texts of a fixed number", "string[2]", ["a", startsWith("b")], [["a", "bc"]], [["b", "a"]]],
    ["every one of a fixed number", "uint8[3]", every(lte(3)), [[1, 2, 3]], [[1, 4, 2]]],
    ["some one of a fixed number", "uint8[3]", some(3), [[1, 2, 3]], [[1, 4, 2]]],
    [
      "some text of a fixed number",
      "string[2]",
      some("a"),
      [
        ["a", "b"],
        ["b", "a"],
      ],
      [["b", "b"]],
    ],
    ["arrays in arrays", "uint8[][]", every(some(7)), [[], [[7], [1, 7]]], [[[]], [[7], [1]]]],
    ["arrays in arrays by index", "uint8[2][]", { 0: { 1: 5 } }, [[[1, 5]]], [[[5, 1]], []]],
    [
      "fixed arrays of arrays",
      "uint8[][2]",
      { 1: [5] },
      [[[], [5]]],
      [
        [[5], []],
        [[], [5, 5]],
      ],
    ],
    [
      "fixed elements",
      "uint8[2][]",
      every([1, lte(2)]),
      [
        [
          [1, 2],
          [1, 0],
        ],
      ],
      [
        [
          [1, 2],
          [2, 2],
        ],
      ],
    ],
    ["elements of one word", "uint8[1][]", every([5]), [[[5], [5]]], [[[5], [6]]]],
  ])("%s", (_, type, rule, good, bad) => {
    const signature = `function run(uint8 first, ${type} value, string last)`;
    for (const value of good) expect(accepts(signature, { value: rule }, [1, value, "x"]), `${value}`).toBe(true);
    for (const value of bad) expect(accepts(signature, { value: rule }, [1, value, "x"]), `${value}`).toBe(false);
  });

  const swap =
    "function swap((bytes path, address to, uint256 amount, (uint8 mode, string note) more) params, bool go)";
  const path = encodePacked(["address", "uint24", "address"], [recipient, 500, stranger]);
  const params = { path, to: account, amount: 5n, more: { mode: 3, note: "n" } };

  it.each<[string, unknown, boolean, unknown?]>([
    ["parts by name", { params: { to: isAccount(), amount: lte(5n) } }, true],
    ["a part that differs", { params: { to: isAccount(), amount: lte(4n) } }, false],
    ["a part of a part", { params: { more: { mode: 3, note: "n" } } }, true],
    ["a part of a part that differs", { params: { more: { note: "m" } } }, false],
    ["a static argument beside it", { params: { amount: 5n }, go: true }, true],
    ["a static argument that differs", { params: { amount: 5n }, go: false }, false],
    ["alternatives", { params: anyOf({ amount: 4n }, { to: account, amount: 5n }) }, true],
    ["alternatives that mix", { params: anyOf({ to: stranger, amount: 5n }, { to: account, amount: 4n }) }, false],
    ["parts together", { params: allOf({ to: account }, { amount: 5n }) }, true],
    ["the first token of a path", { params: { path: packedAt(0, "address", recipient) } }, true],
    ["the last token of a path", { params: { path: packedAt(-20, "address", oneOf([stranger])) } }, true],
    ["a fee of a path", { params: { path: packedAt(20, "uint24", lte(500)) } }, true],
    ["a higher fee of a path", { params: { path: packedAt(20, "uint24", lt(500)) } }, false],
    ["another token", { params: { path: packedAt(0, "address", stranger) } }, false],
    ["a place behind the end", { params: { path: packedAt(24, "address", neq(recipient)) } }, false],
    ["a signed number of a path", { params: { path: packedAt(20, "int24", gt(-1)) } }, true],
    ["bytes of a path", { params: { path: packedAt(20, "bytes3", "0x0001f4") } }, true],
    ["any of packed values", { params: { path: packedAt(20, "uint24", anyOf(100, 500)) } }, true],
  ])("in a tuple: %s", (_, rules, expected) => {
    expect(accepts(swap, rules, [params, true])).toBe(expected);
  });

  it("or, across arguments", () => {
    const signature = "function send(string note, uint256 amount)";
    const or = [{ note: "a", amount: lte(1n) }, { note: "b" }];
    expect(accepts(signature, undefined, ["a", 1n], or)).toBe(true);
    expect(accepts(signature, undefined, ["b", 9n], or)).toBe(true);
    expect(accepts(signature, undefined, ["a", 2n], or)).toBe(false);
    expect(accepts(signature, { amount: lte(5n) }, ["b", 9n], or)).toBe(false);
  });

  it("or, across so many static arguments that it becomes one rule for each alternative", () => {
    const signature = "function send(uint8 a, uint8 b, uint8 c)";
    const or = [
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 2, c: 2 },
      { a: 3, b: 3, c: 3 },
    ];
    expect(accepts(signature, undefined, [2, 2, 2], or)).toBe(true);
    expect(accepts(signature, undefined, [2, 2, 3], or)).toBe(false);
  });

  it("on static arguments alone stay rules on words", () => {
    const permission = allowCall({
      abi: parseAbi(["function run(string text, (uint8 a, bool b) pair, uint256 amount)"]),
      address: game,
      args: { pair: allOf({ a: lte(5) }, { b: anyOf(true, false) }), amount: 5n },
    });
    const words = decodeAbiRuleConfig(configOf(permission)).map((group) =>
      group.map((rule) => "word" in rule && rule.word),
    );
    expect(words).toEqual([[1], [2, 2], [3]]);
  });

  it("refuse calldata that is not canonical", () => {
    const abi = parseAbi(["function note(string text)"]);
    const config = configOf(allowCall({ abi, address: game, args: { text: hasLength(lte(5)) } }));
    const data = encodeFunctionData({ abi, args: ["hi"] });
    expect(() => checkAbiRules({ config, data, account })).not.toThrow();
    expect(() => checkAbiRules({ config, data: concat([data, "0x00"]), account })).toThrow(ArgumentsNotCanonicalError);
  });
});

describe("isCall", () => {
  const abi = parseAbi([
    "function multicall(bytes[] data)",
    "function mint(address to, uint256 id)",
    "function note(string text)",
    "function exec(address target, bytes data)",
    "function ping()",
  ]);
  const call = (functionName: "mint" | "note" | "ping", args: readonly unknown[]): Hex =>
    encodeFunctionData({ abi: abi as Abi, functionName, args });
  const check = (permission: Permission, data: Hex) => () =>
    checkAbiRules({ config: configOf(permission), data, account });

  const rule = anyOf(
    isCall({ abi, functionName: "mint", args: { to: isAccount(), id: lte(5n) } }),
    isCall({ abi, functionName: "note", args: { text: hasLength(lte(3)) } }),
    isCall({ abi, functionName: "ping" }),
  );
  const permission = allowCall({ abi, functionName: "multicall", address: game, args: { data: every(rule) } });
  const multicall = (...data: Hex[]): Hex => encodeFunctionData({ abi, functionName: "multicall", args: [data] });

  it("allows each call inside of a multicall that an alternative allows", () => {
    expect(check(permission, multicall())).not.toThrow();
    const mint = call("mint", [account, 5n]);
    expect(check(permission, multicall(mint, call("note", ["abc"]), call("ping", []), mint))).not.toThrow();
    expect(check(permission, multicall(mint, call("mint", [stranger, 5n])))).toThrow(ArgumentRuleNotMetError);
    expect(check(permission, multicall(call("mint", [account, 6n])))).toThrow(ArgumentRuleNotMetError);
    expect(check(permission, multicall(call("note", ["abcd"])))).toThrow(ArgumentRuleNotMetError);
    expect(check(permission, multicall("0x12345678"))).toThrow(ArgumentRuleNotMetError);
    expect(check(permission, multicall("0x"))).toThrow(ArgumentRuleNotMetError);
  });

  it("puts alternatives into one rule", () => {
    expect(JSON.stringify(decodeAbiRuleConfig(configOf(permission))).match(/"calldata"/g)).toHaveLength(1);
  });

  it("goes beside other arguments, inside of itself, and with any arguments", () => {
    const inner = isCall({ abi, functionName: "multicall", args: { data: [isCall({ abi, functionName: "ping" })] } });
    const outer = allowCall({ abi, functionName: "exec", address: game, args: { target: recipient, data: inner } });
    const exec = (target: Hex, data: Hex): Hex =>
      encodeFunctionData({ abi, functionName: "exec", args: [target, data] });
    expect(check(outer, exec(recipient, multicall(call("ping", []))))).not.toThrow();
    expect(check(outer, exec(stranger, multicall(call("ping", []))))).toThrow(ArgumentRuleNotMetError);
    expect(check(outer, exec(recipient, multicall()))).toThrow(ArgumentRuleNotMetError);
    expect(check(outer, exec(recipient, call("ping", [])))).toThrow(ArgumentRuleNotMetError);
    const free = isCall({ abi, functionName: "mint", anyArguments: true });
    const freely = allowCall({ abi, functionName: "exec", address: game, args: { data: free } });
    expect(check(freely, exec(stranger, call("mint", [stranger, 9n])))).not.toThrow();
    expect(check(freely, exec(stranger, call("ping", [])))).toThrow(ArgumentRuleNotMetError);
  });

  it("refuses what allowCall refuses", () => {
    const make = (parameters: object) => () => isCall({ abi: abi as Abi, functionName: "mint", ...parameters });
    expect(make({})).toThrow(MissingRulesError);
    expect(make({ args: { whom: 1n } })).toThrow(UnknownArgumentError);
    expect(make({ address: game, anyArguments: true })).toThrow(UnknownParameterError);
  });
});

describe("isEncoding and taggedBy", () => {
  const abi = parseAbi(["function execute(bytes commands, bytes[] inputs, uint256 deadline) payable"]);
  const wrap = isEncoding("address to, uint256 amount", { to: isAccount(), amount: lte(5n) });
  const swap = isEncoding("address to, bytes path, bool fromUser", {
    to: isAccount(),
    path: startsWith(recipient),
    fromUser: true,
  });
  const permission = allowCall({
    abi,
    address: game,
    args: { inputs: taggedBy("commands", { 11: wrap, 0: anyOf(swap, wrap), 12: anything() }), deadline: lte(9n) },
  });
  const encode = (types: string, values: readonly unknown[]): Hex =>
    encodeAbiParameters(parseAbiParameters(types) as readonly AbiParameter[], values);
  const check =
    (commands: Hex, inputs: Hex[], deadline = 9n) =>
    () =>
      checkAbiRules({
        config: configOf(permission),
        data: encodeFunctionData({ abi, args: [commands, inputs, deadline] }),
        account,
      });
  const goodWrap = encode("address,uint256", [account, 5n]);
  const goodSwap = encode("address,bytes,bool", [account, concat([recipient, "0x01"]), true]);

  it("allow what fits the tag at its index", () => {
    expect(check("0x", [])).not.toThrow();
    expect(check("0x0b000c", [goodWrap, goodSwap, "0x1234"])).not.toThrow();
    expect(check("0x00", [goodWrap])).not.toThrow();
  });

  it.each<[string, Hex, Hex[], "rule" | "shape", bigint?]>([
    ["another tag", "0x0d", [goodWrap], "rule"],
    ["a tag too many", "0x0b0b", [goodWrap], "rule"],
    ["an input too many", "0x0b", [goodWrap, goodWrap], "rule"],
    ["inputs in another order", "0x0b00", [goodSwap, goodWrap], "shape"],
    ["another recipient", "0x0b", [encode("address,uint256", [stranger, 5n])], "rule"],
    ["more bytes behind the input", "0x0b", [concat([goodWrap, numberToHex(0, { size: 32 })])], "shape"],
    // The last alternative that was tried is the one that is told.
    ["another token", "0x00", [encode("address,bytes,bool", [account, concat([stranger, "0x01"]), true])], "shape"],
    ["another argument", "0x0b", [goodWrap], "rule", 10n],
  ])("refuse %s", (_, commands, inputs, reason, deadline) => {
    expect(check(commands, inputs, deadline)).toThrow(
      reason === "shape" ? ArgumentsNotCanonicalError : ArgumentRuleNotMetError,
    );
  });

  it("take any values if that is said", () => {
    const free = { data: isEncoding("address,uint256", anything()) };
    expect(accepts("function run(bytes data)", free, [encode("address,uint256", [stranger, 1n])])).toBe(true);
    expect(accepts("function run(bytes data)", free, ["0x1234"])).toBe(false);
  });

  it("refuse rules that make no sense", () => {
    const allow = (inputs: unknown) => () => allowCall({ abi: abi as Abi, address: game, args: { inputs } });
    expect(allow(taggedBy("command", { 1: anything() }))).toThrow(UnknownArgumentError);
    expect(allow(taggedBy("deadline", { 1: anything() }))).toThrow(UnknownArgumentError);
    expect(allow(taggedBy("commands", {}))).toThrow(MissingRulesError);
    expect(allow(taggedBy("commands", { 256: anything() }))).toThrow(InvalidNumberError);
    expect(allow(taggedBy("commands", { 1: isAccount() as never }))).toThrow(InvalidRuleError);
    expect(allow(every(taggedBy("commands", { 1: anything() })))).toThrow(InvalidRuleError);
    expect(() => isEncoding("address to", {})).toThrow(MissingRulesError);
    expect(() => isEncoding("adress to", anything())).toThrow(InvalidAbiError);
    expect(() => isEncoding(5 as never, anything())).toThrow(InvalidAbiError);
  });
});

describe("rules that make no sense on dynamic arguments", () => {
  const abi: Abi = parseAbi([
    "function run(string text, bytes data, uint256[] ids, (string a, uint8 b)[] lines, uint8[2] two)",
  ]);
  it.each<[string, Record<string, unknown>, unknown]>([
    ["an order of strings", { text: lte("b" as never) }, InvalidRuleError],
    ["a mask on bytes", { data: mask("0xff", "0x12") }, InvalidRuleError],
    ["the account as a string", { text: isAccount() }, InvalidRuleError],
    ["one of no texts", { text: oneOf([]) }, InvalidRuleError],
    ["a number for a text", { text: 5 }, InvalidRuleError],
    ["text for bytes", { data: "hello" }, InvalidBytesError],
    ["half a byte", { data: startsWith("0x1") }, InvalidBytesError],
    ["an empty beginning", { text: startsWith("") }, InvalidRuleError],
    ["an empty end", { data: endsWith("0x") }, InvalidRuleError],
    ["every byte", { data: every(1) }, InvalidRuleError],
    ["a call in a string", { text: isCall({ abi, anyArguments: true }) }, InvalidRuleError],
    ["packed bytes in a string", { text: packedAt(0, "bytes4", "0x12345678") }, InvalidRuleError],
    ["a length of a number", { ids: every(hasLength(1)) }, InvalidRuleError],
    ["a length of a fixed array", { two: hasLength(2) }, InvalidRuleError],
    ["a negative length", { ids: hasLength(-1) }, InvalidNumberError],
    ["a hash of another length", { data: hasHash("0x12") }, InvalidBytesError],
    ["a comparison for an array", { ids: lte(5n) }, InvalidRuleError],
    ["an object without indexes", { ids: {} }, MissingRulesError],
    ["an index that is none", { ids: { first: 1n } }, UnknownArgumentError],
    ["an index too high", { ids: { 128: 1n } }, UnknownArgumentError],
    ["an index too low", { ids: { [-129]: 1n } }, UnknownArgumentError],
    ["an index from the end of a fixed array", { two: { [-1]: 1 } }, UnknownArgumentError],
    ["an unknown part of elements", { lines: every({ c: 1 }) }, UnknownArgumentError],
    ["an element that is undefined", { ids: [undefined] }, InvalidRuleError],
    ["all of nothing", { ids: allOf() }, InvalidRuleError],
    ["any of nothing", { ids: anyOf() }, InvalidRuleError],
    ["anything, for an argument", { text: anything() }, InvalidRuleError],
    ["tags for numbers", { ids: taggedBy("data", { 1: anything() }) }, InvalidRuleError],
    ["bytes longer than a configuration", { text: "x".repeat(65_536) }, TooManyError],
  ])("%s", (_, args, expected) => {
    expect(() => allowCall({ abi, address: game, args })).toThrow(expected as ErrorConstructor);
  });

  it("in packed bytes", () => {
    expect(() => packedAt(-19, "address", recipient)).toThrow(InvalidNumberError);
    expect(() => packedAt(65_536, "address", recipient)).toThrow(InvalidNumberError);
    expect(() => packedAt(0.5, "address", recipient)).toThrow(InvalidNumberError);
    expect(() => packedAt(0, "bool" as never, true as never)).toThrow(InvalidRuleError);
    expect(() => packedAt(0, "uint24", lte(2 ** 24))).toThrow(InvalidNumberError);
    expect(() => packedAt(0, "address", lte(1n) as never)).toThrow();
  });

  it("name where they are", () => {
    const messageOf = (args: Record<string, unknown>): string => {
      try {
        allowCall({ abi, address: game, args });
        return "";
      } catch (error) {
        return error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
      }
    };
    expect([
      messageOf({ lines: every({ b: lte(256) }) }),
      messageOf({ ids: { [-1]: 1 } }),
      messageOf({ lines: { 3: { a: 1 } } }),
      messageOf({ ids: hasLength(0.5) }),
      messageOf({ two: every("0x") }),
    ]).toMatchInlineSnapshot(`
      [
        "\`args.lines[].b\` is not a whole number in its range.",
        "\`args.ids[-1]\` must be a bigint.",
        "The rule on \`args.lines[3].a\` is not valid: its value is not a string.",
        "\`args.ids.length\` is not a whole number in its range.",
        "\`args.two[0]\` is not a whole number in its range.",
      ]
    `);
  });
});

describe("what stands for an ABI", () => {
  const selectorOf = ({ actions }: Permission): Hex | undefined => actions[0]?.selector;
  const mint = parseAbi(["function mint(address to, uint256 id)"]);

  it("is a whole one, a function, or signatures", () => {
    const expected = allowCall({ abi: mint, functionName: "mint", address: game, args: { to: isAccount() } });
    const [item] = mint;
    for (const permission of [
      allowCall({ abi: item, address: game, args: { to: isAccount() } }),
      allowCall({ abi: "function mint(address to, uint256 id)", address: game, args: { to: isAccount() } }),
      allowCall({ abi: "mint(address to, uint256 id)", address: game, args: { to: isAccount() } }),
      allowCall({ abi: ["mint(address to, uint256 id)"], address: game, args: { to: isAccount() } }),
      allowCall({ abi: "mint(address,uint256)", functionName: "mint", address: game, args: { 0: isAccount() } }),
    ])
      expect(permission).toEqual(expected);
  });

  it("may have structs, and functions whose names begin like a keyword", () => {
    const permission = allowCall({
      abi: ["struct Order { address to; uint8[] sizes; }", "place(Order order)", "structure(uint8 size)"],
      functionName: "place",
      address: game,
      args: { order: { to: isAccount() } },
    });
    expect(selectorOf(permission)).toBe(toFunctionSelector("place((address,uint8[]))"));
    expect(selectorOf(allowCall({ abi: "eventful(uint8 size)", address: game, args: { size: 1 } }))).toBeDefined();
    expect(selectorOf(allowCall({ abi: "error(uint8 size)", address: game, anyArguments: true }))).toBeDefined();
  });

  it("must be readable, and name one function", () => {
    const allow = (abi: unknown) => () => allowCall({ abi: abi as Abi, address: game, anyArguments: true });
    expect(allow("mint(adress to)")).toThrow(InvalidAbiError);
    expect(allow("mint")).toThrow(InvalidAbiError);
    expect(allow(undefined)).toThrow(InvalidAbiError);
    expect(allow({ type: "event" })).toThrow(InvalidAbiError);
    expect(allow([])).toThrow(FunctionNotFoundError);
    expect(allow("balanceOf(address who) view returns (uint256)")).toThrow(FunctionNotFoundError);
    expect(allow(["mint(address to)", "burn(uint256 id)"])).toThrow(AmbiguousFunctionError);
    let message = "";
    try {
      allow("mint(adress to)")();
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message).toMatchInlineSnapshot(`
      "The ABI is not valid: a signature cannot be read.

      Given: mint(adress to)
      Expected: an ABI, a function of one, or signatures such as "mint(address to, uint256 id)"

      Docs: docs/errors/InvalidAbiError.md"
    `);
  });
});

describe("random rules on random types", () => {
  it("mean what they say", () => {
    const counts = { holds: 0, fails: 0 };
    fc.assert(
      fc.property(arbitraryRules(3), ({ abi, rules, candidates, holds }) => {
        const config = configOf(allowCall({ abi, address: game, args: rules }));
        for (const { args, value } of candidates) {
          const check = () => checkAbiRules({ config, data: encodeFunctionData({ abi, args }), account });
          if (holds(value)) {
            counts.holds++;
            expect(check).not.toThrow();
          } else {
            counts.fails++;
            expect(check).toThrow();
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(counts.holds).toBeGreaterThan(500);
    expect(counts.fails).toBeGreaterThan(500);
  });
});
