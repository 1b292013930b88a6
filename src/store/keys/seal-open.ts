import type pg from 'pg';
import { type Sql, transaction } from '../pool.ts';
import { OPEN_TABLES } from './open-tables.ts';

const BATCH = 200;

const TABLES = [
  'person',
  'contact',
  'contact_other_number',
  'plan',
  'patient_fact',
  'destination',
  'resource',
  'resource_version',
  'approved_version',
  'delivery',
  'ledger_key',
];

const isDone = async (sql: Sql): Promise<boolean> => (await sql.query('SELECT FROM sealing')).rows.length > 0;

/**
 * Seals what an older version of the broker left open, and answers how many rows that took; nothing where it was done before. What is sealed already
 * stays, so one that was ended is begun again. A second process that starts meanwhile waits, and finds the work done.
 */
export async function sealOpen(pool: pg.Pool): Promise<number> {
  if (await isDone(pool)) return 0;
  let count = 0;
  for (const sealRows of OPEN_TABLES) {
    for (let after: readonly string[] | null = []; after !== null; ) {
      const from: readonly string[] = after;
      const batch = await transaction(pool, async (tx) => {
        await tx.query('SELECT pg_advisory_xact_lock(6, 1)');
        return (await isDone(tx)) ? { sealed: 0, last: null } : sealRows(tx, from, BATCH);
      });
      count += batch.sealed;
      after = batch.last;
    }
  }
  // Rows as they were lie in the files until their room is used again: once, now that nobody waits, it is all written anew.
  if (count > 0) await pool.query(`VACUUM (FULL) ${TABLES.join(', ')}`);
  await pool.query('INSERT INTO sealing DEFAULT VALUES ON CONFLICT DO NOTHING');
  return count;
}
