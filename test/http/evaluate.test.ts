import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { A, consentWith, label, observation, purpose, recipient, ref } from '../decide/consent/builders.ts';
import { VECTORS } from '../decide/consent/vectors.ts';
import { KINDS } from '../../src/model/kind.ts';
import type { Caller, OpenDoor } from './open-door.ts';
import { example, OPERATOR, openDoor, POLICE, TRUST } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const ask = (parameter: readonly ParametersParameter[], caller: Caller = TRUST) =>
  door.post(caller, '/fhir/Consent/$evaluate', { resourceType: 'Parameters', parameter });
const actor: ParametersParameter = { name: 'actor', valueReference: ref('Organization/a') };
const known: ParametersParameter = { name: 'actorResource', resource: A };
const consent = (resource: Resource): ParametersParameter => ({ name: 'consent', resource });
const permit = consentWith({
  type: 'deny',
  provision: [{ type: 'permit', actor: [recipient(ref('Organization/a'))], securityLabel: [label('N')] }],
});

const partsOf = (body: Parameters, name: string) =>
  (body.parameter ?? [])
    .filter((each) => each.name === name)
    .map(({ part }) =>
      Object.fromEntries((part ?? []).map((each) => [each.name, each.valueString ?? each.valueCode ?? each.valueCoding?.code])),
    );

describe('Consent/$evaluate', () => {
  test('says what is released and what is withheld, and by which provision', async () => {
    const n = observation('n', { meta: { security: [label('N')] } });
    const r = observation('r', { meta: { security: [label('R')] } });
    const { status, body } = await ask([
      consent(permit),
      { name: 'resource', resource: n },
      { name: 'resource', resource: r },
      actor,
      known,
      { name: 'purpose', valueCoding: purpose('TREAT') },
    ]);
    expect([status, body.parameter[0]]).toEqual([200, { name: 'decision', valueCode: 'permit' }]);
    expect(partsOf(body, 'released')).toEqual([
      {
        resource: 'Observation/n',
        answer: 'permit',
        reason: 'a nested provision permits it',
        provision: 'consent[0] Consent.provision.provision[0]',
      },
    ]);
    expect(partsOf(body, 'withheld')).toEqual([{ resource: 'Observation/r', answer: 'deny', reason: 'no consent in force permits it' }]);
  });

  test('I11 of what is undecidable in one part nothing is released', async () => {
    const odd = consentWith({
      type: 'permit',
      provision: [{ type: 'deny', actor: [recipient(ref('Organization/gone'))], securityLabel: [label('R')] }],
    });
    const { body } = await ask([
      consent(odd),
      { name: 'resource', resource: observation('n', { meta: { security: [label('N')] } }) },
      { name: 'resource', resource: observation('r', { meta: { security: [label('R')] } }) },
      actor,
      known,
    ]);
    expect(body.parameter[0].valueCode).toBe('undecidable');
    expect(partsOf(body, 'released')).toEqual([]);
    expect(partsOf(body, 'withheld').map(({ answer }) => answer)).toEqual(['permit', 'undecidable']);
  });

  test('without a consent nothing is released, and a consent of the broker’s own profile can be asked about', async () => {
    expect((await ask([actor])).body.parameter[0].valueCode).toBe('deny');
    const own = { ...example('sharing-consent'), id: 'own' } as unknown as Resource;
    const parts = [
      consent(own),
      {
        name: 'actor',
        valueReference: { identifier: { system: 'https://crisis-plan-broker.example/fhir/CodeSystem/service-kind', value: 'police' } },
      },
      {
        name: 'purpose',
        valueCoding: { system: 'https://crisis-plan-broker.example/fhir/CodeSystem/purpose-of-use', code: 'crisis-response' },
      },
      { name: 'heading', valueCode: 'please-do' },
      { name: 'heading', valueCode: 'medicines' },
      { name: 'at', valueInstant: '2026-12-01T12:00:00Z' },
    ];
    const { body } = await ask(parts);
    expect([partsOf(body, 'released').map(({ heading }) => heading), partsOf(body, 'withheld').map(({ heading }) => heading)]).toEqual([
      ['please-do'],
      ['medicines'],
    ]);
  });

  test('is for every kind of caller, stores nothing, and looks nothing up', async () => {
    const before = await door.stored();
    for (const kind of KINDS)
      expect([kind, (await ask([actor, consent(permit)], { ods: kind === 'operator' ? 'BROKER' : 'ZZ1', kind })).status]).toEqual([
        kind,
        200,
      ]);
    expect(await door.stored()).toBe(before);
    const { rows } = await door.pool.query('SELECT FROM audit');
    expect(rows).toHaveLength(0);
  });

  test.each<[string, readonly ParametersParameter[], string]>([
    [
      'several purposes',
      [actor, { name: 'purpose', valueCoding: purpose('TREAT') }, { name: 'purpose', valueCoding: purpose('BTG') }],
      "Parameters.parameter.where(name='purpose')",
    ],
    ['no actor', [consent(permit)], "Parameters.parameter.where(name='actor')"],
    ['two actors', [actor, actor], "Parameters.parameter.where(name='actor')"],
    [
      'an actor of whom only a name is known',
      [{ name: 'actor', valueReference: { display: 'The team' } }],
      "Parameters.parameter.where(name='actor')",
    ],
    ['something else for a consent', [actor, consent(A)], 'Parameters.parameter[1].resource.resourceType'],
    [
      'consents of two persons',
      [actor, consent(permit), consent({ ...permit, id: 'c2', patient: { reference: 'Patient/q' } })],
      'Parameters.parameter[2].resource.patient',
    ],
    ['a heading that is none', [actor, { name: 'heading', valueCode: 'diagnosis' }], 'Parameters.parameter[1]'],
    ['a class without a code', [actor, { name: 'class', valueCoding: { display: 'Anything' } }], 'Parameters.parameter[1].valueCoding'],
    ['a parameter that there is not', [actor, { name: 'recipient', valueString: 'anybody' }], 'Parameters.parameter[1].name'],
    ['a time that is none', [actor, { name: 'at', valueString: 'tomorrow' }], "Parameters.parameter.where(name='at')"],
  ])('refuses %s, and says where', async (_what, parameter, at) => {
    const { status, body } = await ask(parameter);
    expect([status, body.issue[0].expression]).toEqual([422, [at]]);
  });

  test('I10 a consent that is no R4, or that nests without end, is refused or answered, never a fault', async () => {
    const broken = { resourceType: 'Consent', status: 'sometimes', provision: 'all' } as unknown as Resource;
    expect((await ask([actor, consent(broken)])).status).toBe(422);
    let nested: object = { type: 'permit' };
    for (let depth = 0; depth < 40; depth++) nested = { type: 'permit', provision: [nested] };
    expect((await ask([actor, consent(consentWith(nested))])).status).toBeLessThan(500);
  });

  test('answers over the wire what the rules answer', async () => {
    for (const { id, ask: question, expected } of VECTORS.filter(({ ask: { consents } }) => consents.length > 0)) {
      const {
        actor: who = ref('Organization/a'),
        known: beside = [A],
        purpose: why = purpose('TREAT'),
        at = '2026-06-01T12:00:00Z',
      } = question;
      // Vectors that name another patient, or hold what is no R4, are asked of the rules alone.
      // An unknown modifier is refused before anything is evaluated.
      if (question.consents.some(({ modifierExtension }) => modifierExtension !== undefined)) continue;
      const patients = new Set(question.consents.map(({ patient }) => patient?.reference));
      if (patients.size > 1 || question.known !== undefined || question.headings !== undefined) continue;
      const { status, body } = await ask([
        ...question.consents.map(consent),
        ...(question.resources ?? []).map((resource): ParametersParameter => ({ name: 'resource', resource })),
        ...(question.classes ?? []).map((valueCoding): ParametersParameter => ({ name: 'class', valueCoding })),
        { name: 'actor', valueReference: who },
        ...[
          ...beside,
          {
            resourceType: 'Organization',
            id: 'b',
            name: 'B',
            identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZB' }],
          } as Resource,
        ].map((resource): ParametersParameter => ({ name: 'actorResource', resource })),
        ...(why === null ? [] : [{ name: 'purpose', valueCoding: why }]),
        { name: 'at', valueInstant: at },
      ]);
      const decision = expected.includes('?') ? 'undecidable' : expected.includes('+') ? 'permit' : 'deny';
      expect([id, status, status === 200 ? body.parameter[0].valueCode : body.issue]).toEqual([id, 200, decision]);
    }
  });

  test('police and operators learn nothing by it that they did not send', async () => {
    for (const caller of [POLICE, OPERATOR]) {
      const { body } = await ask(
        [
          { name: 'actor', valueReference: ref('Organization/trust') },
          { name: 'resource', resource: observation('x') },
        ],
        caller,
      );
      expect(partsOf(body, 'withheld')).toEqual([{ resource: 'Observation/x', answer: 'deny', reason: 'no consent in force permits it' }]);
    }
  });
});
