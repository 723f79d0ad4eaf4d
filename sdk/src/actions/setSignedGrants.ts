import {
  type Address,
  type Chain,
  type Client,
  concat,
  encodeFunctionData,
  type Hex,
  size,
  type Transport,
} from "viem";
import { readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { GrantRuleError } from "../errors/manager.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { parseAddress, parseBytes } from "../utils/validate.js";
import type { OwnerCall } from "./getGrantCalls.js";
import {
  type BundlerLikeClient,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

/**
 * Who may grant sessions by a signature: "off", nobody; 1 to 21 bytes that such a signature must begin with, so that
 * only the owner's validator is asked; or "any" signature that the account's ERC-1271 takes.
 */
export type GrantPrefix = Hex | "any" | "off";

/**
 * What the manager wants to be told when it is installed: who may grant sessions by a signature.
 *
 * Give the prefix that names the owner's validator, so that no other validator of the account can grant: its address on
 * Nexus, OpenZeppelin's and Safe7579 accounts (zero bytes for a Safe's owners), `0x00` on Kernel for the root validator.
 *
 * @param parameters `grantPrefix`; "off" if it is left out.
 * @returns The data for `onInstall`. On Kernel it goes through `getModuleInitData`.
 * @throws GrantRuleError if the prefix is longer than 21 bytes, or empty; InvalidBytesError.
 *
 * @example
 * import { getInstallData } from "latchkey";
 *
 * const data = getInstallData({ grantPrefix: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });
 */
export function getInstallData({ grantPrefix = "off" }: { grantPrefix?: GrantPrefix | undefined } = {}): Hex {
  if (grantPrefix === "off") return "0x";
  if (grantPrefix === "any") return "0x00";
  const rule = concat(["0x01", parseBytes("grantPrefix", grantPrefix)]);
  if (size(rule) < 2 || size(rule) > 22) throw new GrantRuleError({ rule });
  return rule;
}

export type SetSignedGrantsParameters = OwnerOperationParameters & {
  /** Who may grant by a signature from now on. */
  grantPrefix: GrantPrefix;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type SetSignedGrantsReturnType = OwnerOperationReturnType;

/**
 * Sets who may grant sessions of an account by a signature, in one user operation of the owner's, and waits until it is
 * included. Signatures that were made before and not used count only if they fit.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link SetSignedGrantsParameters}
 * @returns The operation's hash and receipt.
 * @throws GrantRuleError, InvalidBytesError before anything is sent; UserOperationFailedError if it was included but
 * failed; viem's errors of `sendUserOperation`.
 *
 * @example
 * import { setSignedGrants } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const switchOff = (client: BundlerClient, owner: SmartAccount) =>
 *   setSignedGrants(client, { account: owner, grantPrefix: "off" });
 */
export async function setSignedGrants(
  client: BundlerLikeClient,
  { grantPrefix, contracts, ...operation }: SetSignedGrantsParameters,
): Promise<SetSignedGrantsReturnType> {
  return sendOwnerCalls(client, { ...operation, calls: [getSetSignedGrantsCall({ grantPrefix, contracts })] });
}

/**
 * The call by which an account sets who may grant by a signature, for owners who send it in a way of their own.
 *
 * @param parameters Who may.
 * @returns The call.
 * @throws GrantRuleError, InvalidBytesError, ContractNotConfiguredError
 *
 * @example
 * import { getSetSignedGrantsCall } from "latchkey";
 *
 * const call = () => getSetSignedGrantsCall({ grantPrefix: "off" });
 */
export function getSetSignedGrantsCall({
  grantPrefix,
  contracts,
}: {
  grantPrefix: GrantPrefix;
  contracts?: ContractOverrides | undefined;
}): OwnerCall {
  return {
    to: getManager(contracts),
    value: 0n,
    data: encodeFunctionData({
      abi: sessionKeyManagerAbi,
      functionName: "setSignedGrants",
      args: [getInstallData({ grantPrefix })],
    }),
  };
}

/**
 * Reads who may grant sessions of an account by a signature.
 *
 * @param client A client that can read contracts.
 * @param parameters The account.
 * @returns {@link GrantPrefix}
 * @throws ContractNotConfiguredError, InvalidAddressError, and viem's errors of `readContract`.
 *
 * @example
 * import { getSignedGrants } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const read = () =>
 *   getSignedGrants(client, { account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });
 */
export async function getSignedGrants(
  client: Client<Transport, Chain | undefined>,
  { account, contracts }: { account: Address; contracts?: ContractOverrides | undefined },
): Promise<GrantPrefix> {
  const [allowed, prefix] = await getAction(
    client,
    readContract,
    "readContract",
  )({
    abi: sessionKeyManagerAbi,
    address: getManager(contracts),
    functionName: "signedGrantsOf",
    args: [parseAddress("account", account)],
  });
  if (!allowed) return "off";
  return prefix === "0x" ? "any" : prefix;
}
