import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import type { OpenDoor } from '../open-door.ts';
import { AMBER, AMBULANCE, approvePlan, NHS_NUMBER_SYSTEM, OPERATOR, openDoor, openDoorOn, TRUST } from '../open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  for (const [n, family] of ['Cedar', 'Alder', 'Birch', 'Dogwood', 'Elm'].entries())
    await door.put(TRUST, {
      resourceType: 'RelatedPerson',
      id: `rp-${n}`,
      patient: { reference: 'Patient/amber' },
      name: [{ family }],
      gender: 'other',
    });
});
afterAll(() => door.close());

const bundle = async (path: string, caller = TRUST): Promise<Bundle> => {
  const { status, body } = await door.get(caller, `/fhir/${path}`);
  expect([status, body.issue]).toEqual([200, undefined]);
  return body as Bundle;
};
const idsIn = ({ entry }: Bundle, mode = 'match') =>
  (entry ?? []).filter(({ search }) => search?.mode === mode).map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);
const link = ({ link: links }: Bundle, relation: string) => links?.find((each) => each.relation === relation)?.url;
const follow = (found: Bundle, relation: string) => bundle(link(found, relation)?.split('/fhir/')[1] ?? 'no-such-link');

describe('what a searchset holds', () => {
  test('an unknown parameter is reported under lenient handling, and refused under strict', async () => {
    const lenient = await bundle('CarePlan?status=active&colour=blue');
    expect(idsIn(lenient)).toEqual(['CarePlan/plan-1']);
    const [outcome] = (lenient.entry ?? []).filter(({ search }) => search?.mode === 'outcome');
    expect(outcome?.resource).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'warning', code: 'not-supported', expression: ['http.colour'] }],
    });
    expect(link(lenient, 'self')).toBe(`${door.origin}/fhir/CarePlan?status=active`);
    const strict = await door.get(TRUST, '/fhir/CarePlan?status=active&colour=blue').set('Prefer', 'handling=strict');
    expect(strict.status).toBe(400);
    expect(strict.body.issue[0]).toMatchObject({ severity: 'error', code: 'not-supported', expression: ['http.colour'] });
  });

  test('a known parameter with a bad value is refused under both', async () => {
    for (const handling of ['strict', 'lenient']) {
      const { status, body } = await door.get(TRUST, '/fhir/CarePlan?date=soon').set('Prefer', `handling=${handling}`);
      expect([status, body.issue[0].code, body.issue[0].expression]).toEqual([400, 'value', ['http.date']]);
    }
  });

  test('I8: a link says how the search was read, and no value of a person', async () => {
    const found = await bundle(
      `RelatedPerson?name=cedar&patient.identifier=${NHS_NUMBER_SYSTEM}|${AMBER}&birthdate=lt2020&_sort=name&_count=5`,
    );
    const self = link(found, 'self') ?? '';
    expect(self).toContain('name=&patient.identifier=&birthdate=&_sort=name&_count=5');
    const pages = await bundle('RelatedPerson?patient=amber&name:contains=e&_count=1');
    for (const relation of ['self', 'first', 'next']) expect(link(pages, relation)).not.toMatch(/amber/i);
  });

  test('_total none leaves the number out, _count=0 and _summary=count give nothing else', async () => {
    expect(await bundle('RelatedPerson?_total=none')).not.toHaveProperty('total');
    expect((await bundle('RelatedPerson?_total=estimate')).total).toBe(5);
    for (const path of ['RelatedPerson?_count=0', 'RelatedPerson?_summary=count', 'RelatedPerson?_summary=count&_total=none&_sort=name']) {
      const found = await bundle(path);
      expect(found.total).toBe(5);
      expect(found).not.toHaveProperty('entry');
    }
  });
});

describe('how much of a resource is shown', () => {
  const first = (found: Bundle, at = 0): Record<string, unknown> => ({ ...found.entry?.[at]?.resource });

  test('_elements keeps what it names, and what is mandatory, and says so', async () => {
    const plan = first(await bundle('CarePlan?_elements=category,careTeam'));
    expect(Object.keys(plan).sort()).toEqual(['careTeam', 'category', 'id', 'intent', 'meta', 'resourceType', 'status', 'subject']);
    expect(plan['meta']).toMatchObject({ versionId: '2', tag: [{ code: 'SUBSETTED' }] });
    const same = first(await bundle('CarePlan?_elements=CarePlan.category,CarePlan.careTeam'));
    expect(same).toEqual(plan);
  });

  test('_summary: true, text, data', async () => {
    const summary = first(await bundle('CarePlan?_summary=true'));
    expect(summary).toHaveProperty('period');
    expect(summary).not.toHaveProperty('activity');
    expect(summary['meta']).toMatchObject({ tag: [{ code: 'SUBSETTED' }] });
    expect(Object.keys(first(await bundle('CarePlan?_summary=text'))).sort()).toEqual([
      'id',
      'intent',
      'meta',
      'resourceType',
      'status',
      'subject',
    ]);
    const data = first(await bundle('Composition?_summary=data'));
    expect(data).toHaveProperty('section');
    expect(data).not.toHaveProperty('text');
    expect(first(await bundle('CarePlan?_summary=false'))['meta']).not.toHaveProperty('tag');
  });
});

describe('what stands beside the matches', () => {
  test.each([
    ['CarePlan?_include=CarePlan:subject', ['Patient/amber']],
    ['CarePlan?_include=CarePlan:subject:Group', []],
    ['CarePlan?_include=CarePlan:care-team', ['CareTeam/crisis-team']],
    ['CarePlan?_include=CarePlan:care-team&_include:iterate=CareTeam:participant', ['CareTeam/crisis-team', 'Practitioner/nurse']],
    ['CarePlan?_include=CarePlan:care-team&_include=CarePlan:subject', ['CareTeam/crisis-team', 'Patient/amber']],
    ['CarePlan?_include=*', ['CareTeam/crisis-team', 'Composition/words-1', 'Patient/amber']],
    ['CarePlan?_include=CarePlan:*', ['CareTeam/crisis-team', 'Composition/words-1', 'Patient/amber']],
    ['Patient?_revinclude=CarePlan:patient', ['CarePlan/plan-1']],
    [
      'Patient?_revinclude=RelatedPerson:patient&_elements=id',
      ['RelatedPerson/rp-0', 'RelatedPerson/rp-1', 'RelatedPerson/rp-2', 'RelatedPerson/rp-3', 'RelatedPerson/rp-4'],
    ],
  ])('%s', async (path, expected) => {
    const found = await bundle(path);
    expect(idsIn(found, 'include').sort()).toEqual(expected);
    expect(found.total).toBe(1);
    expect(new Set(found.entry?.map(({ fullUrl }) => fullUrl)).size).toBe(found.entry?.length);
  });
});

describe('order and pages', () => {
  const walk = async (path: string): Promise<readonly string[]> => {
    let page = await bundle(path);
    const ids = [...idsIn(page)];
    while (link(page, 'next') !== undefined) {
      expect(page.total).toBe(5);
      page = await follow(page, 'next');
      ids.push(...idsIn(page));
    }
    return ids.map((each) => each.replace('RelatedPerson/', ''));
  };

  test('without _sort the newest creation comes first, and an update moves nothing', async () => {
    const before = await walk('RelatedPerson?_count=2');
    expect(before).toEqual(['rp-4', 'rp-3', 'rp-2', 'rp-1', 'rp-0']);
    await door.put(TRUST, {
      resourceType: 'RelatedPerson',
      id: 'rp-1',
      patient: { reference: 'Patient/amber' },
      name: [{ family: 'Alder' }],
      gender: 'female',
    });
    expect(await walk('RelatedPerson?_count=2')).toEqual(before);
  });

  test.each([
    ['name', ['rp-1', 'rp-2', 'rp-0', 'rp-3', 'rp-4']],
    ['-name', ['rp-4', 'rp-3', 'rp-0', 'rp-2', 'rp-1']],
    ['gender,-name', ['rp-1', 'rp-4', 'rp-3', 'rp-0', 'rp-2']],
    ['_id', ['rp-0', 'rp-1', 'rp-2', 'rp-3', 'rp-4']],
    ['_lastUpdated', ['rp-0', 'rp-2', 'rp-3', 'rp-4', 'rp-1']],
    ['birthdate,patient,-_id', ['rp-4', 'rp-3', 'rp-2', 'rp-1', 'rp-0']],
  ])('_sort=%s', async (sort, expected) => {
    for (const count of [1, 2, 50]) expect(await walk(`RelatedPerson?_sort=${sort}&_count=${count}`)).toEqual(expected);
  });

  test('first, next and previous lead there and back', async () => {
    const first = await bundle('RelatedPerson?_sort=name&_count=2');
    const second = await follow(first, 'next');
    expect(idsIn(second)).toEqual(['RelatedPerson/rp-0', 'RelatedPerson/rp-3']);
    expect(idsIn(await follow(second, 'previous'))).toEqual(idsIn(first));
    expect(idsIn(await follow(second, 'first'))).toEqual(idsIn(first));
    const newest = await bundle('RelatedPerson?_count=2');
    expect(idsIn(await follow(await follow(newest, 'next'), 'first'))).toEqual(idsIn(newest));
    expect(link(await bundle('RelatedPerson?_count=5'), 'next')).toBeUndefined();
  });

  test('the next page is answered by whichever process is asked, and tells none of what was asked', async () => {
    const other = await openDoorOn(door.database);
    const next = link(await bundle('RelatedPerson?_sort=name&_count=2'), 'next')?.split('/fhir/')[1] ?? '';
    expect(next).not.toContain('name');
    expect(idsIn((await other.get(TRUST, `/fhir/${next}`)).body)).toEqual(['RelatedPerson/rp-0', 'RelatedPerson/rp-3']);
    await other.close();
  });

  test('a search with more words than a URL takes has pages all the same', async () => {
    const many = Array.from({ length: 45 }, (_each, n) => `${'x'.repeat(180)}${n}`).join(',');
    const form = new URLSearchParams('name=cedar,alder,birch&_count=1');
    for (let n = 0; n < 8; n++) form.append('name:contains', `e,${many.slice(0, 1_000)}`);
    const first = (await door.search(TRUST, 'RelatedPerson', form.toString())).body as Bundle;
    expect(first.total).toBe(2);
    expect(link(first, 'next')?.length).toBeLessThan(200);
    const second = await follow(first, 'next');
    expect([...idsIn(first), ...idsIn(second)]).toEqual(['RelatedPerson/rp-1', 'RelatedPerson/rp-0']);
    expect((await door.get({ ods: 'ZZ9', kind: 'publisher' }, `/fhir/${link(first, 'next')?.split('/fhir/')[1]}`)).status).toBe(400);
    await door.pool.query('DELETE FROM search_page');
  });

  test('a page keeps its shape and what stands beside it', async () => {
    const first = await bundle('RelatedPerson?_count=2&_elements=name&_include=RelatedPerson:patient');
    const second = await follow(first, 'next');
    expect(idsIn(second, 'include')).toEqual(['Patient/amber']);
    expect(Object.keys(second.entry?.[0]?.resource ?? {}).sort()).toEqual(['id', 'meta', 'name', 'patient', 'resourceType']);
  });

  test('a page is nobody else’s, and no page is answered alike', async () => {
    const url = link(await bundle('RelatedPerson?_sort=name&_count=2'), 'next')?.split('/fhir/')[1] ?? '';
    const answers = await Promise.all([
      door.get({ ods: 'ZZ9', kind: 'publisher' }, `/fhir/${url}`),
      door.get(TRUST, `/fhir/${url.slice(0, -4)}AAAA`),
      door.get(TRUST, `/fhir/${url.replace('RelatedPerson', 'CareTeam')}`),
      door.get(TRUST, '/fhir/RelatedPerson?_page=x'),
    ]);
    for (const { status, text } of answers) expect([status, text]).toEqual([400, answers[0]?.text]);
  });

  test('kept matches end after an hour, and are cleared away by the next that are kept', async () => {
    const page = await bundle('RelatedPerson?_sort=name&_count=2');
    await door.pool.query(`UPDATE search_page SET ends_at = ends_at - interval '1 hour'`);
    expect((await door.get(TRUST, `/fhir/${link(page, 'next')?.split('/fhir/')[1]}`)).status).toBe(400);
    await bundle('RelatedPerson?_sort=-name&_count=2');
    expect((await door.pool.query('SELECT FROM search_page')).rows).toHaveLength(1);
  });
});

describe('a recipient’s search of disclosures', () => {
  const by = `patient.identifier=${NHS_NUMBER_SYSTEM}|${AMBER}`;
  const events = async () => (await door.pool.query<{ event: string }>('SELECT event FROM audit ORDER BY id DESC LIMIT 1')).rows[0]?.event;

  test('a Flag alone is a look at a flag; with the plan beside it, it is a read', async () => {
    await bundle(`Flag?${by}`, AMBULANCE);
    expect(await events()).toBe('flag');
    const found = await bundle(`Flag?${by}&_include=Flag:detail&_include=Flag:patient`, AMBULANCE);
    expect(await events()).toBe('read');
    const [flag] = found.entry ?? [];
    const words = JSON.stringify(flag?.resource);
    const beside = idsIn(found, 'include');
    expect(beside.map((each) => each.split('/')[0]).sort()).toEqual(['CarePlan', 'Patient']);
    for (const each of beside) expect(words).toContain(`"reference":"${each}"`);
    expect(found.total).toBe(1);
  });

  test.each([
    ['CarePlan', 'CarePlan:subject', 'Patient'],
    ['Composition', 'Composition:patient', 'Patient'],
    ['Flag', 'Flag:subject:Patient', 'Patient'],
    ['CarePlan', 'CarePlan:supporting-info', 'Composition'],
    ['CarePlan', 'CarePlan:supporting-info:Composition', 'Composition'],
    ['Composition', '*', 'Patient'],
  ])('%s?_include=%s', async (type, include, expected) => {
    const found = await bundle(`${type}?${by}&_include=${include}&_sort=status&_total=none`, AMBULANCE);
    expect(idsIn(found, 'include').map((each) => each.split('/')[0])).toEqual([expected]);
    expect(found).not.toHaveProperty('total');
  });

  const withWords = `${by}&_include=Flag:detail&_include:iterate=CarePlan:supporting-info`;

  test('I4 I7 Flag, plan and words in one answer: one decision, one row, and the words are those of a read of them', async () => {
    const rows = async () => (await door.pool.query('SELECT event, headings FROM audit ORDER BY id')).rows;
    const before = await rows();
    const found = await bundle(`Flag?${withWords}`, AMBULANCE);
    expect((await rows()).slice(before.length)).toEqual([{ event: 'read', headings: expect.arrayContaining(['who-to-ring']) }]);
    expect(
      idsIn(found, 'include')
        .map((each) => each.split('/')[0])
        .sort(),
    ).toEqual(['CarePlan', 'Composition']);
    const composition = found.entry?.map(({ resource }) => resource).find((each) => each?.resourceType === 'Composition');
    const { body: alone } = await door.get(AMBULANCE, `/fhir/Composition/${composition?.id}`);
    expect(composition).toEqual(alone);
  });

  test('the words without the plan between them are not reached; what is included again is there once', async () => {
    const types = async (asked: string) =>
      idsIn(await bundle(`Flag?${by}&${asked}`, AMBULANCE), 'include')
        .map((each) => each.split('/')[0])
        .sort();
    expect(await types('_include:iterate=CarePlan:supporting-info')).toEqual([]);
    expect(await types('_include=Flag:detail&_include:iterate=CarePlan:subject&_include=Flag:subject')).toEqual(['CarePlan', 'Patient']);
    expect(await types('_include=*&_include:iterate=*')).toEqual(['CarePlan', 'Composition', 'Patient']);
  });

  test('a step that does not begin where it stands is refused with its place', async () => {
    for (const asked of ['_include=CarePlan:supporting-info', '_include:iterate=CarePlan:activity', '_include:iterate=Consent:patient']) {
      const { status, body } = await door.get(AMBULANCE, `/fhir/Flag?${by}&${asked}`);
      expect([status, body.issue[0].expression]).toEqual([400, [`http.${asked.split('=')[0]}`]]);
    }
  });

  test('what no disclosure holds is refused by name', async () => {
    for (const asked of ['_include=CarePlan:care-team', '_revinclude=Composition:subject', '_include=Flag:detail', '_sort=nothing']) {
      const { status, body } = await door.get(AMBULANCE, `/fhir/CarePlan?${by}&${asked}`);
      expect([status, body.issue[0].expression]).toEqual([400, [`http.${asked.split('=')[0]}`]]);
    }
  });

  test('_elements and _summary shorten a disclosure', async () => {
    const [entry] = (await bundle(`CarePlan?${by}&_elements=period`, AMBULANCE)).entry ?? [];
    expect(entry?.resource).not.toHaveProperty('activity');
    expect(entry?.resource?.meta).toMatchObject({ tag: [{ code: 'SUBSETTED' }] });
    const [summary] = (await bundle(`Composition?${by}&_summary=true`, AMBULANCE)).entry ?? [];
    expect(summary?.resource).not.toHaveProperty('section');
  });

  test('what an operator finds holds no plan', async () => {
    expect((await door.get(OPERATOR, `/fhir/Flag?${by}`)).status).toBe(403);
  });
});
