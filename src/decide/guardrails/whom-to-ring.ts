import { System } from '../../../profiles/canonicals.ts';
import type { Draft, Rule } from './rule.ts';
import { linesOf } from './words-of.ts';

const linesToRing = ({ composition }: Draft): readonly string[] =>
  (composition.section ?? [])
    .filter(({ code }) => code?.coding?.some(({ system, code: heading }) => system === System.heading && heading === 'who-to-ring'))
    .flatMap(({ text }) => linesOf(text?.div ?? ''));

/** Numbers that can be rung, without what people write between their digits. */
const numbersIn = (lines: readonly string[]): readonly string[] =>
  lines
    .flatMap((line) => line.match(/\+?\d[\d ()-]*\d/g) ?? [])
    .map((found) => found.replace(/[ ()-]/g, ''))
    .filter((found) => /\d{3}/.test(found));

const isMobile = (number: string): boolean => /^(?:\+?44|0)7[1-9]\d{8}$/.test(number);

const ALWAYS =
  /\b(?:24 ?\/ ?7|24 hours?|24-hour|day and night|day or night|night and day|at any (?:time|hour)|any time|round the clock|always open)\b/i;
const HOURS =
  /\b(?:\d{1,2}(?:[:.]\d\d)? ?(?:am|pm)|\d\d:\d\d|nine to five|9 ?(?:-|to|until) ?5|office hours|working hours|weekdays?|weekends?|evenings?|mondays?|from \w+ (?:to|until) \w+)\b/i;
const OTHERWISE =
  /\b(?:out[- ]of[- ]hours|at night|overnight|at (?:all )?other times|otherwise|after that|outside (?:of )?(?:these|those) hours|when (?:it is )?closed)\b/i;
const MACHINE = /\b(?:voice ?mail|answer(?:ing)? ?(?:phone|machine)|leave (?:a |your )?message)\b/i;

const at = 'Composition.section';
const stop = (isBroken: boolean) => (isBroken ? [{ at, stops: true }] : []);

/** Who can be rung, by whom it is answered, and when: what NHS record locators ask of a contact (domain.md G21). */
export const WHOM_TO_RING: readonly Rule[] = [
  {
    id: 'G21',
    sentence: 'A plan says whom to ring now, with a number: nobody can ring about this one.',
    check: (draft) => stop(numbersIn(linesToRing(draft)).length === 0),
  },
  {
    id: 'G21',
    sentence: 'A plan names a number of a service, which is answered whoever is on duty: every number of this one is a mobile.',
    check: (draft) => {
      const numbers = numbersIn(linesToRing(draft));
      return stop(numbers.length > 0 && numbers.every(isMobile));
    },
  },
  {
    id: 'G21',
    sentence: 'A person in crisis is not answered by a machine: take the voicemail out of whom to ring.',
    check: (draft) => stop(linesToRing(draft).some((line) => MACHINE.test(line))),
  },
  {
    id: 'G21',
    sentence: 'A plan says when its number is answered, and whom to ring at other times, or that there is nobody then.',
    check: (draft) => {
      const lines = linesToRing(draft);
      const says = (what: RegExp): boolean => lines.some((line) => what.test(line));
      return stop(numbersIn(lines).length > 0 && !says(ALWAYS) && !(says(HOURS) && says(OTHERWISE)));
    },
  },
];
