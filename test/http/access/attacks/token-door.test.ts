import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { Pool } from 'undici';
import { suspendClient } from '../../../../src/store/access/clients.ts';
import { ASSERTION_TYPE } from '../../../support/access.ts';
import { type OpenDoor, openDoor } from '../../open-door.ts';
import { addOwnClient, type Answer, type Form, type OwnClient, postForm } from './own-client.ts';

type Json = Readonly<Record<string, unknown>>;

let door: OpenDoor;
let client: OwnClient;
let other: OwnClient;
beforeAll(async () => {
  door = await openDoor();
  client = await addOwnClient(door, { scopes: ['system/Patient.rs', 'system/CarePlan.cruds'] });
  other = await addOwnClient(door, { organization: 'ZZ9' });
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const now = (): number => Math.floor(Date.now() / 1000);

const expectRefused = ({ status, json }: Answer, ...statuses: readonly number[]): void => {
  expect(json['access_token']).toBeUndefined();
  expect(json['error']).toEqual(expect.any(String));
  expect(statuses.length === 0 ? [400, 401] : statuses).toContain(status);
  // Nothing of the library's own words for its faults, and no stack.
  expect(JSON.stringify(json)).not.toMatch(/server_error|node_modules|\bat .+:\d+:\d+/);
};
const refusedWith = async (claims: Json, header: Json = {}): Promise<void> =>
  expectRefused(await client.ask(await client.form({ client_assertion: await client.assertion(claims, header) })));

test('the form that is changed below gets a token as it is, with the scopes of its client', async () => {
  const { status, json } = await client.ask();
  expect(status).toBe(200);
  expect(json).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'system/Patient.rs system/CarePlan.cruds',
  });
  const rsa = await client.assertion({}, { alg: 'RS384', kid: 'rsa' }, client.keys.rsa.privateKey);
  expect((await client.ask(await client.form({ client_assertion: rsa }))).status).toBe(200);
  expect((await client.ask(await client.form({ scope: 'system/Patient.r' }))).json['scope']).toBe('system/Patient.r');
  expect((await client.ask(await client.form({ resource: `${door.origin}/fhir` }))).status).toBe(200);
});

describe('an assertion that comes again', () => {
  test('tries one sixteen times at the same moment: exactly one token', async () => {
    for (let round = 0; round < 3; round += 1) {
      const form = await client.form();
      const answers = await Promise.all(Array.from({ length: 16 }, () => client.ask(form)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200)) expectRefused(answer, 401);
    }
  });

  test('tries one under another spelling, with another signature, and after other claims', async () => {
    const jti = randomUUID();
    const first = await client.assertion({ jti });
    expect((await client.ask(await client.form({ client_assertion: first }))).status).toBe(200);
    for (const again of [
      first,
      `${first}=`,
      await client.assertion({ jti }),
      await client.assertion({ jti, exp: now() + 200 }),
      await client.assertion({ jti }, { alg: 'RS384', kid: 'rsa' }, client.keys.rsa.privateKey),
    ])
      expectRefused(await client.ask(await client.form({ client_assertion: again })), 401, 400);
  });

  test('tries one at the other endpoints, and back', async () => {
    const asked = await client.assertion();
    expect((await client.ask(await client.form({ client_assertion: asked }))).status).toBe(200);
    const form = (assertion: string) =>
      new URLSearchParams({ token: 'x', client_assertion_type: ASSERTION_TYPE, client_assertion: assertion });
    for (const path of ['introspect', 'revoke']) expectRefused(await postForm(`${door.origin}/oauth/${path}`, form(asked)), 401);
    const beside = await client.assertion();
    expect((await postForm(`${door.origin}/oauth/introspect`, form(beside))).status).toBe(200);
    expectRefused(await client.ask(await client.form({ client_assertion: beside })), 401);
  });

  test('tries the jti of another client: each has its own', async () => {
    const jti = randomUUID();
    expect((await client.ask(await client.form({ client_assertion: await client.assertion({ jti }) }))).status).toBe(200);
    expect((await other.ask(await other.form({ client_assertion: await other.assertion({ jti }) }))).status).toBe(200);
  });
});

describe('claims of an assertion', () => {
  test.each<[string, () => Json]>([
    ['the token endpoint of another server', () => ({ aud: 'https://another.example/oauth/token' })],
    ['two audiences, of which one is right', () => ({ aud: [client.endpoint, 'https://another.example/oauth/token'] })],
    ['the FHIR server', () => ({ aud: `${door.origin}/fhir` })],
    ['an audience that begins alike', () => ({ aud: `${client.endpoint}/x` })],
    ['the audience in capitals', () => ({ aud: client.endpoint.toUpperCase() })],
    ['no audience', () => ({ aud: undefined })],
    ['an empty audience', () => ({ aud: [] })],
    ['an audience that is an object', () => ({ aud: { 0: client.endpoint } })],
    ['another iss', () => ({ iss: other.id })],
    ['another sub', () => ({ sub: other.id })],
    ['iss and sub of another', () => ({ iss: other.id, sub: other.id })],
    ['no iss', () => ({ iss: undefined })],
    ['no sub', () => ({ sub: undefined })],
    ['a sub that is a list', () => ({ sub: [client.id], iss: [client.id] })],
    ['a client that is nobody', () => ({ iss: randomUUID(), sub: randomUUID() })],
    ['a client that is a name of the language', () => ({ iss: '__proto__', sub: '__proto__' })],
    ['a client that is SQL', () => ({ iss: "' OR 1=1 --", sub: "' OR 1=1 --" })],
    ['a client with a NUL', () => ({ iss: `${client.id}\u0000`, sub: `${client.id}\u0000` })],
    ['half a surrogate pair', () => ({ iss: '\ud800', sub: '\ud800' })],
    ['an end an hour ahead', () => ({ exp: now() + 3_600 })],
    ['an end six minutes ahead', () => ({ exp: now() + 360 })],
    ['a life of ten minutes, half of it over', () => ({ iat: now() - 300, exp: now() + 290 })],
    ['no end', () => ({ exp: undefined })],
    ['an end that is over', () => ({ exp: now() - 60 })],
    ['an end that is a text', () => ({ exp: String(now() + 60) })],
    ['an end between two seconds', () => ({ exp: now() + 60.5 })],
    ['an end beyond every number', () => ({ exp: 1e308 })],
    ['an end that is negative', () => ({ exp: -1 })],
    ['a beginning that has not come', () => ({ nbf: now() + 600 })],
    ['an issue that has not come', () => ({ iat: now() + 600 })],
    ['no jti', () => ({ jti: undefined })],
    ['an empty jti', () => ({ jti: '' })],
    ['a jti that is a number', () => ({ jti: 5 })],
    ['a jti that is an object', () => ({ jti: { a: 1 } })],
    ['a jti of ten thousand characters', () => ({ jti: 'x'.repeat(10_000) })],
    ['a jti with a NUL too long by one', () => ({ jti: `${'x'.repeat(255)}\u0000` })],
  ])('tries %s', async (_, claims) => {
    await refusedWith(claims());
  });

  test.each<[string, Json]>([
    ['jku', { jku: 'https://another.example/jwks' }],
    ['x5u', { x5u: 'https://another.example/chain' }],
    ['x5c', { x5c: ['MIIB'] }],
    ['crit', { crit: ['exp'], exp: 1 }],
    ['another typ', { typ: 'at+jwt' }],
    ['a kid that is a path', { kid: '../../../dev/null' }],
    ['a kid that is a list', { kid: ['es'] }],
  ])('tries %s in the header', async (_, header) => {
    await refusedWith({}, header);
  });

  test('tries its own key embedded in the header', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const header of [{ jwk }, { jwk, kid: undefined }, { kid: undefined }, {}]) {
      const assertion = await client.assertion({}, header, privateKey);
      expectRefused(await client.ask(await client.form({ client_assertion: assertion })));
    }
  });
});

describe('algorithms of an assertion', () => {
  test.each(['RS256', 'PS256', 'PS384', 'PS512'] as const)('tries %s with the registered RSA key', async (alg) => {
    const pem = client.keys.rsa.privateKey;
    const { importJWK } = await import('jose');
    const key = (await importJWK({ ...(await exportJWK(pem)), alg }, alg)) as typeof pem;
    expectRefused(await client.ask(await client.form({ client_assertion: await client.assertion({}, { alg, kid: 'rsa' }, key) })));
  });

  test('and RS512, which NHS clients use, gets a token', async () => {
    const { importJWK } = await import('jose');
    const key = await importJWK({ ...(await exportJWK(client.keys.rsa.privateKey)), alg: 'RS512' }, 'RS512');
    const assertion = await client.assertion({}, { alg: 'RS512', kid: 'rsa' }, key as never);
    expect((await client.ask(await client.form({ client_assertion: assertion }))).status).toBe(200);
  });

  test.each(['ES256', 'ES512', 'EdDSA'] as const)('tries %s by a key that is not registered', async (alg) => {
    const { privateKey } = await generateKeyPair(alg);
    expectRefused(await client.ask(await client.form({ client_assertion: await client.assertion({}, { alg }, privateKey) })));
  });

  test.each(['HS256', 'HS384', 'HS512'])('tries %s with the public key as its secret', async (alg) => {
    const spki = await exportSPKI(client.keys.rsa.publicKey);
    const jwk = JSON.stringify(await exportJWK(client.keys.rsa.publicKey));
    const der = createPublicKey(spki).export({ type: 'spki', format: 'der' });
    const claims = (await client.assertion()).split('.')[1] ?? '';
    for (const secret of [spki, spki.trimEnd(), jwk, der, '', client.id])
      for (const kid of ['rsa', 'es', undefined]) {
        const signed = `${Buffer.from(JSON.stringify({ alg, typ: 'JWT', kid })).toString('base64url')}.${claims}`;
        const mac = createHmac(alg.replace('HS', 'sha'), secret).update(signed).digest('base64url');
        expectRefused(await client.ask(await client.form({ client_assertion: `${signed}.${mac}` })));
      }
  });

  test.each(['none', 'None', 'NONE', ''])('tries alg %j', async (alg) => {
    const [, claims, signature] = (await client.assertion()).split('.');
    const header = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url');
    for (const each of [`${header}.${claims}.`, `${header}.${claims}.${signature}`, `${header}.${claims}`])
      expectRefused(await client.ask(await client.form({ client_assertion: each })));
  });

  test('tries the key of another client, under either’s kid', async () => {
    for (const kid of ['es', undefined]) {
      const forged = await client.assertion({}, { kid }, other.keys.es.privateKey);
      expectRefused(await client.ask(await client.form({ client_assertion: forged })), 401);
      const theirs = await other.assertion({}, { kid });
      expectRefused(await client.ask(await client.form({ client_assertion: theirs, client_id: client.id })));
    }
  });
});

describe('scopes that are not its own', () => {
  test.each([
    'system/*.cruds',
    'system/*.r',
    'system/Patient.cruds',
    'system/Patient.rs system/Consent.r',
    'system/Organization.r',
    'system/Nonsense.r',
    'system/Patient.rs\nsystem/*.cruds',
    'system/Patient.rs\tsystem/*.cruds',
    'system/Patient.rs\u0000system/*.cruds',
    'system/Patient.rs,system/*.cruds',
    'system/*.*',
    'system/*.read',
    'user/*.cruds',
    'patient/*.rs',
    'system/Patient.sr',
    'system/Patient.rr',
    'system/Patient.',
    'system/Patient.rs?_id=x',
    'system/patient.rs',
    'SYSTEM/Patient.rs',
    'openid',
    'offline_access',
    'launch',
    '*',
    '__proto__',
    `system/Patient.r ${'system/CarePlan.c '.repeat(2_000)}system/Flag.r`,
  ])('tries %j', async (scope) => {
    expectRefused(await client.ask(await client.form({ scope })));
  });

  test.each(['scope', 'client_id', 'client_assertion', 'grant_type', 'resource', 'client_assertion_type'])(
    'tries %s twice, once of its own and once of more',
    async (name) => {
      const more: Record<string, string> = {
        scope: 'system/*.cruds',
        client_id: other.id,
        client_assertion: await other.assertion(),
        grant_type: 'password',
        resource: 'https://another.example/fhir',
        client_assertion_type: 'x',
      };
      const own = await client.form({ scope: 'system/Patient.r', client_id: client.id, resource: `${door.origin}/fhir` });
      const pairs = [...own];
      for (const doubled of [
        [...pairs, [name, more[name]]],
        [[name, more[name]], ...pairs],
      ]) {
        const answer = await client.ask(new URLSearchParams(doubled as [string, string][]));
        expectRefused(answer);
      }
    },
  );

  test('tries names with brackets, as forms of objects and lists', async () => {
    for (const name of ['scope[]', 'scope[0]', 'client_assertion[]', '__proto__[scope]', 'constructor[prototype][scope]']) {
      const form = await client.form({ scope: 'system/Patient.r', [name]: 'system/*.cruds' });
      const { status, json } = await client.ask(form);
      expect(status === 200 ? json['scope'] : 'system/Patient.r').toBe('system/Patient.r');
    }
    expect(({} as Record<string, unknown>)['scope']).toBeUndefined();
  });
});

describe('other grants', () => {
  test.each([
    'authorization_code',
    'refresh_token',
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:openid:params:grant-type:ciba',
    'CLIENT_CREDENTIALS',
    'client_credentials ',
    '__proto__',
    'constructor',
    '',
  ])('tries %j', async (grant_type) => {
    const more = { code: 'x', refresh_token: 'x', username: 'x', password: 'x', assertion: await client.assertion(), subject_token: 'x' };
    expectRefused(await client.ask(await client.form({ ...more, grant_type })));
  });

  test.each<[string, () => Promise<Form>]>([
    ['no assertion', async () => ({ client_assertion: undefined, client_assertion_type: undefined, client_id: client.id })],
    ['a secret', async () => ({ client_assertion: undefined, client_id: client.id, client_secret: 'x' })],
    ['an empty secret', async () => ({ client_assertion: undefined, client_id: client.id, client_secret: '' })],
    ['another assertion type', async () => ({ client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' })],
    ['no assertion type', async () => ({ client_assertion_type: undefined })],
    ['the resource of another server', async () => ({ resource: 'https://another.example/fhir' })],
    ['a resource that begins alike', async () => ({ resource: `${door.origin}/fhir/Patient` })],
    ['a resource with a fragment', async () => ({ resource: `${door.origin}/fhir#x` })],
    ['a resource that is none', async () => ({ resource: 'x' })],
  ])('tries %s', async (_, changes) => {
    expectRefused(await client.ask(await client.form(await changes())));
  });

  test('tries Basic, Bearer and other schemes in the place of an assertion, and beside it', async () => {
    const { json } = await client.ask();
    for (const authorization of [
      `Basic ${Buffer.from(`${client.id}:`).toString('base64')}`,
      `Basic ${Buffer.from(`${client.id}:x`).toString('base64')}`,
      'Basic %%%',
      `Bearer ${String(json['access_token'])}`,
      'DPoP x',
    ]) {
      const bare = new URLSearchParams({ grant_type: 'client_credentials' });
      expectRefused(await client.ask(bare, { authorization }));
      expectRefused(await client.ask(await client.form(), { authorization }));
    }
  });

  test('tries attestation and DPoP headers of its own', async () => {
    const bare = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id });
    const attestation = await client.assertion();
    expectRefused(await client.ask(bare, { 'oauth-client-attestation': attestation, 'oauth-client-attestation-pop': attestation }));
    expectRefused(await client.ask(bare, { dpop: attestation }));
  });
});

describe('the way in which a form comes', () => {
  test('tries GET, PUT and DELETE, and the form in the address', async () => {
    const form = await client.form();
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await fetch(`${client.endpoint}?${form}`, { method });
      expect(await answer.text()).not.toContain('access_token');
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
    expectRefused(await postForm(`${client.endpoint}?${form}`, new URLSearchParams()));
    const overridden = await fetch(`${client.endpoint}?${form}`, { headers: { 'x-http-method-override': 'POST' } });
    expect(overridden.status).toBe(405);
  });

  test.each<[string, string]>([
    ['JSON', 'application/json'],
    ['text', 'text/plain'],
    ['several parts', 'multipart/form-data; boundary=x'],
    ['FHIR', 'application/fhir+json'],
    ['nothing', ''],
  ])('tries a body that says it is %s', async (_, type) => {
    const body = type.includes('json') ? JSON.stringify(Object.fromEntries(await client.form())) : String(await client.form());
    const answer = await fetch(client.endpoint, {
      method: 'POST',
      body: Buffer.from(body),
      headers: type === '' ? {} : { 'content-type': type },
    });
    expectRefused({ status: answer.status, json: (await answer.json()) as Json }, 400, 415);
  });

  test('tries a form of a megabyte, ten thousand fields, and one that is compressed', async () => {
    const long = await client.form({ padding: 'x'.repeat(1_000_000) });
    expectRefused(await client.ask(long), 400, 413);
    const many = new URLSearchParams([
      ...(await client.form()),
      ...Array.from({ length: 10_000 }, (_each, at): [string, string] => [`f${at}`, '1']),
    ]);
    expectRefused(await client.ask(many), 400, 413);
    const { gzipSync } = await import('node:zlib');
    const answer = await fetch(client.endpoint, {
      method: 'POST',
      body: gzipSync('x='.padEnd(50_000_000, 'x')),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
    });
    expectRefused({ status: answer.status, json: (await answer.json()) as Json }, 400, 413, 415);
  });

  test('tries an assertion that was made for another server, with that server’s name in Host and in the headers of a proxy', async () => {
    const pool = new Pool(door.origin, { connections: 1 });
    try {
      for (const [scheme, host] of [
        ['http', 'another.example'],
        ['https', 'another.example'],
        ['http', '127.0.0.1.another.example'],
        ['http', 'localhost:1'],
      ] as const) {
        const assertion = await client.assertion({ aud: `${scheme}://${host}/oauth/token` });
        const body = String(await client.form({ client_assertion: assertion }));
        for (const headers of [
          { host },
          { host, 'x-forwarded-proto': scheme },
          { 'x-forwarded-host': host, 'x-forwarded-proto': scheme },
          { forwarded: `host=${host};proto=${scheme}` },
          { 'x-original-host': host, 'x-forwarded-server': host },
        ]) {
          const answer = await pool.request({
            method: 'POST',
            path: '/oauth/token',
            headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            body,
          });
          expectRefused({ status: answer.statusCode, json: (await answer.body.json()) as Json }, 401);
        }
      }
    } finally {
      await pool.close();
    }
  });

  test.each([
    '/oauth/token/',
    '/OAuth/Token',
    '/oauth//token',
    '/oauth/./token',
    '/oauth/%74oken',
    '/oauth/token;x',
    '/fhir/../oauth/token',
  ])('tries the endpoint as %s', async (path) => {
    const pool = new Pool(door.origin, { connections: 1 });
    try {
      const answer = await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: String(await client.form()),
      });
      expect(await answer.body.text()).not.toContain('access_token');
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.statusCode).toBeLessThan(500);
    } finally {
      await pool.close();
    }
  });
});

describe('a client that is shut out', () => {
  test('tries new tokens, the endpoints beside it, and what it had', async () => {
    const shut = await addOwnClient(door);
    const had = String((await shut.ask()).json['access_token']);
    await suspendClient(door.pool, shut.id);
    expectRefused(await shut.ask(), 401);
    for (const path of ['introspect', 'revoke']) {
      const byAssertion = new URLSearchParams({
        token: had,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await shut.assertion(),
      });
      expectRefused(await postForm(`${door.origin}/oauth/${path}`, byAssertion), 401);
      expectRefused(
        await postForm(`${door.origin}/oauth/${path}`, new URLSearchParams({ token: had }), { authorization: `Bearer ${had}` }),
        401,
      );
    }
    expect((await fetch(`${door.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${had}` } })).status).toBe(401);
    await suspendClient(door.pool, shut.id, false);
    expect((await shut.ask()).status).toBe(200);
  });
});

describe('tokens of others', () => {
  test('tries to look into one, and to give it back', async () => {
    const theirs = String((await other.ask()).json['access_token']);
    const mine = String((await client.ask()).json['access_token']);
    const headers = { authorization: `Bearer ${mine}` };
    const about = (token: string) => postForm(`${door.origin}/oauth/introspect`, new URLSearchParams({ token }), headers);
    expect((await about(theirs)).json).toEqual({ active: false });
    expect((await about(mine)).json).toMatchObject({ active: true, client_id: client.id, organization: 'ZZ1', kind: 'publisher' });
    for (const odd of ['', 'x', 'a.b.c', '__proto__', `${mine}=`, 'x'.repeat(10_000)])
      expect((await about(odd)).json).toEqual({ active: false });
    const back = await postForm(`${door.origin}/oauth/revoke`, new URLSearchParams({ token: theirs }), headers);
    expect(back).toEqual({ status: 200, json: {} });
    await new Promise((resolve) => setTimeout(resolve, 4_200));
    expect((await fetch(`${door.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${theirs}` } })).status).toBe(200);
  });

  test('tries both as an operator of another organisation', async () => {
    const posing = await addOwnClient(door, { organization: 'ZZ1', kind: 'operator' });
    const headers = { authorization: `Bearer ${String((await posing.ask()).json['access_token'])}` };
    const theirs = String((await other.ask()).json['access_token']);
    const form = () => new URLSearchParams({ token: theirs });
    expect((await postForm(`${door.origin}/oauth/introspect`, form(), headers)).json).toEqual({ active: false });
    expect((await postForm(`${door.origin}/oauth/revoke`, form(), headers)).status).toBe(200);
    expect((await fetch(`${door.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${theirs}` } })).status).toBe(200);
    const operator = await addOwnClient(door, { organization: 'BROKER', kind: 'operator' });
    const own = { authorization: `Bearer ${String((await operator.ask()).json['access_token'])}` };
    expect((await postForm(`${door.origin}/oauth/introspect`, form(), own)).json['active']).toBe(true);
  });

  test('tries both without saying who asks, and with two tokens', async () => {
    const mine = String((await client.ask()).json['access_token']);
    for (const path of ['introspect', 'revoke']) {
      expectRefused(await postForm(`${door.origin}/oauth/${path}`, new URLSearchParams({ token: mine })), 401);
      const twice = new URLSearchParams([
        ['token', mine],
        ['token', 'x'],
      ]);
      expectRefused(await postForm(`${door.origin}/oauth/${path}`, twice, { authorization: `Bearer ${mine}` }), 400);
    }
  });

  test('the private half of no key is told', async () => {
    const { keys } = (await (await fetch(`${door.origin}/oauth/jwks`)).json()) as { readonly keys: readonly Json[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});
