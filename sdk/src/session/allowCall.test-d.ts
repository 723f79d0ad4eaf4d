import { type Abi, parseAbi } from "viem";
import { account, game } from "../../test/fixtures.js";
import { allowCall, anyOf, between, eq, gt, isAccount, lte, mask, oneOf } from "../index.js";

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
// @ts-expect-error A rule on a string.
allowCall({ abi, functionName: "post", address: game, args: { text: "hi" } });
// @ts-expect-error A rule on bytes.
allowCall({ abi, functionName: "post", address: game, args: { data: "0x" } });
// @ts-expect-error A rule inside a tuple of dynamic length.
allowCall({ abi, functionName: "post", address: game, args: { dynamic: { a: 1n } } });
// @ts-expect-error An unknown argument in an alternative.
allowCall({ ...place, or: [{ ids: 1n }] });
