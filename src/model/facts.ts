import type { Agreement } from './agreement.ts';
import type { Consent } from './consent.ts';
import type { Instant } from './instant.ts';
import type { Person } from './person.ts';
import type { Plan } from './plan.ts';
import type { Destination, Recipient } from './recipient.ts';

/** Everything that `desired` reads about one key. */
export interface Facts {
  readonly person: Person;
  readonly plan: Plan;
  readonly consents: readonly Consent[];
  /** Agreements between the plan's publisher and the recipient. */
  readonly agreements: readonly Agreement[];
  readonly recipient: Recipient;
  readonly destination: Destination;
  /** End of the open crisis contacts that put the person in this recipient's care; empty when there is none, null end while one is open. */
  readonly openContacts: readonly { readonly until: Instant | null }[];
  /** Whether this recipient was shown the person by a confirmed match: without a traced number there is no other way to find them. */
  readonly matched: boolean;
}
