import { setTimeout as sleep } from 'node:timers/promises';
import { tokensAt } from '../support/access.ts';
import type { DoorClient } from '../support/door-client.ts';
import { doorClient } from '../support/door-client.ts';
import type { TestDataDir } from '../support/data-dir.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import type { TestRedis } from '../support/redis.ts';
import type { Chance } from '../simulate/chance.ts';
import { difference, due, held } from './findings.ts';
import { ASKED_FOR, Person } from './person.ts';
import type { Processes } from './processes.ts';
import { restartPostgres, startProcesses } from './processes.ts';
import type { Town } from './town.ts';
import { openTown } from './town.ts';
import { figures } from './trail.ts';

/** Short times, so that what is chased is chased soon. Milliseconds. */
export const TIMES = { sendBefore: 2_000, sendTimeout: 2_000, lifetime: 5_000 };
const ENV = {
  OUTBOUND_ALLOW: '127.0.0.0/8',
  SWEEP_MS: '1000',
  SEND_TIMEOUT_MS: String(TIMES.sendTimeout),
  SEND_BEFORE_MS: String(TIMES.sendBefore),
  BACKOFF_MIN_MS: '100',
  BACKOFF_MAX_MS: '1000',
  MESSAGE_LIFETIME_MS: String(TIMES.lifetime),
  LOG_LEVEL: 'debug',
};
/** Once faults stop all keys rest within this: the contract's 90 s, and the lifetime. */
const REST = 90_000 + TIMES.lifetime;
/** Longest pause of one person between two changes: without any, most changes would come together in one delivery. */
const PAUSE = 3_000;

/** What a run has left behind, to be looked at. */
export interface KilledRun {
  readonly people: readonly Person[];
  readonly town: Town;
  readonly client: DoorClient;
  readonly processes: Processes;
  /** Statuses of `/health/ready` while PostgreSQL, then Redis, was away, and after. */
  readonly ready: { postgresAway: number; postgresBack: number; queueAway: number | null; queueBack: number | null };
  readonly seconds: { busy: number; resting: number };
}

/** What is to be played, and how. */
export interface Killing {
  readonly folder: TestDataDir;
  /** Deliveries to be begun; persons are added until there are as many. */
  readonly deliveries: number;
  /** People whose plans change at the same time. */
  readonly atOnce: number;
  readonly redis: TestRedis | null;
  readonly chance: Chance;
  /** Told how to stop what was started, in the order in which it was. */
  readonly later: (stop: () => Promise<void>) => void;
}

/** Plays many people's plans over real processes while these are killed, PostgreSQL is cut off once and Redis is emptied once; ends when all rests. */
export const runKilled = async ({ folder, deliveries, atOnce, redis, chance, later }: Killing): Promise<KilledRun> => {
  const processes = await startProcesses(folder, { ...ENV, ...(redis === null ? {} : { REDIS_URL: redis.url }) }, 2);
  later(processes.stop);
  const client = doorClient(
    () => processes.base,
    tokensAt(() => new URL(processes.base).origin, folder.withSql),
  );
  const town = await openTown(client);
  later(town.stop);
  const numbers = nhsNumbersFrom(1_000);
  const people: Person[] = [];
  const began = performance.now();
  const some = () => ASKED_FOR.filter(() => chance.is(0.8));

  const change = async (person: Person): Promise<void> => {
    const kinds = some();
    if (person.mayHold.size === 0) return kinds.length === 0 ? person.approveNext() : person.consentAgain(kinds);
    const dice = chance.next();
    if (dice < 0.25) return person.revoke();
    if (dice < 0.5) return person.deny(chance.of([...person.mayHold]));
    if (dice < 0.75) return person.approveNext();
    if (dice < 0.9) return person.correct(numbers.next());
    return person.withdraw();
  };
  let begun = 0;
  let over = false;
  const live = async (person: Person): Promise<void> => {
    const kinds = some();
    await person.publish(kinds.length === 0 ? ['epr'] : kinds);
    for (let turn = 0; turn < 4 && !person.isOver; turn++) {
      await sleep(chance.below(PAUSE));
      await change(person);
    }
  };
  const lane = async (): Promise<void> => {
    while (begun < deliveries && !over) {
      const person = new Person(people.length, numbers.next(), client, town.reach);
      people.push(person);
      await live(person);
    }
  };
  const busy = Promise.all(Array.from({ length: atOnce }, lane)).finally(() => {
    over = true;
  });
  const counting = (async () => {
    for (; !over; await sleep(500)) {
      // Not to be had while PostgreSQL is away.
      begun = await folder.query('SELECT count(*)::integer AS n FROM delivery').then(
        ([row]) => Number(row?.['n']),
        () => begun,
      );
    }
  })();

  // 0 where nobody listens.
  const statusOf = (): Promise<number> =>
    fetch(new URL('/health/ready', processes.base)).then(
      ({ status }) => status,
      () => 0,
    );
  const ready: KilledRun['ready'] = { postgresAway: 0, postgresBack: 0, queueAway: null, queueBack: null };
  const becomes = async (status: number): Promise<number> => {
    for (let tries = 0; tries < 40; tries++) {
      if ((await statusOf()) === status) break;
      await sleep(250);
    }
    return statusOf();
  };
  const cutPostgres = async (): Promise<void> => {
    const restarting = restartPostgres(folder, 1_500);
    await sleep(700);
    ready.postgresAway = await statusOf();
    await restarting;
    ready.postgresBack = await becomes(200);
  };
  const emptyRedis = async (): Promise<void> => {
    if (redis === null) return;
    await redis.client.call('CLIENT', 'PAUSE', '3000', 'ALL');
    ready.queueAway = await statusOf();
    await redis.client.flushall();
    ready.queueBack = await becomes(200);
  };
  const isBusy = (share: number): boolean => !over && begun < deliveries * share;
  // The broker itself every third time, beginning with it, so that each run kills both.
  let killed = 0;
  const kill = async (until: number): Promise<void> => {
    while (isBusy(until)) {
      await sleep(300 + chance.below(3_000));
      await processes.kill(killed++ % 3 === 0 ? 'broker' : chance.of([0, 1]));
    }
  };
  const faults = (async () => {
    await kill(0.35);
    await cutPostgres();
    await kill(0.65);
    await emptyRedis();
    await town.ed.stop();
    await kill(0.75);
    await town.ed.start();
    await kill(1);
  })();
  for (const ended of await Promise.allSettled([busy, faults, counting]))
    if (ended.status === 'rejected')
      throw new Error(`the run broke off; ended by themselves: ${processes.ended.join()}`, { cause: ended.reason });
  const restingFrom = performance.now();
  await rests(folder, town, people);
  const seconds = { busy: Math.round((restingFrom - began) / 1_000), resting: Math.round((performance.now() - restingFrom) / 1_000) };
  return { people, town, client, processes, ready, seconds };
};

/** Waits until every recipient holds what it should, and every key rests. */
const rests = async (folder: TestDataDir, town: Town, people: readonly Person[]): Promise<void> => {
  for (const end = performance.now() + REST; ; await sleep(500)) {
    const { tooMuch, missing, twice } = difference(held(town), due(people));
    const { restless, uncertain } = await figures(folder);
    const isQuiet = tooMuch.length + missing.length + twice.length + restless + uncertain === 0;
    // What is still wrong after this time is said by the test.
    if (isQuiet || performance.now() > end) return;
  }
};
