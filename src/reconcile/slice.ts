import { setTimeout as wait } from 'node:timers/promises';
import type { StoredLook } from '../store/ledger.ts';
import { inSpan, SpanName } from '../span.ts';
import { nextOf } from '../store/due.ts';
import type { Outcome } from '../model/ledger.ts';
import { runCheck } from './check/run-check.ts';
import { shakeHands } from './handshake.ts';
import type { Claim, Ports } from './ports.ts';
import { openPacing, type Pacing } from './pacing.ts';
import type { World } from './ports-on.ts';
import { reconcile } from './reconcile.ts';

/** How long one job works before it lets others in. */
const SLICE_MS = 1_000;
/** A recipient that answers within this has one and a half times as many keys more being read and written down: where those wait for the disk, its road does not. */
const QUICK_MS = 100;
/** How often new keys are looked for while a handshake is waited for. */
const LOOK_AGAIN_MS = 100;
/** A slot is not kept for a token: others get in, and a few have come by then. */
const NAP_MS = 100;
/** How often facts may change under one claim before it is given back. */
const CHANGES = 3;

/** How a slice ended: whether more can be claimed now, and when next. */
export interface SliceEnd {
  readonly more: boolean;
  readonly lookAt: number | null;
  /** Whether facts changed: there is a fan-out to do. */
  readonly changed: boolean;
}

/**
 * One recipient's due keys, for at most a second. Each time that a place is free it claims again, recalls first, so that no recall
 * waits behind the updates that were there before it.
 */
export async function slice(world: World, ports: Ports<StoredLook>, recipientId: string, closing: AbortSignal): Promise<SliceEnd> {
  const pacing = await openPacing(world, recipientId);
  const places = pacing.places();
  const endsAt = performance.now() + SLICE_MS;
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const road = openRoad(ports, places);
  const start = (claim: Claim): void => {
    const work = oneKey(world, road, pacing, claim)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work));
    running.add(work);
  };

  // A subscriber that does not answer its handshake, and a check, scenario by scenario, keep nothing else waiting: least of all a recall.
  let beside = true;
  let changed = false;
  let heldFor: number | null = null;
  let checking = false;
  const shaken = shakeHands(world, recipientId).then((made) => {
    changed = made;
  });
  const checked = runCheck(world, recipientId).then((check) => {
    checking = check !== null && check.endedAt === null;
  });
  const others = Promise.all([shaken, checked])
    .then(() => undefined)
    .catch((error: unknown) => void failures.push(error))
    .finally(() => {
      beside = false;
    });

  while (!closing.aborted && (beside || performance.now() < endsAt) && failures.length === 0) {
    const hands = places > 1 && !pacing.isPaced() && road.isQuick() ? (places * 5) / 2 : places;
    // Half of the places at a time: one claim for several keys, and still recalls first.
    if (running.size <= hands / 2) {
      const claims = await pacing.claim(hands - running.size);
      if (claims.length === 0 && running.size === 0) {
        heldFor = beside ? null : pacing.wait();
        if (!beside) break;
        await Promise.race([others, wait(LOOK_AGAIN_MS)]);
        continue;
      }
      claims.forEach(start);
      if (claims.length > 0) continue;
    }
    await Promise.race(running);
  }
  await Promise.allSettled([shaken, checked, ...running]);
  // What the ledger could not write down is told to the worker, which tries again later; the lease protects the key meanwhile.
  if (failures.length > 0) throw failures[0];
  await pacing.end();
  const { due, lookAt } = await nextOf(world.pool, recipientId, world.channels.sockets.processId);
  if (!due) await pacing.quiet();
  // What is due is held back: there is no use in coming again before.
  if (heldFor !== null && !checking)
    return { more: false, lookAt: Math.min(lookAt ?? Number.POSITIVE_INFINITY, Date.now() + Math.max(heldFor, NAP_MS)), changed };
  return { more: due || checking, lookAt, changed };
}

interface Road {
  readonly ports: Ports<StoredLook>;
  readonly isQuick: () => boolean;
  /** How the last exchange about a key ended; null where there was none. */
  readonly outcomeOf: (claim: Claim) => Outcome | null;
}

/** The ports with a road on which `places` exchanges find room at once, and whether the last of them was answered quickly. */
function openRoad(ports: Ports<StoredLook>, places: number): Road {
  const waiting: (() => void)[] = [];
  let free = places;
  let quick = false;
  const outcomes = new Map<string, Outcome>();
  const deliver: Ports<StoredLook>['deliver'] = async (claim, look, attempt) => {
    if (free > 0) free -= 1;
    // No recall waits behind an update.
    else await new Promise<void>((enter) => (attempt.action.kind === 'recall' ? waiting.unshift(enter) : waiting.push(enter)));
    const startedAt = performance.now();
    try {
      const outcome = await ports.deliver(claim, look, attempt);
      outcomes.set(claim.keyId, outcome);
      return outcome;
    } finally {
      quick = performance.now() - startedAt < QUICK_MS;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  const outcomeOf = ({ keyId }: Claim): Outcome | null => {
    const outcome = outcomes.get(keyId) ?? null;
    outcomes.delete(keyId);
    return outcome;
  };
  return { ports: { ...ports, deliver }, isQuick: () => quick, outcomeOf };
}

async function oneKey(world: World, road: Road, pacing: Pacing, claim: Claim): Promise<void> {
  for (let turn = 0; turn < CHANGES; turn++) {
    const named = { 'broker.key.id': claim.keyId, 'broker.recipient.id': claim.recipientId };
    const ended = await inSpan(SpanName.reconcile, named, () => reconcile(claim, road.ports));
    if (ended !== 'changed') return pacing.ended(claim, road.outcomeOf(claim));
  }
  await world.ledger.release(claim);
  await pacing.ended(claim, null);
}
