import type { AbiParameter, AbiParameterToPrimitiveType, Hex } from "viem";
import type { AbiArgumentsRule, AbiValueRuleGroup } from "../policies/abiRule.js";

declare const brand: unique symbol;

/** Comparisons that every static type has, and `bytes` and `string` too. */
export type EqualityComparison = "eq" | "neq" | "oneOf";

/** Comparisons of numbers. */
export type OrderComparison = "lt" | "lte" | "gt" | "gte" | "between";

/** What an elementary type has for values. */
export type RuleValue = bigint | number | boolean | string;

/** One comparison of an argument with references. */
export interface Rule<comparison extends string = string, value = unknown> {
  readonly [brand]: "rule";
  readonly comparison: comparison;
  readonly references: readonly value[];
}

/** Holds if one of its alternatives does, each a rule, a value to equal, or rules on parts by name. */
export interface AnyOfRule<alternative = unknown> {
  readonly [brand]: "anyOf";
  readonly alternatives: readonly alternative[];
}

/** Holds if all of its parts do, each as in {@link AnyOfRule}. */
export interface AllOfRule<part = unknown> {
  readonly [brand]: "allOf";
  readonly parts: readonly part[];
}

/** Holds if every, or some, element of an array meets a rule. */
export interface ElementsRule<rule = unknown> {
  readonly [brand]: "elements";
  readonly which: "every" | "some";
  readonly element: rule;
}

/** Holds if the number of bytes, or of an array's elements, meets a rule. */
export interface LengthRule {
  readonly [brand]: "length";
  readonly length: ArgumentRule<{ readonly type: "uint32" }>;
}

/** Holds if bytes or a string begin, or end, like this. */
export interface ContentRule<value extends string = string> {
  readonly [brand]: "content";
  readonly where: "prefix" | "suffix";
  readonly content: value;
}

/** Holds if the keccak256 of bytes or a string meets a rule. */
export interface HashRule {
  readonly [brand]: "hash";
  readonly hash: ArgumentRule<{ readonly type: "bytes32" }>;
}

/** A rule on what bytes hold: {@link isCall}, {@link isEncoding} or {@link packedAt}. */
export interface BytesRule {
  readonly [brand]: "bytes";
  /** In the form of the policy, about the bytes themselves. */
  readonly groups: readonly AbiValueRuleGroup[];
}

/** The bytes of a rule that are the encoding of values, from {@link isEncoding}. */
export interface EncodingRule extends BytesRule {
  readonly encoding: AbiArgumentsRule;
}

/** Says in so many words that something may be whatever it likes. */
export interface AnythingRule {
  readonly [brand]: "anything";
  readonly anything: true;
}

/** What may go with a tag of {@link taggedBy}. */
export type TagRule = EncodingRule | AnythingRule | AnyOfRule<EncodingRule>;

/** Holds if each element of an array of bytes fits the byte of the tags at its index. */
export interface TaggedRule<tags extends string = string> {
  readonly [brand]: "tagged";
  readonly tags: tags;
  readonly allowed: { readonly [tag: number]: TagRule };
}

/** Whatever the functions below make. */
export type AnyRule =
  | Rule
  | AnyOfRule
  | AllOfRule
  | ElementsRule
  | LengthRule
  | ContentRule
  | HashRule
  | BytesRule
  | EncodingRule
  | TaggedRule
  | AnythingRule;

const rules = new WeakSet<object>();

/** Whether something came from one of the functions of rules, and is not a value that looks alike. */
export function isMade(value: unknown): value is AnyRule {
  return typeof value === "object" && value !== null && rules.has(value);
}

/** Remembers a rule that a function of this package made. */
export function makeRule<rule extends AnyRule>(fields: Omit<rule, typeof brand>): rule {
  const made = Object.freeze({ ...fields });
  rules.add(made);
  // The brand exists for the compiler only.
  return made as unknown as rule;
}

function rule<comparison extends string, value>(
  comparison: comparison,
  references: readonly value[],
): Rule<comparison, value> {
  return makeRule<Rule<comparison, value>>({ comparison, references: Object.freeze([...references]) });
}

/**
 * The argument equals a value. A bare value means the same.
 *
 * @example
 * import { eq } from "latchkey";
 *
 * const rule = eq(5n);
 */
export function eq<const value extends RuleValue>(value: value): Rule<"eq", value> {
  return rule("eq", [value]);
}

/**
 * The argument differs from a value.
 *
 * @example
 * import { neq } from "latchkey";
 *
 * const rule = neq(0n);
 */
export function neq<const value extends RuleValue>(value: value): Rule<"neq", value> {
  return rule("neq", [value]);
}

/**
 * The argument, a number, is below a value.
 *
 * @example
 * import { lt } from "latchkey";
 *
 * const rule = lt(100n);
 */
export function lt<const value extends bigint | number>(value: value): Rule<"lt", value> {
  return rule("lt", [value]);
}

/**
 * The argument, a number, is at most a value.
 *
 * @example
 * import { lte } from "latchkey";
 *
 * const rule = lte(100n);
 */
export function lte<const value extends bigint | number>(value: value): Rule<"lte", value> {
  return rule("lte", [value]);
}

/**
 * The argument, a number, is above a value.
 *
 * @example
 * import { gt } from "latchkey";
 *
 * const rule = gt(0n);
 */
export function gt<const value extends bigint | number>(value: value): Rule<"gt", value> {
  return rule("gt", [value]);
}

/**
 * The argument, a number, is at least a value.
 *
 * @example
 * import { gte } from "latchkey";
 *
 * const rule = gte(1n);
 */
export function gte<const value extends bigint | number>(value: value): Rule<"gte", value> {
  return rule("gte", [value]);
}

/**
 * The argument, a number, is from the first value to the second, both included.
 *
 * @example
 * import { between } from "latchkey";
 *
 * const rule = between(1n, 100n);
 */
export function between<const value extends bigint | number>(lowest: value, highest: value): Rule<"between", value>;
export function between<const lowest extends bigint | number, const highest extends bigint | number>(
  lowest: lowest,
  highest: highest,
): Rule<"between", lowest | highest>;
export function between(lowest: bigint | number, highest: bigint | number): Rule<"between", bigint | number> {
  return rule("between", [lowest, highest]);
}

/**
 * The argument equals one of the values: 1 to 255 of them.
 *
 * @example
 * import { oneOf } from "latchkey";
 *
 * const rule = oneOf([1n, 5n, 10n]);
 */
export function oneOf<const value extends RuleValue>(values: readonly value[]): Rule<"oneOf", value> {
  return rule("oneOf", values);
}

/**
 * The argument's bits under `bits` are those of `equals`, as in `argument & bits == equals`. For unsigned integers and
 * `bytesN`.
 *
 * @example
 * import { mask } from "latchkey";
 *
 * const even = mask(1n, 0n);
 */
export function mask<
  const bits extends bigint | number | `0x${string}`,
  const equals extends bigint | number | `0x${string}`,
>(bits: bits, equals: equals): Rule<"mask", bits | equals> {
  return rule("mask", [bits, equals]);
}

/**
 * The argument, an address, is the account that the session acts for.
 *
 * @example
 * import { isAccount } from "latchkey";
 *
 * const rule = isAccount();
 */
export function isAccount(): Rule<"isAccount", never> {
  return rule("isAccount", []);
}

/**
 * One of several rules on the same argument holds: values, rules, or rules on the parts of a tuple. For alternatives across
 * the arguments of a call see `or` of `allowCall`.
 *
 * @example
 * import { anyOf, eq, gte } from "latchkey";
 *
 * const rule = anyOf(eq(0n), gte(100n));
 */
export function anyOf<const alternatives extends readonly unknown[]>(
  ...alternatives: alternatives
): AnyOfRule<alternatives[number]> {
  return makeRule<AnyOfRule<alternatives[number]>>({ alternatives: Object.freeze([...alternatives]) });
}

/**
 * All of several rules on the same argument hold.
 *
 * @example
 * import { allOf, every, gt, hasLength, lte } from "latchkey";
 *
 * const rule = allOf(hasLength(lte(5)), every(gt(0n)));
 */
export function allOf<const parts extends readonly unknown[]>(...parts: parts): AllOfRule<parts[number]> {
  return makeRule<AllOfRule<parts[number]>>({ parts: Object.freeze([...parts]) });
}

/**
 * Every element of an array meets a rule; also if there is none. For the number of elements see {@link hasLength}.
 *
 * @param element What an argument of the element's type takes: a value, a rule, or rules on parts by name.
 *
 * @example
 * import { every, lte } from "latchkey";
 *
 * const rule = every({ amount: lte(100n) });
 */
export function every<const rule>(element: rule): ElementsRule<rule> {
  return makeRule<ElementsRule<rule>>({ which: "every", element });
}

/**
 * At least one element of an array meets a rule.
 *
 * @param element What an argument of the element's type takes: a value, a rule, or rules on parts by name.
 *
 * @example
 * import { isAccount, some } from "latchkey";
 *
 * const rule = some(isAccount());
 */
export function some<const rule>(element: rule): ElementsRule<rule> {
  return makeRule<ElementsRule<rule>>({ which: "some", element });
}

/**
 * The number of an array's elements, or of bytes (of a string's UTF-8, not its letters), meets a rule.
 *
 * @param length A number, or a rule on one.
 *
 * @example
 * import { hasLength, lte } from "latchkey";
 *
 * const rule = hasLength(lte(32));
 */
export function hasLength(length: LengthRule["length"]): LengthRule {
  return makeRule<LengthRule>({ length });
}

/**
 * Bytes or a string begin like this.
 *
 * @param content Hex for `bytes`, text for a `string`; not empty.
 *
 * @example
 * import { startsWith } from "latchkey";
 *
 * const rule = startsWith("https://");
 */
export function startsWith<const value extends string>(content: value): ContentRule<value> {
  return makeRule<ContentRule<value>>({ where: "prefix", content });
}

/**
 * Bytes or a string end like this.
 *
 * @param content Hex for `bytes`, text for a `string`; not empty.
 *
 * @example
 * import { endsWith } from "latchkey";
 *
 * const rule = endsWith(".eth");
 */
export function endsWith<const value extends string>(content: value): ContentRule<value> {
  return makeRule<ContentRule<value>>({ where: "suffix", content });
}

/**
 * The keccak256 of bytes or a string meets a rule: says the same as {@link eq} in 32 bytes, however long they are, but nobody
 * can read it.
 *
 * @param hash 32 bytes of hex, or a rule on them.
 *
 * @example
 * import { hasHash, oneOf } from "latchkey";
 * import { keccak256, stringToHex } from "viem";
 *
 * const rule = hasHash(oneOf([keccak256(stringToHex("a long text")), keccak256(stringToHex("another one"))]));
 */
export function hasHash(hash: HashRule["hash"]): HashRule {
  return makeRule<HashRule>({ hash });
}

/**
 * Each element of a `bytes[]` fits the byte at its index in another argument, its tag: as the inputs and commands of
 * Uniswap's Universal Router. There must be as many tags as elements, and each tag must be one of those given.
 *
 * @param tags Name of the argument that holds the tags, of type `bytes`, beside this one.
 * @param allowed What goes with each tag: {@link isEncoding}, {@link anyOf} several, or {@link anything}.
 *
 * @example
 * import { allowCall, isAccount, isEncoding, lte, taggedBy } from "latchkey";
 *
 * const wrap = isEncoding("address recipient, uint256 amount", { recipient: isAccount(), amount: lte(10n ** 18n) });
 * const permission = allowCall({
 *   abi: "function execute(bytes commands, bytes[] inputs, uint256 deadline) payable",
 *   address: "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af",
 *   args: { inputs: taggedBy("commands", { 0x0b: wrap }) },
 *   maxValue: 10n ** 18n,
 * });
 */
export function taggedBy<const tags extends string>(
  tags: tags,
  allowed: { readonly [tag: number]: TagRule },
): TaggedRule<tags> {
  return makeRule<TaggedRule<tags>>({ tags, allowed: Object.freeze({ ...allowed }) });
}

/**
 * Says that what goes with a tag, or is encoded in bytes, may be anything.
 *
 * @example
 * import { anything, isEncoding } from "latchkey";
 *
 * const rule = isEncoding("address recipient, uint256 amount", anything());
 */
export function anything(): AnythingRule {
  return makeRule<AnythingRule>({ anything: true });
}

/** Rules that an elementary static type takes, without alternatives. */
type LeafRule<type extends string, value> =
  | value
  | Rule<EqualityComparison, value>
  | (type extends `uint${string}`
      ? Rule<OrderComparison | "mask", value>
      : type extends `int${string}`
        ? Rule<OrderComparison, value>
        : type extends "address"
          ? Rule<"isAccount", never>
          : type extends `bytes${string}`
            ? Rule<"mask", value>
            : never);

/** Rules that `bytes` and `string` take, without alternatives. */
type ContentRules<value extends string> =
  | value
  | Rule<EqualityComparison, value>
  | ContentRule<value>
  | LengthRule
  | HashRule;

/** `T[2][3]` split into `T[2]` and `3`; `T[]` into `T` and undefined. */
type SplitArray<type extends string, head extends string = ""> = type extends `${infer first}[${infer rest}`
  ? rest extends `${string}[${string}`
    ? SplitArray<rest, `${head}${first}[`>
    : rest extends "]"
      ? [`${head}${first}`, undefined]
      : rest extends `${infer length extends number}]`
        ? [`${head}${first}`, length]
        : undefined
  : undefined;

/** A rule, or several under {@link anyOf} and {@link allOf}. */
type Combined<rule> = rule | AnyOfRule<Combined<rule>> | AllOfRule<Combined<rule>>;

/**
 * What `args` takes for one parameter of a function: a value, a rule, or the same of its parts. `siblings` are the names of
 * the parameters of type `bytes` beside it.
 */
export type ArgumentRule<parameter extends AbiParameter, siblings extends string = never> = Combined<
  SplitArray<parameter["type"]> extends [infer element extends string, infer length]
    ? ArrayRule<ArgumentRule<Omit<parameter, "type"> & { readonly type: element }>, length, element, siblings>
    : parameter extends { components: infer components extends readonly AbiParameter[] }
      ? ArgumentRules<components>
      : parameter["type"] extends "bytes"
        ? ContentRules<Hex> | BytesRule
        : parameter["type"] extends "string"
          ? ContentRules<string>
          : LeafRule<parameter["type"], AbiParameterToPrimitiveType<parameter>>
>;

/** Rules on all elements of an array in order, on some by their index, or on those that there are. */
type ArrayRule<rule, length, element, siblings extends string> =
  | readonly rule[]
  | IndexRules<rule>
  | ElementsRule<rule>
  | (length extends undefined ? LengthRule : never)
  | (length extends undefined ? (element extends "bytes" ? TaggedRule<siblings> : never) : never);

/** Rules by index; in arrays of dynamic length, -1 is the last element. */
type IndexRules<rule> = { readonly [index: number]: rule; readonly length?: never };

/** Rules by the names of the parameters; a parameter without a name goes by its position. */
export type ArgumentRules<parameters extends readonly AbiParameter[]> = {
  readonly [index in Exclude<keyof parameters, keyof (readonly unknown[])> as NameOf<
    parameters[index],
    index
  >]?: parameters[index] extends AbiParameter ? ArgumentRule<parameters[index], BytesNames<parameters>> : never;
};

type NameOf<parameter, index> = parameter extends { readonly name: infer name extends string }
  ? name extends ""
    ? index
    : name
  : index;

/** The names of the parameters of type `bytes`. */
type BytesNames<parameters extends readonly AbiParameter[]> = Extract<
  {
    [index in Exclude<keyof parameters, keyof (readonly unknown[])>]: parameters[index] extends {
      readonly type: "bytes";
    }
      ? NameOf<parameters[index], index>
      : never;
  }[Exclude<keyof parameters, keyof (readonly unknown[])>],
  string
>;
