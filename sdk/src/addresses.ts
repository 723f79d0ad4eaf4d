import type { Address } from "viem";
import { deployments } from "./deployments.js";
import { requireContract } from "./manager.js";
import { parseAddress } from "./utils/validate.js";

/**
 * The contracts that sessions rely on: `manager`, the `SessionKeyManager`, which is the ERC-7579 validator that checks
 * sessions; the policies, which limit what may be moved of a token (`erc20LimitPolicy`), the arguments of calls
 * (`abiRulePolicy`), native currency (`nativeLimitPolicy`), how often a session acts (`usageLimitPolicy`) and what its
 * operations cost (`gasLimitPolicy`); and whatever else is deployed with them.
 */
export type Contracts = { -readonly [name in keyof typeof deployments]: Address };

/** Addresses to use in place of the known ones. */
export type ContractOverrides = { readonly [name in keyof Contracts]?: Address | undefined };

/**
 * The addresses of the contracts: the same on every chain, because they are deployed deterministically. Any of them can
 * be replaced.
 *
 * @param overrides Addresses to use instead.
 * @returns One address for each contract.
 * @throws ContractNotConfiguredError if an address is neither known nor given; InvalidAddressError.
 *
 * @example
 * import { getContracts } from "latchkey";
 *
 * const { manager } = getContracts({
 *   manager: "0x00000000000000000000000000000000000000a1",
 *   erc20LimitPolicy: "0x00000000000000000000000000000000000000a2",
 *   abiRulePolicy: "0x00000000000000000000000000000000000000a3",
 * });
 */
export function getContracts(overrides: ContractOverrides = {}): Contracts {
  const names = Object.keys(deployments) as (keyof Contracts)[];
  return Object.fromEntries(names.map((name) => [name, getContract(name, overrides)])) as Contracts;
}

/** The address of one contract. */
export function getContract(name: keyof Contracts, overrides: ContractOverrides = {}): Address {
  return requireContract(name, overrides[name] ?? deployments[name]);
}

/** The address of one contract, zero if it is not known. */
export function findContract(name: keyof Contracts, overrides: ContractOverrides = {}): Address {
  return parseAddress(`contracts.${name}`, overrides[name] ?? deployments[name]);
}
