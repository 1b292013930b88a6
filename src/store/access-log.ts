import type pg from 'pg';
import { type Access, type AccessPage, TOLD_EVENTS } from '../model/access-log.ts';
import type { Heading } from '../model/heading.ts';
import { isKind, type Purpose } from '../model/kind.ts';
import type { Principal } from '../model/principal.ts';
import type { AuditIds } from './audit-id.ts';
import { IS_OWN } from './own-records.ts';
import { type Sql, statement } from './pool.ts';
import { onRecord } from './sharing.ts';

interface Row {
  readonly serial: string;
  readonly at: Date;
  readonly event: string;
  readonly because: string | null;
  readonly organization: string;
  readonly name: string | null;
  readonly kind: string;
  readonly purpose: Purpose | null;
  readonly reason: string | null;
  readonly headings: readonly Heading[] | null;
}

const recordsOf = statement<[string, string | null], { person_id: string; patients: string[] }>(
  'records-of-access-log',
  // To the person, each publisher's record of them; to a publisher, the one that it asked for.
  `SELECT own.person_id, ARRAY(SELECT pt.patient_id FROM patient_fact pt WHERE pt.person_id = own.person_id
            AND CASE WHEN $2::uuid IS NULL THEN pt.patient_id = own.patient_id ELSE ${IS_OWN} END) AS patients
     FROM patient_fact own WHERE own.patient_id = $1 AND own.person_id = coalesce($2::uuid, own.person_id)`,
);
// One look leaves a row for each plan, and for each record without one: whoever reads of several records is told of it once.
const TOLD_BESIDE = `EXISTS (SELECT FROM audit b LEFT JOIN plan q ON q.id = b.plan_id
  WHERE b.person_id = $1::uuid AND b.event = 'emergency' AND b.organization = a.organization AND b.id <> a.id
    AND b.at BETWEEN a.at - interval '1 second' AND a.at + interval '1 second'
    AND (q.patient_id = ANY($2::text[]) OR b.plan_id IS NULL AND b.about = ANY($5::text[]) AND b.id < a.id))`;
const looks = statement<[string, string[], string | null, number, string[]], Row>(
  'access-log',
  // Along the indexes of the trail: of the person, and of the keys of their plans. A look at a plan of a record that is another's now is not theirs;
  // emergency access that found no plan is the person's. Of what was refused nothing else is told: it may be others' business.
  `SELECT a.id AS serial, a.at, a.event, a.because, a.organization, a.kind, a.purpose, a.reason, a.headings,
          (SELECT o.body::jsonb->>'name' FROM resource_token t JOIN resource o ON o.serial = t.serial
            WHERE t.type = 'Organization' AND t.param = 'identifier' AND t.token = 'https://fhir.nhs.uk/Id/ods-organization-code|' || a.organization LIMIT 1) AS name
     FROM audit a LEFT JOIN plan p ON p.id = a.plan_id
    WHERE (a.person_id = $1::uuid OR a.key_id = ANY(ARRAY(SELECT k.id FROM ledger_key k JOIN plan o ON o.id = k.plan_id WHERE o.patient_id = ANY($2::text[]))))
      AND CASE WHEN a.plan_id IS NULL THEN a.event = 'emergency' AND (a.about IS NULL OR a.about = ANY($5::text[])) AND NOT ${TOLD_BESIDE}
               ELSE p.patient_id = ANY($2::text[])
                AND (a.event IN ('emergency', 'inspect') OR a.because IS NULL AND a.event IN ('disclose', 'read', 'confirm', 'flag', 'flag-list', 'match')) END
      AND ($3::bigint IS NULL OR a.id < $3::bigint)
    ORDER BY a.id DESC LIMIT $4`,
);

/** Whether an entry of the log is one of those about one record that the person is told of. */
export const isTold = async (sql: Sql, ids: AuditIds, personId: string, patientId: string, id: string): Promise<boolean> => {
  const serial = ids.toSerial(id);
  if (serial === null) return false;
  const [newest] = await looks(sql, personId, [patientId], String(BigInt(serial) + 1n), 1, [`Patient/${patientId}`]);
  return newest?.serial === serial;
};

const toAccess = (row: Row, ids: AuditIds): Access => {
  const event = TOLD_EVENTS.find((each) => each === row.event);
  if (event === undefined || !isKind(row.kind)) throw new Error('the trail holds what is not known');
  const { at, because, organization, name, kind, purpose, reason, headings } = row;
  // Why an auditor was shown it stands where other rows say why they were refused.
  const shown = because === null || event === 'inspect';
  return { id: ids.toId(row.serial), at: at.getTime(), event, shown, organization, name, kind, purpose, reason, headings: headings ?? [] };
};

/**
 * Who was shown the plans of a person, and who asked in an emergency, newest first: to the person across every publisher, to a publisher those of its
 * own record. The caller has read the Patient. On record before it answers.
 */
export const accessLog = async (
  pool: pg.Pool,
  ids: AuditIds,
  principal: Principal,
  patientId: string,
  { after, count }: AccessPage,
): Promise<readonly Access[]> => {
  const [of] = await recordsOf(pool, patientId, principal.personId ?? null);
  const before = after === null ? null : (ids.toSerial(after) ?? '0');
  const named = (of?.patients ?? []).map((id) => `Patient/${id}`);
  const rows = of === undefined ? [] : await looks(pool, of.person_id, of.patients, before, count, named);
  await onRecord(pool, 'access-log', principal, patientId, null);
  return rows.map((row) => toAccess(row, ids));
};
