import { type Address, isAddressEqual } from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import type { PolicyName } from "../types.js";

/**
 * The policies that the manager evaluates itself, by the addresses that stand for them in a session: the same limits and rules,
 * with the same configuration, as of the policy contracts, and 4,000 to 6,000 gas less for each use. Sessions have them unless
 * `contracts` names a policy contract to use instead. Rules on dynamic data (bytes, strings, arrays) are the exception: about
 * these the manager asks a contract, so they cost what they cost with one.
 *
 * @example
 * import { builtInPolicies, defineSession, getContracts } from "latchkey";
 *
 * // What a session has by itself, and how to ask for the contract.
 * console.log(builtInPolicies.erc20LimitPolicy);
 * const { erc20LimitPolicy } = getContracts();
 * const options = { contracts: { erc20LimitPolicy } } satisfies Partial<Parameters<typeof defineSession>[0]>;
 */
export const builtInPolicies = {
  erc20LimitPolicy: "0xB100000000000000000000000000000000000000",
  usageLimitPolicy: "0xB200000000000000000000000000000000000000",
  nativeLimitPolicy: "0xB300000000000000000000000000000000000000",
  gasLimitPolicy: "0xB400000000000000000000000000000000000000",
  abiRulePolicy: "0xB500000000000000000000000000000000000000",
} as const satisfies { readonly [name in PolicyName]?: Address };

/** Whether an address stands for a policy that the manager evaluates itself. */
export function isBuiltIn(policy: Address): boolean {
  return Object.values(builtInPolicies).some((address) => isAddressEqual(address, policy));
}

/** The address that stands for a policy, if the manager evaluates it itself. */
export function findBuiltIn(name: PolicyName): Address | undefined {
  const known: { readonly [name in PolicyName]?: Address } = builtInPolicies;
  return known[name];
}

/** Whether a policy of a session is the one of this name: the contract, or the manager's own. */
export function isPolicy(name: PolicyName, policy: Address, contracts: ContractOverrides | undefined): boolean {
  const builtIn = findBuiltIn(name);
  return (
    (builtIn !== undefined && isAddressEqual(builtIn, policy)) || isAddressEqual(findContract(name, contracts), policy)
  );
}
