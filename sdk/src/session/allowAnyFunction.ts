import type { Address } from "viem";
import { anySelector } from "../constants.js";
import {
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidParameterError,
  RiskNotAcknowledgedError,
  type UnknownParameterError,
} from "../errors/input.js";
import type { Permission, PolicyRequest } from "../types.js";
import { checkArray, checkParameters, parseAddress, parseAmount } from "../utils/validate.js";

export type AllowAnyFunctionParameters = {
  /** The contract. */
  address: Address;
  /** Says that the key may do with the contract whatever the account can. */
  acknowledgeRisk: true;
  /** The most that one call may send, in wei; 0n if it is left out. */
  maxValue?: bigint | undefined;
  /** Policies that must accept each call: {@link usageLimit}, {@link nativeLimit}. */
  policies?: readonly PolicyRequest[] | undefined;
};

export type AllowAnyFunctionReturnType = Permission;

export type AllowAnyFunctionErrorType =
  | InvalidAddressError
  | InvalidAmountError
  | InvalidParameterError
  | RiskNotAcknowledgedError
  | UnknownParameterError;

/**
 * Allows every function of one contract, with any arguments. Meant for contracts that hold nothing of value.
 *
 * @param parameters {@link AllowAnyFunctionParameters}
 * @returns A permission for {@link defineSession}.
 * @throws RiskNotAcknowledgedError without `acknowledgeRisk: true`, and an error for each parameter that is not what it must
 * be.
 *
 * @example
 * import { allowAnyFunction } from "latchkey";
 *
 * const permission = allowAnyFunction({
 *   address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
 *   acknowledgeRisk: true,
 * });
 */
export function allowAnyFunction(parameters: AllowAnyFunctionParameters): AllowAnyFunctionReturnType {
  checkParameters("allowAnyFunction's argument", parameters, ["address", "acknowledgeRisk", "maxValue", "policies"]);
  const { acknowledgeRisk, maxValue = 0n, policies = [] } = parameters;
  const target = parseAddress("address", parameters.address);
  checkArray("policies", policies);
  parseAmount("maxValue", maxValue, 2n ** 256n - 1n);
  if (acknowledgeRisk !== true)
    throw new RiskNotAcknowledgedError({
      permission: "Any function of a contract",
      risk: "the key may do with the contract whatever the account can, by functions that you do not know too",
    });
  return { type: "call", actions: [{ target, selector: anySelector, maxValue, policies }] };
}
