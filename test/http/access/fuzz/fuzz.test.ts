import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { Pool } from 'undici';
import { ASSERTION_TYPE } from '../../../support/access.ts';
import { partOf } from '../../../support/breadth.ts';
import { identityFor } from '../../../support/sign-in.ts';
import { approvePlan, type OpenDoor, openDoor, TRUST } from '../../open-door.ts';
import { addOwnClient, type OwnClient } from '../attacks/own-client.ts';
import { type Forge, openForge } from '../forge.ts';
import { type JwsMutation, jwsMutation } from './mutated-jws.ts';

/** `FUZZ_SEED` runs what failed again. */
const SEED = process.env['FUZZ_SEED'] === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(process.env['FUZZ_SEED']);
const AT_ONCE = 16;

let door: OpenDoor;
let pool: Pool;
let forge: Forge;
let client: OwnClient;
let token = '';
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  pool = new Pool(door.origin, { connections: AT_ONCE });
  forge = await openForge(door.pool);
  client = await addOwnClient(door);
  token = await door.tokens.of(TRUST);
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await pool.close();
  await door.close();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ask = async (
  headers: Readonly<Record<string, string>>,
  path = '/fhir/Patient/amber',
  form: string | null = null,
): Promise<Answer> => {
  const answer = await pool.request({
    method: form === null ? 'GET' : 'POST',
    path,
    headers: { ...headers, ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
    body: form,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
};

let sent = 0;

/** Tries many, several at once; answers what was accepted, or made a fault, with what was sent. */
const tryAll = async <T>(all: readonly T[], work: (one: T) => Promise<Answer | null>): Promise<void> => {
  const wrong: string[] = [];
  const waiting = all.entries();
  const hand = async (): Promise<void> => {
    for (const [at, one] of waiting) {
      const answer = await work(one);
      if (answer !== null) sent += 1;
      if (answer !== null && (answer.status < 400 || answer.status >= 500))
        wrong.push(`FUZZ_SEED=${SEED} number ${at}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  expect(wrong).toEqual([]);
};

/** Twenty thousand and more in the long run, a third of them in the suite. */
const TOKENS = partOf(11_000, 3_600);
const ASSERTIONS = partOf(3_000, 1_000);
const OTHERS = partOf(2_000, 660);
const ALL = partOf(20_000, 6_700);

const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): readonly T[] => fc.sample(arbitrary, { numRuns: count, seed: SEED });

/** What cannot stand in a header is never sent: Node takes Latin-1 without control characters. */
const canBeSent = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
/** A header's value is what stands between the blanks around it (RFC 9110 section 5.5), and a scheme has no case (section 11.1). */
const isSameHeader = (one: string, other: string): boolean => one.trim() === other.trim();

test(`${TOKENS} mutated access tokens: none is accepted (FUZZ_SEED=${SEED})`, async () => {
  expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200);
  let tried = 0;
  await tryAll(sample(jwsMutation, TOKENS), async (mutate) => {
    const value = `Bearer ${mutate(token)}`;
    if (!canBeSent(value) || isSameHeader(value, `Bearer ${token}`)) return null;
    tried += 1;
    return ask({ authorization: value });
  });
  expect(tried).toBeGreaterThan(TOKENS * 0.9);
  expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200);
}, 120_000);

test(`${ASSERTIONS} mutated client assertions at each endpoint: none gets a token, and the one that was mutated still does (FUZZ_SEED=${SEED})`, async () => {
  const fresh = await client.assertion({ exp: Math.floor(Date.now() / 1000) + 290 });
  const formOf = (assertion: string): string =>
    String(
      new URLSearchParams({
        grant_type: 'client_credentials',
        token: 'x',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertion,
      }),
    );
  const paths = ['/oauth/token', '/oauth/token', '/oauth/token', '/oauth/introspect', '/oauth/revoke'];
  await tryAll(
    sample(jwsMutation, ASSERTIONS).map((mutate, at): [JwsMutation, string] => [mutate, paths[at % paths.length] ?? '']),
    async ([mutate, path]) => {
      const assertion = mutate(fresh);
      return assertion === fresh ? null : ask({}, path, formOf(assertion));
    },
  );
  // It was never used, and never refused for its age: what was tried failed by what was changed.
  const { status } = await ask({}, '/oauth/token', formOf(fresh));
  expect(status).toBe(200);
}, 120_000);

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('', '*', '__proto__', 'http://127.0.0.1', 'null', 'ZZ1', 'BROKER'));
const noText = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, [], {}, ['a'], [[]]),
  fc.jsonValue({ maxDepth: 2 }).filter((value) => typeof value !== 'string'),
);
const noNumber = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '99999999999', [], {}, [1]),
  fc.jsonValue({ maxDepth: 2 }).filter((value) => typeof value !== 'number'),
);
const long = fc.integer({ min: 256, max: 2_000 }).map((length) => 'x'.repeat(length));
/** Values of which none is right, by what each claim is for. `undefined` leaves it out. */
const wrongClaim: fc.Arbitrary<readonly [string, unknown]> = fc.oneof(
  fc.tuple(fc.constantFrom('iss', 'sub', 'aud'), fc.oneof(text, noText, fc.constant(undefined))),
  fc.tuple(fc.constant('exp'), fc.oneof(noNumber, fc.integer({ min: -10, max: 1_000_000 }), fc.constant(undefined))),
  fc.tuple(
    fc.constant('nbf'),
    fc.oneof(
      noNumber.filter((value) => value !== undefined),
      fc.integer({ min: 4_000_000_000, max: 9_000_000_000 }),
    ),
  ),
  fc.tuple(fc.constant('jti'), fc.oneof(noText, fc.constant(undefined))),
);

test(`${OTHERS} assertions that its own key signed, with one claim wrong: none gets a token (FUZZ_SEED=${SEED})`, async () => {
  const more = fc.oneof(
    { weight: 6, arbitrary: wrongClaim },
    { weight: 1, arbitrary: fc.tuple(fc.constant('jti'), fc.oneof(long, fc.constant(''))) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('exp'), fc.integer({ min: 3_000_000_000, max: 9_000_000_000 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('iat'), fc.oneof(noNumber, fc.integer({ min: 3_000_000_000, max: 9_000_000_000 }))) },
  );
  await tryAll(sample(more, OTHERS), async ([name, value]) => {
    const assertion = await client.assertion({ [name]: value });
    return ask({}, '/oauth/token', String(await client.form({ client_assertion: assertion })));
  });
}, 120_000);

test(`${OTHERS} tokens that the broker's own key signed, with one claim wrong: none is accepted (FUZZ_SEED=${SEED})`, async () => {
  const more = fc.oneof(
    { weight: 4, arbitrary: wrongClaim },
    { weight: 1, arbitrary: fc.tuple(fc.constant('client_id'), fc.oneof(text, noText, fc.constant(undefined))) },
  );
  await tryAll(sample(more, OTHERS), async ([name, value]) => {
    // An origin on this machine is the broker's own where no other was set.
    if (name === 'iss' && value === 'http://127.0.0.1') return null;
    return ask({ authorization: `Bearer ${await forge.again(token, { [name]: value })}` });
  });
  expect(decodeJwt(await forge.again(token, { iss: undefined })).iss).toBeUndefined();
}, 120_000);

test(`${OTHERS} mutated identities of a user beside a good token: none is believed (FUZZ_SEED=${SEED})`, async () => {
  const identity = await identityFor(TRUST, `${door.origin}/fhir`);
  const authorization = `Bearer ${token}`;
  expect((await ask({ authorization, 'x-user-identity': identity })).status).toBe(200);
  await tryAll(sample(jwsMutation, OTHERS), async (mutate) => {
    const value = mutate(identity);
    return !canBeSent(value) || isSameHeader(value, identity) ? null : ask({ authorization, 'x-user-identity': value });
  });
  expect((await ask({ authorization, 'x-user-identity': identity })).status).toBe(200);
}, 120_000);

test(`${OTHERS} odd headers in the place of a token, or beside one that says another: nobody is let in (FUZZ_SEED=${SEED})`, async () => {
  const value = fc
    .oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'ZZ9',
        'BROKER',
        'zz9',
        'ZZ1,ZZ9',
        'operator',
        'publisher',
        'Bearer',
        'Bearer ',
        'Basic Og==',
        'Negotiate',
        'null',
        '[object Object]',
      ),
    )
    .filter((one) => /^[\x20-\x7e\xa0-\xff]*$/.test(one));
  const name = fc.constantFrom(
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-access-token',
    'x-api-key',
    'x-service-kind',
    'x-forwarded-user',
    'x-client-id',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-forwarded-for',
    'x-ssl-client-verify',
    'x-client-cert',
    'forwarded',
    'from',
  );
  await tryAll(
    sample(fc.record({ name, value, ods: value, beside: fc.boolean() }), OTHERS),
    async ({ name: header, value: one, ods, beside }) => {
      if (!beside) return ask({ 'nhsd-end-user-organisation-ods': 'ZZ1', [header]: one });
      if (ods.trim().toUpperCase() === 'ZZ1') return null;
      return ask({ authorization: `Bearer ${token}`, 'nhsd-end-user-organisation-ods': ods });
    },
  );
}, 120_000);

test(`${ALL} and more were sent`, () => {
  expect(sent).toBeGreaterThanOrEqual(ALL);
});
