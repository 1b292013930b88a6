import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import { DONE, endTaskById, raiseTask, taskId } from './broker-task.ts';
import { type KeyRow, factsOf, lookAtKeys } from './look.ts';
import { AWAITED } from './mailbox-messages.ts';
import { statement, transaction } from './pool.ts';

/** Keys, or Tasks, at a time. */
const BATCH = 100;

/** Whether something of the key of a delivery `d` is waited for that may still lie in its mailbox. */
const LIES = `EXISTS (SELECT FROM mailbox_message n JOIN delivery e ON e.id = n.delivery_id JOIN ledger_key k ON k.id = e.key_id
  WHERE e.key_id = d.key_id AND n.left_at IS NULL AND ${AWAITED('n')})`;

const late = statement<[number], { key_id: string }>(
  'uncollected-keys',
  // After six days MESH has given back what lay there, and has told so.
  `SELECT DISTINCT d.key_id FROM mailbox_message m JOIN delivery d ON d.id = m.delivery_id
    WHERE m.left_at IS NULL AND m.told_task IS NULL AND m.look_by <= clock_timestamp() AND m.taken_at > clock_timestamp() - interval '6 days' AND ${LIES} LIMIT $1`,
);
const told = statement<[string, string], never>(
  'note-uncollected',
  `UPDATE mailbox_message m SET told_task = $2 FROM delivery d
    WHERE d.id = m.delivery_id AND d.key_id = $1::uuid AND m.left_at IS NULL AND m.look_by <= clock_timestamp()`,
);
const over = statement<[number], { told_task: string }>(
  'collected-after-all',
  `SELECT DISTINCT m.told_task FROM mailbox_message m JOIN delivery d ON d.id = m.delivery_id WHERE m.told_task IS NOT NULL AND NOT ${LIES} LIMIT $1`,
);
const toldNoMore = statement<[string], never>('uncollected-no-more', 'UPDATE mailbox_message SET told_task = NULL WHERE told_task = $1');

const matterOf = (publisher: string, keyId: string) => ({ code: TaskCode.attention, owner: publisher, about: `${keyId} in-mailbox` });

/** The id of the Task that tells that what was sent for a key lies in a mailbox. */
export const uncollectedId = (publisher: string, keyId: string): string => taskId(matterOf(publisher, keyId));

const taskOf = (row: KeyRow) => {
  const { plan, recipient } = factsOf(row, row.destination);
  return {
    ...matterOf(plan.publisher, row.key_id),
    kind: 'publisher' as const,
    focus: `CarePlan/${plan.version?.carePlanId ?? plan.id}`,
    reason: `${row.state.last?.kind ?? 'update'}-not-collected-yet`,
    description: `What was sent to ${recipient.kind} ${recipient.ods} lies in its MESH mailbox, and nobody has taken it out: see to it that somebody looks there`,
  };
};

/**
 * Tells publishers of what lies in a mailbox for longer than its recipient promised (I12), one Task a key, counted from the oldest; and ends the Tasks of what was
 * taken out or answered since. Changes nothing of what is believed, or of what is sent.
 */
export async function tellOfUncollected(pool: pg.Pool): Promise<void> {
  for (let more = true; more; ) {
    const ends = await over(pool, BATCH);
    for (const { told_task: id } of ends)
      await transaction(pool, async (tx) => {
        await endTaskById(tx, id, 'completed');
        await toldNoMore(tx, id);
      });
    more = ends.length === BATCH;
  }
  for (let more = true; more; ) {
    const keys = await late(pool, BATCH);
    for (const row of await lookAtKeys(
      pool,
      keys.map(({ key_id }) => key_id),
    ))
      await transaction(pool, async (tx) => {
        const { id } = await raiseTask(tx, taskOf(row), { reopen: DONE });
        await told(tx, row.key_id, id);
      });
    more = keys.length === BATCH;
  }
}
