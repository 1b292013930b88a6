import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { createAddressGuard } from '../../../src/channel/address-guard.ts';
import { createGuardedFetch } from '../../../src/channel/guarded-fetch.ts';
import { isMeantFor } from '../../../src/http/access/name-user.ts';
import { isUserIssuer, readUserIssuers } from '../../../src/http/access/user-issuers.ts';
import { createUserVerifier } from '../../../src/http/access/user-identity.ts';
import { createLog } from '../../../src/log.ts';
import { Anomaly } from '../../../src/model/anomaly.ts';
import { claimsFor, identityOf, userIssuers } from '../../support/sign-in.ts';
import { forgedIdentities } from './forged-identities.ts';
import { openIssuer } from './fake-issuer.ts';
import type { FakeIssuer } from './fake-issuer.ts';

const BROKER = 'https://broker.example/fhir';
const by = { isMeantFor: (audience: string) => ['client-1', BROKER].includes(audience), organization: 'ZZ1' };
const fetch = createGuardedFetch(createAddressGuard(['127.0.0.0/8']), { timeoutMs: 300, maxBytes: 100_000 });

const lines: string[] = [];
let ahead = 0;
const parts = { fetch, log: createLog('info', (text) => lines.push(text)), now: () => Date.now() + ahead };
const verify = createUserVerifier({ ...parts, issuers: readUserIssuers([userIssuers()]) });

let trap: FakeIssuer;
beforeAll(async () => {
  trap = await openIssuer();
});
afterAll(() => trap.close());

describe('an identity that is right', () => {
  test.each([
    ['the client', 'client-1'],
    ['the broker', BROKER],
    ['both among others', ['x', 'client-1', BROKER]],
  ])('is taken, meant for %s', async (_, aud) => {
    const user = await verify(await identityOf({ ...claimsFor('ZZ1'), aud }), by);
    expect(user).toEqual({
      issuer: 'https://sign-in.example',
      subject: '999000000001',
      sdsUserId: '999000000001',
      name: 'Example Testconsultant-Cedar',
      role: { code: 'S8000:G8000:R8000', display: 'Consultant' },
      organization: 'ZZ1',
      registrations: [{ system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: '9999999' }],
      assurance: { identity: '3', authentication: '3' },
    });
  });

  test('clocks may differ by ten seconds', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const aud = BROKER;
    await verify(await identityOf({ ...claimsFor('ZZ1'), aud, exp: now - 8 }), by);
    await verify(await identityOf({ ...claimsFor('ZZ1'), aud, iat: now + 8, nbf: now + 8 }), by);
  });

  test('its organisation has one of its roles; another one is told 403', async () => {
    const token = await identityOf({ ...claimsFor('ZZ1'), aud: BROKER });
    await expect(verify(token, { ...by, organization: 'ZZ9' })).rejects.toMatchObject({
      category: 'forbidden',
      issues: [{ at: 'http.X-User-Identity', help: 'this user has no role at the organisation that calls' }],
    });
  });
});

describe('who a user is', () => {
  const role = (id: string, org_code: string) => ({ person_roleid: id, org_code, role_name: '"A":"B":"Nurse"', role_code: 'S1:G1:R1' });
  const other = { selected_roleid: undefined, aud: BROKER };
  const as = async (claims: Record<string, unknown>) => verify(await identityOf({ ...claimsFor('ZZ1'), ...other, ...claims }), by);
  const forbidden = { category: 'forbidden', issues: [{ at: 'http.X-User-Identity' }] };

  test('the role that was selected counts, also where another is at the organisation that calls', async () => {
    const roles = [role('1', 'ZZ9'), role('2', 'ZZ1')];
    await expect(as({ nhsid_nrbac_roles: roles, selected_roleid: '1' })).rejects.toMatchObject(forbidden);
    expect(await as({ nhsid_nrbac_roles: roles, selected_roleid: '2' })).toMatchObject({ organization: 'ZZ1' });
  });

  test('where none was selected, the role at the organisation that calls', async () => {
    expect(await as({ nhsid_nrbac_roles: [role('1', 'ZZ9'), role('2', 'zz1')] })).toMatchObject({
      organization: 'ZZ1',
      role: { display: 'Nurse' },
    });
  });

  test('without roles, one of the organisations of the user is that which calls', async () => {
    const bare = { nhsid_nrbac_roles: undefined };
    await expect(as({ ...bare, nhsid_user_orgs: [{ org_code: 'ZZ9' }] })).rejects.toMatchObject(forbidden);
    expect(await as({ ...bare, nhsid_user_orgs: [{ org_code: 'ZZ9' }, { org_code: 'ZZ1' }] })).toMatchObject({
      role: null,
      organization: null,
    });
    expect(await as(bare)).toMatchObject({ role: null, organization: null });
  });

  test('a registration is one of a register that the broker knows, and is a number', async () => {
    const none = { gmc_id: undefined };
    for (const claims of [
      {},
      { gmc_id: 'N/A' },
      { gmc_id: '0000000' },
      { rcn_id: '1234567' },
      { professional_registration: { body: 'guild', value: '1234567' } },
    ])
      expect((await as({ ...none, ...claims })).registrations).toEqual([]);
    expect(
      (
        await as({
          ...none,
          nmc_id: '99a9999x',
          professional_registration: [
            { body: 'HCPC', value: 'PA 12345' },
            { system: 'https://fhir.hl7.org.uk/Id/nmc-number', value: '99A9999X' },
          ],
        })
      ).registrations,
    ).toEqual([
      { system: 'https://fhir.hl7.org.uk/Id/nmc-number', value: '99A9999X' },
      { system: 'https://fhir.hl7.org.uk/Id/hcpc-number', value: 'PA12345' },
    ]);
  });
});

describe('an identity that is forged or misused is refused', () => {
  test.each(Object.keys(forgedIdentities('ZZ1', BROKER, '')))('%s', async (name) => {
    const forge = forgedIdentities('ZZ1', BROKER, trap.issuer)[name];
    if (forge === undefined) throw new Error('the list has changed');
    const { sent, says } = await forge();
    await expect(verify(sent, by)).rejects.toMatchObject({
      category: 'unauthenticated',
      issues: [{ at: 'http.X-User-Identity', help: expect.stringMatching(says) }],
    });
    expect(trap.asked).toEqual([]);
  });

  test('as it stands in two lines that Node did not join', async () => {
    await expect(verify([await identityOf(claimsFor('ZZ1')), 'x'], by)).rejects.toMatchObject({ category: 'unauthenticated' });
  });
});

describe('a right identity with one character changed, left out or put in', () => {
  test('is never taken, wherever it stands', async () => {
    const token = await identityOf({ ...claimsFor('ZZ1'), aud: BROKER });
    const changes = [...token].flatMap((character, at) => {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      return [before + (character === 'A' ? 'B' : 'A') + after, before + after, `${before}A${token.slice(at)}`, `${before}.${after}`];
    });
    const taken: string[] = [];
    for (const changed of changes) {
      if (changed === token) continue;
      const refused = await verify(changed, by).then(
        () => null,
        (error: unknown) => error,
      );
      if (!(refused instanceof Anomaly) || refused.category !== 'unauthenticated') taken.push(changed);
    }
    expect(taken).toEqual([]);
    expect(changes.length).toBeGreaterThan(2_000);
  });
});

describe('what an identity may be meant for', () => {
  const client = {
    id: 'client-1',
    organization: 'ZZ1',
    kind: 'publisher',
    scopes: [],
    keys: { jwksUri: 'https://client.example/jwks' },
    userAudiences: ['999000000001.apps.national'],
    createdAt: 0,
    suspendedAt: null,
  } as const;
  const site = (publicUrl: string | null, behindProxy: boolean) => ({ publicUrl, behindProxy });
  const reached = (headers: Record<string, string>) => ({ headers, secure: false, localPort: 8080 });
  const local = reached({ host: 'localhost:8080' });
  const proxied = reached({ host: '10.0.0.1', 'x-forwarded-host': 'broker.example', 'x-forwarded-proto': 'https' });

  test.each([
    ['the client', 'client-1', site(null, false), local, true],
    ['the name of the client at the issuer', '999000000001.apps.national', site(null, false), local, true],
    ['another client', 'client-2', site(null, false), local, false],
    ['the broker on this machine', 'http://127.0.0.1:8080/fhir', site(null, false), local, true],
    ['its origin', 'http://localhost:8080', site(null, false), local, true],
    ['another host', 'http://elsewhere.example:8080/fhir', site(null, false), reached({ host: 'elsewhere.example:8080' }), false],
    ['the set origin', 'https://broker.example/fhir', site('https://broker.example', true), proxied, true],
    [
      'another than the set one',
      'https://elsewhere.example/fhir',
      site('https://broker.example', true),
      reached({ host: 'elsewhere.example' }),
      false,
    ],
    ['where the proxy says that it came to', 'https://broker.example/fhir', site(null, true), proxied, true],
    ['any other system, behind a proxy', 'https://elsewhere.example/fhir', site(null, true), proxied, false],
    ['this machine, behind a proxy', 'http://127.0.0.1:8080/fhir', site(null, true), proxied, false],
    ['a longer path', 'https://broker.example/fhir/fhir', site('https://broker.example', false), local, false],
    ['nothing', '', site(null, true), proxied, false],
  ])('%s (%s)', (_, audience, where, came, is) => {
    expect(isMeantFor(audience, client, where, came)).toBe(is);
  });
});

describe('an issuer that publishes its keys', () => {
  let issuer: FakeIssuer;
  let check: ReturnType<typeof createUserVerifier>;
  beforeAll(async () => {
    issuer = await openIssuer();
  });
  afterAll(() => issuer.close());
  const anew = () => {
    issuer.behave({});
    issuer.asked.length = 0;
    check = createUserVerifier({ ...parts, issuers: readUserIssuers([issuer.issuer]) });
  };
  const signed = (key = 'first') => issuer.sign({ ...claimsFor('ZZ1'), iss: issuer.issuer, aud: BROKER }, key);
  const unavailable = {
    category: 'unavailable',
    issues: [{ at: 'http.X-User-Identity', help: expect.stringMatching(/cannot be had now/) }],
  };
  const asks = () => issuer.asked.filter((path) => path === '/keys').length;

  test('is asked once for many identities', async () => {
    anew();
    await Promise.all([1, 2, 3, 4, 5].map(async () => check(await signed(), by)));
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    await check(await signed(), by);
    expect(asks()).toBe(1);
  });

  test('is asked again after ten minutes, and a key that it withdrew is refused then', async () => {
    anew();
    await check(await signed(), by);
    issuer.behave({ published: ['second'] });
    await check(await signed(), by);
    ahead = 601_000;
    try {
      const later = await issuer.sign(
        {
          ...claimsFor('ZZ1'),
          iss: issuer.issuer,
          aud: BROKER,
          iat: Math.floor(Date.now() / 1_000) + 600,
          exp: Math.floor(Date.now() / 1_000) + 900,
        },
        'first',
      );
      await expect(check(later, by)).rejects.toMatchObject({ category: 'unauthenticated' });
    } finally {
      ahead = 0;
    }
    expect(asks()).toBe(2);
  });

  test('rotates its keys: the new one is looked for once, and no more often than every 30 s', async () => {
    anew();
    await check(await signed(), by);
    issuer.behave({ published: ['first', 'second'] });
    await expect(check(await signed('second'), by)).rejects.toMatchObject({ category: 'unauthenticated' });
    expect(asks()).toBe(1);
    ahead = 30_000;
    try {
      const claims = {
        ...claimsFor('ZZ1'),
        iss: issuer.issuer,
        aud: BROKER,
        iat: Math.floor(Date.now() / 1_000) + 30,
        exp: Math.floor(Date.now() / 1_000) + 330,
      };
      await check(await issuer.sign(claims, 'second'), by);
      for (let time = 0; time < 5; time++)
        await expect(check(await issuer.sign(claims, 'third'), by)).rejects.toMatchObject({ category: 'unauthenticated' });
    } finally {
      ahead = 0;
    }
    expect(asks()).toBe(2);
  });

  test.each([
    ['answers with an error', { status: 500 }],
    ['is slow', { delayMs: 1_000 }],
    ['redirects', { status: 302 }],
    ['names another issuer in its document', { says: { issuer: 'https://sign-in.example' } }],
    ['names no keys', { says: { jwks_uri: 7 } }],
    ['names keys at an address that nobody may ask', { says: { jwks_uri: 'http://10.0.0.1/keys' } }],
    ['names keys in a file', { says: { jwks_uri: 'file:///etc/passwd' } }],
    ['publishes its private key', { secret: true }],
    ['publishes nothing', { published: [] }],
    ['answers with what is no JSON', { raw: '<html>' }],
    ['answers with more than is read', { raw: `"${'x'.repeat(200_000)}"` }],
  ])('%s: nothing is let through, and it is told as passing', async (_, behaviour) => {
    anew();
    issuer.behave(behaviour);
    const before = lines.length;
    await expect(check(await signed(), by)).rejects.toMatchObject(unavailable);
    expect(lines.slice(before)).toEqual([expect.stringContaining('the keys of an issuer of identities cannot be had')]);
    expect(lines.join()).not.toMatch(/Cedar|9999999/);
  });

  test('is down: whoever comes next within five seconds does not wait for it', async () => {
    const down = await openIssuer();
    const late = createUserVerifier({ ...parts, issuers: readUserIssuers([down.issuer]) });
    const token = await down.sign({ ...claimsFor('ZZ1'), iss: down.issuer, aud: BROKER }, 'first');
    down.behave({ delayMs: 5_000 });
    await expect(late(token, by)).rejects.toMatchObject(unavailable);
    const startedAt = performance.now();
    await expect(late(token, by)).rejects.toMatchObject(unavailable);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(down.asked).toHaveLength(1);
    await down.close();
    ahead = 5_000;
    try {
      await expect(late(token, by)).rejects.toMatchObject(unavailable);
    } finally {
      ahead = 0;
    }
  });

  test('a key of another issuer is none of its own', async () => {
    anew();
    await expect(check(await identityOf({ ...claimsFor('ZZ1'), iss: issuer.issuer, aud: BROKER }), by)).rejects.toMatchObject({
      category: 'unauthenticated',
    });
  });

  test('keys that are too small, or of another use, are none', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'small' }] };
    const small = createUserVerifier({ ...parts, issuers: [{ issuer: 'https://small.example', keys, isForPersons: false }] });
    // jose signs by no such key either.
    const [header, claims] = [
      { alg: 'RS256', kid: 'small' },
      {
        ...claimsFor('ZZ1'),
        iss: 'https://small.example',
        aud: BROKER,
        iat: Math.floor(Date.now() / 1_000),
        exp: Math.floor(Date.now() / 1_000) + 300,
      },
    ];
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const { sign } = await import('node:crypto');
    const token = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
    await expect(small(token, by)).rejects.toMatchObject({ category: 'unauthenticated' });
  });
});

describe('algorithms', () => {
  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'])('%s is taken', async (alg) => {
    const { publicKey, privateKey } = alg.startsWith('ES')
      ? generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const keys = { keys: [publicKey.export({ format: 'jwk' })] };
    const one = createUserVerifier({
      ...parts,
      issuers: [{ issuer: 'https://one.example', keys: keys as { keys: { kty: string }[] }, isForPersons: false }],
    });
    const token = await new SignJWT({ ...claimsFor('ZZ1'), aud: BROKER, iss: 'https://one.example' })
      .setProtectedHeader({ alg })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
    expect((await one(token, by)).organization).toBe('ZZ1');
  });
});

describe('USER_ISSUERS', () => {
  test('an entry is an issuer, or an issuer and a file', () => {
    expect(
      [
        'https://a.example',
        'person:https://a.example',
        'person:https://a.example=x.json',
        'https://a.example:443/x/y',
        'https://a.example=/k e y s.json',
        'http://127.0.0.1:80',
      ].map(isUserIssuer),
    ).toEqual(Array(6).fill(true));
    expect(
      [
        'a.example',
        'person:',
        'person:a.example',
        'persons:https://a.example',
        'https://a.example?x',
        'https://a.example#x',
        'https://a.example=',
        'file:///x',
        'https://a b',
      ].map(isUserIssuer),
    ).toEqual(Array(9).fill(false));
  });

  test('a file that cannot be used stops the start in one line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'issuers-'));
    try {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return `https://a.example=${join(folder, name)}`;
      };
      const refusals = [
        [`https://a.example=${folder}/absent`, /cannot be read/],
        [file('text', 'x'), /is no JSON$/],
        [file('empty', '{"keys":[]}'), /is no JSON Web Key Set of public keys only/],
        [file('one', JSON.stringify({ kty: 'EC' })), /is no JSON Web Key Set of public keys only/],
        [file('private', JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] })), /is no JSON Web Key Set of public keys only/],
        [file('secret', JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] })), /is no JSON Web Key Set of public keys only/],
      ] as const;
      for (const [entry, says] of refusals) {
        let message = '';
        try {
          readUserIssuers([entry]);
        } catch (error) {
          if (error instanceof Error && error.name === 'CannotStart') message = error.message;
        }
        expect(message).toMatch(says);
        expect(message).not.toMatch(/\n|AAAA/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
