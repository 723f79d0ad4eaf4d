import { type Address, getAddress, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";

/** The comparisons in the order of their codes. */
export const comparisons = ["eq", "neq", "lt", "lte", "gt", "gte", "between", "oneOf", "mask", "isAccount"] as const;

/** How an argument is compared with the references. */
export type Comparison = (typeof comparisons)[number];

type TypeInfo = {
  readonly code: number;
  readonly width: number;
  readonly kind: "unsigned" | "signed" | "bytes" | "bool";
};

/** What docs/encoding.md says about a type, or undefined if it is no elementary static type. */
export function getTypeInfo(type: string): TypeInfo | undefined {
  if (type === "address") return { code: 0x14, width: 20, kind: "unsigned" };
  if (type === "bool") return { code: 0xc1, width: 1, kind: "bool" };
  const [, name, digits] =
    /^(uint|int|bytes)(\d+)$/.exec(type === "uint" || type === "int" ? `${type}256` : type) ?? [];
  if (name === undefined || digits === undefined) return undefined;
  const width = name === "bytes" ? Number(digits) : Number(digits) / 8;
  if (!Number.isInteger(width) || width < 1 || width > 32) return undefined;
  if (name === "uint") return { code: width, width, kind: "unsigned" };
  if (name === "int") return { code: 0x40 + width, width, kind: "signed" };
  return { code: 0x80 + width, width, kind: "bytes" };
}

/** The name of the type with a code. `address` and `uint160` share one, which is taken for the former. */
export function getTypeName(code: number): string | undefined {
  if (code === 0xc1) return "bool";
  if (code === 0x14) return "address";
  if (code >= 0x01 && code <= 0x20) return `uint${code * 8}`;
  if (code >= 0x41 && code <= 0x60) return `int${(code - 0x40) * 8}`;
  if (code >= 0x81 && code <= 0xa0) return `bytes${code - 0x80}`;
  return undefined;
}

/** A number, an address, a truth value or bytes, from a word or a reference. */
export function toArgumentValue(type: string, data: Hex): bigint | boolean | Hex {
  const info = getTypeInfo(type);
  if (info === undefined || data === "0x") return data;
  if (info.kind === "bytes") return size(data) > info.width ? slice(data, 0, info.width) : data;
  if (info.kind === "bool") return hexToBigInt(data) === 1n;
  if (info.kind === "signed") return BigInt.asIntN(info.width * 8, hexToBigInt(data));
  const number = hexToBigInt(data);
  if (type === "address") return number < 1n << 160n ? getAddress(numberToHex(number, { size: 20 })) : data;
  return number;
}

/** Whether a word of calldata is a proper value of an elementary type: no bits are set that the type does not have. */
export function isProper(type: string, word: bigint): boolean {
  const info = getTypeInfo(type);
  if (info === undefined) return false;
  const bits = info.width * 8;
  switch (info.kind) {
    case "unsigned":
      return word >> BigInt(bits) === 0n;
    case "signed":
      return BigInt.asUintN(256, BigInt.asIntN(bits, word)) === word;
    case "bytes":
      return BigInt.asUintN(256 - bits, word) === 0n;
    case "bool":
      return word <= 1n;
  }
}

/** Whether a word of an elementary type compares with references as the contract compares it. */
export function compareWord(
  { type, comparison, references }: { type: string; comparison: Comparison; references: readonly Hex[] },
  word: Hex,
  account: Address,
): boolean {
  const value = toComparable(type, word);
  const [first = 0n, second = 0n] = references.map((reference) => toComparable(type, reference));
  switch (comparison) {
    case "eq":
      return value === first;
    case "neq":
      return value !== first;
    case "lt":
      return value < first;
    case "lte":
      return value <= first;
    case "gt":
      return value > first;
    case "gte":
      return value >= first;
    case "between":
      return value >= first && value <= second;
    case "oneOf":
      return references.some((reference) => toComparable(type, reference) === value);
    case "mask":
      return (value & first) === second;
    case "isAccount":
      return value === hexToBigInt(account);
  }
}

/** Words and references as numbers that compare as the contract compares them. */
function toComparable(type: string, data: Hex): bigint {
  const info = getTypeInfo(type);
  if (info?.kind === "bytes") return hexToBigInt(slice(data, 0, info.width));
  if (info?.kind === "signed") return BigInt.asIntN(info.width * 8, hexToBigInt(data));
  return hexToBigInt(data);
}
