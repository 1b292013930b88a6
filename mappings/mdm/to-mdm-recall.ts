import type { RecallForm } from '../../src/model/recipient.ts';
import { toParcel } from './parcel.ts';
import type { MdmFrame } from './segments.ts';
import { toMdmCancel } from './to-mdm-cancel.ts';
import { toWithdrawnNotice } from './to-withdrawn-notice.ts';

/** A recall as the ledger decides it. */
export interface MdmRecall extends Omit<MdmFrame, 'index'> {
  readonly form: Extract<RecallForm, 'mdm-t11' | 'mdm-t10-notice'>;
  readonly disclosureId: string;
  readonly identity: string;
  /** Documents that may lie there, newest first. */
  readonly documents: readonly string[];
}

/** The parcel of a recall: one T11, or one T10 with a withdrawn notice, for each document. */
export const toMdmRecall = ({ form, documents, ...rest }: MdmRecall): string =>
  toParcel(
    documents.map((document, index) =>
      form === 'mdm-t11' ? toMdmCancel({ ...rest, index, document }) : toWithdrawnNotice({ ...rest, index, parent: document }),
    ),
  );
