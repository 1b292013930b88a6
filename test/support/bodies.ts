import type {
  CarePlan,
  Composition,
  Consent,
  Contract,
  ContractSigner,
  Endpoint,
  Extension as FhirExtension,
  HealthcareService,
  Organization,
  Patient,
  Provenance,
  Reference,
  Resource,
} from '@medplum/fhirtypes';
import { Code, CONSENT_POLICY, Extension, System } from '../../profiles/canonicals.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import type { Kind, RecipientKind } from '../../src/model/kind.ts';
import type { ContentForm } from '../../src/model/recipient.ts';
import { clinicianOf } from './sign-in.ts';

/** Bodies of synthetic resources for tests, as a sender would write them. */

export const organization = (id: string, ods: string, kind: Kind): Organization => ({
  resourceType: 'Organization',
  id,
  identifier: [{ system: System.odsOrganization, value: ods }],
  active: true,
  type: [{ coding: [{ system: System.kind, code: kind }] }],
  name: `Example ${ods}`,
});

export const service = (
  id: string,
  organizationId: string,
  kind: RecipientKind,
  extension: HealthcareService['extension'] = [],
): HealthcareService => ({
  resourceType: 'HealthcareService',
  id,
  ...(extension.length > 0 ? { extension } : {}),
  active: true,
  providedBy: { reference: `Organization/${organizationId}` },
  type: [{ coding: [{ system: System.kind, code: kind }] }],
  name: `Example ${kind}`,
});

export const endpoint = (id: string, serviceId: string, organizationId: string, address: string): Endpoint => ({
  resourceType: 'Endpoint',
  id,
  extension: [{ url: Extension.serves, valueReference: { reference: `HealthcareService/${serviceId}` } }],
  status: 'active',
  connectionType: address.startsWith('mesh:')
    ? { system: System.ownConnectionType, code: 'mesh' }
    : { system: System.connectionType, code: address.startsWith('mllp') ? 'hl7v2-mllp' : 'hl7-fhir-msg' },
  managingOrganization: { reference: `Organization/${organizationId}` },
  payloadType: [{ text: 'crisis plan' }],
  address,
});

/** A plain FHIR server to which plans are pushed; `readBack`: whether it may be read. */
export const restEndpoint = (id: string, serviceId: string, organizationId: string, address: string, readBack: boolean): Endpoint => {
  const plain = endpoint(id, serviceId, organizationId, address);
  return {
    ...plain,
    extension: [
      ...(plain.extension ?? []),
      { url: Extension.recallForm, valueCode: 'rest-status' },
      ...(readBack ? [{ url: Extension.readBack, valueBoolean: true }] : []),
    ],
    connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' },
  };
};

/** A record locator at which pointers are published. */
export const locatorEndpoint = (id: string, serviceId: string, organizationId: string, address: string): Endpoint => {
  const plain = restEndpoint(id, serviceId, organizationId, address, false);
  return {
    ...plain,
    extension: [
      ...(plain.extension ?? []).filter(({ url }) => url !== Extension.recallForm),
      { url: Extension.recallForm, valueCode: 'pointer-delete' },
    ],
  };
};

export const contentForm = (code: ContentForm): FhirExtension => ({ url: Extension.contentForm, valueCode: code });

/** An event service; in the shape of the Multicast Notification Service where no other is said. */
export const eventEndpoint = (
  id: string,
  serviceId: string,
  organizationId: string,
  address: string,
  form?: 'cloud-event' | 'fhir-signal',
): Endpoint => {
  const plain = endpoint(id, serviceId, organizationId, address);
  return {
    ...plain,
    connectionType: { system: System.ownConnectionType, code: 'mns' },
    extension: [...(plain.extension ?? []), ...(form === undefined ? [] : [contentForm(form)])],
  };
};

export interface AgreementOptions {
  readonly status?: Contract['status'];
  readonly end?: string;
  readonly headings?: readonly string[];
  /** Codes of v3-ActReason beside `crisis-response`. */
  readonly purposes?: readonly string[];
  /** Day of its review. */
  readonly review?: string;
}

const signer = (party: Reference): ContractSigner => ({
  type: { system: 'http://terminology.hl7.org/CodeSystem/contractsignertypecodes', code: 'AUTHN' },
  party: party as ContractSigner['party'],
  signature: [
    {
      type: [{ system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.7' }],
      when: '2025-12-12T10:00:00Z',
      who: { type: 'PractitionerRole', display: 'Caldicott Guardian' },
    },
  ],
});

/** The same, signed for each of its parties once. */
export const signed = (contract: Contract): Contract => {
  const parties = (contract.term ?? []).flatMap(({ offer }) => (offer?.party ?? []).flatMap(({ reference }) => reference ?? []));
  return { ...contract, signer: [...new Map(parties.map((party) => [JSON.stringify(party), party])).values()].map(signer) };
};

export const agreement = (publisherOrganization: string, recipientServices: readonly string[], options: AgreementOptions = {}): Contract =>
  signed({
    resourceType: 'Contract',
    extension: [
      { url: Extension.reviewDate, valueDate: options.review ?? '2099-12-31' },
      { url: Extension.agreementJurisdiction, valueCoding: { system: System.countrySubdivision, code: 'GB-EAW' } },
      { url: Extension.dpia, valueIdentifier: { system: 'https://publisher.example/dpia', value: 'DPIA-2025-014' } },
    ],
    identifier: [{ system: 'https://publisher.example/agreement', value: `${publisherOrganization}-${recipientServices.join('-')}` }],
    status: options.status ?? 'executed',
    applies: { start: '2026-01-01', ...(options.end === undefined ? {} : { end: options.end }) },
    term: [
      {
        securityLabel: [
          {
            classification: { system: System.confidentiality, code: 'V' },
            control: [
              { system: System.actCode, code: 'NOREUSE' },
              { system: System.reuseDuty, code: 'no-investigation' },
            ],
          },
        ],
        offer: {
          party: [
            {
              reference: [{ reference: `Organization/${publisherOrganization}` }],
              role: { coding: [{ system: System.agreementRole, code: 'publisher' }] },
            },
            {
              reference: recipientServices.map((id) => ({ reference: `HealthcareService/${id}` })),
              role: { coding: [{ system: System.agreementRole, code: 'recipient' }] },
            },
          ],
        },
        asset: [{ type: (options.headings ?? HEADINGS).map((code) => ({ coding: [{ system: System.heading, code }] })) }],
        action: [
          ...(options.purposes ?? ['TREAT', 'ETREAT', 'COC']).map((code) => ({ system: System.actReason, code })),
          { system: System.purpose, code: 'crisis-response' },
        ].map((coding) => ({
          type: { text: 'share' },
          intent: { coding: [coding] },
          status: { text: 'agreed' },
        })),
      },
    ],
  });

export const patient = (id: string, nhsNumber: string, family = 'Testperson-Amber'): Patient => ({
  resourceType: 'Patient',
  id,
  identifier: [
    {
      extension: [
        { url: Extension.nhsNumberVerification, valueCodeableConcept: { coding: [{ system: System.nhsNumberVerification, code: '01' }] } },
      ],
      system: System.nhsNumber,
      value: nhsNumber,
    },
  ],
  name: [{ use: 'official', family, given: ['Example'] }],
  gender: 'other',
  birthDate: '1990-04-01',
});

export const composition = (id: string, patientId: string, words: Readonly<Record<string, string>>): Composition => ({
  resourceType: 'Composition',
  id,
  status: 'preliminary',
  type: { coding: [Code.crisisPlan] },
  subject: { reference: `Patient/${patientId}` },
  date: '2026-11-01T10:00:00Z',
  author: [{ reference: 'Practitioner/author' }],
  title: 'My crisis plan',
  section: Object.entries(words).map(([code, text]) => ({
    title: code,
    code: { coding: [{ system: System.heading, code }] },
    text: { status: 'additional' as const, div: `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>` },
  })),
});

export interface PlanOptions {
  readonly reach: readonly string[];
  readonly replaces?: string;
  readonly identifier?: string;
  readonly periodEnd?: string;
}

export const carePlan = (id: string, patientId: string, compositionId: string, options: PlanOptions): CarePlan => ({
  resourceType: 'CarePlan',
  id,
  extension: [
    ...options.reach.map((serviceId) => ({ url: Extension.reach, valueReference: { reference: `HealthcareService/${serviceId}` } })),
    { url: Extension.reviewDate, valueDate: '2027-05-01' },
    { url: Extension.agreedWithPerson, extension: [{ url: 'agreed', valueBoolean: true }] },
  ],
  identifier: [{ system: 'https://publisher.example/plan', value: options.identifier ?? `plan-of-${patientId}` }],
  ...(options.replaces === undefined ? {} : { replaces: [{ reference: `CarePlan/${options.replaces}` }] }),
  status: 'draft',
  intent: 'plan',
  category: [{ coding: [Code.crisisPlan] }, { coding: [Code.carePlan] }],
  subject: { reference: `Patient/${patientId}` },
  period: { start: '2026-11-01', ...(options.periodEnd === undefined ? {} : { end: options.periodEnd }) },
  author: { reference: 'Practitioner/author' },
  supportingInfo: [{ reference: `Composition/${compositionId}` }],
});

export interface ConsentOptions {
  readonly kinds?: readonly RecipientKind[];
  readonly headings?: readonly string[];
  readonly deny?: readonly RecipientKind[];
  /** Purposes that the deny speaks of; without them, of all. */
  readonly denyPurposes?: readonly string[];
  readonly supersedes?: readonly string[];
  readonly status?: Consent['status'];
  readonly end?: string;
}

const actorsOf = (kinds: readonly RecipientKind[]) =>
  kinds.map((kind) => ({
    role: { coding: [Code.recipientOfInformation] },
    reference: { identifier: { system: System.kind, value: kind } },
  }));

export const consent = (id: string, patientId: string, organizationId: string, options: ConsentOptions): Consent => ({
  resourceType: 'Consent',
  id,
  extension: [
    ...(options.supersedes ?? []).map((other) => ({ url: Extension.supersedes, valueReference: { reference: `Consent/${other}` } })),
    {
      url: Extension.consentDecision,
      extension: [
        { url: 'given', valueCode: 'written' },
        { url: 'capacity', valueCode: 'not-in-doubt' },
      ],
    },
    { url: Extension.reviewDate, valueDate: '2027-05-01' },
  ],
  status: options.status ?? 'active',
  scope: { coding: [{ system: System.consentScope, code: 'patient-privacy' }] },
  category: [{ coding: [{ system: System.actCode, code: 'INFA' }] }],
  patient: { reference: `Patient/${patientId}` },
  dateTime: '2026-11-01T10:00:00Z',
  performer: [{ reference: `Patient/${patientId}` }],
  organization: [{ reference: `Organization/${organizationId}` }],
  policy: [{ uri: CONSENT_POLICY }],
  provision: {
    type: 'deny',
    provision: [
      ...(options.kinds === undefined
        ? []
        : [
            {
              type: 'permit' as const,
              ...(options.end === undefined ? {} : { period: { end: options.end } }),
              actor: actorsOf(options.kinds),
              ...(options.headings === undefined
                ? {}
                : { code: options.headings.map((code) => ({ coding: [{ system: System.heading, code }] })) }),
            },
          ]),
      ...(options.deny === undefined
        ? []
        : [
            {
              type: 'deny' as const,
              actor: actorsOf(options.deny),
              ...(options.denyPurposes === undefined
                ? {}
                : { purpose: options.denyPurposes.map((code) => ({ system: System.actReason, code })) }),
            },
          ]),
    ],
  },
});

export const approval = (carePlanId: string, organizationId = 'org-trust'): Provenance => ({
  resourceType: 'Provenance',
  target: [{ reference: `CarePlan/${carePlanId}` }],
  recorded: '2026-11-01T11:00:00Z',
  activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion', code: 'LA' }] },
  agent: [
    {
      type: { coding: [{ system: System.provenanceAgent, code: 'verifier' }] },
      who: { reference: 'Practitioner/approver' },
      onBehalfOf: { reference: `Organization/${organizationId}` },
    },
  ],
});

/** The user who approves, as the store is told. */
export const approver = clinicianOf('TRUST1');

export const practitioner = (id: string): Resource => ({ resourceType: 'Practitioner', id, name: [{ family: `Testclinician-${id}` }] });
