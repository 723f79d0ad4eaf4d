import fc from "fast-check";
import { encodeAbiParameters, type Hex } from "viem";
import { describe, expect, it } from "vitest";
import { account, stranger } from "../../test/fixtures.js";
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
  .chain(({ count, ...rule }) => {
    const two = rule.comparison === "between" || rule.comparison === "mask";
    const length = rule.comparison === "isAccount" ? 0 : rule.comparison === "oneOf" ? count : two ? 2 : 1;
    const reference = hex(getTypeInfo(rule.type)?.width ?? 1);
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
    expect(check({ ...rule, type: "bool" }, "uint256", 2n)).toThrow(ArgumentMalformedError);
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
