import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IS_WHOLE } from '../../support/breadth.ts';
import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import type { SearchParameterDefinition } from '../../../profiles/search-parameters.ts';
import { passKeys } from '../../../src/store/keys/keys-of.ts';
import type { Sql } from '../../../src/store/pool.ts';
import { readReferring } from '../../../src/store/search/related.ts';
import { searchResources, sortedSerials } from '../../../src/store/search/run-search.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openDatabase } from '../../support/database.ts';
import { searchOf } from './search-as.ts';

/** 100,000 resources of four types and twenty organisations, the first of which wrote a quarter. */
const TYPES = ['CarePlan', 'Patient', 'Encounter', 'Task'] as const;
const EACH = 25_000;
const OWNER = `CASE WHEN n % 4 = 0 THEN 'TRUST1' ELSE 'TRUST' || 2 + n % 19 END`;

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
  const { pool } = database;
  const serial = `(SELECT min(serial) FROM resource WHERE type = $1) + n - 1`;
  for (const type of TYPES) {
    await pool.query(
      `INSERT INTO resource (type, id, version, owner, updated_at, body)
       SELECT $1, 'r' || n, 1, ${OWNER}, now() - n * interval '1 minute', '{"resourceType":"' || $1 || '","id":"r' || n || '"}' FROM generate_series(1, ${EACH}) n ORDER BY n`,
      [type],
    );
    for (const definition of SEARCH_PARAMETERS.get(type) ?? []) {
      const { code, is } = definition;
      const on = `FROM generate_series(1, ${EACH}) n`;
      if (is === 'string')
        await pool.query(
          `INSERT INTO resource_string (type, param, value, owner, serial, exact) SELECT $1, $2, word, ${OWNER}, ${serial}, word
             FROM (SELECT n, 'word' || n % 5000 AS word ${on}) w`,
          [type, code],
        );
      else if (is === 'date')
        await pool.query(
          `INSERT INTO resource_date (type, param, low, high, owner, serial)
           SELECT $1, $2, 1700000000000 + n * 600000::bigint, 1700000000000 + n * 600000::bigint + 600000, ${OWNER}, ${serial} ${on}`,
          [type, code],
        );
      else
        await pool.query(
          `INSERT INTO resource_token (type, param, token, owner, serial) SELECT $1, $2, ${tokenSql(definition)}, ${OWNER}, ${serial} ${on}`,
          [type, code],
        );
    }
  }
  await database.owner.query('ANALYZE resource, resource_token, resource_string, resource_date');
}, 180_000);
afterAll(() => database.close());

/** Identifiers are unique, references lead to one of 8,000, and a code is one of five. */
const tokenSql = ({ is, paths, target }: SearchParameterDefinition): string => {
  if (is === 'reference')
    return `'${target[0] === 'Resource' ? 'CarePlan' : target.includes('Patient') ? 'Patient' : (target[0] ?? '')}/r' || n % 8000`;
  if (is === 'uri') return `'https://example.org/' || n % 8000`;
  return paths.some(({ as }) => as === 'Identifier' || as === 'ContactPoint')
    ? `'value-' || n`
    : paths.some(({ as }) => as === 'boolean') || paths.length === 0
      ? `CASE n % 2 WHEN 0 THEN 'true' ELSE 'false' END`
      : `'code-' || n % 5`;
};

const textOf = ({ is, paths, target }: SearchParameterDefinition): string => {
  if (is === 'reference') return `${target[0] === 'Resource' ? 'CarePlan' : target.includes('Patient') ? 'Patient' : (target[0] ?? '')}/r4`;
  if (is === 'uri') return 'https://example.org/4';
  if (is === 'string') return 'word44';
  if (is === 'date') return '2023-12-01';
  return paths.some(({ as }) => as === 'ContactPoint' || as === 'Identifier')
    ? 'value-4'
    : paths.some(({ as }) => as === 'boolean') || paths.length === 0
      ? 'true'
      : 'code-4';
};

/** Runs a search, and answers the plans of all its statements, as PostgreSQL makes them without being told anything. */
const plansOf = async (run: (sql: Sql) => Promise<unknown>): Promise<readonly string[]> => {
  const plans: string[] = [];
  const query = async (text: string, values: unknown[]) => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
    return database.pool.query(text, values);
  };
  const explaining = { query } as unknown as Sql;
  passKeys(database.pool, explaining);
  await run(explaining);
  return plans;
};

const SEQUENTIAL = /Seq Scan on resource/;
// By value, that is; an index by serial alone would read every resource of the type.
const INDEX = /(?:Index|Index Only|Bitmap Index) Scan (?:Backward )?(?:using|on) resource_(?:token_pkey|string_pkey|date_pkey|date_high)/;

const parameters = TYPES.flatMap((type) => (SEARCH_PARAMETERS.get(type) ?? []).map((each) => [`${type}?${each.code}`, each] as const));

/** A third of them in the suite, each time another. */
const from = Math.floor(Math.random() * 3);

describe('on 100,000 resources every search reads along an index', () => {
  test.each(parameters.filter((_each, at) => IS_WHOLE || at % 3 === from))('%s', async (_name, definition) => {
    const { type, code } = definition;
    for (const reach of ['own', 'any'] as const) {
      const query = `${type}?${code}=${encodeURIComponent(textOf(definition))}`;
      const plans = await plansOf(async (sql) => {
        const { rows } = await searchResources(sql, searchOf(query, undefined, reach));
        expect(rows.length).toBeGreaterThan(0);
      });
      for (const plan of plans) {
        expect(plan).not.toMatch(SEQUENTIAL);
        expect(plan).toMatch(INDEX);
      }
    }
  });

  test.each([
    'Patient?name=word4',
    'Patient?name:contains=ord44',
    'Patient?name:exact=word44',
    'CarePlan?date=gt2024-01-01',
    'CarePlan?date=lt2024-01-01',
    'CarePlan?date=ge2024-01-01&date=le2024-01-03',
    'CarePlan?date=sa2024-04-01',
    'CarePlan?date=eb2023-11-20',
    'CarePlan?date=ap2024-01-01',
    'CarePlan?date=ne2024-01-01',
    'CarePlan?status:not=code-4',
    'CarePlan?status:missing=true',
    'CarePlan?status:missing=false',
    'CarePlan?status=code-1,code-2&intent=code-4',
    'CarePlan?patient=r4&status=code-4',
    'CarePlan?patient.identifier=value-4',
    'CarePlan?subject:Patient.name=word44',
    'CarePlan?encounter.patient.name=word44',
    'Patient?_has:CarePlan:patient:status=code-4&identifier=value-4',
    'Patient?_has:Encounter:patient:_has:CarePlan:encounter:identifier=value-4',
    'CarePlan?_id=r4,r8',
    'CarePlan?_lastUpdated=gt2020-01-01',
    'CarePlan?_count=0&status=code-4',
    'CarePlan',
  ])('%s', async (query) => {
    for (const plan of await plansOf((sql) => searchResources(sql, searchOf(query)))) expect(plan).not.toMatch(SEQUENTIAL);
  });

  test.each(['CarePlan?status=code-4&_sort=-date,status', 'Patient?_sort=name,-birthdate,_id', 'Task?_sort=-_lastUpdated'])(
    '%s',
    async (query) => {
      for (const plan of await plansOf((sql) => sortedSerials(sql, searchOf(query)))) expect(plan).not.toMatch(SEQUENTIAL);
    },
  );

  test('what refers to a page of matches', async () => {
    const among = { type: 'Task', scope: { is: 'owner', owner: 'TRUST1', service: null }, where: [] } as const;
    const names = Array.from({ length: 50 }, (_each, n) => `CarePlan/r${n * 4}`);
    for (const plan of await plansOf((sql) => readReferring(sql, among, ['focus'], names, 100))) {
      expect(plan).not.toMatch(SEQUENTIAL);
      expect(plan).toMatch(INDEX);
    }
  });
});
