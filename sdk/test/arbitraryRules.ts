import fc from "fast-check";
import { type Abi, type AbiParameter, getAddress, type Hex, keccak256, size, stringToHex } from "viem";
import {
  allOf,
  anyOf,
  endsWith,
  every,
  gt,
  hasHash,
  hasLength,
  isAccount,
  lte,
  neq,
  oneOf,
  some,
  startsWith,
} from "../src/index.js";
import { account, stranger } from "./fixtures.js";

/** A type, values of it, and rules that some value meets, with what they mean. */
type Kind = { readonly parameter: AbiParameter; readonly value: fc.Arbitrary<unknown> };
type Claim = { readonly rule: unknown; readonly holds: (value: unknown) => boolean };

const long = "x".repeat(70);

const wordOf = (type: string, value: fc.Arbitrary<unknown>): Kind => ({ parameter: { type }, value });
const hex = (minLength: number, maxLength: number) =>
  fc
    .uint8Array({ minLength, maxLength })
    .map((bytes): Hex => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);

const leaf: fc.Arbitrary<Kind> = fc.constantFrom(
  wordOf("uint256", fc.bigInt(0n, 3n)),
  wordOf("int16", fc.integer({ min: -2, max: 2 })),
  wordOf("bool", fc.boolean()),
  wordOf("bytes2", fc.constantFrom("0x1234", "0x0000")),
  wordOf("address", fc.constantFrom(account, stranger)),
  wordOf("bytes", hex(0, 2)),
  wordOf("string", fc.constantFrom("", "a", "ab", "é", long)),
);

const kind = (depth: number): fc.Arbitrary<Kind> => {
  if (depth === 0) return leaf;
  const inner = kind(depth - 1);
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    inner.map(({ parameter, value }) => ({
      parameter: { ...parameter, type: `${parameter.type}[]` },
      value: fc.array(value, { maxLength: 3 }),
    })),
    fc.tuple(inner, fc.integer({ min: 1, max: 2 })).map(([{ parameter, value }, length]) => ({
      parameter: { ...parameter, type: `${parameter.type}[${length}]` },
      value: fc.array(value, { minLength: length, maxLength: length }),
    })),
    fc.array(inner, { minLength: 1, maxLength: 3 }).map((parts) => ({
      parameter: {
        type: "tuple",
        components: parts.map(({ parameter }, index) => ({ ...parameter, name: `p${index}` })),
      },
      value: fc.tuple(...parts.map(({ value }) => value)).map((values) => toRecord(values)),
    })),
  );
};

const toRecord = (values: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(values.map((value, index) => [`p${index}`, value]));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const partOf = (value: unknown, name: string): unknown => new Map(Object.entries(value ?? {})).get(name);
const bytesOf = (type: string, value: unknown): Hex =>
  type === "string" ? stringToHex(String(value)) : (String(value).toLowerCase() as Hex);

/** Claims about values of a type, made from one value of it. */
const claim = (parameter: AbiParameter, value: unknown): fc.Arbitrary<Claim> => {
  const one = simpleClaim(parameter, value);
  return fc.oneof(
    { weight: 4, arbitrary: one },
    fc.tuple(one, one).map(([a, b]) => ({
      rule: anyOf(a.rule, b.rule),
      holds: (other: unknown) => a.holds(other) || b.holds(other),
    })),
    fc.tuple(one, one).map(([a, b]) => ({
      rule: allOf(a.rule, b.rule),
      holds: (other: unknown) => a.holds(other) && b.holds(other),
    })),
  );
};

const simpleClaim = (parameter: AbiParameter, value: unknown): fc.Arbitrary<Claim> => {
  const [, element, length] = /^(.*)\[(\d*)\]$/.exec(parameter.type) ?? [];
  if (element !== undefined) return arrayClaim({ ...parameter, type: element }, length !== "", listOf(value));
  if ("components" in parameter && parameter.type === "tuple") {
    const parts = parameter.components;
    return fc
      .subarray([...parts.keys()], { minLength: 1 })
      .chain((chosen) =>
        fc.tuple(
          ...chosen.map((index) =>
            claim(parts[index] ?? { type: "bool" }, partOf(value, `p${index}`)).map((made) => [index, made] as const),
          ),
        ),
      )
      .map((made) => ({
        rule: Object.fromEntries(made.map(([index, { rule }]) => [`p${index}`, rule])),
        holds: (other: unknown) => made.every(([index, { holds }]) => holds(partOf(other, `p${index}`))),
      }));
  }
  return leafClaim(parameter.type, value);
};

const arrayClaim = (element: AbiParameter, isFixed: boolean, values: readonly unknown[]): fc.Arbitrary<Claim> => {
  const [first] = values;
  const lengths: fc.Arbitrary<Claim>[] = isFixed
    ? []
    : [
        fc.constant({ rule: hasLength(values.length), holds: (other) => listOf(other).length === values.length }),
        fc.constant({ rule: hasLength(gt(values.length)), holds: (other) => listOf(other).length > values.length }),
        fc.tuple(...values.map((value) => claim(element, value))).map((claims) => ({
          rule: claims.map(({ rule }) => rule),
          holds: (other: unknown) =>
            listOf(other).length === claims.length && claims.every(({ holds }, index) => holds(listOf(other)[index])),
        })),
      ];
  if (first === undefined) return fc.oneof(...lengths);
  return fc.oneof(
    ...lengths,
    claim(element, first).map(({ rule, holds }) => ({
      rule: every(rule),
      holds: (other: unknown) => listOf(other).every(holds),
    })),
    claim(element, first).map(({ rule, holds }) => ({
      rule: some(rule),
      holds: (other: unknown) => listOf(other).some(holds),
    })),
    claim(element, first).map(({ rule, holds }) => ({
      rule: { 0: rule },
      holds: (other: unknown) => listOf(other).length > 0 && holds(listOf(other)[0]),
    })),
    ...(isFixed
      ? []
      : [
          claim(element, values.at(-1)).map(({ rule, holds }) => ({
            rule: { [-1]: rule },
            holds: (other: unknown) => listOf(other).length > 0 && holds(listOf(other).at(-1)),
          })),
        ]),
  );
};

const leafClaim = (type: string, value: unknown): fc.Arbitrary<Claim> => {
  const same = (other: unknown): boolean => other === value;
  const claims: Claim[] = [
    { rule: value, holds: same },
    { rule: neq(value as bigint), holds: (other) => !same(other) },
    { rule: oneOf([value as bigint]), holds: same },
  ];
  if (type === "uint256" || type === "int16")
    claims.push(
      { rule: lte(value as bigint), holds: (other) => Number(other) <= Number(value) },
      { rule: gt(value as bigint), holds: (other) => Number(other) > Number(value) },
    );
  if (type === "address") claims.push({ rule: isAccount(), holds: (other) => other === getAddress(account) });
  if (type === "bytes" || type === "string") {
    const content = bytesOf(type, value);
    claims.push(
      { rule: hasLength(lte(size(content))), holds: (other) => size(bytesOf(type, other)) <= size(content) },
      { rule: hasHash(keccak256(content)), holds: same },
    );
    if (size(content) > 0)
      claims.push(
        { rule: startsWith(value as string), holds: (other) => bytesOf(type, other).startsWith(content) },
        { rule: endsWith(value as string), holds: (other) => bytesOf(type, other).endsWith(content.slice(2)) },
      );
  }
  return fc.constantFrom(...claims);
};

/** A function, rules on its arguments, what they mean, and arguments that meet them or not. */
export const arbitraryRules = (
  depth: number,
): fc.Arbitrary<{
  abi: Abi;
  rules: Record<string, unknown>;
  candidates: readonly { args: readonly unknown[]; value: unknown }[];
  holds: (value: unknown) => boolean;
}> =>
  fc
    .array(kind(depth), { minLength: 1, maxLength: 3 })
    .chain((kinds) => {
      const values = fc.tuple(...kinds.map(({ value }) => value)).map(toRecord);
      return fc.tuple(fc.constant(kinds), values, values);
    })
    .chain(([kinds, first, second]) => {
      const inputs = kinds.map(({ parameter }, index) => ({ ...parameter, name: `p${index}` }));
      return simpleClaim({ type: "tuple", components: inputs }, first).map(({ rule, holds }) => ({
        abi: [{ type: "function", name: "run", stateMutability: "nonpayable", inputs, outputs: [] }] satisfies Abi,
        rules: rule as Record<string, unknown>,
        candidates: [first, second].map((value) => ({
          args: inputs.map(({ name }) => partOf(value, name)),
          value,
        })),
        holds,
      }));
    });
