import type { Address } from "viem";
import type { ContractOverrides } from "../addresses.js";
import {
  type SignSessionGrantParameters,
  type SignSessionGrantReturnType,
  signSessionGrant,
} from "../session/signSessionGrant.js";
import {
  type ExplainUserOperationParameters,
  type ExplainUserOperationReturnType,
  explainUserOperation,
} from "./explainUserOperation.js";
import { type GetEpochReturnType, getEpoch } from "./getEpoch.js";
import {
  type GetPublishedSessionsParameters,
  type GetPublishedSessionsReturnType,
  getPublishedSessions,
} from "./getPublishedSessions.js";
import {
  type GetSessionAllowanceParameters,
  type GetSessionAllowanceReturnType,
  getSessionAllowance,
  type SessionAllowanceType,
} from "./getSessionAllowance.js";
import {
  type GetSessionStatusParameters,
  type GetSessionStatusReturnType,
  getSessionStatus,
} from "./getSessionStatus.js";
import { type GrantSessionParameters, type GrantSessionReturnType, grantSession } from "./grantSession.js";
import { type InspectSessionParameters, type InspectSessionReturnType, inspectSession } from "./inspectSession.js";
import { type InstallManagerParameters, type InstallManagerReturnType, installManager } from "./installManager.js";
import { type ListSessionsParameters, type ListSessionsReturnType, listSessions } from "./listSessions.js";
import { type ResumeSessionParameters, type ResumeSessionReturnType, resumeSession } from "./resumeSession.js";
import {
  type RevokeAllSessionsParameters,
  type RevokeAllSessionsReturnType,
  revokeAllSessions,
} from "./revokeAllSessions.js";
import {
  type RevokeOwnSessionParameters,
  type RevokeOwnSessionReturnType,
  revokeOwnSession,
} from "./revokeOwnSession.js";
import { type RevokeSessionParameters, type RevokeSessionReturnType, revokeSession } from "./revokeSession.js";
import { type RevokeSessionsParameters, type RevokeSessionsReturnType, revokeSessions } from "./revokeSessions.js";
import {
  type RotateSessionKeyParameters,
  type RotateSessionKeyReturnType,
  rotateSessionKey,
} from "./rotateSessionKey.js";
import { type BundlerLikeClient, getChainClient, getOwner } from "./sendOwnerCalls.js";
import {
  type SendSessionCallsParameters,
  type SendSessionCallsReturnType,
  sendSessionCalls,
} from "./sendSessionCalls.js";
import {
  type GrantPrefix,
  getSignedGrants,
  type SetSignedGrantsParameters,
  type SetSignedGrantsReturnType,
  setSignedGrants,
} from "./setSignedGrants.js";

/** Parameters whose account is the client's if it is left out. */
type OfAccount<parameters> = Omit<parameters, "account"> & { account?: Address | undefined };

/** The actions, as methods of a client. */
export type SessionActions = {
  /** Says why the account refuses a signed user operation. See {@link explainUserOperation}. */
  explainUserOperation: (parameters: ExplainUserOperationParameters) => Promise<ExplainUserOperationReturnType>;
  /** Reads an account's epoch. See {@link getEpoch}. */
  getEpoch: (parameters?: OfAccount<unknown>) => Promise<GetEpochReturnType>;
  /** Lists what was published of an account's sessions. See {@link getPublishedSessions}. */
  getPublishedSessions: (
    parameters: OfAccount<GetPublishedSessionsParameters>,
  ) => Promise<GetPublishedSessionsReturnType>;
  /** Reads what is left of a session's budgets. See {@link getSessionAllowance}. */
  getSessionAllowance: <const type extends SessionAllowanceType = SessionAllowanceType>(
    parameters: GetSessionAllowanceParameters<type>,
  ) => Promise<GetSessionAllowanceReturnType<type>>;
  /** Reads whether a session may act now. See {@link getSessionStatus}. */
  getSessionStatus: (parameters: GetSessionStatusParameters) => Promise<GetSessionStatusReturnType>;
  /** Reads who may grant by a signature. See {@link getSignedGrants}. */
  getSignedGrants: (parameters?: OfAccount<unknown>) => Promise<GrantPrefix>;
  /** Grants sessions in a transaction. See {@link grantSession}. */
  grantSession: (parameters: GrantSessionParameters) => Promise<GrantSessionReturnType>;
  /** Says all about a session. See {@link inspectSession}. */
  inspectSession: (parameters: InspectSessionParameters) => Promise<InspectSessionReturnType>;
  /** Installs the manager by itself. See {@link installManager}. */
  installManager: (parameters?: InstallManagerParameters) => Promise<InstallManagerReturnType>;
  /** Lists an account's sessions. See {@link listSessions}. */
  listSessions: (parameters: OfAccount<ListSessionsParameters>) => Promise<ListSessionsReturnType>;
  /** Takes up a session in another process. See {@link resumeSession}. */
  resumeSession: (parameters: ResumeSessionParameters) => Promise<ResumeSessionReturnType>;
  /** Ends all sessions of an account. See {@link revokeAllSessions}. */
  revokeAllSessions: (parameters?: RevokeAllSessionsParameters) => Promise<RevokeAllSessionsReturnType>;
  /** Has a session's key revoke its session. See {@link revokeOwnSession}. */
  revokeOwnSession: (parameters: RevokeOwnSessionParameters) => Promise<RevokeOwnSessionReturnType>;
  /** Revokes a session. See {@link revokeSession}. */
  revokeSession: (parameters: RevokeSessionParameters) => Promise<RevokeSessionReturnType>;
  /** Revokes several sessions. See {@link revokeSessions}. */
  revokeSessions: (parameters: RevokeSessionsParameters) => Promise<RevokeSessionsReturnType>;
  /** Replaces a session's key. See {@link rotateSessionKey}. */
  rotateSessionKey: (parameters: RotateSessionKeyParameters) => Promise<RotateSessionKeyReturnType>;
  /** Makes calls within a session. See {@link sendSessionCalls}. */
  sendSessionCalls: (parameters: SendSessionCallsParameters) => Promise<SendSessionCallsReturnType>;
  /** Sets who may grant by a signature. See {@link setSignedGrants}. */
  setSignedGrants: (parameters: SetSignedGrantsParameters) => Promise<SetSignedGrantsReturnType>;
  /** Has the owner grant sessions by a signature; the client's account signs if it is left out. See {@link signSessionGrant}. */
  signSessionGrant: (
    parameters: Omit<SignSessionGrantParameters, "signer"> & Partial<Pick<SignSessionGrantParameters, "signer">>,
  ) => Promise<SignSessionGrantReturnType>;
};

/**
 * All actions as methods of a viem client, for `extend`. Those of the owner use the client's account if none is given.
 *
 * @param defaults Contracts to use in place of the known ones, in all of them.
 * @returns What `extend` takes.
 *
 * @example
 * import { type Session, type SessionKey, sessionActions } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { createBundlerClient, type SmartAccount } from "viem/account-abstraction";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const run = async (owner: SmartAccount, session: Session, sessionKey: SessionKey) => {
 *   const bundler = createBundlerClient({
 *     account: owner,
 *     client,
 *     transport: http("http://localhost:4337"),
 *   }).extend(sessionActions());
 *   await bundler.grantSession({ session });
 *   await bundler.sendSessionCalls({ session, sessionKey, calls: [{ to: owner.address, value: 1n }] });
 *   await bundler.revokeSession({ session });
 * };
 */
export function sessionActions(
  defaults: { contracts?: ContractOverrides | undefined } = {},
): (client: BundlerLikeClient) => SessionActions {
  return (client) => {
    const { contracts } = defaults;
    const reader = () => getChainClient(client);
    const addressOf = (account: Address | undefined) => account ?? getOwner(client, undefined).address;
    return {
      explainUserOperation: (parameters) => explainUserOperation(reader(), { contracts, ...parameters }),
      getEpoch: ({ account } = {}) => getEpoch(reader(), { account: addressOf(account), contracts }),
      getPublishedSessions: ({ account, ...parameters }) =>
        getPublishedSessions(reader(), { contracts, ...parameters, account: addressOf(account) }),
      getSessionAllowance: (parameters) => getSessionAllowance(reader(), { contracts, ...parameters }),
      getSessionStatus: (parameters) => getSessionStatus(reader(), { contracts, ...parameters }),
      getSignedGrants: ({ account } = {}) => getSignedGrants(reader(), { account: addressOf(account), contracts }),
      grantSession: (parameters) => grantSession(client, { contracts, ...parameters }),
      inspectSession: (parameters) => inspectSession(reader(), { contracts, ...parameters }),
      installManager: (parameters) => installManager(client, { contracts, ...parameters }),
      listSessions: ({ account, ...parameters }) =>
        listSessions(reader(), { contracts, ...parameters, account: addressOf(account) }),
      resumeSession: (parameters) => resumeSession(client, { contracts, ...parameters }),
      revokeAllSessions: (parameters) => revokeAllSessions(client, { contracts, ...parameters }),
      revokeOwnSession: (parameters) => revokeOwnSession(client, { contracts, ...parameters }),
      revokeSession: (parameters) => revokeSession(client, { contracts, ...parameters }),
      revokeSessions: (parameters) => revokeSessions(client, { contracts, ...parameters }),
      rotateSessionKey: (parameters) => rotateSessionKey(client, { contracts, ...parameters }),
      sendSessionCalls: (parameters) => sendSessionCalls(client, { contracts, ...parameters }),
      setSignedGrants: (parameters) => setSignedGrants(client, { contracts, ...parameters }),
      signSessionGrant: ({ signer, ...parameters }) =>
        signSessionGrant({ contracts, ...parameters, signer: signer ?? getOwner(client, undefined) }),
    };
  };
}
