import type { Consent } from '../model/consent.ts';
import type { Agreement } from '../model/agreement.ts';
import type { Facts } from '../model/facts.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Person } from '../model/person.ts';
import type { ApprovedVersion, Projection } from '../model/plan.ts';
import type { Destination, Recipient } from '../model/recipient.ts';
import type { KeyObject } from 'node:crypto';
import { keysOf } from './keys/keys-of.ts';
import { openPerson, type SealedPerson } from './keys/sealed-facts.ts';
import { openState, type SealedLedger } from './keys/sealed-state.ts';
import { type Sql, statement } from './pool.ts';

/** The epochs under which a decision was taken, and the names of its locks: `begin_delivery` and the reads take and compare them. */
export interface Stamp {
  readonly person: string;
  readonly personEpoch: string;
  readonly publisher: string;
  readonly ods: string;
  readonly pairEpoch: string;
  readonly recipient: string;
  readonly recipientEpoch: string;
}

/**
 * Columns of everything that `desired` reads, for plan `p`, its patient `pt` and person `pe`, recipient `r` and destination `d`. One snapshot.
 * Death and restriction are of the person, whichever of their records says so.
 */
export const FACT_COLUMNS = `
  p.id AS plan_id, p.patient_id, (SELECT pk.wrapped FROM person_key pk WHERE pk.id = p.patient_id) AS wrapped, p.publisher, p.withdrawn, p.version - 'projections' AS approved, p.version->'projections'->r.kind AS projection, p.reach_recipients, p.reach_areas,
  pt.facts || (SELECT jsonb_build_object('alive', bool_and((o.facts->>'alive')::boolean), 'restricted', bool_or((o.facts->>'restricted')::boolean))
                 FROM patient_fact o WHERE o.person_id = pe.id) AS patient, pe.id AS person_id, pe.epoch AS person_epoch,
  (SELECT jsonb_agg(cf.facts) FROM consent_fact cf JOIN patient_fact cp ON cp.patient_id = cf.patient_id WHERE cp.person_id = pe.id) AS consents,
  (SELECT jsonb_agg(af.facts) FROM agreement_fact af
    WHERE af.publisher = p.publisher AND af.recipient_ods = r.ods AND (af.recipient_id = '' OR af.recipient_id = r.id)) AS agreements,
  (SELECT jsonb_agg(extract(epoch FROM c.ends_at) * 1000) FROM contact c
    WHERE c.open AND c.sender = r.ods AND c.kind = r.kind
      AND (c.patient_id = p.patient_id OR c.nhs_number = pe.nhs_number)) AS contacts,
  coalesce((SELECT pa.epoch FROM pair pa WHERE pa.publisher = p.publisher AND pa.recipient_ods = r.ods), 0) AS pair_epoch,
  r.id AS recipient_id, r.ods, r.kind, r.retains, r.areas, r.active AS recipient_active, r.epoch AS recipient_epoch,
  extract(epoch FROM clock_timestamp()) * 1000 AS now`;

/** What a pointer or a signal needs beside: the key of a destination that tells everybody is decided for every kind. Of destination `d`. */
export const EVERY_KIND_COLUMN = `CASE WHEN d.facts->>'channel' IN ('nrl', 'mns') THEN p.version->'projections' END AS projections`;

/** A row of `FACT_COLUMNS`, opened. */
export interface FactRow {
  readonly plan_id: string;
  readonly patient_id: string;
  /** The data key of the patient's record; null once it was destroyed. */
  readonly key: KeyObject | null;
  readonly publisher: string;
  readonly withdrawn: boolean;
  readonly approved: Omit<ApprovedVersion, 'projections'> | null;
  /** Of this recipient's kind: with all kinds a row is three times as long, and a look-up a third slower (measured). */
  readonly projection: Projection | null;
  /** Of every kind: read only where a pointer is decided, which all of them would see. */
  readonly projections?: ApprovedVersion['projections'] | null;
  readonly reach_recipients: string[];
  readonly reach_areas: string[];
  readonly patient: Omit<Person, 'id'>;
  readonly person_id: string;
  readonly person_epoch: string;
  readonly consents: Consent[] | null;
  readonly agreements: Agreement[] | null;
  readonly contacts: (number | null)[] | null;
  readonly pair_epoch: string;
  readonly recipient_id: string;
  readonly ods: string;
  readonly kind: Recipient['kind'];
  readonly retains: boolean;
  readonly areas: string[];
  readonly recipient_active: boolean;
  readonly recipient_epoch: string;
  readonly now: string;
}

/** A row of a key with its facts. */
export interface KeyRow extends FactRow {
  readonly key_id: string;
  readonly disclosure_id: string;
  readonly generation: string;
  readonly key_version: string;
  readonly state: Ledger;
  readonly destination: Destination;
}

/** A row as the database holds it. */
export type Sealed<Row extends FactRow & { readonly state: Ledger | null; readonly key_id: string | null }> = Omit<
  Row,
  'key' | 'patient' | 'state'
> & { readonly wrapped: string | null; readonly patient: SealedPerson; readonly state: SealedLedger | null };

/** Opens rows with the keys that came with them. Throws AlteredText. */
export const opened = <Row extends FactRow & { readonly state: Ledger | null; readonly key_id: string | null }>(
  sql: Sql,
  rows: readonly Sealed<Row>[],
): Promise<readonly Row[]> =>
  Promise.all(
    rows.map(async (row) => {
      const key = row.wrapped === null ? null : await keysOf(sql).keyOf(row.wrapped);
      const state = row.state === null || row.key_id === null ? null : openState(key, row.key_id, row.state);
      return { ...row, key, patient: openPerson(key, row.patient_id, row.patient), state } as unknown as Row;
    }),
  );

/** What was not read offers nothing. */
const NOTHING: Projection = { hash: '', headings: {} };
const NONE: ApprovedVersion['projections'] = {
  publisher: NOTHING,
  epr: NOTHING,
  ed: NOTHING,
  ambulance: NOTHING,
  police: NOTHING,
  'crisis-line': NOTHING,
};

/** One key with everything that decides about it, along indexes. */
export const KEY_WITH_FACTS = (id: string): string => `
     SELECT k.id AS key_id, k.disclosure_id, k.generation, k.version AS key_version, k.state, d.facts AS destination, ${EVERY_KIND_COLUMN}, ${FACT_COLUMNS}
       FROM ledger_key k JOIN plan p ON p.id = k.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id
       JOIN person pe ON pe.id = pt.person_id JOIN destination d ON d.id = k.destination_id JOIN recipient r ON r.id = k.recipient_id
      WHERE k.id = ${id}`;

const keysWithFacts = statement<[string], Sealed<KeyRow>>(
  'look-at-keys',
  // Key by key along indexes: OFFSET 0 keeps the planner from joining all of them at once. As JSON, for of an array it counts the elements,
  // and plans anew each time: 0.8 ms (measured).
  `SELECT one.* FROM jsonb_array_elements_text($1) AS asked(id) CROSS JOIN LATERAL (${KEY_WITH_FACTS('asked.id::uuid')} OFFSET 0) one`,
);

/** Keys with everything that decides about them, in one snapshot; those that are gone are left out. */
export const lookAtKeys = async (sql: Sql, ids: readonly string[]): Promise<readonly KeyRow[]> =>
  opened<KeyRow>(sql, await keysWithFacts(sql, JSON.stringify(ids)));

/** Where somebody who looks is served, and nothing stays: no address, and no key. */
export const VIEW: Destination = {
  id: 'view',
  recipientId: '',
  channel: 'pull',
  address: 'view:',
  open: true,
  refusesLowerSequence: false,
  replaceHidesOld: false,
  recallForm: 'task',
  lifetime: 0,
  acknowledgements: [],
};

/** The model's facts of one row. A service that is switched off takes nothing new. */
export const factsOf = (row: FactRow & { readonly state: Ledger | null }, destination: Destination): Facts => ({
  person: { ...row.patient, id: row.person_id },
  plan: {
    id: row.plan_id,
    publisher: row.publisher,
    withdrawn: row.withdrawn,
    version:
      row.approved === null || row.projection === null
        ? null
        : { ...row.approved, projections: row.projections ?? { ...NONE, [row.kind]: row.projection } },
    reach: { recipientIds: row.recipient_active ? row.reach_recipients : [], areas: row.recipient_active ? row.reach_areas : [] },
  },
  consents: row.consents ?? [],
  agreements: row.recipient_active ? (row.agreements ?? []) : [],
  recipient: { id: row.recipient_id, ods: row.ods, kind: row.kind, retains: row.retains, areas: row.areas },
  destination,
  openContacts: (row.contacts ?? []).map((until) => ({ until })),
  matched: row.state?.matched === true,
});

export const stampOf = (row: FactRow): Stamp => ({
  person: row.person_id,
  personEpoch: row.person_epoch,
  publisher: row.publisher,
  ods: row.ods,
  pairEpoch: row.pair_epoch,
  recipient: row.recipient_id,
  recipientEpoch: row.recipient_epoch,
});
