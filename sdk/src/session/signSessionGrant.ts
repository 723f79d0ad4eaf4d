import { type Address, concat, type Hex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { getManager } from "../manager.js";
import type { Session } from "../types.js";
import type { SignedGrant } from "../use/encodeUse.js";
import { parseBytes } from "../utils/validate.js";
import { getSessionBundleTypedData, getSessionId } from "./getSessionId.js";

/** The typed data of a bundle, see {@link getSessionBundleTypedData}. */
export type SessionBundleTypedData = ReturnType<typeof getSessionBundleTypedData>;

export type SignSessionGrantParameters = {
  /** What is granted: sessions of any accounts and chains that the same signature serves. At most 255. */
  sessions: readonly Session[];
  /** Who signs for the owner: the owner's viem smart account, or a key of the owner's. */
  signer: { readonly signTypedData: (typedData: SessionBundleTypedData) => Promise<Hex> };
  /**
   * What the account's ERC-1271 wants before a key's signature, such as the address of the owner's validator; nothing if it
   * is left out. A smart account puts it there by itself.
   */
  prefix?: Hex | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type SignSessionGrantReturnType = SignedGrant;

/**
 * Has the owner grant sessions by one signature, without a transaction. The first use of each carries it, see
 * `toSessionAccount`. A signed grant is worth nothing once its session is revoked, or the account's epoch has moved.
 *
 * @param parameters {@link SignSessionGrantParameters}
 * @returns The signature, and what it is of. {@link SignedGrant}
 * @throws NoSessionsError, TooManyError, InvalidBytesError, ContractNotConfiguredError, and what the signer throws.
 *
 * @example
 * import { type Session, signSessionGrant } from "latchkey";
 * import type { SmartAccount } from "viem/account-abstraction";
 *
 * const grant = (owner: SmartAccount, session: Session) =>
 *   signSessionGrant({ sessions: [session], signer: owner });
 */
export async function signSessionGrant({
  sessions,
  signer,
  prefix = "0x",
  contracts,
}: SignSessionGrantParameters): Promise<SignSessionGrantReturnType> {
  const manager: Address = getManager(contracts);
  const start = parseBytes("prefix", prefix);
  const signature = await signer.signTypedData(getSessionBundleTypedData(sessions, manager));
  return { ids: sessions.map(getSessionId), signature: concat([start, signature]) };
}
