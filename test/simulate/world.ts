import type { Consent } from '../../src/model/consent.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import type { ApprovedVersion, Projection } from '../../src/model/plan.ts';
import type { Destination } from '../../src/model/recipient.ts';
import type { Chance } from './chance.ts';

const SEEN: readonly Heading[] = ['please-do', 'triggers', 'who-to-ring'];

/** The facts of one simulated plan and destination, and the changes that can befall them. */
export class SimulatedWorld {
  facts: Facts;
  epoch = 0;
  #consents = 0;

  constructor(destination: Destination) {
    this.facts = {
      person: { id: 'person', alive: true, restricted: false, nhsNumber: '1', traced: true, nameDigest: 'n', identityDigest: 'i' },
      plan: { id: 'plan', publisher: 'PUB', withdrawn: false, version: version(1), reach: { recipientIds: ['recipient'], areas: [] } },
      consents: [],
      agreements: [{ id: 'agreement', executed: true, period: { start: null, end: null }, purposes: ['ETREAT'], headings: HEADINGS }],
      recipient: { id: 'recipient', ods: 'REC', kind: 'ed', retains: true, areas: [] },
      destination,
      openContacts: [],
      matched: false,
    };
    this.#consent(SEEN, null, 0);
  }

  /** One change of a fact, as life brings them: in seconds, in any order. */
  change(chance: Chance, now: number): void {
    const what = chance.below(9);
    const { facts } = this;
    if (what < 1.5) this.#set({ plan: { ...facts.plan, version: version(Math.ceil(chance.below(3))), withdrawn: false } });
    else if (what < 3) this.#consent([], null, now);
    else if (what < 5) this.#consent(SEEN, chance.is(0.3) ? now + 500 + chance.below(30_000) : null, now);
    else if (what < 6) this.#consent(SEEN.slice(0, 2), null, now);
    else if (what < 7) this.#set({ person: { ...facts.person, nhsNumber: chance.of(['1', '2']) } });
    else if (what < 7.5) this.#set({ destination: { ...facts.destination, address: chance.of(['a', 'b']) } });
    else if (what < 8) this.#set({ plan: { ...facts.plan, withdrawn: !facts.plan.withdrawn } });
    else {
      const end = chance.is(0.5) ? now + chance.below(20_000) : null;
      this.#set({
        agreements: [{ ...(facts.agreements[0] as Facts['agreements'][number]), executed: chance.is(0.7), period: { start: null, end } }],
      });
    }
  }

  #consent(headings: readonly Heading[], end: number | null, now: number): void {
    const id = `consent-${++this.#consents}`;
    const consent: Consent = {
      id,
      binds: 'PUB',
      active: true,
      period: { start: null, end: null },
      provisions:
        headings.length === 0
          ? []
          : [{ type: 'permit', actors: [{ is: 'kind', kind: 'ed' }], purposes: [], headings, period: { start: null, end } }],
      supersedes: this.facts.consents.map((earlier) => earlier.id),
      undecidable: null,
      recordedAt: now,
    };
    this.#set({ consents: [consent] });
  }

  #set(change: Partial<Facts>): void {
    this.facts = { ...this.facts, ...change };
    this.epoch++;
  }
}

function version(number: number): ApprovedVersion {
  const headings = Object.fromEntries(SEEN.map((heading) => [heading, `${heading}-${number}`]));
  const projection: Projection = { hash: `${number}`, headings };
  return {
    carePlanId: `version-${number}`,
    projections: Object.fromEntries(RECIPIENT_KINDS.map((kind) => [kind, projection])) as ApprovedVersion['projections'],
    reviewDate: '2027-01-01',
    expiresAt: null,
    reissue: 0,
  };
}
