import type { CarePlan, CarePlanActivity } from '@medplum/fhirtypes';
import { Code, Extension, NEVER_STOPS_CARE, System } from '../../profiles/canonicals.ts';
import type { Sequence } from '../../src/model/copy.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { banners } from './banners.ts';
import { headingsShown } from './headings-shown.ts';
import { toMeta } from './meta.ts';
import { planIdentifier, publisherReference, subjectReference } from './references.ts';
import { toSequenceExtension } from './sequence.ts';
import { paragraphs } from './xhtml.ts';

/** The plan as this recipient may see it: actions only; the words are in the Composition. A pushed one carries its sequence. */
export const toCarePlan = (disclosure: Disclosure, sequence: Sequence | null = null): CarePlan => {
  const activity = toActivity(disclosure);
  return {
    resourceType: 'CarePlan',
    id: disclosure.id,
    meta: toMeta(disclosure),
    text: { status: 'additional', div: paragraphs(banners(disclosure)) },
    extension: [
      { url: Extension.reviewDate, valueDate: disclosure.reviewDate },
      ...(sequence === null ? [] : [toSequenceExtension(sequence)]),
    ],
    identifier: [planIdentifier(disclosure.id)],
    status: 'active',
    intent: 'plan',
    category: [{ coding: [Code.crisisPlan] }, { coding: [Code.carePlan] }],
    title: 'Crisis plan',
    description: NEVER_STOPS_CARE,
    subject: subjectReference(disclosure),
    author: publisherReference(disclosure.publisher),
    supportingInfo: [{ reference: `Composition/${disclosure.id}` }],
    ...(activity.length === 0 ? {} : { activity }),
  };
};

// `code` carries the heading; the status is required by R4, and an action of a plan has not started until somebody takes it.
const toActivity = (disclosure: Disclosure): CarePlanActivity[] =>
  headingsShown(disclosure).flatMap(({ heading, title, actions }) =>
    actions.map(
      (description): CarePlanActivity => ({
        detail: { code: { coding: [{ system: System.heading, code: heading, display: title }] }, status: 'not-started', description },
      }),
    ),
  );
