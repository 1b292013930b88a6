import type { CarePlan, Composition, CompositionSection, Reference } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import type { Draft } from './rule.ts';

/** One line of the plan as a reader sees it. */
export interface Line {
  readonly at: string;
  readonly text: string;
  /** Slug of the heading that it stands under; null where it has none. */
  readonly heading: string | null;
  /** Whether the person, or a relative, alone signs for it; everything else is agency text. */
  readonly byPerson: boolean;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
const INLINE = /<\/?(?:a|abbr|b|bdo|big|cite|code|dfn|em|i|img|q|samp|small|span|strong|sub|sup|tt|var)\b[^>]*>/gi;

const decode = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );

// What looks alike reads alike: full-width letters, curly apostrophes, soft hyphens and whatever else is not seen (Unicode: default ignorable) hide no word from a rule.
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();

/** The lines of an XHTML `div`, without its tags: a block ends a line, an inline tag does not. */
export const linesOf = (div: string): readonly string[] =>
  decode(
    div
      .replace(/<!--[\s\S]*?-->/g, '')
      .replace(INLINE, '')
      // JavaScript counts U+FEFF as a space; to a reader it is nothing, and must not part a word.
      .replace(/[^\S\ufeff]+/g, ' ')
      .replace(/<[^>]*>/g, '\n'),
  )
    .split('\n')
    .map(plain)
    .filter((line) => line !== '');

const isPerson = (reference: Reference): boolean => /(?:^|\/)(?:Patient|RelatedPerson)\/[^/]+$/.test(reference.reference ?? '');
const allPersons = (authors: readonly Reference[]): boolean => authors.length > 0 && authors.every(isPerson);

const ofSection = (section: CompositionSection, at: string, outer: string | null, authors: readonly Reference[]): readonly Line[] => {
  const heading = section.code?.coding?.find(({ system }) => system === System.heading)?.code ?? outer;
  const own = section.author ?? authors;
  const lines = (text: string | undefined, place: string): readonly Line[] =>
    linesOf(text ?? '').map((line) => ({ at: place, text: line, heading, byPerson: allPersons(own) }));
  return [
    ...lines(section.title, `${at}.title`),
    ...lines(section.text?.div, `${at}.text.div`),
    ...(section.section ?? []).flatMap((inner, index) => ofSection(inner, `${at}.section[${index}]`, heading, own)),
  ];
};

const ofComposition = (composition: Composition): readonly Line[] => [
  ...[['title', composition.title] as const, ['text.div', composition.text?.div] as const].flatMap(([name, text]) =>
    linesOf(text ?? '').map((line) => ({ at: `Composition.${name}`, text: line, heading: null, byPerson: false })),
  ),
  ...(composition.section ?? []).flatMap((section, index) => ofSection(section, `Composition.section[${index}]`, null, composition.author)),
];

const ofCarePlan = (plan: CarePlan): readonly Line[] => {
  const found: Line[] = [];
  const add = (text: string | undefined, at: string, heading: string | null, byPerson: boolean): void => {
    for (const line of linesOf(text ?? '')) found.push({ at: `CarePlan.${at}`, text: line, heading, byPerson });
  };
  add(plan.title, 'title', null, false);
  add(plan.description, 'description', null, false);
  add(plan.text?.div, 'text.div', null, false);
  for (const [index, note] of (plan.note ?? []).entries())
    add(note.text, `note[${index}].text`, null, note.authorReference !== undefined && isPerson(note.authorReference));
  for (const [index, { detail, progress }] of (plan.activity ?? []).entries()) {
    const heading = detail?.code?.coding?.find(({ system }) => system === System.heading)?.code ?? null;
    add(detail?.description, `activity[${index}].detail.description`, heading, false);
    for (const [note, { text }] of (progress ?? []).entries()) add(text, `activity[${index}].progress[${note}].text`, heading, false);
  }
  return found;
};

// Whoever writes them down for the person writes them as the plan's author writes its words: agency text, under its heading.
const ofRefusals = (refusals: NonNullable<Draft['refusals']>): readonly Line[] =>
  refusals.flatMap(({ at, refusal }) => {
    const texts =
      refusal.is === 'legal-proxy'
        ? [refusal.name, ...refusal.telecom.map(({ value }) => value)]
        : [refusal.treatment, refusal.circumstances, refusal.lifeSustaining?.witness, refusal.document];
    return texts.flatMap((text) => linesOf(text ?? '').map((line) => ({ at, text: line, heading: refusal.heading, byPerson: false })));
  });

/** Every line that a reader of the plan may meet, with its place. */
export const wordsOf = (draft: Pick<Draft, 'carePlan' | 'composition' | 'refusals'>): readonly Line[] => [
  ...ofCarePlan(draft.carePlan),
  ...ofComposition(draft.composition),
  ...ofRefusals(draft.refusals ?? []),
];
