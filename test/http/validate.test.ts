import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Test } from 'supertest';
import { Extension, Profile, System } from '../../profiles/canonicals.ts';
import { AMBULANCE, approvePlan, example, openDoor, OPERATOR, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

type Body = Record<string, unknown>;
const parameters = (resource: unknown, rest: readonly Body[] = []) => ({
  resourceType: 'Parameters',
  parameter: [...(resource === null ? [] : [{ name: 'resource', resource }]), ...rest],
});

const error = (code: string, text: string, expression?: string): Body => ({
  severity: 'error',
  code,
  details: {
    coding: [
      { system: System.anomaly, code: 'incorrect' },
      { system: System.httpErrorCodes, code: 'REC_UNPROCESSABLE_ENTITY' },
    ],
    text,
  },
  ...(expression === undefined ? {} : { expression: [expression] }),
});
const well: Body = { severity: 'information', code: 'informational', details: { text: 'nothing is wrong: this would be taken' } };
const narrative = (type: string): Body => ({
  severity: 'warning',
  code: 'invariant',
  details: { text: 'A resource should have narrative for robust management (dom-6)' },
  expression: [type],
});
const malformed = (code: string, text: string, expression: string): Body => ({
  severity: 'error',
  code,
  details: {
    coding: [
      { system: System.anomaly, code: 'malformed' },
      { system: System.httpErrorCodes, code: 'REC_BAD_REQUEST' },
    ],
    text,
  },
  expression: [expression],
});
const absent: Body = {
  severity: 'error',
  code: 'not-found',
  details: {
    coding: [
      { system: System.anomaly, code: 'not-found' },
      { system: System.httpErrorCodes, code: 'REC_NOT_FOUND' },
    ],
    text: 'there is no such resource here',
  },
};

/** The answer as it is, whole: status, media type, and each field of the outcome; and nothing was stored. */
const says = async (ask: Test, status: number, ...issue: readonly Body[]): Promise<void> => {
  const before = await door.stored();
  const answer = await ask;
  expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { resourceType: 'OperationOutcome', issue } });
  expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(await door.stored()).toBe(before);
};

const PATIENT = '/fhir/Patient/$validate';
const wrongNumber = error('value', 'fails the check digit (modulus 11)', 'Patient.identifier[0].value');

describe('$validate of a type', () => {
  test('a bare resource that would be taken', () =>
    says(door.post(TRUST, PATIENT, example('plan-patient')), 200, well, narrative('Patient')));

  test('a bare resource that would not', () =>
    says(door.post(TRUST, PATIENT, example('plan-patient', 'invalid-check-digit')), 200, wrongNumber, narrative('Patient')));

  test('the same in Parameters', async () => {
    await says(door.post(TRUST, PATIENT, parameters(example('plan-patient'))), 200, well, narrative('Patient'));
    await says(
      door.post(TRUST, PATIENT, parameters(example('plan-patient', 'invalid-check-digit'))),
      200,
      wrongNumber,
      narrative('Patient'),
    );
  });

  test('a resource of another type is told', async () => {
    const told = error('value', 'is Patient, as in the address', 'resourceType');
    await says(door.post(TRUST, PATIENT, example('crisis-plan')), 200, told);
    await says(door.post(TRUST, PATIENT, parameters(example('crisis-plan'))), 200, told);
    await says(door.post(TRUST, PATIENT, { resourceType: 'Plan' }), 200, told);
  });

  test('what is empty is told by its place', () =>
    says(
      door.post(TRUST, PATIENT, { ...example('plan-patient'), name: [] }),
      200,
      error('structure', 'is empty: leave it out', 'Patient.name'),
    ));

  test('the rules of writing hold, as for a write', async () => {
    await says(
      door.post(TRUST, '/fhir/CarePlan/$validate', { ...example('crisis-plan'), status: 'active' }),
      200,
      error('business-rule', 'a plan is written as a draft; $approve and $withdraw change its status', 'CarePlan.status'),
      narrative('CarePlan'),
    );
    const subscription = example('plan-subscription');
    const asked = { ...subscription, status: 'active', channel: { ...(subscription['channel'] as Body), endpoint: 'ftp://x.example' } };
    await says(
      door.post(POLICE, '/fhir/Subscription/$validate', asked),
      200,
      error('value', 'is a URL that begins with https, http', 'Subscription.channel.endpoint'),
      error('business-rule', 'is requested, or off', 'Subscription.status'),
      narrative('Subscription'),
    );
  });
});

describe('the profile', () => {
  const base = 'http://hl7.org/fhir/StructureDefinition/Patient';
  const bare = { resourceType: 'Patient', name: [{ family: 'Testperson' }] };
  const unknown = (at: string): Body => error('not-supported', 'is a profile that is not known here: see /fhir/StructureDefinition', at);

  test.each([
    ['in the address', () => door.post(TRUST, `${PATIENT}?profile=${encodeURIComponent(base)}`, bare)],
    ['as a uri', () => door.post(TRUST, PATIENT, parameters(bare, [{ name: 'profile', valueUri: base }]))],
    [
      'as a canonical with its version',
      () => door.post(TRUST, PATIENT, parameters(bare, [{ name: 'profile', valueCanonical: `${base}|4.0.1` }])),
    ],
  ])('base R4 can be asked for, %s', (_, ask) => says(ask(), 200, well, narrative('Patient')));

  test('the one of the broker, by its canonical', () =>
    says(
      door.post(TRUST, `${PATIENT}?profile=${encodeURIComponent(Profile.planPatient)}`, { ...example('plan-patient'), gender: 'banana' }),
      200,
      error('code-invalid', 'must be one of female, male, other, unknown', 'Patient.gender'),
      narrative('Patient'),
    ));

  test.each(['https://elsewhere.example/profile', `${base}|5.0.0`, 'x', 'http://hl7.org/fhir/StructureDefinition/Nothing'])(
    '%s is not known',
    async (url) => {
      await says(door.post(TRUST, `${PATIENT}?profile=${encodeURIComponent(url)}`, bare), 200, unknown('http.profile'));
      await says(
        door.post(TRUST, PATIENT, parameters(bare, [{ name: 'profile', valueUri: url }])),
        200,
        unknown("Parameters.parameter.where(name='profile')"),
      );
    },
  );

  test('one of another type is told', () =>
    says(
      door.post(TRUST, `${PATIENT}?profile=${encodeURIComponent(Profile.crisisPlan)}`, bare),
      200,
      error('value', 'is CarePlan: the profile asked for is one of that type', 'resourceType'),
    ));
});

describe('the mode', () => {
  test('profile looks at the content alone', () =>
    says(
      door.post(TRUST, '/fhir/CarePlan/$validate?mode=profile', { ...example('crisis-plan'), status: 'active' }),
      200,
      well,
      narrative('CarePlan'),
    ));

  test('update is held against what is stored', async () => {
    const plan = (await door.get(TRUST, '/fhir/Patient/amber')).body;
    await says(door.post(TRUST, '/fhir/Patient/amber/$validate', plan), 200, well, narrative('Patient'));
    await says(
      door.post(TRUST, '/fhir/Patient/amber/$validate', parameters({ ...plan, id: 'other' }, [{ name: 'mode', valueCode: 'update' }])),
      200,
      error('value', 'is the id in the address', 'Patient.id'),
      narrative('Patient'),
    );
  });

  test('update in so many words is held against all that is stored, and is undone', async () => {
    const words = (await door.get(TRUST, '/fhir/Composition/words-1')).body;
    const asked = parameters({ ...words, title: 'Another title' }, [{ name: 'mode', valueCode: 'update' }]);
    await says(
      door.post(TRUST, '/fhir/Composition/words-1/$validate', asked),
      200,
      error('conflict', 'an approved version never changes: write a new draft that replaces it', 'Composition'),
      narrative('Composition'),
    );
    const person = (await door.get(TRUST, '/fhir/Patient/amber')).body;
    const taken = parameters({ ...person, birthDate: '1987-03-15' }, [{ name: 'mode', valueCode: 'update' }]);
    await says(door.post(TRUST, '/fhir/Patient/amber/$validate', taken), 200, well, narrative('Patient'));
    expect((await door.get(TRUST, '/fhir/Patient/amber')).body).toEqual(person);
  });

  test('delete says whether it would be taken', async () => {
    await says(
      door.post(TRUST, '/fhir/Patient/amber/$validate', parameters(null, [{ name: 'mode', valueCode: 'delete' }])),
      200,
      error('not-supported', 'a service of this kind may not delete Patient'),
    );
    await says(
      door.get(TRUST, '/fhir/Practitioner/nurse/$validate?mode=delete'),
      200,
      error('conflict', 'a CareTeam refers to it', 'Practitioner'),
    );
    await says(
      door.get(TRUST, '/fhir/Composition/words-1/$validate?mode=delete'),
      200,
      error('conflict', 'an approved version never changes: write a new draft that replaces it', 'Composition'),
    );
    expect((await door.put(TRUST, { resourceType: 'Practitioner', id: 'spare', name: [{ family: 'Clinician-Spare' }] })).status).toBe(201);
    await says(door.get(TRUST, '/fhir/Practitioner/spare/$validate?mode=delete'), 200, well);
    expect((await door.get(TRUST, '/fhir/Practitioner/spare')).status).toBe(200);
    const { id } = (await door.post(POLICE, '/fhir/Subscription', example('plan-subscription'))).body;
    await says(door.get(POLICE, `/fhir/Subscription/${id}/$validate?mode=delete`), 200, well);
    await says(
      door.post(TRUST, PATIENT, parameters(null, [{ name: 'mode', valueCode: 'delete' }])),
      400,
      malformed('value', 'delete asks about one resource: [type]/[id]/$validate', 'http.mode'),
    );
  });
});

describe('what is stored', () => {
  test('is validated within reach', async () => {
    await says(door.get(TRUST, '/fhir/Patient/amber/$validate'), 200, well, narrative('Patient'));
    await says(
      door.get(TRUST, `/fhir/Patient/amber/$validate?profile=${encodeURIComponent('https://elsewhere.example/p')}`),
      200,
      error('not-supported', 'is a profile that is not known here: see /fhir/StructureDefinition', 'http.profile'),
    );
  });

  test('I6: another’s is answered as if it were not there, word for word', async () => {
    for (const path of ['/fhir/Patient/amber/$validate', '/fhir/Patient/nobody/$validate', '/fhir/Patient/a_b/$validate']) {
      await says(door.get(OTHER_TRUST, path), 404, absent);
      await says(door.post(OTHER_TRUST, path, example('plan-patient')), 404, absent);
      await says(door.post(OTHER_TRUST, path, parameters(null, [{ name: 'mode', valueCode: 'delete' }])), 404, absent);
    }
  });

  test('who may not validate a type is refused before anything is looked for', async () => {
    const forbidden: Body = {
      severity: 'error',
      code: 'forbidden',
      details: {
        coding: [
          { system: System.anomaly, code: 'forbidden' },
          { system: System.httpErrorCodes, code: 'REC_FORBIDDEN' },
        ],
        text: 'a service of this kind may not validate Patient',
      },
    };
    for (const id of ['amber', 'nobody']) await says(door.get(AMBULANCE, `/fhir/Patient/${id}/$validate`), 403, forbidden);
  });
});

describe('a call that cannot be read', () => {
  const json = (path: string, text: string): Test =>
    door.as(door.agent.post(path), TRUST).set('Content-Type', 'application/fhir+json').send(text);

  test('is refused with the place', async () => {
    await says(
      json(PATIENT, '[]'),
      400,
      malformed('structure', 'the body is a resource: a JSON object with its resourceType', 'resourceType'),
    );
    await says(
      door.post(TRUST, PATIENT, parameters(null)),
      400,
      malformed('required', 'is the resource to validate', "Parameters.parameter.where(name='resource')"),
    );
    await says(
      door.post(TRUST, `${PATIENT}?mode=destroy`, example('plan-patient')),
      400,
      malformed('value', 'is one of create, update, delete, profile', 'http.mode'),
    );
    await says(
      door.post(TRUST, `${PATIENT}?mode=create&mode=update`, example('plan-patient')),
      400,
      malformed('value', 'stands once', 'http.mode'),
    );
    await says(
      door.post(TRUST, `${PATIENT}?mode=create`, parameters(example('plan-patient'), [{ name: 'mode', valueCode: 'profile' }])),
      400,
      malformed('value', 'is not what the address says', "Parameters.parameter.where(name='mode')"),
    );
    await says(
      door.post(TRUST, PATIENT, parameters(example('plan-patient'), [{ name: 'profile', valueInteger: 7 }])),
      400,
      malformed('value', 'has a valueUri or valueCanonical or valueUrl', "Parameters.parameter.where(name='profile').value"),
    );
  });

  test('an unknown parameter is refused under strict handling only', async () => {
    const ask = () => door.post(TRUST, `${PATIENT}?colour=red`, example('plan-patient'));
    await says(ask(), 200, well, narrative('Patient'));
    await says(ask().set('Prefer', 'handling=strict'), 400, malformed('value', 'is no parameter of $validate', 'http.colour'));
  });
});

describe('I11 I12: a Consent that cannot be decided', () => {
  const slip = (): Body => {
    const consent = example('sharing-consent', 'valid-deny-police');
    const actor = {
      role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'PRCP' }] },
      reference: { identifier: { system: System.kind, value: 'police' } },
    };
    const extension = (consent['extension'] as { url: string }[]).filter(({ url }) => url !== Extension.supersedes);
    return { ...consent, extension, id: 'slip', provision: { type: 'deny', provision: [{ type: 'deny', actor: [actor] }] } };
  };
  const warnings = (body: { issue: { severity: string; expression?: readonly string[]; details: { text: string } }[] }) =>
    body.issue.filter(({ severity, details }) => severity === 'warning' && !details.text.includes('dom-6'));
  const AT = 'Consent.provision.provision[0].actor[0].role';

  test('is said to be so before it is written, with the place, and may be written all the same', async () => {
    const { body } = await door.post(TRUST, '/fhir/Consent/$validate', slip());
    expect(body.issue[0]).toEqual(well);
    expect(warnings(body)).toMatchObject([{ expression: [AT], details: { text: expect.stringContaining('nothing is recalled by it') } }]);
    expect(warnings((await door.post(TRUST, '/fhir/Consent/$validate', example('sharing-consent', 'valid-deny-police'))).body)).toEqual([]);
    expect(warnings((await door.post(TRUST, '/fhir/Consent/$validate', { ...slip(), status: 'inactive' })).body)).toEqual([]);
  });

  test('and so answers the write that prefers an outcome', async () => {
    const answer = await door.put(TRUST, slip()).set('Prefer', 'return=OperationOutcome');
    expect(answer.status).toBe(201);
    expect(warnings(answer.body)).toMatchObject([{ expression: [AT] }]);
  });
});

test('what an executed agreement lacks is said by the write that prefers an outcome', async () => {
  const { signer: _, ...unsigned } = example('sharing-agreement');
  const answer = await door.put(OPERATOR, { ...unsigned, id: 'unsigned' }).set('Prefer', 'return=OperationOutcome');
  expect([answer.status, answer.body.issue[0].severity]).toEqual([201, 'information']);
  const places = answer.body.issue
    .filter(({ severity }: Body) => severity === 'warning')
    .map(({ expression }: { expression: string[] }) => expression[0]);
  expect(places).toContain('Contract.term[0].offer.party[0].reference[0]');
});

test('I12: a coverage area that is none of those that plans name is said to reach nobody', async () => {
  const service = (area: object) => ({ ...example('recipient-service', 'valid-bare'), id: 'areas', coverageArea: [area] });
  const said = async (area: object): Promise<readonly string[]> => {
    const { body } = await door.post(OPERATOR, '/fhir/HealthcareService/$validate', service(area));
    return body.issue.flatMap(({ severity, expression = [] }: { severity: string; expression?: string[] }) =>
      severity === 'warning' ? expression : [],
    );
  };
  expect(await said({ reference: 'Location/north' })).toContain('HealthcareService.coverageArea[0].identifier');
  expect(await said({ identifier: { system: System.area, value: 'north' } })).not.toContain('HealthcareService.coverageArea[0].identifier');
});
