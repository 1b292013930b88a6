import type { Instant } from '../model/instant.ts';
import { statement } from './pool.ts';

// A rest that is lost in a crash of PostgreSQL is found again by its lease: it need not wait for the disk.
// A read that came after the look has left a copy of its own: then the key is looked at again.
/** Puts a key down until a moment (null: until a fact changes), with a rank, and whether it is an update that is held back. Fenced. Whether it was, and whether a Task tells of it. */
export const restKey = statement<
  [string, number, number, Instant | null, string, string, number, boolean],
  { kept: string; raised: boolean }
>(
  'rest-key',
  `WITH kept AS (
     UPDATE ledger_key SET lease_until = NULL, observed = $3, held = $8,
            rank = CASE WHEN generation > $3 OR $7 = 2 AND rank = 1 THEN rank ELSE $7 END,
            look_at = CASE WHEN generation > $3 OR version <> $5 THEN clock_timestamp()
                           ELSE coalesce(to_timestamp($4::double precision / 1000), 'infinity') END
      WHERE id = $1 AND fence = $2 RETURNING id)
   SELECT count(*) AS kept, set_config('synchronous_commit', 'off', true), EXISTS (SELECT FROM resource WHERE type = 'Task' AND id = $6) AS raised
     FROM kept`,
);

/** Gives a key back unused; fenced. */
export const releaseKey = statement<[string, number], never>(
  'release-key',
  // Lost in a crash of PostgreSQL it is a lease that ends by itself: it need not wait for the disk.
  `UPDATE ledger_key SET lease_until = NULL WHERE id = $1 AND fence = $2 RETURNING set_config('synchronous_commit', 'off', true)`,
);
