import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { deliveredBytes } from '../../src/store/signed-version.ts';
import * as body from '../../test/support/bodies.ts';
import { startBroker } from '../ground/broker.ts';
import { callerOf } from '../ground/caller.ts';
import { startChild } from '../ground/child.ts';
import { fill } from '../ground/fill.ts';
import { openPool } from '../ground/keys.ts';
import { untilQuiet } from '../ground/ledger-of.ts';
import { setTemplate } from '../ground/template.ts';
import { short } from '../measure/figures.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const HELD = 100_000;
const IN_FLIGHT = 16;
const POSTS = 2_000;
/** How long recalls are counted, once the fan-out has ended. */
const WINDOW_MS = 20_000;

const one = async (pool: pg.Pool, text: string): Promise<string> => (await pool.query<{ n: string }>(text)).rows[0]?.n ?? '0';
const accepted = (pool: pg.Pool): Promise<string> => one(pool, `SELECT count(*) AS n FROM delivery WHERE outcome = 'accepted'`);
const waitFor = async (pool: pg.Pool, text: string, limitMs: number): Promise<void> => {
  for (const endsAt = performance.now() + limitMs; (await one(pool, text)) !== '0'; await sleep(50))
    if (performance.now() > endsAt) throw new Error(`still so: ${text}`);
};

/** An agreement ends over 100,000 plans that are held: how long the barrier takes, the fan-out behind it, and at what rate recalls are settled then, against raw POSTs of a recall. */
export const drain: Part = async ({ cluster, say }) => {
  const recipient = await startRecipient();
  const url = await cluster.database('bench_drain');
  const first = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  await setTemplate(first, [{ name: 'epr', kind: 'epr', address: recipient.address }], ['svc-epr']);
  const pool = await openPool(url, 2);
  await waitFor(
    pool,
    `SELECT count(*) AS n FROM (SELECT 1) one WHERE NOT EXISTS (SELECT FROM delivery WHERE outcome = 'accepted')`,
    30_000,
  );
  await untilQuiet(pool);
  await first.stop();
  await fill(pool, { count: HELD, from: 0, words: false, reach: ['svc-epr'], likeKeyAt: 'end-epr', keysAt: [] });
  await pool.query('CHECKPOINT');

  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  const operator = callerOf(broker, 'BROKER', 'operator');
  const startedAt = performance.now();
  await operator.put({ ...body.agreement('org-trust', ['svc-epr'], { status: 'terminated' }), id: 'agreement-epr' });
  const barrier = performance.now() - startedAt;
  await waitFor(pool, 'SELECT count(*) AS n FROM fan_out', 300_000);
  const fannedOut = performance.now() - startedAt;
  const before = Number(await accepted(pool));
  const from = performance.now();
  await sleep(WINDOW_MS);
  const rate = (Number(await accepted(pool)) - before) / ((performance.now() - from) / 1_000);
  await operator.close();
  await broker.stop();

  const { rows } = await pool.query<{ id: string }>(`SELECT id FROM delivery WHERE outcome = 'accepted' ORDER BY serial DESC LIMIT 1`);
  const bytes = await deliveredBytes(pool, rows[0]?.id ?? '');
  if (bytes === null || bytes === '') throw new Error('nothing was recalled');
  const file = join(cluster.folder, 'recall.json');
  writeFileSync(file, bytes);
  const posts = startChild({}, [
    fileURLToPath(new URL('../bare/posts.ts', import.meta.url)),
    recipient.address,
    file,
    String(IN_FLIGHT),
    String(POSTS),
  ]);
  await once(posts.child, 'close');
  const raw = Number(await posts.ready());
  recipient.stop();
  await pool.end();
  await cluster.drop('bench_drain');
  say(`drain: barrier ${short(barrier)} ms, fanned out in ${short(fannedOut / 1_000)} s, ${short(rate)} recalls/s, raw ${short(raw)}/s`);
  return [
    {
      part: `an agreement ends over ${HELD} held plans`,
      asked: '',
      found: `barrier ${short(barrier)} ms (the write at the door, committed); all recalls owed after ${short(fannedOut / 1_000)} s`,
      is: 'told',
      from: `${short(rate)} recalls settled a second, ${short(rate / raw)} of raw POSTs of one (${short(raw)}/s at ${IN_FLIGHT} in flight): the rest in ${short(HELD / rate / 60)} minutes`,
    },
  ];
};
