import { createHash } from 'node:crypto';
import type { Task } from '@medplum/fhirtypes';
import { System, type TaskCode } from '../../profiles/canonicals.ts';
import type { Kind } from '../model/kind.ts';
import type { Instant } from '../model/instant.ts';
import { type Sql, statement } from './pool.ts';
import { lockResource, putNext, readResource } from './resources.ts';

/** Work for a person or a system that the broker raises. Holds no words of a plan and no identifier of the person. */
export interface BrokerTask {
  readonly code: (typeof TaskCode)[keyof typeof TaskCode];
  /** ODS code of the organisation that has it to do. */
  readonly owner: string;
  /** The kind of its service that has it to do: one ODS code may be several. */
  readonly kind: Kind;
  /** `CarePlan/…` or `Encounter/…`, by the id under which its owner knows it; null where it is about nothing of theirs. */
  readonly focus: string | null;
  /** One of the broker's constants; never words of a plan. */
  readonly reason: string;
  /** What the same Task is made of a second time. */
  readonly about: string;
  readonly description: string;
}

/** Why it was raised, for the figures: the Task itself is sealed. */
const noteReason = statement<[string, string, string], never>(
  'note-task-reason',
  'INSERT INTO task_reason (id, code, reason) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET reason = $3',
);

/** The same id for the same matter: raised twice, there is one Task. */
export const taskId = (task: Pick<BrokerTask, 'code' | 'owner' | 'about'>): string =>
  createHash('sha256').update(`${task.code} ${task.owner} ${task.about}`).digest('hex').slice(0, 32);

/**
 * Raises a Task, or opens it again where its status is one of `reopen`; answers its status as it then is, and its id. Inside a
 * transaction: the same matter waits its turn, and for whoever answers it.
 */
export async function raiseTask(
  sql: Sql,
  task: BrokerTask,
  options: { readonly reopen: readonly string[] },
): Promise<{ id: string; status: string; updatedAt: Instant }> {
  const id = taskId(task);
  const now = await lockResource(sql, 'Task', id);
  const previous = await readResource(sql, 'Task', id);
  const status = previous === null ? null : (previous.body as Task).status;
  if (status !== null && !options.reopen.includes(status)) return { id, status, updatedAt: previous?.updatedAt ?? 0 };
  const body: Task = {
    resourceType: 'Task',
    identifier: [{ system: `${System.taskCode}/matter`, value: id }],
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: System.taskCode, code: task.code }] },
    statusReason: { text: task.reason },
    description: task.description,
    ...(task.focus === null ? {} : { focus: { reference: task.focus } }),
    performerType: [{ coding: [{ system: System.kind, code: task.kind }] }],
    authoredOn: now.toISOString(),
    owner: { type: 'Organization', identifier: { system: System.odsOrganization, value: task.owner } },
  };
  const { updatedAt } = await putNext(sql, body, id, 'BROKER', previous, now);
  await noteReason(sql, id, task.code, task.reason);
  return { id, status: 'requested', updatedAt };
}

/** Whether one of these Tasks was raised before, whatever became of it. */
export async function isRaised(sql: Sql, tasks: readonly Pick<BrokerTask, 'code' | 'owner' | 'about'>[]): Promise<boolean> {
  for (const task of tasks) if ((await readResource(sql, 'Task', taskId(task))) !== null) return true;
  return false;
}

/** Marks a Task as done by the broker itself, because its matter is; nothing where there is none. */
export async function endTask(
  sql: Sql,
  task: Pick<BrokerTask, 'code' | 'owner' | 'about'>,
  status: 'completed' | 'cancelled',
): Promise<void> {
  await endTaskById(sql, taskId(task), status);
}

/** The same by its id. */
export async function endTaskById(sql: Sql, id: string, status: 'completed' | 'cancelled'): Promise<void> {
  const now = await lockResource(sql, 'Task', id);
  const previous = await readResource(sql, 'Task', id);
  if (previous === null || DONE.includes((previous.body as Task).status)) return;
  await putNext(sql, { ...(previous.body as Task), status }, previous.id, previous.owner, previous, now);
}

/** Statuses that nobody leads a Task out of but the broker, which asks again. */
export const ENDED: readonly string[] = ['completed', 'cancelled', 'entered-in-error'];
/** Statuses in which nothing more is done. */
export const DONE: readonly string[] = ['completed', 'cancelled', 'failed', 'rejected', 'entered-in-error'];
