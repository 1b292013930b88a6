import type pg from 'pg';

/** Tables of the trail that are added to, each with the columns that PostgreSQL alone fills. */
const ADDED_TO: Readonly<Record<string, readonly string[]>> = {
  // Neither a number nor a moment can be chosen.
  audit: ['id', 'at'],
  trail_link: [],
  trail_salt: [],
  trail_head: ['serial'],
  trail_key: ['first_used_at'],
};
/** What only the functions beside the trail change, or nobody (0066-trail-role.sql). */
const READ = ['trail_stream', 'trail_cursor', 'trail_handed', 'audit_id_key'];
const FUNCTIONS = ['trail_put_stream', 'trail_move_on', 'trail_handed_over', 'trail_forget'];

/** What takes every right in the trail from a role and gives back those to read it and to add to it, column by column. */
export const trailGrants = async (client: pg.Client, role: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT c.relname::text AS name, array_agg(a.attname::text) AS columns FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.relname`,
    [Object.keys(ADDED_TO)],
  );
  const mayAdd = rows.map(({ name, columns }) => {
    const own = columns.filter((column) => ADDED_TO[name]?.includes(column) === false);
    return `GRANT INSERT (${own.map((column) => `"${column}"`).join(', ')}) ON ${name} TO ${role}`;
  });
  const tables = [...Object.keys(ADDED_TO), ...READ].join(', ');
  return [
    `REVOKE ALL ON ${tables} FROM ${role}`,
    `GRANT SELECT ON ${tables} TO ${role}`,
    ...mayAdd,
    ...FUNCTIONS.map((name) => `GRANT EXECUTE ON FUNCTION ${name} TO ${role}`),
  ];
};
