import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Sending as Attempted } from '../../src/reconcile/ports-on.ts';
import { openAttemptLog, readAttempts } from '../../src/store/attempt-log.ts';
import { attemptFolder, findLedger } from '../../src/store/ledger-epoch.ts';
import { caller, type Ground, layGround, publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { FakeHook } from '../support/fake-hook.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { policeSubscription } from '../support/police-program.ts';
import { openSending, type Sending } from '../support/sending.ts';

const LEASE = 300;
let ground: Ground;
let sending: Sending;
let hook: FakeHook;

const consent = (name: string, status: 'active' | 'inactive') =>
  ground.put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ['epr'], status }));
const events = async () =>
  (await ground.database.pool.query(`SELECT number, change, delivery_id FROM subscription_event ORDER BY number`)).rows as readonly {
    number: string;
    change: string;
    delivery_id: string;
  }[];
const steps = async (times: number): Promise<void> => {
  for (let count = 0; count < times; count += 1) {
    await sending.step('svc-epr');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
const told = () =>
  hook
    .events()
    .map(({ eventNumber, withdrawn, bytes }) => [eventNumber, withdrawn || bytes.includes('"revoked"'), bytes.includes('Speak slowly')]);

beforeAll(async () => {
  ground = await layGround(null, 'lay', 500);
  sending = openSending(ground, 2_000, { sendTimeout: 1_000 });
  hook = await startFakeHook();
  const recipient = await ground.recipient('epr', 'epr');
  await ground.put(
    { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null },
    { ...body.endpoint('end-epr', 'svc-epr', 'org-epr', 'https://epr.example/fhir'), status: 'off' },
  );
  const plain = policeSubscription('sub', hook);
  const _payload = { extension: [{ url: Extension.backportPayloadContent, valueCode: 'full-resource' }] };
  await ground.put(caller(recipient.ods, 'epr'), { ...plain, channel: { ...plain.channel, _payload } } as Resource);
  await sending.all('svc-epr');
  await ground.fanOutAll();
}, 60_000);
afterAll(async () => {
  await sending?.close();
  await hook?.stop();
  await ground?.close();
});

describe('events of a Subscription under faults', () => {
  test(
    '[2b.103] I3: a worker that is killed after begin has given the number away: whoever comes after it sends that event under it, once',
    async () => {
      await ground.person('killed', ['svc-epr']);
      const killed = new Error('killed');
      await expect(sending.step('svc-epr', { deliver: () => Promise.reject(killed) })).rejects.toBe(killed);
      const [event, ...more] = await events();
      expect([event?.number, more]).toEqual(['1', []]);
      expect(hook.events()).toEqual([]);
      await ground.database.pool.query(`UPDATE ledger_key SET lease_until = clock_timestamp()`);
      await steps(4);
      expect(told()).toEqual([['1', false, true]]);
      expect((await events()).map(({ number }) => number)).toEqual(['1']);
    },
    LEASE * 100,
  );

  test('I1 I2: a revocation that commits between begin and the POST is followed by a tombstone with the next number, and nothing else', async () => {
    await ground.person('flight', ['svc-epr']);
    const before = hook.events().length;
    await sending.step('svc-epr', {
      deliver: async (claim, look, attempt) => {
        await consent('flight', 'inactive');
        return sending.ports.deliver(claim, look, attempt);
      },
    });
    await steps(3);
    expect(told().slice(before)).toEqual([
      ['2', false, true],
      ['3', true, false],
    ]);
  }, 30_000);

  test('I1: a revocation before begin leaves no number, no event and no byte', async () => {
    await ground.person('early', ['svc-epr']);
    const before = hook.events().length;
    await sending.step('svc-epr', {
      begin: async (claim, look, want, move) => {
        await consent('early', 'inactive');
        return sending.ports.begin(claim, look, want, move);
      },
    });
    await steps(3);
    expect(told().slice(before)).toEqual([]);
    expect((await events()).map(({ number }) => number)).toEqual(['1', '2', '3']);
  }, 30_000);

  test('I1: what got no answer and was revoked is not tried again: the tombstone is', async () => {
    await ground.person('lost', ['svc-epr']);
    hook.behave({ how: 'busy', times: 1 });
    const before = hook.events().length;
    await sending.step('svc-epr');
    await consent('lost', 'inactive');
    await steps(3);
    expect(told().slice(before)).toEqual([['5', true, false]]);
    expect((await events()).map(({ number }) => number)).toEqual(['1', '2', '3', '4', '5']);
  }, 30_000);

  test('the bytes of an attempt and its event are of one transaction: what rolls back leaves neither', async () => {
    const before = await events();
    await ground.person('undone', ['svc-epr']);
    let begun: Attempted | null = null;
    await sending.step('svc-epr', {
      begin: async (claim, look, want, move) => {
        // Its fence is another's by now.
        await ground.database.pool.query('UPDATE ledger_key SET fence = fence + 1 WHERE id = $1', [claim.keyId]);
        begun = (await sending.ports.begin(claim, look, want, move)) as Attempted | null;
        return begun;
      },
    });
    expect(begun).toBeNull();
    expect(await events()).toEqual(before);
    const { rows } = await ground.database.pool.query(`SELECT events FROM destination WHERE id = 'sub'`);
    expect(rows).toEqual([{ events: '5' }]);
  }, 30_000);

  test('[2b.103] of two that begin at the same moment the second waits for the first, and has the next number', async () => {
    const { pool } = ground.database;
    const keys = (await pool.query<{ id: string }>(`SELECT id FROM ledger_key WHERE destination_id = 'sub' ORDER BY id LIMIT 2`)).rows;
    const [first, second] = [await pool.connect(), await pool.connect()];
    const number = (client: typeof first, key: string | undefined) =>
      client.query<{ number: string }>(`SELECT number_event('sub', $1, gen_random_uuid(), 'changed', 'd') AS number`, [key]);
    await Promise.all([first.query('BEGIN'), second.query('BEGIN')]);
    const one = await number(first, keys[0]?.id);
    const waiting = number(second, keys[1]?.id);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await first.query('COMMIT');
    expect([one, await waiting].map(({ rows }) => rows[0]?.number)).toEqual(['6', '7']);
    await second.query('ROLLBACK');
    await pool.query(`DELETE FROM subscription_event WHERE number = 6`);
    await pool.query(`UPDATE destination SET events = 5 WHERE id = 'sub'`);
    first.release();
    second.release();
  }, 30_000);

  test('[2b.103] a database that was restored from a backup gives no number again that went out after it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'restored-'));
    const log = openAttemptLog(attemptFolder(folder));
    log.close();
    const { rows } = await ground.database.pool.query(
      `SELECT k.id AS key, p.person_id AS person FROM ledger_key k JOIN plan o ON o.id = k.plan_id JOIN patient_fact p ON p.patient_id = o.patient_id
        WHERE k.destination_id = 'sub' LIMIT 1`,
    );
    const forgotten = {
      ...rows[0],
      id: '00000000-0000-4000-8000-00000000abcd',
      action: 'update',
      epoch: 1,
      count: 9,
      digest: 'd',
      document: '',
      address: hook.address,
    };
    writeFileSync(
      join(attemptFolder(folder), 'before.jsonl'),
      `${JSON.stringify({ ...forgotten, begunAt: 1, sendBefore: 2, eventNumber: 9 })}\n`,
    );
    expect(readAttempts(attemptFolder(folder))).toHaveLength(1);
    expect(await findLedger(ground.database.pool, folder)).toMatchObject({ replayed: 1 });
    rmSync(folder, { recursive: true, force: true });
    const found = await ground.database.pool.query(`SELECT events FROM destination WHERE id = 'sub'`);
    expect(found.rows).toEqual([{ events: '9' }]);
    expect((await events()).map(({ number }) => number)).toEqual(['1', '2', '3', '4', '5', '9']);
  }, 30_000);
});
