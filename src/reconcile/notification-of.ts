import type { Resource } from '@medplum/fhirtypes';
import { toNotification } from '../../mappings/notification/to-notification.ts';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { leastContent, MOST_CONTENT, type PayloadContent } from '../model/payload-content.ts';
import type { StoredLook } from '../store/ledger.ts';
import { eventSaid } from '../store/subscription-events.ts';
import type { Sending, World } from './ports-on.ts';

/**
 * The bytes of an attempt's notification, whatever the channel that carries it: those of a retry are the same. `content` is what the Subscription asks for
 * now; never more is sent than its kind may be told, or than was frozen under the locks of `begin`.
 */
export async function notificationOf(
  { pool, base }: Pick<World, 'pool' | 'base'>,
  look: StoredLook,
  attempt: Sending,
  content: PayloadContent,
): Promise<string> {
  const { destination, recipient } = look.facts;
  const isRecall = attempt.action.kind === 'recall';
  const resources = attempt.parcel.bytes === '' ? [] : (JSON.parse(attempt.parcel.bytes) as readonly Resource[]);
  const frozen: PayloadContent = isRecall || resources.length > 0 ? 'full-resource' : 'id-only';
  const said = await eventSaid(pool, destination.id, attempt.eventNumber);
  return JSON.stringify(
    toNotification({
      id: attempt.parcel.bundleId,
      base,
      subscriptionId: destination.id,
      topic: PLAN_TOPIC,
      type: 'event-notification',
      status: 'active',
      eventNumber: attempt.eventNumber,
      eventsSinceStart: said?.sinceStart ?? attempt.eventNumber,
      focus: `CarePlan/${look.row.disclosure_id}`,
      change: isRecall ? 'withdrawn' : 'changed',
      content: leastContent(content, MOST_CONTENT[recipient.kind], frozen),
      resources,
      at: attempt.since,
      ...(said === null ? {} : { eventAt: said.at }),
    }),
  );
}
