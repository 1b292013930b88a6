import type { Resource } from '@medplum/fhirtypes';
import { createLog } from '../../src/log.ts';
import type { IndexColumns } from '../../src/store/search/write-index.ts';
import { createPool } from '../../src/store/pool.ts';
import { putRows, rowsOf } from './put-rows.ts';
import { serve } from './serve.ts';

/**
 * The bare create: `node:http`, `JSON.parse`, one durable named INSERT of the rows that the broker writes, with a pool of the broker's own
 * size. Nothing is validated, nobody is asked for, nothing is locked. `node bench/bare/create-server.ts DATABASE_URL`.
 */
const [url = ''] = process.argv.slice(2);
const pool = createPool(url, createLog('error'));
let rows: IndexColumns | null = null;

serve(201, (body) => {
  const resource: Resource = JSON.parse(body);
  rows ??= rowsOf(resource);
  return putRows(pool, resource, rows);
});
