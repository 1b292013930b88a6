import type { Resource } from '@medplum/fhirtypes';
import type { Stored } from './door.ts';
import { type BodyRow, bodyColumns, openRows, sealBodies } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';
import { blindedRows } from './search/blinded-rows.ts';
import { type IndexColumns, INDEX_SQL, indexColumns, NEW_INDEX_SQL } from './search/write-index.ts';

const readNewest = statement<[string, string], BodyRow>(
  'read-resource',
  `SELECT ${bodyColumns('r')} FROM resource r WHERE r.type = $1 AND r.id = $2`,
);
const readVersion = statement<[string, string, number], BodyRow>(
  'read-version',
  `SELECT ${bodyColumns('r')} FROM resource_version r WHERE r.type = $1 AND r.id = $2 AND r.version = $3 AND NOT r.deleted`,
);
type PutColumns = [string, string, number, string, Date, string, string | null, string | null, ...IndexColumns];
const INTO = '(type, id, version, owner, updated_at, body, sealed_by, service) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)';
const putResource = statement<PutColumns, never>(
  'put-resource',
  `WITH newest AS (
     INSERT INTO resource ${INTO}
     ON CONFLICT (type, id) DO UPDATE SET version = $3, updated_at = $5, body = $6, sealed_by = $7 RETURNING type, serial),
   kept AS (INSERT INTO resource_version ${INTO}),
   ${INDEX_SQL('newest', 9)}`,
);

const putNewResource = statement<PutColumns, never>(
  'put-new-resource',
  `WITH newest AS (INSERT INTO resource ${INTO} RETURNING type, serial),
   kept AS (INSERT INTO resource_version ${INTO}),
   ${NEW_INDEX_SQL('newest', 9)}`,
);

/** One resource, or one version of it; null when there is none, or when its key was destroyed. */
export async function readResource(sql: Sql, type: string, id: string, version?: number): Promise<Stored | null> {
  const rows = version === undefined ? await readNewest(sql, type, id) : await readVersion(sql, type, id, version);
  return (await openRows(sql, rows))[0] ?? null;
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

/** Stores the next version, with `id` and `meta` set in its body. The caller has checked what may be written; a first version is of `service`. */
export async function putNext(
  sql: Sql,
  resource: Resource,
  id: string,
  owner: string,
  previous: { readonly version: number; readonly service: string | null } | null,
  at: Date,
  newService: string | null = null,
): Promise<Stored> {
  const version = (previous?.version ?? 0) + 1;
  const service = previous === null ? newService : previous.service;
  const body = { ...resource, id, meta: { ...resource.meta, versionId: String(version), lastUpdated: at.toISOString() } } as Resource;
  const put = previous === null ? putNewResource : putResource;
  const [sealed] = await sealBodies(sql, [{ resource: body, id, version, owner, text: JSON.stringify(body) }]);
  if (sealed === undefined) throw new Error('a resource is sealed or lies open');
  const columns = indexColumns(blindedRows(sql, body, owner));
  await put(sql, body.resourceType, id, version, owner, at, sealed.body, sealed.sealedBy, service, ...columns);
  return { type: body.resourceType, id, version, owner, service, updatedAt: at.getTime(), body };
}
