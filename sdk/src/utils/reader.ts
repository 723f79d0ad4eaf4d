import { type Hex, hexToBigInt, size, slice } from "viem";

/** Reads bytes one after the other. */
export type Reader = {
  /** How many bytes have been read. */
  readonly position: () => number;
  /** How many are left. */
  readonly left: () => number;
  readonly bytes: (length: number) => Hex;
  readonly bigint: (length: number) => bigint;
  readonly number: (length: number) => number;
};

/** A reader of `data`, which calls `onEnd` when asked for more than there is. */
export function createReader(data: Hex, onEnd: (position: number) => never): Reader {
  let position = 0;
  const total = size(data);
  const bytes = (length: number): Hex => {
    if (length === 0) return "0x";
    if (position + length > total) onEnd(position);
    position += length;
    return slice(data, position - length, position);
  };
  const bigint = (length: number): bigint => (length === 0 ? 0n : hexToBigInt(bytes(length)));
  return {
    position: () => position,
    left: () => total - position,
    bytes,
    bigint,
    number: (length) => Number(bigint(length)),
  };
}
