import type { Hl7v2Ways } from '../../src/model/hl7v2-ways.ts';
import { fromParcel, toParcel } from '../mdm/parcel.ts';
import { frameOf } from '../mdm/segments.ts';
import type { MdmUpdate } from '../mdm/to-mdm-update.ts';
import { toMdmUpdate } from '../mdm/to-mdm-update.ts';
import { toPlanFlag } from './to-plan-flag.ts';

/** An update in the form that its address takes. */
export interface Hl7v2Update extends MdmUpdate {
  readonly messageForm: Hl7v2Ways['messageForm'];
}

/** The parcel of an update: the document, the flag, or the document and then the flag, which so never tells of a plan that is not there. */
export const toHl7v2Update = ({ messageForm, ...update }: Hl7v2Update): string => {
  const flag = { ...frameOf(update), disclosure: update.disclosure };
  switch (messageForm) {
    case 'mdm':
      return toMdmUpdate(update);
    case 'adt-a31-flag':
      return toParcel([toPlanFlag(flag)]);
    case 'mdm-and-adt-a31-flag': {
      const documents = fromParcel(toMdmUpdate(update));
      return toParcel([...documents, toPlanFlag({ ...flag, index: documents.length })]);
    }
    default:
      return messageForm satisfies never;
  }
};
