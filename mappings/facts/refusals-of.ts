import type { Composition, Consent, Reference, RelatedPerson, Resource } from '@medplum/fhirtypes';
import type { Heading } from '../../src/model/heading.ts';
import { ENTRY_HEADINGS, type Refusal } from '../../src/model/refusal.ts';
import { headingOf } from './codes-of.ts';
import { toAdvanceDecision } from './from-advance-decision.ts';
import { toLegalProxy } from './from-legal-proxy.ts';
import { idOf } from './reference-of.ts';

/** A resource that may stand under the heading of refusals. */
export type RefusalResource = (Consent | RelatedPerson) & { readonly id: string };

/** One entry of the words, with its place. */
export interface RefusalEntry {
  readonly heading: Heading;
  readonly at: string;
  /** `Consent/x` or `RelatedPerson/x`; null for any other. */
  readonly reference: string | null;
}

const referenceOf = (entry: Reference): string | null => {
  for (const type of ['Consent', 'RelatedPerson']) {
    const id = idOf(entry, type);
    if (id !== null) return `${type}/${id}`;
  }
  return null;
};

/** The entries under the headings of refusals and of the advance statement, in their order. What stands under others is not read. */
export const refusalEntries = (composition: Composition): readonly RefusalEntry[] =>
  (composition.section ?? []).flatMap((section, index) => {
    const heading = headingOf(section.code);
    if (heading === null || !ENTRY_HEADINGS.includes(heading)) return [];
    return (section.entry ?? []).map((entry, nth) => ({
      heading,
      at: `Composition.section[${index}].entry[${nth}]`,
      reference: referenceOf(entry),
    }));
  });

const nameOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

/** What one of them says under a heading. Throws `incorrect` for what is missing. */
export const toRefusal = (resource: RefusalResource, heading: Heading): Refusal =>
  resource.resourceType === 'Consent' ? toAdvanceDecision(resource, heading) : toLegalProxy(resource, heading);

/** What the words say by their entries, each with its place; an entry that is not among these resources says nothing. */
export const refusalsIn = (
  composition: Composition,
  resources: readonly RefusalResource[],
): readonly { readonly at: string; readonly refusal: Refusal }[] => {
  const named = new Map(resources.map((one) => [nameOf(one), one]));
  return refusalEntries(composition).flatMap(({ heading, at, reference }) => {
    const resource = named.get(reference ?? '');
    return resource === undefined ? [] : [{ at, refusal: toRefusal(resource, heading) }];
  });
};
