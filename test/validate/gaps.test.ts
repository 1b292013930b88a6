import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BASE, Extension, Profile, System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

// What `validateResource` of @medplum/core catches by itself, and what it lets pass: each line is proved here, whichever layer sees to it.

type Json = Record<string, unknown>;
const example = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/${name}/valid-full.json`, import.meta.url), 'utf8'));

const plan = (change: Json): Json => ({ ...example('crisis-plan'), ...change });
const person = (change: Json): Json => ({ ...example('plan-patient'), ...change });
const base = (resourceType: string, rest: Json): Json => ({ resourceType, ...rest });
const activity = (change: Json): Json => {
  const [first] = example('crisis-plan')['activity'] as Json[];
  return { activity: [{ ...first, ...change }] };
};
const detail = (change: Json): Json => {
  const [first] = example('crisis-plan')['activity'] as Json[];
  return { activity: [{ ...first, detail: { ...(first?.['detail'] as Json), ...change } }] };
};
const contained = (...resources: Json[]): Json => plan({ contained: resources, supportingInfo: plan({})['supportingInfo'] });
const div = (inner: string): Json => ({ text: { status: 'generated', div: inner } });
const bundle = (type: string, ...entry: Json[]): Json => base('Bundle', { type, entry });
const URN = 'urn:uuid:6f1b2c3d-0000-4000-8000-000000000001';

/** The gap, a resource with that one mistake, and the issue that is to come of it: its place, code and a word of its help. */
type Row = readonly [gap: string, resource: Json, at: string, code: Issue['code'], help: RegExp];

const says = (resource: Json, at: string, code: Issue['code'], help: RegExp, severity: Issue['severity']): void => {
  const found = validate(resource);
  expect(found).toContainEqual({ at, code, help: expect.stringMatching(help), ...(severity === 'warning' ? { severity } : {}) });
};

const LIBRARY: readonly Row[] = [
  ['a required element that is missing', plan({ intent: undefined }), 'CarePlan.intent', 'required', /is required/],
  [
    'more values than the most',
    plan({ supportingInfo: [{ reference: 'Composition/1' }, { reference: 'Composition/2' }] }),
    'CarePlan.supportingInfo',
    'structure',
    /number of values/,
  ],
  ['a single value in place of a list', plan({ category: { text: 'x' } }), 'CarePlan.category', 'structure', /array of values/],
  ['a list in place of a single value', plan({ title: ['x'] }), 'CarePlan.title', 'structure', /single value/],
  ['a wrong JSON type', plan({ title: 7 }), 'CarePlan.title', 'structure', /expected string/],
  ['null', plan({ title: null }), 'CarePlan.title', 'structure', /null/],
  ['an unknown property', plan({ colour: 'red' }), 'CarePlan.colour', 'structure', /not an element/],
  [
    'an unknown property of a contained resource',
    contained({ resourceType: 'Practitioner', id: 'p', colour: 'red' }),
    'CarePlan.contained[0].colour',
    'structure',
    /not an element/,
  ],
  ['a fixed value', plan({ intent: 'order' }), 'CarePlan.intent', 'value', /profile fixes/],
  [
    'a slice that is not there, beside others',
    plan({ extension: (plan({})['extension'] as Json[]).filter(({ url }) => url !== Extension.reviewDate) }),
    'CarePlan.extension',
    'structure',
    /slice 'reviewDate'/,
  ],
  ['an invariant of an element', plan(activity({ reference: { reference: 'Task/1' } })), 'CarePlan.activity[0]', 'invariant', /cpl-3/],
  [
    'an invariant of a datatype',
    plan({ extension: [...(plan({})['extension'] as Json[]), { url: 'https://x.example/e' }] }),
    'CarePlan.extension[4]',
    'invariant',
    /ext-1/,
  ],
  ['the thirtieth of February', plan({ created: '2026-02-30' }), 'CarePlan.created', 'structure', /Invalid dateTime/],
  ['a control character', plan({ title: 'a\u0007b' }), 'CarePlan.title', 'value', /control character/],
  ['a type that is not one of R4', base('Plan', {}), 'resourceType', 'not-supported', /not a resource type/],
];

const OURS: readonly Row[] = [
  ['a required binding', plan({ status: 'nonsense' }), 'CarePlan.status', 'code-invalid', /must be one of active/],
  [
    'a required binding inside an element',
    plan(detail({ status: 'nonsense' })),
    'CarePlan.activity[0].detail.status',
    'code-invalid',
    /must be one of/,
  ],
  [
    'a media type',
    base('DocumentReference', { status: 'current', content: [{ attachment: { contentType: 'a document' } }] }),
    'DocumentReference.content[0].attachment.contentType',
    'code-invalid',
    /media type/,
  ],
  [
    'a currency',
    base('ChargeItemDefinition', {
      url: 'https://x.example/c',
      status: 'draft',
      propertyGroup: [{ priceComponent: [{ type: 'base', amount: { value: 1, currency: 'pounds' } }] }],
    }),
    'ChargeItemDefinition.propertyGroup[0].priceComponent[0].amount.currency',
    'code-invalid',
    /currency/,
  ],
  [
    'a required slice where the whole element is absent',
    plan({ extension: undefined }),
    'CarePlan.extension',
    'required',
    /is required, with reviewDate/,
  ],
  [
    'an extension of ours with another type of value',
    plan({
      extension: (plan({})['extension'] as Json[]).map((each) =>
        each['url'] === Extension.reviewDate ? { url: each['url'], valueString: 'soon' } : each,
      ),
    }),
    'CarePlan.extension[2].value',
    'extension',
    /has a valueDate/,
  ],
  [
    'an extension of HL7 with another type of value',
    base('Flag', { ...example('plan-flag'), extension: [{ url: Extension.flagDetail, valueString: 'a plan' }] }),
    'Flag.extension[0].value',
    'extension',
    /has a valueReference/,
  ],
  [
    'an extension of ours that is not defined',
    plan({ extension: [...(plan({})['extension'] as Json[]), { url: `${BASE}/StructureDefinition/none`, valueString: 'x' }] }),
    'CarePlan.extension[4].url',
    'extension',
    /not an extension of the broker/,
  ],
  ['ele-1', person({ name: [{ id: 'n' }] }), 'Patient.name[0]', 'invariant', /ele-1/],
  ['ele-1 of a primitive', person({ _active: { id: 'n' }, active: undefined }), 'Patient.active', 'invariant', /ele-1/],
  [
    'dom-2',
    contained({ resourceType: 'Practitioner', id: 'p', contained: [{ resourceType: 'Practitioner', id: 'q' }] }),
    'CarePlan.contained[0].contained',
    'invariant',
    /dom-2/,
  ],
  ['dom-3', contained({ resourceType: 'Practitioner', id: 'p' }), 'CarePlan.contained[0]', 'invariant', /dom-3/],
  ['org-1', base('Organization', { active: true }), 'Organization', 'invariant', /org-1/],
  [
    'sdf-19',
    base('StructureDefinition', {
      url: 'http://hl7.org/fhir/StructureDefinition/x',
      name: 'X',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'X',
      differential: { element: [{ id: 'X', path: 'X', type: [{ code: 'https://x.example/T' }] }] },
    }),
    'StructureDefinition.differential.element[0].type[0].code',
    'invariant',
    /sdf-19/,
  ],
  [
    'que-2',
    base('Questionnaire', { status: 'draft', item: [{ linkId: '1', type: 'group', item: [{ linkId: '1', type: 'string', text: 'x' }] }] }),
    'Questionnaire.item[0].item[0].linkId',
    'invariant',
    /que-2/,
  ],
  [
    'csd-1',
    base('CodeSystem', { status: 'draft', content: 'complete', concept: [{ code: 'a' }, { code: 'b', concept: [{ code: 'a' }] }] }),
    'CodeSystem.concept[1].concept[0].code',
    'invariant',
    /csd-1/,
  ],
  ['per-1', plan({ period: { start: '2026-11-02', end: '2026-11-01' } }), 'CarePlan.period', 'invariant', /per-1/],
  [
    'per-1 of a Period inside',
    person({ name: [{ family: 'Testperson', period: { start: '2026', end: '2025' } }] }),
    'Patient.name[0].period',
    'invariant',
    /per-1/,
  ],
  ['an id with a space', plan({ id: 'a b' }), 'CarePlan.id', 'value', /letters, digits/],
  [
    'an id of a contained resource with a space',
    contained({ resourceType: 'Practitioner', id: 'a b' }),
    'CarePlan.contained[0].id',
    'value',
    /letters, digits/,
  ],
  [
    'the check digit of an NHS number',
    base('RelatedPerson', { patient: { identifier: { system: System.nhsNumber, value: '9990012343' } } }),
    'RelatedPerson.patient.identifier.value',
    'value',
    /check digit/,
  ],
  [
    'a narrative with a script',
    plan(div('<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>')),
    'CarePlan.text.div',
    'value',
    /element that a narrative may not have/,
  ],
  ['a narrative that is no XML', plan(div('a & b')), 'CarePlan.text.div', 'value', /div/],
  [
    'an unknown modifier extension',
    plan({ modifierExtension: [{ url: 'https://x.example/not', valueBoolean: true }] }),
    'CarePlan.modifierExtension',
    'extension',
    /change the meaning/,
  ],
  [
    'an unknown modifier extension inside',
    plan(activity({ modifierExtension: [{ url: 'https://x.example/not', valueBoolean: true }] })),
    'CarePlan.activity[0].modifierExtension',
    'extension',
    /change the meaning/,
  ],
  [
    'a reference to another type',
    plan({ author: { reference: 'Patient/1' } }),
    'CarePlan.author',
    'value',
    /must refer to Practitioner or PractitionerRole/,
  ],
  [
    'a reference to another type, absolute',
    plan({ author: { reference: 'https://trust.example/fhir/Patient/1' } }),
    'CarePlan.author',
    'value',
    /must refer to Practitioner/,
  ],
  [
    'a reference to another type, contained',
    plan({ contained: [{ resourceType: 'Patient', id: 'p' }], author: { reference: '#p' } }),
    'CarePlan.author',
    'value',
    /must refer to Practitioner/,
  ],
  [
    'a reference to another type, by type and identifier',
    plan({ author: { type: 'Patient', identifier: { value: '1' } } }),
    'CarePlan.author',
    'value',
    /must refer to Practitioner/,
  ],
  [
    'a reference that says one type and names another',
    plan({ author: { type: 'PractitionerRole', reference: 'Practitioner/1' } }),
    'CarePlan.author.type',
    'value',
    /the type that the reference names/,
  ],
  [
    'a reference to another type, by an entry',
    bundle(
      'collection',
      { fullUrl: URN, resource: base('Organization', { name: 'x' }) },
      { resource: base('CareTeam', { subject: { reference: URN } }) },
    ),
    'Bundle.entry[1].resource.subject',
    'value',
    /must refer to Patient or Group/,
  ],
  [
    'a contained reference that dangles',
    plan({ author: { reference: '#nope' } }),
    'CarePlan.author.reference',
    'value',
    /nothing that is contained/,
  ],
  [
    'a reference to an entry that is not there',
    bundle('transaction', { request: { method: 'POST', url: 'CareTeam' }, resource: base('CareTeam', { subject: { reference: URN } }) }),
    'Bundle.entry[0].resource.subject.reference',
    'value',
    /no entry/,
  ],
  [
    'a code of a contained resource',
    plan({ contained: [{ resourceType: 'Practitioner', id: 'p', gender: 'banana' }], author: { reference: '#p' } }),
    'CarePlan.contained[0].gender',
    'code-invalid',
    /must be one of/,
  ],
  [
    'a contained resource without what base R4 requires',
    plan({ contained: [{ resourceType: 'RelatedPerson', id: 'p' }], contributor: [{ reference: '#p' }] }),
    'CarePlan.contained[0].patient',
    'required',
    /is required/,
  ],
  [
    'a code in an entry of a Bundle',
    bundle('collection', { resource: base('Patient', { gender: 'banana' }) }),
    'Bundle.entry[0].resource.gender',
    'code-invalid',
    /must be one of/,
  ],
  [
    'an entry without what base R4 requires',
    bundle('collection', { resource: base('Encounter', { status: 'planned' }) }),
    'Bundle.entry[0].resource.class',
    'required',
    /is required/,
  ],
  [
    'a rule of ours in an entry',
    bundle('collection', {
      resource: base('Encounter', { status: 'planned', class: { code: 'AMB' }, period: { start: '2026', end: '2025' } }),
    }),
    'Bundle.entry[0].resource.period',
    'invariant',
    /per-1/,
  ],
  [
    'a code in Parameters',
    base('Parameters', { parameter: [{ name: 'resource', resource: base('Patient', { gender: 'banana' }) }] }),
    'Parameters.parameter[0].resource.gender',
    'code-invalid',
    /must be one of/,
  ],
  [
    'two values of one choice',
    base('QuestionnaireResponse', { status: 'completed', item: [{ linkId: '1', answer: [{ valueString: 'x', valueInteger: 1 }] }] }),
    'QuestionnaireResponse.item[0].answer[0].value',
    'structure',
    /stands once/,
  ],
  ['a time of hours only', plan({ created: '2026-11-01T10' }), 'CarePlan.created', 'value', /minutes/],
  [
    'a time in an extension without a zone',
    plan({ extension: [...(plan({})['extension'] as Json[]), { url: 'https://x.example/e', valueDateTime: '2026-11-01T10:00:00' }] }),
    'CarePlan.extension[4].value',
    'value',
    /zone/,
  ],
  [
    'coordinates that are swapped',
    base('Location', { position: { latitude: -1.54, longitude: 53.79 } }),
    'Location.position',
    'value',
    /swapped/,
  ],
];

const WARNINGS: readonly Row[] = [
  ['an invariant of warning severity: no narrative', base('Organization', { name: 'x' }), 'Organization', 'invariant', /dom-6/],
  [
    'an invariant of warning severity: a name',
    base('Questionnaire', { status: 'draft', name: '7 questions' }),
    'Questionnaire',
    'invariant',
    /que-0/,
  ],
  [
    'a profile of ours that was not used',
    plan({ meta: { profile: [Profile.planPatient] } }),
    'CarePlan.meta.profile[0]',
    'not-supported',
    /profile of Patient/,
  ],
  [
    'a profile of ours that is not',
    plan({ meta: { profile: [`${BASE}/StructureDefinition/none`] } }),
    'CarePlan.meta.profile[0]',
    'not-supported',
    /no profile of the broker/,
  ],
  [
    'a profile of others',
    plan({ meta: { profile: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-CarePlan'] } }),
    'CarePlan.meta.profile[0]',
    'not-supported',
    /not known here/,
  ],
];

describe('what the library sees', () => {
  test.each(LIBRARY)('%s', (_, resource, at, code, help) => says(resource, at, code, help, 'error'));
});

describe('what the library lets pass, and our layer sees', () => {
  test.each(OURS)('%s', (_, resource, at, code, help) => says(resource, at, code, help, 'error'));

  test('a profile of another type than the resource', () => {
    expect(validate(example('plan-patient'), { profile: Profile.crisisPlan })).toEqual([
      { at: 'resourceType', code: 'value', help: 'is CarePlan: the profile asked for is one of that type' },
    ]);
  });
});

describe('what is said, and does not refuse', () => {
  test.each(WARNINGS)('%s', (_, resource, at, code, help) => {
    says(resource, at, code, help, 'warning');
    expect(errorsOf(validate(resource))).toEqual([]);
  });

  test('a claim of the profile that was used is no warning', () => {
    const claims = [Profile.crisisPlan, `${Profile.crisisPlan}|0.1.0`, 'http://hl7.org/fhir/StructureDefinition/CarePlan'];
    expect(validate(plan({ meta: { profile: claims }, ...div('<div xmlns="http://www.w3.org/1999/xhtml">x</div>') }))).toEqual([]);
  });
});

describe('what looks like a mistake, and is none', () => {
  test.each<[string, Json]>([
    [
      'a contained resource that refers back',
      contained({
        resourceType: 'Provenance',
        id: 'p',
        target: [{ reference: '#' }],
        recorded: '2026-11-01T10:00:00Z',
        agent: [{ who: { display: 'x' } }],
      }),
    ],
    ['an id beside a value', person({ _birthDate: { id: 'b' } })],
    ['a reference by identifier alone', plan({ contributor: [{ identifier: { system: System.odsOrganization, value: 'ZZ1' } }] })],
    ['a urn outside a Bundle', plan({ author: { reference: URN } })],
    [
      'an entry by its full URL',
      bundle(
        'collection',
        { fullUrl: 'https://x.example/fhir/thing', resource: person({}) },
        { resource: base('CareTeam', { subject: { reference: 'https://x.example/fhir/thing' } }) },
      ),
    ],
    ['words of a service that is a party to a Contract', example('sharing-agreement')],
    [
      'an extension of others',
      plan({ extension: [...(plan({})['extension'] as Json[]), { url: 'https://x.example/e', valueString: 'x' }] }),
    ],
  ])('%s', (_, resource) => {
    expect(errorsOf(validate(resource))).toEqual([]);
  });
});
