import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeDataDir } from '../support/data-dir.ts';
import { spawnBroker } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';
import { openWebsocket } from '../support/websocket-subscriber.ts';

/** A broker that stops does not wait for its websockets: it tells them to come back. */

let folder: Awaited<ReturnType<typeof makeDataDir>>;
beforeAll(async () => {
  folder = await makeDataDir();
});
afterAll(() => folder.remove());

test('SIGTERM closes websockets with 1001, also one that does not read, and the broker ends with 0', async () => {
  let ended = false;
  const broker = spawnBroker({ DATA_DIR: folder.path });
  try {
    const base = await broker.ready();
    const url = `${base.replace('http', 'ws')}/websocket`;
    const [one, stalled] = [await openWebsocket(url), await openWebsocket(url)];
    stalled.stall();
    broker.signal('SIGTERM');
    const askedAt = performance.now();
    expect(await broker.exit()).toBe(0);
    // Not one of its parts was stopped over its head, which is after twenty seconds.
    expect(performance.now() - askedAt).toBeLessThan(18_000);
    await eventually(() => expect(one.closed()).toBe(1001), 20_000);
    expect(broker.stdout()).not.toContain('a part did not stop cleanly');
    stalled.leave();
    ended = true;
  } finally {
    if (!ended) broker.signal('SIGKILL');
  }
}, 90_000);
