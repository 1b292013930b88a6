import type { Writer } from '../model/principal.ts';
import type { HistoryAsked, Stored, Version } from './door.ts';
import { type BodyRow, bodyColumns, openBody } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';

const now = statement<[], { now: Date }>('clock', 'SELECT clock_timestamp() AS now');

/** The database's time at this moment: after locks were waited for, not before. */
export const clock = async (sql: Sql): Promise<Date> => {
  const [row] = await now(sql);
  if (row === undefined) throw new Error('the clock answers');
  return row.now;
};

/** What is known of the newest version of a resource, which may be that it was deleted. */
export interface LastVersion extends Writer {
  readonly version: number;
  readonly deleted: boolean;
}

// What was sealed by a key that is destroyed is as gone as what was deleted.
const DELETED = 'v.deleted OR EXISTS (SELECT FROM person_key k WHERE k.id = v.sealed_by AND k.wrapped IS NULL) AS deleted';
const last = statement<[string, string], LastVersion>(
  'last-version',
  `SELECT v.version, v.owner, v.service, ${DELETED} FROM resource_version v WHERE v.type = $1 AND v.id = $2 ORDER BY v.version DESC LIMIT 1`,
);

/** The newest version of a resource, also of one that was deleted; null where there never was one. */
export const lastVersion = async (sql: Sql, type: string, id: string): Promise<LastVersion | null> =>
  (await last(sql, type, id))[0] ?? null;

const one = statement<[string, string, number], LastVersion>(
  'version-at',
  `SELECT v.version, v.owner, v.service, ${DELETED} FROM resource_version v WHERE v.type = $1 AND v.id = $2 AND v.version = $3`,
);

/** Who deleted a resource, whose newest version, or the one that is named, says so; null where it does not. */
export const deletedBy = async (sql: Sql, type: string, id: string, version?: number): Promise<Writer | null> => {
  const found = version === undefined ? await lastVersion(sql, type, id) : (await one(sql, type, id, version))[0];
  return found?.deleted === true ? { owner: found.owner, service: found.service } : null;
};

const removeResource = statement<[string, string, number, string, string | null, Date], never>(
  'remove-resource',
  `WITH gone AS (DELETE FROM resource WHERE type = $1 AND id = $2)
   INSERT INTO resource_version (type, id, version, owner, service, updated_at, body, deleted) VALUES ($1, $2, $3, $4, $5, $6, '', true)`,
);

/** Takes a resource away. Its versions stay; the caller holds its lock and has checked that it may go. */
export const removeStored = async (sql: Sql, { type, id, version, owner, service }: Stored, at: Date): Promise<void> => {
  await removeResource(sql, type, id, version + 1, owner, service, at);
};

interface Row extends BodyRow {
  readonly deleted: boolean;
}

// Along an index of those that are destroyed, which are few.
const READABLE = '(sealed_by IS NULL OR sealed_by NOT IN (SELECT k.id FROM person_key k WHERE k.wrapped IS NULL))';

/** Versions of one resource or of a type, newest first, with the number of all of them. */
export async function historyOf(
  sql: Sql,
  { type, id, writer, since, until, count, after }: HistoryAsked,
): Promise<{ readonly rows: readonly Version[]; readonly total: number }> {
  const values: unknown[] = [type];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const instant = (value: number): string => `to_timestamp(${put(value)}::double precision / 1000)`;
  const where = ['type = $1', READABLE];
  if (id !== null) where.push(`id = ${put(id)}`);
  if (writer !== null) where.push(`owner = ${put(writer.owner)}`, `(service IS NULL OR service = ${put(writer.service)})`);
  if (since !== null) where.push(`updated_at >= ${instant(since)}`);
  // Later pages are of the history as it was at the first: what comes after it moves nothing.
  if (until !== null) where.push(`updated_at <= ${instant(until)}`);
  const counted = await sql.query<{ total: number }>(
    `SELECT count(*)::integer AS total FROM resource_version WHERE ${where.join(' AND ')}`,
    values,
  );
  if (after !== null)
    where.push(
      id === null
        ? `(updated_at, id, version) < (${instant(after.updatedAt)}, ${put(after.id)}, ${put(after.version)}::integer)`
        : `version < ${put(after.version)}::integer`,
    );
  const found = await sql.query<Row>(
    `SELECT ${bodyColumns('v')}, v.deleted FROM resource_version v WHERE ${where.join(' AND ')}
      ORDER BY ${id === null ? 'updated_at DESC, id DESC, ' : ''}version DESC LIMIT ${put(count)}`,
    values,
  );
  const rows = await Promise.all(
    found.rows.map(
      async (row): Promise<Version> => ({
        type,
        id: row.id,
        version: row.version,
        owner: row.owner,
        service: row.service,
        updatedAt: row.updated_at.getTime(),
        body: row.deleted ? null : await openBody(sql, row),
      }),
    ),
  );
  return { rows, total: counted.rows[0]?.total ?? 0 };
}
