import { createHmac, createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { assertionOf } from '../../../support/access.ts';
import { approvePlan, AMBULANCE, type OpenDoor, openDoor, OPERATOR, OTHER_TRUST, TRUST } from '../../open-door.ts';
import { type Forge, openForge } from '../forge.ts';

type Json = Readonly<Record<string, unknown>>;

let door: OpenDoor;
let forge: Forge;
let token = '';
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  token = await door.tokens.of(TRUST);
  forge = await openForge(door.pool);
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const statusWith = async (headers: Record<string, string>, path = '/fhir/Patient/amber'): Promise<number> => {
  const answer = await fetch(`${door.origin}${path}`, { headers });
  await answer.text();
  return answer.status;
};
const statusOf = (text: string, path?: string): Promise<number> => statusWith({ authorization: `Bearer ${text}` }, path);

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const parts = (): [string, string, string] => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
};
const headerOf = (): Json => JSON.parse(Buffer.from(parts()[0], 'base64url').toString()) as Json;

test('the token that is changed below is good as it is', async () => {
  expect(await statusOf(token)).toBe(200);
  expect(await statusOf(await forge.again(token, {}))).toBe(200);
  expect(await statusWith({ authorization: `bearer ${token}` })).toBe(200);
});

describe('algorithm confusion', () => {
  const secretsOf = (): readonly (readonly [string, Buffer | string])[] => {
    const key = createPublicKey({ key: forge.publicJwk as never, format: 'jwk' });
    const { x, y, kid } = forge.publicJwk as Record<string, string>;
    return [
      ['the PEM', key.export({ type: 'spki', format: 'pem' })],
      ['the PEM without its last line break', String(key.export({ type: 'spki', format: 'pem' })).trimEnd()],
      ['the DER', key.export({ type: 'spki', format: 'der' })],
      ['the JWK', JSON.stringify(forge.publicJwk)],
      ['the point', Buffer.concat([Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')])],
      ['x', Buffer.from(x ?? '', 'base64url')],
      ['the kid', kid ?? ''],
      ['nothing', ''],
    ];
  };

  test.each(['HS256', 'HS384', 'HS512'])('tries %s with the public key as its secret', async (alg) => {
    const hash = alg.replace('HS', 'sha');
    for (const typ of ['at+jwt', 'JWT'])
      for (const [name, secret] of secretsOf()) {
        const signed = `${encoded({ ...headerOf(), alg, typ })}.${parts()[1]}`;
        const mac = createHmac(hash, secret).update(signed).digest('base64url');
        expect([name, await statusOf(`${signed}.${mac}`)]).toEqual([name, 401]);
      }
  });

  test.each(['none', 'None', 'NONE', 'nOnE', '', 'null', 'ES256K', 'EdDSA', 'ES384', 'RS256', 'PS256', 'dir', 'A128KW'])(
    'tries alg %j without a signature, with an empty one and with the old one',
    async (alg) => {
      const signed = `${encoded({ ...headerOf(), alg })}.${parts()[1]}`;
      for (const signature of ['', 'AA', parts()[2]]) expect(await statusOf(`${signed}.${signature}`)).toBe(401);
      expect(await statusOf(signed)).toBe(401);
    },
  );

  test.each<[string, unknown]>([
    ['a list', ['ES256']],
    ['a number', 256],
    ['null', null],
    ['an object', { toString: 'ES256' }],
    ['nothing', undefined],
  ])('tries an alg that is %s', async (_, alg) => {
    expect(await statusOf(`${encoded({ ...headerOf(), alg })}.${parts()[1]}.${parts()[2]}`)).toBe(401);
  });

  test.each<['ES384' | 'RS256' | 'PS256' | 'EdDSA']>([['ES384'], ['RS256'], ['PS256'], ['EdDSA']])(
    'tries %s by a key of its own under the kid of the broker’s',
    async (alg) => {
      const { privateKey } = await generateKeyPair(alg);
      const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader({ ...headerOf(), alg }).sign(privateKey);
      expect(await statusOf(forged)).toBe(401);
    },
  );

  test('tries signatures that no key made: zeros, the order of the curve, DER, cut, doubled', async () => {
    const [header, claims, signature] = parts();
    const bytes = Buffer.from(signature, 'base64url');
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const tried = [
      Buffer.alloc(64),
      Buffer.concat([order, order]),
      Buffer.concat([bytes.subarray(0, 32), Buffer.alloc(32)]),
      Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]),
      Buffer.concat([Buffer.from([0x30, 0x44, 0x02, 0x20]), bytes.subarray(0, 32), Buffer.from([0x02, 0x20]), bytes.subarray(32)]),
      bytes.subarray(0, 63),
      Buffer.concat([bytes, Buffer.from([0])]),
      Buffer.concat([bytes, bytes]),
      randomBytes(64),
    ];
    for (const each of tried) expect(await statusOf(`${header}.${claims}.${each.toString('base64url')}`)).toBe(401);
  });
});

describe('a key of the sender’s choice', () => {
  let server: Server;
  let asked = 0;
  let address = '';
  const own = generateKeyPair('ES256', { extractable: true });
  beforeAll(async () => {
    const jwk = await exportJWK((await own).publicKey);
    server = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify({ keys: [{ ...jwk, kid: 'mine', alg: 'ES256' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  afterAll(() => {
    server.close();
  });
  const forgedWith = async (header: Json): Promise<number> => {
    const forged = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header })
      .sign((await own).privateKey, { crit: { exp: true } });
    return statusOf(forged);
  };

  test.each(['jku', 'x5u', 'x5c', 'jwk', 'x5t', 'url'])('tries %s in the header, and nothing is fetched', async (name) => {
    const jwk = await exportJWK((await own).publicKey);
    const value = name === 'jwk' ? jwk : name === 'x5c' ? ['MIIB'] : address;
    for (const kid of ['mine', String(headerOf()['kid']), await calculateJwkThumbprint(jwk), address, undefined])
      expect(await forgedWith({ [name]: value, ...(kid === undefined ? {} : { kid }) })).toBe(401);
    expect(asked).toBe(0);
  });

  test.each([
    '../../../../../../dev/null',
    '/dev/null',
    'file:///dev/null',
    "' OR '1'='1",
    "x' UNION SELECT public_jwk FROM signing_key --",
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '%00',
    '*',
    '',
    'x'.repeat(4_000),
  ])('tries the kid %j', async (kid) => {
    expect(await forgedWith({ kid })).toBe(401);
    const signed = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid })}.${parts()[1]}`;
    expect(await statusOf(`${signed}.${createHmac('sha256', '').update(signed).digest('base64url')}`)).toBe(401);
  });

  test.each<[string, unknown]>([
    ['a list', ['a']],
    ['an object', { $ne: null }],
    ['a number', 0],
    ['null', null],
  ])('tries a kid that is %s', async (_, kid) => {
    const [, claims, signature] = parts();
    expect(await statusOf(`${encoded({ ...headerOf(), kid })}.${claims}.${signature}`)).toBe(401);
  });

  test('tries crit, b64 and zip', async () => {
    for (const header of [{ crit: ['exp'], exp: 1 }, { zip: 'DEF' }]) expect(await forgedWith({ ...headerOf(), ...header })).toBe(401);
    const unencoded = encoded({ ...headerOf(), crit: ['b64'], b64: false });
    expect(await statusOf(`${unencoded}.${parts()[1]}.${parts()[2]}`)).toBe(401);
  });
});

describe('claims that were signed for something else', () => {
  test.each<[string, (origin: string) => unknown]>([
    ['another server', () => 'https://another.example/fhir'],
    ['the origin', (origin) => origin],
    ['the token endpoint', (origin) => `${origin}/oauth/token`],
    ['a slash more', (origin) => `${origin}/fhir/`],
    ['capital letters', (origin) => `${origin}/FHIR`],
    ['two, of which one is right', (origin) => [`${origin}/fhir`, 'https://another.example/fhir']],
    ['a name that begins alike', () => 'http://127.0.0.1.another.example/fhir'],
    ['a user before the host', () => 'http://127.0.0.1@another.example/fhir'],
    ['a fragment', () => 'https://another.example#http://127.0.0.1/fhir'],
    ['another path of ours', (origin) => `${origin}/fhir/Patient`],
    ['nothing', () => undefined],
    ['a number', () => 5],
  ])('tries the audience %s', async (_, aud) => {
    expect(await statusOf(await forge.again(token, { aud: aud(door.origin) }))).toBe(401);
  });

  test.each<[string, Json]>([
    ['the issuer of another', { iss: 'https://another.example' }],
    ['an issuer that begins alike', { iss: 'http://127.0.0.1.another.example' }],
    ['no issuer', { iss: undefined }],
    ['an end that is over', { exp: 1 }],
    ['no end', { exp: undefined }],
    ['an end that is a word', { exp: 'never' }],
    ['an end that is a number in a text', { exp: '99999999999' }],
    ['a beginning that has not come', { nbf: 99_999_999_999 }],
    ['no jti', { jti: undefined }],
    ['a jti that is a list', { jti: ['a'] }],
    ['a client that is nobody', { client_id: randomUUID(), sub: randomUUID() }],
    ['a client that is no client', { client_id: "' OR 1=1 --", sub: "' OR 1=1 --" }],
    ['a client with a NUL', { client_id: 'a\u0000b', sub: 'a\u0000b' }],
    ['a client that is a list', { client_id: ['a'], sub: ['a'] }],
    ['no client', { client_id: undefined }],
  ])('tries %s', async (_, claims) => {
    expect(await statusOf(await forge.again(token, claims))).toBe(401);
  });

  test('tries to be another client in half of its claims', async () => {
    const other = await door.tokens.clientIdOf(OPERATOR);
    expect(await statusOf(await forge.again(token, { client_id: other }))).toBe(401);
    expect(await statusOf(await forge.again(token, { sub: other }))).toBe(401);
  });

  test.each(['JWT', 'id+jwt', 'logout+jwt', 'at+jwt+x', '', undefined])('tries the type %j', async (typ) => {
    expect(await statusOf(await forge.again(token, {}, { typ }))).toBe(401);
  });

  test('tries the assertion that a token is asked for with', async () => {
    const id = await door.tokens.clientIdOf(TRUST);
    for (const aud of [`${door.origin}/oauth/token`, `${door.origin}/fhir`]) {
      expect(await statusOf(await assertionOf(id, aud))).toBe(401);
      expect(await statusOf(await assertionOf(id, aud, { client_id: id, iss: door.origin }, { typ: 'at+jwt' }))).toBe(401);
    }
  });

  test('tries the claims of one token under the signature of another', async () => {
    const [header, , signature] = parts();
    const others = (await door.tokens.of(OTHER_TRUST)).split('.');
    expect(await statusOf(`${header}.${others[1]}.${signature}`)).toBe(401);
    expect(await statusOf(`${others[0]}.${parts()[1]}.${others[2]}`)).toBe(401);
  });
});

describe('claims that nobody asks about', () => {
  test('tries to be the operator, or another organisation, by claims of its own', async () => {
    const wide = await forge.again(await door.tokens.of(AMBULANCE), {
      organization: 'BROKER',
      ods: 'BROKER',
      kind: 'operator',
      role: 'admin',
      user: 'x',
    });
    expect(await statusOf(wide, '/fhir/Organization')).toBe(403);
    expect(await statusOf(wide, '/fhir/Patient/amber')).toBe(404);
  });

  test('tries a scope that its client is not registered for, and gets what both permit', async () => {
    const narrow = await door.tokens.of({ ...TRUST, scopes: ['system/Patient.rs'] });
    const wide = await forge.again(narrow, { scope: 'system/*.cruds' });
    expect(await statusOf(wide, '/fhir/Patient/amber')).toBe(200);
    expect(await statusOf(wide, '/fhir/CarePlan/plan-1')).toBe(403);
  });

  test.each<[string, unknown]>([
    ['a list', ['system/*.cruds']],
    ['an object', { 'system/*.cruds': true }],
    ['with a line break', 'system/Patient.s\nsystem/*.cruds'],
    ['with a tab', 'system/Patient.s\tsystem/*.cruds'],
    ['with stars', 'system/*.*'],
    ['of a user', 'user/*.cruds'],
    ['of version 1', 'system/*.read system/*.write'],
    ['with letters out of order', 'system/*.sr'],
    ['nothing', undefined],
  ])('tries a scope that is %s, and may nothing', async (_, scope) => {
    expect(await statusOf(await forge.again(token, { scope }))).toBe(403);
  });
});

describe('the way in which a token comes', () => {
  test.each<[string, (token: string) => Record<string, string>]>([
    ['Basic', (each) => ({ authorization: `Basic ${Buffer.from(`${each}:`).toString('base64')}` })],
    ['another scheme', (each) => ({ authorization: `DPoP ${each}` })],
    ['no scheme', (each) => ({ authorization: each })],
    ['two words', (each) => ({ authorization: `Bearer ${each} ${each}` })],
    ['two schemes', (each) => ({ authorization: `Bearer ${each}, Bearer ${each}` })],
    ['a quoted text', (each) => ({ authorization: `Bearer "${each}"` })],
    ['a parameter', (each) => ({ authorization: `Bearer token=${each}` })],
    ['a cookie', (each) => ({ cookie: `access_token=${each}` })],
    ['another header', (each) => ({ 'x-access-token': each, 'proxy-authorization': `Bearer ${each}` })],
    ['the headers of before', () => ({ 'nhsd-end-user-organisation-ods': 'ZZ1', 'x-service-kind': 'publisher' })],
  ])('tries the token as %s', async (_, headers) => {
    expect(await statusWith(headers(token))).toBe(401);
  });

  test('tries the token in the address and in a form', async () => {
    expect(await statusWith({}, `/fhir/Patient/amber?access_token=${token}`)).toBe(401);
    const answer = await fetch(`${door.origin}/fhir/Patient/_search`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: token }),
    });
    expect(answer.status).toBe(401);
  });

  test('tries spellings of one token: padding, spaces, other alphabets, stray bits', async () => {
    // One signature in fifteen has no character to spell in the other alphabet: another is signed then.
    let spelled = token;
    while (!/[-_]/.test(spelled.split('.')[2] ?? '')) spelled = await forge.again(token, {});
    const [header = '', claims = '', signature = ''] = spelled.split('.');
    const last = signature.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 64 bytes leave four bits of the last character without a meaning.
    const twin = `${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1] ?? ''}`;
    expect(Buffer.from(twin, 'base64url').equals(Buffer.from(signature, 'base64url'))).toBe(true);
    // A space or tab at the end of a header's value is none of the value.
    for (const each of [
      `${header}.${claims}.${twin}`,
      `${spelled}=`,
      `${spelled}==`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}.${signature.replace(/[-_]/, '+')}`,
      `${spelled}.`,
      `.${spelled}`,
      `${header}..${signature}`,
      `${header}.${claims}.${signature}.${signature}.${signature}`,
      `${spelled}%20`,
      `${spelled}\t`,
      encodeURIComponent(spelled.replace('.', '%2E')),
    ])
      expect([each, await statusOf(each)]).toEqual([each, each.endsWith('\t') ? 200 : 401]);
  });

  test('tries a token of eight thousand characters and more, and of none', async () => {
    expect(await statusOf('a'.repeat(9_000))).toBe(401);
    expect(await statusOf(`${'a'.repeat(3_000)}.${'b'.repeat(3_000)}.${'c'.repeat(3_000)}`)).toBe(401);
    expect(await statusOf(await forge.again(token, { padding: 'x'.repeat(8_200) }))).toBe(401);
    expect(await statusOf('')).toBe(401);
    expect(await statusOf('..')).toBe(401);
  });

  test('tries the twin of a signature after the token was given back', async () => {
    const given = await door.tokens.of({ ...TRUST, scopes: ['system/Patient.r'] });
    const [header, claims, signature = ''] = given.split('.');
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const bytes = Buffer.from(signature, 'base64url');
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    const answer = await fetch(`${door.origin}/oauth/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ token: given }),
    });
    expect(answer.status).toBe(200);
    // Another client's stays what it was: it is given back by its own.
    expect(await statusOf(`${header}.${claims}.${twin.toString('base64url')}`)).toBe(200);
    await fetch(`${door.origin}/oauth/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${given}` },
      body: new URLSearchParams({ token: given }),
    });
    await new Promise((resolve) => setTimeout(resolve, 4_200));
    expect(await statusOf(`${header}.${claims}.${twin.toString('base64url')}`)).toBe(401);
    expect(await statusOf(given)).toBe(401);
  });
});
