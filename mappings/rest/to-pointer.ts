import type { DocumentReference } from '@medplum/fhirtypes';
import { Code } from '../../profiles/canonicals.ts';
import type { Disclosure, Envelope } from '../../src/model/disclosure.ts';
import { SECURITY } from '../disclosure/meta.ts';
import { documentIdentifier, nhsNumberIdentifier, planIdentifier, publisherReference } from '../disclosure/references.ts';
import { toSequenceExtension } from '../disclosure/sequence.ts';
import { toFhirInstant } from '../time.ts';
import { documentUrl } from './document-url.ts';

/** What a pointer to a document is made of. */
export interface Pointer {
  readonly disclosure: Disclosure;
  readonly envelope: Pick<Envelope, 'documentId' | 'sequence' | 'sentAt'>;
  /** FHIR base of the server where the document lies. */
  readonly address: string;
  /** The document that this one replaces; null for a first one. */
  readonly parent: string | null;
}

/**
 * The DocumentReference of a document: type and category as the National Record Locator has them (nhs.md section 1). It has no id of its own: the
 * server gives one. `identifier` repeats `masterIdentifier`, which smaller servers do not search; the plan's own binds the versions.
 */
export const toPointer = ({ disclosure, envelope, address, parent }: Pointer): DocumentReference => {
  const identifier = documentIdentifier(envelope.documentId);
  const { nhsNumber } = disclosure.person;
  const publisher = publisherReference(disclosure.publisher);
  return {
    resourceType: 'DocumentReference',
    meta: { security: SECURITY },
    extension: [toSequenceExtension(envelope.sequence)],
    masterIdentifier: identifier,
    identifier: [identifier, planIdentifier(disclosure.id)],
    status: 'current',
    docStatus: 'final',
    type: { coding: [Code.crisisPlan] },
    category: [{ coding: [Code.carePlan] }],
    ...(nhsNumber === null ? {} : { subject: { type: 'Patient', identifier: nhsNumberIdentifier(nhsNumber) } }),
    date: toFhirInstant(envelope.sentAt),
    author: [publisher],
    custodian: publisher,
    ...(parent === null
      ? {}
      : { relatesTo: [{ code: 'replaces', target: { type: 'DocumentReference', identifier: documentIdentifier(parent) } }] }),
    securityLabel: SECURITY.map((coding) => ({ coding: [coding] })),
    content: [
      {
        attachment: {
          contentType: 'application/fhir+json',
          language: 'en-GB',
          url: documentUrl(address, 'Bundle', envelope.documentId),
          title: 'Crisis plan',
          creation: toFhirInstant(envelope.sentAt),
        },
      },
    ],
    context: { related: [{ type: 'Bundle', identifier }] },
  };
};
