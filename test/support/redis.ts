import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../../src/store/free-port.ts';

/** A Redis of a test's own, in memory. */
export interface TestRedis {
  readonly url: string;
  readonly client: Redis;
  stop(): Promise<void>;
}

/** Whether `redis-server` is on PATH; where it is not, tests on Redis are left out, and `.ci/run` fails. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/** Starts `redis-server` on a free port, as production has it: nothing is evicted. Resolves once it answers. */
export const startRedis = async (): Promise<TestRedis> => {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on('error', () => {}); // refused until it listens; ioredis reports each try
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    client,
    stop: async () => {
      client.disconnect();
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
  };
};
