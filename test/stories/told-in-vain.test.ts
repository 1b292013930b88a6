import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeHook } from '../support/fake-hook.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { policeSubscription } from '../support/police-program.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const police: Principal = { organization: 'POL1', kind: 'police', scopes: ['system/*.cruds'], user: null };
const PERMITS = body.consent('c1', 'p1', 'org-trust', { kinds: ['police'] });

let engine: TestEngine;
let hook: FakeHook;
/** What the police system has stored: it reads when it is told, and drops what it is not shown. */
let store: string | null = null;
/** Played once, between being told and reading. */
let meanwhile: (() => Promise<void>) | null = null;
/** Played once, after reading. */
let afterwards: (() => Promise<void>) | null = null;

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const heard = async (focus: string | null): Promise<void> => {
  if (focus === null) return;
  const [now, then] = [meanwhile, afterwards];
  [meanwhile, afterwards] = [null, null];
  await now?.();
  const [shown] = await engine.store.lookUp(police, { id: focus.split('/')[1] ?? '' }, true);
  store = shown === undefined ? null : JSON.stringify(shown.sections);
  await then?.();
};

beforeAll(async () => {
  engine = await startTestEngine();
  hook = await startFakeHook(({ focus }) => heard(focus));
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-police', 'POL1', 'police'],
  ] as const)
    await put(operator, body.organization(id, ods, kind));
  await put(operator, body.service('svc-police', 'org-police', 'police'));
  await put(operator, body.agreement('org-trust', ['svc-police']));
  await put(police, policeSubscription('police-sub', hook));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', '9990000018'));
  await put(
    publisher,
    body.composition('words1', 'p1', {
      'please-do': 'Speak slowly please',
      'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
    }),
  );
  await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-police'] }));
  await put(publisher, PERMITS);
}, 60_000);
afterAll(async () => {
  await engine?.stop();
  await hook?.stop();
});

test('I3: told while permitted, refused when it read, and permitted again before anybody recalled: it is told again', async () => {
  // Both happen while the notification is still unanswered, so no recall comes between.
  meanwhile = async () => void (await put(publisher, { ...PERMITS, status: 'inactive' }));
  afterwards = async () => {
    expect(store).toBeNull();
    await put(publisher, PERMITS);
  };
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
  await eventually(() => expect(store).toContain('Speak slowly'), 15_000);
  // And then it is left in peace (I5).
  const { length } = hook.events();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(hook.events()).toHaveLength(length);
}, 30_000);
