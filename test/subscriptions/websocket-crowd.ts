import { expect } from '@jest/globals';
import { suspendClient } from '../../src/store/access/clients.ts';
import { eventually } from '../support/eventually.ts';
import type { WebsocketSubscriber } from '../support/websocket-subscriber.ts';
import type { Subscriber, Websockets } from './websocket-world.ts';

/** At once: asked of the door, whose database has twenty connections. */
const AT_ONCE = 20;

const eachOf = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const left = [...items];
  const hand = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
};

interface Member {
  readonly of: Subscriber;
  one: WebsocketSubscriber | null;
}

/**
 * Many subscribers on one process, each Subscription on a socket of its own: all are bound, those of one service are told of a plan, half of the clients are
 * suspended. Answers after how many milliseconds the last of their sockets was closed, with what the others still hear.
 */
export const crowd = async (
  world: Websockets,
  clients: number,
  each: number,
  waitMs: number,
): Promise<{ readonly closedAfter: number }> => {
  const subscribers: Subscriber[] = [];
  for (let client = 0; client < clients; client++) subscribers.push(await world.subscriber());
  const members: Member[] = subscribers.flatMap((of) => Array.from({ length: each }, () => ({ of, one: null })));
  await eachOf(members, async (member) => {
    const { token, url } = await world.tokenOf(member.of, await world.subscribe(member.of));
    member.one = await world.websocket(url);
    member.one.bind(token);
  });
  const { sockets } = world.engine.engine;
  await eventually(() => expect([sockets.open, sockets.bound]).toEqual([members.length, members.length]), waitMs);
  const of = (who: Subscriber | undefined) => members.flatMap((member) => (member.of === who && member.one !== null ? [member.one] : []));
  const heard = (who: Subscriber | undefined, count: number) =>
    eventually(() => expect(of(who).map((one) => one.events().length)).toEqual(of(who).map(() => count)), waitMs);
  const [first] = subscribers;
  await first?.plan();
  await heard(first, 1);

  const gone = subscribers.slice(clients / 2);
  const startedAt = performance.now();
  for (const { caller } of gone) await suspendClient(world.engine.database.pool, await world.door.tokens.clientIdOf(caller));
  const codes = () => gone.flatMap((who) => of(who).map((one) => one.closed()));
  await eventually(() => expect(codes().filter((code) => code !== 4403)).toEqual([]), waitMs);
  const closedAfter = performance.now() - startedAt;
  expect([sockets.open, sockets.bound]).toEqual([members.length / 2, members.length / 2]);
  await first?.plan();
  await heard(first, 2);
  return { closedAfter };
};
