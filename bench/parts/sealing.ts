import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { sealTrail } from '../../src/store/trail/seal-trail.ts';
import { openPool } from '../ground/keys.ts';
import { quantile, short } from '../measure/figures.ts';
import { ratios, tell } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const ROUNDS = 5;
const ROWS = 10_000;
const STREAMS = 20;
/** Rows a second of a busy day, and for how long their lag is taken. */
const STEADY = 200;
const STEADY_MS = 10_000;
/** As often as the broker seals: src/trail-part.ts. */
const SEAL_EVERY_MS = 500;

const addRows = (pool: pg.Pool, count: number): Promise<unknown> =>
  pool.query(
    `INSERT INTO audit (event, organization, kind, purpose, headings, digest, stamp)
     SELECT 'read', 'ASKER' || n % $2, 'ambulance', 'ETREAT', '{please-do,who-to-ring}', repeat('a', 64), '1.1.1' FROM generate_series(1, $1::integer) n`,
    [count, STREAMS],
  );
const rate = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return ROWS / ((performance.now() - startedAt) / 1_000);
};

/** How fast the trail is sealed, beside the insert of the same rows in one statement; and how far behind it is at a steady rate. */
export const sealing: Part = async ({ cluster, say }) => {
  const url = await cluster.database('bench_sealing');
  const pool = await openPool(url, 8);
  const [inserted, sealed]: [number[], number[]] = [[], []];
  for (let round = -1; round < ROUNDS; round += 1) {
    const into = await rate(() => addRows(pool, ROWS));
    const by = await rate(async () => {
      for (;;) if ((await sealTrail(pool)) === 0) return;
    });
    if (round >= 0) {
      inserted.push(into);
      sealed.push(by);
    }
    say(`sealed ${short(by)} rows a second, inserted ${short(into)}`);
  }

  let stopped = false;
  const seal = async (): Promise<void> => {
    while (!stopped) {
      await sealTrail(pool);
      await sleep(SEAL_EVERY_MS);
    }
  };
  const lags: number[] = [];
  const sealer = seal();
  const startedAt = performance.now();
  let last = (await pool.query<{ id: string }>('SELECT coalesce(max(audit_id), 0) AS id FROM trail_link')).rows[0]?.id ?? '0';
  for (let tick = 0; performance.now() - startedAt < STEADY_MS; tick += 1) {
    await addRows(pool, STEADY / 20);
    await sleep(Math.max(0, startedAt + tick * 50 - performance.now()));
    const { rows } = await pool.query<{ id: string; lag: number }>(
      `SELECT l.audit_id AS id, extract(epoch FROM clock_timestamp() - a.at)::double precision * 1000 AS lag
         FROM trail_link l JOIN audit a ON a.id = l.audit_id WHERE l.audit_id > $1 ORDER BY l.audit_id`,
      [last],
    );
    last = rows.at(-1)?.id ?? last;
    lags.push(...rows.map(({ lag }) => lag));
  }
  stopped = true;
  await sealer;
  await pool.end();
  await cluster.drop('bench_sealing');
  return [
    tell(
      'sealing the trail, of the insert of its rows in one statement',
      ratios(sealed, inserted),
      `sealed ${short(quantile(sealed, 0.5))}/s, inserted ${short(quantile(inserted, 0.5))}/s; ${STREAMS} streams`,
    ),
    tell(
      `lag of the seal at ${STEADY} rows a second, of the second that is promised`,
      [quantile(lags, 0.5) / 1_000, quantile(lags, 0.99) / 1_000],
      `p50 ${short(quantile(lags, 0.5))} ms, p99 ${short(quantile(lags, 0.99))} ms of ${lags.length} rows, as seen every 50 ms`,
    ),
  ];
};
