import type { Resource, Task } from '@medplum/fhirtypes';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Principal } from '../../src/model/principal.ts';
import { codeText } from '../../src/store/search/token-text.ts';
import type { Search } from '../../src/store/search/search.ts';
import { searchAmong } from '../../src/store/search/search.ts';
import { attentionId } from '../../src/store/attention.ts';
import { caller, operator, publisher, type Ground } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeFhirServer } from '../support/fake-fhir-server.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeOptions } from '../support/fake-recipient.ts';
import type { MeshInbox } from '../../src/channel/mesh-inbox.ts';
import type { MeshSettings } from '../../src/channel/mesh-mailbox.ts';
import { Extension } from '../../profiles/canonicals.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { ANSWERED_WITHIN, openMailbox, ourMailbox } from './mailbox-lane.ts';
import { policeSubscription } from '../support/police-program.ts';

export type Road = 'fhir-messaging' | 'fhir-rest' | 'fhir-rest, read back' | 'hl7v2-mllp' | 'mesh' | 'subscription';

/** What lies in a recipient's own store, and what it ever heard. */
export interface Store {
  holds(): readonly string[];
  /** Everything that came in, as bytes. */
  heard(): readonly string[];
  /** Sequences of updates that came in; a notification has none. */
  updates(): readonly string[];
  /** What a recipient does by itself now and then: it answers the Tasks that ask it to give something up. */
  tidyUp(): Promise<void>;
  /** The broker looks into its own mailbox; of MESH. */
  look?(inbox: MeshInbox): Promise<void>;
  /** It asks for its Subscription again, which was in error. */
  subscribeAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** One recipient behind a proxy, and one person whose plan is for it alone. */
export interface FaultLane {
  readonly name: string;
  readonly service: string;
  readonly store: Store;
  readonly proxy: FaultProxy;
  readonly number: string;
  /** Words that stand in this person's plan and in no other: the first is shared, the second is not consented to. */
  readonly shown: string;
  readonly hidden: string;
  approve(version: number, words: string, hidden: string): Promise<void>;
  consent(status: 'active' | 'inactive'): Promise<void>;
  /** Whether the publisher was asked to look at it. */
  isTold(): Promise<boolean>;
  deliveries(): Promise<readonly Delivery[]>;
  /** Whether nothing is owed, now or soon: also nothing that is said again because of what may still come. */
  isAtRest(): Promise<boolean>;
  /** Whether its address is open, or is about to be: a Subscription in error is opened by its owner only. */
  isOpen(): Promise<boolean>;
  /** The broker's own mailbox for this lane, behind the lane's proxy; of MESH. */
  readonly mesh: MeshSettings | null;
  stop(): Promise<void>;
}

export interface Delivery {
  readonly action: 'update' | 'recall';
  readonly sequence: string;
  readonly begunAt: number;
  readonly outcome: string;
  readonly because: string | null;
}

export interface LaneOptions {
  readonly secure: boolean;
  /** What stands in the address; the broker's resolver knows it. */
  readonly host: string;
  readonly foreign: () => Buffer | null;
  readonly fake?: FakeOptions;
}

const KIND = {
  'fhir-messaging': 'epr',
  'fhir-rest': 'epr',
  'fhir-rest, read back': 'epr',
  'hl7v2-mllp': 'ed',
  mesh: 'epr',
  subscription: 'police',
} as const;

/** Sets a recipient of a road up, with its agreement, and a person who consents to two headings of their plan. */
export const openLane = async (
  ground: Ground,
  road: Road,
  name: string,
  { secure, host, foreign, fake }: LaneOptions,
): Promise<FaultLane> => {
  const kind = KIND[road];
  const ods = `F${name.toUpperCase()}`;
  const service = `svc-${name}`;
  const put = (by: Parameters<Ground['put']>[0], resource: Resource) => ground.put(by, resource);
  const own = caller(ods, kind);
  const subscribe: (() => Promise<string>)[] = [];
  const box = `X26${name.toUpperCase()}`;
  const { store, port } =
    road === 'mesh' ? await openMailbox(ground, box) : await openStore(ground, road, own, fake, () => subscribe[0]?.());
  const protocol = road === 'hl7v2-mllp' ? 'mllp' : 'http';
  const proxy = await startFaultProxy({ protocol, upstream: port, secure, foreign });
  const authority = `${host}:${proxy.port()}`;
  const address =
    road === 'mesh'
      ? `mesh://${box}?workflow_id=PLANS`
      : protocol === 'mllp'
        ? `mllp${secure ? 's' : ''}://${authority}`
        : `http${secure ? 's' : ''}://${authority}/${road === 'subscription' ? 'hook' : 'fhir'}`;

  await put(operator, body.organization(`org-${name}`, ods, kind));
  await put(operator, body.service(service, `org-${name}`, kind));
  const end = { id: `end-${name}`, organization: `org-${name}` };
  switch (road) {
    case 'fhir-messaging':
    case 'hl7v2-mllp':
      await put(operator, body.endpoint(end.id, service, end.organization, address));
      break;
    case 'mesh': {
      const endpoint = body.endpoint(end.id, service, end.organization, address);
      const within = { value: ANSWERED_WITHIN, unit: 'ms', system: 'http://unitsofmeasure.org', code: 'ms' };
      await put(operator, {
        ...endpoint,
        extension: [
          ...(endpoint.extension ?? []),
          { url: Extension.responseWithin, valueDuration: within },
          // What was held back may lie in a mailbox for five days: whoever takes it in passes it over.
          { url: Extension.refusesLowerSequence, valueBoolean: true },
        ],
      });
      break;
    }
    case 'fhir-rest':
    case 'fhir-rest, read back':
      await put(operator, body.restEndpoint(end.id, service, end.organization, address, road === 'fhir-rest, read back'));
      break;
    case 'subscription': {
      const subscription = policeSubscription(end.id, { address } as Parameters<typeof policeSubscription>[1]);
      subscribe.push(() => put(own, subscription as Resource));
      await subscribe[0]?.();
      break;
    }
    default:
      road satisfies never;
  }
  await put(operator, { ...body.agreement('org-trust', [service]), id: `con-${name}` });
  const patient = `pat-${name}`;
  const number = ground.numbers.next();
  await put(publisher, body.patient(patient, number));

  const lane: FaultLane = {
    name,
    service,
    store,
    proxy,
    number,
    shown: `shown-${name}.`,
    hidden: `hidden-${name}.`,
    approve: async (version, words, hidden) => {
      const [plan, composition] = [`plan-${name}-${version}`, `words-${name}-${version}`];
      const replaces = version === 1 ? {} : { replaces: `plan-${name}-${version - 1}` };
      const texts = {
        'please-do': `${lane.shown} ${words}`,
        triggers: `${lane.hidden} ${hidden}`,
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      };
      await put(publisher, body.composition(composition, patient, texts));
      await put(publisher, body.carePlan(plan, patient, composition, { reach: [service], ...replaces }));
      await ground.store.approve(publisher, plan, '1', body.approval(plan), body.approver);
    },
    consent: async (status) => {
      await put(
        publisher,
        body.consent(`cons-${name}`, patient, 'org-trust', { kinds: [kind], headings: ['please-do', 'who-to-ring'], status }),
      );
    },
    isTold: async () => {
      const { rows } = await ground.database.pool.query(`SELECT k.id FROM ledger_key k WHERE k.recipient_id = $1`, [service]);
      const ids = rows.map(({ id }: { id: string }) => attentionId('TRUST1', id));
      return (await ground.database.pool.query(`SELECT FROM resource WHERE type = 'Task' AND id = ANY($1::text[])`, [ids])).rows.length > 0;
    },
    deliveries: async () => {
      const { rows } = await ground.database.pool.query(
        `SELECT d.action, d.epoch || '.' || d.count AS sequence, extract(epoch FROM d.begun_at) * 1000 AS begun_at, d.outcome, d.because
           FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1 ORDER BY d.serial`,
        [service],
      );
      return rows.map(
        (row): Delivery => ({
          action: row.action,
          sequence: row.sequence,
          begunAt: Number(row.begun_at),
          outcome: row.outcome,
          because: row.because,
        }),
      );
    },
    isAtRest: async () => {
      const { rows } = await ground.database.pool.query(
        `SELECT FROM ledger_key WHERE recipient_id = $1 AND (observed < generation OR look_at <= clock_timestamp() + interval '1 minute' OR lease_until IS NOT NULL)`,
        [service],
      );
      const fanOuts = await ground.database.pool.query('SELECT FROM fan_out LIMIT 1');
      return rows.length === 0 && fanOuts.rows.length === 0;
    },
    isOpen: async () => {
      const { rows } = await ground.database.pool.query(
        `SELECT FROM destination WHERE id = $1 AND ((facts->>'open')::boolean OR handshake_due)`,
        [end.id],
      );
      return rows.length > 0;
    },
    mesh: road === 'mesh' ? ourMailbox(`http${secure ? 's' : ''}://${authority}`, box) : null,
    stop: async () => {
      await proxy.stop();
      await store.stop();
    },
  };
  return lane;
};

/** Its open recall Tasks. */
const recallsOf = ({ organization, kind }: Principal): Search =>
  searchAmong(
    'Task',
    { is: 'addressed', organization, kind },
    [
      { is: 'token', param: 'code', anyOf: [codeText('recall')] },
      { is: 'token', param: 'status', anyOf: [codeText('requested')] },
    ],
    50,
  );

const portOf = (address: string): number => Number(/:(\d+)/.exec(address.replace(/^\w+:\/\//, ''))?.[1]);

const openStore = async (
  ground: Ground,
  road: Exclude<Road, 'mesh'>,
  own: Principal,
  fake: FakeOptions = {},
  subscribeAgain: () => Promise<unknown> | undefined = () => undefined,
): Promise<{ readonly store: Store; readonly port: number }> => {
  if (road === 'subscription') {
    const held = new Map<string, string>();
    const read = async (plan: string): Promise<void> => {
      const [shown] = await ground.store.lookUp(own, { id: plan }, true);
      if (shown === undefined) held.delete(plan);
      else held.set(plan, JSON.stringify(shown.sections));
    };
    // One read after another: the last one is what it keeps.
    let turn = Promise.resolve();
    const hook = await startFakeHook(({ focus }) => {
      const plan = focus?.split('/')[1];
      if (plan !== undefined) turn = turn.then(() => read(plan));
    });
    return {
      port: portOf(hook.address),
      store: {
        holds: () => [...held.values()],
        heard: () => hook.notifications().map(({ bytes }) => bytes),
        updates: () => [],
        tidyUp: async () => {
          for (const { id, body: task } of (await ground.store.search(recallsOf(own))).rows) {
            const plan = /^CarePlan\/(.+)$/.exec((task as Task).focus?.reference ?? '')?.[1] ?? '';
            turn = turn.then(() => read(plan));
            await turn;
            await ground.store
              .write({ principal: own, resource: { ...(task as Task), status: 'completed' }, id, ifMatch: null })
              // It was taken back meanwhile.
              .catch((error: unknown) => {
                if (!(error instanceof Anomaly && error.category === 'conflict')) throw error;
              });
          }
        },
        subscribeAgain: async () => void (await subscribeAgain()),
        stop: async () => {
          await hook.stop();
          await turn;
        },
      },
    };
  }
  const open = {
    'fhir-messaging': startFakeFhirRecipient,
    'fhir-rest': startFakeFhirServer,
    'fhir-rest, read back': startFakeFhirServer,
    'hl7v2-mllp': startFakeMllpRecipient,
  };
  const recipient = await open[road](fake);
  return {
    port: portOf(recipient.address),
    store: {
      holds: () => recipient.holds().map(({ text }) => text),
      heard: () => recipient.received().map(({ bytes }) => bytes),
      updates: () => recipient.received().flatMap(({ kind, sequence }) => (kind === 'update' ? [sequence] : [])),
      tidyUp: async () => undefined,
      subscribeAgain: async () => undefined,
      stop: recipient.stop,
    },
  };
};
