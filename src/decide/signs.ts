import type { RecipientKind } from '../model/kind.ts';
import { RECIPIENT_KINDS } from '../model/kind.ts';
import type { Projection } from '../model/plan.ts';

/** What approvers sign: the canonical bytes' hash, the version of the mapping that shows the words, and each kind's projection. */
export interface Signed {
  readonly mapping: number;
  readonly bytes: string;
  readonly projections: Readonly<Record<RecipientKind, { readonly projection: Projection }>>;
}

const parts = ({ mapping, bytes, projections }: Signed): readonly (readonly [string, string])[] => [
  ['mapping', String(mapping)],
  ['bytes', bytes],
  ...RECIPIENT_KINDS.map((kind): readonly [string, string] => [kind, projections[kind].projection.hash]),
];

/** One text over all that is signed, part by part: what differs can be named. */
export const signsOf = (signed: Signed): string =>
  parts(signed)
    .map(([, part]) => part)
    .join('.');

/** The parts (`mapping`, `bytes`, or a kind) in which what was seen is not what would be signed; empty where it is the same. */
export const differsFrom = (seen: string, signed: Signed): readonly string[] => {
  const seenParts = seen.split('.');
  const now = parts(signed);
  const wrong = now.filter(([, part], index) => part !== seenParts[index]).map(([name]) => name);
  return seenParts.length === now.length ? wrong : ['signs'];
};
