/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** By how much a sender's clock may be ahead: what is said in the future would hold back all that is said until then. */
export const CLOCK_AHEAD = 10 * MINUTE;

/** The earliest of the instants that are given; null when none is. */
export const earliest = (...instants: readonly (Instant | null)[]): Instant | null =>
  instants.reduce((least, at) => (at === null ? least : least === null ? at : Math.min(least, at)), null);
