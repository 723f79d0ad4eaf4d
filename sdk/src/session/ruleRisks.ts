import type { AbiParameter, Hex } from "viem";
import type { AbiCallRule, AbiValueRule, Comparison } from "../policies/abiRule.js";
import type { AbiShapeType } from "../policies/abiShape.js";
import { getTypeInfo } from "../policies/abiWord.js";
import { countWords, isDynamic } from "./compileRules.js";
import { identifier } from "./words.js";

/** Groups of rules, as a policy has them: an AND of ORs. */
type Groups<rule> = readonly (readonly rule[])[];

/** A function that moves tokens, or lets somebody else move them: where it says to whom, and how much or which. */
export type TokenFunction = {
  /** Index of the word that says who gets tokens, or is approved. */
  readonly recipient: number;
  /** Index of the word that is an amount or an id. */
  readonly amount?: number;
  readonly isApproval?: true;
  /** Whether it approves all tokens at once. */
  readonly isForAll?: true;
};

/** By selector: functions of ERC-20, ERC-721, ERC-777, ERC-1155, ERC-1363 and ERC-6909 tokens, and of Permit2. */
export const tokenFunctions: { readonly [selector: Hex]: TokenFunction & { readonly signature: string } } = {
  "0xa9059cbb": { signature: "transfer(address,uint256)", recipient: 0, amount: 1 },
  "0x23b872dd": { signature: "transferFrom(address,address,uint256)", recipient: 1, amount: 2 },
  "0x42842e0e": { signature: "safeTransferFrom(address,address,uint256)", recipient: 1, amount: 2 },
  "0xb88d4fde": { signature: "safeTransferFrom(address,address,uint256,bytes)", recipient: 1, amount: 2 },
  "0xf242432a": { signature: "safeTransferFrom(address,address,uint256,uint256,bytes)", recipient: 1 },
  "0x2eb2c2d6": { signature: "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", recipient: 1 },
  "0x4000aea0": { signature: "transferAndCall(address,uint256,bytes)", recipient: 0, amount: 1 },
  "0x095bcdb6": { signature: "transfer(address,uint256,uint256)", recipient: 0 },
  "0xfe99049a": { signature: "transferFrom(address,address,uint256,uint256)", recipient: 1 },
  "0x36c78516": { signature: "transferFrom(address,address,uint160,address)", recipient: 1, amount: 2 },
  "0x095ea7b3": { signature: "approve(address,uint256)", recipient: 0, amount: 1, isApproval: true },
  "0x39509351": { signature: "increaseAllowance(address,uint256)", recipient: 0, amount: 1, isApproval: true },
  "0xd73dd623": { signature: "increaseApproval(address,uint256)", recipient: 0, amount: 1, isApproval: true },
  "0xcae9ca51": { signature: "approveAndCall(address,uint256,bytes)", recipient: 0, amount: 1, isApproval: true },
  "0x426a8493": { signature: "approve(address,uint256,uint256)", recipient: 0, isApproval: true },
  "0x87517c45": { signature: "approve(address,address,uint160,uint48)", recipient: 1, amount: 2, isApproval: true },
  "0xa22cb465": { signature: "setApprovalForAll(address,bool)", recipient: 0, isApproval: true, isForAll: true },
  "0x558a7297": { signature: "setOperator(address,bool)", recipient: 0, isApproval: true, isForAll: true },
  "0x959b8c3f": { signature: "authorizeOperator(address)", recipient: 0, isApproval: true, isForAll: true },
};

/** A call that is allowed: of a function, with rules on its arguments. */
export type AllowedCall = { readonly selector: Hex; readonly groups: Groups<AbiCallRule> };

/** The calls that rules allow inside of a call, at any depth. */
export function listInnerCalls(groups: Groups<AbiCallRule>): readonly AllowedCall[] {
  return groups.flat().flatMap((rule) => ("shape" in rule ? listInnerCallsOfValues(rule.groups) : []));
}

function listInnerCallsOfValues(groups: Groups<AbiValueRule>): readonly AllowedCall[] {
  return groups.flat().flatMap((rule): readonly AllowedCall[] => {
    switch (rule.test) {
      case "calldata":
        return rule.alternatives.flatMap((inner) => [inner, ...listInnerCalls(inner.groups)]);
      case "all":
      case "every":
      case "some":
      case "decoded":
        return listInnerCallsOfValues(rule.groups);
      case "tagged":
        return rule.alternatives.flatMap((tagged) => listInnerCallsOfValues(tagged.arguments?.groups ?? []));
      default:
        return [];
    }
  });
}

const fixing: readonly Comparison[] = ["eq", "oneOf", "isAccount"];

/** Whether rules leave a word of the arguments only values that they name. */
export function fixesWord(groups: Groups<AbiCallRule>, word: number): boolean {
  return fixesPath(groups, [word]);
}

function fixesPath(groups: Groups<AbiCallRule>, path: readonly number[]): boolean {
  return groups.some((group) =>
    group.every((rule) =>
      "shape" in rule
        ? fixesValue(rule.groups, path)
        : path.length === 1 && rule.word === path[0] && fixing.includes(rule.comparison),
    ),
  );
}

function fixesValue(groups: Groups<AbiValueRule>, path: readonly number[]): boolean {
  return groups.some((group) => group.every((rule) => isFixing(rule, path)));
}

function isFixing(rule: AbiValueRule, path: readonly number[]): boolean {
  if (!startsWith(path, rule.path)) return false;
  const rest = path.slice(rule.path.length);
  if (rule.test === "all") return fixesValue(rule.groups, rest);
  return rest.length === 0 && rule.test === "value" && fixing.includes(rule.comparison);
}

function startsWith(path: readonly number[], beginning: readonly number[]): boolean {
  return beginning.every((step, index) => step === path[index]);
}

/** Whether rules limit something in a value that holds others, or bytes. */
function touchesPath(groups: Groups<AbiCallRule>, path: readonly number[]): boolean {
  return groups.some((group) =>
    group.every((rule) => "shape" in rule && touchesValue(rule.groups, path, { tuple: rule.shape })),
  );
}

function touchesValue(groups: Groups<AbiValueRule>, path: readonly number[], scope: AbiShapeType | undefined): boolean {
  return groups.some((group) =>
    group.every((rule) =>
      rule.test === "all" && startsWith(path, rule.path)
        ? touchesValue(rule.groups, path.slice(rule.path.length), rule.path.reduce(stepInto, scope))
        : startsWith(rule.path, path) && getGripOfValue(rule, scope) === "some",
    ),
  );
}

/**
 * The arguments of a function that say who is meant, or that may hold calls, and that rules leave free: addresses that
 * may be others than those that rules name, and bytes and lists that no rule is about.
 */
export function listFreeArguments(inputs: readonly AbiParameter[], groups: Groups<AbiCallRule>): readonly string[] {
  return listSensitive(inputs, { container: [], head: 0 }, "").flatMap(({ name, path, isAddress }) =>
    (isAddress ? fixesPath : touchesPath)(groups, path) ? [] : [name],
  );
}

type Sensitive = { readonly name: string; readonly path: readonly number[]; readonly isAddress: boolean };

/** Where values are: those of a static tuple are in line with what is around it. */
function listSensitive(
  parameters: readonly AbiParameter[],
  { container, head }: { readonly container: readonly number[]; readonly head: number },
  prefix: string,
): readonly Sensitive[] {
  let at = head;
  return parameters.flatMap((parameter, index) => {
    const place = at;
    at += countWords(parameter);
    const own =
      parameter.name === undefined || parameter.name === "" ? `argument ${index}` : identifier(parameter.name);
    return listSensitiveIn(parameter, { container, head: place }, prefix === "" ? own : `${prefix}.${own}`);
  });
}

function listSensitiveIn(
  parameter: AbiParameter,
  place: { readonly container: readonly number[]; readonly head: number },
  name: string,
): readonly Sensitive[] {
  const path = [...place.container, place.head];
  if (parameter.type === "address") return [{ name, path, isAddress: true }];
  if ("components" in parameter && parameter.type === "tuple")
    return listSensitive(parameter.components, isDynamic(parameter) ? { container: path, head: 0 } : place, name);
  return isDynamic(parameter) && holdsSensitive(parameter) ? [{ name, path, isAddress: false }] : [];
}

function holdsSensitive(parameter: AbiParameter): boolean {
  return (
    /^(address|bytes)(\[|$)/.test(parameter.type) ||
    ("components" in parameter && parameter.components.some(holdsSensitive))
  );
}

/** How far rules limit arguments: not at all, only by values that are not allowed, or otherwise. */
export type Grip = "none" | "exceptions" | "some";

/** The strongest group counts. */
export function getGrip(groups: Groups<AbiCallRule>): Grip {
  return strongest(groups.map((group) => weakest(group.map(getGripOfRule))));
}

function getGripOfRule(rule: AbiCallRule): Grip {
  return "shape" in rule ? getGripOfValues(rule.groups, { tuple: rule.shape }) : getGripOfWord(rule.type, rule);
}

function getGripOfValues(groups: Groups<AbiValueRule>, scope: AbiShapeType | undefined): Grip {
  return strongest(groups.map((group) => weakest(group.map((rule) => getGripOfValue(rule, scope)))));
}

function getGripOfValue(rule: AbiValueRule, scope: AbiShapeType | undefined): Grip {
  const shape = rule.path.reduce(stepInto, scope);
  switch (rule.test) {
    case "value":
      return getGripOfWord(typeof shape === "string" ? shape : "bytes32", rule);
    case "length":
      return getGripOfWord("uint32", rule);
    case "hash":
    case "slice":
    case "sliceFromEnd":
      return rule.comparison === "neq" ? "exceptions" : "some";
    case "differs":
      return "exceptions";
    case "all":
      return getGripOfValues(rule.groups, shape);
    case "every":
      return getGripOfValues(rule.groups, typeof shape === "object" && "array" in shape ? shape.array : undefined);
    case "decoded":
      return getGripOfValues(rule.groups, { tuple: rule.shape });
    case "tagged":
      return weakest(
        rule.alternatives.map(({ arguments: inner }) =>
          inner === undefined ? "none" : getGripOfValues(inner.groups, { tuple: inner.shape }),
        ),
      );
    default:
      return "some";
  }
}

function stepInto(shape: AbiShapeType | undefined, index: number): AbiShapeType | undefined {
  if (typeof shape !== "object") return undefined;
  if ("array" in shape) return shape.array;
  return "tuple" in shape ? shape.tuple[index] : shape.staticTuple[index];
}

/** A comparison that every value of the type meets limits nothing. */
function getGripOfWord(
  type: string,
  { comparison, references }: { readonly comparison: Comparison; readonly references: readonly Hex[] },
): Grip {
  const [first = "0x", second = "0x"] = references;
  const isSigned = getTypeInfo(type)?.kind === "signed";
  const isLowest = (value: Hex): boolean => (isSigned ? /^0x80(00)*$/ : /^0x(00)+$/).test(value);
  const isHighest = (value: Hex): boolean => (isSigned ? /^0x7f(ff)*$/i : /^0x(ff)+$/i).test(value);
  switch (comparison) {
    case "neq":
      return "exceptions";
    case "gte":
      return isLowest(first) ? "none" : "some";
    case "gt":
      return isLowest(first) ? "exceptions" : "some";
    case "lte":
      return isHighest(first) ? "none" : "some";
    case "lt":
      return isHighest(first) ? "exceptions" : "some";
    case "between":
      return isLowest(first) && isHighest(second) ? "none" : "some";
    case "mask":
      return /^0x(00)+$/.test(first) ? "none" : "some";
    default:
      return "some";
  }
}

const grips: readonly Grip[] = ["none", "exceptions", "some"];

function strongest(all: readonly Grip[]): Grip {
  return [...grips].reverse().find((grip) => all.includes(grip)) ?? "none";
}

function weakest(all: readonly Grip[]): Grip {
  return grips.find((grip) => all.includes(grip)) ?? "none";
}
