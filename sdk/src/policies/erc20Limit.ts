import { type Address, getAddress, type Hex, numberToHex, size } from "viem";
import {
  type CallContext,
  DirtyAddressError,
  Erc20LimitConfigError,
  RecipientNotAllowedError,
  TokenCalldataLengthError,
  TokenFunctionNotAllowedError,
} from "../errors/policy.js";
import { type PeriodLimit, packLimits, unpackLimits } from "./limit.js";
import { type Budget, createConfigReader, limitFlags, type Spending, spend } from "./spend.js";

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
 * recipient and the limit of one call. What has been spent is known to the chain alone: {@link checkSessionCalls} takes
 * that into account, too.
 *
 * @throws TokenFunctionNotAllowedError, TokenCalldataLengthError, DirtyAddressError, RecipientNotAllowedError,
 * CallLimitExceededError, Erc20LimitConfigError.
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
  spendErc20({ config, data, context, budget: undefined, claimedTime: 0 });
}

/**
 * Counts a call under a configuration of an `ERC20LimitPolicy`, as the contract does: with the same errors in the same order.
 */
export function spendErc20({
  config,
  data,
  budget,
  claimedTime,
  context,
}: {
  config: Hex;
  data: Hex;
  /** What is spent already; undefined if that is not known, and then nothing is held against it. */
  budget: Budget | undefined;
  /** In seconds since 1970. */
  claimedTime: number;
  context?: CallContext | undefined;
}): Spending {
  const fail = (position: number): never => {
    throw new Erc20LimitConfigError({ position, context });
  };
  const { recipient, amount } = readCall(data, context);
  const reader = createConfigReader(config, fail);
  const flags = Number(reader.integer(1));
  if (config === "0x" || (flags & 0b001111) === 0 || (flags & ~0b011111) !== 0) fail(0);
  const spending = spend(reader, flags, { config, amount, budget, claimedTime, context, fail });
  if ((flags & limitFlags.recipients) !== 0) {
    const count = Number(reader.integer(1));
    if (count === 0) fail(reader.position() - 1);
    const expected = Array.from({ length: count }, () => getAddress(numberToHex(reader.integer(20), { size: 20 })));
    if (!expected.includes(recipient)) throw new RecipientNotAllowedError({ recipient, expected, context });
  }
  if ((flags & limitFlags.salt) !== 0) reader.integer(4);
  reader.requireEnd();
  return spending;
}

/** Whom a call gives tokens to, or an allowance, and how much. */
function readCall(data: Hex, context: CallContext | undefined): { recipient: Address; amount: bigint } {
  const selector: Hex = size(data) < 4 ? "0x00000000" : `0x${data.slice(2, 10).toLowerCase()}`;
  const fn = Object.values(erc20Functions).find((known) => known.selector === selector);
  if (fn === undefined) throw new TokenFunctionNotAllowedError({ selector, context });
  // The contract reads zeros behind the end of calldata.
  const word = (index: number): bigint => BigInt(`0x${data.slice(10 + 64 * index, 74 + 64 * index).padEnd(64, "0")}`);
  const address = (index: number): Address => {
    const value = word(index);
    if (value >= 1n << 160n) throw new DirtyAddressError({ word: value, context });
    return getAddress(numberToHex(value, { size: 20 }));
  };
  // The addresses before the recipient are looked at before the length is.
  for (let index = 0; index < fn.recipient; index++) address(index);
  const expected = 4 + 32 * fn.words;
  if (size(data) !== expected) throw new TokenCalldataLengthError({ expected, actual: size(data), context });
  return { recipient: address(fn.recipient), amount: word(fn.amount) };
}
