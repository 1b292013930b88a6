import type { Envelope } from '../../src/model/disclosure.ts';
import { toRestParcel } from './parcel.ts';
import { toTakenAway } from './to-taken-away.ts';

/** A recall as the ledger decides it. */
export interface RestRecall {
  readonly envelope: Pick<Envelope, 'sequence' | 'sentAt'>;
  readonly disclosureId: string;
  /** `Place.identity`: the person's identifier as it was sent; `-` where none was. */
  readonly identity: string;
  /** Documents that may lie there, newest first. */
  readonly documents: readonly string[];
}

/** The parcel of a recall: each document that may lie there is taken away. */
export const toRestRecall = ({ documents, ...rest }: RestRecall): string =>
  toRestParcel(documents.flatMap((document) => toTakenAway({ ...rest, document, status: 'entered-in-error' })));
