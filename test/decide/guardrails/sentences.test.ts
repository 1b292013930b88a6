import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { WORD_RULES } from '../../../src/decide/guardrails/word-rules.ts';
import { WORDS_VERSION } from '../../../src/decide/guardrails/word-lists.ts';
import { guardrails, guardrailWarnings } from '../../../src/decide/guardrails.ts';

const linesOf = (name: string): readonly string[] =>
  readFileSync(new URL(`sentences/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const HEADING = 'https://crisis-plan-broker.example/fhir/CodeSystem/plan-heading';
const draftOf = (text: string, author?: string) => ({
  carePlan: { resourceType: 'CarePlan', status: 'draft', intent: 'plan', subject: {} } as CarePlan,
  composition: {
    resourceType: 'Composition',
    status: 'preliminary',
    type: {},
    date: '2026-11-01',
    author: [{ reference: 'Practitioner/nurse' }],
    title: 'My plan',
    section: [
      {
        code: { coding: [{ system: HEADING, code: 'crisis-steps' }] },
        text: { status: 'additional', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text.replaceAll('&', '&amp;')}</p></div>` },
        ...(author === undefined ? {} : { author: [{ reference: author }] }),
      },
    ],
  } as Composition,
  hands: [],
  agreement: { agreed: true, reason: null, secondClinician: null },
});
const stops = (text: string): readonly string[] =>
  WORD_RULES.flatMap(({ id, check }) => (check(draftOf(text)).some((find) => find.stops) ? [id] : []));

/** What goes by of the sentences that must stop, and what stops of those that must not. */
const measure = (files: readonly string[]) => {
  const stopping = files
    .flatMap((file) => linesOf(`stop-${file}`))
    .map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const);
  const passing = files.flatMap((file) => linesOf(`pass-${file}`));
  return {
    count: [stopping.length, passing.length],
    missed: stopping.filter(([, text]) => stops(text).length === 0).map(([id, text]) => `${id} ${text}`),
    alarms: passing.flatMap((text) => stops(text).map((id) => `${id} ${text}`)),
  };
};

describe('the words of guardrails, on sentences that were made up for it', () => {
  test.each([
    // The lists were made looking at the first 400; the last 120 say the same in other words: what no list can stop, and a reader must.
    ['known', ['tuned', 'tuned-2'], 200, 0.02, 0.01],
    ['in other words', ['in-other-words'], 60, 1, 0.05],
  ] as const)('G1 G2 G3 G14 G15 the %s ones', (which, files, least, misses, falseAlarms) => {
    const { count, missed, alarms } = measure(files);
    const [stop = 0, pass = 0] = count;
    expect([stop, pass].every((each) => each >= least)).toBe(true);
    console.log(
      `words of version ${WORDS_VERSION}, ${which}: ${missed.length} of ${stop} missed (${((100 * missed.length) / stop).toFixed(1)} %), ` +
        `${alarms.length} false alarms of ${pass} (${((100 * alarms.length) / pass).toFixed(1)} %)`,
    );
    expect(missed.length / stop).toBeLessThanOrEqual(misses);
    expect(alarms.length / pass).toBeLessThanOrEqual(falseAlarms);
  });

  test("the person's own words warn, and never stop", () => {
    for (const line of [...linesOf('stop-tuned'), ...linesOf('stop-in-other-words')]) {
      const text = line.slice(line.indexOf(' ') + 1);
      expect([text, WORD_RULES.flatMap(({ check }) => check(draftOf(text, 'Patient/amber'))).filter((find) => find.stops)]).toEqual([
        text,
        [],
      ]);
    }
    const own = draftOf('Her overdoses are attention seeking', 'Patient/amber');
    expect(guardrailWarnings(own).map(({ help }) => help.split(':')[0])).toContain('G14');
    expect(guardrails(own).map(({ help }) => help.split(':')[0])).not.toContain('G14');
  });

  test('nothing that is found is quoted', () => {
    for (const line of linesOf('stop-tuned')) {
      const text = line.slice(line.indexOf(' ') + 1);
      for (const { help, at } of guardrails(draftOf(text))) expect([text, `${help} ${at}`.includes(text)]).toEqual([text, false]);
    }
  });

  test.each([
    ['a soft hyphen', 'Do not con\u00advey'],
    ['a zero-width space', 'Do not con\u200bvey'],
    ['a zero-width space that JavaScript takes for a space', 'Do not con\ufeffvey'],
    ['full-width letters', 'Ｄｏ ｎｏｔ ｃｏｎｖｅｙ'],
    ['a curly apostrophe', 'Don\u2019t convey'],
    ['tags between letters', 'Do not con<b>vey</b>'],
    ['a line break', 'Do not<br/>convey'.replace('<br/>', ' ')],
    ['small and capital letters', 'DO NOT CONVEY'],
  ])('G2 %s hides no word', (_how, text) => {
    expect(stops(text)).toContain('G2');
  });
});
