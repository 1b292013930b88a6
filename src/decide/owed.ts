import { carriesContent, type Copy, samePlace } from '../model/copy.ts';
import { type Desired, holds, type Ledger } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';

/** The copies that may lie somewhere and may no longer be held, waiting ones among them: what a chase is about. None while that cannot be decided. */
export function owedCopies(want: Desired, ledger: Ledger, destination: Destination): readonly Copy[] {
  if ('freeze' in want) return [];
  const content = ledger.copies.filter(carriesContent);
  if (!holds(want)) return content;
  const isReplaced = destination.channel !== 'pull' && destination.replaceHidesOld;
  return content.filter((copy) => !samePlace(copy.place, want.place) || (copy.effect !== want.hold && !isReplaced));
}
