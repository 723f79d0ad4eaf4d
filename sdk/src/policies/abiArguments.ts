import {
  type Address,
  decodeAbiParameters,
  encodeAbiParameters,
  type Hex,
  hexToNumber,
  isHex,
  keccak256,
  numberToHex,
  size,
  slice,
} from "viem";
import type { AbiArgumentsRule, AbiCallRule, AbiTagAlternative, AbiValueRule } from "./abiRule.js";
import { type AbiShape, type AbiShapeType, isWord, toAbiParameters } from "./abiShape.js";
import { type Comparison, compareWord, getTypeInfo, isProper } from "./abiWord.js";

/** Which rule on dynamic data does not hold: the last that was tried. */
export type ArgumentsFailure = {
  /** Where the value is: indexes from the call's arguments on. */
  readonly path: readonly number[];
} & (
  | { readonly canonical: false }
  | {
      readonly canonical: true;
      /** The type of what was compared. */
      readonly type: string;
      readonly test: AbiValueRule["test"];
      readonly comparison?: Comparison | undefined;
      readonly expected: readonly Hex[];
      /** Undefined if there is no such value. */
      readonly actual: Hex | undefined;
    }
);

/** A value that rules are about, and the way to it. */
type Node = {
  readonly type: AbiShapeType;
  readonly value: unknown;
  readonly exists: boolean;
  readonly path: readonly number[];
};

/** What a rule on the arguments of a call has against its calldata, if anything: as the contract judges. */
export function checkArguments(rule: AbiArgumentsRule, data: Hex, account: Address): ArgumentsFailure | undefined {
  return checkCallRule(rule, data, [], account);
}

/** Whether every group has a rule that holds; if not, what is wrong with the last rule of the first that has none. */
function checkGroups<rule>(
  groups: readonly (readonly rule[])[],
  check: (rule: rule) => ArgumentsFailure | undefined,
): ArgumentsFailure | undefined {
  for (const group of groups) {
    const failures = group.map(check);
    if (!failures.includes(undefined)) return failures.at(-1);
  }
  return undefined;
}

function checkCallRule(
  rule: AbiCallRule,
  data: Hex,
  path: readonly number[],
  account: Address,
): ArgumentsFailure | undefined {
  if ("shape" in rule)
    return size(data) < 4 ? { canonical: false, path } : checkDecoded(rule, rest(data, 4), path, account);
  const start = 4 + 32 * rule.word;
  const word = size(data) < start + 32 ? undefined : slice(data, start, start + 32);
  const proper = word !== undefined && isProper(rule.type, BigInt(word)) ? word : undefined;
  return compare(rule, rule.type, proper, "value", [...path, rule.word], account);
}

function rest(data: Hex, start: number): Hex {
  return size(data) === start ? "0x" : slice(data, start);
}

function checkDecoded(
  { shape, groups }: AbiArgumentsRule,
  data: Hex,
  path: readonly number[],
  account: Address,
): ArgumentsFailure | undefined {
  const value = decodeCanonical(shape, data);
  if (value === undefined) return { canonical: false, path };
  const scope: Node = { type: { tuple: shape }, value, exists: true, path };
  return checkGroups(groups, (rule) => checkValueRule(rule, scope, account));
}

/** The values that are encoded, if the data is exactly what an encoder makes of them. */
function decodeCanonical(shape: AbiShape, data: Hex): readonly unknown[] | undefined {
  const parameters = toAbiParameters(shape);
  try {
    const values = decodeAbiParameters(parameters, data);
    return encodeAbiParameters(parameters, values) === data.toLowerCase() ? values : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with a comparison of a word; one that does not exist compares with nothing. */
function compare(
  { comparison, references }: { comparison: Comparison; references: readonly Hex[] },
  type: string,
  word: Hex | undefined,
  test: AbiValueRule["test"],
  path: readonly number[],
  account: Address,
): ArgumentsFailure | undefined {
  if (word !== undefined && compareWord({ type, comparison, references }, word, account)) return undefined;
  return { canonical: true, path, type, test, comparison, expected: references, actual: word };
}

function locate(scope: Node, path: readonly number[]): Node {
  return path.reduce(step, scope);
}

function step({ type, value, exists, path }: Node, index: number): Node {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  if (typeof type === "object" && "array" in type) {
    const at = index < 128 ? index : values.length + index - 256;
    const found = exists && at >= 0 && at < values.length;
    return { type: type.array, value: values[at], exists: found, path: [...path, found ? at : index] };
  }
  const parts = typeof type === "string" ? [] : "tuple" in type ? type.tuple : type.staticTuple;
  return { type: parts[index] ?? "bytes", value: values[index], exists, path: [...path, index] };
}

function checkValueRule(rule: AbiValueRule, scope: Node, account: Address): ArgumentsFailure | undefined {
  const node = locate(scope, rule.path);
  const failure = runTest(rule, node, scope, account);
  if (node.exists) return failure;
  return { ...refused(rule, node, undefined), ...("comparison" in rule ? { comparison: rule.comparison } : {}) };
}

/** The failure of a rule that compares no word. */
function refused(rule: AbiValueRule, { type, path }: Pick<Node, "type" | "path">, actual: Hex | undefined) {
  const name = typeof type === "string" ? type : "array" in type ? "array" : "tuple";
  return { canonical: true, path, type: name, test: rule.test, expected: expectedOf(rule), actual } as const;
}

function expectedOf(rule: AbiValueRule): readonly Hex[] {
  if ("references" in rule) return rule.references;
  if ("content" in rule) return [rule.content];
  if (rule.test === "calldata") return rule.alternatives.map(({ selector }) => selector);
  if (rule.test === "tagged") return rule.alternatives.map(({ tag }) => numberToHex(tag, { size: 1 }));
  return [];
}

function runTest(rule: AbiValueRule, node: Node, scope: Node, account: Address): ArgumentsFailure | undefined {
  const values: readonly unknown[] = Array.isArray(node.value) ? node.value : [];
  switch (rule.test) {
    case "value": {
      const type = isWord(node.type) ? node.type : "uint256";
      const word = node.exists ? encodeAbiParameters([{ type }], [node.value]) : undefined;
      return compare(rule, type, word, rule.test, node.path, account);
    }
    case "length": {
      const length = isHex(node.value) ? size(node.value) : values.length;
      return compare(rule, "uint32", numberToHex(length, { size: 32 }), rule.test, node.path, account);
    }
    case "all":
      return checkGroups(rule.groups, (inner) => checkValueRule(inner, node, account));
    case "every":
    case "some": {
      const failures = values.map((_, index) => {
        const element = enter(node, index);
        return checkGroups(rule.groups, (inner) => checkValueRule(inner, element, account));
      });
      if (rule.test === "every") return failures.find((failure) => failure !== undefined);
      return failures.includes(undefined) ? undefined : (failures.at(-1) ?? refused(rule, node, "0x"));
    }
    case "tagged":
      return checkTagged(rule, node, locate(scope, rule.tags), account);
    default:
      return checkBytes(rule, isHex(node.value) ? node.value : "0x", node, account);
  }
}

function enter({ type, value, path }: Node, index: number): Node {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const element = typeof type === "object" && "array" in type ? type.array : "bytes";
  return { type: element, value: values[index], exists: true, path: [...path, Math.min(index, 0xffff)] };
}

/** The rules with one of some tests. */
type TestOf<test extends AbiValueRule["test"]> = Extract<AbiValueRule, { readonly test: test }>;

function checkTagged(
  rule: TestOf<"tagged">,
  node: Node,
  tagsNode: Node,
  account: Address,
): ArgumentsFailure | undefined {
  const values: readonly unknown[] = Array.isArray(node.value) ? node.value : [];
  const tags = tagsNode.exists && isHex(tagsNode.value) ? tagsNode.value : undefined;
  if (tags === undefined || size(tags) !== values.length) return refused(rule, node, tags);
  for (let index = 0; index < values.length; index++) {
    const element = enter(node, index);
    const tag = slice(tags, index, index + 1);
    const failure = firstToHold(
      rule.alternatives.filter((item) => item.tag === hexToNumber(tag)),
      (item) => checkTag(item, element, account),
      refused(rule, element, tag),
    );
    if (failure) return failure;
  }
  return undefined;
}

function checkTag(item: AbiTagAlternative, { value, path }: Node, account: Address): ArgumentsFailure | undefined {
  if (item.arguments === undefined) return undefined;
  return checkDecoded(item.arguments, isHex(value) ? value : "0x", path, account);
}

/** Undefined if one of the alternatives holds, else what is wrong with the last; or with there being none. */
function firstToHold<item>(
  items: readonly item[],
  check: (item: item) => ArgumentsFailure | undefined,
  none: ArgumentsFailure,
): ArgumentsFailure | undefined {
  const failures = items.map(check);
  return failures.includes(undefined) ? undefined : (failures.at(-1) ?? none);
}

type BytesTest =
  | "hash"
  | "slice"
  | "sliceFromEnd"
  | "equals"
  | "differs"
  | "prefix"
  | "suffix"
  | "calldata"
  | "decoded";

function checkBytes(rule: TestOf<BytesTest>, data: Hex, node: Node, account: Address): ArgumentsFailure | undefined {
  switch (rule.test) {
    case "hash":
      return compare(rule, "bytes32", keccak256(data), rule.test, node.path, account);
    case "slice":
    case "sliceFromEnd":
      return compare(rule, rule.type, sliceOf(rule, data), rule.test, node.path, account);
    case "decoded":
      return checkDecoded(rule, data, node.path, account);
    case "calldata": {
      const selector = size(data) < 4 ? undefined : slice(data, 0, 4);
      return firstToHold(
        rule.alternatives.filter((item) => item.selector.toLowerCase() === selector),
        (item) => checkGroups(item.groups, (inner) => checkCallRule(inner, data, node.path, account)),
        refused(rule, node, selector ?? data),
      );
    }
    case "equals":
    case "differs":
    case "prefix":
    case "suffix":
      return hasContent(rule, data) ? undefined : refused(rule, node, data);
  }
}

/** The word that the bytes at an offset are, if they exist. */
function sliceOf({ test, type, offset }: TestOf<"slice" | "sliceFromEnd">, data: Hex): Hex | undefined {
  const width = getTypeInfo(type)?.width ?? 32;
  const start = test === "slice" ? offset : size(data) - offset - width;
  if (start < 0 || start + width > size(data)) return undefined;
  const digits = slice(data, start, start + width);
  if (type.startsWith("bytes")) return encodeAbiParameters([{ type }], [digits]);
  const number = type.startsWith("int") ? BigInt.asIntN(8 * width, BigInt(digits)) : BigInt(digits);
  return numberToHex(BigInt.asUintN(256, number), { size: 32 });
}

function hasContent({ test, content }: TestOf<"equals" | "differs" | "prefix" | "suffix">, data: Hex): boolean {
  const [whole, part] = [data.slice(2).toLowerCase(), content.slice(2).toLowerCase()];
  if (test === "prefix") return whole.startsWith(part);
  if (test === "suffix") return whole.endsWith(part);
  return (whole === part) === (test === "equals");
}
