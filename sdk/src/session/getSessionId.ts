import { type Address, type Hex, hashStruct } from "viem";
import { getContract } from "../addresses.js";
import { type Session, sessionTypes } from "../types.js";

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
  return hashStruct({ data: session, primaryType: "Session", types: sessionTypes });
}

/** The EIP-712 domain of a manager. It has no chain id: each session carries its own. */
export function getDomain(manager: Address): { name: "Latchkey"; version: "1"; verifyingContract: Address } {
  return { name: "Latchkey", version: "1", verifyingContract: manager };
}

/**
 * A session as EIP-712 typed data, for viem's `hashTypedData` or a wallet that shows it.
 *
 * @param session The session.
 * @param manager The manager's address; the known one if it is left out.
 * @returns `domain`, `types`, `primaryType` and `message`.
 * @throws ContractNotConfiguredError
 *
 * @example
 * import { getSessionTypedData, parseSession } from "latchkey";
 * import { hashTypedData } from "viem";
 *
 * const digestOf = (serialized: string) =>
 *   hashTypedData(
 *     getSessionTypedData(parseSession(serialized), "0x00000000000000000000000000000000000000a1"),
 *   );
 */
export function getSessionTypedData(session: Session, manager: Address = getContract("manager")) {
  return {
    domain: getDomain(manager),
    types: sessionTypes,
    primaryType: "Session",
    message: session,
  } as const;
}
