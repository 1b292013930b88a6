import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { searchResources } from '../../../src/store/search/run-search.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';
import { searchOf, store } from './search-as.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
  const { pool } = database;
  // A database of the last minute: PostgreSQL has counted nothing yet, and expects next to nothing everywhere.
  for (let n = 0; n < 300; n++) {
    const identifier = [{ system: 'https://example.invalid/ids', value: `${n}` }];
    const subject = { reference: `Patient/p${n % 30}` };
    if (n < 30)
      await store(pool, 'TRUST1', `p${n}`, {
        resourceType: 'Patient',
        name: [{ family: `Invented-${n}` }],
        generalPractitioner: [{ reference: 'Organization/o' }],
      });
    await store(pool, 'TRUST1', `c${n}`, {
      resourceType: 'CarePlan',
      status: 'draft',
      intent: 'plan',
      identifier,
      subject,
      basedOn: [{ reference: `CarePlan/c${n - 1}` }],
      partOf: [{ reference: `CarePlan/c${n - 2}` }],
    });
  }
}, 60_000);
afterAll(() => database.close());

test.each([
  ['CarePlan?based-on.part-of.subject.name=invented-7', 1],
  ['CarePlan?part-of.part-of.part-of.identifier=7', 1],
  ['CarePlan?part-of.subject:Patient.general-practitioner.name=nobody', 0],
  ['CarePlan?_has:CarePlan:based-on:_has:CarePlan:part-of:identifier=7', 1],
  ['Patient?_has:CarePlan:subject:based-on.part-of.identifier=7', 1],
])('%s takes no longer for that', async (query, least) => {
  const startedAt = performance.now();
  const { rows } = await searchResources(database.pool, searchOf(query));
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(rows.length).toBeGreaterThanOrEqual(least);
});
