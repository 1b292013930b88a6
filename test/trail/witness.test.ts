import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Config, parseConfig } from '../../src/config.ts';
import type { Part } from '../../src/lifecycle.ts';
import { createLog, Line } from '../../src/log.ts';
import { checkTrail, exportTrail, readWitness } from '../../src/store/trail/read-trail.ts';
import { startTrail, type Trail } from '../../src/trail-part.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let database: TestDatabase;
let folder: string;
/** The second owner: whether it takes what comes, how often it refused, and what it took. */
const owner = { takes: false, refused: 0, lines: [] as string[], types: new Set<string | undefined>() };
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
  request.on('end', () => {
    if (owner.takes) owner.lines.push(body);
    else owner.refused += 1;
    owner.types.add(request.headers['content-type']);
    response.writeHead(owner.takes ? 204 : 503).end();
  });
});

beforeAll(async () => {
  database = await openDatabase();
  folder = await mkdtemp(join(tmpdir(), 'witness-'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.close();
  await database.close();
  await rm(folder, { recursive: true });
});

const config = (change: Readonly<Record<string, string>> = {}): Config =>
  parseConfig({
    DATA_DIR: folder,
    TRAIL_HEAD_MS: '100',
    OUTBOUND_ALLOW: '127.0.0.0/8',
    TRAIL_WITNESS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/heads?of=broker`,
    ...change,
  });

/** The trail as `main` starts it, with its lines; `stop` ends it. */
const start = async (with_: Config) => {
  const said: string[] = [];
  let stop: () => Promise<unknown> = async () => {};
  const part: Part = async (_name, begin, end) => {
    const begun = await begin();
    stop = () => end(begun);
    return begun;
  };
  const log = createLog('info', (text) => said.push(JSON.parse(text).msg));
  const trail: Trail = await startTrail(part, with_, log, database.pool);
  if (trail.handedOver === null) throw new Error('an address is set');
  return { said, stop: () => stop(), ...trail.handedOver };
};
const write = (asker: string) =>
  database.pool.query(`INSERT INTO audit (event, organization, kind, because) VALUES ('flag', $1, 'ambulance', 'no-such-person')`, [asker]);
const signed = async (): Promise<readonly string[]> => (await readFile(join(folder, 'trail-heads.jsonl'), 'utf8')).trim().split('\n');

test('heads that the second owner refused come later, each once and in order; it is said once; a stop loses none; its file verifies', async () => {
  const first = await start(config());
  for (const asker of ['XAMB', 'XED', 'XAMB']) {
    const before = (await signed().catch(() => [])).length;
    await write(asker);
    await eventually(async () => expect((await signed()).length).toBeGreaterThan(before));
  }
  await eventually(() => expect(first.failed()).toBeGreaterThan(2));
  expect(owner.lines).toEqual([]);
  expect(await first.waiting()).toBe((await signed()).length);
  expect(first.said).toEqual([Line.witnessRefuses.message]);
  await first.stop();

  owner.takes = true;
  const second = await start(config());
  await write('XED');
  await eventually(async () => {
    expect(await second.waiting()).toBe(0);
    expect(owner.lines.length).toBeGreaterThanOrEqual(4);
  });
  await second.stop();
  expect(owner.lines).toEqual(await signed());
  expect([...owner.types]).toEqual(['application/json']);
  expect(second.said).toEqual([]);

  const took = join(folder, 'took.jsonl');
  await writeFile(took, `${owner.lines.join('\n')}\n`);
  expect(await checkTrail(() => exportTrail(database.pool), await readWitness(took))).toMatchObject({ rows: 4, findings: [] });
});

test('one that takes them again is said to; plain http goes only where OUTBOUND_ALLOW says', async () => {
  owner.takes = false;
  const again = await start(config());
  await write('XAMB');
  await eventually(() => expect(again.failed()).toBeGreaterThan(0));
  owner.takes = true;
  await eventually(() => expect(again.said).toEqual([Line.witnessRefuses.message, Line.witnessTakes.message]));
  await again.stop();

  const took = owner.lines.length;
  const forbidden = await start(config({ OUTBOUND_ALLOW: '10.0.0.0/8' }));
  await write('XAMB');
  await eventually(() => expect(forbidden.failed()).toBeGreaterThan(0));
  expect(await forbidden.waiting()).toBeGreaterThan(0);
  await forbidden.stop();
  expect(owner.lines).toHaveLength(took);
});

test.each(['ftp://owner.example/', 'https://name:word@owner.example/', 'https://[/'])('%s is no address of a second owner', (url) => {
  expect(() => config({ TRAIL_WITNESS_URL: url })).toThrow(/^TRAIL_WITNESS_URL must be /);
});

test('a file that cannot be written holds up nobody who takes heads over HTTP', async () => {
  owner.takes = false;
  const first = await start(config());
  await write('XWAIT');
  await eventually(async () => expect(await first.waiting()).toBeGreaterThan(0));
  await first.stop();
  owner.takes = true;
  await write('XLATE');
  // A folder is no file.
  const second = await start(config({ TRAIL_WITNESS_FILE: folder }));
  await eventually(async () => expect(await second.waiting()).toBe(0));
  expect(second.said).toContain(Line.fault.message);
  await second.stop();
});
