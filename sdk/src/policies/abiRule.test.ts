import fc from "fast-check";
import { concat, encodeAbiParameters, type Hex, numberToHex, size } from "viem";
import { describe, expect, it } from "vitest";
import { account, stranger } from "../../test/fixtures.js";
import { toldPosition } from "../../test/told.js";
import {
  type AbiRule,
  AbiRuleConfigError,
  ArgumentMalformedError,
  ArgumentMissingError,
  checkAbiRules,
  decodeAbiRuleConfig,
  encodeAbiRuleConfig,
  NoRuleMetError,
  RuleNotMetError,
  RulesTooDeepError,
} from "../index.js";
import { comparisons, getTypeInfo, getTypeName } from "./abiRule.js";

const hex = (length: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes): Hex => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);

const types = [
  ...Array.from({ length: 32 }, (_, index) => `uint${8 * (index + 1)}`).filter((type) => type !== "uint160"),
  ...Array.from({ length: 32 }, (_, index) => `int${8 * (index + 1)}`),
  ...Array.from({ length: 32 }, (_, index) => `bytes${index + 1}`),
  "address",
  "bool",
];

const arbitraryRule: fc.Arbitrary<AbiRule> = fc
  .record({
    word: fc.integer({ min: 0, max: 0xffff }),
    type: fc.constantFrom(...types),
    comparison: fc.constantFrom(...comparisons),
    count: fc.integer({ min: 1, max: 4 }),
  })
  .filter(({ type, comparison }) => comparison !== "isAccount" || type === "address")
  .filter(({ type, comparison }) => comparison !== "mask" || !type.startsWith("int"))
  .chain(({ count, ...rule }) => {
    const two = rule.comparison === "between" || rule.comparison === "mask";
    const length = rule.comparison === "isAccount" ? 0 : rule.comparison === "oneOf" ? count : two ? 2 : 1;
    const reference =
      rule.type === "bool" ? fc.constantFrom<Hex>("0x00", "0x01") : hex(getTypeInfo(rule.type)?.width ?? 1);
    return fc.record({
      ...{ word: fc.constant(rule.word), type: fc.constant(rule.type), comparison: fc.constant(rule.comparison) },
      references: fc.array(reference, { minLength: length, maxLength: length }),
    });
  });

describe("encodeAbiRuleConfig and decodeAbiRuleConfig", () => {
  it("undo each other", () => {
    const groups = fc.array(fc.array(arbitraryRule, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(groups, (any) => {
        expect(decodeAbiRuleConfig(encodeAbiRuleConfig(any))).toEqual(any);
      }),
    );
  });

  it("know every type by its code", () => {
    for (const type of types) expect(getTypeName(getTypeInfo(type)?.code ?? 0)).toBe(type);
    for (const type of ["uint0", "uint7", "uint264", "bytes33", "bytes0", "string", "uint8[2]", "tuple"])
      expect(getTypeInfo(type)).toBeUndefined();
  });

  it.each([
    "0x",
    "0x00",
    "0x0100",
    "0x01010000002000",
    "0x0101010000200000",
    "0x010100000000c10a",
    "0x010100000000140900",
  ])("refuse the configuration %s", (config) => {
    expect(() => decodeAbiRuleConfig(config as Hex)).toThrow(AbiRuleConfigError);
  });

  it("refuse no groups, and a group without rules", () => {
    expect(() => encodeAbiRuleConfig([])).toThrow(AbiRuleConfigError);
    expect(() => encodeAbiRuleConfig([[]])).toThrow(AbiRuleConfigError);
  });
});

describe("checkAbiRules", () => {
  const check = (rule: Omit<AbiRule, "word">, type: string, value: unknown) => () =>
    checkAbiRules({
      config: encodeAbiRuleConfig([[{ word: 0, ...rule }]]),
      data: `0x12345678${encodeAbiParameters([{ type }], [value]).slice(2)}`,
      account,
    });

  it.each([
    ["eq", "uint256", [`0x${"5".padStart(64, "0")}`], [5n], [4n, 6n]],
    ["neq", "uint8", ["0x05"], [4, 6], [5]],
    ["lt", "uint8", ["0x05"], [4], [5, 6]],
    ["lte", "uint8", ["0x05"], [4, 5], [6]],
    ["gt", "uint8", ["0x05"], [6], [4, 5]],
    ["gte", "uint8", ["0x05"], [5, 6], [4]],
    ["between", "uint8", ["0x05", "0x07"], [5, 6, 7], [4, 8]],
    ["oneOf", "uint8", ["0x05", "0x07"], [5, 7], [4, 6, 8]],
    ["mask", "uint8", ["0x0c", "0x04"], [4, 5, 20], [0, 8, 12]],
    ["lt", "uint8", ["0x80"], [0, 127], [128, 255]],
    ["between", "uint8", ["0x7f", "0x81"], [127, 128, 129], [126, 130, 255]],
    ["gt", "uint256", [`0x${"7f".repeat(32)}`], [2n ** 256n - 1n], [0n, 1n]],
    ["lt", "int8", ["0xff"], [-2, -128], [-1, 0, 127]],
    ["between", "int16", ["0xfffe", "0x0002"], [-2, 0, 2], [-3, 3]],
    ["eq", "bytes4", ["0x12345678"], ["0x12345678"], ["0x12345679"]],
    ["mask", "bytes4", ["0xff000000", "0x12000000"], ["0x12345678"], ["0x13345678"]],
    ["eq", "bool", ["0x01"], [true], [false]],
    ["isAccount", "address", [], [account], [stranger]],
  ] as const)("%s of %s %j", (comparison, type, references, good, bad) => {
    for (const value of good) expect(check({ type, comparison, references }, type, value)).not.toThrow();
    for (const value of bad) expect(check({ type, comparison, references }, type, value)).toThrow(RuleNotMetError);
  });

  it("refuses arguments that are missing or no proper values of their type", () => {
    const rule = { type: "uint8", comparison: "neq", references: ["0x05"] } as const;
    const run = (data: Hex) => () =>
      checkAbiRules({ config: encodeAbiRuleConfig([[{ word: 0, ...rule }]]), data, account });
    expect(run("0x12345678")).toThrow(ArgumentMissingError);
    expect(run(`0x12345678${"00".repeat(31)}`)).toThrow(ArgumentMissingError);
    expect(check(rule, "uint256", 256n)).toThrow(ArgumentMalformedError);
    expect(check({ ...rule, type: "int8" }, "uint256", 255n)).toThrow(ArgumentMalformedError);
    expect(check({ ...rule, type: "bool", references: ["0x01"] }, "uint256", 2n)).toThrow(ArgumentMalformedError);
    expect(check({ ...rule, type: "bytes1" }, "bytes2", "0x1234")).toThrow(ArgumentMalformedError);
  });

  it("needs one rule of each group, with all words in order", () => {
    const five = { word: 0, type: "uint8", comparison: "eq", references: ["0x05"] } as const;
    const config = encodeAbiRuleConfig([[five, { ...five, word: 1 }]]);
    const run =
      (...values: number[]) =>
      () =>
        checkAbiRules({
          config,
          data: `0x12345678${values.map((value) => value.toString(16).padStart(64, "0")).join("")}`,
          account,
        });
    expect(run(5, 1)).not.toThrow();
    expect(run(1, 5)).not.toThrow();
    expect(run(1, 1)).toThrow(NoRuleMetError);
    expect(run(5)).toThrow(ArgumentMissingError);
    expect(run(5, 256)).toThrow(ArgumentMalformedError);
  });
});

describe("a configuration that is nested too deep", () => {
  /** Bytes with their length before them. */
  const part = (...parts: readonly Hex[]): Hex => concat([numberToHex(size(concat(parts)), { size: 2 }), ...parts]);
  /** A body of one rule. */
  const body = (rule: Hex): Hex => concat(["0x0101", rule]);
  const times = (count: number, byte: string): Hex => `0x${byte.repeat(count)}`;
  const path = (steps: number): Hex => concat([numberToHex(steps, { size: 1 }), times(steps, "00")]);
  // Tests: contents that are nothing, and what a call, an encoding and elements are.
  const isNothing: Hex = "0x050000";
  const call = (groups: Hex): Hex => concat(["0x0c", part("0x0112345678", part(groups))]);
  const decoded = (...shapeAndBody: readonly Hex[]): Hex => concat(["0x0d", part(...shapeAndBody)]);
  const every = (rule: Hex): Hex => concat(["0x0a", part(body(rule))]);
  const wordIsFive: Hex = ("0x00000001" + "0005") as Hex;

  const read = (shape: Hex, rule: Hex) => () => decodeAbiRuleConfig(concat(["0x010101", part(shape, body(rule))]));
  const from = (position: number) => new RulesTooDeepError({ position });

  /** Bodies in bodies about one argument of bytes, of which the first begins at byte 7, and each other 6 bytes later. */
  const inside = (levels: number, test: Hex) => {
    let rule = concat([path(1), test]);
    for (let level = 0; level < levels; level++) rule = concat([path(0), "0x09", part(body(rule))]);
    return read("0x01c2", rule);
  };

  it("is refused from the thirteenth body on", () => {
    expect(inside(11, isNothing)).not.toThrow();
    expect(inside(12, isNothing)).toThrow(from(7 + 12 * 6));
    expect(inside(10, call(body(wordIsFive)))).not.toThrow();
    expect(inside(11, call("0x"))).not.toThrow();
    expect(inside(11, call(body(wordIsFive)))).toThrow(RulesTooDeepError);
    expect(inside(10, decoded("0x01c2", body(concat([path(1), isNothing]))))).not.toThrow();
    expect(inside(11, decoded("0x01c2"))).not.toThrow();
    expect(inside(11, decoded("0x01c2", body(concat([path(1), isNothing]))))).toThrow(RulesTooDeepError);
    expect(inside(10_900, isNothing)).toThrow(RulesTooDeepError);
  });

  it("is refused from the seventeenth step on", () => {
    // Bytes in seven arrays, to which eight steps lead, and in them once more.
    const shape = concat(["0x01", times(7, "c3"), "0xc2"]);
    const run = (steps: number, test: Hex) =>
      read(shape, concat([path(8), decoded(shape, body(concat([path(steps), test])))]));
    expect(run(8, isNothing)).not.toThrow();
    expect(run(8, call("0x"))).not.toThrow();
    expect(run(8, call(body(wordIsFive)))).toThrow(RulesTooDeepError);
    expect(run(8, decoded("0x01c2", body(concat([path(1), isNothing]))))).toThrow(RulesTooDeepError);
    expect(run(7, every(concat([path(0), isNothing])))).not.toThrow();
    expect(run(7, every(concat([path(0), call(body(wordIsFive))])))).toThrow(RulesTooDeepError);

    // Numbers in eight arrays: nine steps lead to them, of which the last is the 17th, at byte 49.
    const numbers = (steps: number, test: Hex) =>
      read(
        shape,
        concat([path(8), decoded(concat(["0x01", times(8, "c3"), "0x01"]), body(concat([path(steps), test])))]),
      );
    expect(numbers(9, "0x000005")).toThrow(from(49));
    expect(numbers(8, every("0x00000005"))).toThrow(RulesTooDeepError);
    expect(numbers(7, every(concat([path(0), "0x01", "0x0000000005"])))).not.toThrow();

    // Nine steps lead to bytes that hold lists of tags and of bytes, to which more lead.
    const tagged = (toTags: number, toList: number) => {
      const list = concat(["0x02", times(toTags - 1, "c3"), "0xc2", times(toList, "c3"), "0xc2"]);
      const toOne = concat([numberToHex(toList, { size: 1 }), "0x01", times(toList - 1, "00")]);
      const rule = concat([toOne, "0x0e", part(path(toTags), "0x01010000")]);
      return read(shape, concat([path(8), decoded("0x01c2", body(concat([path(1), decoded(list, body(rule))])))]));
    };
    expect(tagged(7, 6)).not.toThrow();
    expect(tagged(8, 6)).toThrow(RulesTooDeepError);
    expect(tagged(7, 7)).toThrow(RulesTooDeepError);
  });
});

describe("a malformed configuration", () => {
  const positionOf = (config: Hex) => toldPosition(AbiRuleConfigError, () => decodeAbiRuleConfig(config));

  it.each<[string, Hex, number]>([
    ["is empty", "0x", 0],
    ["has no groups", "0x00", 0],
    ["has a group without rules", "0x0100", 1],
    ["has a second group without rules", "0x0201000000010005" + "00", 8],
    ["has a rule of another kind", "0x0101020000010005", 2],
    ["has the type 0x00", "0x0101000000000005", 5],
    ["has the type 0x21", "0x0101000000210005", 5],
    ["has the type 0x40", "0x0101000000400005", 5],
    ["has the type 0x61", "0x0101000000610005", 5],
    ["has the type 0x80", "0x0101000000800005", 5],
    ["has the type 0xa1", "0x0101000000a10005", 5],
    ["has bytes for a word", "0x0101000000c20005", 5],
    ["has a comparison that there is not", "0x0101000000010a05", 6],
    ["compares with one of nothing", "0x01010000000107" + "00", 7],
    ["ends before a reference", "0x01010000000200" + "05", 7],
    ["ends before a word's type", "0x0101000000", 5],
    ["goes on behind its end", "0x010100000001000500", 8],
    ["has a mask of signed numbers", "0x0101000000410801" + "01", 6],
    ["takes a number for the account", "0x0101000000010900", 6],
    ["takes bytes for the account", "0x010100000094090000", 6],
    ["takes a truth value for the account", "0x0101000000c109", 6],
    ["compares with a truth value of 2", "0x0101000000c10002", 7],
    ["compares with truth values of which the last is 255", "0x0101000000c1070301" + "00ff", 10],
  ] as [string, Hex, number][])("%s, at the byte that is told", (_, config, position) => {
    expect(positionOf(config)).toBe(position);
  });

  // Groups (1), rules (1), kind (1), length (2), the shape and what follows it.
  const about = (...parts: readonly string[]): Hex => {
    const bytes = concat(parts.map((part): Hex => `0x${part.replaceAll(" ", "")}`));
    return concat(["0x010101", numberToHex(size(bytes), { size: 2 }), bytes]);
  };

  it.each<[string, Hex, number]>([
    ["no words", about("00"), 5],
    ["a code that there is not, followed by one that there is", about("01 c6 02 c2 c2"), 6],
    ["a static tuple that is no element", about("01 c5 01 20"), 6],
    ["a dynamic tuple of static words", about("01 c4 02 20 20"), 9],
    ["a static tuple of arrays", about("01 c3 c5 02 20 c3 20"), 10],
    ["an end in its midst", about("02 c2"), 7],
  ])("has a shape of %s", (_, config, position) => {
    expect(positionOf(config)).toBe(position);
  });

  it("may have what is as deep as can be", () => {
    expect(positionOf(about("01", "c3".repeat(8), "20"))).toBe("is read");
    expect(positionOf(about("01", "c3".repeat(7), "c2"))).toBe("is read");
    expect(positionOf(about("01", "c3".repeat(8), "c5 02 20 20"))).toBe("is read");
    for (const [types, position] of [
      [`${"c3".repeat(9)}20`, 14],
      [`${"c3".repeat(8)}c2`, 14],
      [`${"c4 01".repeat(8)}c4 02 c2 20`, 22],
    ] as const)
      expect(() => decodeAbiRuleConfig(about("01", types))).toThrow(new RulesTooDeepError({ position }));
    expect(positionOf(about("01", "c4 01".repeat(7), "c2"))).toBe("is read");
  });

  // Shape `bytes`, one group of one rule, whose path begins at byte 9.
  const bytes = (...rule: readonly string[]) => about("01 c2", "01 01", ...rule);
  const word = (...rule: readonly string[]) => about("01 20", "01 01", ...rule);
  const list = (...rule: readonly string[]) => about("01 c3 20", "01 01", ...rule);

  it.each<[string, Hex, number]>([
    ["no groups", about("01 c2", "00"), 7],
    ["bytes behind its end", about("01 c2", "01 01", "01 00 05 0000", "ff"), 14],
    ["a path that ends nowhere", bytes("01 01", "05 0000"), 10],
    ["a path into bytes", bytes("02 00 00", "05 0000"), 11],
    ["a test that there is not", bytes("01 00", "0f 0000"), 11],
    ["the value of bytes", bytes("01 00", "00 00 05"), 11],
    ["the length of a word", word("01 00", "01 00 00000005"), 11],
    ["the hash of a word", word("01 00", `02 00 ${"00".repeat(32)}`), 11],
    ["a slice of a word", word("01 00", "03 0000 01 00 05"), 11],
    ["contents of an array", list("01 00", "05 0000"), 12],
    ["a call in a word", word("01 00", "0c 0007 01 12345678 0000"), 11],
    ["every element of bytes", bytes("01 00", "0a 0005 0101 0001 00"), 11],
    ["some element of a word", word("01 00", "0b 0005 0101 0001 00"), 11],
    ["tags of words", list("01 00", "0e 0006 01 00 01 01 0000"), 12],
    ["tags of bytes", bytes("01 00", "0e 0006 01 00 01 01 0000"), 11],
    ["a beginning of nothing", bytes("01 00", "07 0000"), 12],
    ["an end of nothing", bytes("01 00", "08 0000"), 12],
    ["tags that are a list", about("01 c3 c2", "01 01", "01 00", "0e 0006 01 00 01 01 0000"), 15],
    ["tags that are words", about("02 c3 c2 20", "01 01", "01 00", "0e 0006 01 01 01 01 0000"), 16],
    ["tags that are nowhere", about("01 c3 c2", "01 01", "01 00", "0e 0006 01 01 01 01 0000"), 15],
    ["a slice of a truth value", bytes("01 00", "03 0000 c1 00 01"), 14],
    ["a slice of an unknown type", bytes("01 00", "04 0000 c2 00 01"), 14],
    ["a call of no function", bytes("01 00", "0c 0001 00"), 14],
    ["a call that is cut short", bytes("01 00", "0c 0004 01 123456"), 15],
    ["a call with a rule of another kind", bytes("01 00", "0c 000f 01 12345678 0008 01 01 02 0000 01 00 05"), 23],
    ["more than one body for a call", bytes("01 00", "0c 0008 01 12345678 0000 ff"), 21],
    ["an inner shape of no words", bytes("01 00", "0d 0001 00"), 14],
    ["a group of no rules inside of a part", bytes("00", "09 0005 02 01", "01 00", "05 0000", "00"), 18],
  ])("has a rule on %s", (_, config, position) => {
    expect(positionOf(config)).toBe(position);
  });
});
