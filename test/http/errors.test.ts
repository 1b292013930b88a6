import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response, Test } from 'supertest';
import { System } from '../../profiles/canonicals.ts';
import { example, openDoor, OPERATOR, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const practitioner = { resourceType: 'Practitioner', id: 'p', name: [{ family: 'Clinician-Example' }] };

/** How each failure is answered: status, issue code, the broker's category, the NHS code, the place, the help. */
type Row = readonly [status: number, code: string, category: string, nhs: string, at: string | null, help: string, ask: () => Test];

const ROWS: readonly Row[] = [
  [
    400,
    'structure',
    'malformed',
    'REC_BAD_REQUEST',
    'resourceType',
    'the body is a resource: a JSON object with its resourceType',
    () => door.post(TRUST, '/fhir/Practitioner', []),
  ],
  [
    400,
    'structure',
    'malformed',
    'REC_BAD_REQUEST',
    'resourceType',
    'is Practitioner, as the address says',
    () => door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Patient' }),
  ],
  [
    401,
    'login',
    'unauthenticated',
    'REC_UNAUTHORIZED',
    'http.Authorization',
    'is Bearer and an access token: see /fhir/.well-known/smart-configuration',
    () => door.agent.get('/fhir/Practitioner'),
  ],
  [
    403,
    'forbidden',
    'forbidden',
    'REC_FORBIDDEN',
    null,
    'a service of this kind may not create Practitioner',
    () => door.post(OPERATOR, '/fhir/Practitioner', practitioner),
  ],
  [
    404,
    'not-found',
    'not-found',
    'REC_NOT_FOUND',
    null,
    'there is no such resource here',
    () => door.get(TRUST, '/fhir/Practitioner/nobody'),
  ],
  [
    404,
    'not-supported',
    'unsupported',
    'REC_NOT_FOUND',
    null,
    'this resource type is not offered: see /fhir/metadata',
    () => door.get(TRUST, '/fhir/Account'),
  ],
  [
    405,
    'not-supported',
    'unsupported',
    'REC_METHOD_NOT_ALLOWED',
    null,
    'this method is not offered here',
    () => door.as(door.agent.put('/fhir/metadata'), TRUST),
  ],
  [
    406,
    'not-supported',
    'unsupported',
    'REC_NOT_ACCEPTABLE',
    'http.Accept',
    'answers are application/fhir+json',
    () => door.get(TRUST, '/fhir/Practitioner').set('Accept', 'text/html'),
  ],
  [
    412,
    'conflict',
    'stale',
    'REC_CONFLICT',
    'http.If-Match',
    'another version is the newest: read it, and try again',
    () => door.put(TRUST, practitioner).set('If-Match', 'W/"7"'),
  ],
  [
    415,
    'not-supported',
    'unsupported',
    'REC_UNSUPPORTED_MEDIA_TYPE',
    'http.Content-Type',
    'resources are sent as application/fhir+json',
    () => door.as(door.agent.post('/fhir/Practitioner'), TRUST).set('Content-Type', 'text/plain').send('x'),
  ],
  [
    414,
    'too-long',
    'too-large',
    'REC_BAD_REQUEST',
    'http.path',
    'an address has at most 8192 characters: search by POST',
    () => door.get(TRUST, `/fhir/Practitioner?_id=${'x'.repeat(8_200)}`),
  ],
  [
    422,
    'code-invalid',
    'incorrect',
    'REC_UNPROCESSABLE_ENTITY',
    'Practitioner.gender',
    'must be one of female, male, other, unknown',
    () => door.put(TRUST, { ...practitioner, gender: 'banana' }),
  ],
];

const outcome = (answer: Response): unknown => ({ status: answer.status, body: answer.body });

describe('a failure says what it is, where, and how to mend it', () => {
  test.each(ROWS)('%i %s (%s, %s) at %s', async (status, code, category, nhs, at, text, ask) => {
    const coding = [
      { system: System.anomaly, code: category },
      { system: 'https://fhir.nhs.uk/CodeSystem/http-error-codes', code: nhs },
    ];
    const issue = { severity: 'error', code, details: { coding, text }, ...(at === null ? {} : { expression: [at] }) };
    expect(outcome(await ask())).toEqual({ status, body: { resourceType: 'OperationOutcome', issue: [issue] } });
  });

  test('each of several mistakes has an issue of its own', async () => {
    const { body, status } = await door.put(TRUST, { ...practitioner, gender: 'banana', birthDate: '1987-02-30' });
    expect(status).toBe(422);
    expect(body.issue.map(({ expression, severity }: { expression: string[]; severity: string }) => [severity, ...expression])).toEqual([
      ['error', 'Practitioner.birthDate'],
      ['error', 'Practitioner.gender'],
    ]);
  });

  test('a service of an organisation that is registered, and has no ODS code, says which of both is wanting', async () => {
    await door.put(OPERATOR, { resourceType: 'Organization', id: 'codeless', name: 'A force' });
    const service = { ...example('recipient-service', 'valid-bare'), id: 'codeless', providedBy: { reference: 'Organization/codeless' } };
    const { status, body } = await door.put(OPERATOR, service);
    expect([status, body.issue[0].expression, body.issue[0].details.text]).toEqual([
      422,
      ['HealthcareService.providedBy'],
      `names no organisation that is registered with an ODS code (${System.odsOrganization})`,
    ]);
  });

  test('warnings alone refuse nothing', async () => {
    expect((await door.put(TRUST, practitioner)).status).toBe(201);
  });

  test('I6: what another holds and what is not there are answered alike, byte for byte', async () => {
    expect((await door.put(TRUST, example('plan-patient'))).status).toBe(201);
    const other = { ods: 'ZZ9', kind: 'publisher' } as const;
    const [theirs, none] = [await door.get(other, '/fhir/Patient/amber'), await door.get(other, '/fhir/Patient/nobody')];
    expect(theirs.status).toBe(404);
    expect(theirs.text).toBe(none.text);
  });
});
