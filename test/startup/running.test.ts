import { readdir, writeFile } from 'node:fs/promises';
import { IS_WHOLE } from '../support/breadth.ts';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import type { BrokerProcess } from '../support/broker.ts';
import { openDatabase, testKeyFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { useStartup } from '../support/startup.ts';

// Each makes a cluster and starts once or twice: seconds alone, and many beside a busy suite.
jest.setTimeout(60_000);

/** The order in which it stopped, whatever else was logged in between. */
const lastWords = (broker: BrokerProcess): readonly string[] =>
  broker.messages().filter((message) => ['stopping', 'database stopped', 'stopped'].includes(message));

describe('Starting and stopping', () => {
  const { folder, start, started, stop } = useStartup('all tests');

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
    expect(lastWords(broker)).toEqual(['stopping', 'database stopped', 'stopped']);
    expect(broker.stderr()).not.toMatch(/"level":(40|50)/);
    expect(await folder().postmaster()).toBeNull();
    const left = ['attempts', 'key-encryption.key', 'ledger-epoch', 'postgres', 'postgres.url', 'trail-signing.key'];
    expect((await readdir(folder().path)).sort()).toEqual(left);
  });

  test('Ctrl-C under npm start, which passes the signal on once more, still stops cleanly', async () => {
    const broker = start({}, ['npm', 'start']);
    await broker.ready();
    broker.signal('SIGINT', 'group');
    await broker.exit();
    expect(lastWords(broker)).toEqual(['stopping', 'database stopped', 'stopped']);
    expect(await folder().postmaster()).toBeNull();
  });

  test('A request that never ends holds the stop up for a while only, and a second signal ends it at once', async () => {
    const broker = await started();
    const { port } = new URL(await broker.ready());
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // cut when the broker goes
    socket.write('POST /fhir/Patient HTTP/1.1\r\nHost: broker\r\nContent-Length: 9\r\n\r\n{');
    await delay(200);
    broker.signal('SIGINT', 'group');
    await delay(1_500);
    expect(broker.child.exitCode).toBeNull();
    broker.signal('SIGINT', 'group');
    expect(await broker.exit()).toBe(130);
    socket.destroy();
    // PostgreSQL was left running, as after kill -9, and the next start takes it on.
    await stop(await started());
    expect(await folder().postmaster()).toBeNull();
  }, 60_000);
});

describe('Starting in a folder of its own', () => {
  const { folder, start, started, stop } = useStartup();

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

  // In the long run: three more clusters, for what happens once.
  const rarely = IS_WHOLE ? test : () => undefined;

  rarely('A creation that broke off leaves nothing in the way', async () => {
    const first = start();
    while ((await readdir(folder().path)).every((name) => !name.startsWith('postgres.new')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    first.signal('SIGKILL');
    await first.exit();
    const second = start();
    await second.ready();
    await stop(second);
  });

  test('With DATABASE_URL no PostgreSQL of our own is made, and many brokers may share the database', async () => {
    const database = await openDatabase();
    const KEY_FILE = await testKeyFile(folder().path);
    try {
      const brokers = ['one', 'two'].map((name) => start({ DATABASE_URL: database.url, DATA_DIR: join(folder().path, name), KEY_FILE }));
      await Promise.all(brokers.map((broker) => broker.ready()));
      expect(await readdir(join(folder().path, 'one'))).not.toContain('postgres');
      // Ledger epoch and attempts stand in the folder: it is one broker's, whosever the database is.
      const third = start({ DATABASE_URL: database.url, DATA_DIR: join(folder().path, 'one'), KEY_FILE });
      expect(await third.exit()).toBe(1);
      expect(third.sentences()).toEqual([expect.stringContaining('in use by another broker')]);
      for (const broker of brokers) await stop(broker);
      // What is of others is shown to the owner alone; a backend ends a moment after its client.
      await eventually(async () => {
        const { rows } = await database.owner.query(
          `SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'crisis-plan-broker%'`,
        );
        expect(rows).toEqual([]);
      });
    } finally {
      await database.close();
    }
  });
});

describe('Starting after a crash', () => {
  const { folder, start, started, stop } = useStartup('all tests');

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
    await folder().query('CREATE TABLE kept_too AS SELECT 42 AS n');
    const database = await folder().postmaster();
    first.signal('SIGKILL');
    if (database === null) throw new Error('no PostgreSQL ran');
    process.kill(database, 'SIGKILL');
    await first.exit();

    const second = start();
    await second.ready();
    expect(await folder().query('SELECT n FROM kept_too')).toEqual([{ n: 42 }]);
    await stop(second);
  });

  (IS_WHOLE ? test : () => undefined)('A pid file whose number belongs to another program by now does not stop the start', async () => {
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
});
