import { type AbiParameter, type ParseAbiParameters, parseAbiParameters } from "viem";
import {
  InvalidAbiError,
  type InvalidRuleError,
  type MissingRulesError,
  type UnknownArgumentError,
} from "../errors/input.js";
import type { AllowCallErrorType } from "./allowCall.js";
import { compileEncoding } from "./compileRules.js";
import { type AnythingRule, type ArgumentRules, type EncodingRule, makeRule } from "./rules.js";

/** Types of values that are encoded together: parameters of an ABI, or as people write them. */
export type ParametersInput = string | readonly AbiParameter[];

type ParametersOf<input extends ParametersInput> = input extends string
  ? string extends input
    ? readonly AbiParameter[]
    : ParseAbiParameters<input>
  : input;

type EncodingRules<input extends ParametersInput> =
  ParametersOf<input> extends infer parameters extends readonly AbiParameter[]
    ? readonly AbiParameter[] extends parameters
      ? { readonly [name: string]: unknown }
      : ArgumentRules<parameters>
    : { readonly [name: string]: unknown };

export type IsEncodingReturnType = EncodingRule;

export type IsEncodingErrorType =
  | AllowCallErrorType
  | InvalidAbiError
  | InvalidRuleError
  | MissingRulesError
  | UnknownArgumentError;

/**
 * Bytes are the ABI encoding of values (what `abi.encode` writes, without a selector) that meet rules.
 *
 * @param types The types of the values: `"address recipient, uint256 amount"`, or parameters of an ABI.
 * @param rules Rules by the names of the values, as in `args` of {@link allowCall}; {@link anything} for any values.
 * @returns A rule for an argument of type `bytes`, for elements of `bytes[]`, or for {@link taggedBy}.
 * @throws InvalidAbiError if the types cannot be read; for the rules as {@link allowCall} does.
 *
 * @example
 * import { isAccount, isEncoding, lte } from "latchkey";
 *
 * const rule = isEncoding("address recipient, uint256 amount", { recipient: isAccount(), amount: lte(100n) });
 */
export function isEncoding<const types extends ParametersInput>(
  types: types,
  rules: EncodingRules<types> | AnythingRule,
): IsEncodingReturnType {
  const encoding = compileEncoding("encoding", parse(types), rules);
  return makeRule<EncodingRule>({ encoding, groups: [[{ path: [], test: "decoded", ...encoding }]] });
}

function parse(types: ParametersInput): readonly AbiParameter[] {
  if (typeof types !== "string") {
    if (Array.isArray(types)) return types;
    throw new InvalidAbiError({ reason: "the types are neither a text nor a list of parameters" });
  }
  try {
    return parseAbiParameters(types);
  } catch (cause) {
    throw new InvalidAbiError({ reason: "the types cannot be read", signature: types, cause });
  }
}
