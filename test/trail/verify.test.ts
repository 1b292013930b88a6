import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/decide/trail/check-trail.ts';
import { checkTrail, exportTrail, linesOfExport, readWitness } from '../../src/store/trail/read-trail.ts';
import { sealTrail } from '../../src/store/trail/seal-trail.ts';
import { noteTrailKey, signHeads } from '../../src/store/trail/sign-heads.ts';
import { openTrailKey, type TrailKey } from '../../src/store/trail/trail-keys.ts';
import { type TestDatabase, openDatabase } from '../support/database.ts';

let database: TestDatabase;
let folder: string;
let witness: string;
let key: TrailKey;

beforeEach(async () => {
  database = await openDatabase();
  folder = await mkdtemp(join(tmpdir(), 'trail-'));
  witness = join(folder, 'heads.jsonl');
  key = await openTrailKey(join(folder, 'trail.key'), false);
  await noteTrailKey(database.pool, key);
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** Rows as look-ups leave them, by several askers. */
const write = (count: number, asker = 'XAMB') =>
  database.pool.query(
    `INSERT INTO audit (event, organization, kind, caller, because) SELECT 'flag', $2, 'ambulance', 'caller ' || n, 'no-such-person' FROM generate_series(1, $1) n`,
    [count, asker],
  );
const sealAll = async (): Promise<number> => {
  let all = 0;
  for (let sealed = -1; sealed !== 0; all += sealed) sealed = (await sealTrail(database.pool)) ?? 0;
  return all;
};
const sign = (now = new Date()) => signHeads(database.pool, key, witness, now);
/** Whoever owns the database can switch triggers off: that is what the chain is for. */
const asOwner = async (sql: string): Promise<void> => {
  await database.owner.query(`SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`);
};
const verify = async (beside = true) => checkTrail(() => exportTrail(database.pool), beside ? await readWitness(witness) : []);
const told = (findings: readonly Finding[]) => findings.map(({ what, stream, number }) => `${what} ${stream} ${number}`);

describe('a trail that nobody touched', () => {
  test('is whole: each row sealed once, in order, stream by stream, whatever portions it came in', async () => {
    for (const [count, asker] of [
      [3, 'XAMB'],
      [2, 'XED'],
      [4, 'XAMB'],
      [2_500, 'XAMB'],
    ] as const) {
      await write(count, asker);
      await sealAll();
      await sign();
    }
    expect(await verify()).toMatchObject({ rows: 2_509, streams: 2, erased: 0, findings: [] });
    const { rows } = await database.pool.query<{ stream: string; n: string; last: string }>(
      'SELECT stream, count(*) AS n, max(number) AS last FROM trail_link GROUP BY stream ORDER BY stream',
    );
    expect(rows).toEqual([
      { stream: 'asker XAMB', n: '2507', last: '2507' },
      { stream: 'asker XED', n: '2', last: '2' },
    ]);
  });

  test('misses no row that is committed after one with a higher number', async () => {
    const slow = await database.pool.connect();
    await slow.query('BEGIN');
    await slow.query("INSERT INTO audit (event, organization, kind, because) VALUES ('flag', 'XSLOW', 'ed', 'no-such-person')");
    await write(3);
    for (let round = 0; round < 3; round++) {
      expect(await sealAll()).toBe(round === 0 ? 3 : 0);
      await database.owner.query("UPDATE trail_cursor SET watched_at = watched_at - interval '1 hour'");
    }
    await slow.query('COMMIT');
    slow.release();
    expect(await sealAll()).toBe(1);
    await sign();
    expect((await verify()).findings).toEqual([]);
  });

  test('two processes at once seal each row once', async () => {
    await write(500);
    await Promise.all(Array.from({ length: 6 }, () => sealTrail(database.pool)));
    await sealAll();
    await sign();
    expect(await verify()).toMatchObject({ rows: 500, findings: [] });
  });
});

describe('a trail that somebody touched', () => {
  beforeEach(async () => {
    await write(5);
    await write(3, 'XED');
    await sealAll();
    await sign();
  });

  test('the chain and its heads refuse to be changed, until whoever owns them switches that off', async () => {
    for (const sql of [
      'UPDATE trail_link SET number = number',
      'DELETE FROM trail_link',
      'TRUNCATE trail_link',
      'DELETE FROM trail_head',
      'TRUNCATE trail_head',
    ])
      await expect(database.owner.query(sql)).rejects.toThrow('is append-only');
  });

  test.each<[string, string, readonly string[]]>([
    ['a changed row', "UPDATE audit SET because = 'no-consent' WHERE id = 2", ['changed asker XAMB 2']],
    ['another ground for a decision', `UPDATE audit SET decided_by = '{"gate": "consent"}' WHERE id = 2`, ['changed asker XAMB 2']],
    ['a removed row', 'DELETE FROM audit WHERE id = 3', ['removed asker XAMB 3']],
    [
      'a row that was removed with its link',
      'DELETE FROM audit WHERE id = 3; DELETE FROM trail_link WHERE audit_id = 3',
      ['removed asker XAMB 4', 'fork asker XAMB 5'],
    ],
    [
      'the newest rows, cut off with their links',
      'DELETE FROM audit WHERE id IN (4, 5); DELETE FROM trail_link WHERE audit_id IN (4, 5)',
      ['truncated asker XAMB 5'],
    ],
    [
      'a stream that is gone',
      "DELETE FROM audit WHERE organization = 'XED'; DELETE FROM trail_link WHERE stream = 'asker XED'",
      ['truncated asker XED 3'],
    ],
    [
      'a link that was changed',
      "UPDATE trail_link SET link = leaf WHERE number = 2 AND stream = 'asker XED'",
      ['changed asker XED 2', 'changed asker XED 3'],
    ],
  ])('%s is found and named', async (_what, sql, expected) => {
    await asOwner(sql);
    const found = told((await verify()).findings);
    expect([...new Set(found)].sort()).toEqual([...expected].sort());
    // The database's own heads show the same, as long as nobody took those away, too.
    expect([...new Set(told((await verify(false)).findings))].sort()).toEqual([...expected].sort());
  });

  test('a row that was put in between, later, is found: it was never sealed', async () => {
    await asOwner(
      `INSERT INTO audit (id, at, event, organization, kind, because) OVERRIDING SYSTEM VALUE VALUES (0, clock_timestamp() - interval '1 day', 'flag', 'XAMB', 'ambulance', 'no-consent')`,
    );
    const { findings } = await verify();
    expect(told(findings)).toEqual(['inserted asker XAMB 0']);
    expect(findings[0]?.event).toMatch(/^[0-9a-f]{32}$/);
  });

  /** All of it again, from rows that say something else, with the database's rights and without the key. */
  const rebuild = async (): Promise<void> => {
    await asOwner(
      `UPDATE audit SET because = 'no-consent' WHERE id = 2; DELETE FROM trail_link; DELETE FROM trail_salt; DELETE FROM trail_stream; DELETE FROM trail_head; UPDATE trail_cursor SET final_id = 0, watched_id = 0`,
    );
    await sealAll();
  };

  test('a chain that was built anew is a fork to the second owner, though it is whole in itself', async () => {
    await rebuild();
    expect((await verify(false)).findings).toEqual([]);
    expect(told((await verify()).findings)).toEqual(['fork asker XAMB 5', 'fork asker XED 3']);
  });

  test('a chain that was built anew and signed with another key is forged to the second owner', async () => {
    await rebuild();
    const other = await openTrailKey(join(folder, 'other.key'), false);
    await noteTrailKey(database.pool, other);
    await signHeads(database.pool, other, join(folder, 'other.jsonl'), new Date());
    expect((await verify(false)).findings).toEqual([]);
    expect(told((await verify()).findings)).toEqual([
      'forged-head asker XAMB 5',
      'forged-head asker XED 3',
      'fork asker XAMB 5',
      'fork asker XED 3',
    ]);
  });

  test('a head whose signature is none is forged', async () => {
    await asOwner("UPDATE trail_head SET signature = '\\x00' WHERE stream = 'asker XED'");
    expect(told((await verify()).findings)).toEqual(['forged-head asker XED 3']);
    await appendFile(witness, `${(await readFile(witness, 'utf8')).split('\n')[0]?.replace('"size":5', '"size":4')}\n`);
    expect(told((await verify()).findings)).toContain('forged-head asker XAMB 4');
  });

  test('an export is checked without the database, and shows the same', async () => {
    const path = join(folder, 'export.jsonl');
    const save = async (): Promise<void> => {
      const lines: string[] = [];
      for await (const line of exportTrail(database.pool)) lines.push(JSON.stringify(line));
      await writeFile(path, `${lines.join('\n')}\n`);
    };
    await save();
    const check = async () => checkTrail(() => linesOfExport(path), await readWitness(witness));
    expect(await check()).toMatchObject({ rows: 8, findings: [] });
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('caller 2', 'caller 9'));
    expect(told((await check()).findings)).toEqual(['changed asker XAMB 2']);
    await writeFile(path, text.replace(/\{"row":\{"stream":"asker XAMB","number":5.*\n/, ''));
    expect(told((await check()).findings)).toEqual(['truncated asker XAMB 5', 'truncated asker XAMB 5']);
    await writeFile(path, 'nothing\n');
    await expect(check()).rejects.toThrow(/line 1 is no JSON/);
    await writeFile(path, '{}\n');
    await expect(check()).rejects.toThrow(/no export of a trail/);
  });

  test('what was erased by law is told, and leaves everything else as whole as it was', async () => {
    await asOwner('DELETE FROM trail_salt WHERE audit_id IN (1, 4)');
    await write(2);
    await sealAll();
    await sign();
    expect(await verify()).toMatchObject({ rows: 10, erased: 2, findings: [] });
  });
});
