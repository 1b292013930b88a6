import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as body from '../support/bodies.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { AMBULANCE, approvePlan, example, OPERATOR, openDoor, POLICE, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
let before = 0;
beforeAll(async () => {
  // OUTBOUND_ALLOW as it is by default: nothing but public addresses over TLS.
  door = await openDoor([]);
  await approvePlan(door);
  before = await door.stored();
});
afterAll(async () => {
  expect(await door.stored()).toBe(before);
  expect((await door.pool.query("SELECT FROM destination WHERE facts->>'channel' <> 'pull'")).rows).toHaveLength(0);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const subscribe = (channel: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const whole = example('plan-subscription');
  return door.post(POLICE, '/fhir/Subscription', {
    ...whole,
    id: undefined,
    ...more,
    channel: { ...(whole['channel'] as object), endpoint: 'https://hook.example/changed', ...channel },
  });
};
const places = (answer: { body: { issue?: { expression?: string[] }[] } }): readonly string[] =>
  (answer.body.issue ?? []).flatMap(({ expression }) => expression ?? []);

const INSIDE = [
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://0177.0.0.1/',
  'https://127.1/',
  'https://0/',
  'https://10.0.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://[64:ff9b::7f00:1]/',
  'https://[fe80::1]/',
  'http://203.0.113.7/',
  'https://user:secret@hook.example/',
  'https://hook.example/#part',
  `https://hook.example/${'a'.repeat(3_000)}`,
  'file:///etc/passwd',
  'mllps://hook.example:2575',
  '//hook.example/',
  'hook.example',
];

describe('I4 an address that the broker may not send to is refused where it is written', () => {
  test.each(INSIDE)('a Subscription: %s', async (endpoint) => {
    const answer = await subscribe({ endpoint });
    expect(answer.status).toBe(422);
    expect(places(answer)).toContain('Subscription.channel.endpoint');
  });

  test.each([...INSIDE.filter((address) => !address.startsWith('mllps:')), 'https://fhir.example/base?tenant=1'])(
    'an Endpoint for FHIR messages: %s',
    async (address) => {
      const answer = await door.put(OPERATOR, { ...body.endpoint('e', 'ambulance', 'ambulance-trust', address) });
      expect(answer.status).toBe(422);
      expect(places(answer)).toContain('Endpoint.address');
    },
  );

  test.each([
    'mllp://127.0.0.1:2575',
    'mllps://127.0.0.1:2575',
    'mllps://0x7f.1:2575',
    'mllps://2130706433:2575',
    'mllps://[::1]:2575',
    'mllps://%31%32%37.0.0.1:2575',
    'mllps://hook.example',
    'mllps://hook.example:0',
    'mllps://hook.example:70000',
    'mllps://hook.example:2575/path',
    'mllps://hook.example:2575?x=y',
    'mllps://user:secret@hook.example:2575',
    'https://hook.example/',
  ])('an Endpoint for HL7 v2: %s', async (address) => {
    const endpoint = { ...body.endpoint('e', 'ambulance', 'ambulance-trust', address) };
    const answer = await door.put(OPERATOR, { ...endpoint, connectionType: { ...endpoint.connectionType, code: 'hl7v2-mllp' } });
    expect(answer.status).toBe(422);
    expect(places(answer)).toContain('Endpoint.address');
    expect(answer.text).not.toContain('secret');
  });

  test('an Endpoint for the service of another answers as for one that is not there', async () => {
    const theirs = await door.put(POLICE, { ...body.endpoint('e', 'ambulance', 'ambulance-trust', 'https://hook.example/') });
    const absent = await door.put(POLICE, { ...body.endpoint('e', 'nowhere', 'ambulance-trust', 'https://hook.example/') });
    expect(theirs.status).toBe(422);
    expect(theirs.text).toBe(absent.text);
  });
});

describe('a Subscription’s channel headers are lines of their own, and never ours', () => {
  test.each([
    ['a second line', 'X-A: b\r\nX-B: c'],
    ['a line end', 'X-A: b\nX-B: c'],
    ['no colon', 'secret'],
    ['a name that is none', 'X A: b'],
    ['another alphabet', 'X-A: é'],
    ['the host', 'Host: elsewhere.example'],
    ['the length', 'Content-Length: 5'],
    ['the coding', 'Transfer-Encoding: chunked'],
    ['the connection', 'Connection: upgrade'],
    ['the type', 'content-TYPE: text/plain'],
    ['an expectation', 'Expect: 100-continue'],
  ])('%s is 422: such a line would stop every delivery to that service', async (_, line) => {
    const answer = await subscribe({ header: ['Authorization: Bearer secret', line] });
    expect(answer.status).toBe(422);
    expect(places(answer)).toEqual(['Subscription.channel.header[1]']);
    expect(answer.text).not.toMatch(/secret|elsewhere/);
  });

  test('nor are there many', async () => {
    expect((await subscribe({ header: Array.from({ length: 33 }, (_, index) => `X-${index}: a`) })).status).toBe(422);
  });

  test.each([
    ['another topic', {}, { criteria: 'Patient?identifier=9990012342' }, 'Subscription.criteria'],
    ['another channel', { type: 'email' }, {}, 'Subscription.channel.type'],
    ['another payload', { payload: 'application/fhir+xml' }, {}, 'Subscription.channel'],
    ['a status of the broker', {}, { status: 'active' }, 'Subscription.status'],
  ])('%s is 422', async (_, channel, more, at) => {
    const answer = await subscribe(channel, more);
    expect(answer.status).toBe(422);
    expect(places(answer)).toContain(at);
    expect(answer.text).not.toContain('9990012342');
  });
});

test.each([
  ['as it is', (number: string) => number],
  ['with hyphens', (number: string) => `${number.slice(0, 3)}-${number.slice(3, 6)}-${number.slice(6)}`],
  ['with a word', (number: string) => `patient-${number}`],
])('I8 an id that says an NHS number, %s, is refused: it would stand in addresses', async (_, write) => {
  const id = write(nhsNumbersFrom(430_000).next());
  const patient = await door.put(TRUST, { ...body.patient(id, nhsNumbersFrom(430_000).next()) });
  expect(patient.status).toBe(422);
  expect(places(patient)).toContain('Patient.id');
  expect(patient.text).not.toContain(id);
  expect((await door.put(AMBULANCE, { ...example('crisis-contact'), id })).status).toBe(422);
});
