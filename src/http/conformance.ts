import { readdirSync, readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';
import { CONFORMANCE_TYPES as TYPES } from '../../profiles/resource-types.ts';

const GENERATED = new URL('../../profiles/generated/', import.meta.url);

/** Types of definition that the broker publishes. */
export const CONFORMANCE_TYPES: ReadonlySet<string> = new Set(TYPES);

/** What a definition says of itself, and can be searched by. */
interface Described {
  readonly url?: string;
  readonly name?: string;
  readonly status?: string;
  readonly version?: string;
}

/** One published definition. */
export type Definition = Resource & Described & { readonly id: string };

/** What the broker promises, as FHIR: read once at the start. */
export interface Conformance {
  /** The definitions of a type, in the order of their ids. */
  of(type: string): readonly Definition[];
}

/** Reads `profiles/generated`. Throws where a file is no definition. */
export const loadConformance = (folder: URL = GENERATED): Conformance => {
  const all = readdirSync(folder)
    .filter((name) => CONFORMANCE_TYPES.has(name.split('-')[0] ?? '') && name.endsWith('.json'))
    .sort()
    .map((name): Definition => {
      // Our own generated files: this parse is their door.
      const body = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Resource & Described;
      const { id } = body;
      if (!CONFORMANCE_TYPES.has(body.resourceType) || id === undefined) throw new Error(`${name} is no definition`);
      return { ...body, id };
    });
  const byType = Map.groupBy(all, ({ resourceType }) => resourceType as string);
  return { of: (type) => byType.get(type) ?? [] };
};
