import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import type { BrokerProcess } from '../support/broker.ts';
import { filesOf } from '../support/certificates.ts';
import { useStartup } from '../support/startup.ts';

// Some make a cluster: seconds alone, and many beside a busy suite.
jest.setTimeout(60_000);

const refusal = async (broker: BrokerProcess): Promise<string> => {
  expect(await broker.exit()).toBe(1);
  expect(broker.stdout()).toBe('');
  expect(broker.sentences()).toHaveLength(1);
  return broker.sentences()[0] ?? '';
};

describe('On a cluster that stands, once one of them has made it', () => {
  const { folder, start, started, stop } = useStartup('all tests');

  test('Of brokers started at once in a folder with a stale lock exactly one runs', async () => {
    await writeFile(join(folder().path, 'broker.lock'), '999999999\nlong ago\n');
    const brokers = [start(), start(), start(), start()];
    const outcomes = await Promise.all(brokers.map((broker) => Promise.race([broker.ready().then(() => 'ready'), broker.exit()])));
    expect(outcomes.filter((outcome) => outcome === 'ready')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 1)).toHaveLength(3);
    const winner = brokers[outcomes.indexOf('ready')];
    if (winner !== undefined) await stop(winner);
  });

  test('A second broker in the same folder is refused, and the first goes on', async () => {
    const first = start();
    const base = await first.ready();
    expect(await refusal(start())).toContain(`in use by another broker (process ${first.pid})`);
    await expect(fetch(base)).resolves.toBeInstanceOf(Response);
    await stop(first);
  });

  test('A busy port is named, and the database stops again', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    try {
      expect(await refusal(start({ PORT: port }))).toContain(`cannot listen on 127.0.0.1:${port}: the port is in use`);
      expect(await folder().postmaster()).toBeNull();
    } finally {
      other.close();
    }
  });

  test('A database without its password file says what is missing', async () => {
    await stop(await started());
    await rm(join(folder().path, 'postgres.url'));
    expect(await refusal(start())).toContain('postgres.url is missing');
  });
});

describe('In a folder of its own', () => {
  const { folder, start } = useStartup();

  const isRoot = process.getuid?.() === 0;

  const asUser = (): void =>
    test('A folder that our user cannot enter is named', async () => {
      const closed = join(folder().path, 'closed');
      await mkdir(closed);
      await chmod(closed, 0o000);
      expect(await refusal(start({ DATA_DIR: join(closed, 'data') }))).toContain(closed);
      await chmod(closed, 0o700);
    });

  test('A Redis that does not answer is told without its address', async () => {
    const line = await refusal(start({ REDIS_URL: 'redis://:secret@127.0.0.1:1/0' }));
    expect(line).toBe('no Redis can be used at REDIS_URL (ECONNREFUSED)');
  });

  test('A folder that is a file is named', async () => {
    const file = join(folder().path, 'file');
    await writeFile(file, '');
    expect(await refusal(start({ DATA_DIR: file }))).toContain(file);
  });

  test('Wrong variables are named, all at once, without their values', async () => {
    const line = await refusal(start({ PORT: '99999', SWEEP_MS: 'soon', DATABASE_URL: 'mysql://secret@host/db' }));
    expect(line).toMatch(/PORT must be .*DATABASE_URL must be .*SWEEP_MS must be /);
    expect(line).not.toMatch(/99999|soon|secret/);
  });

  test('A key file of an issuer of identities that cannot be read, or holds a private key, is named', async () => {
    expect(await refusal(start({ USER_ISSUERS: 'https://sign-in.example=/nowhere/jwks.json' }))).toBe(
      'USER_ISSUERS: the key file /nowhere/jwks.json cannot be read',
    );
    const file = join(folder().path, 'jwks.json');
    await writeFile(file, JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'hidden' }] }));
    const line = await refusal(start({ USER_ISSUERS: `https://sign-in.example=${file}` }));
    expect(line).toBe(`USER_ISSUERS: the key file ${file} is no JSON Web Key Set of public keys only`);
  });

  test('Listening beyond loopback needs TLS or a proxy', async () => {
    expect(await refusal(start({ HOST: '0.0.0.0' }))).toMatch(/TLS_CERT.*BEHIND_PROXY=1/);
  });

  test('A certificate that has expired is named, and no database is made', async () => {
    const { cert, key } = filesOf('expired');
    expect(await refusal(start({ TLS_CERT: cert, TLS_KEY: key }))).toBe('TLS_CERT has expired, on 2025-01-01T00:00:00.000Z');
    expect(await folder().postmaster()).toBeNull();
  });

  test('A database that does not answer is told without its address', async () => {
    const line = await refusal(start({ DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/db' }));
    expect(line).toBe('no PostgreSQL can be used at DATABASE_URL (ECONNREFUSED)');
  });

  // Root may enter everywhere: which of the two can be tried depends on who runs the tests.
  if (!isRoot) asUser();
});
