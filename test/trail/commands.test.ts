import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Line } from '../../src/log.ts';
import * as body from '../support/bodies.ts';
import { tokensAt } from '../support/access.ts';
import { type BrokerProcess, spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { doorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';

/** As `npm run broker` starts it: the examples and docs/connect.md are run with npm. */
const BROKER = [process.execPath, 'src/cli.ts'];
const OPERATOR = { ods: 'BROKER', kind: 'operator' } as const;
const AMBULANCE = { ods: 'XAMB', kind: 'ambulance' } as const;
let folder: TestDataDir;
let away: string;
let broker: BrokerProcess;

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = { DATA_DIR: folder.path }) => {
  const process = spawnBroker({ ...env }, [...BROKER, ...args]);
  const code = await process.exit();
  return {
    code,
    lines: process
      .stdout()
      .split('\n')
      .filter((line) => line !== ''),
    sentences: process.sentences(),
  };
};
const last = ({ lines }: { readonly lines: readonly string[] }) => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;

beforeAll(async () => {
  folder = await makeDataDir();
  away = await mkdtemp(join(tmpdir(), 'auditor-'));
  broker = spawnBroker({ DATA_DIR: folder.path, TRAIL_HEAD_MS: '500' });
  const base = await broker.ready();
  const client = doorClient(
    () => base,
    tokensAt(() => new URL(base).origin, folder.withSql),
  );
  await client.put(OPERATOR, body.organization('amb', 'XAMB', 'ambulance'));
  await client.put(OPERATOR, body.service('ambulance', 'amb', 'ambulance'));
  const nobody = encodeURIComponent('https://fhir.nhs.uk/Id/nhs-number|9990000018');
  for (let n = 0; n < 7; n++) expect((await client.ask(AMBULANCE, 'GET', `/Flag?patient.identifier=${nobody}`)).status).toBe(200);
}, 90_000);
afterAll(async () => {
  broker.signal('SIGTERM');
  await broker.exit();
  await rm(away, { recursive: true });
  await folder.remove();
}, 60_000);

describe('broker trail', () => {
  test('what was asked a moment ago is sealed, signed, handed to the second owner, and verified beside the running broker', async () => {
    await eventually(async () => {
      const { code, lines, sentences } = await run(['trail', 'verify', '--heads', join(folder.path, 'trail-heads.jsonl')]);
      expect([code, last({ lines }), sentences]).toEqual([0, expect.objectContaining({ ok: true, rows: 7, findings: 0 }), []]);
    });
  }, 60_000);

  test('an export is verified on another machine without a database, and one that was changed is not', async () => {
    const path = join(away, 'export.jsonl');
    expect(await run(['trail', 'export', '--out', path])).toMatchObject({ code: 0 });
    const heads = join(away, 'heads.jsonl');
    await writeFile(heads, await readFile(join(folder.path, 'trail-heads.jsonl')));
    const elsewhere = { DATA_DIR: join(away, 'none'), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const whole = await run(['trail', 'verify', '--export', path, '--heads', heads], elsewhere);
    expect([whole.code, last(whole)]).toEqual([0, expect.objectContaining({ ok: true, rows: 7 })]);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain('9990000018');
    await writeFile(path, text.replace('no-such-person', 'no-such-parson'));
    const changed = await run(['trail', 'verify', '--export', path, '--heads', heads], elsewhere);
    expect([changed.code, JSON.parse(changed.lines[0] ?? '')]).toEqual([
      1,
      expect.objectContaining({ what: 'changed', stream: 'asker XAMB', number: 1 }),
    ]);
  }, 60_000);

  test('a proof of one event is checked by whoever has it, and of a changed one is not', async () => {
    const rows = (await readFile(join(away, 'export.jsonl'), 'utf8')).split('\n').filter((line) => line.includes('"row"'));
    const { row } = JSON.parse(rows[3] ?? '') as { row: { event: string } };
    const proved = await run(['trail', 'prove', '--event', row.event]);
    expect(proved.code).toBe(0);
    const path = join(away, 'proof.json');
    await writeFile(path, proved.lines[0] ?? '');
    const nowhere = { DATA_DIR: join(away, 'none') };
    const heads = ['--heads', join(away, 'heads.jsonl')];
    const checked = await run(['trail', 'check-proof', '--proof', path, ...heads], nowhere);
    expect([checked.code, last(checked)]).toEqual([0, expect.objectContaining({ ok: true, stream: 'asker XAMB', number: 4 })]);
    await writeFile(path, (proved.lines[0] ?? '').replace('no-such-person', 'no-such-parson'));
    const changed = await run(['trail', 'check-proof', '--proof', path, ...heads], nowhere);
    expect([changed.code, last(changed)]).toEqual([1, expect.objectContaining({ ok: false, row: false, tree: true, signature: 'good' })]);
    // By a key of whoever made it up, or by one that nobody vouches for, it proves nothing.
    await writeFile(path, proved.lines[0] ?? '');
    const alone = await run(['trail', 'check-proof', '--proof', path], nowhere);
    expect([alone.code, last(alone)]).toEqual([
      1,
      expect.objectContaining({ ok: false, row: true, signature: expect.stringContaining('--heads') }),
    ]);
    const { publicKey } = generateKeyPairSync('ed25519');
    const other = join(away, 'other-heads.jsonl');
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    await writeFile(other, `${JSON.stringify({ ...JSON.parse(proved.lines[0] ?? '').head, publicKey: spki })}\n`);
    const byOther = await run(['trail', 'check-proof', '--proof', path, '--heads', other], nowhere);
    expect([byOther.code, last(byOther)]).toEqual([1, expect.objectContaining({ ok: false, signature: 'by another key' })]);
  }, 60_000);

  test('a running broker connects as the role that only adds to the trail, and commands do; a folder of before there was one is brought up to it', async () => {
    const logins = async () =>
      (
        await folder.query(
          "SELECT DISTINCT usename::text AS name FROM pg_stat_activity WHERE datname = 'broker' AND pid <> pg_backend_pid()",
        )
      ).map(({ name }) => name);
    expect(await logins()).toEqual(['broker_running']);
    await folder.query('DROP OWNED BY broker_running; DROP ROLE broker_running');
    broker.signal('SIGTERM');
    await broker.exit();
    const verified = await run(['trail', 'verify']);
    expect([verified.code, last(verified)]).toEqual([0, expect.objectContaining({ ok: true, rows: 7 })]);
    broker = spawnBroker({ DATA_DIR: folder.path });
    await broker.ready();
    expect(await logins()).toEqual(['broker_running']);
    expect(broker.messages()).not.toContain(Line.runsAsOwner.message);
  }, 60_000);

  test('what is asked wrongly is said in one line', async () => {
    for (const [args, sentence] of [
      [['trail', 'export'], /--out FILE is missing/],
      [['trail', 'prove'], /--event ID is missing/],
      [['trail', 'prove', '--event', '0'.repeat(32)], /no such event is sealed/],
      [['trail', 'verify', '--export', join(away, 'nothing')], /cannot be read: ENOENT/],
      [['trail', 'check-proof', '--proof', join(away, 'heads.jsonl')], /no proof that can be read/],
    ] as const) {
      const { code, sentences } = await run(args);
      expect([args.join(' '), code, sentences.join('\n')]).toEqual([args.join(' '), 1, expect.stringMatching(sentence)]);
    }
  }, 60_000);
});
