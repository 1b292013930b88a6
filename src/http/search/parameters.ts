import { OFFERED } from '../policy.ts';

/** How the values of a search parameter are written (R4 search, parameter types). */
export type ParameterType = 'token' | 'reference' | 'date' | 'number';

/** One search parameter of a type. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Name in the store's index; null for those that the index does not hold. */
  readonly index: string | null;
  /** Type of resource that an id alone stands for, in a reference. */
  readonly target?: string;
}

const COMMON: readonly Parameter[] = [
  { name: '_id', type: 'token', index: null },
  { name: '_lastUpdated', type: 'date', index: null },
];

const IDENTIFIER: Parameter = { name: 'identifier', type: 'token', index: 'identifier' };
const STATUS: Parameter = { name: 'status', type: 'token', index: 'status' };
const CODE: Parameter = { name: 'code', type: 'token', index: 'code' };
const PATIENT: Parameter = { name: 'patient', type: 'reference', index: 'patient', target: 'Patient' };
const SUBJECT: Parameter = { name: 'subject', type: 'reference', index: 'patient', target: 'Patient' };

const OF_TYPE: Readonly<Record<string, readonly Parameter[]>> = {
  Organization: [IDENTIFIER],
  HealthcareService: [IDENTIFIER],
  Location: [IDENTIFIER, STATUS],
  Endpoint: [IDENTIFIER, STATUS],
  Contract: [IDENTIFIER, STATUS],
  Patient: [IDENTIFIER],
  RelatedPerson: [IDENTIFIER, PATIENT],
  CareTeam: [IDENTIFIER, STATUS, PATIENT, SUBJECT],
  Practitioner: [IDENTIFIER],
  PractitionerRole: [IDENTIFIER],
  CarePlan: [IDENTIFIER, STATUS, PATIENT, SUBJECT],
  Composition: [IDENTIFIER, STATUS, PATIENT, SUBJECT],
  Consent: [IDENTIFIER, STATUS, PATIENT],
  Provenance: [{ name: 'target', type: 'reference', index: 'target' }],
  Encounter: [IDENTIFIER, STATUS, PATIENT, SUBJECT],
  Flag: [STATUS, CODE, PATIENT, SUBJECT],
  Subscription: [STATUS],
  Task: [
    IDENTIFIER,
    STATUS,
    CODE,
    PATIENT,
    { name: 'owner', type: 'reference', index: 'owner' },
    { name: 'focus', type: 'reference', index: 'focus' },
  ],
};

/** The search parameters of each type that can be searched; the CapabilityStatement says the same. */
export const PARAMETERS: ReadonlyMap<string, readonly Parameter[]> = new Map(
  [...OFFERED].flatMap(([type, interactions]): [string, readonly Parameter[]][] =>
    interactions.has('search') ? [[type, [...COMMON, ...(OF_TYPE[type] ?? [])]]] : [],
  ),
);

/** Parameters that shape the answer and choose nothing (R4 search, result parameters). */
export const RESULT_PARAMETERS: readonly string[] = ['_count', '_summary', '_format', '_pretty', '_page', '_total'];
