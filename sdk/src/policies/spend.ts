import type { Hex } from "viem";
import { timeLimit } from "../constants.js";
import {
  type CallContext,
  CallLimitExceededError,
  ClaimedTimeTooEarlyError,
  ClaimedTimeTooLateError,
  PeriodInPastError,
  PeriodLimitExceededError,
  TotalLimitExceededError,
} from "../errors/policy.js";

/** What has been spent of a budget, as a policy keeps it. */
export type Budget = {
  /** Ever. */
  readonly total: bigint;
  /** In the latest period that was spent in. */
  readonly inPeriod: bigint;
  /** The number of that period, counted from the limit's anchor. */
  readonly period: bigint;
};

/** Seconds since 1970, both included; 0 as the last means no end. */
export type ValidityWindow = { readonly validAfter: number; readonly validUntil: number };

/** What comes of counting: the budget after it, and the period that was spent in. */
export type Spending = { readonly budget: Budget; readonly window: ValidityWindow };

/** How much is counted, and when. */
export type SpendParameters = {
  readonly config: Hex;
  readonly amount: bigint;
  /** What is spent already; undefined if that is not known, and then nothing is held against it. */
  readonly budget: Budget | undefined;
  /** Seconds since 1970. */
  readonly claimedTime: number;
  readonly context?: CallContext | undefined;
  /** What to do about a malformed configuration. */
  readonly fail: (position: number) => never;
};

export const noBudget: Budget = { total: 0n, inPeriod: 0n, period: 0n };
export const noWindow: ValidityWindow = { validAfter: 0, validUntil: 0 };

/** Parts of a configuration: bits of its first byte. */
export const limitFlags = { atOnce: 1, total: 2, perPeriod: 4, recipients: 8, salt: 16, countsCalls: 32 } as const;
const anyLimit = limitFlags.atOnce | limitFlags.total | limitFlags.perPeriod;

const maxBudget = (1n << 108n) - 1n;

/** Reads a configuration as a policy does: behind its end there are zeros, and the end is looked at last. */
export type ConfigReader = {
  readonly position: () => number;
  readonly integer: (size: number) => bigint;
  /** Fails unless exactly the whole configuration was read. */
  readonly requireEnd: () => void;
};

export function createConfigReader(config: Hex, fail: (position: number) => never): ConfigReader {
  const digits = config.slice(2);
  const length = digits.length / 2;
  let position = 0;
  return {
    position: () => position,
    integer(size) {
      const read = digits.slice(2 * position, 2 * (position + size));
      position += size;
      return BigInt(`0x${read.padEnd(2 * size, "0")}`);
    },
    requireEnd() {
      if (position !== length) fail(Math.min(position, length));
    },
  };
}

/**
 * Counts an amount under a configuration that is nothing but limits and a salt, as `LimitLibrary` does: with the same
 * errors in the same order.
 */
export function countLimits(parameters: SpendParameters & { ownFlags?: number | undefined }): Spending {
  const { config, fail, ownFlags = 0 } = parameters;
  const reader = createConfigReader(config, fail);
  const flags = Number(reader.integer(1));
  const known = anyLimit | limitFlags.salt | ownFlags;
  if (config === "0x" || (flags & anyLimit) === 0 || (flags & ~known) !== 0) fail(0);
  const spending = spend(reader, flags, parameters);
  if ((flags & limitFlags.salt) !== 0) reader.integer(4);
  reader.requireEnd();
  return spending;
}

/** Counts an amount under the limits that come next in a configuration. */
export function spend(reader: ConfigReader, flags: number, parameters: SpendParameters): Spending {
  const { amount, budget, context } = parameters;
  if ((flags & limitFlags.atOnce) !== 0) {
    const limit = reader.integer(16);
    if (amount > limit) throw new CallLimitExceededError({ limit, amount, context });
  }
  const total = (flags & limitFlags.total) !== 0 ? spendTotal(reader, parameters) : (budget?.total ?? 0n);
  if ((flags & limitFlags.perPeriod) === 0) return { budget: { ...(budget ?? noBudget), total }, window: noWindow };
  const { window, ...inPeriod } = spendInPeriod(reader, parameters);
  return { budget: { total, ...inPeriod }, window };
}

/** The 16 bytes of a limit that is counted. */
function readLimit(reader: ConfigReader, fail: (position: number) => never): bigint {
  const limit = reader.integer(16);
  return limit > maxBudget ? fail(reader.position() - 16) : limit;
}

function spendTotal(reader: ConfigReader, { amount, budget, context, fail }: SpendParameters): bigint {
  const limit = readLimit(reader, fail);
  const spent = budget?.total ?? 0n;
  if (budget !== undefined && spent + amount > limit)
    throw new TotalLimitExceededError({ limit, spent, amount, context });
  return spent + amount;
}

function spendInPeriod(
  reader: ConfigReader,
  { amount, budget, claimedTime, context, fail }: SpendParameters,
): Pick<Budget, "inPeriod" | "period"> & { window: ValidityWindow } {
  const limit = readLimit(reader, fail);
  const seconds = Number(reader.integer(4));
  if (seconds < 300) fail(reader.position() - 4);
  const anchor = Number(reader.integer(6));
  if (budget === undefined) return { inPeriod: 0n, period: 0n, window: noWindow };
  const { number, first, last } = getPeriod({ claimedTime, seconds, anchor, context });
  const period = BigInt(number);
  if (period < budget.period)
    throw new PeriodInPastError({ latestPeriod: budget.period, claimedPeriod: period, context });
  const spent = period > budget.period ? 0n : budget.inPeriod;
  if (spent + amount > limit) throw new PeriodLimitExceededError({ limit, spent, amount, resetsAt: last + 1, context });
  return { inPeriod: spent + amount, period, window: { validAfter: first, validUntil: last } };
}

/** The period that a claimed time falls into. */
function getPeriod({
  claimedTime,
  seconds,
  anchor,
  context,
}: {
  claimedTime: number;
  seconds: number;
  anchor: number;
  context: CallContext | undefined;
}): { number: number; first: number; last: number } {
  if (claimedTime === 0 || claimedTime < anchor) throw new ClaimedTimeTooEarlyError({ anchor, claimedTime, context });
  const number = Math.floor((claimedTime - anchor) / seconds);
  const first = anchor + number * seconds;
  const last = first + seconds - 1;
  if (claimedTime >= timeLimit || last + 1 >= timeLimit) throw new ClaimedTimeTooLateError({ claimedTime, context });
  return { number, first, last };
}
