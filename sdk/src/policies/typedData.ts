import {
  concat,
  domainSeparator,
  encodeAbiParameters,
  type Hex,
  hashStruct,
  keccak256,
  numberToHex,
  size,
  stringToHex,
  type TypedDataDomain,
  type TypedDataParameter,
} from "viem";
import { InvalidParameterError, TooManyError } from "../errors/input.js";
import { TypedDataConfigError } from "../errors/policy.js";
import type { PolicyRequest } from "../types.js";
import { createReader } from "../utils/reader.js";
import { type AbiRuleGroup, decodeAbiRuleConfig, encodeAbiRuleConfig } from "./abiRule.js";

/** The types of messages, as viem has them; without `EIP712Domain`. */
export type MessageTypes = { readonly [name: string]: readonly TypedDataParameter[] };

/** A struct inside of a message that rules are about. */
export type NestedStruct = {
  /** Of which struct it is a field: 0 the message, i the i-th nested one before it. */
  readonly parent: number;
  /** Which of that struct's fields it is. */
  readonly field: number;
};

/** Messages that a session may sign: those of one domain and type whose fields meet rules. */
export type TypedDataPermission = {
  readonly domain: TypedDataDomain;
  readonly types: MessageTypes;
  readonly primaryType: string;
  /** Structs inside of the message whose fields rules are about. */
  readonly nested?: readonly NestedStruct[] | undefined;
  /**
   * Rules on the fields, which count as the words of a call's arguments: the message's first, then those of the nested
   * structs. Every message of the type if there are none.
   */
  readonly rules?: readonly AbiRuleGroup[] | undefined;
};

/** Personal messages (ERC-191) that a session may sign: those that begin like this. */
export type PersonalMessagePermission = { readonly beginning: string };

/**
 * Lets a session sign messages for its account (ERC-1271): one of the `signaturePolicies` of {@link defineSession}.
 *
 * @param alternatives What may be signed; a message must fit one of them.
 * @returns A policy for {@link defineSession}.
 * @throws InvalidParameterError if there is no alternative, or one of no sense; TooManyError if there is no room for it.
 *
 * @example
 * import { allowMessages } from "latchkey";
 *
 * const policy = allowMessages([
 *   {
 *     domain: { name: "Game", chainId: 1 },
 *     types: { Move: [{ name: "to", type: "uint8" }] },
 *     primaryType: "Move",
 *     rules: [[{ word: 0, type: "uint8", comparison: "lt", references: ["0x09"] }]],
 *   },
 * ]);
 */
export function allowMessages(
  alternatives: readonly (TypedDataPermission | PersonalMessagePermission)[],
): PolicyRequest {
  if (alternatives.length === 0 || alternatives.length > 255)
    throw new InvalidParameterError({ parameter: "alternatives", expected: "a list of 1 to 255" });
  const encoded = alternatives.map((alternative) =>
    "beginning" in alternative ? encodePersonal(alternative) : encodeTypedData(alternative),
  );
  const parts = encoded.flatMap((bytes) => [encodeCount("bytes of an alternative", size(bytes), 2), bytes]);
  return { policy: "typedDataPolicy", config: concat([numberToHex(alternatives.length, { size: 1 }), ...parts]) };
}

function encodeCount(what: string, count: number, bytes: 1 | 2): Hex {
  const limit = 2 ** (8 * bytes) - 1;
  if (count > limit) throw new TooManyError({ what, limit, actual: count });
  return numberToHex(count, { size: bytes });
}

function encodePersonal({ beginning }: PersonalMessagePermission): Hex {
  if (beginning.length === 0)
    throw new InvalidParameterError({ parameter: "beginning", expected: "a text of at least one character" });
  return concat(["0x01", stringToHex(beginning)]);
}

function encodeTypedData({ domain, types, primaryType, nested = [], rules = [] }: TypedDataPermission): Hex {
  const message = describeStruct(types, primaryType);
  const count = encodeCount("nested structs", nested.length, 1);
  const names = listStructs(types, primaryType, nested);
  const structs = nested.map(({ parent, field }, index) =>
    concat([
      numberToHex(parent, { size: 1 }),
      numberToHex(field, { size: 1 }),
      ...describeStruct(types, names[index + 1] ?? ""),
    ]),
  );
  return concat([
    "0x00",
    domainSeparator({ domain }),
    ...message,
    count,
    ...structs,
    ...(rules.length > 0 ? [encodeAbiRuleConfig(rules)] : []),
  ]);
}

/** The hash of a struct's type, and how many fields it has. */
function describeStruct(types: MessageTypes, name: string): readonly Hex[] {
  const { length } = getFields(types, name);
  return [keccak256(stringToHex(describeType(types, name))), encodeCount(`fields of ${name}`, length, 1)];
}

/** The types of the message and of the structs in it. */
function listStructs(types: MessageTypes, primaryType: string, nested: readonly NestedStruct[]): readonly string[] {
  const names = [primaryType];
  for (const [index, { parent, field }] of nested.entries()) {
    const of = names[parent];
    if (of === undefined)
      throw new InvalidParameterError({
        parameter: `nested[${index}].parent`,
        expected: "0 or a nested struct before it",
      });
    const type = getFields(types, of)[field]?.type;
    if (type === undefined || types[type] === undefined)
      throw new InvalidParameterError({
        parameter: `nested[${index}].field`,
        expected: `a field of ${of} that is a struct`,
      });
    names.push(type);
  }
  return names;
}

function getFields(types: MessageTypes, name: string): readonly TypedDataParameter[] {
  const fields = types[name];
  if (fields === undefined) throw new InvalidParameterError({ parameter: name, expected: "a struct of the types" });
  return fields;
}

/** What a `TypedDataPolicy` is configured with: hashes of a domain and a type, and rules; or the beginning of a text. */
export type DecodedMessagePermission =
  | {
      readonly separator: Hex;
      readonly typeHash: Hex;
      /** How many fields the message has. */
      readonly fields: number;
      readonly nested: readonly (NestedStruct & { readonly typeHash: Hex; readonly fields: number })[];
      readonly rules: readonly AbiRuleGroup[];
    }
  | { readonly beginning: Hex };

/**
 * Reads a configuration of a `TypedDataPolicy`.
 *
 * @throws TypedDataConfigError if it is malformed, AbiRuleConfigError if rules in it are.
 */
export function decodeTypedDataConfig(config: Hex): readonly DecodedMessagePermission[] {
  const fail = (position: number): never => {
    throw new TypedDataConfigError({ position });
  };
  const reader = createReader(config, fail);
  const count = reader.number(1);
  if (count === 0) fail(0);
  const all = Array.from({ length: count }, (): DecodedMessagePermission => {
    const length = reader.number(2);
    const start = reader.position();
    const alternative = createReader(reader.bytes(length), (position) => fail(start + position));
    const kind = alternative.number(1);
    if (kind === 1 && alternative.left() > 0) return { beginning: alternative.bytes(alternative.left()) };
    if (kind !== 0) fail(start);
    const header = { separator: alternative.bytes(32), typeHash: alternative.bytes(32), fields: alternative.number(1) };
    const nested = Array.from({ length: alternative.number(1) }, () => ({
      parent: alternative.number(1),
      field: alternative.number(1),
      typeHash: alternative.bytes(32),
      fields: alternative.number(1),
    }));
    const left = alternative.left();
    return { ...header, nested, rules: left === 0 ? [] : decodeAbiRuleConfig(alternative.bytes(left)) };
  });
  return reader.left() === 0 ? all : fail(reader.position());
}

/** The hash of a struct's type (EIP-712). */
export function hashType(types: MessageTypes, primaryType: string): Hex {
  return keccak256(stringToHex(describeType(types, primaryType)));
}

/** EIP-712's encodeType: the struct, then those it refers to in alphabetical order. */
export function describeType(types: MessageTypes, primaryType: string): string {
  const found = new Set<string>();
  const visit = (type: string): void => {
    const name = type.replace(/\[.*$/, "");
    if (found.has(name) || types[name] === undefined) return;
    found.add(name);
    for (const field of getFields(types, name)) visit(field.type);
  };
  visit(primaryType);
  found.delete(primaryType);
  return [primaryType, ...[...found].sort()]
    .map(
      (name) =>
        `${name}(${getFields(types, name)
          .map(({ type, name: field }) => `${type} ${field}`)
          .join(",")})`,
    )
    .join("");
}

/** A message of typed data, as far as its fields go. */
export type Message = { readonly types: MessageTypes; readonly primaryType: string; readonly message: object };

/** What a `TypedDataPolicy` wants to see of a message: its fields, and those of the nested structs that rules are about. */
export function getWitness(config: Hex, { domain, ...message }: Message & { domain: TypedDataDomain }): Hex {
  const nested = findNested(config, domainSeparator({ domain }), message);
  const structs: Message[] = [message];
  for (const { parent, field } of nested) {
    const of = structs[parent];
    const { name, type } = (of && getFields(of.types, of.primaryType)[field]) ?? { name: "", type: "" };
    const value: unknown = of && new Map(Object.entries(of.message)).get(name);
    if (typeof value !== "object" || value === null)
      throw new InvalidParameterError({ parameter: name, expected: "a struct" });
    structs.push({ types: message.types, primaryType: type, message: value });
  }
  return concat(structs.flatMap(encodeFields));
}

/** The nested structs that a configuration names for messages of a domain and type; none if there is no such alternative. */
function findNested(config: Hex, separator: Hex, { types, primaryType }: Message): readonly NestedStruct[] {
  const fail = (position: number): never => {
    throw new TypedDataConfigError({ position });
  };
  const typeHash = keccak256(stringToHex(describeType(types, primaryType)));
  const reader = createReader(config, fail);
  for (let left = reader.number(1); left > 0; left--) {
    const alternative = createReader(reader.bytes(reader.number(2)), fail);
    if (alternative.number(1) !== 0) continue;
    const fits = alternative.bytes(32) === separator && alternative.bytes(32) === typeHash;
    if (!fits) continue;
    alternative.number(1);
    return Array.from({ length: alternative.number(1) }, () => {
      const nested = { parent: alternative.number(1), field: alternative.number(1) };
      alternative.bytes(33);
      return nested;
    });
  }
  return [];
}

/** EIP-712's encodeData without the type's hash: a word for each field. */
function encodeFields({ types, primaryType, message }: Message): readonly Hex[] {
  const values = new Map(Object.entries(message));
  return getFields(types, primaryType).map(({ name, type }) => encodeField(types, type, values.get(name)));
}

function encodeField(types: MessageTypes, type: string, value: unknown): Hex {
  const element = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined && Array.isArray(value))
    return keccak256(concat(value.map((item) => encodeField(types, element, item))));
  if (types[type] !== undefined && typeof value === "object" && value !== null)
    return hashStruct({ data: { ...value }, primaryType: type, types: Object.fromEntries(Object.entries(types)) });
  if (type === "string" && typeof value === "string") return keccak256(stringToHex(value));
  if (type === "bytes" && typeof value === "string") return keccak256(`0x${value.slice(2)}`);
  return encodeAbiParameters([{ type }], [value]);
}
