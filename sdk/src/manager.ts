import { type Address, zeroAddress } from "viem";
import type { ContractOverrides, Contracts } from "./addresses.js";
import { deployedManager } from "./deployedManager.js";
import { ContractNotConfiguredError } from "./errors/input.js";
import { parseAddress } from "./utils/validate.js";

/** The address of the manager. Apart from the others', so that a page that uses a session does not load these. */
export function getManager(overrides: ContractOverrides = {}): Address {
  return requireContract("manager", overrides.manager ?? deployedManager);
}

/** The address of a contract, checked: zero says that it is not known. */
export function requireContract(contract: keyof Contracts, value: Address): Address {
  const address = parseAddress(`contracts.${contract}`, value);
  if (address === zeroAddress) throw new ContractNotConfiguredError({ contract });
  return address;
}
