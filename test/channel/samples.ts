import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { toDocumentBundle } from '../../mappings/disclosure/to-document-bundle.ts';
import { toMdmRecall } from '../../mappings/mdm/to-mdm-recall.ts';
import { toMdmUpdate } from '../../mappings/mdm/to-mdm-update.ts';
import { toMessageBundle } from '../../mappings/message/to-message-bundle.ts';
import { toMessageHeaders } from '../../mappings/message/to-message-headers.ts';
import { toRecallMessage } from '../../mappings/message/to-recall-message.ts';
import type { Limits, Parcel, Target } from '../../src/channel/channel.ts';
import type { Disclosure, Envelope } from '../../src/model/disclosure.ts';

export const NHS_NUMBER = '9990000018';

export const disclosure = (words = 'Please speak slowly'): Disclosure => ({
  id: '6f2e1c1a-0b6e-4a58-9d6e-3f6f6c0e9a01',
  kind: 'epr',
  purpose: 'TREAT',
  publisher: { ods: 'ZZT01', name: 'Invented Mental Health Trust' },
  recipient: { ods: 'ZZE01' },
  person: {
    nhsNumber: NHS_NUMBER,
    family: 'Example',
    given: ['Testperson-Amber'],
    preferredName: null,
    birthDate: '1990-02-03',
    gender: 'female',
    address: null,
    telecom: [],
  },
  sections: [{ heading: 'please-do', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${words}</p></div>` }],
  actions: [],
  reviewDate: '2027-01-01',
  reviewOverdue: false,
  contactCardOnly: false,
  version: '1-0a1b2c3d',
  issuedAt: 1_772_000_000_000,
});

export const envelope = (count: number): Envelope => ({
  documentId: randomUUID(),
  sequence: { epoch: 1, count },
  messageId: randomUUID(),
  bundleId: randomUUID(),
  requestId: randomUUID(),
  correlationId: randomUUID(),
  sentAt: 1_772_000_000_000 + count,
});

const sender = { ods: 'BROKER', name: 'Crisis-plan broker', endpoint: 'https://broker.example.invalid/fhir' };
const receiver = (address: string) => ({ ods: 'ZZE01', name: null, endpoint: address });
const hl7 = { sender: { application: 'CRISIS-PLAN-BROKER', facility: 'BROKER' }, receiver: { application: 'ED', facility: 'ZZD01' } };

const parcel = (
  kind: Parcel['kind'],
  contentType: string,
  bytes: string,
  { messageId, bundleId, requestId, correlationId }: Envelope,
): Parcel => ({
  kind,
  bytes,
  contentType,
  messageId,
  bundleId,
  requestId,
  correlationId,
});

export const updateParcel = (address: string, of: Envelope, words?: string): Parcel =>
  parcel(
    'update',
    'application/fhir+json',
    toMessageBundle({
      document: toDocumentBundle(disclosure(words), of),
      envelope: of,
      sender,
      destination: receiver(address),
      parent: null,
      responsible: disclosure(words).publisher,
    }),
    of,
  );

export const recallParcel = (address: string, of: Envelope, documents: readonly string[]): Parcel =>
  parcel(
    'recall',
    'application/fhir+json',
    toRecallMessage({
      envelope: of,
      sender,
      destination: receiver(address),
      disclosureId: disclosure().id,
      identity: NHS_NUMBER,
      documents,
      reason: 'delete',
    }),
    of,
  );

export const mdmParcel = (of: Envelope, parent: string | null = null, stale: readonly string[] = [], words?: string): Parcel =>
  parcel(
    'update',
    'x-application/hl7-v2+er7',
    toMdmUpdate({ ...hl7, envelope: of, disclosure: disclosure(words), document: '{}', parent, stale }),
    of,
  );

export const mdmRecallParcel = (of: Envelope, documents: readonly string[], form: 'mdm-t11' | 'mdm-t10-notice' = 'mdm-t11'): Parcel =>
  parcel(
    'recall',
    'x-application/hl7-v2+er7',
    toMdmRecall({ ...hl7, form, envelope: of, disclosureId: disclosure().id, identity: NHS_NUMBER, documents }),
    of,
  );

export const target = (address: string, more: Partial<Target> = {}): Target => ({
  address,
  headers: address.startsWith('http') ? toMessageHeaders(sender, receiver(address)) : {},
  acknowledgements: [],
  ...more,
});

/** `send_before` so many milliseconds from now. */
export const within = (sendBeforeMs: number, timeoutMs = 500): Limits => {
  const end = performance.now() + sendBeforeMs;
  return { msLeft: () => end - performance.now(), timeoutMs };
};

/** Waits until it is so; fails the test after two seconds. */
export const until = async (isSo: () => boolean): Promise<void> => {
  const end = performance.now() + 2_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error('it never came to be');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
