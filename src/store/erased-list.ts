import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

const FILE = 'erased.jsonl';

/** One lawful erasure as it stands outside the database: by the broker's own id of the record, which names nobody. */
export interface ErasedRecord {
  readonly patient: string;
  readonly reason: string;
  readonly at: string;
}

/** Notes an erasure outside the database, whose backups know nothing of it. */
export const noteErased = (dataDir: string, record: ErasedRecord): void => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  appendFileSync(join(dataDir, FILE), `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
};

/** Ids of records that were erased and have a key again: the database was restored from a backup of before. */
export const erasedAndBack = async (pool: pg.Pool, dataDir: string): Promise<readonly string[]> => {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const ids = [...new Set(lines.map((line) => (JSON.parse(line) as ErasedRecord).patient))];
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM person_key WHERE id = ANY($1::text[]) AND wrapped IS NOT NULL', [ids]);
  return rows.map(({ id }) => id);
};
