/** Seeded randomness (mulberry32): the same seed gives the same history. */
export interface Chance {
  next(): number;
  /** True with probability p. */
  is(p: number): boolean;
  below(n: number): number;
  of<T>(list: readonly T[]): T;
}

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    is: (p) => next() < p,
    below: (n) => next() * n,
    of: (list) => list[Math.floor(next() * list.length)] as (typeof list)[number],
  };
}
