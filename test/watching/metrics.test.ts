import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { Registry } from 'prom-client';
import { deliveryMetrics } from '../../src/delivery-metrics.ts';
import { engineMetrics } from '../../src/engine-metrics.ts';
import { brokerMetrics } from '../../src/metrics.ts';
import type { Principal } from '../../src/model/principal.ts';
import { chases } from '../../src/store/chases.ts';
import * as body from '../support/bodies.ts';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir } from '../support/data-dir.ts';
import { openDatabase } from '../support/database.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { freePort } from '../queues/stores.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const PERMITS = body.consent('c1', 'p1', 'org-trust', { kinds: ['epr'] });

describe('What is told of a recall that nobody answers', () => {
  let engine: TestEngine;
  let epr: FakeRecipient;
  const registry = new Registry();
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  /** Asked anew: figures are kept for some seconds. */
  const figures = async (): Promise<string> => brokerMetrics(new Registry(), engine.database.pool, { handedOver: null }).metrics();
  const told = (text: string, name: string): number =>
    Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);

  beforeAll(async () => {
    engine = await startTestEngine({}, null, deliveryMetrics(registry));
    engineMetrics(registry, engine.engine);
    epr = await startFakeFhirRecipient();
    await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
    await put(operator, body.organization('org-epr', 'EPR1', 'epr'));
    await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
    await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
    await put(operator, body.agreement('org-trust', ['svc-epr']));
    for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
    await put(publisher, body.patient('p1', '9990000018'));
    await put(
      publisher,
      body.composition('words1', 'p1', {
        'please-do': 'Speak slowly please',
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-epr'] }));
    await put(publisher, PERMITS);
    await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
    await eventually(() => expect(epr.holds()).toHaveLength(1));
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
    await epr?.stop();
  }, 60_000);

  test('its age, its service and its Task stand in the figures, until it is answered', async () => {
    await eventually(async () => expect(told(await figures(), 'broker_keys_due')).toBe(0));
    expect(told(await figures(), 'broker_recall_oldest_seconds')).toBe(0);
    expect(await figures()).not.toContain('broker_recalls_unanswered{');

    const before = Date.now();
    epr.behave({ how: 'stall' });
    await put(publisher, { ...PERMITS, status: 'inactive' });
    await eventually(async () => {
      const text = await figures();
      expect(told(text, 'broker_recalls_unanswered{recipient="svc-epr"}')).toBe(1);
      const age = told(text, 'broker_recall_oldest_seconds');
      expect(age).toBeGreaterThan(0.5);
      expect(age).toBeLessThan((Date.now() - before) / 1_000 + 1);
      expect(told(text, 'broker_keys_uncertain')).toBe(1);
      expect(told(text, 'broker_tasks_open{code="attention",reason="recall-unanswered"}')).toBe(1);
    }, 30_000);
    const [chase] = (await chases(engine.database.pool, { count: 10 })).chases;
    expect(chase).toMatchObject({
      recipient: { ods: 'EPR1', kind: 'epr', service: 'svc-epr' },
      publisher: 'TRUST1',
      channel: 'fhir-messaging',
    });
    expect(chase?.documents).toHaveLength(1);

    epr.behave({ how: 'normal' });
    await eventually(async () => {
      const text = await figures();
      expect(told(text, 'broker_recall_oldest_seconds')).toBe(0);
      expect(text).not.toContain('broker_recalls_unanswered{');
      expect(text).not.toContain('reason="recall-unanswered"');
    }, 30_000);
    expect((await chases(engine.database.pool, { count: 10 })).chases).toEqual([]);
  }, 90_000);

  test('a recall that was begun and is permitted again is owed no more, though nobody answered it', async () => {
    // The row of such a key still says when it was begun: it is decided anew.
    epr.behave({ how: 'stall' });
    await put(publisher, PERMITS);
    await eventually(async () => expect(told(await figures(), 'broker_keys_uncertain')).toBe(1), 30_000);
    await put(publisher, { ...PERMITS, status: 'inactive' });
    await eventually(async () => expect(told(await figures(), 'broker_recalls_unanswered{recipient="svc-epr"}')).toBe(1), 30_000);
    await put(publisher, PERMITS);
    await eventually(async () => expect(told(await figures(), 'broker_recall_oldest_seconds')).toBe(0), 30_000);
    expect(told(await figures(), 'broker_recalls_unanswered{recipient="svc-epr"}')).toBe(1);
    epr.behave({ how: 'normal' });
  }, 90_000);

  test('what a process did is counted by road, action and outcome, with its time', async () => {
    const text = await registry.metrics();
    const of = (action: string, outcome: string): number =>
      told(text, `broker_deliveries_total{channel="fhir-messaging",action="${action}",outcome="${outcome}"}`);
    expect([of('update', 'accepted'), of('recall', 'accepted'), of('recall', 'unknown')].map((count) => count >= 1)).toEqual([
      true,
      true,
      true,
    ]);
    expect(told(text, 'broker_recalls_answered_total{level="application"}')).toBeGreaterThanOrEqual(1);
    expect(told(text, 'broker_delivery_seconds_count{channel="fhir-messaging",action="recall"}')).toBeGreaterThanOrEqual(2);
    expect(told(text, 'broker_resync_found')).toBe(0);
    expect(told(text, 'broker_queue_nudges')).toBeGreaterThanOrEqual(0);
    // I8: nobody is named, and nothing that was sent.
    expect(`${text}${await figures()}`).not.toMatch(/9990000018|Testperson|crisis team/);
  });
});

test('How recipients stand is told, and asked for no oftener than figures are kept', async () => {
  const database = await openDatabase();
  await database.owner.query(`INSERT INTO recipient (id, ods, kind, retains, areas, active, declared)
    SELECT 'svc-' || n, 'X' || n, 'epr', true, '{}', true, '{}' FROM generate_series(1, 4) n`);
  await database.owner.query(
    `INSERT INTO pace (recipient_id, breaker, since) VALUES ('svc-1', 'open', clock_timestamp()), ('svc-2', 'half-open', clock_timestamp())`,
  );
  await database.owner.query(
    `INSERT INTO pace (recipient_id, paused_at, paused_by, paused_because) VALUES ('svc-3', clock_timestamp(), 'BROKER', 'made up')`,
  );
  const registry = brokerMetrics(new Registry(), database.pool, { handedOver: null });
  const lines = [
    'broker_recipients{state="open"} 1',
    'broker_recipients{state="half-open"} 1',
    'broker_recipients{state="paused"} 1',
    'broker_keys_held 0',
  ];
  const first = await registry.metrics();
  for (const line of lines) expect(first).toContain(`${line}\n`);
  await database.owner.query(`UPDATE pace SET breaker = 'open' WHERE recipient_id = 'svc-2'`);
  expect(await registry.metrics()).toContain('broker_recipients{state="open"} 1\n');
  await database.close();
}, 30_000);

test('Every figure is told as it is at this scrape, and not as it was at the one before', async () => {
  const database = await openDatabase();
  await database.owner.query("INSERT INTO fan_out (persons, pairs, recipients) VALUES ('{}', '{}', '{}')");
  expect(await brokerMetrics(new Registry(), database.pool, { handedOver: null }).metrics()).toContain('\nbroker_fan_outs 1\n');
  await database.close();
}, 30_000);

test('A worker has a port of its own for Prometheus and health checks, and tells what it does itself', async () => {
  const folder = await makeDataDir();
  const [brokerPort, workerPort] = [await freePort(), await freePort()];
  const broker = spawnBroker({ DATA_DIR: folder.path, METRICS_PORT: String(brokerPort) });
  const base = await broker.ready();
  const worker = spawnBroker({ DATA_DIR: folder.path, METRICS_PORT: String(workerPort) }, [process.execPath, 'src/cli.ts', 'worker']);
  try {
    await eventually(() => expect(worker.stdout()).toContain('ready worker'), 30_000);
    const at = (port: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    for (const port of [brokerPort, workerPort]) {
      for (const path of ['/health/live', '/health/ready']) expect([port, path, (await at(port, path)).status]).toEqual([port, path, 200]);
      for (const path of ['/fhir/metadata', '/metrics/', '/', '/metrics?a'])
        expect([path, (await at(port, path)).status]).toEqual([path, 404]);
      expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404);
    }
    const ofWorker = await (await at(workerPort, '/metrics')).text();
    for (const name of [
      'broker_deliveries_total',
      'broker_sweep_found',
      'broker_websockets_bound',
      'broker_websockets_closed',
      'broker_websockets_open',
      'broker_queue_nudges',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect(ofWorker).toContain(`# TYPE ${name} `);
    expect(ofWorker).not.toContain('broker_keys_due');
    const ofBroker = await (await at(brokerPort, '/metrics')).text();
    for (const name of ['broker_keys_due', 'broker_deliveries_total', 'broker_http_requests_total'])
      expect(ofBroker).toContain(`# TYPE ${name} `);
    expect((await fetch(new URL('/metrics', base))).status).toBe(200);
  } finally {
    worker.signal('SIGTERM');
    expect(await worker.exit()).toBe(0);
    broker.signal('SIGTERM');
    await broker.exit();
    await folder.remove();
  }
}, 90_000);
