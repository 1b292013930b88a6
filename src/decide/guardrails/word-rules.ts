import type { Find, Rule } from './rule.ts';
import type { Line } from './words-of.ts';
import { linesOf, wordsOf } from './words-of.ts';

interface WordList {
  readonly id: Rule['id'];
  readonly sentence: string;
  readonly patterns: readonly RegExp[];
  /** Headings in which the words are the person's lawful refusal, not an agency's instruction. */
  readonly except?: readonly string[];
  /** Whether a line in the first person only warns: "don't call me manipulative" is what a person asks for. */
  readonly firstPersonWarns?: true;
}

// The plainest cases only. `CPN` is missing on purpose: in a crisis plan it is the community psychiatric nurse.
const LISTS: readonly WordList[] = [
  {
    id: 'G1',
    sentence: 'A plan threatens nobody: take out the sanction or the condition.',
    patterns: [
      /\bcriminal behaviou?r orders?\b/i,
      /\bcbos?\b/i,
      /\bcommunity protection (?:notice|warning)s?\b/i,
      /\bprosecut(?:e|es|ed|ing|ion|ions)\b/i,
      /\barrest(?:ed)? (?:me |them |her |him )?if\b/i,
      /\b(?:behaviou?r|acceptable behaviou?r) (?:contract|agreement)s?\b/i,
      /\bwasting (?:of )?police time\b/i,
      /\bthere will be consequences\b/i,
      /\bface (?:the )?consequences\b/i,
    ],
  },
  {
    id: 'G2',
    sentence: 'A plan never tells anyone to withhold assessment, transport, admission or treatment.',
    patterns: [
      /\b(?:do not|don't|never|must not|should not|shouldn't|not to) (?:convey|transport|admit|assess|attend|despatch|dispatch)\b/i,
      /\b(?:do not|don't|never) send (?:an? )?(?:ambulance|crew)\b/i,
      /\b(?:do not|don't|never|must not|should not|shouldn't|not to) treat\b(?! (?:me|us|her|him|them|it|this) (?:like|as|badly|differently|with))/i,
      /\b(?:not to be|must not be|should not be|shouldn't be|never be) (?:conveyed|transported|admitted|assessed|attended|treated(?! (?:like|as|badly|differently)))\b/i,
    ],
    except: ['refusals', 'advance-statement'],
  },
  {
    id: 'G3',
    sentence: 'A plan never stands in for judgement: take out that it replaces or overrules assessment.',
    patterns: [
      /\bplan (?:replaces|overrides|overrules|takes precedence over|stands in for) (?:the |any |all |your |clinical )*(?:judge?ment|assessment)\b/i,
    ],
  },
  {
    id: 'G14',
    sentence: 'A plan has no labels for people: say what happens, and what helps.',
    patterns: [
      /\bhigh[- ]intensity user\b/i,
      /\bfrequent (?:flyer|flier|caller|attender)\b/i,
      /\battention[- ]seek(?:ing|er)\b/i,
      /\bmanipulative\b/i,
      /\bmalicious(?:ly)?\b/i,
      /\b(?:hoax|nuisance) call(?:er|s)?\b/i,
      /\btime[- ]?waster\b/i,
    ],
    firstPersonWarns: true,
  },
  {
    id: 'G15',
    sentence: 'A plan has no risk scores or bands: say what may happen, and what to do.',
    patterns: [
      /\brisk (?:score|rating|level|band|category)\b/i,
      /\b(?:very low|low|medium|moderate|high|very high)[- ]risk (?:patient|person|individual|client|service user)\b/i,
      /\brisk ?[:=] ?(?:very )?(?:low|medium|moderate|high)\b/i,
    ],
  },
];

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
export const WORD_RULES: readonly Rule[] = LISTS.map(toRule);

/** Whether a text has a number that can be rung: at least three digits together. */
export const hasNumber = (div: string): boolean => linesOf(div).some((line) => /\d{3}/.test(line));
