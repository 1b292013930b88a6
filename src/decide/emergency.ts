import type { Facts } from '../model/facts.ts';
import { kindMaySee } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import { HOUR } from '../model/instant.ts';
import { EMERGENCY_KINDS } from '../model/kind.ts';
import type { Because, Desired } from '../model/ledger.ts';
import { agreed } from './agreed.ts';
import { consented } from './consented.ts';
import { closedTo, disclosureDigest, nextChange, offeredHeadings, sentIdentity, shownOf } from './desired.ts';

/** How long emergency access lasts, from the moment at which its reason was given. */
export const EMERGENCY_LASTS: number = HOUR;

/**
 * What emergency access (break-glass) shows of a plan now: design section 4, G23. A missing consent does not stand in its way; an explicit deny
 * does, for the purposes that it names: `BTG`, or all of them. The agreement must allow `BTG` by name, for no purpose implies it. Police never.
 */
export function emergency(facts: Facts, now: Instant): Exclude<Desired, { freeze: true }> {
  const { person, plan, recipient, destination } = facts;
  const until = nextChange(facts, now);
  const nothing = (because: Because): { nothing: true; because: Because; until: Instant | null } => ({ nothing: true, because, until });

  const closed = closedTo(facts);
  if (closed !== null) return nothing(closed);
  if (plan.version === null) return nothing('no-approved-version');
  if (!EMERGENCY_KINDS.some((kind) => kind === recipient.kind)) return nothing('no-agreement');
  const agreedHeadings = agreed(facts.agreements, 'BTG', now);
  if (agreedHeadings.size === 0) return nothing('no-agreement');
  const { denied, undecidableSince } = consented(facts.consents, { publisher: plan.publisher, recipient, purpose: 'BTG' }, now);
  if (undecidableSince !== null) return nothing('consent-undecidable');

  const offered = offeredHeadings(plan.version, recipient.kind, now);
  const headings = shownOf(
    offered,
    (heading) => agreedHeadings.has(heading) && !denied.has(heading) && kindMaySee(recipient.kind, heading),
  );
  if (headings.length === 0) return nothing(denied.size > 0 ? 'ruled-out' : 'nothing-to-disclose');
  return {
    hold: disclosureDigest(person, plan.version, recipient.kind, headings, now),
    place: { address: destination.address, identity: sentIdentity(person, recipient.kind) },
    headings,
    purpose: 'BTG',
    until,
  };
}
