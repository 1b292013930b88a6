import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HealthcareService, Task } from '@medplum/fhirtypes';
import { Extension, System, TaskCode } from '../../profiles/canonicals.ts';
import { pauseRecipient, resumeRecipient } from '../../src/store/pace/pause.ts';
import { transaction } from '../../src/store/pool.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, operator, publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { type Gauge, startGauge } from '../support/gauge.ts';

/** Two worker processes' worth on one database, and each recipient behind a gauge of its own. */
let one: TestEngine;
let two: TestEngine;
let ground: Ground;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  one = await startTestEngine({ BACKOFF_MIN_MS: '50', BACKOFF_MAX_MS: '400' });
  two = await startTestEngine({ BACKOFF_MIN_MS: '50', BACKOFF_MAX_MS: '400' }, one.database);
  ground = await layGround(one.database);
}, 60_000);
afterAll(async () => {
  for (const stop of stops) await stop();
  await two?.stop();
  await one?.stop();
});

interface Watched {
  readonly service: string;
  readonly epr: FakeRecipient;
  readonly gauge: Gauge;
}
type Declared = NonNullable<HealthcareService['extension']>;

/** Has what is due to a recipient looked at by both engines, again and again, as rescues do. */
const press = (service: string): void => {
  const timer = setInterval(() => {
    void one.engine.queue.rescue(service);
    void two.engine.queue.rescue(service);
  }, 20);
  stops.unshift(async () => clearInterval(timer));
};
/** A recipient with its gauge. */
const recipient = async (name: string, ...extension: Declared): Promise<Watched> => {
  const epr = await startFakeFhirRecipient();
  const gauge = await startGauge(epr.address);
  const { service } = await ground.recipient(name, 'ed', gauge.address);
  await ground.put(operator, body.service(service, `org-${name}`, 'ed', extension));
  stops.push(gauge.stop, epr.stop);
  press(service);
  return { service, epr, gauge };
};
const WHO = { operator: 'BROKER', caller: null };
const persons = async (name: string, service: string, count: number): Promise<readonly string[]> => {
  const names = Array.from({ length: count }, (_none, each) => `${name}-${each}`);
  for (const each of names) await ground.person(each, [service]);
  return names;
};
const revoke = (name: string) =>
  ground.put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
const changed = (): void => {
  one.engine.changed();
  two.engine.changed();
};
const rows = async <Row>(text: string, ...values: unknown[]): Promise<readonly Row[]> =>
  (await one.database.pool.query(text, values)).rows as Row[];
const breaker = async (service: string): Promise<string | undefined> =>
  (await rows<{ breaker: string }>('SELECT breaker FROM pace WHERE recipient_id = $1', service))[0]?.breaker;
const trouble = async (service: string): Promise<readonly string[]> => {
  const { rows: found } = await one.store.search(
    searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: [`${System.taskCode}|${TaskCode.attention}`] }], 500),
  );
  return found
    .map(({ body: task }) => task as Task)
    .filter(({ focus }) => focus?.reference === `HealthcareService/${service}`)
    .filter(
      ({ statusReason, owner }) => statusReason?.text === 'recipient-in-trouble' && owner?.identifier?.value === one.config.operatorOds,
    )
    .map(({ status }) => status);
};

describe('two workers on one recipient', () => {
  test('have no more exchanges with it at once than it takes, by its own gauge', async () => {
    const { service, epr, gauge } = await recipient('few', { url: Extension.inFlightLimit, valuePositiveInt: 3 });
    gauge.slow(40);
    await persons('few', service, 24);
    changed();
    await eventually(() => expect(epr.holds()).toHaveLength(24), 30_000);
    expect(gauge.busiest()).toBeLessThanOrEqual(3);
    expect(gauge.busiest()).toBeGreaterThan(1);
  }, 60_000);

  test('lose no place to one that was killed with all of them: they are back when its leases end', async () => {
    const { service, epr, gauge } = await recipient('widow', { url: Extension.inFlightLimit, valuePositiveInt: 2 });
    await pauseRecipient(one.database.pool, { recipientId: service, reason: 'Until all is laid', recalls: true }, WHO);
    await persons('widow', service, 6);
    await ground.fanOutAll();
    // It takes them in the transaction that ends the pause: nobody is before it, and nothing is heard of it again.
    const taken = await transaction(one.database.pool, async (tx) => {
      await tx.query('UPDATE pace SET paused_at = NULL, holds_recalls = false WHERE recipient_id = $1', [service]);
      const { rows: answered } = await tx.query(
        `SELECT claim_paced($1, NULL, 16, interval '1500 milliseconds', 0, 0, interval '1 minute', interval '1 second', gen_random_uuid()) AS answer`,
        [service],
      );
      return answered[0].answer.claims.length;
    });
    expect(taken).toBe(2);
    await eventually(() => expect(epr.holds()).toHaveLength(6), 30_000);
    expect(gauge.busiest()).toBeLessThanOrEqual(2);
  }, 60_000);

  test('[3b.3] have one message in flight over MLLP between them: none comes before the one before it is answered', async () => {
    const LATE = 60;
    const ed = await startFakeMllpRecipient();
    stops.push(ed.stop);
    ed.behave({ how: 'answer-late', delayMs: LATE });
    const { service } = await ground.recipient('mllp', 'ed', ed.address);
    press(service);
    await persons('mllp', service, 12);
    changed();
    await eventually(() => expect(ed.holds()).toHaveLength(12), 30_000);
    const at = ed.received().map((each) => each.at);
    const gaps = at.slice(1).map((each, place) => each - (at[place] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LATE - 2);
  }, 60_000);

  test('send no faster than it declares, by its own clock', async () => {
    const RATE = 20;
    const { service, epr, gauge } = await recipient('slow', { url: Extension.messageRate, valueDecimal: RATE });
    const from = Date.now();
    await persons('slow', service, 40);
    changed();
    await eventually(() => expect(epr.holds()).toHaveLength(40), 30_000);
    // Counted against the tokens that can have been filled in until then; what comes late may come together, and is no faster for that.
    gauge.arrivals().forEach((at, place) => expect(place + 1).toBeLessThanOrEqual(RATE / 4 + (RATE * (at - from)) / 1_000 + RATE / 4));
  }, 60_000);
});

describe('a recipient that goes down', () => {
  test('I2 I3 I12: its breaker opens with a Task; a recall is still tried; it is probed, ramped, and holds in the end what it should', async () => {
    const { service, epr, gauge } = await recipient('down');
    const early = await persons('down', service, 2);
    changed();
    await eventually(() => expect(epr.holds()).toHaveLength(2), 20_000);

    gauge.refuse(true);
    const late = await persons('down-late', service, 12);
    changed();
    await eventually(async () => expect(await breaker(service)).toBe('open'), 20_000);
    expect(await trouble(service)).toEqual(['requested']);
    // Every one of them was looked at, and waits.
    await eventually(async () => {
      const [count] = await rows<{ n: number }>(
        'SELECT count(*)::integer AS n FROM ledger_key WHERE recipient_id = $1 AND NOT held AND rank > 0 AND look_at <= clock_timestamp()',
        service,
      );
      expect(count?.n).toBe(0);
    }, 20_000);

    // While nothing but probes goes, a recall is sent, again and again.
    await revoke(early[0] ?? '');
    changed();
    const recalls = () =>
      rows<{ outcome: string }>(
        `SELECT d.outcome FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1 AND d.action = 'recall' AND d.outcome = 'unknown'`,
        service,
      );
    await eventually(async () => expect((await recalls()).length).toBeGreaterThan(1), 20_000);
    expect(await breaker(service)).toBe('open');

    gauge.reset();
    gauge.refuse(false);
    await eventually(() => expect(epr.holds()).toHaveLength(early.length - 1 + late.length), 30_000);
    await eventually(async () => expect(await breaker(service)).toBe('closed'), 20_000);
    expect(await trouble(service)).toEqual(['completed']);
    const [left] = await rows<{ n: number }>('SELECT count(*)::integer AS n FROM ledger_key WHERE recipient_id = $1 AND held', service);
    expect(left?.n).toBe(0);
  }, 120_000);

  test('I3: one whose port is closed is found to be in trouble by a single plan', async () => {
    const { service, epr, gauge } = await recipient('closed');
    await gauge.stop();
    await persons('closed', service, 1);
    changed();
    await eventually(async () => expect(await breaker(service)).toBe('open'), 20_000);
    await gauge.start();
    await eventually(() => expect(epr.holds()).toHaveLength(1), 20_000);
    await eventually(async () => expect(await breaker(service)).toBe('closed'), 20_000);
  }, 60_000);

  test('I12: one plan that it never answers is no trouble of the recipient, and the others go on', async () => {
    const { service, epr, gauge } = await recipient('poison');
    const [poison] = await persons('poison', service, 1);
    gauge.refuse(true);
    changed();
    await eventually(async () => {
      const [key] = await rows<{ failures: number }>(
        `SELECT (state->>'failures')::integer AS failures FROM ledger_key k JOIN plan p ON p.id = k.plan_id WHERE p.patient_id = $1`,
        `pat-${poison}`,
      );
      expect(key?.failures).toBeGreaterThanOrEqual(6);
    }, 30_000);
    expect(await breaker(service)).toBe('closed');
    gauge.refuse(false);
    await eventually(() => expect(epr.holds()).toHaveLength(1), 20_000);
  }, 60_000);
});

describe('a paused recipient', () => {
  test('I2 I3: is sent no update and every recall; resumed, it holds what it should', async () => {
    const { service, epr } = await recipient('paused');
    const before = await persons('paused', service, 2);
    changed();
    await eventually(() => expect(epr.holds()).toHaveLength(2), 20_000);
    await pauseRecipient(one.database.pool, { recipientId: service, reason: 'Their upgrade', recalls: false }, WHO);
    await persons('paused-late', service, 3);
    await revoke(before[0] ?? '');
    changed();
    await eventually(() => expect(epr.holds()).toHaveLength(1), 20_000);
    await eventually(async () => {
      const [count] = await rows<{ n: number }>('SELECT count(*)::integer AS n FROM ledger_key WHERE recipient_id = $1 AND held', service);
      expect(count?.n).toBe(3);
    }, 20_000);
    expect(epr.holds()).toHaveLength(1);
    await resumeRecipient(one.database.pool, service, WHO);
    await eventually(() => expect(epr.holds()).toHaveLength(4), 20_000);
  }, 60_000);
});
