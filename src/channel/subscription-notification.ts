import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Outcome } from '../model/ledger.ts';
import type { Channel } from './channel.ts';
import { failedRequest } from './failed-request.ts';
import { WriteGate } from './write-gate.ts';

/** Statuses after which nobody knows what the subscriber did. */
const UNFINISHED: ReadonlySet<number> = new Set([408, 425, 429]);
/** Statuses that end a subscription rather than a request. */
const LASTING: ReadonlySet<number> = new Set([400, 410, 413, 415, 422]);

/** Subscription rest-hook: POSTs a notification, a handshake as well as an event. No redirect is followed; the body of the answer is not read. */
export const openSubscriptionNotification = (agent: Dispatcher): Channel => ({
  send: async (target, parcel, { msLeft, timeoutMs }) => {
    const gate = new WriteGate(agent, msLeft);
    try {
      const { statusCode, body } = await request(target.address, {
        dispatcher: gate,
        method: 'POST',
        headers: {
          ...target.headers,
          'content-type': parcel.contentType,
          'x-request-id': parcel.requestId,
          'x-correlation-id': parcel.correlationId,
        },
        body: parcel.bytes,
        signal: AbortSignal.timeout(timeoutMs),
      });
      // What follows the status says nothing here; a body that is cut off changes nothing that was said.
      await body.dump({ limit: 65_536 }).catch(() => undefined);
      return read(statusCode);
    } catch (error) {
      return failedRequest(gate, error);
    }
  },
  close: async () => undefined,
});

const read = (status: number): Outcome => {
  if (status >= 200 && status < 300) return { kind: 'accepted', level: 'transport' };
  if (status >= 500 || UNFINISHED.has(status)) return { kind: 'unknown', because: `http-${status}` };
  return { kind: 'refused', because: `http-${status}`, retry: !LASTING.has(status) };
};
