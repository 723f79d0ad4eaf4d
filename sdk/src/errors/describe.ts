/** Seconds since 1970 as a number and as a date. */
export function describeTime(seconds: number | bigint): string {
  const milliseconds = Number(seconds) * 1000;
  return milliseconds <= 8.64e15 ? `${seconds} (${new Date(milliseconds).toISOString()})` : `${seconds}`;
}
