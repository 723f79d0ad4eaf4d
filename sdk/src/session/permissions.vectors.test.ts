import fc from "fast-check";
import {
  type Abi,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  encodePacked,
  type Hex,
  parseAbi,
  zeroAddress,
} from "viem";
import { expect, it } from "vitest";
import { arbitraryRules } from "../../test/arbitraryRules.js";
import { account, game, recipient, stranger } from "../../test/fixtures.js";
import {
  allOf,
  allowCall,
  allowErc721,
  allowFunctionOfAnyTarget,
  anyOf,
  checkAbiRules,
  every,
  hasLength,
  isAccount,
  isCall,
  isEncoding,
  lte,
  oneOf,
  type Permission,
  packedAt,
  startsWith,
  taggedBy,
} from "../index.js";

/** Calls under the rules of a permission, and whether they are allowed: what the contract is asked too. */
type Vector = { name: string; config: Hex; data: Hex; allowed: boolean };

const abi = parseAbi([
  "struct Swap { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; }",
  "function exactInput(Swap params) payable",
  "function multicall(bytes[] data)",
  "function mint(address to, uint256 id)",
  "function note(string text)",
  "function execute(bytes commands, bytes[] inputs, uint256 deadline) payable",
  "function transferFrom(address from, address to, uint256 id)",
  "function safeTransferFrom(address from, address to, uint256 id, bytes data)",
  "function claim(address to, int24[] ticks)",
]);
type Name = (typeof abi)[number]["name"];
const encode = (functionName: Name, ...args: unknown[]): Hex =>
  encodeFunctionData({ abi: abi as Abi, functionName, args });

const vectorsOf = (
  name: string,
  { actions }: Permission,
  cases: readonly (readonly [what: string, data: Hex, allowed: boolean])[],
  index = 0,
): Vector[] => {
  const config = actions[index]?.policies.find(({ policy }) => policy === "abiRulePolicy")?.config;
  if (config === undefined) throw new Error(`${name} has no rules`);
  return cases.map(([what, data, allowed]) => ({ name: `${name}: ${what}`, config, data, allowed }));
};

const swapOf = (path: Hex, to: string, amount: bigint): Hex => encode("exactInput", [path, to, amount, 0n]);
const path = encodePacked(["address", "uint24", "address"], [recipient, 500, stranger]);
const otherPath = encodePacked(["address", "uint24", "address"], [recipient, 3000, stranger]);
const swap = {
  params: {
    recipient: isAccount(),
    amountIn: lte(100n),
    path: allOf(
      packedAt(0, "address", recipient),
      packedAt(20, "uint24", lte(500)),
      packedAt(-20, "address", stranger),
    ),
  },
} as const;
const inner = anyOf(
  isCall({ abi, functionName: "mint", args: { to: isAccount(), id: oneOf([1n, 2n]) } }),
  isCall({ abi, functionName: "note", args: { text: allOf(startsWith("hi"), hasLength(lte(4))) } }),
);
const wrapped = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [account, 5n]);
const wrappedFor = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [stranger, 5n]);
const wrap = isEncoding("address to, uint256 amount", { to: isAccount(), amount: lte(5n) });
const nft = allowErc721({ token: game, tokenIds: [1n, 5n], recipients: [recipient] });

/** A session of each builder that has rules on arguments. */
const named = (): Vector[] => [
  ...vectorsOf("a swap with a struct", allowCall({ abi, functionName: "exactInput", address: game, args: swap }), [
    ["allowed", swapOf(path, account, 100n), true],
    ["to a stranger", swapOf(path, stranger, 100n), false],
    ["too much", swapOf(path, account, 101n), false],
    ["by another pool", swapOf(otherPath, account, 1n), false],
    ["by no path", swapOf("0x", account, 1n), false],
    ["with bytes behind", concat([swapOf(path, account, 1n), `0x${"00".repeat(32)}`]), false],
  ]),
  ...vectorsOf(
    "a multicall",
    allowCall({ abi, functionName: "multicall", address: game, args: { data: every(inner) } }),
    [
      ["of nothing", encode("multicall", []), true],
      ["of two", encode("multicall", [encode("mint", account, 2n), encode("note", "hi!")]), true],
      ["with a stranger's", encode("multicall", [encode("note", "hi"), encode("mint", stranger, 1n)]), false],
      ["with another id", encode("multicall", [encode("mint", account, 3n)]), false],
      ["with a long note", encode("multicall", [encode("note", "hi you")]), false],
      ["with another function", encode("multicall", [encode("multicall", [])]), false],
      ["with no function", encode("multicall", ["0x"]), false],
    ],
  ),
  ...vectorsOf(
    "a router's commands",
    allowCall({ abi, functionName: "execute", address: game, args: { inputs: taggedBy("commands", { 11: wrap }) } }),
    [
      ["allowed", encode("execute", "0x0b0b", [wrapped, wrapped], 1n), true],
      ["with another", encode("execute", "0x0b0c", [wrapped, wrapped], 1n), false],
      ["to a stranger", encode("execute", "0x0b", [wrappedFor], 1n), false],
      ["with an input too many", encode("execute", "0x0b", [wrapped, wrapped], 1n), false],
      ["that may fail", encode("execute", "0x8b", [wrapped], 1n), false],
    ],
  ),
  ...vectorsOf("a token of a collection", nft, [
    ["moved", encode("transferFrom", account, recipient, 5n), true],
    ["another one", encode("transferFrom", account, recipient, 2n), false],
    ["to a stranger", encode("transferFrom", account, stranger, 5n), false],
    ["of a stranger", encode("transferFrom", stranger, recipient, 5n), false],
    ["cut short", "0x23b872dd", false],
  ]),
  ...vectorsOf(
    "a token of a collection, with data",
    nft,
    [
      ["that is empty", encode("safeTransferFrom", account, recipient, 5n, "0x"), true],
      ["that is not", encode("safeTransferFrom", account, recipient, 5n, "0x00"), false],
      ["to nobody", encode("safeTransferFrom", account, zeroAddress, 5n, "0x"), false],
    ],
    2,
  ),
  ...vectorsOf(
    "a function of any target",
    allowFunctionOfAnyTarget({
      abi,
      functionName: "claim",
      args: { to: isAccount(), ticks: every(lte(-1)) },
      acknowledgeRisk: true,
    }),
    [
      ["allowed", encode("claim", account, [-1, -8_388_608]), true],
      ["with a tick too high", encode("claim", account, [-1, 0]), false],
    ],
  ),
];

/** Rules on types of all sorts, always the same ones. */
const random = (): Vector[] =>
  fc.sample(arbitraryRules(2), { numRuns: 120, seed: 7 }).flatMap(({ abi: item, rules, candidates, holds }, index) =>
    vectorsOf(
      `random ${index}`,
      allowCall({ abi: item, address: game, args: rules }),
      candidates.map(({ args, value }) => ["", encodeFunctionData({ abi: item, args }), holds(value)] as const),
    ),
  );

it("rules of permissions are the vectors that the contract is asked about, and mean the same here", async () => {
  const vectors = [...named(), ...random()];
  for (const { name, config, data, allowed } of vectors) {
    const check = () => checkAbiRules({ config, data, account });
    if (allowed) expect(check, name).not.toThrow();
    else expect(check, name).toThrow();
  }
  expect(vectors.filter(({ allowed }) => allowed).length).toBeGreaterThan(80);
  expect(vectors.filter(({ allowed }) => !allowed).length).toBeGreaterThan(60);
  await expect(`${JSON.stringify({ account, vectors }, undefined, 2)}\n`).toMatchFileSnapshot(
    "../../../test/vectors/permissions.json",
  );
});
