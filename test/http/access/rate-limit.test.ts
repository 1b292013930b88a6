import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createAddressLimit } from '../../../src/http/access/address-limit.ts';
import { callerAddress } from '../../../src/http/access/caller-address.ts';
import { createRateLimit } from '../../../src/http/access/rate-limit.ts';
import type { RateLimitParts } from '../../../src/http/access/rate-limit.ts';
import { Refusal } from '../../../src/http/refusal.ts';
import { createLog } from '../../../src/log.ts';
import { createPool } from '../../../src/store/pool.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
beforeEach(() => database.owner.query('TRUNCATE rate_limit'));
afterAll(() => database.close());

const silent = createLog('silent');
const limit = (parts: Partial<RateLimitParts>, pool = database.pool) =>
  createRateLimit(pool, { perMinute: 100, refusedPerMinute: 10, log: silent, metrics: new Registry(), ...parts });

/** How many of so many requests are let through. */
const passed = async (spends: readonly (() => Promise<void>)[]): Promise<number> => {
  const all = await Promise.allSettled(spends.map((spend) => spend()));
  for (const each of all)
    if (each.status === 'rejected' && !(each.reason instanceof Refusal && each.reason.status === 429)) throw each.reason;
  return all.filter(({ status }) => status === 'fulfilled').length;
};
const times = <T>(count: number, each: T): readonly T[] => Array.from({ length: count }, () => each);
const portionsTaken = async (): Promise<number> =>
  (await database.pool.query<{ n: number }>('SELECT coalesce(sum(points), 0)::integer AS n FROM rate_limit')).rows[0]?.n ?? 0;

describe('The limit of a client', () => {
  test.each([1, 7, 19, 20, 21, 39, 121, 2_000])(
    '%i a minute are let through and no more, and the next is told when to come again',
    async (perMinute) => {
      const { spend } = limit({ perMinute });
      expect(await passed(times(perMinute * 2, () => spend('one')))).toBe(perMinute);
      const refused: unknown = await spend('one').catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 429, category: 'busy' });
      const wait = refused instanceof Refusal ? Number(refused.headers['Retry-After']) : 0;
      expect(wait).toBeGreaterThan(50);
      expect(wait).toBeLessThanOrEqual(60);
    },
  );

  test('clients do not spend what is another’s', async () => {
    const { spend } = limit({ perMinute: 5 });
    expect(await passed(times(9, () => spend('one')))).toBe(5);
    expect(await passed(times(9, () => spend('two')))).toBe(5);
  });

  test('processes share one limit: no more than it in all, and short of it by less than a portion for each other one', async () => {
    const processes = times(4, null).map(() => limit({ perMinute: 200 }));
    // Three take a portion each and fall silent; the fourth asks for all.
    for (const { spend } of processes.slice(1)) await spend('one');
    const [first] = processes;
    const all = await passed(times(400, () => first?.spend('one') ?? Promise.reject(new Error('none'))));
    expect(all).toBe(200 - 3 * 10);
    // What the others hold, they may still spend.
    const rest = await passed(processes.slice(1).flatMap(({ spend }) => times(50, () => spend('one'))));
    expect(all + 3 + rest).toBe(200);
  });

  test('one write serves a twentieth of the minute, and none is made for who has nothing left', async () => {
    const { spend } = limit({ perMinute: 60_000 });
    expect(await passed(times(9_000, () => spend('one')))).toBe(9_000);
    expect(await portionsTaken()).toBe(3);
    const small = limit({ perMinute: 20 });
    await passed(times(500, () => small.spend('two')));
    // Twenty portions, and the one that was not there.
    expect(await portionsTaken()).toBe(3 + 21);
  });

  test('a minute that is over begins anew, and nothing is carried into it', async () => {
    const { spend } = limit({ perMinute: 40, minuteMs: 1_000 });
    // One is left of the sixteenth portion.
    expect(await passed(times(31, () => spend('one')))).toBe(31);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(await passed(times(100, () => spend('one')))).toBe(40);
    await eventually(() => spend('one'), 2_000);
  });

  test('0 is no limit, and asks nothing of the database', async () => {
    const { spend } = limit({ perMinute: 0 });
    expect(await passed(times(1_000, () => spend('one')))).toBe(1_000);
    expect(await portionsTaken()).toBe(0);
  });

  test('where PostgreSQL is gone nothing is counted and nothing fails; it is told, and no more than once a second', async () => {
    const lines: string[] = [];
    const gone = createPool('postgres://someone:secret@127.0.0.1:1/db', silent, { max: 1 });
    const { spend } = limit({ perMinute: 5, log: createLog('info', (text) => lines.push(text)) }, gone);
    expect(await passed(times(500, () => spend('one')))).toBe(500);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('requests are not counted: the rate limit cannot be asked');
    expect(lines[0]).not.toMatch(/secret|one"/);
    await gone.end();
  });

  test('where PostgreSQL does not answer nobody waits for it for long, and counting goes on when it does', async () => {
    const { spend } = limit({ perMinute: 5 });
    const holder = await database.pool.connect();
    await holder.query('BEGIN; LOCK TABLE rate_limit IN ACCESS EXCLUSIVE MODE');
    try {
      const startedAt = performance.now();
      expect(await passed(times(50, () => spend('one')))).toBe(50);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    await eventually(async () => expect(await passed(times(20, () => spend('one')))).toBeLessThan(20), 5_000);
  });

  test('what was turned away is counted, by what had too many, and by no name', async () => {
    const metrics = new Registry();
    const limited = limit({ perMinute: 3, refusedPerMinute: 1, metrics });
    await passed(times(5, () => limited.spend('client-4711')));
    limited.refused('9.9.9.9');
    expect(() => limited.checkAddress('9.9.9.9')).toThrow(Refusal);
    const text = await metrics.metrics();
    expect(text).toContain('broker_throttled_total{by="client"} 2');
    expect(text).toContain('broker_throttled_total{by="address"} 1');
    expect(text).not.toMatch(/4711|9\.9\.9\.9/);
  });
});

describe('The limit of an address', () => {
  const open = (perMinute: number) => {
    let now = 1_000_000;
    return {
      ...createAddressLimit(
        perMinute,
        () => undefined,
        () => now,
      ),
      pass: (ms: number): void => {
        now += ms;
      },
    };
  };

  test('so many refusals a minute, and then nothing is checked until the minute is over', () => {
    const addresses = open(3);
    const check = (): void => addresses.checkAddress('9.9.9.9');
    for (const _ of times(3, null)) {
      expect(check).not.toThrow();
      addresses.refused('9.9.9.9');
    }
    expect(check).toThrow('an address that was refused has at most 3 in a minute: ask again in 60 s');
    expect(() => addresses.checkAddress('9.9.9.8')).not.toThrow();
    addresses.pass(45_000);
    expect(check).toThrow('ask again in 15 s');
    addresses.pass(15_000);
    expect(check).not.toThrow();
  });

  test('an address that nobody knows is never turned away: it would be everybody’s', () => {
    const addresses = open(1);
    for (const _ of times(5, null)) addresses.refused(null);
    expect(() => addresses.checkAddress(null)).not.toThrow();
  });

  test('no number of addresses fills the memory: the oldest gives way', () => {
    const addresses = open(1);
    for (let each = 0; each < 120_000; each += 1) addresses.refused(`net-${each}`);
    expect(() => addresses.checkAddress('net-119999')).toThrow(Refusal);
    expect(() => addresses.checkAddress('net-70000')).toThrow(Refusal);
    expect(() => addresses.checkAddress('net-69999')).not.toThrow();
  });
});

describe('The address of a caller', () => {
  test.each([
    ['9.9.9.9', '9.9.9.9'],
    ['::ffff:9.9.9.9', '9.9.9.9'],
    ['2a00:1450:4009:81f::200e', '2a00:1450:4009:81f::/64'],
    ['2a00:1450:4009:81f:ffff::1', '2a00:1450:4009:81f::/64'],
    [undefined, null],
  ])('of a socket %s it is %s, whatever X-Forwarded-For says', (remote, address) =>
    expect(callerAddress({ 'x-forwarded-for': '8.8.8.8' }, remote, false)).toBe(address),
  );

  test.each([
    ['9.9.9.9', '9.9.9.9'],
    ['8.8.8.8, 9.9.9.9', '9.9.9.9'],
    ['garbage, 9.9.9.9', '9.9.9.9'],
    ['9.9.9.9:51000', '9.9.9.9'],
    ['[2a00:1450::1]:51000', '2a00:1450:0:0::/64'],
    ['2a00:1450::1', '2a00:1450:0:0::/64'],
    ['9.9.9.9, garbage', null],
    ['7', null],
    ['0x7f.1', null],
    ['', null],
  ])('behind a proxy that says %s it is %s', (forwarded, address) =>
    expect(callerAddress({ 'x-forwarded-for': forwarded }, '10.0.0.1', true)).toBe(address),
  );

  test('behind a proxy that says nothing nobody knows it', () => expect(callerAddress({}, '10.0.0.1', true)).toBeNull());
});
