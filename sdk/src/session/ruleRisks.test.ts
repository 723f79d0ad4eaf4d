import { type AbiFunction, parseAbiItem, toFunctionSelector } from "viem";
import { expect, test } from "vitest";
import { allowCall, anyOf, every, gt, gte, hasLength, isAccount, isCall, lt, lte, mask, neq } from "../index.js";
import { decodeAbiRuleConfig } from "../policies/abiRule.js";
import { fixesWord, getGrip, listInnerCalls, tokenFunctions } from "./ruleRisks.js";
import { allOf, between, eq, oneOf, some } from "./rules.js";

const abi = [
  "struct Part { address who; int8 level; uint8[] list; }",
  "function go(uint8 n, int8 s, address to, bytes2 tag, Part[] parts, bytes[] data)",
] as const;
const rulesOf = (args: object) => {
  const [action] = allowCall({
    abi,
    address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    args,
  }).actions;
  return decodeAbiRuleConfig(action?.policies[0]?.config ?? "0x");
};

test("token functions are under their selectors", () => {
  for (const [selector, { signature }] of Object.entries(tokenFunctions))
    expect(toFunctionSelector(parseAbiItem(`function ${signature}`) as AbiFunction)).toBe(selector);
});

test.each([
  ["none", { n: gte(0) }],
  ["none", { n: lte(255) }],
  ["none", { n: between(0, 255) }],
  ["none", { n: mask(0, 0) }],
  ["none", { s: gte(-128) }],
  ["none", { s: lte(127) }],
  ["none", { n: anyOf(5, gte(0)) }],
  ["none", { n: gte(0), s: gte(-128) }],
  ["none", { parts: hasLength(gte(0)) }],
  ["none", { parts: every({ level: gte(-128) }) }],
  ["none", { parts: every({ list: every(gte(0)) }) }],
  ["exceptions", { n: neq(5) }],
  ["exceptions", { n: gt(0) }],
  ["exceptions", { n: lt(255) }],
  ["exceptions", { n: anyOf(5, neq(6)) }],
  ["exceptions", { parts: every({ who: neq("0x5FbDB2315678afecb367f032d93F642f64180aa3") }), n: gte(0) }],
  ["some", { n: gte(1) }],
  ["some", { n: lte(127) }],
  ["some", { s: gte(0) }],
  ["some", { s: lte(-1) }],
  ["some", { n: mask(1, 0) }],
  ["some", { tag: mask("0x0000", "0x0000"), n: 5 }],
  ["some", { n: neq(5), s: lte(3) }],
  ["some", { parts: every({ level: lte(0) }) }],
  ["some", { parts: some({ level: gte(-128) }) }],
  ["some", { parts: hasLength(1) }],
] as const)("how far rules limit arguments: %s, %j", (grip, args) => {
  expect(getGrip(rulesOf(args))).toBe(grip);
});

test("no rules limit nothing", () => {
  expect(getGrip([])).toBe("none");
});

test.each([
  [true, { to: isAccount() }],
  [true, { to: oneOf(["0x5FbDB2315678afecb367f032d93F642f64180aa3"]) }],
  [true, { to: anyOf(isAccount(), eq("0x5FbDB2315678afecb367f032d93F642f64180aa3")) }],
  [true, { n: 3, to: isAccount() }],
  [true, { parts: hasLength(1), to: isAccount() }],
  [false, { to: neq("0x5FbDB2315678afecb367f032d93F642f64180aa3") }],
  [false, { to: anyOf(isAccount(), neq("0x5FbDB2315678afecb367f032d93F642f64180aa3")) }],
  [false, { n: 3 }],
  [false, { parts: { 2: { who: isAccount() } } }],
  [false, { parts: every({ who: isAccount() }) }],
] as const)("whether rules fix a word: %s, %j", (fixed, args) => {
  expect(fixesWord(rulesOf(args), 2)).toBe(fixed);
});

test("an alternative across arguments does not fix what it leaves free", () => {
  const [action] = allowCall({
    abi,
    address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    or: [{ to: isAccount() }, { n: 5 }],
  }).actions;
  expect(fixesWord(decodeAbiRuleConfig(action?.policies[0]?.config ?? "0x"), 2)).toBe(false);
});

test("calls inside of calls are found at any depth", () => {
  const approve = isCall({ abi: "approve(address a, uint256 b)", anyArguments: true });
  const nested = isCall({ abi: "multicall(bytes[] data)", args: { data: every(approve) } });
  const found = listInnerCalls(rulesOf({ data: allOf(hasLength(1), { 0: anyOf(nested, approve) }) }));
  expect(found.map(({ selector }) => selector)).toEqual(["0xac9650d8", "0x095ea7b3", "0x095ea7b3"]);
  expect(listInnerCalls(rulesOf({ n: 5 }))).toEqual([]);
});
