import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { useStartup } from '../support/startup.ts';

/** Three starts and two clusters: a minute and a half beside a busy suite, for a folder that few have. */
const { folder, start, stop } = useStartup();

(process.getuid?.() === 0 ? test : test.skip)(
  'Below a folder that is root’s alone the database lies elsewhere, and is found again',
  async () => {
    const closed = join(folder().path, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const DATA_DIR = join(closed, 'data');
    const first = start({ DATA_DIR });
    await first.ready();
    const cluster = (await readFile(join(DATA_DIR, 'postgres.path'), 'utf8')).trim();
    try {
      expect(first.messages()).toContain('the user that runs PostgreSQL cannot enter DATA_DIR: the database lies in');
      expect((await stat(join(cluster, '..'))).mode & 0o777).toBe(0o700);
      const client = new pg.Client({ connectionString: (await readFile(join(DATA_DIR, 'postgres.url'), 'utf8')).trim() });
      await client.connect();
      await client.query('CREATE TABLE kept AS SELECT 42 AS n');
      await client.end();
      first.signal('SIGKILL');
      await first.exit();

      const second = start({ DATA_DIR });
      await second.ready();
      expect(second.messages()).toContain('database of an earlier broker was still running and is used on');
      await stop(second);
      const third = start({ DATA_DIR });
      await third.ready();
      const again = new pg.Client({ connectionString: (await readFile(join(DATA_DIR, 'postgres.url'), 'utf8')).trim() });
      await again.connect();
      expect((await again.query('SELECT n FROM kept')).rows).toEqual([{ n: 42 }]);
      await again.end();
      await stop(third);

      // The folder is gone and its database is not: that is somebody's data, and nothing is begun over it.
      await rm(DATA_DIR, { recursive: true });
      const refused = start({ DATA_DIR });
      expect(await refused.exit()).toBe(1);
      expect(refused.sentences()[0]).toContain('holds the database of an earlier DATA_DIR');
    } finally {
      await rm(join(cluster, '..'), { recursive: true, force: true });
    }
  },
  60_000,
);
