import { randomUUID } from 'node:crypto';
import { emptyLedger } from '../../../src/decide/attempt.ts';
import { desired } from '../../../src/decide/desired.ts';
import { step } from '../../../src/decide/step.ts';
import type { Attempt, Desired } from '../../../src/model/ledger.ts';
import type { ClaimedKey } from '../../../src/store/claim.ts';
import type { StoredLedger, StoredLook } from '../../../src/store/ledger.ts';
import type { Ground, Lane } from '../ground.ts';
import { layGround } from '../ground.ts';
import type { LateWatch } from '../late-watch.ts';
import { watchLate } from '../late-watch.ts';

/** Lanes run beside each other: each has a person, a plan, a recipient and an agreement of its own. */
const LANES = 6;
/** With a protection switched off a race is run until it is lost so often, and then no more. */
const LOST = 3;

/** A begin that is ready, decided on what was seen. */
export interface Aim {
  readonly claim: ClaimedKey;
  readonly look: StoredLook;
  readonly want: Desired;
  readonly attempt: Attempt;
}

/** Where races are run. */
export interface Arena {
  readonly ground: Ground;
  readonly lanes: readonly Lane[];
  readonly watch: LateWatch;
  /** Rounds side by side on all lanes; answers how many were run. `from` is the number of the first on each lane. */
  run(rounds: number, round: (lane: Lane, round: number) => Promise<void>, from?: number): Promise<number>;
  /** Rounds in batches until a batch says that the race was lost often enough, at most `rounds`, ten times as many where none was lost yet; answers how many were run. */
  runUntilLost(rounds: number, batch: (rounds: number, from: number) => Promise<number>): Promise<{ rounds: number; lost: number }>;
  /** The key as if nothing had ever been sent, and due. */
  renew(lane: Lane): Promise<void>;
  /** Claims the lane's key, looks, and decides on an update. Throws where that is not what follows. */
  aim(ledger: StoredLedger, lane: Lane): Promise<Aim>;
  close(): Promise<void>;
}

/** Bytes of no meaning: what is raced for is whether they are written down. */
export const FROZEN = { parcel: { bytes: '' }, repeats: null };

/** Says on standard error how a race without a protection ended. */
export const report = (text: string): void => void process.stderr.write(`${text}\n`);

export async function openArena(): Promise<Arena> {
  const ground = await layGround();
  const { pool, owner } = ground.database;
  const watch = await watchLate(owner);
  const lanes: Lane[] = [];
  for (let index = 0; index < LANES; index++) lanes.push(await ground.lane(`r${index}`));
  await ground.fanOutAll();

  const arena: Arena = {
    ground,
    lanes,
    watch,
    run: async (rounds, round, from = 1) => {
      const each = Math.ceil(rounds / LANES);
      await Promise.all(
        lanes.map(async (lane) => {
          for (let n = from; n < from + each; n++) await round(lane, n);
        }),
      );
      await pool.query('DELETE FROM fan_out');
      return each * LANES;
    },
    runUntilLost: async (rounds, batch) => {
      const tally = { rounds: 0, lost: 0 };
      const size = LANES * 10;
      // One race in fifty is lost on a busy machine: none in a hundred says nothing yet.
      while (tally.lost < LOST && tally.rounds < (tally.lost === 0 ? rounds * 10 : rounds)) {
        tally.lost += await batch(size, tally.rounds / LANES + 1);
        tally.rounds += size;
      }
      return tally;
    },
    renew: async (lane) => {
      await pool.query(
        `WITH ended AS (UPDATE delivery SET outcome = 'unknown' WHERE outcome = 'open' AND key_id IN (SELECT id FROM ledger_key WHERE recipient_id = $1))
         UPDATE ledger_key SET state = $2, version = version + 1, open_delivery = NULL, lease_until = NULL, look_at = clock_timestamp(),
                generation = generation + 1 WHERE recipient_id = $1 AND destination_id LIKE 'end-%'`,
        [lane.service, emptyLedger(1)],
      );
    },
    aim: async (ledger, lane) => {
      const [claim] = await ledger.claim(lane.service, 1);
      if (claim === undefined) throw new Error('the key is not due');
      const look = await ledger.look(claim);
      const want = desired(look.facts, look.now);
      const move = step(want, look.ledger, look.now, look.facts.destination);
      if (move.kind !== 'update') throw new Error(`it should be held, and is to ${move.kind}`);
      return { claim, look, want, attempt: ledger.plan(look, want, move, randomUUID(), randomUUID()) };
    },
    close: () => ground.close(),
  };
  return arena;
}
