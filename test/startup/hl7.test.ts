import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { adt, said } from '../hl7v2/adt.ts';
import { sendingSystem } from '../hl7v2/sending-system.ts';
import { type BrokerProcess, spawnBroker } from '../support/broker.ts';
import { AUTHORITY, AUTHORITY_PEM, filesOf, pemOf } from '../support/certificates.ts';
import { openDatabase, testKeyFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { useStartup } from '../support/startup.ts';

jest.setTimeout(60_000);

const { folder, start, stop } = useStartup();
let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = async (): Promise<Readonly<Record<string, string>>> => ({
  DATABASE_URL: database.url,
  KEY_FILE: await testKeyFile(folder().path),
  HL7_PORT: '0',
});
const PLAIN = { HL7_FACILITIES: 'ZZ2=ed' };
/** The port of the door for HL7 v2, as the log tells it. */
const portOf = (broker: BrokerProcess): number => {
  const line = broker
    .stderr()
    .split('\n')
    .find((each) => each.includes('listening for HL7 v2'));
  return Number(/"port":(\d+)/.exec(line ?? '')?.[1]);
};
const NUMBER = '9990012342';

test('Without HL7_PORT there is no such door; with it one line goes to standard output as ever, and messages are taken and counted', async () => {
  const { HL7_PORT: _port, ...without } = await env();
  const none = start({ ...without, ...PLAIN });
  await none.ready();
  expect(none.messages()).not.toContain('listening for HL7 v2');
  await stop(none);

  const broker = start({ ...(await env()), ...PLAIN });
  const base = await broker.ready();
  expect(broker.stdout()).toBe(`ready ${base}\n`);
  const pas = await sendingSystem(portOf(broker));
  expect(said(await pas.exchange(adt({ event: 'A04', visit: 'S1', number: NUMBER })))).toEqual(['AA']);
  expect(said(await pas.exchange(adt({ facility: 'ZZ3', visit: 'S1', number: NUMBER })))).toEqual(['AR', '103 MSH^1^4']);
  const metrics = await (await fetch(base.replace(/\/fhir$/, '/metrics'))).text();
  expect(metrics).toContain('broker_hl7_messages_total{event="A04",answer="AA"} 1');
  expect(metrics).toContain('broker_hl7_messages_total{event="A01",answer="AR"} 1');
  pas.destroy();
  await stop(broker);
  expect(broker.stderr()).not.toMatch(/INVENTED|999001/);
});

test('SIGINT lets the message in flight be answered, and what is answered is there', async () => {
  const broker = start({ ...(await env()), ...PLAIN });
  await broker.ready();
  const pas = await sendingSystem(portOf(broker));
  const holding = await database.owner.connect();
  await holding.query('BEGIN');
  await holding.query('LOCK TABLE message IN ACCESS EXCLUSIVE MODE');
  const answer = pas.exchange(adt({ visit: 'INFLIGHT', number: NUMBER }));
  await eventually(async () => {
    const { rows } = await database.owner.query<{ n: number }>(
      `SELECT count(*)::integer AS n FROM pg_locks WHERE NOT granted AND relation = 'message'::regclass`,
    );
    expect(rows[0]?.n).toBe(1);
  });
  broker.signal('SIGINT');
  await eventually(() => expect(broker.messages()).toContain('stopping'));
  await holding.query('COMMIT');
  holding.release();
  expect(said(await answer)).toEqual(['AA']);
  expect(await broker.exit()).toBe(0);
  const { rows } = await database.owner.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM message WHERE identity LIKE 'MSH-10 PAS|%'`,
  );
  expect(rows[0]?.n).toBe(2);
});

test('By certificate: registered by a command beside the running broker, shut out by another', async () => {
  const { cert, key } = filesOf('server');
  const settings = {
    ...(await env()),
    HL7_HOST: '0.0.0.0',
    HL7_TLS_CERT: cert,
    HL7_TLS_KEY: key,
    HL7_TLS_CLIENT_CA: AUTHORITY,
  };
  const broker = start(settings);
  await broker.ready();
  const command = async (...args: readonly string[]): Promise<{ code: unknown; out: string; said: readonly string[] }> => {
    const child = spawnBroker({ DATA_DIR: folder().path, ...settings }, [process.execPath, 'src/cli.ts', 'hl7', 'sender', ...args]);
    return { code: await child.exit(), out: child.stdout(), said: child.sentences() };
  };
  const add = ['add', '--org', 'zz2', '--kind', 'ed', '--certificate', filesOf('client').cert];
  const added = JSON.parse((await command(...add)).out);
  expect(added).toMatchObject({ organization: 'ZZ2', kind: 'ed', application: null, suspended_at: null });
  expect(added.fingerprint).toBe('bf02eae838018d1c16a8723bf7372d79cb8bb84d402fca4f4a816980b51666af');
  expect(await command(...add)).toMatchObject({
    code: 1,
    said: ['this certificate speaks for that facility already: see hl7 sender list'],
  });
  expect(JSON.parse((await command('list')).out)).toEqual([added]);

  const pas = await sendingSystem(portOf(broker), { ca: AUTHORITY_PEM, servername: 'localhost', ...pemOf('client') });
  expect(said(await pas.exchange(adt({ visit: 'C1', number: NUMBER })))).toEqual(['AA']);
  // The client of the examples.
  const { cert: own, key: ownKey } = filesOf('client');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      'examples/send-hl7.ts',
      'examples/contact-a04.hl7',
      '--port',
      String(portOf(broker)),
      '--host',
      'localhost',
      '--cert',
      own,
      '--key',
      ownKey,
      '--ca',
      AUTHORITY,
    ],
    { cwd: root },
  );
  expect(stdout).toContain('\nMSA|AA|PAS-000417\n');
  expect(JSON.parse((await command('suspend', '--sender', added.id)).out).suspended_at).not.toBeNull();
  expect(said(await pas.exchange(adt({ visit: 'C2', number: NUMBER })))).toEqual(['AR', '103 MSH^1^4']);
  expect(JSON.parse((await command('resume', '--sender', added.id)).out).suspended_at).toBeNull();
  expect(said(await pas.exchange(adt({ visit: 'C2', number: NUMBER })))).toEqual(['AA']);

  for (const [args, why] of [
    [['add', '--org', 'ZZ2', '--kind', 'operator', '--fingerprint', 'ab'], /^--kind is one of publisher, epr/],
    [['add', '--org', 'a b', '--kind', 'ed', '--fingerprint', 'ab'], /^--org is an ODS code/],
    [['add', '--org', 'ZZ2', '--kind', 'ed', '--fingerprint', 'ab'], /64 hexadecimal digits/],
    [['add', '--org', 'ZZ2', '--kind', 'ed'], /^give either --certificate FILE or --fingerprint SHA256$/],
    [['add', '--org', 'ZZ2', '--kind', 'ed', '--certificate', 'package.json'], /^--certificate is a file with a certificate/],
    [['suspend', '--sender', 'nobody'], /^there is no such sender/],
    [['suspend'], /^--sender is missing$/],
  ] as const) {
    const { code, out, said: words } = await command(...args);
    expect([code, out, words]).toEqual([1, '', [expect.stringMatching(why)]]);
  }
  pas.destroy();
  await stop(broker);
});

test('The messages of the examples are taken over plain MLLP, in the order of the docs', async () => {
  const broker = start({ ...(await env()), ...PLAIN });
  await broker.ready();
  for (const name of ['contact-a04', 'contact-a03', 'contact-a04']) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['examples/send-hl7.ts', `examples/${name}.hl7`, '--port', String(portOf(broker))],
      { cwd: root },
    );
    expect(stdout).toMatch(/\nMSA\|AA\|PAS-0004(?:17|23)\n/);
  }
  // Where nobody listens it says so.
  const nobody = spawnBroker({}, [process.execPath, 'examples/send-hl7.ts', 'examples/contact-a04.hl7', '--port', '1']);
  if (nobody.child.exitCode === null) await once(nobody.child, 'close');
  expect(nobody.child.exitCode).toBe(1);
  await stop(broker);
});
