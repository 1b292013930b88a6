import type { Bundle, BundleEntry, Extension as FhirExtension, Patient } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { toOperationOutcome } from '../outcome/to-operation-outcome.ts';

/** What the answer to `$match` is made of. */
export interface Matched {
  readonly base: string;
  readonly matches: readonly {
    readonly fullUrl: string;
    readonly patient: Patient;
    /** What confirms the match and may be presented once; null where there is nothing to confirm. */
    readonly confirmation: string | null;
  }[];
  readonly warnings: readonly Issue[];
}

const CERTAIN: FhirExtension = { url: Extension.matchGrade, valueCode: 'certain' };

/** The answer to `$match` (R4 Patient/$match): a searchset, each match certain. Without one it is the same whatever the reason (I6). */
export const toMatchBundle = ({ base, matches, warnings }: Matched): Bundle => {
  const entry: BundleEntry[] = [
    ...matches.map(
      ({ fullUrl, patient, confirmation }): BundleEntry => ({
        fullUrl,
        resource: patient,
        search: {
          extension: confirmation === null ? [CERTAIN] : [CERTAIN, { url: Extension.matchConfirmation, valueString: confirmation }],
          mode: 'match',
          score: 1,
        },
      }),
    ),
    ...(warnings.length === 0
      ? []
      : [{ search: { mode: 'outcome' as const }, resource: toOperationOutcome({ category: 'unsupported', issues: warnings }) }]),
  ];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: matches.length,
    link: [{ relation: 'self', url: `${base}/Patient/$match` }],
    ...(entry.length === 0 ? {} : { entry }),
  };
};
