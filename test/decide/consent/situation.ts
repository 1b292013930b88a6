import fc from 'fast-check';
import type { Actor, Consent, Provision } from '../../../src/model/consent.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { type Heading, HEADINGS } from '../../../src/model/heading.ts';
import { DAY } from '../../../src/model/instant.ts';
import { PURPOSES, RECIPIENT_KINDS } from '../../../src/model/kind.ts';
import type { Period } from '../../../src/model/period.ts';
import { agreement, consent, facts, NOW, recipient, version } from '../sample.ts';

/** An instant of the week around NOW. */
export const instant = fc.integer({ min: -3, max: 3 }).map((days) => NOW + days * DAY);
const period: fc.Arbitrary<Period> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ start: null, end: null }) },
  { weight: 2, arbitrary: fc.tuple(fc.option(instant), fc.option(instant)).map(([start, end]) => ({ start, end })) },
);
// A few headings, so that consents meet.
const heading: fc.Arbitrary<Heading> = fc.constantFrom('please-do', 'who-to-ring', 'medicines', 'people', 'do-not-contact');
const actor: fc.Arbitrary<Actor> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('ed', 'police', 'ambulance').map((kind): Actor => ({ is: 'kind', kind: kind as 'ed' })) },
  { weight: 3, arbitrary: fc.constantFrom('REC1', 'REC2').map((ods): Actor => ({ is: 'organization', ods })) },
  { weight: 2, arbitrary: fc.constantFrom('recipient', 'other').map((recipientId): Actor => ({ is: 'service', recipientId })) },
  { weight: 1, arbitrary: fc.constant<Actor>({ is: 'unresolved' }) },
);
/** One provision of a consent. */
export const provision: fc.Arbitrary<Provision> = fc.record({
  type: fc.constantFrom('permit', 'permit', 'permit', 'permit', 'permit', 'deny'),
  actors: fc.oneof(fc.constant([]), fc.array(actor, { maxLength: 2 })),
  purposes: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...PURPOSES]) }),
  headings: fc.uniqueArray(heading, { maxLength: 3 }),
  period,
});
const NAMES = ['c0', 'c1', 'c2', 'c3'];
/** One to three consents of a person. */
export const consents: fc.Arbitrary<readonly Consent[]> = fc
  .array(
    fc.record({
      binds: fc.constantFrom('TRUST1', 'TRUST1', 'TRUST1', null, 'TRUST2'),
      active: fc.constantFrom(true, true, true, true, false),
      period,
      provisions: fc.oneof(
        { weight: 9, arbitrary: fc.array(provision, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant([]) },
      ),
      supersedes: fc.subarray(NAMES, { maxLength: 1 }),
      undecidable: fc.oneof({ weight: 19, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant('cannot be read') }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map(({ provisions, ...change }, index) => consent(`c${index}`, provisions, change)));
const agreements = fc.array(
  fc
    .record({
      executed: fc.constantFrom(true, true, true, false),
      period,
      purposes: fc.oneof(fc.constant(PURPOSES), fc.subarray([...PURPOSES], { minLength: 1 })),
      headings: fc.oneof(fc.constant(HEADINGS), fc.uniqueArray(heading, { minLength: 1, maxLength: 5 })),
    })
    .map((change) => agreement(change)),
  { minLength: 1, maxLength: 3 },
);
/** All that the gates ask about, mostly open, so that what is released depends on consents, agreements and the clock. */
export const situation: fc.Arbitrary<Facts> = fc
  .record({
    consents,
    agreements,
    kind: fc.constantFrom('ed', 'ed', 'ambulance', ...RECIPIENT_KINDS),
    ods: fc.constantFrom('REC1', 'REC2'),
    expiresAt: fc.option(instant),
    alive: fc.integer({ min: 0, max: 19 }).map((one) => one > 0),
    traced: fc.constantFrom(true, true, true, true, true, false),
    matched: fc.boolean(),
    withdrawn: fc.integer({ min: 0, max: 19 }).map((one) => one === 0),
    isNamed: fc.constantFrom(true, true, true, false),
    contact: fc.option(fc.option(instant)),
  })
  .map(({ kind, ods, expiresAt, alive, traced, withdrawn, isNamed, contact, ...rest }) => {
    const whole = facts({ ...rest, recipient: recipient({ kind, ods }) });
    return {
      ...whole,
      person: { ...whole.person, alive, traced },
      plan: {
        ...whole.plan,
        withdrawn,
        version: version(HEADINGS, { expiresAt }),
        reach: { ...whole.plan.reach, recipientIds: isNamed ? ['recipient'] : [] },
      },
      openContacts: contact === null ? [] : [{ until: contact }],
    };
  });
