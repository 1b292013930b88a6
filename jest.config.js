import { availableParallelism } from 'node:os';

/** Tests by capability. Files that end in `.long.test.ts` run in `npm run test:long` only: jest.long.config.js. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/strip.mjs' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.test\\.ts$'],
  testTimeout: 20_000,
  // Half of a file's time is spent waiting for processes, disk and clocks: on two cores, too, two run side by side. Three were a fifth faster, and a
  // story that counts messages over real sockets then saw one twice.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testSequencer: '<rootDir>/test/longest-first.mjs',
  globalSetup: '<rootDir>/test/global-setup.ts',
  globalTeardown: '<rootDir>/test/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/summary-reporter.mjs'],
};
