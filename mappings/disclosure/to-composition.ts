import type { Composition, CompositionSection } from '@medplum/fhirtypes';
import { Code, System } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { toFhirInstant } from '../time.ts';
import { banners } from './banners.ts';
import { headingsShown } from './headings-shown.ts';
import type { HeadingShown } from './headings-shown.ts';
import { toMeta } from './meta.ts';
import { publisherReference, refusalReference, subjectReference } from './references.ts';
import { refusalLine } from './refusal-line.ts';
import { bullets, paragraphs } from './xhtml.ts';

/** What of a disclosure its words need. */
type Shown = Omit<Disclosure, 'kind' | 'purpose' | 'recipient' | 'person'> & { readonly person: { readonly nhsNumber: string | null } };

/**
 * The plan's words, one section a heading, after a first section that says what a plan never does (G3). In a document, which holds them, it refers to the
 * refusals and proxies that it tells of; by itself it tells of them only.
 */
export const toComposition = (disclosure: Shown, place: 'alone' | 'in-document' = 'alone'): Composition => ({
  resourceType: 'Composition',
  id: disclosure.id,
  meta: toMeta(disclosure),
  text: { status: 'additional', div: paragraphs(banners(disclosure)) },
  status: 'final',
  type: { coding: [Code.crisisPlan] },
  subject: subjectReference(disclosure),
  date: toFhirInstant(disclosure.issuedAt),
  author: [publisherReference(disclosure.publisher)],
  title: disclosure.contactCardOnly ? 'Crisis plan: whom to ring' : 'Crisis plan',
  confidentiality: 'V',
  custodian: publisherReference(disclosure.publisher),
  section: [
    { title: 'Read this first', text: { status: 'additional', div: paragraphs(banners(disclosure)) } },
    ...headingsShown(disclosure).map((shown) => toSection(shown, disclosure, place)),
  ],
});

// The authors' words stay untouched; actions are listed beside them, for a reader who is shown nothing but the Composition.
const toSection = (
  { heading, title, divs, actions, refusals }: HeadingShown,
  disclosure: Shown,
  place: 'alone' | 'in-document',
): CompositionSection => {
  const [first, ...more] = divs;
  const parts: CompositionSection[] = [
    ...more.map((div): CompositionSection => ({ title, text: { status: 'additional', div } })),
    ...(actions.length === 0
      ? []
      : [
          {
            title: 'What to do',
            text: { status: 'generated' as const, div: bullets(actions) },
            entry: [{ reference: `CarePlan/${disclosure.id}` }],
          },
        ]),
    ...(refusals.length === 0
      ? []
      : [
          {
            title: 'Advance decisions and legal proxies',
            text: { status: 'generated' as const, div: bullets(refusals.map(refusalLine)) },
            ...(place === 'alone' ? {} : { entry: refusals.map((refusal) => refusalReference(disclosure, refusal)) }),
          },
        ]),
  ];
  return {
    title,
    code: { coding: [{ system: System.heading, code: heading, display: title }] },
    ...(first === undefined ? {} : { text: { status: 'additional', div: first } }),
    ...(parts.length === 0 ? {} : { section: parts }),
  };
};
