import type pg from 'pg';
import type { Principal } from '../model/principal.ts';
import { type DecidedBy, TRAIL_EVENTS, type TrailEntry } from '../model/trail.ts';
import type { AuditIds } from './audit-id.ts';
import type { TrailSearch } from './door.ts';

interface Row {
  readonly serial: string;
  readonly at: Date;
  readonly event: string;
  readonly refused: boolean;
  readonly because: string | null;
  readonly reason: string | null;
  readonly organization: string;
  readonly kind: string;
  readonly caller: string | null;
  readonly purpose: string | null;
  readonly headings: readonly string[] | null;
  readonly digest: string | null;
  readonly about: string | null;
  readonly decided_by: DecidedBy | null;
  readonly patient_id: string | null;
  readonly care_plan_id: string | null;
  readonly number: number | null;
}

/** Of the others `because` says why something was done. */
const REFUSED = `(a.because IS NOT NULL AND a.event NOT IN ('recall', 'erase', 'inspect', 'pause', 'replay', 'chase-end', 'endpoint'))`;

/** An emergency look at somebody of whom a trust has a record and no plan names that record. */
const NAMES_PATIENT = `a.event = 'emergency' AND a.about IS NOT NULL`;
const WITHOUT_PLAN = `a.plan_id IS NULL AND ${NAMES_PATIENT}`;
const PATIENT_NAMED = `CASE WHEN ${WITHOUT_PLAN} THEN substr(a.about, 9) END`;
const ofPublisher = (ods: string): string =>
  `(p.publisher = ${ods} OR ${WITHOUT_PLAN} AND EXISTS (SELECT FROM patient_fact f WHERE f.patient_id = substr(a.about, 9) AND f.owner = ${ods}))`;

/** Agreements and recipients are the operator's own. */
const OPERATORS_OWN: readonly string[] = ['agreement', 'reuse', 'ending', 'pause', 'resume', 'endpoint'];

/**
 * Rows of the trail, newest first, within the caller's reach: a publisher those about plans that it published, and emergency looks at its Patients who
 * have none; an operator every row and of none the person, the plan, its headings, its digest or what decided. Nothing is added to the trail's own table: its insert is the hottest there is.
 */
export async function searchTrail(pool: pg.Pool, ids: AuditIds, principal: Principal, search: TrailSearch): Promise<readonly TrailEntry[]> {
  const isOperator = principal.kind === 'operator';
  if (isOperator && (search.patients !== null || search.carePlans !== null)) return [];
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const where: string[] = isOperator ? [] : [ofPublisher(put(principal.organization))];
  if (search.ids !== null) where.push(`a.id = ANY(${put(search.ids.flatMap((id) => ids.toSerial(id) ?? []))}::bigint[])`);
  if (search.from !== null) {
    const from = `to_timestamp(${put(search.from)}::double precision / 1000)`;
    where.push(`a.at >= ${from}`, `a.id >= audit_serial_at(${from} - interval '1 minute')`);
  }
  if (search.before !== null) {
    const before = `to_timestamp(${put(search.before)}::double precision / 1000)`;
    where.push(`a.at < ${before}`, `a.id < audit_serial_at(${before} + interval '1 minute')`);
  }
  if (search.agents !== null) where.push(`a.organization = ANY(${put(search.agents)}::text[])`);
  if (search.kinds !== null) where.push(`a.event || CASE WHEN ${REFUSED} THEN ' refused' ELSE '' END = ANY(${put(search.kinds)}::text[])`);
  if (search.patients !== null) where.push(ofPatients(`${put(search.patients)}::text[]`));
  if (search.carePlans !== null) {
    const named = `${put(search.carePlans)}::text[]`;
    where.push(
      ofPatients(`ARRAY(SELECT o.patient_id FROM approved_version v JOIN plan o ON o.id = v.plan_id WHERE v.care_plan_id = ANY(${named}))`),
      `av.care_plan_id = ANY(${named})`,
    );
  }
  const after = search.after === null ? null : ids.toSerial(search.after);
  if (after !== null) where.push(`a.id < ${put(after)}`);
  const { rows } = await pool.query<Row>(
    `SELECT a.id AS serial, a.at, a.event, ${REFUSED} AS refused, a.because, a.reason, a.organization, a.kind, a.caller, a.purpose, a.headings, a.digest, a.about, a.decided_by,
            coalesce(p.patient_id, ${PATIENT_NAMED}) AS patient_id, av.care_plan_id, av.number
       FROM audit a LEFT JOIN plan p ON p.id = a.plan_id
       LEFT JOIN LATERAL (SELECT v.care_plan_id, v.number FROM approved_version v WHERE v.plan_id = a.plan_id AND v.approved_at <= a.at
                           ORDER BY v.number DESC LIMIT 1) av ON true
      ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY a.id DESC LIMIT ${put(search.count)}`,
    values,
  );
  return rows.map((row) => toEntry(row, ids, isOperator));
}

/**
 * Rows of patients' plans, along the indexes that the trail has: of the person whom the record is of now, and of the keys of its plans. A refusal
 * under a number that was corrected since, of a plan without a key, is found by its date only.
 */
const ofPatients = (patients: string): string =>
  `(a.person_id = ANY(ARRAY(SELECT f.person_id FROM patient_fact f WHERE f.patient_id = ANY(${patients})))
     OR a.key_id = ANY(ARRAY(SELECT k.id FROM ledger_key k JOIN plan o ON o.id = k.plan_id WHERE o.patient_id = ANY(${patients})))
     OR ${NAMES_PATIENT} AND a.about = ANY(ARRAY(SELECT 'Patient/' || each FROM unnest(${patients}) each)))
     AND coalesce(p.patient_id, ${PATIENT_NAMED}) = ANY(${patients})`;

function toEntry(row: Row, ids: AuditIds, isOperator: boolean): TrailEntry {
  const event = TRAIL_EVENTS.find((each) => each === row.event);
  if (event === undefined) throw new Error('the trail holds an event that is not known');
  const { at, refused, because, reason, organization, kind, caller, purpose } = row;
  const told = { id: ids.toId(row.serial), at: at.getTime(), event, refused, because, reason, organization, kind, caller, purpose };
  const own = OPERATORS_OWN.includes(event) ? { digest: row.digest, about: row.about } : { digest: null, about: null };
  // What an issuer calls a person is that person, call after call.
  if (isOperator) return { ...told, ...own, caller: kind === 'person' ? null : caller, headings: [], patientId: null, plan: null };
  const plan = row.care_plan_id === null || row.number === null ? null : { carePlanId: row.care_plan_id, version: row.number };
  const decided = row.decided_by === null ? {} : { decidedBy: row.decided_by };
  // There it names the person, who is told as one.
  const about = event === 'emergency' ? null : row.about;
  return { ...told, headings: row.headings ?? [], digest: row.digest, about, patientId: row.patient_id, plan, ...decided };
}
