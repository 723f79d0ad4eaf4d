import type { InvalidNumberError } from "../errors/input.js";
import { InvalidRuleError } from "../errors/input.js";
import { getTypeInfo } from "../policies/abiRule.js";
import { parseNumber } from "../utils/validate.js";
import type { AllowCallErrorType } from "./allowCall.js";
import { compileWord } from "./compileRules.js";
import { type ArgumentRule, type BytesRule, makeRule } from "./rules.js";

/** Types whose values are read from the middle of bytes. */
export type PackedType = "address" | `uint${number}` | `int${number}` | `bytes${number}`;

export type PackedAtReturnType = BytesRule;

export type PackedAtErrorType = AllowCallErrorType | InvalidNumberError | InvalidRuleError;

/**
 * The bytes at an offset, read as a value without padding (as `abi.encodePacked` writes it), meet a rule. Bytes that are too
 * short do not.
 *
 * @param offset Where the value begins, from 0; or, if negative, counted from the end: -20 for an address at the very end.
 * @param type The type of the value: an address, an integer, or `bytesN`.
 * @param rule A value, or a rule on one.
 * @returns A rule for an argument of type `bytes`.
 * @throws InvalidNumberError for an offset past 65535, or too near the end for the type; InvalidRuleError.
 *
 * @example
 * import { allOf, packedAt } from "latchkey";
 *
 * // The path of a swap in Uniswap v3: token, fee, token, and so on.
 * const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
 * const weth = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2";
 * const rule = allOf(packedAt(0, "address", usdc), packedAt(20, "uint24", 500), packedAt(-20, "address", weth));
 */
export function packedAt<const type extends PackedType>(
  offset: number,
  type: type,
  rule: ArgumentRule<{ readonly type: type }>,
): PackedAtReturnType {
  const info = getTypeInfo(type);
  const path = `${type} at ${offset}`;
  if (info === undefined || info.kind === "bool")
    throw new InvalidRuleError({
      argument: path,
      type,
      reason: "only addresses, integers and bytesN are read like this",
    });
  parseNumber("offset", offset, -0xffff - info.width, 0xffff);
  if (offset < 0) parseNumber("offset", offset, -0xffff - info.width, -info.width);
  const place =
    offset < 0
      ? ({ test: "sliceFromEnd", offset: -offset - info.width } as const)
      : ({ test: "slice", offset } as const);
  return makeRule<BytesRule>({
    groups: compileWord(path, type, rule, (compared) => ({ ...place, type, ...compared })),
  });
}
