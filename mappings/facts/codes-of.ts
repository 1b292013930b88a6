import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Heading } from '../../src/model/heading.ts';
import { isHeading } from '../../src/model/heading.ts';
import type { Purpose } from '../../src/model/kind.ts';
import { isPurpose } from '../../src/model/kind.ts';

/** The purpose that a coding names, by its own system; null for any other. No purpose implies another. */
export const purposeOf = ({ system, code }: Coding): Purpose | null => {
  if (code === undefined || !isPurpose(code)) return null;
  return system === (code === 'crisis-response' ? System.purpose : System.actReason) ? code : null;
};

/** The heading that a concept names; null for any other. */
export const headingOf = (concept: CodeableConcept | undefined): Heading | null => {
  const codes = (concept?.coding ?? []).flatMap(({ system, code }) => (system === System.heading && code !== undefined ? [code] : []));
  const [first, second] = codes;
  return first !== undefined && second === undefined && isHeading(first) ? first : null;
};
