import type { Resource } from '@medplum/fhirtypes';
import type { Search, Stored } from './door.ts';
import { type Sql, statement } from './pool.ts';
import { tokensOf } from './tokens.ts';

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
const putResource = statement<[string, string, number, string, Date, string, string[], string[]], Row>(
  'put-resource',
  `WITH newest AS (
     INSERT INTO resource (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (type, id) DO UPDATE SET version = $3, updated_at = $5, body = $6 RETURNING 1),
   kept AS (INSERT INTO resource_version (type, id, version, owner, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)),
   gone AS (DELETE FROM resource_token t WHERE t.type = $1 AND t.id = $2
             AND NOT EXISTS (SELECT FROM unnest($7::text[], $8::text[]) AS now(param, token) WHERE now.param = t.param AND now.token = t.token))
   INSERT INTO resource_token (type, param, token, id)
   SELECT $1, param, token, $2 FROM unnest($7::text[], $8::text[]) AS now(param, token) ON CONFLICT DO NOTHING`,
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
  const tokens = tokensOf(body);
  await putResource(
    sql,
    body.resourceType,
    id,
    version,
    owner,
    at,
    JSON.stringify(body),
    tokens.map((one) => one.param),
    tokens.map((one) => one.token),
  );
  return { type: body.resourceType, id, version, owner, updatedAt: at.getTime(), body };
}

/** Resources by owner, tokens, ids and time, newest first; with the number of all that match. */
export async function searchResources(sql: Sql, search: Search): Promise<{ readonly rows: readonly Stored[]; readonly total: number }> {
  const values: unknown[] = [search.type];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const where = ['r.type = $1'];
  if (search.owner !== null) where.push(`r.owner = ${put(search.owner)}`);
  if (search.ids !== null) where.push(`r.id = ANY(${put(search.ids)}::text[])`);
  if (search.updatedFrom !== null) where.push(`r.updated_at >= to_timestamp(${put(search.updatedFrom)}::double precision / 1000)`);
  if (search.updatedBefore !== null) where.push(`r.updated_at < to_timestamp(${put(search.updatedBefore)}::double precision / 1000)`);
  for (const { param, anyOf } of search.tokens) {
    where.push(
      `r.id IN (SELECT t.id FROM resource_token t WHERE t.type = $1 AND t.param = ${put(param)} AND t.token = ANY(${put(anyOf)}::text[]))`,
    );
  }
  const counted = await sql.query<{ total: number }>(
    `SELECT count(*)::integer AS total FROM resource r WHERE ${where.join(' AND ')}`,
    values,
  );
  if (search.after !== null) {
    where.push(`(r.updated_at, r.id) < (to_timestamp(${put(search.after.updatedAt)}::double precision / 1000), ${put(search.after.id)})`);
  }
  const found = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM resource r WHERE ${where.join(' AND ')} ORDER BY r.updated_at DESC, r.id DESC LIMIT ${put(search.count)}`,
    values,
  );
  return { rows: found.rows.map(toStored), total: counted.rows[0]?.total ?? 0 };
}
