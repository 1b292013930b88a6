import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBER, AMBULANCE, approvePlan, example, NHS_NUMBER_SYSTEM, OPERATOR, openDoor, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

const practitioner = (id: string, family = 'Clinician-Example') => ({ resourceType: 'Practitioner', id, name: [{ family }] });

describe('create, read, update', () => {
  test('a creation answers 201 with address, version and date, and what was asked for', async () => {
    const whole = await door.post(TRUST, '/fhir/Practitioner', practitioner('ignored'));
    expect(whole.status).toBe(201);
    expect(whole.headers['location']).toBe(`${door.origin}/fhir/Practitioner/${whole.body.id}/_history/1`);
    expect(whole.headers['etag']).toBe('W/"1"');
    expect(whole.body.id).not.toBe('ignored');
    const minimal = await door.post(TRUST, '/fhir/Practitioner', practitioner('x')).set('Prefer', 'return=minimal');
    expect([minimal.status, minimal.text]).toEqual([201, '']);
    const outcome = await door.post(TRUST, '/fhir/Practitioner', practitioner('x')).set('Prefer', 'return=OperationOutcome');
    expect(outcome.body.resourceType).toBe('OperationOutcome');
  });

  test('versions: update with If-Match, vread, history, 304', async () => {
    expect((await door.put(TRUST, practitioner('versions'))).status).toBe(201);
    const second = await door.put(TRUST, practitioner('versions', 'Clinician-Second')).set('If-Match', 'W/"1"');
    expect([second.status, second.headers['etag']]).toEqual([200, 'W/"2"']);
    expect((await door.put(TRUST, practitioner('versions')).set('If-Match', 'W/"1"')).status).toBe(412);
    const first = await door.get(TRUST, '/fhir/Practitioner/versions/_history/1');
    expect(first.body.name[0].family).toBe('Clinician-Example');
    const history = await door.get(TRUST, '/fhir/Practitioner/versions/_history');
    expect(history.body).toMatchObject({ type: 'history', total: 2 });
    expect(history.body.entry.map((each: { resource: { meta: { versionId: string } } }) => each.resource.meta.versionId)).toEqual([
      '2',
      '1',
    ]);
    expect((await door.get(TRUST, '/fhir/Practitioner/versions').set('If-None-Match', 'W/"2"')).status).toBe(304);
  });

  test('another’s resource is answered as one that is not there', async () => {
    for (const path of ['Practitioner/nurse', 'Practitioner/nurse/_history', 'Practitioner/nurse/_history/1', 'Consent/consent-1']) {
      const refused = await door.get(OTHER_TRUST, `/fhir/${path}`);
      const absent = await door.get(OTHER_TRUST, `/fhir/${path.replace(/nurse|consent-1/, 'nobody')}`);
      expect([refused.status, absent.status]).toEqual([404, 404]);
      expect(refused.text).toBe(absent.text);
    }
    expect((await door.get(OTHER_TRUST, '/fhir/Practitioner')).body.total).toBe(0);
  });

  test('$validate tells, and stores nothing', async () => {
    const before = await door.stored();
    const bad = await door.post(TRUST, '/fhir/Patient/$validate', example('plan-patient', 'invalid-check-digit'));
    expect(bad.status).toBe(200);
    expect(bad.body.issue[0]).toMatchObject({ severity: 'error', expression: ['Patient.identifier[0].value'] });
    const good = await door.post(TRUST, '/fhir/Patient/$validate', {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: example('plan-patient') }],
    });
    expect(good.body.issue.map(({ severity }: { severity: string }) => severity)).toEqual(['information', 'warning']);
    expect(await door.stored()).toBe(before);
  });
});

describe('search', () => {
  test('by identifier, patient, status, time and id', async () => {
    const total = async (path: string): Promise<number> => (await door.get(TRUST, `/fhir/${path}`)).body.total;
    expect(await total(`Patient?identifier=${NHS_NUMBER_SYSTEM}|${AMBER}`)).toBe(1);
    expect(await total(`Patient?identifier=${AMBER}`)).toBe(1);
    expect(await total('Patient?identifier=9990000018')).toBe(0);
    expect(await total('CarePlan?patient=amber')).toBe(1);
    expect(await total('CarePlan?subject=Patient/amber&status=active,draft')).toBe(1);
    expect(await total('CarePlan?status=draft')).toBe(0);
    expect(await total(`CarePlan?patient.identifier=${NHS_NUMBER_SYSTEM}|${AMBER}`)).toBe(1);
    expect(await total('Practitioner?_id=nurse,consultant')).toBe(2);
    expect(await total('Practitioner?_id=nurse,consultant&_lastUpdated=lt2020-01-01')).toBe(0);
    expect(await total('Practitioner?_id=nurse,consultant&_lastUpdated=ge2020-01-01')).toBe(2);
  });

  test('a self link leaves the number out', async () => {
    const { body } = await door.get(TRUST, `/fhir/Patient?identifier=${NHS_NUMBER_SYSTEM}|${AMBER}`);
    expect(body.link[0].url).toBe(`${door.origin}/fhir/Patient?identifier=`);
  });

  test('pages follow one another under tokens that say nothing, and are the caller’s own', async () => {
    for (let n = 0; n < 5; n += 1)
      expect((await door.put(TRUST, { ...practitioner(`paged-${n}`), identifier: [{ system: 'urn:x', value: 'paged' }] })).status).toBe(
        201,
      );
    const seen: string[] = [];
    let next: string | undefined = '/fhir/Practitioner?identifier=paged&_count=2';
    let token = '';
    for (let page = 0; next !== undefined && page < 9; page += 1) {
      const { body } = await door.get(TRUST, next);
      expect(body.total).toBe(5);
      for (const entry of body.entry ?? []) seen.push(entry.resource.id);
      const url: string | undefined = body.link.find((each: { relation: string }) => each.relation === 'next')?.url;
      next = url?.replace(door.origin, '');
      token = next ?? token;
      if (next !== undefined) expect(next).toMatch(/^\/fhir\/Practitioner\?_page=[A-Za-z0-9_-]+$/);
    }
    expect(seen.sort()).toEqual(['paged-0', 'paged-1', 'paged-2', 'paged-3', 'paged-4']);
    expect((await door.get(OTHER_TRUST, token)).status).toBe(400);
    expect((await door.get(TRUST, token.replace('Practitioner', 'Patient'))).status).toBe(400);
  });
});

describe('a Subscription', () => {
  const subscription = (change: Record<string, unknown> = {}) => ({ ...example('plan-subscription'), ...change });
  const channel = (change: Record<string, unknown>) => {
    const { channel: whole } = example('plan-subscription');
    return { ...(whole as Record<string, unknown>), ...change };
  };

  test('tells its channel headers once, and keeps them through an update that sends them back hidden', async () => {
    const made = await door.post(POLICE, '/fhir/Subscription', subscription());
    expect(made.status).toBe(201);
    expect(made.body.channel.header).toEqual(['Authorization: Bearer made-up']);
    const path = `/fhir/Subscription/${made.body.id}`;
    const read = await door.get(POLICE, path);
    expect(read.body.channel.header).toEqual(['Authorization: [redacted]']);
    const changed = await door.put(POLICE, { ...read.body, reason: 'Another reason' }).set('If-Match', 'W/"1"');
    expect(changed.status).toBe(200);
    expect(changed.text).not.toContain('made-up');
    const stored = await door.store.read('Subscription', made.body.id);
    expect(JSON.stringify(stored?.body)).toContain('Bearer made-up');
    expect((await door.get(POLICE, `${path}/_history/1`)).text).not.toContain('made-up');
    expect((await door.get(POLICE, '/fhir/Subscription?status=requested')).text).not.toContain('made-up');
    expect((await door.as(door.agent.delete(path), POLICE)).status).toBe(204);
    expect((await door.get(POLICE, path)).body.status).toBe('off');
    expect((await door.as(door.agent.delete(path), AMBULANCE)).status).toBe(404);
  });

  test('I4: a header that was hidden goes to no other address: whoever writes one need not know what another was told', async () => {
    const made = await door.post(POLICE, '/fhir/Subscription', subscription());
    const read = (await door.get(POLICE, `/fhir/Subscription/${made.body.id}`)).body;
    const moved = { ...read, status: 'requested', channel: { ...read.channel, endpoint: 'https://elsewhere.example/hook' } };
    const refused = await door.put(POLICE, moved);
    expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Subscription.channel.header[0]']]);
    const patch = [{ op: 'replace', path: '/channel/endpoint', value: 'https://elsewhere.example/hook' }];
    const patched = await door
      .as(door.agent.patch(`/fhir/Subscription/${made.body.id}`), POLICE)
      .set('Content-Type', 'application/json-patch+json')
      .send(JSON.stringify([{ op: 'replace', path: '/status', value: 'requested' }, ...patch]));
    expect([patched.status, patched.body.issue[0].expression]).toEqual([422, ['Subscription.channel.header[0]']]);
    const said = { ...moved, channel: { ...moved.channel, header: ['Authorization: Bearer another'] } };
    expect((await door.put(POLICE, said)).status).toBe(200);
  });

  test.each([
    ['active from the start', subscription({ status: 'active' }), 'Subscription.status'],
    ['another topic', subscription({ criteria: 'Patient?name=x' }), 'Subscription.criteria'],
    ['plain text to the world', subscription({ channel: channel({ endpoint: 'http://192.0.2.1/x' }) }), 'Subscription.channel.endpoint'],
    ['a private address', subscription({ channel: channel({ endpoint: 'https://10.0.0.1/x' }) }), 'Subscription.channel.endpoint'],
    [
      'a password in the address',
      subscription({ channel: channel({ endpoint: 'https://a:b@police.example/x' }) }),
      'Subscription.channel.endpoint',
    ],
    ['a file', subscription({ channel: channel({ endpoint: 'file:///etc/passwd' }) }), 'Subscription.channel.endpoint'],
    [
      'whole plans for police',
      subscription({
        channel: channel({
          _payload: {
            extension: [
              {
                url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content',
                valueCode: 'full-resource',
              },
            ],
          },
        }),
      }),
      'Subscription.channel.payload',
    ],
  ])('%s is refused', async (_, body, at) => {
    const answer = await door.post(POLICE, '/fhir/Subscription', body);
    expect(answer.status).toBe(422);
    expect(answer.body.issue.some(({ expression }: { expression?: string[] }) => expression?.[0]?.startsWith(at))).toBe(true);
  });
});

describe('an Endpoint', () => {
  const endpoint = (service: string, id: string) => ({
    ...example('destination-endpoint'),
    id,
    extension: [
      {
        url: 'https://crisis-plan-broker.example/fhir/StructureDefinition/serves',
        valueReference: { reference: `HealthcareService/${service}` },
      },
    ],
  });

  test('takes the deliveries of the caller’s own service, and of no other', async () => {
    expect((await door.put(AMBULANCE, endpoint('ambulance', 'own'))).status).toBe(201);
    const refused = await door.put(POLICE, endpoint('ambulance', 'stolen'));
    const absent = await door.put(POLICE, endpoint('nowhere', 'stolen'));
    expect([refused.status, absent.status]).toEqual([422, 422]);
    expect(refused.text).toBe(absent.text);
    expect((await door.put(OPERATOR, endpoint('police', 'by-operator'))).status).toBe(201);
  });

  test('a service is read by those who provide it', async () => {
    expect((await door.get(AMBULANCE, '/fhir/HealthcareService/ambulance')).status).toBe(200);
    expect((await door.get(POLICE, '/fhir/HealthcareService/ambulance')).status).toBe(404);
    expect((await door.get({ ods: 'ZZ3', kind: 'ed' }, '/fhir/HealthcareService/ambulance')).status).toBe(404);
  });
});

describe('a crisis contact', () => {
  test('makes one Task for the publisher, who may read what it is about; told twice, it is the first', async () => {
    const first = await door.post(AMBULANCE, '/fhir/Encounter', example('crisis-contact'));
    expect(first.status).toBe(201);
    const again = await door.post(AMBULANCE, '/fhir/Encounter', example('crisis-contact'));
    expect(again.status).toBe(200);
    expect(again.headers['location']).toBe(first.headers['location']);

    const tasks = await door.get(TRUST, '/fhir/Task?code=crisis-contact&status=requested');
    expect(tasks.body.total).toBe(1);
    const task = tasks.body.entry[0].resource;
    expect(task.focus.reference).toBe(`Encounter/${first.body.id}`);
    expect((await door.get(TRUST, `/fhir/Encounter/${first.body.id}`)).status).toBe(200);
    expect((await door.get(OTHER_TRUST, `/fhir/Encounter/${first.body.id}`)).status).toBe(404);
    expect((await door.get(OTHER_TRUST, `/fhir/Task/${task.id}`)).status).toBe(404);
    expect((await door.get(OTHER_TRUST, `/fhir/Task?focus=Encounter/${first.body.id}`)).body.total).toBe(0);

    expect((await door.put(TRUST, { ...task, description: 'Another matter' })).status).toBe(422);
    expect((await door.put(TRUST, { ...task, owner: { identifier: { value: 'ZZ9' } } })).status).toBe(422);
    expect((await door.put(TRUST, { ...task, status: 'entered-in-error' })).status).toBe(422);
    expect((await door.put(OTHER_TRUST, { ...task, status: 'completed' })).status).toBe(404);
    expect((await door.put(TRUST, { ...task, status: 'completed' }).set('If-Match', 'W/"1"')).status).toBe(200);
    expect((await door.put(TRUST, { ...task, status: 'in-progress' })).status).toBe(409);
    expect((await door.put(TRUST, { ...task, id: 'made-up' })).status).toBe(404);
  });
});

describe('what is open to anyone', () => {
  test('health, metrics, metadata and definitions need no caller', async () => {
    expect((await door.agent.get('/health/live')).body).toEqual({ status: 'live' });
    expect((await door.agent.get('/health/ready')).body).toEqual({ status: 'ready' });
    expect((await door.agent.get('/metrics')).headers['content-type']).toContain('text/plain');
    expect((await door.agent.get('/fhir/metadata')).body.fhirVersion).toBe('4.0.1');
    const definition = await door.agent.get('/fhir/StructureDefinition/crisis-plan');
    expect(definition.body.type).toBe('CarePlan');
    const found = await door.agent.get(`/fhir/StructureDefinition?url=${definition.body.url}`);
    expect(found.body).toMatchObject({ total: 1 });
    expect((await door.agent.get('/fhir/CodeSystem/plan-heading')).status).toBe(200);
    expect((await door.agent.get('/fhir/CodeSystem/nothing')).status).toBe(404);
    expect((await door.agent.head('/fhir/metadata')).status).toBe(200);
  });
});
