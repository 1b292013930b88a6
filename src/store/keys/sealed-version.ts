import type { KeyObject } from 'node:crypto';
import type { Projected, ProjectedWords } from '../../decide/project.ts';
import type { RecipientKind } from '../../model/kind.ts';
import type { Projection } from '../../model/plan.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

/** The words of one projection as they are stored. */
export interface SealedWords {
  readonly sealed: string;
}

/** A projection as it is stored: hashes stay when its words can be read no more. */
export interface SealedProjection {
  readonly projection: Projection;
  readonly words: SealedWords;
}

const bytesOf = (carePlanId: string): Place => ['approved_version.bytes', carePlanId];
const wordsOf = (carePlanId: string, kind: string): Place => ['approved_version.projections', carePlanId, kind];

/** Seals the signed bytes of an approved version. */
export const sealBytes = (key: KeyObject, carePlanId: string, bytes: string): string => seal(key, bytesOf(carePlanId), bytes);

/** The signed bytes, as they were signed. Throws AlteredText. */
export const openBytes = (key: KeyObject, carePlanId: string, sealed: string): string => unseal(key, bytesOf(carePlanId), sealed);

/** Seals the words of each projection by itself: whoever reads one opens one. */
export const sealProjections = (
  key: KeyObject,
  carePlanId: string,
  projected: Readonly<Record<string, Projected>>,
): Readonly<Record<string, SealedProjection>> =>
  Object.fromEntries(
    Object.entries(projected).map(([kind, { projection, words }]) => [
      kind,
      { projection, words: { sealed: seal(key, wordsOf(carePlanId, kind), JSON.stringify(words)) } },
    ]),
  );

/** The words of one projection; what an older version left lies open. Throws AlteredText. */
export const openWords = (key: KeyObject, carePlanId: string, kind: RecipientKind, stored: SealedWords | ProjectedWords): ProjectedWords =>
  'sealed' in stored ? (JSON.parse(unseal(key, wordsOf(carePlanId, kind), stored.sealed)) as ProjectedWords) : stored;
