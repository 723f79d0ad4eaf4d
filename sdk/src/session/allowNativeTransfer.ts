import { type Address, concat, hexToNumber, keccak256, slice } from "viem";
import { anyTarget, noCalldata } from "../constants.js";
import {
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidNumberError,
  type InvalidParameterError,
  type InvalidTimeError,
  MissingLimitError,
  RiskNotAcknowledgedError,
  type TooManyError,
  type UnknownParameterError,
} from "../errors/input.js";
import type { Permission } from "../types.js";
import { checkParameters, parseAddress, parseAmount, parseList } from "../utils/validate.js";
import { nativeLimit, type PeriodLimitRequest } from "./limits.js";

type Amounts =
  | {
      /** The most in total, in wei; "unlimited" says that only each transfer is limited. */
      total: bigint | "unlimited";
      /** The most in each period, in wei. */
      perPeriod?: PeriodLimitRequest | undefined;
    }
  | { total?: bigint | "unlimited" | undefined; perPeriod: PeriodLimitRequest };

export type AllowNativeTransferParameters = {
  /** The most of one transfer, in wei. May be left out if there is another limit, which then is that of one transfer too. */
  perTransfer?: bigint | undefined;
} & Amounts &
  (
    | {
        /** Who may receive native currency: 1 to 255 accounts or contracts. */
        recipients: readonly Address[];
        acknowledgeRisk?: undefined;
      }
    | {
        recipients: "anyone";
        /** Says that a stolen key may take all that the limits allow. */
        acknowledgeRisk: true;
      }
  );

export type AllowNativeTransferReturnType = Permission;

export type AllowNativeTransferErrorType =
  | InvalidAddressError
  | InvalidAmountError
  | InvalidNumberError
  | InvalidParameterError
  | InvalidTimeError
  | MissingLimitError
  | RiskNotAcknowledgedError
  | TooManyError
  | UnknownParameterError;

const parameterNames = ["recipients", "perTransfer", "total", "perPeriod", "acknowledgeRisk"];

/**
 * Allows sending native currency (ether), without any calldata, within limits for all recipients together.
 *
 * @param parameters {@link AllowNativeTransferParameters}
 * @returns A permission for {@link defineSession}.
 * @throws MissingLimitError if neither `total` nor `perPeriod` is given, or nothing limits one transfer;
 * RiskNotAcknowledgedError for "anyone" without `acknowledgeRisk: true`; and an error for each parameter that is not what it
 * must be.
 *
 * @example
 * import { allowNativeTransfer } from "latchkey";
 * import { parseEther } from "viem";
 *
 * const permission = allowNativeTransfer({
 *   recipients: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
 *   perTransfer: parseEther("0.1"),
 *   perPeriod: { amount: parseEther("0.5"), period: "week" },
 * });
 */
export function allowNativeTransfer(parameters: AllowNativeTransferParameters): AllowNativeTransferReturnType {
  checkParameters("allowNativeTransfer's argument", parameters, parameterNames);
  const { recipients, perTransfer, total, perPeriod, acknowledgeRisk } = parameters;
  const targets = recipients === "anyone" ? [anyTarget] : parseRecipients(recipients);
  if (recipients === "anyone" && acknowledgeRisk !== true)
    throw new RiskNotAcknowledgedError({
      permission: "Sending native currency to anyone",
      risk: "whoever has the key can take all that the limits allow",
    });
  if (total === undefined && perPeriod === undefined)
    throw new MissingLimitError({ available: ["total", "perPeriod"] });
  const sum = total === "unlimited" || total === undefined ? undefined : parseAmount("total", total, 2n ** 108n - 1n);
  const policies =
    sum === undefined && perPeriod === undefined ? [] : [nativeLimit({ total: sum, perPeriod, salt: saltOf(targets) })];
  const maxValue = perTransfer ?? least([sum, perPeriod?.amount]);
  if (maxValue === undefined) throw new MissingLimitError({ available: ["perTransfer"] });
  parseAmount("perTransfer", maxValue, 2n ** 256n - 1n);
  return {
    type: "native",
    actions: targets.map((target) => ({ target, selector: noCalldata, maxValue, policies })),
  };
}

function parseRecipients(recipients: readonly Address[]): readonly Address[] {
  return parseList("recipients", recipients, 'a list of 1 to 255 addresses, or "anyone"', parseAddress);
}

/** Limits that are alike, for other recipients, are other budgets. */
function saltOf(targets: readonly Address[]): number {
  return hexToNumber(slice(keccak256(concat(targets)), 0, 4));
}

function least(amounts: readonly (bigint | undefined)[]): bigint | undefined {
  const [first, ...others] = amounts.filter((amount) => amount !== undefined);
  return others.reduce<bigint | undefined>(
    (lowest, amount) => (lowest !== undefined && lowest < amount ? lowest : amount),
    first,
  );
}
