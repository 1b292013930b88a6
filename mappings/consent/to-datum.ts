import type { Coding, Meta, Period as FhirPeriod, Reference, Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Coded, Datum } from '../../src/model/consent-rules.ts';
import type { Period } from '../../src/model/period.ts';
import { endOf, startOf } from '../facts/instant-of.ts';
import { periodOf } from '../facts/period-of.ts';
import { nameOf, namesOf, ownNames } from './names-of.ts';
import { codedOf } from './to-rules.ts';

const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
const PROFILES = 'urn:ietf:rfc:3986';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything within a value, itself included; what it contains or carries as metadata is not its own content. */
function* within(value: unknown): Generator<Json> {
  if (Array.isArray(value)) for (const each of value) yield* within(each);
  else if (isObject(value)) {
    yield value;
    for (const [name, each] of Object.entries(value)) if (name !== 'meta') yield* within(each);
  }
}

const isCoding = (value: Json): value is Json & Coding => typeof value['code'] === 'string' && !Array.isArray(value['coding']);

/** Where resources say when they are of (R4, "clinical date" of the search parameter `date`), the first that is there. */
const TIMES = [
  'effectivePeriod',
  'effectiveDateTime',
  'effectiveInstant',
  'performedPeriod',
  'performedDateTime',
  'occurrencePeriod',
  'occurrenceDateTime',
  'onsetPeriod',
  'onsetDateTime',
  'period',
  'date',
  'authoredOn',
  'recordedDate',
  'issued',
  'created',
  'dateTime',
  'recorded',
  'sent',
  'authored',
] as const;

/** Where resources name who wrote them. */
const AUTHORS = [
  'author',
  'performer',
  'recorder',
  'asserter',
  'requester',
  'sender',
  'informationSource',
  'source',
  'enterer',
  'contributor',
] as const;

const timeOf = (resource: Json): Period | null => {
  for (const name of TIMES) {
    const value = resource[name];
    try {
      if (typeof value === 'string') return { start: startOf(value, name), end: endOf(value, name) };
      if (isObject(value)) return periodOf(value as FhirPeriod, name);
    } catch (fault) {
      if (!(fault instanceof Anomaly)) throw fault;
      return null;
    }
  }
  return null;
};

const referencesIn = (value: unknown): readonly string[] =>
  [...within(value)].flatMap(({ reference }) => (typeof reference === 'string' ? [nameOf(reference)] : []));

const authorsOf = (resource: Json): readonly string[] | null => {
  const said = AUTHORS.filter((name) => resource[name] !== undefined);
  return said.length === 0 ? null : said.flatMap((name) => referencesIn(resource[name]));
};

/** Of whom a resource is: its subject or patient, or itself. */
const patientOf = (resource: Json & Resource): string | null => {
  if (resource.resourceType === 'Patient') return ownNames(resource)[0] ?? null;
  const said = [resource['subject'], resource['patient'], resource['beneficiary']].find(isObject);
  const [name] = namesOf(said as Reference | undefined);
  // A subject may be a Group, a Device or a Location: that says nothing of whose consent it needs.
  return name !== undefined && (name.startsWith('Patient/') || name.includes('|')) ? name : null;
};

const labelsOf = (meta: Meta | undefined): readonly Coded[] => (meta?.security ?? []).flatMap(codedOf);
/** What says that nobody has looked is no label. */
const isLabel = ({ code }: Coded): boolean => code !== 'unclassified' && code !== 'UNCLASSIFIED';

/** A resource as consents can speak of it: its type and its profiles are classes, and every code in it is a code. */
export const toDatum = (resource: Resource, index: number): Datum => {
  const json = resource as Json & Resource;
  const own = ownNames(resource);
  const codes = [...within(json)].filter(isCoding).flatMap(codedOf);
  const kinds = [json['type'], json['category'], json['class']].flatMap((value) => [...within(value)].filter(isCoding).flatMap(codedOf));
  return {
    name: resource.id === undefined ? `resource[${index}]` : `${resource.resourceType}/${resource.id}`,
    is: 'resource',
    patient: patientOf(json),
    classes: [
      { system: RESOURCE_TYPES, code: resource.resourceType },
      ...(resource.meta?.profile ?? []).map((code) => ({ system: PROFILES, code })),
      ...kinds,
    ],
    codes,
    labels: labelsOf(resource.meta).filter(isLabel),
    ids: own,
    refers: referencesIn(json),
    authors: authorsOf(json),
    when: timeOf(json),
  };
};

const bare = (name: string, is: Datum['is'], said: Pick<Datum, 'classes' | 'codes'>): Datum => ({
  name,
  is,
  ...said,
  patient: null,
  labels: [],
  ids: [],
  refers: [],
  authors: null,
  when: null,
});

/** A heading, or a class, of which no resource is there yet. */
export const headingDatum = (coded: Coded): Datum => bare(coded.code, 'heading', { classes: [], codes: [coded] });
export const classDatum = (coded: Coded): Datum => bare(coded.code, 'class', { classes: [coded], codes: [] });
/** Nothing in particular: whether anything may be told. */
export const ANYTHING: Datum = bare('anything', 'anything', { classes: [], codes: [] });
