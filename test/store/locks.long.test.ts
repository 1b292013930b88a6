import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { takePolicyLocks } from '../../src/store/policy-locks.ts';
import { transaction } from '../../src/store/pool.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';

/** Alone on its PostgreSQL: it takes every lock that there is, and whoever ran beside it would be refused. */

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
}, 60_000);
afterAll(() => database?.close());

const pairs = (count: number) => ({ persons: [], pairs: Array.from({ length: count }, (_, nth) => `P${nth} R${nth}`), recipients: [] });

test('I10 more locks than PostgreSQL has are refused as too large, and the next who ask have theirs', async () => {
  await expect(transaction(database.pool, (tx) => takePolicyLocks(tx, pairs(200_000)))).rejects.toMatchObject({ category: 'too-large' });
  await transaction(database.pool, (tx) => takePolicyLocks(tx, pairs(20_000)));
}, 60_000);
