import { bytesToHex, type Hex, hexToBytes, keccak256 } from "viem";
import { NoSessionsError } from "../errors/manager.js";
import { SessionNotInTreeError } from "../errors/use.js";
import type { Session } from "../types.js";
import { parseBytes } from "../utils/validate.js";
import { getSessionId } from "./getSessionId.js";

/** A Merkle tree of sessions, of which a single slot grants all. */
export type SessionTree = {
  /** What is granted, and revoked, like a session's id. */
  readonly root: Hex;
  /** The sessions' ids, in the order in which they were given. */
  readonly ids: readonly Hex[];
  /**
   * What shows that a session is in the tree, for `toSessionAccount`.
   *
   * @throws SessionNotInTreeError
   */
  readonly getProof: (session: Session | Hex) => readonly Hex[];
};

/**
 * Puts sessions into a Merkle tree: leaves are their ids, and a node is keccak256 of its two children, the smaller first. A
 * node without a sibling moves up as it is.
 *
 * @param sessions Any number of sessions, or their ids, in any order; the order decides about the root.
 * @returns {@link SessionTree}
 * @throws NoSessionsError, InvalidBytesError
 *
 * @example
 * import { getSessionTree, type Session } from "latchkey";
 *
 * const proofOf = (sessions: readonly Session[], session: Session) =>
 *   getSessionTree(sessions).getProof(session);
 */
export function getSessionTree(sessions: readonly (Session | Hex)[]): SessionTree {
  if (sessions.length === 0) throw new NoSessionsError();
  const ids = sessions.map(toId);
  const levels: (readonly Uint8Array[])[] = [ids.map((id) => hexToBytes(id))];
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) level = hashPairs(level);
  const [[root = new Uint8Array()] = []] = levels.slice(-1);
  // The first of several that are alike.
  const places = new Map(ids.map((id, index) => [id, index] as const).reverse());
  return {
    root: bytesToHex(root),
    ids,
    getProof: (session) => {
      const id = toId(session);
      const place = places.get(id);
      if (place === undefined) throw new SessionNotInTreeError({ id, root: bytesToHex(root) });
      return levels.flatMap((level, height) => {
        const sibling = level[(place >> height) ^ 1];
        return sibling === undefined ? [] : [bytesToHex(sibling)];
      });
    },
  };
}

/**
 * The root that a proof leads to.
 *
 * @param session A session or its id.
 * @param proof The siblings, from the session's id up.
 * @returns 32 bytes.
 *
 * @example
 * import { getProofRoot, getSessionTree, type Session } from "latchkey";
 *
 * const isInTree = (sessions: readonly Session[], session: Session) => {
 *   const { root, getProof } = getSessionTree(sessions);
 *   return getProofRoot(session, getProof(session)) === root; // true
 * };
 */
export function getProofRoot(session: Session | Hex, proof: readonly Hex[]): Hex {
  return bytesToHex(proof.reduce((node, sibling) => hashPair(node, hexToBytes(sibling)), hexToBytes(toId(session))));
}

function toId(session: Session | Hex): Hex {
  return typeof session === "string" ? parseBytes("id", session, 32) : getSessionId(session);
}

function hashPairs(level: readonly Uint8Array[]): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(level.length / 2) }, (_, index) => {
    const left = level[2 * index] ?? new Uint8Array();
    const right = level[2 * index + 1];
    return right === undefined ? left : hashPair(left, right);
  });
}

function hashPair(one: Uint8Array, other: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  const sorted = isBefore(one, other) ? [one, other] : [other, one];
  for (const [index, bytes] of sorted.entries()) pair.set(bytes, 32 * index);
  return keccak256(pair, "bytes");
}

function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  const index = one.findIndex((byte, position) => byte !== other[position]);
  return index !== -1 && (one[index] ?? 0) < (other[index] ?? 0);
}
