import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { startBroker } from '../ground/broker.ts';
import { callerOf } from '../ground/caller.ts';
import { fill } from '../ground/fill.ts';
import { openPool } from '../ground/keys.ts';
import { settledRate, untilQuiet } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { setTemplate } from '../ground/template.ts';
import { spread } from '../measure/figures.ts';
import { ratios, tell } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const SUBSCRIPTIONS = 100;
const PERSONS = 20;
const ROUNDS = 5;
const IN_FLIGHT = 16;
const names = Array.from({ length: SUBSCRIPTIONS }, (_, place) => `e${place}`);

/** Events a second to 100 Subscriptions of as many services, each with a number of its own and its row on record, against raw POSTs of the same body to the same rest-hook. */
export const events: Part = async ({ cluster, say }) => {
  const hook = fork(fileURLToPath(new URL('../recipient/hook.ts', import.meta.url)));
  const [port] = (await once(hook, 'message')) as [number];
  const origin = `http://127.0.0.1:${port}`;
  const url = await cluster.database('bench_events');
  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  await setTemplate(
    broker,
    names.map((name) => ({ name, kind: 'ed', address: null })),
  );
  for (const name of names) {
    const caller = callerOf(broker, name.toUpperCase(), 'ed');
    await caller.put({
      resourceType: 'Subscription',
      id: `sub-${name}`,
      status: 'requested',
      reason: 'Plan changes',
      criteria: PLAN_TOPIC,
      channel: {
        type: 'rest-hook',
        endpoint: `${origin}/hook`,
        payload: 'application/fhir+json',
        ...{ _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] } },
      },
    });
    await caller.close();
  }
  const pool = await openPool(url, 2);
  const open = async (): Promise<number> =>
    Number((await pool.query("SELECT count(*) FROM destination WHERE id LIKE 'sub-%' AND (facts->>'open')::boolean")).rows[0].count);
  for (const end = performance.now() + 60_000; (await open()) < SUBSCRIPTIONS; await sleep(100))
    if (performance.now() > end) throw new Error('not every handshake was made');
  await fill(pool, {
    count: PERSONS,
    from: 0,
    words: true,
    reach: names.map((name) => `svc-${name}`),
    likeKeyAt: null,
    keysAt: names.map((name) => ({ destination: `sub-${name}`, recipient: `svc-${name}` })),
  });
  await untilQuiet(pool);
  const numbers = testNumbers(PERSONS);
  const all = SUBSCRIPTIONS * PERSONS;

  const told = (round: number): Promise<number> => settledRate(pool, numbers, round, all);
  await told(1);
  hook.send('last');
  const [body] = (await once(hook, 'message')) as [string];
  const posts = new Pool(origin, { connections: IN_FLIGHT });
  const raw = async (): Promise<number> => {
    let left = all;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        while (left-- > 0) {
          const answer = await posts.request({ method: 'POST', path: '/hook', headers: { 'content-type': 'application/fhir+json' }, body });
          await answer.body.dump();
        }
      }),
    );
    return (all * 1_000) / (performance.now() - startedAt);
  };

  const rates: Record<'raw' | 'told' | 'again', number[]> = { raw: [], told: [], again: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.raw.push(await raw());
    rates.told.push(await told(round + 2));
    rates.again.push(await raw());
    say(`events: raw ${Math.round(rates.raw.at(-1) ?? 0)}/s, told ${Math.round(rates.told.at(-1) ?? 0)}/s`);
  }
  await posts.close();
  await broker.stop();
  await pool.end();
  hook.disconnect();
  await cluster.drop('bench_events');
  const found = ratios(
    rates.told,
    rates.raw.map((rate, round) => (rate + (rates.again[round] ?? rate)) / 2),
  );
  const from = `raw ${spread(rates.raw, '/s')}, told ${spread(rates.told, '/s')}, A/A ${spread(ratios(rates.again, rates.raw))}, ${PERSONS} plans each`;
  return [tell(`events to ${SUBSCRIPTIONS} Subscriptions, of raw POSTs at ${IN_FLIGHT} in flight`, found, from)];
};
