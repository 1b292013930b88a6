import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { desired } from '../../src/decide/desired.ts';
import { step } from '../../src/decide/step.ts';
import { createLog } from '../../src/log.ts';
import { isRunning } from '../../src/store/data-dir-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { withTestKeys } from '../support/database.ts';
import { alterFunction } from './altered-function.ts';
import { type Ground, type Lane, layGround, publisher } from './ground.ts';
import * as body from '../support/bodies.ts';

/**
 * A begin answers once PostgreSQL's log is on disk as far as its commit (docs/decisions/0028). On a PostgreSQL of its own, with the product's
 * settings, whose log is otherwise written out ten seconds late: what answered without waiting is not there after a crash.
 */

const folder = mkdtempSync(join(tmpdir(), 'begin-on-disk-'));
const log = createLog('error', () => {}); // the crash cuts connections, and each says so
let postgres: EmbeddedPostgres;
let pool: pg.Pool;
let ground: Ground;

const openPool = async (): Promise<void> => {
  pool = await withTestKeys(createPool(postgres.url, log, { max: 8, name: 'begin-on-disk' }));
};
/** Ends PostgreSQL as a fault of its host would: what was only in memory is lost. Then it recovers from its log. */
const crash = async (): Promise<void> => {
  const [pid = ''] = (await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGQUIT');
  while (isRunning(Number(pid))) await wait(10);
  await pool.end();
  await postgres.stop();
  postgres = await startEmbeddedPostgres(folder, log, { fast: true });
  await openPool();
};

beforeAll(async () => {
  postgres = await startEmbeddedPostgres(folder, log, { fast: true });
  await migrate(postgres.url);
  // As the product has it, which sets nothing: a database's setting comes before those by which tests are fast.
  const name = new URL(postgres.url).pathname.slice(1);
  await openPool();
  await pool.query(`ALTER DATABASE ${name} SET synchronous_commit = on`);
  await pool.end();
  await openPool();
  // The writer of the log sleeps longer than the test: only who waits for the disk has its log there.
  await pool.query("ALTER SYSTEM SET wal_writer_delay = '10s'");
  await pool.query('SELECT pg_reload_conf()');
  // Just before the commit of an attempt: where the log stands then. Its commit comes after it.
  await pool.query(`
    CREATE TABLE begun_at (delivery uuid, lsn pg_lsn);
    CREATE FUNCTION note_lsn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO begun_at VALUES (NEW.id, pg_current_wal_insert_lsn());
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER note_lsn AFTER INSERT ON delivery DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_lsn();`);
  ground = await layGround({ url: postgres.url, runningUrl: postgres.url, pool, owner: pool, close: async () => {} });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Begins what is due of a lane; answers the attempt's id, and whether the log was on disk past it when that answered. */
const beginOn = async ({ service }: Lane): Promise<{ readonly id: string; readonly kind: string; readonly onDisk: boolean }> => {
  const ledger = ground.ledger();
  const [claim] = await ledger.claim(service, 1);
  if (claim === undefined) throw new Error('nothing is due');
  const look = await ledger.look(claim);
  const want = desired(look.facts, look.now);
  const move = step(want, look.ledger, look.now, look.facts.destination);
  if (move.kind === 'rest') throw new Error('nothing is to be done');
  const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
  expect(await ledger.begin(claim, look, want, attempt, { parcel: { bytes: '' }, repeats: null })).toBe(0);
  const { rows } = await pool.query('SELECT pg_current_wal_flush_lsn() > lsn AS on_disk FROM begun_at WHERE delivery = $1', [attempt.id]);
  await ledger.settle(claim, look, attempt, { kind: 'accepted', level: 'application' }, () => ({ kind: 'rest', lookAt: null }));
  return { id: attempt.id, kind: attempt.action.kind, onDisk: rows[0].on_disk };
};
const isThere = async (id: string): Promise<boolean> =>
  (await pool.query('SELECT FROM delivery WHERE id = $1', [id])).rowCount === 1 &&
  (await pool.query('SELECT FROM audit WHERE delivery_id = $1', [id])).rowCount === 1;

/** A content begins with others (`begin_deliveries_on_disk`); a recall alone (`begin_delivery_on_disk`). */
const beginBoth = async (name: string) => {
  const lane = await ground.lane(name);
  await ground.fanOutAll();
  const update = await beginOn(lane);
  await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { status: 'inactive', kinds: ['ed'] }));
  await ground.fanOutAll();
  const recall = await beginOn(lane);
  expect([update.kind, recall.kind]).toEqual(['update', 'recall']);
  return { update, recall };
};

describe('I2 a begin answers once its log is on disk', () => {
  test('without the wait it answers before: the test could fail', async () => {
    const putBack = [];
    for (const name of ['begin_delivery_on_disk', 'begin_deliveries_on_disk'])
      putBack.push(await alterFunction(pool, name, [['CALL begun_on_disk();', 'NULL;']]));
    const { update, recall } = await beginBoth('hasty');
    expect([update.onDisk, recall.onDisk]).toEqual([false, false]);
    for (const undo of putBack) await undo();
  }, 60_000);

  test('with the settings of the product, content and recall; and a crash right after the answer forgets neither', async () => {
    expect((await pool.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
    for (const name of ['one', 'two', 'three']) {
      const { update, recall } = await beginBoth(name);
      expect([update.onDisk, recall.onDisk]).toEqual([true, true]);
    }
    const { update, recall } = await beginBoth('last');
    await crash();
    expect([await isThere(update.id), await isThere(recall.id)]).toEqual([true, true]);
  }, 60_000);
});
