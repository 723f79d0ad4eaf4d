import fc from "fast-check";
import {
  concat,
  type Hex,
  hashStruct,
  keccak256,
  numberToHex,
  size,
  slice,
  stringToHex,
  type TypedDataParameter,
} from "viem";
import { describe, expect, it } from "vitest";
import { account, stranger } from "../../test/fixtures.js";
import { told, toldPosition } from "../../test/told.js";
import { AbiRuleConfigError, allowMessages, encodeAbiRuleConfig, TypedDataConfigError } from "../index.js";
import {
  decodeTypedDataConfig,
  describeType,
  getWitness,
  hashType,
  type MessageTypes,
  type NestedStruct,
} from "./typedData.js";

const domain = { name: "Game", chainId: 1, verifyingContract: account } as const;

/** A struct's hash by the SDK's hash of its type and its witness. */
const hashOf = (types: MessageTypes, primaryType: string, message: object): Hex => {
  const { config } = allowMessages([{ domain, types, primaryType }]);
  return keccak256(concat([hashType(types, primaryType), getWitness(config, { domain, types, primaryType, message })]));
};

const byViem = (types: MessageTypes, primaryType: string, message: object): Hex =>
  hashStruct({ types: Object.fromEntries(Object.entries(types)), primaryType, data: { ...message } });

describe("the hash of a type and the witness of a message", () => {
  // Names that come in another order than they are found in; one that nothing refers to; one that refers to itself.
  const structs: MessageTypes = {
    Zone: [{ name: "id", type: "uint16" }],
    Move: [
      { name: "zone", type: "Zone" },
      { name: "by", type: "Actor[]" },
    ],
    Actor: [
      { name: "home", type: "Zone[2]" },
      { name: "names", type: "string[]" },
    ],
    Unused: [{ name: "x", type: "bool" }],
    Node: [
      { name: "value", type: "bytes" },
      { name: "next", type: "Node[]" },
    ],
  };
  const zone = fc.record({ id: fc.nat(65_535) });
  const hex = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => `0x${Buffer.from(value).toString("hex")}`);
  const actor = fc.record({ home: fc.tuple(zone, zone), names: fc.array(fc.string(), { maxLength: 3 }) });
  const fields: readonly (readonly [string, fc.Arbitrary<unknown>])[] = [
    ["Zone", zone],
    ["Move", fc.record({ zone, by: fc.array(actor, { maxLength: 2 }) })],
    ["Actor[2]", fc.tuple(actor, actor)],
    ["Zone[2][]", fc.array(fc.tuple(zone, zone), { maxLength: 3 })],
    [
      "Node",
      fc.record({
        value: hex(5),
        next: fc.array(fc.record({ value: hex(40), next: fc.constant([]) }), { maxLength: 2 }),
      }),
    ],
    ["string", fc.string()],
    ["string[2]", fc.tuple(fc.string(), fc.string())],
    ["bytes", fc.nat(70).chain(hex)],
    ["bytes[]", fc.array(fc.nat(40).chain(hex), { maxLength: 3 })],
    ["bytes4", hex(4)],
    ["bytes32[]", fc.array(hex(32), { maxLength: 3 })],
    ["address", fc.constantFrom(account, stranger)],
    ["bool", fc.boolean()],
    ["uint256", fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })],
    [
      "int64[3][]",
      fc.array(fc.tuple(...[1, 2, 3].map(() => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))), {
        maxLength: 2,
      }),
    ],
  ];

  it("give the struct's hash, as viem computes it", () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.constantFrom(...fields), { minLength: 1, maxLength: 5 })
          .chain((chosen) => fc.tuple(fc.constant(chosen), fc.tuple(...chosen.map(([, values]) => values)))),
        ([chosen, values]) => {
          const order: readonly TypedDataParameter[] = chosen.map(([type], index) => ({ name: `f${index}`, type }));
          const message = Object.fromEntries(values.map((value, index) => [`f${index}`, value]));
          const types = { ...structs, Order: order };
          expect(hashOf(types, "Order", message)).toBe(byViem(types, "Order", message));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("name the types that a type refers to in alphabetical order, once", () => {
    expect(describeType(structs, "Move")).toBe(
      "Move(Zone zone,Actor[] by)Actor(Zone[2] home,string[] names)Zone(uint16 id)",
    );
    expect(describeType(structs, "Node")).toBe("Node(bytes value,Node[] next)");
    expect(describeType({ ...structs, A: [{ name: "m", type: "Move[2][]" }] }, "A")).toBe(
      "A(Move[2][] m)Actor(Zone[2] home,string[] names)Move(Zone zone,Actor[] by)Zone(uint16 id)",
    );
  });

  it("have the fields of nested structs behind the message's, of which the chain makes the hashes in it", () => {
    const types = structs;
    const nested: readonly NestedStruct[] = [{ parent: 0, field: 0 }];
    const { config } = allowMessages([
      { beginning: "hi" },
      { domain: { name: "Other" }, types, primaryType: "Move" },
      { domain, types, primaryType: "Zone" },
      { domain, types, primaryType: "Move", nested },
    ]);
    const message = { zone: { id: 7 }, by: [] };
    const witness = getWitness(config, { domain, types, primaryType: "Move", message });
    expect(size(witness)).toBe(96);
    expect(slice(witness, 64)).toBe(numberToHex(7, { size: 32 }));
    expect(keccak256(concat([hashType(types, "Zone"), slice(witness, 64)]))).toBe(slice(witness, 0, 32));
    // Those of a domain or a type that no alternative is for have the message's own fields alone.
    expect(size(getWitness(config, { domain: { name: "None" }, types, primaryType: "Move", message }))).toBe(64);
    expect(size(getWitness(config, { domain: { name: "Other" }, types, primaryType: "Move", message }))).toBe(64);
  });

  it("go to structs in structs", () => {
    const types: MessageTypes = {
      Outer: [
        { name: "x", type: "uint8" },
        { name: "inner", type: "Inner" },
      ],
      Inner: [
        { name: "leaf", type: "Leaf" },
        { name: "other", type: "Leaf" },
      ],
      Leaf: [{ name: "amount", type: "uint256" }],
    };
    const nested = [
      { parent: 0, field: 1 },
      { parent: 1, field: 1 },
      { parent: 1, field: 0 },
    ];
    const { config } = allowMessages([{ domain, types, primaryType: "Outer", nested }]);
    const message = { x: 1, inner: { leaf: { amount: 5n }, other: { amount: 6n } } };
    const witness = getWitness(config, { domain, types, primaryType: "Outer", message });
    // x, inner; leaf, other; and the amounts, in the order that was asked for.
    expect(size(witness)).toBe(6 * 32);
    expect(BigInt(slice(witness, 128, 160))).toBe(6n);
    expect(BigInt(slice(witness, 160))).toBe(5n);
    expect(decodeTypedDataConfig(config)).toMatchObject([
      { fields: 2, nested: nested.map((item, index) => ({ ...item, fields: index === 0 ? 2 : 1 })) },
    ]);
  });

  it("cannot be had of a message without the struct that rules are about", () => {
    const nested = [{ parent: 0, field: 0 }];
    const { config } = allowMessages([{ domain, types: structs, primaryType: "Move", nested }]);
    const witness = (zone: unknown) => () =>
      getWitness(config, { domain, types: structs, primaryType: "Move", message: { zone, by: [] } });
    expect([told(witness(undefined)), told(witness(null)), told(witness(7))]).toMatchInlineSnapshot(`
      [
        "InvalidParameterError: \`zone\` is not a struct.",
        "InvalidParameterError: \`zone\` is not a struct.",
        "InvalidParameterError: \`zone\` is not a struct.",
      ]
    `);
  });
});

describe("messages that cannot be allowed", () => {
  const types: MessageTypes = {
    Move: [
      { name: "to", type: "uint8" },
      { name: "stake", type: "Stake" },
      { name: "stakes", type: "Stake[]" },
    ],
    Stake: [{ name: "amount", type: "uint256" }],
    Wide: Array.from({ length: 256 }, (_, index) => ({ name: `f${index}`, type: "bool" })),
  };
  const allow = (nested: readonly NestedStruct[], primaryType = "Move") =>
    told(() => allowMessages([{ domain, types, primaryType, nested }]));

  it("are refused in these words", () => {
    expect([
      allow([], "Other"),
      allow([], "Wide"),
      allow([{ parent: 1, field: 1 }]),
      allow([
        { parent: 0, field: 1 },
        { parent: 2, field: 0 },
      ]),
      allow([{ parent: -1, field: 1 }]),
      allow([{ parent: 0, field: 3 }]),
      allow([{ parent: 0, field: 0 }]),
      allow([{ parent: 0, field: 2 }]),
      allow([
        { parent: 0, field: 1 },
        { parent: 1, field: 0 },
      ]),
      allow(Array.from({ length: 256 }, () => ({ parent: 0, field: 1 }))),
      told(() => allowMessages([{ beginning: "x".repeat(65_535) }])),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidParameterError: \`Other\` is not a struct of the types.",
        "TooManyError: Too many fields of Wide. | Limit: 255 | Actual: 256",
        "InvalidParameterError: \`nested[0].parent\` is not 0 or a nested struct before it.",
        "InvalidParameterError: \`nested[1].parent\` is not 0 or a nested struct before it.",
        "InvalidParameterError: \`nested[0].parent\` is not 0 or a nested struct before it.",
        "InvalidParameterError: \`nested[0].field\` is not a field of Move that is a struct.",
        "InvalidParameterError: \`nested[0].field\` is not a field of Move that is a struct.",
        "InvalidParameterError: \`nested[0].field\` is not a field of Move that is a struct.",
        "InvalidParameterError: \`nested[1].field\` is not a field of Stake that is a struct.",
        "TooManyError: Too many nested structs. | Limit: 255 | Actual: 256",
        "TooManyError: Too many bytes of an alternative. | Limit: 65535 | Actual: 65536",
      ]
    `);
  });

  it("are not those at the bounds, which come back", () => {
    const [{ nested } = {}] = decodeTypedDataConfig(
      allowMessages([
        { domain, types, primaryType: "Move", nested: Array.from({ length: 255 }, () => ({ parent: 0, field: 1 })) },
      ]).config,
    ).filter((item) => "nested" in item);
    expect(nested).toHaveLength(255);
    const narrow = { Wide: types.Wide?.slice(1) ?? [] };
    expect(decodeTypedDataConfig(allowMessages([{ domain, types: narrow, primaryType: "Wide" }]).config)).toMatchObject(
      [{ fields: 255 }],
    );
    const text = "x".repeat(65_534);
    expect(decodeTypedDataConfig(allowMessages([{ beginning: text }]).config)).toEqual([
      { beginning: stringToHex(text) },
    ]);
  });
});

describe("a malformed configuration of messages", () => {
  const types = { Move: [{ name: "to", type: "uint8" }] };
  const hash = "11".repeat(32);
  const message = `00${hash}${hash}01`;
  // One alternative, of which the length is in bytes 1 and 2.
  const one = (...parts: readonly string[]): Hex => {
    const bytes: Hex = `0x${parts.join("")}`;
    return concat(["0x01", numberToHex(size(bytes), { size: 2 }), bytes]);
  };
  const positionOf = (read: () => unknown) => toldPosition(TypedDataConfigError, read);

  it.each<[string, Hex, number]>([
    ["is empty", "0x", 0],
    ["has no alternatives", "0x00", 0],
    ["ends before an alternative's length", "0x01", 1],
    ["ends in an alternative", "0x01000a0168", 3],
    ["goes on behind its end", concat([one("01", "68"), "0x00"]), 5],
    ["lets any personal message be signed", one("01"), 3],
    ["has an alternative without a kind", one(""), 3],
    ["has an alternative of another kind", one("02", "68"), 3],
    ["ends in a domain", one(message.slice(0, 60)), 4],
    ["ends in a type", one(message.slice(0, 100)), 36],
    ["ends before the nested structs", one(message), 69],
    ["ends in a nested struct", one(message, "01", "0000"), 72],
    ["ends before a nested struct's fields", one(message, "01", "0000", hash), 104],
  ])("%s, at the byte that is told", (_, config, position) => {
    expect(positionOf(() => decodeTypedDataConfig(config))).toBe(position);
  });

  it("may be so in its rules", () => {
    const rules = encodeAbiRuleConfig([[{ word: 0, type: "uint8", comparison: "lt", references: ["0x09"] }]]);
    expect(positionOf(() => decodeTypedDataConfig(one(message, "00", rules.slice(2))))).toBe("is read");
    expect(() => decodeTypedDataConfig(one(message, "00", rules.slice(2), "00"))).toThrow(
      new AbiRuleConfigError({ position: 8 }),
    );
    expect(() => decodeTypedDataConfig(one(message, "00", "00"))).toThrow(new AbiRuleConfigError({ position: 0 }));
  });

  it("gives no witness", () => {
    const witness = (config: Hex) => () =>
      getWitness(config, { domain, types, primaryType: "Move", message: { to: 1 } });
    const { config } = allowMessages([{ domain, types, primaryType: "Move" }]);
    expect(positionOf(witness(config))).toBe("is read");
    expect(positionOf(witness("0x"))).toBe(0);
    expect(positionOf(witness(slice(config, 0, size(config) - 1)))).toBe(3);
    const short = slice(config, 3, size(config) - 1);
    expect(positionOf(witness(concat(["0x01", numberToHex(size(short), { size: 2 }), short])))).toBe(66);
  });
});
