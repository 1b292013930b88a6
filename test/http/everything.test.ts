import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBULANCE, approvePlan, AMBER, example, NHS_NUMBER_SYSTEM, OPERATOR, openDoor, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  const must = async (test: ReturnType<OpenDoor['put']>, status = 201): Promise<void> => {
    const answer = await test;
    if (answer.status !== status) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  };
  await must(
    door.put(TRUST, {
      resourceType: 'RelatedPerson',
      id: 'sister',
      patient: { reference: 'Patient/amber' },
      name: [{ family: 'Testperson-Sister' }],
    }),
  );
  // Not hers, and nobody's whom she has to do with.
  await must(door.put(TRUST, { ...example('plan-patient', 'valid-no-number'), id: 'other' }));
  await must(door.put(TRUST, { resourceType: 'RelatedPerson', id: 'others-brother', patient: { reference: 'Patient/other' } }));
  await must(door.put(TRUST, { resourceType: 'Practitioner', id: 'stranger', name: [{ family: 'Clinician-Stranger' }] }));
  await must(door.put(OTHER_TRUST, { resourceType: 'RelatedPerson', id: 'elsewhere', patient: { reference: 'Patient/amber' } }));
  await must(
    door.put(TRUST, { ...example('crisis-plan'), id: 'plan-2', identifier: [{ system: 'https://trust.example/plan', value: 'draft-2' }] }),
  );
  const contact = (id: string, number: string) => ({
    resourceType: 'Encounter',
    identifier: [{ system: 'https://ambulance.example/contact', value: id }],
    status: 'finished',
    period: { start: '2026-11-20T10:00:00Z', end: '2026-11-20T11:00:00Z' },
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
    subject: { identifier: { system: NHS_NUMBER_SYSTEM, value: number } },
  });
  await must(door.post(AMBULANCE, '/fhir/Encounter', contact('c1', AMBER)));
  await must(door.post(AMBULANCE, '/fhir/Encounter', contact('c2', '9990000018')));
  // Known to the trust by their number, and in no plan of it: nobody told it of the contact.
  const { identifier, ...lone } = { ...example('plan-patient'), id: 'lone' } as unknown as { identifier: object[] };
  await must(door.put(TRUST, { ...lone, identifier: identifier.map((each) => ({ ...each, value: '9990000018' })) }));
  // A team with somebody whom another trust employs.
  await must(door.put(OTHER_TRUST, { resourceType: 'Practitioner', id: 'foreign', name: [{ family: 'Clinician-Foreign' }] }));
  const member = { member: { reference: 'Practitioner/foreign' } };
  await must(door.put(TRUST, { resourceType: 'CareTeam', id: 'shared', subject: { reference: 'Patient/amber' }, participant: [member] }));
}, 60_000);
afterAll(() => door.close());

interface Entry {
  readonly resource: { readonly resourceType: string; readonly id: string };
  readonly search: { readonly mode: string };
}
const names = (entries: readonly Entry[]): readonly string[] => entries.map(({ resource }) => `${resource.resourceType}/${resource.id}`);
const everything = (query = '', id = 'amber') => door.get(TRUST, `/fhir/Patient/${id}/$everything${query}`);

describe("everything of one's own Patient", () => {
  test('the Patient first, then what the trust wrote about them, and whom that refers to', async () => {
    const { status, body } = await everything();
    expect(status).toBe(200);
    expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    const found = names(body.entry);
    expect(found[0]).toBe('Patient/amber');
    const known = found.filter((one) => !/^(?:Task|Encounter|Provenance)\//.test(one));
    expect(known.slice(1).toSorted()).toEqual([
      'CarePlan/plan-1',
      'CarePlan/plan-2',
      'CareTeam/crisis-team',
      'CareTeam/shared',
      'Composition/words-1',
      'Consent/consent-1',
      'Practitioner/consultant',
      'Practitioner/nurse',
      'RelatedPerson/sister',
    ]);
    expect(found.filter((one) => one.startsWith('Provenance/'))).toHaveLength(1);
    expect(body.total).toBe(found.length);
    const modes = new Map((body.entry as Entry[]).map((one) => [`${one.resource.resourceType}/${one.resource.id}`, one.search.mode]));
    expect([modes.get('CarePlan/plan-1'), modes.get('Practitioner/nurse')]).toEqual(['match', 'include']);
    expect(body.entry[0].fullUrl).toMatch(/\/fhir\/Patient\/amber$/);
  });

  test('the contact that a Task names to the trust, with its Task; no contact of another person', async () => {
    const { body } = await everything();
    const tasks = (body.entry as Entry[]).filter(({ resource }) => resource.resourceType === 'Task');
    const contacts = (body.entry as Entry[]).filter(({ resource }) => resource.resourceType === 'Encounter');
    expect(contacts).toHaveLength(1);
    expect(tasks.map(({ resource }) => (resource as unknown as { focus: { reference: string } }).focus.reference)).toEqual(names(contacts));
  });

  test('nothing of another person, of another trust, or of staff who are not named', async () => {
    const found = names((await everything()).body.entry);
    for (const one of [
      'Patient/other',
      'RelatedPerson/others-brother',
      'RelatedPerson/elsewhere',
      'Practitioner/stranger',
      'Practitioner/foreign',
    ])
      expect(found).not.toContain(one);
    expect(names((await everything('', 'other')).body.entry)).toEqual(['Patient/other', 'RelatedPerson/others-brother']);
    expect(names((await everything('', 'lone')).body.entry)).toEqual(['Patient/lone']);
  });

  test('pages hold everything once, in one order, and their links say nothing', async () => {
    const whole = names((await everything()).body.entry);
    const seen: string[] = [];
    let path = '/fhir/Patient/amber/$everything?_count=4';
    for (let pages = 0; path !== '' && pages < 20; pages++) {
      const { status, body } = await door.get(TRUST, path);
      expect(status).toBe(200);
      expect(body.total).toBe(whole.length);
      expect(body.entry.length).toBeLessThanOrEqual(4);
      seen.push(...names(body.entry));
      const next = (body.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url ?? '';
      expect(next).not.toMatch(/_count|_type|plan-/);
      path = next.replace(/^https?:\/\/[^/]+/, '');
    }
    expect(seen).toEqual(whole);
  });

  test('what is updated between two pages is neither lost nor doubled', async () => {
    const whole = names((await everything()).body.entry);
    const { body } = await everything('?_count=6');
    const next = (body.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url ?? '';
    for (const id of ['nurse', 'consultant'])
      await door.put(TRUST, { resourceType: 'Practitioner', id, name: [{ family: `Clinician-${id}`, given: ['Example'] }], active: true });
    const rest = await door.get(TRUST, next.replace(/^https?:\/\/[^/]+/, '').replace('?', '?_count=100&'));
    const seen = [...names(body.entry), ...names(rest.body.entry)];
    expect(new Set(seen).size).toBe(seen.length);
    expect(whole.slice(0, seen.length)).toEqual(seen);
  });

  test('_type and _since choose, and POST with Parameters asks the same', async () => {
    expect(names((await everything('?_type=CarePlan,Consent')).body.entry)).toEqual([
      'CarePlan/plan-1',
      'CarePlan/plan-2',
      'Consent/consent-1',
    ]);
    const posted = await door.post(TRUST, '/fhir/Patient/amber/$everything', {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueCode: 'CarePlan' },
        { name: '_type', valueCode: 'Consent' },
        { name: '_count', valueInteger: 2 },
      ],
    });
    expect(names(posted.body.entry)).toEqual(['CarePlan/plan-1', 'CarePlan/plan-2']);
    const all = (await everything()).body.entry as readonly (Entry & { resource: { meta: { lastUpdated: string } } })[];
    const middle = all.map(({ resource }) => resource.meta.lastUpdated).toSorted()[Math.floor(all.length / 2)] ?? '';
    const late = await everything(`?_since=${encodeURIComponent(middle)}`);
    expect(names(late.body.entry)).toEqual(names(all.filter(({ resource }) => resource.meta.lastUpdated >= middle)));
    expect((await everything('?_since=2999-01-01T00:00:00Z')).body).toMatchObject({ total: 0 });
  });

  test('a parameter that is none is reported, and refused under strict handling', async () => {
    const { body } = await everything('?start=2026-01-01');
    expect(body.entry.at(-1)).toMatchObject({ search: { mode: 'outcome' }, resource: { issue: [{ expression: ['http.start'] }] } });
    expect((await everything('?start=2026-01-01').set('Prefer', 'handling=strict')).status).toBe(400);
    for (const parameter of ['x', [{ name: '_count', valueInteger: 'x' }], [{ name: 3 }]])
      expect((await door.post(TRUST, '/fhir/Patient/amber/$everything', { resourceType: 'Parameters', parameter })).status).toBe(422);
    for (const query of ['?_type=nonsense', '?_since=yesterday', '?_count=x', '?_page=made-up'])
      expect((await everything(query)).status).toBe(400);
  });
});

describe('I4: anyone else finds nothing, as in a read', () => {
  test.each([AMBULANCE, POLICE, OTHER_TRUST])('%o', async (caller) => {
    const asked = await door.get(caller, '/fhir/Patient/amber/$everything');
    const absent = await door.get(caller, '/fhir/Patient/nobody/$everything');
    const read = await door.get(caller, '/fhir/Patient/nobody');
    expect([asked.status, absent.status]).toEqual([404, 404]);
    expect([asked.body, absent.body]).toEqual([read.body, read.body]);
  });

  test('a page of another trust is no page', async () => {
    const { body } = await everything('?_count=2');
    const next = (body.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url ?? '';
    expect((await door.get(OTHER_TRUST, next.replace(/^https?:\/\/[^/]+/, ''))).status).toBe(404);
    const elsewhere = next.replace(/^https?:\/\/[^/]+/, '').replace('/amber/', '/other/');
    expect((await door.get(TRUST, elsewhere)).status).toBe(400);
  });

  test('an operator is not permitted', async () => {
    expect((await door.get(OPERATOR, '/fhir/Patient/amber/$everything')).status).toBe(403);
  });
});
