import type { Issue } from '../model/anomaly.ts';
import type { Kind } from '../model/kind.ts';
import type { Draft, Find, Rule } from './guardrails/rule.ts';
import { noHiddenWords } from './guardrails/no-hidden-words.ts';
import { ownWords } from './guardrails/own-words.ts';
import { WHOM_TO_RING } from './guardrails/whom-to-ring.ts';
import { WORD_RULES } from './guardrails/word-rules.ts';

/** `Type/id` of a literal reference, whatever base or version stands around it. */
const typeAndId = (reference: string): string =>
  /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/.*)?$/.exec(reference)?.[1] ?? reference;
const sameResource = (a: string, b: string): boolean => typeAndId(a) === typeAndId(b);

const stop = (at: string): Find => ({ at, stops: true });

/** An activity that forbids care: the schema has no other way to say it. */
const doNotPerform: Rule = {
  id: 'G2',
  sentence: "A plan never tells anyone to withhold care: a don't is a line of the plan, never an activity.",
  check: ({ carePlan }) =>
    (carePlan.activity ?? []).flatMap(({ detail }, index) =>
      detail?.doNotPerform === true ? [stop(`CarePlan.activity[${index}].detail.doNotPerform`)] : [],
    ),
};

const noPolice: Rule = {
  id: 'G4',
  sentence: 'Police read a plan; they do not write, approve or belong to the team of one.',
  check: ({ hands }) => hands.filter(({ kinds }) => kinds?.includes('police')).map(({ at }) => stop(at)),
};

/** What cannot be decided sends nothing new (I11): a hand whose organisation nobody knows might be a police officer's. */
const handsKnown: Rule = {
  id: 'G4',
  sentence: 'Everyone who writes, approves or is in the team of a plan belongs to an organisation that is known here.',
  check: ({ hands }) => hands.filter(({ kinds }) => kinds === null).map(({ at }) => stop(at)),
};

const isOfPerson = (kinds: readonly Kind[] | null): boolean => kinds?.every((kind) => kind === 'person') === true;

const approvedBySomeone: Rule = {
  id: 'G12',
  sentence: 'A plan is approved by a clinician: name the approver. The person and carers sign beside one.',
  check: ({ hands }) => (hands.some(({ as, kinds }) => as === 'approver' && !isOfPerson(kinds)) ? [] : [stop('Provenance.agent')]),
};

const withThePerson: Rule = {
  id: 'G12',
  sentence: 'A plan needs the agreement of the person, or the recorded reason why not and a second clinician who is not the approver.',
  check: ({ agreement, hands }) => {
    const { agreed, reason, secondClinician } = agreement;
    if (agreed) return [];
    const at = 'CarePlan.extension.agreedWithPerson';
    if (reason === null || reason.trim() === '') return [stop(`${at}.reason`)];
    if (secondClinician === null || secondClinician.trim() === '') return [stop(`${at}.secondClinician`)];
    // An approver whom nobody can tell from the second clinician might be the second clinician.
    const approvers = hands.filter(({ as }) => as === 'approver');
    return approvers.some(({ reference }) => reference === null || sameResource(reference, secondClinician))
      ? [stop(`${at}.secondClinician`)]
      : [];
  },
};

/** The guardrails that are judged at approval, in the order of domain.md section 2. */
export const GUARDRAILS: readonly Rule[] = [
  ...WORD_RULES,
  doNotPerform,
  noPolice,
  handsKnown,
  approvedBySomeone,
  withThePerson,
  ownWords,
  noHiddenWords,
  ...WHOM_TO_RING,
];

/** What a guardrail finds in a draft. */
export interface Finding extends Find, Pick<Rule, 'id' | 'sentence'> {}

/** All that the guardrails find: what stops an approval, and what the approver should look at again. Never quotes the plan. */
const findingsOf = (draft: Draft): readonly Finding[] =>
  GUARDRAILS.flatMap(({ id, sentence, check }) => check(draft).map((find) => ({ ...find, id, sentence })));

const judge = (draft: Draft, stops: boolean): readonly Issue[] =>
  findingsOf(draft)
    .filter((finding) => finding.stops === stops)
    .map(
      ({ at, id, sentence }): Issue => ({ at, code: 'business-rule', help: `${id}: ${sentence}`, severity: stops ? 'error' : 'warning' }),
    );

/** The same of a draft that nobody has signed yet: nothing is found of who signs it. */
export const findingsUnsigned = (draft: Draft): readonly Finding[] => findingsOf(draft).filter(({ at }) => !at.startsWith('Provenance.'));

/** Why a draft cannot be approved: an issue a find; empty where nothing stops it. Never quotes the plan. */
export const guardrails = (draft: Draft): readonly Issue[] => judge(draft, true);

/** What the approver should look at again: words that would stop an agency's text, in the person's own. Stops nothing. */
export const guardrailWarnings = (draft: Draft): readonly Issue[] => judge(draft, false);
