import type pg from 'pg';
import { anomaly } from '../../model/anomaly.ts';
import type { PauseAsked, PauseState } from '../../model/pause.ts';
import { type Sql, statement, transaction } from '../pool.ts';
import { lockPace } from './pace-row.ts';
import { recipientIsWell, tellOfRecipient } from './recipient-task.ts';

/** Who asks: ODS code of who runs the broker, and the person behind the call, where one is known. */
export interface Pausing {
  readonly operator: string;
  readonly caller: string | null;
}

const isThere = statement<[string], { id: string }>('recipient-there', 'SELECT id FROM recipient WHERE id = $1');
const setPause = statement<[string, string, string, boolean], never>(
  'set-pause',
  `UPDATE pace SET paused_at = coalesce(paused_at, clock_timestamp()), paused_by = $2, paused_because = $3, holds_recalls = $4 WHERE recipient_id = $1`,
);
const endPause = statement<[string], never>(
  'end-pause',
  `UPDATE pace SET paused_at = NULL, paused_by = NULL, paused_because = NULL, holds_recalls = false WHERE recipient_id = $1`,
);
const onRecord = statement<[string, string, string | null, string, string | null], never>(
  'trail-of-pause',
  `INSERT INTO audit (event, organization, kind, caller, about, because) VALUES ($1, $2, 'operator', $3, $4, $5)`,
);
interface StateRow {
  readonly since: string | null;
  readonly by: string | null;
  readonly reason: string | null;
  readonly recalls: boolean | null;
  readonly owed: string;
}
const stateOf = statement<[string], StateRow>(
  'pause-of-recipient',
  `SELECT floor(extract(epoch FROM p.paused_at) * 1000) AS since, p.paused_by AS by, p.paused_because AS reason, p.holds_recalls AS recalls,
          (SELECT count(*) FROM ledger_key WHERE recipient_id = $1 AND rank = 0 AND look_at <= statement_timestamp()) AS owed
     FROM (SELECT 1) one LEFT JOIN pace p ON p.recipient_id = $1`,
);
const pausedWithRecalls = statement<[], { recipient_id: string }>(
  'paused-with-recalls',
  'SELECT recipient_id FROM pace WHERE paused_at IS NOT NULL AND holds_recalls ORDER BY 1',
);

async function stateNow(sql: Sql, recipientId: string): Promise<PauseState> {
  const [row] = await stateOf(sql, recipientId);
  if (row === undefined) throw new Error('a row was asked for');
  const { since, by, reason, recalls, owed } = row;
  const paused = since === null ? null : { since: Number(since), by: by ?? '', reason: reason ?? '', recalls: recalls === true };
  return { recipientId, paused, recallsOwed: Number(owed) };
}

async function tell(tx: Sql, { recipientId, paused, recallsOwed }: PauseState, operator: string): Promise<void> {
  if (paused === null) return;
  const recalls = paused.recalls
    ? `Recalls are held back too: ${recallsOwed} may be owed now, and whoever may no longer hold a plan there still does.`
    : 'Recalls still go.';
  await tellOfRecipient(
    tx,
    { recipientId, operator, matter: 'recipient-paused' },
    {
      what: `paused since ${new Date(paused.since).toISOString()} by ${paused.by}: ${paused.reason}. Updates of plans wait. ${recalls}`,
      todo: `End it as soon as its reason is gone: broker recipient resume ${recipientId}`,
    },
  );
}

const found = async (tx: Sql, recipientId: string): Promise<void> => {
  if ((await isThere(tx, recipientId)).length === 0) throw anomaly('not-found', 'there is no such recipient');
};

/**
 * Pauses a recipient, or changes the reason and reach of its pause: no update is claimed for it from here on, and no recall either where that is asked
 * for. What was claimed before ends within its `send_before`. On record, and loud: its Tasks stay until it is resumed. Throws `not-found`.
 */
export const pauseRecipient = (
  pool: pg.Pool,
  { recipientId, reason, recalls }: PauseAsked,
  { operator, caller }: Pausing,
): Promise<PauseState> =>
  transaction(pool, async (tx) => {
    await found(tx, recipientId);
    await lockPace(tx, recipientId);
    await setPause(tx, recipientId, caller ?? operator, reason, recalls);
    await onRecord(tx, 'pause', operator, caller, `HealthcareService/${recipientId}`, reason);
    const state = await stateNow(tx, recipientId);
    await tell(tx, state, operator);
    return state;
  });

/** Ends a pause: everything that waits is decided again, and goes. On record. The same answer where there was none. Throws `not-found`. */
export const resumeRecipient = (pool: pg.Pool, recipientId: string, { operator, caller }: Pausing): Promise<PauseState> =>
  transaction(pool, async (tx) => {
    await found(tx, recipientId);
    await lockPace(tx, recipientId);
    if ((await stateNow(tx, recipientId)).paused !== null) {
      await endPause(tx, recipientId);
      await onRecord(tx, 'resume', operator, caller, `HealthcareService/${recipientId}`, null);
      await recipientIsWell(tx, { recipientId, operator, matter: 'recipient-paused' });
    }
    return stateNow(tx, recipientId);
  });

/** Says anew how many recalls are owed to recipients whose pause holds them back; for a sweep. */
export async function tellOfPauses(pool: pg.Pool, operator: string): Promise<void> {
  for (const { recipient_id: recipientId } of await pausedWithRecalls(pool))
    await transaction(pool, async (tx) => {
      await lockPace(tx, recipientId);
      const state = await stateNow(tx, recipientId);
      if (state.paused?.recalls === true) await tell(tx, state, operator);
    });
}
