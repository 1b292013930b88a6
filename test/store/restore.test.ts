import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Extension as ElementExtension } from '@medplum/fhirtypes';
import pg from 'pg';
import { parseConfig } from '../../src/config.ts';
import { startEngine } from '../../src/engine.ts';
import type { Part } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import type { FoundLedger } from '../../src/store/ledger-epoch.ts';
import { findLedger } from '../../src/store/ledger-epoch.ts';
import { createPool } from '../../src/store/pool.ts';
import * as body from '../support/bodies.ts';
import { withTestKeys } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirServer } from '../support/fake-fhir-server.ts';
import { Extension } from '../../profiles/canonicals.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import type { Ground } from './ground.ts';
import { layGround, operator, publisher, WORDS } from './ground.ts';

const NUMBER = '9990000018';
const OTHER = '9990000026';
const LIFETIME = 1_000;
const LIVE = `t_${randomBytes(8).toString('hex')}`;
const BACKUP = `${LIVE}_backup`;
/** Of the roads that answer in other ways. */
const ROADS = `${LIVE}_roads`;
const ROADS_BACKUP = `${ROADS}_backup`;
const folder = mkdtempSync(join(tmpdir(), 'broker-'));
const serverUrl = (name: string): string => {
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  url.pathname = `/${name}`;
  return url.href;
};
const administer = async (statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await client.connect();
  await client.query(statement).finally(() => client.end());
};

/** A broker on a database, from its start to its stop, always in the same data folder. */
interface Session {
  readonly found: FoundLedger;
  readonly ground: Ground;
  readonly pool: pg.Pool;
  stop(): Promise<void>;
}
/** The highest epoch of all sessions. */
let highest = 0;
/** The session that a failure leaves running. */
let running: Session | null = null;
const startOn = async (name: string, isNew = false): Promise<Session> => {
  const url = serverUrl(name);
  const log = createLog('error');
  const pool = await withTestKeys(createPool(url, log, { max: 30, name }));
  const found = await findLedger(pool, folder);
  highest = Math.max(highest, found.epoch);
  const config = parseConfig({
    DATA_DIR: folder,
    DATABASE_URL: url,
    OUTBOUND_ALLOW: '127.0.0.0/8',
    SWEEP_MS: '200',
    SEND_TIMEOUT_MS: '1000',
    SEND_BEFORE_MS: '1000',
    BACKOFF_MIN_MS: '100',
    BACKOFF_MAX_MS: '300',
    MESSAGE_LIFETIME_MS: String(LIFETIME),
    LOG_LEVEL: 'error',
  });
  const stops: (() => Promise<unknown>)[] = [];
  const part: Part = async (_name, start, stop) => {
    const value = await start();
    stops.unshift(() => stop(value));
    return value;
  };
  await startEngine(part, config, log, pool, url, found.epoch);
  const session = {
    found,
    pool,
    // The first start lays the ground; later ones find it.
    ground: await layGround({ url, runningUrl: url, pool, owner: pool, close: () => pool.end() }, isNew ? 'lay' : 'find', LIFETIME),
    stop: async () => {
      running = null;
      for (const stop of stops) await stop();
      await pool.end();
    },
  };
  running = session;
  return session;
};

let epr: FakeRecipient;
let ed: FakeRecipient;
let late: FakeRecipient;
beforeAll(async () => {
  epr = await startFakeFhirRecipient();
  ed = await startFakeMllpRecipient();
  late = await startFakeFhirRecipient();
  await administer(`CREATE DATABASE ${LIVE} TEMPLATE template_broker`);
});
afterAll(async () => {
  await running?.stop();
  for (const recipient of [epr, ed, late]) await recipient?.stop();
  for (const name of [LIVE, BACKUP, ROADS, ROADS_BACKUP]) await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  rmSync(folder, { recursive: true, force: true });
});

const epochIn = async (pool: pg.Pool): Promise<number> =>
  (await pool.query<{ epoch: number }>('SELECT epoch FROM ledger_epoch')).rows[0]?.epoch ?? 0;
const texts = (recipient: FakeRecipient): readonly string[] => recipient.holds().map(({ text }) => text);

describe('a restore from backup', () => {
  test('I2 I3: what was sent since the backup is known from outside the database, and is put right', async () => {
    // Until the backup: the EPR holds the first version; the ED is in reach, and has no consent yet.
    let session = await startOn(LIVE, true);
    expect(session.found).toEqual({ epoch: 1, replayed: 0, lost: 0 });
    await session.ground.recipient('epr', 'epr', epr.address);
    await session.ground.recipient('ed', 'ed', ed.address);
    await session.ground.put(publisher, body.patient('p1', NUMBER));
    await session.ground.put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr'] }));
    await session.ground.put(publisher, body.composition('words1', 'p1', WORDS));
    await session.ground.put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-epr', 'svc-ed', 'svc-late'] }));
    await session.ground.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
    await eventually(() => expect(texts(epr)).toEqual([expect.stringContaining('Loud sirens upset me')]));
    await session.stop();
    await administer(`CREATE DATABASE ${BACKUP} TEMPLATE ${LIVE}`);

    // After it: another version, consent for the ED, and a recipient that the backup never knew.
    session = await startOn(LIVE);
    expect(session.found).toEqual({ epoch: 1, replayed: 0, lost: 0 });
    await session.ground.recipient('late', 'epr', late.address);
    await session.ground.put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr', 'ed'] }));
    await session.ground.put(publisher, body.composition('words2', 'p1', { ...WORDS, triggers: 'Crowds upset me' }));
    await session.ground.put(publisher, body.carePlan('v2', 'p1', 'words2', { reach: ['svc-epr', 'svc-ed', 'svc-late'], replaces: 'v1' }));
    await session.ground.store.approve(publisher, 'v2', '1', body.approval('v2'), body.approver);
    for (const recipient of [epr, ed, late]) {
      await eventually(() => expect(texts(recipient)).toEqual([expect.stringContaining('Crowds upset me')]));
    }
    await session.stop();

    // The database is lost, and the backup takes its place: neither the second version nor the ED's consent is known.
    session = await startOn(BACKUP);
    expect(session.found.epoch).toBe(2);
    expect(session.found.replayed).toBeGreaterThanOrEqual(2);
    // Nobody can recall from an address that the database never knew: a person has to.
    expect(session.found.lost).toBeGreaterThanOrEqual(1);
    expect(await epochIn(session.pool)).toBe(2);
    await eventually(() => expect(texts(epr)).toEqual([expect.stringContaining('Loud sirens upset me')]));
    await eventually(() => expect(texts(ed)).toEqual([]));
    await eventually(async () => {
      const { rows } = await session.pool.query<{ copies: { sequence: { epoch: number }; state: string }[] }>(
        `SELECT state->'copies' AS copies FROM ledger_key ORDER BY jsonb_array_length(state->'copies')`,
      );
      expect(rows.map(({ copies }) => copies.map((copy) => [copy.state, copy.sequence.epoch]))).toEqual([[], [['held', 2]]]);
    }, 15_000);
    await session.stop();

    // The epoch is not used again, and what was replayed is not replayed again.
    session = await startOn(BACKUP);
    expect(session.found).toMatchObject({ epoch: 2, replayed: 0 });
    await session.stop();
  }, 60_000);

  test('I2 I3: so over FHIR REST, HL7 v2 in enhanced mode with late answers, and FHIR messages that are answered later', async () => {
    const rest = await startFakeFhirServer();
    const enhanced = await startFakeMllpRecipient();
    const later = await startFakeFhirRecipient();
    enhanced.speak('commit-then-late');
    const stores = [rest, enhanced, later];
    const all = (text: string) =>
      Promise.all(
        stores.map((store) =>
          eventually(() => expect(store.holds().map((held) => held.text)).toEqual([expect.stringContaining(text)]), 20_000),
        ),
      );
    const approve = async ({ ground }: Session, version: number, triggers: string): Promise<void> => {
      await ground.put(publisher, body.composition(`w${version}`, 'p2', { ...WORDS, triggers }));
      const replaces = version === 1 ? {} : { replaces: `r${version - 1}` };
      await ground.put(
        publisher,
        body.carePlan(`r${version}`, 'p2', `w${version}`, { reach: ['svc-rest', 'svc-enhanced', 'svc-later'], ...replaces }),
      );
      await ground.store.approve(publisher, `r${version}`, '1', body.approval(`r${version}`), body.approver);
    };
    try {
      await administer(`CREATE DATABASE ${ROADS} TEMPLATE template_broker`);
      let session = await startOn(ROADS, true);
      const addresses = { rest: rest.address, enhanced: enhanced.address, later: later.address };
      for (const [name, address] of Object.entries(addresses))
        await session.ground.recipient(name, name === 'enhanced' ? 'ed' : 'epr', address);
      const plain = (name: keyof typeof addresses) => body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, addresses[name]);
      const declaring = (name: keyof typeof addresses, ...extension: readonly ElementExtension[]) => ({
        ...plain(name),
        extension: [...(plain(name).extension ?? []), ...extension],
      });
      await session.ground.put(operator, {
        ...body.restEndpoint('end-rest-2', 'svc-rest', 'org-rest', addresses.rest, true),
      });
      await session.ground.put(operator, { ...plain('rest'), status: 'off' });
      await session.ground.put(operator, declaring('enhanced', { url: Extension.acknowledgementMode, valueCode: 'enhanced' }));
      await session.ground.put(
        operator,
        declaring(
          'later',
          { url: Extension.responseMode, valueCode: 'async' },
          { url: Extension.responseWithin, valueDuration: { value: 1, unit: 's', system: 'http://unitsofmeasure.org', code: 's' } },
        ),
      );
      await session.ground.put(publisher, body.patient('p2', OTHER));
      await session.ground.put(publisher, body.consent('c2', 'p2', 'org-trust', { kinds: ['epr', 'ed'] }));
      await approve(session, 1, 'Loud sirens upset me');
      await all('Loud sirens');
      await session.stop();
      await administer(`CREATE DATABASE ${ROADS_BACKUP} TEMPLATE ${ROADS}`);

      // Since the backup: another version, and what one of them was sent of it is still awaited.
      session = await startOn(ROADS);
      await approve(session, 2, 'Crowds upset me');
      await all('Crowds');
      await session.stop();

      // The backup knows the first version alone: each of them is brought back to it, by a sequence above the one that it saw.
      session = await startOn(ROADS_BACKUP);
      expect(session.found.replayed).toBeGreaterThanOrEqual(3);
      await all('Loud sirens');
      // And it is known what to ask back: without consent nothing is left anywhere.
      await session.ground.put(publisher, body.consent('c2', 'p2', 'org-trust', {}));
      await Promise.all(stores.map((store) => eventually(() => expect(store.holds()).toEqual([]), 20_000)));
      await session.stop();
    } finally {
      for (const store of stores) await store.stop();
    }
  }, 120_000);

  test('an epoch is never used again: a backup of before the restore raises it once more', async () => {
    const name = `${LIVE}_older`;
    await administer(`CREATE DATABASE ${name} TEMPLATE template_broker`);
    const pool = await withTestKeys(createPool(serverUrl(name), createLog('error'), { max: 2, name }));
    try {
      const { epoch } = await findLedger(pool, folder);
      expect(epoch).toBe(highest + 1);
      expect(await epochIn(pool)).toBe(epoch);
    } finally {
      await pool.end();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
