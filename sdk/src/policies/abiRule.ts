import { type Address, concat, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";
import { InvalidParameterError, TooManyError } from "../errors/input.js";
import {
  AbiRuleConfigError,
  ArgumentMalformedError,
  ArgumentMissingError,
  ArgumentRuleNotMetError,
  ArgumentsNotCanonicalError,
  type CallContext,
  NoRuleMetError,
  type PolicyError,
  RuleNotMetError,
  RulesTooDeepError,
} from "../errors/policy.js";
import { createReader, type Reader } from "../utils/reader.js";
import { type ArgumentsFailure, checkArguments } from "./abiArguments.js";
import { type AbiShape, type AbiShapeType, encodeShape, isWord, readShape } from "./abiShape.js";
import {
  type Comparison,
  compareWord,
  comparisons,
  getTypeInfo,
  getTypeName,
  isProper,
  toArgumentValue,
} from "./abiWord.js";

export { type Comparison, comparisons, getTypeInfo, getTypeName, toArgumentValue } from "./abiWord.js";

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

/** The arguments are exactly the canonical encoding of a shape, and every group of rules on values in them holds. */
export type AbiArgumentsRule = {
  readonly shape: AbiShape;
  readonly groups: readonly AbiValueRuleGroup[];
};

/** A rule on a call, also on one inside of another. */
export type AbiCallRule = AbiRule | AbiArgumentsRule;

/** Rules on a call, of which one must hold. */
export type AbiRuleGroup = readonly AbiCallRule[];

/** Rules on values, of which one must hold. */
export type AbiValueRuleGroup = readonly AbiValueRule[];

/** A rule on a value inside of arguments. */
export type AbiValueRule = AbiValueTest & {
  /**
   * The way to the value: indexes of words of a tuple's head and of an array's elements; 128 to 255 count an array's
   * elements from its end. Empty for the arguments together, or the element that the rules are for.
   */
  readonly path: readonly number[];
};

type Compared = { readonly comparison: Comparison; readonly references: readonly Hex[] };

/** What is asked of a value. docs/encoding.md says what each test means. */
export type AbiValueTest =
  | (Compared & { readonly test: "value" | "length" })
  | (Compared & { readonly test: "hash" })
  | (Compared & { readonly test: "slice" | "sliceFromEnd"; readonly offset: number; readonly type: string })
  | { readonly test: "equals" | "differs" | "prefix" | "suffix"; readonly content: Hex }
  | { readonly test: "all" | "every" | "some"; readonly groups: readonly AbiValueRuleGroup[] }
  | { readonly test: "calldata"; readonly alternatives: readonly AbiCallAlternative[] }
  | ({ readonly test: "decoded" } & AbiArgumentsRule)
  | { readonly test: "tagged"; readonly tags: readonly number[]; readonly alternatives: readonly AbiTagAlternative[] };

/** A function that may be called, and rules on its calls. Without groups, any arguments will do. */
export type AbiCallAlternative = { readonly selector: Hex; readonly groups: readonly AbiRuleGroup[] };

/** What goes with a tag. Without a shape, any bytes will do. */
export type AbiTagAlternative = { readonly tag: number; readonly arguments?: AbiArgumentsRule | undefined };

/** The tests in the order of their codes. */
export const tests = [
  "value",
  "length",
  "hash",
  "slice",
  "sliceFromEnd",
  "equals",
  "differs",
  "prefix",
  "suffix",
  "all",
  "every",
  "some",
  "calldata",
  "decoded",
  "tagged",
] as const satisfies readonly AbiValueTest["test"][];

/** How deep bodies of rules may be nested, and how many steps may lead to a value. */
const maxBodies = 12;
const maxSteps = 16;

/** How deep a rule is, while it is encoded. */
type Depth = { readonly bodies: number; readonly steps: number };

/**
 * The configuration of an `ABIRulePolicy`: every group must hold. docs/encoding.md has its layout.
 *
 * @throws TooManyError if there is no room for it; InvalidParameterError if a rule has a type that there is not, or other
 * references than its type and comparison take; AbiRuleConfigError if it says something else that the contract refuses.
 *
 * @example
 * import { encodeAbiRuleConfig, toAbiShape } from "latchkey";
 *
 * // note(string): at most 32 bytes
 * const config = encodeAbiRuleConfig([
 *   [
 *     {
 *       shape: toAbiShape([{ type: "string" }]),
 *       groups: [[{ path: [0], test: "length", comparison: "lte", references: ["0x00000020"] }]],
 *     },
 *   ],
 * ]);
 */
export function encodeAbiRuleConfig(groups: readonly AbiRuleGroup[]): Hex {
  const config = encodeGroups(groups, (rule) => encodeRule(rule, { bodies: 0, steps: 0 }));
  if (size(config) > 0xffff)
    throw new TooManyError({ what: "bytes of rules on a call", limit: 0xffff, actual: size(config) });
  // What the contract would refuse must not become part of a session.
  decodeAbiRuleConfig(config);
  return config;
}

function encodeGroups<rule>(groups: readonly (readonly rule[])[], encode: (rule: rule) => Hex): Hex {
  if (groups.length > 255) throw new TooManyError({ what: "groups of rules", limit: 255, actual: groups.length });
  return concat([
    numberToHex(groups.length, { size: 1 }),
    ...groups.map((group) => {
      if (group.length > 255) throw new TooManyError({ what: "rules in a group", limit: 255, actual: group.length });
      return concat([numberToHex(group.length, { size: 1 }), ...group.map(encode)]);
    }),
  ]);
}

function encodeRule(rule: AbiCallRule, depth: Depth): Hex {
  if ("shape" in rule) return concat(["0x01", withLength(encodeArguments(rule, depth))]);
  const { word, type } = rule;
  if (word > 0xffff) throw new TooManyError({ what: "words before an argument", limit: 0xffff, actual: word });
  addSteps(depth, 1);
  return concat(["0x00", numberToHex(word, { size: 2 }), encodeWordType(type), encodeComparison(rule, type)]);
}

function encodeWordType(type: string): Hex {
  const info = getTypeInfo(type);
  if (info === undefined) throw new InvalidParameterError({ parameter: "type", expected: "a type of one word" });
  return numberToHex(info.code, { size: 1 });
}

function encodeComparison({ comparison, references }: Compared, type: string): Hex {
  if (references.length > 255)
    throw new TooManyError({ what: "values in a rule", limit: 255, actual: references.length });
  const width = getTypeInfo(type)?.width;
  const count = comparison === "oneOf" ? Math.max(references.length, 1) : countReferences(comparison);
  if (references.length !== count || references.some((reference) => size(reference) !== width))
    throw new InvalidParameterError({
      parameter: "references",
      expected: `a list of ${count}, each as many bytes as ${type} has`,
    });
  return concat([
    numberToHex(comparisons.indexOf(comparison), { size: 1 }),
    ...(comparison === "oneOf" ? [numberToHex(references.length, { size: 1 })] : []),
    ...references,
  ]);
}

function withLength(data: Hex): Hex {
  if (size(data) > 0xffff)
    throw new TooManyError({ what: "bytes of rules on a call", limit: 0xffff, actual: size(data) });
  return concat([numberToHex(size(data), { size: 2 }), data]);
}

/** A shape, and rules on values in it, if there are any. */
function encodeArguments({ shape, groups }: AbiArgumentsRule, depth: Depth): Hex {
  return concat([encodeShape(shape), groups.length === 0 ? "0x" : encodeValueBody(groups, depth, { tuple: shape })]);
}

function encodeValueBody(groups: readonly AbiValueRuleGroup[], depth: Depth, scope: AbiShapeType | undefined): Hex {
  const inner = addBody(depth);
  return encodeGroups(groups, (rule) => encodeValueRule(rule, inner, scope));
}

function addBody({ bodies, steps }: Depth): Depth {
  if (bodies === maxBodies)
    throw new TooManyError({ what: "rules inside one another", limit: maxBodies, actual: bodies + 1 });
  return { bodies: bodies + 1, steps };
}

function addSteps({ bodies, steps }: Depth, more: number): Depth {
  if (steps + more > maxSteps)
    throw new TooManyError({ what: "steps to a value", limit: maxSteps, actual: steps + more });
  return { bodies, steps: steps + more };
}

function encodePath(path: readonly number[]): Hex {
  if (path.some((step) => !Number.isInteger(step) || step < 0 || step > 255))
    throw new InvalidParameterError({ parameter: "path", expected: "a list of bytes" });
  return concat([numberToHex(path.length, { size: 1 }), ...path.map((step) => numberToHex(step, { size: 1 }))]);
}

function encodeValueRule(rule: AbiValueRule, outer: Depth, scope: AbiShapeType | undefined): Hex {
  const depth = addSteps(outer, rule.path.length);
  const type = scope && typeAt(scope, rule.path);
  return concat([
    encodePath(rule.path),
    numberToHex(tests.indexOf(rule.test), { size: 1 }),
    ...encodeTest(rule, depth, outer, type),
  ]);
}

function encodeTest(rule: AbiValueRule, depth: Depth, outer: Depth, type: AbiShapeType | undefined): readonly Hex[] {
  switch (rule.test) {
    case "value":
      if (type === undefined || !isWord(type))
        throw new InvalidParameterError({ parameter: "path", expected: "the way to a single word" });
      return [encodeComparison(rule, type)];
    case "length":
      return [encodeComparison(rule, "uint32")];
    case "hash":
      return [encodeComparison(rule, "bytes32")];
    case "slice":
    case "sliceFromEnd":
      if (rule.type === "bool") throw new InvalidParameterError({ parameter: "type", expected: "a type of slices" });
      return [numberToHex(rule.offset, { size: 2 }), encodeWordType(rule.type), encodeComparison(rule, rule.type)];
    case "equals":
    case "differs":
    case "prefix":
    case "suffix":
      return [withLength(rule.content)];
    case "all":
      return [withLength(encodeValueBody(rule.groups, depth, type))];
    case "every":
    case "some":
      return [withLength(encodeValueBody(rule.groups, addSteps(depth, 1), elementOf(type)))];
    case "calldata":
      return [withLength(encodeAlternatives(rule.alternatives, (item) => encodeCallAlternative(item, depth)))];
    case "decoded":
      return [withLength(encodeArguments(rule, depth))];
    case "tagged": {
      addSteps(outer, rule.tags.length);
      const inner = addSteps(depth, 1);
      const list = encodeAlternatives(rule.alternatives, (item) => encodeTagAlternative(item, inner));
      return [withLength(concat([encodePath(rule.tags), list]))];
    }
  }
}

function encodeAlternatives<item>(items: readonly item[], encode: (item: item) => Hex): Hex {
  if (items.length > 255) throw new TooManyError({ what: "alternatives", limit: 255, actual: items.length });
  return concat([numberToHex(items.length, { size: 1 }), ...items.map(encode)]);
}

function encodeCallAlternative({ selector, groups }: AbiCallAlternative, depth: Depth): Hex {
  if (size(selector) !== 4) throw new InvalidParameterError({ parameter: "selector", expected: "four bytes" });
  if (groups.length === 0) return concat([selector, "0x0000"]);
  const inner = addBody(depth);
  return concat([selector, withLength(encodeGroups(groups, (rule) => encodeRule(rule, inner)))]);
}

function encodeTagAlternative({ tag, arguments: rule }: AbiTagAlternative, depth: Depth): Hex {
  return concat([numberToHex(tag, { size: 1 }), withLength(rule === undefined ? "0x" : encodeArguments(rule, depth))]);
}

/**
 * Reads a configuration of an `ABIRulePolicy`.
 *
 * @throws AbiRuleConfigError if it is malformed; RulesTooDeepError if it is nested deeper than the contract follows.
 */
export function decodeAbiRuleConfig(config: Hex): readonly AbiRuleGroup[] {
  return readWhole(config, 0, { bodies: 0, steps: 0 }, (part) => readGroups(part, readRule));
}

/** Bytes that are read from front to back, where they are in the configuration, and how deep. */
type Part = { readonly reader: Reader; readonly start: number; readonly depth: Depth };

function readWhole<result>(data: Hex, start: number, depth: Depth, read: (part: Part) => result): result {
  const reader = createReader(data, (position) => {
    throw new AbiRuleConfigError({ position: start + position });
  });
  const part = { reader, start, depth };
  const result = read(part);
  if (reader.left() > 0) refuse(part);
  return result;
}

/** Reads bytes that have their length before them. */
function readPart<result>({ reader, start, depth }: Part, read: (part: Part) => result): result {
  const length = reader.number(2);
  const from = start + reader.position();
  return readWhole(reader.bytes(length), from, depth, read);
}

/** Where a part has been read to. */
function positionOf({ reader, start }: Part): number {
  return start + reader.position();
}

/** Refuses what has been read last, `back` bytes before. */
function refuse(part: Part, back = 0): never {
  throw new AbiRuleConfigError({ position: positionOf(part) - back });
}

/** What comes next in a part, in one more body. */
function enterBody(part: Part): Part {
  const { bodies, steps } = part.depth;
  if (bodies === maxBodies) throw new RulesTooDeepError({ position: positionOf(part) });
  return { ...part, depth: { bodies: bodies + 1, steps } };
}

/** What comes next in a part, behind steps of which the last has been read. */
function goOn(part: Part, more: number): Part {
  const { bodies, steps } = part.depth;
  const surplus = steps + more - maxSteps;
  if (surplus > 0) throw new RulesTooDeepError({ position: positionOf(part) - surplus });
  return { ...part, depth: { bodies, steps: steps + more } };
}

function readCount(part: Part): number {
  const count = part.reader.number(1);
  return count === 0 ? refuse(part, 1) : count;
}

function readGroups<rule>(part: Part, read: (part: Part) => rule): readonly (readonly rule[])[] {
  return Array.from({ length: readCount(part) }, () => Array.from({ length: readCount(part) }, () => read(part)));
}

function readRule(part: Part): AbiCallRule {
  const kind = part.reader.number(1);
  if (kind === 1) return readPart(part, readArguments);
  if (kind !== 0) refuse(part, 1);
  const word = part.reader.number(2);
  goOn(part, 1);
  const type = readWordType(part);
  return { word, type, ...readComparison(part, type) };
}

function readWordType(part: Part): string {
  return getTypeName(part.reader.number(1)) ?? refuse(part, 1);
}

function readComparison(part: Part, type: string): Compared {
  const comparison = comparisons[part.reader.number(1)] ?? refuse(part, 1);
  const { width, kind } = getTypeInfo(type) ?? refuse(part, 1);
  if (comparison === "isAccount" && type !== "address") refuse(part, 1);
  if (comparison === "mask" && kind === "signed") refuse(part, 1);
  const count = comparison === "oneOf" ? readCount(part) : countReferences(comparison);
  const references = Array.from({ length: count }, () => {
    const reference = part.reader.bytes(width);
    return kind === "bool" && !isProper(type, hexToBigInt(reference)) ? refuse(part, 1) : reference;
  });
  return { comparison, references };
}

/** How many references a comparison has that does not say how many. */
function countReferences(comparison: Comparison): number {
  if (comparison === "isAccount") return 0;
  return comparison === "between" || comparison === "mask" ? 2 : 1;
}

function readArguments(part: Part): AbiArgumentsRule {
  const shape = readShape(part.reader, (isTooDeep) => {
    if (isTooDeep) throw new RulesTooDeepError({ position: positionOf(part) - 1 });
    return refuse(part, 1);
  });
  if (part.reader.left() === 0) return { shape, groups: [] };
  return { shape, groups: readValueGroups(part, { tuple: shape }) };
}

function readValueGroups(part: Part, scope: AbiShapeType): readonly AbiValueRuleGroup[] {
  return readGroups(enterBody(part), (inner) => readValueRule(inner, scope));
}

function readPath({ reader }: Part): readonly number[] {
  return Array.from({ length: reader.number(1) }, () => reader.number(1));
}

function readValueRule(part: Part, scope: AbiShapeType): AbiValueRule {
  const path = readPath(part);
  const type = typeAt(scope, path) ?? refuse(part, 1);
  return { path, ...readTest(goOn(part, path.length), type, { scope, depth: part.depth }) };
}

/** The type of an array's elements. */
function elementOf(type: AbiShapeType | undefined): AbiShapeType | undefined {
  return typeof type === "object" && "array" in type ? type.array : undefined;
}

/** The type that a path leads to. */
export function typeAt(scope: AbiShapeType, path: readonly number[]): AbiShapeType | undefined {
  return path.reduce<AbiShapeType | undefined>((type, step) => {
    if (typeof type !== "object") return undefined;
    if ("array" in type) return type.array;
    return "tuple" in type ? type.tuple[step] : type.staticTuple[step];
  }, scope);
}

/** @param outer What the rule's path starts from. */
function readTest(part: Part, type: AbiShapeType, outer: { scope: AbiShapeType; depth: Depth }): AbiValueTest {
  const test = tests[part.reader.number(1)] ?? refuse(part, 1);
  const element = elementOf(type);
  switch (test) {
    case "value":
      return { test, ...readComparison(part, isWord(type) ? type : refuse(part, 1)) };
    case "length":
      if (type !== "bytes" && element === undefined) refuse(part, 1);
      return { test, ...readComparison(part, "uint32") };
    case "all":
      return { test, groups: readPart(part, (inner) => readValueGroups(inner, type)) };
    case "every":
    case "some": {
      if (element === undefined) return refuse(part, 1);
      return { test, groups: readPart(goOn(part, 1), (inner) => readValueGroups(inner, element)) };
    }
    case "tagged":
      if (element !== "bytes") refuse(part, 1);
      return readPart(goOn(part, 1), (inner) => ({
        test,
        tags: readTags(inner, outer),
        alternatives: Array.from({ length: readCount(inner) }, () => readTagAlternative(inner)),
      }));
    default:
      return type === "bytes" ? readBytesTest(part, test) : refuse(part, 1);
  }
}

function readTags(part: Part, { scope, depth }: { scope: AbiShapeType; depth: Depth }): readonly number[] {
  const tags = readPath(part);
  if (typeAt(scope, tags) !== "bytes") refuse(part, tags.length + 1);
  goOn({ ...part, depth }, tags.length);
  return tags;
}

type BytesTest = Exclude<AbiValueTest["test"], "value" | "length" | "all" | "every" | "some" | "tagged">;

function readBytesTest(part: Part, test: BytesTest): AbiValueTest {
  switch (test) {
    case "hash":
      return { test, ...readComparison(part, "bytes32") };
    case "slice":
    case "sliceFromEnd": {
      const offset = part.reader.number(2);
      const type = readWordType(part);
      if (type === "bool") refuse(part, 1);
      return { test, offset, type, ...readComparison(part, type) };
    }
    case "calldata":
      return readPart(part, (inner) => ({
        test,
        alternatives: Array.from({ length: readCount(inner) }, () => readCallAlternative(inner)),
      }));
    case "decoded":
      return { test, ...readPart(part, readArguments) };
    default: {
      const content = readPart(part, ({ reader }) => reader.bytes(reader.left()));
      if (size(content) === 0 && (test === "prefix" || test === "suffix")) refuse(part, 2);
      return { test, content };
    }
  }
}

function readCallAlternative(part: Part): AbiCallAlternative {
  const selector = part.reader.bytes(4);
  const groups = readPart(part, (inner) => (inner.reader.left() === 0 ? [] : readGroups(enterBody(inner), readRule)));
  return { selector, groups };
}

function readTagAlternative(part: Part): AbiTagAlternative {
  const tag = part.reader.number(1);
  const rule = readPart(part, (inner) => (inner.reader.left() === 0 ? undefined : readArguments(inner)));
  return rule === undefined ? { tag } : { tag, arguments: rule };
}

/**
 * Checks a call against a configuration of an `ABIRulePolicy`, as the contract does.
 *
 * @throws ArgumentMissingError, ArgumentMalformedError, RuleNotMetError, NoRuleMetError, ArgumentRuleNotMetError,
 * ArgumentsNotCanonicalError; what {@link decodeAbiRuleConfig} throws.
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
    const results = group.map((rule) => {
      if ("shape" in rule) {
        const failure = checkArguments(rule, data, account);
        return { rule: undefined, failure, holds: failure === undefined };
      }
      const word = readWord(data, rule, context);
      return { rule, word, holds: compareWord(rule, word, account) };
    });
    if (results.some((result) => result.holds)) return;
    const last = results[results.length - 1];
    if (last === undefined) throw new AbiRuleConfigError({ position: 0 });
    if (last.rule === undefined) throw toArgumentsError(last.failure, context);
    if (results.length > 1)
      throw new NoRuleMetError({
        group: index,
        rules: results.length,
        word: last.rule.word,
        actual: last.word,
        context,
      });
    const { type } = last.rule;
    throw new RuleNotMetError({
      group: index,
      word: last.rule.word,
      type,
      comparison: last.rule.comparison,
      expected: last.rule.references.map((reference) => toArgumentValue(type, reference)),
      actual: toArgumentValue(type, last.word),
      context,
    });
  });
}

function toArgumentsError(failure: ArgumentsFailure | undefined, context: CallContext | undefined): PolicyError {
  if (failure === undefined) return new AbiRuleConfigError({ position: 0, context });
  const { path } = failure;
  if (!failure.canonical) return new ArgumentsNotCanonicalError({ path, context });
  const { type, test, comparison, expected, actual } = failure;
  return new ArgumentRuleNotMetError({
    ...{ path, type, test, comparison, context },
    expected: expected.map((reference) => toArgumentValue(type, reference)),
    actual: actual === undefined ? undefined : toArgumentValue(type, actual),
  });
}

function readWord(data: Hex, { word, type }: AbiRule, context: CallContext | undefined): Hex {
  const start = 4 + 32 * word;
  if (size(data) < start + 32) throw new ArgumentMissingError({ word, calldataLength: size(data), context });
  const value = slice(data, start, start + 32);
  if (!isProper(type, hexToBigInt(value))) throw new ArgumentMalformedError({ word, type, actual: value, context });
  return value;
}
