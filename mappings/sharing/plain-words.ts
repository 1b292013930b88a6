import type { ParametersParameter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { HEADING_TABLE, type Heading } from '../../src/model/heading.ts';
import type { Instant } from '../../src/model/instant.ts';
import type { Purpose, RecipientKind } from '../../src/model/kind.ts';
import type { Because } from '../../src/model/ledger.ts';
import type { NamedRecipient, PastNote } from '../../src/model/sharing.ts';

/** Words for the person whose plan it is: what is shared, with whom, and why. */

export const KIND_WORDS: Readonly<Record<RecipientKind, string>> = {
  publisher: 'an NHS trust',
  epr: 'a patient record system',
  ed: 'an emergency department',
  ambulance: 'an ambulance service',
  police: 'a police force',
  'crisis-line': 'a crisis line',
};

export const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  TREAT: 'for your treatment',
  ETREAT: 'for emergency treatment',
  COC: 'to coordinate your care',
  BTG: 'for emergency access',
  'crisis-response': 'to respond to you in a crisis',
};

export const BECAUSE_WORDS: Readonly<Record<Because, string>> = {
  'not-alive': 'nothing is shared after a death',
  restricted: 'your record is restricted',
  'not-traced': 'your NHS number is not verified',
  'no-approved-version': 'there is no approved plan',
  withdrawn: 'the plan was withdrawn',
  'out-of-reach': 'the plan is not meant for them',
  'no-agreement': 'no agreement with them is in force',
  'no-consent': 'no consent of yours permits it',
  'consent-undecidable': 'what a consent says cannot be worked out, and somebody was asked to look',
  'nothing-to-disclose': 'what you permit is nothing that this kind of service may see',
  'ruled-out': 'you have ruled it out',
};

/** What an answer of a past instant is not: for the trust that asks. */
export const NOTE_WORDS: Readonly<Record<PastNote, string>> = {
  rules: 'The facts are those of then; they are decided by the rules of the broker as it runs now.',
  records:
    'Records of other organisations count as they were then where they are of this person now: one that was corrected to another person, or erased, since then is not seen.',
  contacts:
    'Crisis contacts count as they were then where they are of this person now: one that was corrected to another person, or erased, since then is not seen.',
  matched: 'That this service had found the person by a confirmed match is read from the trail of that time.',
  addresses: 'Of some addresses it is not known since when they are those of the plan: they are listed as they are now.',
};

const TITLES: ReadonlyMap<string, string> = new Map(HEADING_TABLE.map(({ code, title }) => [code, title]));
export const titles = (headings: readonly Heading[]): string => headings.map((each) => TITLES.get(each) ?? each).join('; ');

const UK_DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long', timeStyle: 'short' });
export const day = (instant: Instant): string => UK_DAY.format(instant);

/** A service as a part of an answer: whose it is, and what it is called. */
export const toService = ({ id, ods, name, kind }: NamedRecipient): ParametersParameter => ({
  name: 'service',
  valueReference: {
    reference: `HealthcareService/${id}`,
    identifier: { system: System.odsOrganization, value: ods },
    display: `${name}, ${KIND_WORDS[kind]}`,
  },
});
