import { readdirSync, readFileSync } from 'node:fs';
import type { Extension, Resource } from '@medplum/fhirtypes';
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
  readonly extension?: readonly Extension[];
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

const DEFINITION = 'http://hl7.org/fhir/SearchParameter';

/** Search parameters of the definitions: the CapabilityStatement lists them, and `act/conformance.ts` answers them. */
export const CONFORMANCE_PARAMETERS = [
  { name: '_id', type: 'token', definition: `${DEFINITION}/Resource-id` },
  { name: 'url', type: 'uri', definition: `${DEFINITION}/conformance-url` },
  { name: 'name', type: 'string', definition: `${DEFINITION}/conformance-name` },
  { name: 'status', type: 'token', definition: `${DEFINITION}/conformance-status` },
  { name: 'version', type: 'token', definition: `${DEFINITION}/conformance-version` },
] as const;
