import { type AbiParameter, type Hex, numberToHex, size, stringToHex } from "viem";
import {
  InvalidParameterError,
  InvalidRuleError,
  MissingRulesError,
  TooManyError,
  UnknownArgumentError,
} from "../errors/input.js";
import {
  type AbiArgumentsRule,
  type AbiRule,
  type AbiRuleGroup,
  type AbiTagAlternative,
  type AbiValueRule,
  type AbiValueRuleGroup,
  type AbiValueTest,
  type Comparison,
  comparisons,
  getTypeInfo,
} from "../policies/abiRule.js";
import { type AbiShape, isWord, toAbiShape } from "../policies/abiShape.js";
import { lowerCase } from "../utils/lowerCase.js";
import { parseAddress, parseAmount, parseBytes, parseNumber } from "../utils/validate.js";
import { type AnyRule, type ContentRule, type ElementsRule, isMade, type Rule, type TaggedRule } from "./rules.js";

/** Rules on values: one of each group must hold. */
type Groups = readonly AbiValueRuleGroup[];

/** Where a value is, in what a body of rules is about. */
type Place = {
  /** What the user wrote, for messages. */
  readonly path: string;
  /** The way to what holds the value. */
  readonly container: readonly number[];
  /** Index of the value's first word in the container's head; undefined if the container is the value itself. */
  readonly head: number | undefined;
  /** The parameters of type `bytes` beside this one. */
  readonly siblings?: ReadonlyMap<string, readonly number[]> | undefined;
};

/** What an element, or what bytes hold, is: what a body of its own is about. */
const self = { container: [], head: undefined } as const;

/**
 * Rules by name as what the policy knows, about the arguments of a call.
 *
 * Rules on static arguments compare words of the calldata; with one on anything dynamic, all become rules on values of the
 * arguments as a whole, which then must be canonically encoded.
 */
export function compileCallRules({
  inputs,
  args,
  or,
}: {
  inputs: readonly AbiParameter[];
  args: unknown;
  or: readonly unknown[] | undefined;
}): readonly AbiRuleGroup[] {
  const groups = [
    ...(args === undefined ? [] : compileArguments("args", inputs, args)),
    ...(or === undefined ? [] : compileOr(inputs, or)),
  ];
  const shape = toAbiShape(inputs);
  const words = groups.map((group) => group.flatMap((rule) => toWordRule(rule, shape)));
  const areWords = words.every((group, index) => group.length === groups[index]?.length);
  return areWords ? words : [[{ shape, groups }]];
}

/** Rules by name about values that are encoded together. */
export function compileEncoding(path: string, parameters: readonly AbiParameter[], value: unknown): AbiArgumentsRule {
  const isFree = isMade(value) && "anything" in value;
  return { shape: toAbiShape(parameters), groups: isFree ? [] : compileArguments(path, parameters, value) };
}

/** A rule on a single word of static type, with the type's own test. */
export function compileWord(
  path: string,
  type: string,
  value: unknown,
  toTest: (compared: Pick<AbiRule, "comparison" | "references">) => AbiValueTest,
): Groups {
  return combine(path, type, value, (one) => [[{ path: [], ...toTest(compileComparison(path, type, one)) }]]);
}

function compileArguments(path: string, parameters: readonly AbiParameter[], value: unknown): Groups {
  const groups = combine(path, "tuple", value, (one) =>
    compileTuple({ path, container: [], head: 0 }, parameters, one),
  );
  return groups;
}

function compileOr(inputs: readonly AbiParameter[], alternatives: readonly unknown[]): Groups {
  if (!Array.isArray(alternatives)) throw new InvalidParameterError({ parameter: "or", expected: "an array" });
  if (alternatives.length === 0) throw new MissingRulesError({ where: "`or`" });
  return disjoin(alternatives.map((value, index) => compileArguments(`or[${index}]`, inputs, value)));
}

/** A rule on a value as one on a word of the calldata, if that is what it is. */
function toWordRule(rule: AbiValueRule, shape: AbiShape): readonly AbiRule[] {
  const [word, ...more] = rule.path;
  const type = shape[word ?? -1];
  if (rule.test !== "value" || word === undefined || more.length > 0 || type === undefined || !isWord(type)) return [];
  return [{ word, type, comparison: rule.comparison, references: rule.references }];
}

/** Alternatives and parts, each compiled for itself. */
function combine(path: string, type: string, value: unknown, compile: (value: unknown) => Groups): Groups {
  if (!isMade(value)) return compile(value);
  if ("alternatives" in value) {
    if (value.alternatives.length === 0)
      throw new InvalidRuleError({ argument: path, type, reason: "it has no alternatives" });
    return disjoin(value.alternatives.map((alternative) => combine(path, type, alternative, compile)));
  }
  if ("parts" in value) {
    if (value.parts.length === 0) throw new InvalidRuleError({ argument: path, type, reason: "it has no parts" });
    return value.parts.flatMap((part) => combine(path, type, part, compile));
  }
  return compile(value);
}

/**
 * Alternatives, each an AND of ORs, as an AND of ORs. (a AND b) OR (c AND d) is (a OR c) AND (a OR d) AND (b OR c) AND (b
 * OR d); where that would be long, or rules are on dynamic data, each alternative becomes one rule instead.
 */
function disjoin(alternatives: readonly Groups[]): Groups {
  const products = alternatives.reduce((product, groups) => product * groups.length, 1);
  const simple = alternatives.flat(2).every((rule) => rule.test === "value" && rule.path.length === 1);
  if (products === 1 || (simple && products <= 8))
    return alternatives.reduce<Groups>(
      (all, groups) => all.flatMap((group) => groups.map((other) => mergeCalls([...group, ...other]))),
      [[]],
    );
  return [
    mergeCalls(
      alternatives.flatMap((groups): AbiValueRuleGroup => {
        const [only, ...more] = groups;
        return only !== undefined && more.length === 0 ? only : [{ path: [], test: "all", groups }];
      }),
    ),
  ];
}

/** Calls that one value may be, as one rule. */
function mergeCalls(group: AbiValueRuleGroup): AbiValueRuleGroup {
  const merged: AbiValueRule[] = [];
  for (const rule of group) {
    const index = merged.findIndex(
      (other) => other.test === "calldata" && rule.test === "calldata" && `${other.path}` === `${rule.path}`,
    );
    const other = merged[index];
    if (other?.test === "calldata" && rule.test === "calldata")
      merged[index] = { ...other, alternatives: [...other.alternatives, ...rule.alternatives] };
    else merged.push(rule);
  }
  return merged;
}

function locate({ container, head }: Place): readonly number[] {
  return head === undefined ? container : [...container, head];
}

/** Where the parts of a composite value are: in line with a static one, in the head of a dynamic one. */
function enter(place: Place, parameter: AbiParameter): Place {
  if (isDynamic(parameter)) return { path: place.path, container: locate(place), head: 0 };
  // An element that is a tuple of one word is that word.
  if (place.head === undefined && countWords(parameter) > 1) return { ...place, head: 0 };
  return place;
}

function skip(place: Place, words: number): Place {
  return place.head === undefined ? place : { ...place, head: place.head + words };
}

function compileTuple(first: Place, parameters: readonly AbiParameter[], value: unknown): Groups {
  const { path } = first;
  const names = getNames(parameters);
  // A list does where nothing has a name: the signature "mint(address,uint256)".
  const isList = Array.isArray(value) && names.some((name, index) => name !== String(index));
  if (typeof value !== "object" || value === null || isMade(value) || isList)
    throw new InvalidRuleError({
      argument: path,
      type: "tuple",
      reason: `it takes an object with rules by name: ${names.join(", ")}`,
    });
  for (const key of Object.keys(value))
    if (!names.includes(key)) throw new UnknownArgumentError({ argument: `${path}.${key}`, available: names });
  if (Object.keys(value).length === 0) throw new MissingRulesError({ where: `\`${path}\`` });

  const places: Place[] = [];
  let next = first;
  for (const [index, parameter] of parameters.entries()) {
    places.push({ ...next, path: `${path}.${names[index]}` });
    next = skip(next, countWords(parameter));
  }
  const siblings = new Map(
    parameters.flatMap(({ type }, index): [string, readonly number[]][] => {
      const place = places[index];
      return type === "bytes" && place ? [[names[index] ?? "", locate(place)]] : [];
    }),
  );
  const entries = new Map<string, unknown>(Object.entries(value));
  return parameters.flatMap((parameter, index) => {
    const [name = "", place] = [names[index], places[index]];
    return entries.has(name) && place ? compileParameter({ ...place, siblings }, parameter, entries.get(name)) : [];
  });
}

/** Names by which parameters go: their own, or their position if they have none or share it. */
export function getNames(parameters: readonly AbiParameter[]): readonly string[] {
  return parameters.map(({ name }, index) =>
    name === undefined || name === "" || parameters.filter((other) => other.name === name).length > 1
      ? String(index)
      : name,
  );
}

function compileParameter(place: Place, parameter: AbiParameter, value: unknown): Groups {
  const { path } = place;
  const { type } = parameter;
  return combine(path, type, value, (one) => {
    if (one === undefined)
      throw new InvalidRuleError({
        argument: path,
        type,
        reason: "it is undefined; leave it out if it may be anything",
      });
    const array = splitArray(parameter);
    if (array) return compileArray(place, parameter, array, one);
    const components = getComponents(parameter);
    if (components) return compileTuple(enter(place, parameter), components, one);
    if (type === "bytes" || type === "string") return compileContent(place, type, one);
    return [[{ path: locate(place), test: "value", ...compileComparison(path, type, one) }]];
  });
}

type ArrayParts = { readonly element: AbiParameter; readonly length: number | undefined };

function compileArray(place: Place, parameter: AbiParameter, parts: ArrayParts, value: unknown): Groups {
  const { path } = place;
  const { type } = parameter;
  if (isMade(value)) return compileArrayRule(place, parameter, parts, value);
  if (typeof value !== "object" || value === null) throw notAnArray(path, type);
  const { element, length } = parts;
  if (Array.isArray(value) && length !== undefined && value.length !== length)
    throw new InvalidRuleError({ argument: path, type, reason: `it has ${length} elements and not ${value.length}` });
  const entries = Array.isArray(value)
    ? Array.from(value, (rule: unknown, index): [string, unknown] => [String(index), rule])
    : Object.entries(value);
  if (!Array.isArray(value) && entries.length === 0) throw new MissingRulesError({ where: `\`${path}\`` });
  return [
    ...(Array.isArray(value) && length === undefined ? compileLength(place, value.length) : []),
    ...entries.flatMap(([key, rule]) => compileParameter(placeElement(place, parameter, parts, key), element, rule)),
  ];
}

function compileArrayRule(place: Place, parameter: AbiParameter, parts: ArrayParts, value: AnyRule): Groups {
  if ("which" in value) return compileElements(place, parameter, parts, value);
  if (parts.length === undefined && "length" in value) return compileLength(place, value.length);
  if (parts.length === undefined && "tags" in value && parts.element.type === "bytes")
    return [[compileTagged(place, value)]];
  throw notAnArray(place.path, parameter.type);
}

function notAnArray(argument: string, type: string): InvalidRuleError {
  const reason = "it takes an array, an object with rules by index, every(...) or some(...)";
  return new InvalidRuleError({ argument, type, reason });
}

/** Steps to an array's elements: 128 and more count from the end. */
const maxIndex = 127;

function placeElement(place: Place, parameter: AbiParameter, { element, length }: ArrayParts, key: string): Place {
  const path = `${place.path}[${key}]`;
  const index = Number(key);
  const [lowest, highest] = length === undefined ? [-maxIndex - 1, maxIndex] : [0, length - 1];
  if (!/^(0|-?[1-9]\d*)$/.test(key) || index < lowest || index > highest)
    throw new UnknownArgumentError({ argument: path, available: [`${lowest} to ${highest}`] });
  if (length === undefined)
    return { path, container: [...locate(place), index < 0 ? 256 + index : index], head: undefined };
  return { ...skip(enter(place, parameter), index * countWords(element)), path };
}

function compileElements(
  place: Place,
  parameter: AbiParameter,
  { element, length }: ArrayParts,
  { which, element: rule }: ElementsRule,
): Groups {
  if (length === undefined) {
    const groups = compileParameter({ path: `${place.path}[]`, ...self }, element, rule);
    return [[{ path: locate(place), test: which, groups }]];
  }
  const each = Array.from({ length }, (_, index) =>
    compileParameter(placeElement(place, parameter, { element, length }, String(index)), element, rule),
  );
  return which === "every" ? each.flat() : disjoin(each);
}

function compileLength(place: Place, length: unknown): Groups {
  return prefix(
    place,
    compileWord(`${place.path}.length`, "uint32", length, (compared) => ({ test: "length", ...compared })),
  );
}

/** Rules about a value, as ones about what it is in. */
function prefix(place: Place, groups: Groups): Groups {
  const to = locate(place);
  return groups.map((group) => group.map((rule) => ({ ...rule, path: [...to, ...rule.path] })));
}

function compileTagged({ path, siblings, ...place }: Place, { tags, allowed }: TaggedRule): AbiValueRule {
  const tagsPath = siblings?.get(tags);
  if (tagsPath === undefined)
    throw new UnknownArgumentError({ argument: `${path}: tags ${tags}`, available: [...(siblings?.keys() ?? [])] });
  const entries = Object.entries(allowed);
  if (entries.length === 0) throw new MissingRulesError({ where: `the tags of \`${path}\`` });
  const alternatives = entries.flatMap(([key, rule]) => {
    const tag = parseNumber(`${path}: tag`, Number(key), 0, 255);
    return compileTag(`${path}: tag ${key}`, tag, rule);
  });
  return { path: locate({ path, ...place }), test: "tagged", tags: tagsPath, alternatives };
}

function compileTag(path: string, tag: number, rule: unknown): readonly AbiTagAlternative[] {
  if (isMade(rule)) {
    if ("anything" in rule) return [{ tag }];
    if ("encoding" in rule) return [{ tag, arguments: rule.encoding }];
    if ("alternatives" in rule && rule.alternatives.length > 0)
      return rule.alternatives.flatMap((alternative) => compileTag(path, tag, alternative));
  }
  throw new InvalidRuleError({
    argument: path,
    type: "bytes",
    reason: "it takes isEncoding(...), anyOf several of them, or anything()",
  });
}

function compileContent(place: Place, type: "bytes" | "string", value: unknown): Groups {
  const { path } = place;
  const to = locate(place);
  if (!isMade(value)) return [[{ path: to, test: "equals", content: encodeContent(path, type, value) }]];
  if ("length" in value) return compileLength(place, value.length);
  if ("hash" in value)
    return prefix(
      place,
      compileWord(path, "bytes32", value.hash, (compared) => ({ test: "hash", ...compared })),
    );
  if ("where" in value) return [[compilePart(place, type, value)]];
  if ("groups" in value && type === "bytes") return prefix(place, value.groups);
  if ("comparison" in value) return [compileEquality(place, type, value)];
  throw new InvalidRuleError({ argument: path, type, reason: "this kind of rule is for other types" });
}

function compilePart(place: Place, type: "bytes" | "string", { where, content }: ContentRule): AbiValueRule {
  const encoded = encodeContent(place.path, type, content);
  if (size(encoded) === 0)
    throw new InvalidRuleError({ argument: place.path, type, reason: "everything begins and ends with nothing" });
  return { path: locate(place), test: where, content: encoded };
}

function compileEquality(place: Place, type: "bytes" | "string", { comparison, references }: Rule): AbiValueRuleGroup {
  const reason = findFault(comparison, type, references);
  if (reason !== undefined) throw new InvalidRuleError({ argument: place.path, type, reason });
  const contents = references.map((reference) => encodeContent(place.path, type, reference));
  const test = comparison === "neq" ? "differs" : "equals";
  return [...new Set(contents)].map((content) => ({ path: locate(place), test, content }));
}

/** Bytes as they are, and a string as its UTF-8. */
function encodeContent(path: string, type: "bytes" | "string", value: unknown): Hex {
  if (type === "bytes") return parseBytes(path, value);
  if (typeof value === "string") return stringToHex(value);
  throw new InvalidRuleError({ argument: path, type, reason: "its value is not a string" });
}

function compileComparison(path: string, type: string, value: unknown): Pick<AbiRule, "comparison" | "references"> {
  const { comparison, references }: Pick<Rule, "comparison" | "references"> =
    isMade(value) && "comparison" in value ? value : { comparison: "eq", references: [value] };
  if (isMade(value) && !("comparison" in value))
    throw new InvalidRuleError({ argument: path, type, reason: "this kind of rule is for other types" });
  const known = comparisons.find((name) => name === comparison);
  const encoded = references.map((reference) => encodeValue(path, type, reference));
  const distinct = comparison === "oneOf" ? [...new Set(encoded)] : encoded;
  const reason = findFault(comparison, type, references);
  if (known === undefined || reason !== undefined)
    throw new InvalidRuleError({ argument: path, type, reason: reason ?? "it is not known" });
  if (distinct.length > 255)
    throw new TooManyError({ what: `values for ${path}`, limit: 255, actual: distinct.length });
  return { comparison: known, references: distinct };
}

function getKind(type: string): string {
  return type === "address" ? type : (getTypeInfo(type)?.kind ?? "unknown");
}

/** Why a comparison does not fit a type or makes no sense. */
function findFault(comparison: string, type: string, references: readonly unknown[]): string | undefined {
  const kind = getKind(type);
  const [first = 0n, second = 0n] = references.map(toBigInt);
  const known: Comparison | undefined = comparisons.find((name) => name === comparison);
  switch (known) {
    case undefined:
      return "it is not known";
    case "eq":
    case "neq":
      return undefined;
    case "oneOf":
      return references.length === 0 ? "it has no values" : undefined;
    case "isAccount":
      return kind === "address" ? undefined : "only an address can be the account";
    case "mask":
      if (!["unsigned", "bytes"].includes(kind)) return "only unsigned integers and bytesN have a mask";
      return (first & second) === second ? undefined : "no value has the bits that it asks for";
    default:
      if (!["unsigned", "signed"].includes(kind)) return "only numbers can be compared by size";
      return comparison === "between" && first > second ? "its lower bound is above its upper bound" : undefined;
  }
}

function toBigInt(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  return typeof value === "number" || (typeof value === "string" && /^0x[0-9a-fA-F]+$/.test(value))
    ? BigInt(value)
    : 0n;
}

/** A value in as many bytes as its type has. */
function encodeValue(path: string, type: string, value: unknown): Hex {
  const info = getTypeInfo(type === "function" ? "bytes24" : type);
  if (info === undefined)
    throw new InvalidRuleError({ argument: path, type, reason: "there are no rules for its type" });
  const bits = info.width * 8;
  if (type === "address") return lowerCase(parseAddress(path, value));
  switch (info.kind) {
    case "bool":
      if (typeof value !== "boolean")
        throw new InvalidRuleError({ argument: path, type, reason: "its value is neither true nor false" });
      return value ? "0x01" : "0x00";
    case "bytes":
      return parseBytes(path, value, info.width);
    case "unsigned": {
      const maximum = 2n ** BigInt(bits) - 1n;
      return numberToHex(parseInteger(path, bits, value, 0n, maximum), { size: info.width });
    }
    case "signed": {
      const half = 2n ** BigInt(bits - 1);
      return numberToHex(parseInteger(path, bits, value, -half, half - 1n), { size: info.width, signed: true });
    }
  }
}

/** As in viem, types of up to 48 bits take numbers, and larger ones bigints only. */
function parseInteger(path: string, bits: number, value: unknown, minimum: bigint, maximum: bigint): bigint {
  if (bits <= 48 && typeof value !== "bigint")
    return BigInt(parseNumber(path, value, Number(minimum), Number(maximum)));
  return parseAmount(path, value, maximum, minimum);
}

function getComponents(parameter: AbiParameter): readonly AbiParameter[] | undefined {
  return "components" in parameter ? parameter.components : undefined;
}

/** An array's element and length; of `T[2][3]` the 3 and `T[2]`. */
function splitArray(parameter: AbiParameter): ArrayParts | undefined {
  const [, type, length] = /^(.*)\[(\d*)\]$/.exec(parameter.type) ?? [];
  return type === undefined
    ? undefined
    : { element: { ...parameter, type }, length: length === "" ? undefined : Number(length) };
}

/** Whether the encoding of a parameter stands behind the head. */
export function isDynamic(parameter: AbiParameter): boolean {
  const { type } = parameter;
  if (type.includes("[]") || /^(bytes|string)(\[|$)/.test(type)) return true;
  return getComponents(parameter)?.some(isDynamic) ?? false;
}

/** How many words a parameter takes in the head: a dynamic one takes one, which holds its offset. */
export function countWords(parameter: AbiParameter): number {
  if (isDynamic(parameter)) return 1;
  const array = splitArray(parameter);
  if (array) return (array.length ?? 0) * countWords(array.element);
  return getComponents(parameter)?.reduce((sum, component) => sum + countWords(component), 0) ?? 1;
}
