import { type Address, hexToBigInt } from "viem";
import {
  FunctionNotFoundError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidNumberError,
  type InvalidTimeError,
  MissingLimitError,
  TooManyError,
} from "../errors/input.js";
import { type Erc20Function, encodeErc20LimitConfig, erc20Functions } from "../policies/erc20Limit.js";
import type { Permission } from "../types.js";
import { checkArray, checkParameters, parseAddress, parseAmount, parseNumber } from "../utils/validate.js";
import { type PeriodLimitRequest, parsePeriodLimit } from "./limits.js";

export type AllowErc20Parameters = {
  /** The token. */
  token: Address;
  /** What may be called; `["transfer"]` if it is left out. All of them share one budget. */
  functions?: readonly Erc20Function[] | undefined;
  /** Who may receive tokens or, by `approve`, be allowed to take them; anyone if it is left out. */
  recipients?: readonly Address[] | undefined;
  /** The most of one call, in the token's smallest unit. */
  perCall?: bigint | undefined;
  /** The most in total, in the token's smallest unit. */
  total?: bigint | undefined;
  /** The most in each period, in the token's smallest unit. */
  perPeriod?: PeriodLimitRequest | undefined;
  /** Tells apart budgets that are alike in everything else; from 0 to 2^32 - 1. */
  salt?: number | undefined;
};

export type AllowErc20ReturnType = Permission;

export type AllowErc20ErrorType =
  | FunctionNotFoundError
  | InvalidAddressError
  | InvalidAmountError
  | InvalidNumberError
  | InvalidTimeError
  | MissingLimitError
  | TooManyError;

const limitNames = ["perCall", "total", "perPeriod", "recipients"];
const parameterNames = ["token", "functions", "recipients", "perCall", "total", "perPeriod", "salt"];

/**
 * Allows moving an ERC-20 token, within limits.
 *
 * An approval counts as if it were spent at once. The limits hold for all `functions` together.
 *
 * @param parameters {@link AllowErc20Parameters}
 * @returns A permission for {@link defineSession}.
 * @throws MissingLimitError if there is no limit at all, and an error for each parameter that is not what it must be.
 *
 * @example
 * import { allowErc20 } from "latchkey";
 * import { parseUnits } from "viem";
 *
 * const permission = allowErc20({
 *   token: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *   recipients: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
 *   perCall: parseUnits("10", 6),
 *   perPeriod: { amount: parseUnits("25", 6), period: "day" },
 * });
 */
export function allowErc20(parameters: AllowErc20Parameters): AllowErc20ReturnType {
  checkParameters("allowErc20's argument", parameters, parameterNames);
  const { token, functions = ["transfer"], recipients, perCall, total, perPeriod, salt } = parameters;
  checkArray("functions", functions);
  const target = parseAddress("token", token);
  const unknown = functions.find((name) => !Object.hasOwn(erc20Functions, name));
  if (unknown !== undefined || functions.length === 0)
    throw new FunctionNotFoundError({ functionName: unknown ?? "", available: Object.keys(erc20Functions) });
  if (perCall === undefined && total === undefined && perPeriod === undefined && recipients === undefined)
    throw new MissingLimitError({ available: limitNames });
  const config = encodeErc20LimitConfig({
    perCall: perCall === undefined ? undefined : parseAmount("perCall", perCall, 2n ** 128n - 1n),
    total: total === undefined ? undefined : parseAmount("total", total, 2n ** 108n - 1n),
    perPeriod: perPeriod === undefined ? undefined : parsePeriodLimit(perPeriod),
    recipients: recipients === undefined ? undefined : parseRecipients(recipients),
    salt: salt === undefined ? undefined : parseNumber("salt", salt, 0, 2 ** 32 - 1),
  });
  return {
    type: "erc20",
    actions: [...new Set(functions)].map((name) => ({
      target,
      selector: erc20Functions[name].selector,
      maxValue: 0n,
      policies: [{ policy: "erc20LimitPolicy", config }],
    })),
  };
}

/** Without doubles and in order, so that the same list always gives the same session. */
function parseRecipients(recipients: readonly Address[]): readonly Address[] {
  checkArray("recipients", recipients);
  const parsed = recipients.map((recipient, index) => parseAddress(`recipients[${index}]`, recipient));
  const sorted = [...new Set(parsed)].sort((a, b) => (hexToBigInt(a) < hexToBigInt(b) ? -1 : 1));
  if (sorted.length === 0) throw new MissingLimitError({ available: limitNames });
  if (sorted.length > 255) throw new TooManyError({ what: "recipients", limit: 255, actual: sorted.length });
  return sorted;
}
