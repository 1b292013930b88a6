import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { FlagList, FlagListAnswer } from '../../model/flag-list.ts';
import { type Instant, MINUTE } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import { keysOf } from '../keys/keys-of.ts';
import { untilItStands } from '../look-up.ts';
import { statement } from '../pool.ts';
import { buildHashes, hashesOf } from './build-hashes.ts';
import { type Flagged, flaggedFor } from './in-reach.ts';

/** How long an asker waits for a list that is being built before it is told to come back. */
const PATIENCE_MS = 1_000;
/** Whoever asks again within this gets what was decided then, as long as nothing of it has changed. */
const DECIDED_FOR = MINUTE;
/** About what one entry takes, for saying when to come back. */
const ENTRY_MS = 60;
/** Persons whose locks one transaction takes. */
const TOGETHER = 50;

const forget = statement<[], never>(
  'forget-flag-lists',
  `WITH hashes AS (DELETE FROM flag_list_hash WHERE until <= clock_timestamp()) DELETE FROM flag_listed WHERE until <= clock_timestamp()`,
);
const begin = statement<[string, string, string, number], never>(
  'begin-flag-list-of',
  // One at a time for each caller. In its last quarter the next takes its place, with another id and so another salt: it is there before the first has ended.
  `INSERT INTO flag_list AS l (organization, kind, id, until) VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')
   ON CONFLICT (organization, kind) DO UPDATE SET id = excluded.id, until = excluded.until, builder = NULL, lease_until = NULL, hashed = 0
    WHERE l.until <= clock_timestamp() + $4 * interval '1 millisecond' / 4`,
);
const current = statement<[string, string], { id: string; until: Date }>(
  'flag-list-of',
  'SELECT id, until FROM flag_list WHERE organization = $1 AND kind = $2 AND until > clock_timestamp()',
);
const putOn = statement<[string, string, Instant, string], never>(
  'begin-flag-list',
  'SELECT begin_flag_list($1::jsonb, $2::uuid, to_timestamp($3::double precision / 1000), $4::jsonb)',
);
const handOut = statement<[string, string, string], { stands: boolean }>(
  'hand-out-flag-list',
  'SELECT hand_out_flag_list($1::jsonb, $2::uuid, $3::jsonb) AS stands',
);

const stillStands = statement<[string], { stands: boolean }>('flags-still-stand', 'SELECT flags_stand($1::jsonb) AS stands');

const CHANGED = ['40001', '40P01'];
const isChanged = (error: unknown): boolean => error instanceof Error && 'code' in error && CHANGED.includes(String(error.code));

/** What was decided of a list, and when. */
interface Decision {
  readonly at: number;
  readonly list: FlagList;
  readonly stamps: string;
}

interface Running {
  readonly id: string;
  readonly until: Instant;
  readonly salt: Buffer;
}

/** Sorted by itself: no order tells of anything. */
const toList = ({ id, until, salt }: Running, entries: readonly string[]): FlagList => {
  const hashes = [...new Set(entries)].sort();
  const version = createHash('sha256')
    .update([id, ...hashes].join(' '))
    .digest('hex')
    .slice(0, 16);
  return { id, salt: salt.toString('base64'), until, hashes, version };
};

/**
 * The list of whom a caller holds a plan flag, or that it is being built. Decided when it is asked for; a row of the trail for each person who is on it and
 * one for each handing out are committed before it answers. `life` in milliseconds.
 */
export const openFlagLists = (
  pool: pg.Pool,
  life: number,
  decidedFor = DECIDED_FOR,
): ((principal: Principal) => Promise<FlagListAnswer>) => {
  const building = new Map<string, Promise<void>>();
  const decisions = new Map<string, Decision>();

  const running = async (organization: string, kind: string): Promise<Running | 'changed'> => {
    await begin(pool, organization, kind, randomUUID(), life);
    const [row] = await current(pool, organization, kind);
    return row === undefined ? 'changed' : { id: row.id, until: row.until.getTime(), salt: keysOf(pool).index.salt(row.id) };
  };

  /** Two who ask at once wait for the same work; across processes the lease keeps it one. */
  const build = async (list: Running, numbers: readonly string[]): Promise<void> => {
    const work = building.get(list.id) ?? buildHashes(pool, list, numbers).finally(() => building.delete(list.id));
    building.set(list.id, work);
    work.catch(() => {}); // told to whoever waits for it; whoever asks next begins again
    await Promise.race([work, wait(PATIENCE_MS, undefined, { ref: false })]);
  };

  const decide = async (
    organization: string,
    kind: string,
    trail: string,
    list: Running,
  ): Promise<Decision | { readonly missing: number }> => {
    const at = performance.now();
    const flagged = await flaggedFor(pool, organization, kind, list.until);
    const numbers = [...new Set(flagged.map(({ nhsNumber }) => nhsNumber))];
    const { index } = keysOf(pool);
    const missingOf = (hashes: ReadonlyMap<string, string>) => numbers.filter((number) => !hashes.has(index.number(number)));
    let hashes = await hashesOf(pool, list.id);
    if (missingOf(hashes).length > 0) {
      await build(list, missingOf(hashes));
      hashes = await hashesOf(pool, list.id);
    }
    const missing = missingOf(hashes).length;
    if (missing > 0) return { missing };
    const seen = flagged.map(({ nhsNumber, ...one }: Flagged) => ({ ...one, number: index.number(nhsNumber) }));
    for (let from = 0; from < seen.length; from += TOGETHER)
      await putOn(pool, trail, list.id, list.until, JSON.stringify(seen.slice(from, from + TOGETHER)));
    const stamps = JSON.stringify(seen.map(({ stamp }) => ({ stamp })));
    return {
      at,
      list: toList(
        list,
        seen.map(({ number }) => hashes.get(number) ?? ''),
      ),
      stamps,
    };
  };

  return ({ organization, kind, user }) => {
    const name = `${organization} ${kind}`;
    const trail = JSON.stringify({ organization, kind, caller: user });
    return untilItStands(async () => {
      try {
        await forget(pool);
        const list = await running(organization, kind);
        if (list === 'changed') return list;
        const before = decisions.get(name);
        const isFresh = before !== undefined && before.list.id === list.id && performance.now() - before.at < decidedFor;
        const decision = isFresh ? before : await decide(organization, kind, trail, list);
        if ('missing' in decision) return { buildsFor: decision.missing * ENTRY_MS };
        decisions.set(name, decision);
        const [row] = await handOut(pool, trail, list.id, decision.stamps);
        // Once more when the row is on record: to write it down takes as long as a revocation does, and no lock kept that waiting (I1).
        const [after] = row?.stands === true ? await stillStands(pool, decision.stamps) : [];
        if (after?.stands === true) return { list: decision.list };
        decisions.delete(name);
        return 'changed';
      } catch (error) {
        if (!isChanged(error)) throw error;
        decisions.delete(name);
        return 'changed';
      }
    });
  };
};
