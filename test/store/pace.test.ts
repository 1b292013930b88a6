import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Encounter, Endpoint, HealthcareService, Task } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { Extension, System, TaskCode } from '../../profiles/canonicals.ts';
import type { Outcome } from '../../src/model/ledger.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { openPacing } from '../../src/reconcile/pacing.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { slice } from '../../src/reconcile/slice.ts';
import { due, lookAhead, nextOf } from '../../src/store/due.ts';
import type { StoredLedger } from '../../src/store/ledger.ts';
import { pauseRecipient, resumeRecipient, tellOfPauses } from '../../src/store/pace/pause.ts';
import { paceStates } from '../../src/store/pace/pace-states.ts';
import { paceOf } from '../../src/store/pace/pace-row.ts';
import { searchResources } from '../../src/store/search/run-search.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import * as body from '../support/bodies.ts';
import type { Ground } from './ground.ts';
import { caller, layGround, operator, publisher } from './ground.ts';
import { wirelessPorts } from './wireless-ports.ts';

const PROBE = 60_000;
const SLOWLY = 30_000;
const ACCEPTED: Outcome = { kind: 'accepted', level: 'application' };
const SILENT: Outcome = { kind: 'unknown', because: 'timeout' };

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

type Declared = NonNullable<HealthcareService['extension']>;
const rate = (value: number): Declared[number] => ({ url: Extension.messageRate, valueDecimal: value });
const inFlight = (value: number): Declared[number] => ({ url: Extension.inFlightLimit, valuePositiveInt: value });
const declare = (name: string, ...extension: Declared) =>
  ground.put(operator, {
    ...body.service(`svc-${name}`, `org-${name}`, 'ed', extension),
    telecom: [{ system: 'phone', value: '01632 960002' }],
  });

/** A recipient with so many due keys, each of a person of its own. */
const withKeys = async (name: string, count: number, ...extension: Declared): Promise<string> => {
  const { service } = await ground.recipient(name);
  await declare(name, ...extension);
  for (let each = 0; each < count; each++) await ground.person(`${name}-${each}`, [service]);
  await ground.fanOutAll();
  return service;
};
/** A worker of its own: its lease in milliseconds. */
const worker = (lease = 30_000): StoredLedger => ground.ledger(undefined, { lease, backoffMin: SLOWLY, backoffMax: PROBE });
const ask = async (ledger: StoredLedger, recipientId: string, most = 16, unused = { send: 0, recall: 0 }) =>
  ledger.claimWithinPace({ recipientId, places: null, most, unused });
const work = async (ledger: StoredLedger, recipientId: string, answer: Outcome = ACCEPTED, most = 16) => {
  const { claims, wait } = await ask(ledger, recipientId, most);
  const ended: string[] = [];
  for (const claim of claims)
    ended.push(
      await reconcile(
        claim,
        wirelessPorts(ledger, () => answer),
      ),
    );
  return { ended, wait };
};
const open = async (recipientId: string): Promise<void> => {
  const ledger = worker();
  for (let each = 0; each < 5; each++)
    await ledger.note(
      recipientId,
      { sign: { sign: 'trouble', because: 'timeout' }, key: `00000000-0000-4000-8000-00000000000${each}` },
      'BROKER',
    );
  expect((await paceOf(ground.database.pool, recipientId)).breaker.state).toBe('open');
};
const set = (text: string, values: unknown[]) => ground.database.pool.query(text, values);
const ranks = async (recipientId: string): Promise<readonly { plan: string; rank: number; held: boolean }[]> =>
  (
    await set(
      `SELECT p.patient_id AS plan, k.rank, k.held FROM ledger_key k JOIN plan p ON p.id = k.plan_id WHERE k.recipient_id = $1 ORDER BY k.made_at, k.id`,
      [recipientId],
    )
  ).rows;
const tasksOf = async (recipientId: string, owner: string): Promise<readonly Task[]> => {
  const { rows } = await searchResources(
    ground.database.pool,
    searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: [`${System.taskCode}|${TaskCode.attention}`] }], 500),
  );
  return rows
    .map(({ body: task }) => task as Task)
    .filter((task) => task.focus?.reference === `HealthcareService/${recipientId}` && task.owner?.identifier?.value === owner);
};
const withdraw = async (name: string): Promise<void> => {
  await ground.put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
  await ground.fanOutAll();
};

describe('one slice within the pace of its recipient', () => {
  /** One may be sent, and the next after a minute and more. */
  const withOne = async (name: string): Promise<string> => {
    const service = await withKeys(name, 3, rate(0.01));
    await set('UPDATE pace SET tokens = 1, tokens_at = clock_timestamp() WHERE recipient_id = $1', [service]);
    return service;
  };
  const pacingOf = async (service: string) => {
    const pool = ground.database.pool;
    return openPacing(
      { pool, ledger: worker(), sender: { ods: 'BROKER', name: 'The broker', endpoint: 'https://broker.example/fhir' } },
      service,
    );
  };

  test.each<[string, string, Outcome | null, number]>([
    ['of which nothing was sent', 'unsent', null, 1],
    ['that was not for the wire', 'bytask', { kind: 'refused', because: 'recall-task-open', retry: true }, 1],
    ['that was answered', 'answered', ACCEPTED, 0],
    ['that nobody answered', 'silence', SILENT, 0],
  ])('a claim %s: what it took of the rate is given back, or is gone', async (_what, name, outcome, more) => {
    const pacing = await pacingOf(await withOne(name));
    const [first, ...others] = await pacing.claim(4);
    if (first === undefined) throw new Error('nothing was claimed');
    expect([others, await pacing.claim(4), pacing.wait() !== null]).toEqual([[], [], true]);
    await pacing.ended(first, outcome);
    expect(await pacing.claim(4)).toHaveLength(more);
  });

  test('what is left unused at its end is there for the next slice', async () => {
    const service = await withOne('nextslice');
    const pacing = await pacingOf(service);
    const [first] = await pacing.claim(4);
    if (first === undefined) throw new Error('nothing was claimed');
    await pacing.ended(first, null);
    await pacing.end();
    expect(await (await pacingOf(service)).claim(4)).toHaveLength(1);
  });
});

describe('what a recipient declares of its pace', () => {
  const paceRow = async (service: string) =>
    (await set('SELECT rate, in_flight, is_paced FROM pace WHERE recipient_id = $1', [service])).rows[0];

  test('its service wins over its addresses, of which the slowest counts; taken back, there is none', async () => {
    const { service } = await ground.recipient('declares');
    expect(await paceRow(service)).toBeUndefined();
    const address = (id: string, ...extension: Declared): Promise<string> => {
      const endpoint = body.endpoint(id, service, 'org-declares', `https://${id}.example/fhir`);
      return ground.put(operator, { ...endpoint, extension: [...(endpoint.extension ?? []), ...extension] } as Endpoint);
    };
    await address('end-declares', rate(20), inFlight(4));
    await address('end-declares-2', rate(5));
    expect(await paceRow(service)).toEqual({ rate: 5, in_flight: 4, is_paced: true });
    await declare('declares', rate(12.5));
    expect(await paceRow(service)).toEqual({ rate: 12.5, in_flight: 4, is_paced: true });
    await declare('declares');
    await address('end-declares');
    await address('end-declares-2');
    expect(await paceRow(service)).toEqual({ rate: null, in_flight: null, is_paced: false });
  });

  test.each([
    ['a rate of nothing', [rate(0)], 'valueDecimal'],
    ['a rate that nobody takes', [rate(5_000)], 'valueDecimal'],
    ['a rate without a number', [{ url: Extension.messageRate }], 'valueDecimal'],
    ['no exchange at all', [inFlight(0)], 'valuePositiveInt'],
    ['half an exchange', [inFlight(1.5)], 'valuePositiveInt'],
  ] as [string, Declared, string][])('I10: %s is refused, with its place, and nothing changes', async (_what, extension, at) => {
    await ground.recipient('odd');
    await expect(declare('odd', ...extension)).rejects.toMatchObject({
      issues: [expect.objectContaining({ at: expect.stringContaining(`HealthcareService.extension[0].${at}`) })],
    });
  });
});

describe('places over all workers', () => {
  test('two workers have no more between them than the recipient takes, and one that is given back is free', async () => {
    const service = await withKeys('places', 5, inFlight(3));
    const [one, two] = [worker(), worker()];
    const first = await ask(one, service, 2);
    const second = await ask(two, service);
    expect([first.claims.length, second.claims.length]).toEqual([2, 1]);
    expect(await ask(two, service)).toMatchObject({ claims: [], wait: 500 });
    const [claim] = first.claims;
    if (claim === undefined) throw new Error('it was claimed');
    expect(
      await reconcile(
        claim,
        wirelessPorts(one, () => ACCEPTED),
      ),
    ).toBe('accepted');
    expect((await ask(two, service)).claims).toHaveLength(1);
  });

  test('a killed worker gives its places back when its leases end', async () => {
    const service = await withKeys('killed', 4, inFlight(2));
    expect((await ask(worker(300), service)).claims).toHaveLength(2);
    const other = worker();
    expect((await ask(other, service)).claims).toHaveLength(0);
    await sleep(350);
    expect((await ask(other, service)).claims).toHaveLength(2);
  });

  test('whoever asks at the same moment gets no place twice', async () => {
    const service = await withKeys('rush', 12, inFlight(5));
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(worker(), service, 4)));
    const claims = all.flatMap((each) => each.claims);
    expect(claims).toHaveLength(5);
    expect(new Set(claims.map(({ keyId }) => keyId)).size).toBe(5);
  });

  test('whatever workers do, in whatever order: never more in flight than are taken at once', async () => {
    const LIMIT = 3;
    const service = await withKeys('random', 8, inFlight(LIMIT));
    const workers = [worker(), worker()];
    const step = fc.record({
      who: fc.nat(1),
      does: fc.constantFrom<'claims' | 'accepted' | 'silent' | 'releases'>('claims', 'claims', 'accepted', 'silent', 'releases'),
      most: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        await set(
          `UPDATE ledger_key SET look_at = clock_timestamp(), generation = generation + 1, lease_until = NULL WHERE recipient_id = $1`,
          [service],
        );
        const running: { readonly ledger: StoredLedger; readonly claim: Awaited<ReturnType<typeof ask>>['claims'][number] }[] = [];
        for (const { who, does, most } of steps) {
          const ledger = workers[who] ?? worker();
          if (does === 'claims') running.push(...(await ask(ledger, service, most)).claims.map((claim) => ({ ledger, claim })));
          else {
            const next = running.shift();
            if (next === undefined) continue;
            if (does === 'releases') await next.ledger.release(next.claim);
            else
              await reconcile(
                next.claim,
                wirelessPorts(next.ledger, () => (does === 'accepted' ? ACCEPTED : SILENT)),
              );
          }
          expect(running.length).toBeLessThanOrEqual(LIMIT);
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

describe('tokens', () => {
  const RATE = 20;
  const clock = async (): Promise<number> => Number((await set('SELECT extract(epoch FROM clock_timestamp()) AS now', [])).rows[0].now);

  test('two workers together take no more than were filled in since, and one burst', async () => {
    const service = await withKeys('tokens', 10, rate(RATE));
    const [one, two] = [worker(), worker()];
    const from = await clock();
    let sent = 0;
    for (let turn = 0; turn < 12; turn++) {
      for (const ledger of [one, two]) {
        const { ended } = await work(ledger, service, ACCEPTED, 4);
        sent += ended.filter((each) => each === 'accepted').length;
        await set('UPDATE plan SET version = jsonb_set(version, $2, to_jsonb($3::integer)) WHERE $1 = ANY(reach_recipients)', [
          service,
          ['reissue'],
          turn * 2 + (ledger === one ? 1 : 2),
        ]);
        await set(
          'UPDATE ledger_key SET generation = generation + 1, look_at = clock_timestamp() WHERE recipient_id = $1 AND lease_until IS NULL',
          [service],
        );
      }
      await sleep(30);
    }
    const seconds = (await clock()) - from;
    expect(sent).toBeLessThanOrEqual(Math.floor(RATE * seconds + RATE / 4));
    // They are used, too: of what was filled in, what fits in the bucket is not lost.
    expect(sent).toBeGreaterThan(5);
  }, 30_000);

  test('an empty bucket says when it is worth asking again, and takes back what was not used', async () => {
    const service = await withKeys('empty', 4, rate(0.01));
    await set('UPDATE pace SET tokens = 1, tokens_at = clock_timestamp() WHERE recipient_id = $1', [service]);
    const ledger = worker();
    expect((await ask(ledger, service)).claims).toHaveLength(1);
    const { claims, wait } = await ask(ledger, service);
    expect(claims).toHaveLength(0);
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(100_000);
    expect((await ask(ledger, service, 16, { send: 1, recall: 0 })).claims).toHaveLength(1);
  });
});

describe('a recipient that declares nothing and answers', () => {
  test('costs one look at its pace a slice, and no statement more; nothing is written about it', async () => {
    const service = await withKeys('plain', 12);
    const { pool } = ground.database;
    const ledger = worker();
    const channels = openChannels([]);
    const asked = jest.spyOn(pool, 'query');
    const connected = jest.spyOn(pool, 'connect');
    try {
      const sender = { ods: 'BROKER', name: 'Broker', endpoint: 'https://broker.example/fhir' };
      // Nothing is sent over these roads, and no attempt is put on file.
      const world = {
        pool,
        ledger,
        channels,
        attempts: { write: () => {}, close: () => {} },
        sender,
        base: 'https://broker.example/fhir',
        sendTimeout: 1_000,
      };
      const end = await slice(
        world,
        wirelessPorts(ledger, () => ACCEPTED),
        service,
        new AbortController().signal,
      );
      expect(end).toMatchObject({ more: false });
      const names = asked.mock.calls.map(([query]) => (query as unknown as { readonly name: string }).name);
      expect(names.filter((name) => name === 'pace-of-recipient')).toHaveLength(1);
      const known = [
        'begin-deliveries',
        'claim-due',
        'claim-handshakes',
        'claim-recipient-check',
        'look-at-keys',
        'next-look-of',
        'pace-of-recipient',
        'settle-deliveries',
        'settle-delivery',
      ];
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
      // No transaction of several statements, either: the pool itself connects with a callback.
      expect(connected.mock.calls.filter(([callback]) => callback === undefined)).toEqual([]);
    } finally {
      asked.mockRestore();
      connected.mockRestore();
      await channels.close();
    }
    expect((await set('SELECT FROM pace WHERE recipient_id = $1', [service])).rows).toHaveLength(0);
    expect(
      (await set("SELECT FROM ledger_key WHERE recipient_id = $1 AND state->'last'->>'outcome' = 'accepted'", [service])).rows,
    ).toHaveLength(12);
  });
});

describe('who goes first', () => {
  const encounter = (id: string, number: string, status: Encounter['status']): Encounter => ({
    resourceType: 'Encounter',
    id,
    identifier: [{ system: 'https://recipient.example/contact', value: id }],
    status,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
    subject: { identifier: { system: System.nhsNumber, value: number } },
    period: { start: '2026-11-01T10:00:00Z', ...(status === 'finished' ? { end: '2026-11-01T11:00:00Z' } : {}) },
  });

  test('a recall, then the person in an open crisis contact, whoever tells of it, then the oldest; closed, they wait as all do', async () => {
    const service = await withKeys('order', 3, inFlight(1));
    const other = await ground.recipient('elsewhere', 'ambulance');
    const patients = ['pat-order-0', 'pat-order-1', 'pat-order-2'];
    const ledger = worker();
    const next = async (): Promise<string | undefined> => {
      const { claims } = await ask(ledger, service);
      const [claim] = claims;
      if (claim === undefined) return undefined;
      const { facts } = await ledger.look(claim);
      await ledger.release(claim);
      const { rows } = await set('SELECT patient_id FROM plan WHERE id = $1', [facts.plan.id]);
      return rows[0]?.patient_id;
    };
    expect(await next()).toBe(patients[0]);
    const { number } = await ground.person('in-contact', [service]);
    await ground.fanOutAll();
    const ambulance = caller(other.ods, 'ambulance');
    await ground.put(ambulance, encounter('contact-order', number, 'in-progress'));
    await ground.fanOutAll();
    expect(await next()).toBe('pat-in-contact');
    expect((await ranks(service)).map(({ plan, rank }) => [plan, rank])).toEqual([
      ...patients.map((each) => [each, 2]),
      ['pat-in-contact', 1],
    ]);

    await ground.put(ambulance, encounter('contact-order', number, 'finished'));
    await ground.fanOutAll();
    expect(await next()).toBe(patients[0]);

    // A plan that is made while a contact is open goes first from the start; and a recall goes before it.
    await ground.put(ambulance, encounter('contact-order', number, 'in-progress'));
    await ground.fanOutAll();
    while ((await work(ledger, service)).ended.length > 0);
    await withdraw('order-2');
    await set(`UPDATE plan SET version = jsonb_set(version, '{reissue}', '7') WHERE patient_id = 'pat-in-contact'`, []);
    await set(
      `UPDATE ledger_key k SET look_at = clock_timestamp() - interval '1 minute', rank = 1, generation = generation + 1 FROM plan p
        WHERE p.id = k.plan_id AND p.patient_id = 'pat-in-contact'`,
      [],
    );
    expect(await next()).toBe('pat-order-2');
  }, 30_000);

  test('an update that failed keeps its place while the contact is open', async () => {
    const { service, number } = await ground.lane('again');
    await ground.put(caller('XAGAIN', 'ed'), encounter('contact-again', number, 'in-progress'));
    await ground.fanOutAll();
    const ledger = worker();
    const [claim] = await ledger.claim(service, 1);
    if (claim === undefined) throw new Error('it was due');
    await reconcile(
      claim,
      wirelessPorts(ledger, () => SILENT),
    );
    expect(await ranks(service)).toMatchObject([{ rank: 1 }]);
  });
});

describe('while a breaker is open', () => {
  test('updates wait, looked at and held; one is let through as a probe; answered, more go, and nothing is left behind', async () => {
    const service = await withKeys('broken', 6);
    await open(service);
    const ledger = worker();
    // Without a pace nobody claims there any more.
    expect(await ledger.claim(service, 16)).toEqual([]);
    const before = await work(ledger, service);
    expect(before.ended).toEqual([...Array<string>(6).fill('held')]);
    expect((await ranks(service)).every(({ held }) => held)).toBe(true);
    const { wait } = await work(ledger, service);
    expect(wait).toBeGreaterThan(PROBE / 2);
    expect(wait).toBeLessThanOrEqual(PROBE * 1.25);
    expect(await due(ground.database.pool)).not.toContain(service);
    expect(await nextOf(ground.database.pool, service)).toMatchObject({ due: false });

    await set(`UPDATE pace SET probe_at = clock_timestamp() WHERE recipient_id = $1`, [service]);
    expect(await due(ground.database.pool)).toContain(service);
    const silent = await work(ledger, service, SILENT);
    expect(silent.ended).toEqual(['unknown']);
    // One probe an interval, whatever asks.
    expect((await work(ledger, service)).ended).toEqual([]);
    expect(await lookAhead(ground.database.pool)).not.toBeNull();

    await set(`UPDATE pace SET probe_at = clock_timestamp() WHERE recipient_id = $1`, [service]);
    expect((await work(ledger, service)).ended).toEqual(['accepted']);
    const answered = () => ledger.note(service, { sign: { sign: 'answered' }, key: '' }, 'BROKER');
    expect((await answered()).breaker).toMatchObject({ state: 'half-open', ramp: 1 });
    expect(await due(ground.database.pool)).toContain(service);
    const first = await ask(ledger, service);
    expect(first.claims).toHaveLength(1);
    for (const claim of first.claims) await ledger.release(claim);
    expect((await answered()).breaker.ramp).toBe(2);
    expect((await ask(ledger, service)).claims).toHaveLength(2);
  }, 30_000);

  test('I2: a recall goes on its own, slowly and at a fixed rate, and is not held back by the updates before it', async () => {
    const service = await withKeys('duty', 4);
    const ledger = worker();
    for (const claim of await ledger.claim(service, 2))
      await reconcile(
        claim,
        wirelessPorts(ledger, () => ACCEPTED),
      );
    await open(service);
    const held = (await ranks(service)).filter(({ rank }) => rank === 0).map(({ plan }) => plan);
    for (const plan of held) await withdraw(plan.replace('pat-', ''));
    const first = await work(ledger, service);
    expect(first.ended).toEqual(['accepted', 'held', 'held']);
    const second = await work(ledger, service);
    expect(second.ended).toEqual([]);
    expect(second.wait).toBeGreaterThan(0);
    expect(second.wait).toBeLessThanOrEqual(SLOWLY);
    await set('UPDATE pace SET recall_at = clock_timestamp() WHERE recipient_id = $1', [service]);
    expect((await work(ledger, service)).ended).toEqual(['accepted']);
  });

  test('I2: what comes to be a recall while it waits as an update is seen to be one', async () => {
    const service = await withKeys('turned', 1);
    const ledger = worker();
    const [claim] = await ledger.claim(service, 1);
    if (claim === undefined) throw new Error('it was due');
    await reconcile(
      claim,
      wirelessPorts(ledger, () => ACCEPTED),
    );
    await open(service);
    await withdraw('turned-0');
    // As if nobody had known when the fan-out was done: it lies among the updates.
    await set('UPDATE ledger_key SET rank = 2 WHERE recipient_id = $1', [service]);
    await set(`UPDATE pace SET recall_at = clock_timestamp() + interval '1 hour' WHERE recipient_id = $1`, [service]);
    expect((await work(ledger, service)).ended).toEqual(['held']);
    expect(await ranks(service)).toMatchObject([{ rank: 0, held: false }]);
    await set('UPDATE pace SET recall_at = clock_timestamp() WHERE recipient_id = $1', [service]);
    expect((await work(ledger, service)).ended).toEqual(['accepted']);
  });

  test('I12: opening raises a Task at once with who, what, since when and what to do; closing completes it', async () => {
    const service = await withKeys('loud', 1);
    await open(service);
    const [task] = await tasksOf(service, 'BROKER');
    expect(task).toMatchObject({ status: 'requested', statusReason: { text: 'recipient-in-trouble' } });
    const said = task?.description ?? '';
    for (const part of ['ed XLOUD', '5 deliveries in a row', 'timeout', 'since 2', '01632 960002', 'broker recipient pause svc-loud'])
      expect(said).toContain(part);
    const [told] = await tasksOf(service, 'TRUST1');
    expect(told?.description).toContain('ed XLOUD');
    expect(told?.description).not.toContain('01632');
    const ledger = worker();
    for (let each = 0; each < 300; each++) await ledger.note(service, { sign: { sign: 'answered' }, key: '' }, 'BROKER');
    expect((await paceOf(ground.database.pool, service)).isPaced).toBe(false);
    expect((await tasksOf(service, 'BROKER')).map(({ status }) => status)).toEqual(['completed']);
    expect((await tasksOf(service, 'TRUST1')).map(({ status }) => status)).toEqual(['completed']);
  }, 30_000);
});

describe('a pause', () => {
  const who = { operator: 'BROKER', caller: null };

  test('I2 in a pause a breaker that is open has nothing to wait for but recalls: nobody asks again and again', async () => {
    const { pool } = ground.database;
    const service = await withKeys('quiet', 2);
    await work(worker(), service);
    await open(service);
    await pauseRecipient(pool, { recipientId: service, reason: 'Their upgrade', recalls: false }, { operator: 'BROKER', caller: null });
    await set(`UPDATE pace SET probe_at = clock_timestamp() - interval '1 minute' WHERE recipient_id = $1`, [service]);
    expect(await ask(worker(), service)).toMatchObject({ claims: [], wait: null });
    // A recall is let through, and the next waits for its moment, whatever the probe's was.
    for (const name of ['quiet-0', 'quiet-1']) await withdraw(name);
    expect((await ask(worker(), service)).claims).toHaveLength(1);
    expect((await ask(worker(), service)).wait).toBeGreaterThan(1_000);
    expect(await due(pool)).not.toContain(service);
    await resumeRecipient(pool, service, { operator: 'BROKER', caller: null });
  });

  test('holds updates and not recalls, is on record, and is loud until it ends', async () => {
    const { pool } = ground.database;
    const service = await withKeys('paused', 3);
    const ledger = worker();
    for (const claim of await ledger.claim(service, 1))
      await reconcile(
        claim,
        wirelessPorts(ledger, () => ACCEPTED),
      );
    const state = await pauseRecipient(pool, { recipientId: service, reason: 'Their upgrade', recalls: false }, who);
    expect(state.paused).toMatchObject({ by: 'BROKER', reason: 'Their upgrade', recalls: false });
    expect((await work(ledger, service)).ended).toEqual(['held', 'held']);
    const held = (await ranks(service)).find((each) => !each.held)?.plan ?? '';
    await withdraw(held.replace('pat-', ''));
    expect((await work(ledger, service)).ended).toEqual(['accepted']);
    const [task] = await tasksOf(service, 'BROKER');
    expect(task).toMatchObject({ status: 'requested', statusReason: { text: 'recipient-paused' } });
    expect(task?.description).toContain('Their upgrade');
    expect(await due(pool)).not.toContain(service);

    expect((await resumeRecipient(pool, service, who)).paused).toBeNull();
    expect((await tasksOf(service, 'BROKER')).map(({ status }) => status)).toEqual(['completed']);
    expect(await due(pool)).toContain(service);
    expect(await nextOf(pool, service)).toMatchObject({ due: true });
    expect(await ledger.claim(service, 16)).toHaveLength(2);
    const { rows } = await set('SELECT event, because FROM audit WHERE about = $1 ORDER BY id', [`HealthcareService/${service}`]);
    expect(rows).toEqual([
      { event: 'pause', because: 'Their upgrade' },
      { event: 'resume', because: null },
    ]);
  }, 30_000);

  test('I12: one that holds recalls too says how many are owed, and says it again as they grow', async () => {
    const { pool } = ground.database;
    const service = await withKeys('hard', 2);
    const ledger = worker();
    for (const claim of await ledger.claim(service, 2))
      await reconcile(
        claim,
        wirelessPorts(ledger, () => ACCEPTED),
      );
    await withdraw('hard-0');
    const state = await pauseRecipient(pool, { recipientId: service, reason: 'They were broken into', recalls: true }, who);
    expect(state.recallsOwed).toBe(1);
    expect((await work(ledger, service)).ended).toEqual([]);
    expect(await due(pool)).not.toContain(service);
    expect((await tasksOf(service, 'BROKER'))[0]?.description).toContain('1 may be owed now');
    await withdraw('hard-1');
    await tellOfPauses(pool, 'BROKER');
    expect((await tasksOf(service, 'BROKER'))[0]).toMatchObject({
      status: 'requested',
      description: expect.stringContaining('2 may be owed now'),
    });
    expect(await paceStates(pool)).toEqual({ open: expect.any(Number), halfOpen: expect.any(Number), paused: 1, held: expect.any(Number) });
    await resumeRecipient(pool, service, who);
    expect((await ledger.claim(service, 16)).length).toBe(2);
  }, 30_000);

  test('I10: of what is no recipient nothing is paused, and nothing is on record', async () => {
    await expect(pauseRecipient(ground.database.pool, { recipientId: 'nobody', reason: 'x', recalls: false }, who)).rejects.toMatchObject({
      category: 'not-found',
    });
    expect((await set("SELECT FROM audit WHERE about = 'HealthcareService/nobody'", [])).rows).toHaveLength(0);
  });
});
