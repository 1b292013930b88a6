import { subscriptionAt } from '../model/websocket.ts';
import { createAddressGuard } from './address-guard.ts';
import type { Resolve } from './address-guard.ts';
import { BoundSockets } from './bound-sockets.ts';
import type { Channel } from './channel.ts';
import { openFhirMessaging } from './fhir-messaging.ts';
import { openFhirRest } from './fhir-rest.ts';
import { createGuardedAgent } from './guarded-agent.ts';
import { openNrl } from './nrl.ts';
import { openHl7v2Mllp } from './hl7v2-mllp.ts';
import type { MllpOptions } from './hl7v2-mllp.ts';
import { openMesh } from './mesh.ts';
import { type MeshMailbox, type MeshSettings, openMeshMailbox } from './mesh-mailbox.ts';
import { openMns } from './mns.ts';
import { openSubscriptionNotification } from './subscription-notification.ts';
import { openWithCredential } from './with-credential.ts';

/** The roads out, by `Destination.channel`. */
export type Channels = Readonly<
  Record<'fhir-messaging' | 'fhir-rest' | 'nrl' | 'mns' | 'hl7v2-mllp' | 'mesh' | 'subscription', Channel>
> & {
  /** The broker's own MESH mailbox; null where it has none. */
  readonly mailbox: MeshMailbox | null;
  /** The websockets of this process: a part of the road to Subscriptions. */
  readonly sockets: BoundSockets;
  close(): Promise<void>;
};

/** What the roads need beside the guard; `resolve` finds addresses, by the system where it is left out. */
export type ChannelOptions = Omit<MllpOptions, 'guard'> & {
  readonly resolve?: Resolve;
  /** Null or left out: the broker has no MESH mailbox. */
  readonly mesh?: MeshSettings | null;
  /** Whether events may be told. */
  readonly eventSignal?: boolean;
};

/** Opens every road behind one guard and one agent. `allow` is `OUTBOUND_ALLOW` as CIDRs; throws where one is none. */
export const openChannels = (
  allow: readonly string[],
  { resolve, mesh = null, eventSignal = false, ...options }: ChannelOptions = {},
): Channels => {
  const guard = createAddressGuard(allow, resolve);
  const agent = createGuardedAgent(guard);
  const withCredential = openWithCredential(guard, agent);
  const messaging = openFhirMessaging(withCredential);
  const rest = openFhirRest(withCredential);
  const nrl = openNrl(withCredential);
  const mns = openMns(eventSignal ? withCredential : null);
  const mllp = openHl7v2Mllp({ guard, ...options });
  const mailbox = mesh === null ? null : openMeshMailbox(guard, mesh);
  const toMailbox = openMesh(mailbox);
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
    nrl,
    mns,
    'hl7v2-mllp': mllp,
    mesh: toMailbox,
    mailbox,
    subscription,
    sockets,
    close: async () => {
      await Promise.all([messaging.close(), rest.close(), nrl.close(), mns.close(), mllp.close(), toMailbox.close(), subscription.close()]);
      await Promise.all([withCredential.close(), agent.destroy()]);
    },
  };
};
