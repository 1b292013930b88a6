import type { Copy, Place } from '../model/copy.ts';
import { carriesContent, samePlace } from '../model/copy.ts';
import type { Instant } from '../model/instant.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { recallRoad } from './recall-road.ts';

/** When the last of what may lie at a place has ended there by agreement; null where of any of it no end was agreed, or nothing lies there. */
export function endOf(ledger: Ledger, place: Place): Instant | null {
  const ends = ledger.copies.filter((copy) => carriesContent(copy) && samePlace(copy.place, place)).map(({ endsAt }) => endsAt ?? null);
  return ends.some((end) => end === null) ? null : ends.reduce<Instant | null>((last, end) => Math.max(last ?? 0, end ?? 0), null);
}

/** When what ends by agreement is sent again, so that it does not end while it should be held: half of the agreed time before it can have ended. Null where it does not end. */
export function renewAt({ endsAt }: Copy, destination: Destination): Instant | null {
  const { copiesEndAfter, lifetime } = destination;
  if (recallRoad(destination) !== 'time' || copiesEndAfter === undefined || endsAt === undefined) return null;
  return endsAt - lifetime - Math.ceil(copiesEndAfter / 2);
}

/** Whether a copy lies there yet as far as time is concerned. */
export function isFresh(copy: Copy, now: Instant, destination: Destination): boolean {
  const at = renewAt(copy, destination);
  return at === null || at > now;
}
