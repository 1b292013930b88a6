import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toOperationOutcome } from '../outcome/to-operation-outcome.ts';
import { toFhirInstant } from '../time.ts';
import type { InboundMessage } from './from-message.ts';

/** What an answer has that the message does not say. */
export interface Answering {
  readonly bundleId: string;
  readonly headerId: string;
  readonly outcomeId: string;
  readonly at: Instant;
  /** ODS code of the broker. */
  readonly broker: string;
  /** Address of the broker, for an answer to a message that names no destination. */
  readonly base: string;
  /** What the sender should know; empty where everything was taken. */
  readonly issues: readonly Issue[];
}

const organization = (ods: string) => ({ type: 'Organization' as const, identifier: { system: System.odsOrganization, value: ods } });

/** The answer to a message that was taken: roles reversed, and nothing of the person. */
export const toMessageAnswer = (
  {
    event,
    answers,
    reason,
    sender,
    source,
    destination,
  }: Pick<InboundMessage, 'event' | 'answers' | 'reason' | 'sender' | 'source' | 'destination'>,
  { bundleId, headerId, outcomeId, at, broker, base, issues }: Answering,
): Bundle => {
  const meta = { lastUpdated: toFhirInstant(at) };
  const header: MessageHeader = {
    resourceType: 'MessageHeader',
    id: headerId,
    meta,
    eventCoding: { system: event.system, code: event.answer },
    destination: [{ endpoint: source, receiver: organization(sender.ods) }],
    sender: organization(broker),
    source: { name: 'crisis-plan-broker', endpoint: destination ?? base },
    ...(reason === null ? {} : { reason: { coding: [{ system: System.barsMessageReason, code: reason }] } }),
    response: {
      identifier: answers,
      code: 'ok',
      ...(issues.length === 0 ? {} : { details: { reference: `urn:uuid:${outcomeId}` } }),
    },
  };
  return {
    resourceType: 'Bundle',
    id: bundleId,
    meta,
    type: 'message',
    timestamp: toFhirInstant(at),
    entry: [
      { fullUrl: `urn:uuid:${headerId}`, resource: header },
      ...(issues.length === 0
        ? []
        : [
            {
              fullUrl: `urn:uuid:${outcomeId}`,
              resource: { ...toOperationOutcome({ category: 'incorrect', issues }), id: outcomeId, meta },
            },
          ]),
    ],
  };
};
