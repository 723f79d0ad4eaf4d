import { type Address, bytesToHex, type Hex, isHex, numberToHex, pad, size, slice, toFunctionSelector } from "viem";
import { LatchkeyError } from "../errors/base.js";
import { type AbiRule, type Comparison, encodeAbiRuleConfig } from "../policies/abiRule.js";
import { type DefineSessionParameters, defineSession } from "../session/defineSession.js";
import type { ActionRequest, Permission, PolicyRequest, Session } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";
import { parseAddress, parseNumber, parseTime } from "../utils/validate.js";
import { NotConvertibleError } from "./errors.js";

/** What an older session does not say, or says in another way. */
export type MigrationTarget = Pick<
  DefineSessionParameters,
  "account" | "chainId" | "fees" | "epoch" | "salt" | "contracts"
> & {
  /** Who may act; the older session's key if it is left out. */
  sessionKey?: DefineSessionParameters["sessionKey"] | undefined;
  /** Last second of a session that has no end (0, or none), which is refused without this. An end that it has counts. */
  validUntil?: DefineSessionParameters["validUntil"] | undefined;
  /** Says that actions without rules may have any arguments, which are refused without this. */
  acknowledgeRisk?: true | undefined;
};

/** When an older session may act: seconds since 1970, 0 or undefined for no bound. */
export type LegacyWindow = {
  readonly validUntil?: number | undefined;
  readonly validAfter?: number | undefined;
};

/**
 * Whose numbers conditions are. "abi-session-validation-module": 0 is ==, 1 is <=, 2 is <, 3 is >=, 4 is >, 5 is !=.
 * "universal-action-policy" (Smart Sessions, abstractjs): 0 is ==, 1 is >, 2 is <, 3 is >=, 4 is <=, 5 is !=, 6 is a range,
 * its least and greatest values in the halves of the reference.
 */
export type ConditionDialect = "abi-session-validation-module" | "universal-action-policy";

const conditions: Readonly<Record<ConditionDialect, readonly Comparison[]>> = {
  "abi-session-validation-module": ["eq", "lte", "lt", "gte", "gt", "neq"],
  "universal-action-policy": ["eq", "gt", "lt", "gte", "lte", "neq", "between"],
};

const targetNames = ["account", "chainId", "fees", "epoch", "salt", "contracts", "sessionKey", "validUntil"];

/** Defines the session that converted actions make. */
export function defineConverted({
  target,
  sessionKey,
  window,
  actions,
}: {
  target: MigrationTarget;
  sessionKey: unknown;
  window: LegacyWindow;
  actions: readonly (Permission | ActionRequest)[];
}): Session {
  const { acknowledgeRisk: _, ...rest } = target;
  const key = target.sessionKey ?? (sessionKey === undefined ? undefined : readAddress("sessionKey", sessionKey));
  if (key === undefined)
    throw new NotConvertibleError({ path: "sessionKey", reason: "it has no session key; give one with the target" });
  const known = Object.fromEntries(Object.entries(rest).filter(([name]) => targetNames.includes(name)));
  return defineSession({
    ...known,
    account: target.account,
    chainId: target.chainId,
    fees: target.fees,
    sessionKey: key,
    actions,
    validAfter: readTime("validAfter", window.validAfter),
    validUntil: readTime("validUntil", window.validUntil) || wantEnd(target),
  });
}

function wantEnd({ validUntil }: MigrationTarget): NonNullable<MigrationTarget["validUntil"]> {
  if (validUntil === undefined)
    throw new NotConvertibleError({ path: "validUntil", reason: "it has no end; say with the target until when" });
  return validUntil;
}

function readTime(path: string, value: number | undefined): number {
  return checked(path, () => parseTime(path, value ?? 0));
}

/** An address, checked. */
export function readAddress(path: string, value: unknown): Address {
  return checked(path, () => parseAddress(path, value));
}

/** A whole amount: a bigint, or a number or hex that means one. */
export function readAmount(path: string, value: unknown): bigint {
  const isQuantity =
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && isHex(value) && value.length > 2);
  const amount = isQuantity ? BigInt(value) : -1n;
  if (amount < 0n) throw new NotConvertibleError({ path, reason: "it is no bigint from 0 up" });
  return amount;
}

/** A function's selector, from it or from a signature such as `transfer(address,uint256)`. */
export function readSelector(path: string, value: unknown): Hex {
  if (typeof value === "string" && isHex(value) && size(value) === 4 && value.length === 10) {
    const selector = lowerCase(value);
    if (selector === "0xffffffff" || selector === "0xfffffffe")
      throw new NotConvertibleError({ path, reason: "this selector stands for something else in a session" });
    return selector;
  }
  if (typeof value === "string" && /^(function )?[A-Za-z_$][\w$]*\(.*\)/.test(value)) return toFunctionSelector(value);
  throw new NotConvertibleError({ path, reason: "it is neither a selector of 4 bytes nor a signature" });
}

/** A comparison of one word of the arguments, as both systems have it. */
export type WordRule = {
  readonly path: string;
  /** In bytes from the end of the selector. */
  readonly offset: unknown;
  readonly condition: unknown;
  readonly reference: unknown;
};

/** Rules on words of the arguments as a policy; without any, only if the risk is acknowledged. */
export function toRulePolicies(
  rules: readonly WordRule[],
  dialect: ConditionDialect,
  target: Pick<MigrationTarget, "acknowledgeRisk">,
): readonly PolicyRequest[] {
  if (rules.length === 0) {
    if (target.acknowledgeRisk === true) return [];
    throw new NotConvertibleError({
      path: "rules",
      reason: "there are none, so any arguments would do; `acknowledgeRisk: true` says that this is meant",
    });
  }
  return [{ policy: "abiRulePolicy", config: encodeAbiRuleConfig(rules.map((rule) => [toRule(rule, dialect)])) }];
}

function toRule({ path, offset, condition, reference }: WordRule, dialect: ConditionDialect): AbiRule {
  const table = Object.hasOwn(conditions, dialect) ? conditions[dialect] : undefined;
  if (table === undefined)
    throw new NotConvertibleError({ path: "dialect", reason: `it is none of ${Object.keys(conditions).join(", ")}` });
  const comparison = typeof condition === "number" ? table[condition] : undefined;
  if (comparison === undefined)
    throw new NotConvertibleError({ path: `${path}.condition`, reason: "there is no such condition in this dialect" });
  const bytes = checked(`${path}.offset`, () => parseNumber("offset", toNumber(offset), 0, 0xffff * 32));
  if (bytes % 32 !== 0)
    throw new NotConvertibleError({ path: `${path}.offset`, reason: "it is within a word and not at its beginning" });
  // Both systems compare whole words as unsigned numbers, whatever the type of the argument.
  const word = readWord(`${path}.reference`, reference);
  const references = comparison === "between" ? readRange(word, `${path}.reference`) : [word];
  return { word: bytes / 32, type: "uint256", comparison, references };
}

/** A range is in the halves of one word. */
function readRange(word: Hex, path: string): readonly Hex[] {
  const [least, greatest] = [slice(word, 0, 16), slice(word, 16)];
  if (BigInt(least) > BigInt(greatest)) throw new NotConvertibleError({ path, reason: "the range has nothing in it" });
  return [pad(least, { size: 32 }), pad(greatest, { size: 32 })];
}

function toNumber(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** A reference value as the word that it is compared with. */
export function readWord(path: string, value: unknown): Hex {
  const raw = typeof value === "object" && value !== null && "raw" in value ? value.raw : value;
  if (typeof raw === "boolean") return numberToHex(raw ? 1 : 0, { size: 32 });
  if (raw instanceof Uint8Array && raw.length <= 32) return pad(bytesToHex(raw), { size: 32 });
  if (typeof raw === "bigint" || (typeof raw === "number" && Number.isSafeInteger(raw))) {
    const number = BigInt(raw);
    if (number >= 0n && number < 2n ** 256n) return numberToHex(number, { size: 32 });
  }
  // A string of digits has been read as hex by one SDK, and as a number by people.
  if (typeof raw === "string" && isHex(raw) && raw.length % 2 === 0 && raw.length > 2 && size(raw) <= 32)
    return pad(lowerCase(raw), { size: 32 });
  throw new NotConvertibleError({
    path,
    reason: "it is no bigint from 0 up, boolean, or whole bytes of hex, at most 32",
  });
}

/** Decodes bytes: an error of a decoder says where they were. */
export function decoded<result>(path: string, decode: () => result): result {
  try {
    return checked(path, decode);
  } catch (cause) {
    if (cause instanceof NotConvertibleError) throw cause;
    throw new NotConvertibleError({ path, reason: "it is not what is written there", cause });
  }
}

/** Turns errors about a value into one that says where it was. */
export function checked<result>(path: string, parse: () => result): result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error instanceof NotConvertibleError) throw error;
    throw new NotConvertibleError({ path, reason: error.shortMessage.replace(/\.$/, ""), cause: error });
  }
}
