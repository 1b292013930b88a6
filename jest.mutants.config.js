/** The tests of `src/decide` that need nothing beside it: no database, no process. For `npm run mutants` (docs/mutants.md). */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/strip.mjs' },
  roots: ['<rootDir>/src/decide', '<rootDir>/src/model', '<rootDir>/test/decide', '<rootDir>/test/trail'],
  testMatch: ['<rootDir>/test/decide/**/*.test.ts', '<rootDir>/test/trail/merkle.test.ts'],
  // Thousands of random situations a mutant would take a day; and what an example does not tell, nobody can read off a seed.
  testPathIgnorePatterns: ['/properties\\.test\\.ts$', '/releases-no-more\\.test\\.ts$'],
  testTimeout: 60_000,
};
