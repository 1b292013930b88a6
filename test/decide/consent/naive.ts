import type { Consent, Provision } from '../../../src/model/consent.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { CONTACT_CARD, type Heading, HEADINGS, kindMaySee, SHOWN_TOGETHER } from '../../../src/model/heading.ts';
import { PURPOSES_OF_KIND, type Purpose } from '../../../src/model/kind.ts';

/**
 * The gates once more, heading by heading and as slowly as they read: written from the words of the design and of the rules for consents, and from
 * nothing in `src/decide`. What it answers is the most that may ever be released.
 */
export const naively = (facts: Facts, now: number): ReadonlySet<Heading> => {
  const { person, plan, recipient, destination } = facts;
  const { version } = plan;
  if (!person.alive || person.restricted || plan.withdrawn || version === null) return new Set();
  if (!(person.traced && person.nhsNumber !== null) && !facts.matched) return new Set();
  const isNamed = plan.reach.recipientIds.includes(recipient.id) || recipient.areas.some((area) => plan.reach.areas.includes(area));
  const isInContact = facts.openContacts.some(({ until }) => until === null || now < until);
  if (destination.channel !== 'pull' && !isNamed && !isInContact) return new Set();

  const forPurpose = (purpose: Purpose): ReadonlySet<Heading> => {
    const may = new Set<Heading>();
    for (const heading of HEADINGS) {
      if (!kindMaySee(recipient.kind, heading)) continue;
      if (
        !facts.agreements.some(
          (one) => one.executed && isIn(one.period, now) && one.purposes.includes(purpose) && one.headings.includes(heading),
        )
      )
        continue;
      const says = facts.consents.map((consent) => sayingOf(consent, facts, purpose, heading, now));
      if (says.includes('deny') || says.includes('unknown') || !says.includes('permit')) continue;
      may.add(heading);
    }
    return may;
  };

  const best = PURPOSES_OF_KIND[recipient.kind].map((purpose) => {
    const may = forPurpose(purpose);
    return HEADINGS.filter((heading) => {
      if (!may.has(heading) || version.projections[recipient.kind].headings[heading] === undefined) return false;
      if (version.expiresAt !== null && version.expiresAt <= now && !CONTACT_CARD.includes(heading)) return false;
      return SHOWN_TOGETHER.every((pair) => !pair.includes(heading) || pair.every((other) => may.has(other)));
    });
  });
  return new Set(best.reduce((most, one) => (one.length > most.length ? one : most), []));
};

const isIn = (period: { readonly start: number | null; readonly end: number | null }, now: number): boolean =>
  !(period.start !== null && now < period.start) && !(period.end !== null && now >= period.end);
const hasBegun = (period: { readonly start: number | null }, now: number): boolean => period.start === null || now >= period.start;

type Saying = 'permit' | 'deny' | 'unknown' | 'nothing';

function sayingOf(consent: Consent, facts: Facts, purpose: Purpose, heading: Heading, now: number): Saying {
  const { plan, recipient, consents } = facts;
  if (consent.binds !== null && consent.binds !== plan.publisher) return 'nothing';
  if (!consent.active) return 'nothing';
  const after = consents.filter((other) => other.id !== consent.id && other.supersedes.includes(consent.id));
  // A deny stands until a later consent that is in force supersedes it by link.
  if (after.some((other) => other.active && isIn(other.period, now))) return 'nothing';
  if (consent.undecidable !== null) return 'unknown';
  if (consent.provisions.length === 0) return hasBegun(consent.period, now) ? 'deny' : 'nothing';

  let saying: Saying = 'nothing';
  for (const provision of consent.provisions) {
    if (provision.purposes.length > 0 && !provision.purposes.includes(purpose)) continue;
    if (provision.type === 'deny') {
      if (!hasBegun(consent.period, now) || !hasBegun(provision.period, now)) continue;
      const who = isAbout(provision, recipient);
      if (who === 'unknown') {
        // Nobody knows whom it denies: it might be this one, whatever the heading.
        if (saying !== 'deny') saying = 'unknown';
      } else if (who && isOf(provision, heading)) saying = 'deny';
    } else if (saying === 'nothing') {
      const isOver = after.some((other) => !other.active || hasBegun(other.period, now));
      const isInForce = isIn(consent.period, now) && isIn(provision.period, now) && !isOver;
      if (isInForce && isAbout(provision, recipient) === true && isOf(provision, heading)) saying = 'permit';
    }
  }
  return saying;
}

const isOf = ({ headings }: Provision, heading: Heading): boolean => headings.length === 0 || headings.includes(heading);

function isAbout({ actors }: Provision, recipient: Facts['recipient']): boolean | 'unknown' {
  let isUnknown = false;
  for (const actor of actors) {
    if (actor.is === 'kind' && actor.kind === recipient.kind) return true;
    if (actor.is === 'organization' && actor.ods === recipient.ods) return true;
    if (actor.is === 'service' && actor.recipientId === recipient.id) return true;
    if (actor.is === 'unresolved') isUnknown = true;
  }
  return actors.length === 0 ? true : isUnknown ? 'unknown' : false;
}
