import type { RecallForm } from '../../src/model/recipient.ts';
import type { MdmFrame } from './segments.ts';
import { toMdmCancel } from './to-mdm-cancel.ts';
import { toMdmEdit } from './to-mdm-edit.ts';
import { toWithdrawnNotice } from './to-withdrawn-notice.ts';

/** The forms in which an HL7 v2 receiver takes a document back: profiles A, B and C of delivery.md section 3b. */
export type MdmRecallForm = Extract<RecallForm, 'mdm-t11' | 'mdm-t10-notice' | 'mdm-t08'>;

/** One document to take back, by the person as it named them. */
export interface TakeBack extends MdmFrame {
  readonly form: MdmRecallForm;
  readonly disclosureId: string;
  /** `Place.identity`: the NHS number as it was sent; `-` where none was. */
  readonly identity: string;
  readonly document: string;
}

/** The message that takes one document back, in the form that its receiver honours. */
export const takeBack = ({ form, document, ...rest }: TakeBack): string => {
  switch (form) {
    case 'mdm-t11':
      return toMdmCancel({ ...rest, document });
    case 'mdm-t10-notice':
      return toWithdrawnNotice({ ...rest, parent: document });
    case 'mdm-t08':
      return toMdmEdit({ ...rest, document });
    default:
      return form satisfies never;
  }
};

/** The form of an address; T11 where what it declares is none of HL7 v2's. */
export const mdmRecallForm = (form: RecallForm): MdmRecallForm => (form === 'mdm-t10-notice' || form === 'mdm-t08' ? form : 'mdm-t11');
