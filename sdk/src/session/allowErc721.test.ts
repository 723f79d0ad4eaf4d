import { type Address, encodeFunctionData, erc721Abi, type Hex, toFunctionSelector } from "viem";
import { describe, expect, it } from "vitest";
import { account, contracts, game, parameters, recipient, stranger, token } from "../../test/fixtures.js";
import {
  type AllowErc721Parameters,
  allowErc721,
  anything,
  defineSession,
  FunctionNotFoundError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidParameterError,
  isCall,
  matchCalls,
  RiskNotAcknowledgedError,
  startsWith,
  TooManyError,
  UnknownParameterError,
} from "../index.js";

const base = { token: game, tokenIds: [1n, 5n], recipients: [recipient] } as const;

const accepts = (request: AllowErc721Parameters, data: Hex, to: Address = game): boolean => {
  const session = defineSession({ ...parameters, actions: [allowErc721(request)] });
  try {
    matchCalls({ session, calls: [{ to, data, value: 0n }], contracts });
    return true;
  } catch {
    return false;
  }
};

const transfer = (from: Address, to: Address, id: bigint): Hex =>
  encodeFunctionData({ abi: erc721Abi, functionName: "transferFrom", args: [from, to, id] });
const safe = (to: Address, id: bigint, data?: Hex): Hex =>
  data === undefined
    ? encodeFunctionData({ abi: erc721Abi, functionName: "safeTransferFrom", args: [account, to, id] })
    : encodeFunctionData({ abi: erc721Abi, functionName: "safeTransferFrom", args: [account, to, id, data] });
const approve = (to: Address, id: bigint): Hex =>
  encodeFunctionData({ abi: erc721Abi, functionName: "approve", args: [to, id] });
const approveAll = (to: Address): Hex =>
  encodeFunctionData({ abi: erc721Abi, functionName: "setApprovalForAll", args: [to, true] });

describe("allowErc721", () => {
  it("allows each way of moving the tokens, from the account, to the recipients", () => {
    for (const id of [1n, 5n])
      for (const data of [transfer(account, recipient, id), safe(recipient, id), safe(recipient, id, "0x")])
        expect(accepts(base, data)).toBe(true);
  });

  it.each<[string, Hex]>([
    ["another token", transfer(account, recipient, 2n)],
    ["another recipient", transfer(account, stranger, 1n)],
    ["tokens of somebody else", transfer(stranger, recipient, 1n)],
    ["another token, safely", safe(recipient, 2n)],
    ["another recipient, with data", safe(stranger, 1n, "0x")],
    ["data", safe(recipient, 1n, "0x00")],
    ["an approval", approve(recipient, 1n)],
    ["an approval of all", approveAll(recipient)],
  ])("refuses %s", (_, data) => {
    expect(accepts(base, data)).toBe(false);
  });

  it("allows any token and anyone if that is said", () => {
    expect(accepts({ ...base, tokenIds: "any" }, transfer(account, recipient, 2n ** 255n))).toBe(true);
    expect(accepts({ ...base, tokenIds: "any" }, transfer(account, stranger, 1n))).toBe(false);
    expect(accepts({ ...base, recipients: "anyone" }, safe(stranger, 5n))).toBe(true);
    expect(accepts({ ...base, recipients: "anyone" }, safe(stranger, 6n))).toBe(false);
  });

  it("allows data by a rule, or any", () => {
    expect(accepts({ ...base, data: startsWith("0x12") }, safe(recipient, 1n, "0x1234"))).toBe(true);
    expect(accepts({ ...base, data: startsWith("0x12") }, safe(recipient, 1n, "0x34"))).toBe(false);
    expect(accepts({ ...base, data: anything() }, safe(recipient, 1n, "0x34"))).toBe(true);
    const call = isCall({ abi: "list(uint256 price)", anyArguments: true });
    const selector = toFunctionSelector("list(uint256)");
    expect(accepts({ ...base, data: call }, safe(recipient, 1n, selector))).toBe(true);
  });

  it("allows only the functions that are named", () => {
    const one = { ...base, functions: ["safeTransferFrom"] } as const;
    expect(accepts(one, safe(recipient, 1n))).toBe(true);
    expect(accepts(one, transfer(account, recipient, 1n))).toBe(false);
    expect(accepts(one, safe(recipient, 1n, "0x"))).toBe(false);
  });

  it("counts tokens in one budget, and each collection in its own", () => {
    const configsOf = (request: AllowErc721Parameters) =>
      allowErc721(request).actions.map(({ policies }) => policies.at(-1));
    const [first, ...others] = configsOf({ ...base, total: 3n });
    expect(first?.policy).toBe("usageLimitPolicy");
    for (const other of others) expect(other).toEqual(first);
    expect(configsOf({ ...base, token, total: 3n })[0]).not.toEqual(first);
  });

  it("allows approvals only to who acknowledges the risk", () => {
    const functions = ["approve", "setApprovalForAll"] as const;
    const ask = (request: object) => () => allowErc721({ ...base, ...request } as AllowErc721Parameters);
    expect(ask({ functions: ["approve"] })).toThrow(RiskNotAcknowledgedError);
    expect(ask({ functions, tokenIds: "any" })).toThrow(RiskNotAcknowledgedError);
    expect(ask({ functions: ["approve"], acknowledgeRisk: false })).toThrow(RiskNotAcknowledgedError);
    const request = { ...base, tokenIds: "any", functions, acknowledgeRisk: true } as const;
    expect(accepts(request, approve(recipient, 9n))).toBe(true);
    expect(accepts(request, approve(stranger, 9n))).toBe(false);
    expect(accepts(request, approveAll(recipient))).toBe(true);
    expect(accepts(request, approveAll(stranger))).toBe(false);
    expect(accepts({ ...request, recipients: "anyone" }, approveAll(stranger))).toBe(true);
    expect(accepts({ ...request, recipients: "anyone" }, approve(stranger, 1n))).toBe(true);
    expect(accepts(request, transfer(account, recipient, 1n))).toBe(false);
    // All tokens at once is more than some.
    expect(ask({ functions: ["setApprovalForAll"], acknowledgeRisk: true })).toThrow(InvalidParameterError);
  });

  it.each([
    ["an unknown name", { tokenId: 1n }, UnknownParameterError],
    ["no ids", { tokenIds: undefined }, InvalidParameterError],
    ["an empty list of ids", { tokenIds: [] }, InvalidParameterError],
    ["a number for an id", { tokenIds: [1] }, InvalidAmountError],
    ["too many ids", { tokenIds: Array.from({ length: 256 }, (_, id) => BigInt(id)) }, TooManyError],
    ["no recipients", { recipients: undefined }, InvalidParameterError],
    ["one recipient without a list", { recipients: recipient }, InvalidParameterError],
    ["a wrong checksum", { recipients: [recipient.replace("C", "c")] }, InvalidAddressError],
    ["an unknown function", { functions: ["burn"] }, FunctionNotFoundError],
    ["no functions", { functions: [] }, FunctionNotFoundError],
    ["functions that are no list", { functions: "transferFrom" }, InvalidParameterError],
    ["a wrong total", { total: 1 }, InvalidAmountError],
  ])("refuses %s", (_, overrides, expected) => {
    expect(() => allowErc721({ ...base, ...overrides } as AllowErc721Parameters)).toThrow(expected);
  });

  it("says why it wants a word", () => {
    const ask = () => allowErc721({ ...base, functions: ["approve"] } as unknown as AllowErc721Parameters);
    let message = "";
    try {
      ask();
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message).toMatchInlineSnapshot(`
      "\`approve\` of an ERC-721 token: this is dangerous.

      Risk: whoever is approved can take tokens without the session, also when it has ended or is revoked
      Say \`acknowledgeRisk: true\` if it is meant.

      Docs: docs/errors/RiskNotAcknowledgedError.md"
    `);
  });
});
