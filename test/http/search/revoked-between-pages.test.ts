import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { publisher, WORDS } from '../../store/ground.ts';
import * as body from '../../support/bodies.ts';
import { ED, type MatchGround, openMatchGround, somebody } from '../match-ground.ts';

/** A recipient reads the first page of a person's two plans; consent is taken back; by no link, token or id of it does it get any further. */

const MARK = 'zebrafinch';
let door: MatchGround;
let number = '';
const consent = (status: 'active' | 'inactive') => body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed'], status });

beforeAll(async () => {
  door = await openMatchGround();
  const { ground } = door;
  number = ground.numbers.next();
  await ground.put(publisher, somebody('amber', number));
  await ground.put(publisher, consent('active'));
  for (const name of ['one', 'two']) {
    await ground.put(publisher, body.composition(`words-${name}`, 'amber', { ...WORDS, 'please-do': `Humming ${MARK} ${name}` }));
    const detail = { code: { coding: [{ system: System.heading, code: 'crisis-steps' }] }, status: 'not-started' as const };
    await ground.put(publisher, {
      ...body.carePlan(`plan-${name}`, 'amber', `words-${name}`, { reach: [], identifier: name }),
      activity: [{ detail: { ...detail, description: `Hum the ${MARK} ${name} song with me` } }],
    });
    await ground.store.approve(publisher, `plan-${name}`, '1', body.approval(`plan-${name}`), body.approver);
  }
  for (const id of ['first', 'second']) {
    await ground.put(
      { organization: 'XED', kind: 'ed', scopes: ['system/*.cruds'], user: null },
      {
        resourceType: 'Encounter',
        identifier: [{ system: 'https://sender.example/contact', value: id }],
        status: 'finished',
        class: { system: System.actCode, code: 'EMER' },
        subject: { identifier: { system: System.nhsNumber, value: ground.numbers.next() } },
      },
    );
  }
}, 60_000);
afterAll(() => door?.close());

const form = (...more: readonly (readonly [string, string])[]): URLSearchParams => {
  const asked = new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${number}`, _count: '1' });
  for (const [name, value] of more) asked.append(name, value);
  return asked;
};
const linksOf = (json: Bundle) => (json.link ?? []).map(({ relation, url }) => [relation, url] as const);

test.each([
  ['Composition', []],
  ['CarePlan', [['_include', 'CarePlan:subject']]],
  ['Flag', [['_include', 'Flag:detail']]],
] as const)('I1 page 1 of %s, a revocation, and what follows of it', async (type, more) => {
  await door.ground.put(publisher, consent('active'));
  const page = await door.ask(ED, `${type}/_search`, form(...more));
  expect(page.json).toMatchObject({ resourceType: 'Bundle', total: 2 });
  expect(page.text).toContain(MARK);
  const found: readonly { resourceType: string; id: string }[] = page.json.entry.map(({ resource }: { resource: object }) => resource);
  expect(found.filter(({ resourceType }) => resourceType === type)).toHaveLength(1);
  const { json: own } = await door.ask(ED, 'Encounter?_count=1');
  const token = new URL(linksOf(own).find(([relation]) => relation === 'next')?.[1] ?? '').searchParams.get('_page') ?? '';
  expect(token).not.toBe('');

  await door.ground.put(publisher, consent('inactive'));

  const [id = ''] = found.filter(({ resourceType }) => resourceType === type).map((each) => each.id);
  const roads: readonly (readonly [string, URLSearchParams?])[] = [
    ...linksOf(page.json).map(([, url]) => [url] as const),
    // No page of what is disclosed is kept for anybody: a token of another search opens none.
    [`${type}?_page=${token}`],
    [`${type}?_id=${id}&_page=${token}`],
    [`${type}/_search`, form(['_page', token])],
    [`${type}/_search`, form(['_page', '2'])],
    [`${type}/_search`, form(['_offset', '1'])],
    [`${type}/_search`, form(...more)],
    ...found.map((each) => [`${each.resourceType}/${each.id}`] as const),
    ...found.map((each) => [`${each.resourceType}/${each.id}/_history/1`] as const),
    [`Composition/${id}/$document`],
  ];
  for (const [road, sent] of roads) {
    const { text } = await door.ask(ED, road, sent);
    expect([road, text.toLowerCase().includes(MARK)]).toEqual([road, false]);
  }
  expect((await door.ask(ED, `${type}/_search`, form(...more))).json).toMatchObject({ total: 0 });
  // There is no second page at all: the rest of what one page left out is asked for again, and decided again.
  expect(linksOf(page.json).map(([relation]) => relation)).toEqual(['self']);
});
