import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../../src/model/anomaly.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openDatabase } from '../../support/database.ts';
import { idsOf, searchOf, store } from './search-as.ts';

let database: TestDatabase;
const find = (query: string) => idsOf(database.pool, query).then((ids) => [...ids].sort());
const put = (resource: { readonly id: string; readonly resourceType: string; readonly [element: string]: unknown }) =>
  store(database.pool, 'TRUST1', resource.id, resource as unknown as Resource);
const refusedAt = (query: string): string | null => {
  try {
    searchOf(query);
    return null;
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    return error.issues[0]?.at ?? null;
  }
};

const NHS = 'https://fhir.nhs.uk/Id/nhs-number';

beforeAll(async () => {
  database = await openDatabase();
  await put({
    resourceType: 'Patient',
    id: 'zoe',
    identifier: [{ system: NHS, value: '9990012342' }],
    name: [{ family: 'Ångström-Example', given: ['Zoë', 'Mary Ann'] }],
    birthDate: '1980-05',
  });
  await put({
    resourceType: 'Patient',
    id: 'bob',
    identifier: [{ value: 'a|b' }, { system: 's,1', value: 'x' }],
    name: [{ family: 'Angel-Example' }],
    birthDate: '1980-05-17',
  });
  await put({ resourceType: 'Encounter', id: 'e0', status: 'planned', subject: { reference: 'Patient/bob' } });
  await put({
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    subject: { reference: 'Patient/zoe' },
    period: { start: '2026-03-01T10:00:00Z', end: '2026-03-02T10:00:00Z' },
    partOf: { reference: 'Encounter/e0' },
  });
  await put({
    resourceType: 'Encounter',
    id: 'e2',
    status: 'in-progress',
    subject: { identifier: { system: NHS, value: '9990012342' } },
    period: { start: '2026-03-01T23:30:00Z' },
  });
  await put({
    resourceType: 'CarePlan',
    id: 'c1',
    status: 'active',
    intent: 'plan',
    subject: { reference: 'Patient/zoe' },
    encounter: { reference: 'Encounter/e1' },
    period: { start: '2026-01', end: '2026-02' },
  });
  await put({
    resourceType: 'CarePlan',
    id: 'c2',
    status: 'draft',
    intent: 'plan',
    subject: { reference: 'https://broker.example/fhir/Patient/bob' },
    category: [{ text: 'no code' }],
  });
  await put({
    resourceType: 'CarePlan',
    id: 'c3',
    status: 'draft',
    intent: 'plan',
    subject: { reference: 'Group/zoe' },
    instantiatesCanonical: ['https://example.org/m|2.0'],
  });
});
afterAll(() => database.close());

describe('what each kind of parameter finds', () => {
  const queries: readonly (readonly [string, string])[] = [
    // token
    ['Patient?identifier=9990012342', 'zoe'],
    [`Patient?identifier=${NHS}|9990012342`, 'zoe'],
    [`Patient?identifier=${NHS}|`, 'zoe'],
    ['Patient?identifier=|9990012342', ''],
    ['Patient?identifier=|a\\|b', 'bob'],
    ['Patient?identifier=a|b', ''],
    ['Patient?identifier=s\\,1|x', 'bob'],
    ['CarePlan?status=active,draft', 'c1 c2 c3'],
    ['CarePlan?status=draft&intent=plan', 'c2 c3'],
    ['CarePlan?status=http://hl7.org/fhir/request-status|active', 'c1'],
    ['CarePlan?status=http://example.org/other|active', ''],
    ['CarePlan?status=active&status=draft', ''],
    ['CarePlan?status:not=draft', 'c1'],
    ['CarePlan?category:not=anything', 'c1 c2 c3'],
    ['CarePlan?category:missing=true', 'c1 c3'],
    ['CarePlan?category:missing=false', 'c2'],
    ['CarePlan?encounter:missing=false', 'c1'],
    ['Encounter?subject:missing=true', ''],
    // string
    ['Patient?family=angstrom', 'zoe'],
    ['Patient?family=ANG', 'bob zoe'],
    ['Patient?family=example', ''],
    ['Patient?family:contains=EXAMPLE', 'bob zoe'],
    ['Patient?family:exact=Angel-Example', 'bob'],
    ['Patient?family:exact=angel-example', ''],
    ['Patient?given=mary', 'zoe'],
    ['Patient?name=ange,zo', 'bob zoe'],
    ['Patient?family:contains=%25', ''],
    // date: a month, a day, an open period
    ['Patient?birthdate=1980-05', 'bob zoe'],
    ['Patient?birthdate=1980-05-17', 'bob'],
    ['Patient?birthdate=ne1980-05-17', 'zoe'],
    ['Patient?birthdate=ap1980-05', 'bob zoe'],
    ['Patient?birthdate=lt1980-05-17', 'zoe'],
    ['Patient?birthdate=gt1980-05-17', 'zoe'],
    ['Patient?birthdate=ge1980-05-17', 'bob zoe'],
    ['Encounter?date=2026-03', 'e1'],
    ['Encounter?date=ge2026-03-03', 'e2'],
    ['Encounter?date=gt2026-03-02', 'e2'],
    ['Encounter?date=le2026-03-02', 'e1 e2'],
    ['Encounter?date=le2026-03-01', ''],
    ['Encounter?date=lt2026-03-01', ''],
    ['Encounter?date=sa2026-03-01T12:00:00Z', 'e2'],
    ['Encounter?date=eb2026-03-03', 'e1'],
    ['Encounter?date=2026-03-01T10:00Z,ge2026-03-03', 'e2'],
    // reference
    ['CarePlan?subject=Patient/zoe', 'c1'],
    ['CarePlan?subject=zoe', 'c1 c3'],
    ['CarePlan?subject:Group=zoe', 'c3'],
    ['CarePlan?patient=zoe', 'c1'],
    ['CarePlan?patient=bob', 'c2'],
    ['CarePlan?subject=https://broker.example/fhir/Patient/bob', 'c2'],
    ['CarePlan?instantiates-canonical=https://example.org/m', 'c3'],
    ['CarePlan?instantiates-canonical=https://example.org/m|2.0', 'c3'],
    ['CarePlan?instantiates-canonical=https://example.org/m|1.0', ''],
    [`Encounter?patient:identifier=${NHS}|9990012342`, 'e2'],
    ['Encounter?subject:identifier=9990012342', 'e2'],
    // chains and _has
    [`Encounter?patient.identifier=${NHS}|9990012342`, 'e1 e2'],
    [`Encounter?patient=${NHS}|9990012342`, 'e1 e2'],
    ['CarePlan?subject:Patient.name=zoe', 'c1'],
    ['CarePlan?encounter.part-of.subject:Patient.name=angel', 'c1'],
    ['CarePlan?encounter.patient.family=ang', 'c1'],
    ['CarePlan?encounter.part-of.patient.name=zoe', ''],
    ['Patient?_has:CarePlan:patient:status=active', 'zoe'],
    ['Patient?_has:CarePlan:subject:status=draft', ''],
    ['Patient?_has:Encounter:patient:_has:CarePlan:encounter:status=active', 'zoe'],
    ['Patient?_has:CarePlan:patient:encounter.status=finished', 'zoe'],
    // every resource's
    ['Patient?_id=zoe,nobody', 'zoe'],
    ['Patient?_lastUpdated=gt2000-01-01', 'bob zoe'],
    ['Patient?_lastUpdated=lt2000-01-01', ''],
  ];
  test.each(queries)('%s', async (query, expected) => {
    expect((await find(query)).join(' ')).toBe(expected);
  });
});

describe('what cannot be read is refused, with the name of the parameter', () => {
  test.each([
    ['CarePlan?status:text=active', 'http.status:text'],
    ['CarePlan?status:in=http://x', 'http.status:in'],
    ['CarePlan?status:exact=active', 'http.status:exact'],
    ['CarePlan?status=', 'http.status'],
    ['CarePlan?status=|', 'http.status'],
    ['CarePlan?date=yesterday', 'http.date'],
    ['CarePlan?date=xx2026', 'http.date'],
    ['CarePlan?date=2026-02-30', 'http.date'],
    ['CarePlan?date:not=2026', 'http.date:not'],
    ['CarePlan?subject:Practitioner=x', 'http.subject:Practitioner'],
    ['CarePlan?subject=a/b/c', 'http.subject'],
    ['CarePlan?status.name=x', 'http.status.name'],
    ['CarePlan?subject.nothing=x', 'http.subject.nothing'],
    ['CarePlan?encounter:missing=maybe', 'http.encounter:missing'],
    ['CarePlan?_has:CarePlan=x', 'http._has:CarePlan'],
    ['CarePlan?_has:Patient:identifier:name=x', 'http._has:Patient:identifier:name'],
    ['Task?focus.status=x', 'http.focus.status'],
    ['CarePlan?encounter.part-of.part-of.part-of.status=x', 'http.encounter.part-of.part-of.part-of.status'],
    ['Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990012341', 'http.identifier'],
    ['Patient?active=perhaps', 'http.active'],
    ['Patient?phone=phone|0163', 'http.phone'],
    ['CarePlan?_sort=nothing', 'http._sort'],
    ['CarePlan?_include=Patient:link', 'http._include'],
    ['CarePlan?_include=CarePlan:status', 'http._include'],
    ['CarePlan?_include=CarePlan:instantiates-canonical', 'http._include'],
    ['CarePlan?instantiates-canonical.name=x', 'http.instantiates-canonical.name'],
    ['CarePlan?instantiates-canonical:identifier=x', 'http.instantiates-canonical:identifier'],
    ['CarePlan?_include=CarePlan:subject:Endpoint', 'http._include'],
    ['CarePlan?_revinclude=Endpoint:organization', 'http._revinclude'],
    ['CarePlan?_elements=%24', 'http._elements'],
    ['CarePlan?_summary=some', 'http._summary'],
    ['CarePlan?_summary=text&_include=CarePlan:subject', 'http._summary'],
    ['CarePlan?_total=all', 'http._total'],
    ['CarePlan?_count=ten', 'http._count'],
    ['CarePlan?nothing=x', 'http.nothing'],
  ])('%s', (query, at) => {
    expect(refusedAt(query)).toBe(at);
  });
});
