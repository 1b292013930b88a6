import type { Outcome, RecallLevel } from '../model/ledger.ts';

/** Levels in the order in which they grow; a parcel reaches the least of its messages. */
const LEVELS: readonly RecallLevel[] = ['transport', 'stored', 'application', 'attested', 'expired', 'retained-by-law', 'use-stopped'];

/** What became of one message of a parcel, and whether it carried something of a plan. */
export interface MessageOutcome {
  readonly outcome: Outcome;
  readonly carries: boolean;
}

/**
 * The outcome of a parcel of several messages. An update is refused only where each message that carries something was: then nothing of it was
 * stored. A parcel of which only a part had its effect is `unknown` as an update (something may lie there) and `refused` as a recall.
 */
export const combineOutcomes = (kind: 'update' | 'recall', messages: readonly [MessageOutcome, ...MessageOutcome[]]): Outcome => {
  const outcomes = messages.map(({ outcome }) => outcome);
  const unknown = outcomes.find((outcome) => outcome.kind === 'unknown');
  if (unknown !== undefined) return unknown;
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  const [first] = refused;
  if (first === undefined) {
    const levels = outcomes.map((outcome) => (outcome.kind === 'accepted' ? LEVELS.indexOf(outcome.level) : 0));
    return { kind: 'accepted', level: LEVELS[Math.min(...levels)] ?? 'transport' };
  }
  if (kind === 'update' && messages.some(({ outcome, carries }) => carries && outcome.kind !== 'refused'))
    return { kind: 'unknown', because: `in-part-${first.because}` };
  return { ...first, retry: refused.some(({ retry }) => retry) };
};
