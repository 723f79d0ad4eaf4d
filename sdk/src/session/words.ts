import { formatUnits, getAddress, type Hex } from "viem";
import type { Limits, PeriodLimit } from "../policies/limit.js";

/** The first and the last bytes of an address or of other bytes. */
export function shorten(bytes: Hex): string {
  if (bytes.length <= 12) return bytes;
  const shown = bytes.length === 42 ? getAddress(bytes) : bytes;
  return `${shown.slice(0, 6)}…${shown.slice(-4)}`;
}

/**
 * A name as it stands if it looks like one in code; else in quotes, as it may read like a part of the sentence, or like
 * another name in other letters.
 */
export function identifier(name: string): string {
  // Selectors are no names, but look like none either.
  return /^(0x[0-9a-f]{8}|[A-Za-z_$][\w$.]{0,63}( \d+)?)$/.test(name) ? name : quote(name);
}

/** A name that the caller gives, with nothing in it that a screen would not show as it is. */
export function plain(name: string): string {
  return quote(name).slice(1, -1).replaceAll('\\"', '"');
}

/** "a, b and c" */
export function joinWords(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A text in quotes, with nothing in it that a screen would not show as it is. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(
    // Letters that show nothing are those of Hangul that fill a place, and the empty pattern of Braille.
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Cn}\p{Co}\u115f\u1160\u2800\u3164\uffa0]/gu,
    (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** "Fri 4 Dec 2026 12:00 UTC" */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `second ${seconds}`;
  const [weekday, day, month, year, time] = date.toUTCString().split(" ");
  return `${weekday?.replace(",", "")} ${Number(day)} ${month} ${year} ${time?.slice(0, 5)} UTC`;
}

const periodNames = new Map([
  [3_600, "hour"],
  [86_400, "day"],
  [604_800, "week"],
]);

export function describePeriod({ seconds, anchor }: Pick<PeriodLimit, "seconds" | "anchor">): string {
  const name = periodNames.get(seconds);
  const length = name === undefined ? `every ${formatDuration(seconds)}` : `per ${name}`;
  return anchor % seconds === 0 ? length : `${length} (from ${formatTime(anchor)} on)`;
}

/** "2 hours", in the largest unit that leaves nothing over. */
function formatDuration(seconds: number): string {
  const units = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
    ["second", 1],
  ] as const;
  const [name, length] = units.find(([, one]) => seconds % one === 0) ?? ["second", 1];
  const count = seconds / length;
  return count === 1 ? `1 ${name}` : `${count} ${name}s`;
}

/** "10 USDC at once, 50 USDC per day and 300 USDC in total"; empty without a limit. */
export function describeBounds({ atOnce, total, perPeriod }: Limits, amount: (value: bigint) => string): string {
  return joinWords([
    ...(atOnce === undefined ? [] : [`${amount(atOnce)} at once`]),
    ...(perPeriod === undefined ? [] : [`${amount(perPeriod.amount)} ${describePeriod(perPeriod)}`]),
    ...(total === undefined ? [] : [`${amount(total)} in total`]),
  ]);
}

/** Limits that hold beside each other, as one: the sums of what all of them limit. */
export function addLimits(all: readonly Limits[]): Limits {
  const [first] = all;
  const totals = all.map(({ total }) => total).filter((total) => total !== undefined);
  const periods = all.map(({ perPeriod }) => perPeriod).filter((perPeriod) => perPeriod !== undefined);
  const alike = periods.every(
    ({ seconds, anchor }) =>
      seconds === first?.perPeriod?.seconds && (anchor - first.perPeriod.anchor) % first.perPeriod.seconds === 0,
  );
  const [period] = periods;
  return {
    total: totals.length === all.length ? totals.reduce((sum, total) => sum + total, 0n) : undefined,
    perPeriod:
      period !== undefined && periods.length === all.length && alike
        ? { ...period, amount: periods.reduce((sum, { amount }) => sum + amount, 0n) }
        : undefined,
  };
}

/** An amount in whole units, with its thousands apart: "1,234,567.5". */
export function formatAmount(value: bigint, decimals: number): string {
  const [whole = "", ...fraction] = formatUnits(value, decimals).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...fraction].join(".");
}

/** Wei as whole units. */
export function nativeAmount(symbol: string): (value: bigint) => string {
  return (value) => `${formatAmount(value, 18)} ${symbol}`;
}
