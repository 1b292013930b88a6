import type { Outcome, RecallLevel } from '../model/ledger.ts';

/** Levels in the order in which they grow; a parcel reaches the least of its messages. */
const LEVELS: readonly RecallLevel[] = ['transport', 'stored', 'application', 'attested', 'expired', 'retained-by-law'];

/**
 * The outcome of a parcel of several messages. Content, where there is some, is in the last one: its refusal is the parcel's, for nothing of
 * it was stored. A parcel of which only a part had its effect is `unknown` as an update (the content may lie there) and `refused` as a recall.
 */
export const combineOutcomes = (kind: 'update' | 'recall', outcomes: readonly [Outcome, ...Outcome[]]): Outcome => {
  const unknown = outcomes.find((outcome) => outcome.kind === 'unknown');
  if (unknown !== undefined) return unknown;
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  const [first] = refused;
  if (first === undefined) {
    const levels = outcomes.map((outcome) => (outcome.kind === 'accepted' ? LEVELS.indexOf(outcome.level) : 0));
    return { kind: 'accepted', level: LEVELS[Math.min(...levels)] ?? 'transport' };
  }
  if (kind === 'update' && outcomes.at(-1)?.kind !== 'refused') return { kind: 'unknown', because: `in-part-${first.because}` };
  return { ...first, retry: refused.some(({ retry }) => retry) };
};
