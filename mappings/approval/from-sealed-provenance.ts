import type { Provenance } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { canonical } from '../../src/decide/digest.ts';
import type { ApprovalSeal, ApproverClaim } from '../../src/model/approval-seal.ts';
import { isRecipientKind } from '../../src/model/kind.ts';
import { extensionOf, extensionsOf } from '../facts/extensions-of.ts';
import { toApproverClaim } from './to-sealed-provenance.ts';

/** What a sealed Provenance says was approved, its approver aside; null where it says nothing of it. */
export const fromSealedProvenance = (provenance: Provenance): Omit<ApprovalSeal, 'approver'> | null => {
  const seal = extensionOf(provenance, Extension.approvalSeal);
  const number = extensionOf(seal, 'number')?.valuePositiveInt;
  const sealedAt = extensionOf(seal, 'sealedAt')?.valueInstant;
  const bytes = extensionOf(seal, 'bytes')?.valueString;
  const mapping = extensionOf(seal, 'mapping')?.valuePositiveInt;
  if (number === undefined || sealedAt === undefined || bytes === undefined || mapping === undefined) return null;
  const projections = extensionsOf(provenance, Extension.approvalProjection).flatMap(([one]) => {
    const kind = extensionOf(one, 'kind')?.valueCode ?? '';
    return isRecipientKind(kind) ? [[kind, extensionOf(one, 'hash')?.valueString ?? '']] : [];
  });
  return { number, sealedAt, bytes, mapping, projections: Object.fromEntries(projections) };
};

/** Whether it says that this is who approved. */
export const isApprovedBy = (provenance: Provenance, approver: ApproverClaim): boolean =>
  canonical(extensionOf(provenance, Extension.approverClaim)) === canonical(toApproverClaim(approver));
