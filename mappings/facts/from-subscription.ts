import type { Subscription, SubscriptionChannel } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { websocketAddress } from '../../src/model/websocket.ts';
import { PAYLOAD_CONTENTS, type PayloadContent } from '../../src/model/payload-content.ts';
import type { Declared } from './declared-of.ts';
import { settled } from './declared-of.ts';
import { subscriptionAsks } from './subscription-asks.ts';
import { extensionOf } from './extensions-of.ts';
import { endOf } from './instant-of.ts';
import { present } from './present.ts';

/** What a Subscription says: the destination, and what the notification looks like. */
export interface SubscriptionFacts {
  readonly destination: Destination;
  readonly content: PayloadContent;
  /** After this instant it is off; null where it has no end. */
  readonly end: Instant | null;
  /** Header lines (`Name: value`) that the subscriber asks for: secret, never logged. */
  readonly headers: readonly string[];
}

/** `_payload` carries the extensions of the primitive `payload`. */
type ChannelWithPayload = SubscriptionChannel & { readonly _payload?: { readonly extension?: SubscriptionChannel['extension'] } };

const readContent = (channel: ChannelWithPayload): PayloadContent => {
  const code = extensionOf(channel._payload, Extension.backportPayloadContent)?.valueCode;
  const content = PAYLOAD_CONTENTS.find((each) => each === code);
  if (content !== undefined) return content;
  throw anomaly('incorrect', 'must say empty, id-only or full-resource', 'Subscription.channel.payload');
};

/**
 * Reads a Subscription as a destination of the recipient that made it; open once the handshake has made it `active`. `service` is what its
 * HealthcareService declares; `defaultLifetime` is in milliseconds. Throws `incorrect` for what is missing or not offered.
 */
export const fromSubscription = (
  subscription: Subscription,
  recipientId: string,
  service: Declared | null,
  defaultLifetime: number,
): SubscriptionFacts => {
  if (subscription.criteria !== PLAN_TOPIC) throw anomaly('incorrect', 'is not a topic of the broker', 'Subscription.criteria');
  const channel: ChannelWithPayload = present(subscription.channel, 'Subscription.channel');
  return {
    destination: {
      id: present(subscription.id, 'Subscription.id'),
      recipientId,
      channel: 'subscription',
      address:
        channel.type === 'websocket'
          ? websocketAddress(present(subscription.id, 'Subscription.id'))
          : present(channel.endpoint, 'Subscription.channel.endpoint'),
      open: subscription.status === 'active',
      ...settled('subscription', null, service, defaultLifetime),
      // A notification carries no content to call back: it is said again, whatever the form that the service's other addresses want.
      recallForm: 'notification',
      asks: subscriptionAsks(subscription).asks,
    },
    content: readContent(channel),
    end: subscription.end === undefined ? null : endOf(subscription.end, 'Subscription.end'),
    headers: channel.header ?? [],
  };
};
