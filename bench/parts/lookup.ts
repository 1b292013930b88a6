import { fileURLToPath } from 'node:url';
import { createLog } from '../../src/log.ts';
import { createPool } from '../../src/store/pool.ts';
import { startChild } from '../ground/child.ts';
import { startBroker } from '../ground/broker.ts';
import { fill } from '../ground/fill.ts';
import { setTemplate } from '../ground/template.ts';
import { startGenerator } from '../load/load.ts';
import { spread } from '../measure/figures.ts';
import { judge, ratios } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const PERSONS = 10_000;
const ROUNDS = 7;
const MILLIS = 2_000;
export const AMBULANCE = {
  'nhsd-end-user-organisation-ods': 'AMB',
  'x-service-kind': 'ambulance',
  'content-type': 'application/x-www-form-urlencoded',
};

/** The whole broker's `POST /fhir/Flag/_search` against the bare look-up, round by round: bare, broker, bare again. */
export const lookup: Part = async ({ cluster, say }) => {
  const url = await cluster.database('bench_lookup');
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker.base, [{ name: 'amb', kind: 'ambulance', address: null }]);
  const pool = createPool(url, createLog('error'), { max: 2 });
  await fill(pool, { count: PERSONS, from: 0, words: false, reach: ['svc-amb'], readBy: 'svc-amb', keysAt: null });
  const bare = startChild({}, [fileURLToPath(new URL('../bare/lookup-server.ts', import.meta.url)), url]);
  const bareUrl = await bare.ready();
  const generator = startGenerator();
  const verdicts = [];
  for (const [inFlight, goal] of [
    [16, 0.5],
    [1, 0.4],
  ] as const) {
    const load = { headers: AMBULANCE, persons: PERSONS, inFlight };
    const rates: Record<'bare' | 'broker' | 'again', number[]> = { bare: [], broker: [], again: [] };
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const [name, target] of [
        ['bare', bareUrl],
        ['broker', `${broker.base}/Flag/_search`],
        ['again', bareUrl],
      ] as const) {
        const { rate } = await generator.run({ ...load, url: target, millis: MILLIS });
        if (round >= 0) rates[name].push(rate);
        say(`lookup at ${inFlight}: ${name} ${Math.round(rate)}/s`);
      }
    }
    const found = ratios(
      rates.broker,
      rates.bare.map((rate, round) => (rate + (rates.again[round] ?? rate)) / 2),
    );
    const from = `bare ${spread(rates.bare, '/s')}, broker ${spread(rates.broker, '/s')}, A/A ${spread(ratios(rates.again, rates.bare))}`;
    verdicts.push(judge(`lookup at ${inFlight} in flight`, `≥ ${goal} of bare`, found, { atLeast: goal }, from));
  }
  generator.stop();
  bare.signal('SIGKILL');
  await broker.stop();
  await pool.end();
  await cluster.drop('bench_lookup');
  return verdicts;
};
