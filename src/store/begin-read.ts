import type pg from 'pg';
import type { Heading } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Because, Ledger } from '../model/ledger.ts';
import type { DecidedBy } from '../model/trail.ts';
import { inBatches } from './in-batches.ts';
import type { Stamp } from './look.ts';
import { pairName, sharePolicyLocks } from './policy-locks.ts';
import { type Sql, statement } from './pool.ts';

/** Who reads, and what. */
export interface Trail {
  readonly event: 'read' | 'flag' | 'match' | 'confirm';
  readonly organization: string;
  readonly kind: string;
  readonly caller: string | null;
}

/** One plan that is shown or refused. */
export interface Seen {
  readonly stamp: Stamp;
  readonly plan: string;
  readonly key: string | null;
  readonly until: Instant | null;
  readonly purpose: string | null;
  readonly headings: readonly Heading[];
  readonly digest: string | null;
  readonly because: Because | null;
  /** Which gate, which consents, and what was left out. */
  readonly decidedBy: DecidedBy;
  /** The copy that the read leaves, over the version of the ledger row that was read; null where it leaves none. */
  readonly next: { readonly state: Ledger; readonly version: string } | null;
}

type Nullable = string | null;
const ofOne = statement<
  [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    Instant | null,
    string,
    string,
    string,
    Nullable,
    string,
    Nullable,
    Nullable,
    readonly Heading[],
    Nullable,
    Nullable,
    Ledger | null,
    Nullable,
    boolean,
    DecidedBy,
  ],
  { written: boolean }
>(
  'begin-read-of-one',
  `SELECT begin_read_of_one($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::double precision / 1000), $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) AS written`,
);
const together = statement<[string], { done: readonly boolean[] }>('begin-reads', 'SELECT begin_reads($1) AS done');
const ofMany = statement<[Trail, string], never>('begin-read', 'SELECT begin_read($1, $2)');

/** What was seen has changed; or someone was changing it, and one of the two had to give way. */
const CHANGED = ['40001', '40P01'];

/** One caller's read: who, and every plan that is shown or refused; none where there is no such person. */
export interface Reading {
  readonly trail: Trail;
  readonly seen: readonly Seen[];
}

/** Begins a read; false, and nothing written, when anything that was seen has changed. */
export type BeginRead = (reading: Reading) => Promise<boolean>;

/**
 * A read is a delivery: locks, the decision again, copy and audit row in one transaction, before the bytes. Reads of one plan, and of
 * nobody, share that transaction with those that come at the same time.
 */
export const openBeginRead = (pool: pg.Pool): BeginRead => {
  const shared = inBatches<Reading, boolean>(
    async (readings) => {
      const [only] = readings;
      // It waits for no lock here: a batch that waited would hold back everyone's look-ups.
      if (only?.seen.length === 1 && readings.length === 1) return [await begin(pool, only, false)];
      try {
        const [row] = await together(pool, JSON.stringify(readings.map(toRow)));
        return row?.done ?? [];
      } catch {
        // Nothing was written. Each has its own transaction now, and the one that fails is told there, without the others.
        return readings.map(() => false);
      }
    },
    { most: 16, atOnce: 2 },
  );
  return async (reading) => {
    if (reading.seen.length > 1) return begin(pool, reading, true);
    // Alone it waits for its locks, and says for certain whether anything has changed.
    return (await shared(reading)) || begin(pool, reading, true);
  };
};

/** Begins reads on one connection, alone: it waits for its locks. */
export const beginReadOn =
  (sql: Sql): BeginRead =>
  (reading) =>
    begin(sql, reading, true);

/** The shared side of every lock that reads of these take, in the order of `begin_read`, and their ledger rows: until the transaction ends nobody changes them. */
export async function lockForRead(tx: Sql, stamps: readonly Stamp[], keys: readonly string[]): Promise<void> {
  await sharePolicyLocks(tx, {
    persons: stamps.map(({ person }) => person),
    pairs: stamps.map(({ publisher, ods }) => pairName(publisher, ods)),
    recipients: stamps.map(({ recipient }) => recipient),
  });
  await lockRows(tx, keys);
}
const lockRows = statement<[readonly string[]], never>(
  'lock-rows-for-read',
  'SELECT FROM ledger_key WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE',
);

const toRow = ({ trail, seen: [one] }: Reading): object => {
  if (one === undefined) return trail;
  const { stamp, next, ...rest } = one;
  return { ...trail, ...stamp, ...rest, ...next };
};

async function begin(sql: Sql, { trail, seen }: Reading, waits: boolean): Promise<boolean> {
  const [one, ...more] = seen;
  try {
    if (one === undefined || more.length > 0) {
      await ofMany(sql, trail, JSON.stringify(seen.map(({ next, ...each }) => ({ ...each, ...next }))));
      return true;
    }
    const { stamp, next } = one;
    const { person, personEpoch, publisher, ods, pairEpoch, recipient, recipientEpoch } = stamp;
    const { event, organization, kind, caller } = trail;
    const facts = [person, personEpoch, publisher, ods, pairEpoch, recipient, recipientEpoch, one.until] as const;
    const audit = [event, organization, kind, caller, one.plan, one.key, one.purpose, one.headings, one.digest, one.because] as const;
    const [answer] = await ofOne(sql, ...facts, ...audit, next?.state ?? null, next?.version ?? null, waits, one.decidedBy);
    return answer?.written ?? false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && CHANGED.includes(String(error.code))) return false;
    throw error;
  }
}
