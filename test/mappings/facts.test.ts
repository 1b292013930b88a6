import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, Contract, Encounter, Endpoint, HealthcareService, Patient, Subscription } from '@medplum/fhirtypes';
import { declaredOf } from '../../mappings/facts/declared-of.ts';
import { whyNotActive } from '../../mappings/facts/why-not-active.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { fromComposition } from '../../mappings/facts/from-composition.ts';
import { fromContract } from '../../mappings/facts/from-contract.ts';
import { fromEncounter } from '../../mappings/facts/from-encounter.ts';
import { fromEndpoint } from '../../mappings/facts/from-endpoint.ts';
import { fromHealthcareService } from '../../mappings/facts/from-healthcare-service.ts';
import { fromPatient } from '../../mappings/facts/from-patient.ts';
import { fromSubscription } from '../../mappings/facts/from-subscription.ts';
import { endOf, startOf } from '../../mappings/facts/instant-of.ts';
import type { Resolve } from '../../mappings/facts/reference-of.ts';
import { Extension, System } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';

const example = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/${path}.json`, import.meta.url), 'utf8')) as T;
const at = (text: string): number => Date.parse(text);
const placeOf = (run: () => unknown): string | null | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof Anomaly && error.category === 'incorrect') return error.issues[0]?.at;
    throw error;
  }
  return undefined;
};
const resolve: Resolve = (reference) =>
  reference.startsWith('HealthcareService/')
    ? { recipientId: reference.slice(18) }
    : reference === 'Organization/trust'
      ? { ods: 'ZZ1' }
      : null;

describe('days are days of London', () => {
  test.each([
    ['2026-01-15', '2026-01-15T00:00:00Z', '2026-01-16T00:00:00Z'],
    ['2026-07-15', '2026-07-14T23:00:00Z', '2026-07-15T23:00:00Z'],
    ['2026-03-29', '2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z'], // clocks go forward
    ['2026-10-25', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z'], // and back
    ['2026-12', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2026-06', '2026-05-31T23:00:00Z', '2026-06-30T23:00:00Z'],
    ['2028', '2028-01-01T00:00:00Z', '2029-01-01T00:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['2026-07-15T10:00:00+01:00', '2026-07-15T09:00:00Z', '2026-07-15T09:00:00Z'],
  ])('%s begins and ends', (text, start, end) => {
    expect(startOf(text, 'x')).toBe(at(start));
    expect(endOf(text, 'x')).toBe(at(end));
  });

  test.each(['2026-02-30', '2026-13', 'yesterday', '2026-07-15T10:00', '2026-07-15T25:00:00Z', ''])('%s is no date', (text) => {
    expect(placeOf(() => startOf(text, 'Some.path'))).toBe('Some.path');
  });
});

describe('from a Patient', () => {
  const patient = example<Patient>('plan-patient/valid-full');

  test('the person and what may be shown', () => {
    const { person, disclosed } = fromPatient(patient);
    expect(person).toMatchObject({ alive: true, restricted: false, nhsNumber: '9990012342', traced: true });
    expect(disclosed).toEqual({
      nhsNumber: '9990012342',
      family: 'Testperson-Amber',
      given: ['Example'],
      preferredName: 'Amber',
      birthDate: '1987-03-14',
      gender: 'female',
      address: { line: ['1 Nowhere Row'], city: 'Exampleton', postalCode: 'ZZ99 3WZ' },
      telecom: [{ system: 'phone', value: '01632 960001' }],
    });
  });

  test('the retired status counts as traced, any other does not', () => {
    expect(fromPatient(example('plan-patient/valid-retired-status')).person.traced).toBe(true);
    const status = (coding: object): boolean =>
      fromPatient({
        ...patient,
        identifier: [
          {
            system: System.nhsNumber,
            value: '9990012342',
            extension: [{ url: Extension.nhsNumberVerification, valueCodeableConcept: { coding: [coding] } }],
          },
        ],
      }).person.traced;
    expect(status({ system: System.nhsNumberVerification, code: '01' })).toBe(true);
    expect(status({ system: System.nhsNumberVerification, code: '02' })).toBe(false);
    expect(status({ system: 'https://elsewhere.example', code: '01' })).toBe(false);
    expect(fromPatient({ ...patient, identifier: [{ system: System.nhsNumber, value: '9990012342' }] }).person.traced).toBe(false);
  });

  test('no number is null, an old one is none, two are refused', () => {
    expect(fromPatient(example('plan-patient/valid-no-number')).person).toMatchObject({ nhsNumber: null, traced: false });
    expect(
      fromPatient({ ...patient, identifier: [{ use: 'old', system: System.nhsNumber, value: '9990012342' }] }).person.nhsNumber,
    ).toBeNull();
    expect(placeOf(() => fromPatient(example('plan-patient/invalid-two-numbers')))).toBe('Patient.identifier[1]');
  });

  test.each(['R', 'V'])('meta.security %s is restricted', (code) => {
    expect(fromPatient({ ...patient, meta: { security: [{ system: System.confidentiality, code }] } }).person.restricted).toBe(true);
  });

  test('deceased, however it is said, is not alive', () => {
    expect(fromPatient({ ...patient, deceasedBoolean: true }).person.alive).toBe(false);
    expect(fromPatient({ ...patient, deceasedDateTime: '2026-01-01' }).person.alive).toBe(false);
    expect(fromPatient({ ...patient, deceasedBoolean: false }).person.alive).toBe(true);
  });

  test('an address changes what others see of the identity, and nothing that police see', () => {
    const before = fromPatient(patient).person;
    const after = fromPatient({ ...patient, address: [{ line: ['2 Nowhere Row'] }] }).person;
    expect(after.identityDigest).not.toBe(before.identityDigest);
    expect(after.nameDigest).toBe(before.nameDigest);
    const renamed = fromPatient({ ...patient, name: [{ family: 'Testperson-Blue' }] }).person;
    expect(renamed.nameDigest).not.toBe(before.nameDigest);
  });

  test('what is missing is said, never made up', () => {
    expect(placeOf(() => fromPatient({ ...patient, birthDate: undefined }))).toBe('Patient.birthDate');
    expect(placeOf(() => fromPatient({ ...patient, name: [{ text: 'Someone' }] }))).toBe('Patient.name.family');
  });
});

describe('from a Contract', () => {
  const contract = example<Contract>('sharing-agreement/valid-full');

  test('pairs, each with purposes, headings and dates', () => {
    const agreement = {
      id: 'agreement-1',
      executed: true,
      period: { start: at('2026-01-01T00:00:00Z'), end: at('2028-01-01T00:00:00Z') },
      purposes: ['ETREAT', 'crisis-response'],
      headings: ['please-do', 'who-to-ring'],
    };
    expect(fromContract(contract, resolve)).toEqual([
      { publisher: 'ZZ1', recipient: { recipientId: 'ambulance' }, agreement },
      { publisher: 'ZZ1', recipient: { ods: 'ZZ3' }, agreement },
    ]);
  });

  test('two terms are never mixed, and each ends with the contract', () => {
    const [first] = contract.term ?? [];
    if (first === undefined) throw new Error('the example has a term');
    const heading = { coding: [{ system: System.heading, code: 'medicines' }] };
    const pairs = fromContract(
      { ...contract, term: [first, { ...first, applies: { end: '2026-06-30' }, asset: [{ type: [heading] }] }] },
      resolve,
    );
    expect(pairs.map(({ agreement }) => agreement.headings)).toEqual([
      ['please-do', 'who-to-ring'],
      ['please-do', 'who-to-ring'],
      ['medicines'],
      ['medicines'],
    ]);
    expect(pairs[2]?.agreement.period).toEqual({ start: at('2026-01-01T00:00:00Z'), end: at('2026-06-30T23:00:00Z') });
  });

  test.each(['terminated', 'negotiable', 'executable', 'revoked'] as const)('%s is not executed', (status) => {
    expect(fromContract({ ...contract, status }, resolve).map(({ agreement }) => agreement.executed)).toEqual([false, false]);
  });

  test('a party that nobody knows, or a service as publisher, is refused at its place', () => {
    const withParty = (index: number, reference: object): Contract => {
      const copy = structuredClone(contract);
      const party = copy.term?.[0]?.offer?.party?.[index];
      if (party) party.reference = [reference];
      return copy;
    };
    expect(placeOf(() => fromContract(withParty(1, { reference: 'Organization/nobody' }), resolve))).toBe(
      'Contract.term[0].offer.party[1].reference[0]',
    );
    expect(placeOf(() => fromContract(withParty(0, { reference: 'HealthcareService/ed' }), resolve))).toBe(
      'Contract.term[0].offer.party[0].reference[0]',
    );
  });
});

describe('from a recipient', () => {
  const service = example<HealthcareService>('recipient-service/valid-full');
  const endpoint = example<Endpoint>('destination-endpoint/valid-full');

  test('what a service declares, and its defaults', () => {
    expect(fromHealthcareService(service)).toEqual({
      recipient: { id: 'ed', kind: 'ed', retains: true, areas: ['north-example'] },
      active: true,
      providedBy: { reference: 'Organization/hospital' },
      endpointIds: ['ed-mllp'],
      declared: {
        refusesLowerSequence: null,
        replaceHidesOld: null,
        recallForm: 'mdm-t11',
        lifetime: 30_000,
        acknowledgements: [{ code: 'AE', error: '207', means: 'unknown' }],
        contentForm: null,
        copiesEndAfter: null,
        contact: null,
        rate: null,
        inFlight: null,
        responseMode: null,
        responseWithin: null,
        collectsWithin: null,
        acknowledgementMode: null,
      },
    });
    expect(fromHealthcareService(example('recipient-service/valid-bare')).recipient.retains).toBe(true);
    expect(placeOf(() => fromHealthcareService(example('recipient-service/invalid-kind')))).toBe('HealthcareService.type[0]');
  });

  test('the pace that a service declares', () => {
    const extension = [
      ...(service.extension ?? []),
      { url: Extension.messageRate, valueDecimal: 2.5 },
      { url: Extension.inFlightLimit, valuePositiveInt: 4 },
    ];
    expect(declaredOf({ ...service, extension }, 'HealthcareService')).toMatchObject({ rate: 2.5, inFlight: 4 });
    expect(placeOf(() => declaredOf({ extension: [{ url: Extension.messageRate, valueDecimal: -1 }] }, 'Endpoint'))).toBe(
      'Endpoint.extension[0].valueDecimal',
    );
    expect(placeOf(() => declaredOf({ extension: [{ url: Extension.inFlightLimit, valuePositiveInt: 1_000 }] }, 'Endpoint'))).toBe(
      'Endpoint.extension[0].valuePositiveInt',
    );
  });

  test("how an address speaks HL7 v2: its own word and its service's, and nothing where neither says so", () => {
    const said = (url: string, value: object) => ({ ...endpoint, extension: [...(endpoint.extension ?? []), { url, ...value }] });
    const enhanced = { ...declaredOf(service, 'HealthcareService'), acknowledgementMode: 'enhanced' as const };
    expect(fromEndpoint(endpoint, null, 1)).not.toHaveProperty('hl7v2');
    expect(fromEndpoint(endpoint, enhanced, 1)).toMatchObject({ hl7v2: { acknowledgementMode: 'enhanced' } });
    expect(fromEndpoint(said(Extension.acknowledgementMode, { valueCode: 'original' }), enhanced, 1)).toMatchObject({
      hl7v2: { acknowledgementMode: 'original' },
    });
    expect(fromEndpoint(said(Extension.messageForm, { valueCode: 'adt-a31-flag' }), null, 1)).toMatchObject({
      hl7v2: { messageForm: 'adt-a31-flag' },
    });
    expect(fromEndpoint(said(Extension.receivingApplication, { valueString: 'ED SYSTEM' }), null, 1)).toMatchObject({
      hl7v2: { receivingApplication: 'ED SYSTEM' },
    });
    const at = `Endpoint.extension[${endpoint.extension?.length ?? 0}]`;
    for (const [url, value] of [
      [Extension.acknowledgementMode, { valueCode: 'deferred' }],
      [Extension.messageForm, { valueCode: 'pdf' }],
    ] as const)
      expect(placeOf(() => fromEndpoint(said(url, value), null, 1))).toBe(`${at}.valueCode`);
    for (const valueString of ['', ' EPR', 'two\rlines', 'x'.repeat(181)])
      expect(placeOf(() => fromEndpoint(said(Extension.receivingApplication, { valueString }), null, 1))).toBe(`${at}.valueString`);
    // Another road has no use for it.
    const overFhir = example('destination-endpoint/valid-fhir-messaging') as Endpoint;
    expect(fromEndpoint(overFhir, enhanced, 1)).not.toHaveProperty('hl7v2');
  });

  test("an address's own word wins over its service's, and both over the default", () => {
    const declared = { ...declaredOf(service, 'HealthcareService'), replaceHidesOld: true, refusesLowerSequence: true };
    expect(fromEndpoint(endpoint, declared, 60_000)).toEqual({
      id: 'ed-mllp',
      recipientId: 'ed',
      channel: 'hl7v2-mllp',
      address: 'mllp://127.0.0.1:2575',
      open: true,
      replaceHidesOld: false,
      refusesLowerSequence: true,
      recallForm: 'mdm-t11',
      lifetime: 30_000,
      acknowledgements: [{ code: 'AE', error: '207', means: 'unknown' }],
      contentForm: 'text-and-document',
    });
    expect(fromEndpoint(endpoint, null, 60_000)).toMatchObject({ lifetime: 60_000, refusesLowerSequence: false, acknowledgements: [] });
    expect(fromEndpoint(example('destination-endpoint/valid-fhir-messaging'), null, 1)).toMatchObject({
      channel: 'fhir-messaging',
      recallForm: 'message',
    });
  });

  test('what is put into a mailbox may be taken out for five days, whatever is declared, and is answered within a day', () => {
    const box: Endpoint = {
      ...example<Endpoint>('destination-endpoint/valid-fhir-messaging'),
      connectionType: { system: System.ownConnectionType, code: 'mesh' },
      address: 'mesh://X26LANE1?workflow_id=A',
    };
    const fiveDays = 5 * 86_400_000;
    const short = { ...declaredOf(box, 'Endpoint'), lifetime: 30_000, responseMode: null, responseWithin: null, collectsWithin: null };
    expect(fromEndpoint({ ...box, extension: box.extension?.slice(0, 1) ?? [] }, short, 60_000)).toMatchObject({
      channel: 'mesh',
      recallForm: 'message',
      lifetime: fiveDays + 3_600_000,
      answersLater: { by: 'mailbox-message', within: 86_400_000, collectsWithin: 1_800_000 },
    });
    const long = { ...short, lifetime: 2 * fiveDays, responseMode: 'sync' as const, responseWithin: 3_600_000, collectsWithin: 600_000 };
    expect(fromEndpoint({ ...box, extension: box.extension?.slice(0, 1) ?? [] }, long, 60_000)).toMatchObject({
      lifetime: 2 * fiveDays,
      answersLater: { by: 'mailbox-taken', within: 3_600_000, collectsWithin: 600_000 },
    });
  });

  test('an id of the Directory of Services says that BaRS messages go there, and a payload type for which of its uses', () => {
    const identifier = [{ system: System.dosService, value: '2000099999' }];
    const coding = [{ system: System.barsUseCase, code: 'a6t1' }];
    expect(fromEndpoint({ ...endpoint, identifier }, null, 1)?.bars).toEqual({ dosServiceId: '2000099999', useCase: null });
    expect(fromEndpoint({ ...endpoint, identifier, payloadType: [{ coding }] }, null, 1)?.bars).toEqual({
      dosServiceId: '2000099999',
      useCase: 'a6t1',
    });
    const another = [{ system: 'https://elsewhere.example/id', value: '1' }];
    expect(fromEndpoint({ ...endpoint, identifier: another, payloadType: [{ coding }] }, null, 1)).not.toHaveProperty('bars');
  });

  test.each(['suspended', 'error', 'off', 'entered-in-error', 'test'] as const)('an Endpoint that is %s is not open', (status) => {
    expect(fromEndpoint({ ...endpoint, status }, null, 1)?.open).toBe(false);
  });

  test('nothing is pushed to a REST endpoint; what the broker does not know is refused', () => {
    expect(fromEndpoint({ ...endpoint, connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' } }, null, 1)).toBeNull();
    expect(placeOf(() => fromEndpoint({ ...endpoint, connectionType: { code: 'hl7v2-mllp' } }, null, 1))).toBe('Endpoint.connectionType');
  });

  test('a REST endpoint that says how it gives content up is put to, and read where it says so', () => {
    const rest = (extension: Endpoint['extension']): Endpoint => ({
      ...endpoint,
      connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' },
      extension: [...(endpoint.extension ?? []).filter(({ url }) => url !== Extension.recallForm), ...(extension ?? [])],
    });
    const status = { url: Extension.recallForm, valueCode: 'rest-status' };
    expect(fromEndpoint(rest([status]), null, 1)).toMatchObject({ channel: 'fhir-rest', recallForm: 'rest-status', readsBack: false });
    expect(fromEndpoint(rest([status, { url: Extension.readBack, valueBoolean: true }]), null, 1)).toMatchObject({ readsBack: true });
    expect(fromEndpoint(rest([{ url: Extension.recallForm, valueCode: 'task' }]), null, 1)).toBeNull();
    // What its service declares does not make an address that is only on record one that is pushed to.
    expect(fromEndpoint(rest([]), declaredOf({ extension: [status] }, 'HealthcareService'), 1)).toBeNull();
    const message = { system: System.connectionType, code: 'hl7-fhir-msg' };
    expect(placeOf(() => fromEndpoint({ ...rest([status]), connectionType: message }, null, 1))).toBe('Endpoint.connectionType');
  });

  test('a unit that nobody can read is refused', () => {
    const lifetime = (code: string): object => ({ extension: [{ url: Extension.messageLifetime, valueDuration: { value: 2, code } }] });
    expect(declaredOf(lifetime('min'), 'Endpoint').lifetime).toBe(120_000);
    expect(declaredOf(lifetime('ms'), 'Endpoint').lifetime).toBe(2);
    expect(placeOf(() => declaredOf(lifetime('fortnight'), 'Endpoint'))).toBe('Endpoint.extension[0].valueDuration.code');
  });

  test('whom people ring, what it takes and when its copies end: the address before its service', () => {
    const phone = { system: 'phone', value: '01632 960002' } as const;
    const days = { url: Extension.copiesEndAfter, valueDuration: { value: 30, code: 'd' } };
    const form = (code: string) => ({ url: Extension.recallForm, valueCode: code });
    const content = (code: string) => ({ url: Extension.contentForm, valueCode: code });
    const declared = declaredOf({ extension: [form('expires'), days, content('text')], telecom: [phone] }, 'HealthcareService');
    expect(declared).toMatchObject({ copiesEndAfter: 30 * 86_400_000, contact: 'phone 01632 960002', contentForm: 'text' });
    const { extension: own = [] } = endpoint;
    const bare = { ...endpoint, extension: own.filter(({ url }) => url === Extension.serves) };
    expect(fromEndpoint(bare, declared, 1)).toMatchObject({ recallForm: 'expires', copiesEndAfter: 30 * 86_400_000, contentForm: 'text' });
    // Of several it is somebody to ring, and nobody who is no more.
    const contact = [
      { value: 'x', use: 'old' as const },
      { system: 'email' as const, value: 'epr@hospital.example' },
      { ...phone, value: '01632 960003' },
    ];
    expect(fromEndpoint({ ...bare, contact }, declared, 1)?.contact).toBe('phone 01632 960003');
    // A FHIR message carries the document, whatever the service's other addresses take.
    const messaging = example<Endpoint>('destination-endpoint/valid-fhir-messaging');
    expect(fromEndpoint(messaging, declared, 1)).toMatchObject({ contentForm: 'document' });
    const asText = { ...messaging, extension: [...(messaging.extension ?? []), content('text')] };
    expect(placeOf(() => fromEndpoint(asText, null, 1))).toBe(`Endpoint.extension.where(url='${Extension.contentForm}').value`);
    expect(placeOf(() => declaredOf({ extension: [content('fax')] }, 'Endpoint'))).toBe('Endpoint.extension[0].valueCode');
    // An end that was agreed means something only where time takes copies away.
    expect(fromEndpoint({ ...bare, extension: [...bare.extension, form('mdm-t11')] }, declared, 1)).not.toHaveProperty('copiesEndAfter');
    const never = { extension: [{ url: Extension.copiesEndAfter, valueDuration: { value: 0, code: 'd' } }] };
    expect(placeOf(() => declaredOf(never, 'Endpoint'))).toBe(`Endpoint.extension.where(url='${Extension.copiesEndAfter}').value`);
  });

  test.each([
    ['no way at all', { recallForm: 'none' }, Extension.recallForm],
    ['an end that is not said', { recallForm: 'expires' }, Extension.copiesEndAfter],
    ['an end before it could be renewed', { recallForm: 'expires', copiesEndAfter: 200_000 }, Extension.copiesEndAfter],
    [
      'an end, and a replacement that hides nothing',
      { recallForm: 'expires', copiesEndAfter: 400_000, replaceHidesOld: false },
      Extension.replaceHidesOld,
    ],
    ['people, and nobody to ring', { recallForm: 'manual' }, 'Endpoint.contact'],
  ] as const)('I2: %s may not be active', (_, change, place) => {
    const issue = whyNotActive({ ...(fromEndpoint(endpoint, null, 60_000) as Destination), replaceHidesOld: true, ...change }, 'Endpoint');
    expect(issue?.at).toContain(place);
  });

  test.each([
    ['T11', { recallForm: 'mdm-t11' }],
    ['an end', { recallForm: 'expires', copiesEndAfter: 240_000, replaceHidesOld: true }],
    ['people', { recallForm: 'manual', contact: 'phone 01632 960002' }],
  ] as const)('%s may be', (_, change) => {
    expect(whyNotActive({ ...(fromEndpoint(endpoint, null, 60_000) as Destination), ...change }, 'Endpoint')).toBeNull();
  });

  test('a Subscription is open once it is active, and is called back by notification', () => {
    const subscription = example<Subscription>('plan-subscription/valid-full');
    const facts = fromSubscription(subscription, 'police', declaredOf(service, 'HealthcareService'), 60_000);
    expect(facts).toMatchObject({ content: 'id-only', end: at('2027-11-01T00:00:00Z'), headers: ['Authorization: Bearer made-up'] });
    expect(facts.destination).toMatchObject({
      id: 'police-sub',
      recipientId: 'police',
      channel: 'subscription',
      open: false,
      recallForm: 'notification',
      lifetime: 30_000,
    });
    expect(fromSubscription({ ...subscription, status: 'active' }, 'police', null, 1).destination.open).toBe(true);
    expect(placeOf(() => fromSubscription(example('plan-subscription/invalid-criteria'), 'police', null, 1))).toBe('Subscription.criteria');
    expect(placeOf(() => fromSubscription(example('plan-subscription/invalid-no-content'), 'police', null, 1))).toBe(
      'Subscription.channel.payload',
    );
  });
});

describe('from a plan', () => {
  const plan = example<CarePlan>('crisis-plan/valid-full');

  test('identity, reach, dates and actions', () => {
    expect(fromCarePlan(plan)).toEqual({
      id: 'plan-1',
      businessIdentifier: { system: System.plan, value: 'plan-amber' },
      patientId: 'amber',
      compositionId: 'words-1',
      replaces: null,
      reach: { recipientIds: ['ambulance'], areas: ['north-example'] },
      reviewDate: '2027-05-01',
      expiresAt: at('2027-11-01T00:00:00Z'),
      agreedWithPerson: { agreed: true, reason: null, secondClinician: null },
      actions: [
        { heading: 'crisis-steps', description: 'If I am pacing and not answering: one person speaks, slowly, and waits.' },
        { heading: 'coping', description: 'I walk the dog round the block.' },
      ],
    });
    expect(fromCarePlan(example('crisis-plan/valid-next-version')).replaces).toBe('plan-1');
    expect(fromCarePlan(example('crisis-plan/valid-not-agreed')).agreedWithPerson).toEqual({
      agreed: false,
      reason: 'The person was too unwell to take part.',
      secondClinician: 'Practitioner/second',
    });
  });

  test.each([
    ['no-review-date', `CarePlan.extension.where(url='${Extension.reviewDate}').value`],
    ['no-words', 'CarePlan.supportingInfo[0]'],
    ['two-words', 'CarePlan.supportingInfo[1]'],
    ['do-not-perform', 'CarePlan.activity[1].detail.doNotPerform'],
    ['reach-target', 'CarePlan.extension[0].value'],
    ['subject-type', 'CarePlan.subject'],
  ])('%s is refused at its place', (name, place) => {
    expect(placeOf(() => fromCarePlan(example(`crisis-plan/invalid-${name}`)))).toBe(place);
  });

  test('the words by heading, in their order', () => {
    expect(fromComposition(example('plan-words/valid-full')).map(({ heading }) => heading)).toEqual(['please-do', 'who-to-ring']);
    expect(fromComposition(example<Composition>('plan-words/valid-full'))[0]?.div).toMatch(/^<div xmlns=/);
    expect(placeOf(() => fromComposition(example('plan-words/invalid-heading-unknown')))).toBe('Composition.section[0].code');
    expect(placeOf(() => fromComposition(example('plan-words/invalid-heading-twice')))).toBe('Composition.section[1].code');
    expect(placeOf(() => fromComposition(example('plan-words/invalid-no-text')))).toBe('Composition.section[0].text.div');
  });
});

describe('from a crisis contact', () => {
  const contact = example<Encounter>('crisis-contact/valid-full');

  test('who, when, and whether it is open', () => {
    expect(fromEncounter(contact)).toEqual({
      identifier: { system: 'https://ambulance.example/incident', value: 'INC-42' },
      others: [],
      person: { nhsNumber: '9990012342' },
      open: true,
      start: at('2026-11-20T21:14:00Z'),
      until: null,
    });
    expect(fromEncounter(example('crisis-contact/valid-finished'))).toMatchObject({ open: false, until: at('2026-11-20T22:00:00Z') });
    expect(fromEncounter({ ...contact, subject: { reference: 'Patient/amber' } }).person).toEqual({ patientId: 'amber' });
  });

  test.each(['planned', 'cancelled', 'entered-in-error', 'finished', 'unknown'] as const)('%s puts nobody in care', (status) => {
    expect(fromEncounter({ ...contact, status }).open).toBe(false);
  });

  test('nobody, or no identifier, is refused at its place', () => {
    expect(placeOf(() => fromEncounter(example('crisis-contact/invalid-nobody')))).toBe('Encounter.subject.identifier');
    expect(placeOf(() => fromEncounter(example('crisis-contact/invalid-no-identifier')))).toBe('Encounter.identifier');
  });
});
