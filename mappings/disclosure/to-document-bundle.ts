import type { Bundle, BundleEntry, Composition, Resource } from '@medplum/fhirtypes';
import { BASE, Profile } from '../../profiles/canonicals.ts';
import type { Sequence } from '../../src/model/copy.ts';
import type { Disclosure, Envelope } from '../../src/model/disclosure.ts';
import { toFhirInstant } from '../time.ts';
import { SECURITY } from './meta.ts';
import { documentIdentifier } from './references.ts';
import { toCarePlan } from './to-care-plan.ts';
import { toComposition } from './to-composition.ts';
import { toOrganization } from './to-organization.ts';
import { toRefusal } from './to-refusal.ts';
import { toPatient } from './to-patient.ts';

/** What a document carries beside the disclosure; one that is pulled has no sequence. */
type DocumentEnvelope = Pick<Envelope, 'documentId' | 'sentAt'> & { readonly sequence: Sequence | null };

/** The disclosure as a FHIR document: Composition, CarePlan, the least Patient, the publisher, and the refusals and proxies that its words tell of. Its bytes are its `JSON.stringify`. */
export const toDocumentBundle = (disclosure: Disclosure, envelope: DocumentEnvelope): Bundle => {
  const organization = toOrganization(disclosure.publisher);
  return {
    resourceType: 'Bundle',
    id: envelope.documentId,
    meta: { profile: [Profile.disclosure], security: SECURITY },
    identifier: documentIdentifier(envelope.documentId),
    type: 'document',
    timestamp: toFhirInstant(envelope.sentAt),
    entry: [
      toEntry(inDocument(toComposition(disclosure, 'in-document'), `Organization/${disclosure.publisher.ods}`)),
      toEntry(toCarePlan(disclosure, envelope.sequence)),
      toEntry(toPatient(disclosure)),
      toEntry(organization),
      ...(disclosure.refusals ?? []).map((refusal) => toEntry(toRefusal(refusal, disclosure))),
    ],
  };
};

// A document holds what its Composition refers to, and refers to what it holds.
const inDocument = (composition: Composition, publisher: string): Composition => ({
  ...composition,
  author: composition.author.map((author) => ({ reference: publisher, ...author })),
  custodian: { reference: publisher, ...composition.custodian },
});

const toEntry = (resource: Resource): BundleEntry => ({ fullUrl: `${BASE}/${resource.resourceType}/${resource.id}`, resource });
