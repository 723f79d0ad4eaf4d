import { bytesToBigInt, encodeFunctionData } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { InvalidEpochError } from "../errors/manager.js";
import type { AccountNotFoundError, UserOperationFailedError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getEpoch } from "./getEpoch.js";
import type { OwnerCall } from "./getGrantCalls.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

export type RevokeAllSessionsParameters = OwnerOperationParameters & {
  /**
   * The epoch that begins, above the present one by at most 2^40. Drawn at random if it is left out, so that nobody can
   * have prepared sessions for it; give the same on every chain.
   */
  nextEpoch?: bigint | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type RevokeAllSessionsReturnType = OwnerOperationReturnType & {
  /** The epoch that has begun: give it to `defineSession` from now on. */
  epoch: bigint;
};

export type RevokeAllSessionsErrorType = AccountNotFoundError | InvalidEpochError | UserOperationFailedError;

/**
 * Ends all sessions of an account at once and for ever, in one user operation of the owner's, and waits until it is
 * included. Token allowances that sessions gave by `approve` stay.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link RevokeAllSessionsParameters}
 * @returns The operation's hash and receipt, and the epoch that has begun.
 * @throws InvalidEpochError before anything is sent; UserOperationFailedError if it was included but failed; viem's
 * errors of `sendUserOperation`.
 *
 * @example
 * import { revokeAllSessions } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const revokeAll = async (client: BundlerClient, owner: SmartAccount) => {
 *   const { epoch } = await revokeAllSessions(client, { account: owner });
 *   return epoch;
 * };
 */
export async function revokeAllSessions(
  client: BundlerLikeClient,
  { nextEpoch, contracts, ...operation }: RevokeAllSessionsParameters = {},
): Promise<RevokeAllSessionsReturnType> {
  const owner = getOwner(client, operation.account);
  const present = await getEpoch(owner.client, { account: owner.address, contracts });
  const epoch = nextEpoch ?? drawNextEpoch(present);
  if (epoch <= present || epoch > present + 2n ** 40n)
    throw new InvalidEpochError({ epoch: present, nextEpoch: epoch });
  const result = await sendOwnerCalls(client, { ...operation, calls: [getRevokeAllCall({ epoch, contracts })] });
  return { ...result, epoch };
}

/**
 * Draws an epoch that may follow another, at random.
 *
 * @param epoch The present epoch.
 * @returns An epoch above it by 1 to 2^40.
 *
 * @example
 * import { drawNextEpoch } from "latchkey";
 *
 * const next = drawNextEpoch(0n);
 */
export function drawNextEpoch(epoch: bigint): bigint {
  return epoch + 1n + bytesToBigInt(globalThis.crypto.getRandomValues(new Uint8Array(5)));
}

/**
 * The call by which an account ends all its sessions, for owners who send it in a way of their own.
 *
 * @param parameters The epoch that begins, see {@link drawNextEpoch}.
 * @returns The call.
 * @throws ContractNotConfiguredError
 *
 * @example
 * import { drawNextEpoch, getRevokeAllCall } from "latchkey";
 *
 * const callAfter = (epoch: bigint) => getRevokeAllCall({ epoch: drawNextEpoch(epoch) });
 */
export function getRevokeAllCall({
  epoch,
  contracts,
}: {
  epoch: bigint;
  contracts?: ContractOverrides | undefined;
}): OwnerCall {
  return {
    to: getManager(contracts),
    value: 0n,
    data: encodeFunctionData({ abi: sessionKeyManagerAbi, functionName: "revokeAll", args: [epoch] }),
  };
}
