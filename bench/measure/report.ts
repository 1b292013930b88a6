import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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

/** The result as a Markdown page: ratios with their rounds (median, least to most), and the figures that they come from. */
export const toPage = (verdicts: readonly Verdict[], where: string, at: Date): string =>
  [
    '# What was measured',
    '',
    `${at.toISOString().slice(0, 10)}: ${where}. Written by \`npm run bench\`: rounds interleaved in one run, medians with least and most.`,
    'Everything ran on the same cores: load generator, broker, PostgreSQL and recipients. A bare time says nothing of another machine; a ratio says a little.',
    '',
    '| part | asked | found | | from |',
    '|---|---|---|---|---|',
    ...verdicts.map(({ part, asked, found, is, from }) => `| ${part} | ${asked} | ${found} | ${SAID[is]} | ${from} |`),
    '',
  ].join('\n');

export const writePage = (page: string): void => writeFileSync(new URL('../results.md', import.meta.url), page);
