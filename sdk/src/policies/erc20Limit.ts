import { type Address, concat, getAddress, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";
import {
  type CallContext,
  CallLimitExceededError,
  DirtyAddressError,
  Erc20LimitConfigError,
  RecipientNotAllowedError,
  TokenCalldataLengthError,
  TokenFunctionNotAllowedError,
} from "../errors/policy.js";
import { createReader } from "../utils/reader.js";

/** The functions of a token that the `ERC20LimitPolicy` knows: their selectors, words, and where the facts are. */
export const erc20Functions = {
  transfer: { selector: "0xa9059cbb", words: 2, recipient: 0, amount: 1 },
  transferFrom: { selector: "0x23b872dd", words: 3, recipient: 1, amount: 2 },
  approve: { selector: "0x095ea7b3", words: 2, recipient: 0, amount: 1 },
  increaseAllowance: { selector: "0x39509351", words: 2, recipient: 0, amount: 1 },
} as const;

/** A function of a token that moves tokens, or allows moving them. */
export type Erc20Function = keyof typeof erc20Functions;

/** A limit per period. */
export type Erc20PeriodLimit = {
  /** The most in one period, in the token's smallest unit; below 2^108. */
  readonly amount: bigint;
  /** Length of a period in seconds, at least 300. */
  readonly seconds: number;
  /** When the first period begins, in seconds since 1970. */
  readonly anchor: number;
};

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
export function encodeErc20LimitConfig({ perCall, total, perPeriod, recipients, salt }: Erc20Limits): Hex {
  const flags = [perCall, total, perPeriod, recipients, salt].reduce<number>(
    (bits, field, index) => (field === undefined ? bits : bits | (1 << index)),
    0,
  );
  return concat([
    numberToHex(flags, { size: 1 }),
    ...(perCall === undefined ? [] : [numberToHex(perCall, { size: 16 })]),
    ...(total === undefined ? [] : [numberToHex(total, { size: 16 })]),
    ...(perPeriod === undefined
      ? []
      : [
          numberToHex(perPeriod.amount, { size: 16 }),
          numberToHex(perPeriod.seconds, { size: 4 }),
          numberToHex(perPeriod.anchor, { size: 6 }),
        ]),
    ...(recipients === undefined ? [] : [numberToHex(recipients.length, { size: 1 }), ...recipients.map(toLowerCase)]),
    ...(salt === undefined ? [] : [numberToHex(salt, { size: 4 })]),
  ]);
}

function toLowerCase(address: Address): Hex {
  return `0x${address.slice(2).toLowerCase()}`;
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
  const reader = createReader(config, fail);
  const flags = reader.number(1);
  if (flags >= 32 || (flags & 15) === 0) fail(0);
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0;
  const amount = (limit: bigint): bigint => {
    const value = reader.bigint(16);
    return value < limit ? value : fail(reader.position() - 16);
  };
  const perCall = has(0) ? amount(1n << 128n) : undefined;
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
  return { perCall, total, perPeriod, recipients, salt };
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
