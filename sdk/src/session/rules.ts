import type { AbiParameter, AbiParameterToPrimitiveType } from "viem";

declare const brand: unique symbol;

/** Comparisons that every static type has. */
export type EqualityComparison = "eq" | "neq" | "oneOf";

/** Comparisons of numbers. */
export type OrderComparison = "lt" | "lte" | "gt" | "gte" | "between";

/** What an elementary static type has for values. */
export type RuleValue = bigint | number | boolean | string;

/** One comparison of an argument with references. */
export type Rule<comparison extends string = string, value = unknown> = {
  readonly [brand]: "rule";
  readonly comparison: comparison;
  readonly references: readonly value[];
};

/** Holds if one of its alternatives does, each a {@link Rule} or a value to equal. */
export type AnyOfRule<alternative = unknown> = {
  readonly [brand]: "anyOf";
  readonly alternatives: readonly alternative[];
};

const rules = new WeakSet<object>();

/** Whether something came from one of the functions below, and is not a value that looks alike. */
export function isRule(value: unknown): value is Rule {
  return typeof value === "object" && value !== null && rules.has(value) && "comparison" in value;
}

/** Whether something came from {@link anyOf}. */
export function isAnyOf(value: unknown): value is AnyOfRule {
  return typeof value === "object" && value !== null && rules.has(value) && "alternatives" in value;
}

function rule<comparison extends string, value>(
  comparison: comparison,
  references: readonly value[],
): Rule<comparison, value> {
  const made = Object.freeze({ comparison, references: Object.freeze([...references]) });
  rules.add(made);
  // The brand exists for the compiler only.
  return made as unknown as Rule<comparison, value>;
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
 * One of several rules on the same argument holds. For alternatives across arguments see `or` of `allowCall`.
 *
 * @example
 * import { anyOf, eq, gte } from "latchkey";
 *
 * const rule = anyOf(eq(0n), gte(100n));
 */
export function anyOf<const alternatives extends readonly unknown[]>(
  ...alternatives: alternatives
): AnyOfRule<alternatives[number]> {
  const made = Object.freeze({ alternatives: Object.freeze([...alternatives]) });
  rules.add(made);
  return made as unknown as AnyOfRule<alternatives[number]>;
}

/** Rules that an elementary type takes, without alternatives. */
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

type IsDynamic<parameter extends AbiParameter> = parameter["type"] extends
  | "bytes"
  | "string"
  | `${string}[]${string}`
  | `bytes[${string}`
  | `string[${string}`
  ? true
  : parameter extends { components: readonly (infer component extends AbiParameter)[] }
    ? true extends (component extends AbiParameter ? IsDynamic<component> : never)
      ? true
      : false
    : false;

/** `T[2][3]` split into `T[2]` and `3`. */
type SplitArray<type extends string, head extends string = ""> = type extends `${infer first}[${infer rest}`
  ? rest extends `${string}[${string}`
    ? SplitArray<rest, `${head}${first}[`>
    : rest extends `${infer length extends number}]`
      ? [`${head}${first}`, length]
      : undefined
  : undefined;

/** What `args` takes for one parameter of a function: a value, a rule, or the same of its parts. */
export type ArgumentRule<parameter extends AbiParameter> =
  IsDynamic<parameter> extends true
    ? never
    : SplitArray<parameter["type"]> extends [infer element extends string, number]
      ? ArrayRule<ArgumentRule<Omit<parameter, "type"> & { readonly type: element }>>
      : parameter extends { components: infer components extends readonly AbiParameter[] }
        ? ArgumentRules<components>
        :
            | LeafRule<parameter["type"], AbiParameterToPrimitiveType<parameter>>
            | AnyOfRule<LeafRule<parameter["type"], AbiParameterToPrimitiveType<parameter>>>;

/** Rules on all elements of a fixed-length array in order, or on some by their index. */
type ArrayRule<element> = readonly element[] | { readonly [index: number]: element };

/** Rules by the names of the parameters; a parameter without a name goes by its position. */
export type ArgumentRules<parameters extends readonly AbiParameter[]> = {
  readonly [index in Exclude<keyof parameters, keyof (readonly unknown[])> as NameOf<
    parameters[index],
    index
  >]?: parameters[index] extends AbiParameter ? ArgumentRule<parameters[index]> : never;
};

type NameOf<parameter, index> = parameter extends { readonly name: infer name extends string }
  ? name extends ""
    ? index
    : name
  : index;
