import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { example, openDoor, TRUST } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(async () => {
  expect(await door.stored()).toBe(0);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const send = (text: string) =>
  door
    .as(door.agent.post('/fhir/Patient'), TRUST)
    .set('Content-Type', 'application/fhir+json')
    .serialize((body: unknown) => String(body))
    .send(text);

describe('one name, two values', () => {
  const whole = JSON.stringify(example('plan-patient'));
  test.each([
    ['at the top', whole.replace('"birthDate"', '"birthDate":"1950-01-01","birthDate"')],
    ['further in', whole.replace('"family"', '"family":"Testperson-Other","family"')],
    ['spelt with an escape', whole.replace('"birthDate"', '"birthD\\u0061te":"1950-01-01","birthDate"')],
    ['the same value', whole.replace('"resourceType"', '"resourceType":"Patient","resourceType"')],
    ['a name of the language', whole.replace('{', '{"__proto__":{},"__proto__":{},')],
  ])('%s is 400, and neither is taken', async (_, text) => {
    expect(text).not.toBe(whole);
    const answer = await send(text);
    expect(answer.status).toBe(400);
    expect(answer.body.issue[0]).toMatchObject({ code: 'duplicate', expression: ['http.body'] });
    expect(answer.text).not.toContain('Testperson');
  });

  test.each([
    ['__proto__', '{"__proto__":{"active":true},'],
    ['constructor', '{"constructor":{"prototype":{"active":true}},'],
    ['toString', '{"toString":"x",'],
  ])('a property named %s is refused', async (_, start) => {
    const answer = await send(whole.replace('{', start));
    expect(answer.status).toBe(422);
    expect('active' in {}).toBe(false);
  });
});

/** Writes bytes to a socket of its own and answers what comes back until the other side ends, or for a second. */
const raw = async (text: string): Promise<string> => {
  const token = await door.tokens.of(TRUST);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(door.origin).port), '127.0.0.1', () => socket.write(text.replaceAll(TOKEN, token)));
    let received = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
};

/** Stands for the caller's token until the bytes are written. */
const TOKEN = '{{token}}';
const CALLER = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
const WRITE = `POST /fhir/Patient HTTP/1.1\r\n${CALLER}Content-Type: application/fhir+json\r\n`;

describe('requests that two readers would read as two', () => {
  test.each([
    ['a length and chunks', `${WRITE}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['two lengths', `${WRITE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `, 400],
    ['a coding that is none', `${WRITE}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
    ['a folded header', `GET /fhir/Patient/x HTTP/1.1\r\n${CALLER}X-A: a\r\n b\r\n\r\n`, 400],
    [
      'two organisations',
      `GET /fhir/Patient/x HTTP/1.1\r\n${CALLER}NHSD-End-User-Organisation-ODS: ZZ1\r\nNHSD-End-User-Organisation-ODS: ZZ9\r\n\r\n`,
      403,
    ],
    ['two tokens', `GET /fhir/Patient/x HTTP/1.1\r\n${CALLER}Authorization: Bearer x\r\n\r\n`, 400],
    ['another expectation', `${WRITE}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}`, 417],
    ['no host', 'GET /fhir/metadata HTTP/1.1\r\n\r\n', 400],
    ['a whole address', `GET http://elsewhere.example/fhir/metadata HTTP/1.1\r\n${CALLER}\r\n`, 404],
    ['long headers', `GET /fhir/Patient/x HTTP/1.1\r\n${CALLER}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s: refused, with an OperationOutcome', async (_, text, status) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('"resourceType":"OperationOutcome"');
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test('TRACE and CONNECT give nothing of the request back', async () => {
    for (const method of ['TRACE', 'CONNECT']) {
      const answer = await raw(`${method} /fhir/Patient/x HTTP/1.1\r\n${CALLER}X-Secret: hush\r\n\r\n`);
      expect(answer).not.toMatch(/^HTTP\/1.1 2/);
      expect(answer).not.toContain('hush');
    }
  });

  test('requests in one go are answered in their order', async () => {
    const answer = await raw(
      ['a', 'b', 'c'].map((id) => `GET /fhir/Patient/x HTTP/1.1\r\n${CALLER}X-Correlation-ID: ${id}\r\n\r\n`).join(''),
    );
    expect([...answer.matchAll(/X-Correlation-ID: (\w)/gi)].map((match) => match[1])).toEqual(['a', 'b', 'c']);
  });
});
