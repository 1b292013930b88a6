import { randomUUID } from 'node:crypto';
import type { Task } from '@medplum/fhirtypes';
import type pg from 'pg';
import { System, TaskCode } from '../../profiles/canonicals.ts';
import { anomaly } from '../model/anomaly.ts';
import type { Raised } from '../model/concern.ts';
import type { Principal } from '../model/principal.ts';
import { isTold } from './access-log.ts';
import type { AuditIds } from './audit-id.ts';
import { callerOf, IS_OWN, isPlanOfRecord } from './own-records.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { putNext } from './resources.ts';
import { onRecord } from './sharing.ts';

/** Concerns that one person may raise with one publisher in a day. */
export const MOST_A_DAY = 10;

// One after another, and the lock before the statement that counts: its snapshot is taken when it begins. Two at once are two.
const takeTurn = statement<[string], never>('turn-of-concern', "SELECT pg_advisory_xact_lock(8, hashtext('concern ' || $1))");
const recordOf = statement<[string, string], { owner: string; raised: string; now: Date }>(
  'record-of-concern',
  `SELECT pt.owner, clock_timestamp() AS now, (SELECT count(*) FROM concern c
            WHERE c.patient_id = pt.patient_id AND c.raised_at > clock_timestamp() - interval '1 day') AS raised
     FROM patient_fact pt WHERE pt.patient_id = $2 AND pt.person_id = $1::uuid AND ${IS_OWN}`,
);
const holdPerson = statement<[string], never>('hold-person-of-concern', 'SELECT pg_advisory_xact_lock_shared(1, hashtext($1))');
const keep = statement<[string, string], never>('keep-concern', 'INSERT INTO concern (task_id, patient_id) VALUES ($1, $2)');
const raisedBy = statement<[string], { task_id: string }>(
  'own-concerns',
  `SELECT c.task_id FROM concern c JOIN patient_fact pt ON pt.patient_id = c.patient_id
    WHERE pt.person_id = $1::uuid AND ${IS_OWN} ORDER BY c.raised_at DESC, c.task_id LIMIT 200`,
);

const AT = "Parameters.parameter.where(name='about')";
const SAYS = { correction: 'asks for a correction', complaint: 'complains' } as const;

/** What it is about is of this record, so that its publisher knows it by that name. Throws `incorrect`, in the same words for another's and for nothing. */
const focusOf = async (sql: Sql, ids: AuditIds, personId: string, patientId: string, about: Raised['about']): Promise<string> => {
  if (about === null) return `Patient/${patientId}`;
  const isKnown =
    about.type === 'CarePlan'
      ? await isPlanOfRecord(sql, personId, about.id, patientId)
      : await isTold(sql, ids, personId, patientId, about.id);
  if (!isKnown) throw anomaly('incorrect', 'names no plan in force of this record, and no look at one', AT);
  return `${about.type}/${about.id}`;
};

/**
 * Tells the privacy officer of the publisher of a record what the person whose it is asks, and puts it on record; answers the id of the Task, which the
 * person may read. It is the publisher's own, and sealed under the record's key: who is erased takes their words along. The caller has the Patient.
 */
export const raiseConcern = (
  pool: pg.Pool,
  ids: AuditIds,
  principal: Principal,
  patientId: string,
  { concern, text, about }: Raised,
): Promise<string> =>
  transaction(pool, async (tx) => {
    const personId = callerOf(principal);
    await takeTurn(tx, patientId);
    // Whose record it is stays so until this is committed: a correction waits.
    await holdPerson(tx, personId);
    const [record] = await recordOf(tx, personId, patientId);
    if (record === undefined) throw anomaly('not-found', 'there is no such resource here');
    if (Number(record.raised) >= MOST_A_DAY) throw anomaly('busy', `${MOST_A_DAY} may be raised with one trust in a day: ring them`);
    const id = randomUUID();
    const task: Task = {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: System.taskCode, code: TaskCode[concern] }] },
      statusReason: { text: concern },
      description: `For the privacy officer: the person ${SAYS[concern]}. ${text}`,
      focus: { reference: await focusOf(tx, ids, personId, patientId, about) },
      for: { reference: `Patient/${patientId}` },
      requester: { reference: `Patient/${patientId}` },
      performerType: [{ coding: [{ system: System.kind, code: 'publisher' }] }],
      authoredOn: record.now.toISOString(),
      owner: { type: 'Organization', identifier: { system: System.odsOrganization, value: record.owner } },
    };
    await putNext(tx, task, id, record.owner, null, record.now, 'publisher');
    await keep(tx, id, patientId);
    await onRecord(tx, 'concern', principal, patientId, `Task/${id}`);
    return id;
  });

/** Ids of the Tasks that the person who calls has raised, newest first. */
export const ownConcerns = async (sql: Sql, principal: Principal): Promise<readonly string[]> =>
  (await raisedBy(sql, callerOf(principal))).map(({ task_id }) => task_id);
