import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Person } from '../kill/person.ts';
import { openTown, type Town } from '../kill/town.ts';
import * as body from '../support/bodies.ts';
import { tokensAt } from '../support/access.ts';
import { type BrokerProcess, spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { type DoorClient, doorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';

/** As `npm run broker` starts it: the examples and docs/connect.md are run with npm. */
const BROKER = [process.execPath, 'src/cli.ts'];
const TRUST = { ods: 'TRUST1', kind: 'publisher' } as const;
const numbers = nhsNumbersFrom(610_000);
const ENV = {
  OUTBOUND_ALLOW: '127.0.0.0/8',
  SWEEP_MS: '300',
  SEND_TIMEOUT_MS: '1000',
  SEND_BEFORE_MS: '1000',
  BACKOFF_MIN_MS: '50',
  BACKOFF_MAX_MS: '200',
  MESSAGE_LIFETIME_MS: '300',
};

let folder: TestDataDir;
let broker: BrokerProcess;
let town: Town;
let client: DoorClient;
let base: string;
const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const process = spawnBroker({ DATA_DIR: folder.path, ...ENV, ...env }, [...BROKER, ...args]);
  const code = await process.exit();
  return { code, out: process.stdout(), sentences: process.sentences() };
};
const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
  broker = spawnBroker({ DATA_DIR: folder.path, ...ENV, ...env });
  base = await broker.ready();
};
const stop = async (): Promise<void> => {
  broker.signal('SIGTERM');
  await broker.exit();
};

beforeAll(async () => {
  folder = await makeDataDir();
  await start();
  client = doorClient(
    () => base,
    tokensAt(() => new URL(base).origin, folder.withSql),
  );
  town = await openTown(client);
}, 60_000);
afterAll(async () => {
  await town?.stop();
  await stop();
  await folder.remove();
}, 60_000);

test('broker erase: refused while a copy lies somewhere, only told of without --yes, and then for good; an auditor is shown what was signed until then', async () => {
  const person = new Person(1, numbers.next(), client, town.reach);
  await person.publish(['epr']);
  await eventually(() => expect(town.epr.holds()).toHaveLength(1), 20_000);
  const words = ['--reason', 'request 12 of the person'];
  const early = await run(['erase', '--patient', 'p1', ...words, '--yes']);
  expect([early.code, early.sentences]).toEqual([1, [expect.stringMatching(/^a copy lies, or may lie, with EPR1/)]]);

  await client.withdraw(TRUST, 'p1-v1');
  await eventually(() => expect(town.epr.holds()).toEqual([]), 20_000);
  const shown = await run(['inspect', '--key', 'p1-v1', ...words]);
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('Marker p1-v1')]);

  await eventually(async () => expect((await run(['erase', '--patient', 'p1', ...words])).code).toBe(0), 30_000);
  expect((await client.ask(TRUST, 'GET', '/Patient/p1')).status).toBe(200);
  const done = await run(['erase', '--patient', 'p1', ...words, '--yes']);
  expect([done.code, JSON.parse(done.out)]).toEqual([
    0,
    expect.objectContaining({ patient: 'p1', publisher: 'TRUST1', plans: 1, erased: true }),
  ]);
  expect((await client.ask(TRUST, 'GET', '/Patient/p1')).status).toBe(410);
  expect((await run(['inspect', '--key', 'p1-v1', ...words])).sentences).toEqual([expect.stringMatching(/^there is nothing to be shown/)]);
  expect((await run(['erase', '--patient', 'p1', ...words, '--yes'])).sentences).toEqual(['this Patient was erased before']);
}, 120_000);

test.each<[readonly string[], string]>([
  [['erase', '--patient', 'p1'], '--reason says why, in at most 200 characters and without an NHS number'],
  [['erase', '--reason', 'because'], '--patient is missing'],
  [['erase', '--patient', 'p1', '--reason', 'of 999 000 0018'], '--reason says why, in at most 200 characters and without an NHS number'],
  [['inspect', '--key', 'p1-v1'], '--reason says why, in at most 200 characters and without an NHS number'],
])('%j: what is missing, and 1', async (args, why) => {
  const { code, sentences } = await run(args);
  expect([code, sentences]).toEqual([1, [why]]);
});

test('broker keys rewrap: the key-encryption key changes while the broker runs, and the old one opens nothing any more', async () => {
  await client.put(TRUST, body.patient('kept', numbers.next()));
  const old = join(folder.path, 'key-encryption.key');
  const fresh = join(folder.path, 'fresh.key');
  await writeFile(fresh, Buffer.alloc(32, 'another'), { mode: 0o600 });
  await stop();
  await start({ KEY_FILE: fresh, KEY_FILE_OLD: old });
  const { code, out } = await run(['keys', 'rewrap'], { KEY_FILE: fresh, KEY_FILE_OLD: old });
  expect([code, JSON.parse(out).rewrapped]).toEqual([0, expect.any(Number)]);
  expect((await client.ask(TRUST, 'GET', '/Patient/kept')).status).toBe(200);
  await stop();

  const before = await readFile(old);
  const refused = spawnBroker({ DATA_DIR: folder.path, ...ENV });
  expect(await refused.exit()).toBe(1);
  expect(refused.sentences()).toEqual([
    expect.stringMatching(/^the data keys of this database were wrapped by another key-encryption key/),
  ]);
  expect(await readFile(old)).toEqual(before);

  await start({ KEY_FILE: fresh });
  expect((await client.ask(TRUST, 'GET', '/Patient/kept')).status).toBe(200);
}, 120_000);
