import type pg from 'pg';
import { desired } from '../decide/desired.ts';
import { step } from '../decide/step.ts';
import { anomaly } from '../model/anomaly.ts';
import { holds } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import { factsOf, lookAtKeys } from './look.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** What a person asks to have sent once more. */
export interface Replay {
  /** The key (`ledger show`), the id under which its recipient knows the plan, or that of a CarePlan. */
  readonly key: string;
  /** The Endpoint or Subscription; null where the key names one. */
  readonly destinationId: string | null;
  /** Kept on the trail: names nobody (I8). */
  readonly reason: string;
}

/** What follows: `update` and `recall` go as soon as the key is looked at again and it is decided again that they may; `none` where nothing is owed. */
export interface Replayed {
  readonly key: string;
  readonly recipientId: string;
  readonly move: 'update' | 'recall' | 'none';
  /** The same message in a new Bundle, under its old MessageHeader.id; else a new one. */
  readonly resubmits: boolean;
  /** Why nothing may be held there; null where something may. */
  readonly because: string | null;
}

const keysNamed = statement<[string, string | null], { id: string }>(
  'keys-to-replay',
  `SELECT k.id FROM ledger_key k WHERE ($2::text IS NULL OR k.destination_id = $2)
      AND (k.id::text = $1 OR k.disclosure_id::text = $1 OR k.plan_id IN (SELECT plan_id FROM approved_version WHERE care_plan_id = $1)) LIMIT 2`,
);
const lockKey = statement<[string], never>('lock-key-to-replay', 'SELECT FROM ledger_key WHERE id = $1::uuid FOR UPDATE');
const ask = statement<[string], never>(
  'ask-for-replay',
  // A generation of its own: an exchange that goes on now does not put it off.
  `UPDATE ledger_key SET state = state || '{"replay": true}', version = version + 1, generation = generation + 1,
          look_at = least(look_at, clock_timestamp()) WHERE id = $1::uuid`,
);
const onTrail = statement<[string, string, string | null, string, string, string, string], never>(
  'trail-of-replay',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, because)
   VALUES ('replay', $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7)`,
);

/**
 * Has what is in doubt, refused or awaited at one key sent once more, and puts it on the trail. It sends nothing itself: the key is looked at, and what is
 * desired is decided again, as after any change of a fact. Throws `not-found` where there is no such key, `conflict` where several are named.
 */
export const replay = async (
  pool: pg.Pool,
  by: Pick<Principal, 'organization' | 'kind' | 'user'>,
  asked: Replay,
  nudge: (recipientId: string) => void,
): Promise<Replayed> => {
  const replayed = await transaction(pool, (tx) => replayIn(tx, by, asked));
  if (replayed.move !== 'none') nudge(replayed.recipientId);
  return replayed;
};

async function replayIn(
  tx: Sql,
  { organization, kind, user }: Pick<Principal, 'organization' | 'kind' | 'user'>,
  { key, destinationId, reason }: Replay,
): Promise<Replayed> {
  const [named, another] = await keysNamed(tx, key, destinationId);
  if (named === undefined) throw anomaly('not-found', 'there is no such key', "Parameters.parameter.where(name='key')");
  if (another !== undefined) throw anomaly('conflict', 'names several keys: name one of them', "Parameters.parameter.where(name='key')");
  await lockKey(tx, named.id);
  const [row] = await lookAtKeys(tx, [named.id]);
  if (row === undefined) throw new Error('a key that was locked is gone');
  const facts = factsOf(row, row.destination);
  const want = desired(facts, Number(row.now));
  const action = step(want, { ...row.state, replay: true }, Number(row.now), facts.destination);
  if (action.kind !== 'rest') await ask(tx, named.id);
  await onTrail(tx, organization, kind, user, row.person_id, row.plan_id, named.id, reason);
  return {
    key: named.id,
    recipientId: row.recipient_id,
    move: action.kind === 'rest' ? 'none' : action.kind,
    resubmits: action.kind !== 'rest' && action.resubmits === true,
    because: holds(want) ? null : want.because,
  };
}
