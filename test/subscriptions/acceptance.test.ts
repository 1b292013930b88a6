import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Basic, CapabilityStatement } from '@medplum/fhirtypes';
import { Webhook } from 'standardwebhooks';
import { BACKPORT, Extension, PLAN_TOPIC, Profile } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeHook, startFakeHook } from '../support/fake-hook.ts';
import { operator } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { openSubscriptions, statusIn, subscription, type Subscriptions, valueIn, type Wish } from './world.ts';

/** How a Subscription is taken, tried out, and lives (R5 Subscriptions Backport IG, R4). */

let world: Subscriptions;
let hook: FakeHook;
let police: Subscriber;
type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
beforeAll(async () => {
  world = await openSubscriptions();
  police = await world.subscriber();
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  hook = await startFakeHook();
});
afterEach(() => hook.stop());

const statusIs = (id: string, status: string, of: Subscriber = police) =>
  eventually(async () => expect((await of.read(id)).status).toBe(status), 20_000);
const active = async (of: Subscriber, wish: Wish = {}): Promise<string> => {
  const { body } = await of.subscribe(hook.address, wish).expect(201);
  await statusIs(body.id, 'active', of);
  return body.id;
};
const handshakes = () => hook.notifications().filter(({ type }) => type === 'handshake');
const set = (id: string, change: object, of: Subscriber = police) =>
  of.read(id).then((read) => world.door.put(of.caller, { ...read, ...change } as never));

describe('the server', () => {
  test('[2a.2.01] [2a.2.02] [2b.57] [2b.58] says that it has the backport, its topic, and which profile', async () => {
    const { body } = await world.door.agent.get('/fhir/metadata').expect(200);
    const statement: CapabilityStatement = body;
    const row = statement.rest?.[0]?.resource?.find(({ type }) => type === 'Subscription');
    expect(row?.supportedProfile).toContain(Profile.backportSubscription);
    expect(row?.extension).toEqual([{ url: Extension.topicCanonical, valueCanonical: PLAN_TOPIC }]);
    expect(statement.instantiates?.[0]).toMatch(/backport-subscription-server-r4$/);
    expect((row?.operation ?? []).map(({ name }) => name)).toEqual(expect.arrayContaining(['status', 'events']));
    expect(errorsOf(validate(body))).toEqual([]);
  });

  test('[2a.2.02] [2b.9] publishes its topic, and the one filter that it defines is the one that is taken', async () => {
    const { body: found } = await world.door.agent.get(`/fhir/Basic?url=${encodeURIComponent(PLAN_TOPIC)}`).expect(200);
    const topic: Basic = found.entry[0].resource;
    expect((await world.door.agent.get(`/fhir/Basic/${topic.id}`)).body).toEqual(topic);
    expect(errorsOf(validate(topic as never))).toEqual([]);
    const defined = (topic.extension ?? []).filter(({ url }) => url.endsWith('extension-SubscriptionTopic.canFilterBy'));
    const names = defined.map(({ extension = [] }) => extension.find(({ url }) => url === 'filterParameter')?.valueString);
    expect(names).toEqual(['publisher']);
    await police.subscribe(hook.address, { filters: names.map((name) => `CarePlan?${name}=TRUST1`) }).expect(201);
  });
});

describe('a creation', () => {
  test('[2a.1.1.01] [2a.1.1.02] [2a.1.1.03] [2b.125] is answered 201 with status requested and the headers echoed; every later answer hides their values', async () => {
    const { body } = await police.subscribe(hook.address, { header: ['Authorization: Bearer made-up'] }).expect(201);
    expect([body.status, body.channel.type, body.channel.header]).toEqual(['requested', 'rest-hook', ['Authorization: Bearer made-up']]);
    await statusIs(body.id, 'active');
    const later = [
      await police.ask(`Subscription/${body.id}`),
      await police.ask(`Subscription?_id=${body.id}`),
      await police.ask(`Subscription/${body.id}/_history`),
      await police.ask(`Subscription/${body.id}/$status`),
    ];
    for (const answer of later) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toContain('made-up');
    }
    expect(world.door.lines.join('\n')).not.toContain('made-up');
  });

  test('where an organisation has two services of a kind it says for which it is: that one is told of what is in its reach, and it stays so', async () => {
    const force = await world.subscriber();
    const custody = `svc-a-${force.name}`;
    await world.put(operator, body.service(custody, `org-${force.name}`, 'police'));
    const serves = (service: string) => ({
      extension: [{ url: Extension.serves, valueReference: { reference: `HealthcareService/${service}` } }],
    });
    const first = await active(force);
    const own = await force.subscribe(hook.address, { change: serves(force.service) }).expect(201);
    await statusIs(own.body.id, 'active', force);
    await force.plan();
    const told = async (id: string) =>
      valueIn(statusIn((await force.ask(`Subscription/${id}/$status`)).body), 'events-since-subscription-start');
    await eventually(async () => expect(await told(own.body.id)).toBe('1'), 20_000);
    expect(await told(first)).toBe('0');
    for (const [change, status] of [
      [serves(police.service), 422],
      [serves('nobody'), 422],
      [{ extension: [{ url: Extension.serves, valueReference: { display: 'a service' } }] }, 422],
    ] as const) {
      const answer = await force.subscribe(hook.address, { change });
      expect([answer.status, answer.body.issue?.[0]?.expression]).toEqual([status, [expect.stringContaining('Subscription.extension')]]);
    }
    const moved = await set(own.body.id, { status: 'requested', ...serves(custody) }, force);
    expect([moved.status, moved.body.issue?.[0]?.expression]).toEqual([409, [expect.stringContaining('Subscription.extension')]]);
  }, 60_000);

  const wrong: readonly (readonly [string, Wish, string])[] = [
    ['[2a.6.02] [2b.74] a topic that is none', { change: { criteria: 'https://elsewhere.example/topic' } }, 'Subscription.criteria'],
    [
      '[2a.6.03] [2b.63] a filter that the topic does not define',
      { filters: ['Encounter?patient=x'] },
      'Subscription.criteria.extension[0].value',
    ],
    ['[2b.136] a filter by whom a plan is about', { filters: ['CarePlan?patient=9990000018'] }, 'Subscription.criteria.extension[0].value'],
    ['[2a.6.07] [2b.66] more content than police may have', { content: 'full-resource' }, 'Subscription.channel.payload'],
    ['a content that is none', { content: 'everything' }, 'Subscription.channel.payload'],
    [
      '[2a.6.01] [2b.86] an element of R5 by a cross-version extension',
      {
        change: {
          extension: [{ url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.content', valueCode: 'id-only' }],
        },
      },
      'Subscription.extension[0]',
    ],
    [
      '[2b.59] [2b.60] a channel of its own',
      {
        change: {
          channel: {
            ...subscription('https://a.example/').channel,
            _type: {
              extension: [{ url: `${BACKPORT}backport-channel-type`, valueCoding: { system: 'https://a.example', code: 'zulip' } }],
            },
          },
        },
      },
      'Subscription.channel.type',
    ],
    [
      '[2a.6.04] another channel',
      { change: { channel: { ...subscription('https://a.example/').channel, type: 'sms' } } },
      'Subscription.channel.type',
    ],
    [
      '[2a.6.06] [2b.90] a payload of another FHIR',
      { change: { channel: { ...subscription('https://a.example/').channel, payload: 'application/fhir+json; fhirVersion=5.0' } } },
      'Subscription.channel',
    ],
    [
      '[2a.6.05] an address that is none',
      { change: { channel: { ...subscription('not-an-address').channel } } },
      'Subscription.channel.endpoint',
    ],
    [
      '[2b.ssrf] a private address',
      { change: { channel: { ...subscription('https://10.0.0.7/hook').channel } } },
      'Subscription.channel.endpoint',
    ],
    [
      '[2b.ssrf] a link-local address',
      { change: { channel: { ...subscription('https://169.254.169.254/latest').channel } } },
      'Subscription.channel.endpoint',
    ],
    [
      '[2b.32] plain HTTP to the world',
      { change: { channel: { ...subscription('http://93.184.216.34/').channel } } },
      'Subscription.channel.endpoint',
    ],
    [
      'a heartbeat of no time',
      { channel: [{ url: Extension.backportHeartbeatPeriod, valueUnsignedInt: 0 }] },
      'Subscription.channel.extension[0].value',
    ],
    [
      'a timeout of an hour',
      { channel: [{ url: Extension.backportTimeout, valueUnsignedInt: 3600 }] },
      'Subscription.channel.extension[0].value',
    ],
    [
      'an extension of the backport that is not read',
      { channel: [{ url: `${BACKPORT}backport-unheard-of`, valueCode: 'x' }] },
      'Subscription.channel.extension[0]',
    ],
    ['a status of its own', { change: { status: 'active' } }, 'Subscription.status'],
  ];
  test.each(wrong)('I10 %s is refused, with the place, and stores nothing', async (_what, wish, place) => {
    const before = await world.door.stored();
    const { status, body } = await police.subscribe(hook.address, wish);
    expect([
      status >= 400 && status < 500,
      (body.issue ?? []).flatMap(({ expression }: { expression?: string[] }) => expression ?? []),
    ]).toEqual([true, expect.arrayContaining([expect.stringContaining(place)])]);
    expect(await world.door.stored()).toBe(before);
  });

  test('[2b.95] [2b.9] several filters are all to be true, in either spelling; only plans of those publishers are told of', async () => {
    const one = await world.subscriber();
    await one.plan();
    const none = await active(one, { filters: ['CarePlan?publisher=TRUST1,TRUST9', 'publisher=TRUST9'] });
    const some = await one.subscribe(hook.address, { filters: ['publisher=TRUST1', 'CarePlan?publisher=TRUST9,TRUST1'] }).expect(201);
    await eventually(() => expect(hook.events().map(({ bytes }) => JSON.parse(bytes).entry[0].request.url)).toHaveLength(1));
    const [event] = hook.events();
    expect(event?.bytes).toContain(`Subscription/${some.body.id}/$status`);
    // What it was not told of it may read all the same; and that leaves nothing to take back there.
    await world.door.get(one.caller, `/fhir/${event?.focus}`).expect(200);
    const { body } = await one.ask(`Subscription/${none}/$status`);
    expect(JSON.stringify(body)).toContain('"events-since-subscription-start","valueString":"0"');
  });

  test('[2b.129] [2b.130] [2b.124] [2b.126] [2b.127] [2b.128] is read, found by url and by status, updated and deleted by its owner alone', async () => {
    const [mine, theirs] = [await world.subscriber(), await world.subscriber()];
    const id = await active(mine);
    const found = async (of: Subscriber, query: string) => (await of.ask(`Subscription?${query}`)).body.total;
    expect(await found(mine, `url=${encodeURIComponent(hook.address)}`)).toBe(1);
    expect(await found(mine, 'status=active')).toBe(1);
    expect(await found(mine, 'status=off')).toBe(0);
    expect(await found(theirs, `url=${encodeURIComponent(hook.address)}`)).toBe(0);
    expect((await theirs.ask(`Subscription/${id}`)).status).toBe(404);
    await world.door.put(mine.caller, { ...(await mine.read(id)), reason: 'Another reason' } as never).expect(200);
    await world.door.as(world.door.agent.delete(`/fhir/Subscription/${id}`), theirs.caller).expect(404);
    await world.door.as(world.door.agent.delete(`/fhir/Subscription/${id}`), mine.caller).expect(204);
    // What it was told there is still to be taken back: its row stays, and is off.
    expect((await mine.read(id)).status).toBe('off');
  });
});

describe('its life', () => {
  test('[2a.4.01] [2b.29] [2b.30] every one gets a handshake with status requested, and is active only after a 2xx', async () => {
    hook.behave({ how: 'answer-late', delayMs: 400 });
    const { body } = await police.subscribe(hook.address).expect(201);
    expect((await police.read(body.id)).status).toBe('requested');
    await statusIs(body.id, 'active');
    expect(handshakes().map(({ status, eventsSinceStart }) => [status, eventsSinceStart])).toEqual([['requested', '0']]);
  });

  const why = async (id: string, { caller }: Subscriber) => {
    const { body } = await world.door.get(caller, `/fhir/Subscription/${id}/$status`);
    const told = body.entry[0].resource.parameter.find(({ name }: { name: string }) => name === 'error');
    return told?.valueCodeableConcept.text;
  };

  test.each([
    ['refuse', /^handshake: http-4\d\d$/],
    ['busy', /^handshake: http-/],
    ['stall', /^handshake: timeout$/],
  ] as const)(
    '[2b.21] [2b.31] a handshake that is answered by %s makes it an error that says why, and no event is sent before it is active',
    async (how, because) => {
      const one = await world.subscriber();
      await one.plan();
      hook.behave({ how });
      const { body } = await one.subscribe(hook.address).expect(201);
      await statusIs(body.id, 'error', one);
      expect((await one.read(body.id)).error).toMatch(because);
      expect(await why(body.id, one)).toMatch(because);
      hook.behave({ how: 'normal' });
      expect(hook.events()).toEqual([]);
    },
  );

  test('[2b.21] a handshake that TLS does not let through makes it an error', async () => {
    const { body } = await police.subscribe(hook.address.replace('http:', 'https:')).expect(201);
    await statusIs(body.id, 'error');
    expect(hook.notifications()).toEqual([]);
  });

  test('[2b.81] [2b.82] an error is led out of by its owner alone, over another handshake; what changed meanwhile is told then', async () => {
    const one = await world.subscriber();
    const id = await active(one);
    hook.behave({ how: 'refuse' });
    const plan = await one.plan();
    await statusIs(id, 'error', one);
    hook.behave({ how: 'normal' });
    // Neither the clock nor anything that happens to the plan heals it.
    await plan.approve(undefined, 'Sit down first');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([(await one.read(id)).status, hook.events()]).toEqual(['error', []]);
    expect(await why(id, one)).toMatch(/^notification: http-4\d\d$/);
    const before = handshakes().length;
    await (await set(id, { status: 'requested' }, one)).status;
    await statusIs(id, 'active', one);
    expect([await why(id, one), (await one.read(id)).error]).toEqual([undefined, undefined]);
    expect(handshakes()).toHaveLength(before + 1);
    await eventually(() => expect(hook.events()).toHaveLength(1));
    // What came due meanwhile has had its numbers; they are asked for by `$events`.
    expect(Number(hook.events()[0]?.eventNumber)).toBeGreaterThan(1);
  }, 40_000);

  test('[2b.off] its end switches it off: nothing is told any more', async () => {
    const one = await world.subscriber();
    const { body } = await one.subscribe(hook.address, { change: { end: new Date(Date.now() + 1_500).toISOString() } }).expect(201);
    await statusIs(body.id, 'active', one);
    await statusIs(body.id, 'off', one);
    await one.plan();
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(hook.events()).toEqual([]);
  });

  test('[2b.97] a notification without an answer has failed after its own timeout', async () => {
    const one = await world.subscriber();
    const { body } = await one.subscribe(hook.address, { channel: [{ url: Extension.backportTimeout, valueUnsignedInt: 1 }] }).expect(201);
    await statusIs(body.id, 'active', one);
    const { pool } = world.engine.database;
    const { rows: asked } = await pool.query(`SELECT facts->'asks'->'timeout' AS ms FROM destination WHERE id = $1`, [body.id]);
    expect(asked).toEqual([{ ms: 1_000 }]);
    // A second is the least that can be asked for, and this broker itself waits no longer: what was asked for is less here.
    await pool.query(`UPDATE destination SET facts = jsonb_set(facts, '{asks,timeout}', '250') WHERE id = $1`, [body.id]);
    hook.behave({ how: 'stall', times: 1 });
    await one.plan();
    await eventually(() => expect(hook.events()).toHaveLength(1), 20_000);
    const { rows } = await world.engine.database.pool.query(
      `SELECT d.outcome, extract(epoch FROM d.settled_at - d.begun_at) AS took FROM delivery d JOIN ledger_key k ON k.id = d.key_id
        WHERE k.destination_id = $1 ORDER BY d.serial`,
      [body.id],
    );
    expect(rows[0]).toMatchObject({ outcome: 'unknown' });
    expect(Number(rows[0].took)).toBeGreaterThan(0.2);
    expect(Number(rows[0].took)).toBeLessThan(0.8);
  });

  test('[2a.4.02] [2b.93] [2b.94] [2b.80] a heartbeat comes when nothing was told for its period, and never without one; it counts no event', async () => {
    const one = await world.subscriber();
    const id = await active(one, { channel: [{ url: Extension.backportHeartbeatPeriod, valueUnsignedInt: 10 }] });
    const quiet = await active(one);
    // Ten seconds are the least: the clock of what was told is put back instead.
    await world.engine.database.pool.query(`UPDATE destination SET told_at = clock_timestamp() - interval '11 s' WHERE id = ANY($1)`, [
      [id, quiet],
    ]);
    const beats = () => hook.notifications().filter(({ type }) => type === 'heartbeat');
    await eventually(() => expect(beats()).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(beats().map(({ status, eventsSinceStart, bytes }) => [status, eventsSinceStart, bytes.includes(id)])).toEqual([
      ['active', '0', true],
    ]);
  });

  test('I2 [2b.delete] deleting it leaves the duty to recall: who was told hears of the withdrawal as a Task', async () => {
    const one = await world.subscriber();
    const id = await active(one);
    const plan = await one.plan();
    await eventually(() => expect(hook.events()).toHaveLength(1));
    await world.door.get(one.caller, `/fhir/${hook.events()[0]?.focus}`).expect(200);
    await world.door.as(world.door.agent.delete(`/fhir/Subscription/${id}`), one.caller).expect(204);
    await plan.revoke();
    const { rows } = await eventually(async () => {
      const found = await world.engine.database.pool.query(
        `SELECT k.state->'copies' AS copies FROM ledger_key k WHERE k.destination_id = $1 AND jsonb_array_length(k.state->'copies') > 0`,
        [id],
      );
      if (found.rows.length === 0) throw new Error('nothing is believed to lie there');
      return found;
    });
    expect(rows).toHaveLength(1);
    await eventually(async () => {
      const { body } = await one.ask('Task?status=requested');
      expect(body.total).toBeGreaterThan(0);
    }, 20_000);
  }, 40_000);
});

describe('signatures in the way of Standard Webhooks', () => {
  const rotate = async (of: Subscriber, id: string): Promise<string> =>
    (await world.door.post(of.caller, `/fhir/Subscription/${id}/$rotate-secret`, { resourceType: 'Parameters' }).expect(200)).body
      .parameter[0].valueString;
  const byHand = (
    secret: string,
    { headers, bytes }: { readonly headers: Readonly<Record<string, string>>; readonly bytes: string },
  ): string =>
    `v1,${createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
      .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${bytes}`)
      .digest('base64')}`;

  test('[2b.signature] each body is signed by both secrets while one is changed for another; a retry has the same id', async () => {
    const one = await world.subscriber();
    const id = await active(one);
    expect(handshakes()[0]?.headers['webhook-signature']).toBeUndefined();
    const first = await rotate(one, id);
    hook.behave({ how: 'lose-answer', times: 1 });
    const plan = await one.plan();
    const twice = await eventually(() => {
      const found = hook.notifications().filter(({ eventNumber }) => eventNumber === '1');
      if (found.length < 2) throw new Error('not yet');
      return found;
    });
    expect(new Set(twice.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const { headers, bytes } of twice) new Webhook(first).verify(bytes, { ...headers });
    const second = await rotate(one, id);
    await plan.approve(undefined, 'Sit down first');
    const next = await eventually(() => {
      const found = hook.events().find(({ eventNumber }) => eventNumber === '2');
      if (found === undefined) throw new Error('not yet');
      return found;
    });
    for (const secret of [first, second]) new Webhook(secret).verify(next.bytes, { ...next.headers });
    expect(next.headers['webhook-signature']?.split(' ').sort()).toEqual([byHand(first, next), byHand(second, next)].sort());
    expect(() => new Webhook(second).verify(next.bytes.replace('PUT', 'DELETE'), { ...next.headers })).toThrow();
    const third = await rotate(one, id);
    await plan.approve(undefined, 'Speak low');
    const last = await eventually(() => {
      const found = hook.events().find(({ eventNumber }) => eventNumber === '3');
      if (found === undefined) throw new Error('not yet');
      return found;
    });
    expect(() => new Webhook(first).verify(last.bytes, { ...last.headers })).toThrow();
    for (const secret of [second, third]) new Webhook(secret).verify(last.bytes, { ...last.headers });
    // It is told once, and lies nowhere as it is.
    const shown = JSON.stringify([await one.read(id), (await one.ask(`Subscription/${id}/_history`)).body]);
    const { rows } = await world.engine.database.pool.query('SELECT sealed FROM subscription_secret');
    for (const secret of [first, second, third])
      expect([shown, JSON.stringify(rows), ...world.door.lines].join('\n')).not.toContain(secret.slice(6));
  }, 30_000);
});
