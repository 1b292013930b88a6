import { fileURLToPath } from 'node:url';
import { openPool } from './keys.ts';
import { type Generator, startGenerator } from '../load/load.ts';
import type { Verdict } from '../measure/verdict.ts';
import type { Bench } from '../parts/part.ts';
import { type Broker, startBroker } from './broker.ts';
import { startChild } from './child.ts';
import { fill } from './fill.ts';
import { setTemplate } from './template.ts';

/** A broker with persons, plans and an ambulance service that has looked each of them up before; and a database for the floors beside it. */
export interface DoorGround {
  readonly base: string;
  readonly broker: Broker;
  readonly url: string;
  /** What a floor writes stands in a database of its own, or the broker would act on it. */
  readonly floorUrl: string;
  readonly persons: number;
}

const PERSONS = 10_000;

/** Sets the ground, runs on it, and clears it away. */
export const withDoor = async (
  { cluster }: Bench,
  run: (ground: DoorGround, generator: Generator) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> => {
  const url = await cluster.database('bench_door');
  const floorUrl = await cluster.database('bench_door_floor');
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker, [{ name: 'amb', kind: 'ambulance', address: null }]);
  const pool = await openPool(url, 2);
  await fill(pool, { count: PERSONS, from: 0, words: false, reach: ['svc-amb'], likeKeyAt: 'pull:svc-amb', keysAt: [] });
  await pool.query('CHECKPOINT');
  await pool.end();
  const generator = startGenerator();
  try {
    return await run({ base: broker.base, broker, url, floorUrl, persons: PERSONS }, generator);
  } finally {
    generator.stop();
    await broker.stop();
    await cluster.drop('bench_door');
    await cluster.drop('bench_door_floor');
  }
};

/** A bare floor in a process of its own. */
export interface Bare {
  readonly url: string;
  /** Ends it after the work. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** Starts `bench/bare/[name].ts`. */
export const startBare = async (name: string, args: readonly string[]): Promise<Bare> => {
  const bare = startChild({}, [fileURLToPath(new URL(`../bare/${name}.ts`, import.meta.url)), ...args]);
  const url = await bare.ready();
  return {
    url,
    during: async (work) => {
      try {
        return await work();
      } finally {
        bare.signal('SIGKILL');
        if (bare.stderr() !== '') process.stderr.write(bare.stderr());
      }
    },
  };
};
