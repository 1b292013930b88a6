import { listAt, textAt } from './json-path.ts';

const HEADINGS = 'https://crisis-plan-broker.example/fhir/CodeSystem/plan-heading';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The words of an XHTML `div`. */
export const plainWords = (div: string): string =>
  div
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
      const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : name.startsWith('#') ? Number(name.slice(1)) : Number.NaN;
      return Number.isNaN(code) ? (ENTITIES[name] ?? whole) : String.fromCodePoint(code);
    })
    .replace(/\s+/g, ' ')
    .trim();

/** The words of a section and of the sections in it. */
const wordsOf = (section: unknown): string => {
  const own = textAt(section, 'text', 'div');
  return [...(own === null ? [] : [plainWords(own)]), ...listAt(section, 'section').map(wordsOf)].join('\n');
};

/** The words of a Composition by heading; sections without a heading are about the plan, and not of it. */
export const readWords = (composition: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    listAt(composition, 'section').flatMap((section) => {
      const heading = listAt(section, 'code', 'coding').find((coding) => textAt(coding, 'system') === HEADINGS);
      const code = textAt(heading, 'code');
      return code === null ? [] : [[code, wordsOf(section)] as const];
    }),
  );

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';

/** The NHS number among the identifiers at `path`; null where there is none. */
export const nhsNumberAt = (resource: unknown, ...path: readonly string[]): string | null => {
  const listed = listAt(resource, ...path).find((identifier) => textAt(identifier, 'system') === NHS_NUMBER);
  return textAt(listed, 'value') ?? (textAt(resource, ...path, 'system') === NHS_NUMBER ? textAt(resource, ...path, 'value') : null);
};
