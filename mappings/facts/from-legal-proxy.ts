import type { RelatedPerson } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Period } from '../../src/model/period.ts';
import { isProxy, type LegalProxy, type ProxyAuthority } from '../../src/model/refusal.ts';
import { periodOf } from './period-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** A proxy as they are stored: whose they are, and whether and when they are one. */
export interface ProxyFacts {
  readonly patientId: string;
  readonly active: boolean;
  readonly period: Period;
}

const proxyOf = (related: RelatedPerson): ProxyAuthority | null =>
  (related.relationship ?? [])
    .flatMap(({ coding }) => coding ?? [])
    .flatMap(({ system, code = '' }) => (system === System.legalProxy && isProxy(code) ? [code] : []))[0] ?? null;

/** Whether a RelatedPerson speaks for the person: a carer or a sister by themselves does not. */
export const isLegalProxy = (related: RelatedPerson): boolean => proxyOf(related) !== null;

/** Reads when somebody is a proxy. */
export const fromLegalProxy = (related: RelatedPerson): ProxyFacts => ({
  patientId: present(idOf(related.patient, 'Patient'), 'RelatedPerson.patient'),
  active: related.active === true,
  period: periodOf(related.period, 'RelatedPerson.period'),
});

const nameOf = ({ name = [] }: RelatedPerson): string => {
  const [first] = [...name].sort((one, other) => Number(other.use === 'official') - Number(one.use === 'official'));
  const parts = [...(first?.prefix ?? []), ...(first?.given ?? []), first?.family].filter((part) => part !== undefined);
  return present(first?.text ?? parts.join(' '), 'RelatedPerson.name');
};

const telecomOf = ({ telecom = [] }: RelatedPerson): LegalProxy['telecom'] =>
  telecom.flatMap(({ system, value }) =>
    value !== undefined && (system === 'phone' || system === 'sms' || system === 'email') ? [{ system, value }] : [],
  );

/** What is said of a proxy under the heading where they stand. Throws `incorrect` for what is missing. */
export const toLegalProxy = (related: RelatedPerson, heading: Heading): LegalProxy => ({
  is: 'legal-proxy',
  heading,
  proxy: present(proxyOf(related), 'RelatedPerson.relationship'),
  name: nameOf(related),
  registration: (related.identifier ?? []).find(({ system }) => system === System.opgReference)?.value ?? null,
  from: present(related.period?.start?.split('T')[0], 'RelatedPerson.period.start'),
  until: related.period?.end?.split('T')[0] ?? null,
  telecom: telecomOf(related),
});
