import fc from "fast-check";
import {
  type AbiParameter,
  concat,
  encodeAbiParameters,
  encodeErrorResult,
  encodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
  parseAbi,
  parseAbiParameters,
  size,
  slice,
  stringToHex,
} from "viem";
import { describe, expect, it } from "vitest";
import { account, stranger } from "../../test/fixtures.js";
import { told } from "../../test/told.js";
import {
  type AbiArgumentsRule,
  AbiRuleConfigError,
  type AbiShape,
  type AbiValueRule,
  ArgumentRuleNotMetError,
  ArgumentsNotCanonicalError,
  abiRulePolicyAbi,
  checkAbiRules,
  decodeAbiRuleConfig,
  decodeSessionError,
  encodeAbiRuleConfig,
  InvalidParameterError,
  NoRuleMetError,
  RulesTooDeepError,
  TooManyError,
  toAbiShape,
} from "../index.js";
import { encodeShape, toAbiParameters } from "./abiShape.js";

const selector = "0x12345678";

const only = (shape: AbiShape, ...rules: AbiValueRule[]): Hex =>
  encodeAbiRuleConfig([[{ shape, groups: rules.length === 0 ? [] : [rules] }]]);

const check = (config: Hex, data: Hex) => () => checkAbiRules({ config, data, account });

const call = (types: string, values: readonly unknown[]): Hex =>
  concat([selector, encodeAbiParameters(parseAbiParameters(types) as readonly AbiParameter[], values)]);

/** One word of the data behind the selector replaced. */
const withWord = (data: Hex, index: number, word: bigint): Hex => {
  const start = 4 + 32 * index;
  const rest: Hex = size(data) > start + 32 ? slice(data, start + 32) : "0x";
  return concat([slice(data, 0, start), numberToHex(word, { size: 32 }), rest]);
};

const uint = (value: number | bigint, bytes = 32): Hex => numberToHex(value, { size: bytes });

describe("toAbiShape", () => {
  it.each<[string, AbiShape, Hex]>([
    ["address,uint256", ["address", "uint256"], "0x021420"],
    ["bytes,bytes[],uint256", ["bytes", { array: "bytes" }, "uint256"], "0x03c2c3c220"],
    ["(bytes,address,uint256,uint256)", [{ tuple: ["bytes", "address", "uint256", "uint256"] }], "0x01c404c2142020"],
    ["(address,bool,bytes)[]", [{ array: { tuple: ["address", "bool", "bytes"] } }], "0x01c3c40314c1c2"],
    [
      "(address,address,uint160,address)[]",
      [{ array: { staticTuple: ["address", "address", "uint160", "address"] } }],
      "0x01c3c50414141414",
    ],
    [
      "(address,uint160,uint48,uint48),address[2],string",
      ["address", "uint160", "uint48", "uint48", "address", "address", "bytes"],
      "0x0714140606" + "1414c2",
    ] as [string, AbiShape, Hex],
    ["uint8[2][]", [{ array: { staticTuple: ["uint8", "uint8"] } }], "0x01c3c5020101"],
    ["uint8[][2]", [{ tuple: [{ array: "uint8" }, { array: "uint8" }] }], "0x01c402c301c301"],
    ["(uint8)[]", [{ array: "uint8" }], "0x01c301"],
    ["string[2][3]", [{ tuple: Array(3).fill({ tuple: ["bytes", "bytes"] }) }], "0x01c403c402c2c2c402c2c2c402c2c2"],
  ])("of %s", (types, shape, encoded) => {
    expect(toAbiShape(parseAbiParameters(types) as readonly AbiParameter[])).toEqual(shape);
    expect(encodeShape(shape)).toBe(encoded);
  });

  it("encodes values as their own types do", () => {
    const types = parseAbiParameters("(uint8,(string,int16[2])[],bytes3)[2], address, (bool,uint64)[]");
    const order = [1, [["a", [1, -2]]], "0x010203"] as const;
    const values = [[order, [2, [], "0x040506"]], account, [[true, 5n]]];
    const flat = [
      [
        [1, [["0x61", 1, -2]], "0x010203"],
        [2, [], "0x040506"],
      ],
      account,
      [[true, 5n]],
    ];
    expect(encodeAbiParameters(toAbiParameters(toAbiShape(types)), flat)).toBe(
      encodeAbiParameters(types as readonly AbiParameter[], values),
    );
  });

  it("of a function pointer is 24 bytes", () => {
    expect(toAbiShape([{ type: "function" }, { type: "function[]" }])).toEqual(["bytes24", { array: "bytes24" }]);
  });

  it.each(["uint7", "tuple", "fixed128x18", "uint8[0]", "uint8[2]x", "uint8[", "[2]"])("refuses %s", (type) => {
    expect(() => toAbiShape([{ type }])).toThrow(InvalidParameterError);
  });
});

describe("encodeAbiRuleConfig and decodeAbiRuleConfig, of dynamic data", () => {
  const note = { shape: ["bytes"], groups: [] } as const;
  const example: AbiArgumentsRule = {
    shape: [{ array: "bytes" }],
    groups: [
      [
        {
          path: [0],
          test: "every",
          groups: [
            [
              {
                path: [],
                test: "calldata",
                alternatives: [
                  {
                    selector: "0xa9059cbb",
                    groups: [[{ word: 1, type: "uint256", comparison: "lte", references: [uint(100)] }]],
                  },
                  { selector: "0x1b352c43", groups: [[note]] },
                ],
              },
            ],
          ],
        },
      ],
    ],
  };

  it("give the example of the documentation, as the contract's tests do", () => {
    const expected = concat([
      "0x0101",
      "0x01004b01c3c2010101000a00410101000c003b02",
      "0xa9059cbb002701010000012003",
      uint(100),
      "0x1b352c43000701010100" + "0201c2",
    ] as readonly Hex[]);
    expect(encodeAbiRuleConfig([[example]])).toBe(expected);
    expect(decodeAbiRuleConfig(expected)).toEqual([[example]]);
  });

  // (uint256, bytes, bytes[], (bytes,uint8)[], (int16,bool)[])
  const shape: AbiShape = [
    "uint256",
    "bytes",
    { array: "bytes" },
    { array: { tuple: ["bytes", "uint8"] } },
    { array: { staticTuple: ["int16", "bool"] } },
  ];
  const every: readonly AbiValueRule[] = [
    { path: [0], test: "value", comparison: "oneOf", references: [uint(1), uint(2)] },
    { path: [3, 0, 1], test: "value", comparison: "mask", references: ["0x01", "0x01"] },
    { path: [4, 255, 0], test: "value", comparison: "between", references: ["0xffff", "0x0005"] },
    { path: [1], test: "length", comparison: "lt", references: [uint(9, 4)] },
    { path: [2], test: "length", comparison: "gte", references: [uint(1, 4)] },
    { path: [1], test: "hash", comparison: "eq", references: [uint(7)] },
    { path: [1], test: "slice", offset: 20, type: "address", comparison: "isAccount", references: [] },
    { path: [2, 0], test: "sliceFromEnd", offset: 0, type: "bytes4", comparison: "neq", references: ["0x01020304"] },
    { path: [1], test: "equals", content: "0x" },
    { path: [1], test: "differs", content: "0x0102" },
    { path: [3, 128, 0], test: "prefix", content: "0x01" },
    { path: [3, 0, 0], test: "suffix", content: "0x02" },
    { path: [], test: "all", groups: [[{ path: [1], test: "equals", content: "0x03" }]] },
    {
      path: [3],
      test: "some",
      groups: [[{ path: [1], test: "value", comparison: "eq", references: ["0x01"] }]],
    },
    { path: [1], test: "decoded", shape: ["uint8"], groups: [] },
    { path: [1], test: "calldata", alternatives: [{ selector: "0x01020304", groups: [] }] },
    {
      path: [2],
      test: "tagged",
      tags: [1],
      alternatives: [{ tag: 0 }, { tag: 255, arguments: { shape: ["bytes"], groups: [] } }],
    },
  ];

  it("undo each other, whatever the rules", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom(...every), { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
        (groups) => {
          const config = encodeAbiRuleConfig([
            [{ shape, groups }],
            [{ word: 0, type: "address", comparison: "isAccount", references: [] }],
          ]);
          expect(decodeAbiRuleConfig(config)).toEqual([
            [{ shape, groups }],
            [{ word: 0, type: "address", comparison: "isAccount", references: [] }],
          ]);
        },
      ),
    );
  });

  it("refuse configurations that are cut short, or longer", () => {
    const config = only(shape, ...every);
    for (let length = 1; length < size(config); length++)
      expect(() => decodeAbiRuleConfig(slice(config, 0, length))).toThrow(AbiRuleConfigError);
    expect(() => decodeAbiRuleConfig(concat([config, "0x00"]))).toThrow(AbiRuleConfigError);
  });

  it.each<Hex>([
    // No words; unknown codes; a static tuple that is no element; a dynamic tuple that is static.
    "0x010101000100",
    "0x010101000201c6",
    "0x010101000301c3c0",
    "0x010101000401c50120",
    "0x010101000401c40120",
    // A path that leaves the shape; a value of bytes; an element of bytes; an unknown test.
    "0x010101000901c201010101050000",
    "0x010101000801c2010101000000",
    "0x010101000a01c20101020000050000",
    "0x010101000901c2010101000f0000",
  ])("refuse %s", (config) => {
    expect(() => decodeAbiRuleConfig(config)).toThrow(AbiRuleConfigError);
  });

  it("refuse bodies without groups, and groups without rules", () => {
    expect(() => only(["bytes"], { path: [], test: "all", groups: [] })).toThrow(AbiRuleConfigError);
    expect(() => only(["bytes"], { path: [], test: "all", groups: [[]] })).toThrow(AbiRuleConfigError);
    expect(() => only(["bytes"], { path: [0], test: "calldata", alternatives: [] })).toThrow(AbiRuleConfigError);
  });

  it("refuse what is nested too deep", () => {
    const nest = (levels: number): AbiValueRule =>
      levels === 0
        ? { path: [0], test: "length", comparison: "eq", references: [uint(0, 4)] }
        : { path: [], test: "all", groups: [[nest(levels - 1)]] };
    expect(() => only(["bytes"], nest(11))).not.toThrow();
    expect(() => only(["bytes"], nest(12))).toThrow(TooManyError);
    const deep = (levels: number): AbiShape => [levels === 1 ? "bytes" : { array: deep(levels - 1)[0] ?? "bytes" }];
    expect(() => only(deep(8))).not.toThrow();
    expect(() => only(deep(9))).toThrow(TooManyError);
  });
});

describe("checkAbiRules, of dynamic data", () => {
  const text = stringToHex("a text of more than thirty-two bytes");

  it.each<[string, AbiValueRule, Hex, Hex]>([
    ["length", { path: [0], test: "length", comparison: "lte", references: [uint(2, 4)] }, "0x0102", "0x010203"],
    ["hash", { path: [0], test: "hash", comparison: "eq", references: [keccak256(text)] }, text, "0x01"],
    ["equals", { path: [0], test: "equals", content: text }, text, "0x01"],
    ["equals nothing", { path: [0], test: "equals", content: "0x" }, "0x", "0x00"],
    ["differs", { path: [0], test: "differs", content: "0x01" }, text, "0x01"],
    ["prefix", { path: [0], test: "prefix", content: "0x0102" }, "0x010203", "0x010302"],
    ["suffix", { path: [0], test: "suffix", content: "0x0203" }, "0x010203", "0x0203ff"],
    [
      "slice",
      { path: [0], test: "slice", offset: 1, type: "int8", comparison: "lt", references: ["0x00"] },
      "0x01ff01",
      "0xff7fff",
    ],
    [
      "slice that is missing",
      { path: [0], test: "slice", offset: 1, type: "uint16", comparison: "gte", references: ["0x0000"] },
      "0x010203",
      "0x0102",
    ],
    [
      "slice from the end",
      { path: [0], test: "sliceFromEnd", offset: 1, type: "address", comparison: "isAccount", references: [] },
      concat(["0x0505", account, "0x00"]),
      concat(["0x0505", stranger, "0x00"]),
    ],
    [
      "slice of bytes",
      { path: [0], test: "sliceFromEnd", offset: 0, type: "bytes2", comparison: "eq", references: ["0x0203"] },
      "0x010203",
      "0x020301",
    ],
    [
      "arguments without selector",
      {
        path: [0],
        test: "decoded",
        shape: ["uint8", "bytes"],
        groups: [[{ path: [1], test: "equals", content: "0x05" }]],
      },
      encodeAbiParameters(parseAbiParameters("uint8, bytes"), [1, "0x05"]),
      encodeAbiParameters(parseAbiParameters("uint8, bytes"), [1, "0x06"]),
    ],
  ])("%s of bytes", (_, rule, good, bad) => {
    const config = only(["bytes"], rule);
    expect(check(config, call("bytes", [good]))).not.toThrow();
    expect(check(config, call("bytes", [bad]))).toThrow(ArgumentRuleNotMetError);
  });

  const below = (value: number): AbiValueRule => ({
    path: [],
    test: "value",
    comparison: "lt",
    references: [uint(value, 1)],
  });

  it("every element, some element, one element", () => {
    const bytes: AbiShape = [{ array: "uint8" }];
    const of = (values: readonly number[]) => call("uint8[]", [values]);
    const all = only(bytes, { path: [0], test: "every", groups: [[below(5)]] });
    expect(check(all, of([1, 2, 4]))).not.toThrow();
    expect(check(all, of([]))).not.toThrow();
    expect(check(all, of([1, 5]))).toThrow(ArgumentRuleNotMetError);
    const some = only(bytes, { path: [0], test: "some", groups: [[below(5)]] });
    expect(check(some, of([9, 4]))).not.toThrow();
    expect(check(some, of([9, 5]))).toThrow(ArgumentRuleNotMetError);
    expect(check(some, of([]))).toThrow(ArgumentRuleNotMetError);
    const last = only(bytes, { ...below(5), path: [0, 255] } as AbiValueRule);
    expect(check(last, of([9, 4]))).not.toThrow();
    expect(check(last, of([4, 9]))).toThrow(ArgumentRuleNotMetError);
    expect(check(last, of([]))).toThrow(ArgumentRuleNotMetError);
  });

  it("tells the path, what is expected and what is there", () => {
    const config = only([{ array: "uint8" }], { path: [0], test: "every", groups: [[below(5)]] });
    try {
      check(config, call("uint8[]", [[1, 9]]))();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ArgumentRuleNotMetError);
      expect(error).toMatchObject({
        ...{ path: [0, 1], type: "uint8", test: "value", comparison: "lt", expected: [5n], actual: 9n },
      });
    }
  });

  it("inner calls by their functions", () => {
    const abi = parseAbi([
      "function multicall(bytes[] data)",
      "function transfer(address to, uint256 amount)",
      "function note(string text)",
      "function burn(uint256 amount)",
    ]);
    const config = only([{ array: "bytes" }], {
      path: [0],
      test: "every",
      groups: [
        [
          {
            path: [],
            test: "calldata",
            alternatives: [
              {
                selector: "0xa9059cbb",
                groups: [[{ word: 1, type: "uint256", comparison: "lte", references: [uint(100)] }]],
              },
              {
                selector: "0x1b352c43",
                groups: [
                  [
                    {
                      shape: ["bytes"],
                      groups: [[{ path: [0], test: "length", comparison: "lt", references: [uint(5, 4)] }]],
                    },
                  ],
                ],
              },
            ],
          },
        ],
      ],
    });
    const multicall = (...data: readonly Hex[]) => encodeFunctionData({ abi, functionName: "multicall", args: [data] });
    const transfer = (amount: bigint) =>
      encodeFunctionData({ abi, functionName: "transfer", args: [stranger, amount] });
    const note = (value: string) => encodeFunctionData({ abi, functionName: "note", args: [value] });
    expect(check(config, multicall(transfer(100n), note("four")))).not.toThrow();
    expect(check(config, multicall())).not.toThrow();
    expect(check(config, multicall(transfer(100n), transfer(101n)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, multicall(note("fives")))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, multicall(concat([note("four"), "0x00"])))).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, multicall(slice(transfer(100n), 0, 67)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, multicall("0x"))).toThrow(ArgumentRuleNotMetError);
    const burn = encodeFunctionData({ abi, functionName: "burn", args: [1n] });
    expect(check(config, multicall(transfer(1n), burn))).toThrow(/Actual: 0x42966c68/);
  });

  it("inputs by their tags", () => {
    const config = only(["bytes", { array: "bytes" }], {
      path: [1],
      test: "tagged",
      tags: [0],
      alternatives: [
        { tag: 1, arguments: { shape: ["uint8"], groups: [[{ ...below(5), path: [0] } as AbiValueRule]] } },
        { tag: 2 },
      ],
    });
    const run = (tags: Hex, ...inputs: readonly Hex[]) => call("bytes, bytes[]", [tags, inputs]);
    expect(check(config, run("0x0102", uint(4), "0x99"))).not.toThrow();
    expect(check(config, run("0x", ...[]))).not.toThrow();
    expect(check(config, run("0x0101", uint(4), uint(5)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, run("0x0201", uint(4), "0x99"))).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, run("0x03", uint(4)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, run("0x0202", uint(4)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, run("0x02", uint(4), uint(4)))).toThrow(ArgumentRuleNotMetError);
  });

  it("alternatives of several rules, beside rules on words", () => {
    const config = encodeAbiRuleConfig([
      [
        { word: 0, type: "uint256", comparison: "eq", references: [uint(0)] },
        { shape: ["uint256", "bytes"], groups: [[{ path: [1], test: "equals", content: "0x" }]] },
      ],
    ]);
    expect(check(config, call("uint256, bytes", [0n, text]))).not.toThrow();
    expect(check(config, call("uint256, bytes", [8n, "0x"]))).not.toThrow();
    expect(check(config, call("uint256, bytes", [8n, "0x01"]))).toThrow(ArgumentRuleNotMetError);
  });

  it("takes nothing but the canonical encoding", () => {
    const config = only(toAbiShape(parseAbiParameters("uint256, bytes, uint8[]")));
    // Words: 0 number, 1 offset 0x60, 2 offset 0xa0, 3 and 4 bytes, 5 to 7 array.
    const data = call("uint256, bytes, uint8[]", [5n, "0x0102", [1, 2]]);
    expect(check(config, data)).not.toThrow();
    for (const [index, word] of [
      ...[0n, 0x20n, 0x61n, 0xa0n, 1n << 200n, (1n << 256n) - 32n].map((to) => [1, to] as const),
      ...[0x60n, 0x80n, 0xc0n].map((to) => [2, to] as const),
      ...[33n, 1n << 255n, (1n << 256n) - 1n].map((length) => [3, length] as const),
      [4, 1n],
      [5, 1n],
      [5, 3n],
      [6, 256n],
    ] as const)
      expect(check(config, withWord(data, index, word))).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, concat([data, "0x00"]))).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, slice(data, 0, size(data) - 1))).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, "0x")).toThrow(ArgumentsNotCanonicalError);
    expect(check(config, "0x123456")).toThrow(ArgumentsNotCanonicalError);
  });
});

describe("checkAbiRules, of what is not there", () => {
  const lines = (values: readonly string[]) => call("string[], bytes[]", [values, ["0x"]]);
  const of = (...rules: AbiValueRule[]) => only([{ array: "bytes" }, { array: "bytes" }], ...rules);
  const nothing: readonly (readonly AbiValueRule[])[] = [
    [{ path: [], test: "length", comparison: "gt", references: [uint(99, 4)] }],
  ];

  it.each<[string, AbiValueRule]>([
    ["a short length", { path: [0, 1], test: "length", comparison: "lte", references: [uint(5, 4)] }],
    ["nothing", { path: [0, 1], test: "equals", content: "0x" }],
    ["other than nothing", { path: [0, 1], test: "differs", content: "0x" }],
    ["other than something", { path: [0, 254], test: "differs", content: "0x01" }],
    ["a hash", { path: [0, 1], test: "hash", comparison: "eq", references: [keccak256("0x")] }],
    ["another hash", { path: [0, 1], test: "hash", comparison: "neq", references: [uint(0)] }],
    ["rules about it", { path: [0, 1], test: "all", groups: [[{ path: [], test: "equals", content: "0x" }]] }],
  ])("does not take an element that is missing for %s", (_, rule) => {
    expect(check(of(rule), lines(["a"]))).toThrow(ArgumentRuleNotMetError);
    expect(check(of(rule), lines([]))).toThrow(ArgumentRuleNotMetError);
  });

  it("does not take a missing array for one without elements", () => {
    const config = only([{ array: { array: "bytes" } }], { path: [0, 1], test: "every", groups: nothing });
    expect(check(config, call("bytes[][]", [[["0x01"], []]]))).not.toThrow();
    expect(check(config, call("bytes[][]", [[["0x01"]]]))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, call("bytes[][]", [[[], ["0x01"]]]))).toThrow(ArgumentRuleNotMetError);
  });

  it("does not take missing tags for none", () => {
    const config = of({ path: [1], test: "tagged", tags: [0, 1], alternatives: [{ tag: 0 }] });
    const run = (tags: readonly Hex[], inputs: readonly Hex[]) =>
      check(config, call("bytes[], bytes[]", [tags, inputs]));
    expect(run(["0x", "0x00"], ["0x1234"])).not.toThrow();
    expect(run(["0x", "0x"], [])).not.toThrow();
    expect(run(["0x"], [])).toThrow(ArgumentRuleNotMetError);
    expect(run(["0x00"], ["0x1234"])).toThrow(ArgumentRuleNotMetError);
  });

  it("does not take a word of an inner call that is dirty, or cut short", () => {
    const config = only(["bytes"], {
      path: [0],
      test: "calldata",
      alternatives: [{ selector, groups: [[{ word: 1, type: "uint8", comparison: "neq", references: ["0x05"] }]] }],
    });
    const inner = (...words: readonly Hex[]) => call("bytes", [concat([selector, ...words])]);
    expect(check(config, inner(uint(1), uint(6)))).not.toThrow();
    expect(check(config, inner(uint(1), uint(5)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, inner(uint(1), uint(256)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, inner(uint(1), uint(6, 31)))).toThrow(ArgumentRuleNotMetError);
    expect(check(config, inner(uint(1)))).toThrow(ArgumentRuleNotMetError);
  });

  it("does not take calldata without arguments for an encoding of them", () => {
    const config = only(["bytes"]);
    for (const data of ["0x", "0x123456", selector] as const)
      expect(check(config, data)).toThrow(ArgumentsNotCanonicalError);
  });

  it("does not take bytes before the first, or behind the last, for a slice", () => {
    const slices = (test: "slice" | "sliceFromEnd", offset: number) =>
      only(["bytes"], { path: [0], test, offset, type: "bytes2", comparison: "neq", references: ["0x0000"] });
    const bytes = (value: Hex) => call("bytes", [value]);
    expect(check(slices("slice", 1), bytes("0x001234"))).not.toThrow();
    expect(check(slices("slice", 1), bytes("0x0012"))).toThrow(ArgumentRuleNotMetError);
    expect(check(slices("sliceFromEnd", 1), bytes("0x123400"))).not.toThrow();
    expect(check(slices("sliceFromEnd", 1), bytes("0x1234"))).toThrow(ArgumentRuleNotMetError);
    expect(check(slices("sliceFromEnd", 9), bytes("0x1234"))).toThrow(ArgumentRuleNotMetError);
    expect(check(slices("sliceFromEnd", 0), bytes("0x"))).toThrow(ArgumentRuleNotMetError);
  });
});

describe("what checkAbiRules says about a rule that does not hold", () => {
  const refusal = (config: Hex, data: Hex): string =>
    told(() => checkAbiRules({ config, data, account, context: { callIndex: 3 } }));
  const bytes = (rule: AbiValueRule, value: Hex) => refusal(only(["bytes"], rule), call("bytes", [value]));
  const five = { test: "value", comparison: "lt", references: ["0x05"] } as const;

  it("about bytes is the test, what is expected, and what is there", () => {
    expect([
      bytes({ path: [0], test: "length", comparison: "lte", references: [uint(1, 4)] }, "0x0102"),
      bytes({ path: [0], test: "hash", comparison: "neq", references: [keccak256("0x01")] }, "0x01"),
      bytes({ path: [0], test: "slice", offset: 1, type: "int8", comparison: "gt", references: ["0xff"] }, "0x00fe"),
      bytes(
        { path: [0], test: "sliceFromEnd", offset: 0, type: "uint16", comparison: "lt", references: ["0x0005"] },
        "0x000006",
      ),
      bytes(
        { path: [0], test: "slice", offset: 1, type: "uint16", comparison: "lt", references: ["0x0005"] },
        "0x0000",
      ),
      bytes({ path: [0], test: "equals", content: "0x0102" }, "0x0103"),
      bytes({ path: [0], test: "differs", content: "0x" }, "0x"),
      bytes({ path: [0], test: "prefix", content: "0x0102" }, "0x0103"),
      bytes({ path: [0], test: "suffix", content: "0x0102" }, "0x0103"),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: at most 1 | Actual: 2 | Argument: 0 (uint32) | Test: length | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: not equal to 0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2 | Actual: 0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2 | Argument: 0 (bytes32) | Test: hash | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: more than -1 | Actual: -2 | Argument: 0 (int8) | Test: slice | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 6 | Argument: 0 (uint16) | Test: sliceFromEnd | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: no such value | Argument: 0 (uint16) | Test: slice | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x0102 | Actual: 0x0103 | Argument: 0 (bytes) | Test: equals | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x | Actual: 0x | Argument: 0 (bytes) | Test: differs | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x0102 | Actual: 0x0103 | Argument: 0 (bytes) | Test: prefix | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x0102 | Actual: 0x0103 | Argument: 0 (bytes) | Test: suffix | Call: 3",
      ]
    `);
  });

  it("about an element is which one, counted from the start if it is there", () => {
    const numbers = only([{ array: "uint8" }], { path: [0, 254], ...five });
    const texts: AbiValueRule = { path: [0, 2], test: "prefix", content: "0x61" };
    expect([
      refusal(numbers, call("uint8[]", [[1, 7, 2]])),
      refusal(numbers, call("uint8[]", [[7]])),
      refusal(only([{ array: "bytes" }], texts), call("string[]", [["b", "c"]])),
      refusal(only([{ array: "bytes" }], texts), call("string[]", [["b", "c", "d"]])),
      refusal(
        only([{ array: { tuple: ["bytes", "uint8"] } }], { path: [0, 1, 1], ...five }),
        call("(string,uint8)[]", [
          [
            ["a", 1],
            ["b", 6],
          ],
        ]),
      ),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 7 | Argument: 0 > 1 (uint8) | Test: value | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: no such value | Argument: 0 > 254 (uint8) | Test: value | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x61 | Actual: no such value | Argument: 0 > 2 (bytes) | Test: prefix | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x61 | Actual: 0x64 | Argument: 0 > 2 (bytes) | Test: prefix | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 6 | Argument: 0 > 1 > 1 (uint8) | Test: value | Call: 3",
      ]
    `);
  });

  it("about some element is what the last one has against it, or that there is none", () => {
    const some = (groups: readonly (readonly AbiValueRule[])[], values: readonly number[]) =>
      refusal(only([{ array: "uint8" }], { path: [0], test: "some", groups }), call("uint8[]", [values]));
    expect([
      some([[{ path: [], ...five }]], [6, 7]),
      some([[{ path: [], ...five }]], []),
      some(
        [
          [
            { path: [], ...five },
            { path: [], test: "value", comparison: "gt", references: ["0x08"] },
          ],
        ],
        [6],
      ),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 7 | Argument: 0 > 1 (uint8) | Test: value | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: what the rules inside allow | Actual: 0x | Argument: 0 (array) | Test: some | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: more than 8 | Actual: 6 | Argument: 0 > 0 (uint8) | Test: value | Call: 3",
      ]
    `);
  });

  it("about an array or a tuple that is missing calls it by its kind", () => {
    const missing = (inner: AbiShape[number], type: string, test: "all" | "every") =>
      refusal(
        only([{ array: inner }], {
          path: [0, 0],
          test,
          groups: [[{ path: test === "all" ? [0] : [], test: "equals", content: "0x" }]],
        }),
        call(type, [[]]),
      );
    expect([
      missing({ array: "bytes" }, "bytes[][]", "every"),
      missing({ tuple: ["bytes", "uint8"] }, "(bytes,uint8)[]", "all"),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: what the rules inside allow | Actual: no such value | Argument: 0 > 0 (array) | Test: every | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: what the rules inside allow | Actual: no such value | Argument: 0 > 0 (tuple) | Test: all | Call: 3",
      ]
    `);
  });

  it("about a call is its selector and those that are allowed, or what its arguments have against them", () => {
    const other = "0xdeadbeef";
    const config = only(["bytes"], {
      path: [0],
      test: "calldata",
      alternatives: [
        { selector, groups: [[{ word: 1, type: "uint8", comparison: "lt", references: ["0x05"] }]] },
        { selector: other, groups: [[{ shape: ["bytes"], groups: [] }]] },
      ],
    });
    const inner = (...parts: readonly Hex[]) => refusal(config, call("bytes", [concat(parts)]));
    expect([
      inner("0x01020304", uint(1)),
      inner("0x010203"),
      inner("0x"),
      inner(selector, uint(1), uint(6)),
      inner(selector, uint(1), uint(256)),
      inner(other, uint(1)),
      inner(other),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x12345678, 0xdeadbeef | Actual: 0x01020304 | Argument: 0 (bytes) | Test: calldata | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x12345678, 0xdeadbeef | Actual: 0x010203 | Argument: 0 (bytes) | Test: calldata | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x12345678, 0xdeadbeef | Actual: 0x | Argument: 0 (bytes) | Test: calldata | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 6 | Argument: 0 > 1 (uint8) | Test: value | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: no such value | Argument: 0 > 1 (uint8) | Test: value | Call: 3",
        "ArgumentsNotCanonicalError: The arguments are not encoded as the session's rule demands. | Argument: 0 | Call: 3",
        "ArgumentsNotCanonicalError: The arguments are not encoded as the session's rule demands. | Argument: 0 | Call: 3",
      ]
    `);
  });

  it("about tagged bytes is the tag and those that are allowed, or what the bytes have against them", () => {
    const config = only(["bytes", { array: "bytes" }], {
      path: [1],
      test: "tagged",
      tags: [0],
      alternatives: [{ tag: 1, arguments: { shape: ["uint8"], groups: [[{ path: [0], ...five }]] } }, { tag: 254 }],
    });
    const run = (tags: Hex, ...inputs: readonly Hex[]) => refusal(config, call("bytes, bytes[]", [tags, inputs]));
    expect([
      run("0xfe02", "0x", uint(1)),
      run("0xfe01", "0x", uint(5)),
      run("0xfe01", "0x", "0x05"),
      run("0xfe", "0x", "0x"),
    ]).toMatchInlineSnapshot(`
      [
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x01, 0xfe | Actual: 0x02 | Argument: 1 > 1 (bytes) | Test: tagged | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: less than 5 | Actual: 5 | Argument: 1 > 1 > 0 (uint8) | Test: value | Call: 3",
        "ArgumentsNotCanonicalError: The arguments are not encoded as the session's rule demands. | Argument: 1 > 1 | Call: 3",
        "ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x01, 0xfe | Actual: 0xfe | Argument: 1 (array) | Test: tagged | Call: 3",
      ]
    `);
    const missing = only([{ array: "bytes" }, { array: "bytes" }], {
      path: [1],
      test: "tagged",
      tags: [0, 0],
      alternatives: [{ tag: 1 }],
    });
    expect(refusal(missing, call("bytes[], bytes[]", [[], ["0x"]]))).toMatchInlineSnapshot(
      `"ArgumentRuleNotMetError: An argument does not meet the session's rule. | Expected: 0x01 | Actual: no such value | Argument: 1 (array) | Test: tagged | Call: 3"`,
    );
  });

  it("about several rules on words is how many there are, and the last one's word", () => {
    const rule = { word: 0, type: "uint8", comparison: "lt", references: ["0x05"] } as const;
    const config = encodeAbiRuleConfig([[rule], [rule, { ...rule, word: 1 }]]);
    const values = (first: number, second: number) => call("uint8, uint8", [first, second]);
    expect(check(config, values(4, 9))).not.toThrow();
    const apart = encodeAbiRuleConfig([[{ ...rule, comparison: "neq" }], [rule, { ...rule, word: 1 }]]);
    expect(check(apart, values(7, 6))).toThrow(
      new NoRuleMetError({ group: 1, rules: 2, word: 1, actual: uint(6), context: undefined }),
    );
  });
});

describe("decodeSessionError, of rules on dynamic data", () => {
  const abi = abiRulePolicyAbi;

  it.each([
    [
      20,
      0,
      7,
      concat([account, stranger]),
      uint(5),
      { comparison: "oneOf", expected: [account, stranger], type: "address" },
    ],
    [4, 1, 3, "0x00000005", uint(6), { test: "length", type: "uint32", expected: [5n], actual: 6n }],
    [2, 3, 0, "0x0005", "0x", { test: "slice", type: "uint16", expected: [5n], actual: undefined }],
    [0xc2, 7, 0, "0x0102", "0x03", { test: "prefix", type: "bytes or string", expected: ["0x0102"], actual: "0x03" }],
    [0xc2, 12, 0, "0x01", "0xdddddddd", { test: "calldata", comparison: undefined, actual: "0xdddddddd" }],
  ] as const)("of type %i, test %i", (typeCode, test, comparison, expected, actual, decoded) => {
    const data = encodeErrorResult({
      abi,
      errorName: "ArgumentRuleNotMet",
      args: [9n, "0x00010000ffff", typeCode, test, comparison, expected, actual],
    });
    const error = decodeSessionError(data);
    expect(error).toBeInstanceOf(ArgumentRuleNotMetError);
    expect(error).toMatchObject({ path: [1, 0, 65535], ...decoded });
  });

  it("of an encoding that is not canonical", () => {
    const data = encodeErrorResult({
      abi,
      errorName: "ArgumentsNotCanonical",
      args: [2n, "0x0003", 36n, 0xc2, 96n, 32n],
    });
    const error = decodeSessionError(data);
    expect(error).toBeInstanceOf(ArgumentsNotCanonicalError);
    expect(error).toMatchObject({ path: [3], offset: 36 });
    expect(error?.message).toMatch(/Expected: 96[\s\S]*Actual: 32[\s\S]*byte 36/);
  });

  it("of rules that are too deep", () => {
    const data = encodeErrorResult({ abi, errorName: "RulesTooDeep", args: [7n] });
    expect(decodeSessionError(data)).toBeInstanceOf(RulesTooDeepError);
  });
});
