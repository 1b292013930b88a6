import { nhsNumber, plan, words } from './examples.ts';
import type { Held } from './recipients/own-store.ts';
import type { Recipient } from './scenario-words.ts';
import { HEADINGS_OF, VERSIONS } from './scenario-words.ts';

type Coded = { readonly coding?: readonly { readonly code?: string }[] } | undefined;
const headingOf = (coded: Coded): string => coded?.coding?.[0]?.code ?? '';

/** The lines of a version under each heading: words, and actions. */
const linesOf = (version: number): ReadonlyMap<string, readonly string[]> => {
  const lines = new Map<string, string[]>();
  const add = (heading: string, line: string): void => void lines.set(heading, [...(lines.get(heading) ?? []), line]);
  for (const { code, text } of words(version).section ?? [])
    for (const [, line = ''] of (text?.div ?? '').matchAll(/<li>(.*?)<\/li>/g)) add(headingOf(code), line);
  for (const { detail } of plan(version).activity ?? []) add(headingOf(detail?.code), detail?.description ?? '');
  return lines;
};

const LINES = new Map(VERSIONS.map((version) => [version, linesOf(version)]));
const EVERY_LINE = [...new Set([...LINES.values()].flatMap((lines) => [...lines.values()].flat()))];

/** Whether what is held is a version's lines under the recipient's headings: each under its own, none missing, none more. */
const isVersion = (recipient: Recipient, version: number, { headings, texts }: Held): boolean => {
  const lines = LINES.get(version);
  const wanted = HEADINGS_OF[recipient].filter((heading) => lines?.has(heading));
  const found = (heading: string): readonly string[] =>
    EVERY_LINE.filter((line) => (texts[heading] ?? '').replace(/\s+/g, ' ').includes(line));
  return (
    headings.length === wanted.length &&
    wanted.every((heading) => {
      const expected = lines?.get(heading) ?? [];
      const there = found(heading);
      return there.length === expected.length && expected.every((line) => there.includes(line));
    })
  );
};

const NUMBERS: ReadonlyMap<string | null, string> = new Map([
  [nhsNumber('patient'), ''],
  [nhsNumber('patient-corrected'), ', new number'],
]);

/** What lies in a recipient's own store, in a word of the scenario: told by the very lines that are found there, never by what they are called. */
export const inStore = (recipient: Recipient, all: readonly Held[]): string => {
  const seen = all.map((held) => {
    const version = VERSIONS.find((each) => isVersion(recipient, each, held));
    const said = version === undefined ? 'other words than any version has' : `v${version} (${recipient} headings)`;
    // Police are sent no number; all others are.
    const number = recipient === 'police' ? (held.person === null ? '' : ', a number') : (NUMBERS.get(held.person) ?? ', unknown number');
    return `${said}${number}`;
  });
  return seen.length === 0 ? 'nothing' : seen.sort().join(' and ');
};
