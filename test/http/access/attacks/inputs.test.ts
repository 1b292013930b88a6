import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pool } from 'undici';
import * as body from '../../../support/bodies.ts';
import { AMBER, approvePlan, example, type OpenDoor, openDoor, TRUST } from '../../open-door.ts';

let door: OpenDoor;
let pool: Pool;
let headers: Record<string, string> = {};
let before = 0;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  pool = new Pool(door.origin, { connections: 4 });
  headers = { ...(await door.tokens.headersOf(TRUST)) };
  before = await door.stored();
}, 60_000);
afterAll(async () => {
  expect(await door.stored()).toBe(before);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await pool.close();
  await door.close();
});

const send = async (method: 'POST' | 'PUT' | 'PATCH', path: string, text: string | Buffer, more: Readonly<Record<string, string>> = {}) => {
  const answer = await pool.request({
    method,
    path,
    headers: { ...headers, 'content-type': 'application/fhir+json', ...more },
    body: text,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
};
const expectRefused = ({ status, text }: { readonly status: number; readonly text: string }): void => {
  expect([status >= 400 && status < 500, text.slice(0, 400)]).toEqual([true, expect.stringContaining('"OperationOutcome"')]);
};

const POLLUTED = 'polluted-by-an-attack';
const expectClean = (): void => {
  for (const value of [{}, [], '', 0, () => {}, Object.create(Object.prototype)])
    expect((value as unknown as Record<string, unknown>)[POLLUTED]).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)['status']).toBeUndefined();
};

describe('prototype pollution', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf', 'then'];
  afterAll(expectClean);

  test.each(NAMES)('tries a property named %s: at the top, further in, and as a whole value', async (name) => {
    const inner = `{"${POLLUTED}":true,"status":"active","prototype":{"${POLLUTED}":true}}`;
    for (const text of [
      `{"resourceType":"Practitioner","${name}":${inner}}`,
      `{"${name}":${inner},"resourceType":"Practitioner"}`,
      `{"resourceType":"Practitioner","meta":{"${name}":${inner}}}`,
      `{"resourceType":"Practitioner","name":[{"${name}":${inner}}]}`,
      `{"resourceType":"Practitioner","extension":[{"url":"https://example.org/x","${name}":${inner}}]}`,
      `{"resourceType":"Practitioner","_gender":{"${name}":${inner}}}`,
      `{"resourceType":"Practitioner","${name.replace('_', '\\u005f')}":${inner}}`,
    ])
      expectRefused(await send('POST', '/fhir/Practitioner', text));
    for (const text of [`{"resourceType":"${name}"}`, `{"resourceType":["Practitioner"],"${name}":1}`, `{"resourceType":{"${name}":1}}`])
      expectRefused(await send('POST', '/fhir/Practitioner', text));
    expectClean();
  });

  test.each(NAMES)('tries %s as the name of a type, an id, a parameter, an operation, and in forms', async (name) => {
    for (const path of [
      `/fhir/${name}`,
      `/fhir/${name}/1`,
      `/fhir/Practitioner/${name}`,
      `/fhir/Practitioner/nurse/$${name}`,
      `/fhir/$${name}`,
    ]) {
      const answer = await pool.request({ method: 'GET', path, headers });
      expect([path, answer.statusCode >= 400 && answer.statusCode < 500]).toEqual([path, true]);
      await answer.body.dump();
    }
    for (const form of [
      `${name}=x`,
      `${name}[${POLLUTED}]=x`,
      `${name}.${POLLUTED}=x`,
      `name.${name}=x`,
      `name:${name}=x`,
      `_has:${name}:patient:status=x`,
      `_has:CarePlan:${name}:status=x`,
      `_sort=${name}`,
      `_elements=${name}`,
      `_include=Practitioner:${name}`,
      `_include=${name}:x`,
      `_summary=${name}`,
      `_total=${name}`,
      `_format=${name}`,
      `constructor[prototype][${POLLUTED}]=x`,
    ]) {
      const { status } = await send('POST', '/fhir/Practitioner/_search', form, { 'content-type': 'application/x-www-form-urlencoded' });
      expect([form, status < 500]).toEqual([form, true]);
    }
    expectClean();
  });

  test.each(NAMES)('tries %s in the paths of a JSON Patch', async (name) => {
    for (const path of [
      `/${name}`,
      `/${name}/${POLLUTED}`,
      `/meta/${name}/${POLLUTED}`,
      `/name/0/${name}/${POLLUTED}`,
      `/name/${name}`,
      `/constructor/prototype/${POLLUTED}`,
    ])
      for (const operation of [
        { op: 'add', path, value: true },
        { op: 'replace', path, value: true },
        { op: 'copy', from: '/name', path },
        { op: 'move', from: path, path: '/gender' },
        { op: 'test', path, value: true },
        { op: 'remove', path },
      ])
        expectRefused(
          await send('PATCH', '/fhir/Practitioner/nurse', JSON.stringify([operation]), { 'content-type': 'application/json-patch+json' }),
        );
    const whole = `[{"op":"add","path":"/name/0","value":{"${name}":{"${POLLUTED}":true}}}]`;
    expectRefused(await send('PATCH', '/fhir/Practitioner/nurse', whole, { 'content-type': 'application/json-patch+json' }));
    expectRefused(
      await send('PATCH', '/fhir/Practitioner/nurse', `[{"op":"${name}","path":"/gender"}]`, {
        'content-type': 'application/json-patch+json',
      }),
    );
    expectClean();
  });

  test.each(NAMES)('tries %s as the name of a parameter, of an entry, and of a header', async (name) => {
    const parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name, valueString: 'x' },
        { name: 'resource', part: [{ name, valueCode: 'x' }] },
      ],
    };
    for (const path of [
      '/fhir/Patient/$match',
      '/fhir/Patient/amber/$everything',
      '/fhir/CarePlan/plan-1/$withdraw',
      '/fhir/Practitioner/$validate',
    ]) {
      const { status } = await send('POST', path, JSON.stringify(parameters));
      expect([path, status < 500]).toEqual([path, true]);
    }
    const entry = [
      { request: { method: name, url: 'Practitioner' } },
      { request: { method: 'GET', url: name } },
      { request: { method: 'GET', url: `Practitioner/${name}` } },
      { request: { method: 'POST', url: 'Practitioner', ifNoneExist: `${name}=x` }, resource: { resourceType: 'Practitioner' } },
    ];
    for (const one of entry) {
      const { status, text } = await send('POST', '/fhir', JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: [one] }));
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/"status":"5/);
    }
    const { status } = await send('POST', '/fhir', `{"resourceType":"Bundle","type":"batch","entry":{"${name}":[]}}`);
    expect([400, 422]).toContain(status);
    expectClean();
  });
});

describe('zip bombs', () => {
  const whole = Buffer.from(`{"resourceType":"Practitioner","name":[{"text":"${'x'.repeat(20_000_000)}"}]}`);
  test.each<[string, () => Buffer, string]>([
    ['gzip', () => gzipSync(whole), 'gzip'],
    ['deflate', () => deflateSync(whole), 'deflate'],
    ['brotli', () => brotliCompressSync(whole.subarray(0, 2_000_000)), 'br'],
    ['gzip in gzip', () => gzipSync(gzipSync(whole)), 'gzip, gzip'],
    ['gzip under another name', () => gzipSync(whole), 'x-gzip'],
    ['gzip in capitals', () => gzipSync(whole), 'GZIP'],
    ['a coding that is none', () => gzipSync(whole), 'zstd'],
    ['gzip that breaks off', () => gzipSync(whole).subarray(0, 100), 'gzip'],
    ['what is no gzip', () => Buffer.from('{}'), 'gzip'],
  ])('tries %s: it is not unpacked', async (_, make, coding) => {
    for (const [method, path] of [
      ['POST', '/fhir/Practitioner'],
      ['POST', '/fhir'],
      ['PATCH', '/fhir/Practitioner/nurse'],
      ['POST', '/fhir/Practitioner/_search'],
      ['POST', '/fhir/$process-message'],
    ] as const) {
      const answer = await send(method, path, make(), { 'content-encoding': coding });
      expectRefused(answer);
      expect([403, 415]).toContain(answer.status);
    }
  });

  test('tries gzip that does not say so, and as a transfer coding', async () => {
    expectRefused(await send('POST', '/fhir/Practitioner', gzipSync(Buffer.from('{"resourceType":"Practitioner"}'))));
  });
});

describe('JSON bombs', () => {
  test.each<[string, () => string]>([
    ['lists in lists', () => '['.repeat(1_000_000)],
    ['lists in lists that end', () => `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
    ['objects in objects', () => `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
    [
      'extensions in extensions',
      () => `{"resourceType":"Practitioner",${'"extension":[{"url":"x",'.repeat(60)}"id":"a"${'}]'.repeat(60)}}`,
    ],
    ['contained in contained', () => `${'{"resourceType":"Practitioner","contained":['.repeat(20)}${']}'.repeat(20)}`],
    ['a million numbers', () => `{"resourceType":"Practitioner","multipleBirth":[${'1,'.repeat(900_000)}1]}`],
    [
      'a hundred thousand names',
      () => `{"resourceType":"Practitioner",${Array.from({ length: 100_000 }, (_each, at) => `"n${at}":1`).join(',')}}`,
    ],
    ['a hundred thousand empty objects', () => `{"resourceType":"Practitioner","name":[${'{},'.repeat(100_000)}{}]}`],
    ['one name a hundred thousand times', () => `{"resourceType":"Practitioner",${'"active":true,'.repeat(100_000)}"active":true}`],
    ['a number of a million digits', () => `{"resourceType":"Practitioner","x":${'9'.repeat(1_000_000)}}`],
    ['an exponent of a million', () => `{"resourceType":"Practitioner","x":1e1000000}`],
    [
      'a small exponent',
      () => `{"resourceType":"Practitioner","extension":[{"url":"https://example.org/x","valueDecimal":1e-1000000}],"gender":"x"}`,
    ],
    ['a million blanks', () => `${' '.repeat(1_900_000)}x`],
    ['a name of a megabyte', () => `{"resourceType":"Practitioner","${'x'.repeat(1_000_000)}":1}`],
    ['a text of two megabytes', () => `{"resourceType":"Practitioner","name":[{"text":"${'x'.repeat(2_100_000)}"}]}`],
    ['a Bundle of Bundles', () => `${'{"resourceType":"Bundle","type":"batch","entry":[{"resource":'.repeat(15)}{}${'}]}'.repeat(15)}`],
  ])(
    'tries %s',
    async (_, make) => {
      const text = make();
      const startedAt = performance.now();
      expectRefused(await send('POST', '/fhir/Practitioner', text));
      expectRefused(await send('POST', '/fhir', text));
      // Everyone else is answered meanwhile and after.
      expect((await fetch(`${door.origin}/health/live`)).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    },
    30_000,
  );

  test('tries a Bundle of ten thousand entries, and one whose entries each ask for much', async () => {
    const many = Array.from({ length: 10_000 }, () => ({ request: { method: 'GET', url: 'Practitioner?_id=x' } }));
    expectRefused(await send('POST', '/fhir', JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: many })));
  });

  test('tries names that differ only by their spelling', async () => {
    for (const text of [
      '{"resourceType":"Practitioner","resourceType":"Organization"}',
      '{"resourceType":"Practitioner","resourc\\u0065Type":"Organization"}',
      '{"resourceType":"Practitioner","id":"a","\\u0069d":"b"}',
    ])
      expectRefused(await send('POST', '/fhir/Practitioner', text));
    expectRefused(
      await send('PATCH', '/fhir/Practitioner/nurse', '[{"op":"test","op":"remove","path":"/name"}]', {
        'content-type': 'application/json-patch+json',
      }),
    );
  });

  test('tries byte order marks, other encodings and comments', async () => {
    const resource = '{"resourceType":"Practitioner","gender":"x"}';
    for (const bytes of [
      Buffer.from(`\ufeff\ufeff${resource}`),
      Buffer.from(`\ufeff${resource}`, 'utf16le'),
      Buffer.concat([Buffer.from('{"resourceType":"Practitioner","name":[{"text":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}]}')]),
      Buffer.concat([
        Buffer.from('{"resourceType":"Practitioner","name":[{"text":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}]}'),
      ]),
      Buffer.from(`/* x */${resource}`),
      Buffer.from(`${resource}//x`),
      Buffer.from(`'${resource}'`),
      Buffer.from(`)]}',\n${resource}`),
    ])
      expectRefused(await send('POST', '/fhir/Practitioner', bytes));
  });
});

test('nothing of a person comes back with what was refused', async () => {
  const text = JSON.stringify({ ...body.patient('x', AMBER), birthDate: 5, __proto__x: 1, ...example('plan-patient', 'invalid-gender') });
  const answer = await send('POST', '/fhir/Patient', text.replace('"gender"', '"constructor":{},"gender"'));
  expectRefused(answer);
  expect(answer.text).not.toContain(AMBER);
  expect(answer.text).not.toContain('Testperson');
});
