import { anomaly } from '../model/anomaly.ts';
import type { Sql } from './pool.ts';

/** The locks that a fact needs, by name. Pairs are `PUBLISHER RECIPIENT`, both ODS codes. */
export interface LockScope {
  readonly persons: readonly string[];
  readonly pairs: readonly string[];
  readonly recipients: readonly string[];
}

export const NO_LOCKS: LockScope = { persons: [], pairs: [], recipients: [] };

export const pairName = (publisher: string, recipientOds: string): string => `${publisher} ${recipientOds}`;

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

export const joinScopes = (...scopes: readonly LockScope[]): LockScope => ({
  persons: unique(scopes.flatMap((scope) => scope.persons)),
  pairs: unique(scopes.flatMap((scope) => scope.pairs)),
  recipients: unique(scopes.flatMap((scope) => scope.recipients)),
});

/** Whether every lock of `inner` is among those of `outer`. */
export const coversScope = (outer: LockScope, inner: LockScope): boolean =>
  inner.persons.every((name) => outer.persons.includes(name)) &&
  inner.pairs.every((name) => outer.pairs.includes(name)) &&
  inner.recipients.every((name) => outer.recipients.includes(name));

/**
 * Takes the exclusive side, until the transaction ends: persons, pairs, recipients, each in order of its hash, so that two facts
 * never wait for each other. Throws `too-large` where PostgreSQL has too few. The classes are those of `begin_delivery` and `begin_read_of_one` (0003-ledger.sql).
 */
export async function takePolicyLocks(sql: Sql, scope: LockScope): Promise<void> {
  try {
    await lockAll(sql, scope);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === OUT_OF_LOCKS)) throw error;
    throw anomaly('too-large', 'needs more locks than this PostgreSQL has (max_locks_per_transaction): write several agreements');
  }
}

/** out_of_memory, which PostgreSQL says of its table of locks. */
const OUT_OF_LOCKS = '53200';

/** Takes the shared side, until the transaction ends, in the same order: nobody writes a fact under them meanwhile. */
export const sharePolicyLocks = (sql: Sql, scope: LockScope): Promise<void> => lockAll(sql, scope, 'shared');

async function lockAll(sql: Sql, scope: LockScope, side: 'exclusive' | 'shared' = 'exclusive'): Promise<void> {
  await sql.query({
    name: `take-policy-locks-${side}`,
    text: `SELECT pg_advisory_xact_lock${side === 'shared' ? '_shared' : ''}(class, hash) FROM (
             SELECT DISTINCT 1 AS class, hashtext(name) AS hash FROM unnest($1::text[]) name
             UNION SELECT DISTINCT 2, hashtext(name) FROM unnest($2::text[]) name
             UNION SELECT DISTINCT 3, hashtext(name) FROM unnest($3::text[]) name
             ORDER BY 1, 2) locks`,
    values: [scope.persons, scope.pairs, scope.recipients],
  });
}

/** Marks the facts under the locks as changed, and leaves the durable row from which the fan-out goes. */
export async function markChanged(sql: Sql, scope: LockScope): Promise<void> {
  await sql.query({
    name: 'mark-changed',
    text: `WITH persons AS (UPDATE person SET epoch = epoch + 1 WHERE id = ANY($1::uuid[])),
                pairs AS (INSERT INTO pair (publisher, recipient_ods)
                          SELECT split_part(name, ' ', 1), split_part(name, ' ', 2) FROM unnest($2::text[]) name
                          ON CONFLICT (publisher, recipient_ods) DO UPDATE SET epoch = pair.epoch + 1),
                recipients AS (UPDATE recipient SET epoch = epoch + 1 WHERE id = ANY($3::text[]))
           INSERT INTO fan_out (persons, pairs, recipients) VALUES ($1, $2, $3)`,
    values: [scope.persons, scope.pairs, scope.recipients],
  });
}
