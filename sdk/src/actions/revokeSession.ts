import { encodeFunctionData, type Hex, isAddressEqual } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { NoSessionsError } from "../errors/manager.js";
import { AccountMismatchError, type AccountNotFoundError, type UserOperationFailedError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { parseBytes } from "../utils/validate.js";
import type { OwnerCall } from "./getGrantCalls.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

export type RevokeSessionParameters = OwnerOperationParameters & {
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
} & (
    | { session: Session; sessions?: undefined; ids?: undefined }
    | { sessions: readonly Session[]; session?: undefined; ids?: undefined }
    | { ids: readonly Hex[]; session?: undefined; sessions?: undefined }
  );

export type RevokeSessionReturnType = OwnerOperationReturnType;

export type RevokeSessionErrorType =
  | AccountMismatchError
  | AccountNotFoundError
  | NoSessionsError
  | UserOperationFailedError;

/**
 * Revokes sessions for ever, granted or not, in one user operation of the owner's, and waits until it is included.
 * Token allowances that a session gave by `approve` stay.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link RevokeSessionParameters}
 * @returns The operation's hash and receipt.
 * @throws AccountMismatchError, NoSessionsError before anything is sent; UserOperationFailedError if it was included but
 * failed; viem's errors of `sendUserOperation`.
 *
 * @example
 * import { revokeSession, type Session } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const revoke = (client: BundlerClient, owner: SmartAccount, session: Session) =>
 *   revokeSession(client, { account: owner, session });
 */
export async function revokeSession(
  client: BundlerLikeClient,
  { session, sessions = session ? [session] : [], ids, contracts, ...operation }: RevokeSessionParameters,
): Promise<RevokeSessionReturnType> {
  const owner = getOwner(client, operation.account);
  for (const { account } of sessions)
    if (!isAddressEqual(account, owner.address))
      throw new AccountMismatchError({ expected: account, actual: owner.address });
  const calls = [getRevokeCall({ ids: ids ?? sessions.map(getSessionId), contracts })];
  return sendOwnerCalls(client, { ...operation, calls });
}

/**
 * The call by which an account revokes sessions, for owners who send it in a way of their own.
 *
 * @param parameters The sessions' ids.
 * @returns The call.
 * @throws NoSessionsError, InvalidBytesError, ContractNotConfiguredError
 *
 * @example
 * import { getRevokeCall, getSessionId, type Session } from "latchkey";
 *
 * const callFor = (session: Session) => getRevokeCall({ ids: [getSessionId(session)] });
 */
export function getRevokeCall({
  ids,
  contracts,
}: {
  ids: readonly Hex[];
  contracts?: ContractOverrides | undefined;
}): OwnerCall {
  if (ids.length === 0) throw new NoSessionsError();
  return {
    to: getManager(contracts),
    value: 0n,
    data: encodeFunctionData({
      abi: sessionKeyManagerAbi,
      functionName: "revokeSessions",
      args: [ids.map((id, index) => parseBytes(`ids[${index}]`, id, 32))],
    }),
  };
}
