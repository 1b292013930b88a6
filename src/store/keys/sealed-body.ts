import type { Resource } from '@medplum/fhirtypes';
import type { Stored } from '../door.ts';
import { type Sql, statement } from '../pool.ts';
import { referencesIn } from '../search/references-in.ts';
import { BROKER_KEY } from './keys.ts';
import { keysOf } from './keys-of.ts';
import { erased, personKey } from './person-keys.ts';
import { type Place, seal } from './sealed-text.ts';

/** Types that hold nobody but those who work there: they lie open. All others may name a person or hold words of a plan. */
export const OPEN_TYPES: readonly string[] = [
  'Organization',
  'HealthcareService',
  'Location',
  'Endpoint',
  'Contract',
  'Practitioner',
  'PractitionerRole',
  'Questionnaire',
  'Measure',
  'ChargeItemDefinition',
];

/** A resource that is about to be stored. */
export interface Unsealed {
  readonly resource: Resource;
  readonly id: string;
  readonly version: number;
  readonly owner: string;
  readonly text: string;
}

/** Its text as it is stored, and under which key; null for one that lies open. */
export interface SealedBody {
  readonly body: string;
  readonly sealedBy: string | null;
}

// The newest and its entry in the history are one text.
const placeOf = (type: string, id: string, version: number): Place => ['resource.body', type, id, String(version)];

const ownKeys = statement<[string], { at: number; id: string; wrapped: string | null }>(
  'keys-of-own-patients',
  `SELECT asked.at, k.id, k.wrapped FROM jsonb_to_recordset($1) AS asked(at integer, id text, owner text)
     JOIN person_key k ON k.id = asked.id JOIN patient_fact p ON p.patient_id = k.id AND p.owner = asked.owner`,
);

/** Ids of the Patients that a resource refers to. A reference by an address is one to what its end names, as wherever else it is read. */
const patientsIn = (resource: Resource): readonly string[] => [
  ...new Set([...referencesIn(resource)].flatMap((reference) => /(?:^|\/)Patient\/([^/]+)$/.exec(reference)?.[1] ?? [])),
];

/**
 * Seals what is about to be stored: a Patient under its own key, what names one Patient of its owner's under that one's, and all else that may name a
 * person under the broker's own: no other organisation's erasure takes it away. Throws `gone` where the key was destroyed.
 */
export async function sealBodies(sql: Sql, all: readonly Unsealed[]): Promise<readonly SealedBody[]> {
  const keys = keysOf(sql);
  const isOpen = ({ resource }: Unsealed): boolean => OPEN_TYPES.includes(resource.resourceType);
  if (all.every(isOpen)) return all.map(({ text }) => ({ body: text, sealedBy: null }));
  const asked = all.flatMap((one, at) =>
    isOpen(one) || one.resource.resourceType === 'Patient' ? [] : patientsIn(one.resource).map((id) => ({ at, id, owner: one.owner })),
  );
  const found = asked.length === 0 ? [] : await ownKeys(sql, JSON.stringify(asked));
  const sealed: SealedBody[] = [];
  for (const [at, one] of all.entries()) {
    const { resource, id, version, text } = one;
    if (isOpen(one)) {
      sealed.push({ body: text, sealedBy: null });
      continue;
    }
    const own = resource.resourceType === 'Patient' ? [{ id, wrapped: await personKey(sql, id) }] : found.filter((each) => each.at === at);
    const [only] = own.length === 1 ? own : [];
    const wrapped = only?.wrapped;
    if (wrapped === null) throw erased(resource.resourceType);
    const body = seal(wrapped === undefined ? keys.own : await keys.keyOf(wrapped), placeOf(resource.resourceType, id, version), text);
    sealed.push({ body, sealedBy: only?.id ?? BROKER_KEY });
  }
  return sealed;
}

/** A row of `resource` or `resource_version`, with the key that it was sealed by. */
export interface BodyRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly owner: string;
  readonly service: string | null;
  readonly updated_at: Date;
  readonly body: string;
  readonly wrapped: string | null;
}

/** The columns of a `BodyRow` of the table under an alias. */
export const bodyColumns = (r: string): string =>
  `${r}.type, ${r}.id, ${r}.version, ${r}.owner, ${r}.service, ${r}.updated_at, ${r}.body, (SELECT k.wrapped FROM person_key k WHERE k.id = ${r}.sealed_by) AS wrapped`;

/** Stands in a sealed text for the moment at which it was stored, where the database said it only then: `updated_at` has it. */
export const STORED_AT = '';

/** What a row says; null where its key was destroyed: it is gone. Throws AlteredText. */
export async function openBody(sql: Sql, { type, id, version, updated_at: at, body, wrapped }: BodyRow): Promise<Resource | null> {
  const text = await keysOf(sql).open(wrapped, placeOf(type, id, version), body);
  if (text === null) return null;
  const resource = JSON.parse(text) as Resource;
  // The place of `lastUpdated` among its neighbours stays: the bytes are those that were answered when it was stored.
  return resource.meta?.lastUpdated === STORED_AT ? { ...resource, meta: { ...resource.meta, lastUpdated: at.toISOString() } } : resource;
}

/** Rows as the doors see them, in their order; those whose key was destroyed are left out. */
export async function openRows(sql: Sql, rows: readonly BodyRow[]): Promise<readonly Stored[]> {
  const opened = await Promise.all(rows.map((row) => openBody(sql, row)));
  return rows.flatMap(({ type, id, version, owner, service, updated_at: at }, place) => {
    const body = opened[place] ?? null;
    return body === null ? [] : [{ type, id, version, owner, service, updatedAt: at.getTime(), body }];
  });
}
