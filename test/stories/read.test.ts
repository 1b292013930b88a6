import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource, Subscription, Task } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC, System } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import { believed } from '../../src/store/believed.ts';
import { identifierOf } from '../../src/store/search/index-rows.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import { codedText, codeText } from '../../src/store/search/token-text.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeHook } from '../support/fake-hook.ts';
import { startFakeHook } from '../support/fake-hook.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const police: Principal = { organization: 'FORCE1', kind: 'police', scopes: ['system/*.cruds'], user: null };
const ambulance: Principal = { organization: 'AMB1', kind: 'ambulance', scopes: ['system/*.cruds'], user: null };

const NUMBER = '9990000034';
const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
  'who-i-am': 'Call me Amber',
};

let engine: TestEngine;
let hook: FakeHook;

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const version = async (id: string, words: Record<string, string>, replaces?: string) => {
  await put(publisher, body.composition(`words-${id}`, 'p1', words));
  await put(
    publisher,
    body.carePlan(id, 'p1', `words-${id}`, { reach: ['svc-police', 'svc-amb'], ...(replaces === undefined ? {} : { replaces }) }),
  );
  await engine.store.approve(publisher, id, '1', body.approval(id), body.approver);
};
const copiesOf = async (ods: string) =>
  (await believed(engine.database.pool, null)).filter((key) => key.recipient.ods === ods).flatMap((key) => key.copies);
const look = (principal: Principal) => engine.store.lookUp(principal, { nhsNumber: NUMBER }, true);
const tasksOf = async (ods: string, code: string) =>
  (
    await engine.store.search(
      searchAmong(
        'Task',
        ALL,
        [
          { is: 'token', param: identifierOf('owner'), anyOf: [codedText(System.odsOrganization, ods)] },
          { is: 'token', param: 'code', anyOf: [codeText(code)] },
          { is: 'token', param: 'status', anyOf: [codeText('requested')] },
        ],
        50,
      ),
    )
  ).rows;

beforeAll(async () => {
  engine = await startTestEngine();
  hook = await startFakeHook();
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-police', 'FORCE1', 'police'],
    ['org-amb', 'AMB1', 'ambulance'],
  ] as const) {
    await put(operator, body.organization(id, ods, kind));
  }
  await put(operator, body.service('svc-police', 'org-police', 'police'));
  await put(operator, body.service('svc-amb', 'org-amb', 'ambulance'));
  await put(operator, body.agreement('org-trust', ['svc-police', 'svc-amb']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['police', 'ambulance'] }));
  await version('v1', WORDS);
}, 60_000);

afterAll(async () => {
  await engine?.stop();
  await hook?.stop();
});

describe('reads are deliveries', () => {
  test('I3: a new Subscription is shaken hands with, and told what it should hold', async () => {
    const subscription = {
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'plan changes',
      criteria: PLAN_TOPIC,
      channel: {
        type: 'rest-hook',
        endpoint: hook.address,
        payload: 'application/fhir+json',
        _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] },
        header: ['Authorization: Bearer example-token'],
      },
    } as Subscription;
    const { stored } = await put(police, subscription);
    await eventually(async () => expect((await engine.store.read('Subscription', stored.id))?.body).toMatchObject({ status: 'active' }));
    await eventually(() => expect(hook.notifications().map(({ type }) => type)).toEqual(['handshake', 'event-notification']));
  });

  test('I4: police read their projection under their own id, and never the NHS number or clinical words', async () => {
    const [shown] = await look(police);
    expect(shown?.sections.map(({ heading }) => heading)).toEqual(['please-do', 'who-to-ring']);
    expect(shown?.person.nhsNumber).toBeNull();
    expect(JSON.stringify(shown)).not.toMatch(/sirens|Call me Amber|9990000034/);
    expect(await engine.store.lookUp(police, { id: shown?.id ?? '' }, true)).toHaveLength(1);
    expect(await engine.store.lookUp(ambulance, { id: shown?.id ?? '' }, true)).toHaveLength(0);
  });

  test('I5: a version that changes nothing police may see tells them nothing, and keeps their version', async () => {
    const [before] = await look(police);
    const heard = hook.notifications().length;
    await version('v2', { ...WORDS, triggers: 'Crowds upset me' }, 'v1');
    await eventually(async () => expect((await look(ambulance))[0]?.sections.map(({ div }) => div).join()).toContain('Crowds'));
    await eventually(async () =>
      expect((await believed(engine.database.pool, null)).every((key) => key.observed === key.generation)).toBe(true),
    );
    expect(hook.notifications()).toHaveLength(heard);
    const [after] = await look(police);
    expect([after?.version, after?.issuedAt]).toEqual([before?.version, before?.issuedAt]);
  });

  test('I5: a version that changes what they may see tells them once', async () => {
    const heard = hook.notifications().length;
    await version('v3', { ...WORDS, 'please-do': 'Sit down with me' }, 'v2');
    await eventually(() => expect(hook.notifications().length).toBeGreaterThan(heard));
    expect((await look(police))[0]?.sections[0]?.div).toContain('Sit down');
  });

  test('I2: what dispatch read and may no longer hold is asked back by a Task, until it says that it is done', async () => {
    await eventually(async () => expect(await copiesOf('AMB1')).not.toEqual([]));
    // Until the lifetime of what was read has passed, an answer may still be stored: then it is asked for again.
    await eventually(async () => {
      for (const { id, body: task } of await tasksOf('AMB1', 'recall')) {
        await engine.store.write({ principal: ambulance, resource: { ...(task as Task), status: 'completed' }, id, ifMatch: null });
      }
      expect(await copiesOf('AMB1')).toEqual([]);
    });
    await look(ambulance);
    expect(await copiesOf('AMB1')).toHaveLength(1);
    expect(await tasksOf('AMB1', 'recall')).toHaveLength(0);
  });

  test('I1 I2: consent for police revoked: told, and the next read is as if there were no plan', async () => {
    const heard = hook.notifications().length;
    await put(publisher, body.consent('c2', 'p1', 'org-trust', { kinds: ['ambulance'], supersedes: ['c1'] }));
    expect(await look(police)).toEqual([]);
    await eventually(() => expect(hook.notifications().length).toBeGreaterThan(heard));
    await eventually(async () => expect(await copiesOf('FORCE1')).toEqual([]), 8_000);
  }, 20_000);

  test('I2: deleting the Subscription leaves the duty: what was read is asked back by a Task', async () => {
    await put(publisher, body.consent('c3', 'p1', 'org-trust', { kinds: ['ambulance', 'police'], supersedes: ['c2'] }));
    await eventually(async () => expect(await copiesOf('FORCE1')).toHaveLength(1));
    await look(police);
    const [subscription] = (await engine.store.search(searchAmong('Subscription', { is: 'owner', owner: 'FORCE1', service: null }, [], 1)))
      .rows;
    await engine.store.write({
      principal: police,
      resource: { ...subscription?.body, status: 'off' } as Subscription,
      id: subscription?.id ?? '',
      ifMatch: null,
    });
    await put(publisher, body.consent('c4', 'p1', 'org-trust', { kinds: ['ambulance'], supersedes: ['c3'] }));
    await eventually(async () => expect((await tasksOf('FORCE1', 'recall')).length).toBeGreaterThan(0));
  }, 20_000);
});
