import {
  type AllowErc721Parameters,
  ArgumentRuleNotMetError,
  allowAnyFunction,
  allowCall,
  allowErc721,
  allowFunctionOfAnyTarget,
  allowNativeTransfer,
  every,
  isAccount,
  isCall,
  type LatchkeyError,
  lte,
  type Permission,
  packedAt,
  RuleNotMetError,
  SelectorNotAllowedError,
  TargetNotAllowedError,
  ValueExceededError,
} from "latchkey";
import { type Address, encodeFunctionData, erc721Abi, type Hex, parseAbi } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { type Call, SessionWorld, someone } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const abi = parseAbi([
  "struct Swap { bytes path; address recipient; uint256 amountIn; }",
  "function exactInput(Swap params)",
  "function multicall(bytes[] data)",
  "function mint(address to, uint256 id)",
]);

// What is called has no code: whether the key may call it is all that is asked here.
const place = someone(20);
const other = someone(21);
const friend = someone(22);

let world: World;
let account: OwnedAccount;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

const to = (target: Address, data: Hex): Call => ({ to: target, data });
const swap = (recipient: Address, amountIn: bigint): Hex =>
  encodeFunctionData({ abi, functionName: "exactInput", args: [{ path: `${place}0001f4`, recipient, amountIn }] });
const mint = (recipient: Address, id: bigint): Hex =>
  encodeFunctionData({ abi, functionName: "mint", args: [recipient, id] });
const multicall = (...data: Hex[]): Hex => encodeFunctionData({ abi, functionName: "multicall", args: [data] });
const transfer = (id: bigint): Hex =>
  encodeFunctionData({ abi: erc721Abi, functionName: "transferFrom", args: [account.address, friend, id] });

type Reason = new (...parameters: never[]) => LatchkeyError;

/** The chain takes a call under a permission, and refuses others, whatever the SDK thinks of them. */
async function check(permission: Permission, good: Call[], bad: readonly (readonly [Call, Reason])[]): Promise<void> {
  const used = await SessionWorld.grant(world, account, { actions: [permission] });
  expect((await used.use(...good)).success).toBe(true);
  for (const [call, reason] of bad) {
    expect(await used.refusedByBundler([call])).toBeInstanceOf(reason);
    expect(await used.refusedByChain([call])).toBeInstanceOf(reason);
  }
}

describe("the contracts take and refuse what is said of it", () => {
  it("a swap with a struct", async () => {
    const params = { recipient: isAccount(), amountIn: lte(5n), path: packedAt(0, "address", place) };
    await check(
      allowCall({ abi, functionName: "exactInput", address: place, args: { params } }),
      [to(place, swap(account.address, 5n))],
      [
        [to(place, swap(account.address, 6n)), ArgumentRuleNotMetError],
        [to(place, swap(friend, 5n)), ArgumentRuleNotMetError],
        [to(other, swap(account.address, 5n)), TargetNotAllowedError],
      ],
    );
  });

  it("a multicall", async () => {
    const rule = isCall({ abi, functionName: "mint", args: { to: isAccount() } });
    await check(
      allowCall({ abi, functionName: "multicall", address: place, args: { data: every(rule) } }),
      [to(place, multicall(mint(account.address, 1n), mint(account.address, 2n))), to(place, multicall())],
      [[to(place, multicall(mint(account.address, 1n), mint(friend, 2n))), ArgumentRuleNotMetError]],
    );
  });

  it("tokens of a collection", async () => {
    const request: AllowErc721Parameters = { token: place, tokenIds: [7n], recipients: [friend] };
    await check(allowErc721(request), [to(place, transfer(7n))], [[to(place, transfer(8n)), RuleNotMetError]]);
  });

  it("native currency", async () => {
    await check(
      allowNativeTransfer({ recipients: [friend], total: 2n }),
      [{ to: friend, value: 2n }],
      [
        [{ to: friend, value: 3n }, ValueExceededError],
        [{ to: other, value: 1n }, TargetNotAllowedError],
        [{ to: friend, value: 0n, data: "0x12345678" }, SelectorNotAllowedError],
      ],
    );
  });

  it("any function of a contract, and a function of any", async () => {
    const data = mint(friend, 9n);
    await check(
      allowAnyFunction({ address: place, acknowledgeRisk: true }),
      [to(place, data), to(place, multicall())],
      [[to(other, data), TargetNotAllowedError]],
    );
    await check(
      allowFunctionOfAnyTarget({ abi, functionName: "mint", args: { to: friend }, acknowledgeRisk: true }),
      [to(place, data), to(other, data)],
      [
        [to(other, mint(place, 9n)), RuleNotMetError],
        [to(other, multicall()), SelectorNotAllowedError],
      ],
    );
  });
});
