import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openDatabase } from '../../support/database.ts';
import { samplesOf } from '../../store/search/sample-resource.ts';
import { idsOf, store } from './search-as.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

describe('every parameter of every type', () => {
  const all = [...SEARCH_PARAMETERS.values()].flat();
  test.each(all.map((each) => [`${each.type}?${each.code}`, each] as const))(
    '%s finds what says its value, and nothing else',
    async (_name, definition) => {
      const { type, code } = definition;
      for (const [path, [one, other]] of samplesOf(definition).entries()) {
        const ids = [`one-${code}-${path}`, `other-${code}-${path}`] as const;
        await store(database.pool, 'TRUST1', ids[0], one.resource);
        await store(database.pool, 'TRUST1', ids[1], other.resource);
        const find = (text: string, more = '') =>
          idsOf(database.pool, `${type}?_id=${ids.join(',')}&${code}${more}=${encodeURIComponent(text)}`);
        expect(await find(one.text)).toEqual([ids[0]]);
        expect(await find(other.text)).toEqual([ids[1]]);
        expect(await find(`${one.text},${other.text}`)).toEqual([ids[1], ids[0]]);
        expect(await find('false', ':missing')).toEqual([ids[1], ids[0]]);
        expect(await find('true', ':missing')).toEqual([]);
        // Once it no longer says so, it is no longer found.
        await store(database.pool, 'TRUST1', ids[0], other.resource);
        expect(await find(one.text)).toEqual([]);
        await database.pool.query(`DELETE FROM resource WHERE type = $1 AND id = $2`, [type, ids[1]]);
        expect(await find(other.text)).toEqual([ids[0]]);
      }
    },
  );

  test('a resource that is deleted leaves no row behind', async () => {
    await database.pool.query('DELETE FROM resource');
    const { rows } = await database.pool.query(
      'SELECT (SELECT count(*) FROM resource_token) + (SELECT count(*) FROM resource_string) + (SELECT count(*) FROM resource_date) AS n',
    );
    expect(rows).toEqual([{ n: '0' }]);
  });
});
