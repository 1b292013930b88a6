import { setTimeout as sleep } from 'node:timers/promises';
import { openPool } from '../ground/keys.ts';
import * as body from '../../test/support/bodies.ts';
import { startBroker } from '../ground/broker.ts';
import { callerOf } from '../ground/caller.ts';
import { fill } from '../ground/fill.ts';
import { changePersons, reissue, untilQuiet } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { PUBLISHER, setTemplate } from '../ground/template.ts';
import { quantile, short } from '../measure/figures.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const HEALTHY = 50;
const SLOW = 400;
const ROUNDS = 3;
const SLOW_MS = 3_000;

/** From the answer to a change of consent until the healthy recipient has the new content, while another takes 3 s an answer. */
export const slow: Part = async ({ cluster, say }) => {
  const [healthy, other] = [await startRecipient(), await startRecipient()];
  const url = await cluster.database('bench_slow');
  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  await setTemplate(broker, [
    { name: 'healthy', kind: 'epr', address: healthy.address },
    { name: 'slow', kind: 'ed', address: other.address },
  ]);
  const pool = await openPool(url, 4);
  await fill(pool, {
    count: HEALTHY,
    from: 0,
    words: true,
    reach: ['svc-healthy'],
    likeKeyAt: null,
    keysAt: [{ destination: 'end-healthy', recipient: 'svc-healthy' }],
  });
  await fill(pool, {
    count: SLOW,
    from: HEALTHY,
    words: true,
    reach: ['svc-slow'],
    likeKeyAt: null,
    keysAt: [{ destination: 'end-slow', recipient: 'svc-slow' }],
  });
  const persons = testNumbers(HEALTHY);
  const others = testNumbers(SLOW, HEALTHY);
  const publisher = callerOf(broker, PUBLISHER, 'publisher');
  let turn = 0;

  /** Each person's consent is narrowed or widened, one after another. */
  const changes = async (): Promise<readonly number[]> => {
    const times: number[] = [];
    const headings = turn++ % 2 === 0 ? { headings: ['who-i-am', 'triggers', 'who-to-ring'] } : {};
    for (const [place, number] of persons.entries()) {
      const patient = `bench-${place}`;
      await publisher.put(body.consent(`consent-${patient}`, patient, 'org-trust', { kinds: ['epr'], ...headings }));
      const answeredAt = Date.now();
      for (;;) {
        const found = (await healthy.drain()).find(({ at, person }) => at >= answeredAt - 1 && person === number);
        if (found !== undefined) {
          times.push(Math.max(0, found.at - answeredAt));
          break;
        }
        if (Date.now() - answeredAt > 30_000) throw new Error('the healthy recipient heard nothing');
        await sleep(2);
      }
    }
    return times;
  };

  await changePersons(pool, [...persons, ...others]);
  await untilQuiet(pool);
  await changes();
  const times: Record<'alone' | 'beside' | 'again', number[]> = { alone: [], beside: [], again: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.alone.push(...(await changes()));
    await other.delay(SLOW_MS);
    await reissue(pool, others, round + 1);
    await changePersons(pool, others);
    await sleep(1_000);
    times.beside.push(...(await changes()));
    await other.delay(0);
    await untilQuiet(pool);
    times.again.push(...(await changes()));
    say(
      `slow: p99 alone ${short(quantile(times.alone, 0.99))}, beside ${short(quantile(times.beside, 0.99))}, again ${short(quantile(times.again, 0.99))} ms`,
    );
  }
  await broker.stop();
  await pool.end();
  await publisher.close();
  healthy.stop();
  other.stop();
  await cluster.drop('bench_slow');
  const p99 = (name: keyof typeof times): number => quantile(times[name], 0.99);
  const alone = quantile([...times.alone, ...times.again], 0.99);
  const figures = (name: keyof typeof times): string => `p50 ${short(quantile(times[name], 0.5))}, p99 ${short(p99(name))} ms`;
  return [
    {
      part: `the healthy recipient beside one that takes ${SLOW_MS / 1_000} s an answer`,
      asked: 'added p99 < 20 ms, or ≤ 1.2 times alone',
      found: `${short(p99('beside') - alone)} ms added, ${short(p99('beside') / alone)} times`,
      is: p99('beside') - alone < 20 || p99('beside') <= 1.2 * alone ? 'kept' : 'missed',
      from: `alone ${figures('alone')}; beside ${figures('beside')}; A/A, alone again ${figures('again')}`,
    },
  ];
};
