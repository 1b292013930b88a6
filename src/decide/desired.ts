import type { Agreement } from '../model/agreement.ts';
import type { Facts } from '../model/facts.ts';
import type { Heading } from '../model/heading.ts';
import { CONTACT_CARD, HEADINGS, kindMaySee, SHOWN_TOGETHER } from '../model/heading.ts';
import { isFlagOnly } from '../model/hl7v2-ways.ts';
import type { Instant } from '../model/instant.ts';
import { DAY, earliest } from '../model/instant.ts';
import type { Purpose, RecipientKind } from '../model/kind.ts';
import { PURPOSES_OF_KIND } from '../model/kind.ts';
import type { Because, Desired } from '../model/ledger.ts';
import { nextDay, startOfLondonDay } from '../model/london-day.ts';
import { nextBoundary } from '../model/period.ts';
import type { Person } from '../model/person.ts';
import type { ApprovedVersion, Projection } from '../model/plan.ts';
import { tellsEverybody } from '../model/recipient.ts';
import { agreed } from './agreed.ts';
import { consented } from './consented.ts';
import { digest } from './digest.ts';
import { everyConsumer } from './every-consumer.ts';

/** How long what cannot be decided stays as it is, counted from the moment that is stored with the fact: design section 4. */
export const FREEZE: number = DAY;

/** What a destination should hold now. The gates of design section 4, in order; every road uses this one function. */
export function desired(facts: Facts, now: Instant): Desired {
  const until = nextChange(facts, now);
  const nothing = (because: Because): Desired => ({ nothing: true, because, until });
  const { person, plan, recipient, destination } = facts;

  const closed = closedTo(facts);
  if (closed !== null) return nothing(closed);
  if (plan.version === null) return nothing('no-approved-version');
  if (tracedNumber(person) === null && !facts.matched) return nothing('not-traced');
  if (destination.channel !== 'pull' && !(isInReach(facts, now) && isAskedFor(facts))) return nothing('out-of-reach');

  if (tellsEverybody(destination)) return desiredByAll(facts, plan.version, now, until);
  const offered = offeredHeadings(plan.version, recipient.kind, now);
  const answers = PURPOSES_OF_KIND[recipient.kind].map((purpose) => answer(facts, purpose, offered, now));
  if (answers.every((one) => !one.agreed)) return nothing('no-agreement');

  const frozen = undecided(answers, now, until);
  if (frozen !== null) return frozen;

  const best = answers.reduce((most, one) => (one.headings.length > most.headings.length ? one : most));
  if (best.headings.length === 0) return nothing(answers.some((one) => one.agreed && one.consented) ? 'nothing-to-disclose' : 'no-consent');
  const isFlag = isFlagOnly(destination.hl7v2);
  return {
    hold: isFlag
      ? flagDigest(person, plan.version, recipient.kind)
      : disclosureDigest(person, plan.version, recipient.kind, best.headings, now),
    place: { address: destination.address, identity: sentIdentity(person, recipient.kind) },
    // Whoever is told only that there is a plan is shown nothing of it: a new version changes nothing for them (I5).
    headings: isFlag ? [] : best.headings,
    purpose: best.purpose,
    until: untilBanner(plan.version, now, until),
  };
}

/** What was agreed to and cannot be decided: frozen for a time, then nothing (I11). Null where all could be. */
const undecided = (answers: readonly Answer[], now: Instant, until: Instant | null): Desired | null => {
  const since = answers.flatMap((one) => (one.agreed && one.undecidableSince !== null ? [one.undecidableSince] : []));
  if (since.length === 0) return null;
  const thawsAt = Math.min(...since) + FREEZE;
  if (now >= thawsAt) return { nothing: true, because: 'consent-undecidable', until };
  return { freeze: true, because: 'consent-undecidable', until: earliest(thawsAt, until) ?? thawsAt };
};

/** What is held has a banner from the end of its review on; what is not, has not. */
const untilBanner = (version: ApprovedVersion, now: Instant, until: Instant | null): Instant | null =>
  isReviewOverdue(version, now) ? until : earliest(until, reviewEnds(version));

/**
 * Whether a record locator should hold a pointer, or an event be told: that shows everybody that there is a plan, so that each of them has to be one who may
 * be shown something of it, for each purpose. Not past hard expiry: a provider deletes its pointer when the plan expires (nhs.md section 1).
 */
function desiredByAll(facts: Facts, version: ApprovedVersion, now: Instant, until: Instant | null): Desired {
  const nothing = (because: Because): Desired => ({ nothing: true, because, until });
  const number = tracedNumber(facts.person);
  if (number === null) return nothing('not-traced');
  if (isExpired(version, now)) return nothing('nothing-to-disclose');
  const answers = everyConsumer(facts).map(({ facts: asked, purpose }) =>
    answer(asked, purpose, offeredHeadings(version, asked.recipient.kind, now), now),
  );
  if (answers.some((one) => !one.agreed)) return nothing('no-agreement');
  const frozen = undecided(answers, now, until);
  if (frozen !== null) return frozen;
  if (answers.some((one) => !one.consented)) return nothing('no-consent');
  if (answers.some((one) => one.headings.length === 0)) return nothing('nothing-to-disclose');
  // It says that there is a plan, and nothing of it.
  const told = { place: { address: facts.destination.address, identity: number }, headings: [], purpose: 'TREAT' as const };
  if (facts.destination.channel === 'nrl') return { ...told, hold: pointerDigest(number, facts.plan.publisher, version), until };
  const common = HEADINGS.filter((heading) => answers.every(({ headings }) => headings.includes(heading)));
  return { ...told, hold: signalDigest(facts, number, version, common, now), until: untilBanner(version, now, until) };
}

/** Why nothing of a plan leaves, whoever asks and for whatever; null where that is for the gates to say. */
export const closedTo = ({ person, plan }: Pick<Facts, 'person' | 'plan'>): Because | null => {
  if (!person.alive) return 'not-alive';
  if (person.restricted) return 'restricted';
  if (plan.withdrawn) return 'withdrawn';
  return plan.version === null ? 'no-approved-version' : null;
};

/** The NHS number under which a person may be pushed, found and named; null where none is verified, for that one may be somebody else's. */
export const tracedNumber = ({ nhsNumber, traced }: Person): string | null => (traced ? nhsNumber : null);

/** The identifier that a kind is sent; police are sent none. */
export const sentIdentity = (person: Person, kind: RecipientKind): string => (kind === 'police' ? '-' : (tracedNumber(person) ?? '-'));

/** Whether the plan's reach includes the recipient: named, by area, or through an open crisis contact. */
export function isInReach({ plan, recipient, openContacts }: Facts, now: Instant): boolean {
  return (
    plan.reach.recipientIds.includes(recipient.id) ||
    plan.reach.areas.some((area) => recipient.areas.includes(area)) ||
    openContacts.some((contact) => contact.until === null || contact.until > now)
  );
}

/** Agreements that serve this road: what is sent, what is read by those in reach, and what is looked up by others. */
export function agreementsFor(facts: Facts, now: Instant): readonly Agreement[] {
  if (facts.destination.channel !== 'pull') return facts.agreements.filter(({ reach }) => reach !== 'look-up');
  return isInReach(facts, now) ? facts.agreements : facts.agreements.filter(({ reach }) => reach !== 'in-reach');
}

/** Whether a Subscription's filter lets the plan pass; every other address takes all. */
const isAskedFor = ({ plan, destination: { asks } }: Facts): boolean => asks?.publishers?.includes(plan.publisher) ?? true;

interface Answer {
  readonly purpose: Purpose;
  readonly agreed: boolean;
  readonly consented: boolean;
  readonly headings: readonly Heading[];
  readonly undecidableSince: Instant | null;
}

function answer(facts: Facts, purpose: Purpose, offered: readonly Heading[], now: Instant): Answer {
  const { plan, recipient } = facts;
  const agreedHeadings = agreed(agreementsFor(facts, now), purpose, now);
  const { headings: consentedHeadings, undecidableSince } = consented(
    facts.consents,
    { publisher: plan.publisher, recipient, purpose },
    now,
  );
  const may = (heading: Heading): boolean =>
    agreedHeadings.has(heading) && consentedHeadings.has(heading) && kindMaySee(recipient.kind, heading);
  return {
    purpose,
    agreed: agreedHeadings.size > 0,
    consented: consentedHeadings.size > 0,
    headings: shownOf(offered, may),
    undecidableSince,
  };
}

/** Of what is offered that which may be shown; headings that make sense only together are shown together. */
export const shownOf = (offered: readonly Heading[], may: (heading: Heading) => boolean): readonly Heading[] =>
  offered.filter((heading) => may(heading) && SHOWN_TOGETHER.every((pair) => !pair.includes(heading) || pair.every(may)));

/** What the approved projection offers a kind: past hard expiry, whom to ring and nothing else. */
export function offeredHeadings(version: ApprovedVersion, kind: RecipientKind, now: Instant): readonly Heading[] {
  const projection = version.projections[kind];
  const signed = HEADINGS.filter((heading) => projection.headings[heading] !== undefined);
  return isExpired(version, now) ? signed.filter((heading) => CONTACT_CARD.includes(heading)) : signed;
}

/** Whether only the contact card is left of a version. */
export const isExpired = (version: ApprovedVersion, now: Instant): boolean => version.expiresAt !== null && version.expiresAt <= now;

/** Midnight in London after the day on which a version is to be reviewed: from then on it is shown with a banner (G20). */
const reviewEnds = ({ reviewDate }: Pick<ApprovedVersion, 'reviewDate'>): Instant => startOfLondonDay(nextDay(reviewDate));

/** Whether the review of a version is overdue. */
export const isReviewOverdue = (version: Pick<ApprovedVersion, 'reviewDate'>, now: Instant): boolean => reviewEnds(version) <= now;

/**
 * Covers what the recipient sees and nothing else, its banners too: not the plan's version or dates, which would tell of hidden changes (I4, I5).
 */
export function disclosureDigest(
  person: Person,
  version: ApprovedVersion,
  kind: RecipientKind,
  headings: readonly Heading[],
  now: Instant,
): string {
  const projection: Projection = version.projections[kind];
  return digest([
    kind === 'police'
      ? person.nameDigest
      : [tracedNumber(person), headings.includes('who-i-am') ? person.identityDigest : person.nameDigest],
    headings.map((heading) => [heading, projection.headings[heading]]),
    version.reviewDate,
    isExpired(version, now),
    version.reissue,
    // Nothing where it is not: what was sent before there was this banner is held as it is.
    ...(isReviewOverdue(version, now) ? ['review-overdue'] : []),
  ]);
}

/** Covers what a flag tells, that there is a plan and of whom, and the re-issue number that a person raises to have it told again. */
const flagDigest = (person: Person, { reissue }: ApprovedVersion, kind: RecipientKind): string =>
  digest(['plan-flag', kind === 'police' ? null : tracedNumber(person), person.nameDigest, reissue]);

/** Covers what a pointer says: whose plan it is, which trust keeps it, and the re-issue number. Not its version: what it points to is computed when it is read, and a new one changes nothing there (I5). */
const pointerDigest = (nhsNumber: string, publisher: string, { reissue }: ApprovedVersion): string =>
  digest(['nrl-pointer', nhsNumber, publisher, reissue]);

/**
 * Covers what everybody who is told may see: police see the least of it. What some may see and others not tells of itself to those who may, over their own
 * roads: an event for it would tell all others of a hidden change (I4, I5).
 */
const signalDigest = (
  { person, plan }: Facts,
  nhsNumber: string,
  version: ApprovedVersion,
  common: readonly Heading[],
  now: Instant,
): string => digest(['event-signal', nhsNumber, plan.publisher, disclosureDigest(person, version, 'police', common, now)]);

/** The next moment at which time alone may change the answer. */
export function nextChange(facts: Facts, now: Instant): Instant | null {
  const expiresAt = facts.plan.version?.expiresAt ?? null;
  return earliest(
    expiresAt !== null && expiresAt > now ? expiresAt : null,
    ...facts.agreements.map((agreement) => nextBoundary(agreement.period, now)),
    ...facts.consents.flatMap((consent) => [
      nextBoundary(consent.period, now),
      ...consent.provisions.map((provision) => nextBoundary(provision.period, now)),
    ]),
    ...facts.openContacts.map((contact) => (contact.until !== null && contact.until > now ? contact.until : null)),
  );
}
