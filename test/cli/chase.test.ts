import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Provenance } from '@medplum/fhirtypes';
import { layGround, type Ground, publisher } from '../store/ground.ts';
import { workOnce } from '../store/work-once.ts';
import * as body from '../support/bodies.ts';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { testKeyFile } from '../support/database.ts';
import { claimsFor, identityOf, userIssuers } from '../support/sign-in.ts';

const BROKER = ['npm', 'run', '-s', 'broker', '--'];
let folder: TestDataDir;
let ground: Ground;
let keyFile: string;

beforeAll(async () => {
  folder = await makeDataDir();
  keyFile = await testKeyFile(folder.path);
  ground = await layGround();
  await ground.lane('line', 'epr');
  await ground.fanOutAll();
  while (await workOnce(ground.ledger(), 'svc-line'));
  await ground.put(publisher, body.consent('cons-line', 'pat-line', 'org-trust', {}));
  await ground.fanOutAll();
  // Nobody answers the recall.
  await workOnce(ground.ledger(), 'svc-line', { kind: 'unknown', because: 'timeout' });
}, 60_000);
afterAll(async () => {
  await ground?.close();
  await folder?.remove();
  rmSync(keyFile, { force: true });
});

const run = async (...args: readonly string[]) => {
  const process = spawnBroker(
    { DATA_DIR: folder.path, DATABASE_URL: ground.database.url, KEY_FILE: keyFile, USER_ISSUERS: userIssuers() },
    [...BROKER, ...args],
  );
  return { code: await process.exit(), out: process.stdout(), said: process.sentences() };
};
const tokenFile = async (claims: object): Promise<string> => {
  const file = join(folder.path, 'user.jwt');
  writeFileSync(file, `${await identityOf({ ...claimsFor('BROKER'), gmc_id: undefined, aud: 'http://127.0.0.1:8080/fhir', ...claims })}\n`);
  return file;
};
const SAID = [
  ['--reason', 'The EPR was switched off for good; its supplier confirmed it'],
  ['--checked', 'Searched for the document on the archive system with the supplier on the telephone'],
].flat();
const owed = async () =>
  (
    await ground.database.pool.query(
      `SELECT FROM ledger_key WHERE recipient_id = 'svc-line' AND state @? '$.copies[*] ? (@.effect != null)'`,
    )
  ).rows.length;

test('broker chase end: a signed-in person attests a recall under the seal; nobody else ends one', async () => {
  const listed = JSON.parse((await run('chase', 'list')).out);
  expect(listed).toHaveLength(1);
  const asked = ['chase', 'end', 'svc-line', '--disclosure', listed[0].disclosure, '--level', 'attested', ...SAID];
  const refusedWith = async (said: RegExp, ...args: readonly string[]) => {
    const refused = await run(...args);
    expect([refused.code, refused.out, refused.said[0]]).toEqual([1, '', expect.stringMatching(said)]);
    expect(await owed()).toBe(1);
  };
  await refusedWith(/^--user is missing/, ...asked);
  await refusedWith(/^--user cannot be read: ENOENT$/, ...asked, '--user', join(folder.path, 'none'));
  await refusedWith(/^--user is meant for another system/, ...asked, '--user', await tokenFile({ aud: 'https://elsewhere.example' }));
  await refusedWith(/^--user/, ...asked, '--user', await tokenFile(claimsFor('TRUST1')));
  const file = await tokenFile({});
  await refusedWith(/^--checked says what was checked/, ...asked.filter((each) => !SAID.slice(2).includes(each)), '--user', file);
  await refusedWith(/^--basis is one of/, ...asked.map((each) => (each === 'attested' ? 'retained-by-law' : each)), '--user', file);
  await refusedWith(/^--level is one of/, ...asked.map((each) => (each === 'attested' ? 'erased' : each)), '--user', file);

  const ended = await run(...asked, '--user', file);
  expect([ended.said, ended.code]).toEqual([[], 0]);
  const sealed = JSON.parse(ended.out) as Provenance;
  expect(sealed.signature?.length).toBeGreaterThan(0);
  expect(await owed()).toBe(0);
  const { rows } = await ground.database.pool.query(`SELECT organization, because FROM audit WHERE event = 'chase-end'`);
  expect(rows).toEqual([{ organization: 'BROKER', because: 'attested' }]);
  await run('chase', 'list').then(({ out }) => expect(JSON.parse(out)).toEqual([]));
  await refusedNow(asked, file);
}, 180_000);

const refusedNow = async (asked: readonly string[], file: string) => {
  const again = await run(...asked, '--user', file);
  expect([again.code, again.said[0]]).toEqual([1, expect.stringMatching(/nothing is asked back there/)]);
};
