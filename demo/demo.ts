import { parseArgs } from 'node:util';
import type { Cast } from './cast.ts';
import { assemble } from './cast.ts';
import type { Check, Step } from './scenario.ts';
import { SCENARIO } from './scenario.ts';
import type { Recipient } from './scenario-words.ts';
import { RECIPIENTS } from './scenario-words.ts';
import { setStage } from './stage.ts';

// Plays the broker's main job on real parts, and compares after each step what the scenario says, what the ledger believes, and what each
// recipient's own store says. Exits with 0 only where all three agree every time.

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } } });
const STEP_MS = 12_000;
const PAUSE_MS = 150;

interface Row {
  readonly step: string;
  readonly recipient: Recipient;
  readonly should: string;
  readonly ledger: string;
  readonly store: string;
  readonly agree: boolean;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => (values.json ? void process.stderr.write(`${line}\n`) : say(line));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const stores = async (cast: Cast): Promise<Readonly<Record<Recipient, string>>> => {
  const [epr, ed, ambulance, police] = await Promise.all([
    cast.store('epr'),
    cast.store('ed'),
    cast.store('ambulance'),
    cast.store('police'),
  ]);
  return { epr, ed, ambulance, police };
};

/** Waits until all agree, or the step's time is over: then says what is. Dispatch looks up again as long as it holds something else. */
const settle = async (cast: Cast, step: Step): Promise<readonly Row[]> => {
  const end = performance.now() + STEP_MS;
  await cast.lookUp();
  for (;;) {
    const store = await stores(cast);
    const agreed = RECIPIENTS.every((recipient) => store[recipient] === step.should[recipient]);
    const late = performance.now() > end;
    if (agreed || late) {
      const keys = await cast.ledger();
      const rows = RECIPIENTS.map((recipient): Row => {
        const [should, ledger] = [step.should[recipient], cast.ledgerWord(recipient, keys)];
        return {
          step: step.name,
          recipient,
          should,
          ledger,
          store: store[recipient],
          agree: should === ledger && ledger === store[recipient],
        };
      });
      if (late || rows.every(({ agree }) => agree)) return rows;
    }
    await sleep(PAUSE_MS);
    if (store.ambulance !== step.should.ambulance) await cast.lookUp();
  }
};

const table = (rows: readonly Row[]): string => {
  const head = ['recipient', 'should hold', 'ledger believes', 'its own store', ''];
  const lines = [
    head,
    ...rows.map(({ recipient, should, ledger, store, agree }) => [recipient, should, ledger, store, agree ? 'agree' : 'DIFFER']),
  ];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd()).join('\n');
};

const failing = async (checks: readonly Check[]): Promise<number> => {
  let failed = 0;
  for (const { sentence, holds } of checks) {
    const isSo = await holds();
    if (!isSo) failed += 1;
    tell(`  ${isSo ? 'yes' : 'NO '}: ${sentence}`);
  }
  return failed;
};

const play = async (cast: Cast): Promise<boolean> => {
  let ok = true;
  for (const [index, step] of SCENARIO.entries()) {
    tell(`\n${index + 1}. ${step.title}`);
    const checks = await step.play(cast);
    const rows = await settle(cast, step);
    if (values.json) for (const row of rows) say(JSON.stringify(row));
    else say(table(rows));
    const failed = await failing(checks);
    ok = ok && failed === 0 && rows.every(({ agree }) => agree);
  }
  return ok;
};

const began = performance.now();
const stage = setStage(values.keep);
let stopping = false;
const stop = async (): Promise<never> => {
  stopping = true;
  await stage.clear();
  process.exit(130);
};
// More than once: npm passes Ctrl-C on a second time. Whoever reads the output may leave before the end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.stdout.on('error', stop);

let ok = false;
try {
  tell('Starting a broker with its own PostgreSQL, and four recipients ...');
  const cast = await assemble(stage);
  ok = await play(cast);
  tell(`\n${ok ? 'All agree.' : 'Not all agree.'} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (values.keep)
    tell(`Left running: ${cast.base}, with files in ${stage.folder}. To end it: kill ${stage.pids().join(' ')}; then remove that folder.`);
} catch (error) {
  if (!stopping) tell(`The demo broke off: ${error instanceof Error ? error.message : 'no reason given'}`);
} finally {
  if (values.json) say(JSON.stringify({ ok, steps: SCENARIO.length }));
  if (!values.keep || stopping) await stage.clear();
}
process.exit(stopping ? 130 : ok ? 0 : 1);
