import type { Task } from '@medplum/fhirtypes';
import type pg from 'pg';
import { System, TaskCode } from '../../profiles/canonicals.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { Outcome } from '../model/ledger.ts';
import type { BrokerTask } from './broker-task.ts';
import { endTask, raiseTask } from './broker-task.ts';
import { type Sql, transaction } from './pool.ts';

/** A recall that a recipient polls: what it holds, by its own id. */
export interface RecallTask {
  /** What tells this recall from another: a retry has the same. */
  readonly documentId: string;
  readonly ods: string;
  readonly kind: RecipientKind;
  readonly keyId: string;
  readonly disclosureId: string;
}

/** Asks by a Task, and looks at its answer: the recall is accepted when the recipient says that it is done, and owed until then. */
export async function askByTask(pool: pg.Pool, { documentId, ods, kind, keyId, disclosureId }: RecallTask): Promise<Outcome> {
  const task: BrokerTask = {
    code: TaskCode.recall,
    owner: ods,
    kind,
    focus: `CarePlan/${disclosureId}`,
    reason: 'withdrawn',
    about: `${keyId} ${documentId}`,
    description: 'Give up every copy of this plan, then mark this Task as completed',
  };
  const { status, updatedAt } = await transaction(pool, (tx) => raiseTask(tx, task, { reopen: false }));
  if (status === 'completed') return { kind: 'accepted', level: 'application', at: updatedAt };
  return { kind: 'unknown', because: status === 'rejected' || status === 'failed' ? 'recall-task-refused' : 'recall-task-open' };
}

/** The recall is no longer wanted: a Task that still asks for it is taken back. */
export const takeBackTask = (pool: pg.Pool, { documentId, ods, keyId }: Omit<RecallTask, 'disclosureId' | 'kind'>): Promise<void> =>
  transaction(pool, (tx) => endTask(tx, { code: TaskCode.recall, owner: ods, about: `${keyId} ${documentId}` }, 'cancelled'));

/** A recipient has answered a recall Task: the key is looked at again. */
export async function recallAnswered(sql: Sql, task: Task): Promise<void> {
  const isRecall = (task.code?.coding ?? []).some(({ system, code }) => system === System.taskCode && code === TaskCode.recall);
  const disclosureId = /CarePlan\/([0-9a-f-]{36})$/.exec(task.focus?.reference ?? '')?.[1];
  if (!isRecall || disclosureId === undefined) return;
  await sql.query({
    name: 'recall-answered',
    text: `UPDATE ledger_key SET generation = generation + 1, look_at = least(look_at, clock_timestamp()), rank = 0 WHERE disclosure_id = $1`,
    values: [disclosureId],
  });
}
