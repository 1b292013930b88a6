import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { useStartup } from '../support/startup.ts';

const { folder, start, started, stop } = useStartup();

describe('Starting and stopping', () => {
  test('The broker prints one line when it is ready, and a second start finds what the first one stored', async () => {
    const first = start();
    const base = await first.ready();
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/fhir$/);
    await folder().query('CREATE TABLE kept AS SELECT 42 AS n');
    await stop(first);
    expect(first.stdout()).toBe(`ready ${base}\n`);
    expect(await folder().postmaster()).toBeNull();

    const second = start();
    await second.ready();
    expect(await folder().query('SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await stop(second);
  });

  test('Ctrl-C reaches the broker, not its PostgreSQL: the broker stops first, then the database, and nothing is left', async () => {
    const broker = start();
    await broker.ready();
    broker.signal('SIGINT', 'group');
    expect(await broker.exit()).toBe(0);
    expect(broker.messages().slice(-3)).toEqual(['stopping', 'database stopped', 'stopped']);
    expect(broker.stderr()).not.toMatch(/"level":(40|50)/);
    expect(await folder().postmaster()).toBeNull();
    expect((await readdir(folder().path)).sort()).toEqual(['postgres', 'postgres.url']);
  });

  test('Ctrl-C under npm start, which passes the signal on once more, still stops cleanly', async () => {
    const broker = start({}, ['npm', 'start']);
    await broker.ready();
    broker.signal('SIGINT', 'group');
    await broker.exit();
    expect(broker.messages().slice(-3)).toEqual(['stopping', 'database stopped', 'stopped']);
    expect(await folder().postmaster()).toBeNull();
  });

  test('A signal while the database is still being made stops the broker when that is done', async () => {
    const broker = start();
    while ((await readdir(folder().path)).every((name) => !name.startsWith('postgres.new')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    broker.signal('SIGINT', 'group');
    expect(await broker.exit()).toBe(0);
    expect(broker.stdout()).toBe('');
    expect(await folder().postmaster()).toBeNull();
    await stop(await started());
  });
});

describe('Starting after a crash', () => {
  test('After kill -9 of the broker its PostgreSQL is taken on, with all data', async () => {
    const first = start();
    await first.ready();
    await folder().query('CREATE TABLE kept AS SELECT 42 AS n');
    first.signal('SIGKILL');
    await first.exit();
    const orphan = await folder().postmaster();
    expect(orphan).not.toBeNull();

    const second = start();
    await second.ready();
    expect(second.messages()[0]).toMatch(/still running/);
    expect(await folder().postmaster()).toBe(orphan);
    expect(await folder().query('SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await stop(second);
    expect(await folder().postmaster()).toBeNull();
  });

  test('After kill -9 of the broker and of PostgreSQL, as in a power cut, the committed data is there', async () => {
    const first = start();
    await first.ready();
    await folder().query('CREATE TABLE kept AS SELECT 42 AS n');
    const database = await folder().postmaster();
    first.signal('SIGKILL');
    if (database === null) throw new Error('no PostgreSQL ran');
    process.kill(database, 'SIGKILL');
    await first.exit();

    const second = start();
    await second.ready();
    expect(await folder().query('SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await stop(second);
  });

  test('A pid file whose number belongs to another program by now does not stop the start', async () => {
    await stop(await started());
    await writeFile(
      join(folder().path, 'postgres', 'postmaster.pid'),
      `${process.pid}\n${folder().path}/postgres\n1\n5432\n\n127.0.0.1\n\nready\n`,
      { mode: 0o600 },
    );
    await writeFile(join(folder().path, 'broker.lock'), `${process.pid}\nsome other start\n`);
    const second = start();
    await second.ready();
    await stop(second);
  });

  test('A creation that broke off leaves nothing in the way', async () => {
    const first = start();
    while ((await readdir(folder().path)).every((name) => !name.startsWith('postgres.new')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    first.signal('SIGKILL');
    await first.exit();
    const second = start();
    await second.ready();
    await stop(second);
  });
});
