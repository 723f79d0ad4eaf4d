import type { Hex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import type { Session } from "../types.js";
import { type RevokeSessionErrorType, type RevokeSessionReturnType, revokeSession } from "./revokeSession.js";
import type { BundlerLikeClient, OwnerOperationParameters } from "./sendOwnerCalls.js";

export type RevokeSessionsParameters = OwnerOperationParameters & {
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
} & (
    | { sessions: readonly Session[]; ids?: undefined }
    /** Ids of sessions, or roots that were granted. */
    | { ids: readonly Hex[]; sessions?: undefined }
  );

export type RevokeSessionsReturnType = RevokeSessionReturnType;

export type RevokeSessionsErrorType = RevokeSessionErrorType;

/**
 * Revokes several sessions of an account for ever, granted or not, in one user operation of the owner's, and waits until
 * it is included. Ending all of them costs one slot: see {@link revokeAllSessions}.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link RevokeSessionsParameters}
 * @returns The operation's hash and receipt.
 * @throws As {@link revokeSession}.
 *
 * @example
 * import { revokeSessions, type Session } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const revoke = (client: BundlerClient, owner: SmartAccount, sessions: readonly Session[]) =>
 *   revokeSessions(client, { account: owner, sessions });
 */
export async function revokeSessions(
  client: BundlerLikeClient,
  parameters: RevokeSessionsParameters,
): Promise<RevokeSessionsReturnType> {
  return revokeSession(client, parameters);
}
