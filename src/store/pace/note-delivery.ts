import type pg from 'pg';
import { afterDelivery, afterQuiet, type Breaker, type Sign } from '../../decide/breaker.ts';
import { transaction } from '../pool.ts';
import { lockPace, type Pace, putBreaker } from './pace-row.ts';
import { tellOfTrouble, troubleIsOver } from './trouble-task.ts';

/** Who runs the broker, and how often an open breaker lets a key through, in milliseconds. */
export interface Watching {
  readonly operator: string;
  readonly probeEvery: number;
}

/** What a delivery says of its recipient; null: nothing is due there any more. */
export type Noted = { readonly sign: Sign; readonly key: string } | null;

/**
 * Works it into the recipient's breaker, and tells people at once when it opens or closes: who, what, since when and what to do (I12). Only for
 * what is news: a recipient that answers and was not in trouble is not written about.
 */
export const noteDelivery = (pool: pg.Pool, recipientId: string, noted: Noted, { operator, probeEvery }: Watching): Promise<Pace> =>
  transaction(pool, async (tx) => {
    const { pace, now } = await lockPace(tx, recipientId);
    const before = pace.breaker;
    const limits = { probeEvery, places: pace.places };
    const after: Breaker = noted === null ? afterQuiet(before) : afterDelivery(before, { ...noted, now, chance: Math.random() }, limits);
    if (after === before) return pace;
    await putBreaker(tx, recipientId, after);
    if (before.state === 'closed' && after.state === 'open') await tellOfTrouble(tx, { recipientId, operator, breaker: after, probeEvery });
    if (before.state !== 'closed' && after.state === 'closed') await troubleIsOver(tx, { recipientId, operator });
    return { ...pace, isPaced: pace.isBound || after.state !== 'closed', breaker: after };
  });
