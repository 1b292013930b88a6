import type { KeyObject } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type { Projected } from '../../decide/project.ts';
import type { DisclosedPerson } from '../../model/disclosure.ts';
import type { Ledger } from '../../model/ledger.ts';
import type { Person } from '../../model/person.ts';
import { unpacked } from '../packed-parcel.ts';
import { type Sql, statement } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { personKey } from './person-keys.ts';
import { OPEN_TYPES, sealBodies } from './sealed-body.ts';
import { sealDetails, sealPerson } from './sealed-facts.ts';
import { sealHeaders, type SealedSubscribed } from './sealed-headers.ts';
import { sealNumber } from './sealed-number.ts';
import { sealParcel } from './sealed-parcel.ts';
import { sealState, type SealedLedger } from './sealed-state.ts';
import { isSealed } from './sealed-text.ts';
import { sealBytes, sealProjections } from './sealed-version.ts';

/**
 * Seals those rows of one table that lie open, among the next so many after a place in it; answers how many they were, and the place of the last that
 * was looked at, null at the end.
 */
export type SealRows = (
  sql: Sql,
  after: readonly string[],
  most: number,
) => Promise<{ readonly sealed: number; readonly last: readonly string[] | null }>;

interface Table<Row> {
  readonly name: string;
  /** Columns that tell rows apart, with their types. */
  readonly keys: readonly (readonly [column: string, type: string])[];
  readonly select: string;
  readonly isOpen: (row: Row) => boolean;
  readonly seal: (sql: Sql, rows: readonly Row[]) => Promise<void>;
}

const table = <Row>({ name, keys, select, isOpen, seal }: Table<Row>): SealRows => {
  const columns = keys.map(([column]) => `t.${column}`).join(', ');
  const place = keys.map(([, type], at) => `($1::text[])[${at + 1}]::${type}`).join(', ');
  const read = statement<[readonly string[], number], Row & { readonly place: readonly string[] }>(
    `open-rows-of-${name}`,
    `SELECT ARRAY[${keys.map(([column]) => `t.${column}::text`).join(', ')}] AS place, ${select}
      WHERE cardinality($1::text[]) = 0 OR (${columns}) > (${place}) ORDER BY ${columns} LIMIT $2 FOR UPDATE OF t`,
  );
  return async (sql, after, most) => {
    const rows = await read(sql, after, most);
    const open = rows.filter(isOpen);
    if (open.length > 0) await seal(sql, open);
    return { sealed: open.length, last: rows.at(-1)?.place ?? null };
  };
};

const NUMBER = /^\d{10}$/;
const keyOfPatient = async (sql: Sql, patientId: string): Promise<KeyObject> => keysOf(sql).keyOf(await personKey(sql, patientId));

interface PersonRow {
  readonly id: string;
  readonly nhs_number: string | null;
}
const persons = table<PersonRow>({
  name: 'person',
  keys: [['id', 'uuid']],
  select: 't.id, t.nhs_number FROM person t',
  isOpen: ({ nhs_number: number }) => number !== null && NUMBER.test(number),
  seal: async (sql, rows) => {
    for (const { id, nhs_number: number } of rows) {
      const values = [id, keysOf(sql).index.number(number ?? ''), sealNumber(sql, id, number ?? '')];
      await sql.query('UPDATE person SET nhs_number = $2, sealed_number = $3 WHERE id = $1', values);
    }
  },
});

/** A table whose texts may hold a number among others. */
const numbered = (name: string, key: readonly (readonly [string, string])[], column: string): SealRows => {
  const whole = key.map(([each]) => `t.${each}::text`).join(', ');
  return table<{ readonly text: string | null; readonly row: readonly string[] }>({
    name: `${name}.${column}`,
    keys: key,
    select: `t.${column} AS text, ARRAY[${whole}] AS row FROM ${name} t`,
    isOpen: ({ text }) => text !== null && /\d{3} ?\d{3} ?\d{4}/.test(text),
    seal: async (sql, rows) => {
      const where = key.map(([each, type], at) => `${each} = ($2::text[])[${at + 1}]::${type}`).join(' AND ');
      for (const { text, row } of rows)
        await sql.query(`UPDATE ${name} SET ${column} = $1 WHERE ${where}`, [keysOf(sql).index.text(text ?? ''), row]);
    },
  });
};

interface FactRow {
  readonly patient_id: string;
  readonly facts: Omit<Person, 'id'>;
  readonly disclosed: DisclosedPerson;
}
const facts = table<FactRow>({
  name: 'patient_fact',
  keys: [['patient_id', 'text']],
  select: 't.patient_id, t.facts, t.disclosed FROM patient_fact t',
  isOpen: ({ disclosed }) => !('sealed' in disclosed),
  seal: async (sql, rows) => {
    for (const { patient_id: id, facts: person, disclosed } of rows) {
      const key = await keyOfPatient(sql, id);
      const values = [id, sealPerson(key, id, person), sealDetails(key, id, disclosed), keysOf(sql).index.birthDate(disclosed.birthDate)];
      await sql.query('UPDATE patient_fact SET facts = $2, disclosed = $3, birth_index = $4 WHERE patient_id = $1', values);
    }
  },
});

interface BodyRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly owner: string;
  readonly body: string;
}
const bodies = (name: 'resource' | 'resource_version'): SealRows =>
  table<BodyRow>({
    name,
    keys: [
      ['type', 'text'],
      ['id', 'text'],
      ['version', 'integer'],
    ],
    select: `t.type, t.id, t.version, t.owner, t.body FROM ${name} t`,
    // The version by which something was deleted has no body.
    isOpen: ({ type, body }) => !OPEN_TYPES.includes(type) && body !== '' && !isSealed(body),
    seal: async (sql, rows) => {
      const sealed = await sealBodies(
        sql,
        rows.map(({ body, ...row }) => ({ ...row, resource: JSON.parse(body) as Resource, text: body })),
      );
      for (const [at, { type, id, version }] of rows.entries()) {
        const values = [type, id, version, sealed[at]?.body, sealed[at]?.sealedBy];
        await sql.query(`UPDATE ${name} SET body = $4, sealed_by = $5 WHERE type = $1 AND id = $2 AND version = $3`, values);
      }
    },
  });

interface DestinationRow {
  readonly id: string;
  readonly subscription: SealedSubscribed<string> | null;
}
const destinations = table<DestinationRow>({
  name: 'destination',
  keys: [['id', 'text']],
  select: 't.id, t.subscription FROM destination t',
  isOpen: ({ subscription }) => subscription?.headers !== undefined,
  seal: async (sql, rows) => {
    for (const { id, subscription } of rows) {
      if (subscription === null) continue;
      const sealed = { content: subscription.content, sealed: sealHeaders(sql, id, subscription.headers ?? []) };
      await sql.query('UPDATE destination SET subscription = $2 WHERE id = $1', [id, sealed]);
    }
  },
});

interface VersionRow {
  readonly care_plan_id: string;
  readonly patient_id: string;
  readonly bytes: string;
  readonly projections: Readonly<Record<string, Projected>>;
}
/** What was signed stays what it was: only how it lies there changes, and only here is that let through. */
const versions = table<VersionRow>({
  name: 'approved_version',
  keys: [['care_plan_id', 'text']],
  select: 't.care_plan_id, p.patient_id, t.bytes, t.projections FROM approved_version t JOIN plan p ON p.id = t.plan_id',
  isOpen: ({ bytes }) => !isSealed(bytes),
  seal: async (sql, rows) => {
    await sql.query('ALTER TABLE approved_version DISABLE TRIGGER approved_version_never_changes');
    for (const { care_plan_id: id, patient_id: patient, bytes, projections } of rows) {
      const key = await keyOfPatient(sql, patient);
      const values = [id, sealBytes(key, id, bytes), sealProjections(key, id, projections)];
      await sql.query('UPDATE approved_version SET bytes = $2, projections = $3 WHERE care_plan_id = $1', values);
    }
    await sql.query('ALTER TABLE approved_version ENABLE TRIGGER approved_version_never_changes');
  },
});

interface DeliveryRow {
  readonly id: string;
  readonly patient_id: string;
  readonly parcel: object | null;
}
const deliveries = table<DeliveryRow>({
  name: 'delivery',
  keys: [['id', 'uuid']],
  select: `t.id, p.patient_id, t.parcel FROM delivery t JOIN ledger_key k ON k.id = t.key_id JOIN plan p ON p.id = k.plan_id`,
  isOpen: ({ parcel }) => parcel !== null && ('deflated' in parcel || 'bytes' in parcel),
  seal: async (sql, rows) => {
    for (const { id, patient_id: patient, parcel } of rows) {
      if (parcel === null) continue;
      const sealed = sealParcel(await keyOfPatient(sql, patient), id, unpacked(parcel));
      await sql.query('UPDATE delivery SET parcel = $2 WHERE id = $1', [id, sealed]);
    }
  },
});

interface KeyRow {
  readonly id: string;
  readonly patient_id: string;
  readonly state: SealedLedger | Ledger;
}
const ledgers = table<KeyRow>({
  name: 'ledger_key',
  keys: [['id', 'uuid']],
  select: 't.id, p.patient_id, t.state FROM ledger_key t JOIN plan p ON p.id = t.plan_id',
  isOpen: ({ state }) =>
    !('sealed' in state) && [...state.copies, ...(state.last === null ? [] : [state.last])].some(({ place }) => place.identity !== '-'),
  seal: async (sql, rows) => {
    for (const { id, patient_id: patient, state } of rows) {
      const sealed = sealState(await keyOfPatient(sql, patient), id, state);
      // A version of its own: whoever looked before writes over nothing.
      await sql.query('UPDATE ledger_key SET state = $2, version = version + 1 WHERE id = $1', [id, sealed]);
    }
  },
});

/** Keys of Patients come first: bodies that name them are sealed by those. */
export const OPEN_TABLES: readonly SealRows[] = [
  persons,
  numbered('contact', [['encounter_id', 'text']], 'nhs_number'),
  numbered('contact', [['encounter_id', 'text']], 'identifier'),
  numbered(
    'contact_other_number',
    [
      ['identifier', 'text'],
      ['encounter_id', 'text'],
    ],
    'identifier',
  ),
  numbered('plan', [['id', 'uuid']], 'identifier'),
  facts,
  destinations,
  bodies('resource'),
  bodies('resource_version'),
  versions,
  deliveries,
  ledgers,
];
