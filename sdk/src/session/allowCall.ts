import {
  type Abi,
  type AbiFunction,
  type AbiParameter,
  type Address,
  type ContractFunctionName,
  type Hex,
  numberToHex,
  toFunctionSelector,
  toFunctionSignature,
} from "viem";
import { anySelector, noCalldata } from "../constants.js";
import {
  AmbiguousFunctionError,
  DynamicTypeNotSupportedError,
  FunctionNotFoundError,
  FunctionNotPayableError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidBytesError,
  type InvalidNumberError,
  InvalidRuleError,
  MissingRulesError,
  ReservedSelectorError,
  SelectorCollisionError,
  TooManyError,
  UnknownArgumentError,
} from "../errors/input.js";
import {
  type AbiRule,
  type AbiRuleGroup,
  type Comparison,
  comparisons,
  encodeAbiRuleConfig,
  getTypeInfo,
} from "../policies/abiRule.js";
import type { Permission, PolicyRequest } from "../types.js";
import { checkParameters, parseAddress, parseAmount, parseBytes, parseNumber } from "../utils/validate.js";
import { type ArgumentRules, isAnyOf, isRule, type Rule } from "./rules.js";

/** Names of the functions of an ABI that a transaction can call. */
export type CallableName<abi extends Abi | readonly unknown[]> = ContractFunctionName<abi, "nonpayable" | "payable">;

/** What `args` takes for a function of an ABI. With overloads, what any of them takes. */
export type CallRules<abi extends Abi | readonly unknown[], functionName extends string> = abi extends Abi
  ? Abi extends abi
    ? { readonly [name: string]: unknown }
    : FunctionRules<Extract<abi[number], { type: "function"; name: NameIn<functionName> }>>
  : { readonly [name: string]: unknown };

type FunctionRules<abiFunction> = abiFunction extends { inputs: infer inputs extends readonly AbiParameter[] }
  ? ArgumentRules<inputs>
  : never;

type NameIn<functionName extends string> = functionName extends `${infer name}(${string}` ? name : functionName;

export type AllowCallParameters<abi extends Abi | readonly unknown[] = Abi, functionName extends string = string> = {
  /** The contract's ABI, or a part of it. */
  abi: abi;
  /** The function: its name, or its signature (`"mint(address,uint256)"`) if there are several of that name. */
  functionName: functionName | CallableName<abi> | `${CallableName<abi>}(${string})`;
  /** The contract. */
  address: Address;
  /** Rules by the names of the arguments. All of them must hold; an argument without one may be anything. */
  args?: CallRules<abi, functionName> | undefined;
  /** Alternatives in the form of `args`, of which one must hold, in addition to `args`. */
  or?: readonly CallRules<abi, functionName>[] | undefined;
  /** Says that the session key may choose every argument. Goes with neither `args` nor `or`. */
  anyArguments?: boolean | undefined;
  /** The most that one call may send, in wei; 0n if it is left out. Only for payable functions. */
  maxValue?: bigint | undefined;
  /** More policies that must accept the call. */
  policies?: readonly PolicyRequest[] | undefined;
};

export type AllowCallReturnType = Permission;

export type AllowCallErrorType =
  | AmbiguousFunctionError
  | DynamicTypeNotSupportedError
  | FunctionNotFoundError
  | FunctionNotPayableError
  | InvalidAddressError
  | InvalidAmountError
  | InvalidBytesError
  | InvalidNumberError
  | InvalidRuleError
  | MissingRulesError
  | ReservedSelectorError
  | SelectorCollisionError
  | TooManyError
  | UnknownArgumentError;

/**
 * Allows calls to a function of a contract, with rules for its arguments.
 *
 * Names and types come from the ABI. A bare value means that the argument equals it; other rules are {@link lte},
 * {@link oneOf} and so on. Parts of tuples go by their names, elements of fixed-length arrays by their index.
 *
 * @param parameters {@link AllowCallParameters}
 * @returns A permission for {@link defineSession}.
 * @throws An error for each parameter that is not what it must be, among them MissingRulesError if neither rules nor
 * `anyArguments` are given, UnknownArgumentError, AmbiguousFunctionError, SelectorCollisionError, and
 * DynamicTypeNotSupportedError.
 *
 * @example
 * import { allowCall, isAccount, lte } from "latchkey";
 * import { parseAbi } from "viem";
 *
 * const permission = allowCall({
 *   abi: parseAbi(["function mint(address to, uint256 id, uint8 amount)"]),
 *   functionName: "mint",
 *   address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
 *   args: { to: isAccount(), amount: lte(3) },
 * });
 */
export function allowCall<
  const abi extends Abi | readonly unknown[],
  functionName extends CallableName<abi> | `${CallableName<abi>}(${string})`,
>(parameters: AllowCallParameters<abi, functionName>): AllowCallReturnType {
  checkParameters("allowCall's argument", parameters, parameterNames);
  const { abi, functionName, args, or, anyArguments = false, policies = [], maxValue = 0n } = parameters;
  const target = parseAddress("address", parameters.address);
  if (maxValue !== undefined) parseAmount("maxValue", maxValue, 2n ** 256n - 1n);
  const functions = listFunctions(abi);
  const abiFunction = findFunction(functions, functionName, [...(args ? [args] : []), ...(or ?? [])]);
  const selector = getSelector(functions, abiFunction);
  if (maxValue > 0n && abiFunction.stateMutability !== "payable")
    throw new FunctionNotPayableError({ functionName: abiFunction.name, maxValue });

  const groups = compile({ abiFunction, args, or, anyArguments });
  return {
    type: "call",
    actions: [
      {
        target,
        selector,
        maxValue,
        policies: [
          ...(groups.length > 0 ? [{ policy: "abiRulePolicy", config: encodeAbiRuleConfig(groups) } as const] : []),
          ...policies,
        ],
      },
    ],
  };
}

const parameterNames = ["abi", "functionName", "address", "args", "or", "anyArguments", "maxValue", "policies"];

/** The functions of an ABI, each signature once. */
function listFunctions(abi: Abi | readonly unknown[]): readonly AbiFunction[] {
  const bySignature = new Map<string, AbiFunction>();
  for (const item of abi) if (isFunction(item)) bySignature.set(toFunctionSignature(item), item);
  return [...bySignature.values()];
}

function isFunction(item: unknown): item is AbiFunction {
  return typeof item === "object" && item !== null && "type" in item && item.type === "function";
}

function findFunction(functions: readonly AbiFunction[], name: string, rules: readonly unknown[]): AbiFunction {
  const callable = functions.filter(({ stateMutability }) => stateMutability !== "view" && stateMutability !== "pure");
  const named = callable.filter((item) =>
    name.includes("(") ? toFunctionSignature(item) === name : item.name === name,
  );
  const [first, ...others] = named;
  if (first === undefined)
    throw new FunctionNotFoundError({
      functionName: name,
      available: callable.map((item) => toFunctionSignature(item)),
    });
  if (others.length === 0) return first;

  const wanted = rules.flatMap((rule) => (typeof rule === "object" && rule !== null ? Object.keys(rule) : []));
  const fitting = named.filter((item) => {
    const names = getNames(item.inputs);
    return wanted.every((argument) => names.includes(argument));
  });
  const [only, ...more] = fitting;
  if (only === undefined) {
    const available = [...new Set(named.flatMap((item) => getNames(item.inputs)))];
    throw new UnknownArgumentError({
      argument: wanted.find((argument) => !available.includes(argument)) ?? wanted.join(", "),
      available,
    });
  }
  if (more.length > 0)
    throw new AmbiguousFunctionError({
      functionName: name,
      signatures: fitting.map((item) => toFunctionSignature(item)),
    });
  return only;
}

function getSelector(functions: readonly AbiFunction[], abiFunction: AbiFunction): Hex {
  const selector = toFunctionSelector(abiFunction);
  const same = functions.filter((item) => toFunctionSelector(item) === selector);
  if (same.length > 1)
    throw new SelectorCollisionError({ selector, signatures: same.map((item) => toFunctionSignature(item)) });
  if (selector === anySelector) throw new ReservedSelectorError({ selector, meaning: "any function" });
  if (selector === noCalldata) throw new ReservedSelectorError({ selector, meaning: "no calldata" });
  return selector;
}

/** Names by which parameters go: their own, or their position if they have none or share it. */
function getNames(parameters: readonly AbiParameter[]): readonly string[] {
  return parameters.map(({ name }, index) =>
    name === undefined || name === "" || parameters.filter((other) => other.name === name).length > 1
      ? String(index)
      : name,
  );
}

function compile({
  abiFunction,
  args,
  or,
  anyArguments,
}: {
  abiFunction: AbiFunction;
  args: unknown;
  or: readonly unknown[] | undefined;
  anyArguments: boolean;
}): readonly AbiRuleGroup[] {
  const { inputs, name } = abiFunction;
  const hasRules = args !== undefined || or !== undefined;
  if (anyArguments) {
    if (hasRules)
      throw new InvalidRuleError({
        argument: "anyArguments",
        type: name,
        reason: "it goes with neither `args` nor `or`",
      });
    return [];
  }
  if (!hasRules) {
    if (inputs.length === 0) return [];
    throw new MissingRulesError({ where: `the arguments of \`${name}\`` });
  }
  return [
    ...(args === undefined ? [] : compileTuple({ path: "args", parameters: inputs, value: args, word: 0 })),
    ...(or === undefined ? [] : compileAlternatives(inputs, or)),
  ];
}

/** (a AND b) OR (c AND d) as what the policy knows: (a OR c) AND (a OR d) AND (b OR c) AND (b OR d). */
function compileAlternatives(
  inputs: readonly AbiParameter[],
  alternatives: readonly unknown[],
): readonly AbiRuleGroup[] {
  if (alternatives.length === 0) throw new MissingRulesError({ where: "`or`" });
  const compiled = alternatives.map((value, index) =>
    compileTuple({ path: `or[${index}]`, parameters: inputs, value, word: 0 }),
  );
  const count = compiled.reduce((product, groups) => product * groups.length, 1);
  if (count > 255) throw new TooManyError({ what: "groups of rules that `or` comes to", limit: 255, actual: count });
  return compiled.reduce<readonly AbiRuleGroup[]>(
    (products, groups) => products.flatMap((product) => groups.map((group) => [...product, ...group])),
    [[]],
  );
}

type Place = {
  /** What the user wrote, for messages. */
  readonly path: string;
  /** Index of the first word, counted from the end of the selector. */
  readonly word: number;
};

function compileTuple({
  path,
  word,
  parameters,
  value,
}: Place & { parameters: readonly AbiParameter[]; value: unknown }): readonly AbiRuleGroup[] {
  if (typeof value !== "object" || value === null || isRule(value) || isAnyOf(value) || Array.isArray(value))
    throw new InvalidRuleError({ argument: path, type: "tuple", reason: "it takes an object with rules by name" });
  const names = getNames(parameters);
  for (const key of Object.keys(value))
    if (!names.includes(key)) throw new UnknownArgumentError({ argument: `${path}.${key}`, available: names });
  if (Object.keys(value).length === 0) throw new MissingRulesError({ where: `\`${path}\`` });

  const entries = new Map<string, unknown>(Object.entries(value));
  let next = word;
  return parameters.flatMap((parameter, index) => {
    const place = { path: `${path}.${names[index]}`, word: next };
    next += countWords(parameter);
    return entries.has(names[index] ?? "")
      ? compileParameter({ ...place, parameter, value: entries.get(names[index] ?? "") })
      : [];
  });
}

function compileParameter({
  path,
  word,
  parameter,
  value,
}: Place & { parameter: AbiParameter; value: unknown }): readonly AbiRuleGroup[] {
  const { type } = parameter;
  if (isDynamic(parameter)) throw new DynamicTypeNotSupportedError({ argument: path, type });
  if (value === undefined)
    throw new InvalidRuleError({ argument: path, type, reason: "it is undefined; leave it out if it may be anything" });
  const array = splitArray(parameter);
  if (array) return compileArray({ path, word, ...array, type, value });
  const components = getComponents(parameter);
  if (components) return compileTuple({ path, word, parameters: components, value });
  return [compileLeaf({ path, word, type, value })];
}

function compileArray({
  path,
  word,
  element,
  length,
  type,
  value,
}: Place & { element: AbiParameter; length: number; type: string; value: unknown }): readonly AbiRuleGroup[] {
  if (typeof value !== "object" || value === null || isRule(value) || isAnyOf(value))
    throw new InvalidRuleError({ argument: path, type, reason: "it takes an array, or an object with rules by index" });
  if (Array.isArray(value) && value.length !== length)
    throw new InvalidRuleError({ argument: path, type, reason: `it has ${length} elements and not ${value.length}` });
  const entries = Array.isArray(value)
    ? Array.from(value, (rule: unknown, index): [string, unknown] => [String(index), rule])
    : Object.entries(value);
  if (entries.length === 0) throw new MissingRulesError({ where: `\`${path}\`` });
  return entries.flatMap(([key, rule]) => {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= length)
      throw new UnknownArgumentError({ argument: `${path}[${key}]`, available: [`0 to ${length - 1}`] });
    return compileParameter({
      path: `${path}[${key}]`,
      word: word + index * countWords(element),
      parameter: element,
      value: rule,
    });
  });
}

function compileLeaf({ path, word, type, value }: Place & { type: string; value: unknown }): AbiRuleGroup {
  if (!isAnyOf(value)) return [compileRule({ path, word, type, value })];
  if (value.alternatives.length === 0)
    throw new InvalidRuleError({ argument: path, type, reason: "it has no alternatives" });
  return value.alternatives.flatMap((alternative) => compileLeaf({ path, word, type, value: alternative }));
}

function compileRule({ path, word, type, value }: Place & { type: string; value: unknown }): AbiRule {
  const { comparison, references }: Pick<Rule, "comparison" | "references"> = isRule(value)
    ? value
    : { comparison: "eq", references: [value] };
  const known = comparisons.find((name) => name === comparison);
  const encoded = references.map((reference) => encodeValue(path, type, reference));
  const distinct = comparison === "oneOf" ? [...new Set(encoded)] : encoded;
  const reason = known === undefined ? "it is not known" : findFault(known, type, references);
  if (known === undefined || reason !== undefined)
    throw new InvalidRuleError({ argument: path, type, reason: reason ?? "it is not known" });
  if (distinct.length > 255)
    throw new TooManyError({ what: `values for ${path}`, limit: 255, actual: distinct.length });
  return { word, type, comparison: known, references: distinct };
}

function getKind(type: string): string {
  return type === "address" ? type : (getTypeInfo(type)?.kind ?? "unknown");
}

/** Why a comparison does not fit a type or makes no sense. */
function findFault(comparison: Comparison, type: string, references: readonly unknown[]): string | undefined {
  const kind = getKind(type);
  const [first = 0n, second = 0n] = references.map(toBigInt);
  switch (comparison) {
    case "eq":
    case "neq":
      return undefined;
    case "oneOf":
      return references.length === 0 ? "it has no values" : undefined;
    case "isAccount":
      return kind === "address" ? undefined : "only an address can be the account";
    case "mask":
      if (!["unsigned", "bytes"].includes(kind)) return "only unsigned integers and bytes have a mask";
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
  const info = getTypeInfo(type);
  if (info === undefined) throw new DynamicTypeNotSupportedError({ argument: path, type });
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

function lowerCase(address: Address): Hex {
  return `0x${address.slice(2).toLowerCase()}`;
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

/** A fixed-length array's element and length; of `T[2][3]` the 3 and `T[2]`. */
function splitArray(parameter: AbiParameter): { element: AbiParameter; length: number } | undefined {
  const [, type, length] = /^(.*)\[(\d+)\]$/.exec(parameter.type) ?? [];
  return type === undefined ? undefined : { element: { ...parameter, type }, length: Number(length) };
}

function isDynamic(parameter: AbiParameter): boolean {
  const { type } = parameter;
  if (type.includes("[]") || /^(bytes|string)(\[|$)/.test(type)) return true;
  return getComponents(parameter)?.some(isDynamic) ?? false;
}

/** How many words a parameter takes in the head: a dynamic one takes one, which holds its offset. */
function countWords(parameter: AbiParameter): number {
  if (isDynamic(parameter)) return 1;
  const array = splitArray(parameter);
  if (array) return array.length * countWords(array.element);
  return getComponents(parameter)?.reduce((sum, component) => sum + countWords(component), 0) ?? 1;
}
