import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { HEADINGS, kindMaySee } from '../../../src/model/heading.ts';
import { operator, publisher, WORDS } from '../../store/ground.ts';
import type { Caller } from '../../support/access.ts';
import * as body from '../../support/bodies.ts';
import { AMBULANCE, ED, type MatchGround, openMatchGround, POLICE, somebody } from '../match-ground.ts';

/** One `POST Flag/_search` answers the Flag, the plan and its words, and who it is: never more than each by itself would. */

let door: MatchGround;
let number = '';
const nobody = '9990000018';
const WHOLE = ['_include=Flag:detail', '_include=Flag:patient', '_include:iterate=CarePlan:supporting-info'];

beforeAll(async () => {
  door = await openMatchGround();
  number = door.ground.numbers.next();
  await door.person(somebody('amber', number));
}, 60_000);
afterAll(() => door?.close());

const form = (asked: readonly string[], whom = number): URLSearchParams =>
  new URLSearchParams(`patient.identifier=${encodeURIComponent(`${System.nhsNumber}|${whom}`)}&${asked.join('&')}`);
const search = (asked: readonly string[], caller = AMBULANCE, type = 'Flag', whom = number) =>
  door.ask(caller, `${type}/_search`, form(asked, whom));
const typesIn = ({ entry }: Bundle): readonly string[] =>
  (entry ?? []).map(({ search: how, resource }) => `${how?.mode} ${resource?.resourceType}`).sort();
const headingsIn = ({ entry }: Bundle): readonly string[] =>
  (entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Composition' ? (resource.section ?? []).flatMap(({ code }) => code?.coding?.[0]?.code ?? []) : [],
  );
const rows = async () => (await door.trail()).length;

describe('one round trip', () => {
  test('I7 answers Flag, plan, words and person under one decision, whose row is on record', async () => {
    const before = await rows();
    const { status, json } = await search(WHOLE);
    expect([status, json.total]).toEqual([200, 1]);
    expect(typesIn(json)).toEqual(['include CarePlan', 'include Composition', 'include Patient', 'match Flag']);
    const added = (await door.trail()).slice(before);
    expect(added).toEqual([expect.objectContaining({ event: 'read', organization: AMBULANCE.ods, because: null })]);
    expect([...headingsIn(json)].sort()).toEqual(Object.keys(WORDS).sort());
  });

  test('each resource is what it is when it is read by itself, and unchanged by its own ETag', async () => {
    const { json } = await search(WHOLE);
    for (const { resource } of json.entry) {
      const path = `${resource.resourceType}/${resource.id}`;
      const alone = await door.ask(AMBULANCE, path);
      expect(alone.json).toEqual(resource);
      const again = await fetch(`${door.origin}/${path}`, {
        headers: { ...(await door.tokens.headersOf(AMBULANCE, path)), 'If-None-Match': `W/"${resource.meta.versionId}"` },
      });
      expect([path, again.status]).toEqual([path, 304]);
    }
  });

  test.each([
    ['Flag', ['_include=Flag:detail'], ['include CarePlan', 'match Flag']],
    // Nothing that refers to the words is there to go on from.
    ['Flag', ['_include:iterate=CarePlan:supporting-info'], ['match Flag']],
    [
      'Flag',
      ['_include=Flag:detail', '_include:iterate=CarePlan:supporting-info:Composition'],
      ['include CarePlan', 'include Composition', 'match Flag'],
    ],
    [
      'Flag',
      ['_include:iterate=CarePlan:*', '_include:iterate=Flag:detail'],
      ['include CarePlan', 'include Composition', 'include Patient', 'match Flag'],
    ],
    ['Flag', ['_include:iterate=*'], ['include CarePlan', 'include Composition', 'include Patient', 'match Flag']],
    ['Flag', ['_include=*'], ['include CarePlan', 'include Patient', 'match Flag']],
    ['CarePlan', ['_include=CarePlan:supporting-info'], ['include Composition', 'match CarePlan']],
    ['Composition', ['_include:iterate=CarePlan:subject'], ['match Composition']],
  ] as const)('%s with %j', async (type, asked, expected) => {
    expect(typesIn((await search(asked, AMBULANCE, type)).json)).toEqual(expected);
  });

  test.each([
    ['_include=CarePlan:supporting-info', '_include'],
    ['_include:iterate=CarePlan:supporting-info:Patient', '_include:iterate'],
    ['_include:iterate=CarePlan:care-team', '_include:iterate'],
    ['_include:iterate=Composition:entry', '_include:iterate'],
    ['_include:iterate=Provenance:target', '_include:iterate'],
    ['_include:iterate=', '_include:iterate'],
    ['_include=Flag:words', '_include'],
    ['_revinclude=CarePlan:supporting-info', '_revinclude'],
    ['_revinclude:iterate=*', '_revinclude:iterate'],
  ])('I10 %s is refused with its place, and nothing is read', async (asked, at) => {
    const before = await rows();
    const { status, json } = await search(['_include=Flag:detail', asked]);
    expect([status, json.issue[0].expression]).toEqual([400, [`http.${at}`]]);
    expect(await rows()).toBe(before);
  });
});

describe('I4 never more than is permitted', () => {
  test('police get what police may see, without the number', async () => {
    const { json, text } = await search(WHOLE, POLICE);
    expect(typesIn(json)).toEqual(['include CarePlan', 'include Composition', 'include Patient', 'match Flag']);
    const seen = headingsIn(json);
    expect(seen.length).toBeGreaterThan(0);
    for (const heading of seen)
      expect([heading, HEADINGS.some((each) => each === heading && kindMaySee('police', each))]).toEqual([heading, true]);
    expect(text).not.toContain(number);
    expect(text).not.toContain(WORDS.triggers);
  });

  test('a heading outside the agreement is in no part of the answer', async () => {
    const only = { ...body.agreement('org-trust', ['svc-ed'], { headings: ['who-to-ring'] }), id: 'con-ed' };
    await door.ground.put(operator, only);
    const { json, text } = await search(WHOLE, ED);
    expect(headingsIn(json)).toEqual(['who-to-ring']);
    expect(text).not.toContain(WORDS['please-do']);
    await door.ground.agree('ed');
    expect([...headingsIn((await search(WHOLE, ED)).json)].sort()).toEqual(Object.keys(WORDS).sort());
  });

  test('a token that does not read the words is answered without them, and nothing is followed from a plan that it does not read', async () => {
    const as = async (...scopes: NonNullable<Caller['scopes']>) => typesIn((await search(WHOLE, { ...AMBULANCE, scopes })).json);
    expect(await as('system/Flag.rs', 'system/CarePlan.r')).toEqual(['include CarePlan', 'match Flag']);
    expect(await as('system/Flag.rs', 'system/Composition.r')).toEqual(['match Flag']);
    expect(await as('system/Flag.s')).toEqual(['match Flag']);
  });

  test('I7 without the scope of the words it is a look at a flag, and is on record as that', async () => {
    await search(WHOLE, { ...AMBULANCE, scopes: ['system/Flag.rs'] });
    expect((await door.trail()).at(-1)).toMatchObject({ event: 'flag' });
  });

  test('I1 I6 once consent is taken back, it is the answer of nobody, to the byte', async () => {
    const consent = (status: 'active' | 'inactive') =>
      body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['epr', 'ed', 'ambulance', 'police'], status });
    await door.ground.put(publisher, consent('inactive'));
    const refused = await search(WHOLE);
    expect([refused.status, refused.json.total]).toEqual([200, 0]);
    expect(refused.text).toBe((await search(WHOLE, AMBULANCE, 'Flag', nobody)).text);
    await door.ground.put(publisher, consent('active'));
    expect((await search(WHOLE)).json.total).toBe(1);
  });

  test('I6 a service that is in no agreement gets the same', async () => {
    const stranger = { ods: 'XOTHER', kind: 'ambulance' as const };
    const refused = await search(WHOLE, stranger);
    expect(refused.json.total).toBe(0);
    expect(refused.text).toBe((await search(WHOLE, stranger, 'Flag', nobody)).text);
  });
});

test('the parameter is published, and what it leads to is listed', async () => {
  const url = 'https://crisis-plan-broker.example/fhir/SearchParameter/CarePlan-supporting-info';
  const { json } = await door.ask(AMBULANCE, `SearchParameter?url=${url}`);
  expect(json.entry[0].resource).toMatchObject({ url, base: ['CarePlan'], expression: 'CarePlan.supportingInfo', target: ['Composition'] });
  const { json: statement } = await door.ask(AMBULANCE, 'metadata');
  const plan = statement.rest[0].resource.find(({ type }: { type: string }) => type === 'CarePlan');
  expect(plan.searchInclude).toContain('CarePlan:supporting-info');
  expect(plan.searchParam).toContainEqual({ name: 'supporting-info', type: 'reference', definition: url });
});
