import type { Address, Chain, Client, Transport } from "viem";
import { readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { parseAddress } from "../utils/validate.js";

export type GetEpochParameters = {
  /** The smart account. */
  account: Address;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** An account's epoch. Sessions of any other are void. */
export type GetEpochReturnType = bigint;

/**
 * Reads an account's epoch, for `defineSession`. It is 0n until the owner first revokes all sessions.
 *
 * @param client A client that can read contracts.
 * @param parameters {@link GetEpochParameters}
 * @returns The epoch.
 * @throws ContractNotConfiguredError, InvalidAddressError, and viem's errors of `readContract`.
 *
 * @example
 * import { getEpoch } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const read = () =>
 *   getEpoch(client, { account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });
 */
export async function getEpoch(
  client: Client<Transport, Chain | undefined>,
  { account, contracts }: GetEpochParameters,
): Promise<GetEpochReturnType> {
  return getAction(
    client,
    readContract,
    "readContract",
  )({
    abi: sessionKeyManagerAbi,
    address: getManager(contracts),
    functionName: "epochOf",
    args: [parseAddress("account", account)],
  });
}
