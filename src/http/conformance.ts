import { readdirSync, readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';

const GENERATED = new URL('../../profiles/generated/', import.meta.url);

/** Types of definition that the broker publishes. */
export const CONFORMANCE_TYPES: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
  'NamingSystem',
  'SearchParameter',
]);

/** One published definition. */
export interface Definition {
  readonly type: string;
  readonly id: string;
  readonly url: string | null;
  readonly body: Resource;
}

/** What the broker promises, as FHIR: read once at the start. */
export interface Conformance {
  find(type: string, id: string): Definition | null;
  search(type: string, url: string | null): readonly Definition[];
}

/** Reads `profiles/generated`. Throws where a file is no definition. */
export const loadConformance = (folder: URL = GENERATED): Conformance => {
  const all = readdirSync(folder)
    .filter((name) => CONFORMANCE_TYPES.has(name.split('-')[0] ?? '') && name.endsWith('.json'))
    .sort()
    .map((name): Definition => {
      // Our own generated files: this parse is their door.
      const body = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Resource & { readonly url?: string };
      if (!CONFORMANCE_TYPES.has(body.resourceType) || body.id === undefined) throw new Error(`${name} is no definition`);
      return { type: body.resourceType, id: body.id, url: body.url ?? null, body };
    });
  const byId = new Map(all.map((each) => [`${each.type}/${each.id}`, each]));
  return {
    find: (type, id) => byId.get(`${type}/${id}`) ?? null,
    search: (type, url) => all.filter((each) => each.type === type && (url === null || each.url === url)),
  };
};
