import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Principal } from '../../src/model/principal.ts';
import { openPool } from '../ground/keys.ts';
import { openWrite } from '../../src/store/write.ts';
import * as body from '../../test/support/bodies.ts';
import { startBroker } from '../ground/broker.ts';
import { startChild } from '../ground/child.ts';
import type { Cluster } from '../ground/cluster.ts';
import { fill } from '../ground/fill.ts';
import { setTemplate } from '../ground/template.ts';
import { quantile, short } from '../measure/figures.ts';
import type { Part } from './part.ts';

const ENDINGS = 100;
const CONCURRENT = 32;
const WARM_UP_MS = 3_000;
const OPERATOR: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };

interface Ground {
  /** Ends the agreement; milliseconds until the ending is committed. */
  end(): Promise<number>;
  executeAgain(): Promise<unknown>;
  stop(): Promise<string>;
}

/** One agreement over so many keys, with the loop at full speed over them. The address is nobody's: nothing is sent. */
const groundOf = async (cluster: Cluster, name: string, keys: number): Promise<Ground> => {
  const url = await cluster.database(name);
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker, [{ name: 'epr', kind: 'epr', address: 'http://127.0.0.1:9/fhir' }]);
  await broker.stop();
  const pool = await openPool(url, 4);
  const keysAt = [{ destination: 'end-epr', recipient: 'svc-epr' }];
  await fill(pool, { count: keys, from: 0, words: false, reach: ['svc-epr'], likeKeyAt: null, keysAt });
  await pool.query('UPDATE ledger_key SET generation = 2, look_at = clock_timestamp()');
  // What filling it left to write is written before anything is timed, and the loop has its connections.
  await pool.query('VACUUM ANALYZE ledger_key');
  await pool.query('CHECKPOINT');
  const begins = startChild({}, [fileURLToPath(new URL('../load/begins.ts', import.meta.url)), url, 'svc-epr', String(CONCURRENT)]);
  await begins.ready();
  await sleep(WARM_UP_MS);
  const write = openWrite(pool, { messageLifetime: 60_000, changed: () => {} });
  const agreement = (status: 'executed' | 'terminated') =>
    write({
      principal: OPERATOR,
      resource: { ...body.agreement('org-trust', ['svc-epr'], { status }), id: 'agreement-epr' },
      id: 'agreement-epr',
      ifMatch: null,
    });
  return {
    end: async () => {
      const startedAt = performance.now();
      await agreement('terminated');
      return performance.now() - startedAt;
    },
    executeAgain: () => agreement('executed'),
    stop: async () => {
      begins.signal('SIGTERM');
      await begins.exit();
      await pool.end();
      await cluster.drop(name);
      return /begun (\d+)/.exec(begins.stdout())?.[1] ?? '0';
    },
  };
};

/** All endings of one ground, with the loop running. */
const endings = async (ground: Ground): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let ending = 0; ending < ENDINGS; ending += 1) {
    await sleep(20 + Math.random() * 40);
    times.push(await ground.end());
    await sleep(20 + Math.random() * 40);
    await ground.executeAgain();
  }
  return times;
};

/** How long an agreement's ending takes to be committed, over 100,000 keys and over 100, under 32 concurrent begins and the fan-out of the endings before. */
export const ending: Part = async ({ cluster, say }) => {
  const times: Record<string, readonly number[]> = {};
  const begun: Record<string, string> = {};
  for (const [name, keys] of [
    ['few', 100],
    ['many', 100_000],
    ['again', 100],
  ] as const) {
    const ground = await groundOf(cluster, `bench_ending_${name}`, keys);
    times[name] = await endings(ground);
    begun[name] = await ground.stop();
    say(`ending over ${keys} keys: p99 ${short(quantile(times[name] ?? [], 0.99))} ms, ${begun[name]} begun`);
  }
  const at = (name: string, share: number): number => quantile(times[name] ?? [], share);
  const figures = (name: string): string => `p50 ${short(at(name, 0.5))}, p99 ${short(at(name, 0.99))} ms (${begun[name]} begins)`;
  return [
    {
      part: `ending an agreement over 100,000 keys under ${CONCURRENT} begins`,
      asked: 'barrier p99 < 100 ms, or ≤ 1.2 times that over 100 keys',
      found: `p99 ${short(at('many', 0.99))} ms, ${short(at('many', 0.99) / at('few', 0.99))} times`,
      is: at('many', 0.99) < 100 || at('many', 0.99) <= 1.2 * at('few', 0.99) ? 'kept' : 'missed',
      from: `100,000 keys: ${figures('many')}; 100 keys: ${figures('few')}; A/A, 100 keys: ${figures('again')}`,
    },
  ];
};
