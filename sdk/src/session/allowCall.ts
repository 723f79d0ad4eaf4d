import type { Abi, Address } from "viem";
import {
  type AmbiguousFunctionError,
  type FunctionNotFoundError,
  FunctionNotPayableError,
  type InvalidAbiError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidBytesError,
  type InvalidNumberError,
  type InvalidParameterError,
  type InvalidRuleError,
  type MissingRulesError,
  type ReservedSelectorError,
  type SelectorCollisionError,
  type TooManyError,
  type UnknownArgumentError,
  type UnknownParameterError,
} from "../errors/input.js";
import { encodeAbiRuleConfig } from "../policies/abiRule.js";
import type { Permission, PolicyRequest } from "../types.js";
import { checkArray, checkParameters, parseAddress, parseAmount } from "../utils/validate.js";
import {
  type AbiInput,
  type CallableName,
  compileFunction,
  type FunctionRequest,
  type NameOfSeveral,
} from "./abiInput.js";

export type AllowCallParameters<abi extends AbiInput = Abi, functionName extends string = string> = FunctionRequest<
  abi,
  functionName
> & {
  /** The contract. */
  address: Address;
  /** The most that one call may send, in wei; 0n if it is left out. Only for payable functions. */
  maxValue?: bigint | undefined;
  /** More policies that must accept the call. */
  policies?: readonly PolicyRequest[] | undefined;
};

export type AllowCallReturnType = Permission;

export type AllowCallErrorType =
  | AmbiguousFunctionError
  | FunctionNotFoundError
  | FunctionNotPayableError
  | InvalidAbiError
  | InvalidAddressError
  | InvalidAmountError
  | InvalidBytesError
  | InvalidNumberError
  | InvalidParameterError
  | InvalidRuleError
  | MissingRulesError
  | ReservedSelectorError
  | SelectorCollisionError
  | TooManyError
  | UnknownArgumentError
  | UnknownParameterError;

/**
 * Allows calls to a function of a contract, with rules for its arguments.
 *
 * Names and types come from the ABI. A bare value means that the argument equals it; other rules are {@link lte},
 * {@link oneOf} and so on. Parts of tuples go by their names, elements of arrays by their index. What is dynamic has rules
 * of its own: {@link every}, {@link some}, {@link hasLength}, {@link startsWith}, {@link isCall}, {@link isEncoding},
 * {@link packedAt}, {@link taggedBy}. With one of them, the calldata must be exactly what an ABI encoder writes.
 *
 * @param parameters {@link AllowCallParameters}
 * @returns A permission for {@link defineSession}.
 * @throws An error for each parameter that is not what it must be, among them MissingRulesError if neither rules nor
 * `anyArguments` are given, UnknownArgumentError, AmbiguousFunctionError and SelectorCollisionError.
 *
 * @example
 * import { allowCall, isAccount, lte } from "latchkey";
 *
 * const permission = allowCall({
 *   abi: [
 *     "struct Params { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; }",
 *     "exactInput(Params params)",
 *   ],
 *   functionName: "exactInput",
 *   address: "0xE592427A0AEce92De3Edee1F18E0157C05861564",
 *   args: { params: { recipient: isAccount(), amountIn: lte(10n ** 18n) } },
 * });
 */
export function allowCall<
  const abi extends AbiInput,
  functionName extends CallableName<abi> | `${CallableName<abi>}(${string})`,
>(parameters: AllowCallParameters<abi, functionName> & NameOfSeveral<abi>): AllowCallReturnType {
  checkParameters("allowCall's argument", parameters, ["address", ...callParameterNames]);
  return allowCallOf(parseAddress("address", parameters.address), parameters);
}

/** The parameters of a function that may be called, wherever it is. */
export const callParameterNames = ["abi", "functionName", "args", "or", "anyArguments", "maxValue", "policies"];

/** A call of a function of a target, or of any. */
export function allowCallOf(
  target: Address,
  parameters: {
    readonly abi: AbiInput;
    readonly functionName?: string | undefined;
    readonly args?: unknown;
    readonly or?: readonly unknown[] | undefined;
    readonly anyArguments?: boolean | undefined;
    readonly maxValue?: bigint | undefined;
    readonly policies?: readonly PolicyRequest[] | undefined;
  },
): Permission {
  const { abi, functionName, args, or, anyArguments, policies = [], maxValue = 0n } = parameters;
  checkArray("policies", policies);
  parseAmount("maxValue", maxValue, 2n ** 256n - 1n);
  const { abiFunction, selector, groups } = compileFunction({ abi, functionName, args, or, anyArguments });
  if (maxValue > 0n && abiFunction.stateMutability !== "payable")
    throw new FunctionNotPayableError({ functionName: abiFunction.name, maxValue });
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
