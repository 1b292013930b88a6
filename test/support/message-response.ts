import { randomUUID } from 'node:crypto';
import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';

export interface ResponseOptions {
  readonly code?: NonNullable<MessageHeader['response']>['code'];
  /** A BaRS reply: names the Bundle, with the event of BaRS. */
  readonly bars?: boolean;
  /** ODS code of whoever says that it sends it. */
  readonly sender?: string;
  /** Names this instead. */
  readonly names?: string;
}

/** What a recipient posts to the broker to answer a message of its, as a supplier would write it: `bytes` is the message as it came. */
export const responseTo = (bytes: string, { code = 'ok', bars = false, sender, names }: ResponseOptions = {}): Bundle => {
  const message = JSON.parse(bytes) as Bundle;
  const header = message.entry?.[0]?.resource as MessageHeader;
  const id = randomUUID();
  return {
    resourceType: 'Bundle',
    id: randomUUID(),
    type: 'message',
    timestamp: new Date().toISOString(),
    entry: [
      {
        fullUrl: `urn:uuid:${id}`,
        resource: {
          resourceType: 'MessageHeader',
          id,
          eventCoding: bars ? { system: System.barsMessageEvent, code: 'servicerequest-response' } : (header.eventCoding ?? {}),
          destination: [{ endpoint: header.source.endpoint }],
          source: { endpoint: header.destination?.[0]?.endpoint ?? 'urn:invented' },
          ...(sender === undefined
            ? {}
            : { sender: { type: 'Organization' as const, identifier: { system: System.odsOrganization, value: sender } } }),
          response: { identifier: names ?? (bars ? (message.id ?? '') : (header.id ?? '')), code },
        },
      },
    ],
  };
};
