import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { approvePlan, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { expectRefusal } from '../support/outcome.ts';

// One test a sentence of https://hl7.org/fhir/R4/http.html#search and https://hl7.org/fhir/R4/search.html. What each parameter finds is
// proved in test/http/search.

let door: OpenDoor;
const PATH = '/fhir/Practitioner';
const STAFF = 'https://example.invalid/staff';
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  const all = [
    { id: 's1', name: [{ family: 'Searched', given: ['Fen'] }], gender: 'female', active: true },
    { id: 's2', name: [{ family: 'Searched-Too', given: ['Ash'] }], gender: 'male', active: false },
    { id: 's3', name: [{ family: 'searched, three' }], gender: 'unknown' },
  ];
  for (const one of all)
    await door.put(TRUST, {
      resourceType: 'Practitioner',
      identifier: [
        { system: STAFF, value: one.id },
        { system: STAFF, value: 'all' },
      ],
      ...one,
    });
  await door.put(TRUST, { resourceType: 'PractitionerRole', id: 'role', practitioner: { reference: 'Practitioner/s1' }, active: true });
});
afterAll(() => door.close());

const get = (query: string, path = PATH) => door.get(TRUST, `${path}?${query}`);
const idsIn = ({ status, body }: Response, mode = 'match'): readonly string[] => {
  expect([status, body.resourceType, body.type]).toEqual([200, 'Bundle', 'searchset']);
  return (body.entry ?? [])
    .filter(({ search }: { search: { mode: string } }) => search.mode === mode)
    .map(({ resource }: { resource: { id: string } }) => resource.id)
    .sort();
};
const ALL = `identifier=${STAFF}|all`;

describe('search', () => {
  test('SHALL return a searchset Bundle with full URLs, what each entry is there for, and a self link of what was used', async () => {
    const found = await get(`${ALL}&_sort=_id&_count=1&banana=1`);
    expect(found.body).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      total: 3,
      link: [
        { relation: 'self', url: expect.stringMatching(/\/fhir\/Practitioner\?identifier=[^&]*&_sort=_id&_count=1$/) },
        { relation: 'first', url: expect.any(String) },
        { relation: 'next', url: expect.any(String) },
      ],
      entry: [
        { fullUrl: `${door.origin}${PATH}/s1`, resource: expect.objectContaining({ id: 's1' }), search: { mode: 'match' } },
        {
          resource: {
            resourceType: 'OperationOutcome',
            issue: [
              {
                severity: 'warning',
                code: 'not-supported',
                details: { text: 'is no parameter of this search, and was ignored' },
                expression: ['http.banana'],
              },
            ],
          },
          search: { mode: 'outcome' },
        },
      ],
    });
  });

  test('by POST _search SHALL find the same as by GET; parameters of URL and body count together', async () => {
    const byPost = await door.search(TRUST, 'Practitioner', `${ALL}&gender=male`);
    expect(idsIn(byPost)).toEqual(idsIn(await get(`${ALL}&gender=male`)));
    const both = await door
      .as(door.agent.post(`${PATH}/_search?gender=male`), TRUST)
      .set('Content-Type', 'application/x-www-form-urlencoded')
      .send(ALL);
    expect(idsIn(both)).toEqual(['s2']);
  });

  test('by POST with another body than a form is 415', async () => {
    expectRefusal(await door.post(TRUST, `${PATH}/_search`, {}), 415, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'a search is sent as application/x-www-form-urlencoded',
      at: 'http.Content-Type',
    });
  });

  test('by HEAD is answered as by GET, without the body', async () => {
    const head = await door.as(door.agent.head(`${PATH}?${ALL}`), TRUST);
    expect([head.status, head.text ?? '']).toEqual([200, '']);
  });

  test('that finds nothing is 200, with total 0', async () => {
    const { status, body } = await get('family=Nobody');
    expect([status, body.total, body.entry]).toEqual([200, 0, undefined]);
  });

  test('a failure SHALL be an OperationOutcome: unknown parameter under handling=strict, unknown modifier, bad value', async () => {
    expectRefusal(await get('banana=1').set('Prefer', 'handling=strict'), 400, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'is no parameter of this search',
      at: 'http.banana',
    });
    expectRefusal(await get('family:banana=x'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'has a modifier or a chain that this search does not know',
      at: 'http.family:banana',
    });
    expectRefusal(await get('active=perhaps'), 400, { category: 'malformed', code: 'value', text: 'is true or false', at: 'http.active' });
    expectRefusal(await get('_count=-1'), 400, { category: 'malformed', code: 'value', text: 'is a whole number', at: 'http._count' });
    expectRefusal(await get('_sort=banana'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'is a list of search parameters of the type, with - before one whose largest comes first',
      at: 'http._sort',
    });
    expectRefusal(await get('_include=Practitioner:banana'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'names a parameter that is no reference of the type by Type/id',
      at: 'http._include',
    });
    expectRefusal(await get('_page=made-up'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'is no page of an answer of the last hour: ask again',
      at: 'http._page',
    });
  });
});

describe('parameters', () => {
  test.each([
    ['a parameter twice means both, a comma either', `${ALL}&gender=male,female`, ['s1', 's2']],
    ['both', `${ALL}&gender=male&gender=female`, []],
    ['an escaped comma is a comma', 'family=searched\\, three', ['s3']],
    ['strings are found from their start, whatever the case', 'family=SEARCHED', ['s1', 's2', 's3']],
    [':exact is exact', 'family:exact=Searched', ['s1']],
    [':contains is anywhere', 'family:contains=too', ['s2']],
    [':missing', `${ALL}&active:missing=true`, ['s3']],
    [':not', `${ALL}&gender:not=male`, ['s1', 's3']],
    ['a token without a bar is of any system', 'identifier=s1', ['s1']],
    ['a token with nothing before the bar has no system', 'identifier=|s1', []],
    ['_id', '_id=s1,s3', ['s1', 's3']],
    ['_lastUpdated', `${ALL}&_lastUpdated=lt2020`, []],
    ['_has', '_has:PractitionerRole:practitioner:active=true', ['s1']],
  ])('%s: %s', async (_sentence, query, expected) => {
    expect(idsIn(await get(query))).toEqual(expected);
  });

  test('a chain, by id, and by what it refers to', async () => {
    const roles = '/fhir/PractitionerRole';
    for (const query of [
      'practitioner=s1',
      'practitioner=Practitioner/s1',
      'practitioner:Practitioner=s1',
      'practitioner.family=searched',
      `practitioner=${door.origin}${PATH}/s1`,
    ])
      expect([query, idsIn(await get(query, roles))]).toEqual([query, ['role']]);
  });

  test('_include and _revinclude stand beside the matches, marked, and not in the total', async () => {
    const roles = await get('practitioner=s1&_include=PractitionerRole:practitioner', '/fhir/PractitionerRole');
    expect([idsIn(roles), idsIn(roles, 'include'), roles.body.total]).toEqual([['role'], ['s1'], 1]);
    const staff = await get(`${ALL}&_revinclude=PractitionerRole:practitioner`);
    expect([idsIn(staff), idsIn(staff, 'include'), staff.body.total]).toEqual([['s1', 's2', 's3'], ['role'], 3]);
  });

  test('_count is no more than that many matches; 0 is as _summary=count', async () => {
    expect(idsIn(await get(`${ALL}&_count=2`))).toHaveLength(2);
    for (const query of ['_count=0', '_summary=count']) {
      const { body } = await get(`${ALL}&${query}`);
      expect([body.total, body.entry]).toEqual([3, undefined]);
    }
  });

  test('_elements SHALL keep what is mandatory, and mark what is left SUBSETTED', async () => {
    const { body } = await get('_id=role&_elements=active', '/fhir/PractitionerRole');
    expect(body.entry[0].resource).toEqual({
      resourceType: 'PractitionerRole',
      id: 'role',
      meta: {
        versionId: '1',
        lastUpdated: expect.any(String),
        tag: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }],
      },
      active: true,
    });
  });
});
