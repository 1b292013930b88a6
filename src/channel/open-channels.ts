import { subscriptionAt } from '../model/websocket.ts';
import { createAddressGuard } from './address-guard.ts';
import type { Resolve } from './address-guard.ts';
import { BoundSockets } from './bound-sockets.ts';
import type { Channel } from './channel.ts';
import { openFhirMessaging } from './fhir-messaging.ts';
import { openFhirRest } from './fhir-rest.ts';
import { createGuardedAgent } from './guarded-agent.ts';
import { openHl7v2Mllp } from './hl7v2-mllp.ts';
import type { MllpOptions } from './hl7v2-mllp.ts';
import { openSubscriptionNotification } from './subscription-notification.ts';
import { openWithCredential } from './with-credential.ts';

/** The roads out, by `Destination.channel`. */
export type Channels = Readonly<Record<'fhir-messaging' | 'fhir-rest' | 'hl7v2-mllp' | 'subscription', Channel>> & {
  /** The websockets of this process: a part of the road to Subscriptions. */
  readonly sockets: BoundSockets;
  close(): Promise<void>;
};

/** What the roads need beside the guard; `resolve` finds addresses, by the system where it is left out. */
export type ChannelOptions = Omit<MllpOptions, 'guard'> & { readonly resolve?: Resolve };

/** Opens every road behind one guard and one agent. `allow` is `OUTBOUND_ALLOW` as CIDRs; throws where one is none. */
export const openChannels = (allow: readonly string[], { resolve, ...options }: ChannelOptions = {}): Channels => {
  const guard = createAddressGuard(allow, resolve);
  const agent = createGuardedAgent(guard);
  const withCredential = openWithCredential(guard, agent);
  const messaging = openFhirMessaging(withCredential);
  const rest = openFhirRest(withCredential);
  const mllp = openHl7v2Mllp({ guard, ...options });
  const sockets = new BoundSockets();
  const restHook = openSubscriptionNotification(agent);
  const subscription: Channel = {
    send: (target, ...rest) => (subscriptionAt(target.address) === null ? restHook : sockets).send(target, ...rest),
    close: async () => {
      await Promise.all([restHook.close(), sockets.close()]);
    },
  };
  return {
    'fhir-messaging': messaging,
    'fhir-rest': rest,
    'hl7v2-mllp': mllp,
    subscription,
    sockets,
    close: async () => {
      await Promise.all([messaging.close(), rest.close(), mllp.close(), subscription.close()]);
      await Promise.all([withCredential.close(), agent.destroy()]);
    },
  };
};
