import { setTimeout as sleep } from 'node:timers/promises';
import { openPool } from '../ground/keys.ts';
import * as body from '../../test/support/bodies.ts';
import { startBroker } from '../ground/broker.ts';
import { callerOf } from '../ground/caller.ts';
import { fill } from '../ground/fill.ts';
import { bump, changePersons, reissue, untilQuiet } from '../ground/ledger-of.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { PUBLISHER, setTemplate } from '../ground/template.ts';
import { quantile, short } from '../measure/figures.ts';
import type { Verdict } from '../measure/verdict.ts';
import { startRecipient } from '../recipient/start-recipient.ts';
import type { Part } from './part.ts';

const DUE = 10_000;
const IDLE_RECALLS = 100;
const MOST_LOADED_RECALLS = 200;
/** Of 10,000 that are due: what leaves while the fan-out finds the recall and it goes down the road, which takes 80 ms at 1,100 a second. */
const UPDATES_BETWEEN = DUE / 50;
/** A recall among updates that are due, against one when nothing else is to be done. */
const TIMES_IDLE = 10;

/** From the answer to a revocation until its recall is received: idle, and while 10,000 keys are due at the same recipient. */
export const recall: Part = async ({ cluster, say }) => {
  const recipient = await startRecipient();
  const url = await cluster.database('bench_recall');
  const broker = await startBroker(url, cluster.folder, { SWEEP_MS: '200' });
  await setTemplate(broker, [{ name: 'epr', kind: 'epr', address: recipient.address }]);
  const pool = await openPool(url, 4);
  const revoked = IDLE_RECALLS + MOST_LOADED_RECALLS;
  const keysAt = [{ destination: 'end-epr', recipient: 'svc-epr' }];
  await fill(pool, { count: revoked + DUE, from: 0, words: true, reach: ['svc-epr'], likeKeyAt: null, keysAt });
  const numbers = testNumbers(revoked + DUE);
  const publisher = callerOf(broker, PUBLISHER, 'publisher');

  // They hold it before it is revoked.
  await reissue(pool, numbers.slice(0, revoked), 1);
  await changePersons(pool, numbers.slice(0, revoked));
  await untilQuiet(pool);
  await recipient.drain();

  const recallOf = async (place: number): Promise<{ readonly millis: number; readonly between: number }> => {
    const number = numbers[place];
    const patient = `bench-${place}`;
    await publisher.put(body.consent(`deny-${patient}`, patient, 'org-trust', { deny: ['epr'] }));
    const answeredAt = Date.now();
    for (let between = 0; ; ) {
      const arrivals = (await recipient.drain()).filter(({ at }) => at >= answeredAt);
      const at = arrivals.findIndex(({ kind, person }) => kind === 'recall' && person === number);
      const found = arrivals[at];
      if (found !== undefined) return { millis: Math.max(0, found.at - answeredAt), between: between + at };
      between += arrivals.length;
      if (Date.now() - answeredAt > 30_000) throw new Error('a recall did not come');
      await sleep(2);
    }
  };

  const idle: number[] = [];
  for (let place = 0; place < IDLE_RECALLS; place += 1) idle.push((await recallOf(place)).millis);
  say(`recall, idle: p50 ${short(quantile(idle, 0.5))} ms`);

  await untilQuiet(pool);
  await reissue(pool, numbers.slice(revoked), 2);
  await bump(pool, numbers.slice(revoked));
  const loaded: number[] = [];
  const between: number[] = [];
  for (let place = IDLE_RECALLS; place < revoked; place += 1) {
    const { rows } = await pool.query<{ due: string }>(
      `SELECT count(*) AS due FROM (SELECT FROM ledger_key WHERE look_at <= statement_timestamp() AND look_at < 'infinity' LIMIT 500) few`,
    );
    if (Number(rows[0]?.due) < 500) break;
    const one = await recallOf(place);
    loaded.push(one.millis);
    between.push(one.between);
  }
  say(`recall, while ${DUE} are due: p50 ${short(quantile(loaded, 0.5))} ms over ${loaded.length}`);
  await broker.stop();
  await pool.end();
  await publisher.close();
  recipient.stop();
  await cluster.drop('bench_recall');
  const most = Math.max(...between);
  const verdict: Verdict = {
    part: `revocation to recall, while ${DUE} keys are due there`,
    asked: `no recall waits behind an update: p50 at most ${TIMES_IDLE} times idle, at most ${UPDATES_BETWEEN} between`,
    found: `${short(quantile(loaded, 0.5) / quantile(idle, 0.5))} times; ${short(quantile(between, 0.5))} updates between, at most ${most}`,
    is: loaded.length >= 50 && most <= UPDATES_BETWEEN && quantile(loaded, 0.5) <= TIMES_IDLE * quantile(idle, 0.5) ? 'kept' : 'missed',
    from: `idle p50 ${short(quantile(idle, 0.5))} ms, p99 ${short(quantile(idle, 0.99))} ms (${idle.length}); loaded p50 ${short(quantile(loaded, 0.5))} ms, p99 ${short(quantile(loaded, 0.99))} ms (${loaded.length})`,
  };
  return [verdict];
};
