import type { Copy, Digest, Place } from '../model/copy.ts';
import { carriesContent, compareSequence, samePlace } from '../model/copy.ts';
import type { Instant } from '../model/instant.ts';
import { DAY, earliest } from '../model/instant.ts';
import type { Action, Desired, LastAttempt, Ledger } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import type { Protections } from './protections.ts';
import { PROTECTED } from './protections.ts';

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
  const away = ledger.copies.filter((copy) => carriesContent(copy) && (target === null || !samePlace(copy.place, target.place)));
  const awayDue = away.filter((copy) => !isWaiting(copy, now));
  const awayLater = away.filter((copy) => isWaiting(copy, now)).map((copy) => copy.againAt);

  if (awayDue.length > 0 && (target === null || !mayPassBy(ledger, target.place, now, destination))) {
    return recall(nextPlace(awayDue, ledger.last), ledger, now, destination);
  }
  if (target === null) return rest(...awayLater);

  const here = ledger.copies.filter((copy) => samePlace(copy.place, target.place));
  const held = newest(here.filter((copy) => copy.state === 'held' && copy.effect === target.hold));
  // Where each document is filed by its own id, the same words under another id are a second document.
  const filesByDocument = destination.channel === 'hl7v2-mllp' || destination.channel === 'fhir-rest';
  const isContrary = (copy: Copy): boolean =>
    copy.effect !== target.hold || (filesByDocument && held !== undefined && copy.documentId !== held.documentId);
  const contrary = here.filter(isContrary);
  const contraryDue = contrary.filter((copy) => !isWaiting(copy, now));
  const restHere = (): Action =>
    awayDue.length > 0
      ? recall(nextPlace(awayDue, ledger.last), ledger, now, destination)
      : rest(...awayLater, ...contrary.filter((copy) => isWaiting(copy, now)).map((copy) => copy.againAt));

  // Nothing is sent to a place that only reads: what it read and may no longer hold is recalled.
  const onlyReads = destination.channel === 'pull';
  if (contraryDue.some(carriesContent) && (onlyReads || !destination.replaceHidesOld))
    return recall(target.place, ledger, now, destination);
  if (onlyReads || !destination.open || (held !== undefined && contraryDue.length === 0)) return restHere();

  const documents = documentsOf(here);
  // Only what was acknowledged can be replaced: a strict recipient refuses a parent that it never saw.
  const parent = documentsOf(here.filter((copy) => copy.state === 'held'))[0] ?? null;
  return {
    kind: 'update',
    place: target.place,
    effect: target.hold,
    headings: target.headings,
    parent,
    stale: documents.filter((id) => id !== parent),
    retryOf: retryOf(ledger.last, 'update', target.place, target.hold, here, now, destination),
  };
}

const newest = (copies: readonly Copy[]): Copy | undefined => [...copies].sort((a, b) => compareSequence(b.sequence, a.sequence))[0];

/** Whether a copy only waits for the moment at which what was accepted since is said again. */
const isWaiting = (copy: Copy, now: Instant): boolean => copy.acceptedSince && copy.againAt !== null && copy.againAt > now;

/** A recall elsewhere that nobody answers for a message's lifetime takes turns with the new copy instead of holding it back for ever. */
const mayPassBy = (ledger: Ledger, place: Place, now: Instant, destination: Destination): boolean =>
  ledger.recallSince !== null &&
  now - ledger.recallSince > destination.lifetime &&
  ledger.last?.kind === 'recall' &&
  !samePlace(ledger.last.place, place);

/** The place to recall from next: not the one that has just failed to answer, where there is another. */
function nextPlace(due: readonly Copy[], last: LastAttempt | null): Place {
  const fresh = due.find((copy) => last === null || last.outcome === 'accepted' || !samePlace(copy.place, last.place));
  return (fresh ?? (due[0] as Copy)).place;
}

function recall(place: Place, ledger: Ledger, now: Instant, destination: Destination): Action {
  const here = ledger.copies.filter((copy) => samePlace(copy.place, place));
  const documents = documentsOf(here);
  const retry = retryOf(ledger.last, 'recall', place, null, here, now, destination);
  const same = retry !== null && retry.documents.length === documents.length && documents.every((id) => retry.documents.includes(id));
  return { kind: 'recall', place, documents, retryOf: same ? retry : null };
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
  last: LastAttempt | null,
  kind: 'update' | 'recall',
  place: Place,
  effect: Digest | null,
  here: readonly Copy[],
  now: Instant,
  { channel, open, lifetime }: Destination,
): LastAttempt | null {
  if (last === null || last.outcome !== 'unknown' || last.kind !== kind || last.effect !== effect || !samePlace(last.place, place))
    return null;
  // Ids are remembered from when they were first seen: repeated for longer than a message's lifetime, one more could arrive when they are forgotten.
  // A Task, by which a reader and a closed address are asked, crosses no network: it is the same one until it is answered.
  const isByTask = channel === 'pull' || !open;
  if (!isByTask && now - last.since > lifetime) return null;
  const saidAgain = here.some(
    (copy) => copy.effect !== effect && copy.againAt !== null && copy.againAt <= now && last.since < copy.againAt,
  );
  return saidAgain ? null : last;
}
