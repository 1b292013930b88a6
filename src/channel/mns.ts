import { fromSignalAnswer } from '../../mappings/signal/from-signal-answer.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Channel } from './channel.ts';
import { exchange } from './rest-exchange.ts';
import type { WithCredential } from './with-credential.ts';

/** No event is told: the operator has not switched that on. Nothing was written. */
const SWITCHED_OFF: Outcome = { kind: 'refused', because: 'event-signal-off', retry: true };

/** An event service in the shape of the Multicast Notification Service: each parcel is one event, a recall too. Null: none is told. */
export const openMns = (roads: WithCredential | null): Channel => ({
  send: async (target, parcel, limits) => {
    if (roads === null) return SWITCHED_OFF;
    return roads.exchange(target, limits, async (agent, more): Promise<Outcome> => {
      const headers = {
        ...target.headers,
        ...more,
        accept: 'application/json',
        'content-type': parcel.contentType,
        'x-request-id': parcel.requestId,
        'x-correlation-id': parcel.correlationId,
      };
      const url = `${target.address.replace(/\/+$/, '')}/events`;
      const signal = AbortSignal.timeout(limits.timeoutMs);
      const answer = await exchange(agent, { method: 'POST', url, body: parcel.bytes, headers, signal }, limits);
      if ('kind' in answer) return answer;
      const isOfAnother = answer.requestId !== null && answer.requestId.toLowerCase() !== parcel.requestId;
      return isOfAnother ? { kind: 'unknown', because: 'answer-to-another' } : fromSignalAnswer(answer.status);
    });
  },
  // The connections belong to whoever opened it, and no state is kept.
  close: async () => undefined,
});
