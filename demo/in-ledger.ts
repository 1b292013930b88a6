import { fromCarePlan } from '../mappings/facts/from-care-plan.ts';
import { fromComposition } from '../mappings/facts/from-composition.ts';
import { fromPatient } from '../mappings/facts/from-patient.ts';
import { desired } from '../src/decide/desired.ts';
import { project } from '../src/decide/project.ts';
import type { Facts } from '../src/model/facts.ts';
import { isHeading } from '../src/model/heading.ts';
import { PURPOSES } from '../src/model/kind.ts';
import { holds } from '../src/model/ledger.ts';
import { ALWAYS } from '../src/model/period.ts';
import type { Believed } from '../src/store/believed.ts';
import { patient, plan, words } from './examples.ts';
import type { Recipient } from './scenario-words.ts';
import { HEADINGS_OF, VERSIONS } from './scenario-words.ts';

type Named = 'patient' | 'patient-corrected';

/** Facts in which nothing but the scenario's own list of headings decides: the digest of what a recipient should see of a version. */
const digestOf = (recipient: Recipient, version: number, person: Named): string => {
  const carePlan = fromCarePlan(plan(version));
  const projected = project(fromComposition(words(version)), carePlan.actions);
  const projections = {
    publisher: projected.publisher.projection,
    epr: projected.epr.projection,
    ed: projected.ed.projection,
    ambulance: projected.ambulance.projection,
    police: projected.police.projection,
    'crisis-line': projected['crisis-line'].projection,
  };
  const facts: Facts = {
    person: { ...fromPatient(patient(person)).person, id: 'person' },
    plan: {
      id: 'plan',
      publisher: 'ZZ1',
      withdrawn: false,
      version: { carePlanId: carePlan.id, projections, reviewDate: carePlan.reviewDate, expiresAt: carePlan.expiresAt, reissue: 0 },
      reach: { recipientIds: ['recipient'], areas: [] },
    },
    consents: [
      {
        id: 'consent',
        binds: null,
        active: true,
        period: ALWAYS,
        provisions: [{ type: 'permit', actors: [], purposes: [], headings: [], period: ALWAYS }],
        supersedes: [],
        undecidable: null,
        recordedAt: 0,
      },
    ],
    agreements: [
      { id: 'agreement', executed: true, period: ALWAYS, purposes: PURPOSES, headings: HEADINGS_OF[recipient].filter(isHeading) },
    ],
    recipient: { id: 'recipient', ods: 'ZZ0', kind: recipient, retains: true, areas: [] },
    destination: {
      id: 'destination',
      recipientId: 'recipient',
      channel: 'pull',
      address: 'pull:',
      open: true,
      refusesLowerSequence: false,
      replaceHidesOld: true,
      recallForm: 'task',
      lifetime: 0,
      acknowledgements: [],
    },
    openContacts: [],
    matched: false,
  };
  const want = desired(facts, Date.now());
  if (!holds(want)) throw new Error('the scenario expects a disclosure that the rules do not allow');
  return want.hold;
};

const PEOPLE: readonly Named[] = ['patient', 'patient-corrected'];

/** Digest to word: where two versions look the same to a recipient, the earlier one names both, as in its store. */
const wordsByDigest = (recipient: Recipient): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const person of PEOPLE)
    for (const version of VERSIONS) {
      const digest = digestOf(recipient, version, person);
      const number = person === 'patient-corrected' ? ', new number' : '';
      if (!found.has(digest)) found.set(digest, `v${version} (${recipient} headings)${number}`);
    }
  return found;
};

const WORDS: Readonly<Record<Recipient, ReadonlyMap<string, string>>> = {
  epr: wordsByDigest('epr'),
  ed: wordsByDigest('ed'),
  ambulance: wordsByDigest('ambulance'),
  police: wordsByDigest('police'),
};

/** What the ledger believes that a recipient may hold, in a word of the scenario: told by the digests of its copies. */
export const inLedger = (recipient: Recipient, keys: readonly Believed[]): string => {
  const own = keys.filter((key) => key.recipient.kind === recipient);
  const copies = own.flatMap((key) => key.copies);
  const words = new Set(copies.map(({ digest }) => WORDS[recipient].get(digest ?? '') ?? 'other words than any version has'));
  const unanswered = own.some((key) => key.last?.outcome === 'open' || key.last?.outcome === 'unknown') ? ', unanswered' : '';
  return words.size === 0 ? 'nothing' : `${[...words].sort().join(' and ')}${unanswered}`;
};
