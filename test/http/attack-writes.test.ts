import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import type { Caller, OpenDoor } from './open-door.ts';
import { AMBULANCE, approvePlan, example, openDoor, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const transaction = (...entry: readonly unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
const putWhere = (caller: Caller, address: string, resource: unknown) =>
  door.as(door.agent.put(address), caller).set('Content-Type', 'application/fhir+json').send(JSON.stringify(resource));

describe('a rehearsal', () => {
  const person = { resourceType: 'Practitioner', name: [{ family: 'Plainly-Invented' }] };

  test('of a creation stores nothing, also inside a transaction', async () => {
    const before = await door.stored();
    const answer = await door.post(
      TRUST,
      '/fhir',
      transaction({ request: { method: 'POST', url: 'Practitioner/$validate?mode=create' }, resource: person }),
    );
    expect(answer.status).toBe(200);
    expect(await door.stored()).toBe(before);
  });

  test('of a deletion deletes nothing inside a transaction, and the writes around it stand', async () => {
    expect((await door.put(TRUST, { ...person, id: 'rehearsed' })).status).toBe(201);
    const answer = await door.post(
      TRUST,
      '/fhir',
      transaction(
        { request: { method: 'PUT', url: 'Practitioner/beside' }, resource: { ...person, id: 'beside' } },
        { request: { method: 'GET', url: 'Practitioner/rehearsed/$validate?mode=delete' } },
      ),
    );
    expect(answer.status).toBe(200);
    expect((await door.get(TRUST, '/fhir/Practitioner/rehearsed')).status).toBe(200);
    expect((await door.get(TRUST, '/fhir/Practitioner/beside')).status).toBe(200);
  });

  test('gives back the locks that it took, and the transaction knows that it has them no more', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        door.post(
          TRUST,
          '/fhir',
          transaction(
            { request: { method: 'POST', url: 'Practitioner/$validate?mode=create' }, resource: person },
            { request: { method: 'GET', url: 'Practitioner/rehearsed/$validate?mode=delete' } },
            {
              request: { method: 'PUT', url: 'Practitioner/beside' },
              resource: { ...person, id: 'beside', gender: at % 2 ? 'male' : 'female' },
            },
          ),
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});

describe('Tasks', () => {
  const task = (owner: Caller, focus: string) => ({
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: System.taskCode, code: 'crisis-contact' }] },
    focus: { reference: focus },
    authoredOn: '2026-11-01T10:00:00Z',
    performerType: [{ coding: [{ system: System.kind, code: owner.kind }] }],
    owner: { type: 'Organization', identifier: { system: System.odsOrganization, value: owner.ods } },
  });
  const { id: _, ...contact } = example('crisis-contact');

  test('I4 nobody makes one by a condition that nothing meets: it would open the contact that it names', async () => {
    const theirs = await door.post(AMBULANCE, '/fhir/Encounter', contact);
    expect(theirs.status).toBe(201);
    const address = `/fhir/Encounter/${String(theirs.body.id)}`;
    const forged = task(OTHER_TRUST, `Encounter/${String(theirs.body.id)}`);
    const before = await door.stored();
    expect((await putWhere(OTHER_TRUST, '/fhir/Task?identifier=nothing', forged)).status).toBe(404);
    const within = transaction({ request: { method: 'PUT', url: 'Task?identifier=nothing' }, resource: forged });
    expect((await door.post(OTHER_TRUST, '/fhir', within)).status).toBe(404);
    expect((await putWhere(OTHER_TRUST, '/fhir/Task?identifier=nothing', { ...forged, id: 'forged' })).status).toBe(404);
    expect(await door.stored()).toBe(before);
    expect((await door.get(OTHER_TRUST, address)).status).toBe(404);
  });

  test('nor one for somebody else', async () => {
    expect((await putWhere(POLICE, '/fhir/Task?identifier=nothing', task(TRUST, 'CarePlan/plan-1'))).status).toBe(404);
  });
});

describe('I9 what was signed', () => {
  const signature = async () => {
    const found = await door.get(TRUST, '/fhir/Provenance?target=CarePlan/plan-1');
    return found.body.entry[0].resource as { id: string; recorded: string };
  };

  test('the Provenance of an approval does not change', async () => {
    const signed = await signature();
    const changed = { ...signed, resourceType: 'Provenance', recorded: '2020-01-01T00:00:00Z' };
    expect((await door.put(TRUST, changed)).status).toBe(409);
    const patch = door
      .as(door.agent.patch(`/fhir/Provenance/${signed.id}`), TRUST)
      .set('Content-Type', 'application/json-patch+json')
      .send(JSON.stringify([{ op: 'replace', path: '/recorded', value: '2020-01-01T00:00:00Z' }]));
    expect((await patch).status).toBe(409);
    expect(await signature()).toEqual(signed);
  });

  test('and one that signs nothing yet does', async () => {
    const loose = { ...example('plan-approval'), id: 'loose' };
    expect((await door.put(TRUST, loose)).status).toBe(201);
    expect((await door.put(TRUST, { ...loose, recorded: '2026-11-03T09:00:00Z' })).status).toBe(200);
  });
});

describe('what others of a transaction refer to', () => {
  const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-00000000000a';
  const named = (value: string) => ({ resourceType: 'Practitioner', identifier: [{ system: 'https://example.invalid/staff', value }] });
  const role = {
    request: { method: 'PUT', url: 'PractitionerRole/of-it' },
    resource: { resourceType: 'PractitionerRole', id: 'of-it', practitioner: { reference: A } },
  };

  test('is what they are given: where an entry before made it first, nothing is stored', async () => {
    const before = await door.stored();
    const answer = await door.post(
      TRUST,
      '/fhir',
      transaction(
        { request: { method: 'POST', url: 'Practitioner' }, resource: named('made-first') },
        {
          fullUrl: A,
          request: { method: 'PUT', url: 'Practitioner?identifier=https://example.invalid/staff|made-first' },
          resource: named('made-first'),
        },
        role,
      ),
    );
    expect(answer.status).toBe(409);
    expect(answer.body.issue[0].expression).toEqual(['Bundle.entry[1]']);
    expect(await door.stored()).toBe(before);
  });

  test('and where it is, everything is', async () => {
    const answer = await door.post(
      TRUST,
      '/fhir',
      transaction({ fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: named('alone') }, role),
    );
    expect(answer.status).toBe(200);
    const { body } = await door.get(TRUST, '/fhir/PractitionerRole/of-it');
    expect((await door.get(TRUST, `/fhir/${String(body.practitioner.reference)}`)).body.identifier[0].value).toBe('alone');
  });
});

describe('one resource', () => {
  const person = { resourceType: 'Practitioner', id: 'spelled', gender: 'male' };
  test.each(['Practitioner/spelled?', 'Practitioner/%73pelled', 'Practitioner/spelled/', '/Practitioner/spelled'])(
    'stands in a transaction once, however its address is spelled: %s',
    async (url) => {
      const twice = transaction(
        { request: { method: 'PUT', url: 'Practitioner/spelled' }, resource: person },
        { request: { method: 'PUT', url }, resource: { ...person, gender: 'female' } },
      );
      const answer = await door.post(TRUST, '/fhir', twice);
      expect(answer.status).toBe(422);
      expect(answer.body.issue[0]).toMatchObject({ code: 'duplicate', expression: ['Bundle.entry[1]'] });
    },
  );

  test('that others refer to by its whole address stays', async () => {
    expect((await door.put(TRUST, { ...person, id: 'addressed' })).status).toBe(201);
    const team = {
      resourceType: 'CareTeam',
      id: 'of-addressed',
      participant: [{ member: { reference: `${door.origin}/fhir/Practitioner/addressed` } }],
    };
    expect((await door.put(TRUST, team)).status).toBe(201);
    expect((await door.as(door.agent.delete('/fhir/Practitioner/addressed'), TRUST)).status).toBe(409);
    expect((await door.as(door.agent.delete('/fhir/CareTeam/of-addressed'), TRUST)).status).toBe(204);
    expect((await door.as(door.agent.delete('/fhir/Practitioner/addressed'), TRUST)).status).toBe(204);
  });
});

test('a caller keeps no more than two thousand pages, and the newest stay', async () => {
  const kept = async (): Promise<number> =>
    Number((await door.pool.query("SELECT count(*) AS n FROM search_page WHERE owner = 'ZZ1 publisher'")).rows[0]?.n);
  await door.pool.query(
    `INSERT INTO search_page (id, owner, ends_at) SELECT 'old-' || n, 'ZZ1 publisher', clock_timestamp() + interval '1 minute' FROM generate_series(1, 3000) n`,
  );
  for (const id of ['page-a', 'page-b']) await door.put(TRUST, { resourceType: 'Practitioner', id });
  const first = await door.get(TRUST, '/fhir/Practitioner?_sort=_id&_count=1');
  expect(await kept()).toBe(2_000);
  const next = first.body.link.find(({ relation }: { relation: string }) => relation === 'next').url as string;
  expect((await door.get(TRUST, next.slice(door.origin.length))).status).toBe(200);
});
