import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBULANCE, example, openDoor, TRUST } from '../open-door.ts';
import type { OpenDoor } from '../open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

interface Answered {
  readonly status: number;
  readonly body: { readonly issue?: readonly { readonly details?: { readonly text?: string } }[] };
}

/** A limit as docs/limits.md has it, and a request that uses so much of it. `help` is a word of the refusal that no other has. */
type Row = readonly [what: string, most: number, status: number, help: RegExp, ask: (count: number) => PromiseLike<Answered>];

const post = (path: string, text: string, media = 'application/fhir+json') =>
  door
    .as(door.agent.post(path), TRUST)
    .set('Content-Type', media)
    .serialize((body: unknown) => String(body))
    .send(text);
const many = <T>(count: number, each: (at: number) => T): readonly T[] => Array.from({ length: count }, (_each, at) => each(at));
const practitioner = (more: object): PromiseLike<Answered> =>
  door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', ...more });
const levels = (count: number): unknown => (count === 0 ? 1 : { a: levels(count - 1) });
const search = (parameters: readonly string[]) => door.search(TRUST, 'Practitioner', parameters.join('&'));

/** A request of exactly these headers, each on a line of its own. */
const withHeaders = (headers: readonly (readonly [string, string])[]): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(door.origin);
    request({ hostname, port, path: '/fhir/metadata?_elements=url', agent: false, headers: headers.flat() }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answered['body'] }));
    })
      .on('error', reject)
      .end();
  });
const OWN = [
  ['Host', 'x'],
  ['Connection', 'close'],
] as const;
/** What the path, and names and values of the other headers, take. */
const FRAME = ['/fhir/metadata?_elements=url', ...OWN.flat(), 'X-A'].join('').length;

const subscription = (more: object, channel: object) => {
  const { id: _, ...whole } = example('plan-subscription', 'valid-full');
  return { ...whole, ...more, channel: { ...(whole['channel'] as object), ...channel } };
};

const ROWS: readonly Row[] = [
  [
    'characters of path and query',
    8_192,
    414,
    /has at most 8192 characters/,
    (count) => door.get(TRUST, `/fhir/Practitioner?${'a'.repeat(count - '/fhir/Practitioner'.length)}`),
  ],
  [
    'header lines',
    100,
    431,
    /at most 100 header lines/,
    (count) => withHeaders([...OWN, ...many(count - 2, (at) => [`X-${at}`, 'a'] as const)]),
  ],
  [
    'bytes of path, header names and values',
    16_383,
    431,
    /no HTTP request that can be read/,
    (count) => withHeaders([...OWN, ['X-A', 'a'.repeat(count - FRAME)]]),
  ],
  ['bytes of a body', 2_097_152, 413, /at most 2097152 bytes/, (count) => post('/fhir/Practitioner', `{}${' '.repeat(count - 2)}`)],
  [
    'bytes of a form',
    65_536,
    413,
    /at most 65536 bytes/,
    (count) => post('/fhir/Practitioner/_search', `name=${'a'.repeat(count - 5)}`, 'application/x-www-form-urlencoded'),
  ],
  ['levels of JSON', 64, 400, /nested more than 64 deep/, (count) => post('/fhir/Practitioner', '['.repeat(count) + ']'.repeat(count))],
  ['levels of a resource', 40, 422, /nested more than 40 deep/, (count) => practitioner({ a: levels(count - 1) })],
  [
    'elements of a resource',
    60_000,
    422,
    /more than 60000 elements/,
    // The resource, its type, its lists, and what stands in them.
    (count) => practitioner(Object.fromEntries(many(30, (at) => [`a${at}`, many(at === 29 ? count - 32 - 29 * 2_000 : 2_000, () => 1)]))),
  ],
  ['values of one list', 2_000, 422, /more than 2000 values/, (count) => practitioner({ a: many(count, () => 1) })],
  ['characters of a text in a list', 65_536, 422, /more than 65536 characters/, (count) => practitioner({ a: ['a'.repeat(count)] })],
  [
    'entries of a Bundle',
    500,
    413,
    /at most 500 entries/,
    (count) =>
      door.post(TRUST, '/fhir', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: many(count, () => ({ request: { method: 'GET', url: 'Practitioner/nobody' } })),
      }),
  ],
  [
    'operations of a JSON Patch',
    200,
    400,
    /at most 200 operations/,
    (count) =>
      door
        .as(door.agent.patch('/fhir/Practitioner/nobody'), TRUST)
        .set('Content-Type', 'application/json-patch+json')
        .send(JSON.stringify(many(count, () => ({ op: 'remove', path: '/name' })))),
  ],
  ['parameters of a search', 64, 400, /at most 64 parameters/, (count) => search(many(count, (at) => `active=${at % 2 === 0}`))],
  ['alternatives of one parameter', 50, 400, /at most 50 values/, (count) => search([`name=${many(count, (at) => `n${at}`).join(',')}`])],
  ['characters of one parameter', 1_024, 400, /at most 1024 characters/, (count) => search([`identifier=${'a'.repeat(count)}`])],
  [
    '`_include` and `_revinclude`',
    20,
    400,
    /at most 20 times/,
    (count) => door.search(TRUST, 'CarePlan', many(count, () => '_include=CarePlan:subject').join('&')),
  ],
  [
    'keys of `_sort`',
    5,
    400,
    /at most 5 keys/,
    (count) => search([`_sort=${['name', '_id', '_lastUpdated', 'identifier', 'active', 'name'].slice(0, count).join(',')}`]),
  ],
  ['names in `_elements`', 50, 400, /50 at most/, (count) => search([`_elements=${many(count, () => 'name').join(',')}`])],
  [
    'steps of a chain',
    3,
    400,
    /at most 3 steps/,
    (count) => door.search(TRUST, 'CarePlan', `${many(count, () => 'replaces:CarePlan').join('.')}.status=draft`),
  ],
  [
    'characters of an address to send to',
    2_000,
    422,
    /has at most 2000 characters/,
    (count) => door.post(AMBULANCE, '/fhir/Subscription', subscription({}, { endpoint: `https://h.example/${'a'.repeat(count - 18)}` })),
  ],
  [
    'lines of `Subscription.channel.header`',
    32,
    422,
    /has at most 32 lines/,
    (count) => door.post(AMBULANCE, '/fhir/Subscription', subscription({}, { header: many(count, (at) => `X-${at}: a`) })),
  ],
];

describe('What just fits is not refused for it, and what just does not is', () => {
  test.each(ROWS)('%s: %i', async (_what, most, status, help, ask) => {
    const refusedFor = async (count: number): Promise<boolean> => {
      const answer = await ask(count);
      expect(answer.status).toBeLessThan(500);
      return answer.status === status && (answer.body.issue ?? []).some(({ details }) => help.test(details?.text ?? ''));
    };
    expect([await refusedFor(most), await refusedFor(most + 1)]).toEqual([false, true]);
  });

  test('docs/limits.md has each of them', () => {
    const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
    for (const [what, most, status] of ROWS) expect(page).toContain(`| ${what} | ${most} | ${status} |`);
    // Of one the test stands in attack-input.test.ts.
    expect(page.match(/^\| .* \| \d+ \| \d+ \|$/gm)).toHaveLength(ROWS.length + 1);
  });

  test('a page holds a hundred, however many are asked for', async () => {
    const entry = many(101, (at) => ({
      request: { method: 'POST', url: 'Practitioner' },
      resource: { resourceType: 'Practitioner', name: [{ family: `Clinician-${at}` }] },
    }));
    expect((await door.post(TRUST, '/fhir', { resourceType: 'Bundle', type: 'batch', entry })).status).toBe(200);
    expect((await door.get(TRUST, '/fhir/Practitioner?_count=5000')).body.entry).toHaveLength(100);
  });

  test.each([
    ['Host', 'x'],
    ['Authorization', 'Bearer a'],
    ['Content-Type', 'application/fhir+json'],
  ])('two lines of %s are refused: two readers would each take another', async (name, value) => {
    const once = [...OWN, ...(name === 'Host' ? [] : [[name, value] as const])];
    expect((await withHeaders(once)).status).toBe(200);
    expect(await withHeaders([...once, [name.toLowerCase(), `${value}2`]])).toMatchObject({
      status: 400,
      body: { issue: [{ details: { text: 'Host, Authorization and Content-Type stand once' } }] },
    });
  });
});
