import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { Desired } from './ledger.ts';
import type { Destination, Recipient } from './recipient.ts';

/** A fact that a decision read: the version that is stored now, and the hash under which the trail names it. */
export interface Ground {
  /** `Consent/x/_history/2`. */
  readonly reference: string;
  readonly hash: string;
}

/** What is believed to lie at one address of a recipient. */
export interface Held {
  readonly state: 'held' | 'uncertain';
  readonly headings: readonly Heading[];
  /** When it was sent or read; null where that is not known any more. */
  readonly since: Instant | null;
}

/** The last time that an address was asked to give something up, and its answer. */
export interface AskedBack {
  readonly at: Instant;
  readonly outcome: 'open' | 'accepted' | 'refused' | 'unknown';
  readonly because: string | null;
}

/** One address of a recipient, as far as this plan goes. */
export interface SharedAt {
  readonly channel: Destination['channel'];
  /** What should lie there now: at an address that is told, reach counts too. */
  readonly wanted: Desired;
  readonly held: readonly Held[];
  readonly askedBack: AskedBack | null;
}

/** Who a service is, as a person reads it. */
export interface NamedRecipient extends Recipient {
  readonly name: string;
}

/** What an answer of a past instant could not read as it was then, or says by something of now. */
export type PastNote = 'rules' | 'records' | 'contacts' | 'matched' | 'addresses';
