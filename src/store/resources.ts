import type { Resource } from '@medplum/fhirtypes';
import type { Stored } from './door.ts';
import { type Sql, statement } from './pool.ts';
import { indexRows } from './search/index-rows.ts';
import { type IndexColumns, INDEX_SQL, indexColumns, NEW_INDEX_SQL } from './search/write-index.ts';

interface Row {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly owner: string;
  readonly updated_at: Date;
  readonly body: string;
}

const toStored = (row: Row): Stored => ({
  type: row.type,
  id: row.id,
  version: row.version,
  owner: row.owner,
  updatedAt: row.updated_at.getTime(),
  body: JSON.parse(row.body) as Resource,
});

const COLUMNS = 'type, id, version, owner, updated_at, body';
const readNewest = statement<[string, string], Row>('read-resource', `SELECT ${COLUMNS} FROM resource WHERE type = $1 AND id = $2`);
const readVersion = statement<[string, string, number], Row>(
  'read-version',
  `SELECT ${COLUMNS} FROM resource_version WHERE type = $1 AND id = $2 AND version = $3 AND NOT deleted`,
);
const putResource = statement<[string, string, number, string, Date, string, ...IndexColumns], never>(
  'put-resource',
  `WITH newest AS (
     INSERT INTO resource (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (type, id) DO UPDATE SET version = $3, updated_at = $5, body = $6 RETURNING type, serial),
   kept AS (INSERT INTO resource_version (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)),
   ${INDEX_SQL('newest', 7)}`,
);

const putNewResource = statement<[string, string, number, string, Date, string, ...IndexColumns], never>(
  'put-new-resource',
  `WITH newest AS (
     INSERT INTO resource (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6) RETURNING type, serial),
   kept AS (INSERT INTO resource_version (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)),
   ${NEW_INDEX_SQL('newest', 7)}`,
);

/** One resource, or one version of it; null when there is none. */
export async function readResource(sql: Sql, type: string, id: string, version?: number): Promise<Stored | null> {
  const [row] = version === undefined ? await readNewest(sql, type, id) : await readVersion(sql, type, id, version);
  return row === undefined ? null : toStored(row);
}

const resourceLock = statement<[string], { now: Date }>(
  'lock-resource',
  'SELECT pg_advisory_xact_lock(5, hashtext($1)), clock_timestamp() AS now',
);

/** Holds back every other writer of one resource until the transaction ends, and answers the database's time then; taken after the policy locks. */
export const lockResource = async (sql: Sql, type: string, id: string): Promise<Date> => {
  const [row] = await resourceLock(sql, `${type}/${id}`);
  if (row === undefined) throw new Error('a lock answers with the time');
  return row.now;
};

/** Stores the next version, with `id` and `meta` set in its body. The caller has checked what may be written. */
export async function putNext(
  sql: Sql,
  resource: Resource,
  id: string,
  owner: string,
  previous: { readonly version: number } | null,
  at: Date,
): Promise<Stored> {
  const version = (previous?.version ?? 0) + 1;
  const body = { ...resource, id, meta: { ...resource.meta, versionId: String(version), lastUpdated: at.toISOString() } } as Resource;
  const put = previous === null ? putNewResource : putResource;
  await put(sql, body.resourceType, id, version, owner, at, JSON.stringify(body), ...indexColumns(indexRows(body, owner)));
  return { type: body.resourceType, id, version, owner, updatedAt: at.getTime(), body };
}
