import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorsOf, validate } from '../src/validate/validate.ts';
import { type BrokerProcess, spawnBroker } from './support/broker.ts';
import { type Checkout, makeCheckout } from './support/checkout.ts';
import { makeDataDir, type TestDataDir } from './support/data-dir.ts';
import { commandsOf, shellBlocks } from './support/shell-lines.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(`${root}/examples`).filter((name) => name.endsWith('.json'));
const readme = readFileSync(`${root}/README.md`, 'utf8');
const lines = ['A walk with curl', 'The FHIR door'].flatMap((heading) => shellBlocks(readme, heading)).flatMap(commandsOf);
const start = lines.findIndex((line) => / npm start$/.test(line));
const last = lines.findIndex((line) => /^npm run -s broker -- ledger /.test(line));

/** What README says that the lines answer, in their order. */
const STATUSES: readonly number[] = [
  ...Array.from({ length: 12 }, () => 201), // organisations, services, addresses, agreements
  ...Array.from({ length: 9 }, () => 201), // person, team, words, draft, consent, subscription
  200, // approved
  ...[200, 200, 200], // looked up
  ...[201, 201, 200, 201, 201, 200, 201, 201, 200], // three more versions
  ...[201, 200, 201, 200], // revoked, given again
  ...[201, 200, 200], // contact, and once more
  ...[200, 200, 200, 200, 200, 200], // corrected, withdrawn
  ...[200, 200, 200], // the FHIR door: searched, everything, validated
];

describe('examples', () => {
  test('each body is what the door takes', () => {
    const bodies = examples.map((name): [string, { resourceType: string; parameter?: { resource?: unknown }[] }] => [
      name,
      JSON.parse(readFileSync(`${root}/examples/${name}`, 'utf8')),
    ]);
    const inside = bodies.flatMap(([name, { parameter }]): [string, unknown][] =>
      (parameter ?? []).map(({ resource }) => [name, resource]),
    );
    const all = [...bodies, ...inside.filter(([, resource]) => resource !== undefined)];
    expect(all.flatMap(([name, body]) => errorsOf(validate(body)).map(({ at, help }) => `${name} ${at} ${help}`))).toEqual([]);
  });

  test('README sends each of them, in their order', () => {
    const sent = lines.flatMap((line) => / -d @examples\/(\S+\.json)/.exec(line)?.[1] ?? []);
    expect([...new Set(sent)]).toEqual([...examples].sort());
  });
});

describe("README's lines, copied one after another into a shell", () => {
  let folder: TestDataDir;
  let checkout: Checkout;
  let broker: BrokerProcess | undefined;
  let env: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    folder = await makeDataDir();
    checkout = await makeCheckout(folder.path);
  });
  afterAll(async () => {
    broker?.signal('SIGTERM', 'group');
    await broker?.exit();
    await folder?.remove();
  }, 60_000);

  test('with nothing but a checkout, the broker starts and everybody who calls signs up', async () => {
    expect(await checkout.run(lines.slice(0, start), {})).toEqual([expect.objectContaining({ status: 0 })]);
    broker = spawnBroker({ DATA_DIR: folder.path }, ['sh', '-c', `cd ${checkout.path} && ${lines[start]?.replace(' npm ', ' exec npm ')}`]);
    env = { DATA_DIR: folder.path, BROKER: await broker.ready() };
    const signedUp = await checkout.run(lines.slice(start + 1, start + 3), env);
    expect(signedUp.map(({ status }) => status)).toEqual([0, 0]);
    // A token is as good as a password for as long as it lives.
    const written = readdirSync(`${checkout.path}/examples/as`).map(
      (name) => statSync(`${checkout.path}/examples/as/${name}`).mode & 0o077,
    );
    expect(written).toEqual([0, 0, 0, 0, 0]);
  }, 180_000);

  test('each answers as README says', async () => {
    const asked = lines.filter((line) => line.startsWith('curl '));
    const answers = (await checkout.run(asked, env)).map(({ command, out }) => {
      const end = /(\d{3}) \S+$/.exec(out);
      return { line: command, status: Number(end?.[1]), body: out.slice(0, end?.index).trim() };
    });
    expect(answers.map(({ line, status }) => `${status} ${line}`)).toEqual(asked.map((line, index) => `${STATUSES[index]} ${line}`));

    const searched = answers.filter(({ line }) => line.includes('/_search') || line.includes('/Task?'));
    const totals = searched.map(
      ({ line, body }) => `${/as\/(\w+)/.exec(line)?.[1]} ${/\/(\w+)(?:\/_search|\?)/.exec(line)?.[1]} ${JSON.parse(body).total}`,
    );
    expect(totals).toEqual([
      'ambulance Flag 1',
      'ambulance Composition 1',
      'police Composition 1',
      'police Flag 0',
      'police Flag 1',
      'publisher Task 1',
      'ambulance Flag 0',
      'ambulance Flag 1',
      'ambulance Flag 0',
      // It read under two numbers and gave nothing up: how many Tasks stand at this moment is a matter of time.
      expect.stringMatching(/^ambulance Task [1-9]$/),
    ]);
    const [, ambulance = '', police = ''] = searched.map(({ body }) => body);
    expect(ambulance).toContain('Haloperidol made me very ill in 2019');
    expect(police).toContain('Please do not touch me from behind');
    expect(police).not.toContain('Haloperidol');
    expect(police).not.toMatch(/\b999\d{7}\b/);
  }, 180_000);

  test('once tokens have run out, the same line gets new ones for the same clients', async () => {
    const signUp = lines.slice(start + 1, start + 2);
    const clients = async (): Promise<number> => (await folder.query('SELECT 1 FROM access_client')).length;
    const before = await clients();
    expect((await checkout.run(signUp, env)).map(({ status }) => status)).toEqual([0]);
    expect([before, await clients()]).toEqual([4, 4]);
  }, 180_000);

  test('the ledger and the check of a plan, as README shows them, name nobody and say no word of the plan', async () => {
    const [shown] = await checkout.run(lines.slice(last, last + 1), env);
    const kinds = JSON.parse(shown?.out ?? '').map(({ recipient }: { recipient: { kind: string } }) => recipient.kind);
    expect(new Set(kinds)).toEqual(new Set(['epr', 'ed', 'ambulance', 'police']));
    expect(shown?.out).not.toMatch(/\b999\d{7}\b|Testperson|Haloperidol/);
    const verify = lines.filter((line) => line.startsWith('npm run -s broker -- verify plan '));
    const [verified] = await checkout.run(verify, env);
    expect([verified?.status, JSON.parse(verified?.out ?? '')]).toEqual([
      0,
      { ok: true, carePlan: 'plan-v4', number: 4, sealedAt: expect.any(String), findings: 0 },
    ]);
  }, 60_000);
});
