import { expect, test } from '@jest/globals';
import { emptyLedger, settled } from '../../src/decide/attempt.ts';
import { signOf } from '../../src/decide/breaker.ts';
import type { Attempt } from '../../src/model/ledger.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { NOT_BOUND } from '../../src/model/websocket.ts';

/** That nobody was on a socket says nothing of the recipient, and is no failure of the key. */

const destination: Destination = {
  id: 's1',
  recipientId: 'svc',
  channel: 'subscription',
  address: 'websocket:s1',
  open: true,
  refusesLowerSequence: false,
  replaceHidesOld: true,
  recallForm: 'notification',
  lifetime: 60_000,
  acknowledgements: [],
};
const attempt: Attempt = {
  id: 'a1',
  action: {
    kind: 'update',
    place: { address: 'websocket:s1', identity: 'x' } as never,
    effect: 'd',
    headings: [],
    parent: null,
    stale: [],
    retryOf: null,
  } as never,
  sequence: { epoch: 1, count: 1 },
  documentId: 'doc',
  begunAt: 1_000,
  since: 1_000,
  sendBefore: 3_000,
};
const after = (because: string) => settled(emptyLedger(1), attempt, { kind: 'refused', because, retry: true }, destination);

test('not-bound raises no failures and tells the breaker nothing; no connection does both', () => {
  expect([after(NOT_BOUND).failures, after('not-connected').failures]).toEqual([0, 1]);
  expect(signOf({ kind: 'refused', because: NOT_BOUND, retry: true })).toEqual({ sign: 'nothing' });
  expect(signOf({ kind: 'refused', because: 'not-connected', retry: true })).toMatchObject({ sign: 'trouble' });
});
