import type { Copy, Digest, Sequence } from '../model/copy.ts';
import { carriesContent, compareSequence, samePlace } from '../model/copy.ts';
import type { Heading } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Attempt, Ledger, Move, Outcome } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import type { Protections } from './protections.ts';
import { PROTECTED } from './protections.ts';
import { cancelsByMessage, filesByDocument, recallRoad } from './recall-road.ts';

/** The sequence of the next action: a retry keeps its own, anything else is one higher in the ledger's epoch. */
export const nextSequence = (ledger: Ledger, move: Move, epoch: number): Sequence =>
  move.retryOf?.sequence ?? (epoch > ledger.sequence.epoch ? { epoch, count: 1 } : { epoch, count: ledger.sequence.count + 1 });

/** What of a destination says until when an attempt may still arrive, and when what arrived has ended there. Milliseconds. */
type Times = Pick<Destination, 'lifetime' | 'copiesEndAfter'>;

/** The ledger once an attempt is on record and before the wire: its copy is uncertain, and so is what it recalls. */
export function begun(ledger: Ledger, attempt: Attempt, { lifetime, copiesEndAfter }: Times, on: Protections = PROTECTED): Ledger {
  const { action } = attempt;
  const effect = action.kind === 'update' ? action.effect : null;
  const own: Copy = {
    id: attempt.id,
    place: action.place,
    effect,
    headings: action.kind === 'update' ? action.headings : [],
    documentId: attempt.documentId,
    sequence: attempt.sequence,
    state: 'uncertain',
    againAt: attempt.sendBefore + lifetime,
    acceptedSince: false,
    ...(effect === null || copiesEndAfter === undefined ? {} : { endsAt: attempt.sendBefore + lifetime + copiesEndAfter }),
  };
  // Of content that the attempt repeats, one copy of an earlier try stays: this try may be refused, and what that one left is not (I2).
  const earlier = ledger.copies.findLast((copy) => carriesContent(copy) && isSpent(copy, attempt));
  const kept = ledger.copies
    .filter((copy) => copy === earlier || !isSpent(copy, attempt))
    .filter((copy) => on.copyPerAttempt || !samePlace(copy.place, own.place) || copy.effect === null)
    .map((copy): Copy => (action.kind === 'recall' && samePlace(copy.place, action.place) ? recalled(copy) : copy));
  // What was sent before an end was agreed has been there since before now: it has ended when it would have from now on.
  function recalled(copy: Copy): Copy {
    const ends = carriesContent(copy) && copiesEndAfter !== undefined ? { endsAt: copy.endsAt ?? attempt.begunAt + copiesEndAfter } : {};
    return { ...copy, state: 'uncertain', ...ends };
  }
  return {
    ...ledger,
    copies: on.copyBeforeWire ? [...kept, own] : ledger.copies,
    // A retry keeps its own sequence; what was read meanwhile has a higher one, which is not given out again.
    sequence: compareSequence(attempt.sequence, ledger.sequence) > 0 ? attempt.sequence : ledger.sequence,
    disclosed: effect === null ? ledger.disclosed : disclosedAs(ledger, effect, attempt.begunAt),
    recallSince: action.kind === 'recall' ? (ledger.recallSince ?? attempt.begunAt) : ledger.recallSince,
    last: {
      id: attempt.id,
      kind: action.kind,
      place: action.place,
      effect,
      since: attempt.since,
      sequence: attempt.sequence,
      documentId: attempt.documentId,
      documents: action.kind === 'recall' ? action.documents : [],
      outcome: 'open',
    },
  };
}

/** What can no longer arrive, and whose effect the new attempt or another copy covers. */
function isSpent(copy: Copy, attempt: Attempt): boolean {
  if (copy.againAt === null || copy.againAt > attempt.begunAt) return false;
  const isSameAttempt = compareSequence(copy.sequence, attempt.sequence) === 0 && samePlace(copy.place, attempt.action.place);
  return isSameAttempt || (!carriesContent(copy) && !copy.acceptedSince);
}

/** The ledger once the outcome is known. What cannot be disproved, they hold. */
export function settled(ledger: Ledger, attempt: Attempt, outcome: Outcome, destination: Destination, on: Protections = PROTECTED): Ledger {
  const last = ledger.last?.id === attempt.id ? { ...ledger.last, outcome: outcome.kind } : ledger.last;
  switch (outcome.kind) {
    case 'unknown':
      return settledUnknown(ledger, attempt.id);
    case 'refused':
      return { ...ledger, last, failures: ledger.failures + 1, copies: ledger.copies.filter((copy) => copy.id !== attempt.id) };
    case 'accepted': {
      const copies = on.copyBeforeWire ? ledger.copies : [...ledger.copies, ...writtenAfterTheWire(attempt)];
      return {
        ...ledger,
        last,
        failures: 0,
        recallSince: attempt.action.kind === 'recall' ? null : ledger.recallSince,
        copies: copies.flatMap((copy) => afterAcceptance(copy, attempt, outcome.at ?? attempt.since, destination, on)),
      };
    }
    default:
      return outcome satisfies never;
  }
}

/** Nothing was heard: the copy stays as it was written before the wire. Also what an expired lease means. */
export const settledUnknown = (ledger: Ledger, attemptId: string): Ledger => ({
  ...ledger,
  last: ledger.last?.id === attemptId ? { ...ledger.last, outcome: 'unknown' } : ledger.last,
  failures: ledger.failures + 1,
});

function afterAcceptance(copy: Copy, attempt: Attempt, effectiveFrom: Instant, destination: Destination, on: Protections): readonly Copy[] {
  if (copy.id === attempt.id) return carriesContent(copy) ? [{ ...copy, state: 'held', againAt: null }] : [];
  const order = compareSequence(copy.sequence, attempt.sequence);
  if (!on.emptyNarrowly) return [];
  if (!samePlace(copy.place, attempt.action.place) || order > 0) return [copy];
  if (staysBeside(copy, attempt, destination)) return [{ ...copy, acceptedSince: true }];
  if (copy.againAt === null) return [];
  if (order === 0) return copy.againAt <= attempt.begunAt ? [] : [{ ...copy, acceptedSince: true }];
  const canNoLongerTakeEffect = destination.refusesLowerSequence || copy.againAt <= effectiveFrom || !on.reassert;
  return canNoLongerTakeEffect ? [] : [{ ...copy, state: 'uncertain', acceptedSince: true }];
}

/** Where each document is filed by its own id, and no message cancels one, what was not replaced lies there beside the new one. */
function staysBeside(copy: Copy, { action, begunAt, documentId }: Attempt, destination: Destination): boolean {
  if (action.kind !== 'update' || !carriesContent(copy) || !filesByDocument(destination)) return false;
  if (cancelsByMessage(destination) || (recallRoad(destination) === 'time' && copy.endsAt !== undefined && copy.endsAt <= begunAt))
    return false;
  return copy.documentId !== documentId && copy.documentId !== action.parent;
}

/** What a ledger without the copy before the wire would know: only tests reach it. */
function writtenAfterTheWire(attempt: Attempt): readonly Copy[] {
  if (attempt.action.kind !== 'update') return [];
  const { place, effect, headings } = attempt.action;
  const { id, documentId, sequence } = attempt;
  return [{ id, place, effect, headings, documentId, sequence, state: 'uncertain', againAt: null, acceptedSince: false }];
}

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

/** The ledger of a key that was never acted on. */
export const emptyLedger = (epoch: number): Ledger => ({
  copies: [],
  sequence: { epoch, count: 0 },
  last: null,
  recallSince: null,
  failures: 0,
  disclosed: null,
});

/** How this recipient counts its disclosure: one higher, and of now, only when what it sees is not what it last saw (I4, I5). */
export const disclosedAs = (ledger: Ledger, digest: Digest, at: Instant): NonNullable<Ledger['disclosed']> =>
  ledger.disclosed?.digest === digest ? ledger.disclosed : { digest, version: (ledger.disclosed?.version ?? 0) + 1, at };
