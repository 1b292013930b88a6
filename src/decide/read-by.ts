import type { Copy, Sequence } from '../model/copy.ts';
import { carriesContent, compareSequence, samePlace } from '../model/copy.ts';
import type { Heading } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Ledger } from '../model/ledger.ts';
import { disclosedAs } from './attempt.ts';

/** What a read adds: an answered copy that may still be stored until its lifetime has passed. Reading the same again moves that on. */
export interface Read {
  readonly id: string;
  readonly place: Copy['place'];
  readonly effect: string;
  readonly headings: readonly Heading[];
  readonly at: Instant;
  readonly lifetime: number;
}

/** The ledger after a read by a recipient that stores what it reads. It asks for nothing by itself. */
export function readBy(ledger: Ledger, read: Read, epoch: number): Ledger {
  const sequence: Sequence = epoch > ledger.sequence.epoch ? { epoch, count: 1 } : { epoch, count: ledger.sequence.count + 1 };
  const others = ledger.copies.filter(
    (copy) => copy.documentId !== '' || copy.effect !== read.effect || !samePlace(copy.place, read.place),
  );
  const own: Copy = {
    id: read.id,
    place: read.place,
    effect: read.effect,
    headings: read.headings,
    documentId: '',
    sequence,
    state: 'uncertain',
    againAt: read.at + read.lifetime,
    acceptedSince: false,
  };
  return {
    ...ledger,
    copies: [...others, own],
    sequence,
    disclosed: disclosedAs(ledger, read.effect, read.at),
    last: ledger.last?.outcome === 'open' ? ledger.last : null,
  };
}

/**
 * The ledger after a read that was refused: whoever was told, and finds nothing when it comes to read, holds nothing. That is an effect of its
 * own, so what was told is told again should it be permitted again before anybody recalled it (I3). The same ledger where nothing was told.
 */
export function refusedBy(ledger: Ledger, id: string, epoch: number): Ledger {
  const [told] = ledger.copies.filter(carriesContent).sort((a, b) => compareSequence(b.sequence, a.sequence));
  if (told === undefined) return ledger;
  if (ledger.copies.some((copy) => !carriesContent(copy) && compareSequence(copy.sequence, told.sequence) > 0)) return ledger;
  const sequence: Sequence = epoch > ledger.sequence.epoch ? { epoch, count: 1 } : { epoch, count: ledger.sequence.count + 1 };
  const own: Copy = {
    id,
    place: told.place,
    effect: null,
    headings: [],
    documentId: '',
    sequence,
    state: 'uncertain',
    againAt: null,
    acceptedSince: false,
  };
  return { ...ledger, copies: [...ledger.copies, own], sequence, last: ledger.last?.outcome === 'open' ? ledger.last : null };
}
