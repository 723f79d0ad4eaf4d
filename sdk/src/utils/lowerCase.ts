import type { Hex } from "viem";

/** Hex in lower case, such as an address without its checksum. */
export function lowerCase(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}
