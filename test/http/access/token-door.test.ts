import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Kind } from '../../../src/model/kind.ts';
import type { Scope } from '../../../src/model/scope.ts';
import { newSigningKey } from '../../../src/http/access/new-signing-key.ts';
import { addClient, rotateClient, suspendClient } from '../../../src/store/access/clients.ts';
import { rotateSigningKey, signingKey } from '../../../src/store/access/signing-keys.ts';
import { ASSERTION_TYPE, assertionOf } from '../../support/access.ts';
import { AMBULANCE, approvePlan, OPERATOR, type OpenDoor, openDoor, openDoorOn, POLICE, TRUST } from '../open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
}, 60_000);
afterAll(() => door.close());

interface Said {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  readonly body: any;
}

const post = async (
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Said> => {
  const answer = await fetch(`${door.origin}${path}`, { method: 'POST', body: new URLSearchParams(form), headers });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
};
const endpoint = (): string => `${door.origin}/oauth/token`;
const grant = (assertion: string, more: Readonly<Record<string, string>> = {}): Promise<Said> =>
  post('/oauth/token', {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...more,
  });
const flags = (token: string): Promise<number> =>
  fetch(`${door.origin}/fhir/Flag`, { headers: { Authorization: `Bearer ${token}` } }).then(({ status }) => status);

/** A client with a key of its own. */
const withKey = async (alg: string, scopes: readonly Scope[] = ['system/*.cruds'], kind: Kind = 'ambulance') => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: randomUUID(), alg };
  const client = await addClient(door.pool, { organization: 'ZZ3', kind, scopes, keys: { jwks: { keys: [{ ...jwk }] } } });
  const assertion = (key = privateKey, kid = jwk.kid ?? ''): Promise<string> =>
    new SignJWT({ iss: client.id, sub: client.id, aud: endpoint(), jti: randomUUID() })
      .setProtectedHeader({ alg, typ: 'JWT', kid })
      .setIssuedAt()
      .setExpirationTime('4m')
      .sign(key);
  return { client, assertion, jwk, privateKey };
};

describe('what a SMART client finds first', () => {
  test.each(['/fhir/.well-known/smart-configuration', '/.well-known/smart-configuration', '/.well-known/oauth-authorization-server'])(
    '%s',
    async (path) => {
      const answer = await fetch(`${door.origin}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toMatchObject({
        issuer: door.origin,
        token_endpoint: endpoint(),
        jwks_uri: `${door.origin}/oauth/jwks`,
        introspection_endpoint: `${door.origin}/oauth/introspect`,
        revocation_endpoint: `${door.origin}/oauth/revoke`,
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384', 'RS512'],
        capabilities: ['client-confidential-asymmetric', 'permission-v2'],
        scopes_supported: expect.arrayContaining(['system/*.cruds', 'system/CarePlan.cruds', 'system/Flag.cruds']),
      });
    },
  );

  test('what a stranger says in Host does not become the issuer', async () => {
    const answer = await door.agent.get('/.well-known/smart-configuration').set('Host', 'evil.example');
    expect(answer.body.issuer).toBe(door.origin);
    const forwarded = await door.agent.get('/.well-known/smart-configuration').set('X-Forwarded-Host', 'evil.example');
    expect(forwarded.body.issuer).toBe(door.origin);
  });
});

describe('a token', () => {
  test.each(['ES384', 'RS384', 'RS512'])('for an assertion by %s: short, at+jwt, ES256, for this server', async (alg) => {
    const { client, assertion } = await withKey(alg);
    const { status, body, headers } = await grant(await assertion());
    expect([status, body]).toEqual([
      200,
      { access_token: expect.any(String), expires_in: 300, scope: 'system/*.cruds', token_type: 'Bearer' },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    const jwks = (await (await fetch(`${door.origin}/oauth/jwks`)).json()) as JSONWebKeySet;
    expect(JSON.stringify(jwks)).not.toContain('"d":');
    const { payload, protectedHeader } = await jwtVerify(body.access_token, createLocalJWKSet(jwks));
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: jwks.keys[0]?.kid });
    expect(payload).toEqual({
      iss: door.origin,
      aud: `${door.origin}/fhir`,
      sub: client.id,
      client_id: client.id,
      scope: 'system/*.cruds',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
    expect(await flags(body.access_token)).toBe(400); // a search of flags names a person: the caller is known
  });

  test.each([
    ['all that is registered where nothing is asked for', undefined, 'system/CarePlan.rs system/Flag.rs'],
    ['what is asked for', 'system/Flag.rs', 'system/Flag.rs'],
    ['fewer letters than are registered', 'system/Flag.s system/CarePlan.r', 'system/Flag.s system/CarePlan.r'],
  ])('holds %s', async (_, scope, granted) => {
    const { assertion } = await withKey('ES384', ['system/CarePlan.rs', 'system/Flag.rs']);
    const { body } = await grant(await assertion(), scope === undefined ? {} : { scope });
    expect(body.scope).toBe(granted);
  });

  test.each([
    'system/Flag.rs system/Patient.r',
    'system/*.rs',
    'system/Flag.cruds',
    'user/Flag.rs',
    'openid',
    'system/Nothing.r',
    'system/Flag.sr',
  ])('is not given for a scope beyond what is registered: %s', async (scope) => {
    const { assertion } = await withKey('ES384', ['system/CarePlan.rs', 'system/Flag.rs']);
    const { status, body } = await grant(await assertion(), { scope });
    expect([status, body.error, body.access_token]).toEqual([400, 'invalid_scope', undefined]);
  });

  test('of a client whose scopes were narrowed since permits only what is left', async () => {
    const { client, assertion } = await withKey('ES384', ['system/*.cruds']);
    const { body } = await grant(await assertion());
    await door.pool.query(`UPDATE access_client SET scopes = '{system/Task.rs}' WHERE id = $1`, [client.id]);
    expect(await flags(body.access_token)).toBe(403);
  });

  test('is taken with the organisation that it proves, and with no other', async () => {
    const headers = { Authorization: `Bearer ${await door.tokens.of(AMBULANCE)}` };
    const ask = (organization: string) =>
      fetch(`${door.origin}/fhir/Task`, { headers: { ...headers, 'NHSD-End-User-Organisation-ODS': organization } });
    expect((await ask('ZZ3')).status).toBe(200);
    const other = await ask('ZZ4');
    expect(other.status).toBe(403);
    expect(((await other.json()) as Said['body']).issue[0].expression).toEqual(['http.NHSD-End-User-Organisation-ODS']);
  });

  test('that is missing or wrong is 401 with a challenge and the NHS code', async () => {
    for (const [authorization, challenge] of [
      [undefined, 'Bearer'],
      ['Bearer x.y.z', 'Bearer error="invalid_token"'],
      ['Basic QTpC', 'Bearer error="invalid_token"'],
    ] as const) {
      const answer = await fetch(`${door.origin}/fhir/Task`, {
        headers: authorization === undefined ? {} : { Authorization: authorization },
      });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, challenge]);
      expect(await answer.json()).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [
          {
            code: 'login',
            expression: ['http.Authorization'],
            details: { coding: [{ code: 'unauthenticated' }, { code: 'REC_UNAUTHORIZED' }] },
          },
        ],
      });
    }
  });
});

describe('keys', () => {
  test('at an address of the client: fetched through the guard, and changed there', async () => {
    const [one, two] = [await withKey('ES384'), await withKey('ES384')];
    let served = [one.jwk];
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: served }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    await rotateClient(door.pool, one.client.id, { jwksUri });
    expect((await grant(await one.assertion())).status).toBe(200);
    expect(asked).toBe(1);
    served = [two.jwk];
    // Kept for a minute: a client that rotates shows both keys for a while.
    expect((await grant(await one.assertion())).status).toBe(200);
    server.close();
    // A door whose guard lets nothing through never gets there.
    const guarded = await openDoorOn(door.database, []);
    const answer = await fetch(`${guarded.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await new SignJWT({
          iss: one.client.id,
          sub: one.client.id,
          aud: `${guarded.origin}/oauth/token`,
          jti: randomUUID(),
        })
          .setProtectedHeader({ alg: 'ES384', kid: one.jwk.kid ?? '' })
          .setExpirationTime('4m')
          .sign(one.privateKey),
      }),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(asked).toBe(1);
    await guarded.close();
  });

  test('that were rotated: the old one is refused, the new one taken', async () => {
    const [old, next] = [await withKey('ES384'), await withKey('ES384')];
    await rotateClient(door.pool, old.client.id, { jwks: { keys: [{ ...next.jwk }] } });
    expect((await grant(await old.assertion())).body.error).toBe('invalid_client');
    expect((await grant(await old.assertion(next.privateKey, next.jwk.kid))).status).toBe(200);
  });

  test('of the broker: another signs, and tokens of the old one stay good on every process', async () => {
    const before = (await grant(await (await withKey('ES384')).assertion())).body.access_token;
    const other = await openDoorOn(door.database);
    await rotateSigningKey(door.pool, newSigningKey);
    const issued = await fetch(`${other.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await assertionOf(await door.tokens.clientIdOf(AMBULANCE), `${other.origin}/oauth/token`),
      }),
    });
    const { access_token: after } = (await issued.json()) as { access_token: string };
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    expect(await flags(before)).toBe(400);
    expect(await flags(after)).toBe(400);
    const { rows } = await door.pool.query('SELECT FROM signing_key WHERE private_jwk IS NOT NULL');
    expect(rows).toHaveLength(1);
    await other.close();
  });
});

test('a process that has just started takes many tokens at one moment: who comes while the keys are read waits for them', async () => {
  const tokens = await Promise.all([AMBULANCE, POLICE, TRUST, OPERATOR].map((caller) => door.tokens.of(caller)));
  const fresh = await openDoorOn(door.database);
  const answers = await Promise.all(
    tokens.map((token) => fetch(`${fresh.origin}/fhir/Task`, { headers: { Authorization: `Bearer ${token}` } })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await fresh.close();
});

test('a token of a key that was made a moment ago is good at a process that has just read the keys', async () => {
  const other = await openDoorOn(door.database);
  const at = async (token: string): Promise<number> =>
    (await fetch(`${other.origin}/fhir/Task`, { headers: { Authorization: `Bearer ${token}` } })).status;
  expect(await at(await door.tokens.of(AMBULANCE))).toBe(200);
  await rotateSigningKey(door.pool, newSigningKey);
  const { kid, privateJwk } = await signingKey(door.pool, newSigningKey);
  const clientId = await door.tokens.clientIdOf(AMBULANCE);
  const made = new SignJWT({ client_id: clientId, scope: 'system/*.cruds', jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .setIssuer(other.origin)
    .setAudience(`${other.origin}/fhir`)
    .setSubject(clientId)
    .setIssuedAt()
    .setExpirationTime('4m')
    .sign(await importJWK(privateJwk, 'ES256'));
  expect(await at(await made)).toBe(200);
  await other.close();
});

describe('an assertion', () => {
  test('is taken once, however many come at the same moment', async () => {
    const { assertion } = await withKey('ES384');
    const one = await assertion();
    const answers = await Promise.all(Array.from({ length: 16 }, () => grant(one)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 15 }, () => 401)]);
    expect((await grant(one)).body.error).toBe('invalid_client');
    // Nor at the endpoints beside it.
    expect((await post('/oauth/introspect', { token: 'x', client_assertion_type: ASSERTION_TYPE, client_assertion: one })).status).toBe(
      401,
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['good for an hour', { exp: Math.floor(Date.now() / 1000) + 3_600 }],
    [
      'good for longer than five minutes since it was made',
      { iat: Math.floor(Date.now() / 1000) - 300, exp: Math.floor(Date.now() / 1000) + 240 },
    ],
    ['that has run out', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['for another server', { aud: 'https://elsewhere.example/oauth/token' }],
    ['for another server besides', { aud: ['https://elsewhere.example/oauth/token', 'BROKER'] }],
    ['by another than its subject', { iss: 'somebody' }],
    ['without an id', { jti: undefined }],
    ['with an id that is no text', { jti: 7 }],
    ['with a time that is no whole number', { exp: '2999-01-01' }],
  ])('%s is refused', async (_, claims) => {
    const named = 'aud' in claims && Array.isArray(claims['aud']) ? { ...claims, aud: [claims['aud'][0], endpoint()] } : claims;
    const { status, body } = await grant(await assertionOf(await door.tokens.clientIdOf(AMBULANCE), endpoint(), named));
    expect([status, body.error, body.access_token]).toEqual([401, 'invalid_client', undefined]);
  });
});

describe('why an assertion is refused', () => {
  const HOUR = { exp: Math.floor(Date.now() / 1000) + 3_600 };

  test('is told to whoever holds the key', async () => {
    const id = await door.tokens.clientIdOf(AMBULANCE);
    const late = await grant(await assertionOf(id, endpoint(), HOUR));
    expect(late.body.error_description).toBe('exp must be at most 300 seconds ahead');
    const once = await assertionOf(id, endpoint());
    await grant(once);
    expect((await grant(once)).body.error_description).toBe('an assertion is taken once: its jti was used before');
  });

  test('is told to nobody else: another key, and no such client, look alike', async () => {
    const [one, other] = [await withKey('ES384'), await withKey('ES384')];
    const forged = (id: string): Promise<string> =>
      new SignJWT({ iss: id, sub: id, aud: endpoint(), jti: randomUUID(), ...HOUR })
        .setProtectedHeader({ alg: 'ES384', kid: one.jwk.kid ?? '' })
        .sign(other.privateKey);
    const answers = [await grant(await forged(one.client.id)), await grant(await forged(randomUUID()))];
    const alike = { error: 'invalid_client', error_description: 'client authentication failed' };
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [401, alike],
      [401, alike],
    ]);
  });
});

describe('a client that is suspended', () => {
  test('is out within five seconds on every process, and gets no token; and comes in again', async () => {
    const other = await openDoorOn(door.database);
    const { client, assertion } = await withKey('ES384');
    const { access_token: token } = (await grant(await assertion())).body;
    const at = (origin: string): Promise<number> =>
      fetch(`${origin}/fhir/Task`, { headers: { Authorization: `Bearer ${token}` } }).then(({ status }) => status);
    expect([await at(door.origin), await at(other.origin)]).toEqual([200, 200]);
    await suspendClient(door.pool, client.id);
    const suspendedAt = performance.now();
    while ((await at(door.origin)) !== 401 || (await at(other.origin)) !== 401) {
      if (performance.now() - suspendedAt > 5_000) throw new Error('it is still in');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await grant(await assertion())).body.error).toBe('invalid_client');
    await suspendClient(door.pool, client.id, false);
    expect((await grant(await assertion())).status).toBe(200);
    await other.close();
  }, 30_000);
});

describe('introspection and revocation', () => {
  const authorized = async (caller: typeof AMBULANCE) => ({ Authorization: `Bearer ${await door.tokens.of(caller)}` });

  test('a client learns of its own tokens, the operator of every one, and others of none', async () => {
    const token = await door.tokens.of(AMBULANCE);
    const own = await post('/oauth/introspect', { token }, await authorized(AMBULANCE));
    expect(own.body).toMatchObject({
      active: true,
      client_id: await door.tokens.clientIdOf(AMBULANCE),
      organization: 'ZZ3',
      kind: 'ambulance',
      scope: 'system/*.cruds',
      aud: `${door.origin}/fhir`,
      token_type: 'Bearer',
    });
    expect((await post('/oauth/introspect', { token }, await authorized(OPERATOR))).body.active).toBe(true);
    expect((await post('/oauth/introspect', { token }, await authorized(POLICE))).body).toEqual({ active: false });
    expect((await post('/oauth/introspect', { token: 'made.up.token' }, await authorized(AMBULANCE))).body).toEqual({ active: false });
    expect((await post('/oauth/introspect', { token })).status).toBe(401);
  });

  test('by an assertion of the client, as by its token', async () => {
    const { assertion } = await withKey('RS384');
    const token = (await grant(await assertion())).body.access_token;
    const proof = async () => ({ client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion() });
    expect((await post('/oauth/introspect', { token, ...(await proof()) })).body.active).toBe(true);
    expect(await post('/oauth/revoke', { token, ...(await proof()) })).toMatchObject({ status: 200, body: null });
    expect((await post('/oauth/introspect', { token, ...(await proof()) })).body).toEqual({ active: false });
  });

  test('a token that is given back is out within five seconds; another client’s stays', async () => {
    const { assertion } = await withKey('ES384');
    const tokens = [(await grant(await assertion())).body.access_token, (await grant(await assertion())).body.access_token];
    const both = () => Promise.all(tokens.map(flags));
    expect(await both()).toEqual([400, 400]);
    const [others, given] = tokens;
    expect((await post('/oauth/revoke', { token: others }, await authorized(POLICE))).status).toBe(200);
    await post('/oauth/revoke', { token: given }, { Authorization: `Bearer ${given}` });
    // One wait for both: what was good is remembered for four seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await both()).toEqual([400, 401]);
  }, 30_000);

  test.each([
    ['/oauth/introspect', 'GET', 405],
    ['/oauth/revoke', 'GET', 405],
    ['/oauth/token', 'GET', 405],
    ['/oauth/jwks', 'POST', 405],
    ['/oauth/introspect', 'POST', 400],
  ])('%s by %s is %i', async (path, method, status) => {
    const answer = await fetch(`${door.origin}${path}`, { method, headers: { Authorization: `Bearer ${await door.tokens.of(TRUST)}` } });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });
});
