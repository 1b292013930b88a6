import type { Heading } from './heading.ts';

/**
 * Who speaks for a person who lacks capacity, each with its title: attorney and deputy decide (Mental Capacity Act 2005 ss. 9, 16); a nominated person
 * is heard (Mental Health Act 1983, as amended in 2025).
 */
export const PROXIES = {
  'lpa-health-welfare': 'Lasting power of attorney for health and welfare',
  deputy: 'Deputy for personal welfare, appointed by the Court of Protection',
  'nominated-person': 'Nominated person',
} as const;
export type ProxyAuthority = keyof typeof PROXIES;

export const isProxy = (value: string): value is ProxyAuthority => Object.hasOwn(PROXIES, value);

/** An advance decision to refuse treatment, as it was signed with a plan: Mental Capacity Act 2005 ss. 24 to 26. Days are `YYYY-MM-DD`. */
export interface AdvanceDecision {
  readonly is: 'advance-decision';
  readonly heading: Heading;
  /** What is refused, in the words in which the person refuses it (s. 24(2)). */
  readonly treatment: string;
  /** When it is refused (s. 24(1)(b)); null where always. */
  readonly circumstances: string | null;
  readonly madeOn: string;
  /** How it refuses life-sustaining treatment (s. 25(5), (6)); null where it does not. */
  readonly lifeSustaining: { readonly signedOn: string; readonly witness: string; readonly witnessedOn: string } | null;
  /** Where the signed document lies; null where nobody says. */
  readonly document: string | null;
}

/** Somebody who speaks for the person, as they were signed with a plan. */
export interface LegalProxy {
  readonly is: 'legal-proxy';
  readonly heading: Heading;
  readonly proxy: ProxyAuthority;
  readonly name: string;
  /** Number of the Office of the Public Guardian; null for whom it does not register. */
  readonly registration: string | null;
  readonly from: string;
  readonly until: string | null;
  readonly telecom: readonly { readonly system: 'phone' | 'email' | 'sms'; readonly value: string }[];
}

/** What stands under the heading of refusals beside its words. */
export type Refusal = AdvanceDecision | LegalProxy;

/** The heading under which refusals and proxies may stand. */
export const REFUSAL_HEADING: Heading = 'refusals';
/** The headings whose entries are read: an advance statement is words, and has none. */
export const ENTRY_HEADINGS: readonly Heading[] = [REFUSAL_HEADING, 'advance-statement'];
