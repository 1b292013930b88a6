import { ADDRESS_FORBIDDEN, NOT_CONNECTED } from '../channel/channel.ts';
import type { Outcome } from '../model/ledger.ts';

/**
 * What a subscriber is told of why its Subscription is in error. That a name leads to an address that the broker may not send to looks like one at which nobody
 * listens: else whoever subscribes could ask which names are known inside.
 */
export const whatWentWrong = (of: 'handshake' | 'notification', { because }: Exclude<Outcome, { kind: 'accepted' }>): string =>
  `${of}: ${because === ADDRESS_FORBIDDEN.because ? NOT_CONNECTED.because : because}`;
