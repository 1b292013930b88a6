import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import { caller, operator, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeHook } from '../support/fake-hook.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { policeSubscription } from '../support/police-program.ts';

let engine: TestEngine;
let hook: FakeHook;

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });

beforeAll(async () => {
  engine = await startTestEngine();
  hook = await startFakeHook();
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  await put(operator, body.organization('org-force', 'FORCE1', 'police'));
  await put(operator, body.service('svc-force', 'org-force', 'police'));
  await put(operator, body.agreement('org-trust', ['svc-force']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', '9990000050'));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['police'] }));
  await put(publisher, body.composition('words1', 'p1', WORDS));
  await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-force'] }));
}, 60_000);
afterAll(async () => {
  await engine?.stop();
  await hook?.stop();
});

test('I4: a subscriber that refuses notifications misses no number: it learns of no event that it was never told of', async () => {
  await put(caller('FORCE1', 'police'), policeSubscription('sub-force', hook));
  await eventually(async () => expect((await engine.store.read('Subscription', 'sub-force'))?.body).toMatchObject({ status: 'active' }));
  hook.behave({ how: 'refuse', times: 3 });
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
  await eventually(() => expect(hook.events().map(({ eventNumber }) => eventNumber)).toEqual(['1']));
  await engine.store.withdraw(publisher, 'v1', 'The person asked for it');
  await eventually(() => expect(hook.events().map(({ eventNumber }) => eventNumber)).toEqual(['1', '2']));
}, 30_000);
