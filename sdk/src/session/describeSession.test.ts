import { parseAbi, parseEther, parseUnits } from "viem";
import { describe, expect, test } from "vitest";
import { InvalidTimeError, UnknownParameterError } from "../errors/input.js";
import { nativeLimit, usageLimit } from "../index.js";
import { createSessionKey } from "../keys/sessionKey.js";
import { allowCall } from "./allowCall.js";
import { allowErc20 } from "./allowErc20.js";
import { type DefineSessionParameters, defineSession } from "./defineSession.js";
import { describeSession } from "./describeSession.js";
import { isAccount, lte, oneOf } from "./rules.js";
import { parseSession, serializeSession } from "./serializeSession.js";

const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const shop = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const router = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const tokens = [{ address: usdc, symbol: "USDC", decimals: 6 }] as const;
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

describe("a session in words", () => {
  test("a daily limit", () => {
    const session = define({ actions: [daily] });
    expect(describeSession(session, { tokens, contracts: [{ address: shop, name: "the shop" }], now })).toEqual({
      title: "The key 0x19E7…ff2A may act for the account 0x7099…79C8 on chain 1.",
      lines: [
        "May send USDC (0xA0b8…eB48) to the shop (0x5aAe…eAed) only: at most 50 USDC per day.",
        "All operations together may cost at most 0.1 ETH in total.",
        "An operation costs at most 0.01 ETH of gas, which the account pays.",
        "Valid until Fri, 4 Dec 2026 12:00 UTC.",
      ],
      risks: [],
    });
  });

  test("the key is named by the ends of its address", () => {
    const { title } = describeSession(define({ actions: [daily] }));
    expect(title).toMatch(/^The key 0x[0-9a-fA-F]{4}…[0-9a-fA-F]{4} may act for the account 0x7099…79C8 on chain 1\.$/);
  });

  test("without knowing the token", () => {
    const [line] = describeSession(define({ actions: [daily] }), { now }).lines;
    expect(line).toBe("May send the token 0xA0b8…eB48 to 0x5aAe…eAed only: at most 50000000 units per day.");
  });

  test("functions that share a budget are one line", () => {
    const spend = allowErc20({ token: usdc, functions: ["transfer", "approve"], total: 10n, perCall: 2n });
    const { lines, risks } = describeSession(define({ actions: [spend] }), { tokens, now });
    expect(lines[0]).toBe(
      "May send and approve USDC (0xA0b8…eB48) to anyone: at most 0.000002 USDC at once and 0.00001 USDC in total.",
    );
    expect(risks).toContain("Tokens of USDC (0xA0b8…eB48) may go to anyone.");
    expect(risks).toContain("Approvals of USDC (0xA0b8…eB48) outlive the session, and its revocation.");
  });

  test("a limit at once only is no limit in all", () => {
    const { risks } = describeSession(
      define({ actions: [allowErc20({ token: usdc, perCall: 2n, recipients: [shop] })] }),
      {
        tokens,
        now,
      },
    );
    expect(risks).toEqual(["Nothing limits how much of USDC (0xA0b8…eB48) is moved in all."]);
  });

  test("a call with rules, named by its ABI", () => {
    const abi = parseAbi([
      "struct Order { address recipient; address token; uint256 amount; }",
      "function buy(Order order, uint32 count, uint8[2] sizes) payable",
    ]);
    const action = allowCall({
      abi,
      functionName: "buy",
      address: router,
      maxValue: parseEther("0.5"),
      args: { order: { recipient: isAccount(), token: oneOf([usdc]) }, count: lte(3) },
    });
    const session = define({ actions: [action] });
    const { lines, risks } = describeSession(session, { contracts: [{ address: router, abi, name: "Router" }], now });
    expect(lines[0]).toBe(
      "May call buy((address,address,uint256),uint32,uint8[2]) of Router (0x5FbD…0aa3), sending at most 0.5 ETH a call: " +
        `order.recipient the account, order.token one of ${usdc}, count at most 3.`,
    );
    expect(risks).toEqual([
      "Each call to Router (0x5FbD…0aa3) may send 0.5 ETH, and nothing limits how many there are.",
    ]);
    // Without the ABI, by what is known.
    expect(describeSession(session, { now }).lines[0]).toMatch(/^May call the function 0x[0-9a-f]{8} of 0x5FbD…0aa3/);
    expect(describeSession(session, { now }).lines[0]).toContain("word 3 of the arguments at most 3");
  });

  test("limits on operations as a whole", () => {
    const { lines, risks } = describeSession(
      define({
        actions: [{ target: shop, selector: "0xfffffffe", maxValue: 5n, policies: [] }],
        operationPolicies: [
          usageLimit({ perPeriod: { amount: 5n, period: "hour" } }),
          nativeLimit({ total: parseEther("1") }),
        ],
        fees: { maxPerOperation: parseEther("0.01"), total: "unlimited", paymaster: "any" },
        validUntil: "never",
        chainId: "every",
      }),
      { now },
    );
    expect(lines).toEqual([
      "May send ETH to 0x5aAe…eAed, sending at most 0.000000000000000005 ETH a call.",
      "Limited to at most 5 operations per hour.",
      "All calls together may send at most 1 ETH in total.",
      "An operation costs at most 0.01 ETH of gas, which the account or any paymaster pays.",
      "Valid without end.",
    ]);
    expect(risks).toEqual([
      "It has no end: it lasts until you revoke it.",
      "It holds on every chain, with each limit anew on each of them.",
      "Any paymaster may be used, also one that takes tokens for it where it has an allowance.",
    ]);
  });

  test("what is dangerous is said", () => {
    const stranger = "0x00000000000000000000000000000000000000AA";
    const { lines, risks } = describeSession(
      define({
        actions: [
          { target: shop, selector: "0xffffffff", maxValue: 0n, policies: [] },
          { target: "0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF", selector: "0x12345678", maxValue: 0n, policies: [] },
          { target: router, selector: "0x12345678", maxValue: 0n, policies: [{ policy: stranger, config: "0x" }] },
        ],
        fees: { maxPerOperation: parseEther("0.01"), total: "unlimited" },
        signaturePolicies: [{ policy: stranger, config: "0x" }],
      }),
      { now: new Date("2027-01-01T00:00:00Z") },
    );
    expect(lines.slice(0, 4)).toEqual([
      "May call any function of 0x5aAe…eAed.",
      "May call the function 0x12345678 of any contract.",
      "May call the function 0x12345678 of 0x5FbD…0aa3: if the policy 0x0000…00AA allows it.",
      "May sign messages for the account, within what its signature policies allow.",
    ]);
    expect(risks).toEqual([
      "It has ended already.",
      "Any function of 0x5aAe…eAed may be called, also ones that you do not know.",
      "The function 0x12345678 may be called on any contract.",
      "Nothing limits the arguments of 0x12345678 on any contract.",
      "Nothing limits how many operations there are: a stolen key could spend all ether on gas.",
      "What it signs counts outside of operations: read the domains and types that it may sign.",
      "The policy 0x00000000000000000000000000000000000000AA is not known: it may allow more than it seems.",
    ]);
  });

  test("the same after a round trip through text", () => {
    const session = define({ actions: [daily] });
    expect(describeSession(parseSession(serializeSession(session)), { tokens, now })).toEqual(
      describeSession(session, { tokens, now }),
    );
  });

  test("wrong parameters are refused", () => {
    const session = define({ actions: [daily] });
    expect(() => describeSession(session, { token: tokens } as object)).toThrow(UnknownParameterError);
    expect(() => describeSession(session, { now: Date.now() })).toThrow(InvalidTimeError);
  });
});
