/** Mutants of what decides what may leave: docs/mutants.md. Outside `.ci/run`, for it takes its time. */
export default {
  mutate: [
    'src/decide/**/*.ts',
    // Switches that only tests turn off, and a table for the page of the guardrails: neither decides anything.
    '!src/decide/protections.ts',
    '!src/decide/guardrails/table.ts',
    // Data: 500 sentences ask it, and print what is missed (test/decide/guardrails/sentences.test.ts). Of a pattern's letters each is a mutant.
    '!src/decide/guardrails/word-lists.ts',
  ],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: { configFile: 'jest.mutants.config.js' },
  // The tests that reach a line are asked about it, and no others.
  coverageAnalysis: 'perTest',
  // A second run asks only about what changed, in the code or in its tests.
  incremental: true,
  incrementalFile: '.cache/mutants-known.json',
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: '.cache/mutants',
  cleanTempDir: 'always',
  // Without tsconfig.json, which Stryker would read by an interface that TypeScript 7 has no more; nothing here is compiled.
  ignorePatterns: ['.cache', '.data', 'bench', 'demo', 'docs', '/keys', 'tsconfig.json'],
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutants.json' },
  allowConsoleColors: false,
};
