import config from './jest.config.js';

/** Files of the suite that try a part of their cases there (test/support/breadth.ts): here they try all. */
const WHOLE = [
  'faults/fhir-messaging',
  'faults/fhir-rest',
  'faults/hl7v2-mllp',
  'faults/subscription',
  'hl7v2/fuzz',
  'privacy/roads',
  'review/timing',
  'startup/running',
  'http/access/fuzz/fuzz',
  'http/access/matrix/matrix',
  'http/match',
  'http/search/explain',
  'queues/board',
  'queues/worker',
  'store/fan-out',
  'watching/traces',
];
process.env.WHOLE = '1';

/** The long tests: histories, races and kills in greater numbers. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/**/*.long.test.ts', ...WHOLE.map((name) => `<rootDir>/test/${name}.test.ts`)],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 900_000,
};
