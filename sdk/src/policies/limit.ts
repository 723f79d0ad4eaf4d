import { type Address, concat, getAddress, type Hex, numberToHex } from "viem";
import { LimitConfigError } from "../errors/policy.js";
import { lowerCase } from "../utils/lowerCase.js";
import { createReader } from "../utils/reader.js";

/** A limit per period. */
export type PeriodLimit = {
  /** The most in one period; below 2^108. */
  readonly amount: bigint;
  /** Length of a period in seconds, at least 300. */
  readonly seconds: number;
  /** When the first period begins, in seconds since 1970. */
  readonly anchor: number;
};

/** What a policy that counts is configured with; docs/encoding.md has its layout. */
export type Limits = {
  /** The most at once: of one call, or of one operation for a policy of the session; below 2^128. */
  readonly atOnce?: bigint | undefined;
  /** The most in total; below 2^108. */
  readonly total?: bigint | undefined;
  readonly perPeriod?: PeriodLimit | undefined;
  /** Tells apart budgets that are alike in everything else; from 0 to 2^32 - 1. */
  readonly salt?: number | undefined;
  /** Only for a `UsageLimitPolicy` of the session: whether calls are counted and not operations. */
  readonly countsCalls?: boolean | undefined;
};

/** The configuration of a `NativeLimitPolicy`, `UsageLimitPolicy` or `GasLimitPolicy`. The values must be in range. */
export function encodeLimitConfig(limits: Limits): Hex {
  return packLimits(limits);
}

/**
 * Reads a configuration of a `NativeLimitPolicy`, `UsageLimitPolicy` or `GasLimitPolicy`.
 *
 * @throws LimitConfigError if it is malformed.
 */
export function decodeLimitConfig(config: Hex): Limits {
  const fail = (position: number): never => {
    throw new LimitConfigError({ position });
  };
  const { recipients: _, ...limits } = unpackLimits(config, { limits: 0b000111, known: 0b110111, fail });
  return limits;
}

/** All parts that configurations with limits have, in the order of their bits. */
export type LimitParts = Limits & { readonly recipients?: readonly Address[] | undefined };

/** Packs a configuration of limits: a byte that says which parts there are, and those. */
export function packLimits({ atOnce, total, perPeriod, recipients, salt, countsCalls = false }: LimitParts): Hex {
  const flags = [atOnce, total, perPeriod, recipients, salt].reduce<number>(
    (bits, field, index) => (field === undefined ? bits : bits | (1 << index)),
    countsCalls ? 32 : 0,
  );
  return concat([
    numberToHex(flags, { size: 1 }),
    ...(atOnce === undefined ? [] : [numberToHex(atOnce, { size: 16 })]),
    ...(total === undefined ? [] : [numberToHex(total, { size: 16 })]),
    ...(perPeriod === undefined
      ? []
      : [
          numberToHex(perPeriod.amount, { size: 16 }),
          numberToHex(perPeriod.seconds, { size: 4 }),
          numberToHex(perPeriod.anchor, { size: 6 }),
        ]),
    ...(recipients === undefined ? [] : [numberToHex(recipients.length, { size: 1 }), ...recipients.map(lowerCase)]),
    ...(salt === undefined ? [] : [numberToHex(salt, { size: 4 })]),
  ]);
}

/** Reads what {@link packLimits} packed: of the parts `limits` one at least, and none but those in `known`. */
export function unpackLimits(
  config: Hex,
  { limits, known, fail }: { limits: number; known: number; fail: (position: number) => never },
): LimitParts {
  const reader = createReader(config, fail);
  const flags = reader.number(1);
  if ((flags & ~known) !== 0 || (flags & limits) === 0) fail(0);
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0;
  const amount = (limit: bigint): bigint => {
    const value = reader.bigint(16);
    return value < limit ? value : fail(reader.position() - 16);
  };
  const atOnce = has(0) ? amount(1n << 128n) : undefined;
  const total = has(1) ? amount(1n << 108n) : undefined;
  const perPeriod = has(2)
    ? { amount: amount(1n << 108n), seconds: reader.number(4), anchor: reader.number(6) }
    : undefined;
  if (perPeriod && perPeriod.seconds < 300) fail(reader.position() - 10);
  const count = has(3) ? reader.number(1) : undefined;
  if (count === 0) fail(reader.position() - 1);
  const recipients =
    count === undefined ? undefined : Array.from({ length: count }, () => getAddress(reader.bytes(20)));
  const salt = has(4) ? reader.number(4) : undefined;
  if (reader.left() > 0) fail(reader.position());
  return { atOnce, total, perPeriod, recipients, salt, countsCalls: has(5) };
}
