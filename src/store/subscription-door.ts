import type { Principal } from '../model/principal.ts';
import type { EventRange, SubscriptionEvent, SubscriptionState } from '../model/subscription-event.ts';
import type { Instant } from '../model/instant.ts';
import type { StatesAsked } from './subscription-states.ts';
import type { WebsocketAsker } from './websocket-tokens.ts';

/** What the doors need of the store for Subscriptions, beside keeping them. */
export interface SubscriptionDoor {
  /** How the caller's own Subscriptions stand; another's is left out as one that is not there. */
  subscriptionStates(principal: Principal, asked: StatesAsked): Promise<readonly SubscriptionState[]>;
  /** Events of a Subscription, oldest first: ids only. The caller has read the Subscription; what it may see of each is decided by `lookUp`. */
  subscriptionEvents(subscriptionId: string, range: EventRange, most: number): Promise<readonly SubscriptionEvent[]>;
  /** Has events told once more, as far as they may be now; answers of how many plans. The caller has read the Subscription. Throws `conflict` where it is not active. */
  resendEvents(principal: Principal, subscriptionId: string, range: EventRange): Promise<number>;
  /** Makes one that the caller has read another secret by which its notifications are signed; it is told this once. */
  rotateSecret(subscriptionId: string): Promise<string>;
  /** The caller's own Subscriptions over websockets among `ids`, or all, and whether its client may bind each to a socket now. */
  ownWebsockets(
    principal: Principal,
    clientId: string,
    ids: readonly string[] | null,
  ): Promise<readonly { readonly id: string; readonly stands: boolean }[]>;
  /** A token by which a client binds these to one socket, once, as long as the access token is not given back by which it asks. They are its own. */
  websocketToken(asker: WebsocketAsker, subscriptionIds: readonly string[]): Promise<{ readonly token: string; readonly endsAt: Instant }>;
}
