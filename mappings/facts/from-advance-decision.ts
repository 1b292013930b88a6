import type { Consent } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Period } from '../../src/model/period.ts';
import type { AdvanceDecision } from '../../src/model/refusal.ts';
import { extensionOf, extensionsOf } from './extensions-of.ts';
import { startOf } from './instant-of.ts';
import { intersection, periodOf } from './period-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** An advance decision as it is stored: whose it is, whether and when it stands, and which others it takes the place of. */
export interface DecisionFacts {
  readonly patientId: string;
  readonly active: boolean;
  readonly period: Period;
  readonly supersedes: readonly string[];
}

/** Whether a Consent is an advance decision, and so no consent to share. */
export const isAdvanceDecision = (consent: Consent): boolean =>
  (consent.scope?.coding ?? []).some(({ system, code }) => system === System.consentScope && code === 'adr');

/** Reads when an advance decision stands. What its provision permits or denies is not read: nothing of it is about sharing. */
export const fromAdvanceDecision = (consent: Consent): DecisionFacts => ({
  patientId: present(idOf(consent.patient, 'Patient'), 'Consent.patient'),
  active: consent.status === 'active',
  period: intersection(
    { start: startOf(present(consent.dateTime, 'Consent.dateTime'), 'Consent.dateTime'), end: null },
    periodOf(consent.provision?.period, 'Consent.provision.period'),
  ),
  supersedes: extensionsOf(consent, Extension.supersedes).map(([extension, index]) =>
    present(idOf(extension.valueReference, 'Consent'), `Consent.extension[${index}].valueReference`),
  ),
});

/** What an advance decision says under the heading where it stands. Throws `incorrect` for what is missing. */
export const toAdvanceDecision = (consent: Consent, heading: Heading): AdvanceDecision => {
  const at = `Consent.extension.where(url='${Extension.refusedTreatment}')`;
  const refused = present(extensionOf(consent, Extension.refusedTreatment), at);
  const day = (name: string): string => present(extensionOf(refused, name)?.valueDate, `${at}.extension.where(url='${name}').value`);
  const text = (name: string): string => present(extensionOf(refused, name)?.valueString, `${at}.extension.where(url='${name}').value`);
  return {
    is: 'advance-decision',
    heading,
    treatment: text('treatment'),
    circumstances: extensionOf(refused, 'circumstances')?.valueString ?? null,
    madeOn: present(consent.dateTime?.split('T')[0], 'Consent.dateTime'),
    lifeSustaining:
      extensionOf(refused, 'lifeSustaining')?.valueBoolean === true
        ? { signedOn: day('signedOn'), witness: text('witness'), witnessedOn: day('witnessedOn') }
        : null,
    document: consent.sourceAttachment?.title ?? consent.sourceReference?.display ?? null,
  };
};
