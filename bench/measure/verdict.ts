import { median, spread } from './figures.ts';

/** One line of the result: what was asked, what was found, and what it was found from. */
export interface Verdict {
  readonly part: string;
  readonly asked: string;
  readonly found: string;
  readonly ok: boolean;
  /** The figures behind it, rounds and A/A included. */
  readonly from: string;
}

/** A ratio of two lists of figures, round by round. */
export const ratios = (above: readonly number[], below: readonly number[]): readonly number[] =>
  above.map((figure, round) => figure / (below[round] ?? Number.NaN));

/** Whether the median of the rounds' ratios keeps to a limit. */
export const judge = (
  part: string,
  asked: string,
  found: readonly number[],
  limit: { readonly atLeast: number } | { readonly atMost: number },
  from: string,
): Verdict => ({
  part,
  asked,
  found: spread(found),
  ok: 'atLeast' in limit ? median(found) >= limit.atLeast : median(found) <= limit.atMost,
  from,
});
