import { type Address, getAddress, type Hex, isAddress, isHex, size } from "viem";
import { timeLimit } from "../constants.js";
import {
  InvalidAddressError,
  InvalidAmountError,
  InvalidBytesError,
  InvalidNumberError,
  InvalidParameterError,
  InvalidTimeError,
  TooManyError,
  UnknownParameterError,
} from "../errors/input.js";
import { lowerCase } from "./lowerCase.js";

/**
 * Checks that parameters are an object with none but known names: a limit under a misspelt name must not be lost, also
 * where no compiler looks.
 */
export function checkParameters(parameter: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidParameterError({ parameter, expected: "an object" });
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UnknownParameterError({ parameter: unknown, available: known });
}

/** Checks that a parameter is an array. */
export function checkArray(parameter: string, value: unknown): void {
  if (!Array.isArray(value)) throw new InvalidParameterError({ parameter, expected: "an array" });
}

/** Checks a list of 1 to 255 values, each by itself, and returns it without doubles. */
export function parseList<value>(
  parameter: string,
  values: unknown,
  expected: string,
  parse: (name: string, value: unknown) => value,
): readonly value[] {
  if (!Array.isArray(values) || values.length === 0) throw new InvalidParameterError({ parameter, expected });
  const parsed = [...new Set(values.map((value: unknown, index) => parse(`${parameter}[${index}]`, value)))];
  if (parsed.length > 255) throw new TooManyError({ what: parameter, limit: 255, actual: parsed.length });
  return parsed;
}

/** Checks an address, capital letters against the checksum, and returns it with its checksum. */
export function parseAddress(parameter: string, value: unknown): Address {
  if (typeof value !== "string" || !isAddress(value)) throw new InvalidAddressError({ parameter, actual: value });
  return getAddress(value);
}

/** Checks bytes in hex and returns them in lower case. */
export function parseBytes(parameter: string, value: unknown, length?: number): Hex {
  const expected = length === undefined ? "whole bytes of hex" : `${length} bytes of hex`;
  if (
    typeof value !== "string" ||
    !isHex(value) ||
    value.length % 2 !== 0 ||
    (length !== undefined && size(value) !== length)
  )
    throw new InvalidBytesError({ parameter, expected, actual: value });
  return lowerCase(value);
}

/** Checks an amount: a bigint in its range. */
export function parseAmount(parameter: string, value: unknown, maximum: bigint, minimum = 0n): bigint {
  if (typeof value !== "bigint" || value < minimum || value > maximum)
    throw new InvalidAmountError({ parameter, actual: value, minimum, maximum });
  return value;
}

/** Checks a whole number in its range. */
export function parseNumber(parameter: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < minimum || value > maximum)
    throw new InvalidNumberError({ parameter, actual: value, minimum, maximum });
  return value;
}

/** Checks a time and returns it in seconds. No time that is meant is later than the year 5138; milliseconds are. */
export function parseTime(parameter: string, value: unknown): number {
  const seconds = value instanceof Date ? Math.floor(value.getTime() / 1000) : value;
  if (
    typeof seconds !== "number" ||
    !Number.isSafeInteger(seconds) ||
    seconds < 0 ||
    seconds > 1e11 ||
    seconds >= timeLimit
  )
    throw new InvalidTimeError({ parameter, actual: value });
  return seconds;
}
