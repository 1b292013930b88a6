import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { RECIPIENTS } from '../demo/scenario-words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is left of demos in the folder of temporary files. */
const folders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('crisis-plan-demo-'));

const startDemo = (...options: readonly string[]) => {
  const { NODE_OPTIONS: _jest, ...inherited } = process.env;
  const child = spawn(process.execPath, ['demo/demo.ts', ...options], { cwd: root, env: inherited, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]): unknown => code);
  running.push(() => child.kill('SIGINT') && ended);
  return { child, ended, out: () => out, err: () => err };
};

const running: (() => unknown)[] = [];
afterAll(() => Promise.all(running.map((stop) => stop())));

test('I2 I3 I5 I6: the demo agrees step by step: scenario, ledger and the recipients own stores', async () => {
  const before = folders();
  const demo = startDemo('--json');
  const code = await demo.ended;
  const lines = demo
    .out()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line));
  const rows = lines.slice(0, -1);

  expect(rows.filter(({ agree }) => agree !== true)).toEqual([]);
  expect(demo.err()).not.toMatch(/^ {2}NO /m);
  expect(lines.at(-1)).toEqual({ ok: true, steps: 10 });
  expect(rows).toHaveLength(10 * RECIPIENTS.length);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['step', 'recipient', 'should', 'ledger', 'store', 'agree']);
    expect([row['ledger'], row['store']]).toEqual([row['should'], row['should']]);
  }
  const steps = [...new Set(rows.map(({ step }) => step))];
  expect(steps.map((step) => rows.filter((row) => row['step'] === step).map(({ recipient }) => recipient))).toEqual(
    steps.map(() => [...RECIPIENTS]),
  );
  const held = (recipient: string) => rows.filter((row) => row['recipient'] === recipient).map(({ store }) => String(store).split(' ')[0]);
  expect(held('epr')).toEqual(['v1', 'v2', 'v3', 'v4', 'v4', 'v4', 'v4', 'v4', 'v4', 'nothing']);
  expect(held('ed')).toEqual(['v1', 'v2', 'v3', 'v4', 'v4', 'v4', 'nothing', 'nothing', 'nothing', 'nothing']);
  expect(held('ambulance')).toEqual(['v1', 'v2', 'v3', 'v4', 'v4', 'v4', 'v4', 'v4', 'v4', 'nothing']);
  expect(held('police')).toEqual(['v1', 'v1', 'v3', 'v3', 'nothing', 'v3', 'v3', 'v3', 'v3', 'nothing']);
  expect(code).toBe(0);
  expect(folders().filter((name) => !before.includes(name))).toEqual([]);
}, 240_000);

test('a demo that is interrupted leaves no process and no folder behind', async () => {
  const before = folders();
  const demo = startDemo();
  while (!demo.out().includes('\n1. ')) await new Promise((resolve) => setTimeout(resolve, 50));
  const own = folders().filter((name) => !before.includes(name));
  expect(own).toHaveLength(1);
  demo.child.kill('SIGINT');
  expect(await demo.ended).toBe(130);
  expect(folders().filter((name) => own.includes(name))).toEqual([]);
}, 120_000);
