import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AMBULANCE, type Caller, OPERATOR, TRUST } from '../http/open-door.ts';
import type { JsonObject } from './json.ts';

/** A resource that the door takes, and who may send it. */
export interface Valid {
  readonly type: string;
  readonly caller: Caller;
  readonly resource: JsonObject;
}

const OF_OPERATOR = [
  'Organization',
  'HealthcareService',
  'Endpoint',
  'Contract',
  'Location',
  'Questionnaire',
  'Measure',
  'ChargeItemDefinition',
];
const OF_RECIPIENT = ['Encounter', 'Subscription', 'Flag'];

/** Who may write a type. */
export const writerOf = (type: string): Caller => (OF_OPERATOR.includes(type) ? OPERATOR : OF_RECIPIENT.includes(type) ? AMBULANCE : TRUST);

const AMBER = { reference: 'Patient/amber', display: 'Amber Testperson' };
const NURSE = { reference: 'Practitioner/nurse' };
const TRUST_ITSELF = { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ1' } };
const PERIOD = { start: '2026-01-01', end: '2026-12-31T10:00:00Z' };
const coded = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
  text: 'Made-up words',
});
const IDENTIFIER = [{ system: 'https://example.org/ids', value: 'fuzz-1', use: 'official', period: PERIOD }];
const SNOMED = 'http://snomed.info/sct';
const telecom = [{ system: 'phone', value: '01632 960001', use: 'work', rank: 1 }];
const name = [
  {
    family: 'Invented',
    given: ['Fen', 'Ash'],
    text: 'Fen Invented',
    _given: [null, { extension: [{ url: 'https://example.org/x', valueString: 'a' }] }],
  },
];
const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Made-up <b>words</b></p></div>' };

/** Types that have no profile of their own, each with several kinds of element. */
const SMALL: readonly JsonObject[] = [
  {
    resourceType: 'RelatedPerson',
    text,
    patient: AMBER,
    active: true,
    name,
    telecom,
    gender: 'female',
    birthDate: '1990-02-28',
    relationship: [coded('http://terminology.hl7.org/CodeSystem/v3-RoleCode', 'SIS')],
    identifier: IDENTIFIER,
  },
  {
    resourceType: 'Practitioner',
    name,
    telecom,
    active: true,
    identifier: IDENTIFIER,
    gender: 'male',
    communication: [coded('urn:ietf:bcp:47', 'en')],
    qualification: [{ code: coded(SNOMED, '309343006'), period: PERIOD }],
  },
  {
    resourceType: 'PractitionerRole',
    practitioner: NURSE,
    organization: { reference: 'Organization/trust' },
    code: [coded(SNOMED, '224571005')],
    period: PERIOD,
    telecom,
    availableTime: [{ daysOfWeek: ['mon', 'tue'], availableStartTime: '09:00:00' }],
  },
  {
    resourceType: 'Organization',
    name: 'Example organisation',
    active: true,
    identifier: IDENTIFIER,
    address: [{ postalCode: 'ZZ9 9ZZ', line: ['1 Example Street'], city: 'Exampleton' }],
    telecom,
  },
  {
    resourceType: 'Location',
    name: 'Example ward',
    status: 'active',
    identifier: IDENTIFIER,
    position: { longitude: -1.5, latitude: 53.8 },
    address: { postalCode: 'ZZ9 9ZZ' },
    type: [coded(SNOMED, '225746001')],
  },
  {
    resourceType: 'CareTeam',
    status: 'active',
    subject: AMBER,
    participant: [{ member: NURSE, role: [coded(SNOMED, '224571005')], period: PERIOD }],
    category: [coded('http://loinc.org', 'LA27975-4')],
    identifier: IDENTIFIER,
  },
  {
    resourceType: 'EpisodeOfCare',
    status: 'active',
    patient: AMBER,
    managingOrganization: TRUST_ITSELF,
    period: PERIOD,
    identifier: IDENTIFIER,
    statusHistory: [{ status: 'planned', period: { start: '2025-01-01', end: '2025-02-01' } }],
    careManager: NURSE,
  },
  {
    resourceType: 'AuditEvent',
    type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110100' },
    recorded: '2026-01-01T10:00:00Z',
    agent: [{ requestor: true }],
    source: { observer: TRUST_ITSELF },
  },
  {
    resourceType: 'DocumentReference',
    status: 'current',
    subject: AMBER,
    date: '2026-01-01T10:00:00Z',
    type: coded(SNOMED, '736368003'),
    author: [NURSE],
    content: [{ attachment: { contentType: 'text/plain', data: 'bWFkZSB1cA==', title: 'Made up', size: 7 } }],
    context: { period: PERIOD },
    identifier: IDENTIFIER,
  },
  {
    resourceType: 'Communication',
    status: 'completed',
    subject: AMBER,
    sent: '2026-01-01T10:00:00Z',
    sender: NURSE,
    payload: [{ contentString: 'Made-up words' }],
    category: [coded('http://terminology.hl7.org/CodeSystem/communication-category', 'notification')],
    identifier: IDENTIFIER,
  },
  {
    resourceType: 'Questionnaire',
    status: 'active',
    url: 'https://example.org/Questionnaire/fuzz',
    version: '1',
    title: 'Made up',
    date: '2026-01',
    item: [
      {
        linkId: '1',
        type: 'group',
        text: 'Group',
        item: [{ linkId: '1.1', type: 'choice', answerOption: [{ valueInteger: 3 }, { valueCoding: { code: 'x' } }] }],
      },
    ],
    subjectType: ['Patient'],
    effectivePeriod: PERIOD,
  },
  {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    subject: AMBER,
    questionnaire: 'https://example.org/Questionnaire/fuzz|1',
    authored: '2026-01-01T10:00:00+01:00',
    author: NURSE,
    item: [{ linkId: '1', item: [{ linkId: '1.1', answer: [{ valueDecimal: 1.5 }, { valueString: 'a' }] }] }],
  },
  {
    resourceType: 'Group',
    type: 'person',
    actual: true,
    name: 'Made up',
    quantity: 2,
    member: [{ entity: AMBER, period: PERIOD, inactive: false }],
    characteristic: [{ code: coded(SNOMED, '394619001'), valueBoolean: true, exclude: false }],
    identifier: IDENTIFIER,
  },
  {
    resourceType: 'Measure',
    status: 'active',
    url: 'https://example.org/Measure/fuzz',
    name: 'Fuzz',
    title: 'Made up',
    date: '2026',
    scoring: coded('http://terminology.hl7.org/CodeSystem/measure-scoring', 'cohort'),
    group: [{ population: [{ criteria: { language: 'text/fhirpath', expression: 'true' } }] }],
    relatedArtifact: [{ type: 'depends-on', resource: 'https://example.org/x' }],
  },
  {
    resourceType: 'MeasureReport',
    status: 'complete',
    type: 'summary',
    measure: 'https://example.org/Measure/fuzz',
    period: PERIOD,
    date: '2026-02-01',
    reporter: TRUST_ITSELF,
    group: [{ population: [{ count: 3 }], measureScore: { value: 0.5, unit: '1' } }],
  },
  {
    resourceType: 'ChargeItemDefinition',
    status: 'active',
    url: 'https://example.org/ChargeItemDefinition/fuzz',
    title: 'Made up',
    date: '2026-01-01',
    code: coded(SNOMED, '305351004'),
    propertyGroup: [{ priceComponent: [{ type: 'base', amount: { value: 10.25, currency: 'GBP' } }] }],
  },
];

const profiles = fileURLToPath(new URL('../../profiles/examples', import.meta.url));
const read = (path: string): JsonObject => JSON.parse(readFileSync(path, 'utf8')) as JsonObject;

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const written = (): readonly JsonObject[] => [
  ...readdirSync(profiles).flatMap((profile) =>
    readdirSync(`${profiles}/${profile}`)
      .filter((file) => file.startsWith('valid-'))
      .map((file) => read(`${profiles}/${profile}/${file}`)),
  ),
  ...readdirSync(examples)
    .filter((file) => file.endsWith('.json'))
    .map((file) => read(`${examples}/${file}`)),
  ...SMALL,
];

/** Valid resources of every type of the table, with Bundles and Parameters among them. */
export const VALID: readonly Valid[] = written().map((resource) => ({
  type: String(resource['resourceType']),
  caller: writerOf(String(resource['resourceType'])),
  resource,
}));
