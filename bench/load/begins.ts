import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ports } from '../../src/reconcile/ports.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { fanOut } from '../../src/store/fan-out.ts';
import type { StoredLook } from '../../src/store/ledger.ts';
import { StoredLedger } from '../../src/store/ledger.ts';
import { openPool } from '../ground/keys.ts';

/**
 * The loop at full speed over one recipient's keys, and the fan-out that keeps them due: so many begins at once, with a recipient
 * that answers at once. `node bench/load/begins.ts DATABASE_URL RECIPIENT CONCURRENT`, until it is told to stop.
 */
const [url = '', recipient = '', concurrent = '32'] = process.argv.slice(2);
const pool = await openPool(url, Number(concurrent) + 4);
const ledger = new StoredLedger(pool, { lease: 60_000, sendBefore: 5_000, backoffMin: 1_000, backoffMax: 60_000 }, 1);
let stopped = false;
let begun = 0;

const ports: Ports<StoredLook> = {
  look: (claim) => ledger.look(claim),
  begin: async (claim, look, want, move) => {
    const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
    const event = await ledger.begin(claim, look, want, attempt, { parcel: {}, repeats: null });
    if (event === null) return null;
    begun += 1;
    return attempt;
  },
  deliver: async () => ({ kind: 'accepted', level: 'application' }),
  settle: (claim, look, attempt, outcome, next) => ledger.settle(claim, look, attempt, outcome, next),
  hold: (claim, look, want, move) => ledger.hold(claim, look, want, move),
  rest: (claim, look, want, lookAt) => ledger.rest(claim, look, want, lookAt),
};

const begin = async (): Promise<void> => {
  while (!stopped) {
    const [claim] = await ledger.claim(recipient, 1);
    if (claim === undefined) await sleep(5);
    else if ((await reconcile(claim, ports)) === 'changed') await ledger.release(claim);
  }
};
const fan = async (): Promise<void> => {
  while (!stopped) if (!(await fanOut(pool, 1)).more) await sleep(5);
};

process.on('SIGTERM', () => {
  stopped = true;
});
process.stdout.write('ready begins\n');
await Promise.all([fan(), ...Array.from({ length: Number(concurrent) }, begin)]);
await pool.end();
process.stdout.write(`begun ${begun}\n`);
process.exit();
