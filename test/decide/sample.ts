import { createHash } from 'node:crypto';
import type { Agreement } from '../../src/model/agreement.ts';
import type { Consent, Provision } from '../../src/model/consent.ts';
import type { Copy } from '../../src/model/copy.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { PURPOSES, RECIPIENT_KINDS } from '../../src/model/kind.ts';
import type { Attempt, Ledger, Move } from '../../src/model/ledger.ts';
import { ALWAYS } from '../../src/model/period.ts';
import type { Person } from '../../src/model/person.ts';
import type { ApprovedVersion, Plan, Projection } from '../../src/model/plan.ts';
import type { Destination, Recipient } from '../../src/model/recipient.ts';

/** The instant at which the tables decide. */
export const NOW = Date.parse('2026-11-20T12:00:00Z');
export const LIFETIME = 60_000;
export const NUMBER = '9990000018';
export const OTHER_NUMBER = '9990000026';

const hash = (words: string): string => createHash('sha256').update(words).digest('hex');

export const person = (change: Partial<Person> = {}): Person => ({
  id: 'person',
  alive: true,
  restricted: false,
  nhsNumber: NUMBER,
  traced: true,
  nameDigest: 'name',
  identityDigest: 'identity',
  ...change,
});

/** What each kind's projection holds; every heading for every kind where nothing is said, so that only the other gates take away. */
export const version = (
  headings: readonly Heading[] = HEADINGS,
  change: Partial<ApprovedVersion> = {},
  only: Partial<Record<RecipientKind, readonly Heading[]>> = {},
): ApprovedVersion => ({
  carePlanId: 'version-1',
  projections: Object.fromEntries(
    RECIPIENT_KINDS.map((kind): [RecipientKind, Projection] => [
      kind,
      { hash: `${kind}`, headings: Object.fromEntries((only[kind] ?? headings).map((heading) => [heading, hash(heading)])) },
    ]),
  ) as ApprovedVersion['projections'],
  reviewDate: '2027-05-01',
  expiresAt: null,
  reissue: 0,
  ...change,
});

export const plan = (change: Partial<Plan> = {}): Plan => ({
  id: 'plan',
  publisher: 'TRUST1',
  withdrawn: false,
  version: version(),
  reach: { recipientIds: ['recipient'], areas: [] },
  ...change,
});

export const recipient = (change: Partial<Recipient> = {}): Recipient => ({
  id: 'recipient',
  ods: 'REC1',
  kind: 'ed',
  retains: true,
  areas: [],
  ...change,
});

export const destination = (change: Partial<Destination> = {}): Destination => ({
  id: 'destination',
  recipientId: 'recipient',
  channel: 'fhir-messaging',
  address: 'https://ed.example/fhir',
  open: true,
  refusesLowerSequence: false,
  replaceHidesOld: true,
  recallForm: 'message',
  lifetime: LIFETIME,
  acknowledgements: [],
  ...change,
});

export const agreement = (change: Partial<Agreement> = {}): Agreement => ({
  id: 'agreement',
  executed: true,
  period: ALWAYS,
  purposes: PURPOSES,
  headings: HEADINGS,
  ...change,
});

export const permit = (change: Partial<Provision> = {}): Provision => ({
  type: 'permit',
  actors: [],
  purposes: [],
  headings: [],
  period: ALWAYS,
  ...change,
});
export const deny = (change: Partial<Provision> = {}): Provision => ({ ...permit(change), type: 'deny' });

export const consent = (id: string, provisions: readonly Provision[], change: Partial<Consent> = {}): Consent => ({
  id,
  binds: 'TRUST1',
  active: true,
  period: ALWAYS,
  provisions,
  supersedes: [],
  undecidable: null,
  recordedAt: NOW - 1_000,
  ...change,
});

/** An ED in the plan's reach, with an agreement and a consent for everything: it holds. */
export const facts = (change: Partial<Facts> = {}): Facts => ({
  person: person(),
  plan: plan(),
  consents: [consent('c1', [permit()])],
  agreements: [agreement()],
  recipient: recipient(),
  destination: destination(),
  openContacts: [],
  matched: false,
  ...change,
});

export const HERE = { address: 'https://ed.example/fhir', identity: NUMBER };
export const ELSEWHERE = { address: 'https://ed.example/fhir', identity: OTHER_NUMBER };

/** A held copy; `at` counts its sequence in epoch 1. */
export const copy = (id: string, at: number, change: Partial<Copy> = {}): Copy => ({
  id,
  place: HERE,
  effect: 'digest-1',
  headings: ['please-do'],
  documentId: `document-${id}`,
  sequence: { epoch: 1, count: at },
  state: 'held',
  againAt: null,
  acceptedSince: false,
  ...change,
});
/** A copy whose fate is not known, and that may arrive until `againAt`. */
export const uncertain = (id: string, at: number, againAt: number, change: Partial<Copy> = {}): Copy =>
  copy(id, at, { state: 'uncertain', againAt, ...change });

export const ledger = (copies: readonly Copy[] = [], change: Partial<Ledger> = {}): Ledger => ({
  copies,
  sequence: { epoch: 1, count: Math.max(0, ...copies.map(({ sequence }) => sequence.count)) },
  last: null,
  recallSince: null,
  failures: 0,
  disclosed: null,
  ...change,
});

export const updateMove = (change: Partial<Extract<Move, { kind: 'update' }>> = {}): Extract<Move, { kind: 'update' }> => ({
  kind: 'update',
  place: HERE,
  effect: 'digest-1',
  headings: ['please-do'],
  parent: null,
  stale: [],
  retryOf: null,
  ...change,
});
export const recallMove = (change: Partial<Extract<Move, { kind: 'recall' }>> = {}): Extract<Move, { kind: 'recall' }> => ({
  kind: 'recall',
  place: HERE,
  documents: [],
  retryOf: null,
  ...change,
});

export const attempt = (id: string, at: number, action: Move, change: Partial<Attempt> = {}): Attempt => ({
  id,
  action,
  sequence: { epoch: 1, count: at },
  documentId: `document-${id}`,
  begunAt: NOW,
  since: NOW,
  sendBefore: NOW + 5_000,
  ...change,
});
