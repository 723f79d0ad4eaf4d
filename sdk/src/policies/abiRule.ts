import { type Address, concat, getAddress, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";
import { TooManyError } from "../errors/input.js";
import {
  AbiRuleConfigError,
  ArgumentMalformedError,
  ArgumentMissingError,
  type CallContext,
  NoRuleMetError,
  RuleNotMetError,
} from "../errors/policy.js";
import { createReader, type Reader } from "../utils/reader.js";

/** The comparisons in the order of their codes. */
export const comparisons = ["eq", "neq", "lt", "lte", "gt", "gte", "between", "oneOf", "mask", "isAccount"] as const;

/** How an argument is compared with the references. */
export type Comparison = (typeof comparisons)[number];

/** A comparison of one 32-byte word of the arguments, as the `ABIRulePolicy` is configured with. */
export type AbiRule = {
  /** Index of the word after the selector. */
  readonly word: number;
  /** The argument's elementary type: `uint256`, `int8`, `address`, `bool`, `bytes4`, ... */
  readonly type: string;
  readonly comparison: Comparison;
  /** What it is compared with, each as many bytes as the type has. */
  readonly references: readonly Hex[];
};

/** A rule about the arguments as a whole, which may be dynamic: their shape, and rules about values in them. */
export type AbiArgumentsRule = {
  /** The shape and the body of rules, as docs/encoding.md has them. */
  readonly shapeAndBody: Hex;
};

/** Rules of which one must hold. */
export type AbiRuleGroup = readonly (AbiRule | AbiArgumentsRule)[];

type TypeInfo = {
  readonly code: number;
  readonly width: number;
  readonly kind: "unsigned" | "signed" | "bytes" | "bool";
};

/** What docs/encoding.md says about a type, or undefined if it is no elementary static type. */
export function getTypeInfo(type: string): TypeInfo | undefined {
  if (type === "address") return { code: 0x14, width: 20, kind: "unsigned" };
  if (type === "bool") return { code: 0xc1, width: 1, kind: "bool" };
  const [, name, digits] =
    /^(uint|int|bytes)(\d+)$/.exec(type === "uint" || type === "int" ? `${type}256` : type) ?? [];
  if (name === undefined || digits === undefined) return undefined;
  const width = name === "bytes" ? Number(digits) : Number(digits) / 8;
  if (!Number.isInteger(width) || width < 1 || width > 32) return undefined;
  if (name === "uint") return { code: width, width, kind: "unsigned" };
  if (name === "int") return { code: 0x40 + width, width, kind: "signed" };
  return { code: 0x80 + width, width, kind: "bytes" };
}

/** The name of the type with a code. `address` and `uint160` share one, which is taken for the former. */
export function getTypeName(code: number): string | undefined {
  if (code === 0xc1) return "bool";
  if (code === 0x14) return "address";
  if (code >= 0x01 && code <= 0x20) return `uint${code * 8}`;
  if (code >= 0x41 && code <= 0x60) return `int${(code - 0x40) * 8}`;
  if (code >= 0x81 && code <= 0xa0) return `bytes${code - 0x80}`;
  return undefined;
}

/** A number, an address, a truth value or bytes, from a word or a reference. */
export function toArgumentValue(type: string, data: Hex): bigint | boolean | Hex {
  const info = getTypeInfo(type);
  if (info === undefined || data === "0x") return data;
  if (info.kind === "bytes") return size(data) > info.width ? slice(data, 0, info.width) : data;
  if (info.kind === "bool") return hexToBigInt(data) === 1n;
  if (info.kind === "signed") return BigInt.asIntN(info.width * 8, hexToBigInt(data));
  const number = hexToBigInt(data);
  if (type === "address") return number < 1n << 160n ? getAddress(numberToHex(number, { size: 20 })) : data;
  return number;
}

/** The configuration of an `ABIRulePolicy`: every group must hold. docs/encoding.md has its layout. */
export function encodeAbiRuleConfig(groups: readonly AbiRuleGroup[]): Hex {
  if (groups.length === 0) throw new AbiRuleConfigError({ position: 0 });
  if (groups.length > 255) throw new TooManyError({ what: "groups of rules", limit: 255, actual: groups.length });
  const config = concat([numberToHex(groups.length, { size: 1 }), ...groups.map(encodeGroup)]);
  if (size(config) > 0xffff)
    throw new TooManyError({ what: "bytes of rules on a call", limit: 0xffff, actual: size(config) });
  return config;
}

function encodeGroup(group: AbiRuleGroup): Hex {
  if (group.length === 0) throw new AbiRuleConfigError({ position: 1 });
  if (group.length > 255) throw new TooManyError({ what: "rules in a group", limit: 255, actual: group.length });
  return concat([numberToHex(group.length, { size: 1 }), ...group.map(encodeRule)]);
}

function encodeRule(rule: AbiRule | AbiArgumentsRule): Hex {
  if (isArgumentsRule(rule))
    return concat(["0x01", numberToHex(size(rule.shapeAndBody), { size: 2 }), rule.shapeAndBody]);
  const { word, type, comparison, references } = rule;
  const info = getTypeInfo(type);
  if (info === undefined) throw new AbiRuleConfigError({ position: 1 });
  if (word > 0xffff) throw new TooManyError({ what: "words before an argument", limit: 0xffff, actual: word });
  if (references.length > 255)
    throw new TooManyError({ what: "values in a rule", limit: 255, actual: references.length });
  return concat([
    "0x00",
    numberToHex(word, { size: 2 }),
    numberToHex(info.code, { size: 1 }),
    numberToHex(comparisons.indexOf(comparison), { size: 1 }),
    ...(comparison === "oneOf" ? [numberToHex(references.length, { size: 1 })] : []),
    ...references,
  ]);
}

/**
 * Reads a configuration of an `ABIRulePolicy`.
 *
 * @throws AbiRuleConfigError if it is malformed.
 */
export function decodeAbiRuleConfig(config: Hex): readonly AbiRuleGroup[] {
  const reader = createReader(config, (position) => {
    throw new AbiRuleConfigError({ position });
  });
  const groups: AbiRuleGroup[] = [];
  const groupCount = reader.number(1);
  if (groupCount === 0) throw new AbiRuleConfigError({ position: 0 });
  for (let group = 0; group < groupCount; group++) {
    const rules: (AbiRule | AbiArgumentsRule)[] = [];
    const ruleCount = reader.number(1);
    if (ruleCount === 0) throw new AbiRuleConfigError({ position: reader.position() - 1 });
    for (let rule = 0; rule < ruleCount; rule++) rules.push(readRule(reader));
    groups.push(rules);
  }
  if (reader.left() > 0) throw new AbiRuleConfigError({ position: reader.position() });
  return groups;
}

function isArgumentsRule(rule: AbiRule | AbiArgumentsRule): rule is AbiArgumentsRule {
  return "shapeAndBody" in rule;
}

function readRule(reader: Reader): AbiRule | AbiArgumentsRule {
  const start = reader.position();
  const kind = reader.number(1);
  if (kind === 1) return { shapeAndBody: reader.bytes(reader.number(2)) };
  const word = reader.number(2);
  const type = getTypeName(reader.number(1));
  const comparison = comparisons[reader.number(1)];
  const info = type === undefined ? undefined : getTypeInfo(type);
  if (kind !== 0 || type === undefined || comparison === undefined || info === undefined)
    throw new AbiRuleConfigError({ position: start });
  const references = Array.from({ length: referenceCount(comparison, reader) }, () => reader.bytes(info.width));
  return { word, type, comparison, references };
}

function referenceCount(comparison: Comparison, reader: Reader): number {
  if (comparison === "isAccount") return 0;
  if (comparison === "between" || comparison === "mask") return 2;
  if (comparison !== "oneOf") return 1;
  const count = reader.number(1);
  if (count === 0) throw new AbiRuleConfigError({ position: reader.position() - 1 });
  return count;
}

/**
 * Checks a call against a configuration of an `ABIRulePolicy`, as the contract does; but whether a rule about the
 * arguments as a whole holds is left to the chain.
 *
 * @throws ArgumentMissingError, ArgumentMalformedError, RuleNotMetError, NoRuleMetError.
 */
export function checkAbiRules({
  config,
  data,
  account,
  context,
}: {
  config: Hex;
  data: Hex;
  account: Address;
  /** Which call it is, for the error. */
  context?: CallContext | undefined;
}): void {
  decodeAbiRuleConfig(config).forEach((group, index) => {
    // Every rule's word is read before the group is judged: a missing or dirty one refuses the call in any case.
    const words = group.flatMap((rule) => (isArgumentsRule(rule) ? [] : [rule]));
    const results = words.map((rule) => {
      const word = readWord(data, rule, context);
      return { rule, word, holds: holds(rule, word, account) };
    });
    if (results.some((result) => result.holds) || words.length < group.length) return;
    const last = results[results.length - 1];
    if (last === undefined) throw new AbiRuleConfigError({ position: 0 });
    if (results.length > 1)
      throw new NoRuleMetError({
        group: index,
        rules: results.length,
        word: last.rule.word,
        actual: last.word,
        context,
      });
    throw new RuleNotMetError({
      group: index,
      word: last.rule.word,
      type: last.rule.type,
      comparison: last.rule.comparison,
      expected: last.rule.references.map((reference) => toArgumentValue(last.rule.type, reference)),
      actual: toArgumentValue(last.rule.type, last.word),
      context,
    });
  });
}

function readWord(data: Hex, { word, type }: AbiRule, context: CallContext | undefined): Hex {
  const start = 4 + 32 * word;
  if (size(data) < start + 32) throw new ArgumentMissingError({ word, calldataLength: size(data), context });
  const value = slice(data, start, start + 32);
  if (!isProper(type, hexToBigInt(value))) throw new ArgumentMalformedError({ word, type, actual: value, context });
  return value;
}

function isProper(type: string, word: bigint): boolean {
  const info = getTypeInfo(type);
  if (info === undefined) return false;
  const bits = info.width * 8;
  switch (info.kind) {
    case "unsigned":
      return word >> BigInt(bits) === 0n;
    case "signed":
      return BigInt.asUintN(256, BigInt.asIntN(bits, word)) === word;
    case "bytes":
      return BigInt.asUintN(256 - bits, word) === 0n;
    case "bool":
      return word <= 1n;
  }
}

function holds({ type, comparison, references }: AbiRule, word: Hex, account: Address): boolean {
  const value = toComparable(type, word);
  const [first = 0n, second = 0n] = references.map((reference) => toComparable(type, reference));
  switch (comparison) {
    case "eq":
      return value === first;
    case "neq":
      return value !== first;
    case "lt":
      return value < first;
    case "lte":
      return value <= first;
    case "gt":
      return value > first;
    case "gte":
      return value >= first;
    case "between":
      return value >= first && value <= second;
    case "oneOf":
      return references.some((reference) => toComparable(type, reference) === value);
    case "mask":
      return (value & first) === second;
    case "isAccount":
      return value === hexToBigInt(account);
  }
}

/** Words and references as numbers that compare as the contract compares them. */
function toComparable(type: string, data: Hex): bigint {
  const info = getTypeInfo(type);
  if (info?.kind === "bytes") return hexToBigInt(slice(data, 0, info.width));
  if (info?.kind === "signed") return BigInt.asIntN(info.width * 8, hexToBigInt(data));
  return hexToBigInt(data);
}
