import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstScreen, MOST_WORDS, wordsIn } from '../../mappings/card/first-screen.ts';
import { toCard } from '../../mappings/card/to-card.ts';
import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { HEADINGS } from '../../src/model/heading.ts';

const BASE = 'https://broker.example/fhir';
const UUID = '0c9d0b7e-5a54-4d0f-8f43-7a1f7a4b0b02';
const disclosure = (change: Partial<Disclosure> = {}): Disclosure => ({
  id: UUID,
  kind: 'ambulance',
  purpose: 'TREAT',
  publisher: { ods: 'ZZ1', name: 'Example Trust' },
  recipient: { ods: 'ZZ3' },
  person: {
    nhsNumber: '9990000018',
    family: 'Testperson-Amber',
    given: ['Example'],
    preferredName: 'Amber',
    birthDate: '1990-04-01',
    gender: null,
    address: null,
    telecom: [],
  },
  sections: [],
  actions: [],
  reviewDate: '2027-05-01',
  reviewOverdue: false,
  contactCardOnly: false,
  version: '1',
  issuedAt: 1_772_360_130_250,
  ...change,
});
const section = (heading: Disclosure['sections'][number]['heading'], ...lines: readonly string[]) => ({
  heading,
  div: `<div xmlns="http://www.w3.org/1999/xhtml">${lines.map((line) => `<p>${line}</p>`).join('')}</div>`,
});
const said = (shown: Disclosure) => firstScreen(shown).map(({ is, text }) => `${is}: ${text}`);
const total = (shown: Disclosure): number => firstScreen(shown).reduce((sum, { text }) => sum + wordsIn(text), 0);

describe('the first screen', () => {
  test('who it is, what a plan never does, one number, three never and three do, where they would go, the decision, the review', () => {
    const shown = disclosure({
      sections: [
        section(
          'please-do',
          'Speak slowly',
          "Don't touch me",
          'Sit down first',
          'Never raise your voice',
          'Dim the light',
          'Say your name',
          'No sirens',
        ),
        section('who-to-ring', 'The crisis team', 'Ring day and night 01632 960001', 'Or my sister 01632 960002'),
        section('where-to-go', 'The quiet room at Elm House', 'Home'),
        section('triggers', 'Loud sirens'),
      ],
      refusals: [
        {
          is: 'advance-decision',
          heading: 'refusals',
          treatment: 'x',
          circumstances: null,
          madeOn: '2026-01-01',
          lifeSustaining: null,
          document: null,
        },
      ],
    });
    expect(said(shown)).toEqual([
      'who: Amber Testperson-Amber, born 1990-04-01',
      `care: ${NEVER_STOPS_CARE}`,
      'ring: Ring day and night 01632 960001',
      "do-not: Don't touch me",
      'do-not: Never raise your voice',
      'do-not: No sirens',
      'do: Speak slowly',
      'do: Sit down first',
      'do: Dim the light',
      'go: The quiet room at Elm House',
      'decision: Advance decision: yes, read it',
      'review: Review by 2027-05-01',
    ]);
  });

  test('of a plan that has run out: whom to ring, and that it has run out', () => {
    const shown = disclosure({ contactCardOnly: true, reviewOverdue: true, sections: [section('who-to-ring', 'Ring 01632 960001')] });
    expect(said(shown)).toEqual(
      expect.arrayContaining([
        'run-out: This plan has run out: ring.',
        'ring: Ring 01632 960001',
        'review: Review overdue since 2027-05-01',
      ]),
    );
  });

  test('who it is: names whole or not at all, and without an advance decision it says so', () => {
    const named = (words: number) =>
      firstScreen(disclosure({ person: { ...disclosure().person, family: Array(words).fill('Testperson').join(' ') } }));
    expect(named(19)[0]?.text).toBe(`Amber ${Array(19).fill('Testperson').join(' ')}, born 1990-04-01`);
    expect(named(20)[0]?.text).toBe('born 1990-04-01');
    expect(named(1).find(({ is }) => is === 'decision')?.text).toBe('No advance decision is shared with you');
  });

  test('G3 80 words at most, whatever the plan says; each line is whole and an author’s own, and what a plan never does always stands there', () => {
    const line = fc
      .array(fc.constantFrom('please', 'never', 'ring', '01632', '960001', 'speak', 'slowly', 'do', 'not', 'quiet'), {
        minLength: 1,
        maxLength: 30,
      })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...HEADINGS), fc.array(line, { maxLength: 8 })), { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 60 }),
        (sections, ranOut, names) => {
          const shown = disclosure({
            person: { ...disclosure().person, family: Array(names).fill('Testperson').join(' ') },
            sections: sections.map(([heading, lines]) => section(heading, ...lines)),
            contactCardOnly: ranOut,
            reviewOverdue: ranOut,
          });
          expect(total(shown)).toBeLessThanOrEqual(MOST_WORDS);
          const own = new Set(sections.flatMap(([, lines]) => lines));
          for (const { is, text } of firstScreen(shown)) if (['ring', 'do', 'do-not', 'go'].includes(is)) expect(own).toContain(text);
          expect(firstScreen(shown).map(({ text }) => text)).toContain(NEVER_STOPS_CARE);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the card', () => {
  test('has a short summary, whose plan it is, a link without a person, and no markup of an author', () => {
    const shown = disclosure({
      sections: [
        section('who-to-ring', 'Ring 01632 960001'),
        section('please-do', '[Click](https://evil.example) &lt;b&gt;now&lt;/b&gt; *please*'),
      ],
    });
    const card = toCard(shown, UUID, BASE);
    expect(card).toMatchObject({
      uuid: UUID,
      summary: 'Crisis plan. Ring 01632 960001',
      indicator: 'info',
      source: { label: 'Example Trust' },
      links: [{ url: `${BASE}/Composition/${UUID}/$document`, type: 'absolute' }],
    });
    expect(card.detail).toContain('\\[Click\\]\\(https://evil\\.example\\) &lt;b&gt;now&lt;/b&gt; \\*please\\*');
    expect(JSON.stringify(card)).not.toContain('9990000018');
    expect(
      toCard(disclosure({ sections: [section('who-to-ring', `Ring 01632 960001 ${'or wait '.repeat(8)}`.trim())] }), UUID, BASE).summary
        .length,
    ).toBeLessThan(140);
  });
});
