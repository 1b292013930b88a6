import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorsOf, validate } from '../src/validate/validate.ts';
import { type BrokerProcess, spawnBroker } from './support/broker.ts';
import { makeDataDir, type TestDataDir } from './support/data-dir.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(`${root}/examples`).filter((name) => name.endsWith('.json'));
const readme = readFileSync(`${root}/README.md`, 'utf8');
const lines = readme.split('\n').filter((line) => line.startsWith('curl '));

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

describe("README's lines, in a shell, on a broker", () => {
  let folder: TestDataDir;
  let broker: BrokerProcess;
  let base = '';

  beforeAll(async () => {
    folder = await makeDataDir();
    broker = spawnBroker({ DATA_DIR: folder.path });
    base = await broker.ready();
  }, 60_000);
  afterAll(async () => {
    broker?.signal('SIGTERM');
    await broker?.exit();
    await folder?.remove();
  }, 60_000);

  test('each answers as README says', async () => {
    const answers: { readonly line: string; readonly status: number; readonly body: string }[] = [];
    for (const line of lines) {
      const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root, env: { ...process.env, BROKER: base } });
      const printed = stdout.trimEnd();
      const last = /(\d{3}) \S+$/.exec(printed);
      answers.push({ line, status: Number(last?.[1]), body: printed.slice(0, last?.index).trim() });
    }
    expect(answers.map(({ line, status }) => `${status} ${line}`)).toEqual(lines.map((line, index) => `${STATUSES[index]} ${line}`));

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
  }, 60_000);

  test('the ledger, as README shows it, names nobody and says no word of the plan', async () => {
    const command = /^npm run -s broker -- (ledger show --key \S+)$/m.exec(readme)?.[1];
    if (command === undefined) throw new Error('README no longer shows the ledger');
    const { stdout } = await promisify(execFile)(process.execPath, ['src/cli.ts', ...command.split(' ')], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: folder.path },
    });
    const kinds = JSON.parse(stdout).map(({ recipient }: { recipient: { kind: string } }) => recipient.kind);
    expect(new Set(kinds)).toEqual(new Set(['epr', 'ed', 'ambulance', 'police']));
    expect(stdout).not.toMatch(/\b999\d{7}\b|Testperson|Haloperidol/);
  });
});
