import { toParcel } from './parcel.ts';
import type { TakeBack } from './take-back.ts';
import { takeBack } from './take-back.ts';

/** A recall as the ledger decides it. */
export interface MdmRecall extends Omit<TakeBack, 'index' | 'document'> {
  /** Documents that may lie there, newest first. */
  readonly documents: readonly string[];
}

/** The parcel of a recall: for each document one T11, one T10 with a withdrawn notice, or one T08. */
export const toMdmRecall = ({ documents, ...rest }: MdmRecall): string =>
  toParcel(documents.map((document, index) => takeBack({ ...rest, index, document })));
