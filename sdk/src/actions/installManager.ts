import type { Chain, Client, Transport } from "viem";
import type { SmartAccount } from "viem/account-abstraction";
import { readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type AccountType, getAccountType } from "../accounts/accountType.js";
import type { ContractOverrides } from "../addresses.js";
import type { AccountNotFoundError, AccountTypeUnknownError, UserOperationFailedError } from "../errors/use.js";
import { getManager } from "../manager.js";
import { erc7579Abi, getInstallCall, validatorModuleType } from "./getGrantCalls.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";
import type { GrantPrefix } from "./setSignedGrants.js";

export type InstallManagerParameters = OwnerOperationParameters & {
  /** Who may grant by a signature from then on; "off" if it is left out. See {@link getInstallData}. */
  grantPrefix?: GrantPrefix | undefined;
  /** What kind of account it is; asked of the account if it is left out. */
  accountType?: AccountType | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** The operation; undefined if the manager was installed already, and nothing was sent. */
export type InstallManagerReturnType = OwnerOperationReturnType | undefined;

export type InstallManagerErrorType = AccountNotFoundError | AccountTypeUnknownError | UserOperationFailedError;

/**
 * Installs the session key manager on an account by itself, in one user operation of the owner's, and waits until it is
 * included. {@link grantSession} does so with the first grant; by itself it is of use before grants by signature, and
 * for an account that dropped the manager without telling it (StaleInstallationError), whose epoch moves by it.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link InstallManagerParameters}
 * @returns The operation's hash and receipt; undefined if the manager is installed.
 * @throws GrantRuleError, AccountTypeUnknownError before anything is sent; UserOperationFailedError if it was included
 * but failed; viem's errors of `sendUserOperation`.
 *
 * @example
 * import { installManager } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const install = (client: BundlerClient, owner: SmartAccount) =>
 *   installManager(client, {
 *     account: owner,
 *     // The owner's validator on the account: only what it signs grants sessions.
 *     grantPrefix: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *   });
 */
export async function installManager(
  client: BundlerLikeClient,
  { grantPrefix, accountType, contracts, ...operation }: InstallManagerParameters = {},
): Promise<InstallManagerReturnType> {
  const owner = getOwner(client, operation.account);
  if (await isManagerInstalled(owner, contracts)) return undefined;
  const type = accountType ?? (await findAccountType(owner));
  const call = getInstallCall({ account: owner.address, grantPrefix, accountType: type, contracts });
  return sendOwnerCalls(client, { ...operation, calls: [call] });
}

/** The type of the account; unknown if it is not deployed. */
export async function findAccountType(owner: SmartAccount): Promise<AccountType | undefined> {
  if (!(await owner.isDeployed())) return undefined;
  return getAccountType(owner.client, { account: owner.address });
}

/** What the account itself says. */
export async function isManagerInstalled(
  owner: SmartAccount,
  contracts: ContractOverrides | undefined,
): Promise<boolean> {
  if (!(await owner.isDeployed())) return false;
  const client: Client<Transport, Chain | undefined> = owner.client;
  return getAction(
    client,
    readContract,
    "readContract",
  )({
    abi: erc7579Abi,
    address: owner.address,
    functionName: "isModuleInstalled",
    args: [validatorModuleType, getManager(contracts), "0x"],
  });
}
