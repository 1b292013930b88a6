import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Encounter, Subscription } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC, System } from '../../profiles/canonicals.ts';
import { desired } from '../../src/decide/desired.ts';
import { fanOut, isFanOutPending, resync } from '../../src/store/fan-out.ts';
import { setSubscription } from '../../src/store/subscriptions.ts';
import { IS_WHOLE } from '../support/breadth.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { Ground } from './ground.ts';
import { caller, layGround, operator, publisher, WORDS } from './ground.ts';
import { workOnce } from './work-once.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

/** The facts that make a plan reach an ED by message and by Subscription; each can come when those that it names are there. */
const FACTS = ['plan', 'consent', 'recipient', 'agreement', 'endpoint', 'subscription'] as const;
type FactName = (typeof FACTS)[number];
const permutations = <T>(list: readonly T[]): readonly (readonly T[])[] =>
  list.length === 0 ? [[]] : list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map((rest) => [one, ...rest]));

const subscription = (name: string): Subscription =>
  ({
    resourceType: 'Subscription',
    id: `sub-${name}`,
    status: 'requested',
    reason: 'Plan changes',
    criteria: PLAN_TOPIC,
    channel: {
      type: 'rest-hook',
      endpoint: `https://${name}.example/hook`,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] },
    },
  }) as Subscription;

/** Each of a list, a few at a time. */
const inTurns = async <T, R>(list: readonly T[], run: (one: T, index: number) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = [];
  const todo = list.entries();
  const take = async (): Promise<void> => {
    for (const [index, one] of todo) results[index] = await run(one, index);
  };
  await Promise.all(Array.from({ length: 8 }, take));
  return results;
};

/** A person with a draft that names a service which is not there yet, and the facts that make it reach that service. */
const prepare = async (name: string): Promise<{ service: string; facts: Readonly<Record<FactName, () => Promise<unknown>>> }> => {
  const { put, store, database, agree, numbers } = ground;
  const service = `svc-${name}`;
  const ods = `X${name.toUpperCase()}`;
  await put(operator, body.organization(`org-${name}`, ods, 'ed'));
  await put(publisher, body.patient(`pat-${name}`, numbers.next()));
  await put(publisher, body.composition(`words-${name}`, `pat-${name}`, WORDS));
  await put(publisher, body.carePlan(`plan-${name}`, `pat-${name}`, `words-${name}`, { reach: [service] }));
  return {
    service,
    facts: {
      plan: () => store.approve(publisher, `plan-${name}`, '1', body.approval(`plan-${name}`), body.approver),
      consent: () => put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ['ed'] })),
      recipient: () => put(operator, body.service(service, `org-${name}`, 'ed')),
      agreement: () => agree(name),
      endpoint: () => put(operator, body.endpoint(`end-${name}`, service, `org-${name}`, `https://${name}.example/fhir`)),
      subscription: async () => {
        await put(caller(ods, 'ed'), subscription(name));
        await setSubscription(database.pool, `sub-${name}`, ['requested'], 'active');
      },
    },
  };
};

/** Every key of a plan, with what it believes: destination → states of the copies. */
const keysOf = async (carePlan: string): Promise<Readonly<Record<string, string>>> => {
  const { rows } = await ground.database.pool.query<{ destination_id: string; states: string[] | null }>(
    `SELECT k.destination_id, ARRAY(SELECT jsonb_array_elements(k.state->'copies')->>'state') AS states
       FROM ledger_key k JOIN plan p ON p.id = k.plan_id WHERE p.version->>'carePlanId' = $1 ORDER BY 1`,
    [carePlan],
  );
  return Object.fromEntries(rows.map((row) => [row.destination_id, (row.states ?? []).join()]));
};

describe('I3: keys come to be in whatever order the facts come', () => {
  const orders = permutations(FACTS).filter((order) =>
    (['agreement', 'endpoint', 'subscription'] as const).every((named) => order.indexOf('recipient') < order.indexOf(named)),
  );

  // A third in the suite, each time another.
  const from = Math.floor(Math.random() * 3);
  const tried = orders.filter((_order, at) => IS_WHOLE || at % 3 === from);

  test(`${tried.length} of ${orders.length} orders of plan, consent, recipient, agreement, endpoint and subscription, each worked off before the next comes, or all at the end`, async () => {
    const { database, fanOutAll } = ground;
    const ledger = ground.ledger();
    const worlds = await inTurns(tried, async (order, index) => ({ order, index, ...(await prepare(`o${index}`)) }));
    const work = async (some: typeof worlds): Promise<void> => {
      await fanOutAll();
      await inTurns(some, async ({ service }) => {
        while (await workOnce(ledger, service));
      });
    };
    for (const position of FACTS.keys()) {
      await inTurns(worlds, ({ order, facts }) => facts[order[position] ?? 'plan']());
      // Half of the orders are looked at after each fact, so that keys rest between; the others only at the end.
      await work(worlds.filter(({ index }) => index % 2 === 0));
    }
    await work(worlds);
    for (const { order, index } of worlds) {
      expect({ order, keys: await keysOf(`plan-o${index}`) }).toEqual({
        order,
        keys: { [`end-o${index}`]: 'held', [`sub-o${index}`]: 'held' },
      });
    }
    expect(await resync(database.pool, 1)).toEqual([]);
  }, 120_000);

  test('a recipient that is registered after the plan was approved, in an area of its reach', async () => {
    const { put, store, fanOutAll, agree, database, numbers } = ground;
    const areaOf = (id: string) => ({ url: Extension.reach, valueCoding: { system: System.area, code: id } });
    await put(publisher, body.patient('pat-area', numbers.next()));
    await put(publisher, body.consent('cons-area', 'pat-area', 'org-trust', { kinds: ['ed'] }));
    await put(publisher, body.composition('words-area', 'pat-area', WORDS));
    const draft = body.carePlan('plan-area', 'pat-area', 'words-area', { reach: [] });
    await put(publisher, { ...draft, extension: [...(draft.extension ?? []), areaOf('QWO')] });
    await store.approve(publisher, 'plan-area', '1', body.approval('plan-area'), body.approver);
    await fanOutAll();
    expect(await keysOf('plan-area')).toEqual({});
    await put(operator, body.organization('org-late', 'XLATE', 'ed'));
    const late = body.service('svc-late', 'org-late', 'ed');
    await put(operator, { ...late, coverageArea: [{ identifier: { system: System.area, value: 'QWO' } }] } as typeof late);
    await put(operator, body.endpoint('end-late', 'svc-late', 'org-late', 'https://late.example/fhir'));
    await agree('late');
    await fanOutAll();
    while (await workOnce(ground.ledger(), 'svc-late'));
    expect(await keysOf('plan-area')).toEqual({ 'end-late': 'held' });
    expect(await resync(database.pool, 1)).toEqual([]);
  });

  test('an open crisis contact makes a key, and its end recalls', async () => {
    const { put, fanOutAll, database } = ground;
    await ground.recipient('met');
    const { plan, number } = await ground.person('met', []);
    await fanOutAll();
    expect(await keysOf(plan)).toEqual({});
    const encounter = (status: Encounter['status']): Encounter => ({
      resourceType: 'Encounter',
      id: 'contact-met',
      identifier: [{ system: 'https://ed.example/contact', value: 'met-1' }],
      status,
      class: { system: System.actCode, code: 'EMER' },
      subject: { identifier: { system: System.nhsNumber, value: number } },
      period: { start: '2026-11-20T10:00:00Z', ...(status === 'finished' ? { end: '2026-11-20T11:00:00Z' } : {}) },
    });
    const ed = caller('XMET', 'ed');
    await put(ed, encounter('in-progress'));
    await fanOutAll();
    while (await workOnce(ground.ledger(), 'svc-met'));
    expect(await keysOf(plan)).toEqual({ 'end-met': 'held' });
    await database.pool.query(`DELETE FROM delivery WHERE key_id IN (SELECT id FROM ledger_key WHERE recipient_id = 'svc-met')`);
    await database.pool.query(`DELETE FROM ledger_key WHERE recipient_id = 'svc-met'`);
    // A resync knows of contacts too.
    expect(await resync(database.pool, 1)).toEqual(['svc-met']);
    while (await workOnce(ground.ledger(), 'svc-met'));
    await put(ed, encounter('finished'));
    await fanOutAll();
    while (await workOnce(ground.ledger(), 'svc-met'));
    expect(await keysOf(plan)).toEqual({ 'end-met': '' });
  });

  test('resync finds a key that is missing, and waits while a fan-out is under way', async () => {
    const { database, fanOutAll } = ground;
    const { service, plan } = await ground.lane('gap');
    expect(await resync(database.pool, 1)).toEqual([]);
    await fanOutAll();
    await database.pool.query('DELETE FROM ledger_key WHERE recipient_id = $1', [service]);
    expect(await resync(database.pool, 1)).toEqual([service]);
    expect(await keysOf(plan)).toEqual({ 'end-gap': '' });
    expect(await resync(database.pool, 1)).toEqual([]);
  });
});

describe('a fan-out that is larger than a batch', () => {
  const MANY = 2_300;
  /** Plans of one publisher in one recipient's reach, as approval leaves them, filled by SQL. */
  const fill = async (like: string): Promise<void> => {
    await ground.database.pool.query(
      `INSERT INTO plan (id, publisher, identifier, patient_id, version, reach_recipients)
       SELECT gen_random_uuid(), publisher, 'filled-' || n, patient_id, version, reach_recipients
         FROM plan, generate_series(1, $2::integer) n WHERE version->>'carePlanId' = $1`,
      [like, MANY],
    );
  };
  const behind = async (service: string): Promise<{ keys: number; behind: number }> => {
    const { rows } = await ground.database.pool.query<{ keys: string; behind: string }>(
      'SELECT count(*) AS keys, count(*) FILTER (WHERE observed < generation) AS behind FROM ledger_key WHERE recipient_id = $1',
      [service],
    );
    return { keys: Number(rows[0]?.keys), behind: Number(rows[0]?.behind) };
  };

  test('I3: makes and bumps every key, in batches; a crash between two loses nothing', async () => {
    const { database, fanOutAll, agree } = ground;
    const { service, plan } = await ground.lane('many');
    await fanOutAll();
    await fill(plan);
    await agree('many', 'terminated');
    let batches = 0;
    while ((await fanOut(database.pool, 1)).more) batches++;
    expect(batches).toBeGreaterThanOrEqual(3);
    expect(await behind(service)).toEqual({ keys: MANY + 1, behind: MANY + 1 });

    await ground.park();
    await agree('many', 'executed');
    // The first batch is done; then whoever did it dies in the middle of the second.
    await fanOut(database.pool, 1);
    await database.owner.query(`
      CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died'; END $$;
      CREATE TRIGGER die BEFORE UPDATE ON fan_out FOR EACH ROW EXECUTE FUNCTION die();`);
    await expect(fanOut(database.pool, 1)).rejects.toThrow('died');
    await database.owner.query('DROP TRIGGER die ON fan_out; DROP FUNCTION die()');
    expect((await behind(service)).behind).toBeLessThan(MANY);
    expect(await isFanOutPending(database.pool)).toBe(true);
    await fanOutAll();
    expect((await behind(service)).behind).toBe(MANY + 1);
    expect(await isFanOutPending(database.pool)).toBe(false);
    await ground.park();
  }, 60_000);

  test('what concerns one person goes before what concerns many', async () => {
    const { database, put, agree } = ground;
    const { service, consent, patient } = await ground.lane('one');
    await ground.fanOutAll();
    await ground.park();
    await agree('many', 'terminated');
    await put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
    await fanOut(database.pool, 1);
    expect((await behind(service)).behind).toBe(1);
    expect((await behind('svc-many')).behind).toBe(0);
    await ground.fanOutAll();
  });
});

describe('a key that is due already', () => {
  const keyOf = async (service: string) =>
    (
      await ground.database.pool.query<{ generation: number; rank: number; due: boolean }>(
        'SELECT generation::integer, rank, look_at <= clock_timestamp() AS due FROM ledger_key WHERE recipient_id = $1',
        [service],
      )
    ).rows[0];

  test('I3: is not written again while nobody has claimed it; one that somebody has, or had for too long, is', async () => {
    const { database, fanOutAll, put } = ground;
    const { service, consent, patient } = await ground.lane('due');
    const say = async (status: 'active' | 'inactive') => {
      await put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed'], status }));
      await fanOutAll();
    };
    await fanOutAll();
    const first = await keyOf(service);
    expect(first?.due).toBe(true);
    await say('inactive');
    expect(await keyOf(service)).toEqual(first);
    // Whoever claims it after that sees what was said.
    const ledger = ground.ledger();
    const [claim] = await ledger.claim(service, 1);
    if (claim === undefined) throw new Error('it was due');
    const look = await ledger.look(claim);
    expect(desired(look.facts, look.now)).toMatchObject({ because: 'no-consent' });
    // What is said while it is claimed is not lost when it is laid to rest.
    await say('active');
    expect(await keyOf(service)).toMatchObject({ generation: (first?.generation ?? 0) + 1 });
    await ledger.rest(claim, look, desired(look.facts, look.now), null);
    expect(await keyOf(service)).toMatchObject({ due: true });

    // Claimed, and its lease has run out: whoever has it may still lay it to rest on what it saw.
    const [slow] = await ledger.claim(service, 1);
    if (slow === undefined) throw new Error('it was due');
    const seen = await ledger.look(slow);
    await database.pool.query("UPDATE ledger_key SET lease_until = clock_timestamp() - interval '1 second' WHERE recipient_id = $1", [
      service,
    ]);
    await say('inactive');
    await ledger.rest(slow, seen, desired(seen.facts, seen.now), null);
    expect(await keyOf(service)).toMatchObject({ due: true, generation: (first?.generation ?? 0) + 2 });
  });

  test('I3: a recall is put in front, also where the key was due for something else', async () => {
    const { database, fanOutAll, put } = ground;
    const { service, consent, patient } = await ground.lane('front');
    await fanOutAll();
    while (await workOnce(ground.ledger(), service));
    await database.pool.query(
      'UPDATE ledger_key SET generation = generation + 1, look_at = clock_timestamp(), rank = 1 WHERE recipient_id = $1',
      [service],
    );
    await put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
    await fanOutAll();
    expect(await keyOf(service)).toMatchObject({ due: true, rank: 0 });
    while (await workOnce(ground.ledger(), service));
  });
});

describe('a crash between a fact and its fan-out', () => {
  test('I3: the sweep finds what nobody was nudged for', async () => {
    const engine = await startTestEngine();
    const epr = await startFakeFhirRecipient();
    try {
      // Facts that another process committed, and then died: nobody is told.
      const other = await layGround(engine.database);
      const { consent, patient } = await other.lane('swept', 'epr', epr.address);
      await eventually(() => expect(epr.holds()).toMatchObject([{ text: expect.stringContaining('Loud sirens upset me') }]));
      await other.put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['epr'], status: 'inactive' }));
      await eventually(() => expect(epr.holds()).toEqual([]));
    } finally {
      await engine.stop();
      await epr.stop();
    }
  }, 30_000);
});

// Whichever of the two the fan-out comes to first: in one of the cases each waits for the other, and PostgreSQL ends one of them.
test.each(['first', 'second'] as const)(
  'a fan-out that another holds up, and that holds the other up, is done all the same: %s key',
  async (which) => {
    const { database, put } = ground;
    const lane = await ground.lane(`knot${which}`);
    await put(operator, body.endpoint(`end2-${lane.name}`, lane.service, `org-${lane.name}`, `https://${lane.name}-2.example/fhir`));
    await ground.fanOutAll();
    await ground.park();
    const keys = async (): Promise<readonly { id: string; due: boolean }[]> =>
      (
        await database.pool.query('SELECT id, observed < generation AS due FROM ledger_key WHERE recipient_id = $1 ORDER BY id', [
          lane.service,
        ])
      ).rows;
    const ids = (await keys()).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const [held = '', wanted = ''] = which === 'first' ? ids : ids.toReversed();
    await put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds: ['ed'], status: 'inactive' }));

    const other = await database.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM ledger_key WHERE id = $1 FOR UPDATE', [held]);
    const done = fanOut(database.pool, 1);
    done.catch(() => undefined);
    await eventually(async () => {
      const { rows } = await database.owner.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
    });
    await other.query('SELECT FROM ledger_key WHERE id = $1 FOR UPDATE', [wanted]);
    await other.query('COMMIT');
    other.release();
    await done;
    await ground.fanOutAll();
    expect((await keys()).map(({ due }) => due)).toEqual([true, true]);
  },
);
