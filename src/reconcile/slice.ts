import { setTimeout as wait } from 'node:timers/promises';
import type { StoredLook } from '../store/ledger.ts';
import { isOrdered, nextOf } from '../store/due.ts';
import { runCheck } from './check/run-check.ts';
import { shakeHands } from './handshake.ts';
import type { Claim, Ports } from './ports.ts';
import type { World } from './ports-on.ts';
import { reconcile } from './reconcile.ts';

/** How long one job works before it lets others in. */
const SLICE_MS = 1_000;
/** Exchanges with one recipient at once. */
const IN_FLIGHT = 16;
/** A recipient that answers within this has half as many keys again being read and written down: where those wait for the disk, its road does not. */
const QUICK_MS = 100;
/** How often new keys are looked for while a handshake is waited for. */
const LOOK_AGAIN_MS = 100;
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
  const places = (await isOrdered(world.pool, recipientId)) ? 1 : IN_FLIGHT;
  const endsAt = performance.now() + SLICE_MS;
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const road = openRoad(ports, places);
  const start = (claim: Claim): void => {
    const work = oneKey(world, road.ports, claim)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work));
    running.add(work);
  };

  // A subscriber that does not answer its handshake, and a check, scenario by scenario, keep nothing else waiting: least of all a recall.
  let beside = true;
  let changed = false;
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
    const hands = places > 1 && road.isQuick() ? (places * 7) / 4 : places;
    // Half of the places at a time: one claim for several keys, and still recalls first.
    if (running.size <= hands / 2) {
      const claims = await world.ledger.claim(recipientId, hands - running.size);
      if (claims.length === 0 && running.size === 0) {
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
  const { due, lookAt } = await nextOf(world.pool, recipientId);
  return { more: due || checking, lookAt, changed };
}

/** The ports with a road on which `places` exchanges find room at once, and whether the last of them was answered quickly. */
function openRoad(ports: Ports<StoredLook>, places: number): { readonly ports: Ports<StoredLook>; readonly isQuick: () => boolean } {
  const waiting: (() => void)[] = [];
  let free = places;
  let quick = false;
  const deliver: Ports<StoredLook>['deliver'] = async (claim, look, attempt) => {
    if (free > 0) free -= 1;
    // No recall waits behind an update.
    else await new Promise<void>((enter) => (attempt.action.kind === 'recall' ? waiting.unshift(enter) : waiting.push(enter)));
    const startedAt = performance.now();
    try {
      return await ports.deliver(claim, look, attempt);
    } finally {
      quick = performance.now() - startedAt < QUICK_MS;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  return { ports: { ...ports, deliver }, isQuick: () => quick };
}

async function oneKey(world: World, ports: Ports<StoredLook>, claim: Claim): Promise<void> {
  for (let turn = 0; turn < CHANGES; turn++) {
    if ((await reconcile(claim, ports)) !== 'changed') return;
  }
  await world.ledger.release(claim);
}
