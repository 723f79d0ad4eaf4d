import { concat, encodeAbiParameters, type Hex, numberToHex, parseAbiParameters, size } from "viem";
import { describe, expect, it } from "vitest";
import { account, recipient } from "../../test/fixtures.js";
import { told } from "../../test/told.js";
import {
  type AbiCallRule,
  type AbiRule,
  type AbiRuleGroup,
  allowMessages,
  checkAbiRules,
  decodeAbiRuleConfig,
  encodeAbiRuleConfig,
  gasLimit,
  nativeLimit,
  packedAt,
  usageLimit,
} from "../index.js";
import type { AbiShapeType } from "./abiShape.js";
import { isProper, toArgumentValue } from "./abiWord.js";

const careless = (value: unknown) => value as never;
const one: AbiRule = { word: 0, type: "uint8", comparison: "eq", references: ["0x05"] };
const lengthIs = { test: "length", comparison: "eq", references: ["0x00000001"] };
const valueRule = (rule: object): AbiCallRule => ({ shape: ["bytes"], groups: [[careless({ path: [0], ...rule })]] });
const times = <item>(count: number, item: item): readonly item[] => Array.from({ length: count }, () => item);

describe("rules that cannot be encoded", () => {
  const encode = (...groups: AbiRuleGroup[]) => told(() => encodeAbiRuleConfig(groups));
  const wide = times(255, one);

  it("are refused in these words", () => {
    expect([
      encode(),
      encode([]),
      encode([one], []),
      encode(...times(256, [one])),
      encode([...wide, one]),
      encode(...times(60, wide)),
      encode([{ ...one, word: 0x10000 }]),
      encode([{ ...one, type: "string" }]),
      encode([{ ...one, comparison: "oneOf", references: times(256, "0x05" as const) }]),
      encode([{ shape: [], groups: [] }]),
      encode([{ shape: careless(times(256, "bytes")), groups: [] }]),
      encode([{ shape: ["string"], groups: [] }]),
      encode([valueRule({ ...lengthIs, path: [-1] })]),
      encode([valueRule({ ...lengthIs, path: [256] })]),
      encode([valueRule({ ...lengthIs, path: [0.5] })]),
      encode([valueRule({ test: "calldata", alternatives: [] })]),
      encode([valueRule({ test: "calldata", alternatives: times(256, { selector: "0x12345678", groups: [] }) })]),
      encode([valueRule({ test: "calldata", alternatives: [{ selector: "0x123456", groups: [] }] })]),
      encode([valueRule({ test: "slice", offset: 0, type: "bool", comparison: "eq", references: ["0x01"] })]),
    ]).toMatchInlineSnapshot(`
      [
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 0",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 1",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 8",
        "TooManyError: Too many groups of rules. | Limit: 255 | Actual: 256",
        "TooManyError: Too many rules in a group. | Limit: 255 | Actual: 256",
        "TooManyError: Too many bytes of rules on a call. | Limit: 65535 | Actual: 91861",
        "TooManyError: Too many words before an argument. | Limit: 65535 | Actual: 65536",
        "InvalidParameterError: \`type\` is not a type of one word.",
        "TooManyError: Too many values in a rule. | Limit: 255 | Actual: 256",
        "InvalidParameterError: \`()\` is not a type of arguments.",
        "TooManyError: Too many words of arguments. | Limit: 255 | Actual: 256",
        "InvalidParameterError: \`string\` is not a type of arguments.",
        "InvalidParameterError: \`path\` is not a list of bytes.",
        "InvalidParameterError: \`path\` is not a list of bytes.",
        "InvalidParameterError: \`path\` is not a list of bytes.",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 14",
        "TooManyError: Too many alternatives. | Limit: 255 | Actual: 256",
        "InvalidParameterError: \`selector\` is not four bytes.",
        "InvalidParameterError: \`type\` is not a type of slices.",
      ]
    `);
  });

  it("for what they compare with are refused in these words", () => {
    const of = (rule: object) => encode([careless({ ...one, ...rule })]);
    const inside = (rule: object) => encode([valueRule(rule)]);
    expect([
      of({ references: [] }),
      of({ references: ["0x05", "0x06"] }),
      of({ references: ["0x0005"] }),
      of({ type: "uint256" }),
      of({ comparison: "between" }),
      of({ comparison: "oneOf", references: [] }),
      of({ comparison: "oneOf", references: ["0x05", "0x0006"] }),
      of({ type: "address", comparison: "isAccount", references: [recipient] }),
      inside({ ...lengthIs, references: ["0x01"] }),
      inside({ test: "hash", comparison: "eq", references: ["0x01"] }),
      inside({ test: "slice", offset: 0, type: "uint16", comparison: "eq", references: ["0x01"] }),
      inside({ test: "value", comparison: "eq", references: ["0x01"] }),
      inside({ path: [1], test: "value", comparison: "eq", references: ["0x01"] }),
      encode([
        { shape: ["uint8"], groups: [[{ path: [0], test: "value", comparison: "eq", references: ["0x0001"] }]] },
      ]),
      encode([
        {
          shape: [{ array: "uint8" }],
          groups: [
            [
              {
                ...{ path: [0], test: "every" },
                groups: [
                  [
                    {
                      path: [],
                      test: "all",
                      groups: [[{ path: [], test: "value", comparison: "lt", references: ["0x0001"] }]],
                    },
                  ],
                ],
              },
            ],
          ],
        },
      ]),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint256 has.",
        "InvalidParameterError: \`references\` is not a list of 2, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 2, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 0, each as many bytes as address has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint32 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as bytes32 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint16 has.",
        "InvalidParameterError: \`path\` is not the way to a single word.",
        "InvalidParameterError: \`path\` is not the way to a single word.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
        "InvalidParameterError: \`references\` is not a list of 1, each as many bytes as uint8 has.",
      ]
    `);
  });

  it("because the contract would refuse them are refused with their place in the configuration", () => {
    const of = (rule: object) => encode([careless({ ...one, ...rule })]);
    expect([
      of({ comparison: "isAccount", references: [] }),
      of({ type: "int8", comparison: "mask", references: ["0x01", "0x01"] }),
      of({ type: "bool", references: ["0x02"] }),
      encode([valueRule({ test: "prefix", content: "0x" })]),
      encode([valueRule({ test: "every", groups: [[{ path: [], test: "equals", content: "0x" }]] })]),
      encode([valueRule({ path: [1], test: "equals", content: "0x" })]),
      encode([{ shape: ["uint8"], groups: [[{ path: [0], test: "equals", content: "0x" }]] }]),
      encode([valueRule({ test: "tagged", tags: [0], alternatives: [{ tag: 1 }] })]),
    ]).toMatchInlineSnapshot(`
      [
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 6",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 6",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 7",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 12",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 11",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 10",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 11",
        "AbiRuleConfigError: The configuration of argument rules is malformed. | Position: byte 11",
      ]
    `);
  });

  // The configuration is 14 bytes and the content.
  const content = (length: number) => valueRule({ test: "equals", content: `0x${"11".repeat(length)}` });
  const inside = (levels: number, rule: object): object =>
    levels === 0 ? rule : { path: [], test: "all", groups: [[inside(levels - 1, rule)]] };
  const deep = (levels: number): AbiCallRule => ({
    shape: ["bytes"],
    groups: [[careless(inside(levels, { path: [0], ...lengthIs }))]],
  });

  // Arrays in arrays, in the inmost of which is one of `last`; its path has a step more than there are arrays.
  const arrays = (count: number, last: "bytes" | "uint8") =>
    times(count, 0).reduce<AbiShapeType>((array) => ({ array }), last);
  const tuples = (count: number) =>
    times(count - 1, 0).reduce<AbiShapeType>((inner) => ({ tuple: [inner] }), { array: "uint8" });

  it("for their length or depth are refused in these words", () => {
    expect([
      encode([content(65_522)]),
      encode([content(65_536)]),
      encode([
        valueRule({
          test: "decoded",
          shape: ["bytes"],
          groups: [[{ path: [0], test: "equals", content: `0x${"11".repeat(65_535)}` }]],
        }),
      ]),
      encode([deep(12)]),
      encode([{ shape: [arrays(8, "bytes")], groups: [] }]),
      encode([{ shape: [tuples(9)], groups: [] }]),
      encode([{ shape: [{ staticTuple: ["uint8", "uint8"] }], groups: [] }]),
    ]).toMatchInlineSnapshot(`
      [
        "TooManyError: Too many bytes of rules on a call. | Limit: 65535 | Actual: 65536",
        "TooManyError: Too many bytes of rules on a call. | Limit: 65535 | Actual: 65536",
        "TooManyError: Too many bytes of rules on a call. | Limit: 65535 | Actual: 65544",
        "TooManyError: Too many rules inside one another. | Limit: 12 | Actual: 13",
        "TooManyError: Too many dynamic types inside one another. | Limit: 8 | Actual: 9",
        "TooManyError: Too many dynamic types inside one another. | Limit: 8 | Actual: 9",
        "InvalidParameterError: \`a static tuple that is no element\` is not a type of arguments.",
      ]
    `);
    expect(size(encodeAbiRuleConfig([[content(65_521)]]))).toBe(65_535);
    expect(decodeAbiRuleConfig(encodeAbiRuleConfig([[deep(11)]]))).toEqual([[deep(11)]]);
    for (const type of [arrays(7, "bytes"), arrays(8, "uint8"), tuples(8)]) {
      const rules = [[{ shape: [type], groups: [] }]];
      expect(decodeAbiRuleConfig(encodeAbiRuleConfig(rules))).toEqual(rules);
    }
  });

  const path = (steps: number) => times(steps, 0);

  it("for the steps to what they are about are refused in these words", () => {
    const decoded = (steps: number, inner: object): AbiCallRule => ({
      shape: [arrays(steps - 1, "bytes")],
      groups: [[careless({ path: path(steps), test: "decoded", ...inner })]],
    });
    const five = { test: "value", comparison: "eq", references: ["0x05"] };
    const value = (steps: number) => ({
      shape: [arrays(steps - 1, "uint8")],
      groups: [[{ path: path(steps), ...five }]],
    });
    const every = (steps: number) => ({
      shape: [arrays(steps, "uint8")],
      groups: [[{ path: path(steps), test: "every", groups: [[{ path: [], ...five }]] }]],
    });
    const all = (steps: number) => ({
      shape: [arrays(steps - 1, "uint8")],
      groups: [[{ path: [], test: "all", groups: [[{ path: path(steps), ...five }]] }]],
    });
    const call = (groups: readonly AbiRuleGroup[]) => ({
      ...{ shape: [arrays(7, "bytes")] },
      groups: [[{ path: path(8), test: "calldata", alternatives: [{ selector: "0x12345678", groups }] }]],
    });
    const tagged = (tagsAt: number, inputsAt: number, shape: "uint8" | undefined) => ({
      shape: [arrays(tagsAt - 1, "bytes"), arrays(inputsAt, "bytes")],
      groups: [
        [
          {
            ...{ path: [1, ...path(inputsAt - 1)], test: "tagged", tags: path(tagsAt) },
            alternatives: [
              { tag: 1, ...(shape ? { arguments: { shape: [shape], groups: [[{ path: [0], ...five }]] } } : {}) },
            ],
          },
        ],
      ],
    });
    const good = [
      decoded(8, value(8)),
      decoded(8, every(7)),
      decoded(8, all(8)),
      decoded(7, call([[one]])),
      decoded(8, call([])),
      decoded(8, tagged(8, 7, undefined)),
      decoded(8, decoded(1, tagged(7, 6, undefined))),
      decoded(8, tagged(1, 6, "uint8")),
    ];
    for (const rule of good) expect(decodeAbiRuleConfig(encodeAbiRuleConfig([[rule]]))).toEqual([[rule]]);
    expect([
      encode([decoded(8, value(9))]),
      encode([decoded(8, every(8))]),
      encode([decoded(8, call([[one]]))]),
      encode([decoded(8, decoded(1, tagged(8, 1, undefined)))]),
      encode([decoded(8, decoded(1, tagged(1, 7, undefined)))]),
      encode([decoded(8, tagged(1, 7, "uint8"))]),
      encode([valueRule({ ...lengthIs, path: path(17) })]),
    ]).toMatchInlineSnapshot(`
      [
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
        "TooManyError: Too many steps to a value. | Limit: 16 | Actual: 17",
      ]
    `);
  });

  it("are not those at the bounds, and come back as they are", () => {
    const rules: readonly (readonly AbiRuleGroup[])[] = [
      times(255, [one]),
      [wide],
      [[{ ...one, word: 0xffff }]],
      [[{ ...one, comparison: "oneOf", references: times(255, "0x05" as const) }]],
      [[valueRule({ path: [0], test: "calldata", alternatives: times(255, { selector: "0x12345678", groups: [] }) })]],
      [[{ shape: careless(times(255, "bytes")), groups: [] }]],
      [[{ shape: ["bytes"], groups: [] }]],
    ];
    for (const groups of rules) expect(decodeAbiRuleConfig(encodeAbiRuleConfig(groups))).toEqual(groups);
  });
});

describe("what a message or a limit may not be", () => {
  const beginning = { beginning: "hi" };

  it("is told in these words", () => {
    expect([
      told(() => allowMessages([])),
      told(() => allowMessages(times(256, beginning))),
      told(() => allowMessages([{ beginning: "" }])),
      told(() => gasLimit(careless(5))),
      told(() => nativeLimit(careless(5))),
      told(() => usageLimit(careless(5))),
      told(() => usageLimit({ total: 1n, of: careless("days") })),
      told(() => gasLimit({})),
      told(() => gasLimit({ atOnce: 2n ** 128n })),
      told(() => gasLimit({ total: 2n ** 108n })),
      told(() => gasLimit({ total: 1n, salt: 2 ** 32 })),
      told(() => gasLimit({ perPeriod: { amount: 1n, period: careless("year") } })),
      told(() => gasLimit({ perPeriod: { amount: 1n, period: careless(["day"]) } })),
      told(() => gasLimit({ perPeriod: { amount: 1n, period: 299 } })),
      told(() => gasLimit({ perPeriod: { amount: 1n, period: 2 ** 32 } })),
      told(() => gasLimit({ perPeriod: { amount: 1n, period: "day", anchor: -1 } })),
      told(() => gasLimit({ perPeriod: { amount: 2n ** 108n, period: "day" } })),
      told(() => packedAt(0, careless("bool"), careless(true))),
      told(() => packedAt(0, careless("string"), careless("x"))),
      told(() => packedAt(0x10000, "address", recipient)),
      told(() => packedAt(-19, "address", recipient)),
      told(() => packedAt(-0xffff - 21, "address", recipient)),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidParameterError: \`alternatives\` is not a list of 1 to 255.",
        "InvalidParameterError: \`alternatives\` is not a list of 1 to 255.",
        "InvalidParameterError: \`beginning\` is not a text of at least one character.",
        "InvalidParameterError: \`gasLimit's argument\` is not an object.",
        "InvalidParameterError: \`nativeLimit's argument\` is not an object.",
        "InvalidParameterError: \`usageLimit's argument\` is not an object.",
        "InvalidParameterError: \`of\` is not "operations" or "calls".",
        "MissingLimitError: There is no limit. | Give at least one of: \`atOnce\`, \`total\`, \`perPeriod\`",
        "InvalidAmountError: \`atOnce\` is out of range. | Expected: a bigint from 0 to 340282366920938463463374607431768211455 | Actual: 340282366920938463463374607431768211456n",
        "InvalidAmountError: \`total\` is out of range. | Expected: a bigint from 0 to 324518553658426726783156020576255 | Actual: 324518553658426726783156020576256n",
        "InvalidNumberError: \`salt\` is not a whole number in its range. | Expected: a number from 0 to 4294967295 | Actual: 4294967296",
        "InvalidNumberError: \`perPeriod.period\` is not a whole number in its range. | Expected: a number from 300 to 4294967295 | Actual: a string of 4 characters",
        "InvalidNumberError: \`perPeriod.period\` is not a whole number in its range. | Expected: a number from 300 to 4294967295 | Actual: an array of 1",
        "InvalidNumberError: \`perPeriod.period\` is not a whole number in its range. | Expected: a number from 300 to 4294967295 | Actual: 299",
        "InvalidNumberError: \`perPeriod.period\` is not a whole number in its range. | Expected: a number from 300 to 4294967295 | Actual: 4294967296",
        "InvalidTimeError: \`perPeriod.anchor\` is not a time in seconds. | Expected: a Date, or a whole number of seconds since 1970 | Actual: -1",
        "InvalidAmountError: \`perPeriod.amount\` is out of range. | Expected: a bigint from 0 to 324518553658426726783156020576255 | Actual: 324518553658426726783156020576256n",
        "InvalidRuleError: The rule on \`bool at 0\` is not valid: only addresses, integers and bytesN are read like this. | Type: bool",
        "InvalidRuleError: The rule on \`string at 0\` is not valid: only addresses, integers and bytesN are read like this. | Type: string",
        "InvalidNumberError: \`offset\` is not a whole number in its range. | Expected: a number from -65555 to 65535 | Actual: 65536",
        "InvalidNumberError: \`offset\` is not a whole number in its range. | Expected: a number from -65555 to -20 | Actual: -19",
        "InvalidNumberError: \`offset\` is not a whole number in its range. | Expected: a number from -65555 to 65535 | Actual: -65556",
      ]
    `);
  });

  it("is not what is at the bounds", () => {
    expect(size(allowMessages(times(255, beginning)).config)).toBe(1 + 255 * 5);
    gasLimit({ atOnce: 2n ** 128n - 1n, total: 2n ** 108n - 1n, salt: 2 ** 32 - 1 });
    gasLimit({ perPeriod: { amount: 2n ** 108n - 1n, period: 2 ** 32 - 1 } });
    gasLimit({ perPeriod: { amount: 1n, period: 300, anchor: 1e11 } });
    packedAt(0xffff, "address", recipient);
    packedAt(-20, "address", recipient);
    packedAt(-0xffff - 20, "address", recipient);
  });
});

describe("what an argument is, in errors", () => {
  it.each([
    ["bool", `0x${"00".repeat(31)}01`, true],
    ["bool", "0x00", false],
    ["bytes4", `0x12345678${"00".repeat(28)}`, "0x12345678"],
    ["bytes4", "0x12345678", "0x12345678"],
    ["bytes4", "0x1234", "0x1234"],
    ["int8", `0x${"ff".repeat(32)}`, -1n],
    ["uint8", "0x", "0x"],
    ["uint", "0x05", 5n],
    ["int", `0x${"ff".repeat(32)}`, -1n],
    ["string", "0x1234", "0x1234"],
    ["xuint8", "0x05", "0x05"],
    ["uint8x", "0x05", "0x05"],
    ["address", `0x${"00".repeat(12)}${recipient.slice(2)}`, recipient],
    ["address", `0x${"00".repeat(11)}01${"00".repeat(20)}`, `0x${"00".repeat(11)}01${"00".repeat(20)}`],
  ] as const)("%s %s", (type, data, value) => {
    expect(toArgumentValue(type, data)).toBe(value);
  });

  it("is proper of no type that there is not", () => {
    expect(isProper("string", 0n)).toBe(false);
  });

  it("names the word, the type and what is there", () => {
    const config = encodeAbiRuleConfig([[{ ...one, word: 1 }]]);
    const data = concat(["0x12345678", encodeAbiParameters(parseAbiParameters("uint256, uint256"), [1n, 256n])]);
    const context = { callIndex: 2 };
    const check = (of: Hex) => told(() => checkAbiRules({ config, data: of, account, context }));
    expect(check(data)).toMatchInlineSnapshot(
      `"ArgumentMalformedError: An argument is no proper value of its type. | Argument word: 1 | Type: uint8 | Actual: 0x0000000000000000000000000000000000000000000000000000000000000100 | Call: 2"`,
    );
    expect(check("0x12345678")).toMatchInlineSnapshot(
      `"ArgumentMissingError: The calldata ends before an argument that a rule is about. | Argument word: 1 | Calldata: 4 bytes | Call: 2"`,
    );
    expect(
      check(concat(["0x12345678", numberToHex(0, { size: 32 }), numberToHex(6, { size: 32 })])),
    ).toMatchInlineSnapshot(
      `"RuleNotMetError: An argument does not meet the session's rule. | Expected: equal to 5 | Actual: 6 | Argument word: 1 (uint8) | Rule group: 0 | Call: 2"`,
    );
    expect(
      check(concat(["0x12345678", numberToHex(0, { size: 32 }), numberToHex(5, { size: 31 })])),
    ).toMatchInlineSnapshot(
      `"ArgumentMissingError: The calldata ends before an argument that a rule is about. | Argument word: 1 | Calldata: 67 bytes | Call: 2"`,
    );
  });
});

describe("a place in an argument", () => {
  const selector = "0x12345678";
  const check = (rule: object, shape: readonly string[], type: string, value: unknown) => {
    const config = encodeAbiRuleConfig([[{ shape: careless(shape), groups: [[careless({ path: [0], ...rule })]] }]]);
    const data = concat([selector, encodeAbiParameters([{ type }], [careless(value)])]);
    return () => checkAbiRules({ config, data, account });
  };

  it("of a list is counted from its start below 128, and from its end above", () => {
    const list = (...at: readonly number[]) => Array.from({ length: 200 }, (_, index) => (at.includes(index) ? 1 : 0));
    const element = (index: number, values: readonly number[]) =>
      check(
        { path: [0, index], test: "value", comparison: "eq", references: ["0x01"] },
        careless([{ array: "uint8" }]),
        "uint8[]",
        values,
      );
    for (const [index, at] of [
      [0, 0],
      [127, 127],
      [128, 72],
      [255, 199],
    ] as const) {
      expect(element(index, list(at))).not.toThrow();
      expect(
        element(index, list(...Array.from({ length: 200 }, (_, other) => other).filter((other) => other !== at))),
      ).toThrow();
    }
    expect(element(128, [1])).toThrow();
    expect(
      element(
        127,
        Array.from({ length: 127 }, () => 1),
      ),
    ).toThrow();
  });

  it("of bytes is signed, or not, as its type is, and has to be there", () => {
    const slice = (
      test: "slice" | "sliceFromEnd",
      offset: number,
      type: string,
      references: readonly Hex[],
      value: Hex,
    ) => check({ test, offset, type, comparison: "lt", references }, ["bytes"], "bytes", value);
    // -2 and 65,534.
    expect(slice("slice", 1, "int16", ["0x0000"], "0x00fffe")).not.toThrow();
    expect(slice("slice", 1, "uint16", ["0x0001"], "0x00fffe")).toThrow();
    expect(slice("sliceFromEnd", 0, "int16", ["0xffff"], "0x00fffe")).not.toThrow();
    expect(slice("sliceFromEnd", 0, "int16", ["0xfffe"], "0x00fffe")).toThrow();
    expect(slice("sliceFromEnd", 1, "int16", ["0xffff"], "0xfffe00")).not.toThrow();
    expect(slice("slice", 1, "uint16", ["0xffff"], "0x0000")).toThrow();
    expect(slice("sliceFromEnd", 1, "uint16", ["0xffff"], "0x0000")).toThrow();
    expect(slice("sliceFromEnd", 0, "uint16", ["0xffff"], "0x0000")).not.toThrow();
  });

  it("is nowhere in no calldata, and in a selector alone", () => {
    const config = encodeAbiRuleConfig([[{ shape: ["bytes"], groups: [] }]]);
    for (const data of ["0x", "0x123456", selector] as const)
      expect(() => checkAbiRules({ config, data, account })).toThrow();
  });
});
