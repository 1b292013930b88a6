import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { toResubmission } from '../../mappings/message/to-resubmission.ts';
import type { Limits, Parcel, Target } from '../channel/channel.ts';
import type { Channels } from '../channel/open-channels.ts';
import { disclosedAs } from '../decide/attempt.ts';
import { bundleIdOf } from '../model/message-ids.ts';
import type { Content } from '../decide/disclose.ts';
import { disclose } from '../decide/disclose.ts';
import { step } from '../decide/step.ts';
import type { Attempt, Desired, Move, Outcome } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import { MOST_CONTENT } from '../model/payload-content.ts';
import { type Destination, type Recipient, tellsEverybody } from '../model/recipient.ts';
import { NOT_BOUND } from '../model/websocket.ts';
import type { AttemptLog } from '../store/attempt-log.ts';
import { noteAnswer, settleAnswered } from '../store/acknowledged.ts';
import { type ContentAsked, contentsOf } from '../store/content.ts';
import { inBatches } from '../store/in-batches.ts';
import { addressedAs } from '../store/keys/addressed.ts';
import type { StoredLedger, StoredLook } from '../store/ledger.ts';
import type { Frozen } from '../store/repeated.ts';
import { isAnsweredLater, noteSent } from '../store/sent-messages.ts';
import { countEventInError, giveBackEvent } from '../store/subscription-events.ts';
import { noteInMailbox } from '../store/mailbox-messages.ts';
import { noteTold, setSubscription, subscriptionOf } from '../store/subscriptions.ts';
import { openWhereTo } from '../store/where-to.ts';
import type { Pointing, Sender } from './freeze.ts';
import { freeze } from './freeze.ts';
import type { Claim, Ports } from './ports.ts';
import { notificationOf } from './notification-of.ts';
import { subscriberHeaders } from './notify-subscriber.ts';
import { recallOffTheWire } from './recall-off-the-wire.ts';
import { isPushedTo, sendParcel } from './send-parcel.ts';
import { type ReadWhereTo, roadOf } from './road-of.ts';
import { whatWentWrong } from './what-went-wrong.ts';

export interface World {
  readonly pool: pg.Pool;
  readonly ledger: StoredLedger;
  readonly channels: Channels;
  /** Attempts are written outside the database too, before the wire: a restore from backup replays them. */
  readonly attempts: AttemptLog;
  readonly sender: Sender;
  /** Milliseconds for one exchange. */
  readonly sendTimeout: number;
  /** Told of an attempt that was stopped, for what it was to go by was another's: an alarm. */
  readonly onMisaddressed?: (keyId: string) => void;
  /** Where recipients that answer by a message of their own send it; under the sender's address where nothing is said. */
  readonly responseUrl?: string;
  /** What every published pointer says: where the broker is reached, and the practice setting. Left out where nothing is published. */
  readonly pointers?: Pick<Pointing, 'origin' | 'practiceSetting'>;
}

/** An attempt as this process sends it. */
export interface Sending extends Attempt {
  readonly parcel: Parcel;
  readonly eventNumber: number;
  /** What each message of an HL7 v2 parcel was answered so far, by its MSH-10. */
  readonly heard: Map<string, Outcome>;
  /** The first attempt with this parcel. */
  readonly firstId: string;
}

/** A Subscription that fails this often in a row is in error until its owner asks again. */
const FAILURES_BEFORE_ERROR = 5;

/** That nobody was on a socket is none: the Subscription waits for the next one. */
const isFailure = (outcome: Outcome): outcome is Exclude<Outcome, { kind: 'accepted' }> =>
  outcome.kind !== 'accepted' && outcome.because !== NOT_BOUND;

/** The ports of the loop, on PostgreSQL and real roads. */
export function portsOn(world: World): Ports<StoredLook> {
  const { pool, ledger } = world;
  const whereTo = openWhereTo(pool);
  // Words that are wanted at the same moment are read in one statement.
  const content = inBatches((asked: readonly ContentAsked[]) => contentsOf(pool, asked), { most: 32, atOnce: 1 });
  return {
    look: (claim) => ledger.look(claim),
    begin: async (claim, look, want, move) => {
      const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
      const frozen =
        move.retryOf === null
          ? await freezeFor(world, content, claim, look, want, attempt)
          : await repeat(world, claim, look, move, attempt);
      // The person was erased since the look.
      if (frozen === null) return null;
      const eventNumber = await ledger.begin(claim, look, want, attempt, frozen);
      if (eventNumber === null) return null;
      world.attempts.write(claim, look, attempt, eventNumber);
      const sending: Sending = {
        ...attempt,
        parcel: frozen.parcel as Parcel,
        eventNumber,
        heard: new Map(),
        firstId: frozen.repeats ?? attempt.id,
      };
      if (look.facts.destination.channel === 'hl7v2-mllp')
        await noteSent(pool, attempt.id, { recipientId: claim.recipientId, address: move.place.address }, sending.parcel.bytes);
      return sending;
    },
    deliver: (claim, look, attempt) => deliver(world, whereTo, claim, look, attempt as Sending),
    settle: async (claim, look, attempt, outcome, next) => {
      await ledger.settle(claim, look, attempt, outcome, next);
      const { destination } = look.facts;
      if (destination.channel === 'hl7v2-mllp' && outcome.kind === 'unknown') await settleHeard(world, attempt as Sending);
      if (destination.channel === 'subscription' && outcome.kind === 'accepted') await noteTold(pool, destination.id);
      if (destination.channel === 'subscription' && isFailure(outcome) && look.ledger.failures + 1 >= FAILURES_BEFORE_ERROR) {
        await setSubscription(pool, destination.id, ['active'], 'error', { wrong: whatWentWrong('notification', outcome) });
      }
    },
    hold: (claim, look, want, move) => ledger.hold(claim, look, want, move),
    rest: async (claim, look, want, lookAt) => {
      await noteAtRest(pool, claim, look, want);
      await ledger.rest(claim, look, want, lookAt);
    },
  };
}

/** What rests at a Subscription in error may be due all the same: then it is an event that counts. What was refused and is due no more was none. */
async function noteAtRest(
  pool: pg.Pool,
  { keyId }: Claim,
  { facts: { destination }, ledger, now }: StoredLook,
  want: Desired,
): Promise<void> {
  if (destination.channel !== 'subscription') return;
  const due = destination.open ? null : step(want, ledger, now, { ...destination, open: true });
  if (due?.kind === 'update') await countEventInError(pool, destination.id, keyId, due.effect);
  else await giveBackEvent(pool, destination.id, keyId);
}

/** An application may have answered while its message was still under way, or a part of the parcel by now. */
async function settleHeard({ pool, ledger }: World, { id, parcel, heard }: Sending): Promise<void> {
  if (!isAnsweredLater(parcel.bytes)) return;
  for (const [messageControlId, outcome] of heard) await noteAnswer(pool, messageControlId, outcome);
  await settleAnswered(pool, ledger, id);
}
/** The roads on which words leave; the others tell that there are some, and are read. */
const WITH_WORDS: ReadonlySet<Destination['channel']> = new Set(['fhir-messaging', 'fhir-rest', 'hl7v2-mllp', 'mesh'] as const);

/** A retry has the same bytes and ids; what a person asked for once more has a Bundle.id, and so an X-Request-ID, of its own. */
async function repeat({ pool, ledger }: World, claim: Claim, look: StoredLook, move: Move, attempt: Attempt): Promise<Frozen> {
  const { retryOf, resubmits } = move;
  if (retryOf === null) throw new Error('there is nothing to repeat');
  const frozen = await ledger.repeated(retryOf.id);
  if (resubmits === undefined) return frozen;
  const parcel = frozen.parcel as Parcel;
  const bundleId = bundleIdOf(attempt.id);
  const bytes = toResubmission(parcel.bytes, { bundleId, sentAt: attempt.begunAt });
  const addressed = addressedAs(pool, bindingOf(claim, look, attempt, { messageId: parcel.messageId, bytes }));
  return { parcel: { ...parcel, bytes, bundleId, requestId: randomUUID(), addressed }, repeats: null };
}

/** What an attempt is bound to: whose road it goes, and what goes. */
const bindingOf = (
  { keyId }: Claim,
  { facts: { destination, recipient } }: StoredLook,
  attempt: Attempt,
  { messageId, bytes }: Pick<Parcel, 'messageId' | 'bytes'>,
): Parameters<typeof addressedAs>[1] => ({
  attemptId: attempt.id,
  keyId,
  endpointId: destination.id,
  recipientId: recipient.id,
  ods: recipient.ods,
  address: attempt.action.place.address,
  messageId,
  bytes,
});

/** Whether a Subscription asks for resources, and its kind may be sent them. */
const isTheFullResource = async (pool: pg.Pool, { id, channel }: Destination, kind: Recipient['kind']): Promise<boolean> =>
  channel === 'subscription' && MOST_CONTENT[kind] === 'full-resource' && (await subscriptionOf(pool, id)).content === 'full-resource';

type ReadContent = (asked: ContentAsked) => Promise<Content | null>;

async function freezeFor(
  { pool, sender, pointers }: World,
  contentOf: ReadContent,
  claim: Claim,
  look: StoredLook,
  want: Desired,
  attempt: Attempt,
): Promise<Frozen | null> {
  const { facts, ledger, now, row } = look;
  const { destination, recipient, plan } = facts;
  const disclosureId = row.disclosure_id;
  const isTold = WITH_WORDS.has(destination.channel) || (await isTheFullResource(pool, destination, recipient.kind));
  const carriesWords = holds(want) && attempt.action.kind === 'update' && isTold;
  const content =
    carriesWords && plan.version !== null
      ? await contentOf({ carePlanId: plan.version.carePlanId, kind: recipient.kind, publisher: plan.publisher })
      : null;
  if (carriesWords && content === null) return null;
  const disclosure =
    content === null || !holds(want)
      ? null
      : disclose(facts, want, content, disclosureId, disclosedAs(ledger, want.hold, attempt.begunAt), now);
  const envelope = {
    documentId: attempt.documentId,
    sequence: attempt.sequence,
    messageId: attempt.id,
    bundleId: bundleIdOf(attempt.id),
    requestId: randomUUID(),
    correlationId: row.key_id,
    sentAt: attempt.begunAt,
  };
  const issuedAt = holds(want) ? disclosedAs(ledger, want.hold, attempt.begunAt).at : attempt.begunAt;
  const pointing: Pointing | null =
    tellsEverybody(destination) && pointers !== undefined ? { ...pointers, publisher: plan.publisher, issuedAt } : null;
  const parcel = freeze({ attempt, envelope, recipient, destination, disclosureId, disclosure, sender, pointing });
  const addressed = addressedAs(pool, bindingOf(claim, look, attempt, parcel));
  return { parcel: { ...parcel, addressed }, repeats: null };
}

async function deliver(world: World, whereTo: ReadWhereTo, claim: Claim, look: StoredLook, attempt: Sending): Promise<Outcome> {
  const { destination, recipient } = look.facts;
  const { action } = attempt;
  if (action.kind === 'recall') {
    const outcome = await recallOffTheWire(world.pool, claim, look, attempt);
    if (outcome !== null) return outcome;
  }
  if (destination.channel === 'pull') throw new Error('nothing is sent to a place that only reads');
  // Counted on the monotonic clock from before the look, so that no wait in between is forgotten.
  const deadline = look.seenAt + (attempt.sendBefore - look.now);
  const limits: Limits = { msLeft: () => deadline - performance.now(), timeoutMs: world.sendTimeout };
  const road = await roadOf(world, whereTo, claim, look, attempt);
  if ('kind' in road) return road;
  if (isPushedTo(destination)) {
    const heard: Target['heard'] = (id, answered) => attempt.heard.set(id, answered);
    const reason = action.kind === 'recall' ? 'delete' : action.parent === null ? 'new' : 'update';
    const later = destination.answersLater;
    const mailbox = { localId: attempt.id, taken: (id: string, to: string) => noteInMailbox(world.pool, attempt.id, id, to) };
    const outcome = await sendParcel(world, { ...road, recipient, destination, reason, heard, mailbox }, attempt.parcel, limits);
    const now = look.now + (performance.now() - look.seenAt);
    return later !== undefined && outcome.kind === 'unknown' && outcome.because === 'answer-pending'
      ? { ...outcome, answerBy: now + later.within }
      : outcome;
  }
  return notify(world, look, attempt, { ...road, acknowledgements: destination.acknowledgements }, limits);
}

async function notify(world: World, look: StoredLook, attempt: Sending, target: Omit<Target, 'headers'>, limits: Limits): Promise<Outcome> {
  const { destination } = look.facts;
  const subscription = await subscriptionOf(world.pool, destination.id);
  const bytes = await notificationOf(world, look, attempt, subscription.content);
  const headers = await subscriberHeaders(world, destination.id, subscription, { id: attempt.parcel.bundleId, bytes });
  const timeoutMs = Math.min(destination.asks?.timeout ?? limits.timeoutMs, limits.timeoutMs);
  return world.channels.subscription.send({ ...target, headers }, { ...attempt.parcel, bytes }, { ...limits, timeoutMs });
}
