import type pg from 'pg';

/** Every table of a database, each as the text of all its rows: what a dump of it would hold. */
export const everyRow = async (pool: pg.Pool): Promise<readonly (readonly [table: string, text: string])[]> => {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  return Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await pool.query<{ text: string | null }>(`SELECT string_agg(to_jsonb(t)::text, E'\\n') AS text FROM ${name} t`);
      return [name, rows[0]?.text ?? ''] as const;
    }),
  );
};
