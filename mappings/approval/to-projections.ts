import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Projected } from '../../src/decide/project.ts';
import { signsOf, type Signed } from '../../src/decide/signs.ts';
import type { Instant } from '../../src/model/instant.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import { toComposition } from '../disclosure/to-composition.ts';

/** A draft as each kind would see it. */
export interface Seen extends Signed {
  readonly carePlanId: string;
  /** The versionId of the draft. */
  readonly version: string;
  readonly publisher: string;
  readonly reviewDate: string;
  readonly projections: Readonly<Record<RecipientKind, Projected>>;
  readonly at: Instant;
}

/** What `$projections` answers: each kind's words, in the shape in which they leave, with the hash of each heading; and what `$approve` is sent back. */
export const toProjections = (seen: Seen): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'version', valueString: seen.version },
    { name: 'signs', valueString: signsOf(seen) },
    ...RECIPIENT_KINDS.map((kind): ParametersParameter => toProjection(seen, kind)),
  ],
});

function toProjection(seen: Seen, kind: RecipientKind): ParametersParameter {
  const { projection, words } = seen.projections[kind];
  const composition = toComposition({
    id: seen.carePlanId,
    version: seen.version,
    issuedAt: seen.at,
    publisher: { ods: seen.publisher, name: seen.publisher },
    person: { nhsNumber: null },
    ...words,
    reviewDate: seen.reviewDate,
    reviewOverdue: false,
    contactCardOnly: false,
  });
  return {
    name: 'projection',
    part: [
      { name: 'kind', valueCode: kind },
      { name: 'hash', valueString: projection.hash },
      ...Object.entries(projection.headings).map(([heading, hash]) => ({
        name: 'heading',
        part: [
          { name: 'code', valueCode: heading },
          { name: 'hash', valueString: hash },
        ],
      })),
      { name: 'words', resource: composition },
    ],
  };
}
