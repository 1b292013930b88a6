import { setTimeout as sleep } from 'node:timers/promises';
import * as body from '../../test/support/bodies.ts';
import { startBroker } from '../ground/broker.ts';
import { callerOf } from '../ground/caller.ts';
import { fill } from '../ground/fill.ts';
import { openPool } from '../ground/keys.ts';
import { changePersons, reissue, untilQuiet } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { PUBLISHER, setTemplate } from '../ground/template.ts';
import { quantile, short } from '../measure/figures.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const HEALTHY = 7;
const PERSONS = 30;
/** Plans that are due at each recipient in trouble. */
const DUE = 300;
const ROUNDS = 3;
const SLOW_MS = 3_000;

const healthyNames = Array.from({ length: HEALTHY }, (_, place) => `well${place}`);
const troubledNames = ['dead', 'slow', 'flapping'] as const;

/** Ten recipients, one dead, one that takes 3 s an answer, one that is down every other second: how long a change takes to reach each of the seven others. */
export const troubled: Part = async ({ cluster, say }) => {
  const well = await Promise.all(healthyNames.map(async (name) => ({ name, recipient: await startRecipient() })));
  const [dead, slow, flapping] = [await startRecipient(), await startRecipient(), await startRecipient()];
  const ill = { dead, slow, flapping };
  const url = await cluster.database('bench_troubled');
  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200', BACKOFF_MAX_MS: '5000' });
  await setTemplate(broker, [
    ...well.map(({ name, recipient }) => ({ name, kind: 'epr' as const, address: recipient.address })),
    ...troubledNames.map((name) => ({ name, kind: 'epr' as const, address: ill[name].address })),
  ]);
  const pool = await openPool(url, 4);
  const keysAt = (name: string) => ({ destination: `end-${name}`, recipient: `svc-${name}` });
  await fill(pool, {
    count: PERSONS,
    from: 0,
    words: true,
    reach: healthyNames.map((name) => `svc-${name}`),
    likeKeyAt: null,
    keysAt: healthyNames.map(keysAt),
  });
  for (const [place, name] of troubledNames.entries()) {
    const from = PERSONS + place * DUE;
    await fill(pool, { count: DUE, from, words: true, reach: [`svc-${name}`], likeKeyAt: null, keysAt: [keysAt(name)] });
  }
  const persons = testNumbers(PERSONS);
  const others = testNumbers(DUE * troubledNames.length, PERSONS);
  const publisher = callerOf(broker, PUBLISHER, 'publisher');
  let turn = 0;

  /** Each person's consent is narrowed or widened, one after another; the time until each of the seven has it. */
  const changes = async (): Promise<readonly number[]> => {
    const times: number[] = [];
    const headings = turn++ % 2 === 0 ? { headings: ['who-i-am', 'triggers', 'who-to-ring'] } : {};
    for (const [place, number] of persons.entries()) {
      const patient = `bench-${place}`;
      await publisher.put(body.consent(`consent-${patient}`, patient, 'org-trust', { kinds: ['epr'], ...headings }));
      const answeredAt = Date.now();
      await Promise.all(
        well.map(async ({ recipient }) => {
          for (;;) {
            const found = (await recipient.drain()).find(({ at, person }) => at >= answeredAt - 1 && person === number);
            if (found !== undefined) {
              times.push(Math.max(0, found.at - answeredAt));
              return;
            }
            if (Date.now() - answeredAt > 30_000) throw new Error('a healthy recipient heard nothing');
            await sleep(4);
          }
        }),
      );
    }
    return times;
  };

  await changePersons(pool, [...persons, ...others]);
  await untilQuiet(pool);
  await changes();
  const times: Record<'alone' | 'beside' | 'again', number[]> = { alone: [], beside: [], again: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.alone.push(...(await changes()));
    await Promise.all([dead.dead(true), slow.delay(SLOW_MS), flapping.flaps(true)]);
    await reissue(pool, others, round + 1);
    await changePersons(pool, others);
    await sleep(1_000);
    times.beside.push(...(await changes()));
    await Promise.all([dead.dead(false), slow.delay(0), flapping.flaps(false)]);
    await untilQuiet(pool);
    times.again.push(...(await changes()));
    say(
      `troubled: p99 alone ${short(quantile(times.alone, 0.99))}, beside ${short(quantile(times.beside, 0.99))}, again ${short(quantile(times.again, 0.99))} ms`,
    );
  }
  await broker.stop();
  await pool.end();
  await publisher.close();
  for (const each of [...well.map(({ recipient }) => recipient), dead, slow, flapping]) each.stop();
  await cluster.drop('bench_troubled');
  const p99 = (name: keyof typeof times): number => quantile(times[name], 0.99);
  const alone = quantile([...times.alone, ...times.again], 0.99);
  const figures = (name: keyof typeof times): string => `p50 ${short(quantile(times[name], 0.5))}, p99 ${short(p99(name))} ms`;
  return [
    {
      part: `seven healthy recipients beside one dead, one that takes ${SLOW_MS / 1_000} s and one that flaps`,
      asked: 'added p99 < 20 ms, or ≤ 1.2 times alone',
      found: `${short(p99('beside') - alone)} ms added, ${short(p99('beside') / alone)} times`,
      is: p99('beside') - alone < 20 || p99('beside') <= 1.2 * alone ? 'kept' : 'missed',
      from: `alone ${figures('alone')}; beside ${figures('beside')}; A/A, alone again ${figures('again')}; ${DUE} plans due at each of the three`,
    },
  ];
};
