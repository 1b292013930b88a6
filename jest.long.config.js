import config from './jest.config.js';

/** The long tests: histories, races and kills in greater numbers. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 900_000,
};
