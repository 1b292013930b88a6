import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import type { Heading } from '../../src/model/heading.ts';
import { toPlainText } from '../mdm/to-plain-text.ts';

/** What can be read in twenty seconds (domain.md section 3). */
export const MOST_WORDS = 80;
const MOST_OF_EACH = 3;
const MOST_OF_NAMES = 20;

/** One line of the first screen, and what it is. */
export interface ScreenLine {
  readonly is: 'who' | 'care' | 'ring' | 'run-out' | 'do' | 'do-not' | 'go' | 'decision' | 'review';
  readonly text: string;
}

export const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

const DO_NOT = /^(?:please )?(?:do not|don['’]t|never|no |avoid)/i;
const NUMBER = /\d{3}/;

/** The authors' own lines under a heading, whole: a line is shown as it was signed, or not at all. */
const linesOf = ({ sections, actions }: Pick<Disclosure, 'sections' | 'actions'>, heading: Heading): readonly string[] =>
  [
    ...sections.filter((each) => each.heading === heading).flatMap(({ div }) => toPlainText(div).split('\n')),
    ...actions.filter((each) => each.heading === heading).map(({ description }) => description),
  ]
    .map((line) => line.replace(/^[-•*] /, '').trim())
    .filter((line) => line !== '');

const who = ({ person: { preferredName, given, family, birthDate } }: Disclosure): string => {
  const names = [preferredName ?? given[0] ?? '', family].filter((each) => each !== '').join(' ');
  const born = birthDate === '' ? '' : `born ${birthDate}`;
  // Cut, a name is another one: one that takes the screen for itself stands in the plan.
  return (wordsIn(names) > MOST_OF_NAMES ? [born] : [names, born]).filter((each) => each !== '').join(', ');
};

/**
 * The first screen of a disclosure, 80 words at most: who it is, what a plan never does, one number to ring; then, as far as they fit, what never to do and
 * what to do, three of each, where the person would rather go, whether there is an advance decision, and when it is reviewed. Nothing is cut or composed: a line
 * that does not fit is left out whole, and stands in the plan.
 */
export const firstScreen = (disclosure: Disclosure): readonly ScreenLine[] => {
  const please = linesOf(disclosure, 'please-do');
  const ring = linesOf(disclosure, 'who-to-ring');
  const refused = (disclosure.refusals ?? []).some((each) => each.is === 'advance-decision');
  const always: readonly ScreenLine[] = [
    { is: 'who', text: who(disclosure) },
    { is: 'care', text: NEVER_STOPS_CARE },
    ...(disclosure.contactCardOnly ? [{ is: 'run-out', text: 'This plan has run out: ring.' } as const] : []),
    { is: 'decision', text: refused ? 'Advance decision: yes, read it' : 'No advance decision is shared with you' },
    {
      is: 'review',
      text: disclosure.reviewOverdue ? `Review overdue since ${disclosure.reviewDate}` : `Review by ${disclosure.reviewDate}`,
    },
  ];
  const [first] = ring.filter((line) => NUMBER.test(line));
  const wanted: readonly ScreenLine[] = [
    ...(first === undefined ? [] : [{ is: 'ring', text: first } as const]),
    ...please
      .filter((line) => DO_NOT.test(line))
      .slice(0, MOST_OF_EACH)
      .map((text) => ({ is: 'do-not', text }) as const),
    ...please
      .filter((line) => !DO_NOT.test(line))
      .slice(0, MOST_OF_EACH)
      .map((text) => ({ is: 'do', text }) as const),
    ...linesOf(disclosure, 'where-to-go')
      .slice(0, 1)
      .map((text) => ({ is: 'go', text }) as const),
  ];
  let left = MOST_WORDS - always.reduce((sum, { text }) => sum + wordsIn(text), 0);
  const fitting = wanted.filter(({ text }) => {
    const words = wordsIn(text);
    if (words > left) return false;
    left -= words;
    return true;
  });
  const ORDER: readonly ScreenLine['is'][] = ['who', 'care', 'run-out', 'ring', 'do-not', 'do', 'go', 'decision', 'review'];
  return [...always, ...fitting].sort((a, b) => ORDER.indexOf(a.is) - ORDER.indexOf(b.is));
};
