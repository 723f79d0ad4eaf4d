import { type Chain, type Client, isAddressEqual, type Transport } from "viem";
import type { SmartAccount } from "viem/account-abstraction";
import { getChainId, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, getContract } from "../addresses.js";
import { EpochMismatchError, NoSessionsError, SessionRevokedError } from "../errors/manager.js";
import {
  AccountMismatchError,
  type AccountNotFoundError,
  ChainMismatchError,
  StaleInstallationError,
  type UserOperationFailedError,
} from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { erc7579Abi, getGrantCalls, validatorModuleType } from "./getGrantCalls.js";
import {
  type BundlerLikeClient,
  getOwner,
  type OwnerOperationParameters,
  type OwnerOperationReturnType,
  sendOwnerCalls,
} from "./sendOwnerCalls.js";

export type GrantSessionParameters = OwnerOperationParameters & {
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
} & ({ session: Session; sessions?: undefined } | { sessions: readonly Session[]; session?: undefined });

export type GrantSessionReturnType = OwnerOperationReturnType;

export type GrantSessionErrorType =
  | AccountMismatchError
  | AccountNotFoundError
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
  { session, sessions = session ? [session] : [], contracts, ...operation }: GrantSessionParameters,
): Promise<GrantSessionReturnType> {
  const owner = getOwner(client, operation.account);
  const installed = await checkGrant(owner, sessions, contracts);
  const calls = getGrantCalls({ sessions, install: !installed, contracts });
  return sendOwnerCalls(client, { ...operation, calls });
}

/** Makes sure that the sessions can be granted; says whether the manager is installed. */
async function checkGrant(
  owner: SmartAccount,
  sessions: readonly Session[],
  contracts: ContractOverrides | undefined,
): Promise<boolean> {
  const client: Client<Transport, Chain | undefined> = owner.client;
  const manager = getContract("manager", contracts);
  const read = getAction(client, readContract, "readContract");
  if (sessions.length === 0) throw new NoSessionsError();
  for (const { account } of sessions)
    if (!isAddressEqual(account, owner.address))
      throw new AccountMismatchError({ expected: account, actual: owner.address });
  const [chainId, epoch, statuses, installed, initialized] = await Promise.all([
    client.chain?.id ?? getAction(client, getChainId, "getChainId")({}),
    read({ abi: sessionKeyManagerAbi, address: manager, functionName: "epochOf", args: [owner.address] }),
    Promise.all(
      sessions.map((session) =>
        read({
          abi: sessionKeyManagerAbi,
          address: manager,
          functionName: "sessionStatus",
          args: [owner.address, getSessionId(session)],
        }),
      ),
    ),
    isInstalled(owner, contracts),
    read({ abi: sessionKeyManagerAbi, address: manager, functionName: "isInitialized", args: [owner.address] }),
  ]);
  if (initialized && !installed) throw new StaleInstallationError({ account: owner.address });
  sessions.forEach((session, index) => {
    if (session.chainId !== 0n && session.chainId !== BigInt(chainId))
      throw new ChainMismatchError({ expected: session.chainId, actual: BigInt(chainId) });
    if (session.epoch !== epoch)
      throw new EpochMismatchError({
        id: getSessionId(session),
        sessionEpoch: session.epoch,
        accountEpoch: epoch,
      });
    if (statuses[index] === 2) throw new SessionRevokedError({ id: getSessionId(session) });
  });
  return installed;
}

async function isInstalled(owner: SmartAccount, contracts: ContractOverrides | undefined): Promise<boolean> {
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
    args: [validatorModuleType, getContract("manager", contracts), "0x"],
  });
}
