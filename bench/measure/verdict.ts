import { median, spread } from './figures.ts';

/** One line of the result: what was asked, what was found, and what it was found from. */
export interface Verdict {
  readonly part: string;
  readonly asked: string;
  readonly found: string;
  /** `told` asks for nothing; an `aim` that is not reached does not fail the run. */
  readonly is: 'kept' | 'missed' | 'aim reached' | 'aim missed' | 'told';
  /** The figures behind it, rounds and A/A included. */
  readonly from: string;
}

/** A ratio of two lists of figures, round by round. */
export const ratios = (above: readonly number[], below: readonly number[]): readonly number[] =>
  above.map((figure, round) => figure / (below[round] ?? Number.NaN));

/** The mean of two lists of figures, round by round: what ran before and after the one that it is compared with. */
export const means = (before: readonly number[], after: readonly number[]): readonly number[] =>
  before.map((figure, round) => (figure + (after[round] ?? figure)) / 2);

type Limit = { readonly atLeast: number } | { readonly atMost: number };

const keeps = (found: readonly number[], limit: Limit): boolean =>
  'atLeast' in limit ? median(found) >= limit.atLeast : median(found) <= limit.atMost;

/** Whether the median of the rounds' ratios keeps to a limit. */
export const judge = (part: string, asked: string, found: readonly number[], limit: Limit, from: string): Verdict => ({
  part,
  asked,
  found: spread(found),
  is: keeps(found, limit) ? 'kept' : 'missed',
  from,
});

/** How near the rounds' median comes to what is aimed at. */
export const aim = (part: string, found: readonly number[], atLeast: number, unit: string, from: string): Verdict => ({
  part,
  asked: `aim: ≥ ${atLeast}${unit}`,
  found: spread(found, unit),
  is: keeps(found, { atLeast }) ? 'aim reached' : 'aim missed',
  from,
});

/** What was found where nothing is asked. */
export const tell = (part: string, found: readonly number[], from: string): Verdict => ({
  part,
  asked: '',
  found: spread(found),
  is: 'told',
  from,
});
