import {
  type Address,
  type Chain,
  createClient,
  custom,
  decodeFunctionData,
  encodeFunctionData,
  encodeFunctionResult,
  erc20Abi,
  type Hex,
  multicall3Abi,
  parseAbi,
  parseEther,
  parseUnits,
} from "viem";
import { mainnet, polygon } from "viem/chains";
import { describe, expect, test } from "vitest";
import { InvalidAbiError, InvalidTimeError, UnknownParameterError } from "../errors/input.js";
import {
  allOf,
  allowAnyFunction,
  allowErc721,
  allowFunctionOfAnyTarget,
  allowMessages,
  allowNativeTransfer,
  anyOf,
  anyTarget,
  anything,
  between,
  ChainMismatchError,
  decodeSession,
  encodeSession,
  endsWith,
  every,
  getContracts,
  gt,
  hasHash,
  hasLength,
  isCall,
  isEncoding,
  nativeLimit,
  neq,
  type Permission,
  packedAt,
  type Session,
  sessionKeyManagerAbi,
  some,
  startsWith,
  taggedBy,
  usageLimit,
} from "../index.js";
import { createSessionKey } from "../keys/sessionKey.js";
import { allowCall } from "./allowCall.js";
import { allowErc20 } from "./allowErc20.js";
import { type DefineSessionParameters, defineSession } from "./defineSession.js";
import { type DescribeSessionParameters, type DescribeSessionReturnType, describeSession } from "./describeSession.js";
import { isAccount, lte, oneOf } from "./rules.js";
import { parseSession, serializeSession } from "./serializeSession.js";

const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const shop = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const router = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const tokens = [{ address: usdc, symbol: "USDC", decimals: 6 }] as const;
const game = "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC";
const now = new Date("2026-12-01T00:00:00Z");

const define = (parameters: Partial<DefineSessionParameters> & Pick<DefineSessionParameters, "actions">) =>
  defineSession({
    account,
    chainId: 1,
    sessionKey: createSessionKey({ privateKey: `0x${"11".repeat(32)}` }),
    validUntil: new Date("2026-12-04T12:00:00Z"),
    fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
    ...parameters,
  });

const daily = allowErc20({
  token: usdc,
  recipients: [shop],
  perPeriod: { amount: parseUnits("50", 6), period: "day" },
});

const known = { tokens, contracts: [{ address: shop, name: "the shop" }], now } as const;

/** The whole description, as a page would show it. */
const show = (session: Session, parameters: DescribeSessionParameters = { now }): string =>
  toText(describeSession(session, parameters));
const toText = ({ title, lines, risks }: DescribeSessionReturnType): string =>
  [title, ...lines.map((line) => `- ${line}`), ...risks.map((risk) => `Risk: ${risk}`)].join("\n");

describe("a session in words", () => {
  test("a daily limit", () => {
    const session = define({ actions: [daily] });
    expect(show(session, known)).toMatchInlineSnapshot(`
      "May send at most 50 USDC per day to the shop (0x5aAe…eAed) only; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) only: at most 50 USDC per day.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC."
    `);
    expect(show(session)).toMatchInlineSnapshot(`
      "May send at most 50,000,000 units per day of the token 0xA0b8…eB48 to 0x5aAe…eAed only; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send the token 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 50,000,000 units per day.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC."
    `);
  });

  test("several limits, functions and recipients", () => {
    const spend = allowErc20({
      token: usdc,
      functions: ["transfer", "approve", "transferFrom", "increaseAllowance"],
      recipients: [shop, router],
      total: 10_000_000n,
      perCall: 2n,
      perPeriod: { amount: 5_500_000n, period: 3_600 * 2, anchor: 600 },
    });
    expect(show(define({ actions: [spend] }), known)).toMatchInlineSnapshot(`
      "May send, move by transferFrom, approve and approve more of at most 0.000002 USDC at once, 5.5 USDC every 2 hours (from Thu 1 Jan 1970 00:10 UTC on) and 10 USDC in total to the shop (0x5aAe…eAed) and 0x5FbD…0aa3 only; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send, move by transferFrom, approve and approve more of USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) and 0x5FbDB2315678afecb367f032d93F642f64180aa3 only: at most 0.000002 USDC at once, 5.5 USDC every 2 hours (from Thu 1 Jan 1970 00:10 UTC on) and 10 USDC in total.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: Approvals of USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) outlive the session, and its revocation."
    `);
  });

  test("two limits on one token, and what they come to", () => {
    const other = allowErc20({ token: usdc, functions: ["approve"], perPeriod: { amount: 1n, period: "day" } });
    const session = define({ actions: [daily, other], allowSeparateBudgets: true });
    expect(show(session, known)).toMatchInlineSnapshot(`
      "May approve at most 0.000001 USDC per day to anyone, and 1 other thing; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) only: at most 50 USDC per day.
      - May approve USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to anyone: at most 0.000001 USDC per day.
      - Together, the 2 limits on USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) allow at most 50.000001 USDC per day.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: Tokens of USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) may go to anyone.
      Risk: Approvals of USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) outlive the session, and its revocation."
    `);
    const unlike = allowErc20({ token: usdc, functions: ["approve"], total: 1n });
    expect(show(define({ actions: [daily, unlike], allowSeparateBudgets: true }), known)).toContain(
      `Together, the 2 limits on USDC (${usdc}) allow at most 50 USDC per day plus 0.000001 USDC in total.`,
    );
    const single = allowErc20({ token: usdc, functions: ["approve"], perCall: 1n });
    expect(show(define({ actions: [daily, single], allowSeparateBudgets: true }), known)).not.toContain("Together");
  });

  test("one limit in two forms, which are two budgets", () => {
    const other = allowErc20({ token: usdc, functions: ["approve"], perPeriod: { amount: 1n, period: "day" } });
    const same = allowErc20({ token: usdc, functions: ["transfer"], perPeriod: { amount: 1n, period: "day" } });
    const { erc20LimitPolicy } = getContracts();
    const contract = define({ actions: [other], contracts: { erc20LimitPolicy } });
    const session = { ...contract, actions: [...define({ actions: [same] }).actions, ...contract.actions] };
    expect(show(session, known)).toContain("Together, the 2 limits on USDC");
  });

  test("native currency, tokens of a collection, and loud permissions", () => {
    const session = define({
      actions: [
        allowNativeTransfer({ recipients: [shop, router], perTransfer: 5n, perPeriod: { amount: 9n, period: "week" } }),
        allowErc721({ token: game, tokenIds: [1n, 5n], recipients: [shop], total: 1n }),
        allowErc721({
          token: router,
          tokenIds: "any",
          recipients: [shop],
          functions: ["setApprovalForAll"],
          acknowledgeRisk: true,
        }),
        allowAnyFunction({ address: game, acknowledgeRisk: true, maxValue: 1n }),
        allowFunctionOfAnyTarget({ abi: "claim(address to)", args: { to: isAccount() }, acknowledgeRisk: true }),
        allowNativeTransfer({ recipients: "anyone", total: 7n, acknowledgeRisk: true }),
      ],
      fees: { maxPerOperation: 10n ** 16n, perPeriod: { amount: 10n ** 17n, period: "day" }, paymaster: router },
    });
    expect(show(session, { ...known, abis: ["claim(address to)"], nativeSymbol: "POL" })).toMatchInlineSnapshot(`
      "May call any function of 0xCcCC…cccC, sending at most 0.000000000000000001 POL a call, and 7 other things; the paymaster 0x5FbD…0aa3 pays gas up to 0.1 POL per day; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send POL to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) and 0x5FbDB2315678afecb367f032d93F642f64180aa3 only: at most 0.000000000000000005 POL at once; at most 0.000000000000000009 POL per week.
      - May call transferFrom of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC: from is the account, to is the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed), amountOrId one of 1 or 5; at most 1 call in total.
      - May call safeTransferFrom of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC: from is the account, to is the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed), id one of 1 or 5; at most 1 call in total.
      - May call safeTransferFrom of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC: from is the account, to is the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed), id one of 1 or 5, data is 0x; at most 1 call in total.
      - May call setApprovalForAll of 0x5FbDB2315678afecb367f032d93F642f64180aa3: operator is the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed).
      - May call any function of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC, sending at most 0.000000000000000001 POL a call.
      - May call claim of any contract: to is the account.
      - May send POL to anyone: at most 0.000000000000000007 POL at once; at most 0.000000000000000007 POL in total.
      - All operations together may cost at most 0.1 POL per day in gas.
      - An operation costs at most 0.01 POL of gas, which the paymaster 0x5FbDB2315678afecb367f032d93F642f64180aa3 pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: Whoever is approved may take all tokens of 0x5FbDB2315678afecb367f032d93F642f64180aa3, also those that come later.
      Risk: Approvals of 0x5FbDB2315678afecb367f032d93F642f64180aa3 outlive the session, and its revocation.
      Risk: Any function of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC may be called, also ones that you do not know.
      Risk: Each call to 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC may send 0.000000000000000001 POL, and nothing limits how many there are.
      Risk: The function claim may be called on any contract.
      Risk: POL may go to anyone."
    `);
  });

  const abi = parseAbi([
    "struct Order { address recipient; address token; uint256 amount; }",
    "struct Line { string title; uint256[] ids; }",
    "struct Swap { bytes path; address recipient; int24 tick; }",
    "function buy(Order order, uint32 count, uint8[2] sizes) payable",
    "function post(string text, bytes data, uint256[] ids, Line[] lines, string[2] names)",
    "function multicall(bytes[] data)",
    "function swap(Swap params, Order[] orders)",
    "function execute(bytes commands, bytes[] inputs)",
    "function note(string text)",
  ]);
  const place = { abi, address: router } as const;
  const named = { contracts: [{ address: router, abi, name: "Router" }], tokens, now } as const;
  const linesOf = (action: Permission, parameters: DescribeSessionParameters): string | undefined =>
    describeSession(define({ actions: [action] }), parameters).lines[1];

  test("rules on static arguments", () => {
    const action = allowCall({
      ...place,
      functionName: "buy",
      maxValue: parseEther("0.5"),
      args: {
        order: { recipient: isAccount(), token: oneOf([usdc, shop]) },
        count: anyOf(0, between(2, 3)),
        sizes: { 1: neq(4) },
      },
    });
    const session = define({ actions: [action] });
    expect(show(session, named)).toMatchInlineSnapshot(`
      "May call buy of Router (0x5FbD…0aa3), sending at most 0.5 ETH a call; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May call buy of Router (0x5FbDB2315678afecb367f032d93F642f64180aa3), sending at most 0.5 ETH a call: order.recipient is the account, order.token one of USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) or 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, (count is 0 or count from 2 to 3), sizes[1] is not 4.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: Each call to Router (0x5FbDB2315678afecb367f032d93F642f64180aa3) may send 0.5 ETH, and nothing limits how many there are."
    `);
    expect(show(session)).toMatchInlineSnapshot(`
      "May call the function 0xb088dec8 of 0x5FbD…0aa3, sending at most 0.5 ETH a call; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May call the function 0xb088dec8 of 0x5FbDB2315678afecb367f032d93F642f64180aa3, sending at most 0.5 ETH a call: word 0 is the account, word 1 one of 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 or 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, (word 3 is 0 or word 3 from 2 to 3), word 5 is not 4.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: The function 0xb088dec8 on 0x5FbDB2315678afecb367f032d93F642f64180aa3 is not known here: nobody can read what it does.
      Risk: Each call to 0x5FbDB2315678afecb367f032d93F642f64180aa3 may send 0.5 ETH, and nothing limits how many there are."
    `);
  });

  test("rules on dynamic arguments", () => {
    const action = allowCall({
      ...place,
      functionName: "post",
      args: {
        text: allOf(hasLength(lte(32)), startsWith("https://"), neq("https://\u202egro.live\n")),
        data: anyOf("0x1234", hasHash(`0x${"11".repeat(32)}`), allOf(startsWith("0x12"), endsWith("0x34"))),
        ids: allOf(every(lte(5n)), some(7n), { 0: gt(1n), [-1]: 7n }),
        lines: every({ title: startsWith("a"), ids: some(anyOf(1n, 2n)) }),
        names: ["x", oneOf(["y", "z"])],
      },
    });
    expect(linesOf(action, named)).toMatchInlineSnapshot(
      `"May call post of Router (0x5FbDB2315678afecb367f032d93F642f64180aa3): the length of text at most 32, text begins with "https://", text is not "https://\\u202egro.live\\n", (data is 0x1234 or the hash of data is 0x1111111111111111111111111111111111111111111111111111111111111111 or (data begins with 0x12 and data ends with 0x34)), every element of ids at most 5, some element of ids is 7, ids[0] above 1, ids[-1] is 7, every element of lines (title begins with "a" and some element of ids (it is 1 or it is 2)), names[0] is "x", (names[1] is "y" or names[1] is "z")."`,
    );
    expect(linesOf(action, { now })).toMatchInlineSnapshot(
      `"May call the function 0x91696f5d of 0x5FbDB2315678afecb367f032d93F642f64180aa3: the length of word 0 at most 32, word 0 begins with 0x68747470733a2f2f, word 0 is not 0x68747470733a2f2fe280ae67726f2e6c6976650a, (word 1 is 0x1234 or the hash of word 1 is 0x1111111111111111111111111111111111111111111111111111111111111111 or (word 1 begins with 0x12 and word 1 ends with 0x34)), every element of word 2 at most 5, some element of word 2 is 7, word 2[0] above 1, word 2[-1] is 7, every element of word 3 (it.0 begins with 0x61 and some element of it.1 (it is 1 or it is 2)), word 4.0 is 0x78, (word 4.1 is 0x79 or word 4.1 is 0x7a)."`,
    );
  });

  test("calls inside of calls, encoded, tagged and packed bytes", () => {
    const encoded = isEncoding("address to, (uint8 a, string b)[] list", { to: isAccount(), list: hasLength(1) });
    const inner = anyOf(
      isCall({ abi, functionName: "note", args: { text: "hi" } }),
      isCall({ abi: "burn(uint256 amount)", args: { amount: lte(5n) } }),
      isCall({ abi, functionName: "swap", anyArguments: true }),
    );
    const actions = [
      allowCall({ ...place, functionName: "multicall", args: { data: every(inner) } }),
      allowCall({
        ...place,
        functionName: "swap",
        args: {
          params: {
            path: allOf(
              packedAt(0, "address", usdc),
              packedAt(20, "uint24", lte(500)),
              packedAt(-20, "address", isAccount()),
            ),
            tick: gt(-5),
          },
          orders: every({ recipient: isAccount(), amount: lte(5n) }),
        },
      }),
      allowCall({
        ...place,
        functionName: "execute",
        args: { inputs: taggedBy("commands", { 11: encoded, 12: anything(), 13: isEncoding("bool", anything()) }) },
      }),
    ];
    expect(actions.map((action) => linesOf(action, named)).join("\n")).toMatchInlineSnapshot(`
      "May call multicall of Router (0x5FbDB2315678afecb367f032d93F642f64180aa3): every element of data a call of note (text is "hi"), the function 0x42966c68 (word 0 at most 5) or swap with any arguments.
      May call swap of Router (0x5FbDB2315678afecb367f032d93F642f64180aa3): the address at the beginning of params.path is USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48), the uint24 at byte 20 of params.path at most 500, the address at the end of params.path is the account, params.tick above -5, every element of orders (recipient is the account and amount at most 5).
      May call execute of Router (0x5FbDB2315678afecb367f032d93F642f64180aa3): each of inputs as its byte of commands says: 0x0b (value 0 is the account, the length of value 1 is 1); 0x0c anything; 0x0d (values of their types, whatever they are)."
    `);
    expect(actions.map((action) => linesOf(action, { now })).join("\n")).toMatchInlineSnapshot(`
      "May call multicall of 0x5FbDB2315678afecb367f032d93F642f64180aa3: every element of data a call of the function 0x1b352c43 (word 0 is 0x6869), the function 0x42966c68 (word 0 at most 5) or the function 0x78a30917 with any arguments.
      May call the function 0x78a30917 of 0x5FbDB2315678afecb367f032d93F642f64180aa3: the address at the beginning of word 0.0 is 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48, the uint24 at byte 20 of word 0.0 at most 500, the address at the end of word 0.0 is the account, word 0.2 above -5, every element of word 1 (it.0 is the account and it.2 at most 5).
      May call the function 0x24856bc3 of 0x5FbDB2315678afecb367f032d93F642f64180aa3: each of word 1 as its byte of word 0 says: 0x0b (value 0 is the account, the length of value 1 is 1); 0x0c anything; 0x0d (values of their types, whatever they are)."
    `);
  });

  test("messages that it may sign", () => {
    const domain = { name: "Game", chainId: 1, verifyingContract: game } as const;
    const types = {
      Move: [
        { name: "to", type: "uint8" },
        { name: "by", type: "Player" },
      ],
      Player: [
        { name: "who", type: "address" },
        { name: "level", type: "uint16" },
      ],
    } as const;
    const move = { domain, types, primaryType: "Move" };
    const session = define({
      actions: [daily],
      signaturePolicies: [
        allowMessages([
          {
            ...move,
            nested: [{ parent: 0, field: 1 }],
            rules: [
              [{ word: 0, type: "uint8", comparison: "lt", references: ["0x09"] }],
              [{ word: 2, type: "address", comparison: "isAccount", references: [] }],
            ],
          },
          { beginning: "Log in to the game" },
          { ...move, primaryType: "Player" },
        ]),
      ],
    });
    expect(show(session, { ...known, messages: [move] })).toMatchInlineSnapshot(`
      "May sign any messages for the account of the type 0x4f8b…4ad6 in the domain 0x79a9…8379, and 3 other things; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) only: at most 50 USDC per day.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - May sign Move messages for the account in the domain "Game" on chain 1 of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC: to below 9, by.who is the account.
      - May sign personal messages for the account that begin with "Log in to the game".
      - May sign any messages for the account of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 in the domain 0x79a979136c9c1ed996bcb3d0105a3e8a670f94006b10347a79ed0beed6c08379.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: What it signs counts outside of operations, and nothing limits how often: read what it may sign.
      Risk: Nothing limits how personal messages go on that begin with "Log in to the game".
      Risk: Nothing limits what messages of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 say.
      Risk: Messages of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 are not known: nobody can read here what they are."
    `);
    expect(show(session, known)).toMatchInlineSnapshot(`
      "May sign any messages for the account of the type 0x4f8b…4ad6 in the domain 0x79a9…8379, and 3 other things; you pay gas up to 0.1 ETH; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to the shop (0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed) only: at most 50 USDC per day.
      - All operations together may cost at most 0.1 ETH in total in gas.
      - May sign messages for the account of the type 0x7c53edefe9ab6344752832fda8eaab9d8e0d306986c05dc60325aca0bfbc4f47 in the domain 0x79a979136c9c1ed996bcb3d0105a3e8a670f94006b10347a79ed0beed6c08379: field 0 below 9, field 2 is the account.
      - May sign personal messages for the account that begin with "Log in to the game".
      - May sign any messages for the account of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 in the domain 0x79a979136c9c1ed996bcb3d0105a3e8a670f94006b10347a79ed0beed6c08379.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: What it signs counts outside of operations, and nothing limits how often: read what it may sign.
      Risk: Messages of the type 0x7c53edefe9ab6344752832fda8eaab9d8e0d306986c05dc60325aca0bfbc4f47 are not known: nobody can read here what they are.
      Risk: Nothing limits how personal messages go on that begin with "Log in to the game".
      Risk: Nothing limits what messages of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 say.
      Risk: Messages of the type 0x4f8b96f2ed1e74e4c5b0a24899e0bb511d3d6a3d64c4dee42714df7912dd4ad6 are not known: nobody can read here what they are."
    `);
  });

  test("limits on operations as a whole", () => {
    const session = define({
      actions: [allowNativeTransfer({ recipients: [shop], perTransfer: 5n, total: "unlimited" })],
      operationPolicies: [
        usageLimit({ perPeriod: { amount: 5n, period: "hour" } }),
        usageLimit({ total: 1n, of: "calls" }),
        nativeLimit({ total: parseEther("1") }),
      ],
      fees: { maxPerOperation: parseEther("0.01"), total: "unlimited", paymaster: "any" },
      validAfter: new Date("2026-12-02T00:00:00Z"),
      validUntil: "never",
      chainId: "every",
    });
    expect(show(session)).toMatchInlineSnapshot(`
      "May send ETH to 0x5aAe…eAed only: at most 0.000000000000000005 ETH at once; you or any paymaster pay gas up to 0.01 ETH an operation; without end.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on every chain, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send ETH to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 0.000000000000000005 ETH at once.
      - Limited to at most 5 operations per hour.
      - Limited to at most 1 call in total.
      - All calls together may send at most 1 ETH in total.
      - An operation costs at most 0.01 ETH of gas, which the account or any paymaster pays.
      - Valid from Wed 2 Dec 2026 00:00 UTC without end.
      Risk: It has no end: it lasts until you revoke it.
      Risk: It holds on every chain, with each limit anew on each of them.
      Risk: Any paymaster may be used, also one that takes tokens for it where it has an allowance."
    `);
  });

  test("what is dangerous is said", () => {
    const stranger = "0x00000000000000000000000000000000000000AA";
    const session = define({
      actions: [
        { target: shop, selector: "0xffffffff", maxValue: 0n, policies: [] },
        { target: anyTarget, selector: "0x12345678", maxValue: 0n, policies: [] },
        { target: router, selector: "0x12345678", maxValue: 0n, policies: [{ policy: stranger, config: "0x" }] },
        { target: game, selector: "0x095ea7b3", maxValue: 0n, policies: [usageLimit({ total: 1n })] },
      ],
      operationPolicies: [{ policy: stranger, config: "0x" }],
      fees: { maxPerOperation: parseEther("0.01"), total: "unlimited" },
      signaturePolicies: [{ policy: stranger, config: "0x" }],
    });
    expect(show(session, { now: new Date("2027-01-01T00:00:00Z") })).toMatchInlineSnapshot(`
      "May call any function of 0x5aAe…eAed, and 4 other things; you pay gas up to 0.01 ETH an operation; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May call any function of 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed.
      - May call the function 0x12345678 of any contract.
      - May call the function 0x12345678 of 0x5FbDB2315678afecb367f032d93F642f64180aa3: if the policy 0x00000000000000000000000000000000000000AA allows it.
      - May call approve of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC: at most 1 call in total.
      - Only operations that the policy 0x00000000000000000000000000000000000000AA allows.
      - May sign messages for the account, if the policy 0x00000000000000000000000000000000000000AA allows it.
      - An operation costs at most 0.01 ETH of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: It has ended already.
      Risk: Any function of 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed may be called, also ones that you do not know.
      Risk: The function 0x12345678 may be called on any contract.
      Risk: The function 0x12345678 on any contract is not known here: nobody can read what it does.
      Risk: Nothing limits the arguments of 0x12345678 on any contract.
      Risk: The function 0x12345678 on 0x5FbDB2315678afecb367f032d93F642f64180aa3 is not known here: nobody can read what it does.
      Risk: Nothing limits the arguments of approve on 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC.
      Risk: Tokens of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC may go to anyone.
      Risk: Approvals of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC outlive the session, and its revocation.
      Risk: Nothing limits how many operations there are: a stolen key could spend all ETH of the account on gas.
      Risk: What it signs counts outside of operations, and nothing limits how often: read what it may sign.
      Risk: The policy 0x00000000000000000000000000000000000000AA is not known: it may allow more than it seems."
    `);
  });

  test("the same after a round trip through text, and through the chain's encoding", () => {
    const session = define({ actions: [daily] });
    expect(show(parseSession(serializeSession(session)), known)).toBe(show(session, known));
    expect(show(decodeSession(encodeSession(session)), known)).toBe(show(session, known));
  });

  test("wrong parameters are refused", () => {
    const session = define({ actions: [daily] });
    expect(() => describeSession(session, { token: tokens } as object)).toThrow(UnknownParameterError);
    expect(() => describeSession(session, { now: Date.now() })).toThrow(InvalidTimeError);
    expect(() => describeSession(session, { abis: ["mint("] })).toThrow(InvalidAbiError);
  });
});

describe("with a client", () => {
  const answers = new Map<string, Hex>();
  const answer = (address: Address, symbol: string, decimals: number): void => {
    const [ofSymbol, ofDecimals] = ["symbol", "decimals"] as const;
    answers.set(
      `${address} ${encodeFunctionData({ abi: erc20Abi, functionName: ofSymbol })}`.toLowerCase(),
      encodeFunctionResult({ abi: erc20Abi, functionName: ofSymbol, result: symbol }),
    );
    answers.set(
      `${address} ${encodeFunctionData({ abi: erc20Abi, functionName: ofDecimals })}`.toLowerCase(),
      encodeFunctionResult({ abi: erc20Abi, functionName: ofDecimals, result: decimals }),
    );
  };
  const connect = (chain: Chain) => {
    const requests: string[] = [];
    const read = (to: string, data: string): Hex => answers.get(`${to} ${data}`.toLowerCase()) ?? "0x";
    const client = createClient({
      chain,
      transport: custom({
        request: async ({
          method,
          params: [{ to, data }],
        }: {
          method: string;
          params: [{ to: Address; data: Hex }];
        }) => {
          requests.push(method);
          if (to.toLowerCase() !== chain.contracts?.multicall3?.address.toLowerCase()) return read(to, data);
          const { args } = decodeFunctionData({ abi: multicall3Abi, data });
          const results = (args?.[0] ?? []) as readonly { target: Address; callData: Hex }[];
          return encodeFunctionResult({
            abi: multicall3Abi,
            functionName: "aggregate3",
            result: results.map(({ target, callData }) => {
              const returnData = read(target, callData);
              return { success: returnData !== "0x", returnData };
            }),
          });
        },
      }),
    });
    return { client, requests };
  };
  const session = define({ actions: [daily, allowErc20({ token: game, total: 1_500n, recipients: [shop] })] });

  test("tokens say what they are called, in one round trip", async () => {
    answer(usdc, "USDC", 6);
    answer(game, "GLD", 3);
    const { client, requests } = connect({ ...polygon, id: 1 });
    expect(toText(await describeSession(session, { client, now }))).toMatchInlineSnapshot(`
      "May send at most 50 USDC per day of USDC (0xA0b8…eB48) to 0x5aAe…eAed only, and 1 other thing; you pay gas up to 0.1 POL; until Fri 4 Dec 2026 12:00 UTC.
      - For the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on chain 1, by the key 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A.
      - May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 50 USDC per day.
      - May send GLD (0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC) to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 1.5 GLD in total.
      - All operations together may cost at most 0.1 POL in total in gas.
      - An operation costs at most 0.01 POL of gas, which the account pays.
      - Valid until Fri 4 Dec 2026 12:00 UTC.
      Risk: The token 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 calls itself USDC: so can any token.
      Risk: The token 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC calls itself GLD: so can any token."
    `);
    expect(requests).toEqual(["eth_call"]);
    const bare = connect({ ...polygon, id: 1, contracts: {} });
    expect(await describeSession(session, { client: bare.client, now })).toEqual(
      await describeSession(session, { client, now }),
    );
  });

  test("what the caller says counts for more, and what a token says may not deceive", async () => {
    const { client } = connect(mainnet);
    answer(usdc, "SCAM", 2);
    answer(game, "USDC only to your bank. Safe", 3);
    const lines = (await describeSession(session, { client, tokens, now })).lines.slice(1, 3);
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "May send USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 50 USDC per day.
      May send the token 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed only: at most 1,500 units in total."
    `);
    for (const symbol of [
      "UЅDC",
      "USDC\u202e",
      "US\u200bDC",
      "E-18",
      "e9",
      "000",
      "5",
      "a b",
      ".USDC",
      "",
      "U".repeat(17),
    ]) {
      answer(game, symbol, 3);
      const { lines, risks } = await describeSession(session, { client, tokens, now });
      expect(lines[2]).toContain("May send the token 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC to");
      expect(risks).toEqual([]);
    }
    for (const symbol of ["USDC", "usdc", "USDC.", "$USDC"]) {
      answer(game, symbol, 3);
      const { lines } = await describeSession(session, { client, tokens, now });
      expect(lines[2]).toContain("May send the token 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC to");
    }
    answer(game, "PO1", 3);
    const alike = [...tokens, { address: shop, symbol: "POL", decimals: 18 }] as const;
    expect((await describeSession(session, { client, tokens: alike, now })).risks).toEqual([]);
    for (const symbol of ["1INCH", "USD₮0", "$WIF", "X", "UNI-V2", "USDC.e"]) {
      answer(game, symbol, 3);
      const { lines } = await describeSession(session, { client, tokens, now });
      expect(lines[2]).toContain(`May send ${symbol} (0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC) to`);
    }
    answers.clear();
    expect(await describeSession(session, { client, now })).toEqual(describeSession(session, { now }));
  });

  test("the account's epoch is read, and a session of another one is a risk", async () => {
    const { manager } = getContracts();
    const data = encodeFunctionData({ abi: sessionKeyManagerAbi, functionName: "epochOf", args: [account] });
    const result = encodeFunctionResult({ abi: sessionKeyManagerAbi, functionName: "epochOf", result: 7n });
    answers.set(`${manager} ${data}`.toLowerCase(), result);
    for (const chain of [mainnet, { ...mainnet, contracts: {} }]) {
      const { client, requests } = connect(chain);
      const risksOf = async (epoch: bigint) =>
        (await describeSession(define({ actions: [daily], epoch }), { client, tokens, now })).risks;
      expect(await risksOf(7n)).toEqual([]);
      expect(requests).toEqual(["eth_call"]);
      expect(await risksOf(6n)).toEqual(["It has ended already, with its epoch."]);
      expect(await risksOf(8n)).toEqual([
        "It is for a later epoch of the account: it would come to life when all sessions are revoked.",
      ]);
    }
    answers.clear();
  });

  test("asks nothing that is known, and no other chain", async () => {
    const { client, requests } = connect(mainnet);
    await describeSession(define({ actions: [daily] }), { client, tokens, now, epoch: 0n });
    expect(requests).toEqual([]);
    await expect(describeSession(session, { client: connect(polygon).client, now })).rejects.toThrow(
      ChainMismatchError,
    );
  });
});
