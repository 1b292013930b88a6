import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BrokerProcess, spawnBroker } from './support/broker.ts';
import { type Checkout, makeCheckout, type Ran } from './support/checkout.ts';
import { makeDataDir, type TestDataDir } from './support/data-dir.ts';
import { commandsOf, shellBlocks } from './support/shell-lines.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/connect.md', import.meta.url)), 'utf8');
const lines = shellBlocks(page).flatMap(commandsOf);
const start = lines.findIndex((line) => / npm start$/.test(line));

describe('The lines of docs/connect.md, copied one after another into a shell', () => {
  let folder: TestDataDir;
  let checkout: Checkout;
  let broker: BrokerProcess | undefined;
  let ran: readonly Ran[] = [];
  const answers = (part: string): readonly string[] => ran.filter(({ command }) => command.includes(part)).map(({ out }) => out);

  beforeAll(async () => {
    folder = await makeDataDir();
    checkout = await makeCheckout(folder.path);
    await checkout.run(lines.slice(0, start), {});
    broker = spawnBroker({ DATA_DIR: folder.path }, ['sh', '-c', `cd ${checkout.path} && ${lines[start]?.replace(' npm ', ' exec npm ')}`]);
    const env = { DATA_DIR: folder.path, BROKER: await broker.ready() };
    ran = await checkout.run(lines.slice(start + 1), env);
  }, 300_000);
  afterAll(async () => {
    broker?.signal('SIGTERM', 'group');
    await broker?.exit();
    await folder?.remove();
  }, 60_000);

  test('none fails', () => {
    expect(ran.filter(({ status }) => status !== 0)).toEqual([]);
  });

  test('the others do their part: 201 each, and 200 for the approval', () => {
    const statuses = ran.flatMap(({ command, out }) => (command.startsWith('curl -K') ? [/(\d{3}) \S+$/.exec(out)?.[1]] : []));
    expect(statuses).toEqual([...Array.from({ length: statuses.length - 1 }, () => '201'), '200']);
  });

  test('a new client finds the flag, by the command and by hand', () => {
    const found = answers('curl -s -H "Authorization: Bearer $TOKEN" $BROKER/Flag/_search');
    const flags = found.filter((out) => out.startsWith('{')).map((out): { total: number } => JSON.parse(out));
    expect(flags.map(({ total }) => total)).toEqual([1, 1]);
  });

  test('and reads the plan behind it', () => {
    const [plan] = answers('$BROKER/CarePlan/$PLAN').map((out): { resourceType: string } => JSON.parse(out));
    expect(plan?.resourceType).toBe('CarePlan');
    expect(answers('$document')[0]).toContain('Haloperidol made me very ill in 2019');
  });

  test('openssl and the command make keys alike: the client was registered once, and its token is for what was asked', () => {
    const token: { scope: string; expires_in: number } = JSON.parse(answers('client_assertion=')[0] ?? '');
    expect(token).toMatchObject({ scope: 'system/Flag.rs system/CarePlan.r system/Composition.r', expires_in: 300 });
    const [added, rotated] = [...answers('client add'), ...answers('client rotate')].map((out): { client_id: string; kids: string[] } =>
      JSON.parse(out),
    );
    expect(rotated?.client_id).toBe(added?.client_id);
    expect(rotated?.kids).toEqual(['2026-11']);
  });
});
