import type { Copy, Digest, Place, Sequence } from '../model/copy.ts';
import { carriesContent, compareSequence, samePlace } from '../model/copy.ts';
import type { Heading } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Attempt, Ledger, Move, Outcome } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { NOT_BOUND } from '../model/websocket.ts';
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
    ...endsOf(effect, attempt.sendBefore, { lifetime, copiesEndAfter }),
  };
  // Of content that the attempt repeats, one copy of an earlier try stays: this try may be refused, and what that one left is not (I2).
  const earlier = ledger.copies.findLast((copy) => carriesContent(copy) && isSpent(copy, attempt));
  const kept = ledger.copies
    .filter((copy) => copy === earlier || !isSpent(copy, attempt))
    .filter((copy) => on.copyPerAttempt || !samePlace(copy.place, own.place) || copy.effect === null)
    .map((copy): Copy => (samePlace(copy.place, action.place) ? beside(copy, attempt, copiesEndAfter) : copy));
  const { replay: _, ...rest } = ledger;
  return {
    ...rest,
    // An answer that had not come by its time is a failure, of which this attempt is the retry.
    failures: isUnanswered(ledger, action.place, attempt.begunAt) ? ledger.failures + 1 : ledger.failures,
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
      ...(action.kind === 'update' && action.parent !== null ? { parent: action.parent } : {}),
      documents: action.kind === 'recall' ? action.documents : [],
      outcome: 'open',
    },
  };
}

/** What the beginning of an attempt makes of another copy at its place: only the newest is waited for, and only to the newest an answer still says something. */
function beside(copy: Copy, { action, sequence, begunAt }: Attempt, copiesEndAfter: number | undefined): Copy {
  const { answerBy: _, ...rest } = copy;
  const isOvertaken = (copy.state === 'uncertain' || action.kind === 'recall') && compareSequence(copy.sequence, sequence) < 0;
  const overtaken: Copy = isOvertaken ? { ...rest, overtaken: true } : rest;
  if (action.kind !== 'recall') return overtaken;
  // What was sent before an end was agreed has been there since before now: it has ended when it would have from now on.
  const ends = carriesContent(copy) && copiesEndAfter !== undefined ? { endsAt: copy.endsAt ?? begunAt + copiesEndAfter } : {};
  return { ...overtaken, state: 'uncertain', ...ends };
}

/** Whether an answer from a place did not come by its time. */
export const isUnanswered = ({ copies }: Ledger, place: Place, now: Instant): boolean =>
  copies.some((copy) => samePlace(copy.place, place) && copy.answerBy !== undefined && copy.answerBy <= now);

/** What can no longer arrive, and whose effect the new attempt or another copy covers. */
function isSpent(copy: Copy, attempt: Attempt): boolean {
  if (copy.againAt === null || copy.againAt > attempt.begunAt) return false;
  const isSameAttempt = compareSequence(copy.sequence, attempt.sequence) === 0 && samePlace(copy.place, attempt.action.place);
  return isSameAttempt || (!carriesContent(copy) && !copy.acceptedSince);
}

/** What an outcome says something of: an attempt, by what the ledger keeps of it. */
interface Asked {
  readonly id: string;
  readonly kind: Move['kind'];
  readonly place: Place;
  readonly sequence: Sequence;
  readonly begunAt: Instant;
  readonly since: Instant;
  readonly documentId: string;
  /** The document that it replaces; null where it replaces none. */
  readonly parent: string | null;
}

/** The ledger once the outcome is known. What cannot be disproved, they hold. What was answered by another road meanwhile stands. */
export function settled(ledger: Ledger, attempt: Attempt, outcome: Outcome, destination: Destination, on: Protections = PROTECTED): Ledger {
  const heard = ledger.last?.id === attempt.id ? ledger.last.outcome : 'open';
  if (heard === 'accepted' || (heard !== 'open' && outcome.kind === 'unknown') || (heard === 'refused' && outcome.kind === 'refused'))
    return ledger;
  // Refused by one road and accepted by the other: they hold it.
  const isGone = outcome.kind === 'accepted' && !ledger.copies.some(({ id }) => id === attempt.id);
  const before = isGone ? { ...ledger, copies: [...ledger.copies, ...copyOf(attempt, destination)] } : ledger;
  const { action } = attempt;
  const parent = action.kind === 'update' ? action.parent : null;
  return concluded(before, { ...attempt, kind: action.kind, place: action.place, parent }, outcome, destination, on);
}

function concluded(ledger: Ledger, asked: Asked, outcome: Outcome, destination: Destination, on: Protections): Ledger {
  const last = ledger.last?.id === asked.id ? { ...ledger.last, outcome: outcome.kind } : ledger.last;
  switch (outcome.kind) {
    case 'unknown':
      return outcome.answerBy === undefined ? settledUnknown(ledger, asked.id) : awaiting(ledger, asked.id, outcome.answerBy);
    case 'refused':
      // That nobody was on a socket is no failure: the next one who is wakes the key.
      return {
        ...ledger,
        last,
        failures: outcome.because === NOT_BOUND ? ledger.failures : ledger.failures + 1,
        copies: ledger.copies.filter((copy) => copy.id !== asked.id),
      };
    case 'accepted':
      return {
        ...ledger,
        last,
        failures: 0,
        recallSince: asked.kind === 'recall' ? null : ledger.recallSince,
        copies: ledger.copies.flatMap((copy) => afterAcceptance(copy, asked, outcome.at ?? asked.since, destination, on)),
      };
    default:
      return outcome satisfies never;
  }
}

/** Nothing was heard: the copy stays as it was written before the wire. Also what an expired lease means. */
export const settledUnknown = (ledger: Ledger, attemptId: string): Ledger =>
  ledger.last?.id === attemptId && ledger.last.outcome !== 'open'
    ? ledger
    : { ...ledger, last: unknownLast(ledger, attemptId), failures: ledger.failures + 1 };

/** It was taken, and no more is known: its answer has time until then, and that it has not come yet is no failure. */
const awaiting = (ledger: Ledger, attemptId: string, answerBy: Instant): Ledger => ({
  ...ledger,
  last: unknownLast(ledger, attemptId),
  copies: ledger.copies.map((copy) => (copy.id === attemptId ? { ...copy, answerBy } : copy)),
});

const unknownLast = ({ last }: Ledger, attemptId: string): Ledger['last'] =>
  last?.id === attemptId ? { ...last, outcome: 'unknown' } : last;

/** An answer that came by a message of its own, and what it answers: every attempt that carried the ids that it names. */
export interface Answered {
  /** Oldest first. */
  readonly attempts: readonly { readonly id: string; readonly begunAt: Instant; readonly headings: readonly Heading[] }[];
  readonly kind: Move['kind'];
  readonly since: Instant;
  readonly outcome: Outcome;
}

/**
 * The ledger after an answer that came by a message of its own, whenever it came; null where it tells nothing: what it answers was answered
 * before, or something else was begun or said there since, and which of the two came last to them nobody knows. It never lowers what is believed.
 */
export function answered(ledger: Ledger, answer: Answered, destination: Destination, on: Protections = PROTECTED): Ledger | null {
  const { attempts, outcome } = answer;
  const own = ledger.copies.findLast(({ id }) => attempts.some((each) => each.id === id)) ?? refusedBefore(ledger, answer, destination);
  const attempt = attempts.find(({ id }) => id === own?.id);
  if (own === undefined || attempt === undefined || (on.newestAnswerOnly && !isNewest(own, ledger))) return null;
  const { answerBy: _, ...heard } = own;
  const before = { ...ledger, copies: [...ledger.copies.filter(({ id }) => id !== own.id), heard] };
  const last = attempts.some(({ id }) => id === ledger.last?.id) ? ledger.last : null;
  const said = last?.outcome ?? null;
  // A refusal proves that what it answers was not stored; of several tries it does not say which.
  if (outcome.kind === 'refused' && attempts.length > 1) {
    if (said === 'refused' || (last === null && own.answerBy === undefined)) return null;
    return { ...before, last: last === null ? ledger.last : { ...last, outcome: 'refused' }, failures: ledger.failures + 1 };
  }
  // They ask for it again: nothing is waited for any more, where anything was.
  if (outcome.kind === 'unknown' && own.answerBy === undefined && said !== 'open') return null;
  if (outcome.kind === 'unknown') return { ...before, last: unknownLast(ledger, last?.id ?? ''), failures: ledger.failures + 1 };
  const asked: Asked = {
    ...attempt,
    kind: answer.kind,
    place: own.place,
    sequence: own.sequence,
    since: answer.since,
    documentId: own.documentId,
    parent: last?.id === own.id ? (last.parent ?? null) : null,
  };
  const after = concluded(before, asked, outcome, destination, on);
  return { ...after, last: last === null ? after.last : { ...last, outcome: outcome.kind } };
}

/** The copy of what was refused and is now said to be there: nothing was begun since, so that it is known what it was. They hold it. */
function refusedBefore({ last }: Ledger, { attempts, outcome }: Answered, destination: Destination): Copy | undefined {
  const attempt = attempts.find(({ id }) => id === last?.id);
  if (last === null || attempt === undefined || last.outcome !== 'refused' || outcome.kind !== 'accepted') return undefined;
  const { id, place, effect, documentId, sequence } = last;
  // When it was sent at the latest is not known here: a second lifetime is longer than that.
  const ends = endsOf(effect, attempt.begunAt + destination.lifetime, destination);
  return {
    id,
    place,
    effect,
    headings: attempt.headings,
    documentId,
    sequence,
    state: 'uncertain',
    againAt: null,
    acceptedSince: false,
    ...ends,
  };
}

/** Whether nothing was begun or accepted at the place of a copy since, and it is not answered yet. */
const isNewest = (own: Copy, { copies }: Ledger): boolean =>
  own.state === 'uncertain' &&
  own.overtaken === undefined &&
  !own.acceptedSince &&
  !copies.some((copy) => samePlace(copy.place, own.place) && compareSequence(copy.sequence, own.sequence) > 0);

function afterAcceptance(copy: Copy, asked: Asked, effectiveFrom: Instant, destination: Destination, on: Protections): readonly Copy[] {
  if (copy.id === asked.id) return carriesContent(copy) ? [held(copy)] : [];
  const order = compareSequence(copy.sequence, asked.sequence);
  if (!on.emptyNarrowly) return [];
  if (!samePlace(copy.place, asked.place) || order > 0) return [copy];
  if (staysBeside(copy, asked, destination)) return [{ ...copy, acceptedSince: true }];
  if (copy.againAt === null) return [];
  if (order === 0) return copy.againAt <= asked.begunAt ? [] : [{ ...copy, acceptedSince: true }];
  const canNoLongerTakeEffect = destination.refusesLowerSequence || copy.againAt <= effectiveFrom || !on.reassert;
  return canNoLongerTakeEffect ? [] : [{ ...copy, state: 'uncertain', acceptedSince: true }];
}

/** Where each document is filed by its own id, and no message cancels one, what was not replaced lies there beside the new one. */
function staysBeside(copy: Copy, { kind, begunAt, documentId, parent }: Asked, destination: Destination): boolean {
  if (kind !== 'update' || !carriesContent(copy) || !filesByDocument(destination)) return false;
  if (cancelsByMessage(destination) || (recallRoad(destination) === 'time' && copy.endsAt !== undefined && copy.endsAt <= begunAt))
    return false;
  return copy.documentId !== documentId && copy.documentId !== parent;
}

const held = ({ answerBy: _, overtaken: __, ...copy }: Copy): Copy => ({ ...copy, state: 'held', againAt: null });

/** The copy of an attempt that is not on record: it was refused by another road, or (only in tests) is not written before the wire. */
function copyOf(attempt: Attempt, destination: Destination): readonly Copy[] {
  if (attempt.action.kind !== 'update') return [];
  const { place, effect, headings } = attempt.action;
  const { id, documentId, sequence } = attempt;
  const ends = endsOf(effect, attempt.sendBefore, destination);
  return [{ id, place, effect, headings, documentId, sequence, state: 'uncertain', againAt: null, acceptedSince: false, ...ends }];
}

/** When a copy that was sent by then has ended by agreement; nothing where none was agreed. */
const endsOf = (effect: Digest | null, sendBefore: Instant, { lifetime, copiesEndAfter }: Times): Pick<Copy, 'endsAt'> =>
  effect === null || copiesEndAfter === undefined ? {} : { endsAt: sendBefore + lifetime + copiesEndAfter };

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
