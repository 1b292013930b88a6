import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { eventually } from '../support/eventually.ts';
import { policeSubscription } from '../support/police-program.ts';
import { bundleOf, numbersTold, openToldWorld, statusIn, type Subscriber, type ToldWorld } from './told-world.ts';

let world: ToldWorld;
let force: Subscriber;
let other: Subscriber;

beforeAll(async () => {
  world = await openToldWorld();
  force = await world.subscriber('force', 'police');
  other = await world.subscriber('other', 'police');
  await world.subscribe(force, 'sub-a');
  await world.subscribe(force, 'sub-empty', 'empty');
  await world.subscribe(other, 'sub-b');
  for (const name of ['one', 'two', 'three']) {
    await world.plan(name, [force.service, other.service], ['police']);
    await eventually(async () => expect((await world.sql(`SELECT FROM destination WHERE events > 0`)).rowCount).toBe(3));
  }
  await eventually(async () => {
    const { rows } = await world.sql('SELECT id, events FROM destination WHERE events > 0 ORDER BY id');
    expect(rows).toEqual(['sub-a', 'sub-b', 'sub-empty'].map((id) => ({ id, events: '3' })));
  });
}, 60_000);
afterAll(() => world?.close());

const statuses = (bundle: Bundle) =>
  (bundle.entry ?? []).map((entry) => statusIn({ resourceType: 'Bundle', type: 'searchset', entry: [entry] }));
const idsIn = (bundle: Bundle): readonly string[] => statuses(bundle).map(({ subscription }) => subscription?.split('/').at(-1) ?? '');
const events = async (query: string, id = 'sub-a', who = force) => {
  const { status, body } = await world.ask(who.caller, `Subscription/${id}/$events${query}`);
  expect(status).toBe(200);
  return { body: body as Bundle, ...statusIn(body as Bundle) };
};
const numbers = async (query: string): Promise<readonly (string | undefined)[]> => (await events(query)).events.map(({ number }) => number);

describe('$status', () => {
  test('[2a.5.01] [2b.106] of one Subscription is a searchset with its status as the profile has it, and looks at no id and no status', async () => {
    for (const query of ['', '?id=sub-b', '?status=off']) {
      const { status, body } = await world.ask(force.caller, `Subscription/sub-a/$status${query}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 });
      expect(errorsOf(validate(body))).toEqual([]);
      expect(body.entry[0].resource).toMatchObject({ resourceType: 'Parameters', meta: { profile: [Profile.subscriptionStatus] } });
      expect(statuses(body)).toEqual([
        expect.objectContaining({
          type: 'query-status',
          status: 'active',
          sinceStart: '3',
          events: [],
          subscription: `${world.door.origin}/fhir/Subscription/sub-a`,
        }),
      ]);
    }
    const posted = await world.post(force.caller, 'Subscription/sub-a/$status', [{ name: 'id', valueId: 'sub-b' }]);
    expect(idsIn(posted.body)).toEqual(['sub-a']);
  });

  test('[2b.107] of the type: repeated id and repeated status are any of them, and none is every one of the caller’s', async () => {
    const asked = async (query: string) => idsIn((await world.ask(force.caller, `Subscription/$status${query}`)).body);
    expect(await asked('')).toEqual(['sub-a', 'sub-empty']);
    expect(await asked('?id=sub-a')).toEqual(['sub-a']);
    expect(await asked('?id=sub-a&id=sub-empty')).toEqual(['sub-a', 'sub-empty']);
    expect(await asked('?status=active&status=off')).toEqual(['sub-a', 'sub-empty']);
    expect(await asked('?status=error')).toEqual([]);
    const posted = await world.post(force.caller, 'Subscription/$status', [
      { name: 'id', valueId: 'sub-empty' },
      { name: 'status', valueCode: 'active' },
    ]);
    expect(idsIn(posted.body)).toEqual(['sub-empty']);
  });

  test('[2b.112] I6: another’s Subscription and none at all are the same nothing', async () => {
    const ofType = await Promise.all(['sub-b', 'nowhere'].map((id) => world.ask(force.caller, `Subscription/$status?id=${id}`)));
    expect(ofType.map(({ status, body }) => [status, body.total, body.entry])).toEqual([
      [200, 0, undefined],
      [200, 0, undefined],
    ]);
    for (const operation of ['$status', '$events']) {
      const [foreign, absent] = await Promise.all(
        ['sub-b', 'nowhere'].map((id) => world.ask(force.caller, `Subscription/${id}/${operation}`)),
      );
      expect(foreign?.status).toBe(404);
      expect(foreign?.body).toEqual(absent?.body);
    }
  });

  test('I10: what is no parameter, no status and no number is refused where it stands', async () => {
    for (const [path, place] of [
      ['Subscription/$status?status=asleep', 'status'],
      ['Subscription/$status?colour=red', 'colour'],
      ['Subscription/sub-a/$events?eventsSinceNumber=-1', 'eventsSinceNumber'],
      ['Subscription/sub-a/$events?eventsSinceNumber=1&eventsSinceNumber=2', 'eventsSinceNumber'],
      ['Subscription/sub-a/$events?content=everything', 'content'],
    ] as const) {
      const { status, body } = await world.ask(force.caller, path);
      expect(status).toBe(400);
      expect(JSON.stringify(body)).toContain(place);
    }
    for (const id of ['%00', '%ED%A0%80', "'", 'x'.repeat(500)]) {
      const { status, body } = await world.ask(force.caller, `Subscription/$status?id=${id}`);
      expect([status, body.total ?? 0]).toEqual([expect.any(Number), 0]);
      expect(status).toBeLessThan(500);
    }
    const nobody = await world.ask(force.caller, `Subscription/sub-a/$events?eventsSinceNumber=999999999999999`);
    expect([nobody.status, statusIn(nobody.body).events]).toEqual([200, []]);
    const posted = await world.post(force.caller, 'Subscription/sub-a/$events', [{ name: 'eventsSinceNumber', valueString: 'x' }]);
    expect(posted.status).toBe(422);
    expect(posted.body.issue[0].expression).toEqual([`Parameters.parameter.where(name='eventsSinceNumber')`]);
  });
});

describe('$events', () => {
  test('[2b.115] is a history Bundle that begins with the status, numbers as strings, both ends inclusive', async () => {
    const all = await events('');
    expect(all).toMatchObject({ type: 'query-event', status: 'active', sinceStart: '3' });
    expect(all.events.map(({ number }) => number)).toEqual(['1', '2', '3']);
    expect(all.body.type).toBe('history');
    expect(errorsOf(validate(all.body))).toEqual([]);
    for (const entry of all.body.entry ?? []) expect([entry.request?.url, entry.response?.status]).toEqual([expect.any(String), '200']);
    expect(await numbers('?eventsSinceNumber=2')).toEqual(['2', '3']);
    expect(await numbers('?eventsUntilNumber=2')).toEqual(['1', '2']);
    expect(await numbers('?eventsSinceNumber=2&eventsUntilNumber=2')).toEqual(['2']);
    expect(await numbers('?eventsSinceNumber=4')).toEqual([]);
    const posted = await world.post(force.caller, 'Subscription/sub-a/$events', [{ name: 'eventsUntilNumber', valueString: '1' }]);
    expect(statusIn(posted.body).events.map(({ number }) => number)).toEqual(['1']);
  });

  test('[2b.118] the level asked for is a hint: less is given, and never more than the Subscription and the kind permit', async () => {
    const known = await Promise.all(['one', 'two', 'three'].map((name) => world.knownAs(name, force.service)));
    const shown = async (query: string, id = 'sub-a') =>
      (await events(query, id)).body.entry?.slice(1).map(({ fullUrl, resource }) => [fullUrl, resource]);
    const named = known.map((focus) => [`${world.door.origin}/fhir/${focus}`, undefined]);
    for (const query of ['', '?content=id-only', '?content=full-resource'])
      expect(await shown(query)).toEqual(expect.arrayContaining(named));
    const empty = await events('?content=empty');
    expect([empty.topic, empty.body.entry?.length, empty.events.map(({ focus }) => focus)]).toEqual([null, 1, [null, null, null]]);
    for (const query of ['', '?content=id-only', '?content=full-resource']) expect(await shown(query, 'sub-empty')).toEqual([]);
  });

  test('[2b.119] I1 I4: each event is decided again when it is read, and on record before it answers; what may no longer be seen is withdrawn, without a reason', async () => {
    const two = await world.knownAs('two', force.service);
    const audited = async () =>
      Number((await world.sql(`SELECT count(*) FROM audit WHERE organization = 'XFORCE' AND event = 'flag'`)).rows[0]?.count);
    const before = await audited();
    await events('?eventsSinceNumber=1&eventsUntilNumber=3');
    expect(await audited()).toBe(before + 3);
    await world.consent('two', ['police'], 'inactive');
    // At once, whatever the loop has done by then.
    const { body, events: all } = await events('?eventsUntilNumber=3');
    const entry = body.entry?.find(({ fullUrl }) => fullUrl?.endsWith(two));
    expect(entry).toEqual({
      fullUrl: `${world.door.origin}/fhir/${two}`,
      request: { method: 'DELETE', url: two },
      response: { status: '200' },
    });
    expect(all).toHaveLength(3);
    expect(JSON.stringify(body)).not.toMatch(/consent|revok|reason|because/i);
    await eventually(() => expect(force.hook.events().some(({ withdrawn, focus }) => withdrawn && focus === two)).toBe(true));
    expect((await events('')).events.at(-1)).toEqual({ number: '4', focus: two });
  }, 30_000);
});

describe('a Subscription in error', () => {
  test('[2b.77] [2b.79] what comes due counts and is shown, nothing is sent and no attempt is made up; what may no longer be told is not named', async () => {
    const own = await world.subscriber('down', 'police');
    await world.subscribe(own, 'sub-down');
    await world.plan('d-one', [own.service], ['police']);
    await eventually(() => expect(numbersTold(own.hook)).toEqual(['1']));
    own.hook.behave({ how: 'busy' });
    await world.plan('d-two', [own.service], ['police']);
    await eventually(async () => expect(await world.statusOf('sub-down')).toBe('error'), 20_000);
    own.hook.behave({ how: 'normal' });
    const sent = own.hook.notifications().length;

    await world.plan('d-three', [own.service], ['police']);
    await world.plan('d-four', [own.service], ['police']);
    const state = async () => statuses((await world.ask(own.caller, 'Subscription/sub-down/$status')).body)[0];
    await eventually(async () => expect(await state()).toMatchObject({ status: 'error', sinceStart: '4' }));
    const three = await world.knownAs('d-three', own.service);
    const four = await world.knownAs('d-four', own.service);
    expect((await events('?eventsSinceNumber=3', 'sub-down', own)).events.map(({ focus }) => focus).sort()).toEqual([three, four].sort());

    // Nobody was told of the fourth: once it may not be seen it is a number, and no name.
    await world.consent('d-four', ['police'], 'inactive');
    const after = await events('?eventsSinceNumber=3', 'sub-down', own);
    expect(after.events).toHaveLength(2);
    expect(after.events.map(({ focus }) => focus).filter((focus) => focus !== null)).toEqual([three]);
    expect(JSON.stringify(after.body)).not.toContain(four);

    // Nothing was sent, and the ledger believes nothing; whatever wakes the keys again counts nothing twice.
    const { rows } = await world.sql(
      `SELECT k.state->'copies' AS copies, (SELECT count(*) FROM delivery d WHERE d.key_id = k.id) AS deliveries FROM ledger_key k
        WHERE k.destination_id = 'sub-down' AND 'CarePlan/' || k.disclosure_id = ANY ($1)`,
      [three, four],
    );
    expect(rows.map(({ deliveries }) => deliveries)).toEqual(['0', '0']);
    await world.sql(`UPDATE ledger_key SET generation = generation + 1, look_at = clock_timestamp() WHERE destination_id = 'sub-down'`);
    await eventually(async () =>
      expect(
        (await world.sql(`SELECT FROM ledger_key WHERE destination_id = 'sub-down' AND (observed < generation OR lease_until IS NOT NULL)`))
          .rowCount,
      ).toBe(0),
    );
    expect(await state()).toMatchObject({ status: 'error', sinceStart: '4' });
    expect(own.hook.notifications()).toHaveLength(sent);

    // Only its owner leads it out: then it is told what it should hold, by numbers that go on.
    await world.subscribe(own, 'sub-down');
    await eventually(() => expect(own.hook.events().map(({ focus }) => focus)).toEqual(expect.arrayContaining([three])));
    const [, again] = own.hook.notifications().filter(({ type }) => type === 'handshake');
    expect(again?.eventsSinceStart).toBe('4');
    const told = own.hook.events().find(({ focus }) => focus === three);
    expect(Number(told?.eventNumber)).toBeGreaterThan(4);
    expect(own.hook.events().some(({ focus }) => focus === four)).toBe(false);
  }, 60_000);
});

test('[2b.108] $status and $events answer of a Subscription that is off, too', async () => {
  const own = await world.subscriber('off', 'police');
  await world.subscribe(own, 'sub-off');
  await world.plan('o-one', [own.service], ['police']);
  await eventually(() => expect(numbersTold(own.hook)).toEqual(['1']));
  await world.put(own.principal, { ...policeSubscription('sub-off', own.hook), status: 'off' } as Resource);
  const { body } = await world.ask(own.caller, 'Subscription/sub-off/$status');
  expect(statuses(body)).toEqual([expect.objectContaining({ status: 'off', sinceStart: '1' })]);
  expect((await events('', 'sub-off', own)).status).toBe('off');
}, 30_000);

describe('$resend', () => {
  const resend = (who: Subscriber, id: string, parameter: readonly object[]) =>
    world.post(who.caller, `Subscription/${id}/$resend`, parameter);
  const since = (number: string) => [
    { name: 'eventsSinceNumber', valueString: number },
    { name: 'eventsUntilNumber', valueString: number },
  ];

  test('[2b.resend] tells again what may be told now under the number that it had, and what may not as withdrawn; never what was stored', async () => {
    const own = await world.subscriber('again', 'police');
    await world.subscribe(own, 'sub-again');
    await world.plan('r-one', [own.service], ['police']);
    await eventually(() => expect(numbersTold(own.hook)).toEqual(['1']));
    await world.plan('r-two', [own.service], ['police']);
    await eventually(() => expect(numbersTold(own.hook)).toEqual(['1', '2']));

    const { status, body } = await resend(own, 'sub-again', since('1'));
    expect([status, body.resourceType, body.issue[0].severity]).toEqual([200, 'OperationOutcome', 'information']);
    await eventually(() => expect(numbersTold(own.hook)).toEqual(['1', '2', '1']));
    const [first, , again] = own.hook.events();
    expect(again?.focus).toBe(first?.focus);
    expect([again?.eventsSinceStart, again?.id === first?.id]).toEqual(['2', false]);

    // Decided again: what was taken back meanwhile is not said as it was.
    await world.consent('r-one', ['police'], 'inactive');
    await eventually(() => expect(own.hook.events().at(-1)).toMatchObject({ withdrawn: true, eventNumber: '3' }));
    await resend(own, 'sub-again', since('1'));
    await eventually(() => expect(own.hook.events()).toHaveLength(5));
    expect(own.hook.events().at(-1)).toMatchObject({ withdrawn: true, eventNumber: '1', focus: first?.focus, eventsSinceStart: '3' });
    const { rows } = await world.sql(`SELECT events FROM destination WHERE id = 'sub-again'`);
    expect(rows).toEqual([{ events: '3' }]);
    const trail = await world.sql(`SELECT organization FROM audit WHERE event = 'replay'`);
    expect(trail.rows).toEqual([{ organization: 'XAGAIN' }, { organization: 'XAGAIN' }]);
  }, 30_000);

  test('I6: of another’s Subscription, or of one that is not active, nothing is sent', async () => {
    expect((await resend(other, 'sub-a', [])).status).toBe(404);
    await world.sql(`UPDATE destination SET facts = jsonb_set(facts, '{open}', 'false') WHERE id = 'sub-b'`);
    expect((await resend(other, 'sub-b', [])).status).toBe(409);
    await world.sql(`UPDATE destination SET facts = jsonb_set(facts, '{open}', 'true') WHERE id = 'sub-b'`);
  });

  test('[2a.1.2.02] [2b.98] every notification that came in is a history Bundle whose ids and times are its own', async () => {
    const came = [...force.hook.notifications(), ...other.hook.notifications()];
    const bundles = [...new Map(came.map((each) => [each.id, bundleOf(each)])).values()];
    expect(bundles.length).toBeGreaterThan(6);
    for (const bundle of bundles) {
      expect(bundle.type).toBe('history');
      expect(errorsOf(validate(bundle))).toEqual([]);
      expect(bundle.entry?.[0]?.request?.url).toMatch(/Subscription\/[^/]+\/\$status$/);
      for (const { request, response } of bundle.entry ?? [])
        expect([request === undefined, response === undefined]).toEqual([false, false]);
      // maxCount, whatever it is: one event a Bundle.
      expect(statusIn(bundle).events.length).toBeLessThanOrEqual(1);
    }
    expect(new Set(bundles.map(({ entry }) => entry?.[0]?.resource?.id)).size).toBe(bundles.length);
    expect(new Set(bundles.map((each) => JSON.stringify(each))).size).toBe(bundles.length);
  });
});
