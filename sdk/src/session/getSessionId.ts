import { type Address, type Hex, hashTypedData } from "viem";
import { TooManyError } from "../errors/input.js";
import { NoSessionsError } from "../errors/manager.js";
import { getManager } from "../manager.js";
import { type Session, sessionBundleTypes } from "../types.js";
import { hashSession } from "./hashSession.js";

/**
 * The id of a session: its EIP-712 struct hash. It holds the account and the chain, so it differs between them.
 *
 * @param session The session.
 * @returns 32 bytes.
 *
 * @example
 * import { getSessionId, parseSession } from "latchkey";
 *
 * const idOf = (serialized: string) => getSessionId(parseSession(serialized));
 */
export function getSessionId(session: Session): Hex {
  return hashSession(session);
}

/** The EIP-712 domain of a manager. It has no chain id: each session carries its own. */
export function getDomain(manager: Address): { name: "Latchkey"; version: "1"; verifyingContract: Address } {
  return { name: "Latchkey", version: "1", verifyingContract: manager };
}

/**
 * What an owner signs to grant sessions: a bundle of them as EIP-712 typed data, for a wallet or viem's `signTypedData`.
 *
 * @param sessions In the order of the bundle, at most 255; of any accounts and chains.
 * @param manager The manager's address; the known one if it is left out.
 * @returns `domain`, `types`, `primaryType` and `message`.
 * @throws NoSessionsError, TooManyError, ContractNotConfiguredError
 *
 * @example
 * import { getSessionBundleTypedData, type Session } from "latchkey";
 * import type { LocalAccount } from "viem";
 *
 * const sign = (owner: LocalAccount, sessions: readonly Session[]) =>
 *   owner.signTypedData(getSessionBundleTypedData(sessions));
 */
export function getSessionBundleTypedData(sessions: readonly Session[], manager: Address = getManager()) {
  if (sessions.length === 0) throw new NoSessionsError();
  if (sessions.length > 255)
    throw new TooManyError({ what: "sessions in a bundle", limit: 255, actual: sessions.length });
  return {
    domain: getDomain(manager),
    types: sessionBundleTypes,
    primaryType: "SessionBundle",
    message: { sessions },
  } as const;
}

/**
 * The EIP-712 digest of a bundle: what the account's ERC-1271 is asked about.
 *
 * @param sessions In the order of the bundle, at most 255.
 * @param manager The manager's address; the known one if it is left out.
 * @returns 32 bytes.
 * @throws NoSessionsError, TooManyError, ContractNotConfiguredError
 *
 * @example
 * import { hashSessionBundle, parseSession } from "latchkey";
 *
 * const digestOf = (serialized: string) =>
 *   hashSessionBundle([parseSession(serialized)], "0x00000000000000000000000000000000000000a1");
 */
export function hashSessionBundle(sessions: readonly Session[], manager?: Address): Hex {
  return hashTypedData(getSessionBundleTypedData(sessions, manager));
}
