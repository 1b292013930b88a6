import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBER, AMBULANCE, approvePlan, NHS_NUMBER_SYSTEM, NOBODY, OPERATOR, openDoor, POLICE, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

const byNumber = (name: string, number: string): string =>
  `${encodeURIComponent(name)}=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${number}`)}`;
const flagOf = async (): Promise<string> => {
  const { body } = await door.search(AMBULANCE, 'Flag', byNumber('patient.identifier', AMBER));
  return String(body.entry[0].resource.id);
};

describe('an ambulance service looks a plan up', () => {
  test.each(['patient.identifier', 'subject.identifier', 'patient:identifier', 'subject:identifier', 'patient', 'subject'])(
    'Flag by %s finds that there is a plan, and where',
    async (name) => {
      const { status, body, headers } = await door.search(AMBULANCE, 'Flag', byNumber(name, AMBER));
      expect(status).toBe(200);
      expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 });
      const { resource } = body.entry[0];
      expect(resource.resourceType).toBe('Flag');
      expect(resource.extension[0].valueReference.reference).toBe(`CarePlan/${resource.id}`);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    },
  );

  test.each(['CarePlan', 'Composition', 'Patient'])(
    '%s can be searched by number and read by id, with the version of the disclosure',
    async (type) => {
      const found = await door.search(AMBULANCE, type, byNumber(type === 'Patient' ? 'identifier' : 'patient.identifier', AMBER));
      expect(found.body.total).toBe(1);
      const id = String(found.body.entry[0].resource.id);
      const read = await door.get(AMBULANCE, `/fhir/${type}/${id}`);
      expect(read.status).toBe(200);
      expect(read.headers['etag']).toBe(`W/"${read.body.meta.versionId}"`);
      expect(read.headers['etag']).toMatch(/^W\/"1-[0-9a-f]{8}"$/);
      expect(read.headers['last-modified']).toBeTruthy();
      expect(read.headers['x-robots-tag']).toBe('none');
      const unchanged = await door.get(AMBULANCE, `/fhir/${type}/${id}`).set('If-None-Match', String(read.headers['etag']));
      expect(unchanged.status).toBe(304);
      expect(unchanged.text).toBe('');
    },
  );

  test('I7 a read that changed nothing is a read on record, under the same decision', async () => {
    const path = `/fhir/CarePlan/${await flagOf()}`;
    const { headers } = await door.get(AMBULANCE, path).expect(200);
    const last = async () =>
      (await door.pool.query('SELECT id, event, organization, because, digest FROM audit ORDER BY id DESC LIMIT 1')).rows[0];
    const { id: before, ...full } = await last();
    await door.get(AMBULANCE, path).set('If-None-Match', String(headers['etag'])).expect(304);
    const { id, ...unchanged } = await last();
    expect(Number(id)).toBeGreaterThan(Number(before));
    expect(unchanged).toEqual(full);
    expect(unchanged).toMatchObject({ event: 'read', organization: AMBULANCE.ods, because: null });
  });

  test('the whole disclosure is one document', async () => {
    const { status, body } = await door.get(AMBULANCE, `/fhir/Composition/${await flagOf()}/$document`);
    expect(status).toBe(200);
    expect(body.type).toBe('document');
    expect(body.entry.map((each: { resource: { resourceType: string } }) => each.resource.resourceType)).toEqual([
      'Composition',
      'CarePlan',
      'Patient',
      'Organization',
    ]);
  });

  test('a search by GET works too, and no link holds the number', async () => {
    const { body } = await door.get(AMBULANCE, `/fhir/Flag?${byNumber('patient.identifier', AMBER)}`);
    expect(body.total).toBe(1);
    expect(body.link).toEqual([{ relation: 'self', url: `${door.origin}/fhir/Flag?patient.identifier=` }]);
  });

  test('status and code narrow a search', async () => {
    const number = byNumber('patient.identifier', AMBER);
    expect((await door.search(AMBULANCE, 'Flag', `${number}&status=active`)).body.total).toBe(1);
    expect((await door.search(AMBULANCE, 'Flag', `${number}&status=inactive`)).body.total).toBe(0);
    expect((await door.search(AMBULANCE, 'Flag', `${number}&code=hasanticipatorycarecrisisplan`)).body.total).toBe(1);
    expect((await door.search(AMBULANCE, 'Flag', `${number}&_summary=count`)).body).not.toHaveProperty('entry');
  });

  test('the stored resources behind a disclosure are not there for it', async () => {
    for (const path of [
      'CarePlan/plan-1',
      'Composition/words-1',
      'Patient/amber',
      'Patient/amber/_history',
      'CarePlan/plan-1/_history/1',
    ]) {
      expect([404, 403]).toContain((await door.get(AMBULANCE, `/fhir/${path}`)).status);
    }
  });
});

describe('I6 refused looks the same as no plan', () => {
  test('to a search: same status, same body', async () => {
    const refused = await door.search(POLICE, 'Flag', byNumber('patient.identifier', AMBER));
    const absent = await door.search(POLICE, 'Flag', byNumber('patient.identifier', NOBODY));
    expect(refused.status).toBe(200);
    expect(refused.text).toBe(absent.text);
    expect(refused.body.total).toBe(0);
  });

  test('to a read: same status, same body, same headers', async () => {
    const id = await flagOf();
    const refused = await door.get(POLICE, `/fhir/CarePlan/${id}`);
    const absent = await door.get(POLICE, '/fhir/CarePlan/00000000-0000-4000-8000-000000000000');
    expect(refused.status).toBe(404);
    expect(refused.text).toBe(absent.text);
    expect(Object.keys(refused.headers).sort()).toEqual(Object.keys(absent.headers).sort());
  });

  test('a withdrawn plan is nowhere', async () => {
    const other = await openDoor();
    try {
      await approvePlan(other);
      const number = byNumber('patient.identifier', AMBER);
      expect((await other.search(AMBULANCE, 'Flag', number)).body.total).toBe(1);
      const reason = { resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: 'Asked for by the person' }] };
      expect((await other.post(TRUST, '/fhir/CarePlan/plan-1/$withdraw', reason)).status).toBe(200);
      expect((await other.search(AMBULANCE, 'Flag', number)).body.total).toBe(0);
    } finally {
      await other.close();
    }
  });
});

describe('a search that names nobody, or somebody badly', () => {
  test.each([
    ['a wrong check digit', byNumber('patient.identifier', '9990012343'), 'http.patient.identifier'],
    ['too few digits', byNumber('patient.identifier', '999001234'), 'http.patient.identifier'],
    ['letters', byNumber('subject.identifier', 'abcdefghij'), 'http.subject.identifier'],
    ['the Scottish range', byNumber('patient', '0101010005'), 'http.patient'],
    [
      'the system in small letters',
      'patient.identifier=https%3A%2F%2Ffhir.nhs.uk%2Fid%2Fnhs-number%7C9990012342',
      'http.patient.identifier',
    ],
    ['two persons', `patient.identifier=${AMBER}%2C${NOBODY}`, 'http.patient.identifier'],
    ['nobody', '', 'http.patient.identifier'],
    ['an unknown modifier', `patient:name=Amber&${byNumber('patient.identifier', AMBER)}`, 'http.patient:name'],
    ['a NUL', 'patient.identifier=%00', 'http.patient.identifier'],
  ])('%s is 400, and says where', async (_, form, at) => {
    const { status, body, text } = await door.search(AMBULANCE, 'Flag', form);
    expect(status).toBe(400);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', expression: [at] }] });
    expect(text).not.toContain('99900');
  });

  test('an unknown parameter is told and ignored, or refused under strict handling', async () => {
    const form = `${byNumber('patient.identifier', AMBER)}&9990012342=x&colour=red`;
    const lenient = await door.search(AMBULANCE, 'Flag', form);
    expect(lenient.status).toBe(200);
    expect(lenient.body.total).toBe(1);
    expect(lenient.body.entry[1]).toMatchObject({ search: { mode: 'outcome' }, resource: { resourceType: 'OperationOutcome' } });
    expect(lenient.body.link[0].url).toBe(`${door.origin}/fhir/Flag?patient.identifier=`);
    expect(JSON.stringify(lenient.body.entry[1])).not.toContain(AMBER);
    const strict = await door.search(AMBULANCE, 'Flag', form).set('Prefer', 'handling=strict');
    expect(strict.status).toBe(400);
    expect(strict.text).not.toContain(AMBER);
  });

  test('the operator sees no words of a plan', async () => {
    expect((await door.search(OPERATOR, 'Flag', byNumber('patient.identifier', AMBER))).status).toBe(403);
    expect((await door.get(OPERATOR, '/fhir/CarePlan/plan-1')).status).toBe(403);
    expect((await door.get(OPERATOR, '/fhir/Composition/words-1')).status).toBe(403);
  });
});

test('I8 nothing that the door logged or counted holds the person', async () => {
  const { text } = await door.agent.get('/metrics');
  expect(text).toContain('broker_http_requests_total{route="POST /fhir/Flag/_search",status="200"}');
  for (const word of [AMBER, NOBODY, 'Testperson', 'plan-1', 'amber']) {
    expect(text).not.toContain(word);
    expect(door.lines.join('')).not.toContain(word);
  }
});
