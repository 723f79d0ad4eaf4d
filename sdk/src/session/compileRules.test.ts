import { type Abi, type AbiParameter, encodeAbiParameters, encodeFunctionData, type Hex, parseAbi } from "viem";
import { describe, expect, it } from "vitest";
import { account, game, stranger } from "../../test/fixtures.js";
import { holds } from "../../test/holds.js";
import { told } from "../../test/told.js";
import {
  ArgumentRuleNotMetError,
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
  hasHash,
  hasLength,
  InvalidRuleError,
  isAccount,
  isCall,
  isEncoding,
  lt,
  lte,
  mask,
  neq,
  oneOf,
  some,
  startsWith,
  taggedBy,
} from "../index.js";
import { compileWord, countWords, getNames, isDynamic } from "./compileRules.js";

type Rules = { readonly args?: unknown; readonly or?: unknown };

/** As JavaScript calls it, without types. */
const configOf = (abi: Abi | string, rules: Rules): Hex => {
  const { actions } = allowCall({ abi: abi as Abi, address: game, ...(rules as object) });
  return actions[0]?.policies[0]?.config ?? expect.unreachable();
};

/** Whether a call with these arguments is allowed. */
const accepts = (signature: string, rules: Rules, values: readonly unknown[]): boolean => {
  const abi: Abi = parseAbi([signature]);
  return holds(configOf(abi, rules), encodeFunctionData({ abi, args: values }));
};

const abi: Abi = parseAbi([
  "struct Line { string a; uint8 b; }",
  "function run(uint256 id, int16 level, address to, bool go, bytes4 tag, string text, bytes data, uint256[] ids, Line[] lines, uint8[2] two, Line line, bytes[] parts, bytes[][] more, bytes[3] three)",
]);

describe("rules that make no sense", () => {
  const refused = (args: unknown) => told(() => configOf(abi, { args }));
  const refusedOr = (or: unknown) => told(() => configOf(abi, { or }));

  it("for the arguments together are refused in these words", () => {
    expect([
      refused(null),
      refused(5),
      refused(eq(5n)),
      refused([1n]),
      refused({}),
      refused({ id: 1n, ids: [1n], whom: 1n }),
      refusedOr(5),
      refusedOr([]),
      refusedOr([{ id: 1n }, {}]),
      refusedOr([{ id: 1n }, { go: 1 }]),
      refused(anyOf()),
      refused(allOf()),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`args\` is not valid: it takes an object with rules by name: id, level, to, go, tag, text, data, ids, lines, two, line, parts, more, three. | Type: tuple",
        "InvalidRuleError: The rule on \`args\` is not valid: it takes an object with rules by name: id, level, to, go, tag, text, data, ids, lines, two, line, parts, more, three. | Type: tuple",
        "InvalidRuleError: The rule on \`args\` is not valid: it takes an object with rules by name: id, level, to, go, tag, text, data, ids, lines, two, line, parts, more, three. | Type: tuple",
        "InvalidRuleError: The rule on \`args\` is not valid: it takes an object with rules by name: id, level, to, go, tag, text, data, ids, lines, two, line, parts, more, three. | Type: tuple",
        "MissingRulesError: There are no rules for \`args\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "UnknownArgumentError: The function has no argument \`args.whom\`. | Available: id, level, to, go, tag, text, data, ids, lines, two, line, parts, more, three",
        "InvalidParameterError: \`or\` is not an array.",
        "MissingRulesError: There are no rules for \`or\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "MissingRulesError: There are no rules for \`or[1]\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "InvalidRuleError: The rule on \`or[1].go\` is not valid: its value is neither true nor false. | Type: bool",
        "InvalidRuleError: The rule on \`args\` is not valid: it has no alternatives. | Type: tuple",
        "InvalidRuleError: The rule on \`args\` is not valid: it has no parts. | Type: tuple",
      ]
    `);
  });

  it("for a single value are refused in these words", () => {
    expect([
      refused({ id: undefined }),
      refused({ id: anyOf() }),
      refused({ id: allOf() }),
      refused({ id: oneOf([]) }),
      refused({ id: oneOf(Array.from({ length: 256 }, (_, index) => BigInt(index))) }),
      refused({ id: isAccount() }),
      refused({ id: between(2n, 1n) }),
      refused({ id: mask(1n, 2n) }),
      refused({ id: hasLength(1) }),
      refused({ id: anything() }),
      refused({ go: 1 }),
      refused({ go: lt(true as never) }),
      refused({ level: mask(1, 1) }),
      refused({ level: between(-1, -2) }),
      refused({ tag: mask("0x0000000f", "0x00000010") }),
      refused({ to: mask(stranger as never, stranger as never) }),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`args.id\` is not valid: it is undefined; leave it out if it may be anything. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: it has no alternatives. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: it has no parts. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: it has no values. | Type: uint256",
        "TooManyError: Too many values for args.id. | Limit: 255 | Actual: 256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: only an address can be the account. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: its lower bound is above its upper bound. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: no value has the bits that it asks for. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: this kind of rule is for other types. | Type: uint256",
        "InvalidRuleError: The rule on \`args.id\` is not valid: this kind of rule is for other types. | Type: uint256",
        "InvalidRuleError: The rule on \`args.go\` is not valid: its value is neither true nor false. | Type: bool",
        "InvalidRuleError: The rule on \`args.go\` is not valid: only numbers can be compared by size. | Type: bool",
        "InvalidRuleError: The rule on \`args.level\` is not valid: only unsigned integers and bytesN have a mask. | Type: int16",
        "InvalidRuleError: The rule on \`args.level\` is not valid: its lower bound is above its upper bound. | Type: int16",
        "InvalidRuleError: The rule on \`args.tag\` is not valid: no value has the bits that it asks for. | Type: bytes4",
        "InvalidRuleError: The rule on \`args.to\` is not valid: only unsigned integers and bytesN have a mask. | Type: address",
      ]
    `);
  });

  it("for bytes and texts are refused in these words", () => {
    expect([
      refused({ text: startsWith("") }),
      refused({ data: endsWith("0x") }),
      refused({ text: 5 }),
      refused({ text: isEncoding("uint8", anything()) }),
      refused({ data: every("0x12") }),
      refused({ data: isAccount() }),
      refused({ text: oneOf([]) }),
      refused({ text: mask("0x12", "0x12") }),
      refused({ data: hasHash("0x12") }),
      refused({ data: hasLength(-1) }),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`args.text\` is not valid: everything begins and ends with nothing. | Type: string",
        "InvalidRuleError: The rule on \`args.data\` is not valid: everything begins and ends with nothing. | Type: bytes",
        "InvalidRuleError: The rule on \`args.text\` is not valid: its value is not a string. | Type: string",
        "InvalidRuleError: The rule on \`args.text\` is not valid: this kind of rule is for other types. | Type: string",
        "InvalidRuleError: The rule on \`args.data\` is not valid: this kind of rule is for other types. | Type: bytes",
        "InvalidRuleError: The rule on \`args.data\` is not valid: only an address can be the account. | Type: bytes",
        "InvalidRuleError: The rule on \`args.text\` is not valid: it has no values. | Type: string",
        "InvalidRuleError: The rule on \`args.text\` is not valid: only unsigned integers and bytesN have a mask. | Type: string",
        "InvalidBytesError: \`args.data\` is not 32 bytes of hex. | Expected: 32 bytes of hex | Actual: 1 bytes of hex",
        "InvalidNumberError: \`args.data.length\` is not a whole number in its range. | Expected: a number from 0 to 4294967295 | Actual: -1",
      ]
    `);
  });

  it("for arrays and tuples are refused in these words", () => {
    expect([
      refused({ ids: 5 }),
      refused({ ids: null }),
      refused({ ids: {} }),
      refused({ ids: { 128: 1n } }),
      refused({ ids: { "01": 1n } }),
      refused({ ids: { "1.5": 1n } }),
      refused({ ids: { x1: 1n } }),
      refused({ ids: { [-129]: 1n } }),
      refused({ ids: eq(5n) }),
      refused({ two: [1] }),
      refused({ two: { 2: 1 } }),
      refused({ two: { [-1]: 1 } }),
      refused({ two: hasLength(2) }),
      refused({ lines: every({ c: 1 }) }),
      refused({ line: null }),
      refused({ line: {} }),
      refused({ line: ["a", 1] }),
      refused({ line: isAccount() }),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`args.ids\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: uint256[]",
        "InvalidRuleError: The rule on \`args.ids\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: uint256[]",
        "MissingRulesError: There are no rules for \`args.ids\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "UnknownArgumentError: The function has no argument \`args.ids[128]\`. | Available: -128 to 127",
        "UnknownArgumentError: The function has no argument \`args.ids[01]\`. | Available: -128 to 127",
        "UnknownArgumentError: The function has no argument \`args.ids[1.5]\`. | Available: -128 to 127",
        "UnknownArgumentError: The function has no argument \`args.ids[x1]\`. | Available: -128 to 127",
        "UnknownArgumentError: The function has no argument \`args.ids[-129]\`. | Available: -128 to 127",
        "InvalidRuleError: The rule on \`args.ids\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: uint256[]",
        "InvalidRuleError: The rule on \`args.two\` is not valid: it has 2 elements and not 1. | Type: uint8[2]",
        "UnknownArgumentError: The function has no argument \`args.two[2]\`. | Available: 0 to 1",
        "UnknownArgumentError: The function has no argument \`args.two[-1]\`. | Available: 0 to 1",
        "InvalidRuleError: The rule on \`args.two\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: uint8[2]",
        "UnknownArgumentError: The function has no argument \`args.lines[].c\`. | Available: a, b",
        "InvalidRuleError: The rule on \`args.line\` is not valid: it takes an object with rules by name: a, b. | Type: tuple",
        "MissingRulesError: There are no rules for \`args.line\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "InvalidRuleError: The rule on \`args.line\` is not valid: it takes an object with rules by name: a, b. | Type: tuple",
        "InvalidRuleError: The rule on \`args.line\` is not valid: it takes an object with rules by name: a, b. | Type: tuple",
      ]
    `);
  });

  it("for what goes with tags are refused in these words", () => {
    expect([
      refused({ parts: taggedBy("text", { 1: anything() }) }),
      refused({ parts: taggedBy("data", {}) }),
      refused({ parts: taggedBy("data", { 256: anything() }) }),
      refused({ parts: taggedBy("data", { 7: isAccount() as never }) }),
      refused({ parts: taggedBy("data", { 7: 5 as never }) }),
      refused({ parts: taggedBy("data", { 7: anyOf() }) }),
      refused({ parts: taggedBy("data", { 7: anyOf(isAccount()) as never }) }),
      refused({ more: taggedBy("data", { 1: anything() }) }),
      refused({ more: every(taggedBy("data", { 1: anything() })) }),
      refused({ ids: taggedBy("data", { 1: anything() }) }),
      refused({ three: taggedBy("data", { 1: anything() }) }),
      refused({ three: hasLength(3) }),
      refused({ parts: startsWith("0x12") }),
    ]).toMatchInlineSnapshot(`
      [
        "UnknownArgumentError: The function has no argument \`args.parts: tags text\`. | Available: data",
        "MissingRulesError: There are no rules for the tags of \`args.parts\`. | Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.",
        "InvalidNumberError: \`args.parts: tag\` is not a whole number in its range. | Expected: a number from 0 to 255 | Actual: 256",
        "InvalidRuleError: The rule on \`args.parts: tag 7\` is not valid: it takes isEncoding(...), anyOf several of them, or anything(). | Type: bytes",
        "InvalidRuleError: The rule on \`args.parts: tag 7\` is not valid: it takes isEncoding(...), anyOf several of them, or anything(). | Type: bytes",
        "InvalidRuleError: The rule on \`args.parts: tag 7\` is not valid: it takes isEncoding(...), anyOf several of them, or anything(). | Type: bytes",
        "InvalidRuleError: The rule on \`args.parts: tag 7\` is not valid: it takes isEncoding(...), anyOf several of them, or anything(). | Type: bytes",
        "InvalidRuleError: The rule on \`args.more\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: bytes[][]",
        "UnknownArgumentError: The function has no argument \`args.more[]: tags data\`. | Available: none",
        "InvalidRuleError: The rule on \`args.ids\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: uint256[]",
        "InvalidRuleError: The rule on \`args.three\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: bytes[3]",
        "InvalidRuleError: The rule on \`args.three\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: bytes[3]",
        "InvalidRuleError: The rule on \`args.parts\` is not valid: it takes an array, an object with rules by index, every(...) or some(...). | Type: bytes[]",
      ]
    `);
    const none = { inputs: taggedBy("commands", { 1: anything() }) };
    expect(told(() => configOf("run(bytes[] inputs, uint256 commands)", { args: none }))).toMatchInlineSnapshot(
      `"UnknownArgumentError: The function has no argument \`args.inputs: tags commands\`. | Available: none"`,
    );
  });

  it("for types that there are no rules for are refused in these words", () => {
    const of = (type: string, value: unknown) =>
      told(() =>
        allowCall({
          abi: [
            {
              type: "function",
              name: "run",
              stateMutability: "nonpayable",
              inputs: [{ type, name: "x" }],
              outputs: [],
            },
          ],
          address: game,
          args: { x: value },
        }),
      );
    expect([
      of("fixed128x18", 1n),
      of("uint7", 1),
      of("fixed128x18", lte(1n)),
      of("uint8[2]x", [1, 2]),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`args.x\` is not valid: there are no rules for its type. | Type: fixed128x18",
        "InvalidRuleError: The rule on \`args.x\` is not valid: there are no rules for its type. | Type: uint7",
        "InvalidRuleError: The rule on \`args.x\` is not valid: there are no rules for its type. | Type: fixed128x18",
        "InvalidRuleError: The rule on \`args.x\` is not valid: there are no rules for its type. | Type: uint8[2]x",
      ]
    `);
  });

  it("for what bytes hold, are refused as well", () => {
    expect([
      told(() => isEncoding("address to", isAccount() as never)),
      told(() => isEncoding("address to", 5 as never)),
      told(() => isEncoding("address to", undefined as never)),
      told(() => isEncoding("address to, uint8 more", { whom: 1 } as never)),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidRuleError: The rule on \`encoding\` is not valid: it takes an object with rules by name: to. | Type: tuple",
        "InvalidRuleError: The rule on \`encoding\` is not valid: it takes an object with rules by name: to. | Type: tuple",
        "InvalidRuleError: The rule on \`encoding\` is not valid: it takes an object with rules by name: to. | Type: tuple",
        "UnknownArgumentError: The function has no argument \`encoding.whom\`. | Available: to, more",
      ]
    `);
  });
});

describe("the values that a rule takes", () => {
  const word = (type: string, value: unknown) =>
    compileWord("x", type, value, (compared) => ({ test: "value", ...compared }))
      .flat()
      .flatMap((rule) => ("references" in rule ? rule.references : []));

  it("are numbers or bigints up to 48 bits, and bigints alone above", () => {
    expect(word("uint48", 2 ** 48 - 1)).toEqual(["0xffffffffffff"]);
    expect(word("uint48", 2n ** 48n - 1n)).toEqual(["0xffffffffffff"]);
    expect(word("int48", -(2 ** 47))).toEqual(["0x800000000000"]);
    expect(word("int8", -1n)).toEqual(["0xff"]);
    expect(word("uint56", 5n)).toEqual(["0x00000000000005"]);
    expect([
      told(() => word("uint56", 5)),
      told(() => word("uint48", 2n ** 48n)),
      told(() => word("uint48", 2 ** 48)),
      told(() => word("int8", -129n)),
      told(() => word("int64", 2n ** 63n)),
      told(() => word("int64", -(2n ** 63n) - 1n)),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidAmountError: \`x\` must be a bigint. | Expected: a bigint from 0 to 72057594037927935 | Actual: 5 (a number)",
        "InvalidAmountError: \`x\` is out of range. | Expected: a bigint from 0 to 281474976710655 | Actual: 281474976710656n",
        "InvalidNumberError: \`x\` is not a whole number in its range. | Expected: a number from 0 to 281474976710655 | Actual: 281474976710656",
        "InvalidAmountError: \`x\` is out of range. | Expected: a bigint from -128 to 127 | Actual: -129n",
        "InvalidAmountError: \`x\` is out of range. | Expected: a bigint from -9223372036854775808 to 9223372036854775807 | Actual: 9223372036854775808n",
        "InvalidAmountError: \`x\` is out of range. | Expected: a bigint from -9223372036854775808 to 9223372036854775807 | Actual: -9223372036854775809n",
      ]
    `);
  });

  it("are up to 255 different ones", () => {
    const many = Array.from({ length: 255 }, (_, index) => index);
    expect(word("uint8", oneOf([...many, ...many]))).toHaveLength(255);
    expect(told(() => word("uint16", oneOf([...many, 255])))).toMatchInlineSnapshot(
      `"TooManyError: Too many values for x. | Limit: 255 | Actual: 256"`,
    );
  });

  it("are 24 bytes for a function pointer", () => {
    const callback: Hex = `0x${"ab".repeat(24)}`;
    const config = configOf(
      [
        {
          type: "function",
          name: "run",
          stateMutability: "nonpayable",
          inputs: [{ type: "function", name: "f" }],
          outputs: [],
        },
      ],
      { args: { f: callback } },
    );
    expect(decodeAbiRuleConfig(config)).toEqual([
      [{ word: 0, type: "bytes24", comparison: "eq", references: [callback] }],
    ]);
  });

  it("may be bounds that are the same, and a mask without bits", () => {
    const run = "function run(uint256 id, uint8 mode, bytes2 tag)";
    expect(accepts(run, { args: { id: between(5n, 5n) } }, [5n, 0, "0x0000"])).toBe(true);
    expect(accepts(run, { args: { id: between(5n, 5n) } }, [6n, 0, "0x0000"])).toBe(false);
    expect(accepts(run, { args: { mode: mask(0, 0) } }, [6n, 255, "0x0000"])).toBe(true);
    expect(accepts(run, { args: { mode: mask(3, 1) } }, [6n, 5, "0x0000"])).toBe(true);
    expect(accepts(run, { args: { tag: mask("0xff00", "0x1200") } }, [6n, 5, "0x12ff"])).toBe(true);
    expect(told(() => configOf(parseAbi([run]), { args: { mode: mask(1, 2) } }))).toContain("no value has the bits");
    expect(told(() => configOf(parseAbi([run]), { args: { mode: between(2, 1) } }))).toContain("lower bound is above");
    expect(told(() => configOf(parseAbi([run]), { args: { tag: mask("0x00ff", "0xff00") } }))).toContain(
      "no value has the bits",
    );
  });
});

describe("places in arrays", () => {
  const signature = "function run(uint256[] ids, uint8[12] dozen)";
  const ids = (length: number, at: number) => Array.from({ length }, (_, index) => (index === at ? 1n : 0n));
  const dozen = Array.from({ length: 12 }, (_, index) => index);

  it("go from 127 to -128, and to the last one of fixed arrays", () => {
    for (const [key, at] of [
      [0, 0],
      [10, 10],
      [127, 127],
      [-1, 199],
      [-10, 190],
      [-128, 72],
    ] as const) {
      expect(accepts(signature, { args: { ids: { [key]: 1n } } }, [ids(200, at), dozen])).toBe(true);
      expect(accepts(signature, { args: { ids: { [key]: 1n } } }, [ids(200, at + 1), dozen])).toBe(false);
    }
    expect(accepts(signature, { args: { dozen: { 11: 11, 10: 10, 0: 0 } } }, [[], dozen])).toBe(true);
    expect(accepts(signature, { args: { dozen: { 11: 10 } } }, [[], dozen])).toBe(false);
  });

  it("are counted by words where elements have several", () => {
    const pairs = "function run((uint8 a, uint16[2] b)[3] pairs, bool go)";
    const values = [0, 1, 2].map((index) => ({ a: index, b: [10 * index, 10 * index + 1] }));
    const rules = (b: number) => ({ args: { pairs: { 2: { a: 2, b: { 1: b } } }, go: true } });
    expect(accepts(pairs, rules(21), [values, true])).toBe(true);
    expect(accepts(pairs, rules(20), [values, true])).toBe(false);
    expect(accepts(pairs, rules(21), [values, false])).toBe(false);
  });
});

describe("names of parameters", () => {
  const of = (...names: readonly (string | undefined)[]): readonly AbiParameter[] =>
    names.map((name) => ({ type: "uint8", ...(name === undefined ? {} : { name }) }));

  it("are their positions where they have none, or share it", () => {
    expect(getNames(of("a", "b"))).toEqual(["a", "b"]);
    expect(getNames(of("", undefined, "c"))).toEqual(["0", "1", "c"]);
    expect(getNames(of("a", "b", "a"))).toEqual(["0", "b", "2"]);
  });

  it("are enough to tell arguments of one name apart", () => {
    const config = configOf(
      [
        {
          type: "function",
          name: "run",
          stateMutability: "nonpayable",
          inputs: [
            { type: "uint8", name: "a" },
            { type: "uint8", name: "a" },
            { type: "uint8", name: "" },
            { type: "uint8" },
          ],
          outputs: [],
        },
      ],
      { args: { 0: 5, 1: 6, 2: 7, 3: 8 } },
    );
    expect(decodeAbiRuleConfig(config).flat()).toMatchObject(
      [0, 1, 2, 3].map((word) => ({ word, references: [`0x0${5 + word}`] })),
    );
  });

  it("let a list stand for arguments only if none has one", () => {
    expect(decodeAbiRuleConfig(configOf("run(uint8,uint8)", { args: [5, 6] }))).toHaveLength(2);
    expect(() => configOf("run(uint8 a,uint8)", { args: [5, 6] })).toThrow(InvalidRuleError);
    expect(() => configOf("run(uint8,uint8 b)", { args: [5, 6] })).toThrow(InvalidRuleError);
  });
});

describe("how many words a parameter takes, and whether it is dynamic", () => {
  it.each<[AbiParameter, number, boolean]>([
    [{ type: "uint8" }, 1, false],
    [{ type: "bytes" }, 1, true],
    [{ type: "string[2]" }, 1, true],
    [{ type: "bytes32[2]" }, 2, false],
    [{ type: "uint8[][2]" }, 1, true],
    [{ type: "uint8[2][3]" }, 6, false],
    [{ type: "tuple[2]", components: [{ type: "uint8" }, { type: "bytes4[3]" }] }, 8, false],
    [{ type: "tuple[2]", components: [{ type: "uint8" }, { type: "string" }] }, 1, true],
  ])("%j", (parameter, words, dynamic) => {
    expect(countWords(parameter)).toBe(words);
    expect(isDynamic(parameter)).toBe(dynamic);
  });
});

describe("alternatives", () => {
  const inner = parseAbi(["function ping()", "function burn(uint256 amount)"]);
  const ping = encodeFunctionData({ abi: inner, functionName: "ping" });
  const burn = encodeFunctionData({ abi: inner, functionName: "burn", args: [5n] });
  const isPing = isCall({ abi: inner, functionName: "ping" });
  const isBurn = isCall({ abi: inner, functionName: "burn", anyArguments: true });

  it("of calls in different arguments stay apart", () => {
    const exec = "function exec(bytes first, bytes second)";
    const rules = { or: [{ first: isPing }, { second: isBurn }] };
    expect(accepts(exec, rules, [ping, ping])).toBe(true);
    expect(accepts(exec, rules, [burn, burn])).toBe(true);
    expect(accepts(exec, rules, [burn, ping])).toBe(false);
    expect(accepts(exec, rules, [burn, "0x"])).toBe(false);
    const elements = { args: { calls: anyOf({ 0: isPing }, { 1: isBurn }) } };
    const multicall = "function multicall(bytes[] calls)";
    expect(accepts(multicall, elements, [[ping, ping]])).toBe(true);
    expect(accepts(multicall, elements, [[burn, burn]])).toBe(true);
    expect(accepts(multicall, elements, [[burn, ping]])).toBe(false);
  });

  it("of calls and other bytes are not taken for calls", () => {
    const exec = "function exec(bytes data)";
    const rules = { args: { data: anyOf(isPing, startsWith("0x11"), isBurn, hasLength(0)) } };
    for (const data of [ping, burn, "0x1122", "0x"]) expect(accepts(exec, rules, [data])).toBe(true);
    for (const data of ["0x22", "0x12345678"]) expect(accepts(exec, rules, [data])).toBe(false);
    for (const data of [rules.args.data, anyOf(startsWith("0x11"), isPing, hasLength(0), isBurn)]) {
      const config = configOf(parseAbi([exec]), { args: { data } });
      expect(JSON.stringify(decodeAbiRuleConfig(config)).match(/"calldata"/g)).toHaveLength(1);
    }
  });

  it("of calls with rules of their own keep those", () => {
    const exec = "function exec(bytes data)";
    const some = (amount: bigint) => encodeFunctionData({ abi: inner, functionName: "burn", args: [amount] });
    const upTo = (amount: bigint) => isCall({ abi: inner, functionName: "burn", args: { amount } });
    const rules = { args: { data: allOf(anyOf(upTo(5n), isPing, upTo(7n)), anyOf(isPing, upTo(7n), upTo(8n))) } };
    expect(accepts(exec, rules, [some(7n)])).toBe(true);
    expect(accepts(exec, rules, [ping])).toBe(true);
    for (const amount of [5n, 6n, 8n]) expect(accepts(exec, rules, [some(amount)])).toBe(false);
  });

  const three = "run(uint8 a, uint8 b, uint8 c, string text)";
  const kinds = (or: readonly unknown[]) =>
    decodeAbiRuleConfig(configOf(three, { or })).map((group) =>
      group.map((rule) => ("word" in rule ? `${rule.word}=${Number(rule.references[0])}` : "arguments")),
    );

  it("across static arguments stay rules on words while there are at most eight groups", () => {
    const both = (value: number) => ({ a: value, b: value });
    expect(kinds([both(1), both(2), both(3)])).toEqual([
      ["0=1", "0=2", "0=3"],
      ["0=1", "0=2", "1=3"],
      ["0=1", "1=2", "0=3"],
      ["0=1", "1=2", "1=3"],
      ["1=1", "0=2", "0=3"],
      ["1=1", "0=2", "1=3"],
      ["1=1", "1=2", "0=3"],
      ["1=1", "1=2", "1=3"],
    ]);
    const all = (value: number) => ({ a: value, b: value, c: value });
    expect(kinds([all(1), all(2)])).toEqual([["arguments"]]);
    expect(kinds([{ a: 1 }, { text: "b" }])).toEqual([["arguments"]]);
    expect(kinds([{ a: 1 }, { b: 2 }])).toEqual([["0=1", "1=2"]]);
  });

  it("with something dynamic in them are one rule for each", () => {
    const groupsOf = (signature: string, rules: Rules) =>
      decodeAbiRuleConfig(configOf(signature, rules)).flatMap((group) =>
        group.flatMap((rule) => ("shape" in rule ? rule.groups : [])),
      );
    const two = [
      [
        { test: "all", groups: [[{}], [{}]] },
        { test: "all", groups: [[{}], [{}]] },
      ],
    ];
    expect(
      groupsOf(three, {
        or: [
          { a: 1, text: "x" },
          { b: 2, c: 3 },
        ],
      }),
    ).toMatchObject(two);
    const list = { list: anyOf({ 0: 1, 1: 2 }, { 0: 3, 1: 4 }) };
    expect(groupsOf("run(uint8[] list)", { args: list })).toMatchObject(two);
  });

  it("mean the same as one rule for each of them", () => {
    const signature = `function ${three}`;
    const run = (or: readonly unknown[], values: readonly unknown[]) => accepts(signature, { or }, values);
    const all = (value: number) => ({ a: value, b: value, c: value });
    const mixed = [{ a: 1, text: "x" }, { b: 2, c: 3 }, { c: 9 }];
    const numbers = [1, 2].flatMap((a) => [1, 2].flatMap((b) => [1, 2, 3, 9].map((c) => [a, b, c])));
    for (const [a, b, c] of numbers) {
      expect(run([all(1), all(2)], [a, b, c, "x"])).toBe(a === b && b === c);
      const withoutText = (b === 2 && c === 3) || c === 9;
      expect(run(mixed, [a, b, c, "x"])).toBe(a === 1 || withoutText);
      expect(run(mixed, [a, b, c, "y"])).toBe(withoutText);
    }
  });

  it("go together with the rules for all calls", () => {
    const signature = `function ${three}`;
    const rules = { args: { c: lte(5) }, or: [{ a: 1 }, { b: 2 }] };
    expect(accepts(signature, rules, [1, 0, 5, ""])).toBe(true);
    expect(accepts(signature, rules, [0, 2, 5, ""])).toBe(true);
    expect(accepts(signature, rules, [1, 2, 6, ""])).toBe(false);
    expect(accepts(signature, rules, [0, 0, 5, ""])).toBe(false);
  });

  it("of elements of a fixed array are each tried", () => {
    const signature = "function run(uint8[3] list, string[2] names)";
    const rules = (list: unknown, names: unknown) => ({ args: { list, names } });
    const only = rules(some(anyOf(3, 4)), every(neq("x")));
    expect(
      accepts(signature, only, [
        [0, 0, 4],
        ["a", "b"],
      ]),
    ).toBe(true);
    expect(
      accepts(signature, only, [
        [0, 0, 5],
        ["a", "b"],
      ]),
    ).toBe(false);
    expect(
      accepts(signature, only, [
        [3, 0, 5],
        ["a", "x"],
      ]),
    ).toBe(false);
  });
});

describe("tagged bytes", () => {
  const abi: Abi = parseAbi(["function execute(bytes commands, bytes[] inputs)"]);
  const amount = (limit: bigint) => isEncoding("uint256 amount", { amount: lte(limit) });
  const encoded = (value: bigint) => encodeAbiParameters([{ type: "uint256" }], [value]);
  const run = (allowed: Parameters<typeof taggedBy>[1], commands: Hex, inputs: readonly Hex[]): boolean => {
    const config = configOf(abi, { args: { inputs: taggedBy("commands", allowed) } });
    try {
      checkAbiRules({ config, data: encodeFunctionData({ abi, args: [commands, inputs] }), account });
      return true;
    } catch (error) {
      if (error instanceof ArgumentRuleNotMetError) return false;
      throw error;
    }
  };

  it("have tags from 0 to 255, and may have several encodings for one", () => {
    const allowed = { 0: anyOf(amount(5n), amount(7n)), 255: anything() };
    expect(run(allowed, "0x00", [encoded(7n)])).toBe(true);
    expect(run(allowed, "0x00", [encoded(8n)])).toBe(false);
    expect(run(allowed, "0xff", ["0x1234"])).toBe(true);
    expect(run(allowed, "0xfe", ["0x1234"])).toBe(false);
  });

  it("find their tags beside them, in a tuple as well", () => {
    const signature = "function run(bytes commands, (uint8 x, bytes commands, bytes[] inputs) params)";
    const rules = { args: { params: { inputs: taggedBy("commands", { 1: anything() }) } } };
    const values = (outer: Hex, commands: Hex) => [outer, { x: 0, commands, inputs: ["0x"] }];
    expect(accepts(signature, rules, values("0x02", "0x01"))).toBe(true);
    expect(accepts(signature, rules, values("0x01", "0x02"))).toBe(false);
  });
});
