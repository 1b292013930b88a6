import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeListener } from './fake-listener.ts';
import type { Behaviour } from './fake-recipient.ts';

/** One notification as it came in. */
export interface HookNotification {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly status: string;
  /** null in a handshake. */
  readonly eventNumber: string | null;
  readonly eventsSinceStart: string;
  /** `CarePlan/<id>`; null where none is named. */
  readonly focus: string | null;
  /** The entry says DELETE: it may no longer be read. */
  readonly withdrawn: boolean;
  readonly bytes: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A subscriber's rest-hook. */
export interface FakeHook {
  /** As `Subscription.channel.endpoint`. Stays the same over `stop` and `start`. */
  readonly address: string;
  /** Everything that came in, oldest first, repeats included. */
  notifications(): readonly HookNotification[];
  /** Only events, each id once. */
  events(): readonly HookNotification[];
  /** `normal`, `refuse` (422), `busy` (503), `stall`, `lose-answer` and `answer-late` mean something here; others are `normal`. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a rest-hook. `heard` is called after each notification that it took, before it answers. */
export const startFakeHook = async (
  heard: (notification: HookNotification) => void | Promise<void> = () => undefined,
  port = 0,
): Promise<FakeHook> => {
  const all: HookNotification[] = [];
  let behaviour: Behaviour = { how: 'normal' };
  let left = Number.POSITIVE_INFINITY;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const notification = readNotification(Buffer.concat(chunks).toString('utf8'), request.headers);
    const { how, delayMs = 0 } = left > 0 ? behaviour : { how: 'normal' as const };
    left -= 1;
    if (how === 'stall') return;
    if (how === 'refuse' || how === 'busy') {
      response.writeHead(how === 'refuse' ? 422 : 503).end();
      return;
    }
    all.push(notification);
    await heard(notification);
    if (how === 'lose-answer') {
      response.destroy();
      return;
    }
    if (how === 'answer-late') await sleep(delayMs);
    response.writeHead(200).end();
  };

  const listener = await fakeListener(
    () =>
      createServer((request, response) => {
        answer(request, response).catch(() => response.writeHead(400).end());
      }),
    port,
  );
  return {
    address: `http://127.0.0.1:${listener.port()}/hook`,
    notifications: () => [...all],
    events: () => all.filter((each, index) => each.type === 'event-notification' && all.findIndex(({ id }) => id === each.id) === index),
    behave: (next) => {
      behaviour = next;
      left = next.times ?? Number.POSITIVE_INFINITY;
    },
    stop: listener.stop,
    start: listener.start,
  };
};

// Whatever is missing throws, and is answered with 400.
/** A notification as it stands in its bytes. */
export const readNotification = (bytes: string, headers: IncomingMessage['headers']): HookNotification => {
  const bundle = JSON.parse(bytes);
  const [status, focus] = bundle.entry;
  if (bundle.type !== 'history' || !status.request.url.endsWith('/$status') || status.response.status === undefined)
    throw new Error('no notification');
  const parameter = (name: string) => status.resource.parameter.find((each: { name: string }) => each.name === name);
  const part = (name: string) => parameter('notification-event')?.part.find((each: { name: string }) => each.name === name);
  return {
    at: Date.now(),
    id: bundle.id,
    type: parameter('type').valueCode,
    status: parameter('status').valueCode,
    eventNumber: part('event-number')?.valueString ?? null,
    eventsSinceStart: parameter('events-since-subscription-start').valueString,
    focus: part('focus')?.valueReference.reference ?? null,
    withdrawn: focus?.request.method === 'DELETE',
    bytes,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  };
};
