import { type Address, getAddress, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";
import {
  type CallContext,
  CallLimitExceededError,
  DirtyAddressError,
  Erc20LimitConfigError,
  RecipientNotAllowedError,
  TokenCalldataLengthError,
  TokenFunctionNotAllowedError,
} from "../errors/policy.js";
import { type PeriodLimit, packLimits, unpackLimits } from "./limit.js";

/** The functions of a token that the `ERC20LimitPolicy` knows: their selectors, words, and where the facts are. */
export const erc20Functions = {
  transfer: { selector: "0xa9059cbb", words: 2, recipient: 0, amount: 1 },
  transferFrom: { selector: "0x23b872dd", words: 3, recipient: 1, amount: 2 },
  approve: { selector: "0x095ea7b3", words: 2, recipient: 0, amount: 1 },
  increaseAllowance: { selector: "0x39509351", words: 2, recipient: 0, amount: 1 },
} as const;

/** A function of a token that moves tokens, or allows moving them. */
export type Erc20Function = keyof typeof erc20Functions;

/** A limit per period, in the token's smallest unit. */
export type Erc20PeriodLimit = PeriodLimit;

/** What an `ERC20LimitPolicy` is configured with; docs/encoding.md has its layout. */
export type Erc20Limits = {
  /** The most of one call, in the token's smallest unit; below 2^128. */
  readonly perCall?: bigint | undefined;
  /** The most in total, in the token's smallest unit; below 2^108. */
  readonly total?: bigint | undefined;
  readonly perPeriod?: Erc20PeriodLimit | undefined;
  /** Who may receive tokens or approvals; anyone if it is left out. */
  readonly recipients?: readonly Address[] | undefined;
  /** Tells apart budgets that are alike in everything else; from 0 to 2^32 - 1. */
  readonly salt?: number | undefined;
};

/** The configuration of an `ERC20LimitPolicy`. The values must be in range. */
export function encodeErc20LimitConfig({ perCall, ...limits }: Erc20Limits): Hex {
  return packLimits({ ...limits, atOnce: perCall });
}

/**
 * Reads a configuration of an `ERC20LimitPolicy`.
 *
 * @throws Erc20LimitConfigError if it is malformed.
 */
export function decodeErc20LimitConfig(config: Hex): Erc20Limits {
  const fail = (position: number): never => {
    throw new Erc20LimitConfigError({ position });
  };
  const { atOnce, countsCalls: _, ...limits } = unpackLimits(config, { limits: 0b001111, known: 0b011111, fail });
  return { ...limits, perCall: atOnce };
}

/**
 * Checks a call against what can be known offline of a configuration of an `ERC20LimitPolicy`: the function, the
 * recipient and the limit of one call. What has been spent is known to the chain alone.
 *
 * @throws TokenFunctionNotAllowedError, TokenCalldataLengthError, DirtyAddressError, RecipientNotAllowedError,
 * CallLimitExceededError.
 */
export function checkErc20Limits({
  config,
  data,
  context,
}: {
  config: Hex;
  data: Hex;
  /** Which call it is, for the error. */
  context?: CallContext | undefined;
}): void {
  const { perCall, recipients } = decodeErc20LimitConfig(config);
  const selector = size(data) < 4 ? data : slice(data, 0, 4);
  const fn = Object.values(erc20Functions).find((known) => known.selector === selector);
  if (fn === undefined) throw new TokenFunctionNotAllowedError({ selector, context });
  const expected = 4 + 32 * fn.words;
  if (size(data) !== expected) throw new TokenCalldataLengthError({ expected, actual: size(data), context });
  const word = (index: number): bigint => hexToBigInt(slice(data, 4 + 32 * index, 36 + 32 * index));
  for (let index = 0; index < fn.amount; index++)
    if (word(index) >= 1n << 160n) throw new DirtyAddressError({ word: BigInt(index), context });
  const recipient = getAddress(numberToHex(word(fn.recipient), { size: 20 }));
  if (recipients && !recipients.includes(recipient))
    throw new RecipientNotAllowedError({ recipient, expected: recipients, context });
  const amount = word(fn.amount);
  if (perCall !== undefined && amount > perCall) throw new CallLimitExceededError({ limit: perCall, amount, context });
}
