import type { Bundle, DocumentReference } from '@medplum/fhirtypes';
import { BASE, Code } from '../../profiles/canonicals.ts';
import type { Envelope } from '../../src/model/disclosure.ts';
import { SECURITY } from '../disclosure/meta.ts';
import { documentIdentifier, nhsNumberIdentifier, planIdentifier } from '../disclosure/references.ts';
import { toSequenceExtension, toSequenceText } from '../disclosure/sequence.ts';
import { toFhirInstant } from '../time.ts';
import type { RestWrite } from './parcel.ts';

/** What takes one document away, and nothing more: never the reason. */
export interface TakenAway {
  readonly envelope: Pick<Envelope, 'sequence' | 'sentAt'>;
  /** `Disclosure.id` under which the recipient knows the plan. */
  readonly disclosureId: string;
  /** `Place.identity`: the person's identifier as it was sent; `-` where none was. */
  readonly identity: string;
  readonly document: string;
  /** `superseded` where a newer document lies beside it, `entered-in-error` where nothing may: R4 has no status for "withdrawn". */
  readonly status: 'superseded' | 'entered-in-error';
}

/**
 * The writes that take a document away: its Bundle becomes a collection that holds only the pointer, and the pointer has its status. A document's
 * identifier is never used for another document (R4 documents), so what stands in its place is none.
 */
export const toTakenAway = ({ envelope, disclosureId, identity, document, status }: TakenAway): readonly RestWrite[] => {
  const identifier = documentIdentifier(document);
  const pointer: DocumentReference = {
    resourceType: 'DocumentReference',
    meta: { security: SECURITY },
    extension: [toSequenceExtension(envelope.sequence)],
    masterIdentifier: identifier,
    identifier: [identifier, planIdentifier(disclosureId)],
    status,
    type: { coding: [Code.crisisPlan] },
    category: [{ coding: [Code.carePlan] }],
    ...(identity === '-' ? {} : { subject: { type: 'Patient', identifier: nhsNumberIdentifier(identity) } }),
    date: toFhirInstant(envelope.sentAt),
    securityLabel: SECURITY.map((coding) => ({ coding: [coding] })),
    // R4 asks for one: it says that there is nothing to fetch.
    content: [{ attachment: { title: 'Withdrawn: there is nothing to read' } }],
  };
  const emptied: Bundle = {
    resourceType: 'Bundle',
    meta: { security: SECURITY },
    identifier,
    type: 'collection',
    timestamp: toFhirInstant(envelope.sentAt),
    entry: [{ fullUrl: `${BASE}/DocumentReference/${document}`, resource: pointer }],
  };
  const sequence = toSequenceText(envelope.sequence);
  return [
    // The words first: whatever fails after that leaves less.
    { type: 'Bundle', document, sequence, does: 'take-away', body: JSON.stringify(emptied) },
    { type: 'DocumentReference', document, sequence, does: 'take-away', body: JSON.stringify(pointer) },
  ];
};
