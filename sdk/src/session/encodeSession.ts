import { decodeAbiParameters, encodeAbiParameters, getAbiItem, type Hex } from "viem";
import { sessionKeyManagerUseAbi } from "../generated.js";
import type { Session } from "../types.js";

const { inputs } = getAbiItem({ abi: sessionKeyManagerUseAbi, name: "hashSession" });

/**
 * A session as the contracts encode one, by `abi.encode`: the form in which it is published.
 *
 * @param session The session.
 * @returns The bytes.
 *
 * @example
 * import { encodeSession, parseSession } from "latchkey";
 *
 * const bytesOf = (serialized: string) => encodeSession(parseSession(serialized));
 */
export function encodeSession(session: Session): Hex {
  return encodeAbiParameters(inputs, [session]);
}

/**
 * The session in bytes from {@link encodeSession}, or in an event. Whether it is one that an account granted, only its id
 * tells.
 *
 * @param data The bytes.
 * @returns The session.
 * @throws viem's errors of `decodeAbiParameters`.
 *
 * @example
 * import { decodeSession, encodeSession, parseSession } from "latchkey";
 *
 * const same = (serialized: string) => decodeSession(encodeSession(parseSession(serialized)));
 */
export function decodeSession(data: Hex): Session {
  return decodeAbiParameters(inputs, data)[0];
}
