import { toMdm } from './to-mdm.ts';
import type { PlanMdm } from './to-mdm.ts';
import { toMdmCancel } from './to-mdm-cancel.ts';
import { toParcel } from './parcel.ts';

/** An update as the ledger decides it: the document, and older ones that may still lie there. */
export interface MdmUpdate extends Omit<PlanMdm, 'kind' | 'index'> {
  readonly stale: readonly string[];
}

/** The parcel of an update: a T11 for each stale document, then T02, or T10 where there is a parent. */
export const toMdmUpdate = ({ stale, ...plan }: MdmUpdate): string => {
  const { envelope, sender, receiver, disclosure } = plan;
  const identity = disclosure.person.nhsNumber ?? '-';
  const cancels = stale.map((document, index) =>
    toMdmCancel({ envelope, sender, receiver, index: index + 1, disclosureId: disclosure.id, identity, document }),
  );
  return toParcel([...cancels, toMdm({ ...plan, kind: plan.parent === null ? 'T02' : 'T10' })]);
};
