import type pg from 'pg';

/**
 * Alters passages of a function in a test's own database, so that a race can be seen to be lost without them; answers what puts it
 * back. Throws when a passage is not there.
 */
export async function alterFunction(
  pool: pg.Pool,
  name: string,
  passages: readonly (readonly [passage: string, instead: string])[],
): Promise<() => Promise<unknown>> {
  const { rows } = await pool.query<{ source: string }>('SELECT pg_get_functiondef($1::regproc) AS source', [name]);
  const source = rows[0]?.source ?? '';
  const altered = passages.reduce((text, [passage, instead]) => {
    if (!text.includes(passage)) throw new Error(`${name} has no passage ${passage}`);
    return text.replace(passage, instead);
  }, source);
  await pool.query(altered);
  return () => pool.query(source);
}
