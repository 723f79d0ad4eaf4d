import { timeLimit } from "../constants.js";
import {
  type InvalidAmountError,
  InvalidNumberError,
  InvalidParameterError,
  type InvalidTimeError,
  MissingLimitError,
  type UnknownParameterError,
} from "../errors/input.js";
import { encodeLimitConfig, type Limits, type PeriodLimit } from "../policies/limit.js";
import type { PolicyRequest } from "../types.js";
import { checkParameters, parseAmount, parseNumber, parseTime } from "../utils/validate.js";

const periods = { hour: 3_600, day: 86_400, week: 604_800 } as const;

/** A limit per period as sessions are defined with one. */
export type PeriodLimitRequest = {
  amount: bigint;
  /** Length of a period: a word, or seconds, at least 300. */
  period: keyof typeof periods | number;
  /**
   * When the first period begins, in seconds since 1970 or as a Date: give a midnight of the user's and days begin at
   * midnight. The start of 1970 (UTC) if it is left out.
   */
  anchor?: number | Date | undefined;
};

export type LimitRequest = {
  /** The most at once: of one operation, or of one call if it is the policy of an action. */
  atOnce?: bigint | undefined;
  /** The most in total. */
  total?: bigint | undefined;
  /** The most in each period. */
  perPeriod?: PeriodLimitRequest | undefined;
  /** Tells apart budgets that are alike in everything else; from 0 to 2^32 - 1. */
  salt?: number | undefined;
};

export type UsageLimitRequest = LimitRequest & {
  /** Whether operations or calls are counted, as a policy of the session; "operations" if it is left out. */
  of?: "operations" | "calls" | undefined;
};

export type LimitErrorType =
  | InvalidAmountError
  | InvalidNumberError
  | InvalidTimeError
  | MissingLimitError
  | UnknownParameterError;

const names = ["atOnce", "total", "perPeriod", "salt"];

/**
 * Limits what a session's operations may cost, in wei: all gas limits times maxFeePerGas, whoever pays.
 *
 * @param limits {@link LimitRequest}
 * @returns One of the `operationPolicies` of {@link defineSession}.
 * @throws MissingLimitError if there is no limit at all, and an error for each value that is not what it must be.
 *
 * @example
 * import { gasLimit } from "latchkey";
 * import { parseEther } from "viem";
 *
 * const policy = gasLimit({ perPeriod: { amount: parseEther("0.05"), period: "day" } });
 */
export function gasLimit(limits: LimitRequest): PolicyRequest {
  checkParameters("gasLimit's argument", limits, names);
  return { policy: "gasLimitPolicy", config: encodeLimitConfig(parseLimits(limits)) };
}

/**
 * Limits how much native currency a session may send, in wei: as one of its `operationPolicies`, in all its calls
 * together; as a policy of an action, in the calls that the action allows.
 *
 * @param limits {@link LimitRequest}
 * @returns A policy for {@link defineSession} or an action.
 * @throws MissingLimitError if there is no limit at all, and an error for each value that is not what it must be.
 *
 * @example
 * import { nativeLimit } from "latchkey";
 * import { parseEther } from "viem";
 *
 * const policy = nativeLimit({ atOnce: parseEther("0.1"), total: parseEther("1") });
 */
export function nativeLimit(limits: LimitRequest): PolicyRequest {
  checkParameters("nativeLimit's argument", limits, names);
  return { policy: "nativeLimitPolicy", config: encodeLimitConfig(parseLimits(limits)) };
}

/**
 * Limits how often a session acts: as one of its `operationPolicies`, how many operations or calls it makes; as a policy of
 * an action, how many calls the action allows.
 *
 * @param limits {@link UsageLimitRequest}
 * @returns A policy for {@link defineSession} or an action.
 * @throws MissingLimitError if there is no limit at all, and an error for each value that is not what it must be.
 *
 * @example
 * import { usageLimit } from "latchkey";
 *
 * const policy = usageLimit({ perPeriod: { amount: 10n, period: "hour" } });
 */
export function usageLimit(limits: UsageLimitRequest): PolicyRequest {
  checkParameters("usageLimit's argument", limits, [...names, "of"]);
  const { of = "operations", ...rest } = limits;
  const countsCalls = of === "calls";
  if (!countsCalls && of !== "operations")
    throw new InvalidParameterError({ parameter: "of", expected: '"operations" or "calls"' });
  return { policy: "usageLimitPolicy", config: encodeLimitConfig({ ...parseLimits(rest), countsCalls }) };
}

function parseLimits({ atOnce, total, perPeriod, salt }: LimitRequest): Limits {
  if (atOnce === undefined && total === undefined && perPeriod === undefined)
    throw new MissingLimitError({ available: ["atOnce", "total", "perPeriod"] });
  return {
    atOnce: atOnce === undefined ? undefined : parseAmount("atOnce", atOnce, 2n ** 128n - 1n),
    total: total === undefined ? undefined : parseAmount("total", total, 2n ** 108n - 1n),
    perPeriod: perPeriod === undefined ? undefined : parsePeriodLimit(perPeriod),
    salt: salt === undefined ? undefined : parseNumber("salt", salt, 0, 2 ** 32 - 1),
  };
}

/** Checks a limit per period and puts it in the form of the contracts. */
export function parsePeriodLimit(limit: PeriodLimitRequest): PeriodLimit {
  checkParameters("perPeriod", limit, ["amount", "period", "anchor"]);
  const { amount, period, anchor = 0 } = limit;
  const seconds = typeof period === "string" && Object.hasOwn(periods, period) ? periods[period] : period;
  const start = parseTime("perPeriod.anchor", anchor);
  const length = parseNumber("perPeriod.period", seconds, 300, 2 ** 32 - 1);
  if (start + length >= timeLimit)
    throw new InvalidNumberError({ parameter: "perPeriod.anchor", actual: anchor, minimum: 0, maximum: timeLimit });
  return { amount: parseAmount("perPeriod.amount", amount, 2n ** 108n - 1n), seconds: length, anchor: start };
}
