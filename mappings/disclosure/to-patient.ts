import type { HumanName, Patient } from '@medplum/fhirtypes';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import { toMeta } from './meta.ts';
import { nhsNumberIdentifier } from './references.ts';
import { paragraphs } from './xhtml.ts';

/** The least Patient that this recipient needs; what is null in the disclosure is left out. */
export const toPatient = (disclosure: Pick<Disclosure, 'id' | 'version' | 'issuedAt' | 'person'>): Patient => {
  const { person } = disclosure;
  const official: HumanName = {
    use: 'official',
    family: person.family,
    ...(person.given.length === 0 ? {} : { given: [...person.given] }),
  };
  const usual: HumanName[] = person.preferredName === null ? [] : [{ use: 'usual', text: person.preferredName }];
  return {
    resourceType: 'Patient',
    id: disclosure.id,
    meta: toMeta(disclosure),
    text: { status: 'additional', div: paragraphs([NEVER_STOPS_CARE]) },
    ...(person.nhsNumber === null ? {} : { identifier: [nhsNumberIdentifier(person.nhsNumber)] }),
    name: [official, ...usual],
    ...(person.telecom.length === 0 ? {} : { telecom: person.telecom.map(({ system, value }) => ({ system, value })) }),
    ...(person.gender === null ? {} : { gender: person.gender }),
    birthDate: person.birthDate,
    ...(person.address === null ? {} : { address: [toAddress(person.address)] }),
  };
};

const toAddress = ({ line, city, postalCode }: NonNullable<Disclosure['person']['address']>) => ({
  use: 'home' as const,
  ...(line.length === 0 ? {} : { line: [...line] }),
  ...(city === null ? {} : { city }),
  ...(postalCode === null ? {} : { postalCode }),
});
