import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Bundle, Consent, Task } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Caller } from '../http/open-door.ts';
import { openSubscriptions, type Subscriptions } from '../subscriptions/world.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeHook, startFakeHook } from '../support/fake-hook.ts';

const OPERATOR: Caller = { ods: 'BROKER', kind: 'operator' };
const OTHER: Caller = { ods: 'TRUST2', kind: 'publisher' };
const TRUST: Caller = { ods: 'TRUST1', kind: 'publisher' };

let world: Subscriptions;
let hook: FakeHook;
beforeAll(async () => {
  world = await openSubscriptions();
  hook = await startFakeHook();
}, 60_000);
afterAll(async () => {
  await world?.close();
  await hook?.stop();
}, 30_000);

/** A denial of police with a role that is none. */
const slipped = (id: string, patientId: string, organizationId: string): Consent => {
  const denial = body.consent(id, patientId, organizationId, { deny: ['police'] });
  const [provision] = denial.provision?.provision ?? [];
  const actor = (provision?.actor ?? []).map((each) => ({ ...each, role: { coding: [{ code: 'PRCP' }] } }));
  return { ...denial, provision: { ...denial.provision, provision: [{ ...provision, actor }] } };
};
/** What the attention Tasks of the trust say. */
const said = async (): Promise<readonly string[]> => {
  const { body: found }: { body: Bundle<Task> } = await world.door.get(TRUST, '/fhir/Task?code=attention&status=requested');
  return (found.entry ?? []).map(({ resource }) => resource?.description ?? '');
};

test('I11 I12 a revocation with a slip in it: nothing new is told, and the trust finds a Task that names the Consent and the place', async () => {
  const police = await world.subscriber();
  const plan = await police.plan();
  await police.subscribe(hook.address).expect(201);
  await eventually(() => expect(hook.events()).toHaveLength(1));

  await world.door.put(TRUST, { ...slipped('slip', `p-${police.name}-1`, 'org-trust') }).expect(201);
  await eventually(async () =>
    expect(await said()).toEqual([
      expect.stringContaining('consent-undecidable. Consent/slip, Consent.provision.provision[0].actor[0].role: '),
    ]),
  );
  await plan.approve(undefined, 'Sit down first');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(hook.events()).toHaveLength(1);

  // Put right, it is what it was meant to be.
  await world.door.put(TRUST, { ...body.consent('slip', `p-${police.name}-1`, 'org-trust', { deny: ['police'] }) }).expect(200);
  await eventually(() => expect(hook.events()).toHaveLength(2));
  await eventually(async () => expect(await said()).toEqual([]));
});

test('I4 what another trust wrote, and binds all, freezes as well, and is not named to this one', async () => {
  const police = await world.subscriber();
  const plan = await police.plan();
  await police.subscribe(hook.address).expect(201);
  await world.door.put(OPERATOR, { ...body.organization('org-two', 'TRUST2', 'publisher') }).expect(201);
  await world.door.put(OTHER, { ...body.patient('theirs', plan.number) }).expect(201);
  const consent = slipped('of-another', 'theirs', 'org-two');
  const all = { url: Extension.bindsAllPublishers, valueBoolean: true };
  await world.door.put(OTHER, { ...consent, extension: [...(consent.extension ?? []), all] }).expect(201);
  await eventually(async () => expect(await said()).toEqual([expect.stringMatching(/needs a person: consent-undecidable$/)]));
});
