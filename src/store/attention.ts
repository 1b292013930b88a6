import { TaskCode } from '../../profiles/canonicals.ts';
import { DONE, endTask, raiseTask, taskId } from './broker-task.ts';
import type { StoredLook } from './ledger.ts';
import type pg from 'pg';
import { transaction } from './pool.ts';

/** Tells the plan's publisher that a person has to look: what reaches nobody is loud (I11, I12). One Task a key. */
export async function attention(pool: pg.Pool, look: StoredLook, reason: string): Promise<void> {
  const { plan, recipient } = look.facts;
  const task = {
    code: TaskCode.attention,
    owner: plan.publisher,
    kind: 'publisher' as const,
    focus: `CarePlan/${plan.version?.carePlanId ?? plan.id}`,
    reason,
    about: look.row.key_id,
    description: `Delivery to ${recipient.kind} ${recipient.ods} needs a person: ${reason}`,
  };
  await transaction(pool, (tx) => raiseTask(tx, task, { reopen: DONE }));
}

/** The id of a key's Task. */
export const attentionId = (publisher: string, keyId: string): string =>
  taskId({ code: TaskCode.attention, owner: publisher, about: keyId });

/** What was failing works again, and what was undecided is decided. */
export const calm = (pool: pg.Pool, look: StoredLook): Promise<void> =>
  transaction(pool, (tx) =>
    endTask(tx, { code: TaskCode.attention, owner: look.facts.plan.publisher, about: look.row.key_id }, 'completed'),
  );
