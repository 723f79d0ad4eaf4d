import { checkParameters } from "../utils/validate.js";
import {
  type AbiInput,
  type CallableName,
  compileFunction,
  type FunctionRequest,
  type NameOfSeveral,
} from "./abiInput.js";
import type { AllowCallErrorType } from "./allowCall.js";
import { type BytesRule, makeRule } from "./rules.js";

/** A function that bytes may call, as `allowCall` has it. */
export type IsCallParameters<abi extends AbiInput = AbiInput, functionName extends string = string> = FunctionRequest<
  abi,
  functionName
>;

export type IsCallReturnType = BytesRule;

export type IsCallErrorType = AllowCallErrorType;

/**
 * Bytes are a call of a function, selector and arguments, that meets rules of its own: for functions that take calls, like
 * `multicall(bytes[])`. Several functions go under {@link anyOf}.
 *
 * @param parameters {@link IsCallParameters}
 * @returns A rule for an argument of type `bytes`, or for elements of `bytes[]`.
 * @throws As {@link allowCall} does.
 *
 * @example
 * import { allowCall, anyOf, every, isAccount, isCall, lte } from "latchkey";
 *
 * const abi = [
 *   "function multicall(bytes[] data)",
 *   "function mint(address to, uint256 id)",
 *   "function burn(uint256 amount)",
 * ] as const;
 * const mint = isCall({ abi, functionName: "mint", args: { to: isAccount() } });
 * const burn = isCall({ abi, functionName: "burn", args: { amount: lte(5n) } });
 * const permission = allowCall({
 *   abi,
 *   functionName: "multicall",
 *   address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
 *   args: { data: every(anyOf(mint, burn)) },
 * });
 */
export function isCall<
  const abi extends AbiInput,
  functionName extends CallableName<abi> | `${CallableName<abi>}(${string})`,
>(parameters: IsCallParameters<abi, functionName> & NameOfSeveral<abi>): IsCallReturnType {
  checkParameters("isCall's argument", parameters, parameterNames);
  const { abi, functionName, args, or, anyArguments } = parameters;
  const { selector, groups } = compileFunction({ abi, functionName, args, or, anyArguments });
  return makeRule<BytesRule>({ groups: [[{ path: [], test: "calldata", alternatives: [{ selector, groups }] }]] });
}

const parameterNames = ["abi", "functionName", "args", "or", "anyArguments"];
