import pg from 'pg';
import { CannotStart } from '../model/cannot-start.ts';

const OLDEST = 14;

/** Throws CannotStart, in one line without the address, when no PostgreSQL 14 or later with UTF-8 answers at `url`. */
export const assertDatabase = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // told by the query that it breaks
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; encoding: string }>(
      "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
    );
    const major = Math.floor(Number(rows[0]?.version) / 10_000);
    if (major < OLDEST) throw new CannotStart(`DATABASE_URL leads to PostgreSQL ${major}; the broker needs ${OLDEST} or later`);
    if (rows[0]?.encoding !== 'UTF8')
      throw new CannotStart(`DATABASE_URL leads to a database with encoding ${rows[0]?.encoding}; the broker needs UTF8`);
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    const code = fault instanceof Error && 'code' in fault ? String(fault.code) : 'no answer';
    throw new CannotStart(`no PostgreSQL can be used at DATABASE_URL (${code})`);
  } finally {
    await client.end().catch(() => {}); // never connected
  }
};
