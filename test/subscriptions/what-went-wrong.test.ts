import { expect, test } from '@jest/globals';
import { ADDRESS_FORBIDDEN, NOT_CONNECTED } from '../../src/channel/channel.ts';
import { whatWentWrong } from '../../src/reconcile/what-went-wrong.ts';

test('a subscriber is told what its hook answered, and not whether a name leads inside', () => {
  expect(whatWentWrong('notification', { kind: 'unknown', because: 'http-503' })).toBe('notification: http-503');
  expect(whatWentWrong('handshake', ADDRESS_FORBIDDEN)).toBe('handshake: not-connected');
  expect(whatWentWrong('handshake', ADDRESS_FORBIDDEN)).toBe(whatWentWrong('handshake', NOT_CONNECTED));
});
