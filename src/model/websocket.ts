const SCHEME = 'websocket:';

/** The address of a Subscription over a websocket: the broker's own word, for such a subscriber has none. */
export const websocketAddress = (subscriptionId: string): string => `${SCHEME}${subscriptionId}`;

/** Which Subscription an address names; null where it is no websocket's. */
export const subscriptionAt = (address: string): string | null => (address.startsWith(SCHEME) ? address.slice(SCHEME.length) : null);

/** Why an attempt was not made: its Subscription is on no socket of this process. Nothing left, and it waits for the next one; that is no failure. */
export const NOT_BOUND = 'not-bound';

/** One Subscription on one socket, until another takes its place. */
export interface Binding {
  readonly id: string;
  readonly subscriptionId: string;
  readonly recipientId: string;
  readonly clientId: string;
}

/** Why a binding is over: another one took its place, its time is over, or the right to it: by its client, by its owner, or by its last agreement. */
export type BindingEnd = 'taken' | 'expired' | 'revoked' | 'off' | 'no-agreement';
