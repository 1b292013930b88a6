import type { ChaseEnd } from '../model/chase-end.ts';
import { carriesContent, type Copy, type Place, samePlace } from '../model/copy.ts';
import type { Instant } from '../model/instant.ts';
import type { Attempt, Ledger } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { nextSequence, settled } from './attempt.ts';

/** What tells one recall by hand from another: drawn by whoever calls, for thought draws no lots. */
export interface HandIds {
  readonly id: string;
  readonly documentId: string;
}

const placesOf = (copies: readonly Copy[]): readonly Place[] =>
  copies.map((copy) => copy.place).filter((place, at, all) => all.findIndex((other) => samePlace(other, place)) === at);

/**
 * The ledger once a person has said what became of `covered`, at `at`: for each place a recall that was accepted then, though none was sent. So it takes
 * away what had arrived, and nothing that may still arrive (I2): no message was there that the recipient could put in order, whatever it honours.
 */
export function endedByHand(
  ledger: Ledger,
  covered: readonly Copy[],
  {
    level,
    at,
    epoch,
    destination,
    ids,
  }: {
    readonly level: ChaseEnd;
    readonly at: Instant;
    readonly epoch: number;
    readonly destination: Destination;
    readonly ids: readonly HandIds[];
  },
): { readonly ledger: Ledger; readonly recalls: readonly Attempt[] } {
  const recalls: Attempt[] = [];
  let after = ledger;
  for (const [turn, place] of placesOf(covered).entries()) {
    const own = ids[turn];
    if (own === undefined) throw new Error('each place needs ids of its own');
    const isApart = (copy: Copy): boolean => carriesContent(copy) && samePlace(copy.place, place) && !covered.includes(copy);
    const documents = covered.filter((copy) => samePlace(copy.place, place)).map((copy) => copy.documentId);
    const action = { kind: 'recall' as const, place, documents: documents.filter((id) => id !== ''), retryOf: null };
    const sequence = nextSequence(after, action, epoch);
    const attempt: Attempt = { ...own, action, sequence, begunAt: at, since: at, sendBefore: at };
    const apart = after.copies.filter(isApart);
    const outcome = { kind: 'accepted' as const, level, at };
    const told = settled({ ...after, copies: after.copies.filter((copy) => !isApart(copy)), sequence }, attempt, outcome, {
      ...destination,
      refusesLowerSequence: false,
    });
    after = { ...told, copies: [...told.copies, ...apart] };
    recalls.push(attempt);
  }
  // What is asked next is another matter: it repeats no ids of before. An attempt under way stays the last.
  return { ledger: { ...after, last: after.last?.outcome === 'open' ? after.last : null }, recalls };
}

/** How many ids `endedByHand` needs. */
export const idsNeeded = (covered: readonly Copy[]): number => placesOf(covered).length;
