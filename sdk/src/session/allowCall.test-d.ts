import { type Abi, parseAbi } from "viem";
import { account, game } from "../../test/fixtures.js";
import {
  allOf,
  allowCall,
  anyOf,
  anything,
  between,
  endsWith,
  eq,
  every,
  gt,
  hasHash,
  hasLength,
  isAccount,
  isCall,
  isEncoding,
  lte,
  mask,
  neq,
  oneOf,
  packedAt,
  some,
  startsWith,
  taggedBy,
} from "../index.js";

const abi = parseAbi([
  "struct Point { int16 x; uint8[2] y; }",
  "struct Order { address maker; Point[2] points; bytes4 tag; bool open; }",
  "function place(uint256 id, Order order, uint128 price) payable",
  "function post(string text, uint256 id, bytes data, (uint256 a, string b) dynamic)",
  "function pair(uint256, address)",
  "function read(uint256 id) view returns (uint256)",
]);
const place = { abi, functionName: "place", address: game } as const;

// What should compile.
allowCall({ ...place, args: { id: 1n } });
allowCall({ ...place, args: { id: lte(1n), price: between(1n, 2n) } });
allowCall({ ...place, args: { id: anyOf(eq(1n), gt(5n), 7n) } });
allowCall({ ...place, args: { id: oneOf([1n, 2n]) } });
allowCall({ ...place, args: { id: mask(1n, 0n) } });
allowCall({ ...place, args: { order: { maker: isAccount(), tag: mask("0xff000000", "0x12000000") } } });
allowCall({ ...place, args: { order: { maker: oneOf([account]) } } });
allowCall({ ...place, args: { order: { points: [{ x: -1 }, { x: gt(-5), y: [1, lte(2)] }] } } });
allowCall({ ...place, args: { order: { points: { 1: { y: { 0: anyOf(1, 2) } } } } } });
allowCall({ ...place, or: [{ id: 1n }, { price: 2n }] });
allowCall({
  abi,
  functionName: "place(uint256,(address,(int16,uint8[2])[2],bytes4,bool),uint128)",
  address: game,
  args: { id: 1n },
});
allowCall({ abi, functionName: "pair", address: game, args: { 0: 1n, 1: account } });
allowCall({ abi: abi as Abi, functionName: "anything", address: game, args: { any: 1n } });

// @ts-expect-error An unknown function.
allowCall({ abi, functionName: "burn", address: game, anyArguments: true });
// @ts-expect-error A function that only reads.
allowCall({ abi, functionName: "read", address: game, anyArguments: true });
// @ts-expect-error An unknown argument.
allowCall({ ...place, args: { ids: 1n } });
// @ts-expect-error An unknown part of a tuple.
allowCall({ ...place, args: { order: { taker: account } } });
// @ts-expect-error A number where a bigint is meant.
allowCall({ ...place, args: { id: 1 } });
// @ts-expect-error A number where a bigint is meant, in a rule.
allowCall({ ...place, args: { id: lte(1) } });
// @ts-expect-error A bigint where a number is meant.
allowCall({ ...place, args: { order: { points: { 0: { x: 1n } } } } });
// @ts-expect-error An order of addresses.
allowCall({ ...place, args: { order: { maker: lte(1n) } } });
// @ts-expect-error An order of truth values.
allowCall({ ...place, args: { order: { open: gt(1n) } } });
// @ts-expect-error An order of bytes.
allowCall({ ...place, args: { order: { tag: lte(1n) } } });
// @ts-expect-error A mask on a signed number.
allowCall({ ...place, args: { order: { points: { 0: { x: mask(1, 1) } } } } });
// @ts-expect-error The account as a number.
allowCall({ ...place, args: { id: isAccount() } });
// @ts-expect-error One alternative of another type.
allowCall({ ...place, args: { id: anyOf(1n, "0x12") } });
// @ts-expect-error An unknown argument in an alternative.
allowCall({ ...place, or: [{ ids: 1n }] });

// Dynamic arguments.
const posts = parseAbi([
  "struct Line { string title; uint256[] ids; bytes data; }",
  "struct Point { int16 x; uint8 y; }",
  "function post(string text, bytes data, uint256[] ids, Line line, Line[] lines, Point[] points, bytes4[] tags)",
  "function nested(uint256[][2] pairs, string[3] names, (bool open, address[] who)[] groups)",
  "function run(bytes commands, bytes[] inputs, string other)",
]);
const post = { abi: posts, functionName: "post", address: game } as const;

allowCall({ ...post, args: { text: "hi" } });
allowCall({ ...post, args: { text: startsWith("https://"), data: startsWith("0x1234") } });
allowCall({ ...post, args: { text: allOf(hasLength(lte(32)), neq("")), data: hasLength(0) } });
allowCall({ ...post, args: { text: oneOf(["a", "b"]), data: hasHash(oneOf([`0x${"11".repeat(32)}`])) } });
allowCall({ ...post, args: { text: anyOf(endsWith(".eth"), eq("none")) } });
allowCall({ ...post, args: { ids: [1n, lte(2n)] } });
allowCall({ ...post, args: { ids: [] } });
allowCall({ ...post, args: { ids: { 0: gt(1n), [-1]: 7n } } });
allowCall({ ...post, args: { ids: allOf(hasLength(between(1, 5)), every(lte(100n)), some(7n)) } });
allowCall({
  ...post,
  args: { line: { title: "a", ids: every(1n), data: isEncoding("address to", { to: isAccount() }) } },
});
allowCall({ ...post, args: { lines: every({ title: startsWith("a"), ids: some(gt(1n)) }) } });
allowCall({ ...post, args: { line: anyOf({ title: "a" }, { title: "b", data: "0x" }) } });
allowCall({ ...post, args: { points: every({ x: gt(-5), y: anyOf(1, 2) }) } });
allowCall({ ...post, args: { tags: every(oneOf(["0x12345678"])) } });
allowCall({ ...post, args: { data: packedAt(-20, "address", isAccount()) } });
allowCall({ ...post, args: { data: anyOf(packedAt(0, "uint24", lte(500)), packedAt(0, "int8", -1)) } });
allowCall({ ...post, args: { data: isCall({ abi: posts, functionName: "run", args: { other: "x" } }) } });
allowCall({
  abi: posts,
  functionName: "nested",
  address: game,
  args: { pairs: { 0: every(1n) }, names: ["a", "b", "c"] },
});
allowCall({
  abi: posts,
  functionName: "nested",
  address: game,
  args: { groups: some({ open: true, who: every(isAccount()) }) },
});
const encoded = isEncoding("address to, uint256[] amounts", { to: isAccount(), amounts: every(lte(5n)) });
allowCall({
  abi: posts,
  functionName: "run",
  address: game,
  args: { inputs: taggedBy("commands", { 11: encoded, 12: anything(), 13: anyOf(encoded, encoded) }) },
});

// @ts-expect-error An order of strings.
allowCall({ ...post, args: { text: lte("b") } });
// @ts-expect-error An order of strings, as numbers.
allowCall({ ...post, args: { text: lte(1n) } });
// @ts-expect-error An order of bytes of any length.
allowCall({ ...post, args: { data: gt(1n) } });
// @ts-expect-error A mask on bytes of any length.
allowCall({ ...post, args: { data: mask("0xff", "0x12") } });
// @ts-expect-error Text where bytes are meant.
allowCall({ ...post, args: { data: "hello" } });
// @ts-expect-error Text at the beginning of bytes.
allowCall({ ...post, args: { data: startsWith("hello") } });
// @ts-expect-error A call in a string.
allowCall({ ...post, args: { text: isCall({ abi: posts, functionName: "run", anyArguments: true }) } });
// @ts-expect-error A rule on a number for a whole array.
allowCall({ ...post, args: { ids: lte(5n) } });
// @ts-expect-error Numbers where bigints are meant, in an array.
allowCall({ ...post, args: { ids: every(lte(5)) } });
// @ts-expect-error A bigint for a length.
allowCall({ ...post, args: { ids: hasLength(lte(5n)) } });
// @ts-expect-error The length of a number.
allowCall({ ...place, args: { id: hasLength(1) } });
// @ts-expect-error The length of an array of fixed length.
allowCall({ ...place, args: { order: { points: hasLength(2) } } });
// @ts-expect-error A rule on one element for a tuple.
allowCall({ ...post, args: { line: every(1n) } });
// @ts-expect-error The account as a number, in an array.
allowCall({ ...post, args: { ids: some(isAccount()) } });
// @ts-expect-error An unknown part of a tuple of dynamic length.
allowCall({ ...post, args: { line: { name: "a" } } });
// @ts-expect-error An unknown part of the elements, and nothing else.
allowCall({ ...post, args: { lines: every({ name: "a" }) } });
// @ts-expect-error Tags in an argument that is no bytes.
allowCall({ abi: posts, functionName: "run", address: game, args: { inputs: taggedBy("other", { 1: anything() }) } });
// @ts-expect-error Tags for something else than bytes[].
allowCall({ ...post, args: { ids: taggedBy("data", { 1: anything() }) } });
// @ts-expect-error A rule without its encoding for a tag.
taggedBy("commands", { 1: isAccount() });
// @ts-expect-error An unknown name in an encoding.
isEncoding("address to", { from: isAccount() });
// @ts-expect-error A number where a bigint is meant, in an encoding.
isEncoding("uint256 amount", { amount: lte(5) });
// @ts-expect-error An unknown function in a call.
isCall({ abi: posts, functionName: "burn", anyArguments: true });
// @ts-expect-error An unknown argument in a call.
isCall({ abi: posts, functionName: "run", args: { to: "x" } });
// @ts-expect-error An order of addresses in packed bytes.
packedAt(0, "address", lte(1n));
// @ts-expect-error A truth value in packed bytes.
packedAt(0, "bool", true);

// What stands for an ABI.
const mint = {
  type: "function",
  name: "mint",
  stateMutability: "nonpayable",
  inputs: [
    { name: "to", type: "address" },
    { name: "id", type: "uint256" },
  ],
  outputs: [],
} as const;
allowCall({ abi: mint, address: game, args: { to: isAccount(), id: lte(5n) } });
allowCall({ abi: [mint], functionName: "mint", address: game, args: { to: isAccount() } });
allowCall({ abi: "safeMint(address)", address: game, args: { 0: isAccount() } });
allowCall({ abi: "safeMint(address)", functionName: "safeMint", address: game, args: { 0: isAccount() } });
allowCall({ abi: "function mint(address to, uint256 id) payable", address: game, args: { to: isAccount(), id: 1n } });
allowCall({
  abi: ["struct Order { address maker; uint8[] sizes; }", "place(Order order)", "function cancel(uint256 id)"],
  functionName: "place",
  address: game,
  args: { order: { maker: isAccount(), sizes: every(lte(3)) } },
});
allowCall({ abi: "send(address to, int24 amount)" as string, address: game, args: { anything: 1n } });

// @ts-expect-error An unknown argument of one function.
allowCall({ abi: mint, address: game, args: { from: isAccount() } });
// @ts-expect-error An unknown argument of a signature.
allowCall({ abi: "mint(address to)", address: game, args: { from: isAccount() } });
// @ts-expect-error A wrong type in a signature without names.
allowCall({ abi: "safeMint(address)", address: game, args: { 0: 1n } });
// @ts-expect-error An order of addresses in a signature.
allowCall({ abi: "mint(address to)", address: game, args: { to: lte(1n) } });
const two = { abi: ["mint(address to)", "burn(uint256 id)"], address: game } as const;
// @ts-expect-error A function that the signatures do not have.
allowCall({ ...two, functionName: "transfer", anyArguments: true });
const withStruct = { abi: ["struct Order { uint8 size; }", "place(Order order)"], address: game } as const;
// @ts-expect-error A wrong type in a struct of signatures.
allowCall({ ...withStruct, args: { order: { size: 1n } } });
// @ts-expect-error No name, of several functions.
allowCall({ abi: ["mint(address to)", "burn(uint256 id)"], address: game, anyArguments: true });
// @ts-expect-error No name, of several functions.
isCall({ abi, anyArguments: true });
