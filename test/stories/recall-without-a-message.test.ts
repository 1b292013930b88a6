import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint, HealthcareService, Task } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { attentionId } from '../../src/store/attention.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, operator, publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import type { Sending } from '../support/sending.ts';
import { openSending } from '../support/sending.ts';

const form = (code: string) => ({ url: Extension.recallForm, valueCode: code });
const endsAfter = (value: number, code: string) => ({ url: Extension.copiesEndAfter, valueDuration: { value, code } });
const PHONE = { system: 'phone' as const, value: '01632 960002' };

let ground: Ground;
let sending: Sending;
const recipients: FakeRecipient[] = [];

const started = async <R extends FakeRecipient>(starting: Promise<R>): Promise<R> => {
  const recipient = await starting;
  recipients.push(recipient);
  return recipient;
};

beforeAll(async () => {
  ground = await layGround(null, 'lay', 100);
  sending = openSending(ground, 1_000);
}, 60_000);
afterAll(async () => {
  for (const recipient of recipients) await recipient.stop();
  await sending?.close();
  await ground?.close();
});

/** A service, its address and a plan in its reach; it declares what is given. */
const lay = async (name: string, address: string, declares: Partial<HealthcareService>) => {
  await ground.put(operator, body.organization(`org-${name}`, `X${name.toUpperCase()}`, 'ed'));
  await ground.put(operator, { ...body.service(`svc-${name}`, `org-${name}`, 'ed'), ...declares });
  await ground.put(operator, body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address));
  await ground.agree(name);
  return ground.person(name, [`svc-${name}`]);
};

/** Steps until nothing is due, and says how often. What waits for people or time is made due by `wake`. */
const settle = async (service: string): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) if ((await sending.step(service)) === 0) return;
};
const wake = (service: string, by: string) =>
  ground.database.owner.query(`UPDATE ledger_key SET look_at = clock_timestamp() WHERE recipient_id = $1 AND $2 <> ''`, [service, by]);
const copies = async (service: string): Promise<readonly { state: string; endsAt?: number }[]> =>
  (await ground.database.pool.query(`SELECT state->'copies' AS copies FROM ledger_key WHERE recipient_id = $1`, [service])).rows.flatMap(
    ({ copies: list }) => list,
  );
const byHand = async (): Promise<readonly Task[]> => {
  const { rows } = await ground.database.pool.query<{ id: string }>(`SELECT id FROM resource WHERE type = 'Task'`);
  const all = await Promise.all(rows.map(async ({ id }) => (await ground.store.read('Task', id))?.body as Task));
  return all.filter(({ code }) => code?.coding?.some((one) => one.code === 'recall-by-hand'));
};

describe('a recipient that no message calls back', () => {
  test('I2 I12 [3b.6] by hand: nothing is sent, a Task says whom to ring, and marking it as done ends nothing', async () => {
    const ed = await started(startFakeMllpRecipient());
    const { plan } = await lay('hand', ed.address, { extension: [form('manual')], telecom: [PHONE] });
    await settle('svc-hand');
    expect(ed.holds()).toHaveLength(1);
    const before = ed.received().length;
    await ground.store.withdraw(publisher, plan, 'The person asked for it');
    await sending.step('svc-hand');
    expect(ed.received()).toHaveLength(before);
    const [task, ...more] = await byHand();
    expect(more).toEqual([]);
    expect(task).toMatchObject({
      status: 'requested',
      owner: { identifier: { value: 'TRUST1' } },
      focus: { reference: `CarePlan/${plan}` },
    });
    expect(task?.description).toContain('phone 01632 960002');
    expect(await copies('svc-hand')).toMatchObject([{ state: 'uncertain' }, { state: 'uncertain' }]);

    // The Task alone proves nothing: it is opened again, and the copy stays believed.
    const done = { principal: publisher, resource: { ...(task as Task), status: 'completed' as const }, id: task?.id ?? '', ifMatch: null };
    await ground.store.write(done);
    await wake('svc-hand', 'the hour');
    await sending.step('svc-hand');
    expect((await byHand()).map(({ status }) => status)).toEqual(['requested']);
    expect((await copies('svc-hand')).length).toBeGreaterThan(0);
    expect(ed.received()).toHaveLength(before);
  });

  test('I12 by a Task: whoever polls has minutes before its publisher is told that nobody answers', async () => {
    const ed = await started(startFakeFhirRecipient());
    const { plan } = await lay('polls', ed.address, { extension: [form('task')] });
    await settle('svc-polls');
    expect(ed.holds()).toHaveLength(1);
    await ground.store.withdraw(publisher, plan, 'The person asked for it');
    const told = async (): Promise<boolean> => {
      const { rows } = await ground.database.pool.query(`SELECT id FROM ledger_key WHERE recipient_id = 'svc-polls'`);
      const tasks = await Promise.all(rows.map(({ id }) => ground.store.read('Task', attentionId('TRUST1', id))));
      return tasks.some((task) => task?.body.resourceType === 'Task' && task.body.status === 'requested');
    };
    const asks = [];
    for (let ask = 1; ask <= 9; ask += 1) {
      await sending.step('svc-polls');
      asks.push(await told());
      await wake('svc-polls', 'its back-off');
    }
    expect(asks).toEqual([...Array(8).fill(false), true]);
  });

  test('I3 by hand: approved again before anybody did it, the Task is taken back and the plan is held', async () => {
    const epr = await started(startFakeFhirRecipient());
    const { patient } = await lay('again', epr.address, { extension: [form('manual')], telecom: [PHONE] });
    await settle('svc-again');
    await ground.put(publisher, body.consent('cons-again-2', patient, 'org-trust', { deny: ['ed'], kinds: ['epr'] }));
    await sending.step('svc-again');
    expect((await byHand()).filter(({ description }) => description?.includes('XAGAIN')).map(({ status }) => status)).toEqual([
      'requested',
    ]);
    const consents = { kinds: ['epr', 'ed'] as const, supersedes: ['cons-again', 'cons-again-2'] };
    await ground.put(publisher, body.consent('cons-again-3', patient, 'org-trust', consents));
    await settle('svc-again');
    expect(epr.holds()).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await wake('svc-again', 'the lifetime');
    await settle('svc-again');
    expect((await byHand()).filter(({ description }) => description?.includes('XAGAIN')).map(({ status }) => status)).toEqual([
      'cancelled',
    ]);
    expect(epr.received().map(({ kind }) => kind)).not.toContain('recall');
  });

  test('I2 I3 expired by agreement: nothing is sent, and the chase ends when the last copy has', async () => {
    const epr = await started(startFakeFhirRecipient());
    const { plan } = await lay('ends', epr.address, { extension: [form('expires'), endsAfter(2, 's')] });
    await settle('svc-ends');
    const [held] = await copies('svc-ends');
    expect(held).toMatchObject({ state: 'held', endsAt: expect.any(Number) });
    const updates = epr.received().length;
    await ground.store.withdraw(publisher, plan, 'The person asked for it');
    await settle('svc-ends');
    expect(await copies('svc-ends')).toHaveLength(1);
    const ends = (
      await ground.database.pool.query(`SELECT extract(epoch FROM look_at) * 1000 AS at FROM ledger_key WHERE recipient_id = 'svc-ends'`)
    ).rows;
    expect(Math.round(Number(ends[0]?.at))).toBe(Math.round(held?.endsAt ?? 0));
    await new Promise((resolve) => setTimeout(resolve, (held?.endsAt ?? 0) - Date.now() + 50));
    await settle('svc-ends');
    expect(await copies('svc-ends')).toEqual([]);
    expect(epr.received()).toHaveLength(updates);
  });

  test('I3 expired by agreement: what should be held is renewed before it ends', async () => {
    const epr = await started(startFakeFhirRecipient());
    await lay('renew', epr.address, { extension: [form('expires'), endsAfter(2, 's')] });
    await settle('svc-renew');
    const [first] = await copies('svc-renew');
    await new Promise((resolve) => setTimeout(resolve, (first?.endsAt ?? 0) - 1_100 - Date.now() + 50));
    await settle('svc-renew');
    expect(epr.received().map(({ kind }) => kind)).toEqual(['update', 'update']);
    const [second, ...more] = await copies('svc-renew');
    expect(more).toEqual([]);
    expect(second?.endsAt).toBeGreaterThan(first?.endsAt ?? 0);
  });

  test('[3b.5] text alone: an ED that takes no document has none in its message', async () => {
    const ed = await started(startFakeMllpRecipient());
    await lay('text', ed.address, { extension: [{ url: Extension.contentForm, valueCode: 'text' }] });
    await settle('svc-text');
    const [{ bytes = '' } = {}] = ed.received();
    expect(bytes).toContain('Loud sirens upset me');
    expect(bytes).not.toContain('|ED|');
  });
});

describe('without a way to take content back no address is active', () => {
  const placeOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
      return 'taken';
    } catch (error) {
      if (!(error instanceof Anomaly)) throw error;
      return `${error.category} ${error.issues.map(({ at }) => at).join()}`;
    }
  };
  const endpoint = (name: string, change: Partial<Endpoint> = {}): Endpoint => {
    const made = body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, 'https://none.example/fhir');
    return { ...made, ...change, extension: [...(made.extension ?? []), ...(change.extension ?? [])] };
  };
  const at = (type: string, url: string) => `incorrect ${type}.extension.where(url='${url}').value`;

  test('I2 I10: none by itself or by its service, from either side; it may be registered switched off', async () => {
    const [org, service] = [body.organization('org-none', 'XNONE', 'ed'), body.service('svc-none', 'org-none', 'ed')];
    await ground.put(operator, org);
    await ground.put(operator, service);
    expect(await placeOf(ground.put(operator, endpoint('none', { extension: [form('none')] })))).toBe(at('Endpoint', Extension.recallForm));
    expect(await ground.store.read('Endpoint', 'end-none')).toBeNull();
    expect(await placeOf(ground.put(operator, endpoint('none', { extension: [form('none')], status: 'off' })))).toBe('taken');
    // A service that changes its word takes it from under an address that is active.
    expect(await placeOf(ground.put(operator, endpoint('none')))).toBe('taken');
    expect(await placeOf(ground.put(operator, { ...service, extension: [form('none')] }))).toBe(
      at('HealthcareService', Extension.recallForm),
    );
    expect(await placeOf(ground.put(operator, { ...service, extension: [form('expires')] }))).toBe(
      at('HealthcareService', Extension.copiesEndAfter),
    );
    expect(await placeOf(ground.put(operator, { ...service, extension: [form('manual')] }))).toBe('incorrect HealthcareService.telecom');
    expect(await placeOf(ground.put(operator, { ...service, extension: [form('manual')], telecom: [PHONE] }))).toBe('taken');
  });

  test('what takes content back by default is taken as it was', async () => {
    for (const [name, address] of [
      ['plain', 'https://none.example/fhir'],
      ['plainmllp', 'mllps://none.example:2575'],
    ] as const) {
      await ground.put(operator, body.organization(`org-${name}`, `X${name.toUpperCase()}`, 'ed'));
      await ground.put(operator, body.service(`svc-${name}`, `org-${name}`, 'ed'));
      expect(await placeOf(ground.put(operator, body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address)))).toBe('taken');
    }
  });
});
