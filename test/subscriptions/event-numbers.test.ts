import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { bundleOf, numbersTold, openToldWorld, statusIn, type Subscriber, type ToldWorld } from './told-world.ts';

let world: ToldWorld;
let force: Subscriber;

beforeAll(async () => {
  world = await openToldWorld();
  force = await world.subscriber('force', 'police');
  await world.subscribe(force, 'sub-force');
}, 60_000);
afterAll(() => world?.close());

const upTo = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => String(at + 1));
const told = async (count: number, { hook } = force): Promise<void> =>
  eventually(() => expect([...numbersTold(hook)].sort((a, b) => Number(a) - Number(b))).toEqual(upTo(count)), 20_000);

describe('the number of an event', () => {
  test('[2b.102] [2b.103] counts from 1, this one included, as a string; a handshake counts for nothing', async () => {
    await world.plan('one', [force.service], ['police']);
    await told(1);
    await world.plan('two', [force.service], ['police']);
    await told(2);
    const [handshake, first, second] = force.hook.notifications().map((each) => statusIn(bundleOf(each)));
    expect(handshake).toMatchObject({ type: 'handshake', sinceStart: '0', events: [] });
    expect(first).toMatchObject({ type: 'event-notification', sinceStart: '1', events: [{ number: '1' }] });
    expect(second).toMatchObject({ sinceStart: '2', events: [{ number: '2' }] });
  });

  test('[2b.103] I3: a retry after an answer that was lost has the number, the ids and the bytes of the first try', async () => {
    const other = await world.subscriber('lossy', 'police');
    await world.subscribe(other, 'sub-lossy');
    other.hook.behave({ how: 'lose-answer', times: 2 });
    await world.plan('three', [other.service], ['police']);
    const tries = () => other.hook.notifications().filter(({ eventNumber }) => eventNumber === '1');
    await eventually(() => expect(tries()).toHaveLength(3));
    expect(new Set(tries().map(({ id, bytes }) => `${id} ${bytes}`)).size).toBe(1);
    await world.plan('three-more', [other.service], ['police']);
    await told(2, other);
  }, 30_000);

  test('[2b.103] what was refused keeps its number while others come between, and nobody misses one', async () => {
    const before = force.hook.events().length;
    force.hook.behave({ how: 'refuse', times: 4 });
    await Promise.all(['four', 'five', 'six'].map((name) => world.plan(name, [force.service], ['police'])));
    await told(before + 3);
    const { rows } = await world.sql(`SELECT number, key_id FROM subscription_event WHERE subscription_id = 'sub-force' ORDER BY number`);
    expect(rows.map(({ number }) => number)).toEqual(upTo(before + 3));
    // Each of the three plans has one event, however often it was refused.
    expect(new Set(rows.slice(-3).map(({ key_id }) => key_id)).size).toBe(3);
  }, 30_000);

  const refused = async () =>
    (await world.sql(`SELECT FROM delivery d JOIN subscription_event e ON e.delivery_id = d.id WHERE d.outcome = 'refused'`)).rowCount;
  const counted = async () => Number((await world.sql(`SELECT events FROM destination WHERE id = 'sub-force'`)).rows[0]?.events);

  test('I5: what reached nobody and may no longer be told gives its number back: nobody learns of an event that it was never told of', async () => {
    const before = force.hook.events().length;
    await force.hook.stop();
    await world.plan('seven', [force.service], ['police']);
    await eventually(async () => expect(await refused()).toBe(1));
    await world.consent('seven', ['police'], 'inactive');
    await eventually(async () => expect(await refused()).toBe(0));
    await force.hook.start();
    expect(await world.statusOf('sub-force')).toBe('active');
    await world.plan('eight', [force.service], ['police']);
    await told(before + 1);
  }, 30_000);

  test('[2b.103] a number that was seen, if only to be refused, is no other event’s: the counter never goes back before the subscriber’s eyes', async () => {
    const before = await counted();
    force.hook.behave({ how: 'refuse' });
    await world.plan('seen', [force.service], ['police']);
    await eventually(async () => expect(await refused()).toBe(1));
    await world.consent('seen', ['police'], 'inactive');
    const atRest = `SELECT FROM ledger_key WHERE destination_id = 'sub-force' AND (observed < generation OR lease_until IS NOT NULL OR look_at <= clock_timestamp())`;
    await eventually(async () => expect((await world.sql(atRest)).rowCount).toBe(0));
    expect(await counted()).toBe(before + 1);
    force.hook.behave({ how: 'normal' });
    expect(await world.statusOf('sub-force')).toBe('active');
    await world.plan('after-seen', [force.service], ['police']);
    await eventually(() => expect(numbersTold(force.hook).at(-1)).toBe(String(before + 2)));
    // What was in between is a number and a time: nobody took it, and it may no longer be seen.
    const { body } = await world.ask(force.caller, `Subscription/sub-force/$events?eventsSinceNumber=${before + 1}`);
    expect(statusIn(body).events).toEqual([
      { number: String(before + 1), focus: null },
      { number: String(before + 2), focus: await world.knownAs('after-seen', force.service) },
    ]);
  }, 30_000);

  test('[2b.103] two workers that begin at once give each number once, and a restart goes on from there', async () => {
    const before = await counted();
    const came = (count: number) =>
      eventually(() => {
        const numbers = numbersTold(force.hook).map(Number);
        expect(numbers.filter((number) => number > before).sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, at) => before + at + 1),
        );
      }, 20_000);
    const names = Array.from({ length: 12 }, (_, at) => `at-once-${at}`);
    const another = await startTestEngine({}, world.engine.database);
    await Promise.all(names.map((name) => world.plan(name, [force.service], ['police'])));
    await came(names.length);
    await another.stop();
    const third = await startTestEngine({}, world.engine.database);
    await world.plan('after-restart', [force.service], ['police']);
    await came(names.length + 1);
    await third.stop();
    expect(await counted()).toBe(before + names.length + 1);
  }, 60_000);

  test('a new Subscription is told what it should hold; two of one recipient each count for themselves', async () => {
    const own = await world.subscriber('second', 'police');
    await world.subscribe(own, 'sub-second');
    await world.plan('nine', [own.service], ['police']);
    await world.plan('ten', [own.service], ['police']);
    await eventually(() => expect(numbersTold(own.hook)).toHaveLength(2));
    const hook = await startFakeHook();
    await world.subscribe(own, 'sub-third', 'id-only', hook);
    const known = await Promise.all(['nine', 'ten'].map((name) => world.knownAs(name, own.service)));
    await eventually(() =>
      expect(
        hook
          .events()
          .map(({ focus }) => focus)
          .sort(),
      ).toEqual([...known].sort()),
    );
    expect([...numbersTold(hook)].sort()).toEqual(['1', '2']);
    expect([...numbersTold(own.hook)].sort()).toEqual(['1', '2']);
    await world.plan('eleven', [own.service], ['police']);
    await eventually(() => expect([numbersTold(hook).at(-1), numbersTold(own.hook).at(-1)]).toEqual(['3', '3']));
    await hook.stop();
  }, 30_000);

  test('I8: what is kept of events are ids, numbers and times, and no person', async () => {
    const { rows } = await world.sql('SELECT * FROM subscription_event');
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      expect(Object.keys(row).sort()).toEqual(
        ['at', 'change', 'delivery_id', 'digest', 'key_id', 'number', 'resent', 'since_start', 'subscription_id', 'wanted'].sort(),
      );
      expect(JSON.stringify(row)).not.toMatch(/999\d{7}|Testperson|Speak slowly|patient-|plan-/);
    }
  });
});
