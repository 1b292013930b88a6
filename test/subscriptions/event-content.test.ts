import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { referencesIn } from '../../src/store/search/references-in.ts';
import { publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import { policeSubscription } from '../support/police-program.ts';
import { bundleOf, openToldWorld, statusIn, type Subscriber, type ToldWorld } from './told-world.ts';

let world: ToldWorld;
let epr: Subscriber;

beforeAll(async () => {
  world = await openToldWorld();
  epr = await world.subscriber('epr', 'epr');
  await world.subscribe(epr, 'sub-full', 'full-resource');
}, 60_000);
afterAll(() => world?.close());

const newest = ({ hook }: Subscriber): Bundle => bundleOf(hook.events().at(-1) as Parameters<typeof bundleOf>[0]);
const named = ({ fullUrl, request, resource }: BundleEntry) => [
  fullUrl?.split('/').slice(-2).join('/'),
  request?.method,
  resource?.resourceType,
];

/** Whether each relative reference of a Bundle's entries is to an entry of it. */
const unresolved = (bundle: Bundle): readonly string[] => {
  const entries = (bundle.entry ?? []).slice(1);
  const there = new Set(entries.map(({ fullUrl }) => fullUrl));
  return entries.flatMap(({ fullUrl, resource }) => {
    const base = fullUrl?.replace(/\/[^/]+\/[^/]+$/, '');
    return resource === undefined ? [] : [...referencesIn(resource)].filter((reference) => !there.has(`${base}/${reference}`));
  });
};

describe('a notification of full-resource', () => {
  test('[2a.3.3.2.03] [2b.101] I4: carries the disclosure in the shapes that a read gives; the focus and all beside it are found in the Bundle and valid', async () => {
    await world.plan('one', [epr.service], ['epr']);
    await eventually(() => expect(epr.hook.events()).toHaveLength(1));
    const bundle = newest(epr);
    const focus = await world.knownAs('one', epr.service);
    const id = focus.split('/')[1];
    expect(errorsOf(validate(bundle))).toEqual([]);
    expect(statusIn(bundle)).toMatchObject({ topic: PLAN_TOPIC, status: 'active', events: [{ number: '1', focus }] });
    expect(bundle.entry?.slice(1).map(named)).toEqual([
      [focus, 'PUT', 'CarePlan'],
      [`Composition/${id}`, 'PUT', 'Composition'],
      [`Patient/${id}`, 'PUT', 'Patient'],
    ]);
    expect(unresolved(bundle)).toEqual([]);
    for (const { resource } of bundle.entry ?? []) {
      const profile = `http://hl7.org/fhir/StructureDefinition/${resource?.resourceType}`;
      expect(errorsOf(validate(resource, { profile }))).toEqual([]);
    }
    expect(JSON.stringify(bundle)).toContain('Speak slowly please');
    // The broker's own ids, and the plan's version, stay within.
    expect(JSON.stringify(bundle)).not.toMatch(/plan-one|patient-one|words-one/);
    for (const [at, type] of [
      [1, 'CarePlan'],
      [3, 'Patient'],
    ] as const) {
      const read = await world.ask(epr.caller, `${type}/${id}`);
      expect(read.body).toEqual(bundle.entry?.[at]?.resource);
    }
  });

  test('I4: is for whoever may read what it carries: an access token that reads no plans gets none by a Subscription, and none by its events', async () => {
    const narrow = { ...epr.caller, scopes: ['system/Subscription.cruds'] as const };
    const wished = (content: string) => {
      const plain = policeSubscription(`sub-narrow-${content}`, epr.hook);
      const _payload = { extension: [{ url: Extension.backportPayloadContent, valueCode: content }] };
      return { ...plain, channel: { ...plain.channel, _payload } };
    };
    const { status, body: refusal } = await world.door.post(narrow, '/fhir/Subscription', wished('full-resource'));
    expect([status, refusal.issue[0].expression]).toEqual([422, ['Subscription.channel.payload']]);
    const { body: made } = await world.door.post(narrow, '/fhir/Subscription', wished('id-only')).expect(201);
    await world.door.as(world.door.agent.delete(`/fhir/Subscription/${made.id}`), narrow).expect(204);
    const events = 'Subscription/sub-full/$events';
    expect(JSON.stringify((await world.ask(epr.caller, events)).body)).toContain('Speak slowly please');
    const { entry = [] }: Bundle = (await world.ask(narrow, events)).body;
    expect(entry.slice(1).map(({ resource, request }) => [resource, request?.method])).toEqual([[undefined, 'PUT']]);
  });

  test('I2: it is a copy on record, with its headings, and before the wire', async () => {
    const { rows } = await world.sql(
      `SELECT a.event, a.headings, d.outcome, k.state->'copies'->0->>'state' AS copy FROM delivery d JOIN audit a ON a.delivery_id = d.id
         JOIN ledger_key k ON k.id = d.key_id WHERE k.destination_id = 'sub-full'`,
    );
    expect(rows[0]).toMatchObject({ event: 'disclose', outcome: 'accepted' });
    expect(rows[0]?.headings).toEqual(expect.arrayContaining(['please-do', 'who-to-ring']));
  });

  test('I2: is taken back by a CarePlan with its id and that it is revoked, no word of why, and no empty entry', async () => {
    const focus = await world.knownAs('one', epr.service);
    await world.consent('one', ['epr'], 'inactive');
    await eventually(() => expect(epr.hook.events().at(-1)?.eventNumber).toBe('2'));
    const bundle = newest(epr);
    expect(errorsOf(validate(bundle))).toEqual([]);
    const [, entry, ...more] = bundle.entry ?? [];
    expect(more).toEqual([]);
    expect(entry?.request).toEqual({ method: 'PUT', url: focus });
    expect(entry?.resource).toEqual({
      resourceType: 'CarePlan',
      id: focus.split('/')[1],
      status: 'revoked',
      intent: 'plan',
      subject: { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }] },
    });
    expect(JSON.stringify(bundle)).not.toMatch(/consent|999\d{7}|Testperson|Speak/i);
    const { body: asked } = await world.ask(epr.caller, 'Subscription/sub-full/$events');
    expect(asked.entry.slice(1).map(({ resource }: BundleEntry) => resource)).toEqual([entry?.resource]);
  });

  test('I1: a revocation between begin and the POST is followed by a tombstone; a retry of what was taken back is never sent', async () => {
    epr.hook.behave({ how: 'lose-answer', times: 1 });
    await world.plan('two', [epr.service], ['epr']);
    await eventually(() =>
      expect(epr.hook.notifications().some(({ bytes }) => bytes.includes('Speak slowly') && bytes.includes('"3"'))).toBe(true),
    );
    await world.consent('two', ['epr'], 'inactive');
    const revokedAt = Date.now();
    const focus = await world.knownAs('two', epr.service);
    await eventually(() => expect(epr.hook.notifications().at(-1)?.bytes).toContain('"revoked"'));
    const late = epr.hook
      .notifications()
      .filter(({ at, focus: named, bytes }) => at > revokedAt && named === focus && bytes.includes('Speak slowly'));
    expect(late).toEqual([]);
  }, 30_000);

  test('I4: what the person permits less of is less in the next one', async () => {
    await world.plan('three', [epr.service], ['epr']);
    const focus = await world.knownAs('three', epr.service);
    await eventually(() => expect(epr.hook.events().at(-1)?.focus).toBe(focus));
    expect(JSON.stringify(newest(epr))).toContain('Loud sirens');
    await world.put(
      publisher,
      body.consent('consent-three', 'patient-three', 'org-trust', { kinds: ['epr'], headings: ['please-do', 'who-to-ring'] }),
    );
    await eventually(() => expect(JSON.stringify(newest(epr))).not.toContain('Loud sirens'));
    expect(JSON.stringify(newest(epr))).toContain('Speak slowly');
    expect(epr.hook.events().at(-1)?.focus).toBe(focus);
  }, 30_000);

  test('I4: police are never sent resources, whatever a Subscription of theirs says', async () => {
    const force = await world.subscriber('force', 'police');
    await world.subscribe(force, 'sub-force');
    // As no door would write it.
    await world.sql(`UPDATE destination SET subscription = jsonb_set(subscription, '{content}', '"full-resource"') WHERE id = 'sub-force'`);
    await world.plan('four', [force.service], ['police']);
    await eventually(() => expect(force.hook.events()).toHaveLength(1));
    expect(
      newest(force)
        .entry?.slice(1)
        .map(({ resource }) => resource),
    ).toEqual([undefined]);
    const { body: asked } = await world.ask(force.caller, 'Subscription/sub-force/$events?content=full-resource');
    expect(asked.entry.slice(1).map(({ resource }: BundleEntry) => resource)).toEqual([undefined]);
    const parcels = await world.sql(`SELECT headings FROM audit WHERE organization = 'XFORCE' AND event = 'read'`);
    expect(parcels.rows).toEqual([]);
  });
});

describe('the other levels', () => {
  test('[2a.3.1.2.03] [2b.99] empty names no topic, no focus and no plan', async () => {
    const own = await world.subscriber('empty', 'ed');
    await world.subscribe(own, 'sub-empty', 'empty');
    await world.plan('five', [own.service], ['ed']);
    await eventually(() => expect(own.hook.events()).toHaveLength(1));
    const bundle = newest(own);
    expect(statusIn(bundle)).toMatchObject({ topic: null, events: [{ number: '1', focus: null }] });
    expect(bundle.entry).toHaveLength(1);
    expect(JSON.stringify(bundle)).not.toContain((await world.knownAs('five', own.service)).split('/')[1]);
  });

  test('[2a.3.2.2.03] [2b.100] id-only names the focus; its entry has a fullUrl and no resource', async () => {
    const own = await world.subscriber('ids', 'ambulance');
    await world.subscribe(own, 'sub-ids');
    await world.plan('six', [own.service], ['ambulance']);
    await eventually(() => expect(own.hook.events()).toHaveLength(1));
    const bundle = newest(own);
    const focus = await world.knownAs('six', own.service);
    expect(statusIn(bundle).events).toEqual([{ number: '1', focus }]);
    expect(bundle.entry?.slice(1)).toEqual([
      {
        fullUrl: expect.stringMatching(new RegExp(`^https?://.*/${focus}$`)),
        request: { method: 'PUT', url: focus },
        response: { status: '200' },
      },
    ]);
  });

  test('I5: who was never told of a plan is told of no loss of it', async () => {
    const own = await world.subscriber('never', 'crisis-line');
    await world.subscribe(own, 'sub-never');
    await world.plan('seven', [own.service], ['police']);
    await world.consent('seven', ['crisis-line'], 'inactive');
    await world.plan('eight', [own.service], ['crisis-line']);
    await eventually(() => expect(own.hook.events()).toHaveLength(1));
    expect(own.hook.events()[0]).toMatchObject({ eventNumber: '1', withdrawn: false, focus: await world.knownAs('eight', own.service) });
  });
});
