import { Anomaly } from '../../model/anomaly.ts';
import type { Stored } from '../door.ts';
import { keysOf } from '../keys/keys-of.ts';
import { type BodyRow, bodyColumns, openRows } from '../keys/sealed-body.ts';
import type { Sql } from '../pool.ts';
import type { Found, Search } from './search.ts';
import { amongSql, newValues, orderSql } from './to-sql.ts';

/** Matches that can be sorted; more are to be narrowed down. */
export const MOST_SORTED = 10_000;

interface Row extends BodyRow {
  /** `bigint`, as text. */
  readonly serial: string;
}

const COLUMNS = `${bodyColumns('r')}, r.serial`;

const countOf = async (sql: Sql, search: Search): Promise<number> => {
  const values = newValues(keysOf(sql).index);
  const { from, where } = amongSql(search, 'r', values);
  const { rows } = await sql.query<{ total: number }>(`SELECT count(*)::integer AS total FROM ${from} WHERE ${where}`, [...values.list]);
  return rows[0]?.total ?? 0;
};

/** The page of a search that begins after `before`, newest created first. An update moves no resource: only serials are compared. */
export async function searchResources(sql: Sql, search: Search): Promise<Found> {
  const { count, before, total } = search;
  if (count === 0) return { rows: [], total: total ? await countOf(sql, search) : null, rest: null };
  const values = newValues(keysOf(sql).index);
  const { from, where } = amongSql(search, 'r', values);
  const rest = before === null ? '' : ` AND r.serial < ${values.put(before)}::bigint`;
  const found = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM ${from} WHERE ${where}${rest} ORDER BY r.serial DESC LIMIT ${values.put(count + 1)}`,
    [...values.list],
  );
  const page = found.rows.slice(0, count);
  const last = page.at(-1);
  const more = found.rows.length > count && last !== undefined;
  return {
    rows: await openRows(sql, page),
    // A first page that holds them all has counted them.
    total: !total ? null : before === null && !more ? page.length : await countOf(sql, search),
    rest: more ? Number(last.serial) : null,
  };
}

/** Serials of all that match, in the order that is asked for. Throws `malformed` where there are more than can be sorted. */
export async function sortedSerials(sql: Sql, search: Search): Promise<readonly number[]> {
  const values = newValues(keysOf(sql).index);
  const { from, where } = amongSql(search, 'r', values);
  const within = `SELECT r.serial, r.id, r.updated_at FROM ${from} WHERE ${where} LIMIT ${values.put(MOST_SORTED + 1)}`;
  const { rows } = await sql.query<{ serial: string }>(
    `SELECT r.serial FROM (${within}) r ORDER BY ${orderSql(search.sort, 'r', values)}`,
    [...values.list],
  );
  if (rows.length > MOST_SORTED) throw tooMany();
  return rows.map(({ serial }) => Number(serial));
}

const tooMany = (): Anomaly =>
  new Anomaly('malformed', {
    at: 'http._sort',
    code: 'too-costly',
    help: `more than ${MOST_SORTED} resources match: narrow the search, or do not sort it`,
  });

/** Resources by serial, in the order given; those that are gone are left out. */
export async function readSerials(sql: Sql, serials: readonly number[]): Promise<readonly Stored[]> {
  if (serials.length === 0) return [];
  const { rows } = await sql.query<Row>(`SELECT ${COLUMNS} FROM resource r WHERE r.serial = ANY($1::bigint[])`, [serials]);
  const bySerial = new Map(rows.map((row) => [Number(row.serial), row]));
  return openRows(
    sql,
    serials.flatMap((serial) => bySerial.get(serial) ?? []),
  );
}
