import { endOf } from '../../src/decide/copy-ends.ts';
import { desired } from '../../src/decide/desired.ts';
import type { Place } from '../../src/model/copy.ts';
import type { Protections } from '../../src/decide/protections.ts';
import { recallRoad } from '../../src/decide/recall-road.ts';
import type { Attempt, Ledger, Outcome } from '../../src/model/ledger.ts';
import { holds } from '../../src/model/ledger.ts';
import type { Destination, RecallForm } from '../../src/model/recipient.ts';
import type { Claim, Ports } from '../../src/reconcile/ports.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { chance } from './chance.ts';
import type { Message, Simulated } from './recipient.ts';
import { FilingRecipient, SimulatedRecipient } from './recipient.ts';
import { virtualTime } from './virtual-time.ts';
import { SimulatedWorld } from './world.ts';

const LIFETIME = 8_000;
const SEND_TIMEOUT = 1_500;
const TROUBLE = 40_000;
const QUIET = 60_000;
const KEY = 'key';

export interface History {
  /** The recipient ends with exactly what is desired, and nothing lies anywhere else. */
  readonly converged: boolean;
  /** Content that was begun although a fact forbade it: I1. */
  readonly forbidden: number;
  /** Messages that were sent in the second half of the quiet: none is owed then. */
  readonly afterQuiet: number;
  readonly sent: number;
}

class Crash extends Error {}

/** One seeded history: 40 s of changing facts and every fault, 60 s of quiet, then the question what the recipient holds. */
/**
 * How the recipient treats what comes: it refuses lower sequences, believes what came last, or files each document by its id. The last four are
 * called back by no message: people take their copies away, or time does.
 * `answers-later`: it believes what came last, and answers by a message of its own.
 */
export type Recipient =
  | 'refuses-lower'
  | 'last-wins'
  | 'files-documents'
  | 'by-hand'
  | 'files-by-hand'
  | 'ends'
  | 'files-and-ends'
  | 'answers-later'
  | 'answers-later-refuses-lower';
const FORMS: Readonly<Record<Recipient, RecallForm>> = {
  'refuses-lower': 'message',
  'last-wins': 'message',
  'files-documents': 'mdm-t11',
  'answers-later': 'message',
  'answers-later-refuses-lower': 'message',
  'by-hand': 'manual',
  'files-by-hand': 'manual',
  ends: 'expires',
  'files-and-ends': 'expires',
};
const ENDS_AFTER = 4 * LIFETIME;
/** How long such an answer is waited for. */
const ANSWER_WITHIN = 3_000;

export async function history(seed: number, kind: Recipient, on: Protections): Promise<History> {
  const dice = chance(seed);
  // Every other recipient is held back now and then, by dice of its own: the rest of a history stays the same.
  const pauses = chance(seed + 0x5eed);
  let may: Claim['may'] = 'send';
  const time = virtualTime(1_000_000);
  const start = time.now();
  const isTrouble = (): boolean => time.now() < start + TROUBLE;
  const answersLater = kind === 'answers-later' || kind === 'answers-later-refuses-lower';
  const refusesLower = kind === 'refuses-lower' || kind === 'answers-later-refuses-lower';
  const destination: Destination = {
    id: 'destination',
    recipientId: 'recipient',
    channel: kind.startsWith('files') ? 'hl7v2-mllp' : 'fhir-messaging',
    address: 'a',
    open: true,
    refusesLowerSequence: refusesLower,
    replaceHidesOld: true,
    recallForm: FORMS[kind],
    lifetime: LIFETIME,
    acknowledgements: [],
    ...(FORMS[kind] === 'expires' ? { copiesEndAfter: ENDS_AFTER } : {}),
  };
  const endsAfter = FORMS[kind] === 'expires' ? ENDS_AFTER : Number.POSITIVE_INFINITY;
  const world = new SimulatedWorld(destination);
  const recipient: Simulated =
    destination.channel === 'hl7v2-mllp'
      ? new FilingRecipient(LIFETIME * 2, endsAfter)
      : new SimulatedRecipient(refusesLower, LIFETIME * 2, endsAfter);
  const ledger = new MemoryLedger(
    {
      now: time.now,
      chance: dice.next,
      pause: () => time.sleep(dice.below(300)),
      facts: () => world.facts,
      epoch: () => world.epoch,
      may: () => (isTrouble() ? may : 'send'),
    },
    { lease: 4_000, sendBefore: 1_000, backoffMin: 200, backoffMax: 3_000 },
    on,
  );
  ledger.addKey(KEY);

  const sentAt = new Map<string, number>();
  let forbidden = 0;
  ledger.onBegun = (attempt, facts) => {
    if (attempt.action.kind !== 'update') return;
    sentAt.set(placeName(attempt.action.place), attempt.begunAt);
    const want = desired(facts, attempt.begunAt);
    if (!holds(want) || want.hold !== attempt.action.effect) forbidden++;
  };

  let sent = 0;
  const send = (attempt: Attempt): Promise<Outcome> =>
    new Promise((resolve) => {
      const trouble = isTrouble();
      const message: Message = {
        place: attempt.action.place,
        // What a person asked for once more comes in a Bundle of its own: the recipient may process it again.
        id: attempt.action.resubmits === undefined ? attempt.documentId : attempt.id,
        sequence: attempt.sequence,
        effect: attempt.action.kind === 'update' ? attempt.action.effect : null,
        cancels: cancelledBy(attempt),
      };
      sent++;
      time.at(time.now() + SEND_TIMEOUT, () => resolve({ kind: 'unknown', because: 'timeout' }));
      if (trouble && dice.is(0.05)) return resolve({ kind: 'refused', because: 'busy', retry: true });
      const arrive = (answers: boolean): void => {
        const answer = recipient.receive(message, time.now());
        if (!answers) return;
        const outcome: Outcome =
          answer === 'accepted' ? { kind: 'accepted', level: 'application' } : { kind: 'refused', because: 'sequence', retry: false };
        if (answersLater) return void answerLater(attempt, outcome, resolve);
        time.at(time.now() + 5 + dice.below(trouble && dice.is(0.1) ? 4_000 : 20), () => resolve(outcome));
      };
      const lost = trouble && dice.is(0.15);
      const late = trouble && dice.is(0.15);
      const delay = late ? dice.below(LIFETIME) : 5 + dice.below(20);
      if (!lost) time.at(time.now() + delay, () => arrive(!(trouble && dice.is(0.2))));
      if (trouble && dice.is(0.1)) time.at(time.now() + dice.below(LIFETIME), () => arrive(false));
    });

  // People act within a lifetime of each time that they are asked, and attest what lay there when they were asked. Each attestation answers once.
  const attested = new Map<string, { readonly askedAt: number; readonly at: number }>();
  const byHand = ({ action: { place } }: Attempt): Outcome => {
    const name = placeName(place);
    const said = attested.get(name);
    attested.delete(name);
    if (said !== undefined && said.askedAt > (sentAt.get(name) ?? 0)) return { kind: 'accepted', level: 'attested', at: said.at };
    const askedAt = time.now();
    time.at(askedAt + dice.below(LIFETIME), () => {
      recipient.remove(place);
      attested.set(name, { askedAt, at: time.now() });
    });
    return { kind: 'unknown', because: 'recall-by-hand-open' };
  };
  const byTime = (ledgerThen: Ledger, now: number, { action }: Attempt): Outcome => {
    const end = endOf(ledgerThen, action.place);
    return end !== null && end <= now ? { kind: 'accepted', level: 'expired', at: end } : { kind: 'unknown', because: 'ends-by-agreement' };
  };
  /** The message is taken at once; its answer comes by itself: soon or long after, not at all, twice, with a word that contradicts, or before the exchange has ended. */
  const answerLater = (attempt: Attempt, outcome: Outcome, resolve: (taken: Outcome) => void): void => {
    const taken = { kind: 'unknown', because: 'answer-pending', answerBy: time.now() + ANSWER_WITHIN } satisfies Outcome;
    time.at(time.now() + 5 + dice.below(20), () => resolve(taken));
    if (isTrouble() && dice.is(0.2)) return;
    const come = (after: number, what: Outcome): void =>
      time.at(time.now() + after, () => void ledger.answer(KEY, attempt.documentId, what));
    const trouble = isTrouble();
    if (trouble && dice.is(0.1)) come(dice.below(1_000), { kind: 'unknown', because: 'transient-error' });
    come(dice.below(trouble && dice.is(0.3) ? LIFETIME * 2 : 500), outcome);
    if (trouble && dice.is(0.2)) come(dice.below(LIFETIME * 3), outcome);
  };

  /** Each await of a worker is a place to stall, or to die before or after what it asked for. */
  const fragile =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (isTrouble() && dice.is(0.02)) throw new Crash();
      if (isTrouble() && dice.is(0.03)) await time.sleep(dice.below(9_000));
      else await time.sleep(dice.below(30));
      const answer = await ask(...args);
      if (isTrouble() && dice.is(0.02)) throw new Crash();
      return answer;
    };
  const ports: Ports = {
    look: fragile((claim: Claim) => ledger.look(claim)),
    begin: fragile((claim, look, want, move) => ledger.begin(claim, look, want, move)),
    settle: fragile((claim, look, attempt, outcome, next) => ledger.settle(claim, look, attempt, outcome, next)),
    hold: fragile((claim, look, want, move) => ledger.hold(claim, look, want, move)),
    rest: fragile((claim, look, want, lookAt) => ledger.rest(claim, look, want, lookAt)),
    async deliver(_claim, look, attempt) {
      const road = attempt.action.kind === 'recall' ? recallRoad(look.facts.destination) : 'wire';
      if (road === 'people') return byHand(attempt);
      if (road === 'time') return byTime(look.ledger, look.now, attempt);
      if (isTrouble() && dice.is(0.05)) await time.sleep(dice.below(2_500));
      if (time.now() > attempt.sendBefore) return { kind: 'refused', because: 'abandoned', retry: true };
      return send(attempt);
    },
  };

  let nudges = 0;
  const waiting: (() => void)[] = [];
  const nudge = (): void => {
    const wake = waiting.shift();
    if (wake === undefined) nudges = Math.min(nudges + 1, 2);
    else time.at(time.now() + 10 + dice.below(50), wake);
  };
  const nudged = (): Promise<void> => {
    if (nudges === 0) return new Promise((resolve) => waiting.push(resolve));
    nudges--;
    return time.sleep(10 + dice.below(50));
  };
  const work = async (): Promise<never> => {
    for (;;) {
      await nudged();
      const claim = await ledger.claim(KEY);
      if (claim === null) continue;
      try {
        await reconcile(claim, ports, on);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        await time.sleep(dice.below(2_000));
      }
      if (!(isTrouble() && dice.is(0.3))) nudge();
    }
  };
  const sweep = async (): Promise<void> => {
    while (on.sweep) {
      await time.sleep(1_000);
      if ((await ledger.due()).length > 0) nudge();
    }
  };
  const live = async (): Promise<void> => {
    while (isTrouble()) {
      await time.sleep(dice.is(0.5) ? dice.below(1_500) : dice.below(12_000));
      if (dice.is(0.1)) ledger.replay(KEY);
      world.change(dice, time.now());
      if (seed % 2 === 1) may = pauses.is(0.4) ? pauses.of(['look', 'recall']) : 'send';
      ledger.bump(KEY);
      if (!dice.is(0.3)) nudge();
    }
  };

  nudge();
  const crashed: unknown[] = [];
  for (const part of [work(), work(), sweep(), live()]) part.catch((error: unknown) => crashed.push(error));
  await time.runUntil(start + TROUBLE + QUIET / 2);
  const sentBefore = sent;
  // What time takes away may have been sent, as it should be, until the last consent ended.
  await time.runUntil(start + TROUBLE + QUIET + (FORMS[kind] === 'expires' ? ENDS_AFTER + 2 * LIFETIME : 0));
  if (crashed.length > 0) throw crashed[0];

  const want = desired(world.facts, time.now());
  const should = holds(want) ? [`${want.place.address} ${want.place.identity} ${want.hold}`] : [];
  const does = recipient.holds(time.now());
  // What no message cancels may lie there twice: the same words under two ids.
  const once = kind.startsWith('files') && destination.recallForm !== 'mdm-t11' ? [...new Set(does)] : does;
  const converged = should.length === once.length && should.every((one, index) => once[index] === one);
  return { converged, forbidden, afterQuiet: sent - sentBefore, sent };
}

const placeName = ({ address, identity }: Place): string => `${address} ${identity}`;

const cancelledBy = ({ action }: Attempt): readonly string[] =>
  action.kind === 'recall' ? action.documents : [...action.stale, ...(action.parent === null ? [] : [action.parent])];
