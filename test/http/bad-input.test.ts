import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBER, AMBULANCE, approvePlan, example, OPERATOR, openDoor, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';
import type { Caller, OpenDoor } from './open-door.ts';

let door: OpenDoor;
let before = 0;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  before = await door.stored();
});
afterAll(async () => {
  // I10: whatever was sent below changed nothing, and none of it was the broker's fault.
  expect(await door.stored()).toBe(before);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const send = (type: string, text: string | Buffer, media = 'application/fhir+json') =>
  door
    .as(door.agent.post(`/fhir/${type}`), TRUST)
    .set('Content-Type', media)
    .serialize((body: unknown) => String(body))
    .send(text);

const nested = (depth: number): string => `${'{"extension":['.repeat(depth)}${']}'.repeat(depth)}`;

describe('a body that cannot be read', () => {
  test.each([
    ['nothing', '', 400, 'line 1, column 1'],
    ['half an object', '{"resourceType":"Patient",\n "id":', 400, 'line 2, column 7'],
    ['a stray word', '{"resourceType": Patient}', 400, 'line 1, column 18'],
    ['a comma too many', '{"resourceType":"Patient",}', 400, 'line 1, column 27'],
    ['a number that is none', '{"a":01}', 400, 'line 1, column 6'],
    ['a control character in a string', '{"a":"\n"}', 400, 'line 1, column 6'],
    ['a string that never ends', `{"a":"${'x'.repeat(500_000)}`, 400, 'line 1, column 6'],
    ['two values', '{} {}', 400, 'line 1, column 4'],
    ['a list', '[]', 400, 'resourceType'],
    ['a word', '"Testperson"', 400, 'resourceType'],
    ['no type', '{}', 400, 'resourceType'],
    ['a type that is a number', '{"resourceType":5}', 400, 'resourceType'],
    ['another type than the address', '{"resourceType":"Observation"}', 400, 'resourceType'],
    ['deep nesting', nested(40_000), 400, '64 deep'],
    ['a number without end', '{"resourceType":"Patient","multipleBirthInteger":1e400}', 400, 'too large'],
  ])('%s', async (_, text, status, where) => {
    const answer = await send('Patient', text);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
    expect(answer.text).toContain(where);
    expect(answer.text).not.toContain('Testperson');
  });

  test('2 MB and one byte is 413, said at once, and the connection still reads the answer', async () => {
    const answer = await send('Patient', `{"resourceType":"Patient","id":"${'x'.repeat(2 * 1024 * 1024)}"}`);
    expect(answer.status).toBe(413);
    expect(answer.body.issue[0].code).toBe('too-long');
  });

  test('a body without a declared length is cut at the same limit', async () => {
    const token = await door.tokens.of(TRUST);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(door.origin).port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\r\n\r\n')) {
          socket.destroy();
          resolve(text);
        }
      });
      socket.on('error', reject);
      socket.write(
        `POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const chunk = 'x'.repeat(256 * 1024);
      for (let sent = 0; sent < 9; sent += 1) socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test.each([
    ['XML', 'application/fhir+xml'],
    ['plain text', 'text/plain'],
    ['another character set', 'application/fhir+json; charset=utf-16'],
    ['another version of FHIR', 'application/fhir+json; fhirVersion=5.0'],
  ])('%s is 415', async (_, media) => {
    const answer = await send('Patient', '{}', media);
    expect(answer.status).toBe(415);
    expect(answer.body.issue[0].expression).toEqual(['http.Content-Type']);
  });

  test('bytes that are no UTF-8 are 400', async () => {
    const answer = await door
      .as(door.agent.post('/fhir/Patient'), TRUST)
      .set('Content-Type', 'application/fhir+json')
      .serialize((body: unknown) => body as string)
      .send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('UTF-8');
  });

  test('a compressed body is 415', async () => {
    const answer = await door.post(TRUST, '/fhir/Patient', {}).set('Content-Encoding', 'gzip');
    expect(answer.status).toBe(415);
  });
});

describe('a resource that may not be stored', () => {
  test.each([
    ['a check digit', 'Patient', example('plan-patient', 'invalid-check-digit'), 'Patient.identifier[0].value'],
    ['a Scottish number', 'Patient', example('plan-patient', 'invalid-chi-range'), 'Patient.identifier[0].value'],
    ['a wrong type', 'Patient', { ...example('plan-patient'), birthDate: 5 }, 'Patient.birthDate'],
    ['a script', 'Composition', example('plan-words', 'invalid-script'), 'Composition.section'],
    ['an active plan', 'CarePlan', { ...example('crisis-plan'), status: 'active' }, 'CarePlan.status'],
    ['an action that forbids', 'CarePlan', example('crisis-plan', 'invalid-do-not-perform'), 'CarePlan.activity'],
    ['a consent that permits at its root', 'Consent', example('sharing-consent', 'invalid-root-permit'), 'Consent.provision'],
    [
      'a plan of a patient who is not there',
      'CarePlan',
      { ...example('crisis-plan'), subject: { reference: 'Patient/nobody' } },
      'CarePlan.subject',
    ],
    [
      'a half of a surrogate pair',
      'Practitioner',
      { resourceType: 'Practitioner', name: [{ text: '\ud800' }] },
      'Practitioner.name[0].text',
    ],
    ['a NUL', 'Practitioner', { resourceType: 'Practitioner', name: [{ text: '\u0000' }] }, 'Practitioner.name[0].text'],
    ['a property of no FHIR', 'Practitioner', { resourceType: 'Practitioner', __proto__x: 1 }, 'Practitioner'],
  ])('%s is 422, and says where', async (_, type, body, at) => {
    const answer = await door.post(TRUST, `/fhir/${type}`, body);
    expect(answer.status).toBe(422);
    const places = answer.body.issue.flatMap((each: { expression?: string[] }) => each.expression ?? []);
    expect(places.some((place: string) => place.startsWith(at))).toBe(true);
    expect(answer.text).not.toContain('Testperson');
  });

  test('another id in the body than in the address', async () => {
    const answer = await door
      .as(door.agent.put('/fhir/Patient/amber'), TRUST)
      .set('Content-Type', 'application/fhir+json')
      .send(JSON.stringify({ ...example('plan-patient'), id: 'beryl' }));
    expect(answer.status).toBe(400);
  });

  test('a stale If-Match is 412, one that is none 400', async () => {
    expect((await door.put(TRUST, example('plan-patient')).set('If-Match', 'W/"7"')).status).toBe(412);
    expect((await door.put(TRUST, example('plan-patient')).set('If-Match', 'W/"abc"')).status).toBe(412);
    expect((await door.put(TRUST, example('plan-patient')).set('If-Match', '7')).status).toBe(400);
    expect((await door.put(TRUST, { ...example('plan-patient'), id: 'not-there' }).set('If-Match', 'W/"1"')).status).toBe(412);
  });

  test('I9 an approved version never changes', async () => {
    expect((await door.put(TRUST, example('crisis-plan'))).status).toBe(409);
    expect((await door.put(TRUST, example('plan-words'))).status).toBe(409);
  });
});

describe('operations that are asked for badly', () => {
  const parameters = (...parameter: unknown[]) => ({ resourceType: 'Parameters', parameter });
  test.each([
    ['$approve with no version', '$approve', parameters(), 422],
    ['$approve with no Provenance', '$approve', parameters({ name: 'version', valueString: '1' }), 422],
    ['$approve with a number', '$approve', parameters({ name: 'version', valueString: 1 }), 422],
    ['$approve with a null', '$approve', parameters(null), 422],
    ['$approve with a list that is none', '$approve', { resourceType: 'Parameters', parameter: {} }, 422],
    ['$approve with a CarePlan', '$approve', example('crisis-plan'), 400],
    [
      '$approve of what is no draft',
      '$approve',
      parameters({ name: 'version', valueString: '2' }, { name: 'provenance', resource: example('plan-approval', 'valid-approve') }),
      409,
    ],
    ['$withdraw with no reason', '$withdraw', parameters({ name: 'reason', valueString: ' ' }), 422],
  ])('%s', async (_, operation, body, status) => {
    const answer = await door.post(TRUST, `/fhir/CarePlan/plan-1/${operation}`, body);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
  });

  test('of a plan that is another trust’s, or not there, are 404 alike', async () => {
    const body = parameters({ name: 'reason', valueString: 'x' });
    const refused = await door.post(OTHER_TRUST, '/fhir/CarePlan/plan-1/$withdraw', body);
    const absent = await door.post(OTHER_TRUST, '/fhir/CarePlan/plan-2/$withdraw', body);
    expect([refused.status, absent.status]).toEqual([404, 404]);
    expect(refused.text).toBe(absent.text);
  });
});

describe('addresses and callers', () => {
  test.each([
    ['a type that is not offered', 'GET', '/fhir/Observation/1', 404],
    ['a type that is none', 'GET', '/fhir/Nonsense', 404],
    ['nothing', 'GET', '/nothing', 404],
    ['the base without a Bundle', 'POST', '/fhir', 415],
    ['the base', 'GET', '/fhir', 405],
    ['a patch that says no media type', 'PATCH', '/fhir/Patient/amber', 415],
    ['a method that is not offered', 'PATCH', '/fhir/AuditEvent/1', 405],
    ['a delete that is not offered', 'DELETE', '/fhir/Patient/amber', 405],
    ['an operation that is not offered', 'GET', '/fhir/Patient/amber/$meta', 404],
    ['an escape that cannot be read', 'GET', '/fhir/Patient/%zz', 400],
    ['a NUL', 'GET', '/fhir/Patient/%00', 400],
    ['an id that is none', 'GET', '/fhir/Patient/a%20b', 404],
    ['a way up', 'GET', '/fhir/Patient/..%2f..%2fmetadata', 404],
    ['a version that is none', 'GET', '/fhir/Patient/amber/_history/x', 404],
    ['an address that is too long', 'GET', `/fhir/Patient?identifier=${'9'.repeat(9_000)}`, 414],
    ['a value that is too long', 'GET', `/fhir/Patient?identifier=${'9'.repeat(2_000)}`, 400],
    ['a count that is none', 'GET', '/fhir/Patient?_count=-1', 400],
    ['a date that is none', 'GET', '/fhir/Patient?_lastUpdated=ge2026-02-30', 400],
    ['a reference that is none', 'GET', '/fhir/CarePlan?patient=a%20b', 400],
    ['a page that is none', 'GET', '/fhir/Patient?_page=AAAA', 400],
  ])('%s', async (_, method, path, status) => {
    const answer = await door.as(door.agent[method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete'](path), TRUST);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
    if (status === 405) expect(answer.headers['allow']).toMatch(path === '/fhir' ? /POST/ : /GET/);
  });

  test('answers are JSON, whatever is asked for', async () => {
    expect((await door.get(TRUST, '/fhir/Patient/amber').set('Accept', 'application/fhir+xml')).status).toBe(406);
    expect((await door.get(TRUST, '/fhir/Patient/amber?_format=xml')).status).toBe(406);
    expect((await door.get(TRUST, '/fhir/Patient/amber?_format=json').set('Accept', 'text/html')).status).toBe(200);
    expect((await door.get(TRUST, '/fhir/Patient/amber').set('Accept', 'application/xml, application/json;q=0.5')).status).toBe(200);
  });

  test.each<[string, Caller | null, Record<string, string>, number]>([
    ['no caller', null, {}, 401],
    ['the headers that named callers once', null, { 'NHSD-End-User-Organisation-ODS': 'ZZ1', 'X-Service-Kind': 'publisher' }, 401],
    ['another organisation than the token says', TRUST, { 'NHSD-End-User-Organisation-ODS': 'ZZ9' }, 403],
    ['an ODS code that is none', TRUST, { 'NHSD-End-User-Organisation-ODS': "ZZ1' OR 1=1" }, 403],
    ['the same organisation', TRUST, { 'NHSD-End-User-Organisation-ODS': 'zz1' }, 200],
    ['another that calls itself operator', { ods: 'ZZ1', kind: 'operator' }, {}, 403],
    ['a person', { ods: 'ZZ1', kind: 'person' }, {}, 403],
    ['an evaluator', { ods: 'ZZ1', kind: 'evaluator' }, {}, 403],
    ['a scope of another type', { ods: 'ZZ1', kind: 'publisher', scopes: ['system/CarePlan.cruds'] }, {}, 403],
    ['a scope without the letter', { ods: 'ZZ1', kind: 'publisher', scopes: ['system/*.cuds'] }, {}, 403],
    ['a scope that is enough', { ods: 'ZZ1', kind: 'publisher', scopes: ['system/Patient.r'] }, {}, 200],
  ])('%s', async (_, caller, headers, status) => {
    const asked = door.agent.get('/fhir/Patient/amber').set(headers);
    const answer = await (caller === null ? asked : door.as(asked, caller));
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe(status === 200 ? 'Patient' : 'OperationOutcome');
  });

  test('each kind writes only what is its own to write', async () => {
    expect((await door.put(AMBULANCE, example('plan-patient'))).status).toBe(403);
    expect((await door.put(POLICE, example('crisis-plan'))).status).toBe(403);
    expect((await door.put(POLICE, example('sharing-consent'))).status).toBe(403);
    expect((await door.put(TRUST, example('sharing-agreement'))).status).toBe(403);
    expect((await door.put(OPERATOR, example('plan-patient'))).status).toBe(403);
    expect((await door.put(OTHER_TRUST, example('plan-patient'))).status).toBe(404);
    expect((await door.put(OTHER_TRUST, example('sharing-consent'))).status).toBe(404);
  });

  test('what is no HTTP is answered on the bare socket', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(door.origin).port), '127.0.0.1', () => socket.write('MSH|^~\\&|garbage\r\r'));
      let received = '';
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request/);
    expect(text).toContain('OperationOutcome');
  });

  test('no answer names the software, and each mirrors the ids of its request', async () => {
    const answer = await door.get(TRUST, '/fhir/Patient/nobody').set('X-Request-ID', 'not a uuid').set('X-Correlation-ID', 'c-1');
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['x-request-id']).toBe('not a uuid');
    expect(answer.headers['x-correlation-id']).toBe('c-1');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.text).not.toContain(AMBER);
  });
});
