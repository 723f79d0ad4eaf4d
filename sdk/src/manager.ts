import { type Address, zeroAddress } from "viem";
import type { ContractOverrides } from "./addresses.js";
import { deployedManager } from "./deployedManager.js";
import { ContractNotConfiguredError } from "./errors/input.js";
import { parseAddress } from "./utils/validate.js";

/** The address of the manager. */
export function getManager(overrides: ContractOverrides = {}): Address {
  const address = parseAddress("contracts.manager", overrides.manager ?? deployedManager);
  if (address === zeroAddress) throw new ContractNotConfiguredError({ contract: "manager" });
  return address;
}
