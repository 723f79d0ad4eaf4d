import type { SmartAccount } from "viem/account-abstraction";
import type { SessionAccountImplementation } from "../accounts/toSessionAccount.js";
import type { ContractOverrides } from "../addresses.js";
import { getRevokeCall } from "./revokeSession.js";
import {
  type BundlerLikeClient,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

export type RevokeOwnSessionParameters = Omit<OwnerOperationParameters, "account"> & {
  /** The account as the session's key uses it, from `toSessionAccount`. */
  account: SmartAccount<SessionAccountImplementation>;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type RevokeOwnSessionReturnType = OwnerOperationReturnType;

/**
 * Has a session's key revoke its own session for ever, as any session may, for instance when whoever holds the key logs
 * out; waits until it is included. The operation is one of the session's: its limits and its window hold.
 *
 * @param client A bundler client.
 * @param parameters {@link RevokeOwnSessionParameters}
 * @returns The operation's hash and receipt.
 * @throws What using the account throws; UserOperationFailedError if it was included but failed.
 *
 * @example
 * import { revokeOwnSession, type ToSessionAccountReturnType } from "latchkey";
 * import type { BundlerClient } from "viem/account-abstraction";
 *
 * const logOut = (client: BundlerClient, account: ToSessionAccountReturnType) =>
 *   revokeOwnSession(client, { account });
 */
export async function revokeOwnSession(
  client: BundlerLikeClient,
  { account, contracts, ...operation }: RevokeOwnSessionParameters,
): Promise<RevokeOwnSessionReturnType> {
  const call = getRevokeCall({ ids: [account.sessionId], contracts });
  return sendOwnerCalls(client, { ...operation, account, calls: [call] });
}
