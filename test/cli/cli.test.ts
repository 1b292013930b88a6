import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../kill/person.ts';
import { openTown } from '../kill/town.ts';
import type { Town } from '../kill/town.ts';
import { type BrokerProcess, spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { tokensAt } from '../support/access.ts';
import type { DoorClient } from '../support/door-client.ts';
import { doorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { anyNumber, personFinder } from '../privacy/find-persons.ts';

const BROKER = ['npm', 'run', '-s', 'broker', '--'];
const numbers = nhsNumbersFrom(600_000);
const NUMBER = numbers.next();
const CORRECTED = numbers.next();
const ENV = {
  OUTBOUND_ALLOW: '127.0.0.0/8',
  SWEEP_MS: '500',
  SEND_TIMEOUT_MS: '1000',
  SEND_BEFORE_MS: '1000',
  BACKOFF_MIN_MS: '100',
  BACKOFF_MAX_MS: '500',
  MESSAGE_LIFETIME_MS: '1000',
};

let folder: TestDataDir;
let broker: BrokerProcess;
let town: Town;
let client: DoorClient;
const run = (...args: readonly string[]): BrokerProcess => spawnBroker({ DATA_DIR: folder.path, ...ENV }, [...BROKER, ...args]);

beforeAll(async () => {
  folder = await makeDataDir();
  broker = spawnBroker({ DATA_DIR: folder.path, ...ENV });
  const base = await broker.ready();
  client = doorClient(
    () => base,
    tokensAt(() => new URL(base).origin, folder.withSql),
  );
  town = await openTown(client);
}, 60_000);
afterAll(async () => {
  await town?.stop();
  broker.signal('SIGTERM');
  await broker.exit();
  await folder.remove();
}, 60_000);

interface Shown {
  readonly key: string;
  readonly recipient: { readonly ods: string };
  readonly disclosure: string;
  readonly carePlan: string;
  readonly copies: readonly { readonly state: string; readonly identity: string }[];
}

const show = async (...args: readonly string[]): Promise<{ readonly shown: readonly Shown[]; readonly text: string }> => {
  const process = run('ledger', 'show', ...args);
  expect(await process.exit()).toBe(0);
  return { shown: JSON.parse(process.stdout()), text: process.stdout() + process.stderr() };
};

describe('broker ledger show', () => {
  test('prints what each destination is believed to hold, and nobody’s number, name or words', async () => {
    const person = new Person(1, NUMBER, client, town.reach);
    await person.publish(['epr', 'ed']);
    await eventually(() => expect([...town.epr.holds(), ...town.ed.holds()]).toHaveLength(2));
    await person.correct(CORRECTED);
    await eventually(() => expect([...town.epr.holds(), ...town.ed.holds()].map((each) => each.person)).toEqual([CORRECTED, CORRECTED]));
    const { shown, text } = await show();
    expect(
      shown
        .filter(({ copies }) => copies.length > 0)
        .map(({ recipient }) => recipient.ods)
        .sort(),
    ).toEqual(['ED1', 'EPR1']);
    expect(text).toContain('p1-v1');
    const findPersons = personFinder([
      { what: 'number', value: NUMBER },
      { what: 'number', value: CORRECTED },
      { what: 'name', value: 'Testperson-Amber' },
      { what: 'words', value: 'Speak slowly' },
      { what: 'words', value: 'Marker p1' },
    ]);
    expect([...findPersons('ledger show', text), ...anyNumber('ledger show', text)]).toEqual([]);
  }, 60_000);

  test('--key takes the id of a key, of a disclosure, or of a CarePlan', async () => {
    const { shown } = await show('--key', 'p1-v1');
    expect(shown.length).toBeGreaterThan(1);
    const [first] = shown;
    if (first === undefined) throw new Error('nothing was shown');
    expect((await show('--key', first.key)).shown).toEqual([first]);
    expect((await show('--key', first.disclosure)).shown.map(({ disclosure }) => disclosure)).toContain(first.disclosure);
    const unknown = run('ledger', 'show', '--key', 'nobodys');
    expect(await unknown.exit()).toBe(1);
    expect(unknown.sentences()).toEqual(['no such key']);
  }, 60_000);
});

describe('broker recipient pause and resume', () => {
  const command = async (...args: readonly string[]) => {
    const process = run('recipient', ...args);
    return { code: await process.exit(), out: process.stdout(), sentences: process.sentences() };
  };

  test('beside a running broker: what waits goes once it is resumed', async () => {
    const paused = await command('pause', 'svc-ed', '--reason', 'Their upgrade', '--all');
    expect(paused).toMatchObject({ code: 0, sentences: [] });
    expect(JSON.parse(paused.out)).toMatchObject({
      recipient: 'HealthcareService/svc-ed',
      paused: { by: 'command line', reason: 'Their upgrade', recalls: true },
    });
    const person = new Person(7, nhsNumbersFrom(640_000).next(), client, town.reach);
    const before = town.ed.holds().length;
    await person.publish(['epr', 'ed']);
    await eventually(() => expect(town.epr.holds().some(({ text }) => text.includes('Marker p7'))).toBe(true));
    expect(town.ed.holds()).toHaveLength(before);
    expect(JSON.parse((await command('resume', 'svc-ed')).out)).toEqual({
      recipient: 'HealthcareService/svc-ed',
      paused: null,
      recallsOwed: 0,
    });
    await eventually(() => expect(town.ed.holds()).toHaveLength(before + 1), 20_000);
  }, 60_000);

  test.each([
    [['pause', 'svc-ed'], '--reason says why, in at most 200 characters and without an NHS number'],
    [['pause', 'svc-ed', '--reason', 'of 999 000 0018'], '--reason says why, in at most 200 characters and without an NHS number'],
    [['pause', 'svc-nobody', '--reason', 'Why'], 'there is no recipient HealthcareService/svc-nobody'],
    [['resume', 'svc-nobody'], 'there is no recipient HealthcareService/svc-nobody'],
  ])(
    '%j: one line why not, and 1',
    async (args, sentence) => {
      expect(await command(...args)).toEqual({ code: 1, out: '', sentences: [sentence] });
    },
    30_000,
  );
});

describe('broker with wrong words', () => {
  test.each([[[]], [['work']], [['ledger']], [['ledger', 'show', 'all']], [['worker', '--fast']], [['ledger', 'show', '--key']]])(
    '%j: how it is used, and 1',
    async (args) => {
      const process = run(...args);
      expect(await process.exit()).toBe(1);
      expect(process.stdout()).toBe('');
      expect(process.sentences()[0]).toMatch(/^usage: npm run -s broker -- COMMAND/);
    },
  );

  test('without a broker that ever ran: one line, and 1', async () => {
    const empty = await makeDataDir();
    for (const command of ['worker', 'ledger show']) {
      const process = spawnBroker({ DATA_DIR: empty.path }, [...BROKER, ...command.split(' ')]);
      expect(await process.exit()).toBe(1);
      expect(process.sentences()).toEqual([expect.stringMatching(/^no broker has run in DATA_DIR/)]);
    }
    const wrong = spawnBroker({ DATA_DIR: empty.path, DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/db' }, [...BROKER, 'worker']);
    expect(await wrong.exit()).toBe(1);
    expect(wrong.sentences()).toEqual(['no PostgreSQL can be used at DATABASE_URL (ECONNREFUSED)']);
    await empty.remove();
  }, 30_000);
});

describe('broker worker', () => {
  test('I3: delivers what is due while the broker itself is gone, and stops cleanly', async () => {
    const worker = run('worker');
    await eventually(() => expect(worker.stdout()).toBe('ready worker\n'), 20_000);
    // The EPR is away when the plan is approved, and comes back when only the worker is left.
    await town.epr.stop();
    const person = new Person(2, numbers.next(), client, town.reach);
    await person.publish(['epr']);
    await sleep(500);
    broker.signal('SIGKILL');
    await broker.exit();
    await town.epr.start();
    await eventually(
      () =>
        expect(
          town.epr
            .holds()
            .map((each) => each.text)
            .join(),
        ).toContain('Marker p2-v1'),
      30_000,
    );
    worker.signal('SIGINT', 'group');
    await worker.exit();
    expect(worker.messages().slice(-1)).toEqual(['stopped']);
    expect(worker.stdout()).toBe('ready worker\n');
    const port = new URL(await broker.ready()).port;
    broker = spawnBroker({ DATA_DIR: folder.path, ...ENV, PORT: port });
    await broker.ready();
  }, 90_000);
});
