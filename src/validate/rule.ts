import type { Issue } from '../model/anomaly.ts';
import type { ObjectPlace, PrimitivePlace } from './walk.ts';

/**
 * One thing that the structure check does not see, looked for at each object, or at each primitive. One walk asks them all; an empty list is
 * "all well".
 */
export interface Rule {
  readonly object?: (place: ObjectPlace) => readonly Issue[];
  readonly primitive?: (place: PrimitivePlace) => readonly Issue[];
}

/** All well. */
export const NONE: readonly Issue[] = [];
