import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import request from 'supertest';
import type { Test } from 'supertest';
import { System } from '../../profiles/canonicals.ts';
import { createApp } from '../../src/http/app.ts';
import type { HttpConfig } from '../../src/http/exchange.ts';
import { listen } from '../../src/http/listen.ts';
import type { WebsocketDoor } from '../../src/http/websocket/websocket-door.ts';
import type { RateLimit } from '../../src/http/access/rate-limit.ts';
import { createLog, type Log } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';
import { validate } from '../../src/validate/validate.ts';
import { accessParts, type Caller, type Tokens, tokensAt } from '../support/access.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';
import { testApproving } from '../support/test-approving.ts';

export type { Caller };

export const OPERATOR: Caller = { ods: 'BROKER', kind: 'operator' };
export const TRUST: Caller = { ods: 'ZZ1', kind: 'publisher' };
export const OTHER_TRUST: Caller = { ods: 'ZZ9', kind: 'publisher' };
export const AMBULANCE: Caller = { ods: 'ZZ3', kind: 'ambulance' };
export const POLICE: Caller = { ods: 'ZZ4', kind: 'police' };

export const NHS_NUMBER_SYSTEM = 'https://fhir.nhs.uk/Id/nhs-number';
/** The number of the example patient. */
export const AMBER = '9990012342';
/** A valid number of nobody. */
export const NOBODY = '9990000018';

type Body = Record<string, unknown>;

/** A valid example of a profile, as a fresh object. */
export const example = (profile: string, name = 'valid-full'): Body =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/${profile}/${name}.json`, import.meta.url), 'utf8')) as Body;

/** Requests to a door, each with a caller's token. */
export const callersAt = (origin: string, { as }: Pick<Tokens, 'as'>) => {
  const agent = request(origin);
  const put = (caller: Caller, resource: Body): Test =>
    as(agent.put(`/fhir/${String(resource['resourceType'])}/${String(resource['id'])}`), caller)
      .set('Content-Type', 'application/fhir+json')
      .send(JSON.stringify(resource));
  const post = (caller: Caller, path: string, body: unknown): Test =>
    as(agent.post(path), caller).set('Content-Type', 'application/fhir+json').send(JSON.stringify(body));
  const get = (caller: Caller, path: string): Test => as(agent.get(path), caller);
  const search = (caller: Caller, type: string, form: string): Test =>
    as(agent.post(`/fhir/${type}/_search`), caller)
      .set('Content-Type', 'application/x-www-form-urlencoded')
      .send(form);
  return { agent, as, put, post, get, search };
};

/** What a test changes about a door. */
export interface DoorWishes {
  /** Makes a door behind a proxy, which limits how often an address is refused. */
  readonly limiting?: (pool: TestDatabase['pool'], log: Log) => RateLimit;
  readonly config?: Partial<HttpConfig>;
  /** Makes a door for websockets beside it. */
  readonly websocketsOf?: (log: Log) => WebsocketDoor;
}

/** The real door on a real socket, on the real store in a database: another process's door, as far as it can tell. */
export const openDoorOn = async (
  database: TestDatabase,
  outboundAllow: readonly string[] = ['127.0.0.0/8'],
  issuers?: readonly string[],
  { limiting, config: more = {}, websocketsOf }: DoorWishes = {},
) => {
  const lines: string[] = [];
  const log = createLog('info', (text) => lines.push(text));
  const registry = new Registry();
  const store = openStore(database.pool, {
    epoch: 1,
    messageLifetime: 60_000,
    approving: testApproving,
    changed: () => {},
    queueAnswers: async () => {},
  });
  const config = {
    operatorOds: 'BROKER',
    behindProxy: limiting !== undefined,
    publicUrl: null,
    outboundAllow,
    errorCodeSystem: System.httpErrorCodes,
    ...more,
  };
  const app = createApp({
    store,
    ...accessParts(database.pool, outboundAllow, issuers),
    config,
    metrics: registry,
    validate,
    log,
    newId: randomUUID,
    ...(limiting === undefined ? {} : { rateLimit: limiting(database.pool, log) }),
  });
  const websockets = websocketsOf?.(log) ?? null;
  const listening = await listen(app, { host: '127.0.0.1', port: 0, log, errorCodeSystem: config.errorCodeSystem, websockets });
  const origin = `http://127.0.0.1:${listening.port}`;
  const tokens = tokensAt(() => origin, database.pool);
  return {
    ...callersAt(origin, tokens),
    tokens,
    store,
    pool: database.pool,
    owner: database.owner,
    origin,
    lines,
    /** How many versions of any resource are stored. */
    stored: async () => (await database.pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM resource_version')).rows[0]?.n ?? 0,
    database,
    close: async (): Promise<void> => {
      await websockets?.close();
      await listening.close();
    },
  };
};

/** The same in a database of its own. */
export const openDoor = async (outboundAllow?: readonly string[], issuers?: readonly string[]) => {
  const database = await openDatabase();
  const door = await openDoorOn(database, outboundAllow, issuers);
  return {
    ...door,
    close: async () => {
      await door.close();
      await database.close();
    },
  };
};

export type OpenDoor = Awaited<ReturnType<typeof openDoor>>;

const ods = (value: string) => [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value }];
const service = (id: string, organization: string, kind: string): Body => ({
  ...example('recipient-service', 'valid-bare'),
  id,
  providedBy: { reference: `Organization/${organization}` },
  type: [{ coding: [{ system: 'https://crisis-plan-broker.example/fhir/CodeSystem/service-kind', code: kind }] }],
});

const must = async (test: Test, status: number): Promise<void> => {
  const answer = await test;
  if (answer.status !== status) throw new Error(`${status} was expected, and it is ${answer.status}: ${JSON.stringify(answer.body)}`);
};

/** Organisations, services, an agreement, and Amber's approved plan, with consent for ambulance services; police are in no agreement. */
export const approvePlan = async (door: Pick<OpenDoor, 'put' | 'post'>): Promise<void> => {
  for (const [id, code] of [
    ['trust', 'ZZ1'],
    ['ambulance-trust', 'ZZ3'],
    ['constabulary', 'ZZ4'],
  ] as const) {
    await must(door.put(OPERATOR, { resourceType: 'Organization', id, identifier: ods(code), name: `Example ${id}` }), 201);
  }
  await must(door.put(OPERATOR, service('trust-service', 'trust', 'publisher')), 201);
  await must(door.put(OPERATOR, service('ambulance', 'ambulance-trust', 'ambulance')), 201);
  await must(door.put(OPERATOR, service('police', 'constabulary', 'police')), 201);
  await must(door.put(OPERATOR, example('sharing-agreement')), 201);
  for (const id of ['nurse', 'consultant']) {
    await must(door.put(TRUST, { resourceType: 'Practitioner', id, name: [{ family: `Clinician-${id}`, given: ['Example'] }] }), 201);
  }
  const team = {
    resourceType: 'CareTeam',
    id: 'crisis-team',
    status: 'active',
    participant: [{ member: { reference: 'Practitioner/nurse' } }],
  };
  await must(door.put(TRUST, team), 201);
  await must(door.put(TRUST, example('plan-patient')), 201);
  await must(door.put(TRUST, example('plan-words')), 201);
  await must(door.put(TRUST, example('crisis-plan')), 201);
  await must(door.put(TRUST, example('sharing-consent', 'valid-first')), 201);
  await must(
    door.post(TRUST, '/fhir/CarePlan/plan-1/$approve', {
      resourceType: 'Parameters',
      parameter: [
        { name: 'version', valueString: '1' },
        { name: 'provenance', resource: example('plan-approval', 'valid-approve') },
      ],
    }),
    200,
  );
};
