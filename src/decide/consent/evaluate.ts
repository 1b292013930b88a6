import type { ConsentQuestion, ConsentRules, Datum } from '../../model/consent-rules.ts';
import { includes } from '../../model/period.ts';
import { type Said, whatOneSays } from './what-one-says.ts';

/** What became of one datum, and by which provision of which consent; null where none speaks of it. */
export interface Evaluated {
  readonly datum: Datum;
  readonly answer: 'permit' | 'deny' | 'undecidable';
  readonly reason: string;
  /** `consent[1] Consent.provision.provision[0]`. */
  readonly provision: string | null;
}

/** The answer to a question: of what is undecidable in any part nothing is released. */
export interface Evaluation {
  readonly decision: 'permit' | 'deny' | 'undecidable';
  readonly data: readonly Evaluated[];
}

const superseders = (consent: ConsentRules, all: readonly ConsentRules[]): readonly ConsentRules[] =>
  all.filter((other) => other !== consent && other.patient === consent.patient && consent.ids.some((id) => other.supersedes.includes(id)));

/** What a consent denied is let go only by one that is itself in force now. */
const isLetGo = (consent: ConsentRules, all: readonly ConsentRules[], at: number): boolean =>
  superseders(consent, all).some((other) => other.active && includes(other.root.period, at));

/** What a consent permitted is over as soon as another has superseded it, even if that one has ended since. */
const isReplaced = (consent: ConsentRules, all: readonly ConsentRules[], at: number): boolean =>
  superseders(consent, all).some(({ active, root: { period } }) => !active || period.start === null || period.start <= at);

/** Of several consents an explicit deny wins, then what cannot be decided, then a permit. Where none speaks, nothing is released. */
function evaluateOne(consents: readonly ConsentRules[], datum: Datum, question: ConsentQuestion): Evaluated {
  const said = consents
    .filter((consent) => !isLetGo(consent, consents, question.at))
    .map((consent): readonly [string, Said] => [
      consent.name,
      whatOneSays(consent, datum, question, isReplaced(consent, consents, question.at)),
    ]);
  for (const answer of ['deny', 'undecidable', 'permit'] as const)
    for (const [name, each] of said) if (each.says === answer) return { datum, answer, reason: each.why, provision: `${name} ${each.at}` };
  return { datum, answer: 'deny', reason: 'no consent in force permits it', provision: null };
}

/** Evaluates R4 consents of one person for one question: consent.md section 1.4, with explicit supersession first, then deny wins. */
export function evaluate(consents: readonly ConsentRules[], question: ConsentQuestion): Evaluation {
  const data = question.data.map((datum) => evaluateOne(consents, datum, question));
  const has = (answer: Evaluated['answer']): boolean => data.some((each) => each.answer === answer);
  return { decision: has('undecidable') ? 'undecidable' : has('permit') ? 'permit' : 'deny', data };
}
