import type { Flag } from '@medplum/fhirtypes';
import { Code, Extension, NEVER_STOPS_CARE, Profile, System } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { toMeta } from './meta.ts';
import { subjectReference } from './references.ts';
import { paragraphs } from './xhtml.ts';

/** The Flag that tells this asker that there is a plan, and where: computed, never stored. */
export const toFlag = (
  disclosure: Pick<Disclosure, 'id' | 'version' | 'issuedAt'> & { readonly person: { readonly nhsNumber: string | null } },
): Flag => ({
  resourceType: 'Flag',
  id: disclosure.id,
  meta: toMeta(disclosure, Profile.planFlag),
  text: { status: 'additional', div: paragraphs([`There is a crisis plan. ${NEVER_STOPS_CARE}`]) },
  extension: [{ url: Extension.flagDetail, valueReference: { reference: `CarePlan/${disclosure.id}` } }],
  status: 'active',
  category: [{ coding: [{ system: System.barsFlagCategory, code: 'RA', display: 'Reasonable Adjustment' }] }],
  code: { coding: [Code.planFlag] },
  subject: subjectReference(disclosure),
});
