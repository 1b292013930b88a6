import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { callersAt, OPERATOR, TRUST } from '../http/open-door.ts';
import { tokensAt } from '../support/access.ts';
import type { BrokerProcess } from '../support/broker.ts';
import { filesOf } from '../support/certificates.ts';
import { openDatabase, type TestDatabase, testKeyFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { useStartup } from '../support/startup.ts';

const { folder, start, stop } = useStartup();

const PASSWORD = 'sesame-of-the-database';
const TOKEN = 'sesame-of-a-caller';
const OTHER = /sesame|BEGIN [A-Z ]*PRIVATE KEY/;

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
  await database.owner.query(`CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
});
afterAll(async () => {
  // The broker's connections end with its process; the role is the whole server's.
  await database.owner.query('DROP ROLE keeper');
  await database.close();
});

const address = (password: string): string => {
  const url = new URL(database.url);
  url.username = 'keeper';
  url.password = password;
  return url.href;
};
const said = (broker: BrokerProcess): string => broker.stdout() + broker.stderr();

test('A running broker tells its secrets to nobody, whatever fails: by no log line at any level, no metric, no answer', async () => {
  const file = join(folder().path, 'database-url');
  writeFileSync(file, `${address(PASSWORD)}\n`, { mode: 0o600 });
  const broker = start({
    DATABASE_URL_FILE: file,
    KEY_FILE: await testKeyFile(folder().path),
    LOG_LEVEL: 'debug',
    SWEEP_MS: '200',
    DATA_DIR: join(folder().path, 'data'),
  });
  const { origin } = new URL(await broker.ready());
  const tokens = tokensAt(() => origin, database.pool);
  const door = callersAt(origin, tokens);
  const answers: string[] = [];
  const keep = async (
    asked: PromiseLike<{ readonly status: number; readonly text: string; readonly headers: unknown }>,
  ): Promise<number> => {
    const { status, text, headers } = await asked;
    answers.push(text, JSON.stringify(headers));
    return status;
  };
  const withToken = () => door.agent.get('/fhir/Practitioner').set('Authorization', `Bearer ${TOKEN}`).set('X-User-Identity', TOKEN);

  expect(await keep(door.get(OPERATOR, '/fhir/Organization'))).toBe(200);
  await keep(withToken());
  await keep(door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', [TOKEN]: TOKEN }));

  // A table that is gone; connections that are cut; a password that is no longer the right one, where the server asks for it.
  await database.owner.query('ALTER TABLE resource RENAME TO resource_gone');
  expect(await keep(door.get(OPERATOR, '/fhir/Organization'))).toBe(500);
  await keep(withToken());
  await database.owner.query('ALTER TABLE resource_gone RENAME TO resource');
  await database.owner.query("ALTER ROLE keeper NOLOGIN PASSWORD 'another'");
  await database.owner.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'");
  await eventually(async () => expect(await keep(door.agent.get('/health/ready'))).toBe(503), 10_000);
  expect(await keep(door.get(OPERATOR, '/fhir/Organization'))).toBeGreaterThanOrEqual(500);
  await keep(door.agent.get('/metrics'));
  await database.owner.query(`ALTER ROLE keeper LOGIN PASSWORD '${PASSWORD}'`);
  await eventually(async () => expect(await keep(door.agent.get('/health/ready'))).toBe(200), 10_000);
  expect(await keep(door.agent.get('/metrics'))).toBe(200);
  await stop(broker);

  expect(broker.messages().filter((message) => message === 'a request failed by our fault').length).toBeGreaterThan(1);
  expect(said(broker)).not.toMatch(OTHER);
  expect(answers.join('\n')).not.toMatch(OTHER);
}, 120_000);

test.each([
  ['a server that is not there', () => ({ DATABASE_URL: 'postgres://keeper:sesame@127.0.0.1:1/db' })],
  ['a database that is not there', () => ({ DATABASE_URL: `${address(PASSWORD)}-of-nobody` })],
  ['an address that is none', () => ({ DATABASE_URL: 'postgres://keeper:sesame@[/db' })],
  ['a scheme that is none', () => ({ DATABASE_URL: 'sesame://keeper:sesame@h/db' })],
  ['a Redis that is not there', () => ({ REDIS_URL: 'redis://:sesame@127.0.0.1:1' })],
  ['a file that holds something else', () => ({ DATABASE_URL_FILE: fileOf('sesame') })],
  ['a key that is none', () => tlsOf('key', 'sesame')],
  ['a key that is half of one', () => tlsOf('key', '-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----\n')],
  ['a certificate that is a key', () => tlsOf('cert', '-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----\n')],
])('A broker that cannot start for %s says so in one line, without the secret', async (_which, env) => {
  const broker = start({ LOG_LEVEL: 'debug', ...env() });
  expect(await broker.exit()).toBe(1);
  expect(broker.sentences()).toHaveLength(1);
  expect(said(broker)).not.toMatch(OTHER);
});

const fileOf = (text: string): string => {
  const file = join(folder().path, 'secret');
  writeFileSync(file, text);
  return file;
};

const tlsOf = (part: 'cert' | 'key', text: string) => {
  const files = { ...filesOf('server'), [part]: fileOf(text) };
  return { TLS_CERT: files.cert, TLS_KEY: files.key };
};
