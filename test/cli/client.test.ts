import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnBroker } from '../support/broker.ts';
import { openDatabase, type TestDatabase, testKeyFile } from '../support/database.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';

const BROKER = [process.execPath, 'src/cli.ts'];
let folder: TestDataDir;
/** The broker's own database; later one that stands already. */
let env: Readonly<Record<string, string>> = {};
let files: string;
const at = (name: string): string => join(files, name);

beforeAll(async () => {
  folder = await makeDataDir();
  files = await mkdtemp(join(tmpdir(), 'crisis-plan-broker-keys-'));
});
afterAll(async () => {
  await folder.remove();
  await rm(files, { recursive: true, force: true });
}, 60_000);

const run = async (
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly said: readonly string[]; readonly err: string }> => {
  const child = spawnBroker({ DATA_DIR: folder.path, PORT: '18080', ...env }, [...BROKER, ...args]);
  const code = await child.exit();
  return { code, out: child.stdout(), said: child.sentences(), err: child.stderr() };
};
const told = async (...args: readonly string[]) => {
  const { code, out, err } = await run(...args);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
};
const EVERYTHING = ['--scope', 'system/*.cruds'];

/** A key of another tool's making, as PEM, and its public half as a key set. */
const pemPair = async (name: string, kind: 'ec' | 'rsa'): Promise<void> => {
  const { privateKey } =
    kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-384' }) : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await writeFile(at(`${name}.pem`), privateKey.export({ type: kind === 'ec' ? 'sec1' : 'pkcs1', format: 'pem' }));
  await writeFile(
    at(`${name}.jwks.json`),
    JSON.stringify({ keys: [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: name }] }),
  );
  await writeFile(at(`${name}.jwk.json`), JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: name }));
};

test('the first operator is made without a broker, and gets a token; a broker that starts then knows both', async () => {
  expect(await told('client', 'new-key', '--out', files)).toEqual({ key: at('client.key.pem'), jwks: at('client.jwks.json') });
  expect((await stat(at('client.key.pem'))).mode & 0o777).toBe(0o600);
  expect(await readFile(at('client.jwks.json'), 'utf8')).not.toContain('"d"');
  const operator = await told('client', 'add', '--org', 'broker', '--kind', 'operator', ...EVERYTHING, '--jwks', at('client.jwks.json'));
  expect(operator).toMatchObject({
    client_id: expect.any(String),
    organization: 'BROKER',
    kind: 'operator',
    scope: 'system/*.cruds',
    suspended_at: null,
  });
  const asked = ['token', '--client', operator.client_id, '--key', at('client.key.pem')];
  const before = await run(...asked);
  expect([before.code, before.err]).toEqual([0, '']);
  expect(before.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(await folder.postmaster()).toBeNull();

  const broker = spawnBroker({ DATA_DIR: folder.path, PORT: '0', OUTBOUND_ALLOW: '127.0.0.0/8' });
  try {
    const base = await broker.ready();
    const status = async (token: string): Promise<number> =>
      (await fetch(`${base}/Organization`, { headers: { Authorization: `Bearer ${token.trim()}` } })).status;
    expect(await status(before.out)).toBe(200);
    // Beside the running broker, with each form of key.
    for (const kind of ['ec', 'rsa'] as const) {
      await pemPair(kind, kind);
      const trust = await told(
        'client',
        'add',
        '--org',
        'ZZ1',
        '--kind',
        'publisher',
        '--scope',
        'system/Patient.rs,system/CarePlan.crus',
        '--jwks',
        at(`${kind}.jwks.json`),
      );
      for (const file of [`${kind}.pem`, `${kind}.jwk.json`]) {
        const { out, err } = await run('token', '--client', trust.client_id, '--key', at(file), '--scope', 'system/Patient.rs');
        expect(err).toBe('');
        expect(await status(out)).toBe(403);
        const answer = await fetch(`${base}/Patient`, { headers: { Authorization: `Bearer ${out.trim()}` } });
        expect(answer.status).toBe(200);
      }
    }
    const [, second] = await told('client', 'list');
    expect(second).toMatchObject({ organization: 'ZZ1', kind: 'publisher', kids: ['ec'] });
    const rotated = await told('client', 'rotate', '--client', second.client_id, '--jwks', at('rsa.jwks.json'));
    expect(rotated.kids).toEqual(['rsa']);
    expect((await run('token', '--client', second.client_id, '--key', at('ec.pem'))).said).toEqual([
      'the broker gives no token: invalid_client: client authentication failed',
    ]);
    expect((await run('token', '--client', second.client_id, '--key', at('rsa.pem'))).code).toBe(0);
    expect((await told('client', 'suspend', '--client', second.client_id)).suspended_at).toEqual(expect.any(String));
    expect((await run('token', '--client', second.client_id, '--key', at('rsa.pem'))).code).toBe(1);
    expect((await told('client', 'resume', '--client', second.client_id)).suspended_at).toBeNull();
    expect((await told('client', 'show', '--client', second.client_id)).suspended_at).toBeNull();
    const kid = async (): Promise<string> =>
      ((await (await fetch(`${new URL(base).origin}/oauth/jwks`)).json()) as { keys: { kid: string }[] }).keys[0]?.kid ?? '';
    const { kid: next } = await told('signing-key', 'rotate');
    expect(await kid()).toBe(next);
    expect(await status(before.out)).toBe(200);
    // No private key, no token and no secret is in what the broker said.
    expect(broker.stderr()).not.toMatch(/"d":|BEGIN|eyJ/);
  } finally {
    broker.signal('SIGTERM');
    expect(await broker.exit()).toBe(0);
  }
}, 180_000);

describe('what is refused, in one line, and changes nothing', () => {
  let database: TestDatabase;
  afterAll(() => database.close());
  beforeAll(async () => {
    database = await openDatabase();
    env = { DATABASE_URL: database.url, KEY_FILE: await testKeyFile(files) };
    await pemPair('good', 'ec');
    await writeFile(at('private.json'), await readFile(at('good.jwk.json'), 'utf8'));
    await writeFile(at('empty.json'), '{"keys":[]}');
    await writeFile(at('words.json'), 'no JSON');
    await writeFile(
      at('weak.json'),
      JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })),
    );
    await writeFile(at('secret.json'), JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }));
  });
  const add = (org: string, kind: string, scope: string, ...keys: readonly string[]): readonly string[] => [
    'client',
    'add',
    '--org',
    org,
    '--kind',
    kind,
    '--scope',
    scope,
    ...keys,
  ];
  test.each<[string, () => readonly string[], RegExp]>([
    ['a kind that is none', () => add('ZZ1', 'fire', 'system/*.rs', '--jwks', at('good.jwks.json')), /^--kind is one of publisher/],
    ['an ODS code that is none', () => add('Z Z', 'ed', 'system/*.rs', '--jwks', at('good.jwks.json')), /^--org is an ODS code/],
    ['another operator', () => add('ZZ1', 'operator', 'system/*.rs', '--jwks', at('good.jwks.json')), /^the operator is BROKER/],
    [
      'a scope that is none',
      () => add('ZZ1', 'ed', 'system/CarePlan.sr', '--jwks', at('good.jwks.json')),
      /^--scope system\/CarePlan.sr is none/,
    ],
    [
      'a type that is not offered',
      () => add('ZZ1', 'ed', 'system/Banana.r', '--jwks', at('good.jwks.json')),
      /^--scope system\/Banana.r is none/,
    ],
    ['no keys', () => add('ZZ1', 'ed', 'system/*.rs'), /^give either --jwks FILE or --jwks-uri URL/],
    ['both', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('good.jwks.json'), '--jwks-uri', 'https://keys.example'), /^give either/],
    ['a file that is not there', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('none.json')), /cannot be read: ENOENT$/],
    ['a private key', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('private.json')), /holds a private key/],
    ['no key', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('empty.json')), /holds no key$/],
    ['no JSON', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('words.json')), /is no JSON$/],
    ['a short key', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('weak.json')), /neither EC on P-384 nor RSA/],
    ['a shared secret', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks', at('secret.json')), /holds a private key/],
    ['an address that is none', () => add('ZZ1', 'ed', 'system/*.rs', '--jwks-uri', 'keys'), /^--jwks-uri is no address/],
    [
      'an address with a password',
      () => add('ZZ1', 'ed', 'system/*.rs', '--jwks-uri', 'https://a:b@keys.example'),
      /^--jwks-uri is an https: address/,
    ],
    ['a client that is none', () => ['client', 'suspend', '--client', 'nobody'], /^there is no such client/],
    ['a token without a client', () => ['token', '--key', at('good.pem')], /^usage:/],
    ['a key that is none', () => ['token', '--client', 'x', '--key', at('words.json')], /is no JSON$/],
    ['a public key', () => ['token', '--client', 'x', '--key', at('good.jwks.json')], /holds no private key$/],
    [
      'a client that nobody registered',
      () => ['token', '--client', 'x', '--key', at('good.pem')],
      /^the broker gives no token: invalid_client/,
    ],
    ['an option of another command', () => ['client', 'list', '--org', 'ZZ1'], /^usage:/],
    ['keys where there are some', () => ['client', 'new-key', '--out', files], /it is there already$/],
  ])(
    '%s',
    async (_, args, why) => {
      const { code, out, said } = await run(...args());
      expect([code, out]).toEqual([1, '']);
      expect(said[0]).toMatch(why);
      expect(said[0]?.startsWith('usage') === true || said.length === 1).toBe(true);
    },
    60_000,
  );
});
