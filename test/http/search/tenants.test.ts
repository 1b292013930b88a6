import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import type { Caller, OpenDoor } from '../open-door.ts';
import { AMBULANCE, AMBER, NHS_NUMBER_SYSTEM, openDoor, TRUST } from '../open-door.ts';
import { store } from './search-as.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const put = (owner: string, type: string, id: string, rest: object) =>
  store(door.pool, owner, id, { resourceType: type, ...rest } as unknown as Resource);
const ref = (reference: string) => ({ reference });
const number = { identifier: [{ system: NHS_NUMBER_SYSTEM, value: AMBER }] };
const taskFor = (ods: string, kind: string, focus: string) => ({
  status: 'requested',
  intent: 'order',
  focus: ref(focus),
  owner: { identifier: { system: System.odsOrganization, value: ods } },
  performerType: [{ coding: [{ system: System.kind, code: kind }] }],
});

/** What the caller's own organisation has: some of it refers to what another has, or will have. */
const ownResources = async (): Promise<void> => {
  await put('ZZ1', 'Patient', 'mine', { ...number, name: [{ family: 'Example-Mine' }] });
  for (const n of [1, 2, 3]) {
    await put('ZZ1', 'Encounter', `mine-${n}`, {
      status: 'finished',
      subject: ref(n === 1 ? 'Patient/mine' : 'Patient/theirs'),
      partOf: ref('Encounter/theirs-1'),
    });
    await put('ZZ1', 'CarePlan', `mine-${n}`, {
      status: 'draft',
      intent: 'plan',
      subject: ref(n === 1 ? 'Patient/mine' : 'Patient/theirs'),
      encounter: ref(n === 2 ? 'Encounter/theirs-1' : `Encounter/mine-${n}`),
      careTeam: [ref('CareTeam/theirs')],
    });
  }
  await put('BROKER', 'Task', 'mine', taskFor('ZZ3', 'ambulance', 'CarePlan/mine-1'));
};

/** What another has: it says the same values, and refers to what the caller has. */
const theirResources = async (): Promise<void> => {
  await put('ZZ9', 'Patient', 'theirs', { ...number, name: [{ family: 'Example-Theirs' }] });
  await put('ZZ9', 'CareTeam', 'theirs', { status: 'active', subject: ref('Patient/mine') });
  for (const n of [1, 2, 3]) {
    await put('ZZ9', 'Encounter', `theirs-${n}`, { status: 'finished', subject: ref('Patient/mine') });
    await put('ZZ9', 'CarePlan', `theirs-${n}`, {
      status: 'active',
      intent: 'plan',
      subject: ref('Patient/mine'),
      encounter: ref('Encounter/mine-1'),
    });
    await put('ZZ9', 'RelatedPerson', `theirs-${n}`, { patient: ref('Patient/mine'), name: [{ family: 'Example-Theirs' }] });
  }
  await put('BROKER', 'Task', 'police', taskFor('ZZ3', 'police', 'CarePlan/mine-1'));
  await put('BROKER', 'Task', 'theirs', taskFor('ZZ8', 'ambulance', 'CarePlan/mine-1'));
};

const QUERIES: readonly (readonly [Caller, string])[] = [
  ...[
    'CarePlan',
    'CarePlan?_count=1',
    'CarePlan?_sort=status&_count=2',
    'CarePlan?status=draft,active',
    'CarePlan?status:not=draft',
    'CarePlan?status:missing=false&_summary=count',
    'CarePlan?_id=mine-1,theirs-1',
    'CarePlan?_lastUpdated=gt2020-01-01&_count=0',
    'CarePlan?subject:Patient.name=example',
    `CarePlan?patient.identifier=${NHS_NUMBER_SYSTEM}|${AMBER}`,
    `CarePlan?patient=${NHS_NUMBER_SYSTEM}|${AMBER}`,
    'CarePlan?encounter.status=finished',
    'CarePlan?encounter.part-of.status=finished',
    'CarePlan?encounter.patient.family=example',
    'CarePlan?care-team.status=active',
    'CarePlan?_include=*',
    'CarePlan?_include=CarePlan:care-team&_include=CarePlan:encounter&_include:iterate=Encounter:part-of',
    'Patient?name=example',
    'Patient?_has:CarePlan:patient:status=active',
    'Patient?_has:Encounter:patient:status=finished',
    'Patient?_has:Encounter:patient:_has:CarePlan:encounter:status=active',
    'Patient?_revinclude=*',
    'Patient?_revinclude=RelatedPerson:patient&_revinclude=CarePlan:patient',
    'Encounter?_revinclude:iterate=CarePlan:encounter',
    'Encounter?part-of:missing=false',
    'RelatedPerson?patient=mine',
  ].map((query) => [TRUST, query] as const),
  ...[
    'Task',
    'Task?status=requested',
    'Task?focus=CarePlan/mine-1&_count=0',
    'Task?status:not=completed',
    'Task?_include=Task:focus',
    'Task?_sort=status',
  ].map((query) => [AMBULANCE, query] as const),
];

const answers = async (): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const [caller, query] of QUERIES) {
    const { status, text } = await door.get(caller, `/fhir/${query}`);
    // Tokens of pages are sealed anew each time.
    found.set(query, `${status} ${text.replace(/_page=[\w-]+/g, '_page')}`);
  }
  return found;
};

describe('I4, I6: what another organisation has', () => {
  test('changes no answer: neither totals, pages, chains, _has nor what stands beside the matches', async () => {
    await ownResources();
    const before = await answers();
    for (const answer of before.values()) expect(answer).toMatch(/^200 /);
    await theirResources();
    const after = await answers();
    for (const [query, answer] of after) expect(`${query} ${answer}`).toBe(`${query} ${before.get(query)}`);
    expect(JSON.stringify([...after])).not.toMatch(/"id":\\?"(?:theirs|police)/);
  });

  test('a chain through what is the caller’s own does match', async () => {
    const total = async (query: string) => (await door.get(TRUST, `/fhir/${query}`)).body.total;
    expect(await total('CarePlan?subject:Patient.name=example')).toBe(1);
    expect(await total('CarePlan?encounter.status=finished')).toBe(2);
    expect(await total('Patient?_has:CarePlan:patient:status=draft')).toBe(1);
  });

  test('a sorted page shows a Task no more once it is somebody else’s to do', async () => {
    for (const n of [1, 2, 3]) await put('BROKER', 'Task', `page-${n}`, taskFor('ZZ3', 'ambulance', 'CarePlan/x'));
    const first = await door.get(AMBULANCE, '/fhir/Task?focus=CarePlan/x&_sort=_id&_count=1');
    const next = first.body.link.find(({ relation }: { relation: string }) => relation === 'next').url.split('/fhir/')[1];
    await put('BROKER', 'Task', 'page-2', taskFor('ZZ8', 'ambulance', 'CarePlan/x'));
    expect((await door.get(AMBULANCE, `/fhir/${next}`)).text).not.toContain('page-2');
    expect((await door.get(AMBULANCE, '/fhir/Task?focus=CarePlan/x')).body.total).toBe(2);
  });
});
