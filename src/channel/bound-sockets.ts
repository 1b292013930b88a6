import { randomUUID } from 'node:crypto';
import { subscriptionAt, type Binding, type BindingEnd } from '../model/websocket.ts';
import type { Channel } from './channel.ts';
import { type Closed, NO_SOCKET, type WebsocketPeer } from './websocket-peer.ts';

/** How often each socket is asked whether anybody is there; one that is silent for so long is cut off. */
const PULSE_MS = 20_000;

/** What one is told whose last Subscription is no longer bound: codes of the broker's own (RFC 6455 section 7.4.2). */
const ENDS: Readonly<Record<BindingEnd, { readonly closed: Closed; readonly code: number; readonly reason: string }>> = {
  taken: { closed: 'taken', code: 4409, reason: 'bound on another socket' },
  expired: { closed: 'expired', code: 4408, reason: 'the time of the binding is over' },
  revoked: { closed: 'revoked', code: 4403, reason: 'access has ended' },
  off: { closed: 'revoked', code: 4403, reason: 'access has ended' },
  'no-agreement': { closed: 'revoked', code: 4403, reason: 'access has ended' },
};

interface Bound {
  readonly binding: Binding;
  readonly peer: WebsocketPeer;
}

/** The sockets of this process, and which Subscription is told on which. A Subscription is on one, a socket may have several, of one client. */
export class BoundSockets implements Channel {
  /** Names this process where others look for a socket. */
  readonly processId = randomUUID();
  /** Sockets that were closed since the start, by why. */
  readonly closed = new Map<Closed, number>();
  /** Told which bindings are over because their sockets have gone. */
  onLeft: (bindingIds: readonly string[]) => void = () => undefined;
  readonly #bound = new Map<string, Bound>();
  readonly #peers = new Map<WebsocketPeer, { readonly clientId: string | null; readonly bindings: Set<string> }>();
  readonly #pulse = setInterval(() => {
    for (const peer of this.#peers.keys()) peer.pulse(PULSE_MS);
  }, PULSE_MS).unref();

  /** Sockets that are open, bound or not. */
  get open(): number {
    return this.#peers.size;
  }

  /** Subscriptions that are bound. */
  get bound(): number {
    return this.#bound.size;
  }

  /** Ids of all bindings. */
  bindingIds(): readonly string[] {
    return [...this.#bound.values()].map(({ binding }) => binding.id);
  }

  add(peer: WebsocketPeer): void {
    this.#peers.set(peer, { clientId: null, bindings: new Set() });
  }

  /** Whose socket it is; null while it is not bound. */
  clientOf(peer: WebsocketPeer): string | null {
    return this.#peers.get(peer)?.clientId ?? null;
  }

  /** What is bound there is told there from here on. What was bound elsewhere in this process is so no longer. */
  bind(peer: WebsocketPeer, bindings: readonly Binding[]): void {
    const own = this.#peers.get(peer);
    const [first] = bindings;
    if (own === undefined || first === undefined) {
      // It went while its token was looked at.
      this.onLeft(bindings.map(({ id }) => id));
      return;
    }
    const ids = own.bindings;
    for (const binding of bindings) {
      const before = this.#bound.get(binding.subscriptionId);
      this.#bound.set(binding.subscriptionId, { binding, peer });
      ids.add(binding.id);
      if (before !== undefined) this.#over(before, 'taken', before.peer !== peer);
    }
    this.#peers.set(peer, { clientId: first.clientId, bindings: ids });
  }

  /** A binding is over: nothing more is told on it, and a socket without any other is closed. */
  end(bindingId: string, because: BindingEnd): void {
    for (const [subscriptionId, bound] of this.#bound)
      if (bound.binding.id === bindingId) {
        this.#bound.delete(subscriptionId);
        this.#over(bound, because, true);
        if (because !== 'taken') this.onLeft([bindingId]);
      }
  }

  /** A socket is closed: what was bound there waits for the next. */
  gone(peer: WebsocketPeer, because: Closed): void {
    const own = this.#peers.get(peer);
    this.#peers.delete(peer);
    this.closed.set(because, (this.closed.get(because) ?? 0) + 1);
    if (own === undefined || own.bindings.size === 0) return;
    for (const [subscriptionId, bound] of this.#bound) if (bound.peer === peer) this.#bound.delete(subscriptionId);
    this.onLeft([...own.bindings]);
  }

  send: Channel['send'] = async ({ address }, { bytes }, limits) => {
    const bound = this.#bound.get(subscriptionAt(address) ?? '');
    return bound === undefined ? NO_SOCKET : bound.peer.tell(bytes, limits);
  };

  async close(): Promise<void> {
    clearInterval(this.#pulse);
    for (const peer of this.#peers.keys()) peer.cut('stopping');
  }

  /** Asks every peer to come back later. */
  goAway(): void {
    for (const peer of this.#peers.keys()) peer.close('stopping', 1001, 'the broker stops');
  }

  #over({ binding, peer }: Bound, because: BindingEnd, closes: boolean): void {
    const bindings = this.#peers.get(peer)?.bindings;
    bindings?.delete(binding.id);
    const { closed, code, reason } = ENDS[because];
    if (closes && bindings?.size === 0) peer.close(closed, code, reason);
  }
}
