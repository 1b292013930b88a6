import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as body from '../../../support/bodies.ts';
import type { Caller } from '../../../support/access.ts';
import { nhsNumbersFrom } from '../../../support/nhs-numbers.ts';
import {
  AMBER,
  AMBULANCE,
  approvePlan,
  example,
  NHS_NUMBER_SYSTEM,
  type OpenDoor,
  openDoor,
  OPERATOR,
  OTHER_TRUST,
  POLICE,
  TRUST,
} from '../../open-door.ts';

let door: OpenDoor;
const numbers = nhsNumbersFrom(730_000);
const theirNumber = numbers.next();
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  await must(OPERATOR, body.organization('other-trust', 'ZZ9', 'publisher'), 201);
  // The same person at the other trust, and somebody of its own.
  await must(OTHER_TRUST, body.patient('their-amber', AMBER), 201);
  await must(OTHER_TRUST, body.patient('theirs', theirNumber, 'Testperson-Theirs'), 201);
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const put = (caller: Caller, resource: object) => door.put(caller, { ...resource } as Record<string, unknown>);
const must = async (caller: Caller, resource: object, status: number): Promise<void> => {
  const answer = await put(caller, resource);
  expect([answer.status, answer.status === status ? '' : answer.text]).toEqual([status, '']);
};
const number = encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`);
const isShown = async (caller: Caller): Promise<boolean> =>
  (await door.search(caller, 'Flag', `patient.identifier=${number}`)).body.total === 1;

describe('a claim of another organisation', () => {
  test.each(['ZZ9', 'BROKER', 'zz9', 'ZZ1,ZZ9', 'ZZ1 ZZ9', '', ' ', '__proto__', 'ZZ1%00'])('tries the header %j', async (ods) => {
    const answer = await door.get(TRUST, '/fhir/Patient/amber').set('NHSD-End-User-Organisation-ODS', ods);
    expect(answer.status).toBe(403);
    expect(answer.body.issue[0].expression).toEqual(['http.NHSD-End-User-Organisation-ODS']);
  });

  test('and its own, in either case, is let through', async () => {
    for (const ods of ['ZZ1', 'zz1', ' ZZ1 '])
      expect((await door.get(TRUST, '/fhir/Patient/amber').set('NHSD-End-User-Organisation-ODS', ods)).status).toBe(200);
  });

  test.each(['operator', 'ambulance', 'publisher'])('tries the kind %s in the header of before: it says nothing', async (kind) => {
    expect((await door.get(POLICE, '/fhir/Organization').set('X-Service-Kind', kind)).status).toBe(403);
    expect((await door.get(POLICE, '/fhir/CarePlan/plan-1').set('X-Service-Kind', kind)).status).toBe(404);
  });

  test('tries to be the operator with a client of another organisation', async () => {
    const false_: Caller = { ods: 'ZZ1', kind: 'operator' };
    for (const path of ['Organization', 'AuditEvent', 'Contract', 'Task', 'Questionnaire'])
      expect((await door.get(false_, `/fhir/${path}`)).status).toBe(403);
  });

  test('tries another sender in a message', async () => {
    const { incident } = await import('../../../inbound/incident.ts');
    const id = '60e0b220-c136-4ca5-ae46-1d97ef59d068';
    const sent = door.post(AMBULANCE, '/fhir/$process-message', incident({ caseNumber: 'x', second: 1, sender: 'ZZ5' }));
    expect((await sent.set('X-Request-ID', id).set('X-Correlation-ID', id)).status).toBe(403);
  });
});

describe('another service of the same organisation', () => {
  // One ODS code may be an ambulance service and an emergency department.
  const ED: Caller = { ods: AMBULANCE.ods, kind: 'ed' };
  const contact = (id: string) => ({ ...example('crisis-contact'), id });

  beforeAll(async () => {
    await must(AMBULANCE, contact('of-ambulance'), 201);
  });

  test('reads, searches, and finds in the history nothing of what this one wrote', async () => {
    expect((await door.get(AMBULANCE, '/fhir/Encounter/of-ambulance')).status).toBe(200);
    for (const path of ['Encounter/of-ambulance', 'Encounter/of-ambulance/_history', 'Encounter/of-ambulance/_history/1'])
      expect([path, (await door.get(ED, `/fhir/${path}`)).status]).toEqual([path, 404]);
    expect((await door.get(AMBULANCE, '/fhir/Encounter')).body.total).toBe(1);
    expect((await door.get(ED, '/fhir/Encounter')).body.total).toBe(0);
    expect((await door.get(AMBULANCE, '/fhir/Encounter/_history')).body.total).toBe(1);
    expect((await door.get(ED, '/fhir/Encounter/_history')).body.total).toBe(0);
  });

  test('changes nothing of it, and may number its own contacts alike', async () => {
    expect((await put(ED, contact('of-ambulance'))).status).toBe(404);
    const own = await put(ED, contact('of-ed'));
    expect([own.status, own.body.id]).toEqual([201, 'of-ed']);
    expect((await door.get(AMBULANCE, '/fhir/Encounter/of-ed')).status).toBe(404);
    expect((await door.get(ED, '/fhir/Encounter')).body.total).toBe(1);
  });
});

describe('self-granted consent', () => {
  const granted = (id: string, patient: string, organization: string) =>
    body.consent(id, patient, organization, { kinds: ['police', 'ambulance'] });

  test('a recipient tries to write one, in every way', async () => {
    const consent = granted('self-granted', 'amber', 'trust');
    expect((await put(POLICE, consent)).status).toBe(403);
    expect((await door.post(POLICE, '/fhir/Consent', consent)).status).toBe(403);
    const entry = [{ request: { method: 'PUT', url: 'Consent/self-granted' }, resource: consent }];
    const batch = await door.post(POLICE, '/fhir', { resourceType: 'Bundle', type: 'batch', entry });
    expect(batch.body.entry[0].response.status).toMatch(/^403/);
    expect((await door.post(POLICE, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(403);
    const patch = door
      .as(door.agent.patch('/fhir/Consent/consent-1'), POLICE)
      .set('Content-Type', 'application/json-patch+json')
      .send(JSON.stringify([{ op: 'replace', path: '/status', value: 'active' }]));
    expect((await patch).status).toBe(403);
    expect(await isShown(POLICE)).toBe(false);
  });

  test('a publisher tries one for the patient of another trust, and for the person that both know', async () => {
    for (const [patient, organization] of [
      ['amber', 'trust'],
      ['amber', 'other-trust'],
      ['their-amber', 'trust'],
    ] as const) {
      const answer = await put(OTHER_TRUST, granted(`granted-${patient}`, patient, organization));
      expect([patient, organization, answer.status]).toEqual([patient, organization, 422]);
    }
    // Its own consent about the same person binds its own plans alone.
    expect((await put(OTHER_TRUST, granted('of-theirs', 'their-amber', 'other-trust'))).status).toBe(201);
    expect(await isShown(POLICE)).toBe(false);
  });

  test('a publisher tries to move its consent to the patient of another', async () => {
    const moved = { ...granted('of-theirs', 'amber', 'other-trust') };
    expect((await put(OTHER_TRUST, moved)).status).toBe(422);
    const patch = door
      .as(door.agent.patch('/fhir/Consent/of-theirs'), OTHER_TRUST)
      .set('Content-Type', 'application/json-patch+json')
      .send(JSON.stringify([{ op: 'replace', path: '/patient/reference', value: 'Patient/amber' }]));
    expect((await patch).status).toBe(422);
  });

  test('a recipient tries to write what else decides: agreement, service, plan, approval, patient', async () => {
    const agreement = { ...body.agreement('trust', ['police']), id: 'self-agreed' };
    const service = body.service('police-2', 'constabulary', 'ambulance');
    for (const resource of [
      agreement,
      service,
      body.organization('x', 'ZZ4', 'publisher'),
      body.patient('x', AMBER),
      body.approval('plan-1'),
    ])
      expect((await put(POLICE, { id: 'x', ...resource })).status).toBe(403);
    for (const operation of ['$approve', '$withdraw'])
      expect((await door.post(POLICE, `/fhir/CarePlan/plan-1/${operation}`, { resourceType: 'Parameters' })).status).toBe(403);
    expect(await isShown(POLICE)).toBe(false);
  });
});

describe('a reference into another tenant', () => {
  const reads = async (caller: Caller, path: string): Promise<string> => {
    const answer = await door.get(caller, `/fhir/${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.text;
  };

  test('tries to pull it along: _include, _revinclude, _has, chains, $everything, $document', async () => {
    // Written by the other trust about the patient, the plan and the team of the first.
    await must(OTHER_TRUST, { resourceType: 'CareTeam', id: 'hook', status: 'active', subject: { reference: 'Patient/amber' } }, 201);
    const stranger = {
      resourceType: 'Communication',
      id: 'hook',
      status: 'completed',
      subject: { reference: 'Patient/amber' },
      basedOn: [{ reference: 'CarePlan/plan-1' }],
      recipient: [{ reference: 'Practitioner/nurse' }, { reference: `${door.origin}/fhir/CareTeam/crisis-team` }],
    };
    await must(OTHER_TRUST, stranger, 201);
    const seen = [
      await reads(OTHER_TRUST, 'CareTeam?_include=*'),
      await reads(OTHER_TRUST, 'Communication?_include=*'),
      await reads(OTHER_TRUST, 'Communication?_include=Communication:subject&_include:iterate=Patient:organization'),
      await reads(OTHER_TRUST, 'Communication?_include=Communication:subject&_revinclude:iterate=CarePlan:patient'),
      await reads(OTHER_TRUST, 'Communication?_revinclude=*'),
      await reads(OTHER_TRUST, 'Patient/their-amber/$everything'),
    ].join('');
    for (const theirs of [
      '"id":"amber"',
      'Testperson-Amber","given":["Example"]},{"use',
      '"id":"plan-1"',
      '"id":"nurse"',
      '"id":"crisis-team"',
    ])
      expect(seen).not.toContain(theirs);
    for (const query of [
      'Communication?subject:Patient.family=Testperson-Amber',
      `Communication?subject.identifier=${number}`,
      'Communication?based-on:CarePlan.status=active',
      'CareTeam?patient.birthdate=gt1900',
      'Patient?_has:CarePlan:patient:status=active',
      'Practitioner?_has:CareTeam:participant:status=active',
      'CarePlan?_has:Communication:based-on:status=completed',
    ])
      expect([query, JSON.parse(await reads(OTHER_TRUST, query)).total]).toEqual([query, 0]);
    // And nothing of it stands beside what is the first trust's.
    const own = [await reads(TRUST, 'Patient?_revinclude=*'), await reads(TRUST, 'Patient/amber/$everything')].join('');
    expect(own).not.toContain('"id":"hook"');
    expect((await door.get(OTHER_TRUST, '/fhir/Patient/amber/$everything')).status).toBe(404);
    expect((await door.get(OTHER_TRUST, '/fhir/Composition/words-1/$document')).status).toBe(404);
  });

  test('tries a plan with the words, the team and the version before of another trust', async () => {
    const plan = body.carePlan('grafted', 'theirs', 'words-1', { reach: [], replaces: 'plan-1', identifier: 'grafted' });
    await put(OTHER_TRUST, { ...plan, careTeam: [{ reference: 'CareTeam/crisis-team' }] });
    const parameter = [
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: body.approval('grafted', 'other-trust') },
    ];
    const approved = await door.post(OTHER_TRUST, '/fhir/CarePlan/grafted/$approve', { resourceType: 'Parameters', parameter });
    expect(approved.status).toBeGreaterThanOrEqual(400);
    expect(approved.status).toBeLessThan(500);
    expect(approved.text).not.toContain('Sit down');
    expect(await isShown(AMBULANCE)).toBe(true);
    expect((await door.get(TRUST, '/fhir/CarePlan/plan-1')).body.status).toBe('active');
  });

  test('tries to approve its plan with a Provenance that signs another’s, and to sign another’s plan', async () => {
    const parameter = [
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: body.approval('plan-1', 'trust') },
    ];
    expect((await door.post(OTHER_TRUST, '/fhir/CarePlan/plan-1/$approve', { resourceType: 'Parameters', parameter })).status).toBe(404);
    const forged = await put(OTHER_TRUST, { ...body.approval('plan-1', 'trust'), id: 'forged' });
    // It is stored as what its own trust says, and signs nothing.
    expect(forged.status).toBe(201);
    expect((await door.get(TRUST, '/fhir/Provenance?target=CarePlan/plan-1')).text).not.toContain('forged');
    expect((await door.get(TRUST, '/fhir/Patient/amber/$everything')).text).not.toContain('forged');
  });

  test('tries the id of what is disclosed to somebody else', async () => {
    const { body: found } = await door.search(AMBULANCE, 'Flag', `patient.identifier=${number}`);
    const id = String(found.entry[0].resource.id);
    const askers: readonly Caller[] = [POLICE, OTHER_TRUST, { ods: 'ZZ8', kind: 'ambulance' }, { ods: 'ZZ3', kind: 'ed' }];
    for (const caller of askers) {
      for (const path of [`CarePlan/${id}`, `Composition/${id}`, `Patient/${id}`, `Flag/${id}`, `Composition/${id}/$document`])
        expect([caller, path, (await door.get(caller, `/fhir/${path}`)).status]).toEqual([caller, path, 404]);
      if (caller.kind !== 'publisher') expect((await door.search(caller, 'CarePlan', `_id=${id}`)).body.total).toBe(0);
    }
  });

  test('tries pages and confirmations of another caller', async () => {
    for (const n of [1, 2, 3]) await must(TRUST, { resourceType: 'Practitioner', id: `page-${n}` }, 201);
    const first = await door.get(TRUST, '/fhir/Practitioner?_count=1');
    const next = first.body.link.find(({ relation }: { relation: string }) => relation === 'next').url as string;
    const path = next.slice(door.origin.length);
    expect((await door.get(TRUST, path)).status).toBe(200);
    for (const caller of [OTHER_TRUST, { ...TRUST, ods: 'ZZ8' }]) expect((await door.get(caller, path)).status).toBe(400);
  });
});

describe('scopes are of types, and what stands beside a match is of a type', () => {
  const narrow = (...scopes: NonNullable<Caller['scopes']>): Caller => ({ ...TRUST, scopes });

  test('tries _include and _revinclude of types that the token does not read', async () => {
    const seen = await door.get(
      narrow('system/CarePlan.rs'),
      '/fhir/CarePlan?_include=*&_revinclude=*&_include:iterate=CareTeam:participant',
    );
    expect(seen.status).toBe(200);
    const types = seen.body.entry.map(({ resource }: { resource: { resourceType: string } }) => resource.resourceType);
    expect(new Set(types.filter((type: string) => type !== 'OperationOutcome'))).toEqual(new Set(['CarePlan']));
    const wide = await door.get(TRUST, '/fhir/CarePlan?_include=*');
    expect(wide.text).toContain('"resourceType":"Patient"');
  });

  test('tries $everything, and gets the types that it reads', async () => {
    const { status, body: bundle } = await door.get(narrow('system/Patient.r', 'system/CareTeam.r'), '/fhir/Patient/amber/$everything');
    expect(status).toBe(200);
    for (const { resource } of bundle.entry) expect(['Patient', 'CareTeam']).toContain(resource.resourceType);
  });

  test('tries chains and _has as an oracle about types that it does not search', async () => {
    const caller = narrow('system/CareTeam.rs', 'system/CarePlan.rs', 'system/Patient.r');
    for (const query of [
      'CarePlan?patient.family=Testperson-Amber',
      'CarePlan?subject:Patient.birthdate=gt1900',
      `CarePlan?patient=${number}`,
      'CareTeam?participant:Practitioner.family=Clinician-nurse',
      'CarePlan?care-team.participant:Practitioner.family=Clinician-nurse',
      'CarePlan?_has:Provenance:target:_id=x',
    ])
      expect([query, (await door.get(caller, `/fhir/${query}`)).body.total]).toEqual([query, 0]);
    expect((await door.get(TRUST, '/fhir/CarePlan?patient.family=Testperson-Amber')).body.total).toBe(1);
  });

  test('tries a Bundle: each entry is judged by the scopes of the token', async () => {
    const caller = narrow('system/Practitioner.cruds');
    const asked = ['Patient/amber', 'CarePlan/plan-1', 'CarePlan?_count=1', 'Practitioner/nurse', 'Patient/amber/$everything'];
    const entry = asked.map((url) => ({ request: { method: 'GET', url } }));
    const { body: batch } = await door.post(caller, '/fhir', { resourceType: 'Bundle', type: 'batch', entry });
    const statuses = batch.entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3));
    expect(statuses).toEqual(['403', '403', '403', '200', '403']);
    const write = [{ request: { method: 'DELETE', url: 'CareTeam/crisis-team' } }];
    expect((await door.post(caller, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry: write })).status).toBe(403);
    const conditional = [
      {
        fullUrl: 'urn:uuid:6f1b1c1e-0000-4000-8000-00000000000b',
        request: { method: 'POST', url: 'Practitioner' },
        resource: { resourceType: 'Practitioner' },
      },
      {
        request: { method: 'POST', url: 'PractitionerRole' },
        resource: { resourceType: 'PractitionerRole', practitioner: { reference: 'urn:uuid:6f1b1c1e-0000-4000-8000-00000000000b' } },
      },
    ];
    const before = await door.stored();
    expect((await door.post(caller, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry: conditional })).status).toBe(403);
    expect(await door.stored()).toBe(before);
  });

  test('tries conditional references as an oracle about types that it does not search', async () => {
    const caller = narrow('system/CareTeam.cruds');
    const asked = (family: string) => [
      {
        request: { method: 'POST', url: 'CareTeam' },
        resource: { resourceType: 'CareTeam', subject: { reference: `Patient?family=${family}` } },
      },
    ];
    const there = await door.post(caller, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry: asked('Testperson-Amber') });
    const absent = await door.post(caller, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry: asked('Testperson-Nobody') });
    expect(there.status).toBeGreaterThanOrEqual(400);
    expect([there.status, there.text]).toEqual([absent.status, absent.text]);
  });

  test('tries If-None-Exist and conditional writes as an oracle with no scope to search', async () => {
    const caller = narrow('system/Patient.cu');
    const sent = door.post(caller, '/fhir/Patient', body.patient('x', numbers.next())).set('If-None-Exist', 'family=Testperson-Amber');
    expect((await sent).status).toBe(403);
    const update = door.as(door.agent.put('/fhir/Patient?family=Testperson-Amber'), caller).set('Content-Type', 'application/fhir+json');
    expect((await update.send(JSON.stringify(body.patient('amber', AMBER)))).status).toBe(403);
  });

  test('tries $validate as an oracle about what it may not read', async () => {
    const caller = narrow('system/CarePlan.s');
    expect((await door.get(caller, '/fhir/Patient/amber/$validate')).status).toBe(403);
    expect((await door.get(caller, '/fhir/CarePlan/plan-1')).status).toBe(403);
  });
});

describe('I4 what each kind may not see at all', () => {
  const EVALUATOR: Caller = { ods: 'ZZ1', kind: 'evaluator' };

  test('an evaluator tries to find out about persons by what it may search', async () => {
    const report = {
      resourceType: 'MeasureReport',
      status: 'complete',
      type: 'summary',
      measure: 'https://example.org/Measure/x',
      period: { start: '2026-01-01', end: '2026-02-01' },
    };
    await put(EVALUATOR, { ...report, id: 'counted' });
    for (const query of [
      'MeasureReport?_include=*',
      'MeasureReport?_revinclude=*',
      'MeasureReport?_include=MeasureReport:subject&_revinclude:iterate=CarePlan:patient',
    ])
      expect((await door.get(EVALUATOR, `/fhir/${query}`)).text).not.toMatch(/Patient|nhs-number/);
    for (const query of [
      'patient.family=Testperson-Amber',
      'subject:Patient.birthdate=gt1900',
      `patient=${number}`,
      'subject:Patient.name=a',
    ])
      expect([query, (await door.get(EVALUATOR, `/fhir/MeasureReport?${query}`)).body.total]).toEqual([query, 0]);
  });

  test.each<[string, Caller]>([
    ['publisher', TRUST],
    ['evaluator', { ods: 'ZZ1', kind: 'evaluator' }],
  ])('a %s tries to write a report that names a person', async (_kind, caller) => {
    const report = {
      resourceType: 'MeasureReport',
      id: `named-by-${caller.kind}`,
      status: 'complete',
      type: 'individual',
      measure: 'https://example.org/Measure/x',
      period: { start: '2026-01-01', end: '2026-02-01' },
      subject: { reference: 'Patient/amber', identifier: { system: NHS_NUMBER_SYSTEM, value: AMBER } },
      evaluatedResource: [{ reference: 'Encounter/x' }],
    };
    const answer = await put(caller, report);
    expect(answer.status).toBe(422);
    for (const at of ['type', 'subject', 'evaluatedResource']) expect(answer.text).toContain(`MeasureReport.${at}`);
    const { subject: _, evaluatedResource: _more, ...counted } = report;
    const hidden: readonly object[] = [
      { identifier: [{ system: NHS_NUMBER_SYSTEM, value: AMBER }] },
      { reporter: { identifier: { system: NHS_NUMBER_SYSTEM, value: AMBER } } },
      { contained: [{ resourceType: 'Patient', id: 'p' }], reporter: { reference: '#p' } },
      { group: [{ population: [{ count: 1, subjectResults: { reference: 'List/x' } }] }] },
    ];
    for (const more of hidden) expect((await put(caller, { ...counted, type: 'summary', ...more })).status).toBe(422);
    const seen = await door.get(EVALUATOR, `/fhir/MeasureReport/${report.id}`);
    expect(seen.text).not.toContain(AMBER);
    expect(seen.text).not.toContain('Patient/amber');
    expect((await door.get(EVALUATOR, '/fhir/MeasureReport')).text).not.toContain(AMBER);
    expect((await door.get(EVALUATOR, `/fhir/MeasureReport?patient:identifier=${number}`)).body.total ?? 0).toBe(0);
    expect((await door.get(EVALUATOR, '/fhir/MeasureReport?patient=Patient/amber')).body.total ?? 0).toBe(0);
  });

  test('an operator tries the words of a plan by whatever it may search', async () => {
    for (const type of ['Organization', 'Contract', 'Endpoint', 'HealthcareService', 'Task', 'AuditEvent', 'Location'])
      for (const query of ['_include=*&_revinclude=*', '_revinclude:iterate=CarePlan:patient', '_count=50']) {
        const seen = await door.get(OPERATOR, `/fhir/${type}?${query}`);
        expect(seen.text).not.toMatch(/Sit down|"resourceType":"(?:CarePlan|Composition|Patient|Consent)"/);
        expect(seen.text).not.toContain(AMBER);
      }
    for (const query of ['Organization?_has:CareTeam:participant:status=active', 'Organization?_has:Consent:organization:status=active'])
      expect([query, (await door.get(OPERATOR, `/fhir/${query}`)).body.total ?? 0]).toEqual([query, 0]);
  });

  test('a person has nothing here, whatever it asks for', async () => {
    const person: Caller = { ods: 'ZZ1', kind: 'person' };
    for (const path of [
      'Patient',
      'Patient/amber',
      'CarePlan/plan-1',
      'Flag',
      'Consent',
      'Patient/amber/$everything',
      'Task',
      'AuditEvent',
    ])
      expect([path, (await door.get(person, `/fhir/${path}`)).status]).toEqual([path, 403]);
  });
});
