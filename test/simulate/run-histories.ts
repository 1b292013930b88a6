import type { Protections } from '../../src/decide/protections.ts';
import type { Recipient } from './history.ts';
import { history } from './history.ts';

const RECIPIENTS: readonly Recipient[] = [
  'refuses-lower',
  'last-wins',
  'files-documents',
  'by-hand',
  'files-by-hand',
  'ends',
  'files-and-ends',
  'answers-later',
  'answers-later-refuses-lower',
];

/** A quiet history may still owe what time alone changes: an expiry, a recall, its re-assertion. Never more than these. */
export const MOST_AFTER_QUIET = 8;

/** With a protection switched off histories are played until so many end wrong, and then no more. */
export const LOST = 3;

export interface Tally {
  runs: number;
  wrong: number;
  forbidden: number;
  mostAfterQuiet: number;
  firstSeed: number | null;
}

/** Plays the histories of seeds 1 to `runs`, or until `enough` have ended wrong or begun what is forbidden, and counts how they end. */
export async function run(runs: number, on: Protections, enough = Number.POSITIVE_INFINITY): Promise<Tally> {
  const tally: Tally = { runs: 0, wrong: 0, forbidden: 0, mostAfterQuiet: 0, firstSeed: null };
  for (let seed = 1; seed <= runs && tally.wrong + tally.forbidden < enough; seed++) {
    tally.runs = seed;
    const { converged, forbidden, afterQuiet } = await history(seed, RECIPIENTS[seed % RECIPIENTS.length] as Recipient, on);
    if (!converged) tally.wrong++;
    if (forbidden > 0) tally.forbidden++;
    if ((!converged || forbidden > 0) && tally.firstSeed === null) tally.firstSeed = seed;
    tally.mostAfterQuiet = Math.max(tally.mostAfterQuiet, afterQuiet);
  }
  return tally;
}
