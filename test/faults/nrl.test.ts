import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeNrl, startFakeNrl } from '../support/fake-nrl.ts';
import { type Fault, type FaultProxy, HELD_BACK, startFaultProxy } from '../support/fault-proxy.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';

/**
 * A record locator under each fault of the line: a plan is approved, and consent taken back, while it lasts; then it stops, and later consent is given again.
 * What is asked is what a consumer would find there. The list that roads with words share asks for words, and a pointer has none.
 */
const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const ALL = ['epr', 'ed', 'ambulance', 'crisis-line'] as const;
const WORDS = { 'please-do': 'Speak slowly please', 'who-to-ring': 'Ring the crisis team, day and night: 01632 960001' };
const AT_LAST = 60_000;

/** Those that let nothing arrive. */
const STOPS: readonly Fault[] = ['drop', 'truncate', 'reset', 'false-answer'];
const FAULTS: readonly Fault[] = [
  ...STOPS,
  'drop-answer',
  'delay',
  'double',
  'reorder',
  'truncate-answer',
  'reset-after',
  'half-close',
  'slow-loris',
  'wrong-answer',
];

interface Lane {
  readonly fault: Fault;
  readonly nrl: FakeNrl;
  readonly proxy: FaultProxy;
  readonly number: string;
  readonly seen: { atFirst: number; revoked: number; late: number; regiven: number };
}

let engine: TestEngine;
let clean: Lane;
const lanes = new Map<Fault, Lane>();
const failed = new Map<Fault, unknown>();
const numbers = nhsNumbersFrom(72_000);

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const attempts = async (name: string): Promise<number> =>
  (
    await engine.database.pool.query('SELECT FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1', [
      `svc-${name}`,
    ])
  ).rows.length;
const rested = (name: string): Promise<void> =>
  eventually(async () => {
    const { rows } = await engine.database.pool.query(
      `SELECT FROM ledger_key WHERE recipient_id = $1 AND (look_at <= clock_timestamp() + interval '1 minute' OR observed < generation OR lease_until IS NOT NULL)
       UNION ALL SELECT FROM fan_out`,
      [`svc-${name}`],
    );
    expect(rows).toHaveLength(0);
  }, AT_LAST);
const consent = (name: string, status: 'active' | 'inactive') =>
  put(publisher, body.consent(`c-${name}`, `p-${name}`, 'org-trust', { kinds: ALL, status }));

const open = async (fault: Fault): Promise<Lane> => {
  const name = fault;
  const nrl = await startFakeNrl();
  const foreign = (): Buffer | null => clean.proxy.lastAnswer();
  const proxy = await startFaultProxy({ protocol: 'http', upstream: Number(new URL(nrl.address).port), secure: false, foreign });
  const address = nrl.address.replace(/:\d+/, `:${proxy.port()}`);
  await put(operator, body.organization(`org-${name}`, `X${lanes.size + 10}`, 'epr'));
  await put(operator, body.service(`svc-${name}`, `org-${name}`, 'epr'));
  await put(operator, body.locatorEndpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address));
  await put(operator, { ...body.agreement('org-trust', [`svc-${name}`]), id: `con-${name}` });
  const number = numbers.next();
  const lane: Lane = { fault, nrl, proxy, number, seen: { atFirst: 0, revoked: 0, late: 0, regiven: 0 } };
  lanes.set(fault, lane);
  await put(publisher, body.patient(`p-${name}`, number));
  await consent(name, 'active');
  await put(publisher, body.composition(`w-${name}`, `p-${name}`, WORDS));
  await put(publisher, body.carePlan(`v-${name}`, `p-${name}`, `w-${name}`, { reach: [`svc-${name}`] }));
  return lane;
};

const play = async ({ fault, nrl, proxy, seen }: Lane): Promise<void> => {
  const approve = () => engine.store.approve(publisher, `v-${fault}`, '1', body.approval(`v-${fault}`), body.approver);
  const settled = async (): Promise<void> => {
    const { rows } = await engine.database.pool.query(
      `SELECT FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1 AND d.outcome <> 'open'`,
      [`svc-${fault}`],
    );
    expect(rows.length).toBeGreaterThan(0);
  };
  proxy.set(fault);
  await approve();
  await eventually(settled, AT_LAST);
  seen.atFirst = nrl.stands().length;
  const sent = await attempts(fault);
  await consent(fault, 'inactive');
  // The delete is tried under the fault too, where anything may stand there.
  await eventually(async () => expect((await attempts(fault)) > sent || nrl.stands().length === 0).toBe(true), AT_LAST);
  proxy.set('none');
  await rested(fault);
  seen.revoked = nrl.stands().length;
  await sleep(HELD_BACK * 2);
  seen.late = nrl.stands().length;
  await consent(fault, 'active');
  await eventually(() => expect(nrl.stands().length).toBeGreaterThan(0), AT_LAST);
  await rested(fault);
  seen.regiven = nrl.stands().length;
};

beforeAll(async () => {
  engine = await startTestEngine({ SEND_TIMEOUT_MS: '500', SEND_BEFORE_MS: '1000', MESSAGE_LIFETIME_MS: '2000' });
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  clean = await open('none');
  await engine.store.approve(publisher, 'v-none', '1', body.approval('v-none'), body.approver);
  await eventually(() => expect(clean.nrl.stands()).toHaveLength(1), AT_LAST);
  for (const fault of FAULTS) await open(fault);
  // One that does not come to its end fails its own tests, and no other's.
  await Promise.all(FAULTS.map((fault) => play(lanes.get(fault) as Lane).catch((error: unknown) => failed.set(fault, error))));
}, AT_LAST * 3);

afterAll(async () => {
  await engine?.stop();
  for (const { proxy, nrl } of lanes.values()) await Promise.all([proxy.stop(), nrl.stop()]);
});

const of = (fault: Fault): Lane => {
  const lane = lanes.get(fault);
  if (lane === undefined || failed.has(fault)) throw failed.get(fault) ?? new Error('it was not played');
  return lane;
};

describe.each(FAULTS)('a record locator under %s', (fault) => {
  test('I2: once it stopped, no pointer stands that was to be deleted, also none that came late', () => {
    const { seen } = of(fault);
    if (STOPS.includes(fault)) expect(seen.atFirst).toBe(0);
    expect([seen.revoked, seen.late]).toEqual([0, 0]);
  });

  test('I3: consent given again, exactly one stands', () => expect(of(fault).seen.regiven).toBe(1));

  test('I4: nobody else’s number came there', () => {
    const { nrl, number } = of(fault);
    expect(
      new Set(
        nrl
          .received()
          .map(({ person }) => person)
          .filter((each) => each !== '-'),
      ),
    ).toEqual(new Set([number]));
  });
});
