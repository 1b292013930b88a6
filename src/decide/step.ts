import type { Copy, Digest, Place } from '../model/copy.ts';
import { carriesContent, compareSequence, samePlace } from '../model/copy.ts';
import type { Instant } from '../model/instant.ts';
import { DAY, earliest } from '../model/instant.ts';
import type { Action, Desired, LastAttempt, Ledger } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { endOf, isFresh, renewAt } from './copy-ends.ts';
import type { Protections } from './protections.ts';
import { PROTECTED } from './protections.ts';
import { cancelsByMessage, filesByDocument, recallRoad } from './recall-road.ts';

/** However long the answer seems to stand, a key with a copy is looked at again after this. */
const RECHECK = DAY;

/**
 * The next thing to do, from what should be held and what may be held. Recalls go first; a copy under another identity or
 * address is recalled with its own identifiers. Knows nothing of which event came before: design section 2.
 */
export function step(want: Desired, ledger: Ledger, now: Instant, destination: Destination, on: Protections = PROTECTED): Action {
  const until = on.lookAtExpiry ? want.until : null;
  const rest = (...owed: readonly (Instant | null)[]): Action => ({
    kind: 'rest',
    lookAt: earliest(until, ...owed, ledger.copies.length > 0 ? now + RECHECK : null),
  });
  if ('freeze' in want) return rest(want.until);

  const target = holds(want) ? want : null;
  const road = recallRoad(destination);
  // Where time takes copies away nobody asks for them: what lies there is over when the last of it has ended.
  const waitsUntil = (copy: Copy): Instant | null => {
    const end = road === 'time' ? endOf(ledger, copy.place) : null;
    if (end !== null && end > now) return end;
    return isWaiting(copy, now) ? copy.againAt : null;
  };
  const away = ledger.copies.filter((copy) => carriesContent(copy) && (target === null || !samePlace(copy.place, target.place)));
  const awayDue = away.filter((copy) => waitsUntil(copy) === null);
  const awayLater = away.map(waitsUntil);

  const unasked = awayDue.filter((copy) => answerDue(ledger, copy.place, null, now) === null);
  const asked = awayDue.map((copy) => answerDue(ledger, copy.place, null, now));

  if (awayDue.length > 0 && (target === null || !mayPassBy(ledger, target.place, now, destination, unasked.length > 0))) {
    if (unasked.length > 0) return recall(nextPlace(unasked, ledger.last), ledger, now, destination);
    return rest(...awayLater, ...asked, target === null ? null : mayPassFrom(ledger, now, destination));
  }
  if (target === null) return rest(...awayLater);

  const here = ledger.copies.filter((copy) => samePlace(copy.place, target.place));
  const held = newest(here.filter((copy) => copy.state === 'held' && copy.effect === target.hold && isFresh(copy, now, destination)));
  // Where each document is filed by its own id, the same words under another id are a second document: it is cancelled where a message can.
  const files = filesByDocument(destination);
  const filesForGood = files && !cancelsByMessage(destination);
  const isContrary = (copy: Copy): boolean => {
    if (filesForGood) return copy.effect !== target.hold && !(road === 'time' && carriesContent(copy) && copy.acceptedSince);
    return copy.effect !== target.hold || (files && held !== undefined && copy.documentId !== held.documentId);
  };
  const contrary = here.filter(isContrary);
  const contraryDue = contrary.filter((copy) => !isWaiting(copy, now));
  const restHere = (...owed: readonly (Instant | null)[]): Action =>
    unasked.length > 0
      ? recall(nextPlace(unasked, ledger.last), ledger, now, destination)
      : rest(
          ...owed,
          ...awayLater,
          ...asked,
          ...contrary.filter((copy) => isWaiting(copy, now)).map((copy) => copy.againAt),
          held === undefined ? null : renewAt(held, destination),
        );

  // Nothing is sent to a place that only reads: what it read and may no longer hold is recalled.
  const onlyReads = destination.channel === 'pull';
  if (contraryDue.some(carriesContent) && (onlyReads || !destination.replaceHidesOld)) {
    const due = answerDue(ledger, target.place, null, now);
    return due === null ? recall(target.place, ledger, now, destination) : restHere(due);
  }
  if (onlyReads || !destination.open || (held !== undefined && contraryDue.length === 0)) return restHere();

  const due = answerDue(ledger, target.place, target.hold, now);
  if (due !== null) return restHere(due);

  const documents = documentsOf(here);
  // Only what was acknowledged can be replaced: a strict recipient refuses a parent that it never saw.
  const parent = documentsOf(here.filter((copy) => copy.state === 'held'))[0] ?? null;
  // What no message cancels and nothing replaces would stay beside the new one: people, or a Task, take it away first.
  const isInTheWay = (copy: Copy): boolean => carriesContent(copy) && copy.documentId !== parent;
  if (filesForGood && road !== 'time' && contraryDue.some(isInTheWay)) return recall(target.place, ledger, now, destination);
  return {
    kind: 'update',
    place: target.place,
    effect: target.hold,
    headings: target.headings,
    parent,
    stale: filesForGood ? [] : documents.filter((id) => id !== parent),
    ...retryOf(ledger, 'update', target.place, target.hold, here, now, destination),
  };
}

/** Until when the answer to the same thing, said before and nothing since, is waited for; null where none is, or a person asked not to. */
function answerDue(ledger: Ledger, place: Place, effect: Digest | null, now: Instant): Instant | null {
  if (ledger.replay) return null;
  const here = ledger.copies.filter((copy) => samePlace(copy.place, place));
  const top = newest(here);
  const waits = here.find(
    ({ sequence, answerBy }) =>
      top !== undefined && compareSequence(sequence, top.sequence) === 0 && answerBy !== undefined && answerBy > now,
  );
  return waits !== undefined && waits.effect === effect ? (waits.answerBy ?? null) : null;
}

const newest = (copies: readonly Copy[]): Copy | undefined => [...copies].sort((a, b) => compareSequence(b.sequence, a.sequence))[0];

/** Whether a copy only waits for the moment at which what was accepted since is said again. */
const isWaiting = (copy: Copy, now: Instant): boolean => copy.acceptedSince && copy.againAt !== null && copy.againAt > now;

/** A recall elsewhere that nobody answers for a message's lifetime takes turns with the new copy instead of holding it back for ever. */
const mayPassBy = (ledger: Ledger, place: Place, now: Instant, destination: Destination, isRecallToSend: boolean): boolean =>
  ledger.recallSince !== null &&
  now - ledger.recallSince > destination.lifetime &&
  (!isRecallToSend || (ledger.last?.kind === 'recall' && !samePlace(ledger.last.place, place)));

/** When that will be; null where it is past, or nothing is recalled. */
const mayPassFrom = ({ recallSince }: Ledger, now: Instant, { lifetime }: Destination): Instant | null =>
  recallSince === null || now - recallSince > lifetime ? null : recallSince + lifetime + 1;

/** The place to recall from next: not the one that has just failed to answer, where there is another. */
function nextPlace(due: readonly Copy[], last: LastAttempt | null): Place {
  const fresh = due.find((copy) => last === null || last.outcome === 'accepted' || !samePlace(copy.place, last.place));
  return (fresh ?? (due[0] as Copy)).place;
}

function recall(place: Place, ledger: Ledger, now: Instant, destination: Destination): Action {
  const here = ledger.copies.filter((copy) => samePlace(copy.place, place));
  const documents = documentsOf(here);
  const again = retryOf(ledger, 'recall', place, null, here, now, destination);
  const named = again.retryOf?.documents ?? [];
  const same = named.length === documents.length && documents.every((id) => named.includes(id));
  return { kind: 'recall', place, documents, ...(same ? again : { retryOf: null }) };
}

/** Ids of the documents that may lie at a place, newest first. What was read has none. */
function documentsOf(here: readonly Copy[]): readonly string[] {
  const newestFirst = here.filter(carriesContent).sort((a, b) => compareSequence(b.sequence, a.sequence));
  return [...new Set(newestFirst.map((copy) => copy.documentId).filter((id) => id !== ''))];
}

/**
 * The attempt whose ids and bytes are repeated: only straight after the same action. What is said again because an attempt in
 * doubt can no longer arrive needs new ids: an acceptance counts from the first attempt with its ids.
 */
function retryOf(
  { last, replay }: Ledger,
  kind: 'update' | 'recall',
  place: Place,
  effect: Digest | null,
  here: readonly Copy[],
  now: Instant,
  destination: Destination,
): { readonly retryOf: LastAttempt | null; readonly resubmits?: true } {
  const none = { retryOf: null };
  if (last === null || last.kind !== kind || last.effect !== effect || !samePlace(last.place, place)) return none;
  // What was refused is not said again under the same ids, unless a person asks for it.
  const resubmits = replay === true && destination.channel === 'fhir-messaging' && destination.open;
  if (last.outcome !== 'unknown' && !(resubmits && last.outcome === 'refused')) return none;
  // Ids are remembered from when they were first seen: repeated for longer than a message's lifetime, one more could arrive when they are forgotten.
  // What asks a Task, or people, or waits for time, crosses no network: it is the same one until it is answered.
  const crosses = kind === 'update' ? destination.open && destination.channel !== 'pull' : recallRoad(destination) === 'wire';
  if (crosses && now - last.since > destination.lifetime) return none;
  const saidAgain = here.some(
    (copy) => copy.effect !== effect && copy.againAt !== null && copy.againAt <= now && last.since < copy.againAt,
  );
  if (saidAgain) return none;
  return resubmits ? { retryOf: last, resubmits } : { retryOf: last };
}
