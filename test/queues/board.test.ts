import { afterEach, describe, expect, test } from '@jest/globals';
import { IS_WHOLE } from '../support/breadth.ts';
import { request } from 'node:http';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir } from '../support/data-dir.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { freePort } from './stores.ts';

let stops: (() => Promise<unknown>)[] = [];
const later = (stop: () => Promise<unknown>): void => void stops.unshift(stop);
afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
}, 60_000);

/** A request with a Host of its own, which fetch does not let one choose. */
const asHost = (port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

describe('The board of the queue', () => {
  test.each([['PostgreSQL'], ...(IS_WHOLE && hasRedis() ? [['Redis']] : [])])(
    'shows operators the queues, and changes nothing: on %s',
    async (store) => {
      const redis = store === 'Redis' ? await startRedis() : null;
      if (redis !== null) later(redis.stop);
      const folder = await makeDataDir();
      later(folder.remove);
      const port = await freePort();
      const broker = spawnBroker({ DATA_DIR: folder.path, BOARD_PORT: String(port), ...(redis === null ? {} : { REDIS_URL: redis.url }) });
      later(async () => {
        broker.signal('SIGTERM');
        expect(await broker.exit()).toBe(0);
      });
      await broker.ready();
      const at = (path: string): string => `http://127.0.0.1:${port}${path}`;

      const page = await fetch(at('/'));
      const html = await page.text();
      expect([page.status, html]).toEqual([200, expect.stringContaining('Crisis-plan broker')]);
      // The page names a font elsewhere: the policy keeps it from being fetched.
      expect(page.headers.get('content-security-policy')).toMatch(
        /default-src 'self';.*style-src 'self' 'unsafe-inline';.*font-src 'self'/,
      );
      const assets = [...html.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path = '']) => path);
      expect(assets.length).toBeGreaterThan(2);
      for (const path of assets) expect([path, (await fetch(at(`/${path}`))).status]).toEqual([path, 200]);

      const queues = await (await fetch(at('/api/queues'))).json();
      expect(queues).toMatchObject({
        queues: [
          { name: 'recipient', readOnlyMode: true, counts: { failed: 0 } },
          { name: 'fan-out', readOnlyMode: true, counts: { failed: 0 } },
        ],
      });
      for (const [method, path] of [
        ['PUT', '/api/queues/recipient/pause'],
        ['PUT', '/api/queues/recipient/clean/completed'],
        ['POST', '/api/queues/recipient/add'],
        ['DELETE', '/api/queues/recipient'],
      ])
        expect([path, (await fetch(at(path ?? ''), { method: method ?? '' })).status]).toEqual([path, 405]);
      // A page of somebody else's whose name was made to mean this machine.
      expect([await asHost(port, 'attacker.example'), await asHost(port, `localhost:${port}`)]).toEqual([421, 200]);
      expect(await fetch(at('/api/queues')).then(({ status }) => status)).toBe(200);
    },
    60_000,
  );

  test('is not there unless it is asked for', async () => {
    const folder = await makeDataDir();
    later(folder.remove);
    const broker = spawnBroker({ DATA_DIR: folder.path });
    later(async () => {
      broker.signal('SIGTERM');
      await broker.exit();
    });
    const door = new URL(await broker.ready());
    for (const path of ['/api/queues', '/static/', '/']) expect((await fetch(new URL(path, door))).status).toBe(401);
  }, 60_000);
});
