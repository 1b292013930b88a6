import type { Disclosure, Envelope } from '../../src/model/disclosure.ts';
import { toSequenceText } from '../disclosure/sequence.ts';
import { toDocumentBundle } from '../disclosure/to-document-bundle.ts';
import { toRestParcel } from './parcel.ts';
import { toPointer } from './to-pointer.ts';
import { toTakenAway } from './to-taken-away.ts';

/** An update as the ledger decides it: the document, and older ones that may still lie there. */
export interface RestUpdate {
  readonly disclosure: Disclosure;
  readonly envelope: Pick<Envelope, 'documentId' | 'sequence' | 'sentAt'>;
  /** FHIR base of the server. */
  readonly address: string;
  /** The document that this one replaces; null for a first one. */
  readonly parent: string | null;
  /** Older documents that may still lie there. */
  readonly stale: readonly string[];
}

/**
 * The parcel of an update: the document, its pointer, then each older document is taken away. The new one comes first, so that a server which
 * refuses it keeps what it has, and nobody is left without a plan in between.
 */
export const toRestUpdate = ({ disclosure, envelope, address, parent, stale }: RestUpdate): string => {
  const { id: _, ...document } = toDocumentBundle(disclosure, envelope);
  const write = { document: envelope.documentId, sequence: toSequenceText(envelope.sequence) };
  const identity = disclosure.person.nhsNumber ?? '-';
  return toRestParcel([
    // Without an id: the server gives its own, and a conditional update that names another is refused (R4 http.html, "conditional update").
    { type: 'Bundle', ...write, does: 'content', body: JSON.stringify(document) },
    { type: 'DocumentReference', ...write, does: 'point', body: JSON.stringify(toPointer({ disclosure, envelope, address, parent })) },
    ...[...(parent === null ? [] : [parent]), ...stale].flatMap((old) =>
      toTakenAway({ envelope, disclosureId: disclosure.id, identity, document: old, status: 'superseded' }),
    ),
  ]);
};
