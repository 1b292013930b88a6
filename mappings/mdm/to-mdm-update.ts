import type { MdmRecallForm } from './take-back.ts';
import { takeBack } from './take-back.ts';
import { toMdm } from './to-mdm.ts';
import type { PlanMdm } from './to-mdm.ts';
import { toParcel } from './parcel.ts';
import { frameOf } from './segments.ts';

/** An update as the ledger decides it: the document, and older ones that may still lie there. */
export interface MdmUpdate extends Omit<PlanMdm, 'kind' | 'index'> {
  readonly stale: readonly string[];
  /** How the receiver takes back what is stale; T11 where it is left out. */
  readonly form?: MdmRecallForm;
}

/** The parcel of an update: what takes each stale document back, then T02, or T10 where there is a parent. */
export const toMdmUpdate = ({ stale, form = 'mdm-t11', ...plan }: MdmUpdate): string => {
  const { disclosure } = plan;
  const identity = disclosure.person.nhsNumber ?? '-';
  const before = stale.map((document, index) =>
    takeBack({ ...frameOf(plan), form, index: index + 1, disclosureId: disclosure.id, identity, document }),
  );
  return toParcel([...before, toMdm({ ...plan, kind: plan.parent === null ? 'T02' : 'T10' })]);
};
