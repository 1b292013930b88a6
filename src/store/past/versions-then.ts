import type { Instant } from '../../model/instant.ts';
import type { Stored } from '../door.ts';
import { type BodyRow, bodyColumns, openRows } from '../keys/sealed-body.ts';
import { type Sql, statement } from '../pool.ts';

type Asked = [type: string, ids: readonly string[], at: Instant];
const THEN = 'to_timestamp($3::double precision / 1000)';

const newestThen = statement<Asked, BodyRow>(
  'versions-then',
  `SELECT ${bodyColumns('v')} FROM unnest($2::text[]) asked(id) CROSS JOIN LATERAL (
     SELECT * FROM resource_version r WHERE r.type = $1 AND r.id = asked.id AND r.updated_at <= ${THEN} ORDER BY r.version DESC LIMIT 1) v
    WHERE NOT v.deleted ORDER BY v.id`,
);
const allUntil = statement<Asked, BodyRow>(
  'versions-until',
  `SELECT ${bodyColumns('v')} FROM resource_version v
    WHERE v.type = $1 AND v.id = ANY($2::text[]) AND v.updated_at <= ${THEN} AND NOT v.deleted ORDER BY v.id, v.version`,
);

/** Resources as they were at an instant, by id; those that were not there then, and those whose key was destroyed since, are left out. */
export const versionsThen = async (sql: Sql, type: string, ids: readonly string[], at: Instant): Promise<readonly Stored[]> =>
  ids.length === 0 ? [] : openRows(sql, await newestThen(sql, type, [...new Set(ids)], at));

/** Every version of these resources up to an instant, in order. */
export const versionsUntil = async (sql: Sql, type: string, ids: readonly string[], at: Instant): Promise<readonly Stored[]> =>
  ids.length === 0 ? [] : openRows(sql, await allUntil(sql, type, ids, at));
