import type { Find, Rule } from './rule.ts';
import { WORD_LISTS, type WordList } from './word-lists.ts';
import type { Line } from './words-of.ts';
import { wordsOf } from './words-of.ts';

const FIRST_PERSON = /\b(?:i|i'm|i've|i'd|me|my|mine)\b/i;

const finds = (list: WordList, line: Line): readonly Find[] => {
  if (line.heading !== null && (list.except ?? []).includes(line.heading)) return [];
  if (!list.patterns.some((pattern) => pattern.test(line.text))) return [];
  const personal = line.byPerson || (list.firstPersonWarns === true && FIRST_PERSON.test(line.text));
  return [{ at: line.at, stops: !personal }];
};

const toRule = (list: WordList): Rule => ({
  id: list.id,
  sentence: list.sentence,
  check: (draft) => wordsOf(draft).flatMap((line) => finds(list, line)),
});

/** The rules that read words: hard stops in agency text, warnings in the person's own. */
export const WORD_RULES: readonly Rule[] = WORD_LISTS.map(toRule);
