import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Verdict } from './verdict.ts';

const git = (...args: readonly string[]): string => {
  try {
    return execFileSync('git', args, { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

/** Where it was measured, and what. */
export const machine = (postgres: string): string => {
  const [first] = cpus();
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'queues', 'mappings', 'bench') === '' ? '' : ' with changes';
  return `${first?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, PostgreSQL ${postgres}, commit ${git('rev-parse', '--short', 'HEAD')}${changed}`;
};

const SAID: Readonly<Record<Verdict['is'], string>> = {
  kept: 'yes',
  missed: '**no**',
  'aim reached': 'aim, yes',
  'aim missed': 'aim, no',
  told: '',
};

/** What one part found, where and when: parts are measured together or one by one, and each keeps its last result. */
export interface Result {
  readonly part: string;
  readonly date: string;
  /** As `machine` says it. */
  readonly where: string;
  readonly verdicts: readonly Verdict[];
}

const KEPT = new URL('../results.json', import.meta.url);

/** The last result of each part. */
export const keptResults = (): readonly Result[] => (existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, 'utf8')) : []);

/** The results as a Markdown page: ratios with their rounds (median, least to most), the figures that they come from, and at which run each was found. */
export const toPage = (results: readonly Result[]): string => {
  const runs = [...new Set(results.map(({ date, where }) => `${date}: ${where}`))];
  const runOf = ({ date, where }: Result): number => runs.indexOf(`${date}: ${where}`) + 1;
  return [
    '# What was measured',
    '',
    'Written by `npm run bench`, whole or part by part: rounds interleaved in one run, medians with least and most. Each line says at which run.',
    'Everything ran on the same cores: load generator, broker, PostgreSQL and recipients. A bare time says nothing of another machine; a ratio says a little.',
    '',
    ...runs.map((run, place) => `${place + 1}. ${run}`),
    '',
    '| part | asked | found | | from | run |',
    '|---|---|---|---|---|---|',
    ...results.flatMap((result) =>
      result.verdicts.map(
        ({ part, asked, found, is, from }) => `| ${part} | ${asked} | ${found} | ${SAID[is]} | ${from} | ${runOf(result)} |`,
      ),
    ),
    '',
  ].join('\n');
};

/** Keeps what was found in the place of what was found before, part by part in the order of `parts`, and writes `bench/results.md`. */
export const keepResults = (found: readonly Result[], parts: readonly string[]): void => {
  const last = new Map([...keptResults(), ...found].map((result) => [result.part, result]));
  const kept = parts.flatMap((part) => last.get(part) ?? []);
  writeFileSync(KEPT, `${JSON.stringify(kept, null, 1)}\n`);
  writeFileSync(new URL('../results.md', import.meta.url), toPage(kept));
};
