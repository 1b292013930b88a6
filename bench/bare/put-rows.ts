import { randomUUID } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type pg from 'pg';
import { indexRows } from '../../src/store/search/index-rows.ts';
import { type IndexColumns, indexColumns } from '../../src/store/search/write-index.ts';
import { PUBLISHER } from '../ground/template.ts';

/** The rows of one new resource, and of what it is found by: the same rows that the broker writes, in one INSERT that looks at nothing. */
const PUT = `WITH newest AS (INSERT INTO resource (type, id, version, owner, updated_at, body) VALUES ($1, $2, 1, $3, clock_timestamp(), $4) RETURNING type, serial),
  kept AS (INSERT INTO resource_version (type, id, version, owner, updated_at, body) VALUES ($1, $2, 1, $3, clock_timestamp(), $4)),
  tokens AS (INSERT INTO resource_token (type, owner, serial, param, token)
             SELECT type, $5, serial, now.* FROM newest, unnest($6::text[], $7::text[]) AS now(param, token)),
  strings AS (INSERT INTO resource_string (type, owner, serial, param, value, exact)
              SELECT type, $5, serial, now.* FROM newest, unnest($8::text[], $9::text[], $10::text[]) AS now(param, value, exact))
  INSERT INTO resource_date (type, owner, serial, param, low, high)
  SELECT type, $5, serial, now.* FROM newest, unnest($11::text[], $12::bigint[], $13::bigint[]) AS now(param, low, high)`;

/** What a resource is found by, made once: that is no part of the floor. */
export const rowsOf = (resource: Resource): IndexColumns => indexColumns(indexRows(resource, PUBLISHER));

/** Stores a new resource with rows that were made before; answers its text. */
export const putRows = async (sql: pg.Pool | pg.PoolClient, resource: Resource, rows: IndexColumns): Promise<string> => {
  const id = randomUUID();
  const text = JSON.stringify({ ...resource, id, meta: { versionId: '1', lastUpdated: new Date().toISOString() } });
  await sql.query({ name: 'put', text: PUT, values: [resource.resourceType, id, PUBLISHER, text, ...rows] });
  return text;
};
