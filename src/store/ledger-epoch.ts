import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { compareSequence } from '../model/copy.ts';
import type { Copy } from '../model/copy.ts';
import type { Ledger } from '../model/ledger.ts';
import type { LoggedAttempt } from './attempt-log.ts';
import { lastAttempts, readAttempts } from './attempt-log.ts';
import { keysOf } from './keys/keys-of.ts';
import { openNumber } from './keys/sealed-number.ts';
import { openState, type SealedLedger, sealState } from './keys/sealed-state.ts';
import { transaction } from './pool.ts';
import { restoreEvent } from './subscription-events.ts';

const FILE = 'ledger-epoch';

/** Where the attempts of all processes of a data folder are written. */
export const attemptFolder = (dataDir: string): string => join(dataDir, 'attempts');

/** How the ledger was found at the start. */
export interface FoundLedger {
  readonly epoch: number;
  /** Attempts that the database did not know and that were put back as uncertain; 0 unless it was restored from a backup. */
  readonly replayed: number;
  /** Attempts at keys that the restored database never had: a person has to follow them up. */
  readonly lost: number;
}

/**
 * Finds the ledger epoch, which stands outside the database and is never reused. A database that does not know the last attempts
 * on file was restored from a backup: the epoch is raised, and those attempts are replayed as uncertain copies.
 */
export async function findLedger(pool: pg.Pool, dataDir: string): Promise<FoundLedger> {
  const folder = attemptFolder(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { rows } = await pool.query<{ epoch: number }>('SELECT max(epoch) AS epoch FROM ledger_epoch');
  const inDatabase = rows[0]?.epoch ?? 1;
  const onFile = readEpoch(dataDir) ?? inDatabase;
  const isRestored = onFile > inDatabase || (await unknownTo(pool, lastAttempts(folder))).length > 0;
  if (!isRestored) {
    writeEpoch(dataDir, inDatabase);
    return { epoch: inDatabase, replayed: 0, lost: 0 };
  }
  const epoch = Math.max(onFile, inDatabase) + 1;
  writeEpoch(dataDir, epoch);
  const missing = await unknownTo(pool, readAttempts(folder));
  return transaction(pool, async (tx) => {
    let replayed = 0;
    for (const attempt of missing) replayed += (await replay(tx, attempt)) ? 1 : 0;
    await tx.query('INSERT INTO replayed_attempt SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING', [missing.map(({ id }) => id)]);
    await tx.query('UPDATE ledger_epoch SET epoch = $1', [epoch]);
    return { epoch, replayed, lost: missing.length - replayed };
  });
}

/** The epoch as a process beside the broker reads it. */
export async function currentEpoch(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ epoch: number }>('SELECT max(epoch) AS epoch FROM ledger_epoch');
  return rows[0]?.epoch ?? 1;
}

function readEpoch(dataDir: string): number | null {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) return null;
  const epoch = Number(readFileSync(path, 'utf8').trim());
  if (!Number.isInteger(epoch) || epoch < 1) throw new Error(`${FILE} holds no epoch`);
  return epoch;
}

function writeEpoch(dataDir: string, epoch: number): void {
  const path = join(dataDir, FILE);
  writeFileSync(`${path}.new`, `${epoch}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

async function unknownTo(pool: pg.Pool, attempts: readonly LoggedAttempt[]): Promise<readonly LoggedAttempt[]> {
  const known = new Set<string>();
  for (let from = 0; from < attempts.length; from += 10_000) {
    const ids = attempts.slice(from, from + 10_000).map(({ id }) => id);
    const { rows } = await pool.query<{ id: string }>(
      'SELECT id FROM delivery WHERE id = ANY($1::uuid[]) UNION ALL SELECT id FROM replayed_attempt WHERE id = ANY($1::uuid[])',
      [ids],
    );
    for (const { id } of rows) known.add(id);
  }
  return attempts.filter(({ id }) => !known.has(id));
}

async function replay(tx: pg.PoolClient, attempt: LoggedAttempt): Promise<boolean> {
  const { rows } = await tx.query<{
    state: SealedLedger;
    lifetime: number;
    kind: string;
    person_id: string;
    sealed_number: string | null;
    wrapped: string | null;
  }>(
    `SELECT k.state, (d.facts->>'lifetime')::double precision AS lifetime, r.kind, pe.id AS person_id, pe.sealed_number,
            (SELECT pk.wrapped FROM person_key pk WHERE pk.id = p.patient_id) AS wrapped
       FROM ledger_key k JOIN destination d ON d.id = k.destination_id JOIN recipient r ON r.id = k.recipient_id
       JOIN plan p ON p.id = k.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id
       JOIN person pe ON pe.id = coalesce((SELECT id FROM person WHERE id = $2), pt.person_id) WHERE k.id = $1 FOR UPDATE OF k`,
    [attempt.key, attempt.person],
  );
  const row = rows[0];
  // Of a person who was erased nothing can be asked back: under which number it was sent is known to nobody.
  if (row === undefined || row.wrapped === null) return false;
  const key = await keysOf(tx).keyOf(row.wrapped);
  const identity = row.kind === 'police' ? '-' : (openNumber(tx, row.person_id, row.sealed_number) ?? '-');
  const sequence = { epoch: attempt.epoch, count: attempt.count };
  const copy: Copy = {
    id: attempt.id,
    place: { address: attempt.address, identity },
    effect: attempt.digest,
    headings: [],
    documentId: attempt.document,
    sequence,
    state: 'uncertain',
    againAt: attempt.sendBefore + row.lifetime,
    acceptedSince: false,
  };
  const state = openState(key, attempt.key, row.state);
  const highest = compareSequence(sequence, state.sequence) > 0 ? sequence : state.sequence;
  const next: Ledger = { ...state, copies: [...state.copies, copy], sequence: highest, last: null };
  await tx.query(
    `UPDATE ledger_key SET state = $2, version = version + 1, generation = generation + 1, look_at = clock_timestamp(), rank = 0 WHERE id = $1`,
    [attempt.key, sealState(key, attempt.key, next)],
  );
  if (attempt.eventNumber !== undefined)
    await restoreEvent(tx, { key: attempt.key, number: attempt.eventNumber, action: attempt.action, digest: attempt.digest });
  return true;
}
