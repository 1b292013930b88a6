import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBULANCE, approvePlan, type OpenDoor, openDoor, OTHER_TRUST, TRUST } from '../../open-door.ts';
import { addOwnClient } from './own-client.ts';

let door: OpenDoor;
let bearer = '';
let others = '';
let before = 0;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  bearer = `Authorization: Bearer ${await door.tokens.of(TRUST)}`;
  others = `Authorization: Bearer ${await door.tokens.of(OTHER_TRUST)}`;
  before = await door.stored();
}, 60_000);
afterAll(async () => {
  expect(await door.stored()).toBe(before);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

/** Writes bytes to a socket of its own, and answers what comes back until the other side ends, or is silent for a while. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(door.origin).port), '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')));
    let received = '';
    socket.setTimeout(1_500, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });

const statusesIn = (text: string): readonly number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
const HIDDEN = 'DELETE /fhir/CareTeam/crisis-team HTTP/1.1\r\nHost: x\r\n';
const write = (lines: string, body: string): string =>
  `POST /fhir/Patient/$match HTTP/1.1\r\nHost: x\r\n${bearer}\r\nContent-Type: application/fhir+json\r\n${lines}\r\n${body}`;

describe('request smuggling', () => {
  /** One request, at most one answer, and never the answer of what was hidden in it. */
  const shapes: readonly [string, () => string][] = [
    ['chunks before a length', () => write('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${HIDDEN}${bearer}\r\n\r\n`)],
    [
      'a length of nothing and chunks',
      () => write('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}${bearer}\r\n\r\n`),
    ],
    ['chunked twice', () => write('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')],
    ['chunked and identity', () => write('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${HIDDEN}${bearer}\r\n\r\n`)],
    ['identity and a length', () => write('Transfer-Encoding: identity\r\nContent-Length: 5\r\n', `0\r\n\r\n${HIDDEN}${bearer}\r\n\r\n`)],
    ['a coding behind a tab', () => write('Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a coding behind a vertical tab', () => write('Transfer-Encoding: \u000bchunked\r\nContent-Length: 4\r\n', `0\r\n\r\n`)],
    ['a coding on a folded line', () => write('Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a header folded before the coding', () => write('X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a space before the colon', () => write('Transfer-Encoding : chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a space before the colon of the length', () => write('Content-Length : 4\r\n', '0\r\n\r\n')],
    ['a name with a control character', () => write('Transfer\u0001-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a name with a NUL', () => write('X-\u0000A: b\r\nContent-Length: 2\r\n', '{}')],
    ['a value with a NUL', () => write('X-A: b\u0000c\r\nContent-Length: 2\r\n', '{}')],
    ['lines that end in a line feed', () => write('Content-Length: 2\nX-A: b\r\n', '{}')],
    ['a lone carriage return in a value', () => write('X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['a head that ends in two line feeds', () => `${write('Content-Length: 5', '').trimEnd()}\n\n0\r\n\r\n${HIDDEN}${bearer}\r\n\r\n`],
    ['a length with a sign', () => write('Content-Length: +2\r\n', '{}')],
    ['a length that is negative', () => write('Content-Length: -2\r\n', '{}')],
    ['a length in hex', () => write('Content-Length: 0x2\r\n', '{}')],
    ['a length that is a list', () => write('Content-Length: 2, 2\r\n', '{}')],
    ['a length with a dot', () => write('Content-Length: 2.0\r\n', '{}')],
    ['a length beyond every number', () => write('Content-Length: 18446744073709551618\r\n', '{}')],
    ['a chunk whose size has a sign', () => write('Transfer-Encoding: chunked\r\n', '+2\r\n{}\r\n0\r\n\r\n')],
    ['a chunk whose size is 0x', () => write('Transfer-Encoding: chunked\r\n', '0x2\r\n{}\r\n0\r\n\r\n')],
    [
      'a chunk whose size is too long',
      () => write('Transfer-Encoding: chunked\r\n', '00000000000000000002\r\n{}\r\nffffffffffffffffff\r\n'),
    ],
    ['a chunk whose size has an underscore', () => write('Transfer-Encoding: chunked\r\n', '0_2\r\n{}\r\n0\r\n\r\n')],
    ['a chunk that ends in a line feed', () => write('Transfer-Encoding: chunked\r\n', '2\n{}\n0\n\n')],
    ['a chunk that is longer than it says', () => write('Transfer-Encoding: chunked\r\n', `2\r\n{}XX\r\n0\r\n\r\n${HIDDEN}\r\n`)],
    ['a chunk extension with a line feed', () => write('Transfer-Encoding: chunked\r\n', `2;a\nb\r\n{}\r\n0\r\n\r\n`)],
    ['a chunk extension of twenty kilobytes', () => write('Transfer-Encoding: chunked\r\n', `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`)],
    [
      'an authorization in the trailer',
      () =>
        `POST /fhir/Patient/$match HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n2\r\n{}\r\n0\r\n${bearer}\r\n\r\n`,
    ],
    ['a method in small letters', () => `post /fhir/Patient/$match HTTP/1.1\r\nHost: x\r\n${bearer}\r\nContent-Length: 0\r\n\r\n`],
    ['a request line with tabs', () => `GET\t/fhir/metadata\tHTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a request line with a control character', () => `GET /fhir/Pa\u0007tient/amber HTTP/1.1\r\nHost: x\r\n${bearer}\r\n\r\n`],
    ['a version that is none', () => `GET /fhir/metadata HTTP/1.1x\r\nHost: x\r\n\r\n`],
    ['HTTP/2.0 in words', () => `GET /fhir/metadata HTTP/2.0\r\nHost: x\r\n\r\n`],
    ['HTTP/0.9', () => 'GET /fhir/metadata\r\n\r\n'],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a line before the request', () => `X: y\r\nGET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['two hosts', () => `GET /fhir/Patient/amber HTTP/1.1\r\nHost: x\r\nHost: y\r\n${bearer}\r\n\r\n`],
    [
      'an upgrade to another protocol',
      () =>
        `POST /fhir HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 0\r\n\r\n`,
    ],
  ];

  test.each(shapes)('tries %s: nothing that is hidden in it is done', async (_, make) => {
    const answer = await raw(make());
    const statuses = statusesIn(answer);
    for (const status of statuses) expect(status >= 400 && status < 500).toBe(true);
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(answer).not.toMatch(/HTTP\/1\.1 (?:2|5)\d\d/);
  });

  test('a chunk extension that is short, and a trailer, are read over, and what follows is a request of its own', async () => {
    const one = write('Transfer-Encoding: chunked\r\n', '2;a=b\r\n{}\r\n0\r\nX-Trailer: x\r\n\r\n');
    const answer = await raw(`${one}GET /fhir/CareTeam/crisis-team HTTP/1.1\r\nHost: x\r\n${others}\r\n\r\n`);
    expect(statusesIn(answer)).toEqual([400, 404]);
  });

  test('tries to leave a request half behind for the next caller of the connection', async () => {
    // The body says that it goes on; what comes next on this connection is its body, and no request.
    const answer = await raw(write('Content-Length: 400\r\n', `{}${HIDDEN}${bearer}\r\n\r\n`));
    expect(statusesIn(answer).filter((status) => status !== 400 && status !== 408)).toEqual([]);
  });

  test('tries a body that holds a request, behind a refusal that is given before it is read', async () => {
    const hidden = `${HIDDEN}${bearer}\r\n\r\n`;
    const head = `POST /fhir/Patient/$match HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: ${hidden.length}\r\n\r\n`;
    expect(statusesIn(await raw(`${head}${hidden}`))).toEqual([401]);
    const get = `GET /fhir/metadata HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
    expect(statusesIn(await raw(get))).toEqual([200]);
    const door_ = `POST /oauth/introspect HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
    expect(statusesIn(await raw(door_))).toEqual([400]);
  });

  test.each<[string, () => readonly [string, string]]>([
    ['its own first', () => [bearer, others]],
    ['its own second', () => [others, bearer]],
    ['one that is none first', () => ['Authorization: Bearer x', bearer]],
    ['one that is none second', () => [bearer, 'Authorization: Bearer x']],
    ['on a folded line', () => ['Authorization: Bearer', ` ${bearer.slice('Authorization: Bearer '.length)}`]],
  ])('tries two tokens, %s', async (_, lines) => {
    const [first, second] = lines();
    const answer = await raw(`GET /fhir/Patient/amber HTTP/1.1\r\nHost: x\r\n${first}\r\n${second}\r\nConnection: close\r\n\r\n`);
    const [status = 0] = statusesIn(answer);
    expect([400, 401]).toContain(status);
  });

  test('tries two organisations, beside a token', async () => {
    const ods = 'NHSD-End-User-Organisation-ODS: ';
    for (const [first, second] of [
      ['ZZ1', 'ZZ9'],
      ['ZZ9', 'ZZ1'],
    ])
      expect(
        statusesIn(await raw(`GET /fhir/Patient/amber HTTP/1.1\r\nHost: x\r\n${bearer}\r\n${ods}${first}\r\n${ods}${second}\r\n\r\n`)),
      ).toEqual([403]);
  });

  test('tries the shapes at the token endpoint', async () => {
    const client = await addOwnClient(door);
    const form = String(await client.form());
    const post = (lines: string, body: string) =>
      `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n${lines}\r\n${body}`;
    for (const text of [
      post(`Content-Length: ${form.length}\r\nTransfer-Encoding: chunked\r\n`, form),
      post(`Content-Length: ${form.length}\r\nContent-Length: 0\r\n`, form),
      post('Transfer-Encoding: xchunked\r\n', form),
      post(`Content-Length: ${form.length}\r\nContent-Encoding: gzip\r\n`, form),
    ]) {
      const answer = await raw(text);
      expect(answer).not.toContain('access_token');
      for (const status of statusesIn(answer)) expect(status >= 400 && status < 500).toBe(true);
    }
  });
});

describe('header splitting', () => {
  const INJECTED = /^(?:Set-Cookie|X-Injected)/im;
  const get = (lines: string, path = '/fhir/Patient/amber') =>
    raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer}\r\n${lines}Connection: close\r\n\r\n`);

  test.each(['X-Request-ID', 'X-Correlation-ID'])('tries line breaks in %s', async (name) => {
    for (const value of [
      'a%0d%0aSet-Cookie: x=1',
      'a\\r\\nSet-Cookie: x=1',
      'a\u0085Set-Cookie: x=1',
      'a\u008d\u008aSet-Cookie: x=1',
      'a\u000bSet-Cookie: x=1',
      'a\u000cSet-Cookie: x=1',
      'a\rSet-Cookie: x=1',
      'a\r\n\tSet-Cookie: x=1',
      'a\u00c4\u008d\u00c4\u008aSet-Cookie: x=1',
      '\u00e5\u0098\u008a\u00e5\u0098\u008dSet-Cookie: x=1',
    ]) {
      const answer = await get(`${name}: ${value}\r\n`);
      expect(answer.split('\r\n\r\n')[0]).not.toMatch(INJECTED);
      expect(statusesIn(answer)).toHaveLength(1);
      expect(answer).not.toMatch(/HTTP\/1\.1 5/);
    }
  });

  test('tries line breaks in addresses that come back: ids, links, Location', async () => {
    for (const path of [
      '/fhir/Patient/a%0d%0aSet-Cookie:%20x=1',
      '/fhir/Patient?family=a%0d%0aSet-Cookie:%20x=1',
      '/fhir/Patient?_page=a%0d%0aSet-Cookie:%20x=1',
      '/fhir/%0d%0aSet-Cookie:%20x=1',
      '/fhir/Patient/amber?_format=json%0d%0aSet-Cookie:%20x=1',
    ]) {
      const answer = await get('', path);
      expect(answer.split('\r\n\r\n')[0]).not.toMatch(INJECTED);
      expect(answer).not.toMatch(/HTTP\/1\.1 5/);
    }
  });

  test.each([
    'another.example',
    'another.example:80',
    'x\u0000',
    'x"><script>',
    'user@another.example',
    '127.0.0.1:1@another.example',
    '[::1',
    'x/../y',
    'x?y#z',
    `${'a'.repeat(2_000)}.example`,
    '',
  ])('tries the Host %j in the links of an answer', async (host) => {
    const forwarded = 'X-Forwarded-Host: another.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=another.example\r\n';
    const answer = await raw(`GET /fhir/Patient HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\n${forwarded}Connection: close\r\n\r\n`);
    expect(answer).not.toContain('another.example');
    expect(answer).not.toContain('<script>');
    expect(answer).not.toMatch(/HTTP\/1\.1 5/);
    const smart = await raw(`GET /.well-known/smart-configuration HTTP/1.1\r\nHost: ${host}\r\n${forwarded}Connection: close\r\n\r\n`);
    expect(smart).not.toContain('another.example');
  });

  test('tries headers of the answer through what a caller stores: nothing of it is a header', async () => {
    const answer = await door.get(AMBULANCE, '/fhir/Patient/nobody').set('X-Correlation-ID', 'Set-Cookie: x=1');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });
});
