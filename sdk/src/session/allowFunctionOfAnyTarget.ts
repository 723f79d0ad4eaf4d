import type { Abi } from "viem";
import { anyTarget } from "../constants.js";
import { RiskNotAcknowledgedError } from "../errors/input.js";
import type { Permission } from "../types.js";
import { checkParameters } from "../utils/validate.js";
import type { AbiInput, CallableName, NameOfSeveral } from "./abiInput.js";
import { type AllowCallErrorType, type AllowCallParameters, allowCallOf, callParameterNames } from "./allowCall.js";

export type AllowFunctionOfAnyTargetParameters<abi extends AbiInput = Abi, functionName extends string = string> = Omit<
  AllowCallParameters<abi, functionName>,
  "address"
> & {
  /** Says that the function may be called on every contract, tokens that the account holds included. */
  acknowledgeRisk: true;
};

export type AllowFunctionOfAnyTargetReturnType = Permission;

export type AllowFunctionOfAnyTargetErrorType = AllowCallErrorType | RiskNotAcknowledgedError;

/**
 * Allows one function of any contract, with rules for its arguments as in {@link allowCall}. Functions that configure or
 * drive an account or a module are refused by the contracts all the same.
 *
 * @param parameters {@link AllowFunctionOfAnyTargetParameters}
 * @returns A permission for {@link defineSession}.
 * @throws RiskNotAcknowledgedError without `acknowledgeRisk: true`, else as {@link allowCall}.
 *
 * @example
 * import { allowFunctionOfAnyTarget, isAccount } from "latchkey";
 *
 * const permission = allowFunctionOfAnyTarget({
 *   abi: "claim(address recipient)",
 *   args: { recipient: isAccount() },
 *   acknowledgeRisk: true,
 * });
 */
export function allowFunctionOfAnyTarget<
  const abi extends AbiInput,
  functionName extends CallableName<abi> | `${CallableName<abi>}(${string})`,
>(
  parameters: AllowFunctionOfAnyTargetParameters<abi, functionName> & NameOfSeveral<abi>,
): AllowFunctionOfAnyTargetReturnType {
  const names = [...callParameterNames, "acknowledgeRisk"];
  checkParameters("allowFunctionOfAnyTarget's argument", parameters, names);
  if (parameters.acknowledgeRisk !== true)
    throw new RiskNotAcknowledgedError({
      permission: "A function of any contract",
      risk: "the key may call it on every contract, tokens that the account holds included",
    });
  return allowCallOf(anyTarget, parameters);
}
