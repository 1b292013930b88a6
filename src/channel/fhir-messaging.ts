import { Client } from 'fhir-kit-client';
import type { FhirResource } from 'fhir-kit-client';
import { fromMessageAnswer } from '../../mappings/message/from-message-answer.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Channel, Parcel, Target } from './channel.ts';
import { failedRequest } from './failed-request.ts';
import type { WithCredential } from './with-credential.ts';
import { WriteGate } from './write-gate.ts';

/** Clients that are kept; the oldest gives way. */
const MAX_CLIENTS = 1_000;

/** FHIR messaging: POST `[address]/$process-message`, answered in the same exchange, or by a message of its own. `address` is the FHIR base, or ends with the operation. */
export const openFhirMessaging = (roads: WithCredential): Channel => {
  const clients = new Map<string, Client>();
  // One client a destination, which keeps no token: those go with each request.
  const clientOf = (address: string): Client => {
    const known = clients.get(address);
    if (known !== undefined) return known;
    const client = new Client({ baseUrl: address.replace(/\/(\$process-message)?$/, ''), requestOptions: { redirect: 'error' } });
    const oldest = clients.size < MAX_CLIENTS ? undefined : clients.keys().next().value;
    if (oldest !== undefined) clients.delete(oldest);
    clients.set(address, client);
    return client;
  };
  return {
    send: (target, parcel, limits) =>
      roads.exchange(target, limits, async (by, more) => {
        const gate = new WriteGate(by, limits.msLeft);
        try {
          const result = await clientOf(target.address).operation({
            name: `process-message${asked(target)}`,
            input: frozen(parcel.bytes),
            options: {
              headers: { ...headersOf(target.headers, parcel), ...more },
              signal: AbortSignal.timeout(limits.timeoutMs),
              ...{ dispatcher: gate },
            },
          });
          return read(Client.httpFor(result).response?.status ?? 0, result, parcel, target);
        } catch (error) {
          const answer = answerOf(error);
          return answer === null ? failedRequest(gate, error) : read(answer.status, answer.data, parcel, target);
        }
      }),
    // The connections belong to whoever opened it.
    close: async () => clients.clear(),
  };
};

// The client sends a string as it is, which its types do not say: the bytes that were frozen are the bytes that leave (test/channel).
const frozen = (bytes: string): FhirResource => bytes as unknown as FhirResource;

const headersOf = (own: Readonly<Record<string, string>>, parcel: Parcel): Record<string, string> => ({
  accept: 'application/fhir+json',
  ...own,
  'content-type': parcel.contentType,
  'x-request-id': parcel.requestId,
  'x-correlation-id': parcel.correlationId,
});

/** R4 messaging, `$process-message`: the parameters of an answer by a message of its own. BaRS has none. */
const asked = ({ answersLater }: Target): string =>
  answersLater?.by === 'response-url' ? `?${new URLSearchParams({ async: 'true', 'response-url': answersLater.responseUrl })}` : '';

const read = (status: number, body: unknown, { messageId, bundleId }: Parcel, { answersLater }: Target): Outcome =>
  fromMessageAnswer(status, body, messageId, bundleId, answersLater !== undefined);

/** The answer inside an error of the client; null where there was none. */
const answerOf = (error: unknown): { readonly status: number; readonly data: unknown } | null => {
  if (typeof error !== 'object' || error === null || !('response' in error)) return null;
  const { response } = error;
  if (typeof response !== 'object' || response === null || !('status' in response) || typeof response.status !== 'number') return null;
  return { status: response.status, data: 'data' in response ? response.data : null };
};
