import { fileURLToPath } from 'node:url';
import { openPool } from '../ground/keys.ts';
import { startChild } from '../ground/child.ts';
import { startBroker } from '../ground/broker.ts';
import { fill } from '../ground/fill.ts';
import { setTemplate } from '../ground/template.ts';
import { flagLoad } from '../load/flag-load.ts';
import { startGenerator } from '../load/load.ts';
import { spread } from '../measure/figures.ts';
import type { Verdict } from '../measure/verdict.ts';
import { judge, ratios } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const PERSONS = 10_000;
const ROUNDS = 7;
const MILLIS = 2_000;

const startBare = async (url: string, mode: 'facts' | 'least') => {
  const bare = startChild({}, [fileURLToPath(new URL('../bare/lookup-server.ts', import.meta.url)), url, mode]);
  return { url: await bare.ready(), stop: () => bare.signal('SIGKILL') };
};

/**
 * The whole broker's `POST /fhir/Flag/_search` against the bare look-up that reads the same rows, round by round: bare, broker, bare again. Beside
 * it, for what it says, the bare look-up that reads no facts.
 */
export const lookup: Part = async ({ cluster, say }) => {
  const url = await cluster.database('bench_lookup');
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker, [{ name: 'amb', kind: 'ambulance', address: null }]);
  const pool = await openPool(url, 2);
  await fill(pool, { count: PERSONS, from: 0, words: false, reach: ['svc-amb'], likeKeyAt: 'pull:svc-amb', keysAt: [] });
  const [bare, least] = [await startBare(url, 'facts'), await startBare(url, 'least')];
  const generator = startGenerator();
  const verdicts: Verdict[] = [];
  for (const [inFlight, goal] of [
    [16, 0.5],
    [1, 0.4],
  ] as const) {
    const load = { ...flagLoad(PERSONS, broker), inFlight };
    const rates: Record<'bare' | 'broker' | 'again' | 'least', number[]> = { bare: [], broker: [], again: [], least: [] };
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const [name, target] of [
        ['bare', bare.url],
        ['broker', `${broker.base}/Flag/_search`],
        ['again', bare.url],
        ['least', least.url],
      ] as const) {
        const { rate } = await generator.run({ ...load, url: target, millis: MILLIS });
        if (round >= 0) rates[name].push(rate);
        say(`lookup at ${inFlight}: ${name} ${Math.round(rate)}/s`);
      }
    }
    const bareRates = rates.bare.map((rate, round) => (rate + (rates.again[round] ?? rate)) / 2);
    const found = ratios(rates.broker, bareRates);
    const from = `bare ${spread(rates.bare, '/s')}, broker ${spread(rates.broker, '/s')}, A/A ${spread(ratios(rates.again, rates.bare))}; of a bare look-up without facts (${spread(rates.least, '/s')}) ${spread(ratios(rates.broker, rates.least))}`;
    verdicts.push(judge(`flag search at ${inFlight} in flight`, `≥ ${goal} of bare`, found, { atLeast: goal }, from));
  }
  generator.stop();
  bare.stop();
  least.stop();
  await broker.stop();
  await pool.end();
  await cluster.drop('bench_lookup');
  return verdicts;
};
