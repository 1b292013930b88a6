import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { doubted } from '../decide/doubted.ts';
import { anomaly } from '../model/anomaly.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import type { EventRange } from '../model/subscription-event.ts';
import { sealState, type SealedLedger } from './keys/sealed-state.ts';
import { lookAtKeys } from './look.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { TOLD, WITHIN } from './subscription-states.ts';

/** The most plans that one call has said again. */
const MOST_RESENT = 100;
/** As it stands on the trail. */
const BECAUSE = 'the subscriber asked for its events once more';

const activeOf = statement<[string], { recipient_id: string; open: boolean }>(
  'subscription-to-resend',
  `SELECT recipient_id, (facts->>'open')::boolean AS open FROM destination WHERE id = $1`,
);
// Of each plan the newest event among those asked for: what came before it is said by it.
const newest = statement<
  [string, number | null, number | null, number | null, number | null, number],
  { key_id: string; number: string; was_told: boolean }
>(
  'events-to-resend',
  `SELECT e.key_id, max(e.number) AS number, bool_or(${TOLD}) AS was_told FROM subscription_event e LEFT JOIN delivery d ON d.id = e.delivery_id
    WHERE ${WITHIN} GROUP BY e.key_id ORDER BY max(e.number) LIMIT $6`,
);
const lock = statement<[string], never>('lock-key-to-resend', 'SELECT FROM ledger_key WHERE id = $1::uuid FOR UPDATE');
const say = statement<[string, SealedLedger, string, string], never>(
  'say-again',
  // A generation of its own: an exchange that goes on now does not put it off.
  `WITH wanted AS (UPDATE subscription_event SET wanted = true WHERE subscription_id = $3 AND number = $4::bigint)
   UPDATE ledger_key SET state = $2, version = version + 1, generation = generation + 1, look_at = least(look_at, clock_timestamp()) WHERE id = $1::uuid`,
);
const onTrail = statement<[string, string, string | null, string, string, string, string], never>(
  'trail-of-resend',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, because)
   VALUES ('replay', $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7)`,
);

/**
 * Has the events of a range told once more, each plan by its newest event there and under that event's number. It sends nothing itself, and keeps no bytes: what
 * may be told now is decided again, as after any change. The caller has read the Subscription. Throws `conflict` where it is not active. Answers how many plans.
 */
export async function resendEvents(
  pool: pg.Pool,
  principal: Pick<Principal, 'organization' | 'kind' | 'user'>,
  subscriptionId: string,
  range: EventRange,
  nudge: (recipientId: string) => void,
): Promise<number> {
  const done = await transaction(pool, (tx) => resendIn(tx, principal, subscriptionId, range));
  if (done.keys > 0) nudge(done.recipientId);
  return done.keys;
}

async function resendIn(
  tx: Sql,
  { organization, kind, user }: Pick<Principal, 'organization' | 'kind' | 'user'>,
  subscriptionId: string,
  { sinceNumber, untilNumber, since, until }: EventRange,
): Promise<{ readonly keys: number; readonly recipientId: string }> {
  const [destination] = await activeOf(tx, subscriptionId);
  if (destination === undefined || !destination.open)
    throw anomaly('conflict', 'is not active: write it again with the status requested', 'Subscription.status');
  let keys = 0;
  for (const { key_id: keyId, number, was_told: wasTold } of await newest(
    tx,
    subscriptionId,
    sinceNumber,
    untilNumber,
    since,
    until,
    MOST_RESENT,
  )) {
    await lock(tx, keyId);
    const [row] = await lookAtKeys(tx, [keyId]);
    // Its person was erased: there is nothing to be told of any more.
    if (row === undefined || row.key === null) continue;
    const place = { address: row.destination.address, identity: '-' };
    const state: Ledger = doubted(row.state, { id: randomUUID(), place, wasTold });
    await say(tx, keyId, sealState(row.key, keyId, state), subscriptionId, number);
    await onTrail(tx, organization, kind, user, row.person_id, row.plan_id, keyId, BECAUSE);
    keys += 1;
  }
  return { keys, recipientId: destination.recipient_id };
}
