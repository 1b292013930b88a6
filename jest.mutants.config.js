/** The tests of `src/decide` that need nothing beside it: no database, no process. For `npm run mutants` (docs/mutants.md). */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/strip.mjs' },
  testMatch: ['<rootDir>/test/decide/**/*.test.ts', '<rootDir>/test/trail/merkle.test.ts'],
  testTimeout: 60_000,
};
