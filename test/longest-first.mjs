import Sequencer from '@jest/test-sequencer';

/**
 * Test files that take longest, the longest first: what begins last must be short, or one worker waits for the other at the end.
 * Without this, a checkout that has run no tests yet begins with the longest sources, and ends with the histories, races and odd requests.
 */
const LONGEST = [
  'kill/kill',
  'startup/running',
  'http/access/fuzz/fuzz',
  'fuzz/fuzz',
  'cli/client',
  'examples',
  'startup/refusals',
  'http/access/matrix/matrix',
  'simulate/histories',
  'store/races',
  'demo',
  'privacy/roads',
  'store/fan-out',
  'connect',
  'http/emergency/emergency-access',
  'http/match',
  'startup/secrets',
  'trail/commands',
  'privacy/sweep',
  'trail/verify',
  'http/access/token-door',
  'http/access/attacks/access-tokens',
  'http/access/attacks/http-shapes',
  'http/access/matrix/others',
  'at-rest/keys',
  'store/search/rebuild-index',
  'startup/tls',
];

const placeOf = ({ path }) => {
  const place = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONGEST.length : place;
};

/** Orders the files of a run. Those that the list does not name keep Jest's order. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
