import type { DisclosedPerson, Disclosure } from '../model/disclosure.ts';
import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { Desired, Ledger } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import { isExpired, isReviewOverdue } from './desired.ts';
import { digest } from './digest.ts';
import type { ProjectedWords } from './project.ts';

/** What is needed beside the facts to show a disclosure: the kind's signed words, the person's details, the publisher's name. */
export interface Content {
  readonly words: ProjectedWords;
  readonly person: DisclosedPerson;
  readonly publisherName: string;
}

type Held = Extract<Desired, { hold: string }>;

/** What this recipient sees now: of the kind's signed words those under the headings that passed every gate, and the least of the person. */
export function disclose(
  facts: Facts,
  want: Held,
  content: Content,
  id: string,
  disclosed: NonNullable<Ledger['disclosed']>,
  now: Instant,
): Disclosure {
  if (!holds(want) || facts.plan.version === null) throw new Error('nothing may be disclosed');
  const { kind, ods } = facts.recipient;
  const { version } = facts.plan;
  const isShown = ({ heading }: { readonly heading: (typeof want.headings)[number] }): boolean => want.headings.includes(heading);
  return {
    id,
    kind,
    purpose: want.purpose,
    publisher: { ods: facts.plan.publisher, name: content.publisherName },
    recipient: { ods },
    person: leastOf(content.person, kind, want.headings.includes('who-i-am')),
    sections: content.words.sections.filter(isShown),
    actions: content.words.actions.filter(isShown),
    reviewDate: version.reviewDate,
    reviewOverdue: isReviewOverdue(version, now),
    contactCardOnly: isExpired(version, now),
    // A count, and what was counted: a recipient may read over two destinations.
    version: `${disclosed.version}-${digest([want.hold]).slice(0, 8)}`,
    issuedAt: disclosed.at,
  };
}

/** Police are given name, preferred name and birth date; others the NHS number too, and the rest only under the heading that holds it. */
function leastOf(person: DisclosedPerson, kind: RecipientKind, whoIAm: boolean): DisclosedPerson {
  const isPolice = kind === 'police';
  const isWhole = whoIAm && !isPolice;
  return {
    nhsNumber: isPolice ? null : person.nhsNumber,
    family: person.family,
    given: person.given,
    preferredName: person.preferredName,
    birthDate: person.birthDate,
    gender: isWhole ? person.gender : null,
    address: isWhole ? person.address : null,
    telecom: isWhole ? person.telecom : [],
  };
}
