import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { toMessageHeaders } from '../../mappings/message/to-message-headers.ts';
import { toResubmission } from '../../mappings/message/to-resubmission.ts';
import { toNotification } from '../../mappings/notification/to-notification.ts';
import { toChannelHeaders } from '../channel/channel-headers.ts';
import type { Limits, Parcel, Target } from '../channel/channel.ts';
import type { Channels } from '../channel/open-channels.ts';
import { disclosedAs } from '../decide/attempt.ts';
import { bundleIdOf } from '../model/message-ids.ts';
import type { Content } from '../decide/disclose.ts';
import { disclose } from '../decide/disclose.ts';
import type { Attempt, Desired, Move, Outcome } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import type { AttemptLog } from '../store/attempt-log.ts';
import { type ContentAsked, contentsOf } from '../store/content.ts';
import { inBatches } from '../store/in-batches.ts';
import type { Frozen, StoredLedger, StoredLook } from '../store/ledger.ts';
import { askByTask } from '../store/recall-task.ts';
import { giveBackNumber, setSubscription, subscriptionOf } from '../store/subscriptions.ts';
import type { Sender } from './freeze.ts';
import { freeze } from './freeze.ts';
import type { Claim, Ports } from './ports.ts';

export interface World {
  readonly pool: pg.Pool;
  readonly ledger: StoredLedger;
  readonly channels: Channels;
  /** Attempts are written outside the database too, before the wire: a restore from backup replays them. */
  readonly attempts: AttemptLog;
  readonly sender: Sender;
  /** Milliseconds for one exchange. */
  readonly sendTimeout: number;
  /** Where recipients that answer by a message of their own send it; under the sender's address where nothing is said. */
  readonly responseUrl?: string;
}

/** An attempt as this process sends it. */
interface Sending extends Attempt {
  readonly parcel: Parcel;
  readonly eventNumber: number;
}

/** A Subscription that fails this often in a row is in error until its owner asks again. */
const FAILURES_BEFORE_ERROR = 5;

/** The ports of the loop, on PostgreSQL and real roads. */
export function portsOn(world: World): Ports<StoredLook> {
  const { pool, ledger } = world;
  // Words that are wanted at the same moment are read in one statement.
  const content = inBatches((asked: readonly ContentAsked[]) => contentsOf(pool, asked), { most: 16, atOnce: 4 });
  return {
    look: (claim) => ledger.look(claim),
    begin: async (claim, look, want, move) => {
      const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
      const frozen =
        move.retryOf === null ? await freezeFor(world.sender, content, look, want, attempt) : await repeat(ledger, move, attempt);
      // The person was erased since the look.
      if (frozen === null) return null;
      const eventNumber = await ledger.begin(claim, look, want, attempt, frozen);
      if (eventNumber === null) return null;
      world.attempts.write(claim, look, attempt);
      const sending: Sending = { ...attempt, parcel: frozen.parcel as Parcel, eventNumber };
      return sending;
    },
    deliver: (claim, look, attempt) => deliver(world, claim, look, attempt as Sending),
    settle: async (claim, look, attempt, outcome, next) => {
      await ledger.settle(claim, look, attempt, outcome, next);
      const { destination } = look.facts;
      if (destination.channel === 'subscription' && outcome.kind === 'refused' && attempt.action.retryOf === null)
        await giveBackNumber(pool, destination.id, (attempt as Sending).eventNumber);
      if (destination.channel === 'subscription' && outcome.kind !== 'accepted' && look.ledger.failures + 1 >= FAILURES_BEFORE_ERROR) {
        await setSubscription(pool, destination.id, ['active'], 'error');
      }
    },
    rest: (claim, look, want, lookAt) => ledger.rest(claim, look, want, lookAt),
  };
}

/** A retry has the same bytes and ids; what a person asked for once more has a Bundle.id, and so an X-Request-ID, of its own. */
async function repeat(ledger: StoredLedger, move: Move, attempt: Attempt): Promise<Frozen> {
  const { retryOf, resubmits } = move;
  if (retryOf === null) throw new Error('there is nothing to repeat');
  const frozen = await ledger.repeated(retryOf.id);
  if (resubmits === undefined) return frozen;
  const parcel = frozen.parcel as Parcel;
  const bundleId = bundleIdOf(attempt.id);
  const bytes = toResubmission(parcel.bytes, { bundleId, sentAt: attempt.begunAt });
  return { parcel: { ...parcel, bytes, bundleId, requestId: randomUUID() }, repeats: null };
}

type ReadContent = (asked: ContentAsked) => Promise<Content | null>;

async function freezeFor(
  sender: Sender,
  contentOf: ReadContent,
  look: StoredLook,
  want: Desired,
  attempt: Attempt,
): Promise<Frozen | null> {
  const { facts, ledger, now, row } = look;
  const { destination, recipient, plan } = facts;
  const disclosureId = row.disclosure_id;
  const carriesWords =
    holds(want) && attempt.action.kind === 'update' && (destination.channel === 'fhir-messaging' || destination.channel === 'hl7v2-mllp');
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
  return { parcel: freeze({ attempt, envelope, recipient, destination, disclosureId, disclosure, sender }), repeats: null };
}

async function deliver(world: World, claim: Claim, look: StoredLook, attempt: Sending): Promise<Outcome> {
  const { destination, recipient } = look.facts;
  const { action } = attempt;
  if (destination.channel === 'pull' || !destination.open) {
    return askByTask(world.pool, {
      documentId: attempt.documentId,
      ods: recipient.ods,
      kind: recipient.kind,
      keyId: claim.keyId,
      disclosureId: look.row.disclosure_id,
    });
  }
  // Counted on the monotonic clock from before the look, so that no wait in between is forgotten.
  const deadline = look.seenAt + (attempt.sendBefore - look.now);
  const limits: Limits = { msLeft: () => deadline - performance.now(), timeoutMs: world.sendTimeout };
  const target = { address: action.place.address, acknowledgements: destination.acknowledgements };
  switch (destination.channel) {
    case 'fhir-messaging': {
      const headers = toMessageHeaders(world.sender, { ods: recipient.ods, name: null, endpoint: action.place.address });
      const later = destination.answersLater;
      const answersLater =
        later === undefined
          ? {}
          : { answersLater: { by: later.by, responseUrl: world.responseUrl ?? `${world.sender.endpoint}/$process-message` } };
      const outcome = await world.channels['fhir-messaging'].send({ ...target, headers, ...answersLater }, attempt.parcel, limits);
      const now = look.now + (performance.now() - look.seenAt);
      return later !== undefined && outcome.kind === 'unknown' && outcome.because === 'answer-pending'
        ? { ...outcome, answerBy: now + later.within }
        : outcome;
    }
    case 'hl7v2-mllp':
      return world.channels['hl7v2-mllp'].send({ ...target, headers: {} }, attempt.parcel, limits);
    case 'subscription':
      return notify(world, look, attempt, target, limits);
    default:
      return destination.channel satisfies never;
  }
}

async function notify(world: World, look: StoredLook, attempt: Sending, target: Omit<Target, 'headers'>, limits: Limits): Promise<Outcome> {
  const { content, headers } = await subscriptionOf(world.pool, look.facts.destination.id);
  const notification = toNotification({
    id: attempt.parcel.bundleId,
    base: world.sender.endpoint,
    subscriptionId: look.facts.destination.id,
    topic: PLAN_TOPIC,
    type: 'event-notification',
    status: 'active',
    eventNumber: attempt.eventNumber,
    eventsSinceStart: attempt.eventNumber,
    focus: `CarePlan/${look.row.disclosure_id}`,
    change: attempt.action.kind === 'recall' ? 'withdrawn' : 'changed',
    content: content === 'empty' ? 'empty' : 'id-only',
    at: attempt.since,
  });
  return world.channels.subscription.send(
    { ...target, headers: toChannelHeaders(headers) },
    { ...attempt.parcel, bytes: JSON.stringify(notification) },
    limits,
  );
}
