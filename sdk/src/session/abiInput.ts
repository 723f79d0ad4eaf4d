import {
  type Abi,
  type AbiFunction,
  type AbiParameter,
  type ContractFunctionName,
  type Hex,
  type ParseAbi,
  parseAbi,
  toFunctionSelector,
  toFunctionSignature,
} from "viem";
import { anySelector, noCalldata } from "../constants.js";
import {
  AmbiguousFunctionError,
  FunctionNotFoundError,
  InvalidAbiError,
  InvalidRuleError,
  MissingRulesError,
  ReservedSelectorError,
  SelectorCollisionError,
  UnknownArgumentError,
} from "../errors/input.js";
import type { AbiRuleGroup } from "../policies/abiRule.js";
import { compileCallRules, getNames } from "./compileRules.js";
import type { ArgumentRules } from "./rules.js";

/**
 * What stands for an ABI: a whole one, one function of it, or signatures as people write them, with the word `function` or
 * without: `"safeMint(address to)"`, or a list of them, with structs.
 */
export type AbiInput = Abi | AbiFunction | string | readonly unknown[];

/** The ABI that an {@link AbiInput} stands for. */
export type AbiOf<input extends AbiInput> = input extends string
  ? string extends input
    ? Abi
    : ParseAbi<readonly [Spelled<input>]>
  : input extends readonly string[]
    ? string extends input[number]
      ? Abi
      : ParseAbi<SpelledAll<input>>
    : input extends AbiFunction
      ? readonly [input]
      : input extends Abi
        ? input
        : Abi;

type Spelled<signature extends string> = signature extends
  | `${"function" | "struct" | "event" | "error"} ${string}`
  | `${"constructor" | "fallback" | "receive"}(${string}`
  ? signature
  : `function ${signature}`;

type SpelledAll<signatures extends readonly string[]> = signatures extends readonly [
  infer first extends string,
  ...infer rest extends readonly string[],
]
  ? readonly [Spelled<first>, ...SpelledAll<rest>]
  : readonly [];

/** Names of the functions of an ABI that a transaction can call. */
export type CallableName<input extends AbiInput> = ContractFunctionName<AbiOf<input>, "nonpayable" | "payable">;

/** What `args` takes for a function of an ABI. With overloads, what any of them takes. */
export type CallRules<input extends AbiInput, functionName extends string> = RulesOf<AbiOf<input>, functionName>;

type RulesOf<abi, functionName extends string> = abi extends Abi
  ? Abi extends abi
    ? { readonly [name: string]: unknown }
    : FunctionRules<Extract<abi[number], { type: "function"; name: NameIn<functionName> }>>
  : { readonly [name: string]: unknown };

type FunctionRules<abiFunction> = abiFunction extends { inputs: infer inputs extends readonly AbiParameter[] }
  ? ArgumentRules<inputs>
  : never;

type NameIn<functionName extends string> = functionName extends `${infer name}(${string}` ? name : functionName;

/** A function of an ABI, and rules on its arguments. */
export type FunctionRequest<abi extends AbiInput = Abi, functionName extends string = string> = {
  /**
   * The contract's ABI, a part of it, one function, or signatures as people write them: `"safeMint(address to)"`, or a list
   * of them.
   */
  abi: abi;
  /**
   * The function: its name, or its signature (`"mint(address,uint256)"`) if there are several of that name. May be left
   * out if there is only one function.
   */
  functionName?: functionName | CallableName<abi> | `${CallableName<abi>}(${string})` | undefined;
  /** Rules by the names of the arguments. All of them must hold; an argument without one may be anything. */
  args?: CallRules<abi, functionName> | undefined;
  /** Alternatives in the form of `args`, of which one must hold, in addition to `args`. */
  or?: readonly CallRules<abi, functionName>[] | undefined;
  /** Says that the session key may choose every argument. Goes with neither `args` nor `or`. */
  anyArguments?: boolean | undefined;
};

/** Demands the name of the function of an ABI that has several. */
export type NameOfSeveral<abi extends AbiInput> =
  IsUnion<CallableName<abi>> extends true ? { readonly functionName: string } : unknown;

type IsUnion<type, all = type> = [type] extends [never]
  ? false
  : type extends unknown
    ? [all] extends [type]
      ? false
      : true
    : never;

/** A function that was asked for, and rules on its calls as the policy knows them. */
export type CompiledFunction = {
  readonly abiFunction: AbiFunction;
  readonly selector: Hex;
  /** None if any arguments will do. */
  readonly groups: readonly AbiRuleGroup[];
};

/** Finds a function, and compiles the rules on its arguments. */
export function compileFunction({
  abi,
  functionName,
  args,
  or,
  anyArguments = false,
}: {
  abi: AbiInput;
  functionName: string | undefined;
  args: unknown;
  or: readonly unknown[] | undefined;
  anyArguments: boolean | undefined;
}): CompiledFunction {
  const functions = listFunctions(parseAbiInput(abi));
  const abiFunction = findFunction(functions, functionName, [
    ...(args ? [args] : []),
    ...(Array.isArray(or) ? or : []),
  ]);
  const selector = getSelector(functions, abiFunction);
  const { inputs, name } = abiFunction;
  const hasRules = args !== undefined || or !== undefined;
  if (anyArguments && hasRules)
    throw new InvalidRuleError({
      argument: "anyArguments",
      type: name,
      reason: "it goes with neither `args` nor `or`",
    });
  if (!anyArguments && !hasRules && inputs.length > 0)
    throw new MissingRulesError({ where: `the arguments of \`${name}\`` });
  return { abiFunction, selector, groups: hasRules ? compileCallRules({ inputs, args, or }) : [] };
}

/** An ABI as a list of its items. */
export function parseAbiInput(abi: AbiInput): readonly unknown[] {
  if (typeof abi === "string") return parseSignatures([abi]);
  if (isFunction(abi)) return [abi];
  if (!Array.isArray(abi)) throw new InvalidAbiError({ reason: "it is neither a list, a function nor a signature" });
  const items: readonly unknown[] = abi;
  const texts = items.filter((item) => typeof item === "string");
  return texts.length > 0 ? [...parseSignatures(texts), ...items.filter((item) => typeof item !== "string")] : items;
}

const keywords = /^(function|struct|event|error) |^(constructor|fallback|receive)\(/;

function parseSignatures(signatures: readonly string[]): readonly unknown[] {
  const spelled = signatures.map((signature) => (keywords.test(signature) ? signature : `function ${signature}`));
  try {
    return parseAbi(spelled);
  } catch (cause) {
    throw new InvalidAbiError({ reason: "a signature cannot be read", signature: signatures.join("; "), cause });
  }
}

/** The functions of an ABI, each signature once. */
function listFunctions(abi: readonly unknown[]): readonly AbiFunction[] {
  const bySignature = new Map<string, AbiFunction>();
  for (const item of abi) if (isFunction(item)) bySignature.set(toFunctionSignature(item), item);
  return [...bySignature.values()];
}

function isFunction(item: unknown): item is AbiFunction {
  return typeof item === "object" && item !== null && "type" in item && item.type === "function";
}

function findFunction(
  functions: readonly AbiFunction[],
  name: string | undefined,
  rules: readonly unknown[],
): AbiFunction {
  const callable = functions.filter(({ stateMutability }) => stateMutability !== "view" && stateMutability !== "pure");
  const named = callable.filter(
    (item) => name === undefined || (name.includes("(") ? toFunctionSignature(item) : item.name) === name,
  );
  const [first, ...others] = named;
  if (first === undefined)
    throw new FunctionNotFoundError({
      functionName: name ?? "",
      available: callable.map((item) => toFunctionSignature(item)),
    });
  if (others.length === 0) return first;
  const ambiguous = (signatures: readonly AbiFunction[]): AmbiguousFunctionError =>
    new AmbiguousFunctionError({
      functionName: name,
      signatures: signatures.map((item) => toFunctionSignature(item)),
    });
  if (name === undefined) throw ambiguous(named);

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
  if (more.length > 0) throw ambiguous(fitting);
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
