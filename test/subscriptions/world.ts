import type { Bundle, Parameters, ParametersParameter, Resource, Subscription } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { openWebsocketDoor, type WebsocketDoor, type WebsocketLimits } from '../../src/http/websocket/websocket-door.ts';
import type { Log } from '../../src/log.ts';
import { openDoorOn } from '../http/open-door.ts';
import { caller as principalOf, operator, publisher, WORDS } from '../store/ground.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';

/** What a subscriber writes: the channel's own extensions, the filters, and anything else over it. */
export interface Wish {
  readonly content?: string;
  readonly header?: readonly string[];
  readonly channel?: readonly object[];
  readonly filters?: readonly string[];
  readonly change?: object;
}

/** A Subscription as a subscriber sends it. */
export const subscription = (endpoint: string, { content = 'id-only', header, channel, filters, change }: Wish = {}) => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'Plan changes',
  criteria: PLAN_TOPIC,
  ...(filters === undefined
    ? {}
    : { _criteria: { extension: filters.map((valueString) => ({ url: Extension.backportFilterCriteria, valueString })) } }),
  channel: {
    ...(channel === undefined ? {} : { extension: channel }),
    type: 'rest-hook',
    endpoint,
    payload: 'application/fhir+json',
    _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: content }] },
    ...(header === undefined ? {} : { header }),
  },
  ...change,
});

/** A door for the websockets of an engine in this process. */
const websocketsOf =
  ({ engine: { sockets, bindSocket } }: TestEngine, limits: Partial<WebsocketLimits>) =>
  (log: Log): WebsocketDoor =>
    openWebsocketDoor({ sockets, bind: bindSocket, log, behindProxy: false, limits });

/** The whole broker, loop and door, with a trust, a police force and an ED whose plans are everybody's in reach. */
export const openSubscriptions = async (limits: Partial<WebsocketLimits> = {}, env: Readonly<Record<string, string>> = {}) => {
  const engine = await startTestEngine({ SWEEP_MS: '300', ...env });
  const doorOf = (of: TestEngine) => openDoorOn(of.database, undefined, undefined, { websocketsOf: websocketsOf(of, limits) });
  const door = await doorOf(engine);
  const numbers = nhsNumbersFrom(6_000);
  const put = (principal: typeof operator, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  let services = 0;

  /** A service of its own, in agreement with the trust, and in the reach of a plan that is approved when the test says so. */
  const subscriber = async (kind: RecipientKind = 'police') => {
    const name = `s${++services}`;
    const caller: Caller = { ods: `SUB${services}`, kind };
    await put(operator, body.organization(`org-${name}`, caller.ods, kind));
    await put(operator, body.service(`svc-${name}`, `org-${name}`, kind));
    await put(operator, { ...body.agreement('org-trust', [`svc-${name}`]), id: `con-${name}` });
    let plans = 0;
    return {
      name,
      caller,
      service: `svc-${name}`,
      contract: `con-${name}`,
      subscribe: (endpoint: string, wish: Wish = {}) => door.post(caller, '/fhir/Subscription', subscription(endpoint, wish)),
      read: async (id: string): Promise<Subscription> => (await door.get(caller, `/fhir/Subscription/${id}`).expect(200)).body,
      ask: async (path: string): Promise<{ readonly status: number; readonly body: Bundle }> => {
        const { status, body: answer } = await door.get(caller, `/fhir/${path}`);
        return { status, body: answer };
      },
      /** A person with an approved plan; answers what else becomes of it. */
      plan: async () => {
        const own = `${name}-${++plans}`;
        const number = numbers.next();
        await put(publisher, body.patient(`p-${own}`, number));
        const consent = (status: 'active' | 'inactive') =>
          put(publisher, body.consent(`c-${own}`, `p-${own}`, 'org-trust', { kinds: [kind], status }));
        await consent('active');
        let version = 0;
        const approve = async (triggers = WORDS.triggers, please = WORDS['please-do']): Promise<void> => {
          version += 1;
          await put(publisher, body.composition(`w-${own}-${version}`, `p-${own}`, { ...WORDS, triggers, 'please-do': please }));
          const before = version === 1 ? {} : { replaces: `v-${own}-${version - 1}` };
          await put(
            publisher,
            body.carePlan(`v-${own}-${version}`, `p-${own}`, `w-${own}-${version}`, { reach: [`svc-${name}`], ...before }),
          );
          const id = `v-${own}-${version}`;
          await engine.store.approve(publisher, id, '1', body.approval(id), body.approver);
        };
        await approve();
        return { number, approve, revoke: () => consent('inactive'), permit: () => consent('active') };
      },
    };
  };
  return {
    engine,
    door,
    put,
    subscriber,
    /** Another process's worth on the same database: a loop, and a door of its own. */
    another: async () => {
      const own = await startTestEngine({ SWEEP_MS: '300', ...env }, engine.database);
      const at = await doorOf(own);
      return {
        engine: own,
        door: at,
        close: async () => {
          await at.close();
          await own.stop();
        },
      };
    },
    principalOf,
    close: async () => {
      await door.close();
      await engine.stop();
    },
  };
};

export type Subscriptions = Awaited<ReturnType<typeof openSubscriptions>>;

/** The status in front of a notification, and of an answer to `$events`. */
export const statusIn = ({ entry }: Bundle): Parameters => entry?.[0]?.resource as Parameters;
export const valueIn = ({ parameter = [] }: Parameters, name: string): unknown => {
  const found = parameter.find((each) => each.name === name);
  return Object.entries(found ?? {}).find(([key]) => key.startsWith('value'))?.[1];
};
export const eventsIn = (bundle: Bundle): readonly ParametersParameter[] =>
  (statusIn(bundle).parameter ?? []).filter(({ name }) => name === 'notification-event');
export const partOf = ({ part = [] }: ParametersParameter, name: string): unknown =>
  Object.entries(part.find((each) => each.name === name) ?? {}).find(([key]) => key.startsWith('value'))?.[1];
export const numbersIn = (bundle: Bundle): readonly unknown[] => eventsIn(bundle).map((event) => partOf(event, 'event-number'));
