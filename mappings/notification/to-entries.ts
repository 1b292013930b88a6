import type { BundleEntry, CarePlan, Resource } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import type { PayloadContent } from '../../src/model/payload-content.ts';
import { toCarePlan } from '../disclosure/to-care-plan.ts';
import { toComposition } from '../disclosure/to-composition.ts';
import { toPatient } from '../disclosure/to-patient.ts';
import { toRefusal } from '../disclosure/to-refusal.ts';

/** A disclosure as the resources of a full-resource notification, the focus first: the shapes that a read gives, each of which the others' references find. */
export const toResources = (disclosure: Disclosure): readonly Resource[] => [
  toCarePlan(disclosure),
  toComposition(disclosure, 'in-document'),
  toPatient(disclosure),
  ...(disclosure.refusals ?? []).map((refusal) => toRefusal(refusal, disclosure)),
];

/** What a withdrawn plan leaves where resources were sent: its id and that it is withdrawn, never why (backport IG, safety). */
export const toTombstone = (focus: string): CarePlan => ({
  resourceType: 'CarePlan',
  id: focus.slice(focus.indexOf('/') + 1),
  status: 'revoked',
  intent: 'plan',
  // R4 wants a subject: that there is none here is not that there was none.
  subject: { extension: [{ url: Extension.dataAbsentReason, valueCode: 'masked' }] },
});

/** What is said of one plan, at a level. */
export interface Told {
  /** Base URL of the broker, without a slash at the end. */
  readonly base: string;
  /** `CarePlan/<id>`. */
  readonly focus: string;
  readonly change: 'changed' | 'withdrawn';
  readonly content: PayloadContent;
  /** With `full-resource`, what is disclosed now, the focus first; none where it is withdrawn. */
  readonly resources: readonly Resource[];
}

/** Entries of a history Bundle about one plan: none, an entry that names it and holds no resource, or its resources. */
export const toEntries = ({ base, focus, change, content, resources }: Told): readonly BundleEntry[] => {
  const entry = (url: string, method: 'PUT' | 'DELETE', resource?: Resource): BundleEntry => ({
    fullUrl: `${base}/${url}`,
    ...(resource === undefined ? {} : { resource }),
    request: { method, url },
    response: { status: '200' },
  });
  switch (content) {
    case 'empty':
      return [];
    case 'id-only':
      return [entry(focus, change === 'withdrawn' ? 'DELETE' : 'PUT')];
    case 'full-resource':
      // Never an entry without its resource: receivers look into each.
      return change === 'withdrawn'
        ? [entry(focus, 'PUT', toTombstone(focus))]
        : resources.map((resource) => entry(`${resource.resourceType}/${resource.id}`, 'PUT', resource));
    default:
      return content satisfies never;
  }
};
