import {
  type ToSessionAccountErrorType,
  type ToSessionAccountParameters,
  type ToSessionAccountReturnType,
  toSessionAccount,
} from "../accounts/toSessionAccount.js";
import type { InvalidSerializedSessionError } from "../errors/input.js";
import { parseSession } from "../session/serializeSession.js";
import type { Session } from "../types.js";
import { type GetSessionStatusReturnType, getSessionStatus } from "./getSessionStatus.js";
import { type BundlerLikeClient, getChainClient } from "./sendOwnerCalls.js";

export type ResumeSessionParameters = Omit<ToSessionAccountParameters, "session" | "account" | "client"> & {
  /** The session, or what {@link serializeSession} wrote of it. */
  session: Session | string;
};

export type ResumeSessionReturnType = GetSessionStatusReturnType & {
  session: Session;
  /** The account as the session's key uses it, for {@link sendSessionCalls} or `createBundlerClient`. */
  account: ToSessionAccountReturnType;
};

export type ResumeSessionErrorType = ToSessionAccountErrorType | InvalidSerializedSessionError;

/**
 * Takes up a session again, in a process that knows nothing but the session and its key: reads it, makes the account that
 * acts within it, and says whether it may act now. A signed grant or a proof that the session needs must be given again.
 *
 * @param client A client of the chain, or a bundler client that has one.
 * @param parameters {@link ResumeSessionParameters}
 * @returns The session, the account, and where the session stands.
 * @throws InvalidSerializedSessionError; what {@link toSessionAccount} throws; viem's errors of `readContract` and
 * `getBlock`.
 *
 * @example
 * import { resumeSession, type SessionKey } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const resume = async (serialized: string, sessionKey: SessionKey) => {
 *   const { account, effective } = await resumeSession(client, { session: serialized, sessionKey });
 *   return effective === "active" ? account : undefined;
 * };
 */
export async function resumeSession(
  client: BundlerLikeClient,
  { session: given, ...parameters }: ResumeSessionParameters,
): Promise<ResumeSessionReturnType> {
  const session = typeof given === "string" ? parseSession(given) : given;
  const reader = getChainClient(client);
  const { proof, contracts } = parameters;
  const [account, status] = await Promise.all([
    toSessionAccount({ ...parameters, session, client: reader }),
    getSessionStatus(reader, { session, proof, contracts }),
  ]);
  return { ...status, session, account };
}
