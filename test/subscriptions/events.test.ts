import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bundle, CarePlan } from '@medplum/fhirtypes';
import { PLAN_TOPIC, Profile } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeHook, startFakeHook } from '../support/fake-hook.ts';
import { eventsIn, numbersIn, openSubscriptions, partOf, type Subscriptions, statusIn, valueIn } from './world.ts';

/** What a subscriber is told, and asks for afterwards (R5 Subscriptions Backport IG, R4). */

let world: Subscriptions;
let hook: FakeHook;
const PUBLIC_URL = 'https://broker.example';
beforeAll(async () => {
  world = await openSubscriptions({}, { PUBLIC_URL });
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  hook = await startFakeHook();
});
afterEach(() => hook.stop());

type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
const active = async (subscriber: Subscriber, wish: Parameters<Subscriber['subscribe']>[1] = {}): Promise<string> => {
  const { body } = await subscriber.subscribe(hook.address, wish).expect(201);
  await eventually(async () => expect((await subscriber.read(body.id)).status).toBe('active'));
  return body.id;
};
const sent = (): readonly Bundle[] => hook.events().map(({ bytes }) => JSON.parse(bytes));
const told = (count: number): Promise<readonly Bundle[]> =>
  eventually(() => {
    if (sent().length < count) throw new Error('not told yet');
    return sent();
  });
const statusOf = async (subscriber: Subscriber, id: string) => {
  const { status, body } = await subscriber.ask(`Subscription/${id}/$status`);
  expect(status).toBe(200);
  return statusOfEntry(body, 0);
};
const statusOfEntry = (bundle: Bundle, at: number) => {
  const resource = bundle.entry?.[at]?.resource;
  if (resource?.resourceType !== 'Parameters') throw new Error('no status');
  return {
    id: String((valueIn(resource, 'subscription') as { reference: string }).reference.split('/').pop()),
    status: valueIn(resource, 'status'),
    type: valueIn(resource, 'type'),
    events: valueIn(resource, 'events-since-subscription-start'),
  };
};

describe('a notification', () => {
  test('[2a.1.2.01] [2a.1.2.02] [2b.entries] is a history Bundle: the status first, every entry with request and response, sent with the headers that were asked for', async () => {
    const police = await world.subscriber();
    const id = await active(police, { header: ['Authorization: Bearer made-up'] });
    const plan = await police.plan();
    await told(1);
    await plan.approve(undefined, 'Speak very slowly please');
    const [first, second] = await told(2);
    expect(hook.events().map(({ headers }) => [headers['authorization'], headers['content-type']])).toEqual(
      Array.from({ length: 2 }, () => ['Bearer made-up', 'application/fhir+json']),
    );
    for (const bundle of [first, second] as Bundle[]) {
      expect([bundle.type, (bundle.entry ?? []).every(({ request, response }) => request !== undefined && response !== undefined)]).toEqual(
        ['history', true],
      );
      expect(bundle.entry?.[0]).toMatchObject({ fullUrl: expect.stringMatching(/^urn:uuid:/), request: { method: 'GET' } });
      expect(bundle.entry?.[0]?.request?.url).toMatch(new RegExp(`Subscription/${id}/\\$status$`));
      expect(statusIn(bundle).meta?.profile).toEqual([Profile.subscriptionStatus]);
      expect([valueIn(statusIn(bundle), 'type'), valueIn(statusIn(bundle), 'status')]).toEqual(['event-notification', 'active']);
      expect(errorsOf(validate(bundle))).toEqual([]);
    }
    // Two that were alike to the letter would be taken for one.
    expect(new Set([first?.id, second?.id, statusIn(first as Bundle).id, statusIn(second as Bundle).id]).size).toBe(2);
  });

  test('[2a.3.1.2.03] [2b.99] empty: an event without focus, topic and entries', async () => {
    const police = await world.subscriber();
    await active(police, { content: 'empty' });
    await police.plan();
    const [bundle] = await told(1);
    expect(bundle?.entry).toHaveLength(1);
    const [event] = eventsIn(bundle as Bundle);
    expect((event?.part ?? []).map(({ name }) => name)).toEqual(['event-number', 'timestamp']);
    expect(valueIn(statusIn(bundle as Bundle), 'topic')).toBeUndefined();
  });

  test('[2a.3.2.2.03] [2b.100] id-only: a focus, and an entry with its address and no resource', async () => {
    const police = await world.subscriber();
    await active(police);
    await police.plan();
    const [bundle] = await told(1);
    const focus = partOf(eventsIn(bundle as Bundle)[0] ?? { name: '' }, 'focus') as { reference: string };
    expect(bundle?.entry?.slice(1).map(({ resource, fullUrl }) => [resource, fullUrl?.endsWith(focus.reference)])).toEqual([
      [undefined, true],
    ]);
    expect(JSON.stringify(bundle)).not.toMatch(/Speak slowly|999\d{7}|Testperson/);
  });

  test('[2a.3.3.2.03] [2b.101] [2b.focus] full-resource, for a kind that may: focus and context resolve to valid entries, as a read shows them; a recall is a tombstone', async () => {
    const ed = await world.subscriber('ed');
    const id = await active(ed, { content: 'full-resource' });
    const plan = await ed.plan();
    const [bundle] = await told(1);
    expect(valueIn(statusIn(bundle as Bundle), 'topic')).toBe(PLAN_TOPIC);
    const [event] = eventsIn(bundle as Bundle);
    const named = (event?.part ?? []).flatMap(({ valueReference }) => valueReference?.reference ?? []);
    expect(named.map((reference) => reference.split('/')[0])).toEqual(['CarePlan', 'Composition', 'Patient']);
    for (const reference of named) {
      const entry = (bundle?.entry ?? []).find(({ fullUrl }) => fullUrl?.endsWith(`/fhir/${reference}`));
      const type = reference.split('/')[0];
      expect(errorsOf(validate(entry?.resource, { profile: `http://hl7.org/fhir/StructureDefinition/${type}` }))).toEqual([]);
      const { body } = await world.door.get(ed.caller, `/fhir/${reference}`).expect(200);
      expect(entry?.resource).toMatchObject({ id: body.id, meta: { versionId: body.meta.versionId } });
    }
    expect(JSON.stringify(bundle)).toContain('Speak slowly please');
    await plan.revoke();
    const [, gone] = await told(2);
    const left = gone?.entry?.[1];
    expect([gone?.entry?.length, left?.request?.method]).toEqual([2, 'PUT']);
    expect(left?.resource).toEqual({
      resourceType: 'CarePlan',
      id: named[0]?.split('/')[1],
      status: 'revoked',
      intent: 'plan',
      subject: expect.anything(),
    });
    expect(JSON.stringify(gone)).not.toMatch(/Speak slowly|999\d{7}|Testperson|consent/i);
    expect(numbersIn((await ed.ask(`Subscription/${id}/$events`)).body)).toEqual(['1', '2']);
  });

  test('[2b.102] [2b.103] I3 numbers are strings and strictly sequential, inclusive of the event itself; a retry keeps its number, and a handshake has none', async () => {
    const police = await world.subscriber();
    const id = await active(police);
    hook.behave({ how: 'lose-answer', times: 1 });
    const plan = await police.plan();
    await eventually(() => expect(hook.notifications().filter(({ eventNumber }) => eventNumber === '1')).toHaveLength(2));
    for (const words of ['Sit down first', 'Speak low', 'Say your name']) {
      const before = sent().length;
      await plan.approve(undefined, words);
      await told(before + 1);
    }
    await plan.revoke();
    await told(5);
    expect(sent().flatMap(numbersIn)).toEqual(['1', '2', '3', '4', '5']);
    expect(sent().map((bundle) => valueIn(statusIn(bundle), 'events-since-subscription-start'))).toEqual(['1', '2', '3', '4', '5']);
    // The first came twice, under one number and one id.
    const first = hook.notifications().filter(({ eventNumber }) => eventNumber === '1');
    expect([first.length, new Set(first.map(({ id: bundle }) => bundle)).size]).toEqual([2, 1]);
    expect(
      hook
        .notifications()
        .filter(({ type }) => type === 'handshake')
        .map(({ eventsSinceStart }) => eventsSinceStart),
    ).toEqual(['0']);
    expect(await statusOf(police, id)).toMatchObject({ events: '5' });
  }, 30_000);

  test('names the Subscription and the plan at the address where the broker is reached', async () => {
    const police = await world.subscriber();
    const id = await active(police);
    await police.plan();
    const [bundle] = await told(1);
    const handshake = JSON.parse(hook.notifications()[0]?.bytes ?? '{}');
    for (const each of [bundle as Bundle, handshake])
      expect(valueIn(statusIn(each), 'subscription')).toEqual({ reference: `${PUBLIC_URL}/fhir/Subscription/${id}` });
    expect(bundle?.entry?.[1]?.fullUrl).toBe(`${PUBLIC_URL}/fhir/${hook.events()[0]?.focus}`);
  });

  test('[2b.98] never tells of more plans at once than maxCount: each notification is of one', async () => {
    const police = await world.subscriber();
    await active(police, {
      channel: [{ url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-max-count', valuePositiveInt: 1 }],
    });
    await Promise.all([police.plan(), police.plan(), police.plan()]);
    const bundles = await told(3);
    expect(bundles.map((bundle) => eventsIn(bundle).length)).toEqual([1, 1, 1]);
  });

  test('[2b.safety] a subscriber that was never told of a plan is told of no loss of it', async () => {
    const police = await world.subscriber();
    const plan = await police.plan();
    await plan.revoke();
    await active(police);
    const other = await police.plan();
    await told(1);
    await other.revoke();
    await told(2);
    expect(sent().flatMap(numbersIn)).toEqual(['1', '2']);
    expect(new Set(hook.events().map(({ focus }) => focus)).size).toBe(1);
  });

  test('[2b.new] I3 a new Subscription is told what it should hold, and each of two keeps its own numbers', async () => {
    const police = await world.subscriber();
    await Promise.all([police.plan(), police.plan()]);
    const id = await active(police);
    await told(2);
    const second = await startFakeHook();
    try {
      const { body } = await police.subscribe(second.address).expect(201);
      await eventually(() => expect(second.events().map(({ eventNumber }) => eventNumber)).toEqual(['1', '2']));
      const { body: all } = await police.ask('Subscription/$status');
      expect((all.entry ?? []).map((_, at) => statusOfEntry(all, at).id).sort()).toEqual([id, body.id].sort());
    } finally {
      await second.stop();
    }
  });
});

describe('$status', () => {
  test('[2a.5.01] [2b.106] of one: a searchset with its status, which takes no notice of id and status', async () => {
    const police = await world.subscriber();
    const id = await active(police);
    const { body } = await police.ask(`Subscription/${id}/$status?id=another&status=off`);
    expect([body.type, body.entry?.length, body.entry?.[0]?.search?.mode]).toEqual(['searchset', 1, 'match']);
    expect(statusOfEntry(body, 0)).toEqual({ id, status: 'active', type: 'query-status', events: '0' });
    expect(errorsOf(validate(body))).toEqual([]);
    const posted = await world.door.post(police.caller, `/fhir/Subscription/${id}/$status`, { resourceType: 'Parameters' });
    expect(statusOfEntry(posted.body, 0)).toEqual(statusOfEntry(body, 0));
  });

  test('[2b.107] [2b.108] of the type: several ids, or several statuses; none is all that are the caller’s', async () => {
    const police = await world.subscriber();
    const [one, two] = [await active(police), await active(police)];
    await world.door.put(police.caller, { ...(await police.read(two)), status: 'off' } as never).expect(200);
    const ids = async (query: string): Promise<readonly unknown[]> => {
      const { body } = await police.ask(`Subscription/$status${query}`);
      return (body.entry ?? []).map((_, at) => statusOfEntry(body, at).id).sort();
    };
    expect(await ids('')).toEqual([one, two].sort());
    expect(await ids(`?id=${one}`)).toEqual([one]);
    expect(await ids(`?id=${one}&id=${two}`)).toEqual([one, two].sort());
    expect(await ids('?status=off')).toEqual([two]);
    expect(await ids('?status=off&status=active')).toEqual([one, two].sort());
    expect(await ids(`?id=${one}&status=off`)).toEqual([]);
    const posted = await world.door.post(police.caller, '/fhir/Subscription/$status', {
      resourceType: 'Parameters',
      parameter: [{ name: 'id', valueId: two }],
    });
    expect(statusOfEntry(posted.body, 0).id).toBe(two);
  });

  test('[2b.112] I6 what is another’s is not there, by id and among all', async () => {
    const [mine, theirs] = [await world.subscriber(), await world.subscriber()];
    const id = await active(theirs);
    expect((await mine.ask(`Subscription/${id}/$status`)).status).toBe(404);
    expect((await mine.ask(`Subscription/$status?id=${id}`)).body.total).toBe(0);
    expect((await mine.ask(`Subscription/${id}/$events`)).status).toBe(404);
  });

  test('[2b.78] [2b.79] answers in error, which a subscriber that does not answer comes to', async () => {
    const police = await world.subscriber();
    const id = await active(police);
    hook.behave({ how: 'refuse' });
    await police.plan();
    await eventually(async () => expect(await statusOf(police, id)).toMatchObject({ status: 'error', type: 'query-status' }), 30_000);
  }, 40_000);
});

test('what goes wrong at the broker itself is no fault of the subscriber’s: it stays active, and is told when that is put right', async () => {
  const police = await world.subscriber();
  const id = await active(police);
  const { pool } = world.engine.database;
  // As if its address had been mixed up with another: nothing is written to any.
  await pool.query(
    `INSERT INTO endpoint_credential (destination_id, address, recipient_id, version, shown, sealed, standing)
     VALUES ($1, 'https://elsewhere.example/', 'another', gen_random_uuid(), '{}', '', 'in-use')`,
    [id],
  );
  await police.plan();
  const stopped = `SELECT FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.destination_id = $1 AND d.because = 'misaddressed'`;
  await eventually(async () => expect((await pool.query(stopped, [id])).rowCount).toBeGreaterThan(6), 20_000);
  expect((await police.read(id)).status).toBe('active');
  await pool.query('DELETE FROM endpoint_credential WHERE destination_id = $1', [id]);
  expect(numbersIn((await told(1))[0] as Bundle)).toEqual(['1']);
}, 40_000);

describe('$events', () => {
  test('[2b.115] [2b.118] [2b.119] by number, both ends included: a history Bundle with the status first, and no more of a plan than was asked for', async () => {
    const police = await world.subscriber();
    const id = await active(police);
    for (let count = 1; count <= 3; count++) {
      await police.plan();
      await told(count);
    }
    const { body } = await police.ask(`Subscription/${id}/$events?eventsSinceNumber=2&eventsUntilNumber=3`);
    expect([body.type, valueIn(statusIn(body), 'type'), numbersIn(body)]).toEqual(['history', 'query-event', ['2', '3']]);
    expect(body.entry?.slice(1).map(({ request, resource }) => [request?.method, resource])).toEqual([
      ['PUT', undefined],
      ['PUT', undefined],
    ]);
    expect(errorsOf(validate(body))).toEqual([]);
    expect((await police.ask(`Subscription/${id}/$events?content=empty`)).body.entry).toHaveLength(1);
    // Content is a hint: no more than the Subscription has.
    expect(JSON.stringify((await police.ask(`Subscription/${id}/$events?content=full-resource`)).body)).not.toContain('Speak slowly');
    expect(numbersIn((await police.ask(`Subscription/${id}/$events?eventsSinceNumber=9`)).body)).toEqual([]);
    for (const wrong of ['eventsSinceNumber=x', 'eventsSinceNumber=1&eventsSinceNumber=2', 'content=all', 'since=1'])
      expect((await police.ask(`Subscription/${id}/$events?${wrong}`)).status).toBe(400);
  }, 30_000);

  test('I1 I4 I7 decides anew at the read: what was recalled since comes back without anything of it, and each look is on record', async () => {
    const ed = await world.subscriber('ed');
    const id = await active(ed, { content: 'full-resource' });
    const plan = await ed.plan();
    await told(1);
    const full = (await ed.ask(`Subscription/${id}/$events`)).body;
    expect(JSON.stringify(full)).toContain('Speak slowly please');
    await plan.revoke();
    const { body } = await ed.ask(`Subscription/${id}/$events?eventsUntilNumber=1`);
    expect(numbersIn(body)).toEqual(['1']);
    expect(body.entry?.slice(1).map(({ request, resource }) => [request?.method, (resource as CarePlan).status])).toEqual([
      ['PUT', 'revoked'],
    ]);
    expect(JSON.stringify(body)).not.toMatch(/Speak slowly|999\d{7}|Testperson|consent/i);
    const { rows } = await world.engine.database.pool.query(
      `SELECT because FROM audit WHERE organization = $1 AND event = 'read' ORDER BY id DESC LIMIT 2`,
      [ed.caller.ods],
    );
    expect(rows).toEqual([{ because: 'no-consent' }, { because: null }]);
  });
});
