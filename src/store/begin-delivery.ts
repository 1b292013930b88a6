import type pg from 'pg';
import type { Instant } from '../model/instant.ts';
import type { Ledger } from '../model/ledger.ts';
import { inBatches } from './in-batches.ts';
import type { Stamp } from './look.ts';
import { statement } from './pool.ts';

/** An attempt as it is written down before the wire: `begin_delivery` reads the objects (0007-begin-together.sql, 0057-locks-end-before-the-disk.sql). */
export interface Beginning {
  readonly key: string;
  readonly fence: number;
  readonly version: string;
  readonly stamp: Stamp;
  readonly until: Instant | null;
  readonly state: Ledger;
  readonly attempt: object;
  /** Bytes and ids; null where those of an earlier attempt are repeated. */
  readonly parcel: object | null;
  readonly trail: object;
}

/** Which of the two protections of `begin` are on: only tests switch one off. */
export interface BeginProtections {
  readonly policyLock: boolean;
  readonly secondDecision: boolean;
}

const alone = statement<
  [string, number, string, Stamp, Instant | null, number, Ledger, object, object | null, object, boolean, boolean, boolean],
  { begun: string | null }
>(
  'begin-delivery',
  `CALL begin_delivery_on_disk($1, $2, $3, $4, to_timestamp($5::double precision / 1000), $6 * interval '1 millisecond', $7, $8, $9, $10, $11, $12, $13, NULL)`,
);
// It changes nothing: it need not wait for the disk.
const whenFree = statement<[string], never>(
  'when-key-is-free',
  `SELECT set_config('synchronous_commit', 'off', true) FROM ledger_key WHERE id = $1 FOR UPDATE`,
);
const together = statement<[string, readonly (string | null)[], number], { begun: readonly (string | null)[] }>(
  'begin-deliveries',
  `CALL begin_deliveries_on_disk($1, $2, $3 * interval '1 millisecond', NULL)`,
);

/**
 * Begins deliveries, those of the same moment in one transaction that waits for nobody. What another holds up, and what `isAlone` (a
 * notification, which is numbered, and a recall), has a transaction of its own, and waits for the key before it takes a policy lock: a
 * revocation would wait for both. Answers the number of the notification, 0 where there is none; null, and nothing written, when what was
 * seen is no longer so.
 */
export const openBegin = (
  pool: pg.Pool,
  lease: number,
  on: BeginProtections,
): ((it: Beginning, isAlone: boolean) => Promise<number | null>) => {
  const isProtected = on.policyLock && on.secondDecision;
  const one = async (beginning: Beginning, waits: boolean): Promise<number | null> => {
    const { key, fence, version, stamp, until, state, attempt, parcel, trail } = beginning;
    const given = [key, fence, version, stamp, until, lease, state, attempt, parcel, trail] as const;
    const [answer] = await alone(pool, ...given, on.policyLock, on.secondDecision, waits);
    return toNumber(answer?.begun);
  };
  const onceFree = async (beginning: Beginning): Promise<number | null> => {
    await whenFree(pool, beginning.key);
    return one(beginning, true);
  };
  const shared = inBatches<Beginning, number | null>(
    async (beginnings) => {
      try {
        const parcels = beginnings.map(({ parcel }) => (parcel === null ? null : JSON.stringify(parcel)));
        const rest = JSON.stringify(beginnings.map(({ parcel: _apart, ...beginning }) => beginning));
        const [row] = await together(pool, rest, parcels, lease);
        return (row?.begun ?? []).map(toNumber);
      } catch {
        // Nothing was written. Each has its own transaction now, and the one that fails is told there, without the others.
        return beginnings.map(() => null);
      }
    },
    { most: 32, atOnce: 2 },
  );
  return async (beginning, isAlone) => {
    if (!isProtected) return one(beginning, true);
    return (await (isAlone ? one(beginning, false) : shared(beginning))) ?? onceFree(beginning);
  };
};

const toNumber = (begun: string | null | undefined): number | null => (begun == null ? null : Number(begun));
