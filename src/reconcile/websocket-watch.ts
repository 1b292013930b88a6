import type { WebsocketPeer } from '../channel/websocket-peer.ts';
import type { StoredLook } from '../store/ledger.ts';
import { setSubscription } from '../store/subscriptions.ts';
import {
  bindingsEnded,
  dueAtSockets,
  leaveAllSockets,
  leaveSockets,
  noteAlive,
  silentSubscriptions,
  socketsOfClient,
} from '../store/websocket-bindings.ts';
import { useWebsocketToken } from '../store/websocket-tokens.ts';
import type { Ports } from './ports.ts';
import type { World } from './ports-on.ts';
import { slice } from './slice.ts';
import { type Handshakes, shakeSockets } from './websocket-handshake.ts';

/** How often a process asks whether anything waits at its sockets: what was nudged elsewhere waits so long, and LEFT_MS. */
const EVERY_MS = 250;
/** At each of so many it also asks whether what is bound there still may be: access that ends is over there within two seconds. */
const ENDS_EVERY = 4;
/** What is due for less than this its own worker is about to take. */
const LEFT_MS = 100;
/**
 * For how long something may be due at a Subscription that is on no socket: then it is in error, and people are told as of any other. Where no agreement is left
 * it is so at once: no socket will be there to hear of a recall.
 */
const SILENT_MS = 10 * 60_000;

/** What the watch tells of. */
export interface WatchTold {
  /** Facts changed: there is a fan-out to do. */
  readonly changed: () => void;
  readonly nudge: (recipientId: string) => void;
  readonly onError: (name: string, fault: unknown) => void;
}

/** What a token has bound: whose client it was for, how many sockets that one has by now, and its handshakes, which are made once the door lets it stay. */
export interface BoundNow {
  readonly clientId: string;
  readonly sockets: number;
  shake(): Promise<void>;
}

/** Websockets of this process: what is bound, and what waits there. */
export interface WebsocketWatch {
  /** Binds what a token is for to a socket; null where the token is good for nothing. */
  bind(peer: WebsocketPeer, token: string): Promise<BoundNow | null>;
  /** Puts in error what has been silent for too long. */
  endSilent(forMs?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keys at a websocket are claimed by the process that has it, and the nudge may have gone to any other: so each looks after its own. Nothing but opaque ids is
 * asked of the database, and no content goes from process to process (I8).
 */
export const watchWebsockets = (world: World, ports: Ports<StoredLook>, { changed, nudge, onError }: WatchTold): WebsocketWatch => {
  const { pool, channels } = world;
  const { sockets } = channels;
  const { processId } = sockets;
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();
  const left: Handshakes = { bindings: new Set(), underWay: new Set() };
  const handshakes = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  let isKnown = false;
  let looks = 0;

  sockets.onLeft = (ids) => {
    if (!closing.signal.aborted) leaveSockets(pool, ids).catch((fault: unknown) => onError('websockets', fault));
  };

  const work = (recipientId: string): void => {
    if (running.has(recipientId) || closing.signal.aborted) return;
    const one = slice(world, ports, recipientId, closing.signal)
      .then((end) => {
        if (end.changed) changed();
      })
      .catch((fault: unknown) => onError('websockets', fault))
      .finally(() => running.delete(recipientId));
    running.set(recipientId, one);
  };

  const shake = async (ids: readonly string[] | null): Promise<void> => {
    const active = await shakeSockets(world, ids, left);
    if (active.length > 0) changed();
  };

  /** A peer that does not answer its handshake keeps no look waiting: others' access may end meanwhile, and the process has to say that it lives. */
  const shakeWaiting = (): void => {
    const one = shake(null)
      .catch((fault: unknown) => onError('websockets', fault))
      .finally(() => handshakes.delete(one));
    handshakes.add(one);
  };

  const lookForEnds = async (ids: readonly string[]): Promise<void> => {
    if (ids.length === 0 && !isKnown) return;
    await noteAlive(pool, processId);
    isKnown = ids.length > 0;
    const open = new Set(ids);
    for (const id of left.bindings) if (!open.has(id)) left.bindings.delete(id);
    for (const { id, because } of await bindingsEnded(pool, processId, ids)) sockets.end(id, because);
    shakeWaiting();
  };
  const look = async (): Promise<void> => {
    const ids = sockets.bindingIds();
    if (looks++ % ENDS_EVERY === 0) await lookForEnds(ids);
    if (ids.length === 0) return;
    for (const recipientId of await dueAtSockets(pool, processId, LEFT_MS)) work(recipientId);
  };
  const start = (): void => {
    round = look()
      .catch((fault: unknown) => onError('websockets', fault))
      .finally(() => {
        if (!closing.signal.aborted) timer = setTimeout(start, EVERY_MS);
      });
  };
  start();

  return {
    bind: async (peer, token) => {
      isKnown = true;
      await noteAlive(pool, processId);
      const bindings = await useWebsocketToken(pool, token, { processId, socketId: peer.id });
      const [first] = bindings;
      if (first === undefined) return null;
      const ids = bindings.map(({ subscriptionId }) => subscriptionId);
      sockets.bind(peer, bindings);
      return {
        clientId: first.clientId,
        // Counted after it is on record: of two that come in at once and are too many together, at least one sees the other.
        sockets: await socketsOfClient(pool, first.clientId),
        shake: async () => {
          await shake(ids).finally(() => bindings.forEach(({ id }) => left.bindings.add(id)));
          for (const recipientId of new Set(bindings.map((each) => each.recipientId))) nudge(recipientId);
        },
      };
    },
    endSilent: async (forMs = SILENT_MS) => {
      for (const id of await silentSubscriptions(pool, forMs)) {
        await setSubscription(pool, id, ['active'], 'error', { wrong: 'notification: no-socket' });
        changed();
      }
    },
    close: async () => {
      closing.abort();
      clearTimeout(timer);
      await round;
      await Promise.all([...running.values(), ...handshakes]);
      await leaveAllSockets(pool, processId);
    },
  };
};
