import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as body from '../../../support/bodies.ts';
import type { Caller } from '../../../support/access.ts';
import { nhsNumbersFrom } from '../../../support/nhs-numbers.ts';
import { AMBER, AMBULANCE, approvePlan, example, NHS_NUMBER_SYSTEM, type OpenDoor, openDoor, OTHER_TRUST, TRUST } from '../../open-door.ts';

type Json = Record<string, unknown>;

let door: OpenDoor;
const numbers = nhsNumbersFrom(740_000);
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const patch = (caller: Caller, path: string, operations: unknown) =>
  door
    .as(door.agent.patch(`/fhir/${path}`), caller)
    .set('Content-Type', 'application/json-patch+json')
    .send(JSON.stringify(operations));
const ownerOf = async (type: string, id: string): Promise<string | undefined> =>
  (await door.pool.query<{ owner: string }>('SELECT owner FROM resource WHERE type = $1 AND id = $2', [type, id])).rows[0]?.owner;

describe('mass assignment of meta', () => {
  const META = {
    versionId: '99',
    lastUpdated: '1999-01-01T00:00:00Z',
    source: 'https://another.example',
    tag: [{ system: 'https://crisis-plan-broker.example/fhir/owner', code: 'ZZ9' }],
    security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'U' }],
  };

  test('tries version and time by create, update and patch: the broker says them', async () => {
    const created = await door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', meta: META });
    expect(created.status).toBe(201);
    const id = String(created.body.id);
    expect(created.body.meta).toMatchObject({ versionId: '1' });
    expect(created.headers['etag']).toBe('W/"1"');
    expect(Date.parse(created.body.meta.lastUpdated)).toBeGreaterThan(Date.now() - 60_000);

    const updated = await door.put(TRUST, { resourceType: 'Practitioner', id, meta: META, gender: 'other' });
    expect([updated.status, updated.body.meta.versionId]).toEqual([200, '2']);
    const patched = await patch(TRUST, `Practitioner/${id}`, [
      { op: 'replace', path: '/meta/versionId', value: '77' },
      { op: 'replace', path: '/meta/lastUpdated', value: '1999-01-01T00:00:00Z' },
    ]);
    expect([patched.status, patched.body.meta.versionId]).toEqual([200, '3']);
    const read = await door.get(TRUST, `/fhir/Practitioner/${id}`);
    expect(read.body.meta.versionId).toBe('3');
    expect(Date.parse(read.body.meta.lastUpdated)).toBeGreaterThan(Date.now() - 60_000);
    expect((await door.get(TRUST, '/fhir/Practitioner?_lastUpdated=lt2000')).body.total).toBe(0);
    expect((await door.get(TRUST, `/fhir/Practitioner/${id}/_history/77`)).status).toBe(404);
  });

  test('tries a version that is read again by the next writer: If-Match holds the broker’s', async () => {
    await door.put(TRUST, { resourceType: 'Practitioner', id: 'versioned', meta: META });
    const stale = door.put(TRUST, { resourceType: 'Practitioner', id: 'versioned' }).set('If-Match', 'W/"99"');
    expect((await stale).status).toBe(412);
    expect((await door.put(TRUST, { resourceType: 'Practitioner', id: 'versioned' }).set('If-Match', 'W/"1"')).status).toBe(200);
  });

  test('tries to hand a resource over, or to take one, by tags, sources, extensions and managing organisations', async () => {
    const gift = {
      ...body.patient('gift', numbers.next()),
      meta: META,
      managingOrganization: { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ9' } },
    };
    expect((await door.put(TRUST, { ...gift } as Json)).status).toBe(201);
    expect(await ownerOf('Patient', 'gift')).toBe('ZZ1');
    expect((await door.get(OTHER_TRUST, '/fhir/Patient/gift')).status).toBe(404);
    expect((await door.get(OTHER_TRUST, '/fhir/Patient?_tag=ZZ9&_source=https://another.example')).body.total ?? 0).toBe(0);
  });

  test.each(['owner', '_owner', 'organization_', 'tenant', 'reach', 'nhsNumber', 'facts', 'version', 'deleted', 'serial', 'body'])(
    'tries a column of the broker’s as a property: %s',
    async (name) => {
      const before = await door.stored();
      const answer = await door.put(TRUST, { resourceType: 'Practitioner', id: 'columns', [name]: 'ZZ9' });
      expect(answer.status).toBe(422);
      expect(await door.stored()).toBe(before);
    },
  );

  test.each(['owner', 'tenant', 'organization', 'approved', 'seal', 'projection'])(
    'tries an extension of the broker’s that is none: %s',
    async (name) => {
      const extension = [{ url: `https://crisis-plan-broker.example/fhir/StructureDefinition/${name}`, valueString: 'ZZ9' }];
      const answer = await door.put(TRUST, {
        ...body.carePlan('extended', 'amber', 'words-1', { reach: [] }),
        extension,
      } as unknown as Json);
      expect(answer.status).toBe(422);
    },
  );

  test('tries to be a plan, or a definition, by the profile that it claims', async () => {
    for (const profile of ['https://crisis-plan-broker.example/fhir/StructureDefinition/crisis-plan', 'https://another.example/x']) {
      await door.put(TRUST, { resourceType: 'Practitioner', id: 'claims', meta: { profile: [profile] } });
      for (const path of ['CarePlan/claims', 'StructureDefinition/claims', 'CarePlan/claims/_history/1'])
        expect((await door.get(TRUST, `/fhir/${path}`)).status).toBe(404);
      expect((await door.get(TRUST, '/fhir/CarePlan?_id=claims')).body.total).toBe(0);
    }
    // Where the type has a profile of the broker's, claiming none, or base R4, does not get around it.
    const { category: _, ...loose } = body.carePlan('loose', 'amber', 'words-1', { reach: [] });
    const base = { ...loose, meta: { profile: ['http://hl7.org/fhir/StructureDefinition/CarePlan'] } };
    expect((await door.put(TRUST, base as unknown as Json)).status).toBe(422);
  });

  test('tries to loosen the labels of what is disclosed', async () => {
    const found = await door.search(AMBULANCE, 'Flag', `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`);
    const id = String(found.body.entry[0].resource.id);
    const labels = async () => (await door.get(AMBULANCE, `/fhir/Composition/${id}`)).body.meta.security;
    const before = await labels();
    expect(before.map(({ code }: { code: string }) => code).sort()).toEqual(['NORDSCLCD', 'V']);
    for (const path of ['CarePlan/plan-1', 'Composition/words-1'])
      expect([409, 422]).toContain((await patch(TRUST, path, [{ op: 'add', path: '/meta/security', value: META.security }])).status);
    expect((await patch(TRUST, 'Patient/amber', [{ op: 'add', path: '/meta/security', value: META.security }])).status).toBe(200);
    expect(await labels()).toEqual(before);
  });

  test('tries to change what is signed, and who signed it, by meta alone', async () => {
    for (const [path, resource] of [
      ['CarePlan/plan-1', { ...example('crisis-plan'), meta: META }],
      ['Composition/words-1', { ...example('plan-words'), meta: META }],
    ] as const)
      expect([path, (await door.put(TRUST, resource)).status]).toEqual([path, 409]);
  });

  test('tries to write as an approved plan: status, activity, and the extensions of an approval', async () => {
    const draft = body.carePlan('born-active', 'amber', 'words-1', { reach: ['police'], identifier: 'born' });
    for (const status of ['active', 'completed', 'revoked', 'on-hold', 'unknown'])
      expect([status, (await door.put(TRUST, { ...draft, status } as unknown as Json)).status]).toEqual([status, 422]);
    expect((await patch(TRUST, 'CarePlan/plan-1', [{ op: 'replace', path: '/status', value: 'draft' }])).status).toBe(409);
  });
});

describe('id and version tampering', () => {
  beforeAll(async () => {
    expect((await door.put(OTHER_TRUST, { resourceType: 'Practitioner', id: 'theirs' })).status).toBe(201);
    expect((await door.put(TRUST, { resourceType: 'Practitioner', id: 'mine', gender: 'male' })).status).toBe(201);
  });
  const theirsIsAsItWas = async (): Promise<void> => {
    const { body: now } = await door.get(OTHER_TRUST, '/fhir/Practitioner/theirs');
    expect([now.meta.versionId, now.gender, await ownerOf('Practitioner', 'theirs')]).toEqual(['1', undefined, 'ZZ9']);
  };

  test('tries to create under an id of its choice, and under another’s', async () => {
    for (const id of ['theirs', 'chosen', 'amber']) {
      const answer = await door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', id, gender: 'female' });
      expect(answer.status).toBe(201);
      expect(answer.body.id).not.toBe(id);
    }
    await theirsIsAsItWas();
  });

  test('tries another’s id in every way that writes', async () => {
    const sent = { resourceType: 'Practitioner', id: 'theirs', gender: 'female' };
    expect((await door.put(TRUST, sent)).status).toBe(404);
    expect((await door.put(TRUST, sent).set('If-Match', 'W/"1"')).status).toBe(412);
    expect((await door.put(TRUST, sent).set('If-None-Match', '*')).status).toBe(404);
    expect((await patch(TRUST, 'Practitioner/theirs', [{ op: 'add', path: '/gender', value: 'female' }])).status).toBe(404);
    expect((await door.as(door.agent.delete('/fhir/Practitioner/theirs'), TRUST)).status).toBe(404);
    expect((await door.as(door.agent.delete('/fhir/Practitioner?_id=theirs'), TRUST)).status).toBe(204);
    const where = (query: string) =>
      door
        .as(door.agent.put(`/fhir/Practitioner?${query}`), TRUST)
        .set('Content-Type', 'application/fhir+json')
        .send(JSON.stringify(sent));
    expect((await where('_id=theirs')).status).toBe(404);
    expect((await where('identifier=nobody')).status).toBe(404);
    expect((await where('_id=mine')).status).toBe(400);
    for (const type of ['batch', 'transaction'])
      for (const request of [
        { method: 'PUT', url: 'Practitioner/theirs' },
        { method: 'PUT', url: 'Practitioner/theirs', ifMatch: 'W/"1"' },
        { method: 'PUT', url: `${door.origin}/fhir/Practitioner/theirs` },
        { method: 'PUT', url: 'Practitioner/mine/../theirs' },
        { method: 'DELETE', url: 'Practitioner/theirs' },
      ]) {
        const entry = [{ request, ...(request.method === 'PUT' ? { resource: sent } : {}) }];
        const answer = await door.post(TRUST, '/fhir', { resourceType: 'Bundle', type, entry });
        const status = type === 'batch' ? Number(answer.body.entry[0].response.status.slice(0, 3)) : answer.status;
        expect([type, request.url, status >= 400 && status < 500]).toEqual([type, request.url, true]);
      }
    await theirsIsAsItWas();
  });

  test('tries to move its own to another’s id by a patch', async () => {
    for (const operations of [
      [{ op: 'replace', path: '/id', value: 'theirs' }],
      [{ op: 'remove', path: '/id' }],
      [{ op: 'move', from: '/gender', path: '/id' }],
      [{ op: 'copy', from: '/resourceType', path: '/id' }],
      [{ op: 'replace', path: '', value: { resourceType: 'Practitioner', id: 'theirs' } }],
      [{ op: 'replace', path: '/resourceType', value: 'Patient' }],
    ])
      expect([operations, (await patch(TRUST, 'Practitioner/mine', operations)).status]).toEqual([operations, 422]);
    await theirsIsAsItWas();
  });

  test('tries versions of another’s, and versions that are none', async () => {
    for (const version of ['1', '0', '-1', '1e0', '01', '1.0', '0x1', '%31', '99999999999999999999', '__proto__', '1;2', '1%2F..%2F1'])
      expect([version, (await door.get(TRUST, `/fhir/Practitioner/theirs/_history/${version}`)).status]).toEqual([version, 404]);
    for (const version of ['0', '-1', '1e0', '01', '1.0', '0x1', '99999999999999999999', 'x'])
      expect([version, (await door.get(TRUST, `/fhir/Practitioner/mine/_history/${version}`)).status]).toEqual([version, 404]);
  });

  test('tries to take the id of what was deleted by another', async () => {
    expect((await door.put(OTHER_TRUST, { resourceType: 'Practitioner', id: 'gone' })).status).toBe(201);
    expect((await door.as(door.agent.delete('/fhir/Practitioner/gone'), OTHER_TRUST)).status).toBe(204);
    expect((await door.put(TRUST, { resourceType: 'Practitioner', id: 'gone' })).status).toBe(404);
    expect((await door.get(TRUST, '/fhir/Practitioner/gone/_history')).status).toBe(404);
    expect((await door.get(TRUST, '/fhir/Practitioner/gone')).status).toBe(404);
  });
});

describe('path tricks in ids', () => {
  const paths = [
    '..',
    '.',
    '%2e%2e',
    '%2e',
    '..%2f..%2fmetadata',
    '%2e%2e%2fmine',
    'mine%00',
    '%00',
    'mine%2f_history',
    'mine%3f',
    'mine%23',
    'mine;x',
    'mine%20',
    '%20mine',
    'mine%0d%0aX:%20y',
    'mine%c0%ae',
    '%ef%bc%8e%ef%bc%8e',
    '%ff',
    '%u002e',
    'mine\\..',
    '$validate',
    '__proto__',
    'constructor',
    '*',
    "'%20OR%201=1--",
    'm%c4%b1ne',
    'MINE',
    'x'.repeat(65),
    'x'.repeat(4_000),
  ];
  /** What a client would make of the path before it sends it is not asked here: the bytes go as they stand. */
  const ask = async (method: 'GET' | 'PUT' | 'DELETE', path: string, sent: string | null) => {
    const { Pool } = await import('undici');
    const pool = new Pool(door.origin, { connections: 1 });
    try {
      const headers = { ...(await door.tokens.headersOf(TRUST)), 'content-type': 'application/fhir+json' };
      const answer = await pool.request({ method, path, headers, body: sent });
      return { status: answer.statusCode, text: await answer.body.text(), location: answer.headers['location'] };
    } finally {
      await pool.close();
    }
  };

  test.each(paths)('tries the id %j in every route', async (id) => {
    const before = await door.stored();
    const decoded = (() => {
      try {
        return decodeURIComponent(id);
      } catch {
        return id;
      }
    })();
    for (const path of [
      `Practitioner/${id}`,
      `Practitioner/${id}/_history/1`,
      `CarePlan/${id}`,
      `Subscription/${id}`,
      `AuditEvent/${id}`,
    ]) {
      const answer = await ask('GET', `/fhir/${path}`, null);
      expect([path, answer.status >= 400 && answer.status < 500, answer.text.includes('OperationOutcome')]).toEqual([path, true, true]);
    }
    const put = await ask('PUT', `/fhir/Practitioner/${id}`, JSON.stringify({ resourceType: 'Practitioner', id: decoded }));
    const isId = /^(?!\.+$)[A-Za-z0-9\-.]{1,64}$/.test(decoded);
    expect([id, put.status]).toEqual([id, isId ? 201 : expect.any(Number)]);
    if (!isId) expect([id, put.status >= 400 && put.status < 500]).toEqual([id, true]);
    await ask('DELETE', `/fhir/Practitioner/${id}`, null);
    if (!isId) expect(await door.stored()).toBe(before);
  });
});
