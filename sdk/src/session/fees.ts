import { type Address, zeroAddress } from "viem";
import { anyPaymaster } from "../constants.js";
import {
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidNumberError,
  type InvalidParameterError,
  type InvalidTimeError,
  MissingFeeLimitError,
  type UnknownParameterError,
} from "../errors/input.js";
import type { PolicyRequest, Session } from "../types.js";
import { checkParameters, parseAddress, parseAmount } from "../utils/validate.js";
import { gasLimit, type PeriodLimitRequest } from "./limits.js";

/** Who pays for a session's gas, and how much at most. */
export type FeesRequest = {
  /** The most that one operation may cost, in wei, whoever pays: all gas limits times maxFeePerGas. */
  maxPerOperation: bigint;
  /**
   * The paymaster that every operation must use, or "any" (or none). The account pays, and no paymaster may be used, if it
   * is left out.
   */
  paymaster?: Address | "any" | undefined;
} & (
  | {
      /** The most that all operations together may cost, in wei; "unlimited" says that there is no such limit. */
      total: bigint | "unlimited";
      /** The most that the operations of each period may cost, in wei. */
      perPeriod?: PeriodLimitRequest | undefined;
    }
  | { total?: bigint | "unlimited" | undefined; perPeriod: PeriodLimitRequest }
);

export type FeesErrorType =
  | InvalidAddressError
  | InvalidAmountError
  | InvalidNumberError
  | InvalidParameterError
  | InvalidTimeError
  | MissingFeeLimitError
  | UnknownParameterError;

/** The fees that are asked for, as a session has them. */
export function parseFees(
  fees: FeesRequest,
): Pick<Session, "paymaster" | "maxOpCost"> & { readonly policies: readonly PolicyRequest[] } {
  if (fees === undefined) throw new MissingFeeLimitError();
  checkParameters("fees", fees, ["maxPerOperation", "total", "perPeriod", "paymaster"]);
  const { maxPerOperation, total, perPeriod, paymaster } = fees;
  if (maxPerOperation === undefined || (total === undefined && perPeriod === undefined))
    throw new MissingFeeLimitError();
  const limit = total === "unlimited" || total === undefined ? undefined : parseAmount("fees.total", total, maximum);
  return {
    maxOpCost: parseAmount("fees.maxPerOperation", maxPerOperation, 2n ** 128n - 1n, 1n),
    paymaster:
      paymaster === undefined
        ? zeroAddress
        : paymaster === "any"
          ? anyPaymaster
          : parseAddress("fees.paymaster", paymaster),
    policies: limit === undefined && perPeriod === undefined ? [] : [gasLimit({ total: limit, perPeriod })],
  };
}

const maximum = 2n ** 108n - 1n;
