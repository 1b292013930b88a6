import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deliveredBytes } from '../../src/store/signed-version.ts';
import { openPool } from '../ground/keys.ts';
import { startBroker } from '../ground/broker.ts';
import { startChild } from '../ground/child.ts';
import { fill } from '../ground/fill.ts';
import { settledRate } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { setTemplate } from '../ground/template.ts';
import { spread } from '../measure/figures.ts';
import { judge, ratios } from '../measure/verdict.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const KEYS = 2_000;
const ROUNDS = 5;
const IN_FLIGHT = 16;

/** The whole loop over 2,000 due keys (claim, look, decide, freeze, begin, POST, settle) against raw fhir-kit-client POSTs of the same body to the same recipient. */
export const deliveries: Part = async ({ cluster, say }) => {
  const recipient = await startRecipient();
  const url = await cluster.database('bench_deliveries');
  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  await setTemplate(broker, [{ name: 'epr', kind: 'epr', address: recipient.address }]);
  const pool = await openPool(url, 2);
  await fill(pool, {
    count: KEYS,
    from: 0,
    words: true,
    reach: ['svc-epr'],
    likeKeyAt: null,
    keysAt: [{ destination: 'end-epr', recipient: 'svc-epr' }],
  });
  const numbers = testNumbers(KEYS);

  const settle = (round: number): Promise<number> => settledRate(pool, numbers, round, KEYS);
  await settle(1);
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM delivery WHERE parcel IS NOT NULL ORDER BY serial DESC LIMIT 1');
  const bytes = await deliveredBytes(pool, rows[0]?.id ?? '');
  if (bytes === null || bytes === '') throw new Error('nothing was sent');
  const file = join(cluster.folder, 'body.json');
  writeFileSync(file, bytes);
  const raw = async (): Promise<number> => {
    const posts = startChild({}, [
      fileURLToPath(new URL('../bare/posts.ts', import.meta.url)),
      recipient.address,
      file,
      String(IN_FLIGHT),
      String(KEYS),
    ]);
    await once(posts.child, 'close');
    await recipient.drain();
    return Number(await posts.ready());
  };

  const rates: Record<'raw' | 'settled' | 'again', number[]> = { raw: [], settled: [], again: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.raw.push(await raw());
    rates.settled.push(await settle(round + 2));
    rates.again.push(await raw());
    say(
      `deliveries: raw ${Math.round(rates.raw.at(-1) ?? 0)}/s, settled ${Math.round(rates.settled.at(-1) ?? 0)}/s, raw again ${Math.round(rates.again.at(-1) ?? 0)}/s`,
    );
  }
  await broker.stop();
  await pool.end();
  recipient.stop();
  await cluster.drop('bench_deliveries');
  const found = ratios(
    rates.settled,
    rates.raw.map((rate, round) => (rate + (rates.again[round] ?? rate)) / 2),
  );
  const from = `raw ${spread(rates.raw, '/s')}, settled ${spread(rates.settled, '/s')}, A/A ${spread(ratios(rates.again, rates.raw))}, body ${Math.round(bytes.length / 1_000)} kB`;
  return [judge(`settled deliveries at ${IN_FLIGHT} in flight`, '≥ 0.25 of raw POSTs', found, { atLeast: 0.25 }, from)];
};
