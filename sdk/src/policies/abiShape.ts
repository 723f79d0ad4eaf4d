import { type AbiParameter, concat, type Hex, numberToHex } from "viem";
import { InvalidParameterError, TooManyError } from "../errors/input.js";
import type { Reader } from "../utils/reader.js";
import { getTypeInfo, getTypeName } from "./abiWord.js";

/**
 * A type as the encoding of values shows it: an elementary static type by its name, `"bytes"` (also for a string), a
 * dynamic array, a dynamic tuple, or, as an array's element only, a static tuple of words.
 */
export type AbiShapeType =
  | string
  | { readonly array: AbiShapeType }
  | { readonly tuple: AbiShape }
  | { readonly staticTuple: readonly string[] };

/** Types of arguments, one for each word of their head: static tuples and arrays stand as all their words, in line. */
export type AbiShape = readonly AbiShapeType[];

const codes = { bytes: 0xc2, array: 0xc3, tuple: 0xc4, staticTuple: 0xc5 } as const;

/** How deep dynamic types may be nested. */
const maxLevels = 8;

/**
 * The shape of a function's arguments.
 *
 * @example
 * import { toAbiShape } from "latchkey";
 *
 * const shape = toAbiShape([{ type: "address[2]" }, { type: "string[]" }]);
 * // ["address", "address", { array: "bytes" }]
 */
export function toAbiShape(parameters: readonly AbiParameter[]): AbiShape {
  return parameters.flatMap(flatten);
}

function flatten(parameter: AbiParameter): AbiShape {
  const { type } = parameter;
  const [, element, length] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
  if (element !== undefined) {
    const inner = flatten({ ...parameter, type: element });
    if (length === "") return [{ array: toElement(inner) }];
    const all = Array.from({ length: Number(length) }, () => inner).flat();
    return wrap(all, type);
  }
  if (type === "tuple") return wrap("components" in parameter ? toAbiShape(parameter.components) : [], type);
  if (type === "bytes" || type === "string") return ["bytes"];
  if (type === "function") return ["bytes24"];
  if (getTypeInfo(type) === undefined) throw unsupported(type);
  return [type];
}

/** The parts of a tuple or a fixed array: in line if all are static. */
function wrap(parts: AbiShape, type: string): AbiShape {
  if (parts.length === 0) throw unsupported(type);
  return parts.every(isWord) ? parts : [{ tuple: parts }];
}

function toElement(parts: AbiShape): AbiShapeType {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { staticTuple: parts.filter(isWord) };
}

/** Whether a type is an elementary static one. */
export function isWord(type: AbiShapeType): type is string {
  return typeof type === "string" && type !== "bytes";
}

/** Types that viem encodes and decodes as a shape says. */
export function toAbiParameters(shape: AbiShape): readonly AbiParameter[] {
  return shape.map(toAbiParameter);
}

function toAbiParameter(type: AbiShapeType): AbiParameter {
  if (typeof type === "string") return { type };
  if ("tuple" in type) return { type: "tuple", components: toAbiParameters(type.tuple) };
  if ("staticTuple" in type) return { type: "tuple", components: toAbiParameters(type.staticTuple) };
  const element = toAbiParameter(type.array);
  return { ...element, type: `${element.type}[]` };
}

/** A shape as docs/encoding.md has it. */
export function encodeShape(shape: AbiShape, level = 0): Hex {
  if (shape.length === 0) throw unsupported("()");
  if (shape.length > 255) throw new TooManyError({ what: "words of arguments", limit: 255, actual: shape.length });
  return concat([numberToHex(shape.length, { size: 1 }), ...shape.map((type) => encodeType(type, level))]);
}

function encodeType(type: AbiShapeType, level: number): Hex {
  if (isWord(type)) {
    const info = getTypeInfo(type);
    if (info === undefined) throw unsupported(type);
    return numberToHex(info.code, { size: 1 });
  }
  if (level === maxLevels)
    throw new TooManyError({ what: "dynamic types inside one another", limit: maxLevels, actual: level + 1 });
  if (typeof type === "string") return numberToHex(codes.bytes);
  if ("tuple" in type) return concat([numberToHex(codes.tuple), encodeShape(type.tuple, level + 1)]);
  if ("staticTuple" in type) throw unsupported("a static tuple that is no element");
  const { array } = type;
  return concat([
    numberToHex(codes.array),
    typeof array === "object" && "staticTuple" in array
      ? concat([numberToHex(codes.staticTuple), encodeShape(array.staticTuple, maxLevels)])
      : encodeType(array, level + 1),
  ]);
}

/** Reads a shape; `refuse` is called about what has been read last, which may be a type that is nested too deep. */
export function readShape(reader: Reader, refuse: (isTooDeep?: boolean) => never, level = 0): AbiShape {
  const count = reader.number(1);
  if (count === 0) refuse();
  return Array.from({ length: count }, () => readType(reader, refuse, level));
}

function readType(
  reader: Reader,
  refuse: (isTooDeep?: boolean) => never,
  level: number,
  isElement = false,
): AbiShapeType {
  const code = reader.number(1);
  const name = getTypeName(code);
  if (name !== undefined) return name;
  if (code === codes.staticTuple && isElement) {
    const words = readShape(reader, () => refuse(), maxLevels);
    return { staticTuple: words.filter(isWord) };
  }
  if (level === maxLevels) return refuse(true);
  if (code === codes.bytes) return "bytes";
  if (code === codes.array) return { array: readType(reader, refuse, level + 1, true) };
  if (code !== codes.tuple) return refuse();
  const tuple = readShape(reader, refuse, level + 1);
  return tuple.every(isWord) ? refuse() : { tuple };
}

function unsupported(type: string): InvalidParameterError {
  return new InvalidParameterError({ parameter: type, expected: "a type of arguments" });
}
