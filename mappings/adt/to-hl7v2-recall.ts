import type { Hl7v2Ways } from '../../src/model/hl7v2-ways.ts';
import { fromParcel, toParcel } from '../mdm/parcel.ts';
import { frameOf } from '../mdm/segments.ts';
import type { MdmRecall } from '../mdm/to-mdm-recall.ts';
import { toMdmRecall } from '../mdm/to-mdm-recall.ts';
import { toFlagWithdrawal } from './to-flag-withdrawal.ts';

/** A recall in the form that its address takes. */
export interface Hl7v2Recall extends MdmRecall {
  readonly messageForm: Hl7v2Ways['messageForm'];
}

/** The parcel of a recall: of each document, of the flag, or of both, the flag last: each message keeps its place among those of a retry. */
export const toHl7v2Recall = ({ messageForm, ...recall }: Hl7v2Recall): string => {
  const { documents, disclosureId, identity } = recall;
  const flag = { ...frameOf(recall), disclosureId, identity };
  switch (messageForm) {
    case 'mdm':
      return toMdmRecall(recall);
    case 'adt-a31-flag':
      return toParcel([toFlagWithdrawal(flag)]);
    case 'mdm-and-adt-a31-flag': {
      const withdrawal = toFlagWithdrawal({ ...flag, index: documents.length });
      return documents.length === 0 ? withdrawal : toParcel([...fromParcel(toMdmRecall(recall)), withdrawal]);
    }
    default:
      return messageForm satisfies never;
  }
};
