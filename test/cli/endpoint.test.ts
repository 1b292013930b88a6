import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { layGround, type Ground } from '../store/ground.ts';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { testKeyFile } from '../support/database.ts';
import { certificateOptions } from '../support/credential-files.ts';

const BROKER = ['npm', 'run', '-s', 'broker', '--'];
let folder: TestDataDir;
let ground: Ground;
let keyFile: string;

beforeAll(async () => {
  folder = await makeDataDir();
  keyFile = await testKeyFile(folder.path);
  ground = await layGround();
  await ground.recipient('line', 'epr', 'https://line.example/fhir');
}, 60_000);
afterAll(async () => {
  await ground?.close();
  await folder?.remove();
  rmSync(keyFile, { force: true });
});

const run = async (...args: readonly string[]) => {
  const process = spawnBroker({ DATA_DIR: folder.path, DATABASE_URL: ground.database.url, KEY_FILE: keyFile }, [...BROKER, ...args]);
  return { code: await process.exit(), out: process.stdout(), said: process.sentences() };
};
const OPTIONS = Object.entries(certificateOptions('client')).flatMap(([name, value]) => [`--${name}`, value]);

test('broker endpoint credential and endpoint move: JSON without a secret, one line why not, and how it is used', async () => {
  const set = await run('endpoint', 'credential', 'set', 'end-line', ...OPTIONS);
  expect([set.said, set.code]).toEqual([[], 0]);
  expect(set.out).not.toContain('PRIVATE');
  expect(JSON.parse(set.out)).toMatchObject({ endpoint: 'end-line', credentials: [{ standing: 'in use' }] });

  const again = await run('endpoint', 'credential', 'set', 'end-line', ...OPTIONS);
  expect([again.code, again.out, again.said]).toEqual([1, '', ['there is a credential for this address already: rotate it, or remove it']]);

  const moved = await run('endpoint', 'move', 'end-line', '--address', 'https://new.example/fhir', ...OPTIONS);
  expect([moved.said, moved.code]).toEqual([[], 0]);
  expect(JSON.parse(moved.out)).toMatchObject({
    address: 'https://new.example/fhir',
    credentials: [{ address: 'https://line.example/fhir' }, {}],
  });
  const { rows } = await ground.database.pool.query('SELECT FROM fan_out');
  expect(rows.length).toBeGreaterThan(0);

  for (const args of [
    ['endpoint', 'credential', 'show'],
    ['endpoint', 'move', 'end-line', '--org', 'ZZ1'],
    ['endpoint', 'end-line'],
  ]) {
    const wrong = await run(...args);
    expect([args, wrong.code, wrong.said[0]]).toEqual([args, 1, expect.stringMatching(/^usage:/)]);
  }
}, 120_000);
