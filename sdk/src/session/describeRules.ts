import { type AbiFunction, type AbiParameter, type Address, type Hex, hexToString, stringToHex } from "viem";
import {
  type AbiArgumentsRule,
  type AbiCallAlternative,
  type AbiCallRule,
  type AbiTagAlternative,
  type AbiValueRule,
  type Comparison,
  toArgumentValue,
} from "../policies/abiRule.js";
import { type AbiShapeType, toAbiParameters } from "../policies/abiShape.js";
import { countWords, isDynamic } from "./compileRules.js";
import { identifier, joinWords, quote } from "./words.js";

/** What names are known by. */
export type Names = {
  readonly address: (address: Address) => string;
  readonly functionBySelector: (selector: Hex) => AbiFunction | undefined;
};

/** A value that rules are about: what it is called, and its types as far as they are known. */
type Thing = {
  readonly name: string;
  readonly shape: AbiShapeType | undefined;
  readonly parameter: AbiParameter | undefined;
};

/** Rules on a call in words: an AND of ORs. `item` is the function, if it is known. */
export function describeCallRules(
  groups: readonly (readonly AbiCallRule[])[],
  item: Pick<AbiFunction, "inputs"> | undefined,
  names: Names,
): string {
  return describeGroups(groups, (rule) => describeCallRule(rule, item, names), ", ");
}

function describeGroups<rule>(
  groups: readonly (readonly rule[])[],
  describe: (rule: rule) => string,
  and = " and ",
): string {
  const parts = groups.map((group) => group.map(describe).join(" or "));
  return parts
    .map((part, index) => (parts.length > 1 && (groups[index]?.length ?? 0) > 1 ? `(${part})` : part))
    .join(and);
}

function describeCallRule(rule: AbiCallRule, item: Pick<AbiFunction, "inputs"> | undefined, names: Names): string {
  if ("shape" in rule) return describeArguments(rule, item?.inputs, names, "the arguments");
  const head = listHeads(item?.inputs ?? [], "")[rule.word];
  return describeComparison(head?.name ?? `word ${rule.word}`, typeOf(rule.type, head?.parameter), rule, names);
}

/** Rules about values that are encoded together. */
function describeArguments(
  { shape, groups }: AbiArgumentsRule,
  parameters: readonly AbiParameter[] | undefined,
  names: Names,
  all: string,
): string {
  if (groups.length === 0) return `${all} of their types, whatever they are`;
  const scope: Thing = {
    name: "",
    shape: { tuple: shape },
    parameter: parameters && { type: "tuple", components: parameters },
  };
  return describeGroups(groups, (rule) => describeValueRule(rule, scope, names), ", ");
}

/** The policy does not tell a `uint160` from an address: the function's parameter does. */
function typeOf(type: string, parameter: AbiParameter | undefined): string {
  return type === "address" && parameter?.type === "uint160" ? "uint160" : type;
}

/** A comparison of an elementary value: "amount at most 5". */
function describeComparison(
  name: string,
  type: string,
  { comparison, references }: { readonly comparison: Comparison; readonly references: readonly Hex[] },
  names: Names,
): string {
  const isOrder = comparison === "between" || /^[lg]te?$/.test(comparison);
  // Addresses are not compared by size.
  const shown = references.map((one) => showValue(isOrder && type === "address" ? "uint160" : type, one, names));
  const [first = "", second = ""] = shown;
  switch (comparison) {
    case "eq":
      return `${name} is ${first}`;
    case "neq":
      return `${name} is not ${first}`;
    case "lt":
      return `${name} below ${first}`;
    case "lte":
      return `${name} at most ${first}`;
    case "gt":
      return `${name} above ${first}`;
    case "gte":
      return `${name} at least ${first}`;
    case "between":
      return `${name} from ${first} to ${second}`;
    case "oneOf":
      return shown.length === 1 ? `${name} is ${first}` : `${name} one of ${joinWords(shown, "or")}`;
    case "mask":
      return `${name} & ${first} is ${second}`;
    case "isAccount":
      return `${name} is the account`;
  }
}

function showValue(type: string, reference: Hex, names: Names): string {
  const value = toArgumentValue(type, reference);
  if (typeof value !== "string") return `${value}`;
  return type === "address" ? names.address(value) : value;
}

function describeValueRule(rule: AbiValueRule, scope: Thing, names: Names): string {
  const thing = rule.path.reduce(step, scope);
  const { name, shape } = thing;
  switch (rule.test) {
    case "value":
      return describeComparison(
        name,
        typeOf(typeof shape === "string" ? shape : "bytes32", thing.parameter),
        rule,
        names,
      );
    case "length":
      return describeComparison(`the length of ${name}`, "uint32", rule, names);
    case "hash":
      return describeComparison(`the hash of ${name}`, "bytes32", rule, names);
    case "slice":
    case "sliceFromEnd":
      return describeComparison(`the ${rule.type} ${placeOf(rule)} of ${name}`, rule.type, rule, names);
    case "equals":
      return `${name} is ${showContent(rule.content, thing)}`;
    case "differs":
      return `${name} is not ${showContent(rule.content, thing)}`;
    case "prefix":
      return `${name} begins with ${showContent(rule.content, thing)}`;
    case "suffix":
      return `${name} ends with ${showContent(rule.content, thing)}`;
    case "all":
      return `(${describeGroups(rule.groups, (inner) => describeValueRule(inner, thing, names))})`;
    case "every":
    case "some":
      return describeElements(rule, thing, names);
    case "calldata":
      return `${name} a call of ${joinWords(
        rule.alternatives.map((alternative) => describeAlternative(alternative, names)),
        "or",
      )}`;
    case "decoded":
      return `${name} the encoding of (${describeArguments(rule, namelessParameters(rule), names, "values")})`;
    case "tagged":
      return `each of ${name} as its byte of ${rule.tags.reduce(step, scope).name} says: ${rule.alternatives
        .map((alternative) => describeTag(alternative, names))
        .join("; ")}`;
  }
}

function placeOf({ test, offset }: { readonly test: "slice" | "sliceFromEnd"; readonly offset: number }): string {
  if (offset === 0) return test === "slice" ? "at the beginning" : "at the end";
  return test === "slice" ? `at byte ${offset}` : `${offset} bytes before the end`;
}

/** Text where the type says that it is text, else bytes. */
function showContent(content: Hex, { parameter }: Thing): string {
  if (parameter?.type !== "string") return content;
  const text = hexToString(content);
  // Bytes that are no proper UTF-8 are shown as they are.
  return stringToHex(text) === content.toLowerCase() ? quote(text) : content;
}

function describeElements(
  rule: Extract<AbiValueRule, { readonly test: "all" | "every" | "some" }>,
  { name, shape, parameter }: Thing,
  names: Names,
): string {
  const element = {
    shape: typeof shape === "object" && "array" in shape ? shape.array : undefined,
    parameter: elementOf(parameter),
  };
  const which = `${rule.test} element of ${name}`;
  const areItself = rule.groups.every((group) => group.every((inner) => inner.path.length === 0));
  const [only, ...more] = rule.groups;
  if (areItself && only?.length === 1 && more.length === 0)
    return describeGroups(rule.groups, (inner) => describeValueRule(inner, { ...element, name: which }, names));
  const isTuple =
    element.parameter !== undefined && !/\]$/.test(element.parameter.type) && "components" in element.parameter;
  const scope = { ...element, name: isTuple ? "" : "it" };
  return `${which} (${describeGroups(rule.groups, (inner) => describeValueRule(inner, scope, names))})`;
}

function describeAlternative({ selector, groups }: AbiCallAlternative, names: Names): string {
  const item = names.functionBySelector(selector);
  const called = item === undefined ? `the function ${selector}` : identifier(item.name);
  if (groups.length === 0) return `${called} with any arguments`;
  return `${called} (${describeCallRules(groups, item, names)})`;
}

function describeTag({ tag, arguments: rule }: AbiTagAlternative, names: Names): string {
  const shown = `0x${tag.toString(16).padStart(2, "0")}`;
  if (rule === undefined) return `${shown} anything`;
  return `${shown} (${describeArguments(rule, namelessParameters(rule), names, "values")})`;
}

/** Values whose types alone are known, by their place. */
function namelessParameters({ shape }: AbiArgumentsRule): readonly AbiParameter[] {
  return toAbiParameters(shape).map((parameter, index) => ({ ...parameter, name: `value ${index}` }));
}

/** What a step of a path leads to. */
function step({ name, shape, parameter }: Thing, index: number): Thing {
  if (typeof shape === "object" && "array" in shape) {
    const at = index < 128 ? `[${index}]` : `[${index - 256}]`;
    return { name: `${name}${at}`, shape: shape.array, parameter: elementOf(parameter) };
  }
  const shapes = typeof shape === "object" ? ("tuple" in shape ? shape.tuple : shape.staticTuple) : [];
  const head = parameter === undefined ? undefined : listParts(parameter, name)[index];
  const unknown = name === "" ? `word ${index}` : `${name}.${index}`;
  return { name: head?.name ?? unknown, shape: shapes[index], parameter: head?.parameter };
}

type Head = { readonly name: string; readonly parameter: AbiParameter };

/** A name for each word of the head of parameters. */
function listHeads(parameters: readonly AbiParameter[], prefix: string): readonly Head[] {
  return parameters.flatMap((parameter, index) => {
    const own =
      parameter.name === undefined || parameter.name === ""
        ? prefix === ""
          ? `argument ${index}`
          : index
        : identifier(parameter.name);
    return listHead(parameter, prefix === "" ? `${own}` : `${prefix}.${own}`);
  });
}

function listHead(parameter: AbiParameter, name: string): readonly Head[] {
  if (isDynamic(parameter) || countWords(parameter) === 0) return [{ name, parameter }];
  const isComposite = /\[\d+\]$/.test(parameter.type) || "components" in parameter;
  return isComposite ? listParts(parameter, name) : [{ name, parameter }];
}

/** The words of the head of what a tuple, or an array of fixed length, holds. */
function listParts(parameter: AbiParameter, name: string): readonly Head[] {
  const [, element, length] = /^(.*)\[(\d+)\]$/.exec(parameter.type) ?? [];
  if (element !== undefined)
    return Array.from({ length: Number(length) }, (_, index) =>
      listHead({ ...parameter, type: element }, `${name}[${index}]`),
    ).flat();
  return "components" in parameter ? listHeads(parameter.components, name) : [];
}

function elementOf(parameter: AbiParameter | undefined): AbiParameter | undefined {
  const [, element] = /^(.*)\[\]$/.exec(parameter?.type ?? "") ?? [];
  return parameter === undefined || element === undefined ? undefined : { ...parameter, type: element };
}

/** A field of a message; without a type if that is not known. */
export type Field = { readonly name: string; readonly type: string };

/** Rules on the fields of a message, each of which is a word. */
export function describeFieldRules(
  groups: readonly (readonly AbiCallRule[])[],
  fields: readonly Field[],
  names: Names,
): string {
  // Structs, arrays and texts are words, too: their hashes.
  const inputs = fields.map(({ name, type }) => ({ name, type: type === "uint160" ? type : "bytes32" }));
  return describeCallRules(groups, { inputs }, names);
}
