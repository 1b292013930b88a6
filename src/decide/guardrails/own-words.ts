import type { Rule } from './rule.ts';
import { wordsOf } from './words-of.ts';

/** Headings that are the person's to say. */
const OWN: readonly string[] = [
  'who-i-am',
  'please-do',
  'communication',
  'support',
  'important-to-me',
  'wellness',
  'triggers',
  'early-warning-signs',
  'coping',
  'advance-statement',
];

/** What stands in every second plan, and says nothing of anybody; small letters, without points. Raised with the version of the word lists. */
const TEMPLATES: ReadonlySet<string> = new Set([
  'as per care plan',
  'be calm',
  'be kind',
  'call the crisis team',
  'contact the crisis team',
  'contact gp',
  'contact your gp',
  'engage with services',
  'go to a&e',
  'listen to me',
  'n/a',
  'none',
  'none known',
  'not applicable',
  'not known',
  'remain calm',
  'see above',
  'see care plan',
  'stay calm',
  'take medication as prescribed',
  'tbc',
  'to be completed',
  'unknown',
  'use coping strategies',
  'use distraction techniques',
]);

const bare = (line: string): string => line.toLowerCase().replace(/^[\s•*-]+|[\s.!;,]+$/g, '');

/** The person speaks in their own plan, and says something that would not stand in anybody's (domain.md section 1, G12). */
export const ownWords: Rule = {
  id: 'G12',
  sentence: "A plan has words of the person, about this person: what is written here would stand in anybody's plan.",
  check: (draft) => {
    const said = wordsOf(draft).filter(({ heading, at }) => heading !== null && OWN.includes(heading) && at.endsWith('.text.div'));
    return said.some(({ text }) => !TEMPLATES.has(bare(text))) ? [] : [{ at: 'Composition.section', stops: true }];
  },
};
