import { Redis } from 'ioredis';
import { CannotStart } from '../src/model/cannot-start.ts';

const OLDEST = [6, 2] as const;

/** Throws CannotStart, in one line without the address, when no Redis 6.2 or later answers at `url`: BullMQ itself would wait for one without end. */
export const assertRedis = async (url: string): Promise<void> => {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let heard = 'no answer';
  // What connect rejects with says only that the connection is closed.
  client.on('error', (fault: Error) => {
    if ('code' in fault) heard = String(fault.code);
  });
  try {
    await client.connect();
    const version = /redis_version:(\d+)\.(\d+)/.exec(await client.info('server')) ?? [];
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
      throw new CannotStart(`REDIS_URL leads to Redis ${major}.${minor}; the broker needs ${OLDEST.join('.')} or later`);
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    throw new CannotStart(`no Redis can be used at REDIS_URL (${heard})`);
  } finally {
    client.disconnect();
  }
};
