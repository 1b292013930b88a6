import type { Bundle, Parameters, Resource } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import type { Principal } from '../../src/model/principal.ts';
import { openDoorOn } from '../http/open-door.ts';
import { caller, operator, publisher, WORDS } from '../store/ground.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeHook, HookNotification } from '../support/fake-hook.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { policeSubscription } from '../support/police-program.ts';

export type Content = 'empty' | 'id-only' | 'full-resource';

/** A subscriber: an organisation with one service, and its rest-hook. */
export interface Subscriber {
  readonly principal: Principal;
  readonly caller: Caller;
  readonly service: string;
  readonly hook: FakeHook;
}

/** A part of a status. */
export interface EventSeen {
  readonly number: string | undefined;
  readonly focus: string | null;
}

const partOf = (parameters: Parameters | undefined, name: string) => parameters?.parameter?.find((each) => each.name === name);

/** What a Bundle that begins with a status says. */
export const statusIn = (bundle: Bundle) => {
  const status = bundle.entry?.[0]?.resource as Parameters | undefined;
  return {
    type: partOf(status, 'type')?.valueCode,
    status: partOf(status, 'status')?.valueCode,
    topic: partOf(status, 'topic')?.valueCanonical ?? null,
    subscription: partOf(status, 'subscription')?.valueReference?.reference,
    sinceStart: partOf(status, 'events-since-subscription-start')?.valueString,
    events: (status?.parameter ?? [])
      .filter(({ name }) => name === 'notification-event')
      .map(
        ({ part = [] }): EventSeen => ({
          number: part.find(({ name }) => name === 'event-number')?.valueString,
          focus: part.find(({ name }) => name === 'focus')?.valueReference?.reference ?? null,
        }),
      ),
  };
};

/** A broker with its loop and its door on one database, a trust, and subscribers of any kind. */
export async function openToldWorld() {
  const engine: TestEngine = await startTestEngine();
  const door = await openDoorOn(engine.database);
  const numbers = nhsNumbersFrom(5_000);
  const hooks: FakeHook[] = [];
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));

  const subscriber = async (name: string, kind: RecipientKind): Promise<Subscriber> => {
    const ods = `X${name.toUpperCase()}`;
    const service = `svc-${name}`;
    await put(operator, body.organization(`org-${name}`, ods, kind));
    await put(operator, body.service(service, `org-${name}`, kind));
    await put(operator, { ...body.agreement('org-trust', [service]), id: `con-${name}` });
    const hook = await startFakeHook();
    hooks.push(hook);
    return { principal: caller(ods, kind), caller: { ods, kind }, service, hook };
  };
  const statusOf = async (id: string): Promise<string | undefined> => {
    const stored = (await engine.store.read('Subscription', id))?.body;
    return stored?.resourceType === 'Subscription' ? stored.status : undefined;
  };
  /** Writes it, and waits until its handshake has made it active. */
  const subscribe = async (
    { principal, hook }: Subscriber,
    id: string,
    content: Content = 'id-only',
    to: FakeHook = hook,
  ): Promise<void> => {
    const plain = policeSubscription(id, to);
    const _payload = { extension: [{ url: Extension.backportPayloadContent, valueCode: content }] };
    await put(principal, { ...plain, channel: { ...plain.channel, _payload } } as Resource);
    await eventually(async () => mustBe(await statusOf(id), 'active'));
  };
  const consent = (name: string, kinds: readonly RecipientKind[], status: 'active' | 'inactive' = 'active') =>
    put(publisher, body.consent(`consent-${name}`, `patient-${name}`, 'org-trust', { kinds: [...kinds], status }));
  /** A person with consent for these kinds, and an approved plan with these services in reach. */
  const plan = async (name: string, reach: readonly string[], kinds: readonly RecipientKind[]): Promise<void> => {
    await put(publisher, body.patient(`patient-${name}`, numbers.next()));
    await consent(name, kinds);
    await put(publisher, body.composition(`words-${name}`, `patient-${name}`, WORDS));
    await put(publisher, body.carePlan(`plan-${name}`, `patient-${name}`, `words-${name}`, { reach: [...reach] }));
    await engine.store.approve(publisher, `plan-${name}`, '1', body.approval(`plan-${name}`), body.approver);
  };
  /** The id under which a service knows a plan. */
  const knownAs = async (name: string, service: string): Promise<string> => {
    const { rows } = await engine.database.pool.query<{ id: string }>(
      `SELECT disclosure_id(a.plan_id, $2) AS id FROM approved_version a WHERE a.care_plan_id = $1`,
      [`plan-${name}`, service],
    );
    return `CarePlan/${rows[0]?.id}`;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  const ask = async (who: Caller, path: string): Promise<{ status: number; body: any }> => {
    const answer = await door.get(who, `/fhir/${path}`);
    return { status: answer.status, body: answer.body };
  };
  const post = async (who: Caller, path: string, parameter: readonly object[]) => {
    const sent = parameter.length === 0 ? { resourceType: 'Parameters' } : { resourceType: 'Parameters', parameter };
    const answer = await door.post(who, `/fhir/${path}`, sent);
    return { status: answer.status, body: answer.body };
  };
  return {
    engine,
    door,
    put,
    subscriber,
    subscribe,
    statusOf,
    consent,
    plan,
    knownAs,
    ask,
    post,
    sql: (text: string, ...values: unknown[]) => engine.database.pool.query(text, values),
    close: async () => {
      await door.close();
      await engine.stop();
      for (const hook of hooks) await hook.stop();
    },
  };
}

export type ToldWorld = Awaited<ReturnType<typeof openToldWorld>>;

const mustBe = (found: unknown, wanted: unknown): void => {
  if (found !== wanted) throw new Error(`${String(wanted)} was expected, and it is ${String(found)}`);
};

/** Numbers of what came in, in the order in which it came; repeats left out. */
export const numbersTold = (hook: FakeHook): readonly (string | null)[] => hook.events().map(({ eventNumber }) => eventNumber);

/** What came in as a Bundle. */
export const bundleOf = ({ bytes }: HookNotification): Bundle => JSON.parse(bytes) as Bundle;
