import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { parseConfig } from '../../src/config.ts';
import { endpointCommand } from '../../src/endpoint-commands.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import { layGround, type Ground, type Lane } from '../store/ground.ts';
import { AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { certificateOptions } from '../support/credential-files.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';

/**
 * HAPI FHIR delivered to another subscriber's endpoint, for the first endpoint of a shared queue was remembered (delivery.md section 1c). Here rows are
 * exchanged between `begin` and `deliver`: nothing leaves, a person is told, and once the rows are right again the right one holds the plan.
 */
let ground: Ground;
let sending: Sending;
let recipients: FakeRecipient[] = [];
let count = 0;
const config = parseConfig({ DATA_DIR: '/nowhere', OPERATOR_ODS: 'BROKER' });

beforeAll(async () => {
  ground = await layGround();
  sending = openSending(ground, 10_000, { sendTimeout: 5_000 });
}, 60_000);
afterAll(async () => {
  await sending?.close();
  await ground?.close();
});
afterEach(async () => {
  for (const recipient of recipients) await recipient.stop();
  recipients = [];
});

const sql = (text: string, ...values: unknown[]) => ground.database.pool.query(text, values);
const asksFor = (holder: 'client' | 'stranger') => ({
  ...pemOf('server'),
  ca: holder === 'stranger' ? pemOf('stranger').cert : AUTHORITY_PEM,
  requestCert: true,
  rejectUnauthorized: true,
});

type Road = 'fhir' | 'mllp' | 'fhir without credentials';
const start = (road: Road, tls: ReturnType<typeof asksFor>): Promise<FakeRecipient> => {
  switch (road) {
    case 'fhir':
      return startFakeFhirRecipient({ tls });
    case 'mllp':
      return startFakeMllpRecipient({ tls });
    case 'fhir without credentials':
      return startFakeFhirRecipient();
    default:
      return road satisfies never;
  }
};

/** Two recipients, each with a certificate of its own to be shown, and a person of theirs. */
const two = async (road: Road) => {
  count += 1;
  const open = async (name: string, holder: 'client' | 'stranger'): Promise<{ readonly lane: Lane; readonly recipient: FakeRecipient }> => {
    const tls = asksFor(holder);
    const recipient = await start(road, tls);
    recipients.push(recipient);
    const lane = await ground.lane(`${name}${count}`, road === 'mllp' ? 'ed' : 'epr', recipient.address);
    if (road !== 'fhir without credentials')
      await endpointCommand(ground.database.pool, config, 'endpoint credential set', `end-${lane.name}`, certificateOptions(holder));
    return { lane, recipient };
  };
  const [one, other] = [await open('one', 'client'), await open('other', 'stranger')];
  await ground.fanOutAll();
  return { one, other, ids: [`end-${one.lane.name}`, `end-${other.lane.name}`] as const };
};
type Two = Awaited<ReturnType<typeof two>>;

/** Why the publisher was told of a recipient. */
const reasonsOfTasks = async (ods: string): Promise<readonly string[]> => {
  const found = await ground.store.search(searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: ['attention'] }], 100));
  return found.rows
    .map(({ body }) => body as Task)
    .flatMap(({ description, statusReason }) => (description?.includes(` ${ods} `) === true ? [statusReason?.text ?? ''] : []));
};

/** What is done to the rows, and how they are made right again. */
interface Swap {
  readonly what: string;
  readonly swap: (two: Two) => Promise<unknown>;
  readonly back: (two: Two) => Promise<unknown>;
}
const swapped = (what: string, swap: Swap['swap'], back: Swap['back'] = swap): Swap => ({ what, swap, back });

/** A column exchanged between the rows of both Endpoints. */
const exchange =
  (table: string, id: string, column: string) =>
  ({ ids: [one, other] }: Two): Promise<unknown> =>
    sql(
      `UPDATE ${table} t SET ${column} = o.${column} FROM ${table} o
        WHERE t.${id} IN ($1, $2) AND o.${id} IN ($1, $2) AND t.${id} <> o.${id}`,
      one,
      other,
    );
const exchangeCredentials = (...columns: readonly string[]) => {
  const set = columns.map((column) => `${column} = o.${column}`).join(', ');
  return ({ ids: [one, other] }: Two): Promise<unknown> =>
    sql(
      `UPDATE endpoint_credential t SET ${set} FROM endpoint_credential o
        WHERE t.destination_id IN ($1, $2) AND o.destination_id IN ($1, $2) AND t.destination_id <> o.destination_id`,
      one,
      other,
    );
};
const exchangeAddresses = ({ one, other, ids }: Two): Promise<unknown> =>
  sql(
    `UPDATE destination SET facts = jsonb_set(facts, '{address}', to_jsonb(CASE WHEN facts->>'address' = $1 THEN $2 ELSE $1 END)) WHERE id IN ($3, $4)`,
    one.recipient.address,
    other.recipient.address,
    ...ids,
  );
const exchangeServices = ({ one, other }: Two): Promise<unknown> =>
  sql(
    `UPDATE recipient SET ods = CASE WHEN id = $1 THEN $4 ELSE $3 END WHERE id IN ($1, $2)`,
    ...[one, other].map(({ lane }) => lane.service),
    ...[one, other].map(({ lane }) => lane.ods),
  );

const SWAPS: readonly Swap[] = [
  swapped('the addresses of both Endpoints', exchangeAddresses, exchangeAddresses),
  swapped('the services of both Endpoints', exchange('destination', 'id', 'recipient_id')),
  swapped('the secrets of both Endpoints', exchangeCredentials('sealed')),
  swapped('the secrets with their versions', exchangeCredentials('sealed', 'version')),
  swapped('the credentials with their addresses', exchangeCredentials('sealed', 'version', 'address', 'recipient_id')),
  swapped('the recipients whom the credentials are meant for', exchangeCredentials('recipient_id')),
  swapped(
    'the Endpoint of the key',
    ({ ids: [one, other] }) =>
      sql('UPDATE ledger_key SET destination_id = $2 WHERE destination_id = $1 AND open_delivery IS NOT NULL', one, other),
    ({ ids: [one, other] }) =>
      sql('UPDATE ledger_key SET destination_id = $1 WHERE destination_id = $2 AND recipient_id = $3', one, other, `svc-${one.slice(4)}`),
  ),
  swapped('the organisations of both services', exchangeServices, ({ one, other }) =>
    sql(
      `UPDATE recipient SET ods = CASE WHEN id = $1 THEN $3 ELSE $4 END WHERE id IN ($1, $2)`,
      one.lane.service,
      other.lane.service,
      one.lane.ods,
      other.lane.ods,
    ),
  ),
];

describe.each(['fhir', 'mllp', 'fhir without credentials'] as const)('misdelivery: %s', (road) => {
  let both: Two;
  beforeEach(async () => {
    both = await two(road);
  }, 30_000);

  test.each(SWAPS.filter(({ what }) => road !== 'fhir without credentials' || !/secrets|credentials/.test(what)))(
    'I4: nothing leaves, and a person is told, where these are exchanged between begin and deliver: $what',
    async ({ swap, back }) => {
      const { one, other } = both;
      const before = sending.alarms().length;
      let seen: unknown;
      await sending.step(one.lane.service, {
        deliver: async (...asked) => {
          await swap(both);
          seen = await sending.ports.deliver(...asked);
          return seen as Awaited<ReturnType<typeof sending.ports.deliver>>;
        },
      });
      expect(seen).toEqual({ kind: 'refused', because: 'misaddressed', retry: true });
      expect([one, other].flatMap(({ recipient }) => recipient.received())).toEqual([]);
      expect(sending.alarms().length).toBe(before + 1);
      expect(await reasonsOfTasks(one.lane.ods)).toEqual(['misaddressed']);

      await back(both);
      await eventually(async () => {
        await sending.step(one.lane.service);
        expect(one.recipient.holds()).toHaveLength(1);
      });
      expect(one.recipient.holds()[0]?.person).toBe(one.lane.number);
      expect(other.recipient.received()).toEqual([]);
    },
  );

  test.each([
    ['with the digest of another', `jsonb_set(parcel::jsonb, '{addressed}', '"0123"')`, 'misaddressed'],
    ['without one, as an older version left them', `parcel::jsonb - 'addressed'`, 'not-addressed'],
  ])('bytes %s are not sent again; the next attempt has its own', async (_what, changed, because) => {
    const { one, other } = both;
    const before = sending.alarms().length;
    one.recipient.behave({ how: 'lose-answer', times: 1 });
    await sending.step(one.lane.service);
    expect(one.recipient.received()).toHaveLength(1);
    await sql(
      `UPDATE delivery SET parcel = (${changed})::json WHERE key_id IN (SELECT id FROM ledger_key WHERE recipient_id = $1)`,
      one.lane.service,
    );
    let outcome: unknown;
    await eventually(async () => {
      await sending.step(one.lane.service, {
        deliver: async (...asked) => {
          const told = await sending.ports.deliver(...asked);
          outcome ??= told;
          return told;
        },
      });
      expect(outcome).toEqual({ kind: 'refused', because, retry: true });
    });
    expect(one.recipient.received()).toHaveLength(1);
    expect(sending.alarms().length - before).toBe(because === 'misaddressed' ? 1 : 0);
    await eventually(async () => {
      await sending.step(one.lane.service);
      expect(one.recipient.received().length).toBeGreaterThan(1);
    });
    const ids = one.recipient.received().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(other.recipient.received()).toEqual([]);
  });

  test('an address that was exchanged before the look: the Endpoint says another, and nothing leaves', async () => {
    const { one, other } = both;
    await exchangeAddresses(both);
    await sending.step(one.lane.service);
    expect([one, other].flatMap(({ recipient }) => recipient.received())).toEqual([]);
    await exchangeAddresses(both);
    await eventually(async () => {
      await sending.step(one.lane.service);
      expect(one.recipient.holds()).toHaveLength(1);
    });
    expect(other.recipient.received()).toEqual([]);
  });
});
