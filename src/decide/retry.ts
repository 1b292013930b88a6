/** Milliseconds until the next attempt: doubling from `min` to `max`, spread by `chance` in [0, 1) over its upper half. */
export function backoff(failures: number, min: number, max: number, chance: number): number {
  const whole = Math.min(max, min * 2 ** Math.max(0, Math.min(failures - 1, 20)));
  return Math.round(whole / 2 + (whole / 2) * chance);
}
