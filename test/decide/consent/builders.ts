import type { Coding, Consent, ConsentProvision, ConsentProvisionActor, Reference, Resource } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { namesOfActor } from '../../../mappings/consent/names-of.ts';
import { ANYTHING, classDatum, headingDatum, toDatum } from '../../../mappings/consent/to-datum.ts';
import { codedOf, toRules } from '../../../mappings/consent/to-rules.ts';
import { evaluate, type Evaluation } from '../../../src/decide/consent/evaluate.ts';
import { Extension } from '../../../profiles/canonicals.ts';

export const ACT_REASON = System.actReason;
export const purpose = (code: string): Coding => ({ system: ACT_REASON, code });
export const label = (code: string): Coding => ({ system: System.confidentiality, code });
const SENSITIVITY = System.actCode;
export const sensitive = (code: string): Coding => ({ system: SENSITIVITY, code });
export const resourceClass = (code: string): Coding => ({ system: 'http://hl7.org/fhir/resource-types', code });
export const loinc = (code: string): Coding => ({ system: 'http://loinc.org', code });

export const ref = (reference: string) => ({ reference });
export const recipient = (reference: Reference, role = 'IRCP'): ConsentProvisionActor => ({
  role: { coding: [{ system: System.participationType, code: role }] },
  reference: reference as NonNullable<ConsentProvisionActor['reference']>,
});
export const ODS = (value: string): Reference => ({ identifier: { system: System.odsOrganization, value } });

/** A Consent of one person, as any author of R4 might write it. */
export const consentWith = (provision: ConsentProvision | undefined, more: Partial<Consent> = {}): Consent => ({
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: { coding: [{ system: System.consentScope, code: 'patient-privacy' }] },
  category: [{ coding: [{ system: System.actCode, code: 'INFA' }] }],
  patient: ref('Patient/p'),
  dateTime: '2026-01-01',
  ...(provision === undefined ? {} : { provision }),
  ...more,
});
export const rule = (code: 'OPTIN' | 'OPTOUT'): Partial<Consent> => ({ policyRule: { coding: [{ system: System.actCode, code }] } });
export const supersedes = (...ids: readonly string[]): Partial<Consent> => ({
  extension: ids.map((id) => ({ url: Extension.supersedes, valueReference: ref(`Consent/${id}`) })),
});

export const organization = (id: string, ods: string): Resource => ({
  resourceType: 'Organization',
  id,
  identifier: [{ system: System.odsOrganization, value: ods }],
  name: `Organisation ${id}`,
});
export const A = organization('a', 'ZZA');
export const B = organization('b', 'ZZB');

export const observation = (id: string, more: object = {}): Resource =>
  ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [loinc('8867-4')] },
    subject: ref('Patient/p'),
    effectiveDateTime: '2026-03-01',
    ...more,
  }) as Resource;

/** What is asked of the engine; without more, whether Organisation A may be told anything, for treatment, on 1 June 2026. */
export interface Question {
  readonly consents: readonly Consent[];
  readonly resources?: readonly Resource[];
  readonly headings?: readonly string[];
  readonly classes?: readonly Coding[];
  readonly actor?: Reference;
  readonly known?: readonly Resource[];
  readonly purpose?: Coding | null;
  readonly at?: string;
}

export const ask = ({ consents, resources = [], headings = [], classes = [], ...more }: Question): Evaluation => {
  const { actor = ref('Organization/a'), known = [A, B], purpose: why = purpose('TREAT'), at = '2026-06-01T12:00:00Z' } = more;
  const data = [
    ...resources.map(toDatum),
    ...headings.map((code) => headingDatum({ system: System.heading, code })),
    ...classes.flatMap(codedOf).map(classDatum),
  ];
  return evaluate(
    consents.map((consent, index) => toRules(consent, `consent[${index}]`, known)),
    {
      actor: namesOfActor(actor, known),
      purpose: why === null ? null : (codedOf(why)[0] ?? null),
      data: data.length === 0 ? [ANYTHING] : data,
      at: Date.parse(at),
    },
  );
};

/** The answers in the order of what was asked: `+` released, `-` withheld, `?` undecidable. */
export const signs = ({ data }: Evaluation): string =>
  data.map(({ answer }) => ({ permit: '+', deny: '-', undecidable: '?' })[answer]).join('');
