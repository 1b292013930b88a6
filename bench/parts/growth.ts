import { openPool } from '../ground/keys.ts';
import type { Cluster } from '../ground/cluster.ts';
import { startBroker } from '../ground/broker.ts';
import type { Broker } from '../ground/broker.ts';
import { fill } from '../ground/fill.ts';
import { setTemplate } from '../ground/template.ts';
import { flagLoad } from '../load/flag-load.ts';
import { startGenerator } from '../load/load.ts';
import { spread } from '../measure/figures.ts';
import { judge, ratios } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const FEW = 1_000;
const MANY = 900_000;
const ROUNDS = 7;

/** A broker over so many plans; their words are left out, for a flag search does not read them. */
const brokerOver = async (cluster: Cluster, name: string, count: number): Promise<Broker> => {
  const url = await cluster.database(name);
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker, [{ name: 'amb', kind: 'ambulance', address: null }]);
  const pool = await openPool(url, 2);
  await fill(pool, { count, from: 0, words: false, reach: ['svc-amb'], likeKeyAt: 'pull:svc-amb', keysAt: [] });
  await pool.query('CHECKPOINT');
  await pool.end();
  return broker;
};

/** `POST /fhir/Flag/_search` over 1,000 plans against 900,000, at 16 in flight. */
export const growth: Part = async ({ cluster, say }) => {
  const few = await brokerOver(cluster, 'bench_few', FEW);
  say(`growth: filling ${MANY} plans`);
  const many = await brokerOver(cluster, 'bench_many', MANY);
  const generator = startGenerator();
  const rates: Record<'few' | 'many' | 'again', number[]> = { few: [], many: [], again: [] };
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [name, broker, persons] of [
      ['few', few, FEW],
      ['many', many, MANY],
      ['again', few, FEW],
    ] as const) {
      const { rate } = await generator.run({
        url: `${broker.base}/Flag/_search`,
        ...flagLoad(persons, broker),
        inFlight: 16,
        millis: 2_000,
      });
      if (round >= 0) rates[name].push(rate);
      say(`growth: ${name} ${Math.round(rate)}/s`);
    }
  }
  generator.stop();
  await few.stop();
  await many.stop();
  await cluster.drop('bench_few');
  await cluster.drop('bench_many');
  const fewRates = rates.few.map((rate, round) => (rate + (rates.again[round] ?? rate)) / 2);
  const from = `${FEW} plans ${spread(rates.few, '/s')}, ${MANY} plans ${spread(rates.many, '/s')}, A/A ${spread(ratios(rates.again, rates.few))}`;
  return [judge(`${MANY} plans at 16 in flight`, `≤ 1.3 times as slow as ${FEW}`, ratios(fewRates, rates.many), { atMost: 1.3 }, from)];
};
