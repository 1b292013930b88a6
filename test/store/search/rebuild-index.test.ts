import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { createLog } from '../../../src/log.ts';
import { createPool } from '../../../src/store/pool.ts';
import { putNext } from '../../../src/store/resources.ts';
import { rebuildIndex } from '../../../src/store/search/rebuild-index.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openDatabase, withTestKeys } from '../../support/database.ts';

const COUNT = 450;
let database: TestDatabase;
beforeEach(async () => {
  database = await openDatabase();
  for (let n = 0; n < COUNT; n++) {
    const resource = { resourceType: 'Patient', name: [{ family: `Example-${n}` }], birthDate: '1980-01-01', gender: 'female' } as Resource;
    await putNext(database.pool, resource, `p${n}`, 'TRUST1', null, new Date());
  }
});
afterEach(() => database.close());

const rows = async () => {
  const { rows: counted } = await database.pool.query<{ tokens: string; strings: string; dates: string }>(
    `SELECT (SELECT md5(string_agg(t::text, ' ' ORDER BY t)) FROM resource_token t) AS tokens,
            (SELECT md5(string_agg(t::text, ' ' ORDER BY t)) FROM resource_string t) AS strings,
            (SELECT md5(string_agg(t::text, ' ' ORDER BY t)) FROM resource_date t) AS dates`,
  );
  return counted[0];
};

describe('an index that other search parameters made', () => {
  test('is made anew at the start, and not again at the next', async () => {
    const before = await rows();
    await database.owner.query('TRUNCATE resource_token, resource_string, resource_date');
    await database.pool.query(`INSERT INTO resource_token SELECT type, 'gone', 'value', owner, serial FROM resource`);
    expect(await rebuildIndex(database.pool)).toBe(COUNT);
    expect(await rows()).toEqual(before);
    expect(await rebuildIndex(database.pool)).toBe(0);
    expect(await rebuildIndex(database.pool, 'another-version')).toBe(COUNT);
  });

  test('two processes that start at once make it once, together', async () => {
    const before = await rows();
    await database.owner.query('TRUNCATE resource_token, resource_string, resource_date');
    const other = await withTestKeys(createPool(database.url, createLog('error')));
    const done = await Promise.all([rebuildIndex(database.pool), rebuildIndex(other), rebuildIndex(database.pool)]);
    await other.end();
    expect(done.reduce((sum, each) => sum + each, 0)).toBe(COUNT);
    expect(await rows()).toEqual(before);
  });

  test('a process that was ended halfway is gone on with', async () => {
    await database.pool.query(
      `INSERT INTO search_index (made_by, rebuilding, done_to) SELECT 'before', 'v2', serial FROM resource WHERE id = 'p199'`,
    );
    expect(await rebuildIndex(database.pool, 'v2')).toBe(COUNT - 200);
    await database.pool.query(`UPDATE search_index SET made_by = 'v2', rebuilding = 'v3', done_to = 10000`);
    expect(await rebuildIndex(database.pool, 'v4')).toBe(COUNT);
  });

  test('what is written meanwhile is found as it was written last', async () => {
    const write = async (n: number): Promise<void> => {
      await putNext(database.pool, { resourceType: 'Patient', gender: 'male' }, `p${n}`, 'TRUST1', { version: 1 } as never, new Date());
    };
    await Promise.all([rebuildIndex(database.pool, 'v2'), ...Array.from({ length: 50 }, (_each, n) => write(n * 9))]);
    const { rows: wrong } = await database.pool.query(
      `SELECT r.id FROM resource r JOIN resource_token t ON t.serial = r.serial AND t.param = 'gender'
        WHERE t.token <> CASE WHEN r.version = 2 THEN 'male' ELSE 'female' END`,
    );
    expect(wrong).toEqual([]);
  });
});
