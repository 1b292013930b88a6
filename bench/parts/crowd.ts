import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deliveredBytes } from '../../src/store/signed-version.ts';
import { hasRedis, startRedis } from '../../test/support/redis.ts';
import { startBroker } from '../ground/broker.ts';
import { startChild } from '../ground/child.ts';
import { fill } from '../ground/fill.ts';
import { openPool } from '../ground/keys.ts';
import { bump, reissue, untilQuiet } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { setTemplate } from '../ground/template.ts';
import { spread } from '../measure/figures.ts';
import type { Verdict } from '../measure/verdict.ts';
import { aim, ratios, tell } from '../measure/verdict.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const RECIPIENTS = 10;
const EACH = 1_000;
const KEYS = RECIPIENTS * EACH;
const ROUNDS = 2;
const PROCESSES = [1, 2, 4] as const;
/** Three times what Medplum's subscription hooks gave on such a machine. */
const AIM = 3 * 174;

const names = Array.from({ length: RECIPIENTS }, (_, place) => `epr${place}`);

/** 10,000 keys due at once on ten recipients: settled deliveries a second with 1, 2 and 4 processes that work, the queue on PostgreSQL and on Redis, against raw POSTs. */
export const crowd: Part = async ({ cluster, say }) => {
  const recipients = await Promise.all(names.map(startRecipient));
  const url = await cluster.database('bench_crowd');
  const ground = await startBroker(url, cluster.folder);
  await setTemplate(
    ground,
    names.map((name, place) => ({ name, kind: 'epr', address: recipients[place]?.address ?? null })),
  );
  await ground.stop();
  const pool = await openPool(url, 2);
  for (const [place, name] of names.entries()) {
    const keysAt = [{ destination: `end-${name}`, recipient: `svc-${name}` }];
    await fill(pool, { count: EACH, from: place * EACH, words: true, reach: [`svc-${name}`], likeKeyAt: null, keysAt });
  }
  const numbers = testNumbers(KEYS);
  let issue = 0;

  const settle = async (): Promise<number> => {
    const { rows: before } = await pool.query<{ last: string }>('SELECT coalesce(max(serial), 0) AS last FROM delivery');
    issue += 1;
    await reissue(pool, numbers, issue);
    await bump(pool, numbers);
    await untilQuiet(pool);
    const { rows } = await pool.query<{ accepted: string; seconds: string }>(
      `SELECT count(*) FILTER (WHERE outcome = 'accepted') AS accepted, extract(epoch FROM max(settled_at) - min(begun_at)) AS seconds FROM delivery WHERE serial > $1`,
      [before[0]?.last ?? 0],
    );
    if (Number(rows[0]?.accepted) !== KEYS) throw new Error(`${rows[0]?.accepted ?? 0} of ${KEYS} deliveries were accepted`);
    await Promise.all(recipients.map((recipient) => recipient.drain()));
    return KEYS / Number(rows[0]?.seconds);
  };
  const raw = async (file: string): Promise<number> => {
    const [first] = recipients;
    const posts = startChild({}, [fileURLToPath(new URL('../bare/posts.ts', import.meta.url)), first?.address ?? '', file, '16', '4000']);
    await once(posts.child, 'close');
    await first?.drain();
    return Number(await posts.ready());
  };

  const redis = hasRedis() ? await startRedis() : null;
  if (redis === null) say('crowd: redis-server is not on PATH: the queue on Redis is left out');
  const stores = [['PostgreSQL', {}] as const, ...(redis === null ? [] : [['Redis', { REDIS_URL: redis.url }] as const])];
  const verdicts: Verdict[] = [];
  const file = join(cluster.folder, 'crowd.json');
  for (const [store, env] of stores) {
    for (const processes of PROCESSES) {
      const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200', ...env });
      for (let more = 1; more < processes; more += 1) await broker.addWorker();
      await settle();
      const { rows } = await pool.query<{ id: string }>('SELECT id FROM delivery WHERE parcel IS NOT NULL ORDER BY serial DESC LIMIT 1');
      const bytes = await deliveredBytes(pool, rows[0]?.id ?? '');
      if (bytes === null || bytes === '') throw new Error('nothing was sent');
      writeFileSync(file, bytes);
      const rates: Record<'raw' | 'settled', number[]> = { raw: [], settled: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        rates.raw.push(await raw(file));
        rates.settled.push(await settle());
        say(
          `crowd: queue on ${store}, ${processes} processes: settled ${Math.round(rates.settled.at(-1) ?? 0)}/s, raw ${Math.round(rates.raw.at(-1) ?? 0)}/s`,
        );
      }
      await broker.stop();
      const from = `settled ${spread(rates.settled, '/s')}, raw ${spread(rates.raw, '/s')}`;
      const part = `${KEYS} keys due at once on ${RECIPIENTS} recipients, queue on ${store}, ${processes} ${processes === 1 ? 'process' : 'processes'}`;
      verdicts.push(tell(`${part}: of raw POSTs`, ratios(rates.settled, rates.raw), from));
      verdicts.push(aim(part, rates.settled, AIM, '/s', "three times the 174/s of Medplum's subscription hooks on such a machine"));
    }
  }
  await redis?.stop();
  await pool.end();
  for (const recipient of recipients) recipient.stop();
  await cluster.drop('bench_crowd');
  return verdicts;
};
