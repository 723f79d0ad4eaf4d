import { type Abi, parseAbi, toFunctionSelector } from "viem";
import { describe, expect, it } from "vitest";
import { game, recipient, stranger } from "../../test/fixtures.js";
import {
  type AbiRule,
  AmbiguousFunctionError,
  allowCall,
  anyOf,
  between,
  decodeAbiRuleConfig,
  eq,
  FunctionNotFoundError,
  FunctionNotPayableError,
  gt,
  gte,
  InvalidAddressError,
  InvalidAmountError,
  InvalidBytesError,
  InvalidNumberError,
  InvalidRuleError,
  isAccount,
  lt,
  lte,
  MissingRulesError,
  mask,
  neq,
  oneOf,
  type Permission,
  ReservedSelectorError,
  SelectorCollisionError,
  TooManyError,
  UnknownArgumentError,
} from "../index.js";

const abi = parseAbi([
  "struct Point { int16 x; uint8[2] y; }",
  "struct Order { address maker; Point[2] points; bytes4 tag; bool open; }",
  "function place(uint256 id, Order order, uint128 price) payable",
  "function post(string text, uint256 id, bytes data)",
  "function ping()",
  "function read(uint256 id) view returns (uint256)",
  "function pair(uint256, uint256)",
]);

const rulesOf = ({ actions }: Permission): readonly (readonly AbiRule[])[] => {
  const config = actions[0]?.policies[0]?.config;
  if (config === undefined) return [];
  return decodeAbiRuleConfig(config).map((group) => group.flatMap((rule) => ("word" in rule ? [rule] : [])));
};

/** As JavaScript calls it, without types. */
const allow = (parameters: { abi?: Abi; functionName?: string; [name: string]: unknown }) => () =>
  allowCall({ abi: abi as Abi, functionName: "place", address: game, ...parameters });

describe("allowCall", () => {
  it("finds words by counting those of tuples and fixed-length arrays", () => {
    const permission = allowCall({
      abi,
      functionName: "place",
      address: game,
      maxValue: 3n,
      args: {
        id: 1n,
        order: { maker: isAccount(), points: { 1: { x: gt(-5), y: [lte(2), 3] } }, tag: "0x12345678", open: true },
        price: between(5n, 6n),
      },
    });
    expect(permission.actions[0]).toMatchObject({ target: game, maxValue: 3n });
    expect(rulesOf(permission)).toEqual([
      [{ word: 0, type: "uint256", comparison: "eq", references: [`0x${"1".padStart(64, "0")}`] }],
      [{ word: 1, type: "address", comparison: "isAccount", references: [] }],
      [{ word: 5, type: "int16", comparison: "gt", references: ["0xfffb"] }],
      [{ word: 6, type: "uint8", comparison: "lte", references: ["0x02"] }],
      [{ word: 7, type: "uint8", comparison: "eq", references: ["0x03"] }],
      [{ word: 8, type: "bytes4", comparison: "eq", references: ["0x12345678"] }],
      [{ word: 9, type: "bool", comparison: "eq", references: ["0x01"] }],
      [
        {
          word: 10,
          type: "uint128",
          comparison: "between",
          references: [`0x${"5".padStart(32, "0")}`, `0x${"6".padStart(32, "0")}`],
        },
      ],
    ]);
  });

  it("counts one word for a dynamic argument before another", () => {
    const permission = allowCall({ abi, functionName: "post", address: game, args: { id: 7n } });
    expect(rulesOf(permission)[0]?.[0]?.word).toBe(1);
  });

  it("takes a list where no parameter has a name, and names those that have", () => {
    const mint = { abi: "mint(address,uint256)", address: game } as const;
    const listed = allowCall({ ...mint, args: [isAccount(), lte(5n)] });
    expect(listed).toEqual(allowCall({ ...mint, args: { 0: isAccount(), 1: lte(5n) } }));
    const named = { abi: "mint(address to, uint256 id)", address: game, args: [isAccount(), lte(5n)] } as const;
    // @ts-expect-error They have names.
    expect(() => allowCall(named)).toThrow("it takes an object with rules by name: to, id.");
    const three = [isAccount(), lte(5n), 1n] as const;
    expect(() => allowCall({ ...mint, args: three as never })).toThrow(UnknownArgumentError);
    expect(() => allowCall({ ...mint, args: [] as never })).toThrow(MissingRulesError);
  });

  it("packs rules as documented", () => {
    const permission = allowCall({ abi, functionName: "post", address: game, args: { id: oneOf([1n, 2n, 1n]) } });
    expect(permission.actions[0]?.policies[0]).toEqual({
      policy: "abiRulePolicy",
      config: `0x0101${"00"}${"0001"}${"20"}${"07"}${"02"}${"1".padStart(64, "0")}${"2".padStart(64, "0")}`,
    });
  });

  it("knows every comparison", () => {
    const comparisons = [eq(1n), neq(1n), lt(1n), lte(1n), gt(1n), gte(1n), between(1n, 2n), oneOf([1n]), mask(3n, 1n)];
    const permission = allowCall({ abi, functionName: "post", address: game, args: { id: anyOf(...comparisons, 9n) } });
    const [group] = rulesOf(permission);
    expect(group?.map(({ comparison }) => comparison)).toEqual([
      ...["eq", "neq", "lt", "lte", "gt", "gte", "between", "oneOf", "mask"],
      "eq",
    ]);
  });

  it("turns alternatives across arguments into an AND of ORs", () => {
    const permission = allowCall({
      abi,
      functionName: "place",
      address: game,
      args: { price: lte(9n) },
      or: [{ id: 1n, price: 2n }, { id: 3n }],
    });
    const words = rulesOf(permission).map((group) =>
      group.map(({ word, references }) => `${word}:${BigInt(references[0] ?? 0)}`),
    );
    expect(words).toEqual([["10:9"], ["0:1", "0:3"], ["10:2", "0:3"]]);
  });

  it("needs no rules for a function without arguments, nor when any are allowed", () => {
    expect(rulesOf(allowCall({ abi, functionName: "ping", address: game }))).toEqual([]);
    expect(rulesOf(allowCall({ abi, functionName: "place", address: game, anyArguments: true }))).toEqual([]);
  });

  it("keeps additional policies", () => {
    const policies = [{ policy: recipient, config: "0x1234" }] as const;
    expect(allowCall({ abi, functionName: "ping", address: game, policies }).actions[0]?.policies).toEqual(policies);
  });

  it("names parameters without names by their position", () => {
    const permission = allowCall({ abi, functionName: "pair", address: game, args: { 1: 5n } });
    expect(rulesOf(permission)[0]?.[0]?.word).toBe(1);
  });

  describe("with overloads", () => {
    const overloads = parseAbi([
      "function send(address to, uint256 amount)",
      "function send(address to, uint256 amount, bytes32 note)",
      "function send(uint256 id)",
    ]);

    it("finds the one that has the arguments", () => {
      const permission = allowCall({ abi: overloads, functionName: "send", address: game, args: { id: 1n } });
      expect(permission.actions[0]?.selector).toBe(toFunctionSelector("send(uint256)"));
      const noted = allowCall({
        abi: overloads,
        functionName: "send",
        address: game,
        args: { note: `0x${"11".repeat(32)}` },
      });
      expect(rulesOf(noted)[0]?.[0]?.word).toBe(2);
    });

    it("takes a signature", () => {
      const permission = allowCall({
        abi: overloads,
        functionName: "send(address,uint256)",
        address: game,
        args: { to: recipient },
      });
      expect(permission.actions[0]?.selector).toBe("0xd0679d34");
    });

    it("refuses to guess", () => {
      expect(allow({ abi: overloads, functionName: "send", args: { to: recipient } })).toThrow(AmbiguousFunctionError);
      expect(allow({ abi: overloads, functionName: "send", anyArguments: true })).toThrow(AmbiguousFunctionError);
      expect(allow({ abi: overloads, functionName: "send", args: { whom: recipient } })).toThrow(UnknownArgumentError);
    });
  });

  it.each([
    ["an unknown function", { functionName: "burn", anyArguments: true }, FunctionNotFoundError],
    ["a function that only reads", { functionName: "read", args: { id: 1n } }, FunctionNotFoundError],
    ["an unknown argument", { args: { ids: 1n } }, UnknownArgumentError],
    ["an unknown part of a tuple", { args: { order: { taker: recipient } } }, UnknownArgumentError],
    ["an index past the end", { args: { order: { points: { 2: { x: 1 } } } } }, UnknownArgumentError],
    ["no rules", {}, MissingRulesError],
    ["empty rules", { args: {} }, MissingRulesError],
    ["empty rules for a tuple", { args: { order: {} } }, MissingRulesError],
    ["empty rules for an array", { args: { order: { points: {} } } }, MissingRulesError],
    ["no alternatives", { or: [] }, MissingRulesError],
    ["an empty alternative", { or: [{}] }, MissingRulesError],
    ["an undefined rule", { args: { id: undefined } }, InvalidRuleError],
    ["rules and any arguments", { args: { id: 1n }, anyArguments: true }, InvalidRuleError],
    ["a list of another length", { args: { order: { points: [{ x: 1 }] } } }, InvalidRuleError],
    ["a rule on a whole tuple", { args: { order: eq(1n) } }, InvalidRuleError],
    ["a rule on a whole array", { args: { order: { points: eq(1n) } } }, InvalidRuleError],
    ["an order of addresses", { args: { order: { maker: lt(1n) } } }, InvalidAddressError],
    ["an order of truth values", { args: { order: { open: lt(1n) } } }, InvalidRuleError],
    ["a mask on a signed number", { args: { order: { points: { 0: { x: mask(1, 1) } } } } }, InvalidRuleError],
    ["a mask that nothing fits", { args: { id: mask(1n, 2n) } }, InvalidRuleError],
    ["the account as a number", { args: { id: isAccount() } }, InvalidRuleError],
    ["a range upside down", { args: { id: between(2n, 1n) } }, InvalidRuleError],
    ["one of nothing", { args: { id: oneOf([]) } }, InvalidRuleError],
    ["any of nothing", { args: { id: anyOf() } }, InvalidRuleError],
    ["a number for a bigint", { args: { id: 1 } }, InvalidAmountError],
    ["a number for a bigint in a rule", { args: { id: lte(1) } }, InvalidAmountError],
    ["a negative amount", { args: { id: -1n } }, InvalidAmountError],
    ["a string for a bigint", { args: { id: "50" } }, InvalidAmountError],
    ["too large a number", { args: { order: { points: { 0: { x: 32_768 } } } } }, InvalidNumberError],
    ["a wrong checksum", { args: { order: { maker: stranger.replace("F", "f") } } }, InvalidAddressError],
    ["bytes of another length", { args: { order: { tag: "0x1234" } } }, InvalidBytesError],
    ["a number for a truth value", { args: { order: { open: 1 } } }, InvalidRuleError],
    ["value for a function that takes none", { functionName: "ping", maxValue: 1n }, FunctionNotPayableError],
    ["a number for a value", { anyArguments: true, maxValue: 1 }, InvalidAmountError],
    ["a wrong checksum of the contract", { anyArguments: true, address: game.replace("F", "f") }, InvalidAddressError],
    [
      "too many values",
      { args: { id: oneOf(Array.from({ length: 256 }, (_, index) => BigInt(index))) } },
      TooManyError,
    ],
  ])("refuses %s", (_, parameters, expected) => {
    expect(allow(parameters)).toThrow(expected);
  });

  it("refuses functions that share a selector, and selectors that mean something else", () => {
    // Two well-known functions whose selectors are the same.
    const colliding = parseAbi(["function burn(uint256 amount)", "function collate_propagate_storage(bytes16 x)"]);
    expect(allow({ abi: colliding, functionName: "burn", args: { amount: 1n } })).toThrow(SelectorCollisionError);
    const any = parseAbi(["function test266151307()"]);
    expect(allow({ abi: any, functionName: "test266151307" })).toThrow(ReservedSelectorError);
  });

  it("does not take a value that looks like a rule for one", () => {
    expect(allow({ args: { id: { comparison: "lte", references: [5n] } } })).toThrow(InvalidAmountError);
  });

  it("says what is wrong", () => {
    const messages = [
      { args: { id: 1 } },
      { args: { ids: 1n } },
      {},
      { args: { order: { points: { 0: { x: 32_768 } } } } },
      { args: { id: between(2n, 1n) } },
      { functionName: "post", args: { text: lte(5) } },
      { functionName: "burn" },
    ].map((parameters) => {
      try {
        return allow(parameters)();
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    });
    expect(messages.join("\n---\n")).toMatchInlineSnapshot(`
      "\`args.id\` must be a bigint.

      Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935
      Actual: 1 (a number)

      Docs: docs/errors/InvalidAmountError.md
      ---
      The function has no argument \`args.ids\`.

      Available: id, order, price

      Docs: docs/errors/UnknownArgumentError.md
      ---
      There are no rules for the arguments of \`place\`.

      Give \`args\`, or say \`anyArguments: true\` if the session key may choose every argument.

      Docs: docs/errors/MissingRulesError.md
      ---
      \`args.order.points[0].x\` is not a whole number in its range.

      Expected: a number from -32768 to 32767
      Actual: 32768

      Docs: docs/errors/InvalidNumberError.md
      ---
      The rule on \`args.id\` is not valid: its lower bound is above its upper bound.

      Type: uint256

      Docs: docs/errors/InvalidRuleError.md
      ---
      The rule on \`args.text\` is not valid: only numbers can be compared by size.

      Type: string

      Docs: docs/errors/InvalidRuleError.md
      ---
      The ABI has no function \`burn\` that a transaction can call.

      Available: place(uint256,(address,(int16,uint8[2])[2],bytes4,bool),uint128), post(string,uint256,bytes), ping(), pair(uint256,uint256)

      Docs: docs/errors/FunctionNotFoundError.md"
    `);
  });
});
