import type { Extension as FhirExtension, Provenance } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { ApproverClaim } from '../../src/model/approval-seal.ts';
import { CHASE_ENDS, type EndedByHand } from '../../src/model/chase-end.ts';
import { toApproverClaim } from './to-sealed-provenance.ts';

/** What a person said of a chase. */
export interface ChaseStatement extends EndedByHand {
  /** Version of the plan, as its publisher knows it. */
  readonly carePlanId: string;
  readonly recipientId: string;
  /** Under which the recipient knows the plan. */
  readonly disclosureId: string;
  readonly documents: readonly string[];
  readonly reason: string;
  /** What was checked, and how; null where nothing was. */
  readonly checked: string | null;
  /** ODS code of the operator. */
  readonly operator: string;
  readonly by: ApproverClaim;
  /** Instant, ISO 8601. */
  readonly at: string;
}

const code = (url: string, valueCode: string | null): readonly FhirExtension[] => (valueCode === null ? [] : [{ url, valueCode }]);
const text = (url: string, valueString: string | null): readonly FhirExtension[] => (valueString === null ? [] : [{ url, valueString }]);

/** The Provenance of a chase that a person ended: who said what, of which recipient and which documents, and why. The broker seals it. */
export const toChaseProvenance = (said: ChaseStatement): Provenance => {
  const operator = { identifier: { system: System.odsOrganization, value: said.operator } };
  return {
    resourceType: 'Provenance',
    extension: [
      {
        url: Extension.chaseEnd,
        extension: [
          ...code('level', said.level),
          ...code('basis', said.basis),
          { url: 'disclosure', valueString: said.disclosureId },
          ...text('checked', said.checked),
        ],
      },
      toApproverClaim(said.by),
    ],
    target: [{ reference: `CarePlan/${said.carePlanId}` }],
    occurredDateTime: said.at,
    recorded: said.at,
    reason: [{ text: said.reason }],
    activity: { coding: [{ system: System.chaseEnd, code: said.level, display: CHASE_ENDS[said.level] }] },
    agent: [
      { type: { coding: [{ system: System.provenanceAgent, code: 'attester' }] }, who: operator },
      {
        type: { coding: [{ system: System.provenanceAgent, code: 'custodian' }] },
        who: { reference: `HealthcareService/${said.recipientId}` },
      },
    ],
    ...(said.documents.length === 0
      ? {}
      : { entity: said.documents.map((value) => ({ role: 'source' as const, what: { identifier: { system: System.document, value } } })) }),
  };
};
