import { type Address, zeroAddress } from "viem";
import { deployments } from "./deployments.js";
import { ContractNotConfiguredError } from "./errors/input.js";
import { parseAddress } from "./utils/validate.js";

/** The contracts that sessions rely on. */
export type Contracts = {
  /** The `SessionKeyManager`, the ERC-7579 validator that checks sessions. */
  manager: Address;
  /** The policy that limits what may be moved of an ERC-20 token. */
  erc20LimitPolicy: Address;
  /** The policy that limits the arguments of calls. */
  abiRulePolicy: Address;
};

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
  return {
    manager: getContract("manager", overrides),
    erc20LimitPolicy: getContract("erc20LimitPolicy", overrides),
    abiRulePolicy: getContract("abiRulePolicy", overrides),
  };
}

/** The address of one contract. */
export function getContract(name: keyof Contracts, overrides: ContractOverrides = {}): Address {
  const address = findContract(name, overrides);
  if (address === zeroAddress) throw new ContractNotConfiguredError({ contract: name });
  return address;
}

/** The address of one contract, zero if it is not known. */
export function findContract(name: keyof Contracts, overrides: ContractOverrides = {}): Address {
  return parseAddress(`contracts.${name}`, overrides[name] ?? deployments[name]);
}
