/** Random choices that come out the same for the same seed. */
export type Random = {
  /** From 0 up to, and not including, `end`. */
  readonly below: (end: number) => number;
  readonly chance: (percent: number) => boolean;
  readonly pick: <item>(items: readonly [item, ...item[]]) => item;
};

/** Mulberry32, a generator of 32 bits. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number): number => Math.floor((next() / 2 ** 32) * end);
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}
