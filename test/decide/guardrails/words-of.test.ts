import { describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, CompositionSection } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { type Line, linesOf, wordsOf } from '../../../src/decide/guardrails/words-of.ts';

describe('the lines of a text as a reader sees them', () => {
  test.each<[string, string, readonly string[]]>([
    ['a block ends a line', '<div><p>a</p><ul><li>b</li></ul>c<br/>d</div>', ['a', 'b', 'c', 'd']],
    ['an inline tag does not, in whatever letters, with or without attributes', 'a<b>b</b>c<SPAN class="x">d</SPAN>e', ['abcde']],
    ['a tag that only begins like an inline one is a block', 'a<blockquote>b</blockquote>', ['a', 'b']],
    ['a line break in the source is a space, and several spaces are one', '<p> a\n \t b </p>', ['a b']],
    ['a comment is no text, on however many lines, and ends where it ends', 'a<!-- x\ny > -->b<!--z-->c', ['abc']],
    ['entities by name', '&amp;&lt;&gt;&quot;&apos;a&nbsp;b', [`&<>"'a b`]],
    ['entities by number, decimal and hexadecimal, in small and capital letters', '&#97;&#x62;&#X6A;&#x6a;', ['abjj']],
    ['letters beyond the first plane', '&#128008;&#x1F408;', ['🐈🐈']],
    ['the last code point there is, and one more', '&#x10FFFF;&#x110000;', ['\u{10ffff}&#x110000;']],
    ['what is no entity stays', '&none; &#; &#x; &amp &#99999999;', ['&none; &#; &#x; &amp &#99999999;']],
    ['an escaped tag is text', '&lt;b&gt;', ['<b>']],
    ['look-alike letters are the letters', 'ｃｏｎｖｅｙ ﬁ', ['convey fi']],
    ['marks that turn or join what is read are not there', 'a\u202eb\u2066c\u061cd\u034fe\u2063f\u{e0041}g', ['abcdefg']],
    ['invisible letters are not there', 'a\u00adb\u200bc\u200fd\u2060e\ufefff', ['abcdef']],
    ['curly apostrophes are straight', 'don\u2019t \u2018x\u2018 \u02bc', ["don't 'x' '"]],
    ['several spaces are one, however they are written', 'a&nbsp; &#32;b', ['a b']],
    ['an empty line is none', '<p></p><p> </p><p>&nbsp;</p>', []],
  ])('%s', (_, div, expected) => {
    expect(linesOf(div)).toEqual(expected);
  });
});

const heading = (code: string) => ({
  coding: [
    { system: 'http://snomed.info/sct', code: '1' },
    { system: System.heading, code },
  ],
});
const text = (words: string) => ({ status: 'additional' as const, div: `<div>${words}</div>` });
const words = (carePlan: Partial<CarePlan>, composition: Partial<Composition> = {}): readonly Line[] =>
  wordsOf({ carePlan: carePlan as CarePlan, composition: composition as Composition });
const line = (at: string, said: string, under: string | null = null, byPerson = false): Line => ({
  at,
  text: said,
  heading: under,
  byPerson,
});
/** Whether the person alone signs for the one section of a plan. */
const isOwn = (section: readonly string[] | undefined, ofAll?: readonly string[]): boolean | undefined => {
  const authors = (all: readonly string[] | undefined) => (all === undefined ? {} : { author: all.map((reference) => ({ reference })) });
  const one: CompositionSection = { text: text('a'), ...authors(section) } as CompositionSection;
  return words({}, { author: [], ...authors(ofAll), section: [one] } as Partial<Composition>)[0]?.byPerson;
};

describe('every line that a reader of the plan may meet', () => {
  test('of the CarePlan: title, description, text, notes, activities and their progress, each with its place', () => {
    const found = words({
      title: 'a',
      description: 'b',
      text: text('c'),
      note: [
        { text: 'd' },
        { text: 'e', authorReference: { reference: 'Patient/amber' } },
        { text: 'f', authorReference: { reference: 'Practitioner/nurse' } },
      ],
      activity: [
        { detail: { status: 'not-started', code: heading('crisis-steps'), description: 'g' }, progress: [{ text: 'h' }, { text: 'i' }] },
        { detail: { status: 'not-started', description: 'j' } },
        { progress: [{ text: 'k' }] },
      ],
    });
    expect(found).toEqual([
      line('CarePlan.title', 'a'),
      line('CarePlan.description', 'b'),
      line('CarePlan.text.div', 'c'),
      line('CarePlan.note[0].text', 'd'),
      line('CarePlan.note[1].text', 'e', null, true),
      line('CarePlan.note[2].text', 'f'),
      line('CarePlan.activity[0].detail.description', 'g', 'crisis-steps'),
      line('CarePlan.activity[0].progress[0].text', 'h', 'crisis-steps'),
      line('CarePlan.activity[0].progress[1].text', 'i', 'crisis-steps'),
      line('CarePlan.activity[1].detail.description', 'j'),
      line('CarePlan.activity[2].progress[0].text', 'k'),
    ]);
  });

  test('of the Composition: title, text, and sections within sections, which inherit heading and author', () => {
    const found = words(
      {},
      {
        title: 'a',
        text: text('b'),
        author: [{ reference: 'Patient/amber' }],
        section: [
          {
            title: 'c',
            text: text('d'),
            code: heading('support'),
            section: [
              { title: 'e', text: text('f') },
              { text: text('g'), code: heading('coping'), author: [{ reference: 'Practitioner/nurse' }], section: [{ text: text('h') }] },
            ],
          },
          { text: text('i'), code: { coding: [{ system: 'http://snomed.info/sct', code: 'support' }] } },
        ],
      },
    );
    const section = 'Composition.section';
    expect(found).toEqual([
      line('Composition.title', 'a'),
      line('Composition.text.div', 'b'),
      line(`${section}[0].title`, 'c', 'support', true),
      line(`${section}[0].text.div`, 'd', 'support', true),
      line(`${section}[0].section[0].title`, 'e', 'support', true),
      line(`${section}[0].section[0].text.div`, 'f', 'support', true),
      line(`${section}[0].section[1].text.div`, 'g', 'coping'),
      line(`${section}[0].section[1].section[0].text.div`, 'h', 'coping'),
      line(`${section}[1].text.div`, 'i', null, true),
    ]);
  });

  test('nothing said is no line', () => {
    expect(words({})).toEqual([]);
    expect(words({ activity: [{}], note: [] }, { section: [{}] })).toEqual([]);
  });

  test.each<[string, readonly string[] | undefined, boolean]>([
    ['the person', ['Patient/amber'], true],
    ['the person, at an address', ['https://b.example/fhir/Patient/amber'], true],
    ['a relative', ['RelatedPerson/mother'], true],
    ['both', ['Patient/amber', 'RelatedPerson/mother'], true],
    ['the person with a nurse', ['Patient/amber', 'Practitioner/nurse'], false],
    ['a nurse', ['Practitioner/nurse'], false],
    ['a type that only ends like it', ['NotPatient/amber'], false],
    ['no id', ['Patient/'], false],
    ['something below the person', ['Patient/amber/x'], false],
    ['nobody', [], false],
  ])('signed by %s: whether it is theirs alone', (_, authors, expected) => {
    expect(isOwn(authors)).toBe(expected);
    // A section without an author is by the author of the whole; one with its own is by nobody else.
    expect(isOwn(undefined, authors)).toBe(expected);
    expect(isOwn(authors, ['Patient/amber'])).toBe(expected);
    expect(isOwn(authors, ['Practitioner/nurse'])).toBe(expected);
  });
});
