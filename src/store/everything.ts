import type pg from 'pg';
import { System } from '../../profiles/canonicals.ts';
import type { Instant } from '../model/instant.ts';
import type { Everything, EverythingAsked, Place } from './door.ts';
import { type Sql, statement } from './pool.ts';
import { readReferences } from './search/related.ts';
import { ANY_REFERENCE, identifierOf } from './search/index-rows.ts';
import { codedText, uriText } from './search/token-text.ts';

/** One resource of the answer, and whether it is about the person or only referred to. */
interface Found {
  readonly type: string;
  readonly id: string;
  readonly serial: string;
  readonly updatedAt: Instant;
  readonly mode: 'match' | 'include';
}

interface Row {
  readonly type: string;
  readonly id: string;
  readonly serial: string;
  readonly updated_at: Date;
}

/** Those who act for the person, and where. Nobody else's record is followed. */
const SUPPORTING: readonly string[] = ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'HealthcareService', 'CareTeam'];

const COLUMNS = 'r.type, r.id, r.serial, r.updated_at';

const writtenAbout = statement<[readonly string[], readonly string[], string], Row>(
  'written-about-patient',
  // What names another Patient as well (a Group, a list) is not about this person alone, and would tell of the other.
  `SELECT DISTINCT ${COLUMNS} FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = ANY($1::text[]) AND t.param = '${ANY_REFERENCE}' AND t.token = ANY($2::text[]) AND t.owner = $3 AND (r.service IS NULL OR r.service = 'publisher')
      AND NOT EXISTS (SELECT FROM resource_token o WHERE o.serial = t.serial AND o.param = '${ANY_REFERENCE}'
                         AND o.token ~ '(^|/)Patient/' AND o.token <> ALL($2::text[]))`,
);
const provenanceOf = statement<[readonly string[], string], Row>(
  'provenance-of-all',
  `SELECT DISTINCT ${COLUMNS} FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = 'Provenance' AND t.param = 'target' AND t.token = ANY($1::text[]) AND t.owner = $2`,
);
const contactsOf = statement<[readonly string[], string | null], Row>(
  'contacts-of-patient',
  `SELECT DISTINCT ${COLUMNS} FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = 'Encounter' AND ((t.param = 'patient' AND t.token = ANY($1::text[])) OR (t.param = '${identifierOf('patient')}' AND t.token = $2))`,
);
// A Task is indexed under the organisation that has it to do.
const tasksAbout = statement<[readonly string[], string], Row & { readonly focus: string }>(
  'tasks-about-all',
  `SELECT ${COLUMNS}, t.token AS focus FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = 'Task' AND t.param = 'focus' AND t.token = ANY($1::text[]) AND t.owner = $2`,
);
const referredFrom = statement<[readonly string[], readonly string[], string], Row>(
  'referred-from-all',
  `SELECT DISTINCT ${COLUMNS} FROM resource_token t
     JOIN resource r ON r.type = split_part(t.token, '/', 1) AND r.id = split_part(t.token, '/', 2)
    WHERE t.serial = ANY($1::bigint[]) AND t.param = '${ANY_REFERENCE}' AND split_part(t.token, '/', 1) = ANY($2::text[]) AND r.owner = $3`,
);
const numberOf = statement<[string], { nhs_number: string | null }>(
  'number-of-patient',
  'SELECT pe.nhs_number FROM patient_fact pt JOIN person pe ON pe.id = pt.person_id WHERE pt.patient_id = $1',
);

const referenceTo = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type}/${id}`;
const found = (rows: readonly Row[], mode: Found['mode']): readonly Found[] =>
  rows.map(({ type, id, serial, updated_at: at }) => ({ type, id, serial, updatedAt: at.getTime(), mode }));
/** The last that is said of each. */
const once = (all: readonly Found[]): readonly Found[] => [...new Map(all.map((one) => [one.serial, one])).values()];

/** All that the trust itself wrote about its Patient, and what was addressed to it; then whom that refers to. */
async function collect(sql: Sql, { patientId, owner, types, base }: EverythingAsked): Promise<readonly Found[]> {
  const patient = [`Patient/${patientId}`, `${base}/Patient/${patientId}`].map(uriText);
  const about = found(await writtenAbout(sql, types, patient, owner), 'match');
  const number = (await numberOf(sql, patientId))[0]?.nhs_number ?? null;
  const contacts = found(await contactsOf(sql, patient, number === null ? null : codedText(System.nhsNumber, number)), 'match');
  const provenance = found(await provenanceOf(sql, [...patient, ...about.map(referenceTo)], owner), 'match');
  const tasks = await tasksAbout(sql, [...about, ...contacts].map(referenceTo), owner);
  // A contact is another's Encounter: it is shown where a Task names it to this trust, as a read of it is.
  const named = new Set(tasks.map(({ focus }) => focus));
  const told = contacts.filter((one) => named.has(referenceTo(one)));
  const own = once([...about, ...told, ...provenance, ...found(tasks, 'match')]).filter(
    ({ type }) => type !== 'Patient' && types.includes(type),
  );
  return once([...(await referredTo(sql, own, owner, types)), ...own]);
}

/** Who is referred to, and by them in turn: a role leads to its practitioner. */
async function referredTo(sql: Sql, from: readonly Found[], owner: string, types: readonly string[]): Promise<readonly Found[]> {
  const followed = SUPPORTING.filter((type) => types.includes(type));
  const known = new Set(from.map(({ serial }) => serial));
  const all: Found[] = [];
  for (let next = from; next.length > 0; ) {
    const rows = await referredFrom(
      sql,
      next.map(({ serial }) => serial),
      followed,
      owner,
    );
    next = found(rows, 'include').filter(({ serial }) => !known.has(serial));
    for (const { serial } of next) known.add(serial);
    all.push(...next);
  }
  return all;
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
const placeOf = ({ type, id, mode }: Pick<Found, 'type' | 'id' | 'mode'>): Place => ({
  rank: type === 'Patient' ? 0 : mode === 'match' ? 1 : 2,
  type,
  id,
});
const inOrder = (a: Place, b: Place): number => compare(a.rank, b.rank) || compare(a.type, b.type) || compare(a.id, b.id);

/** A page of everything about one Patient of the trust: the Patient first, then the rest in an order that no update changes. */
export async function everything(pool: pg.Pool, asked: EverythingAsked): Promise<Everything> {
  const [patient] = await readReferences(pool, [`Patient/${asked.patientId}`]);
  if (patient === undefined) throw new Error('the Patient was there a moment ago');
  const first = { type: 'Patient', id: patient.id, updatedAt: patient.updatedAt, mode: 'match' as const };
  const all = [first, ...(await collect(pool, asked))]
    .filter(
      ({ type, updatedAt }) => (asked.only === null || asked.only.includes(type)) && (asked.since === null || updatedAt >= asked.since),
    )
    .toSorted((a, b) => inOrder(placeOf(a), placeOf(b)));
  const { after, count } = asked;
  const rest = after === null ? all : all.filter((one) => inOrder(placeOf(one), after) > 0);
  const page = rest.slice(0, count);
  const bodies = new Map((await readReferences(pool, page.map(referenceTo))).map((stored) => [referenceTo(stored), stored]));
  const entries = page.flatMap(({ mode, ...one }) => {
    const stored = bodies.get(referenceTo(one));
    return stored === undefined ? [] : [{ stored, mode }];
  });
  const last = page.at(-1);
  return { entries, total: all.length, next: last !== undefined && rest.length > page.length ? placeOf(last) : null };
}
