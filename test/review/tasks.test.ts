import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { openChannels } from '../../src/channel/open-channels.ts';
import type { Principal } from '../../src/model/principal.ts';
import type { Ports } from '../../src/reconcile/ports.ts';
import { portsOn } from '../../src/reconcile/ports-on.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import type { AttemptLog } from '../../src/store/attempt-log.ts';
import { openAttemptLog } from '../../src/store/attempt-log.ts';
import type { StoredLedger, StoredLook } from '../../src/store/ledger.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import type { Ground, Lane } from '../store/ground.ts';
import { caller, layGround, operator, publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

let ground: Ground;
let ledger: StoredLedger;
let ports: Ports<StoredLook>;
let attempts: AttemptLog;
let lane: Lane;
let dispatch: Principal;
let count = 0;
const folder = mkdtempSync(join(tmpdir(), 'review-'));
const channels = openChannels([], { onUnexpected: () => {} });

const sql = (text: string, ...values: unknown[]) => ground.database.pool.query(text, values);
const read = () => ground.store.lookUp(dispatch, { nhsNumber: lane.number }, true);
/** Consent for dispatch, or none, in the place of the one before. */
const consent = (given: boolean, policy?: string) => {
  const said = body.consent(lane.consent, lane.patient, 'org-trust', given ? { kinds: ['ambulance'] } : { deny: ['ambulance'] });
  return ground.put(publisher, policy === undefined ? said : { ...said, policy: [{ uri: policy }] });
};
/** What the loop does with the recipient once every fan-out is done. */
const loop = async (): Promise<void> => {
  await ground.fanOutAll();
  for (const claim of await ledger.claim(lane.service, 10)) await reconcile(claim, ports);
};
const tasks = async (code: string, ods: string): Promise<string[]> => {
  const found = await ground.store.search(searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: [code] }], 100));
  return found.rows
    .toSorted((a, b) => a.updatedAt - b.updatedAt || a.id.localeCompare(b.id))
    .map(({ body: task }) => task as Task)
    .filter(({ owner }) => owner?.identifier?.value === ods)
    .map(({ status }) => status);
};

beforeAll(async () => {
  ground = await layGround();
  ledger = ground.ledger();
  attempts = openAttemptLog(folder);
  const sender = { ods: 'BROKER', name: 'Broker', endpoint: 'https://broker.example/fhir' };
  ports = portsOn({
    pool: ground.database.pool,
    ledger,
    channels,
    attempts,
    sender,
    base: 'https://broker.example/fhir',
    sendTimeout: 1_000,
  });
}, 60_000);
afterAll(async () => {
  await channels.close();
  attempts?.close();
  await ground?.close();
  rmSync(folder, { recursive: true, force: true });
});

// A dispatch that has read the plan of a person long ago.
beforeEach(async () => {
  const name = `amb${++count}`;
  const ods = `X${name.toUpperCase()}`;
  await sql(`DELETE FROM resource WHERE type = 'Task'`);
  await ground.put(operator, body.organization(`org-${name}`, ods, 'ambulance'));
  await ground.put(operator, body.service(`svc-${name}`, `org-${name}`, 'ambulance'));
  await ground.agree(name);
  lane = { name, ods, service: `svc-${name}`, contract: `con-${name}`, ...(await ground.person(name, [`svc-${name}`])) };
  dispatch = caller(ods, 'ambulance');
  expect(await read()).toHaveLength(1);
  await sql(`UPDATE ledger_key SET state = jsonb_set(state, '{copies,0,againAt}', '1') WHERE recipient_id = $1`, lane.service);
});

describe('the Tasks that the loop raises', () => {
  test('I2: a recall that was taken back is asked again when it is owed again', async () => {
    await consent(false);
    await loop();
    expect(await tasks('recall', lane.ods)).toEqual(['requested']);
    await consent(true);
    await loop();
    expect(await tasks('recall', lane.ods)).toEqual(['cancelled']);
    await consent(false);
    await loop();
    expect(await tasks('recall', lane.ods)).toContain('requested');
  });

  test('I3: a recall is taken back also when the plan was read again before the loop came by', async () => {
    await consent(false);
    await loop();
    await consent(true);
    expect(await read()).toHaveLength(1);
    await loop();
    expect(await tasks('recall', lane.ods)).toEqual(['cancelled']);
  });

  test('what waits for the answer to a Task is not asked for every minute', async () => {
    await consent(false);
    await loop();
    await sql(`UPDATE ledger_key SET state = jsonb_set(state, '{failures}', '30'), look_at = now() WHERE recipient_id = $1`, lane.service);
    await loop();
    const { rows } = await sql(
      `SELECT look_at > now() + interval '20 minutes' AS later FROM ledger_key WHERE recipient_id = $1`,
      lane.service,
    );
    expect(rows).toEqual([{ later: true }]);
    const open = await ground.store.search(searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: ['recall'] }], 1));
    const task = open.rows[0]?.body as Task;
    await ground.store.write({ principal: dispatch, resource: { ...task, status: 'completed' }, id: task.id ?? '', ifMatch: null });
    const { rows: due } = await sql(`SELECT look_at <= now() AS due FROM ledger_key WHERE recipient_id = $1`, lane.service);
    expect(due).toEqual([{ due: true }]);
  });

  test('I2: a recall that is answered later than a message lives is the one that was asked, and it is over', async () => {
    await sql(`UPDATE destination SET facts = facts || '{"lifetime": 1}' WHERE recipient_id = $1`, lane.service);
    await consent(false);
    await loop();
    for (const again of [1, 2]) {
      await new Promise((resolve) => setTimeout(resolve, 5 * again));
      await sql('UPDATE ledger_key SET look_at = now() WHERE recipient_id = $1', lane.service);
      await loop();
    }
    expect(await tasks('recall', lane.ods)).toEqual(['requested']);
    const open = await ground.store.search(searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: ['recall'] }], 1));
    const task = open.rows[0]?.body as Task;
    await ground.store.write({ principal: dispatch, resource: { ...task, status: 'completed' }, id: task.id ?? '', ifMatch: null });
    await loop();
    expect(await tasks('recall', lane.ods)).toEqual(['completed']);
    const { rows } = await sql(
      `SELECT outcome FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1 ORDER BY serial`,
      lane.service,
    );
    expect(rows.at(-1)).toEqual({ outcome: 'accepted' });
  });

  test('I11: the Task for what cannot be decided ends when it is', async () => {
    await consent(true, 'https://elsewhere.example/policy');
    await loop();
    expect(await tasks('attention', 'TRUST1')).toEqual(['requested']);
    await consent(true);
    await loop();
    expect(await tasks('attention', 'TRUST1')).toEqual(['completed']);
  });

  test('I12: a recipient that should hold a plan and has no open address raises a Task', async () => {
    const address = body.endpoint(`end-${lane.name}`, lane.service, `org-${lane.name}`, 'https://closed.example/fhir');
    await ground.put(operator, { ...address, status: 'off' });
    await loop();
    expect(await tasks('attention', 'TRUST1')).toEqual(['requested']);
  });

  test('what was read between look and rest is looked at again', async () => {
    await sql(`UPDATE ledger_key SET look_at = now() WHERE recipient_id = $1`, lane.service);
    const [claim] = await ledger.claim(lane.service, 1);
    if (claim === undefined) throw new Error('nothing is due');
    const look = await ledger.look(claim);
    await read();
    await ledger.rest(claim, look, { nothing: true, because: 'no-consent', until: null }, null);
    const { rows } = await sql(`SELECT look_at <= now() AS due FROM ledger_key WHERE recipient_id = $1`, lane.service);
    expect(rows).toEqual([{ due: true }]);
  });
});
