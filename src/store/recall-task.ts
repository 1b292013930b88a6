import type { Task } from '@medplum/fhirtypes';
import type pg from 'pg';
import { System, TaskCode } from '../../profiles/canonicals.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { Outcome } from '../model/ledger.ts';
import type { BrokerTask } from './broker-task.ts';
import { DONE, endTask, raiseTask, taskId } from './broker-task.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** A recall that a recipient polls: what it holds, by its own id. */
export interface RecallTask {
  /** What tells this recall from another: a retry has the same. */
  readonly documentId: string;
  readonly ods: string;
  readonly kind: RecipientKind;
  readonly keyId: string;
  readonly disclosureId: string;
}

const ASKED = 'recall-task-open';
const REFUSED = 'recall-task-refused';

/** Whether a Task waits that nobody has answered yet. */
export const isOpenTask = (because: string | null): boolean => because === ASKED;

/** Whether an outcome says that a Task waits: its answer is heard when it comes, so that nobody need ask for it every minute. */
export const isAskedByTask = (because: string | null): boolean => because === ASKED || because === REFUSED;

/**
 * Asks by a Task, and looks at its answer: the recall is accepted when the recipient says that it is done, and owed until then. One
 * that was taken back meanwhile is asked again.
 */
export async function askByTask(pool: pg.Pool, { documentId, ods, kind, keyId, disclosureId }: RecallTask): Promise<Outcome> {
  const task: BrokerTask = {
    code: TaskCode.recall,
    owner: ods,
    kind,
    focus: `CarePlan/${disclosureId}`,
    reason: 'withdrawn',
    about: `${keyId} ${documentId}`,
    description: 'Give up every copy of this plan that you have now, then mark this Task as completed; a read shows what you may see',
  };
  const { status, updatedAt } = await transaction(pool, (tx) => raiseTask(tx, task, { reopen: ['cancelled'] }));
  if (status === 'completed') return { kind: 'accepted', level: 'application', at: updatedAt };
  return { kind: 'unknown', because: status === 'rejected' || status === 'failed' ? REFUSED : ASKED };
}

const documentsAsked = statement<[string], { document_id: string }>(
  'documents-asked-by-task',
  `SELECT DISTINCT document_id FROM delivery WHERE key_id = $1 AND action = 'recall'`,
);
const openTasks = statement<[string[], readonly string[]], { id: string }>(
  'open-tasks',
  // By what they are found by: what they say is sealed.
  `SELECT r.id FROM resource r WHERE r.type = 'Task' AND r.id = ANY($1::text[])
      AND NOT EXISTS (SELECT FROM resource_token t WHERE t.serial = r.serial AND t.param = 'status' AND t.token = ANY($2::text[]))`,
);

/** Nothing is owed at a key any more: a Task that still asks to give something up is taken back. */
export async function takeBackTasks(pool: pg.Pool, { keyId, ods }: Pick<RecallTask, 'keyId' | 'ods'>): Promise<void> {
  const asked = (await documentsAsked(pool, keyId)).map(({ document_id }) => ({
    code: TaskCode.recall,
    owner: ods,
    about: `${keyId} ${document_id}`,
  }));
  if (asked.length === 0) return;
  const open = (await openTasks(pool, asked.map(taskId), DONE)).map(({ id }) => id);
  for (const task of asked.filter((each) => open.includes(taskId(each)))) await transaction(pool, (tx) => endTask(tx, task, 'cancelled'));
}

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
