import { type Chain, type Client, type Hex, isAddressEqual, type Transport } from "viem";
import type { SmartAccount } from "viem/account-abstraction";
import { getChainId, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { AccountType } from "../accounts/accountType.js";
import type { ContractOverrides } from "../addresses.js";
import { EpochMismatchError, NoSessionsError, SessionRevokedError } from "../errors/manager.js";
import {
  AccountMismatchError,
  type AccountNotFoundError,
  type AccountTypeUnknownError,
  ChainMismatchError,
  StaleInstallationError,
  type UserOperationFailedError,
} from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import { getSessionTree } from "../session/sessionTree.js";
import type { Session } from "../types.js";
import { getGrantCalls, getGrantRootCall, getInstallCall } from "./getGrantCalls.js";
import { findAccountType, isManagerInstalled } from "./installManager.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";
import type { GrantPrefix } from "./setSignedGrants.js";

export type GrantSessionParameters = OwnerOperationParameters & {
  /**
   * Who may grant by a signature from then on, if the manager is installed now; "off" if it is left out. See
   * {@link getInstallData}; an installed manager takes {@link setSignedGrants}.
   */
  grantPrefix?: GrantPrefix | undefined;
  /** What kind of account it is; asked of the account if it is left out. */
  accountType?: AccountType | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
} & (
    | {
        session: Session;
        /** Whether to publish the session in an event, so that {@link getPublishedSessions} finds it. */
        publish?: boolean | undefined;
        sessions?: undefined;
        asRoot?: undefined;
      }
    | {
        sessions: readonly Session[];
        /** Whether to publish the sessions in events, so that {@link getPublishedSessions} finds them. */
        publish?: boolean | undefined;
        session?: undefined;
        /** Grants the Merkle root of the sessions, see {@link getSessionTree}, and not each by itself. */
        asRoot?: false | undefined;
      }
    | {
        sessions: readonly Session[];
        /**
         * Grants the Merkle root of the sessions, see {@link getSessionTree}, and not each by itself. {@link planGrant} says
         * when that is cheaper.
         */
        asRoot: true;
        session?: undefined;
        publish?: undefined;
      }
  );

export type GrantSessionReturnType = OwnerOperationReturnType;

export type GrantSessionErrorType =
  | AccountMismatchError
  | AccountNotFoundError
  | AccountTypeUnknownError
  | ChainMismatchError
  | EpochMismatchError
  | NoSessionsError
  | SessionRevokedError
  | StaleInstallationError
  | UserOperationFailedError;

/**
 * Grants sessions in one user operation of the owner's, which installs the manager on the account first if it is not,
 * and waits until the operation is included.
 *
 * @param client A bundler client, whose account or `account` is the owner's smart account.
 * @param parameters {@link GrantSessionParameters}
 * @returns The operation's hash and receipt.
 * @throws AccountMismatchError, ChainMismatchError, EpochMismatchError, SessionRevokedError, StaleInstallationError before
 * anything is sent; UserOperationFailedError if it was included but failed; viem's errors of `sendUserOperation`.
 *
 * @example
 * import { grantSession, type Session } from "latchkey";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const grant = async (client: BundlerClient, owner: SmartAccount, session: Session) => {
 *   const { receipt } = await grantSession(client, { account: owner, session });
 *   console.log(receipt.receipt.transactionHash);
 * };
 */
export async function grantSession(
  client: BundlerLikeClient,
  {
    session,
    sessions = session ? [session] : [],
    asRoot = false,
    publish,
    grantPrefix,
    accountType,
    contracts,
    ...operation
  }: GrantSessionParameters,
): Promise<GrantSessionReturnType> {
  const owner = getOwner(client, operation.account);
  const root = asRoot && sessions.length > 0 ? getSessionTree(sessions).root : undefined;
  const installed = await checkGrant(owner, sessions, root, contracts);
  const type = installed ? undefined : (accountType ?? (await findAccountType(owner)));
  const grants = root
    ? [
        ...(installed ? [] : [getInstallCall({ account: owner.address, grantPrefix, accountType: type, contracts })]),
        getGrantRootCall({ root, contracts }),
      ]
    : getGrantCalls({ sessions, install: !installed, publish, grantPrefix, accountType: type, contracts });
  return sendOwnerCalls(client, { ...operation, calls: grants });
}

/** Makes sure that the sessions can be granted, by themselves or by a root; says whether the manager is installed. */
export async function checkGrant(
  owner: SmartAccount,
  sessions: readonly Session[],
  root: Hex | undefined,
  contracts: ContractOverrides | undefined,
): Promise<boolean> {
  const client: Client<Transport, Chain | undefined> = owner.client;
  const manager = { abi: sessionKeyManagerAbi, address: getManager(contracts) } as const;
  const read = getAction(client, readContract, "readContract");
  if (sessions.length === 0) throw new NoSessionsError();
  for (const { account } of sessions)
    if (!isAddressEqual(account, owner.address))
      throw new AccountMismatchError({ expected: account, actual: owner.address });
  const ids = root ? [root] : sessions.map(getSessionId);
  const [chainId, epoch, statuses, installed, initialized] = await Promise.all([
    client.chain?.id ?? getAction(client, getChainId, "getChainId")({}),
    read({ ...manager, functionName: "epochOf", args: [owner.address] }),
    Promise.all(ids.map((id) => read({ ...manager, functionName: "sessionStatus", args: [owner.address, id] }))),
    isManagerInstalled(owner, contracts),
    read({ ...manager, functionName: "isInitialized", args: [owner.address] }),
  ]);
  if (initialized && !installed) throw new StaleInstallationError({ account: owner.address });
  for (const session of sessions)
    checkSession(session, { chainId: BigInt(chainId), epoch, inTree: root !== undefined });
  const revoked = ids.find((_, index) => statuses[index] === 2);
  if (revoked) throw new SessionRevokedError({ id: revoked });
  return installed;
}

function checkSession(
  session: Session,
  { chainId, epoch, inTree }: { chainId: bigint; epoch: bigint; inTree: boolean },
): void {
  const isHere = session.chainId === 0n || session.chainId === chainId;
  // A tree may hold the sessions of several chains: its root is granted on each.
  if (!isHere && inTree) return;
  if (!isHere) throw new ChainMismatchError({ expected: session.chainId, actual: chainId });
  if (session.epoch !== epoch)
    throw new EpochMismatchError({ id: getSessionId(session), sessionEpoch: session.epoch, accountEpoch: epoch });
}
