import type { Endpoint, Resource } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import { openDoorOn } from '../http/open-door.ts';
import type { Caller } from './access.ts';
import * as body from './bodies.ts';
import { startTestEngine } from './engine.ts';
import { startFakeFhirRecipient } from './fake-fhir-recipient.ts';
import type { FakeOptions, FakeRecipient, Received } from './fake-recipient.ts';
import { nhsNumbersFrom } from './nhs-numbers.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
export const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
export const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};

export interface LaneOptions extends FakeOptions {
  readonly mode?: 'sync' | 'async' | 'bars';
  /** Milliseconds for which its answers are waited for. */
  readonly within?: number;
}

/** An EPR with a store and a mood of its own, and a person whose plan goes to it alone. */
export interface Lane {
  readonly name: string;
  readonly epr: FakeRecipient;
  readonly caller: Caller;
  readonly number: string;
  /** The plan is approved, for the first time or with other words. */
  readonly approve: (triggers?: string) => Promise<void>;
  readonly revoke: () => Promise<void>;
  readonly permit: () => Promise<void>;
  readonly updates: () => readonly Received[];
  readonly recalls: () => readonly Received[];
  /** What the ledger believes of its key. */
  readonly key: () => Promise<KeyOfLane>;
}

export interface KeyOfLane {
  readonly id: string;
  readonly lookIn: number | null;
  readonly leased: boolean;
  readonly open: boolean;
  readonly failures: number;
  readonly copies: readonly { readonly id: string; readonly state: string; readonly effect: string | null; readonly answerBy?: number }[];
  readonly last: { readonly id: string; readonly kind: string; readonly outcome: string } | null;
}

/** The whole broker, loop and door, on one database, and lanes on it. */
export const openMessaging = async (env: Readonly<Record<string, string>> = {}) => {
  const engine = await startTestEngine(env);
  const door = await openDoorOn(engine.database);
  const eprs: FakeRecipient[] = [];
  const numbers = nhsNumbersFrom(4_000);
  let lanes = 0;
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));

  const lane = async (options: LaneOptions = {}): Promise<Lane> => {
    const name = `m${++lanes}`;
    const epr = await startFakeFhirRecipient(options);
    eprs.push(epr);
    const caller: Caller = { ods: `E${name.toUpperCase()}`, kind: 'epr' };
    await put(operator, body.organization(`org-${name}`, caller.ods, 'epr'));
    await put(operator, body.service(`svc-${name}`, `org-${name}`, 'epr'));
    const endpoint: Endpoint = body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, epr.address);
    const { mode, within } = options;
    await put(operator, {
      ...endpoint,
      extension: [
        ...(endpoint.extension ?? []),
        ...(mode === undefined ? [] : [{ url: Extension.responseMode, valueCode: mode }]),
        ...(within === undefined
          ? []
          : [
              {
                url: Extension.responseWithin,
                valueDuration: { value: within, unit: 'ms', system: 'http://unitsofmeasure.org', code: 'ms' },
              },
            ]),
      ],
    });
    await put(operator, body.agreement('org-trust', [`svc-${name}`]));
    const number = numbers.next();
    await put(publisher, body.patient(`p-${name}`, number));
    const consent = (status: 'active' | 'inactive') =>
      put(publisher, body.consent(`c-${name}`, `p-${name}`, 'org-trust', { kinds: ['epr'], status }));
    await consent('active');
    let versions = 0;
    const approve = async (triggers = WORDS.triggers): Promise<void> => {
      const before = versions === 0 ? {} : { replaces: `v-${name}-${versions}` };
      versions += 1;
      const id = `v-${name}-${versions}`;
      await put(publisher, body.composition(`w-${name}-${versions}`, `p-${name}`, { ...WORDS, triggers }));
      await put(publisher, body.carePlan(id, `p-${name}`, `w-${name}-${versions}`, { reach: [`svc-${name}`], ...before }));
      await engine.store.approve(publisher, id, '1', body.approval(id), body.approver);
    };
    const key = async (): Promise<KeyOfLane> => {
      const { rows } = await engine.database.pool.query(
        `SELECT id, CASE WHEN look_at < 'infinity' THEN (extract(epoch FROM look_at - clock_timestamp()) * 1000)::double precision END AS look_in,
                lease_until > clock_timestamp() AS leased, open_delivery IS NOT NULL AS open, state
           FROM ledger_key WHERE destination_id = $1`,
        [`end-${name}`],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('there is no key yet');
      return { id: row.id, lookIn: row.look_in, leased: row.leased === true, open: row.open, ...row.state };
    };
    const of = (kind: Received['kind']) => (): readonly Received[] => epr.received().filter((each) => each.kind === kind);
    return {
      name,
      epr,
      caller,
      number,
      approve,
      revoke: async () => void (await consent('inactive')),
      permit: async () => void (await consent('active')),
      updates: of('update'),
      recalls: of('recall'),
      key,
    };
  };

  return {
    engine,
    door,
    lane,
    put,
    /** Posts an answer to the broker's own `$process-message`, as a caller. */
    answer: (caller: Caller, bundle: Resource, headers: Readonly<Record<string, string>> = {}) =>
      door.post(caller, '/fhir/$process-message', bundle).set(headers),
    /** Open Tasks that tell a person of a lane's key. */
    tasks: async (): Promise<readonly { status: string; reason: string; description: string }[]> => {
      const { body: found } = await door.search({ ods: 'TRUST1', kind: 'publisher' }, 'Task', 'code=attention&_count=200');
      return (found.entry ?? []).map(({ resource }: { resource: Record<string, never> }) => ({
        status: resource['status'] ?? '',
        reason: (resource['statusReason'] as { text?: string } | undefined)?.text ?? '',
        description: resource['description'] ?? '',
      }));
    },
    close: async () => {
      await door.close();
      await engine.stop();
      for (const epr of eprs) await epr.stop();
    },
  };
};

export type Messaging = Awaited<ReturnType<typeof openMessaging>>;
