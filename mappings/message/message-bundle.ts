import type { Bundle, BundleEntry, MessageHeader, Reference, Resource } from '@medplum/fhirtypes';
import { BASE, Code, PLAN_MESSAGE, System } from '../../profiles/canonicals.ts';
import type { Envelope } from '../../src/model/disclosure.ts';
import { SECURITY } from '../disclosure/meta.ts';
import { toFhirInstant } from '../time.ts';
import type { Party } from './party.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What one message says, before it has a header. */
export interface Said {
  readonly envelope: Envelope;
  readonly sender: Party;
  readonly destination: Party;
  /** BaRS: `new` and `update` carry content, `delete` takes it back. */
  readonly reason: 'new' | 'update' | 'delete';
  readonly focus: Resource & { readonly id?: string };
  /** Who answers for what it says: the publisher of the plan; null where it says nothing of one. */
  readonly responsible: Pick<Party, 'ods' | 'name'> | null;
}

/** A FHIR message: MessageHeader first, then its focus; all ids from the envelope, so that a retry has the same bytes. */
export const messageBundle = ({ envelope, sender, destination, reason, focus, responsible }: Said): Bundle => {
  const focusUrl = fullUrl(focus.resourceType, focus.id ?? envelope.documentId);
  const header: MessageHeader = {
    resourceType: 'MessageHeader',
    id: envelope.messageId,
    meta: { lastUpdated: toFhirInstant(envelope.sentAt), security: SECURITY },
    eventCoding: Code.documentNotification,
    destination: [{ endpoint: destination.endpoint, receiver: organization(destination) }],
    sender: organization(sender),
    source: { ...(sender.name === null ? {} : { name: sender.name }), endpoint: sender.endpoint },
    responsible: organization(responsible ?? sender),
    reason: { coding: [{ system: System.barsMessageReason, code: reason }] },
    focus: [{ reference: focusUrl }],
    definition: PLAN_MESSAGE,
  };
  return {
    resourceType: 'Bundle',
    id: envelope.bundleId,
    meta: { lastUpdated: toFhirInstant(envelope.sentAt), security: SECURITY },
    identifier: { system: System.message, value: envelope.bundleId },
    type: 'message',
    timestamp: toFhirInstant(envelope.sentAt),
    entry: [toEntry(header, fullUrl('MessageHeader', envelope.messageId)), toEntry(focus, focusUrl)],
  };
};

// BaRS asks for urn:uuid; an id that is none still needs an absolute address.
const fullUrl = (type: string, id: string): string => (UUID.test(id) ? `urn:uuid:${id}` : `${BASE}/${type}/${id}`);

const organization = ({ ods, name }: Pick<Party, 'ods' | 'name'>): Reference<never> => ({
  type: 'Organization',
  identifier: { system: System.odsOrganization, value: ods },
  ...(name === null ? {} : { display: name }),
});

const toEntry = (resource: Resource, url: string): BundleEntry => ({ fullUrl: url, resource });
