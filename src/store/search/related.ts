import type { Stored } from '../door.ts';
import { keysOf } from '../keys/keys-of.ts';
import { type BodyRow, bodyColumns, openRows } from '../keys/sealed-body.ts';
import type { Sql } from '../pool.ts';
import type { Among } from './search.ts';
import { amongSql, newValues, searcherOf } from './to-sql.ts';

/** Resources by `Type/id`, in no order. */
export async function readReferences(sql: Sql, references: readonly string[]): Promise<readonly Stored[]> {
  if (references.length === 0) return [];
  const parts = references.map((each) => each.split('/'));
  const { rows } = await sql.query<BodyRow>(
    `SELECT ${bodyColumns('r')} FROM unnest($1::text[], $2::text[]) AS named(type, id) JOIN resource r ON r.type = named.type AND r.id = named.id`,
    [parts.map(([type]) => type), parts.map(([, id]) => id)],
  );
  return openRows(sql, rows);
}

/** Resources among those named that refer, under any of the parameters, to one of `references`; the oldest first, `most` at most. */
export async function readReferring(
  sql: Sql,
  among: Among,
  params: readonly string[],
  references: readonly string[],
  most: number,
): Promise<readonly Stored[]> {
  if (references.length === 0) return [];
  const { index } = keysOf(sql);
  const values = newValues(index);
  const { from, where } = amongSql(among, 'r', values);
  const searcher = searcherOf(among.scope);
  const owner = searcher === null ? '' : ` AND i.owner = ${values.put(searcher)}`;
  const { rows } = await sql.query<BodyRow>(
    `SELECT ${bodyColumns('r')} FROM ${from} WHERE ${where} AND r.serial IN (
       SELECT i.serial FROM resource_token i WHERE i.type = ${values.put(among.type)} AND i.param = ANY(${values.put(params)}::text[])
          AND i.token = ANY(${values.put(references.map(index.text))}::text[])${owner})
      ORDER BY r.serial LIMIT ${values.put(most)}`,
    [...values.list],
  );
  return openRows(sql, rows);
}
